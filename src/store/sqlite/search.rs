//! What readers search: the index is walked from the newest document on, and asked no more than it has
//! to say. What it knows may be a few seconds old, so every hit is looked up where it stands now.
//!
//! Bounds: each posting of a query's terms is passed at most once, and the index holds so many
//! documents and no more; of what it finds only so much is looked up. A query has its own bounds.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use rusqlite::{Connection, Result, params};

use super::row::instant;
use super::statement::Statement;
use super::window::Order;
use super::{article, index, shelf};
use crate::model::feed::{Place, Shelf};
use crate::model::text::{Phrase, Query};

/// Hits that are not to be shown (withdrawn since, or on no shelf of the reader's) before it gives up.
const PASSED: usize = 4096;

/// Items the index has not come to that are looked at one by one.
const AHEAD: usize = 500;

/// Hits of one second that are put in order, beyond those asked for.
const EQUALS: usize = 256;

/// The newest places on any of these shelves whose items have all of a query, those included that the
/// index has not come to yet.
pub(super) fn places(
    connection: &Connection,
    query: &Query,
    shelves: &[i64],
    is_everything: bool,
    most: usize,
) -> Result<Vec<(i64, Place)>> {
    let ahead: BTreeSet<i64> = index::ahead(connection, AHEAD)?.into_iter().collect();
    let mut hits = newest(connection, query, shelves, is_everything, most)?;
    hits.retain(|hit| !ahead.contains(&hit.item));
    for item in ahead {
        if query.matches(&article::matter(connection, item)?.searched(index::WORDS)) {
            hits.extend(standing(connection, item, shelves)?);
        }
    }
    hits.sort_unstable_by_key(|hit| Reverse(hit.order));
    hits.truncate(most);
    // What was searched for is never fresh by itself: a window's age asks when things came.
    let place = Place { seen: instant(0), backlog: true };
    Ok(hits.into_iter().map(|hit| (hit.item, place)).collect())
}

/// Where an item stands on one of these shelves.
fn standing(connection: &Connection, item: i64, shelves: &[i64]) -> Result<Option<Hit>> {
    let sql = "SELECT order_ms, poll, ordinal FROM place WHERE item = ? AND shelf = ? AND gone = 0";
    for shelf in shelves {
        let order = connection.find(sql, [item, *shelf], |row| {
            Ok((row.get(0)?, row.get(1)?, Reverse(row.get(2)?)))
        })?;
        if let Some(order) = order {
            return Ok(Some(Hit { item, order }));
        }
    }
    Ok(None)
}

fn newest(
    connection: &Connection,
    query: &Query,
    shelves: &[i64],
    is_everything: bool,
    most: usize,
) -> Result<Vec<Hit>> {
    let filter = if is_everything { &[][..] } else { shelves };
    // Of several shelves each item's place is looked up on the shelf of everything.
    let stands_on = match shelves {
        [shelf] => *shelf,
        _ => shelf::of(connection, &Shelf::All)?.unwrap_or_default(),
    };
    let mut hits = hits(connection, &expression(query, filter), stands_on, most)?;
    hits.sort_unstable_by_key(|hit| Reverse(hit.order));
    hits.truncate(most);
    Ok(hits)
}

/// A query as FTS5 reads it, on any of these shelves, or anywhere when there are none. Terms have
/// neither quotes nor anything else of its syntax.
fn expression(query: &Query, shelves: &[i64]) -> String {
    let shelves: Vec<String> =
        shelves.iter().map(|shelf| format!("\"{}\"", index::shelf_term(*shelf))).collect();
    let any = match shelves.len() {
        0 => None,
        1 => Some(shelves.concat()),
        _ => Some(format!("({})", shelves.join(" OR "))),
    };
    any.into_iter().chain(query.phrases().iter().map(phrase)).collect::<Vec<_>>().join(" AND ")
}

fn phrase(phrase: &Phrase) -> String {
    let open = if phrase.is_open() { " *" } else { "" };
    format!("\"{}\"{open}", phrase.terms().join(" "))
}

/// A document that is to be shown.
struct Hit {
    item: i64,
    order: Order,
}

/// The first `most` of them, and those of the last one's second.
fn hits(connection: &Connection, expression: &str, shelf: i64, most: usize) -> Result<Vec<Hit>> {
    let mut statement = connection.prepare_cached(HITS)?;
    let mut rows = statement.query(params![expression, shelf])?;
    let (mut hits, mut passed, mut last) = (Vec::new(), 0, None);
    while let Some(row) = rows.next()? {
        let second = index::second(row.get(0)?);
        let is_full = hits.len() >= most && last != Some(second);
        if is_full || hits.len() >= most.saturating_add(EQUALS) || passed == PASSED {
            break;
        }
        let Some(item) = row.get(1)? else {
            passed += 1;
            continue;
        };
        hits.push(Hit { item, order: (row.get(2)?, row.get(3)?, Reverse(row.get(4)?)) });
        last = Some(second);
    }
    Ok(hits)
}

/// The joins are written so that SQLite begins with the index and asks it for its own order.
const HITS: &str = "
    SELECT term.rowid, place.item, order_ms, poll, ordinal FROM term
    LEFT JOIN document ON number = term.rowid
    LEFT JOIN place ON place.item = document.item AND shelf = ?2 AND gone = 0
    WHERE term MATCH ?1 ORDER BY term.rowid DESC";

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn check(words: &str, shelves: &[i64], expected: &str) {
        assert_eq!(expression(&Query::read(words).expect("a query"), shelves), expected);
    }

    #[test]
    fn a_query_is_written_as_phrases() {
        check("重庆日报", &[], r#""重庆 庆日 日报""#);
        check("A股 appl", &[7], "\"\u{E000}7\" AND \"a 股\" * AND \"appl\" *");
        check("汽车", &[7, 8], "(\"\u{E000}7\" OR \"\u{E000}8\") AND \"汽车\"");
        check("\"AND\" OR* 汽", &[], r#""and" * AND "or" AND "汽" *"#);
    }

    #[test]
    fn the_index_is_walked_without_sorting() {
        let connection = file::open_memory().expect("memory");
        let sql = format!("EXPLAIN QUERY PLAN {HITS}");
        let steps: Vec<String> =
            connection.all(&sql, params!["a", 1], |row| row.get(3)).expect("a plan");
        assert!(steps[0].starts_with("SCAN term VIRTUAL TABLE"), "{steps:?}");
        assert!(steps.iter().all(|step| !step.contains("TEMP B-TREE")), "{steps:?}");
        assert!(steps[1..].iter().all(|step| step.starts_with("SEARCH")), "{steps:?}");
    }
}
