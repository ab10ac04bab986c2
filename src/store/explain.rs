//! `Explanation`: why an item is where it is, or why an entry is no item.

use crate::model::feed::{Revision, Shelf};
use crate::model::item::{ItemId, Key};
use crate::model::link;
use crate::model::source::SourceId;
use crate::model::time::Timestamp;
use crate::model::twin::Reason;

/// What is known of something a person asks about.
#[derive(Clone, Debug, Default)]
pub struct Explanation {
    /// The item, if it is one.
    pub item: Option<Known>,
    /// Entries called so that are no item, and why.
    pub refused: Vec<Verdict>,
}

/// An item, whatever became of it.
#[derive(Clone, Debug)]
pub struct Known {
    /// Ours.
    pub id: ItemId,
    /// What documents carry.
    pub public_id: String,
    /// Upstream's own.
    pub guid: Option<String>,
    /// Its title.
    pub title: String,
    /// Its address.
    pub link: Option<String>,
    /// The names it is known by belong to this.
    pub namespace: String,
    /// Whether readers see it, and if not, why.
    pub state: State,
    /// When it was published, and what upstream wrote where that could not be used.
    pub published: Timestamp,
    /// What upstream wrote for that time, where it could not be used as it stands.
    pub published_raw: Option<String>,
    /// Whether that time was guessed.
    pub published_inferred: bool,
    /// Its last change.
    pub updated: Timestamp,
    /// When it was first seen.
    pub seen: Timestamp,
    /// By which time it is put in order; fixed at first sight.
    pub order: Timestamp,
    /// Who shows it.
    pub sightings: Vec<Shown>,
    /// Where it stands.
    pub places: Vec<Standing>,
    /// Who tells the same story, and why we think so.
    pub twins: Vec<Twin>,
    /// What happened to it.
    pub log: Vec<Event>,
}

/// Whether readers see an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// They do.
    Live,
    /// No source shows it any more.
    Gone,
    /// It was withdrawn by hand and stays so.
    TakenDown,
}

/// A source that shows an item.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The source.
    pub source: SourceId,
    /// Whether the item's words are its.
    pub owns: bool,
    /// When it last showed it anew.
    pub seen: Timestamp,
    /// When its detail was last asked.
    pub detailed: Option<Timestamp>,
    /// Categories the entry asks for, beside those of the file.
    pub categories: Vec<String>,
}

/// Where an item stands on a shelf.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The shelf.
    pub shelf: Shelf,
    /// Its number on the shelf.
    pub ordinal: u64,
    /// How it stands there.
    pub how: How,
}

/// How an item stands on a shelf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// In the feed.
    InTheFeed,
    /// On a closed page of the archive.
    OnPage(u64),
    /// Behind a twin that stands there.
    Behind,
    /// Not at all any more.
    Gone,
}

/// Another item that tells the same story.
#[derive(Clone, Debug)]
pub struct Twin {
    /// It.
    pub id: ItemId,
    /// Its source.
    pub source: SourceId,
    /// Its title.
    pub title: String,
    /// Why it is taken for one; none of the first of a story.
    pub reason: Option<Reason>,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// Where it stands in the log.
    pub revision: Revision,
    /// What: published, updated, refiled, withdrawn.
    pub verb: &'static str,
    /// Whether subscribers were told.
    pub is_quiet: bool,
    /// When.
    pub at: Timestamp,
}

/// Why an entry is no item.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The source that shows it.
    pub source: SourceId,
    /// The reason.
    pub why: String,
    /// When it was last looked at.
    pub seen: Timestamp,
}

/// Whatever a person calls an item by: its id or page here, upstream's id, its link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Ours, when it is that.
    pub id: Option<ItemId>,
    /// As upstream may know it.
    pub keys: Vec<Key>,
    /// As an entry is called in a list.
    pub text: String,
}

impl Name {
    /// Everything a word may mean.
    pub fn read(text: &str) -> Name {
        let text = text.trim();
        let last = text.rsplit('/').next().unwrap_or(text);
        let id = ItemId::parse(last.trim_end_matches(".json").trim_start_matches("urn:uuid:"));
        let link = link::canonical(text, None);
        let link = link.map(|link| Key::link(link::identity(&link)));
        let keys = [Key::guid(text)].into_iter().chain(link).collect();
        Name { id, keys, text: text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_goes_by_many_names() {
        let id = ItemId::mint("a", &Key::guid("1"));
        for text in [
            id.to_string(),
            format!("/item/{id}"),
            format!("https://n.example/item/{id}.json"),
            id.urn(),
        ] {
            assert_eq!(Name::read(&text).id, Some(id), "{text}");
        }
        let named = Name::read("https://www.a.example/x?utm_source=y");
        assert_eq!(named.id, None);
        assert_eq!(named.keys[0], Key::guid("https://www.a.example/x?utm_source=y"));
        assert!(named.keys[1].is_link());
        assert_eq!(Name::read("NW1").keys, [Key::guid("NW1")]);
    }
}
