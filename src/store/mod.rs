//! What is remembered: sources, items, shelves, and the log that orders all changes.
//!
//! Each method of `Store` is one unit of work, atomic and durable when it returns. The contract
//! is a test suite (`tests/it/contract/store.rs`) that every implementation passes; what decides
//! rather than remembers stands in `law`, so that no two of them can differ.
//!
//! A store asks no clock but its own for leases, sends nothing, and renders nothing.

pub mod explain;
pub mod followers;
pub mod law;
pub mod sqlite;
pub mod subscriptions;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::model::category::Category;
use crate::model::cause::Cause;
use crate::model::cut::{Cursor, Since};
use crate::model::digest::Digests;
use crate::model::draft::Refined;
use crate::model::feed::{Archive, Headline, Revision, Shelf, ShelfHead, Tombstone, Window};
use crate::model::hub::{Callback, Hub};
use crate::model::item::{Item, ItemId, Key};
use crate::model::manners::Rooms;
use crate::model::pause::Pause;
use crate::model::rhythm::Rhythm;
use crate::model::source::{KeyRule, Mark, PollState, Source, SourceId, Validators};
use crate::model::status::Day;
use crate::model::time::Timestamp;
use crate::model::view::Selection;
use crate::model::whereabouts::Whereabouts;

use explain::{Explanation, Name};
use followers::Followers;
use subscriptions::Subscriptions;

/// Opens the store at `url`: `sqlite:PATH` or `sqlite::memory:`. What does not exist yet is made, its folder included.
///
/// # Errors
/// `Error::Unusable` when the address is none of these, or what stands there is not ours, is
/// damaged, or was written by a newer release. Nothing is overwritten then.
pub async fn open(url: &str) -> Result<Arc<dyn Everything>, Error> {
    match url.split_once(':') {
        Some(("sqlite", place)) if !place.is_empty() => {
            Ok(Arc::new(sqlite::Sqlite::open(place, LEASE).await?))
        }
        _ => Err(Error::Unusable(format!(
            "`{url}` is no address of a store: write `sqlite:PATH`, such as `sqlite:data/feedloom.db`, or `sqlite::memory:`"
        ))),
    }
}

/// A store as it is opened: items, and who is told of them.
pub trait Everything: Store + Subscriptions + Followers {}

impl<S: Store + Subscriptions + Followers> Everything for S {}

/// Remembers. All times come from the caller but one: leases expire by the store's own clock.
///
/// Nothing is half done: a method that fails has changed nothing, and one that returned has made
/// its change last. Revisions strictly grow in the order in which readers can see them.
#[async_trait]
pub trait Store: Send + Sync {
    /// Takes what the file says: sources come, change and go (their items stay readable), categories
    /// get shelves, titles and aliases. Idempotent: the same file again takes no revision. A namespace,
    /// category list or order of sources that changed refiles items quietly.
    async fn enroll(
        &self,
        sources: &[Source],
        categories: &[Category],
        window: Window,
        now: Timestamp,
    ) -> Result<(), Error>;

    /// Leases at most `limit` sources that are due, one of a namespace at a time and no more of a host
    /// than there is room for, the longest due first and the file's order between equals. `only` restricts
    /// to these sources, due or not. A host that asked to be left alone is.
    async fn claim_due(
        &self,
        now: Timestamp,
        limit: usize,
        only: Option<&[SourceId]>,
        rooms: &Rooms,
    ) -> Result<Claimed, Error>;

    /// Gives back a lease that was not used; one that was lost is left to who has it.
    async fn release(&self, lease: &PollLease) -> Result<(), Error>;

    /// Puts off polls that are overdue; one that is not any more, or under way, stays as it is.
    async fn postpone(&self, until: &[(SourceId, Timestamp)], now: Timestamp) -> Result<(), Error>;

    /// Puts right what was noted by a clock that was ahead, where it says that a source was polled later
    /// than now: it waits as long as it was to wait then. Answers how many there were.
    async fn put_back(&self, now: Timestamp) -> Result<usize, Error>;

    /// Makes a source due, now and when a poll under way ends, unless it is gone for good.
    async fn hasten(&self, source: &SourceId, now: Timestamp) -> Result<(), Error>;

    /// Hubs of sources that are to be asked by now to push to us, or to go on, at most so many.
    async fn unsubscribed(&self, now: Timestamp, most: usize) -> Result<Unsubscribed, Error>;

