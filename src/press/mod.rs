//! Rendered documents, kept by head: one rendering for all readers.
//!
//! The press holds every shelf's head in memory and looks for newer ones at a hint, and at least
//! once a second, since another process may have written. A document is rendered once a head and
//! format, by whoever asks first while the others wait, and coded once; what is kept is bounded by
//! bytes. Feeds that are asked often are rendered before anyone asks again. It reads no clock and
//! answers no one: what a document is labelled with lies ready, when it is said is decided above.
//!
//! An empty feed is never printed because the store did not answer: then the last good document
//! stands in, and where there is none that is an error.

mod coding;
mod cutting;
mod directory;
#[cfg(test)]
pub(crate) mod fake;
mod headlines;
mod printed;
mod sheet;
#[cfg(test)]
mod tests;

use std::borrow::Borrow;
use std::collections::HashSet;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::{Instant, sleep, timeout};

use crate::format::{self, Document, Format};
use crate::model::feed::{
    Archive, Catalogue, Feed, Head, Headline, Revision, Shelf, ShelfHead, Site, Window,
};
use crate::model::item::Item;
use crate::model::period::Period;
use crate::model::time::Timestamp;
use crate::model::view::{Selection, View};
use crate::store::{Error, Store};

pub use coding::{CODINGS, Coding, LEAST};
use cutting::Cutting;
pub use directory::Place;
use directory::{Directory, Named};
use headlines::Headlines;
use printed::Hash;
pub use printed::{Printed, http_date};
use sheet::{Sheet, Sheets};

/// How long the press goes without looking for newer heads.
const LOOK: Duration = Duration::from_secs(1);

/// How long it goes without reading all heads again, so that shelves that ended are noticed.
const LOOK_AT_ALL: Duration = Duration::from_secs(60);

/// Documents rendered at once; each holds its items and its bytes meanwhile.
const AT_ONCE: usize = 4;

/// Categories the index shows with headlines; a page with thousands would help nobody.
const SECTIONS: usize = 60;

/// How long it may take to print busy feeds before the press looks for newer heads again.
const WARMING: Duration = Duration::from_millis(500);

#[derive(Clone)]
struct ByBytes;

type Copy = (Hash, Coding);

impl Weighter<Copy, Bytes> for ByBytes {
    fn weight(&self, _: &Copy, bytes: &Bytes) -> u64 {
        bytes.len() as u64 + 256
    }
}

/// What a feed is kept under until its formats are rendered.
type Assembled = (Shelf, Revision);

impl Weighter<Assembled, Arc<Feed>> for ByBytes {
    fn weight(&self, _: &Assembled, feed: &Arc<Feed>) -> u64 {
        let body = |item: &Item| item.content.as_ref().map_or(0, |html| html.as_str().len());
        feed.items.iter().map(|item| body(item) as u64 + 1024).sum::<u64>() + 512
    }
}

/// What a press goes by.
#[derive(Clone, Debug)]
pub struct Terms {
    /// How much of a shelf its feed shows.
    pub window: Window,
    /// How long readers may keep a feed before they ask again, in seconds (reliability row C-08).
    pub max_age: u32,
    /// Bytes of documents, of their coded copies and of feeds that are kept, all told.
    pub capacity: usize,
    /// Named feeds made of shelves.
    pub views: Arc<[View]>,
    /// Paths that ended for good; shelves at them are not shown any more.
    pub retired: Vec<String>,
    /// How often there are digests of categories and views.
    pub digests: Vec<Period>,
    /// Whether feeds name our hub.
    pub has_hub: bool,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms {
            window: Window::default(),
            max_age: 300,
            capacity: 64 << 20,
            views: Arc::default(),
            retired: Vec::new(),
            digests: Vec::new(),
            has_hub: false,
        }
    }
}

/// Prints documents, each once.
pub struct Press {
    store: Arc<dyn Store>,
    site: Arc<Site>,
    terms: Terms,
    caching: HeaderValue,
    directory: RwLock<Directory>,
    /// The directory's, to be read without waiting for it.
    edition: AtomicU64,
    looking: Mutex<()>,
    cutting: Cutting,
    sheets: Sheets,
    headlines: Headlines,
    copies: Cache<Copy, Bytes, ByBytes>,
    feeds: Cache<Assembled, Arc<Feed>, ByBytes>,
    rendering: Semaphore,
}

