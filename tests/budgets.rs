//! What the dearest input of every reader takes: budgets count work, and this maps each largest
//! allowed count to its time (T-15): at most 2 s of CPU and 64 MiB, from bytes to refined articles.
//!
//! Machines differ, so it fails at twice that time. In a build without optimisation times say nothing
//! and it is skipped; `cargo test --release --test budgets -- --nocapture` shows the table. Memory is
//! counted by the allocator, which is why this is a binary of its own with a single test.

use std::time::Duration;

use bytes::Bytes;
use cpu_time::ThreadTime;
use feedloom::adapter::{Ask, Entry, Response, decode};
use feedloom::config::Upstream;
use feedloom::format::opml;
use feedloom::model::text::{SafeHtml, Text};
use feedloom::model::time::Timestamp;
use peak_alloc::PeakAlloc;

#[allow(dead_code)] // the laws of the fuzz targets would be timed, too
#[path = "../fuzz/readers.rs"]
mod readers;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const TIME: Duration = Duration::from_secs(4);
const SPACE: usize = 64 << 20;

/// The longest document a source may send, decoded, where its limits are left alone.
const DOCUMENT: usize = 16 << 20;
/// Tags a page or a body may have.
const TAGS: usize = 49_800;
/// The longest page with a list, a little less for what stands before.
const PAGE: usize = (4 << 20) - (4 << 10);
/// The longest page with an article.
const ARTICLE: usize = (3 << 20) - (4 << 10);
/// Marks of Markdown a post may have.
const MARKS: usize = 99_000;

#[test]
fn t_15_the_dearest_input_stays_within_its_budget() {
    if cfg!(debug_assertions) {
        eprintln!(
            "skipped: times mean nothing in a build without optimisation; run `cargo test --release --test budgets`"
        );
        return;
    }
    let mut ledger = Ledger::default();
    ledger.feeds();
    ledger.lists();
    ledger.pages();
    ledger.rest();
    assert!(ledger.over.is_empty(), "over 4 s or 64 MiB:\n{}", ledger.over.join("\n"));
}

/// A list of what went over its budget.
#[derive(Default)]
struct Ledger {
    over: Vec<String>,
}

impl Ledger {
    fn row(&mut self, name: &str, bytes: Vec<u8>, read: impl FnOnce(Bytes)) {
        let size = bytes.len();
        let bytes = Bytes::from(bytes);
        let before = ALLOCATOR.current_usage() - size;
        ALLOCATOR.reset_peak_usage();
        let start = ThreadTime::now();
        read(bytes);
        let time = start.elapsed();
        let space = ALLOCATOR.peak_usage() - before;
        let mib = |bytes: usize| bytes as f64 / f64::from(1 << 20);
        let row = format!(
            "{name:44} {:5.1} MiB {:6.2} s {:6.1} MiB",
            mib(size),
            time.as_secs_f64(),
            mib(space)
        );
        println!("{row}");
        if time > TIME || space > SPACE {
            self.over.push(row);
        }
    }

    /// An answer to a source's list, from bytes to refined articles.
    fn list(&mut self, name: &str, upstream: &Upstream, bytes: Vec<u8>) {
        let ask = upstream.adapter.asks(&upstream.source, readers::now()).remove(0);
        self.row(name, bytes, |bytes| answer(upstream, &ask, bytes));
    }

