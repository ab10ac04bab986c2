//! What the file says, taken over: sources and categories come, change and go; what was stored
//! under them stays.
//!
//! Only what differs is written, so that the same file again takes no revision. What a change of
//! the file does to items is done quietly: readers see it, subscribers are not told.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Result, params};

use super::change::Change;
use super::row::{json, to_json};
use super::shelf::{self, Kind};
use super::statement::Statement;
use super::{article, callback, claim, digest, finish, sighting, story, window};
use crate::model::category::{Category, folded};
use crate::model::feed::{Revision, Window};
use crate::model::source::Source;
use crate::model::time::Timestamp;
use crate::store::Error;

/// Items that are refiled belong to no poll; among equals they stand last.
const NO_POLL: i64 = 0;

/// Takes the file over.
pub(super) fn enroll(
    connection: &Connection,
    sources: &[Source],
    categories: &[Category],
    shown: Window,
    now: Timestamp,
) -> Result<Revision, Error> {
    let mut change = Change::begin(connection, now, true)?;
    shelf::ensure(&mut change, Kind::All, "")?;
    let ranks = ranks(connection)?;
    let mut refiled = BTreeSet::new();
    for source in sources {
        refiled.extend(take(&mut change, source)?);
    }
    dismiss(&mut change, sources)?;
    shelve(&mut change, sources, categories)?;
    refiled.extend(reordered(connection, &ranks)?);
    for source in refiled {
        refile(&mut change, source)?;
    }
    if window::keep(connection, &shown)? {
        for shelf in connection.all("SELECT id FROM shelf", [], |row| row.get(0))? {
            change.touch(shelf);
        }
    }
    Ok(change.settle()?.revision)
}

/// A source as it was enrolled before.
struct Before {
    id: i64,
    namespace: i64,
    categories: Vec<String>,
    most: i64,
    url: String,
    collapse: bool,
}

/// Enrolls one source; answers its id when its items have to be refiled.
fn take(change: &mut Change<'_>, source: &Source) -> Result<Option<i64>> {
    let connection = change.connection;
    let namespace = namespace(connection, &source.namespace)?;
    let before = before(connection, source)?;
    write(connection, source, namespace)?;
    let sql = "SELECT id FROM source WHERE name = ?";
    let id: i64 = connection.one(sql, [source.id.as_str()], |row| row.get(0))?;
    let shelf = shelf::ensure(change, Kind::Source, source.id.as_str())?;
    list(change, shelf, Some(i64::from(source.rank)))?;
    finish::retitle(change, id)?;
    let Some(before) = before else { return Ok(None) };
    if before.url != source.url.to_string() {
        finish::show(change, id)?;
        // It is another place: asked at once, and what it calls itself is not known yet.
        connection.run(FORGET, [id])?;
        connection.run("DELETE FROM answer WHERE source = ?", [id])?;
        callback::forget(connection, id)?;
    }
    if !source.hub {
        callback::name(connection, id, None, change.now)?;
    }
    if before.namespace != namespace || (before.collapse && !source.collapse) {
        story::part(change, id)?;
    }
    if before.namespace != namespace {
        move_namespace(change, &before, namespace)?;
    }
    if before.most != limit(source) {
        connection.run("UPDATE source SET overflow = NULL WHERE id = ?", [id])?;
    }
    let same = before.namespace == namespace
        && before.categories == source.categories
        && before.most == limit(source);
    Ok((!same).then_some(id))
}

/// What was learned of a place that is not asked any more.
const FORGET: &str = "UPDATE source SET due = NULL, own_id = NULL, ttl = NULL, skip_hours = 0,
    skip_days = 0, news = NULL, gap = NULL, address = NULL, learned = NULL, moving_to = NULL,
    missed = NULL, failures = 0, failing = NULL, cause = NULL, trouble = NULL,
    hub = NULL, topic = NULL, ask_hub_at = NULL, hub_trouble = NULL WHERE id = ?";

fn before(connection: &Connection, source: &Source) -> Result<Option<Before>> {
    let sql = "SELECT id, namespace, categories, max_categories, url, collapse FROM source WHERE name = ?";
    connection.find(sql, [source.id.as_str()], |row| {
        let (id, namespace) = (row.get(0)?, row.get(1)?);
        let (most, url, collapse) = (row.get(3)?, row.get(4)?, row.get(5)?);
        Ok(Before { id, namespace, categories: json(row, 2)?, most, url, collapse })
    })
}

