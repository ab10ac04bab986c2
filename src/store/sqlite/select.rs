//! What a selection shows: several shelves as one, sifted, as far as the window goes.
//!
//! One shelf without rules is its window and nothing more. With rules, so many of the newest places
//! are looked at and no more; with words to search for, so many hits. What an item says is read only
//! for those.

use rusqlite::{Connection, Result};

use super::read::{Room, weight};
use super::{read, search, shelf, window};
use crate::model::feed::{Place, Shelf, Window, within};
use crate::model::item::Item;
use crate::model::view::Selection;
use crate::store::Error;

/// Places that are looked at for each one a window may show, and at most.
const FOR_EACH: usize = 4;
const PLACES: usize = 2000;

/// Bytes of bodies held while it is not known yet which are shown.
const HELD: usize = 32 << 20;

/// The items of a selection, the newest first.
pub(super) fn select(connection: &Connection, selection: &Selection) -> Result<Vec<Item>, Error> {
    let shelves = shelf::of_all(connection, &selection.shelves)?;
    let window = &selection.window;
    if selection.sieve.is_empty() {
        let rows = places(connection, selection, &shelves, window)?.into_iter().map(|(row, _)| row);
        return read::by_rows(connection, rows, window.bytes, names_twins(selection));
    }
    let most = window.max.saturating_mul(FOR_EACH).min(PLACES);
    let wide = Window { items: most, max: most, ..*window };
    let candidates = places(connection, selection, &shelves, &wide)?;
    Ok(shown(sifted(connection, selection, candidates)?, window))
}

/// Where twins stand themselves, nobody names them.
fn names_twins(selection: &Selection) -> bool {
    !selection.is_unfolded && read::names_twins(&selection.shelves)
}

/// What a window on it all shows, the sieve left aside, the newest first.
fn places(
    connection: &Connection,
    selection: &Selection,
    shelves: &[i64],
    window: &Window,
) -> Result<Vec<(i64, Place)>> {
    // Nowhere is not everywhere, which is what no shelf means to the index.
    if shelves.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(query) = &selection.query {
        let is_everything = selection.shelves.contains(&Shelf::All);
        let most = window.items.min(window.max);
        return search::places(connection, query, shelves, is_everything, most);
    }
    let shown = window::select(connection, shelves, selection.is_unfolded, window)?;
    Ok(shown.into_iter().map(|shown| (shown.item, shown.place)).collect())
}

fn sifted(
    connection: &Connection,
    selection: &Selection,
    candidates: Vec<(i64, Place)>,
) -> Result<Vec<(Place, Item)>, Error> {
    let (mut sifting, mut sifted, mut held) = (selection.sieve.sift(), Vec::new(), 0);
    for (row, place) in candidates {
        let item = read::by_row(connection, row, names_twins(selection))?;
        if sifting.passes(&item) {
            held += weight(&item);
            sifted.push((place, item));
        }
        if held > HELD {
            break;
        }
    }
    Ok(sifted)
}

/// What of it the window shows.
fn shown(sifted: Vec<(Place, Item)>, window: &Window) -> Vec<Item> {
    let places: Vec<Place> = sifted.iter().map(|(place, _)| *place).collect();
    let mut items: Vec<Option<Item>> = sifted.into_iter().map(|(_, item)| Some(item)).collect();
    let mut room = Room::of(window.bytes);
    let shown = within(window, &places).into_iter().filter_map(|index| items[index].take());
    shown.take_while(|item| room.take(item)).collect()
}
