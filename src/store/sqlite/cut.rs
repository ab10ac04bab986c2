//! Cuts: which is due, and how far digests have come.
//!
//! A cut's revision is found by its time once, and kept until all digests of that cut are there: so they
//! are of the same items, however often writing them is broken off, and the next cut begins where this
//! one ends. It knows nothing of what came.

use rusqlite::{Connection, Result, params};

use super::row::instant;
use super::statement::Statement;
use crate::model::digest::Digests;
use crate::model::period::Period;
use crate::model::time::{Timestamp, Zone};
use crate::store::Error;

/// A cut whose digests are to be written: of what came after one revision, up to another.
#[derive(Clone, Copy)]
pub(super) struct Due {
    pub(super) period: Period,
    pub(super) cut: i64,
    pub(super) from: i64,
    pub(super) upto: i64,
}

/// The next cut that is due. Cuts between which nothing came are passed over, and forgotten are those
/// of a period that has no digests any more.
pub(super) fn due(
    connection: &Connection,
    digests: &Digests,
    now: Timestamp,
) -> Result<Option<Due>, Error> {
    for period in Period::ALL {
        if !digests.periods.contains(&period) {
            connection.run("DELETE FROM digest_cut WHERE period = ?", [period as i64])?;
        } else if let Some(due) = due_of(connection, period, &digests.site.zone, now)? {
            return Ok(Some(due));
        }
    }
    Ok(None)
}

fn due_of(
    connection: &Connection,
    period: Period,
    zone: &Zone,
    now: Timestamp,
) -> Result<Option<Due>> {
    let sql = "SELECT at, revision, next_at, next_revision FROM digest_cut WHERE period = ?";
    let reached = connection.find(sql, [period as i64], |row| {
        let next: (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
        Ok((row.get(0)?, row.get(1)?, next.0.zip(next.1)))
    })?;
    let last = period.before(now, zone).millis();
    let Some((mut at, from, begun)): Option<(i64, i64, _)> = reached else {
        // What came before the first start, or before there were digests, is nobody's news.
        return reach(connection, period, last, upto(connection, 0, last)?).map(|()| None);
    };
    if let Some((cut, upto)) = begun {
        return Ok(Some(Due { period, cut, from, upto }));
    }
    // A clock that was ahead for a while must not silence all days until then.
    if at > period.after(period.after(now, zone), zone).millis() {
        at = i64::MIN;
    }
    if let Some(cut) = next(connection, period, zone, at, from)?.filter(|cut| *cut <= last) {
        let upto = upto(connection, from, cut)?;
        let sql = "UPDATE digest_cut SET next_at = ?, next_revision = ? WHERE period = ?";
        connection.run(sql, params![cut, upto, period as i64])?;
        return Ok(Some(Due { period, cut, from, upto }));
    }
    if last > at {
        reach(connection, period, last, from)?;
    }
    Ok(None)
}

/// The first cut after one, before which anything stands in the log; none when nothing came since.
fn next(
    connection: &Connection,
    period: Period,
    zone: &Zone,
    at: i64,
    from: i64,
) -> Result<Option<i64>> {
    let sql = "SELECT min(at) FROM log WHERE revision > ?";
    let first: Option<i64> = connection.one(sql, [from], |row| row.get(0))?;
    Ok(first.map(|first| period.after(instant(first.max(at)), zone).millis()))
}

/// The revision of a cut: the last one with a time before it. Times may stand out of order, since a
/// slow poll is logged with the time it began, and clocks are put right.
fn upto(connection: &Connection, from: i64, cut: i64) -> Result<i64> {
    let sql =
        "SELECT revision FROM log WHERE revision > ? AND at < ? ORDER BY revision DESC LIMIT 1";
    Ok(connection.find(sql, [from, cut], |row| row.get(0))?.unwrap_or(from))
}

fn reach(connection: &Connection, period: Period, at: i64, revision: i64) -> Result<()> {
    connection.run(
        "INSERT INTO digest_cut (period, at, revision) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET at = ?2, revision = ?3, next_at = NULL, next_revision = NULL",
        params![period as i64, at, revision],
    )?;
    Ok(())
}

/// Notes that all digests of a cut are written.
pub(super) fn finish(connection: &Connection, due: &Due) -> Result<(), Error> {
    connection.run(
        "UPDATE digest_cut SET at = next_at, revision = next_revision, next_at = NULL,
             next_revision = NULL WHERE period = ? AND next_at = ?",
        params![due.period as i64, due.cut],
    )?;
    Ok(())
}
