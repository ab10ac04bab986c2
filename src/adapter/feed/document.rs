//! What stands in a feed document, whatever its format: fields side by side, raw, in the
//! document's own words and borrowed from it wherever they stand there in one piece.
//!
//! This is the wire: it sanitises nothing, reads no time and guesses nothing. `entry` makes drafts
//! of it, `feedloom parse` prints it.

use std::borrow::Cow;
use std::rc::Rc;

use url::Url;

use super::base::is_base;
use crate::adapter::Problem;
use crate::model::pause::Pause;
use crate::model::text::{self, Kind};

/// Items kept of one document; the rest is only counted (T-15).
pub const ITEMS: usize = 1000;
/// Problems told of one document.
const PROBLEMS: usize = 100;

/// Raw text, borrowed from the document where possible.
pub type Raw<'a> = Cow<'a, str>;

/// The wire format of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// RSS 0.91 to 2.0.
    #[default]
    Rss,
    /// RSS 0.90 and 1.0.
    Rdf,
    /// Atom 0.3 and 1.0.
    Atom,
    /// JSON Feed 1 and 1.1.
    Json,
    /// Microsoft's Channel Definition Format.
    Cdf,
}

impl Format {
    /// As `parse` prints it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Rss => "rss",
            Format::Rdf => "rdf",
            Format::Atom => "atom",
            Format::Json => "json",
            Format::Cdf => "cdf",
        }
    }

    /// Whether an item without author has that of its feed (RFC 4287 section 4.2.1, JSON Feed 1.1).
    pub fn hands_down_authors(self) -> bool {
        matches!(self, Format::Atom | Format::Json)
    }
}

/// A feed document, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document<'a> {
    /// Its format.
    pub format: Format,
    /// What it says of itself.
    pub channel: Channel<'a>,
    /// In its own order, at most `ITEMS`.
    pub items: Vec<Item<'a>>,
    /// What could not be used.
    pub problems: Vec<Problem>,
    /// Whether it ends before it is complete, as one that was cut off on its way does.
    pub is_cut: bool,
}

impl Document<'_> {
    /// Notes what could not be used; a document full of faults is not told fault by fault.
    pub(super) fn note(&mut self, problem: Problem) {
        if self.problems.len() < PROBLEMS {
            self.problems.push(problem);
        }
    }

    /// Notes that it breaks off.
    pub(super) fn cut(&mut self) {
        self.is_cut = true;
        self.note(Problem::of_document("the document breaks off before it is complete"));
    }

    /// Where relative addresses start, when the document came from `at`. In RSS and JSON Feed they
    /// are meant as on the site's pages; in Atom they start from the document (RFC 3986 section 5.1).
    pub fn base(&self, at: Option<&Url>) -> Option<Url> {
        let against = |link: &str| match at {
            Some(at) => at.join(link).ok(),
            None => Url::parse(link).ok(),
        };
        let site = || self.channel.link.as_deref().and_then(against);
        let itself = || self.channel.link_of("self").and_then(against);
        let base = match self.format {
            Format::Atom => at.cloned().or_else(itself).or_else(site),
            _ => site().or_else(|| at.cloned()).or_else(itself),
        };
        base.filter(is_base)
    }
}

/// What a feed says of itself (RSS `channel`, Atom `feed`), or an item of the feed it was taken from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Channel<'a> {
    /// `title`.
    pub title: Option<Text<'a>>,
    /// RSS `description`, Atom `subtitle` and `tagline`, JSON `description`.
    pub subtitle: Option<Text<'a>>,
    /// The alternate link: its site.
    pub link: Option<Raw<'a>>,
    /// Atom `id`, RDF `rdf:about`.
    pub id: Option<Raw<'a>>,
    /// BCP 47 language tag.
    pub language: Option<Raw<'a>>,
    /// Atom `updated` and `modified`, RSS `lastBuildDate`.
    pub updated: Option<Raw<'a>>,
    /// RSS `pubDate`, `dc:date`.
    pub published: Option<Raw<'a>>,
    /// Atom `author`, RSS `managingEditor`, JSON `authors`.
    pub authors: Vec<Person<'a>>,
    /// What it is filed under.
    pub categories: Vec<Category<'a>>,
    /// RSS `copyright`, Atom `rights`.
    pub rights: Option<Text<'a>>,
    /// What wrote it.
    pub generator: Option<Generator<'a>>,
    /// Atom `icon`, JSON `favicon`.
    pub icon: Option<Raw<'a>>,
    /// Atom `logo`, JSON `icon`.
    pub logo: Option<Raw<'a>>,
    /// RSS `image`.
    pub image: Option<Image<'a>>,
    /// Atom `contributor`, `dc:contributor`.
    pub contributors: Vec<Person<'a>>,
    /// RSS `webMaster`, `dc:publisher`, `itunes:owner`.
    pub publisher: Option<Person<'a>>,
    /// Minutes it may be kept (RSS).
    pub ttl: Option<u32>,
    /// RSS `skipHours`, as bits from midnight on.
    pub skip_hours: u32,
    /// RSS `skipDays`, as bits from Monday on.
    pub skip_days: u8,
    /// Minutes of `sy:updatePeriod`.
    pub period: Option<u32>,
    /// How often in such a period it changes (`sy:updateFrequency`).
    pub frequency: Option<u32>,
    /// RSS `docs`.
    pub docs: Option<Raw<'a>>,
    /// All links, the alternate one too.
    pub links: Vec<Link<'a>>,
    /// A date of which nobody says what happened then (`dc:date`).
    pub(super) dated: Option<Raw<'a>>,
}