impl Press {
    /// A press for a site: half of its capacity is for documents, a quarter for coded copies, an eighth
    /// for feeds whose other formats may be asked for next; the rest is what surrounds all that.
    pub fn new(store: Arc<dyn Store>, site: Site, terms: Terms) -> Press {
        let (capacity, age) = (terms.capacity as u64, terms.max_age);
        let caching =
            format!("public, max-age={age}, stale-while-revalidate={age}, stale-if-error=86400");
        Press {
            store,
            directory: RwLock::new(Directory::new(Named::of(&terms, &site))),
            edition: AtomicU64::new(0),
            site: Arc::new(site),
            terms,
            caching: HeaderValue::try_from(caching).expect("words and numbers"),
            cutting: Cutting::default(),
            looking: Mutex::default(),
            sheets: Sheets::new(capacity / 2),
            headlines: Headlines::default(),
            copies: Cache::with_weighter(1024, capacity / 4, ByBytes),
            feeds: Cache::with_weighter(64, capacity / 8, ByBytes),
            rendering: Semaphore::new(AT_ONCE),
        }
    }

    /// The feed of a shelf in a format, as of its newest head; none when there is no such shelf.
    pub async fn print(
        &self,
        shelf: &Shelf,
        format: &'static dyn Format,
    ) -> Result<Option<Arc<Printed>>, Error> {
        let Some(Place::Here(head)) = self.locate(shelf).await? else { return Ok(None) };
        self.printed(&head, format).await.map(Some)
    }

    /// The feed of a shelf that was located.
    pub async fn printed(
        &self,
        head: &ShelfHead,
        format: &'static dyn Format,
    ) -> Result<Arc<Printed>, Error> {
        let sheet = Sheet::Feed(head.shelf.clone(), format.name());
        let printed = self.sheets.get(&sheet, head.head.revision.0, async {
            let feed = self.feed(head).await?;
            let Head { revision, at } = head.head;
            let print = move || Arc::new(Printed::of(&feed, format, Some(at)).at(revision));
            self.work(print).await
        });
        printed.await
    }

    /// The bytes of a document in a coding, made once.
    pub async fn coded(&self, printed: &Printed, coding: Coding) -> Result<Bytes, Error> {
        let key = (printed.hash, coding);
        if let Some(copy) = self.copies.get(&key) {
            return Ok(copy);
        }
        let copy = self.copies.get_or_insert_async(&key, async {
            let bytes = printed.document.bytes.clone();
            self.work(move || coding.encode(&bytes)).await
        });
        // Boxed, since most answers need none of this and would carry its room about.
        Box::pin(copy).await
    }

    /// A shelf as a document to be rendered, read once for all its formats.
    async fn feed(&self, head: &ShelfHead) -> Result<Arc<Feed>, Error> {
        let key = (head.shelf.clone(), head.head.revision);
        let feed = self.feeds.get_or_insert_async(&key, async {
            let (max_age, digests) = (self.terms.max_age, self.digests_of(&head.shelf));
            if matches!(head.shelf, Shelf::View(_)) {
                let items = self.store.select(&self.selection(&head.shelf)).await?;
                let feed = Feed::assemble(&self.site, head, items, max_age);
                // What moves a view's head need not show in it; its time is then that of its items.
                let (updated, hub) = (feed.newest(), self.hub());
                return Ok(Arc::new(Feed { updated, hub, digests, ..feed }));
            }
            let fed = self.store.feed(&head.shelf, self.terms.window).await?;
            let feed = Feed::assemble(&self.site, head, fed.items, max_age);
            let archive = Some(Archive { older: fed.older, ..Archive::default() });
            let (tombstones, hub) = (fed.tombstones, self.hub());
            Ok(Arc::new(Feed { archive, tombstones, hub, digests, ..feed }))
        });
        feed.await
    }

    /// Where our hub is, if there is one.
    fn hub(&self) -> Option<String> {
        self.terms.has_hub.then(|| format!("{}/hub", self.site.url))
    }

    /// How often there are digests of a shelf.
    fn digests_of(&self, shelf: &Shelf) -> Vec<Period> {
        let has_some = matches!(shelf, Shelf::Category(_) | Shelf::View(_));
        if has_some { self.terms.digests.clone() } else { Vec::new() }
    }

