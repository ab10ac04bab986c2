//! Finding the hub of a document: in its `Link` headers first, then in the document itself (section 4).

use http::HeaderMap;
use http::Uri;
use http::header::LINK;
use url::Url;

use crate::model::hub::Hub;

/// Longer addresses are nobody's.
const LONGEST: usize = 2048;

/// The hub a document names that came from `at`, as an answer's headers say, else by the words of the
/// document: its `hub`, and `itself`. Addresses may be relative.
pub fn hub(
    headers: &HeaderMap,
    (hub, itself): (Option<&str>, Option<&str>),
    at: &str,
) -> Option<Hub> {
    let at = Url::parse(at).ok()?;
    let links: Vec<Link<'_>> = headers
        .get_all(LINK)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(links)
        .collect();
    let told = |rel: &str| {
        let link =
            links.iter().find(|link| link.rel.split(' ').any(|own| own.eq_ignore_ascii_case(rel)));
        link.map(|link| link.target)
    };
    let url = address(&at, told("hub").or(hub)?)?;
    let topic = match told("self").or(itself) {
        Some(topic) => address(&at, topic)?,
        None => at.to_string(),
    };
    Some(Hub { url, topic })
}

/// An address of the web, whole; its spelling is kept, since a hub compares topics by it.
fn address(at: &Url, link: &str) -> Option<String> {
    let link = link.trim();
    let url = at.join(link).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let is_whole = Url::parse(link).is_ok();
    let spelt = if is_whole { link.to_owned() } else { url.to_string() };
    let is_plain = spelt.parse::<Uri>().is_ok();
    let address = if is_plain { spelt } else { url.to_string() };
    (address.len() <= LONGEST).then_some(address)
}

/// One link of a header.
struct Link<'a> {
    target: &'a str,
    /// Blank between relations.
    rel: &'a str,
}

/// The links of a `Link` header (RFC 8288 section 3); what is no link is passed over.
fn links(line: &str) -> Vec<Link<'_>> {
    let mut links = Vec::new();
    let mut rest = line;
    while let Some((target, after)) =
        rest.split_once('<').and_then(|(_, after)| after.split_once('>'))
    {
        let (parameters, next) = after.split_at(end(after));
        let rel = pieces(parameters).find_map(|piece| {
            let (name, value) = piece.split_once('=')?;
            let is_rel = name.trim().eq_ignore_ascii_case("rel");
            is_rel.then(|| value.trim().trim_matches('"'))
        });
        links.push(Link { target, rel: rel.unwrap_or_default() });
        rest = next;
    }
    links
}

/// Where the parameters of a link end: at the first comma outside quotes.
fn end(parameters: &str) -> usize {
    let mut is_quoted = false;
    let comma = parameters.bytes().position(|byte| {
        is_quoted ^= byte == b'"';
        byte == b',' && !is_quoted
    });
    comma.unwrap_or(parameters.len())
}

/// Parameters, split at semicolons outside quotes.
fn pieces(parameters: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    parameters.split(move |character| {
        is_quoted ^= character == '"';
        character == ';' && !is_quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "https://news.example/feed";

    #[track_caller]
    fn check(
        headers: &[&str],
        document: (Option<&str>, Option<&str>),
        expected: Option<(&str, &str)>,
    ) {
        let mut map = HeaderMap::new();
        for value in headers {
            map.append(LINK, value.parse().unwrap());
        }
        let found = hub(&map, document, AT).map(|hub| (hub.url, hub.topic));
        let expected = expected.map(|(url, topic)| (url.to_owned(), topic.to_owned()));
        assert_eq!(found, expected, "{headers:?} {document:?}");
    }

    #[test]
    fn h_29_headers_go_before_the_document() {
        let (hub, topic) = ("https://hub.example/", "https://news.example/own");
        let header = format!("<{hub}>; rel=\"hub\", <{topic}>; rel=self");
        check(&[&header], (None, None), Some((hub, topic)));
        check(&[&header], (Some("https://other.example/"), Some("https://b/")), Some((hub, topic)));
        check(&[&format!("<{hub}>; rel=hub")], (None, Some(topic)), Some((hub, topic)));
        check(&["<https://a/>; rel=self"], (Some(hub), None), Some((hub, "https://a/")));
        check(&[], (Some(hub), Some(topic)), Some((hub, topic)));
        check(&[], (Some(hub), None), Some((hub, AT)));
        check(&[], (None, Some(topic)), None);
    }

    #[test]
    fn headers_as_they_are_written() {
        let both = Some(("https://hub.example/a,b;c", "https://news.example/self"));
        check(
            &[
                "</style.css>; rel=preload; title=\"a, b; rel=hub\"",
                "<https://hub.example/a,b;c> ; REL=\"nofollow Hub\"",
                "</self>;rel=\"self\"",
            ],
            (None, None),
            both,
        );
        for broken in ["", "<", "<>", "rel=hub", "<https://hub.example/", ">;rel=hub<"] {
            check(&[broken], (None, None), None);
        }
    }

    #[test]
    fn t_03_only_the_web_has_hubs() {
        for url in ["file:///etc/passwd", "javascript:alert(1)", "gopher://a/", "http://"] {
            check(&[], (Some(url), None), None);
        }
        check(&[], (Some(&format!("https://a/{}", "x".repeat(2048))), None), None);
    }
}
