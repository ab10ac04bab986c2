//! Twins looked for: whether an item that is about to be seen tells a story another source told.
//!
//! Decided once, when the item is published and in the same transaction, so that no reader ever
//! sees both. An edit decides nothing anew: a story that falls apart and together as its copies are
//! corrected would move the heads of all shelves. What the words must have in common is the model's
//! affair (`model::twin`); how a story then stands on its shelves is `story`'s.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Result, params};

use super::article::{self, State};
use super::change::Change;
use super::commit::Polled;
use super::row::{instant, signed};
use super::statement::Statement;
use super::story;
use crate::model::item::{Candidate, Matter};
use crate::model::time::Timestamp;
use crate::model::twin::{Gist, Reason, SPAN, Told};

/// Items of one hash that are looked at, the newest first. What more of them share is a phrase.
const SHARED: i64 = 8;
/// Items whose words are read to compare them.
const COMPARED: usize = 8;
/// Milliseconds of a bucket as a power of two: 12 days, so that a look crosses to one other at most.
const BUCKET: u32 = 30;
/// Buckets kept beside the newest: two months' backlog finds its twins.
const KEPT: i64 = 5;

/// Looks for the story of an item that was just published, and puts it there.
pub(super) fn find(
    change: &mut Change<'_>,
    polled: &Polled,
    candidate: &Candidate,
    item: i64,
) -> Result<()> {
    let published = candidate.published.unwrap_or(change.now);
    let gist = &candidate.gist;
    if !polled.collapse || gist.is_empty() || bucket(published.millis()) < oldest(change.now) {
        return Ok(());
    }
    let connection = change.connection;
    let found = found(connection, polled.namespace, gist, published)?;
    keep(connection, polled.namespace, gist, published, item)?;
    if found.is_empty() {
        return Ok(());
    }
    let mine = Mine { told: Told::of(&candidate.matter, published), namespace: polled.namespace };
    for other in found.iter().take(COMPARED) {
        if let Some((twin, reason)) = mine.judge(connection, other)? {
            return story::join(change, twin, item, reason);
        }
    }
    Ok(())
}

/// Forgets a part of what is too long ago to be looked for; answers whether there is more.
pub(super) fn sweep(connection: &Connection, now: Timestamp) -> Result<bool> {
    const PART: i64 = 4096;
    let sql = "SELECT min(bucket) FROM gist WHERE bucket < ?";
    let Some(past) = connection.one(sql, [oldest(now)], |row| row.get::<_, Option<i64>>(0))? else {
        return Ok(false);
    };
    let sql = "SELECT key FROM gist WHERE bucket = ? ORDER BY key LIMIT 1 OFFSET ?";
    let last = connection.find(sql, [past, PART], |row| row.get(0))?.unwrap_or(i64::MAX);
    connection.run("DELETE FROM gist WHERE bucket = ? AND key <= ?", [past, last])?;
    Ok(true)
}

fn bucket(millis: i64) -> i64 {
    millis >> BUCKET
}

fn oldest(now: Timestamp) -> i64 {
    bucket(now.millis()) - KEPT
}

/// Lets later items find this one.
fn keep(
    connection: &Connection,
    namespace: i64,
    gist: &Gist,
    published: Timestamp,
    item: i64,
) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO gist (bucket, key, item, namespace) VALUES (?, ?, ?, ?)";
    for key in gist.link.iter().chain(&gist.words) {
        connection.run(sql, params![bucket(published.millis()), signed(*key), item, namespace])?;
    }
    Ok(())
}

/// An item that has something of a gist.
struct Found {
    item: i64,
    /// Whether its link is the same, and leads to no second item there or here.
    is_linked: bool,
    /// How much what they share tells: the more, the fewer others share it too.
    shared: usize,
}