fn write(connection: &Connection, source: &Source, namespace: i64) -> Result<()> {
    let keep = source.keep.map(|keep| i64::try_from(keep.as_millis()).unwrap_or(i64::MAX));
    connection.run(
        "INSERT INTO source (name, enrolled, rank, namespace, title, url, categories, max_categories, keep,
             collapse, host)
         VALUES (?1, TRUE, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (name) DO UPDATE SET enrolled = TRUE, rank = ?2, namespace = ?3, title = ?4,
             url = ?5, categories = ?6, max_categories = ?7, keep = ?8, collapse = ?9,
             host = iif(address IS NULL OR url <> ?5, ?10, host)",
        params![
            source.id.as_str(),
            source.rank,
            namespace,
            source.title,
            source.url.to_string(),
            to_json(&source.categories),
            limit(source),
            keep,
            source.collapse,
            source.host(),
        ],
    )?;
    Ok(())
}

fn limit(source: &Source) -> i64 {
    i64::try_from(source.max_categories).unwrap_or(i64::MAX)
}

fn namespace(connection: &Connection, name: &str) -> Result<i64> {
    connection.run("INSERT INTO namespace (name) VALUES (?) ON CONFLICT DO NOTHING", [name])?;
    connection.one("SELECT id FROM namespace WHERE name = ?", [name], |row| row.get(0))
}

