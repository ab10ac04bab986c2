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
use crate::model::manners::Rooms;
use crate::model::source::SourceId;
use crate::model::time::Timestamp;
use crate::store::{Claimed, Error, Hold, PollLease};

/// A source that could be taken.
struct Candidate {
    source: i64,
    id: SourceId,
}

/// Leases sources.
pub(super) fn claim(
    connection: &Connection,
    now: Timestamp,
    limit: usize,
    only: Option<&[SourceId]>,
    rooms: &mut Rooms,
    lease: Duration,
) -> Result<Claimed, Error> {
    let clock = clock(connection)?;
    let next = next(connection, now, clock)?;
    let chosen = choose(connection, (now, clock), limit, only, rooms)?;
    let next = next.filter(|_| chosen.len() < limit);
    let taken = chosen.iter().map(|candidate| take(connection, candidate, lease));
    Ok(Claimed { taken: taken.collect::<Result<_>>()?, next })
}

/// Leaves a host alone until some time, and forgets those whose time is over.
pub(super) fn hold(connection: &Connection, hold: &Hold, now: Timestamp) -> Result<()> {
    connection.run("DELETE FROM host WHERE until <= ?", [now.millis()])?;
    let sql = "INSERT INTO host (name, until) VALUES (?1, ?2)
        ON CONFLICT DO UPDATE SET until = max(until, ?2)";
    connection.run(sql, params![hold.host, hold.until.millis()])?;
    Ok(())
}

/// Puts off polls that are overdue.
pub(super) fn postpone(
    connection: &Connection,
    until: &[(SourceId, Timestamp)],
    now: Timestamp,
) -> Result<(), Error> {
    let sql = "UPDATE source SET due = ?1 WHERE name = ?2 AND due <= ?3 AND expires IS NULL";
    for (source, until) in until {
        connection.run(sql, params![until.millis(), source.as_str(), now.millis()])?;
    }
    Ok(())
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

/// Those to be taken: the longest due first; a source that was never asked is due longest. Read no
/// further than it takes, since after a start every source is due and few are taken at a time.
fn choose(
    connection: &Connection,
    (now, clock): (Timestamp, i64),
    limit: usize,
    only: Option<&[SourceId]>,
    rooms: &mut Rooms,
) -> Result<Vec<Candidate>> {
    let only: Option<BTreeSet<&SourceId>> = only.map(|only| only.iter().collect());
    let mut busy = busy(connection, clock)?;
    let mut chosen = Vec::new();
    let mut statement = connection.prepare_cached(IN_TURN)?;
    let mut rows = statement.query([clock, now.millis()])?;
    while chosen.len() < limit
        && let Some(row) = rows.next()?
    {
        let (id, namespace) = (source_id(row, 1)?, row.get(2)?);
        let wanted = match &only {
            Some(only) => only.contains(&id),
            None if row.get::<_, Option<i64>>(3)?.is_some_and(|due| due > now.millis()) => break,
            None => true,
        };
        let host: Option<String> = row.get(4)?;
        let is_free = !row.get::<_, bool>(5)? && !busy.contains(&namespace);
        if wanted && is_free && host.is_none_or(|host| rooms.take(&host)) {
            busy.insert(namespace);
            chosen.push(Candidate { source: row.get(0)?, id });
        }
    }
    Ok(chosen)
}

/// Sources that nobody holds, in the order of the index; those without `due` stand first.
const IN_TURN: &str = "SELECT id, name, namespace, due, host,
        EXISTS (SELECT 1 FROM host WHERE host.name = source.host AND until > ?2)
    FROM source INDEXED BY source_due
    WHERE enrolled AND (expires IS NULL OR expires <= ?1) ORDER BY due, rank";

/// When to look again: when the next one is due, or a lease that stands now runs out.
fn next(connection: &Connection, now: Timestamp, clock: i64) -> Result<Option<Timestamp>> {
    let lease: Option<i64> = connection.one(
        "SELECT min(expires) - ?1 FROM source INDEXED BY source_leased WHERE expires > ?1",
        [clock],
        |row| row.get(0),
    )?;
    let due: Option<i64> = connection.find(
        "SELECT due - ?1 FROM source INDEXED BY source_due
         WHERE enrolled AND due > ?1 AND (expires IS NULL OR expires <= ?2) ORDER BY due LIMIT 1",
        [now.millis(), clock],
        |row| row.get(0),
    )?;
    let held: Option<i64> = connection.one(
        "SELECT min(until) - ?1 FROM host WHERE until > ?1",
        [now.millis()],
        |row| row.get(0),
    )?;
    let wait = lease.into_iter().chain(due).chain(held).min();
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
    Ok(unpack(&read::answer(connection, source)?))
}

fn owed(connection: &Connection, source: i64) -> Result<HashMap<u64, u32>> {
    let sql = "SELECT mark, failures FROM owed WHERE source = ?";
    let owed = connection.all(sql, [source], |row| Ok((unsigned(row.get(0)?), row.get(1)?)))?;
    Ok(owed.into_iter().collect())
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_claim_reads_the_index_and_sorts_nothing() {
        let connection = file::open_memory().expect("memory");
        let plan: Vec<String> = connection
            .all(&format!("EXPLAIN QUERY PLAN {IN_TURN}"), [0, 0], |row| row.get("detail"))
            .expect("a plan");
        assert_eq!(plan[0], "SCAN source USING INDEX source_due");
        assert!(plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{plan:?}");
    }
}
