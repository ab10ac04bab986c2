//! Atom 1.0 (RFC 4287), written with the `atom_syndication` crate.
//!
//! Bodies are `type="html"`, never `xhtml`: what is sanitised HTML need not be well-formed XML.

use std::collections::BTreeMap;

use atom_syndication as atom;
use atom_syndication::extension::Extension;
use bytes::Bytes;
use chrono::{DateTime, FixedOffset};
use quick_xml::escape::escape;
use url::Url;
use uuid::Uuid;

use super::{Document, EXCERPT, Format, is_address, labels, source_title};
use crate::model::feed::{Feed, Shelf, Tombstone};
use crate::model::item::{Item, Origin, Person};
use crate::model::time::Timestamp;

/// Atom 1.0.
pub struct Atom;

pub(super) const MEDIA_TYPE: &str = "application/atom+xml; charset=utf-8";
const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

impl Format for Atom {
    fn name(&self) -> &'static str {
        "atom"
    }

    fn media_type(&self) -> &'static str {
        MEDIA_TYPE
    }

    fn render(&self, feed: &Feed) -> Document {
        let is_page = feed.archive.is_some_and(|archive| archive.page.is_some());
        let buried = !feed.tombstones.is_empty();
        let extensions = is_page.then(archive).into_iter().chain(buried.then(|| tombstones(feed)));
        let extensions: BTreeMap<_, _> = extensions.collect();
        let names = [("fh", HISTORY), ("at", TOMBSTONES)];
        let names = names.into_iter().filter(|(prefix, _)| extensions.contains_key(*prefix));
        let document = atom::Feed {
            title: plain(&feed.title),
            id: feed.id.clone(),
            updated: time(feed.updated),
            subtitle: Some(plain(&feed.description)),
            generator: Some(atom::Generator {
                value: "Feedloom".to_owned(),
                ..atom::Generator::default()
            }),
            links: links(feed),
            namespaces: names.map(|(name, uri)| (name.to_owned(), uri.to_owned())).collect(),
            extensions,
            lang: feed.language.clone(),
            entries: feed.items.iter().map(|item| entry(feed, item)).collect(),
            ..atom::Feed::default()
        };
        Document { media_type: MEDIA_TYPE, bytes: Bytes::from(write(&document)) }
    }
}

/// Feed paging and archiving (RFC 5005).
const HISTORY: &str = "http://purl.org/syndication/history/1.0";

/// Says that this document is a page of an archive (RFC 5005 section 4).
fn archive() -> (String, BTreeMap<String, Vec<Extension>>) {
    let element = Extension { name: "fh:archive".to_owned(), ..Extension::default() };
    ("fh".to_owned(), BTreeMap::from([("archive".to_owned(), vec![element])]))
}

/// Deleted entries (RFC 6721).
const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";

/// Says what was withdrawn, so that readers can take it down, too (RFC 6721 section 3).
fn tombstones(feed: &Feed) -> (String, BTreeMap<String, Vec<Extension>>) {
    let element = |stone: &Tombstone| Extension {
        name: "at:deleted-entry".to_owned(),
        attrs: BTreeMap::from([
            // The crate writes attributes of extensions as they are.
            ("ref".to_owned(), escape(stone.public_id.as_str()).into_owned()),
            ("when".to_owned(), stone.at.at(feed.updated.offset()).rfc3339()),
        ]),
        ..Extension::default()
    };
    let elements = feed.tombstones.iter().map(element).collect();
    ("at".to_owned(), BTreeMap::from([("deleted-entry".to_owned(), elements)]))
}

/// The feed's own address, its page, and its archive.
fn links(feed: &Feed) -> Vec<atom::Link> {
    let own = Some("application/atom+xml");
    let neighbours = [
        ("current", feed.current_as("atom")),
        ("prev-archive", feed.older_as("atom")),
        ("next-archive", feed.newer_as("atom")),
    ];
    let neighbours = neighbours.into_iter().filter_map(|(rel, href)| Some(link(rel, href?, own)));
    [
        link("self", feed.address_as("atom"), own),
        link("alternate", feed.home.clone(), Some("text/html")),
    ]
    .into_iter()
    .chain(neighbours)
    .chain(feed.hub.clone().map(|hub| link("hub", hub, None)))
    .collect()
}

/// The crate's declaration names no encoding, and it writes offset zero as `+00:00`, where every
/// other document of ours has `Z`. Text never holds a bare `<`, so only its own tags can match.
pub(super) fn write(feed: &atom::Feed) -> String {
    let config = atom::WriteConfig { write_document_declaration: false, indent_size: None };
    let bytes = feed
        .write_with_config(DECLARATION.to_vec(), config)
        .expect("writing to memory cannot fail");
    String::from_utf8(bytes)
        .expect("what is written from strings is UTF-8")
        .replace("+00:00</updated>", "Z</updated>")
        .replace("+00:00</published>", "Z</published>")
}

