//! Why an item is where it is: everything that is known of it, read for a person.

use rusqlite::{Connection, Result, params};

use super::article;
use super::row::{Words, instant, json, perhaps, signed, source_id, timestamp};
use super::statement::Statement;
use super::{membership, read, story, window};
use crate::model::feed::{PAGE, Revision};
use crate::model::item::{ItemId, Matter};
use crate::model::source::Mark;
use crate::model::time::{Offset, Timestamp};
use crate::store::Error;
use crate::store::explain::{
    Event, Explanation, How, Known, Name, Shown, Standing, State, Twin, Verdict,
};

/// What is known of whatever is called so.
pub(super) fn explain(connection: &Connection, name: &Name) -> Result<Explanation, Error> {
    let row = find(connection, name)?;
    let item = row.map(|row| known(connection, row)).transpose()?;
    Ok(Explanation { item, refused: refused(connection, name)? })
}

/// The row of the item that is meant, whatever became of it.
pub(super) fn find(connection: &Connection, name: &Name) -> Result<Option<i64>> {
    if let Some(id) = name.id {
        return connection
            .find("SELECT row FROM item WHERE id = ?", [id.bytes()], |row| row.get(0));
    }
    let sql = "SELECT item FROM namespace JOIN alias ON alias.namespace = namespace.id AND key = ?
        WHERE item IS NOT NULL ORDER BY item LIMIT 1";
    for key in &name.keys {
        let found = connection.find(sql, [article::hashed(key)], |row| row.get(0))?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn known(connection: &Connection, item: i64) -> Result<Known> {
    let sql = "SELECT item.id, public_id, guid, matter, namespace.name, state, published,
            published_offset, published_raw, published_inferred, updated, updated_offset,
            seen, seen_offset, order_ms
        FROM item JOIN namespace ON namespace.id = namespace WHERE row = ?";
    connection.one(sql, [item], |row| {
        let id = ItemId::recall(row.get(0)?);
        let matter: Matter = json::<Words>(row, 3)?.into();
        let order = Timestamp::from_millis(row.get(14)?, Offset::UTC);
        Ok(Known {
            id,
            public_id: row.get::<_, Option<String>>(1)?.unwrap_or_else(|| id.urn()),
            guid: row.get(2)?,
            title: matter.title.as_str().to_owned(),
            link: matter.link.clone(),
            namespace: row.get(4)?,
            state: match row.get(5)? {
                0 => State::Live,
                1 => State::Gone,
                _ => State::TakenDown,
            },
            published: timestamp(row, 6)?,
            published_raw: row.get(8)?,
            published_inferred: row.get(9)?,
            updated: timestamp(row, 10)?,
            seen: timestamp(row, 12)?,
            order: order.unwrap_or_else(|| instant(0)),
            sightings: sightings(connection, item)?,
            places: places(connection, item)?,
            twins: twins(connection, item)?,
            log: log(connection, item)?,
        })
    })
}

fn sightings(connection: &Connection, item: i64) -> Result<Vec<Shown>> {
    connection.all(
        "SELECT source.name, item.source = source.id, sighting.seen, detailed, sighting.categories
         FROM sighting JOIN source ON source.id = sighting.source JOIN item ON item.row = item
         WHERE item = ? ORDER BY rank",
        [item],
        |row| {
            let (source, owns, seen) = (source_id(row, 0)?, row.get(1)?, instant(row.get(2)?));
            let (detailed, categories) = (perhaps(row, 3)?, json(row, 4)?);
            Ok(Shown { source, owns, seen, detailed, categories })
        },
    )
}

fn places(connection: &Connection, item: i64) -> Result<Vec<Standing>> {
    let rows: Vec<(i64, i64, i64)> = connection.all(
        "SELECT shelf, place.ordinal, gone FROM place JOIN shelf ON shelf.id = shelf
         WHERE item = ? ORDER BY kind, key",
        [item],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let window = window::stored(connection)?;
    let standing = |(row, ordinal, gone): (i64, i64, i64)| {
        let is_fed = || -> Result<bool> {
            let fed = window::feed(connection, row, &window)?;
            Ok(fed.iter().any(|fed| fed.shown.item == item))
        };
        let how = match gone {
            membership::SHOWN if is_fed()? => How::InTheFeed,
            membership::SHOWN => How::OnPage(((ordinal - 1) / PAGE + 1).cast_unsigned()),
            membership::BEHIND => How::Behind,
            _ => How::Gone,
        };
        let shelf = read::shelf_at(connection, row)?;
        Ok(Standing { shelf, ordinal: ordinal.cast_unsigned(), how })
    };
    rows.into_iter().map(standing).collect()
}

fn twins(connection: &Connection, item: i64) -> Result<Vec<Twin>> {
    let Some(story) = story::of(connection, item)? else { return Ok(Vec::new()) };
    connection.all(
        "SELECT item.id, source.name, matter, reason FROM twin JOIN item ON item.row = twin.item
         JOIN source ON source.id = item.source WHERE story = ? AND item.row <> ? ORDER BY item.row",
        [story, item],
        |row| {
            let matter: Matter = json::<Words>(row, 2)?.into();
            let reason: Option<i64> = row.get(3)?;
            Ok(Twin {
                id: ItemId::recall(row.get(0)?),
                source: source_id(row, 1)?,
                title: matter.title.as_str().to_owned(),
                reason: reason.map(story::recalled),
            })
        },
    )
}

fn log(connection: &Connection, item: i64) -> Result<Vec<Event>> {
    let sql = "SELECT revision, verb, quiet, at FROM log WHERE item = ? ORDER BY revision";
    connection.all(sql, [item], |row| {
        Ok(Event {
            revision: Revision(row.get::<_, i64>(0)?.cast_unsigned()),
            verb: match row.get(1)? {
                1 => "published",
                2 => "updated",
                3 => "refiled",
                _ => "withdrawn",
            },
            is_quiet: row.get(2)?,
            at: instant(row.get(3)?),
        })
    })
}

/// Entries called so that are no item.
fn refused(connection: &Connection, name: &Name) -> Result<Vec<Verdict>> {
    connection.all(
        "SELECT name, verdict, seen FROM source
         JOIN sighting ON sighting.source = source.id AND mark = ?
         WHERE verdict IS NOT NULL ORDER BY rank",
        params![signed(Mark::new(&name.text, []).key)],
        |row| {
            Ok(Verdict { source: source_id(row, 0)?, why: row.get(1)?, seen: instant(row.get(2)?) })
        },
    )
}
