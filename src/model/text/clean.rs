//! The sanitiser's policy: what HTML may hold after it has passed, whoever wrote it (T-16, T-18).
//!
//! Parsing and rebuilding is `ammonia`'s work. Ours is the list of what may stay, the addresses, and
//! bounds; that on depth, before any tree is built, is `depth`'s.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use url::Url;

use super::super::link;
use super::depth::is_too_deep;
use super::{plain, scripted, simple};

/// Most attributes a tag keeps.
const ATTRIBUTES: usize = 64;
/// Longest body, in bytes, as it comes and as it is kept; the rest is cut off.
pub const LONGEST: usize = 2 << 20;

static POLICY: LazyLock<Builder<'static>> = LazyLock::new(policy);

thread_local! {
    /// Where relative addresses of the body in hand start from; a policy is too dear to build for each body.
    static START: RefCell<Start> = const { RefCell::new(Start { base: None, page: None }) };
    /// Bytes that making its addresses absolute may still add.
    static ROOM: Cell<usize> = const { Cell::new(0) };
}

/// Where relative addresses start from.
#[derive(Clone, Debug, Default)]
pub(in crate::model) struct Start {
    /// Those in general.
    pub base: Option<Url>,
    /// Those of places on the page itself (`#notes`), where that is another one.
    pub page: Option<Url>,
}

/// Rebuilds a piece of HTML from what the policy allows.
pub(in crate::model) fn sanitise(html: &str, start: &Start) -> String {
    let html = cut(html, LONGEST);
    if memchr::memchr3(b'<', b'&', b'>', html.as_bytes()).is_none() {
        return plain::xml_only(html.to_owned());
    }
    let html = scripted::settled(html);
    if let Some(simple) = simple::sanitise(&html) {
        return simple;
    }
    if is_too_deep(&html) {
        return paragraphs(&plain::words(&html));
    }
    parsed(&html, start)
}

/// As `sanitise`, by a tree; `html` is not too deep for one.
pub(super) fn parsed(html: &str, start: &Start) -> String {
    START.with_borrow_mut(|slot| slot.clone_from(start));
    ROOM.set(LONGEST);
    plain::xml_only(POLICY.clean(&with_few_attributes(html)).to_string())
}

/// Plain text as HTML: a paragraph for each block of lines, a break for each line in it. What would
/// make it longer than a body may be is cut off.
pub(in crate::model) fn paragraphs(text: &str) -> String {
    let mut html = String::with_capacity(text.len().min(LONGEST) + 16);
    let text = text[..escaped_within(text, LONGEST - 16)].replace("\r\n", "\n");
    let mut open = false;
    for line in text.split(['\n', '\r', '\u{2028}', '\u{2029}']) {
        let line = plain::fold(line);
        match (line.is_empty(), open) {
            (true, true) => html.push_str("</p>"),
            (true, false) => {}
            (false, true) => html.push_str("<br>"),
            (false, false) => html.push_str("<p>"),
        }
        open = !line.is_empty();
        escape(&line, &mut html);
    }
    if open {
        html.push_str("</p>");
    }
    html
}

/// Text as HTML text (HTML, section 13.3, "escaping a string").
pub(in crate::model) fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            c => html.push(c),
        }
    }
}

/// How many bytes of a text come to so many when they are written as paragraphs.
fn escaped_within(text: &str, most: usize) -> usize {
    let mut length = 0;
    let end = text.char_indices().find(|&(_, c)| {
        length += match c {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => "</p><p>".len(),
            '&' => "&amp;".len(),
            '<' | '>' => "&lt;".len(),
            c => c.len_utf8(),
        };
        length > most
    });
    end.map_or(text.len(), |(at, _)| at)
}

/// At most so many bytes, never half a character.
fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