    /// Remembers an address of ours before its hub is told, which counts as a refusal until the hub says
    /// that it means it; `again` is when it is asked anew if it does not. Those it did not take up before
    /// are forgotten. Answers whether the source still names that hub; if not, nothing is remembered.
    async fn offer(&self, callback: &Callback, again: Timestamp) -> Result<bool, Error>;

    /// An address of ours that a hub of an enrolled source knows.
    async fn callback(&self, token: &str) -> Result<Option<Callback>, Error>;

    /// Begins the lease of an address; those the source had before end within the hour. The hub is asked to
    /// go on at `renew`.
    async fn verify(
        &self,
        token: &str,
        until: Timestamp,
        renew: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error>;

    /// Notes that a hub will not use an address, and forgets it; one that has a lease stays.
    async fn refuse(&self, token: &str, why: &str) -> Result<(), Error>;

    /// What a source's last full answer showed. Apart from its lease, since most polls bring nothing new.
    async fn last_answer(&self, source: &SourceId) -> Result<LastAnswer, Error>;

    /// What is known of these entries of a source's list, by the key of their mark.
    async fn known(
        &self,
        source: &SourceId,
        marks: &[(Mark, Vec<Key>)],
    ) -> Result<HashMap<u64, Known>, Error>;

    /// Commits one slice of a poll: sightings become items, log rows and heads in one transaction.
    /// With `finish` the poll is over: validators and next poll are stored, the lease is released.
    /// Without it the lease begins anew; an empty slice does that alone.
    ///
    /// Sightings stand in the list's order. An entry that is no item leaves an item it was before as
    /// it is, unless its author took it back or put it off, and an entry whose detail was not asked
    /// now keeps the body and all else only an earlier detail gave: a bad answer never takes anything
    /// down.
    ///
    /// A new item that tells the story of an earlier one of another namespace (`model::twin`) is
    /// published and logged like any other, but on each shelf that is no source's own the one seen
    /// first stands for it, and names it (`Record::also`); that one is logged as refiled, quietly.
    ///
    /// # Errors
    /// `Error::LeaseLost` when another holder took the source meanwhile, or the file lost it; nothing
    /// is written then.
    async fn commit_poll(
        &self,
        lease: &PollLease,
        slice: Slice,
        now: Timestamp,
    ) -> Result<Committed, Error>;

    /// Shelves whose head is past `after`, all of them for revision zero: everything first, then
    /// categories, then sources, in the file's order, and digests, titled as what they are of. A shelf the
    /// file does not name is among them while it has items.
    async fn heads(&self, after: Revision) -> Result<Vec<ShelfHead>, Error>;

    /// The newest `most` headlines of each of these shelves, without reading bodies.
    async fn headlines(&self, shelves: &[Shelf], most: usize) -> Result<Vec<Vec<Headline>>, Error>;

    /// What the feed of a shelf shows: its window, as far as bodies have room, and all that is in no
    /// closed page of its archive. An unknown shelf is empty.
    async fn feed(&self, shelf: &Shelf, window: Window) -> Result<Fed, Error>;

    /// What a selection shows, the newest first; of several shelves each item once. What of them that
    /// is says `model::feed::within`; bodies are counted against `window.bytes`, though the newest item
    /// always comes. An unknown shelf is empty. Items that stand behind a twin are on their source's own
    /// shelf alone; there no twins are named.
    ///
    /// With a query it is what `Query::matches` of `Matter::searched`, as far as the index has followed
    /// the log, and of the newest 500 items it has not come to. What is withdrawn is not found; a query
    /// whose hits are nearly all withdrawn and not yet out of the index may find fewer than there are.
    async fn select(&self, selection: &Selection) -> Result<Vec<Item>, Error>;

    /// A closed page of a shelf's archive, and its neighbours; none when there is none, or when nothing
    /// of it is kept. No item is on two pages, and each that is kept is on one, or in the feed.
    async fn page(&self, shelf: &Shelf, page: u64) -> Result<Option<(Archive, Vec<Item>)>, Error>;

    /// Items whose last change that is not quiet came since, at most `most` of the earliest, shown
    /// newest first, and where to go on; whoever goes on there misses nothing. None when a cursor is
    /// not of this log: it was restored, or what stood there is pruned.
    async fn since(
        &self,
        shelves: &[Shelf],
        since: Since,
        most: usize,
    ) -> Result<Option<News>, Error>;

    /// The cursor of a revision, to be handed out.
    async fn mark(&self, revision: Revision) -> Result<Cursor, Error>;

    /// One item; none when it is unknown, withdrawn or pruned.
    async fn item(&self, id: ItemId) -> Result<Option<Item>, Error>;

    /// The item upstream calls so (its guid), in whatever namespace; none when readers don't see it.
    async fn named(&self, guid: &str) -> Result<Option<ItemId>, Error>;

    /// The articles an item's body links to, as far as readers find them here: newest first, of the
    /// same namespace, at most a handful. It does not matter which of two came first.
    async fn related(&self, id: ItemId) -> Result<Vec<Item>, Error>;

    /// Lets the search index follow the log, at most so many rows, which it does in a short unit of work.
    /// Answers whether more is waiting. It loses no row, wherever it is cut off, and begins anew by
    /// itself when terms are made by other rules.
    async fn index(&self, most: usize) -> Result<bool, Error>;

    /// Writes digests that are due, at most so many, each in a unit of work of its own. A digest is an
    /// item on a shelf of digests and on no other, and is not found by searching. It is of what was
    /// first logged, not quietly, between the revisions of two cuts, as far as that stands there now;
    /// where nothing does, there is none. Cuts that were missed are made up, in their order, and none is
    /// written twice, wherever it was broken off. The first time there are any, it begins with the day
    /// and the week that are running.
    async fn digest(
        &self,
        digests: &Digests,
        now: Timestamp,
        most: usize,
    ) -> Result<Digested, Error>;

    /// What is remembered of every enrolled source, in the file's order.
    async fn states(&self) -> Result<Vec<(SourceId, PollState)>, Error>;

    /// What sources did on their last days, for the status page.
    async fn days(&self) -> Result<HashMap<SourceId, Vec<Day>>, Error>;

    /// Why the item that is called so is where it is, whatever became of it; and entries called so that
    /// are no items. Empty when nothing is known.
    async fn explain(&self, name: &Name) -> Result<Explanation, Error>;

    /// Takes an item down for good: it leaves every output, and no source brings it back. Answers its id,
    /// and whether it was there until now; none when there is no such item.
    async fn withdraw(&self, name: &Name, now: Timestamp) -> Result<Option<(ItemId, bool)>, Error>;

    /// Whether an item was here once and was withdrawn.
    async fn was_withdrawn(&self, id: ItemId) -> Result<bool, Error>;

    /// Forgets items first seen longer ago than their source keeps them; never one in a window or in
    /// its source's last answer. Their keys stay, so that none rises again. Answers how many went.
    async fn prune(&self, now: Timestamp) -> Result<u64, Error>;

    /// Whether it answers.
    async fn ping(&self) -> Result<(), Error>;

    /// Tells of new revisions: a hint, never the truth.
    fn grown(&self) -> watch::Receiver<Revision>;
}

/// What a feed shows, as of one moment.
#[derive(Clone, Debug, Default)]
pub struct Fed {
    /// The newest first.
    pub items: Vec<Item>,
    /// The newest closed page of its archive.
    pub older: Option<u64>,
    /// Items that would stand in it, had they not been withdrawn: what readers are told of them.
    pub tombstones: Vec<Tombstone>,
}

/// What came since a reader last asked.
#[derive(Clone, Debug)]
pub struct News {
    /// The newest first.
    pub items: Vec<Item>,
    /// Where to go on.
    pub cursor: Cursor,
}

/// Digests that were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digested {
    /// How many.
    pub written: usize,
    /// Whether to ask again: others may be due.
    pub has_more: bool,
}

