//! `Item`: one article, normalised; the only thing that crosses rooms.
//!
//! An item is made in two steps. `Draft::refine` yields a `Candidate`: everything that can be
//! known from one answer. What only memory knows (the id behind an alias, the slug of a new
//! category, the time of the first sighting) is settled when the store commits the poll.

use std::fmt;
use std::ops::Deref;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::source::SourceId;
use super::text::{PlainText, SafeHtml};
use super::time::Timestamp;
use super::titles;
use super::twin::{Gist, Reason};

/// Ours: minted once from the strongest key an item had when it was first seen, kept for ever.
/// Never made from a host or a category, never a row number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId(Uuid);

/// The UUID namespace of all ids Feedloom mints (RFC 9562, version 5).
const MINT: Uuid = Uuid::from_u128(0x8d1f_2c5e_64a3_5b0e_9f27_3f6d_1b84_c0aa);

impl ItemId {
    /// The id of the item that `key` names within `namespace`.
    pub fn mint(namespace: &str, key: &Key) -> ItemId {
        let of_namespace = Uuid::new_v5(&MINT, namespace.as_bytes());
        ItemId(Uuid::new_v5(&of_namespace, key.as_str().as_bytes()))
    }

    /// The id as sixteen bytes, for the store.
    pub fn bytes(&self) -> [u8; 16] {
        *self.0.as_bytes()
    }

    /// An id the store wrote.
    pub fn recall(bytes: [u8; 16]) -> ItemId {
        ItemId(Uuid::from_bytes(bytes))
    }

    /// Reads what `Display` wrote, as it stands in `/item/{id}`.
    pub fn parse(text: &str) -> Option<ItemId> {
        (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten().map(ItemId)
    }

    /// As an absolute URI, for documents.
    pub fn urn(&self) -> String {
        self.0.urn().to_string()
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// One of the names an item goes by within its namespace.
///
/// Keys of an item, strongest first: guid, canonical link, place (where its page is on whatever host,
/// with title and day), title with day (title alone when the item has no date of its own).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

impl Key {
    /// From upstream's own identifier, verbatim.
    pub fn guid(guid: &str) -> Key {
        Key(format!("guid {guid}"))
    }

    /// From a canonical link.
    pub fn link(link: &str) -> Key {
        Key(format!("link {link}"))
    }

    /// From a title and, when the item has a date of its own, its day.
    pub fn title(title: &str, day: Option<&str>) -> Key {
        Key(format!("title {} {title}", day.unwrap_or("-")))
    }

    /// From where a page is within its site, and the item's title and day: what stays when a site
    /// moves to another host, or its links carry a token that is new each time.
    pub fn place(place: &str, title: &Key) -> Key {
        Key(format!("place {place} {}", title.0))
    }

    /// The key as text; its first word tells the kind.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is upstream's own identifier.
    pub fn is_guid(&self) -> bool {
        self.0.starts_with("guid ")
    }

    /// Whether this is a canonical link.
    pub fn is_link(&self) -> bool {
        self.0.starts_with("link ")
    }

    /// Whether this is a place with title and day.
    pub fn is_place(&self) -> bool {
        self.0.starts_with("place ")
    }

    /// Whether this is a title, with its day where that is known.
    pub fn is_title(&self) -> bool {
        self.0.starts_with("title ")
    }
}

/// Who wrote something, or what published it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Person {
    /// The name, or the address where only that is known.
    pub name: String,
    /// An e-mail address.
    pub email: Option<String>,
    /// A home page, `http` or `https`.
    pub url: Option<String>,
}

/// A file attached to an item (RSS `enclosure`, Atom link `rel="enclosure"`, JSON `attachment`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Enclosure {
    /// Where the file is, `http` or `https`.
    pub url: String,
    /// Its media type, when said.
    pub media_type: Option<String>,
    /// Its size in bytes, when said.
    pub length: Option<u64>,
}

/// A word upstream filed an item under. Item data; it makes no shelf by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    /// The word.
    pub term: String,
    /// The vocabulary it is from, a URI.
    pub scheme: Option<String>,
}

/// The publication an upstream itself took an item from (`atom:source`, RSS `source`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Its title.
    pub title: String,
    /// The address of its feed or site.
    pub url: Option<String>,
    /// Its Atom id.
    pub id: Option<String>,
}

