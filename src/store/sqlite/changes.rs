//! The log as subscriptions read it: its rows, each with its item as it is now and where that stands.

use std::collections::HashMap;

use rusqlite::{Connection, Result, params};

use super::article::State;
use super::change::Verb;
use super::row::instant;
use super::statement::Statement;
use super::{membership, read};
use crate::model::feed::Revision;
use crate::model::item::ItemId;
use crate::model::subscription::{self, Change, Changes, Stand, SubscriptionId};
use crate::store::Error;

/// Bytes of bodies in one answer: it is held while a message is under way, by thousands at once.
const BYTES: usize = 64 << 10;

/// A row of the log and its item.
struct Logged {
    revision: i64,
    item: i64,
    verb: i64,
    is_quiet: bool,
    at: i64,
    chain: Vec<u8>,
    id: ItemId,
    public_id: Option<String>,
    is_live: bool,
}

/// What happened after a revision, up to another one or to the end.
pub(super) fn changes(
    connection: &Connection,
    after: Revision,
    upto: Option<Revision>,
    most: usize,
) -> Result<Changes, Error> {
    let sql = "SELECT log.revision, log.item, verb, quiet, at, chain, item.id, public_id, state
        FROM log JOIN item ON item.row = log.item
        WHERE log.revision > ? AND log.revision <= ? ORDER BY log.revision LIMIT ?";
    let (from, end) = (after.0.cast_signed(), upto.map_or(i64::MAX, |upto| upto.0.cast_signed()));
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = connection.all(sql, params![from, end, limit], logged)?;
    let has_more = rows.len() == most;
    let mut changes = gather(connection, rows)?;
    changes.has_more |= has_more;
    if !changes.has_more {
        // The counter may stand above the last row: a new title makes none.
        let newest = super::change::newest(connection)?;
        changes.upto = upto.map_or(newest, |upto| upto.min(newest)).max(after);
    }
    Ok(changes)
}

/// What is to be sent to a subscription again.
pub(super) fn replays(
    connection: &Connection,
    id: &SubscriptionId,
    most: usize,
) -> Result<Changes, Error> {
    // Rows that are gone from the log cannot be sent any more.
    let sql =
        "SELECT log.revision, log.item, verb, quiet, at, chain, item.id, public_id, item.state
        FROM subscription JOIN replay ON replay.subscription = subscription.id
        JOIN log ON log.revision = replay.revision JOIN item ON item.row = log.item
        WHERE name = ? ORDER BY log.revision LIMIT ?";
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = connection.all(sql, params![id.as_str(), limit], logged)?;
    gather(connection, rows)
}

fn logged(row: &rusqlite::Row<'_>) -> Result<Logged> {
    Ok(Logged {
        revision: row.get(0)?,
        item: row.get(1)?,
        verb: row.get(2)?,
        is_quiet: row.get(3)?,
        at: row.get(4)?,
        chain: row.get(5)?,
        id: ItemId::recall(row.get(6)?),
        public_id: row.get(7)?,
        is_live: row.get::<_, i64>(8)? == State::Live as i64,
    })
}

fn gather(connection: &Connection, rows: Vec<Logged>) -> Result<Changes, Error> {
    let mut changes = Changes::default();
    let mut shelves = HashMap::new();
    let mut room = read::Room::of(BYTES);
    for row in rows {
        let item = match row.is_live {
            true => Some(read::by_row(connection, row.item, true)?),
            false => None,
        };
        if item.as_ref().is_some_and(|item| !room.take(item)) {
            changes.has_more = true;
            break;
        }
        changes.upto = Revision(row.revision.cast_unsigned());
        changes.rows.push(Change {
            revision: changes.upto,
            verb: verb(row.verb),
            is_quiet: row.is_quiet,
            is_superseded: is_superseded(connection, &row)?,
            at: instant(row.at),
            chain: row.chain,
            id: row.id,
            public_id: row.public_id.unwrap_or_else(|| row.id.urn()),
            item,
            stands: stands(connection, row.item, row.is_live, &mut shelves)?,
        });
    }
    Ok(changes)
}

fn verb(number: i64) -> subscription::Verb {
    match number {
        1 => subscription::Verb::Published,
        2 => subscription::Verb::Updated,
        3 => subscription::Verb::Refiled,
        _ => subscription::Verb::Withdrawn,
    }
}

/// Whether the item's later rows say all that this one has to say: a newer edit, or that it went and perhaps
/// came back.
fn is_superseded(connection: &Connection, row: &Logged) -> Result<bool> {
    let later = |verbs: &str| -> Result<bool> {
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM log WHERE item = ? AND revision > ? AND verb IN ({verbs}))"
        );
        connection.one(&sql, [row.item, row.revision], |found| found.get(0))
    };
    match row.verb {
        verb if verb == Verb::Updated as i64 => Ok(!row.is_live || later("2, 4")?),
        verb if verb == Verb::Withdrawn as i64 => Ok(row.is_live || later("4")?),
        _ => Ok(!row.is_live || later("4")?),
    }
}

/// Where an item is shown, or was.
fn stands(
    connection: &Connection,
    item: i64,
    is_live: bool,
    shelves: &mut HashMap<i64, (crate::model::feed::Shelf, Option<String>)>,
) -> Result<Vec<Stand>> {
    let sql = "SELECT shelf, seen FROM place WHERE item = ? AND gone = ?";
    let gone = if is_live { membership::SHOWN } else { 1 };
    let places: Vec<(i64, i64)> =
        connection.all(sql, [item, gone], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut stands = Vec::with_capacity(places.len());
    for (shelf, since) in places {
        let (shelf, name) = match shelves.get(&shelf) {
            Some(known) => known.clone(),
            None => {
                let sql = "SELECT iif(kind = 1, name, NULL) FROM shelf WHERE id = ?";
                let name: Option<String> = connection.one(sql, [shelf], |row| row.get(0))?;
                let found = (read::shelf_at(connection, shelf)?, name);
                shelves.entry(shelf).or_insert(found).clone()
            }
        };
        stands.push(Stand { shelf, name, since: instant(since) });
    }
    Ok(stands)
}