impl Channel<'_> {
    /// When it does not want to be asked for, by its own word: `ttl`, else the syndication module, and
    /// what it skips.
    pub fn pause(&self) -> Pause {
        let rhythm = || Some(self.period? / self.frequency.unwrap_or(1).max(1));
        let minutes = self.ttl.or_else(rhythm).filter(|&minutes| minutes > 0);
        Pause { minutes, hours: self.skip_hours, days: self.skip_days }
    }

    /// Settles what only the whole tells.
    pub(super) fn settle(&mut self) {
        fill(&mut self.link, alternate(&self.links));
        let dated = self.dated.take();
        fill(&mut self.published, dated.clone());
        fill(&mut self.updated, dated);
    }

    /// The address of the first link with this relation.
    pub fn link_of(&self, rel: &str) -> Option<&str> {
        self.links.iter().find(|link| link.is(rel)).map(|link| link.href.as_ref())
    }
}

/// One item (RSS `item`, Atom `entry`, JSON `item`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item<'a> {
    /// `title`.
    pub title: Option<Text<'a>>,
    /// The alternate link.
    pub link: Option<Raw<'a>>,
    /// RSS `guid`, Atom and JSON `id`, RDF `rdf:about`; verbatim.
    pub id: Option<Raw<'a>>,
    /// RSS `description`, Atom and JSON `summary`.
    pub summary: Option<Text<'a>>,
    /// `content:encoded`, Atom `content`, JSON `content_html` or `content_text`.
    pub content: Option<Text<'a>>,
    /// Who wrote it.
    pub authors: Vec<Person<'a>>,
    /// What it is filed under.
    pub categories: Vec<Category<'a>>,
    /// RSS `pubDate`, Atom `published` and `issued`, `dc:date`, JSON `date_published`.
    pub published: Option<Raw<'a>>,
    /// Atom `updated` and `modified`, JSON `date_modified`.
    pub updated: Option<Raw<'a>>,
    /// Attached files.
    pub enclosures: Vec<Enclosure<'a>>,
    /// Atom `rights`, `dc:rights`.
    pub rights: Option<Text<'a>>,
    /// Where it is discussed.
    pub comments: Option<Raw<'a>>,
    /// Atom `contributor`, `dc:contributor`.
    pub contributors: Vec<Person<'a>>,
    /// `dc:publisher`.
    pub publisher: Option<Person<'a>>,
    /// All links, the alternate one too.
    pub links: Vec<Link<'a>>,
    /// The picture that stands for it.
    pub image: Option<Raw<'a>>,
    /// Atom 0.3 `created`, `dcterms:created`.
    pub created: Option<Raw<'a>>,
    /// RSS 0.93 `expirationDate`, the end of `dcterms:valid`.
    pub expired: Option<Raw<'a>>,
    /// BCP 47 language tag, `xml:lang` in scope included.
    pub language: Option<Raw<'a>>,
    /// The feed it was taken from.
    pub source: Option<Box<Channel<'a>>>,
    /// Whether the document ends inside it.
    pub is_cut: bool,
    /// A date of which nobody says what happened then (`dc:date`): it was published, and it is the
    /// last we know of.
    pub(super) dated: Option<Raw<'a>>,
    /// A line that stands for the summary where there is none.
    pub(super) tagline: Option<Text<'a>>,
    /// The link FeedBurner put its own in place of.
    pub(super) original: Option<Raw<'a>>,
    /// A guid that is an address.
    pub(super) permalink: Option<Raw<'a>>,
}

