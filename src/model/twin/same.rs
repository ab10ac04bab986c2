//! Whether two items tell one story.
//!
//! A false twin hides an article, a missed one is only read twice; so every doubt says no. A copy
//! may lack a passage or its end, have another title, dateline or byline. But where one text has
//! other words in the place of these, it tells something else, be it one name or one digit: that is
//! how texts of one template, daily columns and successive flashes differ.

use std::collections::HashSet;
use std::time::Duration;

use super::align::{Aligned, Gap, align};
use super::words::{Token, Words};
use super::{Reason, SPAN};
use crate::model::item::Matter;
use crate::model::link;
use crate::model::time::Timestamp;

/// An item as far as it tells a story.
pub struct Told {
    link: Option<String>,
    title: Words,
    body: Words,
    published: Timestamp,
}

/// Characters of a body that are compared.
const MOST: usize = 2_000;
/// Fewer equal words are no text.
const FEWEST: usize = 20;
/// Fewer equal words are a flash.
const FLASH: usize = 60;
/// A text with fewer numbers may be what a column says every day.
const NUMBERS: usize = 3;
/// What may be said again another day is published within this of each other.
const HOURS: Duration = Duration::from_secs(12 * 3600);
/// A title that is as good as a text.
const SPEAKING: usize = 16;
/// A passage, which may be left out with the numbers in it.
const PASSAGE: usize = 20;
/// Words that must be equal after a gap, in bodies and in titles.
const RUNS: (usize, usize) = (6, 3);

impl Told {
    /// What an item with these words, published then, tells.
    pub fn of(matter: &Matter, published: Timestamp) -> Told {
        let (title, body) = (Words::of_title(matter), Words::of_body(matter, MOST));
        let link = matter.link.as_deref().map(|link| link::identity(link).to_owned());
        Told { link, title, body, published }
    }

    /// Whether another item tells the same, and how we know. `linked` says that a link both have
    /// would tell. Neither is the first here: it is as true the other way round.
    pub fn same(&self, other: &Told, linked: bool) -> Option<Reason> {
        let apart =
            self.published.since(other.published).max(other.published.since(self.published));
        if apart > SPAN {
            return None;
        }
        if linked && self.link.is_some() && self.link == other.link {
            return agree(&self.title.tokens, &other.title.tokens).then_some(Reason::Link);
        }
        let corrects = |told: &Told| told.title.corrects() || told.body.corrects();
        if corrects(self) != corrects(other) {
            return None;
        }
        let percent = self.text(other, apart <= HOURS)?;
        Some(Reason::Text { percent })
    }

    /// How much of the two is word for word the same, when it is one text.
    fn text(&self, other: &Told, is_near: bool) -> Option<u8> {
        let has_title = self.title.tokens == other.title.tokens && !self.title.tokens.is_empty();
        let (one, two) = (&self.body.tokens, &other.body.tokens);
        if one.len().min(two.len()) < FEWEST {
            let is_told = match one.is_empty() || two.is_empty() {
                true => self.title.tokens.len() >= SPEAKING,
                false => one == two && self.title.tokens.len() + one.len() >= FEWEST,
            };
            return (is_near && has_title && is_told).then_some(100);
        }
        let aligned = align(one, two, RUNS.0);
        let is_flash = aligned.equal < FLASH;
        let (shorter, longer) = (one.len().min(two.len()), one.len().max(two.len()));
        let holds = aligned.equal >= FEWEST
            && aligned.equal * 5 >= shorter * 4
            && (has_title || aligned.equal * 2 >= longer)
            && (is_near || (!is_flash && self.numbers(other) >= NUMBERS))
            && aligned.gaps.iter().all(|gap| self.is_harmless(other, gap, is_flash))
            && self.ends_alike(other, &aligned, is_flash)
            && (has_title
                || (self.is_titled(other) && other.is_titled(self) && self.titles_agree(other)));
        let percent = 200 * aligned.equal / (one.len() + two.len());
        holds.then(|| u8::try_from(percent).unwrap_or(100))
    }