    fn feeds(&mut self) {
        let upstream = readers::upstream("kind = 'feed'\nurl = 'https://a.example/feed'");
        let mut feed = |name: &str, document: Vec<u8>| self.list(name, &upstream, document);
        let body = |html: &str| format!("<description>{}</description>", escape(html));
        let items = |body: &str| rss(&format!("<item>{body}</item>"));
        let full = DOCUMENT / 1000;
        let filled = |html: &str| items(&body(&fill(full - 64, html)));
        let fonts: String = (0..240).map(|n| format!("<font size={n}>")).collect();

        feed("feed: nothing but items", rss("<item/>"));
        feed("feed: pictures", filled("<img src=x>"));
        feed("feed: links", filled("<a href=x>y</a>"));
        feed("feed: paragraphs reopened in bold", filled(&"<b><p>".repeat(120)));
        feed("feed: formatting reopened", filled(&format!("{fonts}{}", "<p>x</p>".repeat(200))));
        feed("feed: lists in lists", filled(&"<ul><li>".repeat(120)));
        feed("feed: tables in tables", filled(&"<table><tr><td>".repeat(80)));
        feed("feed: text in tables", filled("<table>x"));
        feed("feed: misnested", filled(&format!("{}<p></a></b></i>", "<a><b><i>".repeat(20))));
        feed("feed: bodies of 2 MiB", items(&body(&tags(2 << 20, "<p>x</p>"))));
        feed("feed: references", items(&format!("<title>{}</title>", fill(full, "&#x4e2d;"))));
        feed("feed: escaped twice", items(&body(&fill(full / 2, "&lt;p&gt;"))));
        feed("feed: entities", filled("&nbsp;&hellip;"));
        feed("feed: times", items(&each(&["pubDate", "updated", "created"], &"1月".repeat(60))));
        feed("feed: categories", items(&numbered(256, |n| format!("<category>{n}</category>"))));
        feed(
            "feed: links of an item",
            items(&numbered(256, |n| format!("<atom:link href='{n}'/>"))),
        );
        feed("feed: persons", items(&numbered(256, |n| format!("<author>{n}@a.example</author>"))));
        feed(
            "feed: attributes",
            items(&format!("<guid {}/>", numbered(256, |n| format!("a{n}='1' ")))),
        );
        feed("feed: media", items(&numbered(256, |n| format!("<media:content url='/{n}'/>"))));
        let pictures = |n| format!("<media:content medium='image' url='/{n}'/>");
        feed("feed: pictures of an item", rss(&format!("<item>{}", numbered(100_000, pictures))));
        feed(
            "feed: people in one line",
            items(&format!("<author>{}</author>", fill(full, "a@b,"))),
        );
        feed(
            "feed: names named",
            items(&format!("<title>x {}</title>", escape(&fill(full / 2, "<b ")))),
        );
        let nested = fill(full, "<p xml:base='aaaaaaaaaaaaaaaaaaaa/'>");
        let entry = |body: &str| {
            format!("<entry><content type='xhtml'><div>{body}</div></content></entry>")
        };
        feed("feed: bases in bases", rss(&entry(&nested)));
        let long = format!("xml:base='http://a.example/{}/'", "a".repeat(2000));
        feed(
            "feed: a long base",
            rss(&entry(&format!("<p {long}>{}</p>", fill(full, "<a href='b'>")))),
        );
        let links = numbered(250, |n| format!("<link href='{n}'/>"));
        feed("feed: links under a long base", rss(&format!("<entry {long}>{links}</entry>")));
        let values = escape(&fill(full / 3, "<div title=\"</div>\">"));
        feed("feed: end tags in values", items(&format!("<description>{values}</description>")));
        feed(
            "feed: the title of a page",
            format!("<html><title>{}", fill(DOCUMENT - 64, "a ")).into_bytes(),
        );
        let spaces = numbered(256, |n| format!("xmlns:a{n}='u{n}' "));
        feed(
            "feed: prefixes",
            rss(&format!("<item {spaces}>{}</item>", "<z:b>x</z:b>".repeat(1000))),
        );
        let strange = numbered(16, |n| format!("<strange{n}>"));
        feed("feed: unknown, never closed", rss("<q>x"));
        feed("feed: unknown, never closed, in one item", items(&"<q>".repeat(full / 4)));
        feed("feed: unknown, unbalanced", items(&"<q><q></q>".repeat(full / 12)));
        feed(
            "feed: unknown, then nothing",
            rss(&format!("{strange}{}", fill(1 << 20, "<q>x</q>"))),
        );
        feed("feed: persons never closed", rss("<item><author>"));
        feed("feed: sections never closed", rss("<item><title><![CDATA["));
        feed("feed: comments never closed", rss("<!-- "));
        feed("feed: quotes never closed", rss("<item a=\"'"));
        feed("feed: brackets", fill(DOCUMENT, "<").into_bytes());
        feed(
            "feed: GBK nobody declared",
            encoding_rs::GBK
                .encode(&text(&rss("<item><title>中国新闻</title></item>")))
                .0
                .into_owned(),
        );
        feed(
            "feed: UTF-32",
            utf32(&text(&rss("<item><title>中国新闻</title></item>"))[..DOCUMENT / 5]),
        );
        feed(
            "feed: Atom",
            text(&rss("<entry><title type='xhtml'><div><b>x</b></div></title></entry>"))
                .replace("rss", "feed")
                .into_bytes(),
        );
        let json = |entry: &str| {
            format!(
                "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{}{{}}]}}",
                fill(DOCUMENT - 100, entry)
            )
            .into_bytes()
        };
        feed("feed: JSON", json("{\"id\":\"1\",\"content_html\":\"<p>x<p>y\"},"));
        feed("feed: JSON of values", json("{\"id\":[1,2,3,4,5,6,7,8]},"));
        feed("feed: JSON to be mended", json("{'id':1,,tags:[a b],},"));
        feed("feed: JSON brackets", fill(DOCUMENT, "[").into_bytes());
    }

