//! Stories on their shelves: which of several twins stands, and what it says of the others.
//!
//! On each shelf but a source's own, of the live twins that have a place there the one seen first
//! stands, and the others stand behind it (`place.gone` is 2), out of every window and count. So a
//! story that is told in two categories is found in both, whoever told it first. One function
//! brings a story in order whatever happened to it: a twin that came, went, came back, was moved.
//!
//! Who stands anywhere names all its twins; when they change, it gets a new revision and a quiet row
//! in the log. What is known of twins to begin with stands in `twin`.

use std::collections::BTreeSet;

use rusqlite::{Connection, Result, params};
use sha2::{Digest, Sha256};

use super::article::State;
use super::change::Change;
use super::membership;
use super::row::{Words, json, source_id};
use super::shelf::Kind;
use super::statement::Statement;
use crate::model::item::{Also, ItemId, Matter};
use crate::model::twin::Reason;

/// The story an item is in.
pub(super) fn of(connection: &Connection, item: i64) -> Result<Option<i64>> {
    connection.find("SELECT story FROM twin WHERE item = ?", [item], |row| row.get(0))
}

/// Its twins, the one seen first before all.
pub(super) fn members(connection: &Connection, story: i64) -> Result<Vec<i64>> {
    let sql = "SELECT item FROM twin WHERE story = ? ORDER BY item";
    connection.all(sql, [story], |row| row.get(0))
}

/// Puts an item that was just published into the story of its twin.
pub(super) fn join(change: &mut Change<'_>, twin: i64, item: i64, reason: Reason) -> Result<()> {
    let connection = change.connection;
    let sql = "INSERT INTO twin (item, story, reason) VALUES (?, ?, ?)";
    let story = match of(connection, twin)? {
        Some(story) => story,
        None => {
            connection.run("INSERT INTO story DEFAULT VALUES", [])?;
            let story = connection.last_insert_rowid();
            connection.run(sql, params![twin, story, None::<i64>])?;
            story
        }
    };
    connection.run(sql, params![item, story, stored(reason)])?;
    line_up(change, story, Some(item))
}

/// Brings the story of an item in order after a change of that item, which has its row in the log.
pub(super) fn arrange(change: &mut Change<'_>, item: i64) -> Result<()> {
    match of(change.connection, item)? {
        Some(story) => line_up(change, story, Some(item)),
        None => Ok(()),
    }
}

/// Takes an item from its story; answers which it was, so that it can be closed up.
pub(super) fn leave(connection: &Connection, item: i64) -> Result<Option<i64>> {
    let story = of(connection, item)?;
    if story.is_some() {
        connection.run("DELETE FROM twin WHERE item = ?", [item])?;
    }
    Ok(story)
}

/// Brings a story that lost a twin in order, and ends it when only one is left.
pub(super) fn close_up(change: &mut Change<'_>, story: i64) -> Result<()> {
    line_up(change, story, None)?;
    if members(change.connection, story)?.len() < 2 {
        change.connection.run("DELETE FROM twin WHERE story = ?", [story])?;
        change.connection.run("DELETE FROM story WHERE id = ?", [story])?;
    }
    Ok(())
}

/// Takes all items of a source from their stories: they stand by themselves from now on.
pub(super) fn part(change: &mut Change<'_>, source: i64) -> Result<()> {
    let connection = change.connection;
    let sql = "SELECT item FROM twin CROSS JOIN item ON item.row = twin.item WHERE source = ?";
    for item in connection.all(sql, [source], |row| row.get(0))? {
        let Some(story) = leave(connection, item)? else { continue };
        for (shelf, gone) in places(connection, item)? {
            if gone == membership::BEHIND {
                membership::put(change, item, shelf, membership::SHOWN)?;
            }
        }
        let revision = change.refile(item)?;
        mark(change, item, revision)?;
        close_up(change, story)?;
    }
    Ok(())
}

/// Moves the heads of all shelves where an item names a source among its twins.
pub(super) fn show(change: &mut Change<'_>, source: i64) -> Result<()> {
    let shelves: Vec<i64> = change.connection.all(
        "SELECT DISTINCT place.shelf FROM item CROSS JOIN twin ON twin.item = item.row
         JOIN twin AS other ON other.story = twin.story JOIN place ON place.item = other.item
         JOIN shelf ON shelf.id = place.shelf WHERE item.source = ? AND kind <> ?",
        params![source, Kind::Source as i64],
        |row| row.get(0),
    )?;
    shelves.into_iter().try_for_each(|shelf| change.force(shelf))
}

