//! A tolerant tokenizer: marks out what stands in a document that wants to be XML.
//!
//! quick-xml's own reader stops at the first fault, makes an event of every reference, and lets a
//! quote that was never closed swallow the rest. Feeds have all three, so it is not used for
//! reading; references are resolved in `reference`. What this file promises instead: it never
//! fails, it borrows everything, and it looks at each byte a bounded number of times, however the
//! delimiters are arranged.
//!
//! It deliberately knows no elements, matches no end tags and reads no DOCTYPE: entities declared
//! there are never expanded (T-08, T-09).

use std::borrow::Cow;

use memchr::{memchr, memchr2, memmem};

use super::attributes::{attributes, plausible};

/// Bytes of a name (T-15); what is longer is no element.
const NAME: usize = 1024;

/// A piece of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::adapter) enum Token<'a> {
    /// `<name …>`, or `<name …/>`, which an `End` follows.
    Start(Tag<'a>),
    /// `</name>`.
    End(&'a str),
    /// Characters, references unresolved.
    Text(&'a str),
    /// What stood in a CDATA section.
    Literal(&'a str),
}

/// A start tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::adapter) struct Tag<'a> {
    /// As written, with its prefix.
    pub name: &'a str,
    /// All between the name and the end of the tag, unread.
    pub inside: &'a str,
}

impl<'a> Tag<'a> {
    /// The attributes, at most as many as the bound allows.
    pub fn attributes(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> + use<'a> {
        attributes(self.inside)
    }

    /// The value of an attribute, trimmed, when there is one and it isn't empty. Case doesn't
    /// matter, and neither does a prefix, unless there is one without.
    pub fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        if self.inside.is_empty() {
            return None;
        }
        let bare = self.attributes().find(|(found, _)| found.eq_ignore_ascii_case(name));
        let prefixed =
            || self.attributes().find(|(found, _)| local(found).eq_ignore_ascii_case(name));
        bare.or_else(prefixed).map(|(_, value)| trim(value)).filter(|value| !value.is_empty())
    }
}

/// A name without its prefix.
pub(in crate::adapter) fn local(name: &str) -> &str {
    parts(name).1
}

/// A name's prefix, perhaps empty, and what follows it. Names are short and asked for with every tag,
/// which is where a search made for long texts costs more than it finds.
pub(super) fn parts(name: &str) -> (&str, &str) {
    match name.bytes().rposition(|byte| byte == b':') {
        Some(colon) => (&name[..colon], &name[colon + 1..]),
        None => ("", name),
    }
}

/// The same text without blanks at its ends.
pub(super) fn trim(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// The tokens of a document, in order. A clone is a place to come back to.
#[derive(Clone)]
pub(in crate::adapter) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// The `End` owed after `<name/>`.
    owed: Option<&'a str>,
    /// Where the next section ends, if that was looked for already.
    section_end: Option<usize>,
    lacking: Lacking,
}

/// Delimiters of which none is left, so that no document makes us look for one twice.
#[derive(Clone, Copy, Default)]
struct Lacking {
    comment: bool,
    literal: bool,
    instruction: bool,
    subset: bool,
    single: bool,
    double: bool,
}

impl<'a> Tokens<'a> {
    /// The tokens of `text`.
    pub fn new(text: &'a str) -> Tokens<'a> {
        Tokens { text, at: 0, owed: None, section_end: None, lacking: Lacking::default() }
    }

    /// The characters before the end tag `</name>`, when nothing else stands before it: what most
    /// elements hold, read without a token for each.
    pub fn characters(&mut self, name: &str) -> Option<&'a str> {
        let start = self.at;
        let length = memchr(b'<', self.rest()).filter(|_| self.owed.is_none())?;
        let tag = self.rest()[length..].strip_prefix(b"</")?.strip_prefix(name.as_bytes())?;
        tag.starts_with(b">").then(|| {
            self.at = start + length + "</>".len() + name.len();
            &self.text[start..start + length]
        })
    }

    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..]
    }

    fn text(&mut self) -> Token<'a> {
        let start = self.at;
        loop {
            // A `<` that opens no markup ("a < b", 《…》 written as <…>) is a character like any other.
            let from = self.at + usize::from(self.rest().first() == Some(&b'<'));
            self.at = memchr(b'<', &self.text.as_bytes()[from..])
                .map_or(self.text.len(), |found| from + found);
            if self.rest().is_empty() || opens_markup(self.rest()) {
                return Token::Text(&self.text[start..self.at]);
            }
        }
    }

    fn start(&mut self) -> Option<Token<'a>> {
        let inside_at = self.at + 1;
        let Some(end) = self.end_of_tag(inside_at) else {
            self.at = self.text.len();
            return None;
        };
        let tag = &self.text[inside_at..end];
        self.at = end + usize::from(self.text.as_bytes().get(end) == Some(&b'>'));
        let length = tag
            .bytes()
            .position(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'"' | b'\'' | b'='))
            .unwrap_or(tag.len());
        let (name, inside) = tag.split_at(length);
        if name.len() > NAME {
            return None;
        }
        // `Joe <joe@example.org>` that nobody escaped.
        if inside.is_empty() && name.bytes().any(|byte| byte == b'@') {
            return Some(Token::Text(&self.text[inside_at - 1..self.at]));
        }
        if closes_itself(inside) {
            self.owed = Some(name);
        }
        Some(Token::Start(Tag { name, inside }))
    }

    fn end(&mut self) -> Option<Token<'a>> {
        let inside = self.at + 2;
        let stop = memchr2(b'>', b'<', &self.text.as_bytes()[inside..]);
        let end = stop.map_or(self.text.len(), |stop| inside + stop);
        self.at = end + usize::from(self.text.as_bytes().get(end) == Some(&b'>'));
        let name = self.text[inside..end].split_ascii_whitespace().next()?;
        (stop.is_some() && name.len() <= NAME).then_some(Token::End(name))
    }

    /// The position of the `>` that ends the tag, or of the `<` that shows it was forgotten.
    fn end_of_tag(&mut self, from: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut at = from;
        loop {
            at += bytes[at..].iter().position(|b| matches!(b, b'>' | b'<' | b'"' | b'\''))?;
            if matches!(bytes[at], b'>' | b'<') {
                return Some(at);
            }
            at = self.end_of_value(from, at).unwrap_or(at) + 1;
        }
    }

    /// The position of the quote that closes the one at `open`; none when that one opens no value.
    fn end_of_value(&mut self, from: usize, open: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let lacking = match bytes[open] {
            b'"' => &mut self.lacking.double,
            _ => &mut self.lacking.single,
        };
        if *lacking || !bytes[from..open].trim_ascii_end().ends_with(b"=") {
            return None;
        }
        let Some(length) = memchr(bytes[open], &bytes[open + 1..]) else {
            *lacking = true;
            return None;
        };
        let close = open + 1 + length;
        plausible(&bytes[open + 1..close], bytes.get(close + 1)).then_some(close)
    }

    /// `<!…>`: a CDATA section; comments, the DOCTYPE and whatever else is passed over.
    fn declaration(&mut self) -> Option<Token<'a>> {
        let rest = self.rest();
        if rest.len() >= 9 && rest[..9].eq_ignore_ascii_case(b"<![CDATA[") {
            return self.literal();
        }
        if rest.starts_with(b"<!--") {
            self.at = match find(rest, 4, b"-->", &mut self.lacking.comment) {
                Some(end) => self.at + end + 3,
                None => self.after_bracket(),
            };
        } else if rest.len() >= 9 && rest[..9].eq_ignore_ascii_case(b"<!DOCTYPE") {
            self.at = self.after_doctype();
        } else {
            self.at = self.after_bracket();
        }
        None
    }

    /// A section that is never closed is read as if its opening weren't there: up to the next end tag it
    /// holds the same.
    fn literal(&mut self) -> Option<Token<'a>> {
        let start = self.at + 9;
        self.at = start;
        if self.section_end.is_none_or(|end| end < start) {
            self.section_end =
                find(self.rest(), 0, b"]]>", &mut self.lacking.literal).map(|end| start + end);
        }
        let end = self.section_end?;
        let section = &self.text[start..end];
        if holds_items(section) {
            return None;
        }
        self.at = end + 3;
        Some(Token::Literal(section))
    }

    /// The declaration lacks its end more often than it holds a `<`.
    fn instruction(&mut self) {
        let rest = self.rest();
        if rest.len() > 5
            && rest[..5].eq_ignore_ascii_case(b"<?xml")
            && rest[5].is_ascii_whitespace()
        {
            self.at = self.after_bracket();
            return;
        }
        self.at = match find(rest, 2, b"?>", &mut self.lacking.instruction) {
            Some(end) => self.at + end + 2,
            None => self.after_bracket(),
        };
    }

    /// Past the next `>`, or up to the `<` before it that shows it was forgotten.
    fn after_bracket(&self) -> usize {
        let stop = memchr2(b'<', b'>', &self.rest()[1..]).map(|stop| self.at + 1 + stop);
        match stop {
            Some(stop) => stop + usize::from(self.text.as_bytes()[stop] == b'>'),
            None => self.text.len(),
        }
    }

    /// Past a DOCTYPE and its internal subset, whose declarations nobody reads.
    fn after_doctype(&mut self) -> usize {
        let rest = self.rest();
        let subset = memchr2(b'[', b'>', rest).filter(|&stop| rest[stop] == b'[');
        let Some(subset) = subset.filter(|_| !self.lacking.subset) else {
            return self.after_bracket();
        };
        let end = memmem::find_iter(&rest[subset..], b"]").find_map(|close| {
            let after = &rest[subset + close + 1..];
            let blanks = after.len() - after.trim_ascii_start().len();
            (after.get(blanks) == Some(&b'>')).then_some(subset + close + blanks + 2)
        });
        self.lacking.subset = end.is_none();
        end.map_or_else(|| self.after_bracket(), |end| self.at + end)
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if let Some(name) = self.owed.take() {
            return Some(Token::End(name));
        }
        loop {
            let rest = self.rest();
            let token = match rest {
                [] => return None,
                _ if !opens_markup(rest) => Some(self.text()),
                [_, b'/', ..] => self.end(),
                [_, b'!', ..] => self.declaration(),
                [_, b'?', ..] => {
                    self.instruction();
                    None
                }
                _ => self.start(),
            };
            if token.is_some() {
                return token;
            }
        }
    }
}

