//! From a `Document` to entries: the wire's fields become a draft's, one for one.
//!
//! What a format's specification says is done here (an entry without author has its feed's); what
//! is good for articles of any origin is `Draft::refine`'s.

use url::Url;

use super::document::{Channel, Document, Enclosure, Format, Item, Person, Raw, Text};
use crate::adapter::{About, Entry, Parsed, Problem};
use crate::model::draft::{Draft, Stamp};
use crate::model::item::{self, Label, Membership, Origin};
use crate::model::source::Mark;
use crate::model::text::Kind;

/// Which of an item's words make shelves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    /// None: upstream's categories are data.
    None,
    /// What upstream filed it under.
    Label,
    /// The publication upstream took it from.
    Outlet,
}

/// The entries of a document that came from `at`.
pub(super) fn parsed(document: Document<'_>, at: Option<&Url>, category: Category) -> Parsed {
    let base = document.base(at).map(String::from);
    let whole = Whole {
        base,
        language: document.channel.language.as_deref().map(str::to_owned),
        authors: match document.format.hands_down_authors() {
            true => document.channel.authors.iter().cloned().map(person).collect(),
            false => Vec::new(),
        },
        rights: match document.format {
            Format::Atom => document.channel.rights.clone(),
            _ => None,
        },
        category,
    };
    let mut parsed = Parsed {
        about: about(&document.channel),
        problems: document.problems,
        is_cut: document.is_cut,
        ..Parsed::default()
    };
    let must_have_id = document.format == Format::Json;
    for (position, item) in document.items.into_iter().enumerate() {
        // JSON Feed insists that an item without identifier be discarded (jsonfeed.org, version 1.1).
        if must_have_id && item.id.is_none() {
            let what = "it has no id, and a JSON Feed's items count only with one";
            parsed.problems.push(Problem::of_entry(position, Some("id"), what));
            continue;
        }
        // A known item, cut, would replace the whole one; the next answer brings it entire.
        if !item.is_cut {
            parsed.entries.push(whole.entry(item));
        }
    }
    parsed
}

/// What a document says that holds for all its items.
struct Whole<'a> {
    base: Option<String>,
    language: Option<String>,
    authors: Vec<item::Person>,
    rights: Option<Text<'a>>,
    category: Category,
}

impl Whole<'_> {
    fn entry(&self, item: Item<'_>) -> Entry {
        let mark = Mark::new(name(&item), looks(&item));
        let inherited =
            item.source.as_ref().map(|source| source.authors.clone()).unwrap_or_default();
        let mut draft = draft(item);
        draft.base = self.base.clone();
        if draft.language.is_none() {
            draft.language = self.language.clone();
        }
        // RFC 4287 section 4.2.10: what the feed says holds for an entry that says nothing.
        if draft.rights.is_none() {
            draft.rights = self.rights.clone().map(Text::into_model);
        }
        // RFC 4287 section 4.2.1: those of the feed it was taken from, else those of this one.
        if draft.authors.is_empty() {
            draft.authors = inherited.into_iter().map(person).collect();
        }
        if draft.authors.is_empty() {
            draft.authors = self.authors.clone();
        }
        draft.categories = match self.category {
            Category::None => Vec::new(),
            Category::Label => draft.labels.iter().map(|label| membership(&label.term)).collect(),
            Category::Outlet => {
                draft.origin.iter().map(|origin| membership(&origin.title)).collect()
            }
        };
        Entry { mark, draft, follow: None }
    }
}

fn about(channel: &Channel<'_>) -> About {
    let owned = |raw: &Option<Raw<'_>>| raw.as_deref().map(str::to_owned);
    About {
        title: channel.title.as_ref().map(words),
        id: owned(&channel.id),
        language: owned(&channel.language),
        link: owned(&channel.link),
        pause: channel.pause(),
        hub: channel.link_of("hub").map(str::to_owned),
        itself: channel.link_of("self").map(str::to_owned),
        encoding: None,
    }
}

fn words(text: &Text<'_>) -> String {
    crate::model::text::PlainText::of(&text.clone().into_model()).as_str().to_owned()
}

