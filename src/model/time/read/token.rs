//! Cuts a folded stamp into numbers, words and marks.
//!
//! Chinese, Japanese and Korean have no blanks between words, so runs of them are cut by the
//! longest word known; their numerals become numbers here. Nothing is interpreted beyond that.

use super::words;

/// A run of digits; `digits` tells `05` from `5` and a year from a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    pub value: u64,
    pub digits: usize,
}

/// The smallest piece of a stamp. Blanks are not tokens; `Tokens::is_glued` tells of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    Number(Number),
    Word(&'a str),
    Mark(char),
}

/// A stamp in pieces.
#[derive(Debug)]
pub struct Tokens<'a> {
    text: &'a str,
    list: Vec<Token<'a>>,
    places: Vec<(usize, usize)>,
}

impl<'a> Tokens<'a> {
    /// Cuts `text`, which has been folded.
    pub fn cut(text: &'a str) -> Tokens<'a> {
        let mut tokens = Tokens { text, list: Vec::new(), places: Vec::new() };
        let mut at = 0;
        while let Some(first) = text[at..].chars().next() {
            let rest = &text[at..];
            let (token, length) = match first {
                ' ' => {
                    at += 1;
                    continue;
                }
                '0'..='9' => digits(rest),
                _ if is_dense(first) => dense(rest),
                _ if first.is_alphabetic() || first == '°' => {
                    let length = run(rest, |c| (c.is_alphabetic() || c == '°') && !is_dense(c));
                    (Token::Word(&rest[..length]), length)
                }
                mark => (Token::Mark(mark), mark.len_utf8()),
            };
            tokens.list.push(token);
            tokens.places.push((at, at + length));
            at += length;
        }
        tokens
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Those from `at` on.
    pub fn from(&self, at: usize) -> &[Token<'a>] {
        self.list.get(at..).unwrap_or_default()
    }

    /// The one at `at`.
    pub fn get(&self, at: usize) -> Option<Token<'a>> {
        self.list.get(at).copied()
    }

    /// Whether no blank stands between the token at `at` and the one before it.
    pub fn is_glued(&self, at: usize) -> bool {
        at > 0 && at < self.places.len() && self.places[at - 1].1 == self.places[at].0
    }

    /// The text from the token at `at` to the next blank, and how many tokens that is.
    pub fn chunk(&self, at: usize) -> (&'a str, usize) {
        let Some((start, _)) = self.places.get(at) else { return ("", 0) };
        let rest = &self.text[*start..];
        let length = run(rest, |c| !matches!(c, ' ' | ','));
        let count = self.places[at..].iter().take_while(|(_, end)| *end <= start + length).count();
        (&rest[..length], count)
    }
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

fn digits(text: &str) -> (Token<'static>, usize) {
    let length = run(text, |c| c.is_ascii_digit());
    // Nineteen digits fit; longer runs are no time and must only stay long.
    let value = text[..length].parse().unwrap_or(u64::MAX);
    (Token::Number(Number { value, digits: length }), length)
}

/// Whether a script sets its words without blanks.
fn is_dense(char: char) -> bool {
    matches!(char, '\u{3005}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' | '○')
}

/// The longest known word, else a numeral, else one character.
fn dense(text: &str) -> (Token<'_>, usize) {
    const LONGEST: usize = 6;
    let mut ends: Vec<usize> = text
        .char_indices()
        .take_while(|(_, c)| is_dense(*c))
        .take(LONGEST)
        .map(|(at, c)| at + c.len_utf8())
        .collect();
    let first = ends.first().copied().unwrap_or(text.len());
    let known = loop {
        match ends.pop() {
            Some(end) if words::is_known(&text[..end]) => break Some(end),
            Some(_) => {}
            None => break None,
        }
    };
    match (known, numeral(text)) {
        (Some(end), _) => (Token::Word(&text[..end]), end),
        (None, Some((number, end))) => (Token::Number(number), end),
        (None, None) => (Token::Word(&text[..first]), first),
    }
}

/// A number in Chinese numerals: 二〇二二 digit by digit, 二十七 by tens.
fn numeral(text: &str) -> Option<(Number, usize)> {
    let (mut value, mut digits, mut tens, mut pending, mut length) = (0_u64, 0, false, None, 0);
    for char in text.chars().take(16) {
        match char {
            '十' => {
                tens = true;
                value += pending.take().unwrap_or(1) * 10;
            }
            '廿' | '卅' => {
                tens = true;
                value = if char == '廿' { 20 } else { 30 };
            }
            _ => match digit(char) {
                Some(next) => {
                    if let Some(before) = pending.replace(next) {
                        value = (value + before) * 10;
                    }
                    digits += 1;
                }
                None => break,
            },
        }
        length += char.len_utf8();
    }
    value += pending.unwrap_or(0);
    let digits = if tens { 1 + usize::from(value > 9) } else { digits };
    (length > 0).then_some((Number { value, digits }, length))
}

fn digit(char: char) -> Option<u64> {
    let value = match char {
        '〇' | '○' | '零' => 0,
        '一' => 1,
        '二' | '两' | '兩' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    };
    Some(value)
}