    /// What the window of a shelf or view shows.
    fn selection(&self, shelf: &Shelf) -> Selection {
        let view = |id: &String| {
            self.read(|directory| directory.view(id).map(|(view, shelves)| view.selection(shelves)))
        };
        let of_view = if let Shelf::View(id) = shelf { view(id) } else { None };
        of_view.unwrap_or_else(|| Selection::of(shelf.clone(), self.terms.window))
    }

    /// The index: categories with their newest headlines.
    pub async fn index(&self) -> Result<Arc<Printed>, Error> {
        let edition = self.fill().await?;
        let printed = self.sheets.get(&Sheet::Index, edition, async {
            let catalogue = self.catalogue().await?;
            let newest = self.newest(&catalogue).await?;
            let at = catalogue.updated;
            let page = move || {
                let newest: Vec<_> =
                    newest.iter().map(|(head, lines)| (head, lines.as_slice())).collect();
                format::html::index(&catalogue, &newest)
            };
            self.render(Some(at), page).await
        });
        printed.await
    }

    /// The list of feeds as OPML.
    pub async fn outlines(&self) -> Result<Arc<Printed>, Error> {
        let edition = self.fill().await?;
        let printed = self.sheets.get(&Sheet::Outlines, edition, async {
            let catalogue = self.catalogue().await?;
            let at = catalogue.updated;
            self.render(Some(at), move || format::opml::render(&catalogue)).await
        });
        printed.await
    }

    /// The list of feeds.
    pub async fn catalogue(&self) -> Result<Catalogue, Error> {
        self.fill().await?;
        Ok(self.read(|directory| directory.catalogue(&self.site)))
    }

    /// Where a shelf is: here, or at another address since its slug changed.
    pub async fn locate(&self, shelf: &Shelf) -> Result<Option<Place>, Error> {
        self.fill().await?;
        Ok(self.read(|directory| directory.locate(shelf)))
    }

    /// Counts changes of what there is and how far it has come; zero until that was read once.
    pub fn edition(&self) -> u64 {
        self.edition.load(Ordering::Acquire)
    }

    /// How long readers may keep a feed before they ask again, and that a stale one is better than
    /// none: as `Cache-Control` has it (RFC 5861, reliability row C-08).
    pub fn caching(&self) -> &HeaderValue {
        &self.caching
    }

