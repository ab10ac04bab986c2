//! What readers ask: heads, the items of a window, one item, the state of each source.
//!
//! Nothing here writes. Bodies are joined for the rows that are shown and for no others.

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::{Connection, Result, Row, params};

use super::article::{self, State};
use super::digest;
use super::row::{Tag, Words, instant, json, misread, perhaps, source_id, timestamp};
use super::shelf;
use super::statement::Statement;
use super::story;
use crate::model::cause::Cause;
use crate::model::feed::{Head, Headline, Revision, Shelf, ShelfHead};
use crate::model::hub::{Hub, Push};
use crate::model::item::{Filed, Item, ItemId, Key, Matter, Record};
use crate::model::pause::Pause;
use crate::model::rhythm::Rhythm;
use crate::model::source::{KeyRule, PollState, SourceId};
use crate::model::status::Day;
use crate::model::text::SafeHtml;
use crate::model::whereabouts::{Moving, Whereabouts};
use crate::store::Error;

/// Shelves whose head is past `after`.
pub(super) fn heads(connection: &Connection, after: Revision) -> Result<Vec<ShelfHead>, Error> {
    let after = after.0.cast_signed();
    let mut aliases = aliases(connection, after)?;
    Ok(connection.all(HEADS, [after], |row| {
        Ok(ShelfHead {
            shelf: shelf_of(row)?,
            came: instant(row.get(11)?),
            name: row.get(8)?,
            rank: row.get(9)?,
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
    SELECT id, kind, key, coalesce(title, name), description, language, revision, at,
        iif(kind = 1, name, NULL), rank,
        (SELECT key FROM shelf AS owner WHERE owner.id = shelf.owner), came FROM shelf
    WHERE (revision > ?1 OR ?1 = 0) AND (kind = 0 OR rank IS NOT NULL
        OR EXISTS (SELECT 1 FROM place WHERE shelf = shelf.id AND gone = 0))
    ORDER BY kind, rank IS NULL, rank, key";

/// What a shelf's row stands for.
pub(super) fn shelf_at(connection: &Connection, shelf: i64) -> Result<Shelf> {
    let sql = "SELECT id, kind, key, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        (SELECT key FROM shelf AS owner WHERE owner.id = shelf.owner) FROM shelf WHERE id = ?";
    connection.one(sql, [shelf], shelf_of)
}

fn shelf_of(row: &Row<'_>) -> Result<Shelf> {
    Ok(match row.get(1)? {
        0 => Shelf::All,
        1 => Shelf::Category(row.get(2)?),
        2 => Shelf::Source(source_id(row, 2)?),
        _ => {
            let key: String = row.get(2)?;
            let found = digest::shelf_of(&key, row.get(10)?);
            found.ok_or_else(|| misread(2, format!("`{key}` is no shelf of digests").into()))?
        }
    })
}

fn aliases(connection: &Connection, after: i64) -> Result<HashMap<i64, Vec<String>>> {
    let mut aliases: HashMap<i64, Vec<String>> = HashMap::new();
    let sql = "SELECT shelf, alias FROM shelf_alias JOIN shelf ON shelf.id = shelf
        WHERE revision > ?1 OR ?1 = 0 ORDER BY alias";
    for (shelf, alias) in connection.all(sql, [after], |row| Ok((row.get(0)?, row.get(1)?)))? {
        aliases.entry(shelf).or_default().push(alias);
    }
    Ok(aliases)
}

/// The newest headlines of each of these shelves.
pub(super) fn headlines(
    connection: &Connection,
    shelves: &[Shelf],
    most: usize,
) -> Result<Vec<Vec<Headline>>, Error> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let of = |shelf: &Shelf| {
        let Some(found) = shelf::of(connection, shelf)? else { return Ok(Vec::new()) };
        connection.all(HEADLINES, params![found, most], |row| {
            let words: Words = json(row, 1)?;
            let matter: Matter = words.into();
            Ok(Headline {
                id: ItemId::recall(row.get(0)?),
                title: matter.title,
                published: timestamp(row, 2)?,
                language: matter.language,
            })
        })
    };
    Ok(shelves.iter().map(of).collect::<Result<_>>()?)
}

const HEADLINES: &str = "
    SELECT item.id, matter, published, published_offset FROM place JOIN item ON item.row = place.item
    WHERE shelf = ? AND gone = 0 ORDER BY place.order_ms DESC, poll DESC, ordinal LIMIT ?";

/// What sources did on their last days.
pub(super) fn days(connection: &Connection) -> Result<HashMap<SourceId, Vec<Day>>, Error> {
    let mut days: HashMap<SourceId, Vec<Day>> = HashMap::new();
    let sql = "SELECT name, day, polls, poll_day.failures, poll_day.items
        FROM poll_day JOIN source ON source.id = poll_day.source ORDER BY source.id, day";
    let rows = connection.all(sql, [], |row| {
        let day = Day {
            number: row.get(1)?,
            polls: row.get(2)?,
            failures: row.get(3)?,
            items: row.get(4)?,
        };
        Ok((source_id(row, 0)?, day))
    })?;
    for (source, day) in rows {
        days.entry(source).or_default().push(day);
    }
    Ok(days)
}

/// Whether items of these shelves name their twins: a source's own shelf shows what the source shows,
/// and no twin of it moves its head.
pub(super) fn names_twins(shelves: &[Shelf]) -> bool {
    !shelves.iter().all(|shelf| matches!(shelf, Shelf::Source(_)))
}

/// One item by its row, live or not.
pub(super) fn by_row(connection: &Connection, row: i64, names_twins: bool) -> Result<Item> {
    connection.one(BY_ROW, [row], |row| read(connection, row, names_twins))
}

/// Items by their rows, until their bodies pass so many bytes; the first comes in any case.
pub(super) fn by_rows(
    connection: &Connection,
    rows: impl Iterator<Item = i64>,
    most: usize,
    names_twins: bool,
) -> Result<Vec<Item>, Error> {
    let (mut items, mut room) = (Vec::new(), Room::of(most));
    for row in rows {
        let item = by_row(connection, row, names_twins)?;
        if !room.take(&item) {
            break;
        }
        items.push(item);
    }
    Ok(items)
}

/// Bytes of bodies that have room in one answer. There is always room for the first.
pub(super) struct Room {
    most: usize,
    taken: usize,
    is_begun: bool,
}

impl Room {
    pub(super) fn of(most: usize) -> Room {
        Room { most, taken: 0, is_begun: false }
    }

    /// Whether nothing more has room.
    pub(super) fn is_full(&self) -> bool {
        self.is_begun && self.taken > self.most
    }

    /// Counts an item; answers whether it has room.
    pub(super) fn take(&mut self, item: &Item) -> bool {
        self.taken = self.taken.saturating_add(weight(item));
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        is_first || self.taken <= self.most
    }
}

/// Bytes of an item's body.
pub(super) fn weight(item: &Item) -> usize {
    item.content.as_ref().map_or(0, |html| html.as_str().len())
}

/// One live item.
pub(super) fn item(connection: &Connection, id: ItemId) -> Result<Option<Item>, Error> {
    let live = State::Live as i64;
    Ok(connection.find(BY_ID, params![id.bytes(), live], |row| read(connection, row, true))?)
}

/// The live item a key names in any namespace; the one seen first when there are several.
pub(super) fn named(connection: &Connection, key: &Key) -> Result<Option<ItemId>, Error> {
    let id = connection.find(
        "SELECT item.id FROM namespace
         JOIN alias ON alias.namespace = namespace.id AND alias.key = ?
         JOIN item ON item.row = alias.item
         WHERE item.state = ? ORDER BY item.seen, item.row LIMIT 1",
        params![article::hashed(key), State::Live as i64],
        |row| row.get(0),
    )?;
    Ok(id.map(ItemId::recall))
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
    Ok(others.into_iter().map(|other| by_row(connection, other, false)).collect::<Result<_>>()?)
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

fn categories(connection: &Connection, item: i64) -> Result<Vec<Filed>> {
    connection.all(
        "SELECT name, key FROM place JOIN shelf ON shelf.id = place.shelf
         WHERE place.item = ? AND kind = 1 ORDER BY name",
        [item],
        |row| Ok(Filed { name: row.get(0)?, slug: row.get(1)? }),
    )
}

/// What is remembered of every enrolled source.
pub(super) fn states(connection: &Connection) -> Result<Vec<(SourceId, PollState)>, Error> {
    let sql = "SELECT id, name FROM source WHERE enrolled ORDER BY rank";
    let one = format!("SELECT {KNOWN} FROM source WHERE id = ?");
    let of = |(source, id): (i64, SourceId)| {
        let sql = "SELECT live FROM shelf WHERE kind = 2 AND key = ?";
        let items = connection.find(sql, [id.as_str()], |row| row.get::<_, i64>(0))?;
        let (mut state, _, overflow) = connection.one(&one, [source], known)?;
        state.problems.extend(overflow);
        Ok((id, PollState { items: items.unwrap_or_default().cast_unsigned(), ..state }))
    };
    let all = connection.all(sql, [], |row| Ok((row.get(0)?, source_id(row, 1)?)))?;
    Ok(all.into_iter().map(of).collect::<Result<_>>()?)
}

/// The columns of what a poll knows of its source: all but how many items it has, and how many entries
/// its last answer had.
pub(super) const KNOWN: &str = "
    validators, polled, succeeded, failures, due, trouble, problems, overflow, own_title,
    (SELECT length(keys) / 8 FROM answer WHERE answer.source = source.id), ttl, unfinished,
    key_rule, renamings, skip_hours, skip_days, news, gap,
    address, moving_to, moving_since, moving_times, learned, failing, cause, missed,
    hub, topic, hub_trouble, iif(hub IS NULL, NULL,
        (SELECT max(lease) FROM callback WHERE callback.source = source.id
            AND (callback.hub, callback.topic) = (source.hub, source.topic)))";

/// Reads these columns; beside them why a category was not opened, which a poll has no use for.
pub(super) fn known(row: &Row<'_>) -> Result<(PollState, usize, Option<String>)> {
    let answered = row.get::<_, Option<i64>>(9)?.unwrap_or_default();
    Ok((state(row)?, usize::try_from(answered).unwrap_or_default(), row.get(7)?))
}

fn state(row: &Row<'_>) -> Result<PollState> {
    let validators: Vec<Tag> = json(row, 0)?;
    Ok(PollState {
        validators: validators.into_iter().map(Into::into).collect(),
        polled: perhaps(row, 1)?,
        succeeded: perhaps(row, 2)?,
        failures: row.get(3)?,
        due: perhaps(row, 4)?,
        trouble: row.get(5)?,
        problems: json(row, 6)?,
        title: row.get(8)?,
        pause: Pause { minutes: row.get(10)?, hours: row.get(14)?, days: row.get(15)? },
        rhythm: Rhythm {
            news: perhaps(row, 16)?,
            gap: row
                .get::<_, Option<i64>>(17)?
                .map(|gap| Duration::from_millis(gap.unsigned_abs())),
        },
        unfinished: row.get(11)?,
        whereabouts: Whereabouts {
            address: row.get(18)?,
            learned: perhaps(row, 22)?,
            moving: moving(row)?,
        },
        failing: perhaps(row, 23)?,
        cause: row.get::<_, Option<String>>(24)?.as_deref().and_then(Cause::named),
        missed: perhaps(row, 25)?,
        push: push(row)?,
        learned: row.get::<_, Option<String>>(12)?.as_deref().and_then(KeyRule::named),
        renamings: row.get(13)?,
        items: 0,
    })
}

/// How it stands with the hub a source names.
fn push(row: &Row<'_>) -> Result<Option<Push>> {
    let Some(url) = row.get(26)? else { return Ok(None) };
    let hub = Hub { url, topic: row.get(27)? };
    Ok(Some(Push { hub, trouble: row.get(28)?, until: perhaps(row, 29)? }))
}

/// Where a source seems to be moving.
fn moving(row: &Row<'_>) -> Result<Option<Moving>> {
    let (to, since) = (row.get::<_, Option<String>>(19)?, perhaps(row, 20)?);
    let Some((to, since)) = to.zip(since) else { return Ok(None) };
    Ok(Some(Moving { to, since, times: row.get(21)? }))
}

/// The keys of a source's last whole answer, packed; empty when there was none.
pub(super) fn answer(connection: &Connection, source: i64) -> Result<Vec<u8>> {
    let sql = "SELECT keys FROM answer WHERE source = ?";
    Ok(connection.find(sql, [source], |row| row.get(0))?.unwrap_or_default())
}
