//! Rendered documents, kept by head: one rendering for all readers.
//!
//! The press holds every shelf's head in memory and looks for newer ones at a hint, and at least
//! once a second, since another process may have written. A document is rendered once a head and
//! format, by whoever asks first while the others wait; what is kept is bounded by bytes. It
//! reads no clock and knows no HTTP: a tag and a time are all it says about a document.
//!
//! An empty feed is never printed because the store did not answer: that is an error.

mod directory;
#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, Semaphore};
use tokio::time::{Instant, sleep, timeout};

use crate::format::{self, Document, Format};
use crate::model::feed::{Catalogue, Feed, Revision, Shelf, ShelfHead, Site, Window};
use crate::model::item::Item;
use crate::model::time::Timestamp;
use crate::store::{Error, Store};

use directory::Directory;
pub use directory::Place;

/// How long readers may keep a feed before they ask again, in seconds (reliability row C-08).
pub const MAX_AGE: u32 = 300;

/// How long the press goes without looking for newer heads.
const LOOK: Duration = Duration::from_secs(1);

/// How long it goes without reading all heads again, so that shelves that ended are noticed.
const LOOK_AT_ALL: Duration = Duration::from_secs(60);

/// Documents rendered at once; each holds its items and its bytes meanwhile.
const AT_ONCE: usize = 4;

/// Items the index shows of a category.
const NEWEST: usize = 5;

/// A document with what readers need to ask again only for news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// The document.
    pub document: Document,
    /// Its strong entity tag, quotes included: a hash of the bytes, so that one tag never names
    /// two bodies, on no node and after no restart (RFC 9110 section 8.8.3).
    pub etag: String,
    /// The last change that shows in it, in whole seconds.
    pub last_modified: Timestamp,
}

impl Printed {
    /// A document as it is handed out, last changed at `at`.
    pub fn new(document: Document, at: Timestamp) -> Printed {
        let digest = Sha256::digest(&document.bytes);
        let hex: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let last_modified = Timestamp::from_seconds(at.seconds(), at.offset()).unwrap_or(at);
        Printed { document, etag: format!("\"{hex}\""), last_modified }
    }
}

