//! A store with a clock moved by hand, and polls without a network: what the store's suite is written in.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use feedloom::model::category::Category;
use feedloom::model::draft::{Draft, Refined, Stamp};
use feedloom::model::feed::{Revision, Shelf, ShelfHead, Window};
use feedloom::model::item::{Item, Key, Membership};
use feedloom::model::manners::Rooms;
use feedloom::model::source::{Mark, PollState, Source, SourceId};
use feedloom::model::text::{Query, Text};
use feedloom::model::time::{Offset, Timestamp};
use feedloom::model::view::Selection;
use feedloom::store::sqlite::Sqlite;
use feedloom::store::{Committed, Finish, Known, LEASE, PollLease, Sighting, Slice, Store};

/// Runs promises, functions of a `Place`, on every implementation.
macro_rules! contract {
    ($($promise:ident,)*) => {
        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                super::$promise(super::Place::Memory).await
            })*
        }
        mod in_a_file {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                super::$promise(super::Place::File).await
            })*
        }
    };
}
pub(super) use contract;

/// An implementation, and how its stores are made.
#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    Memory,
    File,
}

/// A store in use.
pub struct House {
    pub store: Arc<dyn Store>,
    pub window: Window,
    folder: tempfile::TempDir,
    now: AtomicI64,
}

/// An entry of a list: what it is called there, and what the adapter saw.
#[derive(Clone)]
pub struct Entry {
    pub name: String,
    pub draft: Draft,
}

pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3600);
pub const DAY: Duration = Duration::from_secs(24 * 3600);

impl House {
    pub async fn new(place: Place) -> House {
        House::with_lease(place, LEASE).await
    }

    pub async fn with_lease(place: Place, lease: Duration) -> House {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("data/feedloom.db");
        let at = match place {
            Place::Memory => ":memory:",
            Place::File => file.to_str().expect("a path in UTF-8"),
        };
        let store = Arc::new(Sqlite::open(at, lease).await.expect("a fresh store"));
        let now = AtomicI64::new(1_795_000_000_000);
        House { store, window: Window { age: Duration::ZERO, ..Window::default() }, folder, now }
    }

    /// Closes the store and opens it again.
    pub async fn restart(mut self) -> House {
        self.store = Arc::new(Sqlite::open(":memory:", LEASE).await.expect("a stand-in"));
        let url = format!("sqlite:{}", self.folder.path().join("data/feedloom.db").display());
        self.store = feedloom::store::open(&url).await.expect("the same file");
        self
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::Relaxed), Offset::UTC).expect("our time")
    }

    pub fn pass(&self, span: Duration) {
        self.now.fetch_add(span.as_millis() as i64, Ordering::Relaxed);
    }

    /// Sets the clock back.
    pub fn now_back(&self, span: Duration) {
        self.now.fetch_sub(span.as_millis() as i64, Ordering::Relaxed);
    }

    /// What upstream writes for a time so long ago.
    pub fn ago(&self, span: Duration) -> Stamp {
        let at = self.now().minus(span).at(Offset::CHINA);
        Stamp::detect(
            Timestamp::from_seconds(at.seconds(), at.offset()).expect("our time").rfc3339(),
        )
    }

    pub async fn enroll(&self, sources: &[Source]) {
        self.enroll_with(sources, &[]).await;
    }

    pub async fn enroll_with(&self, sources: &[Source], categories: &[Category]) {
        let sources: Vec<Source> =
            (0..).zip(sources).map(|(rank, source)| Source { rank, ..source.clone() }).collect();
        self.store.enroll(&sources, categories, self.window, self.now()).await.expect("enrolled");
    }

    pub async fn claim(&self, source: &Source) -> PollLease {
        let only = [source.id.clone()];
        let claimed = self
            .store
            .claim_due(self.now(), 1, Some(&only), &Rooms::default())
            .await
            .expect("claimed");
        claimed.taken.into_iter().next().expect("the source is free")
    }

    /// One poll as ingest does it: what is known and unchanged is not sent; ten minutes pass after.
    pub async fn poll(&self, source: &Source, entries: &[Entry]) -> Committed {
        self.poll_with(source, entries, Finish::default()).await
    }

    /// A poll of a list that is all there is.
    pub async fn poll_whole(&self, source: &Source, entries: &[Entry]) -> Committed {
        self.poll_with(source, entries, Finish { whole: true, ..Finish::default() }).await
    }

    pub async fn poll_with(&self, source: &Source, entries: &[Entry], finish: Finish) -> Committed {
        let lease = self.claim(source).await;
        let known = self.known(source, entries).await;
        let mut sightings = Vec::new();
        for (entry, known) in entries.iter().zip(known) {
            if known != Known::Same {
                let detailed = matches!(known, Known::New | Known::Changed { elsewhere: false });
                sightings.push(self.sight(source, entry, detailed));
            }
        }
        let answer = Some(entries.iter().map(|entry| entry.mark().key).collect());
        let finish = Some(Finish { succeeded: true, answer, ..finish });
        let slice = Slice { sightings, finish, ..Slice::default() };
        let committed = self.store.commit_poll(&lease, slice, self.now()).await.expect("committed");
        self.pass(10 * MINUTE);
        committed
    }

    pub fn sight(&self, source: &Source, entry: &Entry, detailed: bool) -> Sighting {
        let refined = entry.draft.clone().refine(source, self.now());
        Sighting { mark: entry.mark(), refined, detailed }
    }

    pub async fn known(&self, source: &Source, entries: &[Entry]) -> Vec<Known> {
        let marks: Vec<(Mark, Vec<Key>)> =
            entries.iter().map(|entry| (entry.mark(), self.keys(source, entry))).collect();
        let known = self.store.known(&source.id, &marks).await.expect("known");
        entries.iter().map(|entry| known[&entry.mark().key]).collect()
    }

    fn keys(&self, source: &Source, entry: &Entry) -> Vec<Key> {
        match entry.draft.clone().refine(source, self.now()) {
            Refined::Item(candidate) => candidate.keys.clone(),
            _ => Vec::new(),
        }
    }

    pub async fn items(&self, shelf: &Shelf) -> Vec<Item> {
        self.within(shelf, self.window).await
    }

    pub async fn within(&self, shelf: &Shelf, window: Window) -> Vec<Item> {
        self.store.select(&Selection::of(shelf.clone(), window)).await.expect("items")
    }

    pub async fn all(&self) -> Vec<Item> {
        self.items(&Shelf::All).await
    }

    pub async fn only(&self) -> Item {
        let mut items = self.all().await;
        assert_eq!(items.len(), 1, "{:?}", titles(&items));
        items.remove(0)
    }

    pub async fn titles(&self, shelf: &Shelf) -> Vec<String> {
        titles(&self.items(shelf).await)
    }

    pub async fn heads(&self) -> Vec<ShelfHead> {
        self.store.heads(Revision(0)).await.expect("heads")
    }

    /// Lets the search index follow the log to its end.
    pub async fn index(&self) {
        while self.store.index(100).await.expect("indexed") {}
    }

    /// The titles of what is found, newest first.
    pub async fn find(&self, words: &str) -> Vec<String> {
        self.find_on(&Shelf::All, words, 10_000).await
    }

    pub async fn find_on(&self, shelf: &Shelf, words: &str, most: usize) -> Vec<String> {
        let query = Query::read(words).expect("something to look for");
        let found = self.store.select(&Selection::found(query, shelf.clone(), most)).await;
        titles(&found.expect("found"))
    }

    pub async fn head(&self, shelf: &Shelf) -> ShelfHead {
        let heads = self.heads().await;
        heads.into_iter().find(|head| head.shelf == *shelf).expect("the shelf is listed")
    }

    /// The shelf of the category called so.
    pub async fn category(&self, title: &str) -> Shelf {
        let heads = self.heads().await;
        let named =
            |head: &&ShelfHead| head.title == title && matches!(head.shelf, Shelf::Category(_));
        heads.iter().find(named).expect("the category is listed").shelf.clone()
    }

    pub async fn state(&self, source: &Source) -> PollState {
        let states = self.store.states().await.expect("states");
        states.into_iter().find(|(id, _)| *id == source.id).expect("it is enrolled").1
    }

    /// The newest revision anything shows.
    pub fn revision(&self) -> Revision {
        *self.store.grown().borrow()
    }
}

