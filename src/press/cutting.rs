//! Cuts: feeds as one reader asked for them. Nobody else may ask for the same, so they are not kept,
//! and only few are made at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Press, Printed};
use crate::format::Format;
use crate::model::cut::{Cut, MOST, Since};
use crate::model::feed::{Feed, Shelf, ShelfHead, Window};
use crate::store::Error;

/// Cuts made at once.
const AT_ONCE: usize = 4;

/// Readers that wait for one; further ones are told to come again.
const WAITING: usize = 64;

/// Who makes cuts and who waits for one.
#[derive(Debug)]
pub(super) struct Cutting {
    places: Semaphore,
    waiting: AtomicUsize,
}

impl Default for Cutting {
    fn default() -> Cutting {
        Cutting { places: Semaphore::new(AT_ONCE), waiting: AtomicUsize::new(0) }
    }
}

/// One who waits, until dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl Waiting<'_> {
    /// Begins to wait, unless too many do.
    fn begin(waiting: &AtomicUsize) -> Result<Waiting<'_>, Error> {
        let me = Waiting(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) < WAITING {
            return Ok(me);
        }
        Err(Error::Failed("too many readers ask for cuts of feeds".to_owned()))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Press {
    /// The feed of a shelf as a reader cuts it.
    pub async fn cut(
        &self,
        head: &ShelfHead,
        format: &'static dyn Format,
        cut: &Cut,
    ) -> Result<Arc<Printed>, Error> {
        self.make(head, format, cut, |feed| feed).await
    }

    /// A closed page of a shelf's archive; none when there is none of that number.
    pub async fn page(
        &self,
        head: &ShelfHead,
        page: u64,
        format: &'static dyn Format,
    ) -> Result<Option<Arc<Printed>>, Error> {
        let _place = self.take_place().await?;
        let found = self.store.page(&head.shelf, page).await?;
        let Some((archive, items)) = found else { return Ok(None) };
        let feed = Feed::assemble(&self.site, head, items, self.terms.max_age);
        let feed = Feed { archive: Some(archive), updated: feed.newest(), ..feed };
        // What goes from a page moves no head.
        self.write_out(feed, format, None).await.map(Some)
    }

    /// What is found in everything, as a feed at an address of its own.
    pub async fn search(
        &self,
        everything: &ShelfHead,
        format: &'static dyn Format,
        cut: &Cut,
    ) -> Result<Arc<Printed>, Error> {
        let found = |feed: Feed| Feed {
            title: format!("{} · {}", cut.words(), feed.site_title),
            address: format!("{}/search", feed.site),
            home: format!("{}/search.html{}", feed.site, feed.query),
            ..feed
        };
        self.make(everything, format, cut, found).await
    }

    async fn make(
        &self,
        head: &ShelfHead,
        format: &'static dyn Format,
        cut: &Cut,
        dress: impl FnOnce(Feed) -> Feed,
    ) -> Result<Arc<Printed>, Error> {
        let _place = self.take_place().await?;
        let feed = dress(self.cut_feed(head, cut).await?);
        self.write_out(feed, format, Some(head.head.at)).await
    }

    /// Waits until one more may be made.
    async fn take_place(&self) -> Result<SemaphorePermit<'_>, Error> {
        let _waiting = Waiting::begin(&self.cutting.waiting)?;
        Ok(self.cutting.places.acquire().await.expect("the semaphore is never closed"))
    }

    async fn cut_feed(&self, head: &ShelfHead, cut: &Cut) -> Result<Feed, Error> {
        let whole = Feed::clone(&*self.feed(head).await?);
        if let Some(since) = cut.since {
            return self.since(head, whole, cut, since).await;
        }
        let count = cut.limit.unwrap_or(self.terms.window.items);
        if cut.is_limit_alone() && count <= whole.items.len() {
            let items = whole.items[..count].to_vec();
            return Ok(whole.cut(cut, items));
        }
        let mut selection = self.selection(&head.shelf);
        let bytes = self.terms.window.bytes;
        selection.window = Window { items: count, max: count, age: Duration::ZERO, bytes };
        selection.sieve.refuse.extend(cut.drop.iter().cloned());
        match (&selection.query, &head.shelf) {
            (None, shelf) if is_searched(shelf) => selection.query.clone_from(&cut.query),
            _ => selection.sieve.require.extend(cut.query.clone()),
        }
        let items = self.store.select(&selection).await?;
        Ok(whole.cut(cut, items))
    }

    /// What came since; the whole feed, and a cursor to go on from, when the cursor is not ours.
    async fn since(
        &self,
        head: &ShelfHead,
        whole: Feed,
        cut: &Cut,
        since: Since,
    ) -> Result<Feed, Error> {
        let mut selection = self.selection(&head.shelf);
        let asked = selection.query.iter().chain(&cut.query).cloned();
        selection.sieve.require.extend(asked);
        selection.sieve.refuse.extend(cut.drop.iter().cloned());
        let most = cut.limit.unwrap_or(MOST);
        let Some(news) = self.store.since(&selection.shelves, since, most).await? else {
            let cursor = Some(self.store.mark(head.head.revision).await?);
            return Ok(Feed { cursor, archive: None, hub: None, ..whole });
        };
        let mut sifting = selection.sieve.sift();
        let items = news.items.into_iter().filter(|item| sifting.passes(item)).collect();
        Ok(Feed { cursor: Some(news.cursor), ..whole.cut(cut, items) })
    }
}

/// Whether items of a shelf are found by searching; digests are read through, which are few.
fn is_searched(shelf: &Shelf) -> bool {
    !matches!(shelf, Shelf::Digest(..))
}
