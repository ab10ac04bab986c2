//! One unit of work that changes what readers see: the rows it adds to the log, and the heads it moves.
//!
//! Revisions are taken from a counter row within the transaction, never from the clock or a
//! sequence, so they become visible in their order. At the end every shelf that was touched is
//! asked whether its window shows any of it; only then does its head move.

use std::collections::BTreeSet;

use rusqlite::{Connection, Result, params};
use sha2::{Digest, Sha256};

use super::statement::Statement;
use super::window;
use crate::model::feed::Revision;
use crate::model::time::Timestamp;
use crate::store::Committed;

/// What a log row says happened to an item. The numbers are on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Published = 1,
    Updated = 2,
    Refiled = 3,
    Withdrawn = 4,
}

/// A change under way.
pub(super) struct Change<'c> {
    pub(super) connection: &'c Connection,
    pub(super) now: Timestamp,
    /// Whether this is backlog or our own rearranging, which no subscriber is told of.
    pub(super) quiet: bool,
    pub(super) done: Committed,
    before: Revision,
    touched: BTreeSet<i64>,
}

/// The newest revision.
pub(super) fn newest(connection: &Connection) -> Result<Revision> {
    let sql = "SELECT value FROM counter WHERE name = 'revision'";
    let value: i64 = connection.one(sql, [], |row| row.get(0))?;
    Ok(Revision(value.cast_unsigned()))
}