/// What a reader can see of an item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Matter {
    /// Never empty: an untitled article gets its first words, see `title_inferred`.
    pub title: PlainText,
    /// Whether the title was made from the text.
    pub title_inferred: bool,
    /// The article's canonical address, `http` or `https`.
    pub link: Option<String>,
    /// A short plain text, never the same as the title.
    pub summary: Option<PlainText>,
    /// The body.
    pub content: Option<SafeHtml>,
    /// Who wrote it.
    pub authors: Vec<Person>,
    /// What upstream filed it under.
    pub labels: Vec<Label>,
    /// The outlet's name, when the article names it (`文章来源：…`).
    pub outlet: Option<String>,
    /// Whether the body itself names the outlet; such a name wins over what lists say.
    pub outlet_stated: bool,
    /// The publication upstream took it from.
    pub origin: Option<Origin>,
    /// Attached files.
    pub enclosures: Vec<Enclosure>,
    /// The picture that stands for the item.
    pub image: Option<String>,
    /// BCP 47 language tag.
    pub language: Option<String>,
    /// Where it is discussed.
    pub comments: Option<String>,
    /// Copyright notice.
    pub rights: Option<String>,
}

/// Hash of what a reader can see; equal means unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 16]);

impl Matter {
    /// The words somebody may look for, a line each: title, summary, where it is from, who wrote it, what
    /// it was filed under, and the body last, so that it is what is cut off past so many bytes.
    pub fn searched(&self, most: usize) -> String {
        let body = self.content.as_ref().map(SafeHtml::words);
        let origin = self.origin.as_ref().map(|origin| origin.title.as_str());
        let words = [
            Some(self.title.as_str()),
            self.summary.as_ref().map(PlainText::as_str),
            self.outlet.as_deref(),
            origin,
        ];
        let authors = self.authors.iter().map(|author| author.name.as_str());
        let labels = self.labels.iter().map(|label| label.term.as_str());
        let lines = words.into_iter().flatten().chain(authors).chain(labels);
        let mut searched = String::new();
        for line in lines.chain(body.as_ref().map(PlainText::as_str)) {
            let left = most.saturating_sub(searched.len() + 1);
            searched.push_str(&line[..line.floor_char_boundary(left)]);
            searched.push('\n');
        }
        searched.truncate(searched.floor_char_boundary(most));
        searched
    }

    /// What tells an edit from a repetition. Stable over releases: fields are hashed by name, absent ones not at all.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        let mut field = |name: &str, value: &str| {
            hash.update((name.len() as u64).to_le_bytes());
            hash.update(name);
            hash.update((value.len() as u64).to_le_bytes());
            hash.update(value);
        };
        field("title", self.title.as_str());
        for (name, value) in [
            ("link", self.link.as_deref()),
            ("summary", self.summary.as_ref().map(PlainText::as_str)),
            ("content", self.content.as_ref().map(SafeHtml::as_str)),
            ("outlet", self.outlet.as_deref()),
            ("image", self.image.as_deref()),
            ("language", self.language.as_deref()),
            ("comments", self.comments.as_deref()),
            ("rights", self.rights.as_deref()),
        ] {
            if let Some(value) = value {
                field(name, value);
            }
        }
        for author in &self.authors {
            field("author", &author.name);
            field("email", author.email.as_deref().unwrap_or(""));
            field("url", author.url.as_deref().unwrap_or(""));
        }
        for label in &self.labels {
            field("label", &label.term);
            field("scheme", label.scheme.as_deref().unwrap_or(""));
        }
        for enclosure in &self.enclosures {
            field("enclosure", &enclosure.url);
            field("type", enclosure.media_type.as_deref().unwrap_or(""));
        }
        if let Some(origin) = &self.origin {
            field("origin", &origin.title);
            field("origin url", origin.url.as_deref().unwrap_or(""));
        }
        let digest = hash.finalize();
        Fingerprint(digest[..16].try_into().expect("SHA-256 has 32 bytes"))
    }
}

/// A name an item asks to be shelved under, with the slug its upstream used for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Membership {
    /// The category's name as people read it.
    pub name: String,
    /// An address the category was known by upstream; it becomes an alias (308).
    pub alias: Option<String>,
}

