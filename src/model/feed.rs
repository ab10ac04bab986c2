//! `Feed`: one shelf as a document to be rendered; what a format receives.

use std::time::Duration;

use uuid::Uuid;

use super::cut::{Cursor, Cut};
use super::item::{Also, Item, ItemId};
use super::period::Period;
use super::source::SourceId;
use super::text::{PlainText, Query};
use super::time::{Timestamp, Zone};

/// Something with members in order and a head.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shelf {
    /// Everything.
    All,
    /// A category, by its slug.
    Category(String),
    /// A source.
    Source(SourceId),
    /// A view, by its id: found under an address like the others, though made of them.
    View(String),
    /// The digests of a category or view: an item a day, or a week.
    Digest(Period, Box<Shelf>),
}

impl Shelf {
    /// The path of its feeds without suffix, as it stands in addresses.
    pub fn path(&self) -> String {
        match self {
            Shelf::All => "/all".to_owned(),
            Shelf::Category(slug) => format!("/category/{slug}"),
            Shelf::Source(id) => format!("/source/{id}"),
            Shelf::View(id) => format!("/view/{id}"),
            Shelf::Digest(period, of) => format!("/digest/{}{}", period.name(), of.path()),
        }
    }
}

impl Shelf {
    /// The shelf whose feeds stand at a path without suffix; whether there is one is not known here.
    pub fn at(path: &str) -> Option<Shelf> {
        let is_name = |name: &&str| !name.is_empty() && !name.contains(['/', '.']);
        let named = |before: &str| path.strip_prefix(before).filter(is_name);
        if path == "/all" {
            return Some(Shelf::All);
        }
        if let Some(slug) = named("/category/") {
            return Some(Shelf::Category(slug.to_owned()));
        }
        if let Some(id) = named("/source/") {
            return SourceId::new(id).map(Shelf::Source);
        }
        if let Some(id) = named("/view/") {
            return Some(Shelf::View(id.to_owned()));
        }
        let (period, of) = path.strip_prefix("/digest/")?.split_once('/')?;
        let period = Period::ALL.into_iter().find(|known| known.name() == period)?;
        match Shelf::at(&format!("/{of}"))? {
            of @ (Shelf::Category(_) | Shelf::View(_)) => Some(Shelf::Digest(period, Box::new(of))),
            _ => None,
        }
    }
}

/// The UUID namespace of feed ids (RFC 9562, version 5).
const FEEDS: Uuid = Uuid::from_u128(0x3c7a_90b1_52fe_5d46_8a0d_77e3_94c1_2b6f);

impl Shelf {
    /// A stable id for documents: an absolute URI that holds neither host nor title.
    pub fn urn(&self) -> String {
        Uuid::new_v5(&FEEDS, self.path().as_bytes()).urn().to_string()
    }

    /// Its place on the index page.
    pub fn anchor(&self) -> String {
        self.path().trim_start_matches('/').replace('/', "-")
    }
}

/// A position in the log of changes; strictly growing, zero means nothing yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision(pub u64);

/// The last change that shows on a shelf; never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Head {
    /// Where in the log it stands.
    pub revision: Revision,
    /// When it was made.
    pub at: Timestamp,
}

/// A shelf with its head, as readers find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShelfHead {
    /// The shelf.
    pub shelf: Shelf,
    /// What a category is called by sources; of other shelves nothing.
    pub name: Option<String>,
    /// Its place in the file, when it has one.
    pub rank: Option<u32>,
    /// Its title.
    pub title: String,
    /// A sentence about it.
    pub description: Option<String>,
    /// BCP 47 language tag.
    pub language: Option<String>,
    /// Its last visible change; the time it came into being before there was one.
    pub head: Head,
    /// When it came into being.
    pub came: Timestamp,
    /// Slugs that lead here (308).
    pub aliases: Vec<String>,
}

/// An item as a list of headlines shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// The item.
    pub id: ItemId,
    /// Its title.
    pub title: PlainText,
    /// When it was published.
    pub published: Timestamp,
    /// BCP 47 language tag, when it says.
    pub language: Option<String>,
}

/// How much of a shelf its feed shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// At least so many items, when there are.
    pub items: usize,
    /// And all first seen within this before the newest first sighting (a source's first poll aside).
    pub age: Duration,
    /// But no more than this.
    pub max: usize,
    /// And no more bytes of content than this.
    pub bytes: usize,
}

impl Default for Window {
    fn default() -> Window {
        Window { items: 50, age: Duration::from_secs(3600), max: 500, bytes: 4 << 20 }
    }
}

/// Where an item stands on a shelf, as far as its window asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// When it came to the shelf.
    pub seen: Timestamp,
    /// Whether it came with its source's first poll or by quiet refiling; such places are never fresh.
    pub backlog: bool,
}