    fn lists(&mut self) {
        let upstream = readers::upstream(
            "kind = 'json'\nurl = 'https://a.example/list'\nitems = 'data.list[]'\n[source.item]\n\
             guid = 'id'\ntitle = ['title', 'name[]']\ncontent = 'content'\npublished = ['showtime', 'ctime']\n\
             [[source.extract]]\nto = 'outlet'\npattern = '来源：(\\S+?)[。.]'\n",
        );
        let mut list = |name: &str, entry: &str| {
            let entries = fill(DOCUMENT - 100, entry);
            let document = format!("{{\"data\":{{\"list\":[{entries}{{}}]}}}}");
            self.list(name, &upstream, document.into_bytes());
        };
        list("json: small entries", "{\"id\":1,\"title\":\"x\"},");
        list("json: values", "[1,2,3,4,5,6,7,8],");
        list(
            "json: long texts",
            &format!("{{\"title\":\"x\",\"content\":\"{}\"}},", "来源：".repeat(1800)),
        );
        list("json: lists of titles", &format!("{{\"name\":[{}\"x\"]}},", "\"x\",".repeat(200)));
        list("json: to be mended", "{id:1,'title':'x',},");
        list("json: tables in tables", &format!("{}1{},", "{\"a\":".repeat(100), "}".repeat(100)));
        list("json: one text", &format!("{{\"title\":\"{}\"}},", "x".repeat(DOCUMENT - 200)));
        list("json: brackets", "[[[[[[[[]]]]]]]],");
        list("json: strings with breaks", "{\"title\":\"a\nb\"},");

        let upstream = readers::upstream("kind = 'sitemap'\nurl = 'https://a.example/sitemap.xml'");
        let mut map = |name: &str, root: &str, entry: &str| {
            let document = format!("<{root}>{}</{root}>", fill(DOCUMENT - 100, entry));
            self.list(name, &upstream, document.into_bytes());
        };
        map("sitemap: pages", "urlset", "<url><loc>https://a.example/1</loc></url>");
        map(
            "sitemap: pictures",
            "urlset",
            &format!(
                "<url><loc>https://a.example/1</loc>{}</url>",
                "<image:image><image:loc>x</image:loc></image:image>".repeat(300)
            ),
        );
        map(
            "sitemap: parts",
            "sitemapindex",
            "<sitemap><loc>https://a.example/1.xml</loc></sitemap>",
        );
        map("sitemap: never closed", "urlset", "<url><loc>");
    }

