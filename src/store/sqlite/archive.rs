//! Archives: a shelf in pages of so many ordinals (RFC 5005 section 4).
//!
//! An ordinal is given once and never again, so a page never gets a new member; one whose last ordinal
//! is given is closed. What is not in a closed page is in the open one, which the feed shows whole:
//! so whoever walks back from the feed misses nothing that is kept.

use rusqlite::{Connection, Result, Row, params};

use super::statement::Statement;
use super::window::{self, Shown};
use super::{read, shelf};
use crate::model::feed::{Archive, PAGE, Shelf};
use crate::model::item::Item;
use crate::store::Error;

/// A closed page, the latest first, and its neighbours; none when there is no such page, or nothing of
/// it is kept.
pub(super) fn page(
    connection: &Connection,
    shelf: &Shelf,
    number: u64,
) -> Result<Option<(Archive, Vec<Item>)>, Error> {
    let Some(row) = shelf::of(connection, shelf)? else { return Ok(None) };
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    if number < 1 || number > closed(connection, row)? {
        return Ok(None);
    }
    let (first, last) = ((number - 1) * PAGE + 1, number * PAGE);
    let sql = "SELECT item FROM place INDEXED BY place_ordinal
        WHERE shelf = ? AND gone = 0 AND ordinal BETWEEN ? AND ? ORDER BY ordinal DESC";
    let rows: Vec<i64> = connection.all(sql, [row, first, last], |row| row.get(0))?;
    if rows.is_empty() {
        return Ok(None);
    }
    let names_twins = read::names_twins(std::slice::from_ref(shelf));
    let items = read::by_rows(connection, rows.into_iter(), usize::MAX, names_twins)?;
    let newer = "SELECT min(ordinal) FROM place INDEXED BY place_ordinal
        WHERE shelf = ?1 AND gone = 0 AND ordinal > ?2 AND ordinal <= ?3";
    let end = closed(connection, row)? * PAGE;
    let newer: Option<i64> = connection.one(newer, params![row, last, end], |row| row.get(0))?;
    let archive = Archive {
        page: Some(number.cast_unsigned()),
        older: before(connection, row, first)?,
        newer: newer.map(page_of),
    };
    Ok(Some((archive, items)))
}

/// The newest closed page of a shelf that has anything.
pub(super) fn newest(connection: &Connection, shelf: i64) -> Result<Option<u64>> {
    let first_open = closed(connection, shelf)? * PAGE + 1;
    before(connection, shelf, first_open)
}

/// What stands on the open page of a shelf.
pub(super) fn open(connection: &Connection, shelf: i64) -> Result<Vec<Shown>> {
    let sql = "SELECT item, revision, order_ms, poll, ordinal, seen, backlog
        FROM place INDEXED BY place_ordinal WHERE shelf = ? AND gone = 0 AND ordinal > ?";
    let first_open = closed(connection, shelf)? * PAGE;
    connection.all(sql, [shelf, first_open], |row: &Row<'_>| window::read(row))
}

/// How many pages of a shelf are closed.
fn closed(connection: &Connection, shelf: i64) -> Result<i64> {
    connection
        .one("SELECT (ordinal - 1) / ? FROM shelf WHERE id = ?", [PAGE, shelf], |row| row.get(0))
}

/// The last page with anything before an ordinal.
fn before(connection: &Connection, shelf: i64, ordinal: i64) -> Result<Option<u64>> {
    let sql = "SELECT max(ordinal) FROM place INDEXED BY place_ordinal
        WHERE shelf = ? AND gone = 0 AND ordinal < ?";
    let last: Option<i64> = connection.one(sql, [shelf, ordinal], |row| row.get(0))?;
    Ok(last.map(page_of))
}

fn page_of(ordinal: i64) -> u64 {
    ((ordinal - 1) / PAGE + 1).cast_unsigned()
}