/// Takes a source's items along to its new namespace. Those that other sources show too stay with
/// them; here they will be found anew. A poll under way speaks of the old namespace and loses its lease.
fn move_namespace(change: &mut Change<'_>, before: &Before, to: i64) -> Result<()> {
    let connection = change.connection;
    claim::revoke(connection, before.id)?;
    let shared: Vec<(i64, i64)> = connection.all(
        "SELECT mark, item FROM sighting AS mine WHERE source = ?1 AND EXISTS
             (SELECT 1 FROM sighting AS other WHERE other.item = mine.item AND other.source <> ?1)",
        [before.id],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    for (mark, item) in shared {
        sighting::forget(connection, before.id, mark)?;
        article::settle(change, item, NO_POLL)?;
    }
    for sql in [
        "UPDATE item SET namespace = ?3 WHERE namespace = ?2
             AND row IN (SELECT item FROM sighting WHERE source = ?1)",
        "UPDATE OR IGNORE alias SET namespace = ?3 WHERE namespace = ?2
             AND item IN (SELECT item FROM sighting WHERE source = ?1)",
        "DELETE FROM alias WHERE namespace = ?2 AND ?3 <> ?2
             AND item IN (SELECT item FROM sighting WHERE source = ?1)",
        // What was pruned belongs to the namespace; it goes along when nobody else is left there.
        "UPDATE OR IGNORE alias SET namespace = ?3 WHERE namespace = ?2 AND item IS NULL
             AND NOT EXISTS (SELECT 1 FROM source WHERE namespace = ?2 AND id <> ?1)",
    ] {
        connection.run(sql, [before.id, before.namespace, to])?;
    }
    Ok(())
}

/// Lets go of sources the file no longer names.
fn dismiss(change: &mut Change<'_>, sources: &[Source]) -> Result<()> {
    let named: BTreeSet<&str> = sources.iter().map(|source| source.id.as_str()).collect();
    let sql = "SELECT id, name FROM source WHERE enrolled";
    let enrolled: Vec<(i64, String)> =
        change.connection.all(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (id, name) in enrolled {
        if named.contains(name.as_str()) {
            continue;
        }
        change.connection.run("UPDATE source SET enrolled = FALSE WHERE id = ?", [id])?;
        claim::revoke(change.connection, id)?;
        let shelf = shelf::ensure(change, Kind::Source, &name)?;
        list(change, shelf, None)?;
    }
    Ok(())
}

/// Gives every category of the file its shelf, those of `[[category]]` first.
fn shelve(change: &mut Change<'_>, sources: &[Source], categories: &[Category]) -> Result<()> {
    let named = sources.iter().flat_map(|source| &source.categories);
    let named = named.map(|name| Category { name: name.clone(), ..Category::default() });
    let mut ranks = BTreeMap::new();
    for category in categories.iter().cloned().chain(named) {
        let rank = i64::try_from(ranks.len()).unwrap_or(i64::MAX);
        if let std::collections::btree_map::Entry::Vacant(free) =
            ranks.entry(folded(&category.name))
        {
            let shelf = match shelf::named(change.connection, &category.name)? {
                Some(shelf) => shelf,
                None => shelf::open(change, &category.name, None)?,
            };
            free.insert(shelf);
            describe(change, shelf, &category)?;
            list(change, shelf, Some(rank))?;
        }
    }
    let sql = "SELECT id, name FROM shelf WHERE kind = 1 AND rank IS NOT NULL";
    for (shelf, name) in change.connection.all(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))? {
        if !ranks.values().any(|kept| *kept == shelf) {
            describe(change, shelf, &Category { name, ..Category::default() })?;
            list(change, shelf, None)?;
        }
    }
    Ok(())
}

fn describe(change: &mut Change<'_>, shelf: i64, category: &Category) -> Result<()> {
    let connection = change.connection;
    if let Some(slug) = &category.slug {
        shelf::rename(change, shelf, slug)?;
    }
    for alias in &category.aliases {
        let sql = "DELETE FROM shelf_alias WHERE alias = ? AND shelf <> ?";
        connection.run(sql, params![alias, shelf])?;
        shelf::alias(change, shelf, alias)?;
    }
    let sql = "UPDATE shelf SET title = ?1, description = ?2, language = ?3 WHERE id = ?4";
    connection.run(sql, params![category.title, category.description, category.language, shelf])?;
    change.touch(shelf);
    let sql = "UPDATE shelf SET name = ?1 WHERE id = ?2 AND name <> ?1";
    let is_renamed = connection.run(sql, params![category.name, shelf])? > 0;
    digest::retitle(change, shelf)?;
    if !is_renamed {
        return Ok(());
    }
    // Items name their categories, wherever they stand.
    let sql = "SELECT DISTINCT other.shelf FROM place JOIN place AS other USING (item) WHERE place.shelf = ?";
    let shelves: Vec<i64> = connection.all(sql, [shelf], |row| row.get(0))?;
    shelves.into_iter().try_for_each(|shelf| change.force(shelf))
}

/// Gives a shelf its place in the file, or none. One that comes into the file is news to whoever
/// follows heads.
fn list(change: &mut Change<'_>, shelf: i64, rank: Option<i64>) -> Result<()> {
    let sql = "SELECT rank FROM shelf WHERE id = ?";
    let before: Option<i64> = change.connection.one(sql, [shelf], |row| row.get(0))?;
    if before == rank {
        return Ok(());
    }
    change.connection.run("UPDATE shelf SET rank = ? WHERE id = ?", params![rank, shelf])?;
    if before.is_none() { change.force(shelf) } else { Ok(()) }
}

/// The sources of each namespace, those first that own the text.
fn ranks(connection: &Connection) -> Result<BTreeMap<i64, Vec<i64>>> {
    let mut ranks: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    let sql = "SELECT namespace, id FROM source ORDER BY enrolled DESC, rank";
    for (namespace, source) in connection.all(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))? {
        ranks.entry(namespace).or_default().push(source);
    }
    Ok(ranks)
}

/// Sources of namespaces in which another one owns the text now.
fn reordered(connection: &Connection, before: &BTreeMap<i64, Vec<i64>>) -> Result<Vec<i64>> {
    let mut moved = Vec::new();
    for (namespace, now) in ranks(connection)? {
        let known = before.get(&namespace).map_or(&[][..], Vec::as_slice);
        let stayed = now.iter().filter(|source| known.contains(source));
        if !stayed.eq(known.iter().filter(|source| now.contains(source))) {
            moved.extend(now);
        }
    }
    Ok(moved)
}

fn refile(change: &mut Change<'_>, source: i64) -> Result<()> {
    let sql = "SELECT DISTINCT item FROM sighting WHERE source = ? AND item IS NOT NULL";
    let items: Vec<i64> = change.connection.all(sql, [source], |row| row.get(0))?;
    items.into_iter().try_for_each(|item| article::settle(change, item, NO_POLL))
}
