//! Sheets: printed documents in a cache bounded by bytes, each printed once however many ask.
//!
//! A sheet is kept with the edition it shows. Whoever first asks for a newer one prints it while
//! the others wait. When that fails, since the store is away, the last good sheet stands in; it
//! leaves only when a newer one has come or room is needed.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use quick_cache::DefaultHashBuilder;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle, EntryAction, EntryResult, PlaceholderGuard};
use tokio::time::Instant;

use super::Printed;
use crate::model::feed::Shelf;
use crate::store::Error;

/// After a failure the last good sheet is handed out so long without trying again, so that
/// readers don't wait for a store that is away.
const PAUSE: Duration = Duration::from_secs(1);

/// What a sheet is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Sheet {
    /// A shelf in a format.
    Feed(Shelf, &'static str),
    /// The page of all categories.
    Index,
    /// The list of feeds.
    Outlines,
}

/// A sheet as it is kept.
#[derive(Clone)]
struct Kept {
    printed: Arc<Printed>,
    /// What it shows: a shelf's revision, or the directory's edition.
    edition: u64,
    /// When to try for a newer one, after that failed.
    again: Option<Instant>,
}

impl Kept {
    fn serves(&self, edition: u64) -> bool {
        self.edition == edition || self.again.is_some_and(|again| Instant::now() < again)
    }

    fn hand_out(self) -> Arc<Printed> {
        self.printed.count();
        self.printed
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Sheet, Kept> for ByBytes {
    fn weight(&self, _: &Sheet, kept: &Kept) -> u64 {
        // What surrounds the bytes counts too, or a million empty feeds would weigh nothing.
        kept.printed.document.bytes.len() as u64 + 512
    }
}

type Room = Cache<Sheet, Kept, ByBytes>;

/// The cache.
pub(super) struct Sheets(Room);

impl Sheets {
    /// Keeps at most so many bytes.
    pub(super) fn new(capacity_bytes: u64) -> Sheets {
        Sheets(Cache::with_weighter(1024, capacity_bytes, ByBytes))
    }

    /// The sheet as of `edition`, printed by `print` unless it is there; the last good one when that fails.
    pub(super) async fn get(
        &self,
        sheet: &Sheet,
        edition: u64,
        print: impl Future<Output = Result<Arc<Printed>, Error>>,
    ) -> Result<Arc<Printed>, Error> {
        if let Some(kept) = self.0.get(sheet).filter(|kept| kept.serves(edition)) {
            return Ok(kept.hand_out());
        }
        // Boxed, since most readers come after that and would carry its room about.
        Box::pin(self.print(sheet, edition, print)).await
    }

    async fn print(
        &self,
        sheet: &Sheet,
        edition: u64,
        print: impl Future<Output = Result<Arc<Printed>, Error>>,
    ) -> Result<Arc<Printed>, Error> {
        let entry = self.0.entry_async(sheet, |_, kept| match kept.serves(edition) {
            true => EntryAction::Retain(kept.clone().hand_out()),
            false => EntryAction::ReplaceWithGuard,
        });
        let printing = match entry.await {
            EntryResult::Retained(printed) => return Ok(printed),
            EntryResult::Replaced(guard, last) => Printing { guard: Some(guard), last: Some(last) },
            EntryResult::Vacant(guard) => Printing { guard: Some(guard), last: None },
            EntryResult::Removed(..) | EntryResult::Timeout => {
                unreachable!("nothing is removed here, and nobody's patience ends")
            }
        };
        match print.await {
            Ok(printed) => Ok(printing.done(printed, edition)),
            Err(error) => printing.failed(error),
        }
    }

    /// The formats in which a shelf's feed was asked often since it was printed.
    pub(super) fn busy(&self, shelf: &Shelf, formats: &[&'static str]) -> Vec<&'static str> {
        let is_busy = |format: &&&'static str| {
            let kept = self.0.peek(&Sheet::Feed(shelf.clone(), format));
            kept.is_some_and(|kept| kept.printed.is_busy())
        };
        formats.iter().filter(is_busy).copied().collect()
    }

    /// Bytes kept.
    #[cfg(test)]
    pub(super) fn weight(&self) -> u64 {
        self.0.weight()
    }
}

/// A sheet being printed. Whatever becomes of it, the last good one is not lost: a reader who
/// hangs up in the middle drops this.
struct Printing<'a> {
    guard: Option<Guard<'a>>,
    last: Option<Kept>,
}

type Guard<'a> =
    PlaceholderGuard<'a, Sheet, Kept, ByBytes, DefaultHashBuilder, DefaultLifecycle<Sheet, Kept>>;

impl Printing<'_> {
    fn done(mut self, printed: Arc<Printed>, edition: u64) -> Arc<Printed> {
        let kept = Kept { printed, edition, again: None };
        self.keep(kept.clone());
        kept.hand_out()
    }

    fn failed(mut self, error: Error) -> Result<Arc<Printed>, Error> {
        let Some(last) = self.last.take() else { return Err(error) };
        let printed = last.clone().hand_out();
        self.keep(Kept { again: Some(Instant::now() + PAUSE), ..last });
        Ok(printed)
    }

    fn keep(&mut self, kept: Kept) {
        if let Some(guard) = self.guard.take() {
            // It may have been evicted while it was made; then it is made again when asked.
            let _ = guard.insert(kept);
        }
    }
}

impl Drop for Printing<'_> {
    fn drop(&mut self) {
        if let Some(last) = self.last.take() {
            self.keep(last);
        }
    }
}