/// Whether markup starts here. Names of elements in feeds are ASCII; `<中国>` is a title in its brackets.
fn opens_markup(bytes: &[u8]) -> bool {
    match bytes {
        [b'<', b'/', next, ..] => starts_name(*next) || *next == b'>',
        [b'<', b'!' | b'?', ..] => true,
        [b'<', next, ..] => starts_name(*next),
        _ => false,
    }
}

fn starts_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':')
}

/// Whether `/` ends the tag, rather than an address without quotes.
fn closes_itself(inside: &str) -> bool {
    inside.strip_suffix('/').is_some_and(|before| {
        before.is_empty()
            || before.ends_with(|c: char| c.is_ascii_whitespace() || matches!(c, '"' | '\''))
    })
}

/// Whether a section runs over the end of its item and into the next one's section: then it was never
/// closed. Only what stands before that next section is looked at, so that no byte is looked at twice.
fn holds_items(section: &str) -> bool {
    let Some(next) = memmem::find(section.as_bytes(), b"<![CDATA[") else { return false };
    let ends = memchr::memchr_iter(b'<', &section.as_bytes()[..next]);
    ends.map(|at| &section[at + 1..]).any(|after| {
        let is = |name: &str| after.get(..name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name));
        is("/item") || is("/entry")
    })
}

