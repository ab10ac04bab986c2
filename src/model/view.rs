//! `View`: a named feed made of shelves and rules; and `Selection`, which says what any feed shows.
//!
//! Nothing here finds items: the store walks the shelves and asks the sieve.

use std::time::Duration;

use super::feed::{Shelf, Window};
use super::sieve::Sieve;
use super::source::SourceId;
use super::text::Query;

/// Which items, and how many.
#[derive(Clone, Debug)]
pub struct Selection {
    /// From these shelves, each item once.
    pub shelves: Vec<Shelf>,
    /// With all of these words.
    pub query: Option<Query>,
    /// And as far as they pass.
    pub sieve: Sieve,
    /// Whether items that are folded under others are shown, too.
    pub is_unfolded: bool,
    /// So many.
    pub window: Window,
}

impl Selection {
    /// The window of one shelf as it is.
    pub fn of(shelf: Shelf, window: Window) -> Selection {
        Selection {
            shelves: vec![shelf],
            query: None,
            sieve: Sieve::default(),
            is_unfolded: false,
            window,
        }
    }

    /// The newest `most` of a shelf that have all of a query, until their bodies have 16 MiB.
    pub fn found(query: Query, shelf: Shelf, most: usize) -> Selection {
        let window = Window { items: most, age: Duration::ZERO, max: most, bytes: 16 << 20 };
        Selection { query: Some(query), ..Selection::of(shelf, window) }
    }
}

/// A named feed, as the file describes it.
#[derive(Clone, Debug)]
pub struct View {
    /// Its name in addresses.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// A sentence about it.
    pub description: Option<String>,
    /// BCP 47 language tag.
    pub language: Option<String>,
    /// What it is made of; everything, when nothing is named.
    pub members: Vec<Member>,
    /// Words all of its items have.
    pub query: Option<Query>,
    /// What passes.
    pub sieve: Sieve,
    /// Whether near duplicates are shown once only.
    pub collapse: bool,
    /// How much of it its feed shows.
    pub window: Window,
}

/// What a view is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Member {
    /// A category, by its name.
    Category(String),
    /// A source.
    Source(SourceId),
}

impl View {
    /// The shelf readers find it at.
    pub fn shelf(&self) -> Shelf {
        Shelf::View(self.id.clone())
    }

    /// What it shows, once it is known where its members stand.
    pub fn selection(&self, shelves: Vec<Shelf>) -> Selection {
        Selection {
            shelves,
            query: self.query.clone(),
            sieve: self.sieve.clone(),
            is_unfolded: !self.collapse,
            window: self.window,
        }
    }
}
