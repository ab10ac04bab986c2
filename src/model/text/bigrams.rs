//! A text as the terms readers search by: pairs of characters where a script is written without
//! blanks, whole words elsewhere.
//!
//! A run of Chinese gives its overlapping pairs and its last character: `重庆日报` is `重庆 庆日 日报 报`.
//! Pairs that follow one another are then exactly the substrings of two characters and more, without
//! a dictionary, and the last character tells where a run ends. Everything is folded first (NFKC,
//! case), so that full-width and capital letters are what they look like; what nobody sees is left
//! out. Accents stay: `é` is no `e`. Marks, blanks and emoji only part runs.
//!
//! What a reader asks for stands in `query`; how an index keeps terms is the store's affair.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The number of these rules: another one whenever the same text gives other terms, so that an index
/// made by older rules is made anew.
pub const RULES: i64 = 1;

/// Stands between runs of a folded text; no run holds it.
pub(super) const GAP: char = '\0';

/// Characters of a word that count: what is longer is no word, and told by its start.
const LONGEST: usize = 64;

/// The terms of a text in their order, a blank between; letters, digits and their marks alone.
pub fn terms(text: &str) -> String {
    let folded = Folded::of(text, |_| {});
    let mut terms = String::with_capacity(folded.text.len() * 5 / 2);
    for run in folded.text.split(GAP).filter(|run| !run.is_empty()) {
        each_term(run, true, |term| {
            terms.push_str(term);
            terms.push(' ');
        });
    }
    terms.pop();
    terms
}

/// The terms of one run. `ends` tells whether its last character is the last of a run in the text, too.
pub(super) fn each_term(run: &str, ends: bool, mut each: impl FnMut(&str)) {
    if !run.starts_with(is_joined) {
        return each(run);
    }
    let starts = || run.char_indices().map(|(at, _)| at);
    for (start, end) in starts().zip(starts().skip(2).chain([run.len()])) {
        each(&run[start..end]);
    }
    // A run of one character was its own only pair.
    if let Some(last) = starts().next_back().filter(|last| ends && *last > 0) {
        each(&run[last..]);
    }
}

/// A text as it is compared: its runs, parted by `GAP`.
pub(super) struct Folded {
    pub(super) text: String,
    kind: Kind,
    length: usize,
}

/// What a character belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing; it parts what is beside it.
    Gap,
    /// A run of a script without blanks.
    Joined,
    /// A word.
    Word,
}

impl Kind {
    /// A mark belongs to what it stands on.
    fn of(c: char, before: Kind) -> Kind {
        match c {
            _ if is_joined(c) => Kind::Joined,
            _ if c.is_alphanumeric() => Kind::Word,
            _ if is_combining_mark(c) => before,
            _ => Kind::Gap,
        }
    }
}

impl Folded {
    /// Folds a text. `place` is told of each character of the result where it comes from.
    pub(super) fn of(text: &str, mut place: impl FnMut(Range<usize>)) -> Folded {
        let text_of = String::with_capacity(text.len());
        let mut folded = Folded { text: text_of, kind: Kind::Gap, length: 0 };
        fold(text, |c, from| {
            for _ in 0..folded.push(c) {
                place(from.clone());
            }
        });
        folded
    }

    /// Takes one more character; answers how many it became.
    fn push(&mut self, c: char) -> usize {
        let kind = Kind::of(c, self.kind);
        let is_new = std::mem::replace(&mut self.kind, kind) != kind;
        if kind == Kind::Gap {
            return 0;
        }
        let parts = is_new && !self.text.is_empty();
        if parts {
            self.text.push(GAP);
        }
        self.length = if is_new { 1 } else { self.length + 1 };
        let counts = kind == Kind::Joined || self.length <= LONGEST;
        if counts {
            self.text.push(c);
        }
        usize::from(parts) + usize::from(counts)
    }
}

/// Calls `each` with the folded characters of a text, and where what they come from stands.
fn fold(text: &str, mut each: impl FnMut(char, Range<usize>)) {
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        let mut end = start + c.len_utf8();
        while let Some((at, c)) = chars.next_if(|(_, next)| is_upon(*next)) {
            end = at + c.len_utf8();
        }
        if end - start == c.len_utf8() && is_folded(c) {
            each(c.to_ascii_lowercase(), start..end);
            continue;
        }
        let folded = text[start..end].nfkc().filter(|c| !is_unseen(*c)).flat_map(lower);
        folded.for_each(|c| each(c, start..end));
    }
}

/// Case folding, as far as people type it.
fn lower(c: char) -> impl Iterator<Item = char> {
    let (first, second) = match c {
        'ß' | 'ẞ' => ('s', Some('s')),
        'ς' => ('σ', None),
        _ => (c, None),
    };
    first.to_lowercase().chain(second)
}

/// Whether it is as folded as it can be, but for the case of ASCII: all of ASCII and the bulk of Chinese.
fn is_folded(c: char) -> bool {
    c.is_ascii() || matches!(c, '\u{3400}'..='\u{9FFF}')
}

