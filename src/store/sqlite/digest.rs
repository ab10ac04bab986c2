//! Digests: which cut is due, what came before it on which shelf, and the item that says so.
//!
//! A digest holds what the log has between the revisions of two cuts, so two of them can neither
//! overlap nor leave anything out, however late they are written. A cut's revision is found by its time
//! once, and kept until all digests of that cut are there; each is written in a transaction of its own,
//! and never twice, since its name leads to it like any item's. Items keep their digests even when they
//! are withdrawn or edited later: a newsletter that went out cannot be called back either.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, Result, params};

use super::article::{self, State};
use super::change::{self, Change, Verb};
use super::commit::Polled;
use super::index::WORDS;
use super::membership::{self, BEHIND, SHOWN};
use super::row::instant;
use super::shelf::{self, Kind};
use super::statement::Statement;
use super::window::Order;
use super::{read, since};
use crate::model::digest::{Digest, Digests, Edition};
use crate::model::feed::{Revision, Shelf};
use crate::model::period::Period;
use crate::model::source::SourceId;
use crate::model::time::{Timestamp, Zone};
use crate::model::view::{Member, View};
use crate::store::Error;
use crate::store::law::Found;

/// Items of a view with rules that are looked at, the newest first.
const SIFTED: usize = 2000;

/// A cut whose digests are to be written: of what came after one revision, up to another.
#[derive(Clone, Copy)]
pub(super) struct Due {
    period: Period,
    cut: i64,
    from: i64,
    upto: i64,
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
        return reach(connection, period, last, since::before(connection, last)?).map(|()| None);
    };
    if let Some((cut, upto)) = begun {
        return Ok(Some(Due { period, cut, from, upto }));
    }
    while let Some(cut) = next(connection, period, zone, at, from)?.filter(|cut| *cut <= last) {
        let upto = since::before(connection, cut)?;
        if upto > from {
            let sql = "UPDATE digest_cut SET next_at = ?, next_revision = ? WHERE period = ?";
            connection.run(sql, params![cut, upto, period as i64])?;
            return Ok(Some(Due { period, cut, from, upto }));
        }
        at = cut;
    }
    if last > at {
        reach(connection, period, last, from)?;
    }
    Ok(None)
}

/// The first cut after one, behind which anything stands in the log; none when nothing came since.
fn next(
    connection: &Connection,
    period: Period,
    zone: &Zone,
    at: i64,
    from: i64,
) -> Result<Option<i64>> {
    let sql = "SELECT at FROM log WHERE revision > ? ORDER BY revision LIMIT 1";
    let first: Option<i64> = connection.find(sql, [from], |row| row.get(0))?;
    Ok(first.map(|first| period.after(instant(first.max(at)), zone).millis()))
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

/// A category or view to which something came.
pub(super) struct Owner {
    /// Its shelf, if it has one: a view has none.
    row: Option<i64>,
    of: Shelf,
    /// What it is called for ever.
    name: String,
    title: String,
    language: Option<String>,
    /// What came, in the order of its feed.
    items: Vec<i64>,
}

/// Where an item that came stands on a shelf.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Came {
    order: Order,
    item: i64,
    gone: i64,
}

/// What came between two cuts, by shelves.
type Arrivals = HashMap<i64, Vec<Came>>;

/// What came to each category and view, those that are written already included.
pub(super) fn gather(
    connection: &Connection,
    digests: &Digests,
    due: &Due,
) -> Result<Vec<Owner>, Error> {
    let arrivals = arrivals(connection, due)?;
    let mut owners = categories(connection, &arrivals)?;
    for view in digests.views.iter() {
        owners.extend(of_view(connection, view, &arrivals)?);
    }
    Ok(owners)
}

fn arrivals(connection: &Connection, due: &Due) -> Result<Arrivals> {
    let mut arrivals = Arrivals::new();
    connection.all(ARRIVALS, [due.from, due.upto], |row| {
        let order = (row.get(2)?, row.get(3)?, Reverse(row.get(4)?));
        let came = Came { order, item: row.get(5)?, gone: row.get(1)? };
        arrivals.entry(row.get(0)?).or_default().push(came);
        Ok(())
    })?;
    Ok(arrivals)
}