fn entry(feed: &Feed, item: &Item) -> atom::Entry {
    let enclosures = item.enclosures.iter().map(|file| atom::Link {
        length: file.length.map(|length| length.to_string()),
        ..link("enclosure", file.url.clone(), file.media_type.as_deref())
    });
    let twins = item.also.iter().map(|twin| atom::Link {
        title: Some(twin.publication.clone()),
        ..link("related", feed.link_of_twin(twin), None)
    });
    let comments = item.comments.iter().map(|url| link("replies", url.clone(), None));
    atom::Entry {
        title: plain(item.title.as_str()),
        id: item.public_id.clone(),
        updated: time(item.updated),
        published: Some(time(item.published)),
        authors: item.byline().iter().map(person).collect(),
        categories: categories(item),
        links: std::iter::once(link("alternate", feed.link_of(item), None))
            .chain(enclosures)
            .chain(comments)
            .chain(twins)
            .collect(),
        rights: item.rights.as_ref().map(|rights| plain(rights.as_str())),
        summary: item.excerpt(EXCERPT).map(|text| plain(&text)),
        content: item.content.as_ref().map(|html| atom::Content {
            value: Some(html.as_str().to_owned()),
            content_type: Some("html".to_owned()),
            lang: item.language.clone().filter(|language| Some(language) != feed.language.as_ref()),
            ..atom::Content::default()
        }),
        source: (!item.source.is_ours()).then(|| source(feed, item)),
        ..atom::Entry::default()
    }
}

/// Where an entry comes from (RFC 4287 section 4.2.11): the publication upstream took it from, else
/// the source itself, by its own name. Its `updated` is the entry's: a feed's own moves with every
/// entry of it, and would change all the others here.
fn source(feed: &Feed, item: &Item) -> atom::Source {
    let origin = item.origin.as_ref();
    let own = Shelf::Source(item.source.clone());
    let address = origin.and_then(|origin| origin.url.clone()).or_else(|| item.source_url.clone());
    atom::Source {
        id: match (origin, &item.source_own_id) {
            (Some(origin), _) => id_of(origin, &own),
            (None, Some(id)) if is_iri(id) => id.clone(),
            (None, _) => own.urn(),
        },
        title: plain(source_title(item)),
        updated: time(item.updated),
        links: vec![match address {
            Some(address) => link("via", address, None),
            None => link(
                "self",
                format!("{}{}.atom", feed.site, own.path()),
                Some("application/atom+xml"),
            ),
        }],
        ..atom::Source::default()
    }
}

/// A publication's own id if it can stand here (an IRI, RFC 4287 section 4.2.6), else one minted
/// from its address; one of which only the name is known is told apart within the source that named it.
fn id_of(origin: &Origin, own: &Shelf) -> String {
    let named = || format!("{}#{}", own.urn(), origin.title);
    let mint = || {
        let name = origin.url.clone().unwrap_or_else(named);
        Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).urn().to_string()
    };
    origin.id.clone().filter(|id| is_iri(id)).unwrap_or_else(mint)
}

fn categories(item: &Item) -> Vec<atom::Category> {
    let shelves = item
        .category_names()
        .map(|name| atom::Category { term: name.to_owned(), ..atom::Category::default() });
    let labels = labels(item).map(|label| atom::Category {
        term: label.term.clone(),
        scheme: label.scheme.clone().filter(|scheme| is_iri(scheme)),
        label: None,
    });
    shelves.chain(labels).collect()
}

/// What upstreams write as a vocabulary is often just a word; Atom takes IRIs alone (RFC 4287 section 4.2.2.2).
fn is_iri(scheme: &str) -> bool {
    !scheme.contains(char::is_whitespace) && Url::parse(scheme).is_ok()
}

pub(super) fn plain(text: &str) -> atom::Text {
    atom::Text::plain(text)
}

fn person(person: &Person) -> atom::Person {
    atom::Person {
        name: person.name.clone(),
        email: person.email.clone().filter(|email| is_address(email)),
        uri: person.url.clone(),
        ..atom::Person::default()
    }
}

pub(super) fn link(rel: &str, href: String, media_type: Option<&str>) -> atom::Link {
    atom::Link {
        rel: rel.to_owned(),
        href,
        mime_type: media_type.map(str::to_owned),
        ..atom::Link::default()
    }
}

pub(super) fn time(at: Timestamp) -> DateTime<FixedOffset> {
    at.chrono()
}
