//! What a document is that is no feed, in words an operator can act on: most often a page, which
//! names its feeds in autodiscovery links.
//!
//! Nothing is fetched: the addresses are told, and the operator chooses.

use url::Url;

use super::reference::unescape;
use super::xml::{Tag, Token, Tokens, local};

/// Feeds named at most, so that the reason stays readable.
const NAMED: usize = 5;
/// Bytes told of a page's title.
const TITLE: usize = 120;

/// Why this document is refused.
pub(super) fn refusal(text: &str, at: Option<&Url>) -> String {
    let tags = || {
        Tokens::new(text).filter_map(|token| match token {
            Token::Start(tag) => Some(tag),
            _ => None,
        })
    };
    let is_html = |tag: &Tag<'_>| {
        let name = local(tag.name).to_ascii_lowercase();
        matches!(name.as_str(), "html" | "head" | "body" | "meta" | "script" | "div")
    };
    let Some(first) = tags().next() else {
        return "this is no feed: there is no markup in it".to_owned();
    };
    match local(first.name).to_ascii_lowercase().as_str() {
        "opml" => {
            return "this is OPML, a list of feeds; `feedloom import` takes them in".to_owned();
        }
        "urlset" | "sitemapindex" => {
            return "this is a sitemap, not a feed; `kind = \"sitemap\"` reads it".to_owned();
        }
        _ => {}
    }
    if !tags().take(20).any(|tag| is_html(&tag)) {
        let name: String = first.name.chars().take(64).collect();
        return format!(
            "this is no feed: its first element is <{name}>, and none of rss, rdf:RDF, feed or channel follows"
        );
    }
    let base = tags().find(|tag| is(tag, "base")).and_then(|tag| absolute(&tag, at));
    let base = base.as_ref().or(at);
    let mut feeds: Vec<String> = Vec::new();
    for tag in tags().filter(points_to_feed) {
        let address = match absolute(&tag, base) {
            Some(address) => address.into(),
            None => tag.attribute("href").unwrap_or_default().into_owned(),
        };
        if feeds.len() < NAMED && !feeds.contains(&address) {
            feeds.push(address);
        }
    }
    let page = match title(text) {
        Some(title) => format!("this is an HTML page, “{title}”, not a feed"),
        None => "this is an HTML page, not a feed".to_owned(),
    };
    match feeds.as_slice() {
        [] => format!("{page}, and it points to none"),
        feeds => format!("{page}; it points to {}", feeds.join(", ")),
    }
}

/// What a page is called: a login, a block and an error often say so themselves.
pub(in crate::adapter) fn title(text: &str) -> Option<String> {
    let mut tokens = Tokens::new(text);
    tokens.find(|token| matches!(token, Token::Start(tag) if is(tag, "title")))?;
    let Some(Token::Text(title)) = tokens.next() else { return None };
    let title = title.trim_start();
    let start = &title[..title.floor_char_boundary(TITLE)];
    let mut words = unescape(start).split_whitespace().collect::<Vec<_>>().join(" ");
    if start.len() < title.len() {
        words.push('…');
    }
    Some(words).filter(|words| !words.is_empty())
}

fn is(tag: &Tag<'_>, name: &str) -> bool {
    tag.name.eq_ignore_ascii_case(name)
}

fn absolute(tag: &Tag<'_>, base: Option<&Url>) -> Option<Url> {
    let href = tag.attribute("href")?;
    let address = match base {
        Some(base) => base.join(&href),
        None => Url::parse(&href),
    };
    address.ok().filter(|address| matches!(address.scheme(), "http" | "https" | "file"))
}

/// Whether a tag is an autodiscovery link.
fn points_to_feed(tag: &Tag<'_>) -> bool {
    if !is(tag, "link") || tag.attribute("href").is_none() {
        return false;
    }
    let says = |name, words: &[&str]| {
        let value = tag.attribute(name).unwrap_or_default().to_ascii_lowercase();
        words.iter().any(|word| value.contains(word))
    };
    says("rel", &["alternate", "feed"])
        && says("type", &["rss", "atom", "feed+json", "application/json"])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let at = Url::parse("https://news.example/index.html").ok();
        assert_eq!(refusal(text, at.as_ref()), expected);
    }

    #[test]
    fn a_page_that_names_its_feeds() {
        check(
            r#"<!DOCTYPE html><html><head><title>新闻</title>
            <link rel="stylesheet" href="/a.css">
            <link rel="alternate" type="application/rss+xml" title="要闻" href="/rss.xml">
            <link rel=alternate type=application/atom+xml href="https://b.example/atom?a=1&amp;b=2">
            <link rel="alternate" hreflang="en" href="/en/">"#,
            "this is an HTML page, “新闻”, not a feed; it points to https://news.example/rss.xml, https://b.example/atom?a=1&b=2",
        );
    }

    #[test]
    fn a_page_without_feeds() {
        check(
            "<html><body>404</body></html>",
            "this is an HTML page, not a feed, and it points to none",
        );
    }

    #[test]
    fn other_documents() {
        check("hello", "this is no feed: there is no markup in it");
        check(
            "<svg><path/></svg>",
            "this is no feed: its first element is <svg>, and none of rss, rdf:RDF, feed or channel follows",
        );
        check(
            "<urlset><url/></urlset>",
            "this is a sitemap, not a feed; `kind = \"sitemap\"` reads it",
        );
        check(
            "<opml version='1.0'><head><title>订阅</title></head>",
            "this is OPML, a list of feeds; `feedloom import` takes them in",
        );
    }
}
