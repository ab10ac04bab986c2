//! Elements that stand in every XML format of feeds, by themselves or as an extension: a text, a link, a
//! person, a generator, each read the same wherever it stands.
//!
//! Which field an element fills is said in `atom`, `rss` and `extension`; nothing here knows them.

use super::base64;
use super::document::{Enclosure, Generator, Item, Link, Person, Raw, Text, add, fill, set};
use super::name::Space;
use super::reader::{Reader, Shape};
use super::xml::Tag;
use crate::model::text::Kind;

/// Reads a text construct (RFC 4287 section 3.1). Without a type it may be either: many write HTML and don't say so.
pub(super) fn text<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, shape: Shape) -> Option<Text<'a>> {
    let kind = tag.attribute("type").map(|kind| kind.to_ascii_lowercase());
    let mode = tag.attribute("mode").unwrap_or_default();
    if mode.eq_ignore_ascii_case("base64") {
        return encoded(reader, tag, kind.as_deref());
    }
    match kind.as_deref() {
        None => reader.text(tag, Kind::Unsaid, shape),
        Some("text" | "text/plain" | "plain") => reader.text(tag, Kind::Plain, shape),
        Some("xhtml") => reader.text(tag, Kind::Html, Shape::Xhtml),
        // Atom 0.3 tells by the mode whether this is markup or escaped markup.
        Some("application/xhtml+xml") if mode.is_empty() || mode == "xml" => {
            reader.text(tag, Kind::Html, Shape::Xhtml)
        }
        Some(kind) if kind.contains("html") || kind.contains("xml") => {
            reader.text(tag, Kind::Html, shape)
        }
        Some(kind) if kind.starts_with("text/") => reader.text(tag, Kind::Plain, shape),
        Some(kind) if kind.contains('/') => encoded(reader, tag, Some(kind)),
        Some(_) => reader.text(tag, Kind::Unsaid, shape),
    }
}

/// Text in base64, where it is text (RFC 4287 section 4.1.3.3).
fn encoded<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, kind: Option<&str>) -> Option<Text<'a>> {
    let word = reader.word(tag)?;
    let kind = match kind {
        Some("text" | "text/plain") => Kind::Plain,
        Some(kind) if kind.contains("html") => Kind::Html,
        _ => Kind::Unsaid,
    };
    let decoded = base64::decode(&word).and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(decoded) = decoded else {
        reader.note(None, "content in base64 that is no text was left out");
        return None;
    };
    let text = crate::adapter::decode::allowed(decoded.into());
    Some(Text::new(text, kind)).filter(|text| !text.raw.trim().is_empty())
}

/// Reads a `link`; one that leads nowhere is none.
fn link<'a>(reader: &mut Reader<'a>, tag: Tag<'a>) -> Option<Link<'a>> {
    let mut link = Link::default();
    for (name, value) in tag.attributes() {
        let value = Some(super::xml::trim(value)).filter(|value| !value.is_empty());
        match reader.name(name).1.as_str() {
            "href" => link.href = value.unwrap_or_default(),
            "rel" => link.rel = value,
            "type" => link.media_type = value,
            "title" => link.title = value,
            "hreflang" => link.hreflang = value,
            "length" => link.length = value.and_then(|value| value.parse().ok()),
            _ => {}
        }
    }
    let word = reader.word(tag);
    link.href = reader.address(Some(link.href).filter(|href| !href.is_empty()).or(word))?;
    Some(link)
}

/// Reads a `link` of a feed.
pub(super) fn channel_link<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, links: &mut Vec<Link<'a>>) {
    if let Some(link) = link(reader, tag) {
        add(links, link);
    }
}

/// Reads a `link` of an entry: an enclosure is one, and a page of replies is where it is discussed.
pub(super) fn item_link<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, item: &mut Item<'a>) {
    let Some(link) = link(reader, tag) else { return };
    if link.is("enclosure") {
        let (href, media_type) = (link.href.clone(), link.media_type.clone());
        add(&mut item.enclosures, Enclosure { href, media_type, length: link.length });
    }
    let html = |kind: &str| kind.contains("html");
    if link.is("replies") && link.media_type.as_deref().is_none_or(html) {
        fill(&mut item.comments, Some(link.href.clone()));
    }
    add(&mut item.links, link);
}

/// Reads an `enclosure`.
pub(super) fn enclosure<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, item: &mut Item<'a>) {
    let url = tag.attribute("url").or_else(|| tag.attribute("href"));
    let word = reader.word(tag);
    if let Some(href) = reader.address(url.or(word)) {
        let length = tag.attribute("length").and_then(|length| length.parse().ok());
        add(&mut item.enclosures, Enclosure { href, media_type: tag.attribute("type"), length });
    }
}

/// Reads a person; of several in one line the first.
pub(super) fn person<'a>(reader: &mut Reader<'a>, tag: Tag<'a>) -> Person<'a> {
    persons(reader, tag).into_iter().next().unwrap_or_default()
}

/// Reads people: one with elements as in Atom, or a line as in RSS, which may name several.
pub(super) fn persons<'a>(reader: &mut Reader<'a>, tag: Tag<'a>) -> Vec<Person<'a>> {
    let mut person = Person::default();
    let text = reader.within_while(tag, is_of_person, |reader, tag| {
        match reader.name(tag.name).1.as_str() {
            "name" => set(&mut person.name, reader.word(tag)),
            "email" => set(&mut person.email, reader.word(tag)),
            "uri" | "url" | "homepage" => set(&mut person.url, address(reader, tag)),
            _ => reader.skip(tag),
        }
    });
    if person.is_empty() { Person::parse_all(text.text) } else { vec![person] }
}

/// Whether an element may stand in a person: none of those that stand beside one.
fn is_of_person(space: Space, name: &str) -> bool {
    let is_beside = matches!(
        name,
        "title"
            | "link"
            | "id"
            | "guid"
            | "description"
            | "summary"
            | "content"
            | "encoded"
            | "subtitle"
            | "pubdate"
            | "date"
            | "published"
            | "updated"
            | "issued"
            | "modified"
            | "created"
            | "category"
            | "subject"
            | "comments"
            | "enclosure"
            | "source"
            | "author"
            | "creator"
            | "contributor"
            | "language"
            | "copyright"
            | "rights"
            | "generator"
            | "image"
            | "ttl"
            | "docs"
            | "explicit"
            | "thumbnail"
    );
    !is_beside || matches!(space, Space::Xhtml | Space::Other)
}

/// Reads a `generator`, in the spelling of 1.0 or of 0.3.
pub(super) fn generator<'a>(reader: &mut Reader<'a>, tag: Tag<'a>) -> Option<Generator<'a>> {
    let url =
        tag.attribute("uri").or_else(|| tag.attribute("url")).or_else(|| tag.attribute("resource"));
    let url = reader.address(url);
    let generator = Generator { name: reader.word(tag), url, version: tag.attribute("version") };
    (generator != Generator::default()).then_some(generator)
}

/// Reads an element that is nothing but an address.
pub(super) fn address<'a>(reader: &mut Reader<'a>, tag: Tag<'a>) -> Option<Raw<'a>> {
    let word = reader.word(tag);
    reader.address(word)
}