impl<'a> Item<'a> {
    /// Settles what only the whole tells.
    pub(super) fn settle(&mut self) {
        let original = self.original.take();
        set(&mut self.link, original);
        fill(&mut self.link, alternate(&self.links));
        let dated = self.dated.take();
        fill(&mut self.published, dated.clone());
        fill(&mut self.updated, dated);
        let tagline = self.tagline.take();
        fill(&mut self.summary, tagline);
        let permalink = self.permalink.take();
        fill(&mut self.link, permalink);
    }
}

/// The link to the page for people, else to any other form of the same.
fn alternate<'a>(links: &[Link<'a>]) -> Option<Raw<'a>> {
    let page = links.iter().find(|link| link.is_page());
    page.or_else(|| links.iter().find(|link| link.is("alternate"))).map(|link| link.href.clone())
}

/// Text and what it claims to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text<'a> {
    /// References of the document resolved once.
    pub raw: Raw<'a>,
    /// Its declared type.
    pub kind: Kind,
    /// `xml:base` in scope.
    pub base: Option<Rc<Url>>,
}

impl<'a> Text<'a> {
    /// Text that stands under no `xml:base`.
    pub fn new(raw: Raw<'a>, kind: Kind) -> Text<'a> {
        Text { raw, kind, base: None }
    }

    /// As the model knows it.
    pub fn into_model(self) -> text::Text {
        let base = self.base.map(|base| base.as_str().to_owned());
        text::Text { raw: self.raw.into_owned(), kind: self.kind, base }
    }
}

/// Someone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Person<'a> {
    /// The name.
    pub name: Option<Raw<'a>>,
    /// The e-mail address.
    pub email: Option<Raw<'a>>,
    /// A home page.
    pub url: Option<Raw<'a>>,
}

impl Person<'_> {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.name.is_none() && self.email.is_none() && self.url.is_none()
    }
}

/// A word something is filed under.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Category<'a> {
    /// The word.
    pub term: Raw<'a>,
    /// The vocabulary it is from.
    pub scheme: Option<Raw<'a>>,
    /// The word as people read it.
    pub label: Option<Raw<'a>>,
}

/// A link (RFC 4287 section 4.2.7).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link<'a> {
    /// Where to.
    pub href: Raw<'a>,
    /// The relation; `alternate` when not said.
    pub rel: Option<Raw<'a>>,
    /// The media type.
    pub media_type: Option<Raw<'a>>,
    /// What it is called.
    pub title: Option<Raw<'a>>,
    /// The language of what it points to.
    pub hreflang: Option<Raw<'a>>,
    /// Bytes of what it points to.
    pub length: Option<u64>,
}

impl Link<'_> {
    /// Whether the relation is this one; registered names are also written as IANA addresses.
    pub fn is(&self, rel: &str) -> bool {
        let Some(own) = self.rel.as_deref() else { return rel == "alternate" };
        let own = own.rsplit_once("/assignments/relation/").map_or(own, |(_, name)| name);
        own.eq_ignore_ascii_case(rel)
    }

    /// Whether it leads to a page for people.
    pub fn is_page(&self) -> bool {
        let html = |t: &str| t.contains("html") || t.starts_with("text/");
        self.is("alternate") && self.media_type.as_deref().is_none_or(html)
    }
}

/// An attached file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Enclosure<'a> {
    /// Where it is.
    pub href: Raw<'a>,
    /// Its media type.
    pub media_type: Option<Raw<'a>>,
    /// Its size in bytes.
    pub length: Option<u64>,
}

/// A picture that stands for a feed (RSS `image`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Image<'a> {
    /// Where it is.
    pub href: Option<Raw<'a>>,
    /// What it is called.
    pub title: Option<Raw<'a>>,
    /// Where it leads.
    pub link: Option<Raw<'a>>,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// What is said about it.
    pub description: Option<Raw<'a>>,
}

/// What wrote a feed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generator<'a> {
    /// Its name.
    pub name: Option<Raw<'a>>,
    /// Where it lives.
    pub url: Option<Raw<'a>>,
    /// Its version.
    pub version: Option<Raw<'a>>,
}

/// Fills a gap: what is there stays.
pub(super) fn fill<T>(field: &mut Option<T>, value: Option<T>) {
    if field.is_none() {
        *field = value;
    }
}

/// Puts in a better value, when there is one.
pub(super) fn set<T>(field: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *field = value;
    }
}

/// Values of one kind an item or a feed has.
const MOST: usize = 256;

/// Whether a list takes no more.
pub(super) fn is_full<T>(list: &[T]) -> bool {
    list.len() >= MOST
}

/// Adds what isn't there yet, within reason.
pub(super) fn add<T: PartialEq>(list: &mut Vec<T>, value: T) {
    if !is_full(list) && !list.contains(&value) {
        list.push(value);
    }
}