/// Which of a shelf's places its window shows, as indices; `places` are all of them, newest first.
///
/// The first `items`, and all that came within `age` before the newest arrival, so that a burst
/// larger than the window, or one found late, still reaches every reader; never more than `max`.
/// Counted from the newest arrival and not from now, so that the window moves only when the shelf does.
pub fn within(window: &Window, places: &[Place]) -> Vec<usize> {
    let newest = places.iter().filter(|place| !place.backlog).map(|place| place.seen).max();
    let fresh = |place: &Place| {
        !place.backlog && newest.is_some_and(|newest| newest.since(place.seen) <= window.age)
    };
    let shown = |(index, place): &(usize, &Place)| *index < window.items || fresh(place);
    places.iter().enumerate().filter(shown).map(|(index, _)| index).take(window.max).collect()
}

/// What a site says of itself in every document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its title.
    pub title: String,
    /// Its public address, without a slash at the end.
    pub url: String,
    /// BCP 47 language tag.
    pub language: Option<String>,
    /// A sentence about it.
    pub description: Option<String>,
    /// Where its clock hangs: our own times are written in this zone.
    pub zone: Zone,
}

/// Ordinals of a page of an archive.
pub const PAGE: i64 = 50;

/// Where what a feed no longer shows is (RFC 5005 section 4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Archive {
    /// Which page this is; none for the feed itself.
    pub page: Option<u64>,
    /// The page before it, when there is any.
    pub older: Option<u64>,
    /// The page after it, when that is closed.
    pub newer: Option<u64>,
}

/// An item that was taken from a feed, as far as readers are told (RFC 6721).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// The id documents carried for it.
    pub public_id: String,
    /// When it went.
    pub at: Timestamp,
}

/// What was searched for in a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// As it was typed.
    pub words: String,
    /// As it was understood.
    pub query: Query,
}

/// One shelf as a document: what a format receives. Complete; rendering asks nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {
    /// The title readers see.
    pub title: String,
    /// A sentence about it.
    pub description: String,
    /// BCP 47 language tag.
    pub language: Option<String>,
    /// Stable id of the feed, an absolute URI that holds neither host nor title.
    pub id: String,
    /// Its address without suffix and query; see `Feed::address_as`.
    pub address: String,
    /// What was asked of it, as it stands at the end of its address.
    pub query: String,
    /// What was searched for.
    pub search: Option<Search>,
    /// Where a reader goes on who asked what came since.
    pub cursor: Option<Cursor>,
    /// The hub that tells of its changes; of whole feeds alone.
    pub hub: Option<String>,
    /// Its archive; views and what readers cut have none.
    pub archive: Option<Archive>,
    /// Where people read it.
    pub home: String,
    /// The title of the site it is from.
    pub site_title: String,
    /// The last visible change.
    pub updated: Timestamp,
    /// How long readers may keep it, in seconds.
    pub max_age: u32,
    /// The site's public address, without a slash at the end; items and sources are found under it.
    pub site: String,
    /// Newest first.
    pub items: Vec<Item>,
    /// What would stand among them, had it not been withdrawn.
    pub tombstones: Vec<Tombstone>,
    /// How often there are digests of it.
    pub digests: Vec<Period>,
}

impl Feed {
    /// Puts a shelf's window into a document. Takes no clock: the same window and site give the same feed.
    pub fn assemble(site: &Site, head: &ShelfHead, items: Vec<Item>, max_age: u32) -> Feed {
        let own = matches!(head.shelf, Shelf::All).then(|| site.description.clone()).flatten();
        let own = head.description.clone().or(own);
        Feed {
            title: head.title.clone(),
            description: own.unwrap_or_else(|| described(site, head)),
            language: head.language.clone().or_else(|| site.language.clone()),
            id: head.shelf.urn(),
            address: format!("{}{}", site.url, head.shelf.path()),
            query: String::new(),
            search: None,
            cursor: None,
            hub: None,
            archive: None,
            home: site.home_of(&head.shelf),
            site_title: site.title.clone(),
            updated: site.local(head.head.at),
            max_age,
            site: site.url.clone(),
            items,
            tombstones: Vec::new(),
            digests: Vec::new(),
        }
    }

    /// The feed as cut by a reader. Its time is that of its newest item, so that it changes only when
    /// one of them does.
    pub fn cut(self, cut: &Cut, items: Vec<Item>) -> Feed {
        let (query, feed) = (cut.written(), Feed { items, tombstones: Vec::new(), ..self });
        let search = cut.query.clone().map(|query| Search { words: cut.words().to_owned(), query });
        let id = Uuid::new_v5(&FEEDS, format!("{}{query}", feed.id).as_bytes()).urn().to_string();
        let (updated, archive, hub) = (feed.newest(), None, None);
        Feed { id, query, search, updated, archive, hub, ..feed }
    }

