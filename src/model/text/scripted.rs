//! What pages leave to their scripts, which nobody runs here: pictures that a script would load when
//! they come into view, and what stands in their place where there are no scripts.
//!
//! Works on the text before it is parsed. Nothing is made safe here; all of it is sanitised later.

use std::borrow::Cow;

use super::tag::Attributes;

/// Attributes of `img` that hold what `src` will, best first; `src` holds a placeholder or nothing.
pub(in crate::model) const LATE: [&str; 9] = [
    "data-original-src",
    "data-original",
    "data-actualsrc",
    "data-lazy-src",
    "data-src",
    "data-lazy",
    "data-echo",
    "zoomfile",
    "file",
];
/// Pictures whose stand-ins are recognised in one body.
const LOADED: usize = 100;
/// Attributes of one tag that are looked at.
const ATTRIBUTES: usize = 64;

/// The same HTML as it stands once its scripts have run, or never will.
pub(super) fn settled(html: &str) -> Cow<'_, str> {
    let tags = || memchr::memchr_iter(b'<', html.as_bytes()).map(|at| (at, &html[at + 1..]));
    let is_stand_in =
        |after| opens(after, "noscript").or_else(|| opens(after, "/noscript")).is_some();
    let has_stand_ins = tags().any(|(_, after)| is_stand_in(after));
    let late = tags().filter_map(|(_, after)| late_value(opens(after, "img")?));
    let loaded: Vec<&str> = late.take(LOADED).map(|(_, address)| address).collect();
    if loaded.is_empty() && !has_stand_ins {
        return Cow::Borrowed(html);
    }
    let mut settled = String::with_capacity(html.len() + html.len() / 4);
    let (mut copied, mut is_closed) = (0, true);
    for (at, after) in tags() {
        if at < copied {
            continue;
        }
        if let Some((written, _)) = opens(after, "img").and_then(late_value) {
            let name = at + "<img".len();
            settled.push_str(&html[copied..name]);
            // Of two attributes of one name the first counts (HTML, section 13.2.5.33).
            settled.push_str(" src=");
            settled.push_str(written);
            copied = name;
        } else if let Some(inside) = opens(after, "noscript") {
            settled.push_str(&html[copied..at]);
            let end = if is_closed { end_of_stand_in(inside) } else { None };
            is_closed = end.is_some();
            // Beside a picture that is loaded it holds the same one again.
            let block = end.map_or("", |end| &inside[..end]);
            let is_double = loaded.iter().any(|address| block.contains(address));
            let rest = if is_double { &inside[block.len()..] } else { inside };
            copied = html.len() - after_tag(rest).len();
        } else if let Some(rest) = opens(after, "/noscript") {
            settled.push_str(&html[copied..at]);
            copied = html.len() - after_tag(rest).len();
        }
    }
    settled.push_str(&html[copied..]);
    Cow::Owned(settled)
}

/// What follows the name of a tag, when it is this one; `after` follows the `<`.
fn opens<'h>(after: &'h str, name: &str) -> Option<&'h str> {
    let found = after.get(..name.len())?;
    let rest = &after[name.len()..];
    let is_whole = rest.starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'));
    (is_whole && found.eq_ignore_ascii_case(name)).then_some(rest)
}

/// Past the `>` of a tag whose attributes nobody reads.
fn after_tag(inside: &str) -> &str {
    inside.find('>').map_or("", |end| &inside[end + 1..])
}

fn end_of_stand_in(inside: &str) -> Option<usize> {
    memchr::memchr_iter(b'<', inside.as_bytes())
        .find(|at| opens(&inside[at + 1..], "/noscript").is_some())
}

/// The picture a script would load: its address as it is written, and without quotes.
fn late_value(inside: &str) -> Option<(&str, &str)> {
    let values = Attributes::of(inside).take(ATTRIBUTES);
    let late = values.filter_map(|(name, written)| {
        let rank = LATE.iter().position(|late| late.eq_ignore_ascii_case(name))?;
        let written = written?;
        let address = written.trim_matches(['"', '\'']).trim();
        is_address(address).then_some((rank, written, address))
    });
    late.min_by_key(|(rank, ..)| *rank).map(|(_, written, address)| (written, address))
}

/// Whether this could be where a picture is; flags and numbers stand under these names, too.
fn is_address(value: &str) -> bool {
    value.contains(['/', '.'])
        && !value.contains(char::is_whitespace)
        && !value.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expected: &str) {
        assert_eq!(settled(html), expected);
    }

    fn same(html: &str) {
        assert!(matches!(settled(html), Cow::Borrowed(_)), "{html}");
    }

    #[test]
    fn pictures_loaded_late() {
        check(
            "<img data-src=\"https://p.example/a.jpg\" alt=x>",
            "<img src=\"https://p.example/a.jpg\" data-src=\"https://p.example/a.jpg\" alt=x>",
        );
        check(
            "<IMG src='/s.gif' alt='a > b' data-original=/b.jpg>",
            "<IMG src=/b.jpg src='/s.gif' alt='a > b' data-original=/b.jpg>",
        );
        check(
            "<img data-src='' data-original=b.jpg>",
            "<img src=b.jpg data-src='' data-original=b.jpg>",
        );
    }

    #[test]
    fn what_is_no_late_picture_stays() {
        for html in [
            "<img src=a.jpg data-src=''>",
            "<p data-src=a.jpg>",
            "<img data-profile=x.y src=a.jpg>",
            "<img src='https://e.example/x.jpg' data-lazy='true'>",
            "<img src='https://e.example/x.png' alt='see data-src=b.jpg'>",
            "<img data-src='data:image/png;base64,AA=='>",
            "<img alt='open data-src=b.jpg>",
            "<imgx data-src=b.jpg>",
        ] {
            same(html);
        }
    }

    #[test]
    fn what_stands_in_for_scripts() {
        check("a<noscript><img src=b></noscript>c", "a<img src=b>c");
        check(
            "<img data-src=b.jpg><noscript><img src=b.jpg></noscript>",
            "<img src=b.jpg data-src=b.jpg>",
        );
        check(
            "<noscript><img src=b.jpg></noscript><img data-src=b.jpg>",
            "<img src=b.jpg data-src=b.jpg>",
        );
        check(
            "<img data-src=b.jpg><NoScript>words</NOSCRIPT>",
            "<img src=b.jpg data-src=b.jpg>words",
        );
        check("a<NOSCRIPT>b", "ab");
        check("a</noscript>b<noscript", "ab<noscript");
    }
}
