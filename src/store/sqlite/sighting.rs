//! Sightings: what a source calls an entry, how it looked, and which item it is.
//!
//! An item lives while a sighting stands. When several sources of a namespace show it, or one does
//! under several names, the words of each are kept, and the item's are their sum (`Matter::merge`).
//! For the far commoner item with one sighting they are the item's own and kept once.

use rusqlite::{Connection, Result, params};

use super::row::{Words, instant, json, perhaps, signed, to_json};
use super::statement::Statement;
use crate::model::item::{Contribution, Matter};
use crate::model::source::Mark;
use crate::model::time::Timestamp;

/// A sighting of an item, to be remembered.
pub(super) struct Seen<'a> {
    pub(super) source: i64,
    pub(super) mark: Mark,
    pub(super) item: i64,
    /// Names of categories the entry asks for.
    pub(super) categories: Vec<&'a str>,
    pub(super) detailed: bool,
    pub(super) poll: i64,
}

/// Writes a sighting over the last one of the same name. When the detail was last asked stays known
/// where it was not asked now.
///
/// A name that now means another item leaves the old one its sighting, under a name nothing else
/// has: only a folder that is seen whole may conclude that the old one is gone.
pub(super) fn remember(connection: &Connection, seen: &Seen<'_>, now: Timestamp) -> Result<()> {
    let mark = signed(seen.mark.key);
    let before: Option<Option<i64>> = connection.find(
        "SELECT item FROM sighting WHERE source = ? AND mark = ?",
        params![seen.source, mark],
        |row| row.get(0),
    )?;
    if let Some(Some(old)) = before
        && old != seen.item
    {
        set_aside(connection, seen.source, mark, old)?;
    }
    connection.run(
        "INSERT INTO sighting (source, mark, digest, item, categories, detailed, seen, poll, first)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
         ON CONFLICT DO UPDATE SET digest = ?3, item = ?4, verdict = NULL, categories = ?5,
             detailed = coalesce(?6, detailed), seen = ?7, poll = ?8,
             first = iif(item IS ?4, first, ?8)",
        params![
            seen.source,
            mark,
            signed(seen.mark.digest),
            seen.item,
            to_json(&seen.categories),
            seen.detailed.then(|| now.millis()),
            now.millis(),
            seen.poll,
        ],
    )?;
    Ok(())
}

/// Remembers why an entry is no item. If it was one before, it still shows it as it was.
pub(super) fn reject(
    connection: &Connection,
    (source, poll): (i64, i64),
    mark: Mark,
    why: &str,
    now: Timestamp,
) -> Result<()> {
    connection.run(
        "INSERT INTO sighting (source, mark, digest, verdict, seen, poll) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET digest = ?3, verdict = ?4, seen = ?5, poll = ?6",
        params![source, signed(mark.key), signed(mark.digest), why, now.millis(), poll],
    )?;
    Ok(())
}

fn set_aside(connection: &Connection, source: i64, mark: i64, item: i64) -> Result<()> {
    let aside = mark ^ item.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed());
    for sql in [
        "UPDATE OR REPLACE sighting SET mark = ? WHERE source = ? AND mark = ?",
        "UPDATE OR REPLACE contribution SET mark = ? WHERE source = ? AND mark = ?",
    ] {
        connection.run(sql, params![aside, source, mark])?;
    }
    Ok(())
}

/// Whether an item is seen otherwise than by this source under this name.
pub(super) fn has_others(
    connection: &Connection,
    item: i64,
    source: i64,
    mark: u64,
) -> Result<bool> {
    connection.one(
        "SELECT EXISTS (SELECT 1 FROM sighting WHERE item = ? AND NOT (source = ? AND mark = ?))",
        params![item, source, signed(mark)],
        |row| row.get(0),
    )
}

/// The item a source's entry is, if it is one.
pub(super) fn item(connection: &Connection, source: i64, mark: u64) -> Result<Option<i64>> {
    let sql = "SELECT item FROM sighting WHERE source = ? AND mark = ?";
    let item = connection.find(sql, params![source, signed(mark)], |row| row.get(0))?;
    Ok(item.flatten())
}

/// An entry's last detail.
pub(super) struct Detail {
    pub(super) at: Timestamp,
    /// The words of its sighting; none when they are the item's.
    pub(super) matter: Option<Matter>,
}

/// The last detail of the entry this source calls so, provided it led to this item.
pub(super) fn detail(
    connection: &Connection,
    source: i64,
    mark: u64,
    item: i64,
) -> Result<Option<Detail>> {
    connection.find(
        "SELECT detailed, coalesce(matter, 'null') FROM sighting
         LEFT JOIN contribution USING (source, mark)
         WHERE source = ? AND mark = ? AND item = ? AND detailed IS NOT NULL",
        params![source, signed(mark), item],
        |row| {
            let words: Option<Words> = json(row, 1)?;
            Ok(Detail { at: instant(row.get(0)?), matter: words.map(Matter::from) })
        },
    )
}

/// Keeps one sighting's words.
pub(super) fn contribute(
    connection: &Connection,
    source: i64,
    mark: u64,
    matter: Matter,
) -> Result<()> {
    connection.run(
        "INSERT OR REPLACE INTO contribution (source, mark, matter) VALUES (?, ?, ?)",
        params![source, signed(mark), to_json(&Words::from(matter))],
    )?;
    Ok(())
}

/// Forgets one sighting's words, not the sighting.
pub(super) fn withdraw_words(connection: &Connection, source: i64, mark: u64) -> Result<()> {
    let sql = "DELETE FROM contribution WHERE source = ? AND mark = ?";
    connection.run(sql, params![source, signed(mark)])?;
    Ok(())
}

/// Gives the item's words to its sightings that have none of their own, before others join them.
pub(super) fn spread(connection: &Connection, item: i64, matter: &Matter) -> Result<()> {
    connection.run(
        "INSERT OR IGNORE INTO contribution (source, mark, matter)
         SELECT source, mark, ? FROM sighting WHERE item = ?",
        params![to_json(&Words::from(matter.clone())), item],
    )?;
    Ok(())
}

/// The words of all sightings of an item that have their own, and the source whose words come first.
pub(super) fn contributions(
    connection: &Connection,
    item: i64,
) -> Result<(Vec<Contribution>, Option<i64>)> {
    let rows = connection.all(
        "SELECT sighting.source, rank, enrolled, detailed, matter FROM sighting
         JOIN contribution USING (source, mark) JOIN source ON source.id = sighting.source
         WHERE item = ? ORDER BY enrolled DESC, rank, first DESC, sighting.mark",
        [item],
        |row| {
            let (source, rank, enrolled): (i64, u32, bool) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            let words: Words = json(row, 4)?;
            // A source that left the file stands after all that are in it.
            let rank = if enrolled { rank } else { rank | 1 << 31 };
            Ok((source, Contribution { rank, detailed: perhaps(row, 3)?, matter: words.into() }))
        },
    )?;
    let owner = rows.first().map(|(source, _)| *source);
    Ok((rows.into_iter().map(|(_, contribution)| contribution).collect(), owner))
}

/// Forgets one sighting.
pub(super) fn forget(connection: &Connection, source: i64, mark: i64) -> Result<()> {
    for sql in [
        "DELETE FROM sighting WHERE source = ? AND mark = ?",
        "DELETE FROM contribution WHERE source = ? AND mark = ?",
    ] {
        connection.run(sql, params![source, mark])?;
    }
    Ok(())
}
