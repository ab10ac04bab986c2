//! The end of a poll: what the source said of itself, when it is asked next, and, where its answer
//! was all there is, which items are gone.
//!
//! Written in the transaction of the last slice: were the validators to come first, a crash would
//! let the next answer be "not modified", and the items would be lost for ever.

use std::collections::BTreeSet;

use rusqlite::{Connection, Result, params};

use super::change::Change;
use super::commit::{Polled, Right};
use super::row::{Tag, holds, pack, to_json, unsigned};
use super::shelf::{self, Kind};
use super::sighting;
use super::statement::Statement;
use super::story;
use super::{article, callback, claim};
use crate::model::cause::Cause;
use crate::model::manners::host_of;
use crate::model::pause::Pause;
use crate::model::rhythm::Rhythm;
use crate::model::time::Timestamp;
use crate::model::whereabouts::Whereabouts;
use crate::store::Finish;

/// Ends the poll and releases the lease.
pub(super) fn finish(
    change: &mut Change<'_>,
    polled: &Polled,
    right: &Right,
    mut finish: Finish,
) -> Result<()> {
    if let Some(answer) = finish.answer.take() {
        let answer = pack(answer);
        forgive(change.connection, polled, &answer)?;
        if finish.whole {
            sweep(change, polled, &answer)?;
        }
        let Pause { minutes, hours, days } = finish.pause;
        change.connection.run(
            "UPDATE source SET ttl = ?1, skip_hours = ?2, skip_days = ?3
             WHERE id = ?4 AND (ttl, skip_hours, skip_days) IS NOT (?1, ?2, ?3)",
            params![minutes, hours, days, polled.source],
        )?;
        callback::name(change.connection, polled.source, finish.hub.as_ref(), change.now)?;
        change.connection.run(
            "UPDATE source SET renamings = iif(?1, renamings + 1, 0) WHERE id = ?2 AND (?1 OR renamings > 0)",
            params![finish.renamed, polled.source],
        )?;
        change.connection.run(
            "INSERT INTO answer (source, keys) VALUES (?1, ?2)
             ON CONFLICT DO UPDATE SET keys = ?2 WHERE keys <> ?2",
            params![polled.source, answer],
        )?;
    }
    if let Some(Rhythm { news, gap }) = finish.rhythm {
        let gap = gap.map(|gap| i64::try_from(gap.as_millis()).unwrap_or(i64::MAX));
        let sql = "UPDATE source SET news = ?, gap = ? WHERE id = ?";
        change.connection.run(sql, params![news.map(|at| at.millis()), gap, polled.source])?;
    }
    if let Some(Whereabouts { address, learned, moving }) = finish.whereabouts.take() {
        ask_at(change.connection, polled.source, address.as_deref())?;
        let learned = learned.map(|at| at.millis());
        let moving = moving.as_ref();
        let (to, times) = (moving.map(|moving| &moving.to), moving.map(|moving| moving.times));
        let since = moving.map(|moving| moving.since.millis());
        change.connection.run(
            "UPDATE source SET address = ?, learned = ?, moving_to = ?, moving_since = ?, moving_times = ?
             WHERE id = ?",
            params![address, learned, to, since, times, polled.source],
        )?;
    }
    if let Some(hold) = &finish.hold {
        claim::hold(change.connection, hold, change.now)?;
    }
    if let Some(rule) = finish.learned {
        let sql = "UPDATE source SET key_rule = ? WHERE id = ?";
        change.connection.run(sql, params![rule.name(), polled.source])?;
    }
    if let Some(title) = &finish.title {
        let sql = "UPDATE source SET own_title = ?1 WHERE id = ?2 AND own_title IS NOT ?1";
        if change.connection.run(sql, params![title, polled.source])? > 0 {
            retitle(change, polled.source)?;
        }
    }
    if let Some(id) = &finish.id {
        name(change, polled.source, id)?;
    }
    // It was verified at the beginning of this unit.
    end(change.connection, right, &finish, change.now)?;
    Ok(())
}

