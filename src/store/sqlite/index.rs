//! The search index, which follows the log with a cursor of its own.
//!
//! A step is two units of work. `read` makes the terms of the next items outside the writer, since
//! folding a long text takes time; `write` puts them in and moves the cursor in one transaction. What
//! changes in between stands further on in the log and is read again, so nothing is lost and the index
//! ends at the newest state. An item is taken at its last row only; rows before it are passed over.
//!
//! Ingest pays nothing for it but the wait for a step, which is bounded in rows and in bytes.

use std::collections::BTreeMap;

use rusqlite::{Connection, Result, params};

use super::article::{self, State};
use super::statement::Statement;
use crate::model::source::SourceId;
use crate::model::text::bigrams::{self, RULES};
use crate::store::Error;

/// Bytes of one item's words that can be searched.
pub(super) const WORDS: usize = 256 << 10;

/// Bytes of terms in one step; the item that passes it is the last.
const STEP: usize = 256 << 10;

/// Documents in the index. What is older than so many others leaves it, and is read on by its address.
const MOST: i64 = 4_000_000;

/// Where the index stands.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Reached {
    revision: i64,
    rules: i64,
    documents: i64,
}

impl Reached {
    fn load(connection: &Connection) -> Result<Reached> {
        let sql = "SELECT revision, rules, documents FROM indexed";
        connection.one(sql, [], |row| {
            Ok(Reached { revision: row.get(0)?, rules: row.get(1)?, documents: row.get(2)? })
        })
    }

    /// The revision to go on from: the beginning, when the terms were made by other rules.
    fn from(self) -> i64 {
        if self.rules == RULES { self.revision } else { 0 }
    }
}

/// The next rows of the log, made into terms.
pub(super) struct Read {
    from: i64,
    upto: i64,
    items: Vec<(i64, String)>,
    /// Whether there are rows beyond.
    pub(super) has_more: bool,
}

impl Read {
    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.from == self.upto
    }
}