/// A refined draft: an item but for what only memory knows.
///
/// Made by `Draft::refine`, of digests by `Digest::finish`, and by nothing else outside this room.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub(super) sketch: Sketch,
}

/// The fields of a `Candidate`, read-only from outside the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Sketch {
    /// Strongest first, never empty.
    pub keys: Vec<Key>,
    /// Upstream's own identifier, verbatim.
    pub guid: Option<String>,
    /// What a reader can see.
    pub matter: Matter,
    /// What its twins are found by.
    pub gist: Gist,
    /// Links of its body, as keys: the articles it speaks of, where they are known.
    pub mentions: Vec<Key>,
    /// Categories this item asks for; those of the source's configuration come on top.
    pub categories: Vec<Membership>,
    /// Upstream's time of publication when it is readable and at most a day ahead; else the first sighting counts.
    pub published: Option<Timestamp>,
    /// Whether `published` was guessed, from a file name or an id.
    pub published_inferred: bool,
    /// What upstream wrote where its time could not be used as it stands.
    pub published_raw: Option<String>,
    /// Upstream's time of the last edit.
    pub updated: Option<Timestamp>,
}

impl Deref for Candidate {
    type Target = Sketch;
    fn deref(&self) -> &Sketch {
        &self.sketch
    }
}

/// A category an item stands in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Filed {
    /// Its name, as people read it.
    pub name: String,
    /// Its slug, as it stands in addresses.
    pub slug: String,
}

/// One article, normalised and remembered. Read-only; see `Record` for its fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Item(Record);

/// The fields of an `Item`.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Ours, for addresses.
    pub id: ItemId,
    /// The id documents carry: upstream's own if it is an absolute URI and was free, else `id` as a URN.
    pub public_id: String,
    /// Upstream's own identifier, verbatim.
    pub guid: Option<String>,
    /// The source that owns the text.
    pub source: SourceId,
    /// The title of that source.
    pub source_title: String,
    /// Where that source is read from, when readers can go there too.
    pub source_url: Option<String>,
    /// What that source's document calls itself.
    pub source_own_id: Option<String>,
    /// What a reader can see.
    pub matter: Matter,
    /// The categories it stands in, sorted by name.
    pub categories: Vec<Filed>,
    /// When it was published; fixed at first sight.
    pub published: Timestamp,
    /// Whether `published` is not upstream's own word.
    pub published_inferred: bool,
    /// The last change a reader can see.
    pub updated: Timestamp,
    /// When we first saw it.
    pub seen: Timestamp,
    /// Its twins of other sources, in the order in which they came, where it stands for them.
    pub also: Vec<Also>,
}

/// A twin of an item: another source's item that tells the same story.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Also {
    /// The twin.
    pub id: ItemId,
    /// The source that owns its text.
    pub source: SourceId,
    /// The publication it comes from, as people know it.
    pub publication: String,
    /// Its canonical address.
    pub link: Option<String>,
    /// Why it is one.
    pub reason: Reason,
}

impl Item {
    /// An item the store kept. For `store` alone; everything from outside goes through `Draft::refine`.
    pub fn recall(record: Record) -> Item {
        Item(record)
    }
}

impl Also {
    /// Where it is read: at the article's own address, else on its page at `site`.
    pub fn link_on(&self, site: &str) -> String {
        self.link.clone().unwrap_or_else(|| self.page_on(site))
    }

    /// Its page at `site`.
    pub fn page_on(&self, site: &str) -> String {
        format!("{site}/item/{}", self.id)
    }
}

impl Record {
    /// Where it is read: at the article's own address, else on its page at `site`.
    pub fn link_on(&self, site: &str) -> String {
        self.link.clone().unwrap_or_else(|| self.page_on(site))
    }

    /// Its page at `site`.
    pub fn page_on(&self, site: &str) -> String {
        format!("{site}/item/{}", self.id)
    }

    /// Who it is by, for formats that ask for someone: its authors, else its outlet, else its source.
    pub fn byline(&self) -> Vec<Person> {
        if !self.authors.is_empty() {
            return self.authors.clone();
        }
        let name = self.outlet.clone().unwrap_or_else(|| self.source_title.clone());
        vec![Person { name, ..Person::default() }]
    }

