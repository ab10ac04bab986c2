//! The directory of shelves: which there are, how far each has come, and what old slugs mean now.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use percent_encoding::percent_decode_str;

use crate::model::feed::{Catalogue, Revision, Shelf, ShelfHead, Site};
use crate::model::time::{Offset, Timestamp};

/// Where a shelf is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the address it was asked under.
    Here(Arc<ShelfHead>),
    /// At this one's; it was asked under an old slug.
    Moved(Shelf),
}

/// An old slug as it is compared: upstreams' had blanks, parentheses and capitals, which arrive
/// percent-encoded and in any case.
fn spelt(alias: &str) -> String {
    percent_decode_str(alias).decode_utf8_lossy().to_lowercase()
}

/// All shelves in the order of the catalogue.
#[derive(Debug, Default)]
pub(super) struct Directory {
    shelves: BTreeMap<Shelf, Arc<ShelfHead>>,
    aliases: HashMap<String, Shelf>,
    newest: Revision,
    edition: u64,
}

impl Directory {
    /// Where a shelf is. A slug in use goes before an alias of the same spelling.
    pub(super) fn locate(&self, shelf: &Shelf) -> Option<Place> {
        if let Some(head) = self.shelves.get(shelf) {
            return Some(Place::Here(head.clone()));
        }
        let Shelf::Category(slug) = shelf else { return None };
        self.aliases.get(&spelt(slug)).cloned().map(Place::Moved)
    }

    /// The newest revision taken in.
    pub(super) fn newest(&self) -> Revision {
        self.newest
    }

    /// Counts changes of anything in here; zero until the first heads were taken in.
    pub(super) fn edition(&self) -> u64 {
        self.edition
    }

    /// Everything first, then categories, then sources.
    pub(super) fn catalogue(&self, site: &Site) -> Catalogue {
        let shelves: Vec<_> = self.shelves.values().map(|head| ShelfHead::clone(head)).collect();
        let beginning = Timestamp::from_millis(0, Offset::UTC).expect("1970 is in the range");
        let updated = shelves.iter().map(|head| head.head.at).max().unwrap_or(beginning);
        Catalogue { site: site.clone(), shelves, updated: site.local(updated) }
    }

    /// Takes in heads that moved; answers whose. One never goes back, whatever order answers come in.
    pub(super) fn update(&mut self, heads: Vec<ShelfHead>) -> Vec<Shelf> {
        let mut moved = Vec::new();
        for head in heads {
            let known = self.shelves.get(&head.shelf);
            if known
                .is_some_and(|known| known.head.revision > head.head.revision || **known == head)
            {
                continue;
            }
            self.edition += 1;
            self.aliases.retain(|_, shelf| *shelf != head.shelf);
            moved.push(head.shelf.clone());
            self.insert(head);
        }
        moved
    }

    /// Takes in all heads: what is not among them has ended. Answers whose moved.
    pub(super) fn replace(&mut self, heads: Vec<ShelfHead>) -> Vec<Shelf> {
        let mut anew = Directory::default();
        heads.into_iter().for_each(|head| anew.insert(head));
        let is_same = self.edition > 0 && self.shelves == anew.shelves;
        let has_moved =
            |(shelf, head): &(&Shelf, &Arc<ShelfHead>)| self.shelves.get(*shelf) != Some(*head);
        let moved = anew.shelves.iter().filter(has_moved).map(|(shelf, _)| shelf.clone()).collect();
        anew.edition = self.edition + u64::from(!is_same);
        anew.newest = anew.newest.max(self.newest);
        *self = anew;
        moved
    }

    fn insert(&mut self, head: ShelfHead) {
        self.newest = self.newest.max(head.head.revision);
        for alias in &head.aliases {
            self.aliases.insert(spelt(alias), head.shelf.clone());
        }
        self.shelves.insert(head.shelf.clone(), Arc::new(head));
    }
}
