//! Followers of the hub's topics, and what is asked of the hub, in their tables.

use std::time::Duration;

use rusqlite::{Connection, Result, Row, params};

use super::claim;
use super::row::{instant, to_json};
use super::statement::Statement;
use crate::model::follower::{Edition, Follower, Following, Intent, Mode};
use crate::model::manners::{Rooms, host_of};
use crate::model::time::Timestamp;
use crate::store::Error;
use crate::store::followers::{
    Intended, MOST_FOLLOWERS, MOST_INTENTS, MOST_OF_A_HOST, Push, Pushed, Verdict,
};

/// How long something asked may wait to be verified.
const PATIENCE: Duration = Duration::from_secs(600);

/// Remembers what was asked.
pub(super) fn intend(
    connection: &Connection,
    intent: &Intent,
    now: Timestamp,
) -> Result<Intended, Error> {
    let Intent { mode, topic, asked, callback, secret, lease, .. } = intent;
    let host = host_of(callback).unwrap_or_default();
    let count = |sql: &str, of: &[&dyn rusqlite::ToSql]| -> Result<u64> {
        Ok(connection.one(sql, of, |row| row.get::<_, i64>(0))?.unsigned_abs())
    };
    let open = count(
        "SELECT count(*) FROM intent WHERE host = ? AND NOT (topic = ? AND callback = ?)",
        &[&host, topic, callback],
    )?;
    if open >= MOST_OF_A_HOST {
        return Ok(Intended::Crowded);
    }
    let followers = count("SELECT count(*) FROM follower", &[])?;
    let is_known = count(
        "SELECT count(*) FROM follower WHERE topic = ? AND callback = ?",
        &[topic, callback],
    )? > 0;
    if (followers >= MOST_FOLLOWERS && !is_known && *mode == Mode::Subscribe)
        || count("SELECT count(*) FROM intent", &[])? >= MOST_INTENTS
    {
        return Ok(Intended::Full);
    }
    connection.run(
        "INSERT OR REPLACE INTO intent (mode, topic, callback, host, asked, secret, lease, at, due)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
        params![
            *mode == Mode::Unsubscribe,
            topic,
            callback,
            host,
            asked,
            secret,
            i64::try_from(lease.as_secs()).unwrap_or(i64::MAX),
            now.millis(),
        ],
    )?;
    Ok(Intended::Taken)
}

/// Leases what is to be verified.
pub(super) fn claim_intents(
    connection: &Connection,
    now: Timestamp,
    most: usize,
    lease: Duration,
) -> Result<Vec<Intent>, Error> {
    let clock = claim::clock(connection)?;
    let sql = "SELECT id, mode, topic, asked, callback, secret, lease, attempts FROM intent
        WHERE due <= ? AND (expires IS NULL OR expires <= ?) ORDER BY due LIMIT ?";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let taken = connection.all(sql, params![now.millis(), clock, most], |row| {
        Ok(Intent {
            number: row.get(0)?,
            mode: if row.get(1)? { Mode::Unsubscribe } else { Mode::Subscribe },
            topic: row.get(2)?,
            asked: row.get(3)?,
            callback: row.get(4)?,
            secret: row.get(5)?,
            lease: Duration::from_secs(row.get::<_, i64>(6)?.unsigned_abs()),
            attempts: row.get(7)?,
        })
    })?;
    let expires = clock.saturating_add(claim::millis(lease));
    for intent in &taken {
        let sql = "UPDATE intent SET expires = ? WHERE id = ?";
        connection.run(sql, [expires, intent.number])?;
    }
    Ok(taken)
}

/// Notes what came of something asked.
pub(super) fn verified(
    connection: &Connection,
    intent: &Intent,
    verdict: &Verdict,
) -> Result<(), Error> {
    if let Verdict::Again(due) = verdict {
        let sql = "UPDATE intent SET due = ?, attempts = attempts + 1, expires = NULL WHERE id = ?";
        connection.run(sql, [due.millis(), intent.number])?;
        return Ok(());
    }
    // Something else that was asked meanwhile has another number, and is the one that counts.
    if connection.run("DELETE FROM intent WHERE id = ?", [intent.number])? == 0 {
        return Ok(());
    }
    let Verdict::Meant { until, edition } = verdict else { return Ok(()) };
    let Intent { mode, topic, asked, callback, secret, .. } = intent;
    if *mode == Mode::Unsubscribe {
        let sql = "DELETE FROM follower WHERE topic = ? AND callback = ?";
        connection.run(sql, [topic, callback])?;
        return Ok(());
    }
    let revision = edition.as_ref().map_or(0, |edition| edition.revision.0.cast_signed());
    let sent = edition.as_ref().map(|edition| &edition.hash);
    // Whoever goes on following has been told what he has been told.
    connection.run(
        "INSERT INTO follower (topic, callback, host, asked, secret, until, reached, sent)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (topic, callback) DO UPDATE SET asked = ?4, secret = ?5, until = ?6",
        params![
            topic,
            callback,
            host_of(callback).unwrap_or_default(),
            asked,
            secret,
            until.millis(),
            revision,
            sent,
        ],
    )?;
    Ok(())
}

/// Topics somebody follows.
pub(super) fn topics(connection: &Connection, now: Timestamp) -> Result<Vec<Following>, Error> {
    let sql = "SELECT topic, count(*), sum(failures > 0), min(until) FROM follower
        WHERE until > ? GROUP BY topic";
    Ok(connection.all(sql, [now.millis()], |row| {
        Ok(Following {
            topic: row.get(0)?,
            followers: row.get::<_, i64>(1)?.unsigned_abs(),
            failing: row.get::<_, i64>(2)?.unsigned_abs(),
            until: instant(row.get(3)?),
        })
    })?)
}

