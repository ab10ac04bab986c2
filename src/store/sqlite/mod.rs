//! The embedded store: one SQLite file, one writer, a few readers.
//!
//! Each method hands one unit of work to the writer's thread or to a reading connection; what the
//! unit does stands in a file of its own. In WAL mode readers never wait for the writer, and
//! `synchronous = FULL` makes a commit outlive a power cut. In memory everything goes through
//! the one connection.
//!
//! ```text
//! file, schema, writer, reader       the connections
//! enroll · claim · known · commit    what ingest asks
//! read · feed · select · search · since    what readers ask
//! subscription · follower · changes · deliveries    what deliveries ask
//! index · prune · digest             care
//! cut, arrivals                        what digests are made of
//! change, window, shelf, membership, article, sighting, finish, twin, story    what these are made of
//! row, statement, fault              how values, statements and errors look here
//! ```

mod archive;
mod arrivals;
mod article;
mod callback;
mod change;
mod changes;
mod claim;
mod commit;
mod cut;
mod deliveries;
mod digest;
mod enroll;
mod explain;
mod fault;
mod feed;
mod file;
mod finish;
mod follower;
mod index;
mod known;
mod membership;
mod prune;
mod read;
mod reader;
mod row;
mod schema;
mod search;
mod select;
mod shelf;
mod sighting;
mod since;
mod statement;
mod story;
mod subscription;
mod twin;
mod window;
mod writer;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;
use tokio::sync::watch;

use change::Change;
use statement::Statement;

use super::explain::{Explanation, Name};
use super::{
    Claimed, Committed, Digested, Error, Fed, Known, LastAnswer, News, PollLease, Slice, Store,
    Unsubscribed,
};
use crate::model::category::Category;
use crate::model::cut::{Cursor, Since};
use crate::model::digest::Digests;
use crate::model::feed::{Archive, Headline, Revision, Shelf, ShelfHead, Window};
use crate::model::hub::Callback;
use crate::model::item::{Item, ItemId, Key};
use crate::model::manners::Rooms;
use crate::model::source::{Mark, PollState, Source, SourceId};
use crate::model::status::Day;
use crate::model::time::Timestamp;
use crate::model::view::Selection;

/// A store in one file, or in memory.
pub struct Sqlite {
    writer: writer::Writer,
    readers: Option<reader::Readers>,
    lease: Duration,
    grown: watch::Sender<Revision>,
    // Last, so that the file is closed before anyone else may think himself alone.
    _presence: Option<file::Presence>,
}

impl Sqlite {
    /// Opens the file at `place`, made when there is none; `:memory:` for one that is forgotten with
    /// the store. Leases last `lease` without a commit.
    ///
    /// # Errors
    /// `Error::Unusable` for a file that is not ours, damaged or newer; nothing is written to it.
    pub async fn open(place: &str, lease: Duration) -> Result<Sqlite, Error> {
        let place = place.to_owned();
        let open = move || match place.as_str() {
            ":memory:" => Sqlite::in_memory(lease),
            path => Sqlite::in_file(Path::new(path), lease),
        };
        joined(tokio::task::spawn_blocking(open).await)?
    }

    fn in_memory(lease: Duration) -> Result<Sqlite, Error> {
        file::check_library()?;
        Sqlite::on(file::open_memory()?, None, None, lease)
    }

    fn in_file(path: &Path, lease: Duration) -> Result<Sqlite, Error> {
        file::check_library()?;
        let connection = file::open(path)?;
        let presence = file::Presence::claim(path)?;
        presence.admit(|| {
            claim::release_all(&connection)?;
            subscription::release_all(&connection)?;
            follower::release_all(&connection)
        })?;
        let readers = reader::Readers::open(path)?;
        Sqlite::on(connection, Some(readers), Some(presence), lease)
    }

    fn on(
        connection: Connection,
        readers: Option<reader::Readers>,
        presence: Option<file::Presence>,
        lease: Duration,
    ) -> Result<Sqlite, Error> {
        let grown = watch::Sender::new(change::newest(&connection)?);
        let writer = writer::Writer::start(connection)?;
        Ok(Sqlite { writer, readers, lease, grown, _presence: presence })
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.writer.submit(work).await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match &self.readers {
            Some(readers) => readers.read(work).await,
            None => self.writer.submit(work).await,
        }
    }

    /// Tells of a revision, unless a later one was told already.
    fn tell(&self, revision: Revision) {
        self.grown.send_if_modified(|newest| {
            let grew = revision > *newest;
            *newest = revision.max(*newest);
            grew
        });
    }
}