/// What was seen for the first time, not quietly, and stands somewhere.
const ARRIVALS: &str = "
    SELECT shelf, gone, order_ms, poll, ordinal, place.item FROM log
    CROSS JOIN place ON place.item = log.item
    WHERE log.revision > ? AND log.revision <= ? AND verb = 1 AND quiet = 0 AND gone <> 1
        AND NOT EXISTS (SELECT 1 FROM log AS earlier
            WHERE earlier.item = log.item AND earlier.revision < log.revision)";

/// The items of these shelves, in order, each once. Those behind their twins are left out, unless the
/// view shows them.
fn in_order(arrivals: &Arrivals, shelves: &[i64], is_unfolded: bool) -> Vec<i64> {
    let of = |shelf: &i64| arrivals.get(shelf).into_iter().flatten();
    let is_shown = |came: &&Came| came.gone == SHOWN || (is_unfolded && came.gone == BEHIND);
    let mut came: Vec<&Came> = shelves.iter().flat_map(of).filter(is_shown).collect();
    came.sort_unstable_by(|one, other| other.cmp(one));
    let mut known = HashSet::new();
    came.into_iter().map(|came| came.item).filter(|item| known.insert(*item)).collect()
}

fn categories(connection: &Connection, arrivals: &Arrivals) -> Result<Vec<Owner>> {
    let sql = "SELECT id, key, folded, coalesce(title, name), language FROM shelf
        WHERE kind = 1 ORDER BY id";
    let all = connection.all(sql, [], |row| {
        let id = row.get(0)?;
        Ok(Owner {
            row: Some(id),
            of: Shelf::Category(row.get(1)?),
            name: named(CATEGORY, &row.get::<_, String>(2)?),
            title: row.get(3)?,
            language: row.get(4)?,
            items: in_order(arrivals, &[id], false),
        })
    })?;
    Ok(all.into_iter().filter(|owner| !owner.items.is_empty()).collect())
}

fn of_view(connection: &Connection, view: &View, arrivals: &Arrivals) -> Result<Option<Owner>> {
    let shelves = members(connection, view)?;
    let mut items = in_order(arrivals, &shelves, !view.collapse);
    if view.query.is_some() || !view.sieve.is_empty() {
        items = sifted(connection, view, items)?;
    }
    let owner = Owner {
        row: None,
        of: view.shelf(),
        name: named(VIEW, &view.id),
        title: view.title.clone(),
        language: view.language.clone(),
        items,
    };
    Ok(Some(owner).filter(|owner| !owner.items.is_empty()))
}

fn members(connection: &Connection, view: &View) -> Result<Vec<i64>> {
    if view.members.is_empty() {
        return Ok(shelf::find(connection, Kind::All, "")?.into_iter().collect());
    }
    let mut shelves = Vec::new();
    for member in &view.members {
        shelves.extend(match member {
            Member::Category(name) => shelf::named(connection, name)?,
            Member::Source(id) => shelf::find(connection, Kind::Source, id.as_str())?,
        });
    }
    Ok(shelves)
}

/// Those that pass a view's rules.
fn sifted(connection: &Connection, view: &View, items: Vec<i64>) -> Result<Vec<i64>> {
    let (mut sifting, mut sifted) = (view.sieve.sift(), Vec::new());
    for row in items.into_iter().take(SIFTED) {
        let item = read::by_row(connection, row, false)?;
        let is_found = view.query.as_ref().is_none_or(|query| query.matches(&item.searched(WORDS)));
        if is_found && sifting.passes(&item) {
            sifted.push(row);
        }
    }
    Ok(sifted)
}

