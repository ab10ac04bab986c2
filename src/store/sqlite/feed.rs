//! What the feed of a shelf shows, as of one moment: its items, where its archive begins, and what would
//! stand in it had it not been withdrawn.

use rusqlite::{Connection, Result, params};

use super::article::State;
use super::read::{self, Room};
use super::row::instant;
use super::statement::Statement;
use super::window::{self, Shown};
use super::{archive, shelf};
use crate::model::feed::{Shelf, Tombstone, Window};
use crate::model::item::{Item, ItemId};
use crate::store::{Error, Fed};

/// The feed of a shelf; an empty one when there is no such shelf.
pub(super) fn feed(connection: &Connection, shelf: &Shelf, window: Window) -> Result<Fed, Error> {
    let Some(row) = shelf::of(connection, shelf)? else { return Ok(Fed::default()) };
    let shown = window::select(connection, &[row], false, &window)?;
    let tombstones = tombstones(connection, row, &shown, &window)?;
    let offered = window::with_open_page(connection, row, shown)?;
    let items = items(connection, shelf, offered, window.bytes)?;
    Ok(Fed { items, older: archive::newest(connection, row)?, tombstones })
}

/// What is on the open page is never left out, however large: it is nowhere else.
fn items(
    connection: &Connection,
    shelf: &Shelf,
    offered: Vec<window::Offered>,
    most: usize,
) -> Result<Vec<Item>> {
    let names_twins = read::names_twins(std::slice::from_ref(shelf));
    let (mut items, mut room) = (Vec::new(), Room::of(most));
    for offered in offered {
        if offered.is_limited && room.is_full() {
            continue;
        }
        let item = read::by_row(connection, offered.shown.item, names_twins)?;
        if room.take(&item) || !offered.is_limited {
            items.push(item);
        }
    }
    Ok(items)
}

/// Withdrawn items that would stand in a window which shows this, the last by order first.
fn tombstones(
    connection: &Connection,
    shelf: i64,
    shown: &[Shown],
    window: &Window,
) -> Result<Vec<Tombstone>> {
    let is_full = shown.len() >= window.items;
    let end = shown.last().filter(|_| is_full).map_or(i64::MIN, |last| last.order.0);
    let most = i64::try_from(window.items).unwrap_or(i64::MAX);
    connection.all(TOMBSTONES, params![shelf, State::Gone as i64, end, most], |row| {
        let id = ItemId::recall(row.get(0)?);
        let public_id: Option<String> = row.get(1)?;
        Ok(Tombstone { public_id: public_id.unwrap_or_else(|| id.urn()), at: instant(row.get(2)?) })
    })
}

const TOMBSTONES: &str = "
    SELECT item.id, public_id, log.at FROM place
    JOIN item ON item.row = place.item JOIN log ON log.revision = place.revision
    WHERE shelf = ? AND gone = ? AND place.order_ms >= ? AND verb = 4
    ORDER BY place.order_ms DESC, poll DESC, ordinal LIMIT ?";
