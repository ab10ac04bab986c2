//! One slice of a poll: sightings become items, log rows and heads, all at once or not at all.
//!
//! The lease is checked before anything is written, so that a node that was paused can never
//! write over its successor. Who an entry is and what becomes of it is asked elsewhere; this file
//! is the story of a slice from top to bottom.

use std::time::Duration;

use rusqlite::{Connection, Result, params};

use super::article::{self, Fresh};
use super::change::{Change, Verb};
use super::row::{instant, signed};
use super::sighting::{self, Seen};
use super::statement::Statement;
use super::{claim, finish, membership, shelf, twin};
use crate::model::draft::Refined;
use crate::model::item::{Candidate, Contribution, Matter};
use crate::model::source::{Mark, SourceId};
use crate::model::status::Day;
use crate::model::time::Timestamp;
use crate::store::law::Found;
use crate::store::{Committed, Error, Finish, PollLease, Sighting, Slice};

/// The verdict on an entry whose item was pruned.
const PRUNED: &str = "pruned";

/// A source whose poll may write.
pub(super) struct Polled {
    pub(super) source: i64,
    pub(super) namespace: i64,
    pub(super) namespace_name: String,
    pub(super) token: i64,
    /// Whether its items stand together with their twins, and there is anyone who could have some.
    pub(super) collapse: bool,
    /// The successful poll before this one.
    pub(super) previous: Option<Timestamp>,
}

/// The right to write, as far as the database knows of it.
pub(super) struct Right {
    pub(super) source: SourceId,
    pub(super) token: i64,
}

impl Right {
    /// That of a lease.
    pub(super) fn of(lease: &PollLease) -> Right {
        Right { source: lease.source.clone(), token: lease.token }
    }

    fn is_lost(&self) -> Error {
        Error::LeaseLost(self.source.clone())
    }
}

/// Whether a slice only ends a poll that brought nothing.
pub(super) fn is_still(slice: &Slice) -> bool {
    let brings_nothing = |finish: &Finish| {
        matches!(
            finish,
            Finish {
                answer: None,
                hold: None,
                title: None,
                id: None,
                learned: None,
                rhythm: None,
                whereabouts: None,
                ..
            }
        )
    };
    slice.sightings.is_empty()
        && slice.owed.is_empty()
        && slice.finish.as_ref().is_some_and(brings_nothing)
}

/// Ends a poll that brought nothing, which most do: no revision is taken and no shelf is looked at.
/// Whether the lease was lost shows before anything is written.
pub(super) fn still(
    connection: &Connection,
    right: &Right,
    finish: &Finish,
    now: Timestamp,
) -> Result<Result<Committed, Error>> {
    let Some(source) = finish::end(connection, right, finish, now)? else {
        return Ok(Err(right.is_lost()));
    };
    count(connection, source, Some(finish.succeeded || finish.is_soft), 0, now)?;
    Ok(Ok(Committed::default()))
}

/// Writes a slice.
pub(super) fn commit(
    connection: &Connection,
    right: &Right,
    slice: Slice,
    now: Timestamp,
    anew: Duration,
) -> Result<Committed, Error> {
    let polled = verify(connection, right)?.ok_or_else(|| right.is_lost())?;
    let mut change = Change::begin(connection, now, polled.previous.is_none())?;
    let has_sightings = !slice.sightings.is_empty();
    for sighting in slice.sightings {
        take(&mut change, &polled, sighting)?;
    }
    for mark in slice.owed {
        owe(connection, &polled, mark)?;
    }
    let ended = slice.finish.as_ref().map(|finish| finish.succeeded || finish.is_soft);
    count(connection, polled.source, ended, change.done.published, now)?;
    match slice.finish {
        Some(finish) => finish::finish(&mut change, &polled, right, finish)?,
        None => {
            claim::extend(connection, polled.source, anew)?;
            if has_sightings {
                let sql = "UPDATE source SET unfinished = TRUE WHERE id = ?";
                connection.run(sql, [polled.source])?;
            }
        }
    }
    Ok(change.settle()?)
}

