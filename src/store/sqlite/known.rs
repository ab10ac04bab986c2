//! What is known of the entries of a list, before any detail is asked.
//!
//! A list of 20,000 entries is looked up in one snapshot with two cached statements, and most
//! entries need only the first.

use std::collections::HashMap;

use rusqlite::{Connection, Result, params};

use super::article;
use super::row::signed;
use super::statement::Statement;
use crate::model::item::Key;
use crate::model::source::{Mark, SourceId};
use crate::store::law::Found;
use crate::store::{Error, Known};

/// Looks up every mark.
pub(super) fn known(
    connection: &Connection,
    source: &SourceId,
    marks: &[(Mark, Vec<Key>)],
) -> Result<HashMap<u64, Known>, Error> {
    let sql = "SELECT id, namespace FROM source WHERE name = ?";
    let ids = connection.find(sql, [source.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some((source, namespace)) = ids else {
        return Err(Error::Failed(format!("source `{source}` is not in the store")));
    };
    let mut known = HashMap::with_capacity(marks.len());
    for (mark, keys) in marks {
        known.insert(mark.key, of(connection, source, namespace, *mark, keys)?);
    }
    Ok(known)
}

fn of(
    connection: &Connection,
    source: i64,
    namespace: i64,
    mark: Mark,
    keys: &[Key],
) -> Result<Known> {
    let sighting = connection.find(
        "SELECT digest, item, seen FROM sighting WHERE source = ? AND mark = ?",
        params![source, signed(mark.key)],
        |row| Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?)),
    )?;
    match sighting {
        Some((digest, ..)) if digest == signed(mark.digest) => Ok(Known::Same),
        Some((_, Some(item), seen)) => {
            Ok(Known::Changed { elsewhere: detailed_since(connection, item, source, seen)? })
        }
        Some((_, None, _)) => Ok(Known::Changed { elsewhere: false }),
        None => unseen(connection, namespace, keys),
    }
}

/// Whether another source asked the item's detail after this one last looked.
fn detailed_since(connection: &Connection, item: i64, source: i64, seen: i64) -> Result<bool> {
    connection.one(
        "SELECT EXISTS (SELECT 1 FROM sighting WHERE item = ? AND source <> ? AND detailed > ?)",
        [item, source, seen],
        |row| row.get(0),
    )
}

/// An entry without a sighting: new, unless its guid, or else its link, leads to an item.
fn unseen(connection: &Connection, namespace: i64, keys: &[Key]) -> Result<Known> {
    let telling =
        keys.iter().filter(|key| key.is_guid()).chain(keys.iter().filter(|key| key.is_link()));
    for key in telling {
        match article::look(connection, namespace, key)? {
            Found::Nothing => {}
            Found::Item(_) if key.is_link() && keys.iter().any(Key::is_guid) => {
                return Ok(Known::Renamed);
            }
            Found::Item(_) => return Ok(Known::Elsewhere),
            Found::Pruned => return Ok(Known::Same),
        }
    }
    Ok(Known::New)
}