/// Whether it may melt into what stands before it: marks, the later parts of a Hangul syllable, and
/// the voiced marks of half-width Katakana.
fn is_upon(c: char) -> bool {
    match c {
        '\0'..='\u{2FF}' | '\u{3400}'..='\u{9FFF}' => false,
        '\u{1160}'..='\u{11FF}' | '\u{D7B0}'..='\u{D7FB}' | '\u{FF9E}' | '\u{FF9F}' => true,
        _ => is_combining_mark(c),
    }
}

/// Whether nobody sees it: joiners, directions, variation selectors, tags (`Default_Ignorable_Code_Point`).
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether its script is written without blanks between words, or is best searched as if it were:
/// Han, Kana, Bopomofo, Yi, Hangul, and those of Southeast Asia.
pub(super) fn is_joined(c: char) -> bool {
    match c {
        '\0'..='\u{DFF}' => false,
        '\u{3400}'..='\u{9FFF}' => !matches!(c, '\u{4DC0}'..='\u{4DFF}'),
        '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' => {
            c.is_alphanumeric() || is_combining_mark(c)
        }
        '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3038}'..='\u{303C}' => true,
        '\u{3041}'..='\u{318F}' | '\u{31A0}'..='\u{31BF}' | '\u{31F0}'..='\u{31FF}' => {
            c.is_alphanumeric() || is_combining_mark(c)
        }
        '\u{1100}'..='\u{11FF}' | '\u{A960}'..='\u{A97C}' | '\u{AC00}'..='\u{D7FB}' => true,
        '\u{A000}'..='\u{A48C}' | '\u{F900}'..='\u{FAFF}' => true,
        '\u{2E80}'..='\u{2FD5}' | '\u{1B000}'..='\u{1B16F}' | '\u{20000}'..='\u{3FFFD}' => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(terms(text), expected, "{text}");
    }

    #[test]
    fn chinese_falls_into_pairs_and_a_last_character() {
        check("重庆日报", "重庆 庆日 日报 报");
        check("汽", "汽");
        check("甲，乙丙", "甲 乙丙 丙");
        check("", "");
        check("。！", "");
    }

    #[test]
    fn other_words_stay_whole() {
        check("Apple's iPad-Pro 3.14", "apple s ipad pro 3 14");
        check("Привет, Ελλάς", "привет ελλάσ");
        check("STRASSE Straße", "strasse strasse");
        check("नमस्ते दुनिया", "नमस्ते दुनिया");
        check("نصّ", "نصّ");
    }

    #[test]
    fn mixed_runs_part_where_the_script_changes() {
        check("iPhone15发布", "iphone15 发布 布");
        check("A股/H股", "a 股 h 股");
        check("2024年5月", "2024 年 5 月");
    }

    #[test]
    fn what_looks_alike_is_alike() {
        check("ＡＢＣ１２３", "abc123");
        check("ｶﾞｷﾞ", "ガギ ギ");
        check("㍿", "株式 式会 会社 社");
        check("①㎏", "1kg");
        check("e\u{301}t\u{e9}", "été");
        check("\u{1112}\u{1161}\u{11ab}국", "한국 국");
        check("⼈民", "人民 民");
    }

    #[test]
    fn beyond_the_first_plane_a_character_is_one() {
        check("𠮷野家", "𠮷野 野家 家");
        check("😀甲😀乙", "甲 乙");
        check("👨\u{200D}👩\u{200D}👧", "");
    }

    #[test]
    fn what_nobody_sees_parts_nothing() {
        check("葛\u{E0100}城", "葛城 城");
        check("中\u{200B}国", "中国 国");
        check("hy\u{AD}phen", "hyphen");
        check("か\u{309A}な", "か\u{309A} \u{309A}な な");
        check("\u{301}", "");
    }

    #[test]
    fn a_term_has_nothing_an_index_could_stumble_over() {
        let all: String = ('\0'..=char::MAX).collect();
        for term in terms(&all).split(' ').filter(|term| term.is_ascii()) {
            assert!(term.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{term:?}");
        }
        assert!(!terms(&all).contains(['"', '\'', '*', '\0', '\u{E000}']));
    }

    #[test]
    fn a_word_without_end_is_told_by_its_start() {
        check(&"x".repeat(1000), &"x".repeat(64));
        check(&"한".repeat(70), &format!("{}한", "한한 ".repeat(69)));
    }

    #[test]
    fn places_lead_back() {
        let (text, mut places) = ("Ａ，㍿e\u{301}", Vec::new());
        let folded = Folded::of(text, |from| places.push(&text[from]));
        assert_eq!(folded.text, "a\0株式会社\0é");
        assert_eq!(places, ["Ａ", "㍿", "㍿", "㍿", "㍿", "㍿", "e\u{301}", "e\u{301}"]);
    }
}
