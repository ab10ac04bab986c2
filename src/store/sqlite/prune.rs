//! Retention: items seen long enough ago go, and leave their keys behind.
//!
//! Counted from the first sighting. An item stays while a feed shows it or its source does, since
//! either would only bring it back. It goes in small steps, so that the writer is free between
//! them. The keys stay as hashes that lead nowhere: whoever meets one again knows it is old.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, Result, params};

use super::article::State;
use super::change::Change;
use super::row::{holds, unsigned};
use super::statement::Statement;
use super::{index, membership, read, sighting, story, window};
use crate::model::feed::{Revision, Window};
use crate::model::time::Timestamp;
use crate::store::Error;

/// Items looked at in one unit of work.
pub(super) const STEP: usize = 256;

/// Before the first item of a source.
pub(super) const START: Position = (i64::MIN, 0);

/// How far a source has been looked through, as `(seen, item)`.
pub(super) type Position = (i64, i64);

/// A source that keeps its items for a time only.
#[derive(Clone)]
pub(super) struct Keeping {
    source: i64,
    keep: i64,
}

/// What a step did.
pub(super) struct Done {
    pub(super) pruned: u64,
    /// Where to go on; none at the end.
    pub(super) next: Option<Position>,
    /// The newest revision: a twin that stood behind one that went stands now.
    pub(super) revision: Revision,
}

/// Sources that keep their items for a time only.
pub(super) fn sources(connection: &Connection) -> Result<Vec<Keeping>, Error> {
    let sql = "SELECT id, keep FROM source WHERE keep IS NOT NULL";
    Ok(connection.all(sql, [], |row| Ok(Keeping { source: row.get(0)?, keep: row.get(1)? }))?)
}

/// Looks at the next few items of a source.
pub(super) fn step(
    connection: &Connection,
    keeping: &Keeping,
    from: Position,
    most: usize,
    now: Timestamp,
) -> Result<Done, Error> {
    let before = now.millis().saturating_sub(keeping.keep);
    let mut needed = Needed::by(connection)?;
    if from == START {
        forget_verdicts(connection, &mut needed, keeping.source, before)?;
    }
    let old = old(connection, keeping.source, from, before, most)?;
    let mut change = Change::begin(connection, now, true)?;
    let mut pruned = 0;
    for old in &old {
        if !needed.shows(old)? && !needed.answers(old.item)? {
            remove(&mut change, old.item)?;
            pruned += 1;
        }
    }
    let next = old.last().filter(|_| old.len() == most).map(|last| (last.seen, last.item));
    Ok(Done { pruned, next, revision: change.settle()?.revision })
}

/// An item past its time.
struct Old {
    item: i64,
    seen: i64,
    gone: bool,
}

fn old(
    connection: &Connection,
    source: i64,
    from: Position,
    before: i64,
    most: usize,
) -> Result<Vec<Old>> {
    let live = State::Live as i64;
    connection.all(
        "SELECT row, seen, state <> ? FROM item
         WHERE source = ? AND seen < ? AND (seen, row) > (?, ?) ORDER BY seen, row LIMIT ?",
        params![live, source, before, from.0, from.1, i64::try_from(most).unwrap_or(i64::MAX)],
        |row| Ok(Old { item: row.get(0)?, seen: row.get(1)?, gone: row.get(2)? }),
    )
}

/// Who still needs an item; what was looked up once is kept for the step.
struct Needed<'c> {
    connection: &'c Connection,
    window: Window,
    shown: HashMap<i64, (HashSet<i64>, Option<window::Order>)>,
    answers: HashMap<i64, Vec<u8>>,
}

