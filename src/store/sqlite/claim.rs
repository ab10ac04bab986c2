//! Leases on sources: who may poll what, and until when.
//!
//! A token grows with every lease, and a commit under an older one is refused; the expiry only
//! says when a silent holder may be passed over. It is read from the database's clock, because
//! the clocks of two nodes differ and `now` may be any time at all.

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;
use std::time::Duration;

use rusqlite::{Connection, Result, params};

use super::commit::Right;
use super::row::{source_id, to_json, unpack, unsigned};
use super::statement::Statement;
use super::{callback, read, subscription};
use crate::model::manners::{PATIENCE, Rooms};
use crate::model::source::SourceId;
use crate::model::time::Timestamp;
use crate::store::{Claimed, Error, Hold, LastAnswer, PollLease};

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
    if chosen.is_empty() {
        return Ok(Claimed { taken: Vec::new(), next });
    }
    let expires = clock.saturating_add(millis(lease));
    let tokens = tokens(connection, chosen.len())?;
    let taken = chosen.iter().zip(tokens);
    let taken = taken.map(|(candidate, token)| take(connection, candidate, token, expires));
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
    let sql = "UPDATE source SET due = ?1, noted = ?3
        WHERE name = ?2 AND due <= ?3 AND expires IS NULL";
    for (source, until) in until {
        connection.run(sql, params![until.millis(), source.as_str(), now.millis()])?;
    }
    Ok(())
}

/// Puts right what a clock noted that was ahead.
pub(super) fn put_back(connection: &Connection, now: Timestamp) -> Result<usize, Error> {
    // A poll under way may have begun a moment after this was asked.
    let ahead = now.plus(AHEAD).millis();
    let sql = "UPDATE host SET until = ?1 WHERE until > ?2";
    let most = now.plus(PATIENCE).millis();
    connection.run(sql, [most, most])?;
    callback::put_back(connection, now)?;
    subscription::put_back(connection, now)?;
    let sql = "UPDATE source SET due = iif(due < ?3, due - (noted - ?1), due), noted = ?1,
        polled = min(polled, ?1) WHERE noted > ?2";
    Ok(connection.run(sql, [now.millis(), ahead, Timestamp::NEVER.millis()])?)
}

/// What is not taken for a clock that was ahead.
const AHEAD: Duration = Duration::from_secs(5);

/// Begins a lease anew.
pub(super) fn extend(connection: &Connection, source: i64, lease: Duration) -> Result<()> {
    let expires = clock(connection)?.saturating_add(millis(lease));
    connection.run("UPDATE source SET expires = ? WHERE id = ?", [expires, source])?;
    Ok(())
}

/// Ends a lease that was not used.
pub(super) fn release(connection: &Connection, right: &Right) -> Result<()> {
    let sql = "UPDATE source SET expires = NULL WHERE name = ? AND token = ?";
    connection.run(sql, params![right.source.as_str(), right.token])?;
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

/// The time by the clock of this database.
pub(super) fn clock(connection: &Connection) -> Result<i64> {
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
    let (mut busy, held) = (busy(connection, clock)?, held(connection, now)?);
    let mut chosen = Vec::new();
    let (sql, words) = match only {
        None => (IN_TURN, to_json(&rooms.full().collect::<Vec<_>>())),
        Some(only) => (NAMED, to_json(&only.iter().map(SourceId::as_str).collect::<Vec<_>>())),
    };
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([words])?;
    while chosen.len() < limit
        && let Some(row) = rows.next()?
    {
        let due: Option<i64> = row.get(1)?;
        if only.is_none() && due.is_some_and(|due| due > now.millis()) {
            break;
        }
        let host = row.get_ref(2)?.as_str_or_null()?;
        if host.is_some_and(|host| !rooms.has_room(host) || held.contains(host)) {
            continue;
        }
        let source: i64 = row.get(0)?;
        let (id, namespace, expires): (_, _, Option<i64>) =
            connection
                .one(ONE, [source], |row| Ok((source_id(row, 0)?, row.get(1)?, row.get(2)?)))?;
        let is_free = expires.is_none_or(|expires| expires <= clock);
        if is_free && busy.insert(namespace) {
            host.inspect(|host| rooms.take(host));
            chosen.push(Candidate { source, id });
        }
    }
    Ok(chosen)
}

/// Sources in the order of the index, which has all of this; those without `due` stand first.
const IN_TURN: &str = "SELECT id, due, host FROM source INDEXED BY source_due
    WHERE enrolled AND (host IS NULL OR host NOT IN (SELECT value FROM json_each(?)))
    ORDER BY due, rank";

/// Some of them, by name.
const NAMED: &str = "SELECT id, due, host FROM source
    WHERE enrolled AND name IN (SELECT value FROM json_each(?)) ORDER BY due, rank";

const ONE: &str = "SELECT name, namespace, expires FROM source WHERE id = ?";

/// Hosts that asked to be left alone.
fn held(connection: &Connection, now: Timestamp) -> Result<HashSet<String>> {
    let sql = "SELECT name FROM host WHERE until > ?";
    Ok(connection.all(sql, [now.millis()], |row| row.get(0))?.into_iter().collect())
}

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

/// So many new tokens.
pub(super) fn tokens(connection: &Connection, count: usize) -> Result<std::ops::Range<i64>> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let sql = "UPDATE counter SET value = value + ? WHERE name = 'token' RETURNING value";
    let last: i64 = connection.one(sql, [count], |row| row.get(0))?;
    Ok(last - count + 1..last + 1)
}

fn take(
    connection: &Connection,
    candidate: &Candidate,
    token: i64,
    expires: i64,
) -> Result<PollLease> {
    let (state, answered, _) =
        connection.one(&TAKE, [token, expires, candidate.source], read::known)?;
    Ok(PollLease { source: candidate.id.clone(), token, state, answered })
}

static TAKE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "UPDATE source SET token = ?, expires = ?, hastened = NULL WHERE id = ? RETURNING {}",
        read::KNOWN
    )
});

/// What a source's last full answer showed.
pub(super) fn last_answer(connection: &Connection, source: &SourceId) -> Result<LastAnswer> {
    let sql = "SELECT id FROM source WHERE name = ?";
    let id = connection.find(sql, [source.as_str()], |row| row.get::<_, i64>(0))?;
    let Some(id) = id else { return Ok(LastAnswer::default()) };
    let sql = "SELECT mark, failures FROM owed WHERE source = ?";
    let owed = connection.all(sql, [id], |row| Ok((unsigned(row.get(0)?), row.get(1)?)))?;
    let keys = unpack(&read::answer(connection, id)?);
    Ok(LastAnswer { keys, owed: owed.into_iter().collect() })
}

/// A span as it is stored.
pub(super) fn millis(span: Duration) -> i64 {
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
            .all(&format!("EXPLAIN QUERY PLAN {IN_TURN}"), ["[]"], |row| row.get("detail"))
            .expect("a plan");
        assert_eq!(plan[0], "SCAN source USING COVERING INDEX source_due");
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
    }
}