    /// How many numbers both have.
    fn numbers(&self, other: &Told) -> usize {
        let numbers = self.body.tokens.iter().filter(|token| token.is_number());
        numbers.filter(|token| other.body.tokens.contains(token)).collect::<HashSet<_>>().len()
    }

    /// Whether what stands between two equal stretches changes nothing.
    fn is_harmless(&self, other: &Told, gap: &Gap, is_flash: bool) -> bool {
        let (one, two) =
            (&self.body.tokens[gap.one.clone()], &other.body.tokens[gap.other.clone()]);
        let is_light = |side: &[Token]| side.iter().all(|token| token.is_light());
        if is_light(one) && is_light(two) {
            return true;
        }
        let words = match (one.is_empty(), two.is_empty()) {
            (true, _) => two,
            (_, true) => one,
            _ => return false,
        };
        let tells = |token: &Token| token.is_number() || token.is_denial();
        !is_flash && (words.len() >= PASSAGE || !words.iter().any(tells))
    }

    /// Whether the texts end as copies do: one is cut, or has a byline or a paragraph of its own.
    fn ends_alike(&self, other: &Told, aligned: &Aligned, is_flash: bool) -> bool {
        let (i, j) = aligned.tail;
        let (one, two) = (&self.body.tokens[i..], &other.body.tokens[j..]);
        let (short, long) = if one.len() <= two.len() { (one, two) } else { (two, one) };
        if short.is_empty() || (one.iter().chain(two).all(|token| token.is_light())) {
            return true;
        }
        let most = if is_flash { 8 } else { 16 };
        self.body.begins(i)
            && other.body.begins(j)
            && short.len() <= most
            && short.iter().filter(|token| token.is_number()).all(|token| long.contains(token))
    }

    /// Whether the other's text speaks of what our title says: all its numbers, and enough of its
    /// words. Of two texts that name nobody (`详见附件`) the titles alone tell which is which.
    fn is_titled(&self, other: &Told) -> bool {
        let title = &self.title.tokens;
        let told: HashSet<_> =
            pairs(&other.title.tokens).chain(pairs(&other.body.tokens)).collect();
        let all = pairs(title).count();
        let known = pairs(title).filter(|pair| told.contains(pair)).count();
        let has = |number: &Token| {
            other.title.tokens.contains(number) || other.body.tokens.contains(number)
        };
        known * 5 >= all * 2 && title.iter().filter(|token| token.is_number()).all(has)
    }

    /// Whether no word of a title stands in the place of another that only the other title knows.
    fn titles_agree(&self, other: &Told) -> bool {
        let (one, two) = (&self.title.tokens, &other.title.tokens);
        let aligned = align(one, two, RUNS.1);
        if aligned.equal * 5 < one.len().min(two.len()) * 3 {
            return true; // Two headlines, not one edited.
        }
        let (i, j) = aligned.tail;
        let last = Gap { one: i..one.len(), other: j..two.len() };
        aligned.gaps.iter().chain([&last]).all(|gap| {
            let (one, two) = (&one[gap.one.clone()], &two[gap.other.clone()]);
            match one.is_empty() || two.is_empty() {
                true => !one.iter().chain(two).any(|token| token.is_denial()),
                false => speaks(&other.body, one) || speaks(&self.body, two),
            }
        })
    }
}

/// Whether a text has these words, most of them side by side.
fn speaks(body: &Words, words: &[Token]) -> bool {
    let body: HashSet<_> = pairs(&body.tokens).collect();
    match words {
        [word] => body.iter().any(|(one, two)| one == word || two == word),
        _ => pairs(words).filter(|pair| body.contains(pair)).count() * 2 >= words.len() - 1,
    }
}

/// Whether two titles can be of one page: the numbers of one are among those of the other.
fn agree(one: &[Token], other: &[Token]) -> bool {
    let numbers = |title: &[Token]| -> HashSet<Token> {
        title.iter().copied().filter(|token| token.is_number()).collect()
    };
    let (one, other) = (numbers(one), numbers(other));
    one.is_subset(&other) || other.is_subset(&one)
}

fn pairs(tokens: &[Token]) -> impl Iterator<Item = (Token, Token)> {
    tokens.windows(2).map(|pair| (pair[0], pair[1]))
}