pub fn titles(items: &[Item]) -> Vec<String> {
    items.iter().map(|item| item.title.as_str().to_owned()).collect()
}

/// Names of the categories an item stands in.
pub fn names(item: &Item) -> Vec<&str> {
    item.category_names().collect()
}

pub fn source(id: &str) -> Source {
    let url = format!("https://{id}.example/feed").parse().expect("a good address");
    Source::new(SourceId::new(id).expect("a good id"), url)
}

/// A source that files its items under these.
pub fn filed(id: &str, categories: &[&str]) -> Source {
    Source { categories: categories.iter().map(|name| name.to_string()).collect(), ..source(id) }
}

pub fn category(name: &str) -> Category {
    Category { name: name.to_owned(), ..Category::default() }
}

/// One source, enrolled.
pub async fn one_source(place: Place) -> (House, Source) {
    let (house, a) = (House::new(place).await, source("a"));
    house.enroll(std::slice::from_ref(&a)).await;
    (house, a)
}

/// An entry with guid, link and title made from `name`.
pub fn entry(name: &str) -> Entry {
    Entry {
        name: name.to_owned(),
        draft: Draft {
            guid: Some(format!("guid-{name}")),
            link: Some(format!("https://a.example/{name}")),
            title: Some(Text::plain(name)),
            content: Some(Text::html(format!("<p>The words of {name}.</p>"))),
            ..Draft::default()
        },
    }
}

impl Entry {
    /// What the adapter calls it, and how it looks, times left out.
    pub fn mark(&self) -> Mark {
        let looks = format!("{:?}", Draft { published: None, updated: None, ..self.draft.clone() });
        Mark::new(&self.name, [looks.as_str()])
    }

    pub fn guid(mut self, guid: Option<&str>) -> Entry {
        self.draft.guid = guid.map(str::to_owned);
        self
    }

    pub fn link(mut self, link: Option<&str>) -> Entry {
        self.draft.link = link.map(str::to_owned);
        self
    }

    pub fn title(mut self, title: &str) -> Entry {
        self.draft.title = Some(Text::plain(title));
        self
    }

    pub fn content(mut self, content: Option<&str>) -> Entry {
        self.draft.content = content.map(Text::html);
        self
    }

    pub fn published(mut self, at: Stamp) -> Entry {
        self.draft.published = Some(at);
        self
    }

    pub fn category(mut self, name: &str, alias: Option<&str>) -> Entry {
        let alias = alias.map(str::to_owned);
        self.draft.categories.push(Membership { name: name.to_owned(), alias });
        self
    }

    pub fn dropped(mut self, rule: &str) -> Entry {
        self.draft.dropped = Some(rule.to_owned());
        self
    }
}