impl<'c> Change<'c> {
    /// Begins where the log ends.
    pub(super) fn begin(
        connection: &'c Connection,
        now: Timestamp,
        quiet: bool,
    ) -> Result<Change<'c>> {
        let before = newest(connection)?;
        let done = Committed { revision: before, ..Committed::default() };
        Ok(Change { connection, now, quiet, done, before, touched: BTreeSet::new() })
    }

    /// Writes what happened to an item; answers the revision it has now.
    pub(super) fn log(&mut self, item: i64, verb: Verb) -> Result<i64> {
        let counted = match verb {
            Verb::Published => &mut self.done.published,
            Verb::Updated | Verb::Refiled => &mut self.done.updated,
            Verb::Withdrawn => &mut self.done.withdrawn,
        };
        *counted += 1;
        let chain = self.chain(item, verb)?;
        let revision = self.advance();
        self.connection.run(
            "INSERT INTO log (revision, item, verb, quiet, at, chain) VALUES (?, ?, ?, ?, ?, ?)",
            params![revision, item, verb as i64, self.quiet, self.now.millis(), chain],
        )?;
        Ok(revision)
    }

    /// Hash of all an item has been up to this change, so that an edit and its reversal are two, and what is
    /// lost and fetched again is the same (row D-03). Where it stands is no part of it.
    fn chain(&self, item: i64, verb: Verb) -> Result<Vec<u8>> {
        let sql = "SELECT fingerprint,
                (SELECT chain FROM log WHERE item = ?1 ORDER BY revision DESC LIMIT 1)
            FROM item WHERE row = ?1";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let found: Option<(Vec<u8>, Option<Vec<u8>>)> = self.connection.find(sql, [item], read)?;
        let (fingerprint, before) = found.unwrap_or_default();
        let before = before.unwrap_or_default();
        if verb == Verb::Refiled {
            return Ok(before);
        }
        let hash = Sha256::new().chain_update(before).chain_update(fingerprint);
        let digest = hash.chain_update([verb as u8]).finalize();
        Ok(digest[..16].to_vec())
    }

    /// Writes that an item shows more, or less, of its twins: our own rearranging, and no change of
    /// the item's. Answers the revision it has now.
    pub(super) fn refile(&mut self, item: i64) -> Result<i64> {
        let chain = self.chain(item, Verb::Refiled)?;
        let revision = self.advance();
        self.connection.run(
            "INSERT INTO log (revision, item, verb, quiet, at, chain) VALUES (?, ?, ?, TRUE, ?, ?)",
            params![revision, item, Verb::Refiled as i64, self.now.millis(), chain],
        )?;
        Ok(revision)
    }

    /// Notes that something on a shelf changed, whether or not its window shows it.
    pub(super) fn touch(&mut self, shelf: i64) {
        self.touched.insert(shelf);
    }

    /// Moves a shelf's head even if its window holds the same items: they look different now.
    pub(super) fn force(&mut self, shelf: i64) -> Result<()> {
        self.touch(shelf);
        self.connection.run("UPDATE shelf SET digest = NULL WHERE id = ?", [shelf])?;
        Ok(())
    }

    /// Moves the heads of the shelves that show something of this, and keeps the newest revision.
    pub(super) fn settle(mut self) -> Result<Committed> {
        let shown = window::stored(self.connection)?;
        for shelf in std::mem::take(&mut self.touched) {
            let digest = window::digest(self.connection, shelf, &shown)?;
            let sql = "SELECT digest IS NOT ? FROM shelf WHERE id = ?";
            if self.connection.one(sql, params![digest, shelf], |row| row.get(0))? {
                self.show(shelf, &digest)?;
            }
        }
        if self.done.revision > self.before {
            let revision = self.done.revision.0.cast_signed();
            self.connection
                .run("UPDATE counter SET value = ? WHERE name = 'revision'", [revision])?;
        }
        Ok(self.done)
    }

    fn show(&mut self, shelf: i64, digest: &[u8]) -> Result<()> {
        // A new title makes no log row, and yet whoever follows heads must see it.
        let revision = match self.done.revision > self.before {
            true => self.done.revision.0.cast_signed(),
            false => self.advance(),
        };
        self.connection.run(
            "UPDATE shelf SET revision = ?, at = max(at, ?), digest = ? WHERE id = ?",
            params![revision, self.now.millis(), digest, shelf],
        )?;
        Ok(())
    }

    fn advance(&mut self) -> i64 {
        self.done.revision.0 += 1;
        self.done.revision.0.cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{file, shelf};
    use super::*;
    use crate::model::time::Offset;

    fn log(connection: &Connection, quiet: bool, verbs: &[Verb]) -> Committed {
        let now = Timestamp::from_seconds(1, Offset::UTC).expect("a small number");
        let mut change = Change::begin(connection, now, quiet).expect("a counter");
        for verb in verbs {
            change.log(7, *verb).expect("a row");
        }
        change.settle().expect("settled")
    }

    #[test]
    fn every_change_is_a_row_of_the_log() {
        let connection = file::open_memory().expect("memory");
        log(&connection, true, &[Verb::Published]);
        let done = log(&connection, false, &[Verb::Updated, Verb::Refiled, Verb::Withdrawn]);
        assert_eq!(
            (done.revision, done.published, done.updated, done.withdrawn),
            (Revision(4), 0, 2, 1)
        );
        let sql = "SELECT revision, verb, quiet FROM log ORDER BY revision";
        let rows: Vec<(i64, i64, bool)> = connection
            .all(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .expect("rows");
        assert_eq!(rows, [(1, 1, true), (2, 2, false), (3, 3, false), (4, 4, false)]);
    }

    #[test]
    fn nothing_takes_no_revision() {
        let connection = file::open_memory().expect("memory");
        assert_eq!(log(&connection, false, &[]), Committed::default());
    }

    #[test]
    fn a_shelf_that_looks_the_same_keeps_its_head() {
        let connection = file::open_memory().expect("memory");
        let now = Timestamp::from_seconds(1, Offset::UTC).expect("a small number");
        let mut change = Change::begin(&connection, now, true).expect("a counter");
        let all = shelf::ensure(&mut change, shelf::Kind::All, "").expect("a shelf");
        assert_eq!(change.settle().expect("settled").revision, Revision(1));
        for (forced, expected) in [(false, 1), (true, 2)] {
            let mut change = Change::begin(&connection, now, true).expect("a counter");
            change.touch(all);
            if forced {
                change.force(all).expect("forced");
            }
            assert_eq!(change.settle().expect("settled").revision, Revision(expected));
        }
    }
}
