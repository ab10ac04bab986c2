//! RSS 2.0 (the RSS Advisory Board's specification and profile), written with the `rss` crate.
//! With `content:encoded` for bodies, `dc:creator` for people, `atom:link` for the feed's own
//! address and `media:` for pictures and further files.

use std::collections::BTreeMap;

use bytes::Bytes;
use rss::extension::atom::{AtomExtension, Link};
use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::{Extension, ExtensionMap};
use rss::{Category, Channel, Guid, Source};

use super::{Document, EXCERPT, Format, is_address, labels, source_title};
use crate::model::feed::Feed;
use crate::model::item::{Also, Enclosure, Item, Person};

/// RSS 2.0.
pub struct Rss;

const MEDIA_TYPE: &str = "application/rss+xml; charset=utf-8";
/// Media RSS, the namespace pictures and second enclosures are written in.
const MEDIA: &str = "http://search.yahoo.com/mrss/";
/// Feed paging and archiving (RFC 5005).
const HISTORY: &str = "http://purl.org/syndication/history/1.0";

impl Format for Rss {
    fn name(&self) -> &'static str {
        "rss"
    }

    fn media_type(&self) -> &'static str {
        MEDIA_TYPE
    }

    fn render(&self, feed: &Feed) -> Document {
        let items: Vec<rss::Item> = feed.items.iter().map(|item| item_of(feed, item)).collect();
        let uses_media = items.iter().any(|item| item.extensions.contains_key("media"));
        let media = uses_media.then(|| ("media".to_owned(), MEDIA.to_owned()));
        let is_page = feed.archive.is_some_and(|archive| archive.page.is_some());
        let history = is_page.then(|| ("fh".to_owned(), HISTORY.to_owned()));
        let channel = Channel {
            title: feed.title.clone(),
            link: feed.home.clone(),
            description: feed.description.clone(),
            language: feed.language.clone(),
            last_build_date: Some(feed.updated.rfc822()),
            generator: Some("Feedloom".to_owned()),
            ttl: Some(feed.max_age.div_ceil(60).max(1).to_string()),
            atom_ext: Some(AtomExtension { links: links(feed) }),
            namespaces: media.into_iter().chain(history).collect(),
            extensions: if is_page { archive() } else { ExtensionMap::default() },
            items,
            ..Channel::default()
        };
        Document { media_type: MEDIA_TYPE, bytes: Bytes::from(channel.to_string()) }
    }
}

/// The feed's own address and its archive, as Atom links.
fn links(feed: &Feed) -> Vec<Link> {
    let links = [
        ("self", Some(feed.address_as("rss"))),
        ("current", feed.current_as("rss")),
        ("prev-archive", feed.older_as("rss")),
        ("next-archive", feed.newer_as("rss")),
    ];
    let link = |(rel, href): (&str, Option<String>)| {
        Some(Link {
            rel: rel.to_owned(),
            href: href?,
            mime_type: Some("application/rss+xml".to_owned()),
            ..Link::default()
        })
    };
    let hub = feed.hub.clone().map(|href| Link { rel: "hub".to_owned(), href, ..Link::default() });
    links.into_iter().filter_map(link).chain(hub).collect()
}

/// Says that this document is a page of an archive (RFC 5005 section 4).
fn archive() -> ExtensionMap {
    let element = Extension { name: "fh:archive".to_owned(), ..Extension::default() };
    BTreeMap::from([("fh".to_owned(), BTreeMap::from([("archive".to_owned(), vec![element])]))])
}

