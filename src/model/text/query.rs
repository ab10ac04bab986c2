//! What a reader looks for: words that must all be there, each as it is written.
//!
//! A word is what stands between blanks. Within it marks only part runs, so `“人民日报”` is `人民日报`,
//! and `A股/H股` is found in `A股、H股`, too. Chinese is found anywhere, as long as the run is written
//! without a mark; other words from their beginning, and whole where they have one or two letters
//! (`appl` finds `apple`, `AI` finds no `air`). There are no operators: `AND`, `*`, `-` and quotes are
//! words and marks like any other.
//!
//! This file says what matches; an index must come to the same answer. Nothing here ranks.

use std::ops::Range;

use super::bigrams::{Folded, GAP, each_term, is_joined};

/// Characters of a query that are read; the rest is cut off.
const LONGEST: usize = 256;

/// Words that are looked for; further ones are left out.
const MOST: usize = 16;

/// A word of fewer characters must match whole: so short a beginning means nothing.
const PREFIX: usize = 3;

/// What to look for: at least one phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    phrases: Vec<Phrase>,
    is_cut: bool,
}

/// One word of a reader's: runs that follow one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// Folded, runs parted by `GAP`.
    runs: String,
}

impl Query {
    /// Reads what somebody typed; none when there is nothing to look for, neither letters nor digits.
    pub fn read(words: &str) -> Option<Query> {
        let end = words.char_indices().nth(LONGEST).map_or(words.len(), |(end, _)| end);
        let (read, rest) = words.split_at(end);
        let mut phrases: Vec<Phrase> = Vec::new();
        let mut is_cut = !rest.trim().is_empty();
        for word in read.split_whitespace() {
            let phrase = Phrase { runs: Folded::of(word, |_| {}).text };
            if phrase.runs.is_empty() || phrases.contains(&phrase) {
                continue;
            }
            if phrases.len() == MOST {
                is_cut = true;
                break;
            }
            phrases.push(phrase);
        }
        (!phrases.is_empty()).then_some(Query { phrases, is_cut })
    }

    /// Whether a part of what was typed is not looked for: what is past 256 characters or 16 words.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// What must all be there.
    pub fn phrases(&self) -> &[Phrase] {
        &self.phrases
    }

    /// Whether a text has all of it.
    pub fn matches(&self, text: &str) -> bool {
        let folded = Folded::of(text, |_| {}).text;
        self.phrases.iter().all(|phrase| phrase.places(&folded).next().is_some())
    }

    /// Where in a text any of it stands, as ranges of bytes, in order and apart from one another. A text
    /// of several (a title, say) need not have all of it.
    pub fn places(&self, text: &str) -> Vec<Range<usize>> {
        let mut from = Vec::new();
        let folded = Folded::of(text, |place| from.push(place)).text;
        let starts: Vec<usize> = folded.char_indices().map(|(at, _)| at).collect();
        let character = |at: usize| starts.partition_point(|start| *start < at);
        let of = |hit: Range<usize>| {
            let (first, last) = (character(hit.start), character(hit.end) - 1);
            from[first].start..from[last].end
        };
        let hits = self.phrases.iter().flat_map(|phrase| phrase.places(&folded).map(of));
        joined(hits.collect())
    }
}

/// Ranges in order, those that touch made one.
fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut().filter(|last| range.start <= last.end) {
            Some(last) => last.end = last.end.max(range.end),
            None => joined.push(range),
        }
    }
    joined
}

impl Phrase {
    /// Its terms, as they must follow one another.
    pub fn terms(&self) -> Vec<String> {
        let mut terms = Vec::new();
        let mut runs = self.runs.split(GAP).peekable();
        while let Some(run) = runs.next() {
            each_term(run, runs.peek().is_some(), |term| terms.push(term.to_owned()));
        }
        terms
    }

    /// Whether its last term is only the beginning of one.
    pub fn is_open(&self) -> bool {
        let last = self.last();
        let length = last.chars().take(PREFIX).count();
        if last.starts_with(is_joined) { length == 1 } else { length == PREFIX }
    }

    fn last(&self) -> &str {
        self.runs.rsplit(GAP).next().unwrap_or_default()
    }

