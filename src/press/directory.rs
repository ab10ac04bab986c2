//! The directory of shelves: which there are, how far each has come, and what old slugs mean now.
//!
//! Views stand in it like shelves. They have no head of their own: the highest of what they are made
//! of says when to look again. Digests of a category or view have their address from the beginning, so that
//! they can be followed before there is one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use percent_encoding::percent_decode_str;

use super::Terms;
use crate::model::category::folded;
use crate::model::feed::{Catalogue, Head, Revision, Shelf, ShelfHead, Site};
use crate::model::period::Period;
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

impl Place {
    /// The path of its feeds without suffix.
    pub fn path(&self) -> String {
        match self {
            Place::Here(head) => head.shelf.path(),
            Place::Moved(shelf) => shelf.path(),
        }
    }
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
        Shelf::Digest(..) => 4,
    }
}

/// What the file names that the store does not know.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    views: Arc<[View]>,
    digests: Vec<Period>,
    /// The site's.
    language: Option<String>,
}

impl Named {
    /// As a press goes by it.
    pub(super) fn of(terms: &Terms, site: &Site) -> Named {
        let (views, digests) = (terms.views.clone(), terms.digests.clone());
        Named { views, digests, language: site.language.clone() }
    }
}

/// All shelves.
#[derive(Debug, Default)]
pub(super) struct Directory {
    shelves: BTreeMap<Shelf, Arc<ShelfHead>>,
    is: Named,
    /// Categories by their names, as names are compared.
    named: HashMap<String, Shelf>,
    aliases: HashMap<String, Shelf>,
    newest: Revision,
    edition: u64,
}

impl Directory {
    /// An empty one.
    pub(super) fn new(is: Named) -> Directory {
        Directory { is, ..Directory::default() }
    }

    /// What digests are called, when this is the head of what they are of, or is titled so.
    pub(super) fn digest_title(&self, period: Period, of: &ShelfHead) -> String {
        let language = of.language.as_deref().or(self.is.language.as_deref());
        format!("{} · {}", of.title, period.called(language))
    }

    /// A view and the shelves it is made of, as far as there are any.
    pub(super) fn view(&self, id: &str) -> Option<(&View, Vec<Shelf>)> {
        let view = self.is.views.iter().find(|view| view.id == id)?;
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
        match shelf {
            Shelf::Category(slug) => self.aliases.get(&spelt(slug)).cloned().map(Place::Moved),
            Shelf::Digest(period, of) => match self.locate(of)? {
                Place::Moved(of) => Some(Place::Moved(Shelf::Digest(*period, Box::new(of)))),
                Place::Here(_) => None,
            },
            _ => None,
        }
    }

    /// The newest revision taken in.
    pub(super) fn newest(&self) -> Revision {
        self.newest
    }

    /// Counts changes of anything in here; zero until the first heads were taken in.
    pub(super) fn edition(&self) -> u64 {
        self.edition
    }

    /// Everything first, then categories, then sources; digests are named on the pages of what they are of.
    pub(super) fn catalogue(&self, site: &Site) -> Catalogue {
        let is_listed = |head: &&Arc<ShelfHead>| !matches!(head.shelf, Shelf::Digest(..));
        let listed = self.shelves.values().filter(is_listed);
        let mut shelves: Vec<_> = listed.map(|head| ShelfHead::clone(head)).collect();
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
        moved.extend(self.announce());
        moved
    }

    /// Gives each category and view its digests, before there are any. Answers which are new.
    fn announce(&mut self) -> Vec<Shelf> {
        let mut announced = Vec::new();
        for head in self.shelves.values() {
            if !matches!(head.shelf, Shelf::Category(_) | Shelf::View(_)) {
                continue;
            }
            for &period in &self.is.digests {
                let shelf = Shelf::Digest(period, Box::new(head.shelf.clone()));
                let known = self.shelves.get(&shelf);
                if known.is_some_and(|known| known.head.revision > Revision(0)) {
                    continue;
                }
                let awaited = self.awaited(shelf, period, head);
                if known.is_none_or(|known| **known != awaited) {
                    announced.push(awaited);
                }
            }
        }
        self.edition += announced.len() as u64;
        let insert = |head: ShelfHead| {
            self.shelves.insert(head.shelf.clone(), Arc::new(head.clone()));
            head.shelf
        };
        announced.into_iter().map(insert).collect()
    }

    /// The head of digests of which there is none yet.
    fn awaited(&self, shelf: Shelf, period: Period, of: &ShelfHead) -> ShelfHead {
        ShelfHead {
            shelf,
            name: None,
            rank: None,
            title: self.digest_title(period, of),
            description: None,
            language: of.language.clone(),
            head: Head { revision: Revision(0), at: of.came },
            came: of.came,
            aliases: Vec::new(),
        }
    }

    /// Lets views follow what they are made of; answers which moved.
    fn follow(&mut self) -> Vec<Shelf> {
        let mut moved = Vec::new();
        for (rank, view) in (0..).zip(self.is.views.clone().iter()) {
            let of = |shelf: &Shelf| self.shelves.get(shelf).map(|head| head.head);
            let members = self.members(view);
            let highest = members.iter().filter_map(of).max_by_key(|head| head.revision);
            let Some(all) = self.shelves.get(&Shelf::All) else { continue };
            // A view of nothing that exists yet is as old as everything.
            let head = highest.unwrap_or(all.head);
            let head = ShelfHead {
                shelf: view.shelf(),
                name: None,
                rank: Some(rank),
                title: view.title.clone(),
                description: view.description.clone(),
                language: view.language.clone(),
                head,
                came: all.came,
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
        let mut anew = Directory::new(self.is.clone());
        heads.into_iter().for_each(|head| anew.insert(head));
        anew.follow();
        anew.announce();
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
