//! References in text: the five of XML, numeric ones, and HTML's names, each resolved once.
//!
//! Everything between two tags is resolved in one pass, because an escaped article has thousands
//! of references. What is no reference stays as it is: feeds write `AT&T` and `?a=1&b=2`, and the
//! entities of a DOCTYPE are never expanded (T-09). Of html5ever only its tables are used.

use std::borrow::Cow;

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};
use memchr::memchr;

use crate::model::text::is_xml;

/// The longest name HTML knows has 31 characters; a number needs fewer.
const LONGEST: usize = 32;

/// The same text with its references resolved; what they stand for is not looked at again.
pub(in crate::adapter) fn unescape(text: &str) -> Cow<'_, str> {
    let Some(first) = memchr(b'&', text.as_bytes()) else { return Cow::Borrowed(text) };
    let mut plain = String::with_capacity(text.len());
    plain.push_str(&text[..first]);
    let mut rest = &text[first..];
    loop {
        rest = &rest[resolve(rest, &mut plain)..];
        let length = memchr(b'&', rest.as_bytes()).unwrap_or(rest.len());
        plain.push_str(&rest[..length]);
        rest = &rest[length..];
        if rest.is_empty() {
            return Cow::Owned(plain);
        }
    }
}

/// Writes what the reference at the start of `text` stands for, and tells how long it is.
fn resolve(text: &str, plain: &mut String) -> usize {
    let bytes = text.as_bytes();
    let (character, length) = match bytes {
        [_, b'l', b't', b';', ..] => ('<', 4),
        [_, b'g', b't', b';', ..] => ('>', 4),
        [_, b'a', b'm', b'p', b';', ..] => ('&', 5),
        [_, b'q', b'u', b'o', b't', b';', ..] => ('"', 6),
        _ => return named_or_numeric(text, plain),
    };
    plain.push(character);
    length
}

fn named_or_numeric(text: &str, plain: &mut String) -> usize {
    let bytes = text.as_bytes();
    let reach = bytes.len().min(LONGEST + 2);
    let Some(end) = memchr(b';', &bytes[..reach]) else { return literally(plain) };
    let name = &text[1..=end];
    if let Some(number) = name.strip_prefix('#') {
        let Some(code) = code(&number[..number.len() - 1]) else { return literally(plain) };
        plain.extend(character(code));
    } else {
        let Some(&(first, second)) = NAMED_ENTITIES.get(name) else { return literally(plain) };
        plain.extend(char::from_u32(first));
        plain.extend(char::from_u32(second).filter(|&second| second != '\0'));
    }
    end + 1
}

fn literally(plain: &mut String) -> usize {
    plain.push('&');
    1
}

fn code(number: &str) -> Option<u32> {
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    let well_formed = !digits.is_empty() && digits.bytes().all(|b| (b as char).is_digit(radix));
    well_formed.then(|| u32::from_str_radix(digits, radix).unwrap_or(u32::MAX))
}

/// The character of a number; none where XML 1.0 (section 2.2) allows none. Numbers from 128 to
/// 159 mean what Windows-1252 has there, as in HTML: nobody who writes `&#146;` wants a control.
fn character(code: u32) -> Option<char> {
    if let 0x80..=0x9f = code {
        return C1_REPLACEMENTS[code as usize - 0x80].or(char::from_u32(code));
    }
    char::from_u32(code).filter(|&c| is_xml(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(unescape(text), expected, "{text}");
    }

    #[test]
    fn the_five_of_xml() {
        check("&lt;a b=&quot;c&quot;&gt;&amp;&apos;", "<a b=\"c\">&'");
    }

    #[test]
    fn numbers() {
        check("&#20013;&#x56FD;&#X56fd;", "中国国");
        check("it&#146;s", "it’s");
    }

    #[test]
    fn names_of_html_without_declaration() {
        check("a&nbsp;b&hellip;&mdash;&copy;", "a\u{a0}b…—©");
    }

    #[test]
    fn t_09_other_names_stay() {
        check("&lol9;&xxe;", "&lol9;&xxe;");
    }

    #[test]
    fn q24_bare_ampersands_stay() {
        check("AT&T ?a=1&b=2&", "AT&T ?a=1&b=2&");
        check("&; &#; &#x; &#xZZ; & lt;", "&; &#; &#x; &#xZZ; & lt;");
    }

    #[test]
    fn what_xml_cannot_carry_is_dropped() {
        check("a&#8;b&#0;c&#xFFFE;d&#xD800;e&#99999999999;f", "abcdef");
    }

    #[test]
    fn resolved_once_only() {
        check("&amp;lt;&amp;amp;amp;", "&lt;&amp;amp;");
    }

    #[test]
    fn nothing_to_resolve_copies_nothing() {
        assert!(matches!(unescape("中国"), Cow::Borrowed("中国")));
    }
}