/// The twins of an item that stands on some shelf; none of one that stands behind on all.
pub(super) fn also(connection: &Connection, item: i64) -> Result<Vec<Also>> {
    let Some(story) = of(connection, item)? else { return Ok(Vec::new()) };
    let stands = places(connection, item)?.iter().any(|(_, gone)| *gone == membership::SHOWN);
    if !stands {
        return Ok(Vec::new());
    }
    let sql = "SELECT reason FROM twin WHERE item = ?";
    let own: Option<i64> = connection.one(sql, [item], |row| row.get(0))?;
    connection.all(
        "SELECT item.id, matter, source.name, coalesce(source.title, own_title, source.name), reason
         FROM twin JOIN item ON item.row = twin.item JOIN source ON source.id = item.source
         WHERE story = ? AND item.row <> ? AND state = ? ORDER BY item.row",
        params![story, item, State::Live as i64],
        |row| {
            let matter: Matter = json::<Words>(row, 1)?.into();
            let publication = matter.publication().map(str::to_owned);
            // The first of a story has no reason of its own to be in it; then it is this one's.
            let reason: Option<i64> = row.get(4)?;
            Ok(Also {
                id: ItemId::recall(row.get(0)?),
                source: source_id(row, 2)?,
                publication: publication.map_or_else(|| row.get(3), Ok)?,
                link: matter.link,
                reason: recalled(reason.or(own).unwrap_or_default()),
            })
        },
    )
}

/// Says on every shelf who of a story stands there, and lets those who do know of each other.
/// `about` is the item this happens to; what is new of it stands in the log already.
fn line_up(change: &mut Change<'_>, story: i64, about: Option<i64>) -> Result<()> {
    let sql = "SELECT twin.item FROM twin JOIN item ON item.row = twin.item
        WHERE story = ? AND state = ? ORDER BY twin.item";
    let live: Vec<i64> =
        change.connection.all(sql, params![story, State::Live as i64], |row| row.get(0))?;
    let (mut taken, mut standing) = (BTreeSet::new(), BTreeSet::new());
    for &item in &live {
        for (shelf, gone) in places(change.connection, item)? {
            let wanted = match taken.insert(shelf) {
                true => membership::SHOWN,
                false => membership::BEHIND,
            };
            if wanted == membership::SHOWN {
                standing.insert(item);
            }
            if gone != wanted {
                membership::put(change, item, shelf, wanted)?;
            }
        }
    }
    if !is_told(change.connection, story, &live)? {
        for item in standing.into_iter().filter(|item| Some(*item) != about) {
            let revision = change.refile(item)?;
            mark(change, item, revision)?;
        }
    }
    Ok(())
}

/// Whether what the twins say of each other is what they said before; keeps what they say now.
fn is_told(connection: &Connection, story: i64, live: &[i64]) -> Result<bool> {
    let mut hash = Sha256::new();
    for &item in live {
        let sql = "SELECT source, matter FROM item WHERE row = ?";
        let (source, words): (i64, Words) =
            connection.one(sql, [item], |row| Ok((row.get(0)?, json(row, 1)?)))?;
        let matter: Matter = words.into();
        hash.update(item.to_le_bytes());
        hash.update(source.to_le_bytes());
        for word in [matter.publication(), matter.link.as_deref()] {
            // No text holds this byte in UTF-8, so it parts them.
            hash.update(word.unwrap_or_default());
            hash.update([0xff]);
        }
    }
    let told = &hash.finalize()[..16];
    let sql = "UPDATE story SET told = ?1 WHERE id = ?2 AND told <> ?1";
    Ok(connection.run(sql, params![told, story])? == 0)
}

/// Its places on shelves where stories stand together, as `(shelf, gone)`.
pub(super) fn places(connection: &Connection, item: i64) -> Result<Vec<(i64, i64)>> {
    let sql = "SELECT shelf, gone FROM place JOIN shelf ON shelf.id = place.shelf
        WHERE item = ? AND kind <> ?";
    connection.all(sql, params![item, Kind::Source as i64], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Marks those places with a revision; its source's own shelf shows nothing of all this.
fn mark(change: &mut Change<'_>, item: i64, revision: i64) -> Result<()> {
    for (shelf, _) in places(change.connection, item)? {
        change.touch(shelf);
        let sql = "UPDATE place SET revision = ? WHERE item = ? AND shelf = ?";
        change.connection.run(sql, [revision, item, shelf])?;
    }
    Ok(())
}

fn stored(reason: Reason) -> i64 {
    match reason {
        Reason::Link => 0,
        Reason::Text { percent } => i64::from(percent.max(1)),
    }
}

pub(super) fn recalled(stored: i64) -> Reason {
    match u8::try_from(stored) {
        Ok(percent @ 1..) => Reason::Text { percent },
        _ => Reason::Link,
    }
}

#[cfg(test)]
mod tests;