    fn pages(&mut self) {
        let source = "kind = 'html'\nurl = 'https://a.example/list'\nitems = 'li, article'\n[source.item]\n\
            title = 'a'\nlink = 'a@href'\npublished = ['time@datetime', 'span']\ncontent = 'div'";
        let upstream = readers::upstream(source);
        let embedded = readers::upstream(
            "kind = 'json'\nurl = 'https://a.example/list'\nwrapper = { script = 'x' }\nitems = 'a[]'\n[source.item]\ntitle = 't'",
        );
        let list = "kind = 'html'\nurl = 'https://a.example/list'\nitems = 'li'\n";
        let anywhere = readers::upstream(&format!(
            "{list}full_text = true\n[source.item]\ntitle = 'a'\nlink = 'a@href'"
        ));
        let fonts = numbered(100, |n| format!("<font size={n}>"));
        for (name, head, html) in [
            ("entries", "", "<li><a href=x>y</a>".to_owned()),
            ("entries in entries", "", "<ul><li>".repeat(120) + "x" + &"</ul>".repeat(120)),
            ("tags", "", "<b>x</b>".to_owned()),
            ("texts", "", "x<br>".to_owned()),
            ("attributes", "", format!("<li {}>", numbered(1000, |n| format!("a{n}=1 ")))),
            ("tables", "", "<table><tr><td>".repeat(40) + &"</td></tr></table>".repeat(40)),
            ("text in tables", "", "<table>x<b>x</b></table>".to_owned()),
            ("formatting reopened", &fonts, "<p>x</p>".to_owned()),
            ("misnested", "", "<a><b><i><p></a></b></i></p>".to_owned()),
            ("words", "", "两江大桥今晨合龙，全长两公里。".to_owned()),
            ("paragraphs", "", "<p>两江大桥今晨合龙，全长两公里，详见前期报道。</p>".to_owned()),
            ("divisions", "", "<div>两江大桥今晨合龙，全长两公里。<br><br></div>".to_owned()),
        ] {
            let page = (head.to_owned() + &tags(PAGE, &html)).into_bytes();
            self.list(&format!("html: {name}"), &upstream, page);
            let page = (head.to_owned() + &tags(ARTICLE, &html)).into_bytes();
            self.detail(&format!("full text: {name}"), &anywhere, "<li><a href=x>y</a>", page);
        }
        let json =
            format!("<script id=x>{{\"a\":[{}{{}}]}}</script>", fill(PAGE - 100, "{\"t\":\"x\"},"));
        self.list("json: in a script of a page", &embedded, json.into_bytes());
    }

    /// The page of the only entry of `list`.
    fn detail(&mut self, name: &str, upstream: &Upstream, list: &str, page: Vec<u8>) {
        let ask = upstream.adapter.asks(&upstream.source, readers::now()).remove(0);
        let at = ask.request.uri().to_string();
        let response = Response::new(Bytes::from(list.to_owned()));
        let entry = upstream.adapter.parse(&ask, &at, &response).entries.remove(0);
        let request = entry.follow.clone().expect("an article has a page");
        let ask = Ask::detail(request, entry);
        self.row(name, page, |bytes| answer(upstream, &ask, bytes));
    }