    /// Whose documents these are.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Looks for newer heads until `stop`.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        tokio::select! {
            () = &mut stop => {}
            () = self.look() => {}
        }
    }

    async fn look(&self) {
        let mut grown = self.store.grown();
        let (mut all, mut is_away) = (Instant::now(), false);
        loop {
            // A hint makes the wait shorter; a store that gives none any more just lets it end.
            if let Ok(Err(_)) = timeout(LOOK, grown.changed()).await {
                sleep(LOOK).await;
            }
            let looked = if all.elapsed() < LOOK_AT_ALL {
                self.refresh().await
            } else {
                all = Instant::now();
                self.reload().await
            };
            if let Ok(moved) = &looked {
                let _ = timeout(WARMING, self.warm(moved)).await;
            }
            // Said when it begins, not every second.
            if let (Err(error), false) = (&looked, is_away) {
                tracing::error!(%error, "the store does not answer; feeds stay as they are");
            }
            is_away = looked.is_err();
        }
    }

    /// Takes in heads that moved since the last look; answers whose they are.
    pub async fn refresh(&self) -> Result<Vec<Shelf>, Error> {
        let _one_at_a_time = self.looking.lock().await;
        let newest = self.read(Directory::newest);
        let heads = self.titled(self.store.heads(newest).await?);
        Ok(self.write(|directory| directory.update(heads)))
    }

    /// Takes in all heads anew, so that shelves that ended are forgotten; answers whose moved.
    pub async fn reload(&self) -> Result<Vec<Shelf>, Error> {
        let _one_at_a_time = self.looking.lock().await;
        self.take_all().await
    }

    /// Prints feeds that are asked often as soon as they changed, so that no reader waits for it.
    async fn warm(&self, moved: &[Shelf]) {
        let names: Vec<_> = format::ALL.iter().map(|format| format.name()).collect();
        for shelf in moved {
            for name in self.sheets.busy(shelf, &names) {
                let format = format::named(name).expect("a name from the list of formats");
                // Whoever asks next meets the same error, and is told.
                let _ = self.print(shelf, format).await;
            }
        }
    }

    /// Makes sure heads were read at least once: before that, nothing can be said to be missing.
    /// Answers the edition.
    async fn fill(&self) -> Result<u64, Error> {
        let edition = self.edition();
        if edition > 0 {
            return Ok(edition);
        }
        let filling = async {
            let _one_at_a_time = self.looking.lock().await;
            // The others of a crowd at the start find it done.
            if self.edition() == 0 {
                self.take_all().await?;
            }
            Ok(self.edition())
        };
        // Boxed, since it happens once and every answer would carry its room about.
        Box::pin(filling).await
    }

    async fn take_all(&self) -> Result<Vec<Shelf>, Error> {
        let heads = self.titled(self.store.heads(Revision(0)).await?);
        Ok(self.write(|directory| directory.replace(heads)))
    }

    /// Whether what is at a path ended for good, or belongs to something that did.
    pub fn is_retired(&self, path: &str) -> bool {
        let path = path.strip_prefix("/archive").unwrap_or(path);
        let owner = ["/digest/daily", "/digest/weekly"];
        let owner = owner.iter().find_map(|digest| path.strip_prefix(digest));
        let ends = |rest: &str| rest.is_empty() || rest.starts_with(['.', '/']);
        let has_ended = |path: &str| {
            let mut retired = self.terms.retired.iter();
            retired.any(|retired| path.strip_prefix(retired.as_str()).is_some_and(ends))
        };
        has_ended(path) || owner.is_some_and(has_ended)
    }

    /// The shelves readers see. That of everything is called as the site is, which the store does
    /// not know, and digests are told apart from what they are of.
    fn titled(&self, mut heads: Vec<ShelfHead>) -> Vec<ShelfHead> {
        heads.retain(|head| !self.is_retired(&head.shelf.path()));
        for head in heads.iter_mut().filter(|head| head.shelf == Shelf::All) {
            head.title.clone_from(&self.site.title);
        }
        for head in &mut heads {
            if let Shelf::Digest(period, _) = head.shelf {
                head.title = self.read(|directory| directory.digest_title(period, head));
            }
        }
        heads
    }

    /// The categories the index shows with headlines: those that changed last, in their usual order.
    async fn newest(
        &self,
        catalogue: &Catalogue,
    ) -> Result<Vec<(ShelfHead, Arc<Vec<Headline>>)>, Error> {
        let is_category = |head: &&ShelfHead| matches!(head.shelf, Shelf::Category(_));
        let mut heads: Vec<&ShelfHead> = catalogue.shelves.iter().filter(is_category).collect();
        heads.sort_by_key(|head| std::cmp::Reverse(head.head.revision));
        let shown: HashSet<&Shelf> = heads.iter().take(SECTIONS).map(|head| &head.shelf).collect();
        let heads: Vec<ShelfHead> =
            catalogue.shelves.iter().filter(|head| shown.contains(&head.shelf)).cloned().collect();
        let lines = self.headlines.of(&*self.store, &heads).await?;
        Ok(heads.into_iter().zip(lines).collect())
    }

    /// A feed in a format, last changed at `at`.
    async fn write_out(
        &self,
        feed: impl Borrow<Feed> + Send + 'static,
        format: &'static dyn Format,
        at: Option<Timestamp>,
    ) -> Result<Arc<Printed>, Error> {
        self.work(move || Arc::new(Printed::of(feed.borrow(), format, at))).await
    }

    async fn render(
        &self,
        at: Option<Timestamp>,
        render: impl FnOnce() -> Document + Send + 'static,
    ) -> Result<Arc<Printed>, Error> {
        self.work(move || Arc::new(Printed::new(render(), at))).await
    }

    /// Works off the threads that answer readers, on few documents at a time.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let _place = self.rendering.acquire().await.expect("the semaphore is never closed");
        let working = tokio::task::spawn_blocking(work).await;
        working.map_err(|error| Error::Failed(format!("a document was not written: {error}")))
    }

    fn read<T>(&self, look: impl FnOnce(&Directory) -> T) -> T {
        look(&self.directory.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Directory) -> T) -> T {
        let mut directory = self.directory.write().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut directory);
        self.edition.store(directory.edition(), Ordering::Release);
        changed
    }
}
