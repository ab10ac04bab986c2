//! Leases on sources: who may poll what, and until when.
//!
//! A token grows with every lease, and a commit under an older one is refused; the expiry only
//! says when a silent holder may be passed over. It is read from the database's clock, because
//! the clocks of two nodes differ and `now` may be any time at all.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use rusqlite::{Connection, Result, params};

use super::read;
use super::row::{source_id, unpack, unsigned};
use super::statement::Statement;
use crate::model::source::SourceId;
use crate::model::time::Timestamp;
use crate::store::{Claimed, Error, PollLease};

/// A source that could be taken.
struct Candidate {
    source: i64,
    id: SourceId,
    namespace: i64,
}

/// Leases sources.
pub(super) fn claim(
    connection: &Connection,
    now: Timestamp,
    limit: usize,
    only: Option<&[SourceId]>,
    lease: Duration,
) -> Result<Claimed, Error> {
    let clock = clock(connection)?;
    let next = next(connection, now, clock)?;
    let mut busy = busy(connection, clock)?;
    let mut taken = Vec::new();
    for candidate in candidates(connection, now, clock, only)? {
        if busy.contains(&candidate.namespace) {
            continue;
        }
        if taken.len() == limit {
            return Ok(Claimed { taken, next: None });
        }
        busy.insert(candidate.namespace);
        taken.push(take(connection, &candidate, lease)?);
    }
    Ok(Claimed { taken, next })
}

/// Begins a lease anew.
pub(super) fn extend(connection: &Connection, source: i64, lease: Duration) -> Result<()> {
    let expires = clock(connection)?.saturating_add(millis(lease));
    connection.run("UPDATE source SET expires = ? WHERE id = ?", [expires, source])?;
    Ok(())
}

/// Ends a lease whose holder shall not write any more.
pub(super) fn revoke(connection: &Connection, source: i64) -> Result<()> {
    connection.run("UPDATE source SET expires = NULL WHERE id = ?", [source])?;
    Ok(())
}

/// Ends all leases: whoever held them is gone.
pub(super) fn release_all(connection: &Connection) -> Result<(), Error> {
    connection.execute("UPDATE source SET expires = NULL WHERE expires IS NOT NULL", [])?;
    Ok(())
}

fn clock(connection: &Connection) -> Result<i64> {
    connection.one("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)", [], |row| row.get(0))
}

/// Namespaces one of whose sources is under lease.
fn busy(connection: &Connection, clock: i64) -> Result<BTreeSet<i64>> {
    let sql = "SELECT namespace FROM source WHERE expires > ?";
    Ok(connection.all(sql, [clock], |row| row.get(0))?.into_iter().collect())
}

/// Those that are due, the longest first; a source that was never asked is due longest.
fn candidates(
    connection: &Connection,
    now: Timestamp,
    clock: i64,
    only: Option<&[SourceId]>,
) -> Result<Vec<Candidate>> {
    let mut candidates = connection.all(
        "SELECT id, name, namespace FROM source
         WHERE enrolled AND (expires IS NULL OR expires <= ?1) AND (?3 OR due IS NULL OR due <= ?2)
         ORDER BY due, rank",
        params![clock, now.millis(), only.is_some()],
        |row| Ok(Candidate { source: row.get(0)?, id: source_id(row, 1)?, namespace: row.get(2)? }),
    )?;
    if let Some(only) = only {
        let only: BTreeSet<&SourceId> = only.iter().collect();
        candidates.retain(|candidate| only.contains(&candidate.id));
    }
    Ok(candidates)
}

/// When to look again: when the next one is due, or a lease that stands now runs out.
fn next(connection: &Connection, now: Timestamp, clock: i64) -> Result<Option<Timestamp>> {
    let wait: Option<i64> = connection.one(
        "SELECT min(iif(expires > ?2, expires - ?2, due - ?1)) FROM source
         WHERE enrolled AND (expires > ?2 OR due > ?1)",
        [now.millis(), clock],
        |row| row.get(0),
    )?;
    Ok(wait.map(|wait| now.plus(Duration::from_millis(wait.unsigned_abs()))))
}

fn take(connection: &Connection, candidate: &Candidate, lease: Duration) -> Result<PollLease> {
    let sql = "UPDATE counter SET value = value + 1 WHERE name = 'token' RETURNING value";
    let token: i64 = connection.one(sql, [], |row| row.get(0))?;
    let expires = clock(connection)?.saturating_add(millis(lease));
    let sql = "UPDATE source SET token = ?, expires = ? WHERE id = ?";
    connection.run(sql, [token, expires, candidate.source])?;
    Ok(PollLease {
        source: candidate.id.clone(),
        token,
        state: read::state(connection, candidate.source)?,
        answer: answer(connection, candidate.source)?,
        owed: owed(connection, candidate.source)?,
    })
}

fn answer(connection: &Connection, source: i64) -> Result<Vec<u64>> {
    let sql = "SELECT answer FROM source WHERE id = ?";
    let packed: Option<Vec<u8>> = connection.one(sql, [source], |row| row.get(0))?;
    Ok(packed.map(|packed| unpack(&packed)).unwrap_or_default())
}

fn owed(connection: &Connection, source: i64) -> Result<HashMap<u64, u32>> {
    let sql = "SELECT mark, failures FROM owed WHERE source = ?";
    let owed = connection.all(sql, [source], |row| Ok((unsigned(row.get(0)?), row.get(1)?)))?;
    Ok(owed.into_iter().collect())
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