/// Writes what every poll leaves behind, however it ended, and releases the lease. Answers which source it
/// was; none, and nothing is written, when the lease was lost.
pub(super) fn end(
    connection: &Connection,
    right: &Right,
    finish: &Finish,
    now: Timestamp,
) -> Result<Option<i64>> {
    let validators = finish
        .validators
        .as_ref()
        .map(|all| to_json(&all.iter().cloned().map(Tag::from).collect::<Vec<_>>()));
    connection.find(
        "UPDATE source SET
             validators = coalesce(?1, validators),
             due = iif(hastened IS NULL, ?2, min(coalesce(?2, hastened), hastened)),
             hastened = NULL, trouble = ?3, problems = ?4, polled = ?5,
             succeeded = iif(?6, ?5, succeeded), failures = iif(?6, 0, failures + NOT ?10), expires = NULL,
             noted = ?5,
             unfinished = iif(?6, ?1 IS NULL, unfinished), cause = ?8,
             failing = iif(?3 IS NULL, NULL, coalesce(failing, ?5)), missed = iif(?9, ?5, missed)
         WHERE name = ?7 AND token = ?11 AND expires IS NOT NULL RETURNING id",
        params![
            validators,
            finish.due.map(|due| due.millis()),
            finish.trouble,
            to_json(&finish.problems),
            now.millis(),
            finish.succeeded,
            right.source.as_str(),
            finish.cause.map(Cause::name),
            finish.missed,
            finish.is_soft,
            right.token,
        ],
        |row| row.get(0),
    )
}

/// Keeps whom a source is asked of: where it moved for good, else as the file says.
fn ask_at(connection: &Connection, source: i64, address: Option<&str>) -> Result<()> {
    let sql = "SELECT coalesce(?, url) FROM source WHERE id = ?";
    let url: String = connection.one(sql, params![address, source], |row| row.get(0))?;
    connection.run("UPDATE source SET host = ? WHERE id = ?", params![host_of(&url), source])?;
    Ok(())
}

/// Keeps what a document calls itself. The first identifier stays, since one never changes
/// (RFC 4287 section 4.2.6); an upstream that makes a new one each time would change all its items.
fn name(change: &mut Change<'_>, source: i64, id: &str) -> Result<()> {
    let sql = "UPDATE source SET own_id = ? WHERE id = ? AND own_id IS NULL";
    let changed = change.connection.run(sql, params![id, source])? > 0;
    if changed { show(change, source) } else { Ok(()) }
}

/// Gives a source's shelf the title readers know it by. A new one shows on its items as well.
pub(super) fn retitle(change: &mut Change<'_>, source: i64) -> Result<()> {
    let connection = change.connection;
    let (name, title): (String, String) = connection.one(
        "SELECT name, coalesce(title, own_title, name) FROM source WHERE id = ?",
        [source],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let shelf = shelf::ensure(change, Kind::Source, &name)?;
    let sql = "UPDATE shelf SET title = ?1 WHERE id = ?2 AND title IS NOT ?1";
    let changed = connection.run(sql, params![title, shelf])? > 0;
    if changed { show(change, source) } else { Ok(()) }
}

/// Moves the heads of all shelves where items of a source stand, since each item names its source.
pub(super) fn show(change: &mut Change<'_>, source: i64) -> Result<()> {
    let shelves: Vec<i64> = change.connection.all(
        "SELECT DISTINCT shelf FROM item JOIN place ON place.item = item.row WHERE source = ?",
        [source],
        |row| row.get(0),
    )?;
    shelves.into_iter().try_for_each(|shelf| change.force(shelf))?;
    story::show(change, source)
}

/// Drops what was owed for entries that are no longer shown.
fn forgive(connection: &Connection, polled: &Polled, answer: &[u8]) -> Result<()> {
    let sql = "SELECT mark FROM owed WHERE source = ?";
    for mark in connection.all(sql, [polled.source], |row| row.get(0))? {
        if !holds(answer, unsigned(mark)) {
            let sql = "DELETE FROM owed WHERE source = ? AND mark = ?";
            connection.run(sql, [polled.source, mark])?;
        }
    }
    Ok(())
}

/// Takes from items the sightings that are no longer in an answer which shows all there is.
fn sweep(change: &mut Change<'_>, polled: &Polled, answer: &[u8]) -> Result<()> {
    let connection = change.connection;
    let sightings: Vec<(i64, Option<i64>)> = connection.all(
        "SELECT mark, item FROM sighting WHERE source = ?",
        [polled.source],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let mut unseen = BTreeSet::new();
    for (mark, item) in sightings {
        if !holds(answer, unsigned(mark)) {
            sighting::forget(connection, polled.source, mark)?;
            unseen.extend(item);
        }
    }
    unseen.into_iter().try_for_each(|item| article::settle(change, item, polled.token))
}