    /// The last time any of its items came or changed; the beginning of time for none.
    pub fn newest(&self) -> Timestamp {
        let beginning = Timestamp::from_millis(0, self.updated.offset()).unwrap_or(self.updated);
        let changed = self.items.iter().map(|item| item.updated.max(item.seen));
        changed.max().map_or(beginning, |at| at.at(self.updated.offset()))
    }

    /// Its own address in a format.
    pub fn address_as(&self, format: &str) -> String {
        match self.archive.and_then(|archive| archive.page) {
            Some(page) => self.page_as(page, format),
            None => format!("{}.{format}{}", self.address, self.query),
        }
    }

    /// The address of the archive page before this one, or before the feed.
    pub fn older_as(&self, format: &str) -> Option<String> {
        self.archive?.older.map(|page| self.page_as(page, format))
    }

    /// The address of the archive page after this one.
    pub fn newer_as(&self, format: &str) -> Option<String> {
        self.archive?.newer.map(|page| self.page_as(page, format))
    }

    /// Of a page of the archive, the address of the feed it belongs to.
    pub fn current_as(&self, format: &str) -> Option<String> {
        self.archive?.page.map(|_| format!("{}.{format}", self.address))
    }

    fn page_as(&self, page: u64, format: &str) -> String {
        let path = self.address.strip_prefix(&self.site).unwrap_or(&self.address);
        format!("{}/archive{path}/{page}.{format}", self.site)
    }

    /// Where an item is read: the article's own address, else its page here.
    pub fn link_of(&self, item: &Item) -> String {
        item.link_on(&self.site)
    }

    /// Where a twin of an item is read, in the same way.
    pub fn link_of_twin(&self, twin: &Also) -> String {
        twin.link_on(&self.site)
    }
}

/// A sentence about a shelf nobody described: whose it is and what.
fn described(site: &Site, head: &ShelfHead) -> String {
    match head.shelf {
        Shelf::All => site.title.clone(),
        _ => format!("{} · {}", site.title, head.title),
    }
}

impl Site {
    /// A time of our own as the site writes it.
    pub fn local(&self, at: Timestamp) -> Timestamp {
        at.at(self.zone.offset_at(at))
    }

    /// Where people read a shelf.
    pub fn home_of(&self, shelf: &Shelf) -> String {
        format!("{}{}.html", self.url, shelf.path())
    }
}

/// The list of feeds, for the index and OPML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    /// Whose feeds they are.
    pub site: Site,
    /// Everything first, then categories, then sources; digests are found beside what they are of.
    pub shelves: Vec<ShelfHead>,
    /// The newest change of any of them.
    pub updated: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::super::time::Offset;
    use super::*;

    /// Places as `(minute they came, whether backlog)`, newest first; answers the indices shown.
    fn shown(items: usize, minutes: u64, max: usize, places: &[(i64, bool)]) -> Vec<usize> {
        let window = Window { items, age: Duration::from_secs(minutes * 60), max, bytes: 0 };
        let place = |&(minute, backlog): &(i64, bool)| Place {
            seen: Timestamp::from_seconds(minute * 60, Offset::UTC).expect("a small number"),
            backlog,
        };
        within(&window, &places.iter().map(place).collect::<Vec<_>>())
    }

    #[test]
    fn an_empty_shelf_shows_nothing() {
        assert!(shown(50, 60, 500, &[]).is_empty());
    }

    #[test]
    fn the_first_items_show_however_old() {
        assert_eq!(shown(2, 0, 500, &[(9, false), (1, true), (8, true)]), [0, 1]);
    }

    #[test]
    fn a_late_arrival_shows_however_deep() {
        assert_eq!(shown(1, 10, 500, &[(50, false), (1, false), (60, false), (49, false)]), [0, 2]);
    }

    #[test]
    fn backlog_is_never_fresh() {
        assert_eq!(shown(1, 10, 500, &[(60, true), (60, true), (60, true)]), [0]);
    }

    #[test]
    fn age_counts_from_the_newest_arrival_not_from_backlog() {
        assert_eq!(
            shown(1, 10, 500, &[(90, true), (30, false), (20, false), (19, false)]),
            [0, 1, 2]
        );
    }

    #[test]
    fn max_cuts_from_the_end() {
        assert_eq!(shown(1, 10, 2, &[(5, false), (5, false), (5, false)]), [0, 1]);
        assert_eq!(shown(5, 10, 2, &[(5, true), (5, true), (5, true)]), [0, 1]);
    }
}
