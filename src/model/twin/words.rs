//! What is left of a text when only its words count: one token a Chinese character, a Latin word or
//! a number, and where clauses end.
//!
//! Marks, blanks, quotes and the width of letters differ between two copies of one text, so they
//! are left out. Numbers are one token with sign, point and percent, because a text that differs in
//! one digit is another text.

use std::hash::Hasher;
use std::sync::LazyLock;

use siphasher::sip::SipHasher13;

use super::bare::{unmarked, without_dateline};
use crate::model::item::Matter;

/// One word. Equal tokens are the same word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Token(u64);

// A character is its own number; of words and numbers a hash stands, and tells its kind.
const WORD: u64 = 1 << 62;
const NUMBER: u64 = 1 << 63;

impl Token {
    fn character(c: char) -> Token {
        Token(u64::from(c))
    }

    fn written(kind: u64, text: &str) -> Token {
        Token(hashed(text.as_bytes()) >> 2 | kind)
    }

    /// Whether it is a number.
    pub(super) fn is_number(self) -> bool {
        self.0 & NUMBER != 0
    }

    /// Whether a text says the same without it: what editors change in passing.
    pub(super) fn is_light(self) -> bool {
        static LATIN: LazyLock<[Token; 8]> = LazyLock::new(|| {
            ["a", "an", "the", "said", "says", "and", "of", "that"]
                .map(|word| Token::written(WORD, word))
        });
        match u32::try_from(self.0).ok().and_then(char::from_u32) {
            Some(character) => is_light(character),
            None => LATIN.contains(&self),
        }
    }

    /// Whether a text says the opposite without it.
    pub(super) fn is_denial(self) -> bool {
        "不未没无非否".chars().any(|denial| self == Token::character(denial))
            || self == Token::written(WORD, "not")
    }
}

fn is_light(c: char) -> bool {
    const LIGHT: &str = "的了也又并均都等和与及其该此这称说表示指出认为透露获悉道据近日前";
    LIGHT.contains(c)
}

/// A stable hash of bytes; two texts do not meet in one by accident.
pub(super) fn hashed(bytes: &[u8]) -> u64 {
    SipHasher13::new().hash(bytes)
}

/// A stable hash of words, light ones left out.
pub(super) fn hash(tokens: &[Token]) -> u64 {
    let mut hash = SipHasher13::new();
    for token in tokens.iter().filter(|token| !token.is_light()) {
        hash.write_u64(token.0);
    }
    hash.finish()
}

/// The words of a text, and after which of them a clause ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// In their order.
    pub(super) tokens: Vec<Token>,
    ends: Vec<bool>,
}

impl Words {
    /// The words of a title; none of one that was made from the text.
    pub(super) fn of_title(matter: &Matter) -> Words {
        let title = if matter.title_inferred { "" } else { matter.title.as_str() };
        Words::of(title)
    }

    /// The words of the first so many characters of a body, else of the summary, without its dateline.
    pub(super) fn of_body(matter: &Matter, most: usize) -> Words {
        let text = match (&matter.content, &matter.summary) {
            (Some(html), _) => unmarked(html.as_str(), most),
            (None, Some(summary)) => summary.as_str().chars().take(most).collect(),
            (None, None) => return Words::default(),
        };
        Words::of(without_dateline(&text))
    }

    /// The words of a text.
    pub(super) fn of(text: &str) -> Words {
        let text: Vec<char> = text.chars().map(narrow).collect();
        let mut words =
            Words { tokens: Vec::with_capacity(text.len()), ends: Vec::with_capacity(text.len()) };
        let mut at = 0;
        while let Some(&c) = text.get(at) {
            let rest = &text[at..];
            let (token, length) = match c {
                '0'..='9' => number(rest, is_negative(&text[..at])),
                _ if is_character(c) => (Token::character(c), 1),
                _ if c.is_alphanumeric() => word(rest),
                _ => {
                    words.end_if(ends_clause(rest));
                    at += 1;
                    continue;
                }
            };
            words.tokens.push(token);
            words.ends.push(false);
            at += length;
        }
        words.end_if(true);
        words
    }

    fn end_if(&mut self, ends: bool) {
        if let Some(last) = self.ends.last_mut() {
            *last |= ends;
        }
    }

    /// Whether a clause begins at this word, or the text ended before it.
    pub(super) fn begins(&self, at: usize) -> bool {
        at == 0 || self.ends.get(at - 1).is_none_or(|end| *end)
    }

