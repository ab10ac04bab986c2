//! Hubs that tell of a source's changes, and the addresses of ours they know.

use std::time::Duration;

use rusqlite::{Connection, Result, Row, params};

use super::row::{instant, perhaps, source_id};
use super::statement::Statement;
use crate::model::hub::{Callback, Hub};
use crate::model::source::SourceId;
use crate::model::time::Timestamp;
use crate::store::{Error, Unsubscribed, Wanted};
use crate::websub::intent;

/// Keeps which hub a document names; a new one is asked at once.
pub(super) fn name(
    connection: &Connection,
    source: i64,
    hub: Option<&Hub>,
    now: Timestamp,
) -> Result<()> {
    let (url, topic) = (hub.map(|hub| &hub.url), hub.map(|hub| &hub.topic));
    let changed = connection.run(
        "UPDATE source SET hub = ?1, topic = ?2, ask_hub_at = iif(?1 IS NULL, NULL, ?3),
             hub_refusals = 0, hub_trouble = NULL
         WHERE id = ?4 AND (hub, topic) IS NOT (?1, ?2)",
        params![url, topic, now.millis(), source],
    )?;
    // Who is not named any more is not believed any more.
    if changed > 0 { forget(connection, source) } else { Ok(()) }
}

/// Ends all addresses of a source.
pub(super) fn forget(connection: &Connection, source: i64) -> Result<()> {
    connection.run("DELETE FROM callback WHERE source = ?", [source])?;
    Ok(())
}

/// Puts right what a clock noted that was ahead: no lease and no wait is longer than those that are asked
/// for and believed.
pub(super) fn put_back(connection: &Connection, now: Timestamp) -> Result<()> {
    let longest = now.plus(intent::LONGEST).millis();
    connection.run("UPDATE callback SET lease = ?1 WHERE lease > ?1", [longest])?;
    let sql = "UPDATE source SET ask_hub_at = ?1 WHERE ask_hub_at > ?2";
    connection.run(sql, [now.millis(), longest])?;
    Ok(())
}

/// Hubs that are to be asked.
pub(super) fn unsubscribed(
    connection: &Connection,
    now: Timestamp,
    most: usize,
) -> Result<Unsubscribed, Error> {
    let sql = "SELECT name, hub, topic, hub_refusals FROM source INDEXED BY source_hub
        WHERE enrolled AND ask_hub_at <= ? AND hub IS NOT NULL ORDER BY ask_hub_at LIMIT ?";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let wanted = connection.all(sql, [now.millis(), most], |row| {
        let hub = Hub { url: row.get(1)?, topic: row.get(2)? };
        Ok(Wanted { source: source_id(row, 0)?, hub, refusals: row.get(3)? })
    })?;
    let sql = "SELECT min(ask_hub_at) FROM source INDEXED BY source_hub
        WHERE enrolled AND ask_hub_at > ? AND hub IS NOT NULL";
    let next = connection.one(sql, [now.millis()], |row| perhaps(row, 0))?;
    Ok(Unsubscribed { wanted, next })
}

/// Remembers an address before its hub is told, and forgets those that came to nothing or are over. Answers
/// whether the source still names that hub.
pub(super) fn offer(
    connection: &Connection,
    callback: &Callback,
    again: Timestamp,
) -> Result<bool, Error> {
    let Callback { token, source, hub, secret, asked, .. } = callback;
    let named = connection.run(
        "UPDATE source SET ask_hub_at = ?1, hub_refusals = hub_refusals + 1
         WHERE name = ?2 AND hub = ?3 AND topic = ?4",
        params![again.millis(), source.as_str(), hub.url, hub.topic],
    )?;
    if named == 0 {
        return Ok(false);
    }
    connection.run(
        "DELETE FROM callback WHERE lease <= ?1
             OR lease IS NULL AND source = (SELECT id FROM source WHERE name = ?2)",
        params![asked.millis(), source.as_str()],
    )?;
    connection.run(
        "INSERT INTO callback (token, source, hub, topic, secret, asked)
         SELECT ?1, id, ?2, ?3, ?4, ?5 FROM source WHERE name = ?6",
        params![token, hub.url, hub.topic, secret, asked.millis(), source.as_str()],
    )?;
    Ok(true)
}

/// An address of ours.
pub(super) fn find(connection: &Connection, token: &str) -> Result<Option<Callback>, Error> {
    let sql = "SELECT callback.token, name, callback.hub, callback.topic, secret, asked, lease
        FROM callback JOIN source ON source.id = callback.source
        WHERE callback.token = ? AND enrolled";
    Ok(connection.find(sql, [token], of)?)
}

fn of(row: &Row<'_>) -> Result<Callback> {
    Ok(Callback {
        token: row.get(0)?,
        source: source_id(row, 1)?,
        hub: Hub { url: row.get(2)?, topic: row.get(3)? },
        secret: row.get(4)?,
        asked: instant(row.get(5)?),
        lease: perhaps(row, 6)?,
    })
}

/// How long an address is still good for when the next one is: what is on its way to it shall arrive.
const GRACE: Duration = Duration::from_secs(3600);

/// A hub means what it was asked: its lease begins, and the addresses before this one end soon.
pub(super) fn verify(
    connection: &Connection,
    token: &str,
    until: Timestamp,
    renew: Timestamp,
    now: Timestamp,
) -> Result<(), Error> {
    let sql = "UPDATE callback SET lease = ? WHERE token = ?";
    connection.run(sql, params![until.millis(), token])?;
    connection.run(
        "UPDATE callback SET lease = min(lease, ?2) WHERE token <> ?1
             AND source = (SELECT source FROM callback WHERE token = ?1)",
        params![token, now.plus(GRACE).millis()],
    )?;
    connection.run(
        "UPDATE source SET ask_hub_at = ?2, hub_refusals = 0, hub_trouble = NULL
         WHERE id = (SELECT source FROM callback WHERE token = ?1)
             AND (hub, topic) = (SELECT hub, topic FROM callback WHERE token = ?1)",
        params![token, renew.millis()],
    )?;
    Ok(())
}

/// A hub will not have it.
pub(super) fn refuse(connection: &Connection, token: &str, why: &str) -> Result<(), Error> {
    connection.run(
        "UPDATE source SET hub_trouble = ?2 WHERE id =
             (SELECT source FROM callback WHERE token = ?1 AND lease IS NULL)",
        [token, why],
    )?;
    connection.run("DELETE FROM callback WHERE token = ? AND lease IS NULL", [token])?;
    Ok(())
}

/// Makes a source due, also when a poll that is under way ends.
pub(super) fn hasten(connection: &Connection, source: &SourceId, now: Timestamp) -> Result<()> {
    let sql = "UPDATE source SET hastened = ?1, due = min(due, ?1), noted = ?1
        WHERE name = ?2 AND (due IS NULL OR due < ?3)";
    let never = Timestamp::NEVER.millis();
    connection.run(sql, params![now.millis(), source.as_str(), never])?;
    Ok(())
}
