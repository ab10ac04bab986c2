//! The directory of shelves: which there are, how far each has come, and what old slugs mean now.
//!
//! Views stand in it like shelves. They have no head of their own: the highest of what they are made
//! of says when to look again.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use percent_encoding::percent_decode_str;

use crate::model::category::folded;
use crate::model::feed::{Catalogue, Revision, Shelf, ShelfHead, Site};
use crate::model::time::{Offset, Timestamp};
use crate::model::view::{Member, View};

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

/// The order of kinds in the catalogue.
fn kind(shelf: &Shelf) -> u8 {
    match shelf {
        Shelf::All => 0,
        Shelf::Category(_) => 1,
        Shelf::Source(_) => 2,
        Shelf::View(_) => 3,
    }
}

/// All shelves.
#[derive(Debug, Default)]
pub(super) struct Directory {
    shelves: BTreeMap<Shelf, Arc<ShelfHead>>,
    views: Arc<[View]>,
    /// Categories by their names, as names are compared.
    named: HashMap<String, Shelf>,
    aliases: HashMap<String, Shelf>,
    newest: Revision,
    edition: u64,
}

impl Directory {
    /// An empty one with these views.
    pub(super) fn new(views: Arc<[View]>) -> Directory {
        Directory { views, ..Directory::default() }
    }

    /// A view and the shelves it is made of, as far as there are any.
    pub(super) fn view(&self, id: &str) -> Option<(&View, Vec<Shelf>)> {
        let view = self.views.iter().find(|view| view.id == id)?;
        Some((view, self.members(view)))
    }

    fn members(&self, view: &View) -> Vec<Shelf> {
        if view.members.is_empty() {
            return vec![Shelf::All];
        }
        let shelf = |member: &Member| match member {
            Member::Category(name) => self.named.get(&folded(name)).cloned(),
            Member::Source(id) => Some(Shelf::Source(id.clone())),
        };
        view.members.iter().filter_map(shelf).collect()
    }

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
        let mut shelves: Vec<_> =
            self.shelves.values().map(|head| ShelfHead::clone(head)).collect();
        shelves.sort_by_key(|head| (kind(&head.shelf), head.rank.is_none(), head.rank));
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
        moved.extend(self.follow());
        moved
    }

    /// Lets views follow what they are made of; answers which moved.
    fn follow(&mut self) -> Vec<Shelf> {
        let mut moved = Vec::new();
        for (rank, view) in (0..).zip(self.views.clone().iter()) {
            let of = |shelf: &Shelf| self.shelves.get(shelf).map(|head| head.head);
            let members = self.members(view);
            let highest = members.iter().filter_map(of).max_by_key(|head| head.revision);
            // A view of nothing that exists yet is as old as everything.
            let Some(head) = highest.or_else(|| of(&Shelf::All)) else { continue };
            let head = ShelfHead {
                shelf: view.shelf(),
                name: None,
                rank: Some(rank),
                title: view.title.clone(),
                description: view.description.clone(),
                language: view.language.clone(),
                head,
                aliases: Vec::new(),
            };
            if self.shelves.get(&head.shelf).is_none_or(|known| **known != head) {
                self.edition += 1;
                moved.push(head.shelf.clone());
                self.shelves.insert(head.shelf.clone(), Arc::new(head));
            }
        }
        moved
    }

    /// Takes in all heads: what is not among them has ended. Answers whose moved.
    pub(super) fn replace(&mut self, heads: Vec<ShelfHead>) -> Vec<Shelf> {
        let mut anew = Directory::new(self.views.clone());
        heads.into_iter().for_each(|head| anew.insert(head));
        anew.follow();
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
        if let Some(name) = &head.name {
            self.named.insert(folded(name), head.shelf.clone());
        }
        for alias in &head.aliases {
            self.aliases.insert(spelt(alias), head.shelf.clone());
        }
        self.shelves.insert(head.shelf.clone(), Arc::new(head));
    }
}