/// Items of other namespaces that have something of a gist, the likeliest first.
fn found(
    connection: &Connection,
    own: i64,
    gist: &Gist,
    published: Timestamp,
) -> Result<Vec<Found>> {
    let linked = match gist.link {
        Some(link) => telling(&sharing(connection, link, published)?, own),
        None => BTreeSet::new(),
    };
    let mut shared: BTreeMap<i64, usize> = linked.iter().map(|item| (*item, 0)).collect();
    for key in &gist.words {
        let sharing = sharing(connection, *key, published)?;
        for (item, _) in sharing.iter().filter(|(_, namespace)| *namespace != own) {
            *shared.entry(*item).or_default() += 1_000 / sharing.len();
        }
    }
    let found = shared.into_iter();
    let found =
        found.map(|(item, shared)| Found { item, is_linked: linked.contains(&item), shared });
    let mut found: Vec<Found> = found.collect();
    found.sort_by_key(|found| std::cmp::Reverse((found.is_linked, found.shared, found.item)));
    Ok(found)
}

/// Items that share a hash, published at about that time, with their namespaces.
fn sharing(connection: &Connection, key: u64, published: Timestamp) -> Result<Vec<(i64, i64)>> {
    let sql =
        "SELECT item, namespace FROM gist WHERE bucket = ? AND key = ? ORDER BY item DESC LIMIT ?";
    let (from, to) =
        (bucket(published.minus(SPAN).millis()), bucket(published.plus(SPAN).millis()));
    let mut items = Vec::new();
    for bucket in from..=to {
        items.extend(connection.all(sql, params![bucket, signed(key), SHARED], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?);
    }
    Ok(items)
}

/// The items a link tells of: those that have it alone in their namespace. A link that is on
/// several entries of one upstream (a live page, a list) tells of none.
fn telling(sharing: &[(i64, i64)], own: i64) -> BTreeSet<i64> {
    let has = |namespace: i64| sharing.iter().filter(|(_, other)| *other == namespace).count();
    if has(own) > 0 || sharing.len() >= usize::try_from(SHARED).unwrap_or(usize::MAX) {
        return BTreeSet::new();
    }
    sharing.iter().filter(|(_, other)| has(*other) == 1).map(|(item, _)| *item).collect()
}

/// The item that looks for its twins.
struct Mine {
    told: Told,
    namespace: i64,
}

impl Mine {
    /// Whether another item, or the story it is in, is told by this one; and the item to name as its
    /// twin. A story has the words of the one that stands first, so that it cannot drift from copy
    /// to copy; and one item of a namespace, since what its upstream calls two articles are two.
    fn judge(&self, connection: &Connection, other: &Found) -> Result<Option<(i64, Reason)>> {
        let members = match story::of(connection, other.item)? {
            Some(story) => story::members(connection, story)?,
            None => vec![other.item],
        };
        let Some(first) = self.first(connection, &members)? else { return Ok(None) };
        if other.is_linked
            && let Some(Reason::Link) = self.same(connection, other.item, true)?
        {
            return Ok(Some((first, Reason::Link)));
        }
        Ok(self.same(connection, first, false)?.map(|reason| (first, reason)))
    }

    /// The first live one of these; none when one of them may not stand with this item.
    fn first(&self, connection: &Connection, members: &[i64]) -> Result<Option<i64>> {
        let sql = "SELECT state, item.namespace, collapse FROM item
            JOIN source ON source.id = item.source WHERE item.row = ?";
        let mut first = None;
        for &member in members {
            let found: Option<(i64, i64, bool)> = connection
                .find(sql, [member], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            let Some((state, namespace, collapses)) = found else { continue };
            if namespace == self.namespace || !collapses {
                return Ok(None);
            }
            first = first.or((state == State::Live as i64).then_some(member));
        }
        Ok(first)
    }

    fn same(&self, connection: &Connection, other: i64, linked: bool) -> Result<Option<Reason>> {
        let sql = "SELECT published FROM item WHERE row = ?";
        let published = connection.one(sql, [other], |row| row.get(0)).map(instant)?;
        let matter: Matter = article::matter(connection, other)?;
        Ok(self.told.same(&Told::of(&matter, published), linked))
    }
}
