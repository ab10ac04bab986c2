//! Subscriptions in their table: as the file and people have them, under lease, and how they go.

use std::time::Duration;

use rusqlite::{Connection, Result, Row, params};
use serde::{Deserialize, Serialize};

use super::change::newest;
use super::claim;
use super::row::{instant, json, misread, perhaps, to_json};
use super::statement::Statement;
use crate::model::feed::Revision;
use crate::model::item::ItemId;
use crate::model::source::{Allowed, SourceId};
use crate::model::subscription::{
    Course, Dead, Event, Keys, MOST_REMEMBERED, REMEMBERED, Replay, State, Subscription,
    SubscriptionId, Webhook,
};
use crate::model::time::Timestamp;
use crate::store::Error;
use crate::store::subscriptions::{Delivery, MOST_REPLAYED, Settled};

/// The longest wait between two attempts, with room to spare: what a clock noted that was ahead is longer.
const LONGEST: Duration = Duration::from_secs(48 * 3600);

/// What the operator says of a webhook, but for its name and address.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Terms {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    categories: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sources: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    views: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<String>,
    batch: usize,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    backlog: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allow: Vec<String>,
}

impl From<&Webhook> for Terms {
    fn from(webhook: &Webhook) -> Terms {
        Terms {
            categories: webhook.categories.clone(),
            sources: webhook.sources.iter().map(ToString::to_string).collect(),
            views: webhook.views.clone(),
            query: webhook.query.clone(),
            events: webhook.events.iter().map(|event| event.name().to_owned()).collect(),
            batch: webhook.batch,
            backlog: webhook.backlog,
            allow: webhook.allow.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Terms {
    fn of(self, id: SubscriptionId, url: String) -> Webhook {
        Webhook {
            id,
            url,
            categories: self.categories,
            sources: self.sources.iter().filter_map(|id| SourceId::new(id)).collect(),
            views: self.views,
            query: self.query,
            events: self.events.iter().filter_map(|name| Event::named(name)).collect(),
            batch: self.batch.max(1),
            backlog: self.backlog,
            allow: self.allow.iter().filter_map(|text| Allowed::parse(text)).collect(),
        }
    }
}

/// Takes the file's webhooks over.
pub(super) fn enlist(connection: &Connection, webhooks: &[Webhook]) -> Result<(), Error> {
    let mut changed = 0;
    for webhook in webhooks {
        let cursor = beginning(connection, webhook)?;
        // At another address nothing has failed yet.
        changed += connection.run(
            "UPDATE subscription SET failures = 0, refusals = 0, failing = NULL, due = NULL, trouble = NULL,
                 state = iif(state = 2, 0, state)
             WHERE name = ?1 AND url <> ?2",
            params![webhook.id.as_str(), webhook.url],
        )?;
        changed += connection.run(
            "INSERT INTO subscription (name, listed, enrolled, url, terms, cursor)
             VALUES (?1, TRUE, TRUE, ?2, ?3, ?4)
             ON CONFLICT (name) DO UPDATE SET listed = TRUE, enrolled = TRUE, url = ?2, terms = ?3
                 WHERE (listed, enrolled, url, terms) IS NOT (TRUE, TRUE, ?2, ?3)",
            params![webhook.id.as_str(), webhook.url, to_json(&Terms::from(webhook)), cursor],
        )?;
    }
    let sql = "SELECT name FROM subscription WHERE listed AND enrolled";
    for name in connection.all(sql, [], |row| row.get::<_, String>(0))? {
        if !webhooks.iter().any(|webhook| webhook.id.as_str() == name) {
            let sql = "UPDATE subscription SET enrolled = FALSE WHERE name = ?";
            changed += connection.run(sql, [name])?;
        }
    }
    if changed > 0 { Ok(count(connection)?) } else { Ok(()) }
}

/// Where a new one begins.
fn beginning(connection: &Connection, webhook: &Webhook) -> Result<i64> {
    if webhook.backlog { Ok(0) } else { Ok(newest(connection)?.0.cast_signed()) }
}

/// Notes that people changed something.
fn count(connection: &Connection) -> Result<()> {
    connection.run("UPDATE counter SET value = value + 1 WHERE name = 'rosters'", [])?;
    Ok(())
}

/// How often people changed something.
pub(super) fn rosters(connection: &Connection) -> Result<u64, Error> {
    let sql = "SELECT value FROM counter WHERE name = 'rosters'";
    Ok(connection.one(sql, [], |row| row.get::<_, i64>(0))?.unsigned_abs())
}

/// Makes one at run time.
pub(super) fn subscribe(
    connection: &Connection,
    webhook: &Webhook,
    key: &str,
) -> Result<bool, Error> {
    let cursor = beginning(connection, webhook)?;
    let made = connection.run(
        "INSERT INTO subscription (name, listed, enrolled, url, terms, key, cursor)
         VALUES (?, FALSE, TRUE, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        params![webhook.id.as_str(), webhook.url, to_json(&Terms::from(webhook)), key, cursor,],
    )?;
    count(connection)?;
    Ok(made > 0)
}

/// Ends one that was made at run time.
pub(super) fn unsubscribe(connection: &Connection, id: &SubscriptionId) -> Result<bool, Error> {
    let sql = "SELECT id FROM subscription WHERE name = ? AND NOT listed";
    let Some(row) = connection.find(sql, [id.as_str()], |row| row.get::<_, i64>(0))? else {
        return Ok(false);
    };
    for sql in [
        "DELETE FROM dead WHERE subscription = ?",
        "DELETE FROM replay WHERE subscription = ?",
        "DELETE FROM subscription WHERE id = ?",
    ] {
        connection.run(sql, [row])?;
    }
    count(connection)?;
    Ok(true)
}

macro_rules! subscription_where {
    ($condition:literal) => {
        concat!(
            "SELECT name, listed, url, terms, key, former_key, former_until, state, cursor, batch, failures,
                 refusals, failing, due, trouble, succeeded, id,
                 (SELECT count(*) FROM replay JOIN log USING (revision)
                     WHERE replay.subscription = subscription.id),
                 (SELECT count(*) FROM dead WHERE dead.subscription = subscription.id), message
             FROM subscription WHERE ",
            $condition
        )
    };
}

/// All there are.
pub(super) fn all(connection: &Connection) -> Result<Vec<Subscription>, Error> {
    Ok(connection.all(subscription_where!("enrolled ORDER BY name"), [], read)?)
}

/// One of them.
pub(super) fn find(
    connection: &Connection,
    id: &SubscriptionId,
) -> Result<Option<Subscription>, Error> {
    let sql = subscription_where!("enrolled AND name = ?");
    Ok(connection.find(sql, [id.as_str()], read)?)
}

fn read(row: &Row<'_>) -> Result<Subscription> {
    let name: String = row.get(0)?;
    let id = SubscriptionId::new(&name)
        .ok_or_else(|| misread(0, format!("`{name}` is no subscription's id").into()))?;
    let terms: Terms = json(row, 3)?;
    let current: Option<String> = row.get(4)?;
    let former = Option::zip(row.get(5)?, perhaps(row, 6)?);
    Ok(Subscription {
        webhook: terms.of(id, row.get(2)?),
        is_listed: row.get(1)?,
        keys: current.map(|current| Keys { current, former }),
        course: Course {
            state: state(row.get(7)?),
            reached: Revision(row.get::<_, i64>(8)?.cast_unsigned()),
            batch: row.get::<_, Option<i64>>(9)?.map(|end| Revision(end.cast_unsigned())),
            failures: row.get(10)?,
            refusals: row.get(11)?,
            failing: perhaps(row, 12)?,
            due: perhaps(row, 13)?,
            trouble: row.get(14)?,
            succeeded: perhaps(row, 15)?,
            message: row.get(19)?,
        },
        replays: row.get::<_, i64>(17)?.unsigned_abs(),
        dead: row.get::<_, i64>(18)?.unsigned_abs(),
    })
}

fn state(number: i64) -> State {
    match number {
        0 => State::Active,
        1 => State::Paused,
        _ => State::Disabled,
    }
}

/// Stops one, or lets it go on.
pub(super) fn steer(
    connection: &Connection,
    id: &SubscriptionId,
    state: State,
) -> Result<bool, Error> {
    let number = match state {
        State::Active => 0,
        State::Paused => 1,
        State::Disabled => 2,
    };
    let changed = connection.run(
        "UPDATE subscription SET state = ?1, due = iif(?1 = 0, NULL, due),
             failures = iif(?1 = 0, 0, failures), refusals = iif(?1 = 0, 0, refusals),
             failing = iif(?1 = 0, NULL, failing), trouble = iif(?1 = 0, NULL, trouble)
         WHERE name = ?2 AND enrolled",
        params![number, id.as_str()],
    )?;
    count(connection)?;
    Ok(changed > 0)
}

/// Gives one another key.
pub(super) fn rekey(
    connection: &Connection,
    id: &SubscriptionId,
    key: &str,
    until: Timestamp,
) -> Result<bool, Error> {
    let changed = connection.run(
        "UPDATE subscription SET former_key = key, former_until = ?2, key = ?1
         WHERE name = ?3 AND NOT listed",
        params![key, until.millis(), id.as_str()],
    )?;
    count(connection)?;
    Ok(changed > 0)
}

/// Leases those that are active and due.
pub(super) fn claim(
    connection: &Connection,
    wanted: &[(SubscriptionId, Revision)],
    now: Timestamp,
    lease: Duration,
) -> Result<Vec<Delivery>, Error> {
    let clock = claim::clock(connection)?;
    let tokens = claim::tokens(connection, wanted.len())?;
    let expires = clock.saturating_add(claim::millis(lease));
    let mut taken = Vec::new();
    for ((id, from), token) in wanted.iter().zip(tokens) {
        let claimed = connection.run(
            "UPDATE subscription SET token = ?1, expires = ?2, cursor = max(cursor, ?3)
             WHERE name = ?4 AND enrolled AND state = 0 AND (due IS NULL OR due <= ?5)
                 AND (expires IS NULL OR expires <= ?6)",
            params![token, expires, from.0.cast_signed(), id.as_str(), now.millis(), clock],
        )?;
        if claimed > 0 {
            let sql = subscription_where!("name = ?");
            let subscription = connection.one(sql, [id.as_str()], read)?;
            taken.push(Delivery { subscription, token });
        }
    }
    Ok(taken)
}

/// Notes how a delivery went.
pub(super) fn settle(
    connection: &Connection,
    id: &SubscriptionId,
    token: i64,
    settled: &Settled,
    lease: Duration,
) -> Result<bool, Error> {
    let Settled { course, replayed, dead, is_over } = settled;
    let name = id.as_str();
    let expires = claim::clock(connection)?.saturating_add(claim::millis(lease));
    let millis = |at: Option<Timestamp>| at.map(Timestamp::millis);
    let changed = connection.run(
        "UPDATE subscription SET cursor = max(cursor, ?1), batch = ?2, failures = ?3, refusals = ?4,
             failing = ?5, due = ?6, trouble = ?7, succeeded = ?8, state = iif(?9, 2, state),
             expires = iif(?10 OR state <> 0 OR NOT enrolled, NULL, ?11), message = ?14
         WHERE name = ?12 AND token = ?13 AND expires IS NOT NULL",
        params![
            course.reached.0.cast_signed(),
            course.batch.map(|end| end.0.cast_signed()),
            course.failures,
            course.refusals,
            millis(course.failing),
            millis(course.due),
            course.trouble,
            millis(course.succeeded),
            course.state == State::Disabled,
            is_over,
            expires,
            name,
            token,
            course.message,
        ],
    )?;
    if changed == 0 {
        return Ok(false);
    }
    let sql = "SELECT id, state = 0 AND enrolled FROM subscription WHERE name = ?";
    let (row, goes_on): (i64, bool) =
        connection.one(sql, [name], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if let Some(revision) = replayed {
        let sql = "DELETE FROM replay WHERE subscription = ? AND revision = ?";
        connection.run(sql, [row, revision.0.cast_signed()])?;
        // What arrived after all was not given up.
        if dead.is_empty() {
            let sql = "DELETE FROM dead WHERE subscription = ? AND revision = ?";
            connection.run(sql, [row, revision.0.cast_signed()])?;
        }
    }
    for dead in dead {
        bury(connection, row, dead)?;
    }
    Ok(goes_on)
}

fn bury(connection: &Connection, subscription: i64, dead: &Dead) -> Result<()> {
    connection.run(
        "INSERT OR REPLACE INTO dead (subscription, revision, item, event, message, attempts, at, why)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            subscription,
            dead.revision.0.cast_signed(),
            dead.item.bytes(),
            dead.event.name(),
            dead.message,
            dead.attempts,
            dead.at.millis(),
            dead.why,
        ],
    )?;
    connection.run(
        "DELETE FROM dead WHERE subscription = ?1 AND (at < ?2 OR revision <= coalesce(
             (SELECT revision FROM dead WHERE subscription = ?1 ORDER BY revision DESC LIMIT 1 OFFSET ?3), -1))",
        params![subscription, dead.at.minus(REMEMBERED).millis(), MOST_REMEMBERED],
    )?;
    Ok(())
}

/// Moves cursors past what nobody wants to be told.
pub(super) fn pass(
    connection: &Connection,
    reached: &[(SubscriptionId, Revision)],
) -> Result<(), Error> {
    for (id, reached) in reached {
        connection.run(
            "UPDATE subscription SET cursor = max(cursor, ?1)
             WHERE name = ?2 AND expires IS NULL AND batch IS NULL",
            params![reached.0.cast_signed(), id.as_str()],
        )?;
    }
    Ok(())
}

/// Events that were given up.
pub(super) fn dead(
    connection: &Connection,
    id: Option<&SubscriptionId>,
    most: usize,
) -> Result<Vec<Dead>, Error> {
    let sql = "SELECT name, revision, item, event, dead.message, attempts, at, why
        FROM dead JOIN subscription ON subscription.id = dead.subscription
        WHERE enrolled AND (?1 IS NULL OR name = ?1) ORDER BY at DESC, revision DESC LIMIT ?2";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    Ok(connection.all(sql, params![id.map(SubscriptionId::as_str), most], |row| {
        let (name, event): (String, String) = (row.get(0)?, row.get(3)?);
        let unknown = |what: &str| misread(0, format!("`{what}` is unknown").into());
        Ok(Dead {
            subscription: SubscriptionId::new(&name).ok_or_else(|| unknown(&name))?,
            revision: Revision(row.get::<_, i64>(1)?.cast_unsigned()),
            item: ItemId::recall(row.get(2)?),
            event: Event::named(&event).ok_or_else(|| unknown(&event))?,
            message: row.get(4)?,
            attempts: row.get(5)?,
            at: instant(row.get(6)?),
            why: row.get(7)?,
        })
    })?)
}