    /// Its clauses.
    pub(super) fn clauses(&self) -> impl Iterator<Item = &[Token]> {
        let mut from = 0;
        let ends = self.ends.iter().enumerate().filter(|(_, end)| **end);
        ends.map(move |(at, _)| &self.tokens[std::mem::replace(&mut from, at + 1)..=at])
    }

    /// Whether it opens by saying that something published before was wrong.
    pub(super) fn corrects(&self) -> bool {
        const START: usize = 16;
        static SAID: LazyLock<Vec<Vec<Token>>> = LazyLock::new(|| {
            let said = ["更正", "勘误", "辟谣", "撤稿", "Correction", "Corrected", "Corrects"];
            said.map(|word| Words::of(word).tokens).to_vec()
        });
        let start = &self.tokens[..self.tokens.len().min(START)];
        SAID.iter().any(|said| start.windows(said.len()).any(|words| words == said))
    }
}

/// Full-width forms of ASCII as ASCII.
fn narrow(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' | '\u{A0}' => ' ',
        _ => c,
    }
}

/// Whether this stands for a word by itself: scripts written without blanks between words.
fn is_character(c: char) -> bool {
    // What nearly every character of a Chinese text is needs no table.
    matches!(c, '\u{4E00}'..='\u{9FFF}') || (c >= '\u{2E80}' && c.is_alphanumeric())
}

/// Whether a clause ends at the first of these. A point or colon counts where a blank follows.
fn ends_clause(text: &[char]) -> bool {
    match text[0] {
        ',' | '。' | ';' | '!' | '?' | '\n' | '…' => true,
        '.' | ':' => text.get(1).is_none_or(|next| next.is_whitespace() || is_character(*next)),
        _ => false,
    }
}

/// Whether what stands before a number makes it negative, rather than the second of a range.
fn is_negative(before: &[char]) -> bool {
    let mut before = before.iter().rev();
    matches!(before.next(), Some('-' | '−'))
        && before.next().is_none_or(|c| !c.is_alphanumeric() && *c != '%')
}

/// A number with its points, groups (`1,000`), hours (`10:30`), sign and percent; and its length.
fn number(text: &[char], is_negative: bool) -> (Token, usize) {
    let is_digit = |at: usize| text.get(at).is_some_and(char::is_ascii_digit);
    let inside =
        |at: usize| is_digit(at) || (matches!(text[at], '.' | ',' | ':') && is_digit(at + 1));
    let mut length = (0..text.len()).take_while(|at| inside(*at)).count();
    let digits: String = text[..length].iter().filter(|c| **c != ',').collect();
    let bare = digits.trim_start_matches('0');
    let mut number = String::from(if is_negative { "-" } else { "" });
    number.push_str(if bare.starts_with(|c: char| c.is_ascii_digit()) { bare } else { &digits });
    if text.get(length) == Some(&'%') {
        number.push('%');
        length += 1;
    }
    (Token::written(NUMBER, &number), length)
}

/// A word in letters, and its length.
fn word(text: &[char]) -> (Token, usize) {
    let letters = text.iter().take_while(|c| c.is_alphanumeric() && !is_character(**c));
    let word: String = letters.clone().flat_map(|c| c.to_lowercase()).collect();
    (Token::written(WORD, &word), letters.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(one: &str, other: &str, is_same: bool) {
        let (one, other) = (Words::of(one).tokens, Words::of(other).tokens);
        assert_eq!(one == other, is_same, "{one:?} {other:?}");
    }

    #[test]
    fn marks_width_and_blanks_are_no_words() {
        check("“甲”：涨１２％，ＡＢ", "甲涨12%AB", true);
        check("Don’t panic", "don't PANIC", true);
        check("甲 乙　丙", "甲乙丙", true);
    }

    #[test]
    fn a_number_is_one_word_and_every_digit_counts() {
        check("1,234.50元", "1234.50元", true);
        check("05月08日", "5月8日", true);
        for (one, other) in [
            ("0.5%", "0.6%"),
            ("0.5%", "10.5%"),
            ("-0.5%", "0.5%"),
            ("10:30", "10:31"),
            ("5%", "5"),
        ] {
            check(one, other, false);
        }
        check("1116.9%-1232.73%", "1116.9% 1232.73%", true);
    }

    #[test]
    fn clauses_end_at_marks_and_blocks() {
        let words = Words::of("甲乙，丙。A b: c 1.5丁\n戊");
        let lengths: Vec<usize> = words.clauses().map(<[Token]>::len).collect();
        assert_eq!(lengths, [2, 1, 2, 3, 1]);
        assert!(words.begins(0) && words.begins(2) && !words.begins(1));
    }
}