/// What a document is kept under. A newer head makes another sheet; the old one leaves when room is needed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Sheet {
    Feed(Shelf, &'static str, Revision),
    Index(u64),
    Outlines(u64),
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Sheet, Arc<Printed>> for ByBytes {
    fn weight(&self, _: &Sheet, printed: &Arc<Printed>) -> u64 {
        // What surrounds the bytes counts too, or a million empty feeds would weigh nothing.
        printed.document.bytes.len() as u64 + 512
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

/// Prints documents, each once.
pub struct Press {
    store: Arc<dyn Store>,
    site: Arc<Site>,
    window: Window,
    directory: RwLock<Directory>,
    looking: Mutex<()>,
    sheets: Cache<Sheet, Arc<Printed>, ByBytes>,
    feeds: Cache<Assembled, Arc<Feed>, ByBytes>,
    rendering: Semaphore,
}

impl Press {
    /// A press that keeps at most `capacity_bytes` of documents, and an eighth of that of feeds whose
    /// other formats may be asked for next.
    pub fn new(store: Arc<dyn Store>, site: Site, window: Window, capacity_bytes: usize) -> Press {
        Press {
            store,
            site: Arc::new(site),
            window,
            directory: RwLock::default(),
            looking: Mutex::default(),
            sheets: Cache::with_weighter(1024, capacity_bytes as u64, ByBytes),
            feeds: Cache::with_weighter(64, capacity_bytes as u64 / 8, ByBytes),
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
        let sheet = Sheet::Feed(shelf.clone(), format.name(), head.head.revision);
        let printed = self.sheets.get_or_insert_async(&sheet, async {
            let feed = self.feed(&head).await?;
            self.render(head.head.at, move || format.render(&feed)).await
        });
        printed.await.map(Some)
    }

    /// A shelf as a document to be rendered, read once for all its formats.
    async fn feed(&self, head: &ShelfHead) -> Result<Arc<Feed>, Error> {
        let key = (head.shelf.clone(), head.head.revision);
        let feed = self.feeds.get_or_insert_async(&key, async {
            let items = self.store.items(&head.shelf, self.window).await?;
            Ok(Arc::new(Feed::assemble(&self.site, head, items, MAX_AGE)))
        });
        feed.await
    }

    /// The index: every category with its newest items.
    pub async fn index(&self) -> Result<Arc<Printed>, Error> {
        let sheet = Sheet::Index(self.edition().await?);
        let printed = self.sheets.get_or_insert_async(&sheet, async {
            let catalogue = self.catalogue().await?;
            let newest = self.newest(&catalogue).await?;
            let at = catalogue.updated;
            self.render(at, move || format::html::index(&catalogue, &newest)).await
        });
        printed.await
    }

    /// The list of feeds as OPML.
    pub async fn outlines(&self) -> Result<Arc<Printed>, Error> {
        let sheet = Sheet::Outlines(self.edition().await?);
        let printed = self.sheets.get_or_insert_async(&sheet, async {
            let catalogue = self.catalogue().await?;
            let at = catalogue.updated;
            self.render(at, move || format::opml::render(&catalogue)).await
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
            // Said when it begins, not every second.
            if let (Err(error), false) = (&looked, is_away) {
                tracing::error!(%error, "the store does not answer; feeds stay as they are");
            }
            is_away = looked.is_err();
        }
    }

    /// Takes in heads that moved since the last look.
    pub async fn refresh(&self) -> Result<(), Error> {
        let _one_at_a_time = self.looking.lock().await;
        let newest = self.read(Directory::newest);
        let heads = self.titled(self.store.heads(newest).await?);
        self.write(|directory| directory.update(heads));
        Ok(())
    }

    /// Takes in all heads anew, so that shelves that ended are forgotten.
    pub async fn reload(&self) -> Result<(), Error> {
        let _one_at_a_time = self.looking.lock().await;
        self.take_all().await
    }

    /// Makes sure heads were read at least once: before that, nothing can be said to be missing.
    async fn fill(&self) -> Result<(), Error> {
        if self.read(Directory::edition) > 0 {
            return Ok(());
        }
        let _one_at_a_time = self.looking.lock().await;
        // The others of a crowd at the start find it done.
        if self.read(Directory::edition) > 0 { Ok(()) } else { self.take_all().await }
    }

    async fn take_all(&self) -> Result<(), Error> {
        let heads = self.titled(self.store.heads(Revision(0)).await?);
        self.write(|directory| directory.replace(heads));
        Ok(())
    }

    /// The shelf of everything is called as the site is, which the store does not know.
    fn titled(&self, mut heads: Vec<ShelfHead>) -> Vec<ShelfHead> {
        for head in heads.iter_mut().filter(|head| head.shelf == Shelf::All) {
            head.title.clone_from(&self.site.title);
        }
        heads
    }

    async fn edition(&self) -> Result<u64, Error> {
        self.fill().await?;
        Ok(self.read(Directory::edition))
    }

    async fn newest(&self, catalogue: &Catalogue) -> Result<Vec<(ShelfHead, Vec<Item>)>, Error> {
        let window =
            Window { items: NEWEST, age: Duration::ZERO, max: NEWEST, bytes: self.window.bytes };
        let mut newest = Vec::new();
        for head in &catalogue.shelves {
            if matches!(head.shelf, Shelf::Category(_)) {
                newest.push((head.clone(), self.store.items(&head.shelf, window).await?));
            }
        }
        Ok(newest)
    }

    /// Renders off the threads that answer readers, few at a time.
    async fn render(
        &self,
        at: Timestamp,
        render: impl FnOnce() -> Document + Send + 'static,
    ) -> Result<Arc<Printed>, Error> {
        let _place = self.rendering.acquire().await.expect("the semaphore is never closed");
        let printing = tokio::task::spawn_blocking(move || Arc::new(Printed::new(render(), at)));
        printing
            .await
            .map_err(|error| Error::Failed(format!("a document was not written: {error}")))
    }

    fn read<T>(&self, look: impl FnOnce(&Directory) -> T) -> T {
        look(&self.directory.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, change: impl FnOnce(&mut Directory)) {
        change(&mut self.directory.write().unwrap_or_else(PoisonError::into_inner));
    }
}