/// Sources taken under lease.
#[derive(Debug, Default)]
pub struct Claimed {
    /// Taken.
    pub taken: Vec<PollLease>,
    /// When to look again: when the next one is due or another holder's lease ends. None when the
    /// limit was reached, since whatever is left waits for one to finish and not for a time.
    pub next: Option<Timestamp>,
}

/// Hubs that are to be asked to push to us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unsubscribed {
    /// Those it is time for.
    pub wanted: Vec<Wanted>,
    /// When it is time for the next one.
    pub next: Option<Timestamp>,
}

/// A hub that is to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// For which source.
    pub source: SourceId,
    /// The hub, and the topic.
    pub hub: Hub,
    /// How often in a row it was asked in vain.
    pub refusals: u32,
}

/// The right to poll one source, until it expires.
#[derive(Clone, Debug)]
pub struct PollLease {
    /// The source.
    pub source: SourceId,
    /// Fencing token: a later lease has a larger one, and only the newest may write.
    pub token: i64,
    /// What we remember of it, but for how many items it has.
    pub state: PollState,
    /// How many entries its last full answer had.
    pub answered: usize,
}

/// What a source's last full answer showed.
#[derive(Clone, Debug, Default)]
pub struct LastAnswer {
    /// The marks' keys, sorted.
    pub keys: Vec<u64>,
    /// Entries whose detail is still to be asked, by the key of their mark, and how often that failed.
    pub owed: HashMap<u64, u32>,
}

