//! Items in their tables: recognised, published, brought up to date, withdrawn.
//!
//! Id, public id, publication and order are fixed when an item is first seen, and nothing here
//! can change them after. Words change when their fingerprint does. The laws themselves stand in
//! `store::law` and `Matter::merge`; this file only fetches what they ask and keeps what they say.

use rusqlite::{Connection, Result, params};
use sha2::{Digest, Sha256};

use super::change::{Change, Verb};
use super::commit::Polled;
use super::digest;
use super::membership;
use super::row::{Words, json, signed, timestamp, to_json};
use super::sighting;
use super::statement::Statement;
use super::story;
use crate::model::item::{Candidate, ItemId, Key, Matter};
use crate::model::text::SafeHtml;
use crate::model::time::Timestamp;
use crate::store::law::{self, Found};

/// Whether an item is to be seen. The numbers are on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Live = 0,
    Gone = 1,
    TakenDown = 2,
}

/// An item, as far as its places ask.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    pub(super) item: i64,
    pub(super) state: State,
    pub(super) order_ms: i64,
    updated: Timestamp,
}

impl Standing {
    /// Whether readers don't see it.
    pub(super) fn is_gone(&self) -> bool {
        self.state != State::Live
    }

    fn load(connection: &Connection, item: i64) -> Result<Standing> {
        let sql = "SELECT state, order_ms, updated, updated_offset FROM item WHERE row = ?";
        connection.one(sql, [item], |row| {
            let state = match row.get::<_, i64>(0)? {
                0 => State::Live,
                1 => State::Gone,
                _ => State::TakenDown,
            };
            Ok(Standing { item, state, order_ms: row.get(1)?, updated: timestamp(row, 2)? })
        })
    }
}

/// The key as it is stored: hashed, since a tombstone keeps it for ever.
pub(super) fn hashed(key: &Key) -> [u8; 16] {
    let digest = Sha256::digest(key.as_str().as_bytes());
    digest[..16].try_into().expect("SHA-256 has 32 bytes")
}

/// Where a key leads within a namespace.
pub(super) fn look(connection: &Connection, namespace: i64, key: &Key) -> Result<Found> {
    let sql = "SELECT item FROM alias WHERE namespace = ? AND key = ?";
    let item = connection.find(sql, params![namespace, hashed(key)], |row| row.get(0))?;
    Ok(match item {
        None => Found::Nothing,
        Some(None) => Found::Pruned,
        Some(Some(item)) => Found::Item(item),
    })
}

/// The item a candidate is. `mark` is what this poll calls it.
pub(super) fn find(
    connection: &Connection,
    polled: &Polled,
    mark: u64,
    keys: &[Key],
) -> Result<Found> {
    let shown = |item: i64| {
        connection.one(
            "SELECT EXISTS (SELECT 1 FROM sighting WHERE item = ? AND source = ? AND mark <> ? AND poll = ?)",
            params![item, polled.source, signed(mark), polled.token],
            |row| row.get(0),
        )
    };
    law::recognise(keys, |key| look(connection, polled.namespace, key), shown)
}

/// Writes a new item without places or sightings; `membership` and `sighting` give it those.
pub(super) fn insert(
    change: &mut Change<'_>,
    polled: &Polled,
    candidate: &Candidate,
) -> Result<Standing> {
    let (connection, seen) = (change.connection, change.now);
    let id = free_id(connection, polled, &candidate.keys)?;
    let public = public_id(connection, candidate.guid.as_deref())?;
    let published = candidate.published.unwrap_or(seen);
    let updated = law::first_updated(candidate, published, seen);
    let order_ms = law::order(published, seen, polled.previous);
    connection.run(
        "INSERT INTO item (id, namespace, source, public_id, guid, matter, fingerprint,
             published, published_offset, published_inferred, published_raw,
             updated, updated_offset, seen, seen_offset, order_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            id.bytes(),
            polled.namespace,
            polled.source,
            public,
            candidate.guid,
            words(&candidate.matter),
            candidate.matter.fingerprint().0,
            published.millis(),
            published.offset().minutes(),
            candidate.published_inferred || candidate.published.is_none(),
            candidate.published_raw,
            updated.millis(),
            updated.offset().minutes(),
            seen.millis(),
            seen.offset().minutes(),
            order_ms,
        ],
    )?;
    let item = connection.last_insert_rowid();
    write_body(connection, item, candidate.matter.content.as_ref())?;
    Ok(Standing { item, state: State::Live, order_ms, updated })
}