/// Counts a slice on its day; `ended` is whether the poll succeeded, when this ends it.
fn count(
    connection: &Connection,
    source: i64,
    ended: Option<bool>,
    published: usize,
    now: Timestamp,
) -> Result<()> {
    if ended.is_none() && published == 0 {
        return Ok(());
    }
    let (today, published) = (Day::number(now), i64::try_from(published).unwrap_or(i64::MAX));
    let began = connection.run(
        "UPDATE poll_day SET polls = polls + ?3, failures = failures + ?4, items = items + ?5
         WHERE source = ?1 AND day = ?2",
        params![source, today, ended.is_some(), ended == Some(false), published],
    )?;
    if began == 0 {
        connection.run(
            "INSERT INTO poll_day (source, day, polls, failures, items) VALUES (?, ?, ?, ?, ?)",
            params![source, today, ended.is_some(), ended == Some(false), published],
        )?;
        let sql = "DELETE FROM poll_day WHERE source = ? AND day <= ?";
        connection.run(sql, params![source, today - Day::REMEMBERED])?;
    }
    Ok(())
}

/// The leased source, while the lease holds.
fn verify(connection: &Connection, right: &Right) -> Result<Option<Polled>> {
    connection.find(
        "SELECT source.id, namespace.id, namespace.name, succeeded, source.collapse AND EXISTS
             (SELECT 1 FROM source AS other WHERE other.namespace <> namespace.id
                 AND other.collapse)
         FROM source
         JOIN namespace ON namespace.id = namespace
         WHERE source.name = ? AND token = ? AND expires IS NOT NULL",
        params![right.source.as_str(), right.token],
        |row| {
            Ok(Polled {
                source: row.get(0)?,
                namespace: row.get(1)?,
                namespace_name: row.get(2)?,
                token: right.token,
                collapse: row.get(4)?,
                previous: row.get::<_, Option<i64>>(3)?.map(instant),
            })
        },
    )
}

fn take(change: &mut Change<'_>, polled: &Polled, sighting: Sighting) -> Result<()> {
    let Sighting { mark, refined, detailed } = sighting;
    let reject = |change: &Change<'_>, why: &str| {
        let under = (polled.source, polled.token);
        sighting::reject(change.connection, under, mark, why, change.now)
    };
    match refined {
        Refined::Later(_) => return retract(change, polled, mark),
        Refined::Retracted(why) => {
            retract(change, polled, mark)?;
            reject(change, &why)?;
        }
        Refined::Dropped(why) | Refined::Unusable(why) => reject(change, &why)?,
        Refined::Item(candidate) => {
            match article::find(change.connection, polled, mark.key, &candidate.keys)? {
                Found::Nothing => publish(change, polled, mark, &candidate, detailed)?,
                Found::Item(item) => meet(change, polled, mark, *candidate, detailed, item)?,
                Found::Pruned => reject(change, PRUNED)?,
            }
        }
    }
    let sql = "DELETE FROM owed WHERE source = ? AND mark = ?";
    change.connection.run(sql, params![polled.source, signed(mark.key)])?;
    Ok(())
}

/// Takes from an item the sighting of an entry whose author took it back, or put it off.
fn retract(change: &mut Change<'_>, polled: &Polled, mark: Mark) -> Result<()> {
    let item = sighting::item(change.connection, polled.source, mark.key)?;
    let Some(item) = item else { return Ok(()) };
    sighting::forget(change.connection, polled.source, signed(mark.key))?;
    article::settle(change, item, polled.token)
}