/// What the source calls an item: its guid, else its link, else its title.
fn name<'i>(item: &'i Item<'_>) -> &'i str {
    let title = || item.title.as_ref().map(|title| title.raw.as_ref());
    item.id.as_deref().or(item.link.as_deref()).or_else(title).unwrap_or_default()
}

/// All that a reader could see of an item, its name and times left out; each at its own place, so
/// that nothing looks the same after moving from one field to another.
fn looks<'i>(item: &'i Item<'_>) -> Vec<&'i str> {
    let mut looks = Vec::with_capacity(64);
    let source = item.source.as_deref();
    for text in [&item.title, &item.summary, &item.content, &item.rights] {
        looks.push(text.as_ref().map_or("", |text| kind(text.kind)));
        looks.push(text.as_ref().map_or("", |text| text.raw.as_ref()));
    }
    for raw in [&item.link, &item.image, &item.comments, &item.language] {
        looks.push(raw.as_deref().unwrap_or_default());
    }
    looks.push(source.and_then(|s| s.title.as_ref()).map_or("", |title| title.raw.as_ref()));
    looks.push(source.and_then(|s| s.link.as_deref()).unwrap_or_default());
    for person in &item.authors {
        looks.extend(["author", raw(&person.name), raw(&person.email), raw(&person.url)]);
    }
    for category in &item.categories {
        looks.extend([
            "category",
            category.term.as_ref(),
            raw(&category.scheme),
            raw(&category.label),
        ]);
    }
    for enclosure in &item.enclosures {
        looks.extend(["enclosure", enclosure.href.as_ref(), raw(&enclosure.media_type)]);
    }
    looks
}

fn raw<'i>(raw: &'i Option<Raw<'_>>) -> &'i str {
    raw.as_deref().unwrap_or_default()
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Plain => "text",
        Kind::Html => "html",
        Kind::Unsaid => "",
    }
}

fn draft(item: Item<'_>) -> Draft {
    let owned = |raw: Option<Raw<'_>>| raw.map(Raw::into_owned);
    let origin = item.source.map(|source| origin(*source));
    Draft {
        guid: owned(item.id),
        title: item.title.map(Text::into_model),
        link: owned(item.link),
        summary: item.summary.map(Text::into_model),
        content: item.content.map(Text::into_model),
        published: item.published.map(Stamp::detect),
        updated: item.updated.map(Stamp::detect),
        authors: item.authors.into_iter().map(person).collect(),
        labels: item.categories.into_iter().map(label).collect(),
        origin,
        enclosures: item.enclosures.into_iter().map(enclosure).collect(),
        image: owned(item.image),
        language: owned(item.language),
        comments: owned(item.comments),
        rights: item.rights.map(Text::into_model),
        ..Draft::default()
    }
}

fn person(person: Person<'_>) -> item::Person {
    let (email, url) = (person.email.map(Raw::into_owned), person.url.map(Raw::into_owned));
    let name = person.name.map(Raw::into_owned).or_else(|| email.clone()).or_else(|| url.clone());
    item::Person { name: name.unwrap_or_default(), email, url }
}

fn label(category: super::document::Category<'_>) -> Label {
    let term = category.label.unwrap_or(category.term).into_owned();
    Label { term, scheme: category.scheme.map(Raw::into_owned) }
}

fn enclosure(enclosure: Enclosure<'_>) -> item::Enclosure {
    item::Enclosure {
        url: enclosure.href.into_owned(),
        media_type: enclosure.media_type.map(Raw::into_owned),
        length: enclosure.length,
    }
}

fn origin(source: Channel<'_>) -> Origin {
    let itself = source.link_of("self").map(str::to_owned);
    Origin {
        title: source.title.as_ref().map(words).unwrap_or_default(),
        url: source.link.map(Raw::into_owned).or(itself),
        id: source.id.map(Raw::into_owned),
    }
}

fn membership(name: &str) -> Membership {
    Membership { name: name.to_owned(), alias: None }
}