/// Reads on, at most so many rows.
pub(super) fn read(connection: &Connection, most: usize) -> Result<Read, Error> {
    let from = Reached::load(connection)?.from();
    let rows: Vec<(i64, i64, bool)> = connection.all(
        "SELECT revision, item, EXISTS
             (SELECT 1 FROM log AS later WHERE later.item = log.item AND later.revision > log.revision)
         FROM log WHERE revision > ? ORDER BY revision LIMIT ?",
        params![from, i64::try_from(most.max(1)).unwrap_or(i64::MAX)],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let (mut read, mut bytes) = (Read { from, upto: from, items: Vec::new(), has_more: false }, 0);
    for (revision, item, is_past) in rows {
        read.upto = revision;
        if !is_past {
            let terms = terms(connection, item)?;
            bytes += terms.len();
            read.items.push((item, terms));
        }
        if bytes > STEP {
            break;
        }
    }
    let sql = "SELECT EXISTS (SELECT 1 FROM log WHERE revision > ?)";
    read.has_more = connection.one(sql, [read.upto], |row| row.get(0))?;
    Ok(read)
}

/// Items that changed since, at most so many of the latest.
pub(super) fn ahead(connection: &Connection, most: usize) -> Result<Vec<i64>> {
    let from = Reached::load(connection)?.from();
    let sql = "SELECT DISTINCT item FROM
        (SELECT item FROM log WHERE revision > ? ORDER BY revision DESC LIMIT ?)";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let items: Vec<i64> = connection.all(sql, [from, most], |row| row.get(0))?;
    let mut live = Vec::new();
    for item in items {
        if is_live(connection, item)? {
            live.push(item);
        }
    }
    Ok(live)
}

/// What an item is found by: its words, and the shelves it stands on; nothing when it is not to be found.
fn terms(connection: &Connection, item: i64) -> Result<String> {
    if !is_live(connection, item)? {
        return Ok(String::new());
    }
    let words = article::matter(connection, item)?.searched(WORDS);
    let mut terms = bigrams::terms(&words);
    let sql = "SELECT shelf FROM place JOIN shelf ON shelf.id = shelf WHERE item = ? AND kind <> 0";
    for shelf in connection.all(sql, [item], |row| row.get(0))? {
        terms.push(' ');
        terms.push_str(&shelf_term(shelf));
    }
    Ok(terms)
}

/// The term of a shelf. Its first character is nobody's, so that no word is spelled like it.
pub(super) fn shelf_term(shelf: i64) -> String {
    format!("\u{E000}{shelf}")
}

/// Whether an item is to be found: digests only repeat what others say.
fn is_live(connection: &Connection, item: i64) -> Result<bool> {
    let sql = "SELECT state = ? AND source IS NOT (SELECT id FROM source WHERE name = ?)
        FROM item WHERE row = ?";
    let (live, ours) = (State::Live as i64, SourceId::ours());
    let is_live = connection.find(sql, params![live, ours.as_str(), item], |row| row.get(0))?;
    Ok(is_live.unwrap_or(false))
}

/// Writes what was read, unless somebody else did so meanwhile.
pub(super) fn write(connection: &Connection, read: Read) -> Result<(), Error> {
    write_within(connection, read, MOST)
}

fn write_within(connection: &Connection, read: Read, most: i64) -> Result<(), Error> {
    let mut reached = Reached::load(connection)?;
    if reached.from() != read.from {
        return Ok(());
    }
    // FTS5 gathers what comes in ascending order and writes it at once: first all that goes, then all
    // that comes, each in that order.
    let (mut gone, mut come) = (Vec::new(), BTreeMap::new());
    for (item, terms) in read.items {
        gone.extend(number(connection, item)?);
        if !terms.is_empty() && is_live(connection, item)? {
            come.insert(admit(connection, item, &mut reached.documents)?, terms);
        }
    }
    gone.sort_unstable();
    gone.into_iter().try_for_each(|number| erase(connection, number))?;
    for (number, terms) in come {
        connection.run("INSERT INTO term (rowid, terms) VALUES (?, ?)", params![number, terms])?;
    }
    trim(connection, &mut reached.documents, most)?;
    connection.run(
        "UPDATE indexed SET revision = ?, rules = ?, documents = ?",
        params![read.upto, RULES, reached.documents],
    )?;
    Ok(())
}

/// An item's number, if it has one.
fn number(connection: &Connection, item: i64) -> Result<Option<i64>> {
    connection.find("SELECT number FROM document WHERE item = ?", [item], |row| row.get(0))
}

/// An item's number, given to it if need be.
fn admit(connection: &Connection, item: i64, documents: &mut i64) -> Result<i64> {
    if let Some(number) = number(connection, item)? {
        return Ok(number);
    }
    let sql = "SELECT order_ms FROM item WHERE row = ?";
    let order_ms: i64 = connection.one(sql, [item], |row| row.get(0))?;
    let number = free(connection, second_of_order(order_ms))?;
    connection.run("INSERT INTO document (number, item) VALUES (?, ?)", [number, item])?;
    *documents += 1;
    Ok(number)
}

/// Bits of a number below its second.
const BELOW: u32 = 10;

fn second_of_order(order_ms: i64) -> i64 {
    order_ms.div_euclid(1000)
}

/// The second a number belongs to.
pub(super) fn second(number: i64) -> i64 {
    number >> BELOW
}

/// The highest number below all that a second has. A list without times comes at once, its newest entry
/// first, and goes on in the second before when one is full.
fn free(connection: &Connection, mut second: i64) -> Result<i64> {
    let sql = "SELECT min(number) FROM document WHERE number >= ? AND number < ?";
    loop {
        let (first, end) = (second << BELOW, (second + 1) << BELOW);
        let lowest: Option<i64> = connection.one(sql, [first, end], |row| row.get(0))?;
        match lowest {
            None => return Ok(end - 1),
            Some(lowest) if lowest > first => return Ok(lowest - 1),
            Some(_) => second -= 1,
        }
    }
}

/// Takes the oldest documents out until there are `most`.
fn trim(connection: &Connection, documents: &mut i64, most: i64) -> Result<()> {
    if *documents <= most {
        return Ok(());
    }
    let sql = "SELECT number FROM document ORDER BY number LIMIT ?";
    for number in connection.all(sql, [*documents - most], |row| row.get(0))? {
        erase(connection, number)?;
        connection.run("DELETE FROM document WHERE number = ?", [number])?;
        *documents -= 1;
    }
    Ok(())
}

fn erase(connection: &Connection, number: i64) -> Result<()> {
    connection.run("DELETE FROM term WHERE rowid = ?", [number])?;
    Ok(())
}

/// Takes an item that is pruned out of the index.
pub(super) fn forget(connection: &Connection, item: i64) -> Result<()> {
    let Some(number) = number(connection, item)? else { return Ok(()) };
    erase(connection, number)?;
    connection.run("DELETE FROM document WHERE number = ?", [number])?;
    connection.run("UPDATE indexed SET documents = documents - 1", [])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::change::Change;
    use super::super::{file, prune};
    use super::*;
    use crate::model::time::{Offset, Timestamp};

    /// A store with items called so, a second apart, each with its row in the log.
    fn with(items: &[&str]) -> Connection {
        let connection = file::open_memory().expect("memory");
        let sql = "INSERT INTO namespace VALUES (1, 'a');
            INSERT INTO source (id, name, enrolled, rank, namespace, url, categories, max_categories)
            VALUES (1, 'a', 1, 0, 1, 'u', '[]', 9);
            INSERT INTO shelf (id, kind, key, name, at, came) VALUES (1, 0, '', '', 0, 0)";
        connection.execute_batch(sql).expect("a source");
        for (number, title) in (1..).zip(items) {
            item(&connection, number, title, number * 1000);
        }
        connection
    }

    fn item(connection: &Connection, row: i64, title: &str, order_ms: i64) {
        connection
            .execute(
                "INSERT INTO item VALUES (?1, CAST(?1 AS BLOB), 1, 1, NULL, NULL, json_object('title', ?2), x'00',
                     0, 0, 0, NULL, 0, 0, 0, 0, ?3, 0)",
                params![row, title, order_ms],
            )
            .expect("an item");
        let sql = "INSERT INTO place VALUES (1, 0, ?2, 1, ?1, ?1, 1, 0, 0)";
        connection.execute(sql, [row, order_ms]).expect("a place");
        connection.execute("INSERT INTO log VALUES (?1, ?1, 1, 0, 0, x'')", [row]).expect("a row");
    }

    fn follow(connection: &Connection, most: i64) {
        loop {
            let read = read(connection, 2).expect("read");
            let has_more = read.has_more;
            write_within(connection, read, most).expect("written");
            if !has_more {
                break;
            }
        }
    }

    /// The rows of the items that have a term, newest first.
    fn found(connection: &Connection, term: &str) -> Vec<i64> {
        let sql = "SELECT item FROM term JOIN document ON number = term.rowid
            WHERE term MATCH ? ORDER BY term.rowid DESC";
        connection.all(sql, [term], |row| row.get(0)).expect("found")
    }

    #[test]
    fn other_rules_make_all_terms_anew() {
        let connection = with(&["one", "two", "three"]);
        follow(&connection, MOST);
        assert_eq!(found(&connection, "two"), [2]);
        // As if older rules had made other terms of it.
        connection.execute("DELETE FROM term WHERE rowid = (2 << 10 | 1023)", []).expect("gone");
        follow(&connection, MOST);
        assert_eq!(found(&connection, "two"), [0; 0], "by the same rules nothing is done again");
        connection.execute("UPDATE indexed SET rules = rules - 1", []).expect("older rules");
        follow(&connection, MOST);
        assert_eq!(found(&connection, "two"), [2]);
        assert_eq!(Reached::load(&connection).expect("a row").documents, 3);
    }

    #[test]
    fn the_oldest_leave_a_full_index() {
        let connection = with(&["x", "x", "x", "x", "x"]);
        follow(&connection, 3);
        assert_eq!(found(&connection, "x"), [5, 4, 3]);
        connection.execute("INSERT INTO log VALUES (9, 1, 2, 0, 0, x'')", []).expect("an edit");
        item(&connection, 10, "x", 4500);
        follow(&connection, 3);
        assert_eq!(found(&connection, "x"), [5, 4, 10], "an edit makes nothing newer");
    }

    #[test]
    fn what_is_pruned_leaves_the_index_with_it() {
        let connection = with(&["x", "x", "x"]);
        let read = read(&connection, 9).expect("read");
        let now = Timestamp::from_seconds(1, Offset::UTC).expect("a small number");
        let mut change = Change::begin(&connection, now, true).expect("a change");
        prune::remove(&mut change, 1).expect("removed before it was written");
        write(&connection, read).expect("written");
        assert_eq!(found(&connection, "x"), [3, 2]);
        prune::remove(&mut change, 2).expect("removed after");
        let count = "SELECT count(*) FROM term WHERE term MATCH 'x'";
        assert_eq!(connection.one(count, [], |row| row.get(0)), Ok(1));
        assert_eq!(Reached::load(&connection).expect("a row").documents, 1);
    }

    #[test]
    fn a_full_second_goes_on_in_the_one_before() {
        let connection = with(&[]);
        for item in 0..3000 {
            let number = free(&connection, -5).expect("a number");
            let sql = "INSERT INTO document (number, item) VALUES (?, ?)";
            connection.execute(sql, [number, item]).expect("it is free");
            assert_eq!(second(number), -5 - item / 1024);
        }
        let sql = "SELECT item FROM document ORDER BY number DESC";
        let order: Vec<i64> = connection.all(sql, [], |row| row.get(0)).expect("all");
        assert!(order.is_sorted(), "who came first stands highest");
    }

    #[test]
    fn a_long_item_ends_a_step() {
        let long = "长".repeat(STEP / 7 + 1);
        let connection = with(&["x", &long, "x"]);
        let read = read(&connection, 9).expect("read");
        assert_eq!((read.upto, read.items.len(), read.has_more), (2, 2, true));
    }

    #[test]
    fn what_somebody_else_wrote_is_not_written_twice() {
        let connection = with(&["x", "y"]);
        let (one, other) = (read(&connection, 1), read(&connection, 2));
        write(&connection, other.expect("read")).expect("written");
        write(&connection, one.expect("read")).expect("passed over");
        assert_eq!(Reached::load(&connection).expect("a row").revision, 2);
    }
}