fn item_of(feed: &Feed, item: &Item) -> rss::Item {
    let link = feed.link_of(item);
    let creators = match item.authors.is_empty() {
        true => item.outlet.iter().cloned().collect(),
        false => item.authors.iter().map(|author| author.name.clone()).collect::<Vec<_>>(),
    };
    rss::Item {
        title: Some(item.title.as_str().to_owned()),
        description: item.excerpt(EXCERPT),
        guid: Some(Guid { permalink: item.public_id == link, value: item.public_id.clone() }),
        link: Some(link),
        pub_date: Some(item.published.rfc822()),
        author: item.authors.iter().find_map(mailbox),
        categories: categories(item),
        comments: item.comments.clone(),
        enclosure: item.enclosures.first().map(enclosure),
        source: (!item.source.is_ours()).then(|| Source {
            url: source_feed(feed, item),
            title: Some(source_title(item).to_owned()),
        }),
        content: item.content.as_ref().map(|html| html.as_str().to_owned()),
        dublin_core_ext: (!creators.is_empty())
            .then(|| DublinCoreExtension { creators, ..DublinCoreExtension::default() }),
        extensions: media(item),
        atom_ext: twins(feed, item),
        ..rss::Item::default()
    }
}

/// The twins of an item as `atom:link`, since RSS has one `source` an item and no word for more.
fn twins(feed: &Feed, item: &Item) -> Option<AtomExtension> {
    let link = |twin: &Also| Link {
        rel: "related".to_owned(),
        href: feed.link_of_twin(twin),
        title: Some(twin.publication.clone()),
        ..Link::default()
    };
    let links: Vec<Link> = item.also.iter().map(link).collect();
    (!links.is_empty()).then_some(AtomExtension { links })
}

/// RSS has `author` for an e-mail address with the name in a comment; names alone are `dc:creator`'s.
fn mailbox(person: &Person) -> Option<String> {
    let email = person.email.as_ref().filter(|email| is_address(email))?;
    Some(match person.name == *email {
        true => email.clone(),
        false => format!("{email} ({})", person.name),
    })
}

/// The categories it stands in, then upstream's labels with their vocabulary.
fn categories(item: &Item) -> Vec<Category> {
    let shelves =
        item.category_names().map(|name| Category { name: name.to_owned(), domain: None });
    let labels = labels(item)
        .map(|label| Category { name: label.term.clone(), domain: label.scheme.clone() });
    shelves.chain(labels).collect()
}

fn enclosure(file: &Enclosure) -> rss::Enclosure {
    rss::Enclosure {
        url: file.url.clone(),
        length: file.length.unwrap_or(0).to_string(),
        mime_type: file.media_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned()),
    }
}

/// The feed an item came from: upstream's, or ours of that source where readers can't go there.
fn source_feed(feed: &Feed, item: &Item) -> String {
    let origin = item.origin.as_ref().and_then(|origin| origin.url.clone());
    origin
        .or_else(|| item.source_url.clone())
        .unwrap_or_else(|| format!("{}/source/{}.rss", feed.site, item.source))
}

/// The picture as `media:thumbnail`, and enclosures beyond the one RSS allows as `media:content`.
fn media(item: &Item) -> ExtensionMap {
    let thumbnail = item.image.iter().map(|url| element("media:thumbnail", [("url", url.clone())]));
    let files = item.enclosures.iter().skip(1).map(|file| {
        let size = file.length.map(|length| ("fileSize", length.to_string()));
        let kind = file.media_type.clone().map(|kind| ("type", kind));
        element(
            "media:content",
            [Some(("url", file.url.clone())), size, kind].into_iter().flatten(),
        )
    });
    let mut elements: BTreeMap<String, Vec<Extension>> = BTreeMap::new();
    for element in thumbnail.chain(files) {
        elements
            .entry(element.name.trim_start_matches("media:").to_owned())
            .or_default()
            .push(element);
    }
    if elements.is_empty() {
        ExtensionMap::new()
    } else {
        ExtensionMap::from([("media".to_owned(), elements)])
    }
}

fn element(name: &str, attributes: impl IntoIterator<Item = (&'static str, String)>) -> Extension {
    Extension {
        name: name.to_owned(),
        attrs: attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        ..Extension::default()
    }
}