fn publish(
    change: &mut Change<'_>,
    polled: &Polled,
    mark: Mark,
    candidate: &Candidate,
    detailed: bool,
) -> Result<()> {
    let standing = article::insert(change, polled, candidate)?;
    recall(change, polled, mark, candidate, detailed, standing.item)?;
    let moved = membership::plan(change, standing.item)?;
    let revision = change.log(standing.item, Verb::Published)?;
    membership::apply(change, &standing, &moved, revision, polled.token)?;
    lead(change, candidate)?;
    twin::find(change, polled, candidate, standing.item)
}

/// Another look at an item we have: perhaps edited, perhaps seen by one more source.
fn meet(
    change: &mut Change<'_>,
    polled: &Polled,
    mark: Mark,
    candidate: Candidate,
    detailed: bool,
    item: i64,
) -> Result<()> {
    let connection = change.connection;
    let shared = sighting::has_others(connection, item, polled.source, mark.key)?;
    if shared {
        sighting::spread(connection, item, &article::matter(connection, item)?)?;
    }
    let matter = match detailed {
        true => candidate.matter.clone(),
        false => complete(connection, polled, mark, candidate.matter.clone(), item)?,
    };
    recall(change, polled, mark, &candidate, detailed, item)?;
    let words = if shared {
        sighting::contribute(connection, polled.source, mark.key, matter)?;
        let (contributions, owner) = sighting::contributions(connection, item)?;
        (Matter::merge(contributions), owner)
    } else {
        // Alone again, or always: the item's words are its own, and an older copy would be wrong.
        sighting::withdraw_words(connection, polled.source, mark.key)?;
        (matter, Some(polled.source))
    };
    let fresh = Fresh { words: Some(words), edited: candidate.updated, present: true };
    article::renew(change, item, fresh, polled.token)?;
    lead(change, &candidate)
}

/// What a list alone says of an entry, completed by the entry's last detail: a detail that cannot be
/// had now takes nothing away from what an earlier one gave.
fn complete(
    connection: &Connection,
    polled: &Polled,
    mark: Mark,
    said: Matter,
    item: i64,
) -> Result<Matter> {
    let Some(detail) = sighting::detail(connection, polled.source, mark.key, item)? else {
        return Ok(said);
    };
    let mut matter = match detail.matter {
        Some(words) => words,
        None => article::matter(connection, item)?,
    };
    if !said.labels.is_empty() {
        // Lists that change again and again would pile theirs up.
        matter.labels.clear();
    }
    let list = Contribution { rank: 0, detailed: None, matter: said };
    let detail = Contribution { rank: 1, detailed: Some(detail.at), matter };
    Ok(Matter::merge(vec![list, detail]))
}

/// Remembers that this entry is that item, and all its names.
fn recall(
    change: &Change<'_>,
    polled: &Polled,
    mark: Mark,
    candidate: &Candidate,
    detailed: bool,
    item: i64,
) -> Result<()> {
    let seen = Seen {
        source: polled.source,
        mark,
        item,
        categories: candidate.categories.iter().map(|asked| asked.name.as_str()).collect(),
        detailed,
        poll: polled.token,
    };
    sighting::remember(change.connection, &seen, change.now)?;
    if candidate.matter.content.is_some() {
        article::mention(change.connection, item, &candidate.mentions)?;
    }
    article::alias(change.connection, polled.namespace, &candidate.keys, item)
}

/// Lets the slugs upstream used lead to our categories.
fn lead(change: &mut Change<'_>, candidate: &Candidate) -> Result<()> {
    for asked in &candidate.categories {
        if let Some(alias) = &asked.alias
            && let Some(shelf) = shelf::named(change.connection, &asked.name)?
        {
            shelf::alias(change, shelf, alias)?;
        }
    }
    Ok(())
}

fn owe(connection: &Connection, polled: &Polled, mark: u64) -> Result<()> {
    connection.run(
        "INSERT INTO owed (source, mark, failures) VALUES (?, ?, 1)
         ON CONFLICT DO UPDATE SET failures = failures + 1",
        params![polled.source, signed(mark)],
    )?;
    Ok(())
}