/// Lets keys lead to an item; a key that leads somewhere already stays with it.
pub(super) fn alias(
    connection: &Connection,
    namespace: i64,
    keys: &[Key],
    item: i64,
) -> Result<()> {
    let sql = "INSERT INTO alias (namespace, key, item) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
    for key in keys {
        connection.run(sql, params![namespace, hashed(key), item])?;
    }
    Ok(())
}

/// Keeps which articles an item's body links to.
pub(super) fn mention(connection: &Connection, item: i64, keys: &[Key]) -> Result<()> {
    connection.run("DELETE FROM mention WHERE item = ?", [item])?;
    for key in keys {
        let sql = "INSERT OR IGNORE INTO mention (item, key) VALUES (?, ?)";
        connection.run(sql, params![item, hashed(key)])?;
    }
    Ok(())
}

/// What a reader sees of an item now.
pub(super) fn matter(connection: &Connection, item: i64) -> Result<Matter> {
    let sql =
        "SELECT matter, content FROM item LEFT JOIN body ON body.item = item.row WHERE row = ?";
    connection.one(sql, [item], |row| {
        let words: Words = json(row, 0)?;
        let content: Option<String> = row.get(1)?;
        Ok(Matter { content: content.map(SafeHtml::recall), ..words.into() })
    })
}

/// What an item has to become.
pub(super) struct Fresh {
    /// Its words, where they may have changed; the source that owns them, where that may have.
    pub(super) words: Option<(Matter, Option<i64>)>,
    /// When upstream says it was edited.
    pub(super) edited: Option<Timestamp>,
    /// Whether an entry that leads to it was seen, so that one that was gone is back.
    pub(super) present: bool,
}

/// Brings an item up to date: words, shelves, and whether it is there at all. One row in the log
/// if a reader can see any of it, none otherwise.
pub(super) fn renew(change: &mut Change<'_>, item: i64, fresh: Fresh, poll: i64) -> Result<()> {
    let mut standing = Standing::load(change.connection, item)?;
    if standing.state == State::TakenDown {
        return Ok(());
    }
    let back = standing.state == State::Gone && fresh.present;
    let edited = match fresh.words {
        Some((matter, owner)) => rewrite(change, &standing, &matter, owner, fresh.edited)?,
        None => false,
    };
    let moved = membership::plan(change, item)?;
    if back {
        standing.state = State::Live;
        set_state(change.connection, &standing)?;
    }
    let verb = match (back, edited, moved.is_none()) {
        (true, ..) => Verb::Published,
        (false, true, _) => Verb::Updated,
        (false, false, false) => Verb::Refiled,
        (false, false, true) => return Ok(()),
    };
    let revision = change.log(item, verb)?;
    membership::apply(change, &standing, &moved, revision, poll)?;
    story::arrange(change, item)
}

/// Withdraws an item nothing shows any more. It keeps its id and place, should it come back.
pub(super) fn withdraw(change: &mut Change<'_>, item: i64) -> Result<()> {
    let mut standing = Standing::load(change.connection, item)?;
    if standing.state != State::Live {
        return Ok(());
    }
    standing.state = State::Gone;
    set_state(change.connection, &standing)?;
    let revision = change.log(item, Verb::Withdrawn)?;
    membership::mark(change, &standing, revision)?;
    story::arrange(change, item)
}

/// Takes an item down by hand; it stays gone, whoever shows it. Answers whether it was not so already.
pub(super) fn take_down(change: &mut Change<'_>, item: i64) -> Result<bool> {
    let mut standing = Standing::load(change.connection, item)?;
    if standing.state == State::TakenDown {
        return Ok(false);
    }
    let was_live = standing.state == State::Live;
    standing.state = State::TakenDown;
    set_state(change.connection, &standing)?;
    if was_live {
        let revision = change.log(item, Verb::Withdrawn)?;
        membership::mark(change, &standing, revision)?;
        story::arrange(change, item)?;
        digest::strike(change, item)?;
    }
    Ok(true)
}

