//! What came to shelves since a reader last asked: a walk along the log, from a cursor or a time on.
//!
//! Each item comes once, at its last change. Quiet changes are passed over, as webhooks do. A walk is
//! bounded; it says how far it came, and whoever goes on from there misses nothing.

use std::time::Duration;

use rusqlite::{Connection, Result, params};
use sha2::{Digest, Sha256};

use super::statement::Statement;
use super::{read, shelf};
use crate::model::cut::{Cursor, Since};
use crate::model::feed::{Revision, Shelf};
use crate::store::{Error, News};

/// Rows of the log one walk passes.
const PASSED: usize = 50_000;

/// How long a poll may take whose rows are logged with the time it began.
const LATEST: Duration = Duration::from_secs(3600);

/// Bytes of bodies in one answer.
const BYTES: i64 = 16 << 20;

/// What came since; none when the cursor is not one of this log's.
pub(super) fn since(
    connection: &Connection,
    shelves: &[Shelf],
    since: Since,
    most: usize,
) -> Result<Option<News>, Error> {
    let (after, from) = match since {
        Since::Time(at) => (before(connection, at.minus(LATEST).millis())?, at.millis()),
        Since::Cursor(cursor) => {
            if mark(connection, cursor.revision)? != cursor {
                return Ok(None);
            }
            (cursor.revision.0.cast_signed(), i64::MIN)
        }
    };
    let names_twins = read::names_twins(shelves);
    let shelves = shelf::of_all(connection, shelves)?;
    let (rows, upto) = walk(connection, &shelves, (after, from), most)?;
    let mut places = Vec::new();
    for row in rows {
        let sql = "SELECT order_ms FROM item WHERE row = ?";
        places.push((connection.one::<i64>(sql, [row], |found| found.get(0))?, row));
    }
    places.sort_unstable_by(|a, b| b.cmp(a));
    let items =
        read::by_rows(connection, places.into_iter().map(|(_, row)| row), usize::MAX, names_twins)?;
    let cursor = mark(connection, Revision(upto.cast_unsigned()))?;
    Ok(Some(News { items, cursor }))
}

/// The cursor for a revision.
pub(super) fn mark(connection: &Connection, revision: Revision) -> Result<Cursor> {
    // A head may stand above the last row: a new title makes none.
    let sql = "SELECT log.revision, at, id FROM log JOIN item ON item.row = log.item
        WHERE log.revision <= ? ORDER BY log.revision DESC LIMIT 1";
    let mut hash = Sha256::new();
    connection.find(sql, [revision.0.cast_signed()], |row| {
        hash.update(row.get::<_, i64>(0)?.to_le_bytes());
        hash.update(row.get::<_, i64>(1)?.to_le_bytes());
        hash.update(row.get::<_, [u8; 16]>(2)?);
        Ok(())
    })?;
    let digest = hash.finalize();
    let check = u32::from_le_bytes(digest[..4].try_into().expect("SHA-256 has 32 bytes"));
    Ok(Cursor { revision, check })
}

/// A revision before all those of a time and later: the log grows with the clock, but for slow polls, so
/// it is found by halves.
fn before(connection: &Connection, at: i64) -> Result<i64> {
    let (mut low, mut high): (i64, i64) =
        connection.one("SELECT 0, coalesce(max(revision), 0) FROM log", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let sql = "SELECT at < ? FROM log WHERE revision > ? ORDER BY revision LIMIT 1";
    while low < high {
        let middle = low + (high - low) / 2;
        match connection.find(sql, [at, middle], |row| row.get::<_, bool>(0))? {
            Some(true) => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// Rows of items whose last change came after a revision and a time, on these shelves, and how far the
/// walk came.
fn walk(
    connection: &Connection,
    shelves: &[i64],
    (after, from): (i64, i64),
    most: usize,
) -> Result<(Vec<i64>, i64)> {
    let passed = i64::try_from(PASSED).unwrap_or(i64::MAX);
    let (mut items, mut upto, mut bytes) = (Vec::new(), after, 0);
    let mut statement = connection.prepare_cached(WALK)?;
    let mut rows = statement.query(params![after, passed])?;
    while let Some(row) = rows.next()? {
        let (revision, item, is_quiet): (i64, i64, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if row.get::<_, i64>(3)? >= from && !is_quiet && shows(connection, shelves, item, revision)?
        {
            bytes += weight(connection, item)?;
            // What has no room is the beginning of the next answer.
            if items.len() == most || (bytes > BYTES && !items.is_empty()) {
                return Ok((items, upto));
            }
            items.push(item);
        }
        upto = revision;
    }
    Ok((items, upto))
}

const WALK: &str =
    "SELECT revision, item, quiet, at FROM log WHERE revision > ? ORDER BY revision LIMIT ?";

/// Bytes of an item's body.
fn weight(connection: &Connection, item: i64) -> Result<i64> {
    let sql = "SELECT octet_length(content) FROM body WHERE item = ?";
    Ok(connection.find(sql, [item], |row| row.get(0))?.unwrap_or_default())
}

/// Whether an item stands on one of these shelves, and this was its last change.
fn shows(connection: &Connection, shelves: &[i64], item: i64, revision: i64) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM place
        WHERE item = ? AND shelf = ? AND gone = 0 AND revision = ?)";
    for shelf in shelves {
        if connection.one(sql, params![item, shelf, revision], |row| row.get(0))? {
            return Ok(true);
        }
    }
    Ok(false)
}
