//! The newest headlines of categories, kept by head, so that an index costs only what changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::feed::{Headline, Revision, Shelf, ShelfHead};
use crate::store::{Error, Store};

/// Items the index shows of a category.
const NEWEST: usize = 5;

/// What was read of shelves.
#[derive(Debug, Default)]
pub(super) struct Headlines(Mutex<HashMap<Shelf, Read>>);

/// A shelf's headlines, and the head as of which they were read.
type Read = (Revision, Arc<Vec<Headline>>);

impl Headlines {
    /// The newest headlines of each shelf; only those that changed are read. Others are forgotten.
    pub(super) async fn of(
        &self,
        store: &dyn Store,
        heads: &[ShelfHead],
    ) -> Result<Vec<Arc<Vec<Headline>>>, Error> {
        let mut known = self.known(heads);
        let is_missing = |head: &&ShelfHead| !known.contains_key(&head.shelf);
        let missing: Vec<&ShelfHead> = heads.iter().filter(is_missing).collect();
        let shelves: Vec<Shelf> = missing.iter().map(|head| head.shelf.clone()).collect();
        let read = store.headlines(&shelves, NEWEST).await?;
        for (head, lines) in missing.into_iter().zip(read) {
            known.insert(head.shelf.clone(), (head.head.revision, Arc::new(lines)));
        }
        let lines = heads.iter().map(|head| known[&head.shelf].1.clone()).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(lines)
    }

    /// What is kept of these shelves as of their present heads.
    fn known(&self, heads: &[ShelfHead]) -> HashMap<Shelf, Read> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |head: &ShelfHead| {
            let (revision, lines) = kept.get(&head.shelf)?;
            let is_newest = *revision == head.head.revision;
            is_newest.then(|| (head.shelf.clone(), (*revision, lines.clone())))
        };
        heads.iter().filter_map(of).collect()
    }
}
