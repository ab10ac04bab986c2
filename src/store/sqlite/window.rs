//! The window of a shelf: which items its feed shows, found without reading the shelf.
//!
//! What a window shows is decided by `model::feed::within`. Here the few places it could choose
//! are gathered from two short scans: the head of the feed's order, and the newest arrivals. Both
//! are answered by an index alone, so the shelf's length does not matter.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use rusqlite::{Connection, Result, Row, params};
use sha2::{Digest, Sha256};

use super::archive;
use super::membership::{BEHIND, SHOWN};
use super::row::instant;
use super::statement::Statement;
use crate::model::feed::{Place, Window, within};

/// A place a window may show: the item, and its last revision.
pub(super) struct Shown {
    pub(super) item: i64,
    pub(super) revision: i64,
    /// Later, higher, earlier in the list: sorts newest first when reversed.
    pub(super) order: Order,
    pub(super) place: Place,
}

/// Where a place stands, as `(order_ms, poll, ordinal)`.
pub(super) type Order = (i64, i64, std::cmp::Reverse<i64>);

/// The window that heads are judged by.
pub(super) fn stored(connection: &Connection) -> Result<Window> {
    let sql = "SELECT items, age, most, bytes FROM feed_window";
    let stored = connection.find(sql, [], |row| {
        Ok(Window {
            items: count(row.get(0)?),
            age: Duration::from_millis(row.get::<_, i64>(1)?.unsigned_abs()),
            max: count(row.get(2)?),
            bytes: count(row.get(3)?),
        })
    })?;
    Ok(stored.unwrap_or_default())
}

/// Keeps the window; answers whether it is another one.
pub(super) fn keep(connection: &Connection, window: &Window) -> Result<bool> {
    let age = i64::try_from(window.age.as_millis()).unwrap_or(i64::MAX);
    let changed = connection.run(
        "INSERT INTO feed_window (id, items, age, most, bytes) VALUES (1, ?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET items = ?1, age = ?2, most = ?3, bytes = ?4
         WHERE (items, age, most, bytes) IS NOT (?1, ?2, ?3, ?4)",
        params![whole(window.items), age, whole(window.max), whole(window.bytes)],
    )?;
    Ok(changed > 0)
}

/// What a shelf shows, newest first.
///
/// Of several shelves an item counts once, where it stands first. `is_unfolded` shows what is folded
/// under others, too.
pub(super) fn select(
    connection: &Connection,
    shelves: &[i64],
    is_unfolded: bool,
    window: &Window,
) -> Result<Vec<Shown>> {
    let (mut places, mut known) = (BTreeMap::new(), HashSet::new());
    let first = whole(window.items.min(window.max));
    for shelf in shelves {
        let mut here: BTreeMap<Order, Shown> = BTreeMap::new();
        let mut gather = |row: &Row<'_>| {
            let shown = read(row)?;
            here.insert(shown.order, shown);
            Ok(())
        };
        connection.all(NEWEST, params![shelf, SHOWN, first], &mut gather)?;
        if is_unfolded {
            connection.all(NEWEST, params![shelf, BEHIND, first], &mut gather)?;
        }
        arrivals(connection, *shelf, window, &mut gather)?;
        let news = here.into_iter().filter(|(_, shown)| known.insert(shown.item));
        places.extend(news.map(|(order, shown)| ((order, *shelf), shown)));
    }
    let mut places: Vec<Option<Shown>> = places.into_values().rev().map(Some).collect();
    let asked: Vec<Place> = places.iter().flatten().map(|shown| shown.place).collect();
    Ok(within(window, &asked).into_iter().filter_map(|index| places[index].take()).collect())
}

const NEWEST: &str = "
    SELECT item, revision, order_ms, poll, ordinal, seen, backlog FROM place
    WHERE shelf = ? AND gone = ?
    ORDER BY order_ms DESC, poll DESC, ordinal LIMIT ?";

/// Gathers what came within the window's age before the newest arrival. When that is more than the
/// window may show, the feed's order is walked instead, until it is full.
fn arrivals(
    connection: &Connection,
    shelf: i64,
    window: &Window,
    mut gather: impl FnMut(&Row<'_>) -> Result<()>,
) -> Result<()> {
    let newest: Option<i64> = connection.one(
        "SELECT max(seen) FROM place INDEXED BY place_seen WHERE shelf = ? AND gone = 0 AND backlog = 0",
        [shelf],
        |row| row.get(0),
    )?;
    let Some(newest) = newest else { return Ok(()) };
    let age = i64::try_from(window.age.as_millis()).unwrap_or(i64::MAX);
    let (since, most) = (newest.saturating_sub(age), whole(window.max));
    let many: bool = connection.one(
        "SELECT count(*) > ?3 FROM (SELECT 1 FROM place INDEXED BY place_seen
         WHERE shelf = ?1 AND gone = 0 AND backlog = 0 AND seen >= ?2 LIMIT ?3 + 1)",
        params![shelf, since, most.min(i64::MAX - 1)],
        |row| row.get(0),
    )?;
    let sql = if many { FRESH_BY_ORDER } else { FRESH };
    connection.all(sql, params![shelf, since, most], &mut gather)?;
    Ok(())
}

const FRESH: &str = "
    SELECT item, revision, order_ms, poll, ordinal, seen, backlog FROM place INDEXED BY place_seen
    WHERE shelf = ?1 AND gone = 0 AND backlog = 0 AND seen >= ?2 LIMIT ?3";

