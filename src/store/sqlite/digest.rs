//! Digests: written once each, on shelves of their own, and struck out of where an item is withdrawn.
//!
//! Each is written in a transaction of its own and never twice, since its name leads to it like any
//! item's. What it is of may change or go later; it stays as it was, but for what is withdrawn by hand,
//! which leaves every output. When one is due and what came is found elsewhere (`cut`, `arrivals`).

use rusqlite::{Connection, Result, params};

use super::arrivals::Owner;
use super::article::{self, State};
use super::change::{self, Change, Verb};
use super::commit::Polled;
use super::cut::Due;
use super::row::instant;
use super::shelf::{self, Kind};
use super::statement::Statement;
use super::{membership, read};
use crate::model::digest::{Digest, Digests, Edition, without};
use crate::model::feed::{Revision, Shelf};
use crate::model::item::ItemId;
use crate::model::period::Period;
use crate::model::source::SourceId;
use crate::model::time::Timestamp;
use crate::store::Error;
use crate::store::law::Found;

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
    let (digest, left) = compose(connection, &edition, owner)?;
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
    owner: &Owner,
) -> Result<(Digest<'a>, usize)> {
    let (mut digest, mut left) = (Digest::new(edition), 0);
    let sql = "SELECT EXISTS (SELECT 1 FROM item WHERE row = ? AND state = ?)";
    for item in &owner.items {
        if !connection.one(sql, params![item, State::Live as i64], |row| row.get(0))? {
            continue;
        }
        match digest.is_full() {
            true => left += 1,
            false => digest.add(&read::by_row(connection, *item, owner.names_twins)?),
        }
    }
    Ok((digest, left))
}

/// Takes an item that was withdrawn by hand out of the digests that tell of it.
pub(super) fn strike(change: &mut Change<'_>, item: i64) -> Result<()> {
    let connection = change.connection;
    let sql = "SELECT id FROM item WHERE row = ?";
    let id = ItemId::recall(connection.one(sql, [item], |row| row.get(0))?);
    let digests: Vec<i64> = connection.all(
        "SELECT row FROM item CROSS JOIN body ON body.item = item.row
         WHERE source = (SELECT id FROM source WHERE name = ?) AND instr(content, ?) > 0
         ORDER BY row",
        params![SourceId::ours().as_str(), format!("/item/{id}\"")],
        |row| row.get(0),
    )?;
    for digest in digests {
        match without(article::matter(connection, digest)?, id) {
            Some(matter) => article::reword(change, digest, &matter)?,
            None => article::withdraw(change, digest)?,
        }
    }
    Ok(())
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

/// The kinds of what digests are of, in its name.
pub(super) const CATEGORY: &str = "category";
pub(super) const VIEW: &str = "view";

/// The name of a category or view, for ever.
pub(super) fn named(kind: &str, name: &str) -> String {
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
    use super::*;

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