fn withdraw(
    connection: &Connection,
    name: &Name,
    now: Timestamp,
) -> Result<(Option<(ItemId, bool)>, Revision), Error> {
    let mut change = Change::begin(connection, now, false)?;
    let answer = match explain::find(connection, name)? {
        Some(item) => {
            let was_there = article::take_down(&mut change, item)?;
            let id =
                connection.one("SELECT id FROM item WHERE row = ?", [item], |row| row.get(0))?;
            Some((ItemId::recall(id), was_there))
        }
        None => None,
    };
    Ok((answer, change.settle()?.revision))
}

fn joined<T>(outcome: Result<T, tokio::task::JoinError>) -> Result<T, Error> {
    outcome.map_err(|error| Error::Failed(format!("the store did not finish: {error}")))
}

#[async_trait]
impl Store for Sqlite {
    async fn enroll(
        &self,
        sources: &[Source],
        categories: &[Category],
        window: Window,
        now: Timestamp,
    ) -> Result<(), Error> {
        let (sources, categories) = (sources.to_vec(), categories.to_vec());
        let enroll = move |connection: &Connection| {
            enroll::enroll(connection, &sources, &categories, window, now)
        };
        let revision = self.write(enroll).await?;
        self.tell(revision);
        Ok(())
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        limit: usize,
        only: Option<&[SourceId]>,
        rooms: &Rooms,
    ) -> Result<Claimed, Error> {
        let (only, lease) = (only.map(<[SourceId]>::to_vec), self.lease);
        let mut rooms = rooms.clone();
        let claim = move |connection: &Connection| {
            claim::claim(connection, now, limit, only.as_deref(), &mut rooms, lease)
        };
        self.write(claim).await
    }

    async fn release(&self, lease: &PollLease) -> Result<(), Error> {
        let right = commit::Right::of(lease);
        self.write(move |connection| Ok(claim::release(connection, &right)?)).await
    }

    async fn postpone(&self, until: &[(SourceId, Timestamp)], now: Timestamp) -> Result<(), Error> {
        let until = until.to_vec();
        self.write(move |connection| claim::postpone(connection, &until, now)).await
    }

    async fn put_back(&self, now: Timestamp) -> Result<usize, Error> {
        self.write(move |connection| claim::put_back(connection, now)).await
    }

    async fn hasten(&self, source: &SourceId, now: Timestamp) -> Result<(), Error> {
        let source = source.clone();
        self.write(move |connection| Ok(callback::hasten(connection, &source, now)?)).await
    }

    async fn unsubscribed(&self, now: Timestamp, most: usize) -> Result<Unsubscribed, Error> {
        self.read(move |connection| callback::unsubscribed(connection, now, most)).await
    }

    async fn offer(&self, callback: &Callback, again: Timestamp) -> Result<bool, Error> {
        let callback = callback.clone();
        self.write(move |connection| callback::offer(connection, &callback, again)).await
    }

    async fn callback(&self, token: &str) -> Result<Option<Callback>, Error> {
        let token = token.to_owned();
        self.read(move |connection| callback::find(connection, &token)).await
    }

    async fn verify(
        &self,
        token: &str,
        until: Timestamp,
        renew: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        let token = token.to_owned();
        self.write(move |connection| callback::verify(connection, &token, until, renew, now)).await
    }

    async fn refuse(&self, token: &str, why: &str) -> Result<(), Error> {
        let (token, why) = (token.to_owned(), why.to_owned());
        self.write(move |connection| callback::refuse(connection, &token, &why)).await
    }

    async fn last_answer(&self, source: &SourceId) -> Result<LastAnswer, Error> {
        let source = source.clone();
        self.read(move |connection| Ok(claim::last_answer(connection, &source)?)).await
    }

    async fn known(
        &self,
        source: &SourceId,
        marks: &[(Mark, Vec<Key>)],
    ) -> Result<HashMap<u64, Known>, Error> {
        let (source, marks) = (source.clone(), marks.to_vec());
        self.read(move |connection| known::known(connection, &source, &marks)).await
    }

    async fn commit_poll(
        &self,
        lease: &PollLease,
        slice: Slice,
        now: Timestamp,
    ) -> Result<Committed, Error> {
        let right = commit::Right::of(lease);
        if commit::is_still(&slice)
            && let Some(finish) = slice.finish
        {
            let end =
                move |connection: &Connection| Ok(commit::still(connection, &right, &finish, now)?);
            return self.writer.submit_sure(end).await?;
        }
        let anew = self.lease;
        let commit =
            move |connection: &Connection| commit::commit(connection, &right, slice, now, anew);
        let committed = self.write(commit).await?;
        self.tell(committed.revision);
        Ok(committed)
    }

    async fn heads(&self, after: Revision) -> Result<Vec<ShelfHead>, Error> {
        self.read(move |connection| read::heads(connection, after)).await
    }

    async fn headlines(&self, shelves: &[Shelf], most: usize) -> Result<Vec<Vec<Headline>>, Error> {
        let shelves = shelves.to_vec();
        self.read(move |connection| read::headlines(connection, &shelves, most)).await
    }