/// Writes one digest, unless it was written before or nothing of it is left. Answers whether it did, and
/// the newest revision.
pub(super) fn write(
    connection: &Connection,
    digests: &Digests,
    due: &Due,
    owner: &Owner,
    now: Timestamp,
) -> Result<(bool, Revision), Error> {
    let edition = Edition {
        site: &digests.site,
        period: due.period,
        cut: instant(due.cut),
        of: &owner.of,
        name: &owner.name,
        title: &owner.title,
        language: owner.language.as_deref(),
    };
    let polled = ours(connection, digests)?;
    if article::look(connection, polled.namespace, &edition.key())? != Found::Nothing {
        return Ok((false, change::newest(connection)?));
    }
    let (digest, left) = compose(connection, &edition, &owner.items)?;
    if digest.is_empty() {
        return Ok((false, change::newest(connection)?));
    }
    let candidate = digest.finish(left);
    let mut change = Change::begin(connection, now, false)?;
    let shelf = stand(&mut change, due.period, owner)?;
    let standing = article::insert(&mut change, &polled, &candidate)?;
    article::alias(connection, polled.namespace, &candidate.keys, standing.item)?;
    let revision = change.log(standing.item, Verb::Published)?;
    change.touch(shelf);
    membership::join(&mut change, &standing, shelf, revision, polled.token)?;
    Ok((true, change.settle()?.revision))
}

/// The headlines of what readers see now, and how many items have no room.
fn compose<'a>(
    connection: &Connection,
    edition: &'a Edition<'a>,
    items: &[i64],
) -> Result<(Digest<'a>, usize)> {
    let (mut digest, mut left) = (Digest::new(edition), 0);
    let sql = "SELECT EXISTS (SELECT 1 FROM item WHERE row = ? AND state = ?)";
    for item in items {
        if !connection.one(sql, params![item, State::Live as i64], |row| row.get(0))? {
            continue;
        }
        match digest.is_full() {
            true => left += 1,
            false => digest.add(&read::by_row(connection, *item, true)?),
        }
    }
    Ok((digest, left))
}

/// What stands where other items have their source: it is in no file, and is never asked.
fn ours(connection: &Connection, digests: &Digests) -> Result<Polled> {
    let (id, site) = (SourceId::ours(), &digests.site);
    let name = id.as_str();
    let keep = digests.keep.map(|keep| i64::try_from(keep.as_millis()).unwrap_or(i64::MAX));
    connection.run("INSERT INTO namespace (name) VALUES (?) ON CONFLICT DO NOTHING", [name])?;
    let sql = "SELECT id FROM namespace WHERE name = ?";
    let namespace: i64 = connection.one(sql, [name], |row| row.get(0))?;
    connection.run(
        "INSERT INTO source (name, enrolled, rank, namespace, title, url, categories, max_categories,
             keep, collapse)
         VALUES (?1, FALSE, 0, ?2, ?3, ?4, '[]', 0, ?5, FALSE)
         ON CONFLICT (name) DO UPDATE SET title = ?3, url = ?4, keep = ?5
         WHERE (title, url, keep) IS NOT (?3, ?4, ?5)",
        params![name, namespace, site.title, site.url, keep],
    )?;
    let sql = "SELECT id FROM source WHERE name = ?";
    let source = connection.one(sql, [name], |row| row.get(0))?;
    let namespace_name = name.to_owned();
    Ok(Polled { source, namespace, namespace_name, token: 0, collapse: false, previous: None })
}

/// What a category is called in the key of its digests' shelf, and a view.
const CATEGORY: &str = "category";
const VIEW: &str = "view";

fn named(kind: &str, name: &str) -> String {
    format!("{kind}/{name}")
}

fn key(period: Period, name: &str) -> String {
    format!("{}/{name}", period.name())
}

/// The shelf of an owner's digests, made if need be, and called as the owner is now.
fn stand(change: &mut Change<'_>, period: Period, owner: &Owner) -> Result<i64> {
    let shelf = shelf::ensure(change, Kind::Digest, &key(period, &owner.name))?;
    entitle(change, shelf, &owner.title, owner.language.as_deref())?;
    let sql = "UPDATE shelf SET owner = ?1 WHERE id = ?2 AND owner IS NOT ?1";
    change.connection.run(sql, params![owner.row, shelf])?;
    Ok(shelf)
}