fn policy() -> Builder<'static> {
    let mut policy = Builder::default();
    policy
        .rm_tags(["area", "map"])
        .add_tags(["audio", "video", "source", "tfoot", "main", "section", "big", "address"])
        .clean_content_tags(HashSet::from([
            "script",
            "style",
            "iframe",
            "noembed",
            "noframes",
            "svg",
            "math",
            "template",
            "select",
            "textarea",
            "title",
            "xmp",
            "plaintext",
            "object",
            "applet",
            "embed",
        ]))
        .add_tag_attributes("a", ["type"])
        .add_tag_attributes("audio", ["src", "controls"])
        .add_tag_attributes("video", ["src", "poster", "controls", "width", "height"])
        .add_tag_attributes("source", ["src", "type"])
        .add_tag_attributes("time", ["datetime"])
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "data"]))
        .url_relative(UrlRelative::Custom(Box::new(resolve)))
        .attribute_filter(attribute)
        .link_rel(Some(simple::REL))
        .strip_comments(true);
    policy
}

/// A relative address made absolute; dropped when it cannot be, or would not be web any more.
fn resolve(address: &str) -> Option<Cow<'_, str>> {
    START.with_borrow(|start| {
        let address = address.trim();
        let page = start.page.as_ref().filter(|_| address.starts_with('#'));
        let whole = match page.or(start.base.as_ref()) {
            // An address of nothing would be that of the site.
            _ if address.is_empty() => return None,
            Some(base) => base.join(address).ok()?,
            None if address.starts_with("//") => Url::parse(&format!("https:{address}")).ok()?,
            None => return None,
        };
        let added = whole.as_str().len().saturating_sub(address.len());
        ROOM.set(ROOM.get().checked_sub(added)?);
        matches!(whole.scheme(), "http" | "https").then(|| Cow::Owned(whole.into()))
    })
}

/// What an attribute may hold beyond what the lists say: pictures alone may be `data:`, and those only rasters.
fn attribute<'v>(element: &str, name: &str, value: &'v str) -> Option<Cow<'v, str>> {
    const RASTERS: [&str; 4] =
        ["data:image/png;", "data:image/jpeg;", "data:image/gif;", "data:image/webp;"];
    // Nobody else looks at what a quotation cites.
    if name == "cite" {
        let cited = START.with_borrow(|start| link::resolve(value, start.base.as_ref()));
        return cited.map(Cow::Owned);
    }
    let is_address = matches!(name, "href" | "src" | "poster");
    if !is_address {
        return Some(Cow::Borrowed(value));
    }
    let start: String =
        value.chars().filter(|c| !c.is_whitespace() && !c.is_control()).take(24).collect();
    let start = start.to_ascii_lowercase();
    if start.starts_with("data:") {
        let is_raster =
            (element, name) == ("img", "src") && RASTERS.iter().any(|kind| start.starts_with(kind));
        return is_raster.then_some(Cow::Borrowed(value));
    }
    let is_link = (element, name) == ("a", "href");
    let is_mail = start.starts_with("mailto:") || start.starts_with("tel:");
    (is_link || !is_mail).then_some(Cow::Borrowed(value))
}

/// Drops attributes past the most a tag may have: html5ever compares each with all before it.
/// Borrowed when there is nothing to drop, which is nearly always.
pub(in crate::model) fn with_few_attributes(html: &str) -> Cow<'_, str> {
    let mut kept = String::new();
    let mut copied = 0;
    for at in memchr::memchr_iter(b'<', html.as_bytes()) {
        if at < copied || !html[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let (length, cut) = tag_with_few_attributes(&html[at..]);
        if let Some(cut) = cut {
            kept.push_str(&html[copied..at + cut]);
            copied = at + length;
        }
    }
    match copied {
        0 => Cow::Borrowed(html),
        _ => Cow::Owned(kept + &html[copied..]),
    }
}