    async fn feed(&self, shelf: &Shelf, window: Window) -> Result<Fed, Error> {
        let shelf = shelf.clone();
        self.read(move |connection| feed::feed(connection, &shelf, window)).await
    }

    async fn select(&self, selection: &Selection) -> Result<Vec<Item>, Error> {
        let selection = selection.clone();
        self.read(move |connection| select::select(connection, &selection)).await
    }

    async fn page(&self, shelf: &Shelf, page: u64) -> Result<Option<(Archive, Vec<Item>)>, Error> {
        let shelf = shelf.clone();
        self.read(move |connection| archive::page(connection, &shelf, page)).await
    }

    async fn since(
        &self,
        shelves: &[Shelf],
        since: Since,
        most: usize,
    ) -> Result<Option<News>, Error> {
        let shelves = shelves.to_vec();
        self.read(move |connection| since::since(connection, &shelves, since, most)).await
    }

    async fn mark(&self, revision: Revision) -> Result<Cursor, Error> {
        self.read(move |connection| Ok(since::mark(connection, revision)?)).await
    }

    async fn item(&self, id: ItemId) -> Result<Option<Item>, Error> {
        self.read(move |connection| read::item(connection, id)).await
    }

    async fn named(&self, guid: &str) -> Result<Option<ItemId>, Error> {
        let key = Key::guid(guid);
        self.read(move |connection| read::named(connection, &key)).await
    }

    async fn related(&self, id: ItemId) -> Result<Vec<Item>, Error> {
        self.read(move |connection| read::related(connection, id)).await
    }

    async fn states(&self) -> Result<Vec<(SourceId, PollState)>, Error> {
        self.read(read::states).await
    }

    async fn days(&self) -> Result<HashMap<SourceId, Vec<Day>>, Error> {
        self.read(read::days).await
    }

    async fn index(&self, most: usize) -> Result<bool, Error> {
        let read = self.read(move |connection| index::read(connection, most)).await?;
        let has_more = read.has_more;
        if !read.is_empty() {
            self.write(move |connection| index::write(connection, read)).await?;
        }
        Ok(has_more)
    }

    async fn digest(
        &self,
        digests: &Digests,
        now: Timestamp,
        most: usize,
    ) -> Result<Digested, Error> {
        let digests = Arc::new(digests.clone());
        let known = digests.clone();
        let due = self.write(move |connection| cut::due(connection, &known, now)).await?;
        let Some(due) = due else { return Ok(Digested::default()) };
        let known = digests.clone();
        let owners =
            self.read(move |connection| arrivals::gather(connection, &known, &due)).await?;
        let mut written = 0;
        for owner in owners {
            if written == most {
                return Ok(Digested { written, has_more: true });
            }
            let known = digests.clone();
            let write =
                move |connection: &Connection| digest::write(connection, &known, &due, &owner, now);
            let (is_written, revision) = self.write(write).await?;
            self.tell(revision);
            written += usize::from(is_written);
        }
        self.write(move |connection| cut::finish(connection, &due)).await?;
        Ok(Digested { written, has_more: true })
    }

    async fn explain(&self, name: &Name) -> Result<Explanation, Error> {
        let name = name.clone();
        self.read(move |connection| explain::explain(connection, &name)).await
    }

    async fn withdraw(&self, name: &Name, now: Timestamp) -> Result<Option<(ItemId, bool)>, Error> {
        let name = name.clone();
        let withdraw = move |connection: &Connection| withdraw(connection, &name, now);
        let withdrawn = self.write(withdraw).await?;
        let (answer, revision) = withdrawn;
        self.tell(revision);
        Ok(answer)
    }

    async fn was_withdrawn(&self, id: ItemId) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM item WHERE id = ? AND state <> 0)";
        self.read(move |connection| Ok(connection.one(sql, [id.bytes()], |row| row.get(0))?)).await
    }

    async fn prune(&self, now: Timestamp) -> Result<u64, Error> {
        let mut pruned = 0;
        while self.write(move |connection| Ok(twin::sweep(connection, now)?)).await? {}
        for source in self.read(prune::sources).await? {
            let mut after = Some(prune::START);
            while let Some(from) = after {
                let (source, step) = (source.clone(), prune::STEP);
                let work = move |connection: &Connection| {
                    prune::step(connection, &source, from, step, now)
                };
                let done = self.write(work).await?;
                self.tell(done.revision);
                pruned += done.pruned;
                after = done.next;
            }
        }
        Ok(pruned)
    }

    async fn ping(&self) -> Result<(), Error> {
        // A row of the file: a constant would be answered without looking there.
        self.read(|connection| Ok(change::newest(connection).map(|_| ())?)).await
    }

    fn grown(&self) -> watch::Receiver<Revision> {
        self.grown.subscribe()
    }
}
