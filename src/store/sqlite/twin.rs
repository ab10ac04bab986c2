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
use super::row::{instant, signed, unsigned};
use super::statement::Statement;
use super::story;
use crate::model::item::{Candidate, Matter};
use crate::model::time::Timestamp;
use crate::model::twin::{Gist, Reason, SPAN, Told};

/// Items kept under one hash. What more of them share is a phrase, and tells nothing.
const SHARED: usize = 8;
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
    let sharing = sharing(connection, gist, published)?;
    let found = found(&sharing, gist, polled.namespace);
    let twin = match found.is_empty() {
        true => None,
        false => {
            let told = Told::of(&candidate.matter, published);
            Mine { told, namespace: polled.namespace }.judge_all(connection, &found)?
        }
    };
    // What led to a story leads there already.
    let most = if twin.is_some() { 1 } else { SHARED };
    for key in gist.link.iter().chain(&gist.words) {
        if sharing.iter().filter(|other| other.key == *key).count() < most {
            let sql =
                "INSERT OR IGNORE INTO gist (bucket, key, item, namespace) VALUES (?, ?, ?, ?)";
            let bucket = bucket(published.millis());
            connection.run(sql, params![bucket, signed(*key), item, polled.namespace])?;
        }
    }
    match twin {
        Some((twin, reason)) => story::join(change, twin, item, reason),
        None => Ok(()),
    }
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

/// An item that shares a hash.
struct Sharing {
    key: u64,
    item: i64,
    namespace: i64,
}

/// Items that share a hash of a gist, published at about that time.
fn sharing(connection: &Connection, gist: &Gist, published: Timestamp) -> Result<Vec<Sharing>> {
    let mut keys = gist.link.iter().chain(&gist.words).map(|key| signed(*key));
    let keys = [keys.next(), keys.next(), keys.next()];
    let (from, to) = (published.minus(SPAN).millis(), published.plus(SPAN).millis());
    let mut sharing = Vec::new();
    for bucket in bucket(from)..=bucket(to) {
        sharing.extend(connection.all(
            SHARING,
            params![bucket, keys[0], keys[1], keys[2]],
            |row| {
                let (item, namespace) = (row.get(1)?, row.get(2)?);
                Ok(Sharing { key: unsigned(row.get(0)?), item, namespace })
            },
        )?);
    }
    Ok(sharing)
}

/// One statement for three seeks: `key IN (…)` would have SQLite make a table of the list first.
const SHARING: &str = "
    SELECT key, item, namespace FROM gist WHERE bucket = ?1 AND key = ?2 UNION ALL
    SELECT key, item, namespace FROM gist WHERE bucket = ?1 AND key = ?3 UNION ALL
    SELECT key, item, namespace FROM gist WHERE bucket = ?1 AND key = ?4";

/// An item of another namespace that has something of a gist.
struct Found {
    item: i64,
    /// Whether its link is the same, and leads to no second item there or here.
    is_linked: bool,
    /// How much what they share tells: the more, the fewer others share it too.
    shared: usize,
}

/// Those of another namespace among items that share something, the likeliest first.
fn found(sharing: &[Sharing], gist: &Gist, own: i64) -> Vec<Found> {
    let mut shared: BTreeMap<i64, usize> = BTreeMap::new();
    for key in &gist.words {
        let like = || sharing.iter().filter(|other| other.key == *key);
        for other in like().filter(|other| other.namespace != own) {
            *shared.entry(other.item).or_default() += 1_000 / like().count();
        }
    }
    let linked = telling(sharing, gist, own);
    for item in &linked {
        shared.entry(*item).or_default();
    }
    let found = |(item, shared)| Found { item, is_linked: linked.contains(&item), shared };
    let mut found: Vec<Found> = shared.into_iter().map(found).collect();
    found.sort_by_key(|found| std::cmp::Reverse((found.is_linked, found.shared, found.item)));
    found.truncate(COMPARED);
    found
}

/// The items a link tells of: those that have it alone in their namespace. A link that is on
/// several entries of one upstream (a live page, a list) tells of none.
fn telling(sharing: &[Sharing], gist: &Gist, own: i64) -> BTreeSet<i64> {
    let like = || sharing.iter().filter(|other| Some(other.key) == gist.link);
    let has = |namespace: i64| like().filter(|other| other.namespace == namespace).count();
    if has(own) > 0 || like().count() >= SHARED {
        return BTreeSet::new();
    }
    like().filter(|other| has(other.namespace) == 1).map(|other| other.item).collect()
}

/// The item that looks for its twins.
struct Mine {
    told: Told,
    namespace: i64,
}

impl Mine {
    /// The first of these that is a twin, as `judge` has it.
    fn judge_all(&self, connection: &Connection, found: &[Found]) -> Result<Option<(i64, Reason)>> {
        for other in found {
            let twin = self.judge(connection, other)?;
            if twin.is_some() {
                return Ok(twin);
            }
        }
        Ok(None)
    }

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

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_look_reads_the_few_rows_it_asks_for() {
        let connection = file::open_memory().expect("memory");
        let sql = format!("EXPLAIN QUERY PLAN {SHARING}");
        let plan: Vec<String> =
            connection.all(&sql, [0, 0, 0, 0], |row| row.get("detail")).expect("a plan");
        let reads: Vec<&String> = plan.iter().filter(|step| step.contains("gist")).collect();
        assert_eq!(reads, ["SEARCH gist USING PRIMARY KEY (bucket=? AND key=?)"; 3]);
    }
}