/// The plus signs keep SQLite from taking the other index and sorting what it finds.
const FRESH_BY_ORDER: &str = "
    SELECT item, revision, order_ms, poll, ordinal, seen, backlog FROM place
    WHERE shelf = ?1 AND gone = 0 AND +backlog = 0 AND +seen >= ?2
    ORDER BY order_ms DESC, poll DESC, ordinal LIMIT ?3";

pub(super) fn read(row: &Row<'_>) -> Result<Shown> {
    Ok(Shown {
        item: row.get(0)?,
        revision: row.get(1)?,
        order: (row.get(2)?, row.get(3)?, std::cmp::Reverse(row.get(4)?)),
        place: Place { seen: instant(row.get(5)?), backlog: row.get(6)? },
    })
}

/// What is offered to the feed of a shelf, the newest first: what its window shows, and the open page of
/// its archive.
pub(super) fn feed(connection: &Connection, shelf: i64, window: &Window) -> Result<Vec<Offered>> {
    with_open_page(connection, shelf, select(connection, &[shelf], false, window)?)
}

/// The same, when it is known what the window shows.
pub(super) fn with_open_page(
    connection: &Connection,
    shelf: i64,
    window: Vec<Shown>,
) -> Result<Vec<Offered>> {
    let mut places: BTreeMap<Order, Offered> = BTreeMap::new();
    for shown in archive::open(connection, shelf)? {
        places.insert(shown.order, Offered { shown, is_limited: false });
    }
    for shown in window {
        places.entry(shown.order).or_insert(Offered { shown, is_limited: true });
    }
    Ok(places.into_values().rev().collect())
}

/// A place a feed shows.
pub(super) struct Offered {
    pub(super) shown: Shown,
    /// Whether it may be left out when there is no room: then a closed page has it.
    pub(super) is_limited: bool,
}

/// Hash of what a reader of the shelf's feed can see; equal means its head stays.
pub(super) fn digest(connection: &Connection, shelf: i64, window: &Window) -> Result<Vec<u8>> {
    let mut hash = Sha256::new();
    for Offered { shown, .. } in feed(connection, shelf, window)? {
        hash.update(shown.item.to_le_bytes());
        hash.update(shown.revision.to_le_bytes());
    }
    let sql = "SELECT title, name, description, language FROM shelf WHERE id = ?";
    let words: [Option<String>; 4] = connection
        .one(sql, [shelf], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?;
    for word in words {
        // No text holds this byte in UTF-8, so it parts them.
        hash.update(word.unwrap_or_default().as_bytes());
        hash.update([0xff]);
    }
    Ok(hash.finalize()[..16].to_vec())
}

/// A count as SQLite's `LIMIT` takes it.
fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The inverse of `whole`.
fn count(stored: i64) -> usize {
    usize::try_from(stored).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    /// A shelf of places that came in an order of their own, some as backlog, some gone.
    fn shelf(connection: &Connection, places: i64) {
        let sql = "INSERT INTO place (shelf, gone, order_ms, poll, ordinal, item, revision, seen, backlog)
            VALUES (1, ?, ?, ?, ?, ?, 1, ?, ?)";
        for place in 0..places {
            let (order, seen) = (place * 7_919 % 1_000, place * 104_729 % 5_000);
            let (gone, backlog) = (place % 11 == 0, place % 3 == 0);
            let params = params![gone, order, place % 5, place, place, seen, backlog];
            connection.run(sql, params).expect("a place");
        }
    }

    /// What the window shows when all places are asked.
    fn plainly(connection: &Connection, window: &Window) -> Vec<i64> {
        let sql = "SELECT item, revision, order_ms, poll, ordinal, seen, backlog FROM place WHERE gone = 0";
        let mut all = connection.all(sql, [], read).expect("places");
        all.sort_by_key(|shown| std::cmp::Reverse(shown.order));
        let places: Vec<Place> = all.iter().map(|shown| shown.place).collect();
        within(window, &places).into_iter().map(|index| all[index].item).collect()
    }

    #[test]
    fn the_short_scans_find_what_the_whole_shelf_would_show() {
        let connection = file::open_memory().expect("memory");
        shelf(&connection, 600);
        for items in [0, 1, 50, 700] {
            for age in [0, 1, 100, 2_000, 9_000] {
                for max in [0, 1, 60, 300, 900] {
                    let window = Window { items, age: Duration::from_millis(age), max, bytes: 0 };
                    let shown = select(&connection, &[1], false, &window).expect("a window");
                    let shown: Vec<i64> = shown.iter().map(|shown| shown.item).collect();
                    assert_eq!(shown, plainly(&connection, &window), "{items} {age} {max}");
                }
            }
        }
    }

    #[test]
    fn a_window_is_kept_and_told_when_it_changes() {
        let connection = file::open_memory().expect("memory");
        assert_eq!(stored(&connection), Ok(Window::default()));
        let window = Window { items: 7, bytes: usize::MAX, ..Window::default() };
        assert_eq!(keep(&connection, &window), Ok(true));
        assert_eq!(keep(&connection, &window), Ok(false));
        assert_eq!(stored(&connection).map(|window| window.items), Ok(7));
    }

    /// Reads the plan of a statement: it must not sort, nor read more than it answers.
    fn planned(sql: &str) {
        let connection = file::open_memory().expect("memory");
        let sql = format!("EXPLAIN QUERY PLAN {sql}");
        let mut statement = connection.prepare(&sql).expect("a plan");
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().expect("a row") {
            let step: String = row.get(3).expect("its words");
            assert!(step.starts_with("SEARCH place"), "{sql}: {step}");
        }
    }

    #[test]
    fn a_window_is_read_without_sorting() {
        for sql in [NEWEST, FRESH, FRESH_BY_ORDER] {
            planned(sql);
        }
    }
}