fn entitle(change: &mut Change<'_>, shelf: i64, title: &str, language: Option<&str>) -> Result<()> {
    let sql = "UPDATE shelf SET title = ?1, language = ?2
        WHERE id = ?3 AND (title, language) IS NOT (?1, ?2)";
    if change.connection.run(sql, params![title, language, shelf])? > 0 {
        change.touch(shelf);
    }
    Ok(())
}

/// Lets the digests of a category follow what it is called.
pub(super) fn retitle(change: &mut Change<'_>, owner: i64) -> Result<()> {
    let connection = change.connection;
    let sql = "SELECT id FROM shelf WHERE owner = ?";
    let shelves: Vec<i64> = connection.all(sql, [owner], |row| row.get(0))?;
    for shelf in shelves {
        let sql = "SELECT coalesce(title, name), language FROM shelf WHERE id = ?";
        let (title, language): (String, Option<String>) =
            connection.one(sql, [owner], |row| Ok((row.get(0)?, row.get(1)?)))?;
        entitle(change, shelf, &title, language.as_deref())?;
    }
    Ok(())
}

/// The shelf of the digests of a category or view.
pub(super) fn find(connection: &Connection, period: Period, of: &Shelf) -> Result<Option<i64>> {
    let name = match of {
        Shelf::Category(slug) => {
            let sql = "SELECT folded FROM shelf WHERE kind = ? AND key = ?";
            let folded = connection
                .find(sql, params![Kind::Category as i64, slug], |row| row.get::<_, String>(0))?;
            folded.map(|folded| named(CATEGORY, &folded))
        }
        Shelf::View(id) => Some(named(VIEW, id)),
        _ => None,
    };
    let of = |name: String| shelf::find(connection, Kind::Digest, &key(period, &name));
    name.map(of).transpose().map(Option::flatten)
}

/// What the key of such a shelf stands for; `slug` is that of the category it is of.
pub(super) fn shelf_of(key: &str, slug: Option<String>) -> Option<Shelf> {
    let (period, name) = key.split_once('/')?;
    let of = match (slug, name.split_once('/')?) {
        (Some(slug), (CATEGORY, _)) => Shelf::Category(slug),
        (None, (VIEW, id)) => Shelf::View(id.to_owned()),
        _ => return None,
    };
    Some(Shelf::Digest(Period::named(period)?, Box::new(of)))
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn arrivals_are_read_by_the_log_and_sort_nothing() {
        let connection = file::open_memory().expect("memory");
        let plan: Vec<String> = connection
            .all(&format!("EXPLAIN QUERY PLAN {ARRIVALS}"), [0, 1], |row| row.get("detail"))
            .expect("a plan");
        assert!(plan[0].starts_with("SEARCH log USING INTEGER PRIMARY KEY"), "{plan:?}");
        assert!(plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{plan:?}");
        let place = "SEARCH place USING COVERING INDEX place_item";
        assert!(plan.iter().any(|step| step.starts_with(place)), "{plan:?}");
    }

    #[test]
    fn the_key_of_a_shelf_tells_what_it_is_of() {
        let shelf = |key: &str, slug: Option<&str>| {
            shelf_of(key, slug.map(str::to_owned)).map(|shelf| shelf.path())
        };
        let path = Some("/digest/daily/category/keji".to_owned());
        assert_eq!(shelf("daily/category/科技/评论", Some("keji")), path);
        assert_eq!(shelf("weekly/view/a", None), Some("/digest/weekly/view/a".to_owned()));
        for (key, slug) in [("daily/category/科技", None), ("yearly/view/a", None), ("daily", None)]
        {
            assert_eq!(shelf(key, slug), None, "{key}");
        }
    }
}
