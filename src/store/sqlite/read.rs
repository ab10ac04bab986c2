//! What readers ask: heads, the items of a window, one item, the state of each source.
//!
//! Nothing here writes. Bodies are joined for the rows that are shown and for no others.

use std::collections::HashMap;

use rusqlite::{Connection, Result, Row, params};

use super::article::State;
use super::row::{Tag, Words, instant, json, perhaps, source_id, timestamp};
use super::shelf::{self, Kind};
use super::statement::Statement;
use super::story;
use super::window;
use crate::model::feed::{Head, Revision, Shelf, ShelfHead, Window};
use crate::model::item::{Item, ItemId, Matter, Record};
use crate::model::source::{KeyRule, PollState, SourceId};
use crate::model::text::SafeHtml;
use crate::store::Error;

/// Shelves whose head is past `after`.
pub(super) fn heads(connection: &Connection, after: Revision) -> Result<Vec<ShelfHead>, Error> {
    let after = after.0.cast_signed();
    let mut aliases = aliases(connection)?;
    Ok(connection.all(HEADS, [after], |row| {
        Ok(ShelfHead {
            shelf: shelf_of(row)?,
            title: row.get(3)?,
            description: row.get(4)?,
            language: row.get(5)?,
            head: Head {
                revision: Revision(row.get::<_, i64>(6)?.cast_unsigned()),
                at: instant(row.get(7)?),
            },
            aliases: aliases.remove(&row.get(0)?).unwrap_or_default(),
        })
    })?)
}

const HEADS: &str = "
    SELECT id, kind, key, coalesce(title, name), description, language, revision, at FROM shelf
    WHERE (revision > ?1 OR ?1 = 0) AND (kind = 0 OR rank IS NOT NULL
        OR EXISTS (SELECT 1 FROM place WHERE shelf = id AND gone = 0))
    ORDER BY kind, rank IS NULL, rank, key";

fn shelf_of(row: &Row<'_>) -> Result<Shelf> {
    Ok(match row.get(1)? {
        0 => Shelf::All,
        1 => Shelf::Category(row.get(2)?),
        _ => Shelf::Source(source_id(row, 2)?),
    })
}

fn aliases(connection: &Connection) -> Result<HashMap<i64, Vec<String>>> {
    let mut aliases: HashMap<i64, Vec<String>> = HashMap::new();
    let sql = "SELECT shelf, alias FROM shelf_alias ORDER BY alias";
    for (shelf, alias) in connection.all(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))? {
        aliases.entry(shelf).or_default().push(alias);
    }
    Ok(aliases)
}

/// The window of a shelf.
pub(super) fn items(
    connection: &Connection,
    shelf: &Shelf,
    window: Window,
) -> Result<Vec<Item>, Error> {
    let found = match shelf {
        Shelf::All => shelf::find(connection, Kind::All, "")?,
        Shelf::Category(slug) => shelf::find(connection, Kind::Category, slug)?,
        Shelf::Source(id) => shelf::find(connection, Kind::Source, id.as_str())?,
    };
    let Some(found) = found else { return Ok(Vec::new()) };
    // A source's own shelf shows what the source shows, and no twin of it moves its head.
    let names_twins = !matches!(shelf, Shelf::Source(_));
    let (mut items, mut bytes) = (Vec::new(), 0_usize);
    for shown in window::select(connection, found, &window)? {
        let item =
            connection.one(BY_ROW, [shown.item], |row| read(connection, row, names_twins))?;
        bytes = bytes.saturating_add(item.content.as_ref().map_or(0, |html| html.as_str().len()));
        if bytes > window.bytes && !items.is_empty() {
            break;
        }
        items.push(item);
    }
    Ok(items)
}

/// One live item.
pub(super) fn item(connection: &Connection, id: ItemId) -> Result<Option<Item>, Error> {
    let live = State::Live as i64;
    Ok(connection.find(BY_ID, params![id.bytes(), live], |row| read(connection, row, true))?)
}

/// The live articles an item's body links to, within its namespace.
pub(super) fn related(connection: &Connection, id: ItemId) -> Result<Vec<Item>, Error> {
    let others: Vec<i64> = connection.all(
        "SELECT DISTINCT other.row FROM item JOIN mention ON mention.item = item.row
         JOIN alias ON alias.namespace = item.namespace AND alias.key = mention.key
         JOIN item AS other ON other.row = alias.item
         WHERE item.id = ? AND other.state = ? AND other.row <> item.row
         ORDER BY other.order_ms DESC, other.row",
        params![id.bytes(), State::Live as i64],
        |row| row.get(0),
    )?;
    let items = others
        .into_iter()
        .map(|other| connection.one(BY_ROW, [other], |row| read(connection, row, false)));
    Ok(items.collect::<Result<_>>()?)
}