    fn rest(&mut self) {
        let time = |text: &str| {
            let _ = Timestamp::read(text, &Default::default(), Some(readers::now()));
        };
        for text in ["1", "1 ", "1月", "Jan ", "+1", "一", "T", "12:", "2026-", "أ", "시"] {
            // A thousand items with four times each.
            let text = fill(256, text);
            self.row(&format!("times: {text:.12}…"), Vec::new(), |_| {
                (0..4000).for_each(|_| time(&text))
            });
        }
        for html in [
            "<p>x",
            "<b><p>",
            "<table>",
            "<table><td>x",
            "&#x4e2d;",
            "<a href=javascript:x>",
            "<p a=1 b=2 c=3>",
            "<",
        ] {
            let body = tags(2 << 20, html);
            self.row(&format!("markup: {html}"), body.into_bytes(), |body| {
                SafeHtml::clean(&Text::html(String::from_utf8_lossy(&body)), None);
            });
        }
        for (name, piece) in [
            ("outlines", "<outline xmlUrl='x' text='y'/>"),
            ("nested outlines", "<outline text='y'>"),
        ] {
            let document = format!("<opml><body>{}", fill(DOCUMENT, piece));
            self.row(&format!("opml: {name}"), document.into_bytes(), |bytes| {
                let _ = opml::read(std::str::from_utf8(&bytes).expect("as written"));
            });
        }
        for (name, piece) in
            [("Latin", "\u{e9}x"), ("Big5", "\u{a4}\u{a4}"), ("odd bytes", "\u{ff}")]
        {
            let bytes: Vec<u8> = fill(DOCUMENT, piece).chars().map(|c| c as u8).collect();
            self.row(&format!("decode: {name}"), bytes, |bytes| {
                decode::decode(&bytes, None);
            });
        }
        let upstream = readers::upstream("kind = 'posts'\nurl = 'file:posts/'");
        for (name, head, piece) in [
            ("links", "", "[a](b) "),
            ("brackets", "", "["),
            ("emphasis", "", "*a_ "),
            ("code", "", "`a``"),
            ("quotes", "", "> "),
            ("pictures", "", "![["),
            ("tables", "", "|a"),
            ("lists", "", "- a\n  "),
            ("references", "", "[a]: b\n"),
            ("html", "", "<a>\n\n<b>"),
            ("mappings", "a: [{b: ", "x"),
            ("anchors", "a: &a [*a, *a]\nb: &b [*a, *a]\n", "x"),
            ("keys", "a: 1\nb: 2\n", "x"),
        ] {
            let head = fill(15 << 10, head);
            let marks = piece.bytes().filter(|byte| b"[]*_`!<>&|~\\\n".contains(byte)).count();
            let marked = piece.repeat(MARKS / marks.max(1));
            let body = fill(DOCUMENT - (32 << 10) - marked.len(), "大桥今晨合龙，");
            let body = marked + &body;
            self.post(name, &upstream, format!("---\ntitle: x\n{head}\n---\n{body}"));
        }
    }

    fn post(&mut self, name: &str, upstream: &Upstream, post: String) {
        let ask = upstream.adapter.asks(&upstream.source, readers::now()).remove(0);
        let at = ask.request.uri().to_string();
        let mut listing = Response::new(Bytes::from_static(b"2022-05-27-a.md\t1\t2\n"));
        let kind = http::HeaderValue::from_static(feedloom::model::source::LISTING);
        listing.headers_mut().insert("content-type", kind);
        let entry = upstream.adapter.parse(&ask, &at, &listing).entries.remove(0);
        let request = entry.follow.clone().expect("a post is read from its file");
        let ask = Ask::detail(request, entry);
        self.row(&format!("post: {name}"), post.into_bytes(), |bytes| {
            answer(upstream, &ask, bytes)
        });
    }
}

fn answer(upstream: &Upstream, ask: &Ask, bytes: Bytes) {
    let at = ask.request.uri().to_string();
    let response = Response::new(bytes);
    let parsed = upstream.adapter.parse(ask, &at, &response);
    drop(response);
    for Entry { draft, .. } in parsed.entries {
        let _ = draft.refine(&upstream.source, readers::now());
    }
}

/// As many pieces as fit.
fn fill(size: usize, piece: &str) -> String {
    piece.repeat(size / piece.len().max(1))
}

/// As many pieces as fit and may have tags, then words.
fn tags(size: usize, piece: &str) -> String {
    let most = TAGS / piece.matches('<').count().max(1);
    let tags = piece.repeat(most.min(size / piece.len()));
    let words = fill(size - tags.len(), "大桥今晨合龙，");
    tags + &words
}

/// A document full of a piece.
fn rss(piece: &str) -> Vec<u8> {
    let head = "<rss version=\"2.0\"><channel><title>c</title>";
    (head.to_owned() + &fill(DOCUMENT - head.len(), piece)).into_bytes()
}

fn text(document: &[u8]) -> String {
    String::from_utf8_lossy(document).into_owned()
}

fn numbered(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect()
}

fn each(names: &[&str], text: &str) -> String {
    names.iter().map(|name| format!("<{name}>{text}</{name}>")).collect()
}

fn escape(html: &str) -> String {
    html.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn utf32(text: &str) -> Vec<u8> {
    text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect()
}