/// Lets rows of the log be sent again.
pub(super) fn replay(
    connection: &Connection,
    id: &SubscriptionId,
    which: Replay,
) -> Result<Option<usize>, Error> {
    let sql = "SELECT id FROM subscription WHERE name = ? AND enrolled";
    let Some(row) = connection.find(sql, [id.as_str()], |row| row.get::<_, i64>(0))? else {
        return Ok(None);
    };
    let most = i64::try_from(MOST_REPLAYED).unwrap_or(i64::MAX);
    let sql = |rows: &str| {
        // What was not reached yet comes anyway.
        format!(
            "INSERT OR IGNORE INTO replay (subscription, revision)
             SELECT ?1, log.revision FROM log {rows}
                 AND log.revision <= (SELECT cursor FROM subscription WHERE id = ?1)
             ORDER BY log.revision LIMIT ?2"
        )
    };
    let rows = match which {
        Replay::Item(item) => connection.run(
            &sql("JOIN item ON item.row = log.item WHERE item.id = ?3"),
            params![row, most, item.bytes()],
        ),
        Replay::Revision(revision) => connection
            .run(&sql("WHERE log.revision = ?3"), params![row, most, revision.0.cast_signed()]),
        Replay::Between(from, to) => connection.run(
            &sql("WHERE at >= ?3 AND at < ?4"),
            params![row, most, from.millis(), to.millis()],
        ),
        Replay::Dead => connection.run(
            &sql("JOIN dead USING (revision) WHERE dead.subscription = ?1"),
            params![row, most],
        ),
    };
    count(connection)?;
    Ok(Some(rows?))
}

/// What ids of messages are derived with.
pub(super) fn seal(connection: &Connection) -> Result<[u8; 32], Error> {
    Ok(connection.one("SELECT key FROM seal", [], |row| row.get(0))?)
}

/// Ends all leases: whoever held them is gone.
pub(super) fn release_all(connection: &Connection) -> Result<(), Error> {
    connection.execute("UPDATE subscription SET expires = NULL WHERE expires IS NOT NULL", [])?;
    Ok(())
}

/// Puts right what a clock noted that was ahead: no wait is longer than those that are ever set.
pub(super) fn put_back(connection: &Connection, now: Timestamp) -> Result<()> {
    let sql = "UPDATE subscription SET due = ?1 WHERE due > ?2";
    connection.run(sql, [now.millis(), now.plus(LONGEST).millis()])?;
    Ok(())
}