    /// Names of the categories it stands in.
    pub fn category_names(&self) -> impl Iterator<Item = &str> {
        self.categories.iter().map(|category| category.name.as_str())
    }

    /// The publication it comes from, as people know it.
    pub fn publication(&self) -> &str {
        self.matter.publication().unwrap_or(&self.source_title)
    }

    /// A plain text that tells what it is about: its summary, else the start of its body, at most so many graphemes.
    pub fn excerpt(&self, most: usize) -> Option<String> {
        if let Some(summary) = &self.summary {
            return Some(titles::cut(summary.as_str(), most));
        }
        let content = self.content.as_ref()?;
        // Markup is rarely more than four fifths of a body, so its start is nearly always enough.
        let start = content.words_within(most * 16);
        titles::start(start.as_str(), most).or_else(|| {
            let words = content.words();
            (!words.is_empty()).then(|| titles::cut(words.as_str(), most))
        })
    }
}

impl Deref for Item {
    type Target = Record;
    fn deref(&self) -> &Record {
        &self.0
    }
}

impl Deref for Record {
    type Target = Matter;
    fn deref(&self) -> &Matter {
        &self.matter
    }
}

/// What one source of a namespace says of an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Contribution {
    /// The source's place in the file; the lowest owns the text.
    pub rank: u32,
    /// When this source last asked the entry's detail; none when it only showed it in its list.
    pub detailed: Option<Timestamp>,
    /// Its words.
    pub matter: Matter,
}

impl Contribution {
    /// Orders contributions by whose body counts: the newest detail first, then the file's order.
    fn newest_first(&self) -> (bool, std::cmp::Reverse<Option<Timestamp>>, u32) {
        (self.detailed.is_none(), std::cmp::Reverse(self.detailed), self.rank)
    }
}

impl Matter {
    /// The publication it names: its outlet, else the one upstream took it from.
    pub fn publication(&self) -> Option<&str> {
        let origin = self.origin.as_ref().map(|origin| origin.title.as_str());
        self.outlet.as_deref().or(origin.filter(|title| !title.is_empty()))
    }

    /// What a reader sees of an item that several sources of one namespace show.
    ///
    /// The source that stands first in the file owns the text, the others fill its gaps. A body
    /// comes from the newest detail, since one source asks it for all. The order in which the
    /// contributions came does not matter.
    ///
    /// # Panics
    /// Without any contribution: an item has at least the one that made it.
    pub fn merge(mut contributions: Vec<Contribution>) -> Matter {
        contributions.sort_by_key(|c| c.rank);
        let body = contributions
            .iter()
            .filter(|c| c.matter.content.is_some())
            .min_by_key(|c| c.newest_first())
            .and_then(|c| c.matter.content.clone());
        let stated = contributions.iter().filter(|c| c.matter.outlet_stated);
        let stated = stated.min_by_key(|c| c.newest_first()).and_then(|c| c.matter.outlet.clone());
        let mut contributions = contributions.into_iter().map(|c| c.matter);
        let mut whole = contributions.next().expect("an item has a contribution");
        for other in contributions {
            whole.fill(other);
        }
        whole.content = body;
        if let Some(outlet) = stated {
            (whole.outlet, whole.outlet_stated) = (Some(outlet), true);
        }
        whole
    }

    fn fill(&mut self, other: Matter) {
        fn gap<T>(mine: &mut Option<T>, other: Option<T>) {
            if mine.is_none() {
                *mine = other;
            }
        }
        if self.title_inferred && !other.title_inferred {
            self.title = other.title;
            self.title_inferred = false;
        }
        gap(&mut self.link, other.link);
        gap(&mut self.summary, other.summary);
        gap(&mut self.outlet, other.outlet);
        gap(&mut self.origin, other.origin);
        gap(&mut self.image, other.image);
        gap(&mut self.language, other.language);
        gap(&mut self.comments, other.comments);
        gap(&mut self.rights, other.rights);
        if self.authors.is_empty() {
            self.authors = other.authors;
        }
        if self.enclosures.is_empty() {
            self.enclosures = other.enclosures;
        }
        for label in other.labels {
            if !self.labels.contains(&label) {
                self.labels.push(label);
            }
        }
    }
}