/// What is known of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Never seen.
    New,
    /// Seen, and its looks are as they were.
    Same,
    /// Seen, and its looks changed. `elsewhere` tells that another list of the namespace asked its detail since.
    Changed {
        /// Its detail is newer than our last look.
        elsewhere: bool,
    },
    /// New here, but another list of the namespace has the item already: no detail is asked.
    Elsewhere,
    /// As `Elsewhere`, but only its link tells: its identifier is new.
    Renamed,
}

/// One entry as this poll saw it.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// Its name and looks in the list.
    pub mark: Mark,
    /// What became of it.
    pub refined: Refined,
    /// Whether its detail was asked in this poll.
    pub detailed: bool,
}

/// A part of a poll's result.
#[derive(Clone, Debug, Default)]
pub struct Slice {
    /// In the list's order.
    pub sightings: Vec<Sighting>,
    /// Keys of the marks whose detail could not be had; each counts one failure more. A sighting of
    /// the same mark, now or later, settles the debt.
    pub owed: Vec<u64>,
    /// Set in the last slice.
    pub finish: Option<Finish>,
}

/// How a poll ended.
#[derive(Clone, Debug, Default)]
pub struct Finish {
    /// Whether upstream answered in a way we could use (304 included).
    pub succeeded: bool,
    /// Whether an answer that could not be used is no failure either: it said that there is nothing to say.
    pub is_soft: bool,
    /// Validators to send next time; none keeps the stored ones, and means after a success that the
    /// listing is not taken to its end.
    pub validators: Option<Vec<Validators>>,
    /// The marks' keys of the whole answer; none keeps the stored ones (304, failure).
    pub answer: Option<Vec<u64>>,
    /// Whether items missing from `answer` are withdrawn. Only with an `answer`.
    pub whole: bool,
    /// When to poll next.
    pub due: Option<Timestamp>,
    /// A host that is to be left alone until some time, whoever asks.
    pub hold: Option<Hold>,
    /// What is wrong, in plain words.
    pub trouble: Option<String>,
    /// And by kind.
    pub cause: Option<Cause>,
    /// Whether the answer shows nothing of the one before it.
    pub missed: bool,
    /// Entries that could not be used, in plain words.
    pub problems: Vec<String>,
    /// The document's own title.
    pub title: Option<String>,
    /// The document's own identifier; the first one a source has is kept.
    pub id: Option<String>,
    /// The key rule this poll taught; none keeps the stored one.
    pub learned: Option<KeyRule>,
    /// Whether most of what is known came under new identifiers. Only with an `answer`.
    pub renamed: bool,
    /// The hub the document names, where it may push to us. Only with an `answer`.
    pub hub: Option<Hub>,
    /// When the document does not want to be asked for. With an `answer` it replaces the stored one, which
    /// stays without: a 304 says nothing of it.
    pub pause: Pause,
    /// How often something new comes; none keeps what is stored.
    pub rhythm: Option<Rhythm>,
    /// Where it is asked; none keeps what is stored.
    pub whereabouts: Option<Whereabouts>,
}

/// A host that is to be left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its name.
    pub host: String,
    /// Until then.
    pub until: Timestamp,
}

/// What a commit did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// The newest revision; zero when nothing was written that readers could see.
    pub revision: Revision,
    /// Items published.
    pub published: usize,
    /// Items updated or refiled.
    pub updated: usize,
    /// Items withdrawn.
    pub withdrawn: usize,
}

/// Bytes nobody guesses.
///
/// # Errors
/// When the system has none.
pub fn random<const BYTES: usize>() -> Result<[u8; BYTES], Error> {
    let mut random = [0; BYTES];
    getrandom::fill(&mut random)
        .map_err(|error| Error::Failed(format!("the system has no randomness: {error}")))?;
    Ok(random)
}

/// The same as text.
///
/// # Errors
/// As above.
pub fn unguessable<const BYTES: usize>() -> Result<String, Error> {
    Ok(random::<BYTES>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// How long a lease lasts without a commit.
pub const LEASE: Duration = Duration::from_secs(120);

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another holder took the source meanwhile.
    #[error("the lease on source `{0}` was lost")]
    LeaseLost(SourceId),
    /// The store cannot be used as it is; a person has to look.
    #[error("{0}")]
    Unusable(String),
    /// It did not work this time.
    #[error("{0}")]
    Failed(String),
}