fn find(bytes: &[u8], from: usize, delimiter: &[u8], lacking: &mut bool) -> Option<usize> {
    if *lacking {
        return None;
    }
    let found = bytes.get(from..).and_then(|rest| memmem::find(rest, delimiter));
    *lacking = found.is_none();
    found.map(|found| from + found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokens as one line: `<a` `>a` for tags, `"…"` for text, `[…]` for sections.
    fn check(document: &str, expected: &str) {
        let line: Vec<String> = Tokens::new(document)
            .map(|token| match token {
                Token::Start(tag) => format!("<{}", tag.name),
                Token::End(name) => format!(">{name}"),
                Token::Text(text) => format!("{text:?}"),
                Token::Literal(text) => format!("[{text}]"),
            })
            .collect();
        assert_eq!(line.join(" "), expected, "{document}");
    }

    #[test]
    fn well_formed() {
        check("<a>x<b/></a>", r#"<a "x" <b >b >a"#);
        check("<?xml version='1.0'?><!-- a > b --><a><![CDATA[<i>]]></a>", "<a [<i>] >a");
    }

    #[test]
    fn a_bracket_that_opens_nothing_is_text() {
        check("<a>1 < 2 <中国> <3</a>", r#"<a "1 < 2 <中国> <3" >a"#);
        check("<a>x<", r#"<a "x<""#);
    }

    #[test]
    fn a_bracket_in_a_value_ends_no_tag() {
        check(r#"<a t="x > y"/>z"#, r#"<a >a "z""#);
    }

    #[test]
    fn a_quote_left_open_swallows_nothing() {
        check(r#"<a h="x><b>t</b><c u="y"/>"#, r#"<a <b "t" >b <c >c"#);
        check(r#"<a h="x>t"#, r#"<a "t""#);
    }

    #[test]
    fn a_forgotten_bracket_is_implied_by_the_next() {
        check("<a <b>t</b</a>", r#"<a <b "t" >b >a"#);
    }

    #[test]
    fn sections_and_comments_that_never_end() {
        check("<a><![CDATA[<b>x</b></a>", r#"<a <b "x" >b >a"#);
        check("<a><!-- x <b>y</b></a>", r#"<a <b "y" >b >a"#);
        check("<?xml version='1.0'?\n<a>x</a>", r#"<a "x" >a"#);
        check("<a><![CDATA[x</item><b><![CDATA[y]]></b></a>", r#"<a "x" >item <b [y] >b >a"#);
    }

    #[test]
    fn an_address_in_brackets_is_text() {
        check("<a>Joe <joe@e.com></a>", r#"<a "Joe " "<joe@e.com>" >a"#);
    }

    #[test]
    fn a_cut_tag_is_dropped() {
        check("<a>x</a><b href='y", r#"<a "x" >a"#);
        check("<a>x</a", r#"<a "x""#);
    }

    #[test]
    fn t_08_a_doctype_is_passed_over_with_its_entities() {
        check(r#"<!DOCTYPE r [<!ENTITY x "[y]"> ] ><r>&x;</r>"#, r#"<r "&x;" >r"#);
        check(r#"<!DOCTYPE rss PUBLIC "-//N//DTD" "http://x/rss.dtd"><rss/>"#, "<rss >rss");
    }

    #[test]
    fn t_15_a_name_beyond_the_bound_is_no_element() {
        let name = "n".repeat(NAME + 1);
        check(&format!("<{name}>x</{name}>"), r#""x""#);
    }

    #[test]
    fn t_15_hostile_delimiters_cost_no_more_than_their_length() {
        for piece in [
            "<a b='",
            "<a b=\"x>",
            "<!--",
            "<![CDATA[",
            "<![CDATA[</item>",
            "<?",
            "<?xml ",
            "<a '>\"",
            "<!DOCTYPE [",
            "</",
            "<",
        ] {
            assert!(Tokens::new(&piece.repeat(200_000)).count() <= 400_000, "{piece}");
        }
    }
}