/// How long a tag is, and where its attributes become too many.
fn tag_with_few_attributes(tag: &str) -> (usize, Option<usize>) {
    let (mut quote, mut parts, mut in_part, mut cut) = (None, 0, true, None);
    for (at, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'>') => return (at, cut),
            (None, b'"' | b'\'') => (quote, in_part) = (Some(byte), true),
            (None, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' | b'/') => in_part = false,
            (None, _) if !in_part => {
                in_part = true;
                parts += 1;
                if parts > ATTRIBUTES && cut.is_none() {
                    cut = Some(at);
                }
            }
            (None, _) => {}
        }
    }
    (tag.len(), cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expected: &str) {
        let base = Url::parse("https://news.example.com/a/b.html").unwrap();
        assert_eq!(sanitise(html, &Start { base: Some(base), page: None }), expected);
    }

    #[test]
    fn t_18_nothing_executable_stays() {
        check("<p onclick=\"x()\">a<script>alert(1)</script></p>", "<p>a</p>");
        check(
            "<a href=\"java\tscript:alert(1)\">a</a>",
            "<a rel=\"noopener noreferrer nofollow ugc\">a</a>",
        );
        check(
            "<a href=\"&#106;avascript:x\">a</a>",
            "<a rel=\"noopener noreferrer nofollow ugc\">a</a>",
        );
        check("<q cite=\"javascript:alert(1)\">a</q>", "<q>a</q>");
        check("<q cite=\"/c\">a</q>", "<q cite=\"https://news.example.com/c\">a</q>");
        check("<svg onload=x><circle>a</circle></svg>b", "b");
        check("<iframe src=//x.example/>a</iframe>b", "b");
        check("<img src=\"data:image/svg+xml;base64,x\" style=\"x\">", "<img>");
        check("<img src=\"data:image/png;base64,x\">", "<img src=\"data:image/png;base64,x\">");
        check(
            "<a href=\"data:image/png;base64,x\">a</a>",
            "<a rel=\"noopener noreferrer nofollow ugc\">a</a>",
        );
    }

    #[test]
    fn q24_raw_ampersand_in_attribute() {
        check("<img src=\"https://e.com/a?b=1&c=2\">", "<img src=\"https://e.com/a?b=1&amp;c=2\">");
    }

    #[test]
    fn addresses_become_absolute() {
        check("<img src=\"/x.png\">", "<img src=\"https://news.example.com/x.png\">");
        check(
            "<img src=\"//cdn.example.com/x.png\">",
            "<img src=\"https://cdn.example.com/x.png\">",
        );
        assert_eq!(sanitise("<img src=\"x.png\">", &Start::default()), "<img>");
    }

    #[test]
    fn t_16_a_body_too_deep_is_reduced_to_its_words() {
        check(&format!("{}deep", "<div>".repeat(40_000)), "<p>deep</p>");
        check(&format!("{}deep", "<b></x>".repeat(40_000)), "<p>deep</p>");
        check(&format!("{}deep", "<b><div></b>".repeat(40_000)), "<p>deep</p>");
        check(&format!("{}deep", "<div><table></div>".repeat(40_000)), "<p>deep</p>");
    }

    #[test]
    fn t_15_a_long_base_does_not_multiply() {
        let base = Url::parse(&format!("http://a.example/{}/", "a".repeat(60_000))).ok();
        let start = Start { base, page: None };
        assert!(sanitise(&"<img src=b>".repeat(3000), &start).len() < LONGEST * 2);
    }

    #[test]
    fn t_15_attributes_past_the_bound_are_dropped() {
        let many: String = (0..100_000).map(|n| format!(" a{n}=\"{n} >\"")).collect();
        let html = format!("<p title=x{many}>a</p><b>b</b>");
        check(&html, "<p title=\"x\">a</p><b>b</b>");
        assert!(matches!(with_few_attributes("<p a=1 b='>'>x</p>"), Cow::Borrowed(_)));
    }

    #[test]
    fn t_15_plain_text_stays_within_the_bound() {
        for piece in ["&", "<", "x\n\n", "x\u{2028}", "甲"] {
            let length = paragraphs(&piece.repeat(LONGEST)).len();
            assert!((LONGEST / 3..=LONGEST).contains(&length), "{piece:?}: {length}");
        }
    }

    #[test]
    fn q45_plain_text_becomes_paragraphs() {
        assert_eq!(paragraphs("甲 < 乙\n\n丙\n丁\n"), "<p>甲 &lt; 乙</p><p>丙<br>丁</p>");
    }
}