/// Gives an item that no source shows other words.
pub(super) fn reword(change: &mut Change<'_>, item: i64, matter: &Matter) -> Result<()> {
    let standing = Standing::load(change.connection, item)?;
    if !rewrite(change, &standing, matter, None, None)? || standing.is_gone() {
        return Ok(());
    }
    let revision = change.log(item, Verb::Updated)?;
    membership::mark(change, &standing, revision)
}

/// Brings an item to what its remaining sightings say; withdraws it when there are none.
pub(super) fn settle(change: &mut Change<'_>, item: i64, poll: i64) -> Result<()> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sighting WHERE item = ?)";
    if !change.connection.one(sql, [item], |row| row.get(0))? {
        return withdraw(change, item);
    }
    let (contributions, owner) = sighting::contributions(change.connection, item)?;
    let words = (!contributions.is_empty()).then(|| (Matter::merge(contributions), owner));
    renew(change, item, Fresh { words, edited: None, present: false }, poll)
}

/// Writes words over an item's; answers whether a reader can tell.
fn rewrite(
    change: &Change<'_>,
    standing: &Standing,
    matter: &Matter,
    owner: Option<i64>,
    said: Option<Timestamp>,
) -> Result<bool> {
    let (connection, item) = (change.connection, standing.item);
    let owned = match owner {
        Some(owner) => connection.run(
            "UPDATE item SET source = ?1 WHERE row = ?2 AND source <> ?1",
            params![owner, item],
        )?,
        None => 0,
    };
    let updated = law::edited(said, standing.updated, change.now);
    let changed = connection.run(
        "UPDATE item SET matter = ?1, fingerprint = ?2, updated = ?3, updated_offset = ?4
         WHERE row = ?5 AND fingerprint <> ?2",
        params![
            words(matter),
            matter.fingerprint().0,
            updated.millis(),
            updated.offset().minutes(),
            item,
        ],
    )?;
    if changed > 0 {
        write_body(connection, item, matter.content.as_ref())?;
    }
    Ok(changed + owned > 0)
}

fn words(matter: &Matter) -> String {
    to_json(&Words::from(Matter { content: None, ..matter.clone() }))
}

fn write_body(connection: &Connection, item: i64, content: Option<&SafeHtml>) -> Result<()> {
    match content {
        Some(html) => connection.run(
            "INSERT OR REPLACE INTO body (item, content) VALUES (?, ?)",
            params![item, html.as_str()],
        )?,
        None => connection.run("DELETE FROM body WHERE item = ?", [item])?,
    };
    Ok(())
}

fn set_state(connection: &Connection, standing: &Standing) -> Result<()> {
    let sql = "UPDATE item SET state = ? WHERE row = ?";
    connection.run(sql, params![standing.state as i64, standing.item])?;
    Ok(())
}

/// Mints from the strongest key whose id is free; when none is (an item that was refused by
/// `law::recognise` shares them all), from a key no upstream can have.
fn free_id(connection: &Connection, polled: &Polled, keys: &[Key]) -> Result<ItemId> {
    let strongest = keys.first().map_or("", Key::as_str);
    let numbered = (2..).map(|number| Key::guid(&format!("{number} of {strongest}")));
    for key in keys.iter().cloned().chain(numbered) {
        let id = ItemId::mint(&polled.namespace_name, &key);
        let sql = "SELECT EXISTS (SELECT 1 FROM item WHERE id = ?)";
        if !connection.one(sql, [id.bytes()], |row| row.get::<_, bool>(0))? {
            return Ok(id);
        }
    }
    unreachable!("the numbers do not end")
}

/// Upstream's identifier if it can stand in documents and no other item has it.
fn public_id<'a>(connection: &Connection, guid: Option<&'a str>) -> Result<Option<&'a str>> {
    let Some(guid) = guid.filter(|guid| law::is_absolute(guid)) else { return Ok(None) };
    let sql = "SELECT EXISTS (SELECT 1 FROM item WHERE public_id = ?)";
    let taken: bool = connection.one(sql, [guid], |row| row.get(0))?;
    Ok((!taken).then_some(guid))
}