macro_rules! item_where {
    ($condition:literal) => {
        concat!(
            "SELECT item.id, public_id, guid, source.name, coalesce(source.title, own_title, source.name),
                 url, own_id, published, published_offset, published_inferred, item.updated, updated_offset,
                 seen, seen_offset, matter, content, item.row
             FROM item JOIN source ON source.id = item.source LEFT JOIN body ON body.item = item.row
             WHERE ",
            $condition
        )
    };
}

const BY_ROW: &str = item_where!("item.row = ?");
const BY_ID: &str = item_where!("item.id = ? AND item.state = ?");

fn read(connection: &Connection, row: &Row<'_>, names_twins: bool) -> Result<Item> {
    let number: i64 = row.get(16)?;
    let id = ItemId::recall(row.get(0)?);
    let public_id: Option<String> = row.get(1)?;
    let url: String = row.get(5)?;
    let words: Words = json(row, 14)?;
    let content: Option<String> = row.get(15)?;
    Ok(Item::recall(Record {
        id,
        public_id: public_id.unwrap_or_else(|| id.urn()),
        guid: row.get(2)?,
        source: source_id(row, 3)?,
        source_title: row.get(4)?,
        source_url: is_for_everybody(&url).then_some(url),
        source_own_id: row.get(6)?,
        matter: Matter { content: content.map(SafeHtml::recall), ..words.into() },
        categories: categories(connection, number)?,
        published: timestamp(row, 7)?,
        published_inferred: row.get(9)?,
        updated: timestamp(row, 10)?,
        seen: timestamp(row, 12)?,
        also: if names_twins { story::also(connection, number)? } else { Vec::new() },
    }))
}

/// Whether readers can be sent to a source's address: to no file of this machine, to none that is
/// filled in before it is asked, and to none whose query may hold a key of the operator's (T-29).
fn is_for_everybody(url: &str) -> bool {
    !url.starts_with("file:") && !url.contains(['?', '{'])
}

fn categories(connection: &Connection, item: i64) -> Result<Vec<String>> {
    connection.all(
        "SELECT name FROM place JOIN shelf ON shelf.id = place.shelf
         WHERE place.item = ? AND kind = 1 ORDER BY name",
        [item],
        |row| row.get(0),
    )
}

/// The state of every enrolled source.
pub(super) fn states(connection: &Connection) -> Result<Vec<(SourceId, PollState)>, Error> {
    let sql = "SELECT id, name FROM source WHERE enrolled ORDER BY rank";
    Ok(connection.all(sql, [], |row| Ok((source_id(row, 1)?, state(connection, row.get(0)?)?)))?)
}

/// What is remembered of one source.
pub(super) fn state(connection: &Connection, source: i64) -> Result<PollState> {
    let sql = "SELECT validators, polled, succeeded, failures, due, trouble, problems, overflow, own_title,
            (SELECT live FROM shelf WHERE kind = 2 AND key = source.name), ttl, unfinished,
            key_rule, renamings
        FROM source WHERE id = ?";
    connection.one(sql, [source], |row| {
        let validators: Vec<Tag> = json(row, 0)?;
        let mut problems: Vec<String> = json(row, 6)?;
        problems.extend(row.get::<_, Option<String>>(7)?);
        Ok(PollState {
            validators: validators.into_iter().map(Into::into).collect(),
            polled: perhaps(row, 1)?,
            succeeded: perhaps(row, 2)?,
            failures: row.get(3)?,
            due: perhaps(row, 4)?,
            trouble: row.get(5)?,
            problems,
            title: row.get(8)?,
            ttl: row.get(10)?,
            unfinished: row.get(11)?,
            learned: row.get::<_, Option<String>>(12)?.as_deref().and_then(KeyRule::named),
            renamings: row.get(13)?,
            items: row.get::<_, Option<i64>>(9)?.unwrap_or_default().cast_unsigned(),
        })
    })
}

/// The keys of a source's last whole answer, packed; empty when there was none.
pub(super) fn answer(connection: &Connection, source: i64) -> Result<Vec<u8>> {
    let sql = "SELECT keys FROM answer WHERE source = ?";
    Ok(connection.find(sql, [source], |row| row.get(0))?.unwrap_or_default())
}