    /// Where it stands in a folded text.
    fn places<'t>(&'t self, folded: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
        let begins = !self.runs.starts_with(is_joined);
        let ends = !self.last().starts_with(is_joined) && !self.is_open();
        let is_edge = |beside: Option<char>| beside.is_none_or(|c| c == GAP);
        occurrences(folded, &self.runs).filter(move |hit| {
            (!begins || is_edge(folded[..hit.start].chars().next_back()))
                && (!ends || is_edge(folded[hit.end..].chars().next()))
        })
    }
}

/// Where a needle stands, overlapping places among them, in time that grows with the text alone
/// (Knuth, Morris and Pratt).
fn occurrences<'t>(text: &'t str, needle: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
    let (needle, mut matched) = (needle.as_bytes(), 0);
    let border = borders(needle);
    text.bytes().enumerate().filter_map(move |(at, byte)| {
        while matched > 0 && (matched == needle.len() || needle[matched] != byte) {
            matched = border[matched - 1];
        }
        matched += usize::from(needle[matched] == byte);
        (matched == needle.len()).then(|| at + 1 - matched..at + 1)
    })
}

/// For each start of a needle the length of its longest proper end that is a start of it, too.
fn borders(needle: &[u8]) -> Vec<usize> {
    let mut borders = vec![0; needle.len()];
    let mut matched = 0;
    for at in 1..needle.len() {
        while matched > 0 && needle[matched] != needle[at] {
            matched = borders[matched - 1];
        }
        matched += usize::from(needle[matched] == needle[at]);
        borders[at] = matched;
    }
    borders
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn query(words: &str) -> Query {
        Query::read(words).unwrap_or_else(|| panic!("`{words}` has something to look for"))
    }

    /// What the words mark in the text.
    fn marked<'t>(words: &str, text: &'t str) -> Vec<&'t str> {
        query(words).places(text).into_iter().map(|place| &text[place]).collect()
    }

    #[track_caller]
    fn check(words: &str, finds: &[&str], passes: &[&str]) {
        for text in finds {
            assert!(query(words).matches(text), "`{words}` is in `{text}`");
            assert!(!query(words).places(text).is_empty(), "`{words}` is somewhere in `{text}`");
        }
        for text in passes {
            assert!(!query(words).matches(text), "`{words}` is not in `{text}`");
        }
    }

    #[test]
    fn chinese_is_found_anywhere() {
        check("庆日", &["重庆日报", "庆日"], &["重庆、日报", "庆 日"]);
        check("汽", &["汽车", "天然气汽", "汽"], &["气", ""]);
        check("“人民日报”", &["据人民日报报道"], &["人民·日报"]);
        check("𠮷野", &["𠮷野家"], &["吉野家"]);
    }

    #[test]
    fn other_words_are_found_from_their_beginning() {
        check("appl", &["Apple", "an apple", "苹果apple"], &["pineapple"]);
        check("AI", &["AI大模型", "用ai写"], &["air", "main"]);
        check("2024", &["2024年", "20240501"], &["12024"]);
        check("node.js", &["Node.js", "node JS"], &["node json", "nodes.js"]);
    }

    #[test]
    fn a_word_of_several_runs_is_one_phrase() {
        check("A股/H股", &["A股、H股", "a股h股票"], &["A股和H股", "H股/A股"]);
        check(
            "iPhone15发布",
            &["iPhone15发布会", "iPhone15 发布"],
            &["iPhone发布", "发布iPhone15"],
        );
        check("新iPhone", &["全新iPhones", "新、iPhone"], &["iPhone新", "新款iPhone"]);
        check("a.b", &["a b", "x a-b"], &["ca b", "a bc"]);
    }

    #[test]
    fn all_words_are_wanted() {
        check("经济\u{3000}重庆 gdp", &["重庆GDP与经济"], &["重庆经济"]);
    }

    #[test]
    fn widths_and_cases_do_not_matter() {
        check("ＧＤＰ", &["gdp"], &[]);
        check("gdp增长", &["ＧＤＰ增长"], &[]);
        check("straße", &["STRASSE"], &[]);
    }

    #[test]
    fn nothing_but_marks_is_no_query() {
        for words in ["", " \u{3000}\n", "“”…", "\"", "* - ( ) :", "😀", "\u{301}", "\0"] {
            assert_eq!(Query::read(words), None, "{words:?}");
        }
    }

    #[test]
    fn operators_are_words() {
        let query = query("x AND NEAR(b \"c* -d OR");
        let terms: Vec<String> = query.phrases().iter().map(|one| one.terms().join("+")).collect();
        assert_eq!(terms, ["x", "and", "near+b", "c", "d", "or"]);
    }

    #[test]
    fn too_much_is_cut_and_told() {
        let many: Vec<String> = (0..20).map(|n| format!("w{n}")).collect();
        let cut = query(&many.join(" "));
        assert_eq!((cut.phrases().len(), cut.is_cut()), (16, true));
        let long = "长".repeat(300);
        assert!(query(&long).is_cut() && query(&long).matches(&"长".repeat(256)));
        assert!(!query("a a a").is_cut() && !query(&format!("a{}", " ".repeat(300))).is_cut());
        assert_eq!(query("国 国 Ａ a").phrases().len(), 2, "the same word twice is one");
    }

    #[test]
    fn hits_are_marked_where_they_stand() {
        assert_eq!(marked("ａpp 国", "Apple中国, APP！"), ["App", "国", "APP"]);
        assert_eq!(marked("啊啊", "啊啊啊。啊啊"), ["啊啊啊", "啊啊"], "what overlaps is one");
        assert_eq!(marked("A股/H股", "看A股、H股票"), ["A股、H股"]);
        assert_eq!(marked("式会", "㍿"), ["㍿"], "a character is marked whole");
        assert_eq!(marked("x", "y"), [""; 0]);
    }

    /// What `matches` means, said slowly.
    fn plainly(words: &str, text: &str) -> bool {
        let runs = |text: &str| -> Vec<String> {
            Folded::of(text, |_| {}).text.split(GAP).map(str::to_owned).collect()
        };
        let text = runs(text);
        words.split_whitespace().map(runs).filter(|word| !word[0].is_empty()).all(|word| {
            (0..text.len()).any(|at| {
                let last = word.len() - 1;
                word.iter().enumerate().all(|(n, run)| {
                    let Some(there) = text.get(at + n) else { return false };
                    let is_open = run.starts_with(is_joined) || run.chars().count() >= 3;
                    match (n == 0, n == last) {
                        (true, true) if run.starts_with(is_joined) => there.contains(run.as_str()),
                        (true, false) if run.starts_with(is_joined) => {
                            there.ends_with(run.as_str())
                        }
                        (_, true) if is_open => there.starts_with(run.as_str()),
                        _ => there == run,
                    }
                })
            })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn matching_is_what_it_is_said_to_be(
            words in "[ab中国Ａ，é\u{301} ]{0,7}", text in "[ab中国A。e\u{301}é ]{0,24}",
        ) {
            let Some(query) = Query::read(&words) else { return Ok(()) };
            prop_assert_eq!(query.matches(&text), plainly(&words, &text));
            for place in query.places(&text) {
                let there = Folded::of(&text[place], |_| {}).text;
                let is_hit = query.phrases().iter().any(|one| one.places(&there).next().is_some());
                prop_assert!(is_hit);
            }
        }

        #[test]
        fn the_terms_of_a_query_are_terms_of_what_it_finds(
            words in "[abc中国，é ]{1,7}", text in "[abc中国。é ]{0,24}",
        ) {
            let Some(query) = Query::read(&words) else { return Ok(()) };
            let terms = super::super::bigrams::terms(&text);
            let terms: Vec<&str> = terms.split(' ').collect();
            let follow = |phrase: &Phrase| {
                let wanted = phrase.terms();
                terms.windows(wanted.len()).any(|there| {
                    let (last, before) = wanted.split_last().expect("a phrase has a term");
                    let (end, start) = there.split_last().expect("as many");
                    let closes = if phrase.is_open() { end.starts_with(last.as_str()) } else { end == last };
                    closes && start == before
                })
            };
            prop_assert_eq!(query.matches(&text), query.phrases().iter().all(follow));
        }
    }
}