impl<'c> Needed<'c> {
    fn by(connection: &'c Connection) -> Result<Needed<'c>> {
        let window = window::stored(connection)?;
        Ok(Needed { connection, window, shown: HashMap::new(), answers: HashMap::new() })
    }

    /// Whether a window shows it or a twin that names it, or would if it were not gone.
    fn shows(&mut self, old: &Old) -> Result<bool> {
        let places: Vec<(i64, window::Order)> = self.connection.all(
            "SELECT shelf, order_ms, poll, ordinal FROM place WHERE item = ?",
            [old.item],
            |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?, std::cmp::Reverse(row.get(3)?)))),
        )?;
        for (shelf, order) in places {
            let (items, last) = self.shown(shelf)?;
            let inside = old.gone && last.is_none_or(|last| order >= last);
            if inside || items.contains(&old.item) {
                return Ok(true);
            }
        }
        self.names(old.item)
    }

    /// Whether a window shows a twin that names it.
    fn names(&mut self, item: i64) -> Result<bool> {
        let Some(story) = story::of(self.connection, item)? else { return Ok(false) };
        for twin in story::members(self.connection, story)? {
            for (shelf, _) in story::places(self.connection, twin)? {
                if self.shown(shelf)?.0.contains(&twin) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The items of a shelf's window, and where it ends when it is full.
    fn shown(&mut self, shelf: i64) -> Result<&(HashSet<i64>, Option<window::Order>)> {
        if !self.shown.contains_key(&shelf) {
            let shown = window::select(self.connection, &[shelf], false, &self.window)?;
            let full = shown.len() >= self.window.items.min(self.window.max);
            let last = shown.last().filter(|_| full).map(|shown| shown.order);
            self.shown.insert(shelf, (shown.into_iter().map(|shown| shown.item).collect(), last));
        }
        Ok(&self.shown[&shelf])
    }

    /// Whether a source showed it in its last answer.
    fn answers(&mut self, item: i64) -> Result<bool> {
        let sql = "SELECT source, mark FROM sighting WHERE item = ?";
        let sightings: Vec<(i64, i64)> =
            self.connection.all(sql, [item], |row| Ok((row.get(0)?, row.get(1)?)))?;
        for (source, mark) in sightings {
            if self.answer(source, mark)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn answer(&mut self, source: i64, mark: i64) -> Result<bool> {
        if !self.answers.contains_key(&source) {
            self.answers.insert(source, read::answer(self.connection, source)?);
        }
        Ok(holds(&self.answers[&source], unsigned(mark)))
    }
}

/// Removes an item and all that hangs on it; its keys lead nowhere from now on.
pub(super) fn remove(change: &mut Change<'_>, item: i64) -> Result<()> {
    let connection = change.connection;
    let story = story::leave(connection, item)?;
    let sql = "SELECT source, mark FROM sighting WHERE item = ?";
    for (source, mark) in connection.all(sql, [item], |row| Ok((row.get(0)?, row.get(1)?)))? {
        sighting::forget(connection, source, mark)?;
    }
    let sql = "SELECT shelf FROM place WHERE item = ?";
    for shelf in connection.all(sql, [item], |row| row.get(0))? {
        // It may have stood on the open page of an archive, which the feed shows.
        change.touch(shelf);
        membership::leave(connection, item, shelf)?;
    }
    index::forget(connection, item)?;
    for sql in [
        "UPDATE alias SET item = NULL WHERE item = ?",
        "DELETE FROM log WHERE item = ?",
        "DELETE FROM mention WHERE item = ?",
        "DELETE FROM body WHERE item = ?",
        "DELETE FROM item WHERE row = ?",
    ] {
        connection.run(sql, [item])?;
    }
    story.map_or(Ok(()), |story| story::close_up(change, story))
}

/// Forgets why entries were no items, once their source shows them no more.
fn forget_verdicts(
    connection: &Connection,
    needed: &mut Needed<'_>,
    source: i64,
    before: i64,
) -> Result<()> {
    let sql = "SELECT mark FROM sighting WHERE source = ? AND item IS NULL AND seen < ?";
    for mark in connection.all(sql, [source, before], |row| row.get(0))? {
        if !needed.answer(source, mark)? {
            sighting::forget(connection, source, mark)?;
        }
    }
    Ok(())
}
