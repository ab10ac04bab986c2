//! Every reader of bytes from outside, as a function of bytes that must return (T-38), and the laws
//! that hold of whatever it returns. The fuzz targets beside this file run them for long, and
//! `tests/it/contract/mutants.rs` for a moment over damaged fixtures.

use std::path::Path;
use std::sync::LazyLock;

use feedloom::adapter::{Ask, Entry, Response, decode, feed};
use feedloom::config::{self, Upstream};
use feedloom::format::opml;
use feedloom::model::draft::Refined;
use feedloom::model::text::{PlainText, SafeHtml, Text};
use feedloom::model::time::{Offset, Timestamp};

/// A reader of bytes.
pub type Reader = fn(&[u8]);

/// The readers by the names of their fuzz targets.
pub const ALL: [(&str, Reader); 9] = [
    ("feed", feed),
    ("json", json),
    ("html", html),
    ("sitemap", sitemap),
    ("post", post),
    ("charset", charset),
    ("time", time),
    ("markup", markup),
    ("outlines", outlines),
];

/// RSS, Atom, RDF, CDF, JSON Feed, and pages where a feed was due.
pub fn feed(bytes: &[u8]) {
    static FEED: LazyLock<Upstream> = LazyLock::new(|| {
        upstream("kind = 'feed'\nurl = 'https://a.example/feed'\ncategory = 'label'")
    });
    let _ = feed::read(&decode::decode(bytes, None).text, None);
    list(&FEED, bytes);
}

/// A list in JSON, whatever it is wrapped in.
pub fn json(bytes: &[u8]) {
    static JSON: LazyLock<Upstream> = LazyLock::new(|| {
        upstream(
            "kind = 'json'\nurl = 'https://a.example/list'\nitems = 'data.list[]'\n\
             [source.item]\nguid = 'id'\ntitle = ['title', 'name']\nlink = { template = 'https://a.example/{id}' }\n\
             summary = 'digest'\ncontent = 'content'\npublished = ['showtime', 'ctime']",
        )
    });
    list(&JSON, bytes);
}

/// A list in a page.
pub fn html(bytes: &[u8]) {
    static HTML: LazyLock<Upstream> = LazyLock::new(|| {
        upstream(
            "kind = 'html'\nurl = 'https://a.example/list'\nitems = 'li, article'\n\
             [source.item]\ntitle = 'a'\nlink = 'a@href'\npublished = ['time@datetime', 'span']",
        )
    });
    list(&HTML, bytes);
}

/// A sitemap, or an index of some.
pub fn sitemap(bytes: &[u8]) {
    static SITEMAP: LazyLock<Upstream> =
        LazyLock::new(|| upstream("kind = 'sitemap'\nurl = 'https://a.example/sitemap.xml'"));
    list(&SITEMAP, bytes);
}

/// A post: front matter and body.
pub fn post(bytes: &[u8]) {
    static POSTS: LazyLock<Upstream> =
        LazyLock::new(|| upstream("kind = 'posts'\nurl = 'file:posts/'"));
    let upstream = &*POSTS;
    let ask = upstream.adapter.asks(&upstream.source, now()).remove(0);
    let at = ask.request.uri().to_string();
    let mut listing = Response::new("2022-05-27-a.md\t1\t2\n".into());
    let kind = http_value(feedloom::model::source::LISTING);
    listing.headers_mut().insert("content-type", kind);
    for entry in upstream.adapter.parse(&ask, &at, &listing).entries {
        let Some(request) = entry.follow.clone() else { continue };
        let at = request.uri().to_string();
        let response = Response::new(bytes.to_vec().into());
        let parsed = upstream.adapter.parse(&Ask::detail(request, entry), &at, &response);
        parsed.entries.into_iter().for_each(|entry| refine(upstream, entry));
    }
}

/// Text in any encoding, labelled with any.
pub fn charset(bytes: &[u8]) {
    let (label, bytes) = bytes.split_at(bytes.len().min(16));
    let label = format!("text/xml; charset={}", String::from_utf8_lossy(label));
    let decoded = decode::decode(bytes, Some(&label));
    assert!(!decoded.text.contains('\u{0}'), "what XML cannot carry was let in");
}

/// A time in any form; what is read can be read again.
pub fn time(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let zone = Default::default();
    if let Ok(time) = Timestamp::read(&text, &zone, Some(now())) {
        let written = time.rfc3339();
        assert_eq!(Timestamp::read(&written, &zone, None), Ok(time), "{text} is {written}");
    }
}

/// Markup to be made safe, once and for all.
pub fn markup(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let _ = PlainText::of(&Text::unsaid(text.clone()));
    is_safe(&SafeHtml::clean(&Text::html(text), None));
}

/// An OPML file.
pub fn outlines(bytes: &[u8]) {
    let _ = opml::read(&String::from_utf8_lossy(bytes));
}

/// Reads an answer to a list as a poll would, and what it names.
pub fn list(upstream: &Upstream, bytes: &[u8]) {
    let ask = upstream.adapter.asks(&upstream.source, now()).remove(0);
    let at = ask.request.uri().to_string();
    let parsed = upstream.adapter.parse(&ask, &at, &Response::new(bytes.to_vec().into()));
    parsed.entries.into_iter().for_each(|entry| refine(upstream, entry));
}

fn refine(upstream: &Upstream, entry: Entry) {
    let Refined::Item(candidate) = entry.draft.refine(&upstream.source, now()) else { return };
    let matter = &candidate.matter;
    assert!(!candidate.keys.is_empty() && !matter.title.as_str().is_empty());
    let web = |link: &String| link.starts_with("http://") || link.starts_with("https://");
    assert!(matter.link.iter().chain(&matter.image).chain(&matter.comments).all(web));
    matter.content.iter().for_each(is_safe);
}

/// Cleaning leaves nothing to clean, and nothing that a browser would run.
fn is_safe(html: &SafeHtml) {
    let again = SafeHtml::clean(&Text::html(html.as_str()), None);
    assert_eq!(again.as_str(), html.as_str(), "cleaning twice is cleaning once");
    let lower = html.as_str().to_ascii_lowercase();
    for tag in ["<script", "<style", "<svg", "<math", "<object", "<embed", "<form", "<base"] {
        assert!(!lower.contains(tag), "{tag} in {lower}");
    }
}

/// When all of this happens.
pub fn now() -> Timestamp {
    Timestamp::from_seconds(1_678_845_600, Offset::CHINA).expect("a time of our days")
}

/// A source as `feeds.toml` has it, by the keys of its table but for `id`.
pub fn upstream(source: &str) -> Upstream {
    let text = format!(
        "[site]\ntitle = 't'\nurl = 'http://127.0.0.1:8080'\n[[source]]\nid = 'a'\n{source}\n"
    );
    let no_secrets = |name: &str| Err(format!("no secret is called `{name}`"));
    let config = config::parse(&text, Path::new("/srv"), &no_secrets);
    config.unwrap_or_else(|errors| panic!("{errors:#?}")).upstreams.remove(0)
}

fn http_value(text: &'static str) -> http::HeaderValue {
    http::HeaderValue::from_static(text)
}
