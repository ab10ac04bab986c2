//! Hubs that tell of a source's changes, and the addresses of ours they know.

use rusqlite::{Connection, Result, Row, params};

use super::row::{instant, perhaps, source_id};
use super::statement::Statement;
use crate::model::hub::{Callback, Hub};
use crate::model::source::SourceId;
use crate::model::time::Timestamp;
use crate::store::{Error, Unsubscribed, Wanted};

/// Keeps which hub a document names; a new one is asked at once.
pub(super) fn name(
    connection: &Connection,
    source: i64,
    hub: Option<&Hub>,
    now: Timestamp,
) -> Result<()> {
    let (url, topic) = (hub.map(|hub| &hub.url), hub.map(|hub| &hub.topic));
    connection.run(
        "UPDATE source SET hub = ?1, topic = ?2, ask_hub_at = iif(?1 IS NULL, NULL, ?3),
             hub_refusals = 0, hub_trouble = NULL
         WHERE id = ?4 AND (hub, topic) IS NOT (?1, ?2)",
        params![url, topic, now.millis(), source],
    )?;
    Ok(())
}

/// Hubs that are to be asked.
pub(super) fn unsubscribed(
    connection: &Connection,
    now: Timestamp,
    most: usize,
) -> Result<Unsubscribed, Error> {
    let sql = "SELECT name, hub, topic, hub_refusals FROM source INDEXED BY source_hub
        WHERE enrolled AND ask_hub_at <= ? ORDER BY ask_hub_at LIMIT ?";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let wanted = connection.all(sql, [now.millis(), most], |row| {
        let hub = Hub { url: row.get(1)?, topic: row.get(2)? };
        Ok(Wanted { source: source_id(row, 0)?, hub, refusals: row.get(3)? })
    })?;
    let sql = "SELECT min(ask_hub_at) FROM source INDEXED BY source_hub
        WHERE enrolled AND ask_hub_at > ?";
    let next = connection.one(sql, [now.millis()], |row| perhaps(row, 0))?;
    Ok(Unsubscribed { wanted, next })
}

/// Remembers an address before its hub is told, and forgets those that came to nothing or are over.
pub(super) fn offer(
    connection: &Connection,
    callback: &Callback,
    again: Timestamp,
) -> Result<(), Error> {
    let Callback { token, source, hub, secret, asked, .. } = callback;
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
    connection.run(
        "UPDATE source SET ask_hub_at = ?1, hub_refusals = hub_refusals + 1 WHERE name = ?2",
        params![again.millis(), source.as_str()],
    )?;
    Ok(())
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

/// A hub means what it was asked: its lease begins, and the addresses before this one end.
pub(super) fn verify(
    connection: &Connection,
    token: &str,
    until: Timestamp,
    renew: Timestamp,
) -> Result<(), Error> {
    let sql = "UPDATE callback SET lease = ? WHERE token = ?";
    connection.run(sql, params![until.millis(), token])?;
    connection.run(
        "DELETE FROM callback WHERE token <> ?1 AND (source, hub, topic) =
             (SELECT source, hub, topic FROM callback WHERE token = ?1)",
        [token],
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

/// Makes a source due.
pub(super) fn hasten(connection: &Connection, source: &SourceId, now: Timestamp) -> Result<()> {
    let sql = "UPDATE source SET due = ?1, noted = ?1 WHERE name = ?2 AND due > ?1";
    connection.run(sql, params![now.millis(), source.as_str()])?;
    Ok(())
}
