//! What came between two cuts, by what it came to: each category, and each view by its rules.
//!
//! The log is walked once for all of them. What an item says is read only where a view has rules.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, Result};

use super::cut::Due;
use super::digest::{self, CATEGORY, VIEW};
use super::index::WORDS;
use super::membership::{BEHIND, SHOWN};
use super::read;
use super::shelf::{self, Kind};
use super::statement::Statement;
use super::window::Order;
use crate::model::digest::Digests;
use crate::model::feed::Shelf;
use crate::model::view::{Member, View};
use crate::store::Error;

/// Items of a view with rules that are looked at, the newest first.
const SIFTED: usize = 2000;

/// A category or view to which something came.
pub(super) struct Owner {
    /// Its shelf, if it has one: a view has none.
    pub(super) row: Option<i64>,
    pub(super) of: Shelf,
    /// What it is called for ever.
    pub(super) name: String,
    pub(super) title: String,
    pub(super) language: Option<String>,
    /// Whether items name their twins: not where those stand themselves.
    pub(super) names_twins: bool,
    /// What came, in the order of its feed.
    pub(super) items: Vec<i64>,
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
            name: digest::named(CATEGORY, &row.get::<_, String>(2)?),
            title: row.get(3)?,
            language: row.get(4)?,
            names_twins: true,
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
    let is_source = |member: &Member| matches!(member, Member::Source(_));
    let is_of_sources = !view.members.is_empty() && view.members.iter().all(is_source);
    let owner = Owner {
        row: None,
        of: view.shelf(),
        name: digest::named(VIEW, &view.id),
        title: view.title.clone(),
        language: view.language.clone(),
        names_twins: view.collapse && !is_of_sources,
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
}