/// Leases followers who were not told yet.
pub(super) fn claim_pushes(
    connection: &Connection,
    editions: &[Edition],
    most: usize,
    rooms: &mut Rooms,
    now: Timestamp,
    lease: Duration,
) -> Result<Vec<Push>, Error> {
    let clock = claim::clock(connection)?;
    let expires = clock.saturating_add(claim::millis(lease));
    let mut pushes: Vec<Push> = Vec::new();
    for edition in editions {
        let (topic, revision) = (&edition.topic, edition.revision.0.cast_signed());
        connection.run(
            "UPDATE follower SET reached = ?1 WHERE topic = ?2 AND reached < ?1 AND sent = ?3
                 AND expires IS NULL",
            params![revision, topic, edition.hash],
        )?;
        loop {
            let full: Vec<&str> = rooms.full().collect();
            let left = i64::try_from(most - pushes.len()).unwrap_or(i64::MAX);
            let found = connection.all(
                "SELECT id, topic, asked, callback, secret, sent, failures, host FROM follower
             WHERE topic = ?1 AND reached < ?2 AND until > ?3 AND (due IS NULL OR due <= ?3)
                 AND (expires IS NULL OR expires <= ?4)
                 AND host NOT IN (SELECT value FROM json_each(?5))
             ORDER BY failures > 0, reached LIMIT ?6",
                params![topic, revision, now.millis(), clock, to_json(&full), left],
                |row| Ok((follower(row)?, row.get::<_, String>(7)?)),
            )?;
            let before = pushes.len();
            let tokens = claim::tokens(connection, found.len())?;
            for ((follower, host), token) in found.into_iter().zip(tokens) {
                if rooms.has_room(&host) {
                    rooms.take(&host);
                    let sql = "UPDATE follower SET token = ?, expires = ? WHERE id = ?";
                    connection.run(sql, [token, expires, follower.number])?;
                    pushes.push(Push { follower, token, host });
                }
            }
            if pushes.len() == most {
                return Ok(pushes);
            }
            // Those that were passed over have no room now; behind them may be others that have.
            if pushes.len() == before {
                break;
            }
        }
    }
    Ok(pushes)
}

fn follower(row: &Row<'_>) -> Result<Follower> {
    Ok(Follower {
        number: row.get(0)?,
        topic: row.get(1)?,
        asked: row.get(2)?,
        callback: row.get(3)?,
        secret: row.get(4)?,
        sent: row.get(5)?,
        failures: row.get(6)?,
    })
}

/// Notes how a push went.
pub(super) fn pushed(connection: &Connection, push: &Push, pushed: &Pushed) -> Result<(), Error> {
    let (number, token) = (push.follower.number, push.token);
    match pushed {
        Pushed::Taken(reached, sent) => connection.run(
            "UPDATE follower SET reached = max(reached, ?1), sent = ?2, failures = 0, due = NULL,
                 expires = NULL WHERE id = ?3 AND token = ?4",
            params![reached.0.cast_signed(), sent, number, token],
        )?,
        Pushed::Dropped(reached) => connection.run(
            "UPDATE follower SET reached = max(reached, ?1), failures = 0, due = NULL, expires = NULL
             WHERE id = ?2 AND token = ?3",
            params![reached.0.cast_signed(), number, token],
        )?,
        Pushed::Again(due) | Pushed::Gone(due) => connection.run(
            "UPDATE follower SET failures = failures + 1, due = ?1, expires = NULL
             WHERE id = ?2 AND token = ?3",
            params![due.millis(), number, token],
        )?,
    };
    if let Pushed::Gone(due) = pushed {
        let Follower { topic, asked, callback, .. } = &push.follower;
        connection.run(
            "INSERT OR IGNORE INTO intent (mode, topic, callback, host, asked, lease, at, due)
             VALUES (1, ?1, ?2, ?3, ?4, 0, ?5, 0)",
            params![topic, callback, push.host, asked, due.millis()],
        )?;
    }
    Ok(())
}

/// Forgets followers of a topic that is no more.
pub(super) fn dismiss(
    connection: &Connection,
    topic: &str,
    most: usize,
) -> Result<Vec<Follower>, Error> {
    let sql = "DELETE FROM follower WHERE id IN (SELECT id FROM follower WHERE topic = ? LIMIT ?)
        RETURNING id, topic, asked, callback, secret, sent, failures";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    Ok(connection.all(sql, params![topic, most], follower)?)
}

/// Forgets what is over.
pub(super) fn expire(connection: &Connection, now: Timestamp) -> Result<(), Error> {
    connection.run("DELETE FROM follower WHERE until <= ?", [now.millis()])?;
    let sql = "DELETE FROM intent WHERE at <= ?";
    connection.run(sql, [now.minus(PATIENCE).millis()])?;
    Ok(())
}

/// Ends all leases: whoever held them is gone.
pub(super) fn release_all(connection: &Connection) -> Result<(), Error> {
    connection.execute("UPDATE follower SET expires = NULL WHERE expires IS NOT NULL", [])?;
    connection.execute("UPDATE intent SET expires = NULL WHERE expires IS NOT NULL", [])?;
    Ok(())
}
