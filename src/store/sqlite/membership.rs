//! Which shelves an item stands on: everything, each source that shows it, and its categories.
//!
//! An item's categories are those the file gives its sources and those its sightings ask for; when
//! nothing asks any more, it leaves. A category that does not exist yet is opened, up to a number
//! a source, because names come from outside. Nothing here knows an item's words.

use std::collections::BTreeSet;

use rusqlite::{Connection, Result, params};

use super::article::Standing;
use super::change::Change;
use super::row::json;
use super::shelf::{self, Kind};
use super::statement::Statement;

/// What `place.gone` says. Windows show the first alone.
pub(super) const SHOWN: i64 = 0;
/// Behind a twin that stands on the shelf, see `story`.
pub(super) const BEHIND: i64 = 2;

/// Shelves an item is to join and to leave.
pub(super) struct Move {
    joined: Vec<i64>,
    left: Vec<i64>,
}

impl Move {
    /// Whether it stays where it is.
    pub(super) fn is_none(&self) -> bool {
        self.joined.is_empty() && self.left.is_empty()
    }
}

/// What must change for an item to stand where its sightings put it.
pub(super) fn plan(change: &mut Change<'_>, item: i64) -> Result<Move> {
    let wanted = wanted(change, item)?;
    let sql = "SELECT shelf FROM place WHERE item = ?";
    let present: BTreeSet<i64> =
        change.connection.all(sql, [item], |row| row.get(0))?.into_iter().collect();
    Ok(Move {
        joined: wanted.difference(&present).copied().collect(),
        left: present.difference(&wanted).copied().collect(),
    })
}

/// Moves the item, and marks all its places with the revision of this change. `poll` places it
/// among equals.
pub(super) fn apply(
    change: &mut Change<'_>,
    standing: &Standing,
    moved: &Move,
    revision: i64,
    poll: i64,
) -> Result<()> {
    for shelf in &moved.left {
        change.touch(*shelf);
        leave(change.connection, standing.item, *shelf)?;
    }
    mark(change, standing, revision)?;
    for shelf in &moved.joined {
        change.touch(*shelf);
        join(change, standing, *shelf, revision, poll)?;
    }
    Ok(())
}

/// Marks all places of an item with a revision, gone or not as the item is; `story` puts it behind its
/// twins again.
pub(super) fn mark(change: &mut Change<'_>, standing: &Standing, revision: i64) -> Result<()> {
    let places: Vec<(i64, bool)> = change.connection.all(
        "SELECT shelf, gone FROM place WHERE item = ?",
        [standing.item],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    for &(shelf, was_gone) in &places {
        change.touch(shelf);
        count(change.connection, shelf, i64::from(was_gone) - i64::from(standing.is_gone()))?;
    }
    if !places.is_empty() {
        let sql = "UPDATE place SET revision = ?, gone = ? WHERE item = ?";
        change.connection.run(sql, params![revision, standing.is_gone(), standing.item])?;
    }
    Ok(())
}

/// Shows an item on a shelf, or puts it behind another.
pub(super) fn put(change: &mut Change<'_>, item: i64, shelf: i64, gone: i64) -> Result<()> {
    let sql = "UPDATE place SET gone = ? WHERE item = ? AND shelf = ?";
    change.touch(shelf);
    change.connection.run(sql, [gone, item, shelf])?;
    count(change.connection, shelf, if gone == SHOWN { 1 } else { -1 })
}

/// Takes an item from a shelf.
pub(super) fn leave(connection: &Connection, item: i64, shelf: i64) -> Result<()> {
    let sql = "SELECT gone FROM place WHERE item = ? AND shelf = ?";
    if let Some(gone) = connection.find(sql, [item, shelf], |row| row.get::<_, bool>(0))? {
        count(connection, shelf, i64::from(gone) - 1)?;
        connection.run("DELETE FROM place WHERE item = ? AND shelf = ?", [item, shelf])?;
    }
    Ok(())
}

/// Counts what readers see of a shelf.
fn count(connection: &Connection, shelf: i64, more: i64) -> Result<()> {
    if more != 0 {
        connection.run("UPDATE shelf SET live = live + ? WHERE id = ?", [more, shelf])?;
    }
    Ok(())
}

/// Puts an item on a shelf. `poll` places it among equals.
pub(super) fn join(
    change: &mut Change<'_>,
    standing: &Standing,
    shelf: i64,
    revision: i64,
    poll: i64,
) -> Result<()> {
    let connection = change.connection;
    // `RETURNING` would have SQLite keep a journal of the statement, which costs more than a second one.
    let sql = "SELECT ordinal FROM shelf WHERE id = ?";
    let ordinal: i64 = connection.one(sql, [shelf], |row| row.get(0))?;
    let sql = "UPDATE shelf SET ordinal = ordinal + 1, live = live + ? WHERE id = ?";
    connection.run(sql, params![!standing.is_gone(), shelf])?;
    connection.run(
        "INSERT INTO place (shelf, gone, order_ms, poll, ordinal, item, revision, seen, backlog)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            shelf,
            standing.is_gone(),
            standing.order_ms,
            poll,
            ordinal,
            standing.item,
            revision,
            change.now.millis(),
            change.quiet,
        ],
    )?;
    Ok(())
}

/// A sighting, as far as it files an item.
struct Filing {
    source: i64,
    name: String,
    most: i64,
    configured: Vec<String>,
    asked: Vec<String>,
}

fn wanted(change: &mut Change<'_>, item: i64) -> Result<BTreeSet<i64>> {
    let filings = change.connection.all(
        "SELECT source.id, source.name, max_categories, source.categories, sighting.categories
         FROM sighting JOIN source ON source.id = sighting.source
         WHERE sighting.item = ? ORDER BY enrolled DESC, rank, sighting.mark",
        [item],
        |row| {
            let (source, name, most) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Filing { source, name, most, configured: json(row, 3)?, asked: json(row, 4)? })
        },
    )?;
    let mut wanted = BTreeSet::from([shelf::ensure(change, Kind::All, "")?]);
    for filing in &filings {
        wanted.insert(shelf::ensure(change, Kind::Source, &filing.name)?);
        for name in &filing.configured {
            wanted.insert(match shelf::named(change.connection, name)? {
                Some(shelf) => shelf,
                None => shelf::open(change, name, None)?,
            });
        }
        for name in &filing.asked {
            wanted.extend(asked(change, filing, name)?);
        }
    }
    Ok(wanted)
}

/// The category an item asks for, unless its source has opened as many as it may.
fn asked(change: &mut Change<'_>, filing: &Filing, name: &str) -> Result<Option<i64>> {
    if let Some(shelf) = shelf::named(change.connection, name)? {
        return Ok(Some(shelf));
    }
    if shelf::opened_by(change.connection, filing.source)? < filing.most {
        return shelf::open(change, name, Some(filing.source)).map(Some);
    }
    let why = format!(
        "category `{name}` was not opened: items of this source have opened {} already; raise max_categories if they are meant",
        filing.most
    );
    let sql = "UPDATE source SET overflow = ? WHERE id = ? AND overflow IS NULL";
    change.connection.run(sql, params![why, filing.source])?;
    Ok(None)
}
