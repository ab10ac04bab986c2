//! Shelves: made once, found by name, known by their slugs and aliases.
//!
//! A category comes into being by its name, in the file or with its first item; what makes two
//! names one category and how a slug is made is the model's affair. Nothing here knows items.

use std::cell::Cell;

use rusqlite::{Connection, Result, params};

use super::change::Change;
use super::digest;
use super::statement::Statement;
use crate::model::category;
use crate::model::feed::Shelf;

/// What a shelf is. The numbers are on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    All = 0,
    Category = 1,
    Source = 2,
    Digest = 3,
}

/// An alias longer than this is no address anybody has used.
const LONGEST_ALIAS: usize = 200;

/// The shelf of that kind and key.
pub(super) fn find(connection: &Connection, kind: Kind, key: &str) -> Result<Option<i64>> {
    let sql = "SELECT id FROM shelf WHERE kind = ? AND key = ?";
    connection.find(sql, params![kind as i64, key], |row| row.get(0))
}

/// The shelf readers mean, if there is one.
pub(super) fn of(connection: &Connection, shelf: &Shelf) -> Result<Option<i64>> {
    match shelf {
        Shelf::All => find(connection, Kind::All, ""),
        Shelf::Category(slug) => find(connection, Kind::Category, slug),
        Shelf::Source(id) => find(connection, Kind::Source, id.as_str()),
        Shelf::View(_) => Ok(None),
        Shelf::Digest(period, of) => digest::find(connection, *period, of),
    }
}

/// Those of these shelves that there are.
pub(super) fn of_all(connection: &Connection, shelves: &[Shelf]) -> Result<Vec<i64>> {
    shelves.iter().filter_map(|shelf| of(connection, shelf).transpose()).collect()
}

/// The shelf of everything, of a source, or of digests; made if need be.
pub(super) fn ensure(change: &mut Change<'_>, kind: Kind, key: &str) -> Result<i64> {
    match find(change.connection, kind, key)? {
        Some(shelf) => Ok(shelf),
        None => make(change, kind, key, None, key, None),
    }
}

/// The category of that name.
pub(super) fn named(connection: &Connection, name: &str) -> Result<Option<i64>> {
    let sql = "SELECT id FROM shelf WHERE folded = ?";
    connection.find(sql, [category::folded(name)], |row| row.get(0))
}

/// Opens a category that `named` did not find. `opener` is the source whose item asked for it.
pub(super) fn open(change: &mut Change<'_>, name: &str, opener: Option<i64>) -> Result<i64> {
    let slug = free_slug(change.connection, name)?;
    make(change, Kind::Category, &slug, Some(category::folded(name)), name, opener)
}

/// How many categories a source's items have opened.
pub(super) fn opened_by(connection: &Connection, source: i64) -> Result<i64> {
    connection.one("SELECT count(*) FROM shelf WHERE opener = ?", [source], |row| row.get(0))
}

/// Gives a category the slug the file wants. Its old one keeps leading to it; a category that
/// holds the slug by accident of its name gets another.
pub(super) fn rename(change: &mut Change<'_>, shelf: i64, slug: &str) -> Result<()> {
    let connection = change.connection;
    let old: String =
        connection.one("SELECT key FROM shelf WHERE id = ?", [shelf], |row| row.get(0))?;
    if old == slug {
        return Ok(());
    }
    if let Some(holder) = find(connection, Kind::Category, slug)? {
        let name: String =
            connection.one("SELECT name FROM shelf WHERE id = ?", [holder], |row| row.get(0))?;
        let other = free_slug(connection, &name)?;
        rekey(change, holder, &other)?;
    }
    connection.run("DELETE FROM shelf_alias WHERE alias = ?", [slug])?;
    rekey(change, shelf, slug)?;
    alias(change, shelf, &old)
}

/// Lets an old slug lead to a category, unless it is a live one or leads elsewhere already.
pub(super) fn alias(change: &mut Change<'_>, shelf: i64, alias: &str) -> Result<()> {
    if alias.is_empty() || alias.len() > LONGEST_ALIAS {
        return Ok(());
    }
    let added = change.connection.run(
        "INSERT INTO shelf_alias (alias, shelf) SELECT ?1, ?2
         WHERE NOT EXISTS (SELECT 1 FROM shelf WHERE kind = ?3 AND key = ?1)
         ON CONFLICT DO NOTHING",
        params![alias, shelf, Kind::Category as i64],
    )?;
    if added > 0 { change.force(shelf) } else { Ok(()) }
}

fn make(
    change: &mut Change<'_>,
    kind: Kind,
    key: &str,
    folded: Option<String>,
    name: &str,
    opener: Option<i64>,
) -> Result<i64> {
    let now = change.now.millis();
    change.connection.run(
        "INSERT INTO shelf (kind, key, folded, name, opener, at, came) VALUES (?, ?, ?, ?, ?, ?, ?)",
        params![kind as i64, key, folded, name, opener, now, now],
    )?;
    let shelf = change.connection.last_insert_rowid();
    change.touch(shelf);
    Ok(shelf)
}

fn rekey(change: &mut Change<'_>, shelf: i64, slug: &str) -> Result<()> {
    change.connection.run("UPDATE shelf SET key = ? WHERE id = ?", params![slug, shelf])?;
    change.force(shelf)
}

/// A slug that is neither in use nor an old address of another category.
fn free_slug(connection: &Connection, name: &str) -> Result<String> {
    let sql = "SELECT EXISTS (SELECT 1 FROM shelf WHERE kind = ?1 AND key = ?2)
        OR EXISTS (SELECT 1 FROM shelf_alias WHERE alias = ?2)";
    let failure = Cell::new(None);
    let slug = category::slug(name, |slug| {
        let taken = connection.one(sql, params![Kind::Category as i64, slug], |row| row.get(0));
        taken.unwrap_or_else(|error| {
            failure.set(Some(error));
            false
        })
    });
    failure.into_inner().map_or(Ok(slug), Err)
}
