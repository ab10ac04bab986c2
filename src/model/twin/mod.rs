//! Twins: items of different upstreams that tell one story, and how that is known.
//!
//! Two steps, since a story has to be looked for among a million items. A `Gist` is a handful of
//! hashes, cheap to keep and to look up: whoever shares none of them is no twin. Of those who do,
//! `Told::same` decides on the words themselves (`same`, `align`).
//!
//! The hashes are of whole clauses and not of a bag of words (SimHash): copies of a wire repeat its
//! clauses word for word however much is cut off at the end, and there the distance of two
//! SimHashes is long; texts made from a template differ in every clause that says anything, and
//! there it is short.
//!
//! Nothing here knows who came first, or that there is a store.

mod align;
mod bare;
mod same;
mod words;

use std::time::Duration;

pub use same::Told;

use super::item::{Key, Matter};
use words::{Token, Words, hashed};

/// Twins are published within this of each other.
pub const SPAN: Duration = Duration::from_secs(3 * 24 * 3600);

/// Why two items are one story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// They have one canonical link.
    Link,
    /// They tell it in the same words.
    Text {
        /// So many words in a hundred.
        percent: u8,
    },
}

/// What an item is found by when its twins are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gist {
    /// Of its canonical link, where its link tells which article it is.
    pub link: Option<u64>,
    /// Of what a copy of it most likely repeats, at most two.
    pub words: Vec<u64>,
}

/// Characters of a body in which a copy repeats the original, if it does.
const LEAD: usize = 300;
/// A clause that tells something, in words.
const TELLING: usize = 10;

impl Gist {
    /// What an item with these words and keys is found by. A link that is no key of it (because the
    /// operator or its upstream's habits say so) leads nowhere in particular, nor does a front page.
    pub fn of(matter: &Matter, keys: &[Key]) -> Gist {
        let link = keys.iter().find(|key| key.is_link()).map(Key::as_str);
        let link = link.filter(|link| link.contains(['/', '?']));
        Gist { link: link.map(|link| hashed(link.as_bytes())), words: words_of(matter) }
    }

    /// Whether it is found by nothing.
    pub fn is_empty(&self) -> bool {
        self.link.is_none() && self.words.is_empty()
    }
}

/// The first clause that tells something, since copies are cut at the end; and the longest, since a
/// dateline or an editor may have changed the first. Of an item without a text, its title.
fn words_of(matter: &Matter) -> Vec<u64> {
    let body = Words::of_body(matter, LEAD);
    let telling = || body.clauses().filter(|clause| clause.len() >= TELLING);
    let longest = |one: &[Token], other: &[Token]| other.len() > one.len();
    let longest = telling().reduce(|one, other| if longest(one, other) { other } else { one });
    let title = Words::of_title(matter);
    let title = Some(&title.tokens[..]).filter(|title| title.len() >= TELLING);
    let clauses = match telling().next() {
        Some(first) => [Some(first), longest.filter(|longest| *longest != first)],
        None => [title, None],
    };
    clauses.into_iter().flatten().map(words::hash).collect()
}

#[cfg(test)]
mod tests;
