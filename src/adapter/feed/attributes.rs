//! Attributes: what stands in a tag behind its name, in every spelling people find for it.
//!
//! Like the tokenizer it never fails and looks at each byte a bounded number of times.

use std::borrow::Cow;

use memchr::memchr;

use super::reference::unescape;

/// Attributes read of one element (T-15).
const ATTRIBUTES: usize = 256;
/// Bytes of a tag read for attributes; what lies beyond is ballast.
const INSIDE: usize = 64 << 10;

/// The attributes in a tag, at most as many as the bound allows.
pub(super) fn attributes<'a>(
    inside: &'a str,
) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> + use<'a> {
    let bound = inside.floor_char_boundary(INSIDE);
    Attributes { rest: &inside[..bound] }.take(ATTRIBUTES)
}

/// Whether a quote was closed where it seems: else the closing one is the opening one of a later tag.
pub(super) fn plausible(value: &[u8], next: Option<&u8>) -> bool {
    let ends =
        next.is_none_or(|next| next.is_ascii_whitespace() || matches!(next, b'/' | b'>' | b'?'));
    ends || memchr(b'>', value).is_none()
}

/// What stands in a tag, name by name: without quotes, without values, and with blanks where none should be.
struct Attributes<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        let blank = |c: char| c.is_ascii_whitespace();
        let rest =
            self.rest.trim_start_matches(|c| blank(c) || matches!(c, '/' | '"' | '\'' | '=' | '<'));
        let length = rest.find(|c| blank(c) || c == '=').unwrap_or(rest.len());
        let (name, rest) = rest.split_at(length);
        if name.is_empty() {
            return None;
        }
        let Some(rest) = rest.trim_start_matches(blank).strip_prefix('=') else {
            self.rest = rest;
            return Some((name, Cow::Borrowed("")));
        };
        let (value, rest) = value(rest.trim_start_matches(blank));
        self.rest = rest;
        Some((name, unescape(value)))
    }
}

/// A value and what follows it.
fn value(text: &str) -> (&str, &str) {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    if let Some(quote) = quote
        && let Some((value, rest)) = text[1..].split_once(quote)
        && plausible(value.as_bytes(), rest.as_bytes().first())
    {
        return (value, rest);
    }
    let text = text.trim_start_matches(['"', '\'']);
    let length = text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len());
    let (value, rest) = text.split_at(length);
    // `type=audio/mpeg/>`; an address may end so.
    let is_address = value.contains("//") || value.starts_with(['/', '.']);
    match value.strip_suffix('/') {
        Some(value) if rest.is_empty() && !is_address => (value, rest),
        _ => (value, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(inside: &str, expected: &[(&str, &str)]) {
        let found: Vec<_> = attributes(inside).collect();
        let expected: Vec<_> = expected.iter().map(|&(n, v)| (n, Cow::Borrowed(v))).collect();
        assert_eq!(found, expected, "{inside}");
    }

    #[test]
    fn t_15_attributes_beyond_the_bound_are_not_read() {
        let inside: String = (0..80_000).map(|n| format!(" a{n}='x'")).collect();
        assert_eq!(attributes(&inside).count(), ATTRIBUTES);
    }

    #[test]
    fn attributes_in_every_spelling() {
        check(
            r#" a="1" b='2' c=3 d e = "5""#,
            &[("a", "1"), ("b", "2"), ("c", "3"), ("d", ""), ("e", "5")],
        );
        check(r#" a="1"b="2" /"#, &[("a", "1"), ("b", "2")]);
        check(r#" href="x&amp;y&nbsp;z&w=1""#, &[("href", "x&y\u{a0}z&w=1")]);
        check(" href=http://x/y/", &[("href", "http://x/y/")]);
        check(" type=audio/mpeg/", &[("type", "audio/mpeg")]);
        check(r#" href="http://x"#, &[("href", "http://x")]);
    }
}
