//! Which entries are which: what upstream's identifiers are worth, found out from its answers.
//!
//! Upstreams put one identifier on every entry, or one link, or make new identifiers with each
//! answer. What names nothing is left out, in one answer or, once most of one showed it, for good;
//! the file's `key` overrules what was learned. Published ids never change by any of this.

use std::collections::{HashMap, HashSet};

use super::ask::Listing;
use crate::adapter::{Entry, Problem};
use crate::model::source::{KeyRule, PollState, Source};

/// Polls in a row that show most of what is known under new identifiers, before these are given up.
const RENAMINGS: u32 = 2;
/// Entries that show a habit; fewer may be an accident.
const HABIT: usize = 3;

/// The rule in force: the file's, else what was learned.
pub(super) fn rule(source: &Source, state: &PollState) -> KeyRule {
    match source.key {
        KeyRule::Auto => state.learned.unwrap_or_default(),
        key => key,
    }
}

/// Lets an entry go by the names a rule leaves it.
pub(super) fn go_by(rule: KeyRule, entry: &mut Entry, source: &Source) {
    entry.draft.by = rule;
    let name = match rule {
        KeyRule::Auto | KeyRule::Guid => None,
        KeyRule::Link => {
            let keys = entry.draft.keys(source);
            keys.iter().find(|key| key.is_link()).map(|key| key.as_str().to_owned())
        }
        KeyRule::Title => entry.draft.title.as_ref().map(|title| {
            let published = entry.draft.published.as_ref().map_or("", |stamp| &stamp.raw);
            format!("title {} {published}", title.raw)
        }),
    };
    if let Some(name) = name {
        entry.mark = entry.mark.renamed(&name);
    }
}

/// Whether so many of so many are a habit.
pub(super) fn is_habit(count: usize, of: usize) -> bool {
    count >= HABIT && count * 2 >= of
}

/// The rule that is learned when most of what is known was renamed once more.
pub(super) fn given_up(source: &Source, state: &PollState, renamed: bool) -> Option<KeyRule> {
    let is_open = source.key == KeyRule::Auto && state.learned.is_none();
    (is_open && renamed && state.renamings + 1 >= RENAMINGS).then_some(KeyRule::Link)
}

/// Says which rule was learned, while it is in force.
pub(super) fn tell(source: &Source, state: &PollState, listing: &mut Listing) {
    if let (KeyRule::Auto, Some(rule)) = (source.key, state.learned) {
        let what = format!(
            "its identifiers name no articles, so entries are told apart by {}; `key = \"{}\"` in the file says so for good, `key = \"guid\"` takes them at their word",
            words(rule),
            rule.name(),
        );
        listing.problems.push(Problem::of_document(what));
    }
}

fn words(rule: KeyRule) -> &'static str {
    match rule {
        KeyRule::Title => "title and day",
        _ => "link",
    }
}

/// The entries of one answer, each once, and what was learned from them. Where one identifier stands
/// on entries with different links they go by their links, where one link stands on entries with
/// different titles by their titles, unless the file says what they go by.
pub(super) fn distinct(listing: &mut Listing, source: &Source) -> (Vec<Entry>, Option<KeyRule>) {
    let mut entries = std::mem::take(&mut listing.entries);
    let mut learned = None;
    if source.key == KeyRule::Auto {
        for rule in [KeyRule::Link, KeyRule::Title] {
            let count = split(&mut entries, rule, source);
            if count == 0 {
                continue;
            }
            let (shared, differ) = match rule {
                KeyRule::Title => ("a link", "titles"),
                _ => ("an identifier", "links"),
            };
            listing.problems.push(Problem::of_document(format!(
                "{count} entries share {shared} though their {differ} differ; they are told apart by {}",
                words(rule)
            )));
            learned = is_habit(count, entries.len()).then_some(rule).or(learned);
        }
    }
    (once_each(entries), learned)
}

/// Lets entries that share a name go by something else where they differ in it; says how many do.
fn split(entries: &mut [Entry], rule: KeyRule, source: &Source) -> usize {
    let mut differences: HashMap<u64, HashSet<String>> = HashMap::new();
    for entry in &*entries {
        let differs = differences.entry(entry.mark.key).or_default();
        differs.extend(told_by(rule, entry).map(str::to_owned));
    }
    let all = entries.len();
    let mut count = 0;
    for entry in entries {
        let differ = differences.get(&entry.mark.key).map_or(0, HashSet::len);
        let has_guid = entry.draft.guid.is_some() && entry.draft.by == KeyRule::Auto;
        let is_split = match rule {
            // Two titles under one identifier and one link are two versions of one article, until
            // nothing else stands there.
            KeyRule::Title => differ > 1 && (!has_guid || (differ >= HABIT && differ == all)),
            _ => differ > 1 && has_guid,
        };
        if is_split && told_by(rule, entry).is_some() {
            go_by(rule, entry, source);
            count += 1;
        }
    }
    count
}

/// What tells an entry from others under a rule, as upstream wrote it.
fn told_by(rule: KeyRule, entry: &Entry) -> Option<&str> {
    match rule {
        KeyRule::Title => entry.draft.title.as_ref().map(|title| title.raw.as_str()),
        _ => entry.draft.link.as_deref(),
    }
}

/// Entries with different marks, in their order; of two that differ in looks the same one is kept
/// whatever order they come in.
fn once_each(entries: Vec<Entry>) -> Vec<Entry> {
    let mut places: HashMap<u64, usize> = HashMap::new();
    let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries {
        match places.get(&entry.mark.key) {
            None => {
                places.insert(entry.mark.key, kept.len());
                kept.push(entry);
            }
            Some(&place) if entry.mark.digest < kept[place].mark.digest => kept[place] = entry,
            Some(_) => {}
        }
    }
    kept
}
