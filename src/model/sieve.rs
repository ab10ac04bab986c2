//! `Sieve`: which items pass, by their words. Views have one, and so has what readers ask.
//!
//! Patterns are linear-time and what they look at is bounded (reliability row T-25), so that no
//! article and no pattern can make a feed slow.

use std::collections::HashMap;

use regex::Regex;

use super::item::Item;
use super::source::SourceId;
use super::text::Query;

/// Bytes of a field a pattern looks at.
const LOOKED_AT: usize = 64 << 10;

/// What passes: everything, when empty.
#[derive(Clone, Debug, Default)]
pub struct Sieve {
    /// Where any are given, one of them must hold.
    pub keep: Vec<Rule>,
    /// None of these may.
    pub drop: Vec<Rule>,
    /// All words of these must be there.
    pub require: Vec<Query>,
    /// None of these may.
    pub refuse: Vec<Query>,
    /// Most items of one source.
    pub quota: Option<usize>,
}

/// A pattern, and where it is looked for.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Where.
    pub place: Place,
    /// What.
    pub pattern: Regex,
}

/// Where a rule looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Title, summary and body.
    #[default]
    Anywhere,
    /// The title.
    Title,
    /// Names of its authors.
    Author,
    /// The outlet, or what else it comes from.
    Source,
    /// Categories and labels.
    Category,
    /// The article's own address.
    Link,
}

impl Place {
    /// As they stand in the file.
    pub const NAMES: &[(&str, Place)] = &[
        ("anywhere", Place::Anywhere),
        ("title", Place::Title),
        ("author", Place::Author),
        ("source", Place::Source),
        ("category", Place::Category),
        ("link", Place::Link),
    ];
}

/// A sieve in use: it counts what passed.
pub struct Sifting<'s> {
    sieve: &'s Sieve,
    passed: HashMap<SourceId, usize>,
}

impl Sieve {
    /// Whether everything passes.
    pub fn is_empty(&self) -> bool {
        self.keep.is_empty()
            && self.drop.is_empty()
            && self.require.is_empty()
            && self.refuse.is_empty()
            && self.quota.is_none()
    }

    /// Begins to sift.
    pub fn sift(&self) -> Sifting<'_> {
        Sifting { sieve: self, passed: HashMap::new() }
    }
}

impl Sifting<'_> {
    /// Whether this item passes, asked for each once, the newest first.
    pub fn passes(&mut self, item: &Item) -> bool {
        let sieve = self.sieve;
        let words = Words::of(item, sieve);
        let is_wanted =
            sieve.keep.is_empty() || sieve.keep.iter().any(|rule| rule.holds(item, &words));
        let passes = is_wanted
            && !sieve.drop.iter().any(|rule| rule.holds(item, &words))
            && sieve.require.iter().all(|query| query.matches(&words.0))
            && !sieve.refuse.iter().any(|query| query.matches(&words.0));
        passes && self.has_room(item)
    }

    fn has_room(&mut self, item: &Item) -> bool {
        let Some(quota) = self.sieve.quota else { return true };
        let count = self.passed.entry(item.source.clone()).or_default();
        *count += 1;
        *count <= quota
    }
}

/// All that can be read of an item, made only where somebody looks at it.
struct Words(String);

impl Words {
    fn of(item: &Item, sieve: &Sieve) -> Words {
        let looks = |rule: &Rule| rule.place == Place::Anywhere;
        let is_read = sieve.keep.iter().chain(&sieve.drop).any(looks)
            || !sieve.require.is_empty()
            || !sieve.refuse.is_empty();
        Words(if is_read { item.searched(LOOKED_AT) } else { String::new() })
    }
}

impl Rule {
    fn holds(&self, item: &Item, words: &Words) -> bool {
        let is_in = |text: &str| self.pattern.is_match(cut(text));
        match self.place {
            Place::Anywhere => is_in(&words.0),
            Place::Title => is_in(item.title.as_str()),
            Place::Author => item.authors.iter().any(|author| is_in(&author.name)),
            Place::Source => is_in(item.publication()) || is_in(&item.source_title),
            Place::Category => {
                item.category_names().any(is_in)
                    || item.labels.iter().any(|label| is_in(&label.term))
            }
            Place::Link => item.link.as_deref().is_some_and(is_in),
        }
    }
}

/// As much of a text as is looked at.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LOOKED_AT)]
}
