//! Atom 1.0 (RFC 4287) and 0.3: one row for each element.
//!
//! The two differ in names and in how a text tells its type; both spellings are read in both.

use super::document::{Category, Channel, Enclosure, Item, Link, add, fill, set};
use super::element::{address, channel_link, enclosure, generator, item_link, persons, text};
use super::extension;
use super::name::Space;
use super::person::people;
use super::reader::{Reader, Shape};
use super::xml::Tag;
use crate::model::text::Kind;

/// Reads one element of a `feed`, or of the `source` of an entry.
pub(super) fn channel<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, channel: &mut Channel<'a>) {
    let (space, name) = reader.name(tag.name);
    if !matches!(space, Space::Core | Space::Atom) {
        return extension::channel(reader, tag, channel);
    }
    match name.as_str() {
        "title" => set(&mut channel.title, text(reader, tag, Shape::Brief)),
        "subtitle" | "tagline" => set(&mut channel.subtitle, text(reader, tag, Shape::Body)),
        "link" => channel_link(reader, tag, &mut channel.links),
        "id" => set(&mut channel.id, reader.word(tag)),
        "updated" | "modified" => set(&mut channel.updated, reader.word(tag)),
        "published" | "issued" => set(&mut channel.published, reader.word(tag)),
        "author" => people(&mut channel.authors, persons(reader, tag)),
        "contributor" => people(&mut channel.contributors, persons(reader, tag)),
        "category" => category(reader, tag, &mut channel.categories),
        "rights" | "copyright" => set(&mut channel.rights, text(reader, tag, Shape::Brief)),
        "generator" => set(&mut channel.generator, generator(reader, tag)),
        "icon" => set(&mut channel.icon, address(reader, tag)),
        "logo" => set(&mut channel.logo, address(reader, tag)),
        _ => reader.skip(tag),
    }
}

/// Reads an `entry`.
pub(super) fn entry<'a>(reader: &mut Reader<'a>, tag: Tag<'a>) -> Item<'a> {
    let mut item = Item { language: reader.language.clone(), ..Item::default() };
    item.is_cut = reader.within(tag, |reader, tag| element(reader, tag, &mut item)).is_cut;
    item.settle();
    item
}

/// Reads one element of an `entry`.
fn element<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, item: &mut Item<'a>) {
    let (space, name) = reader.name(tag.name);
    if !matches!(space, Space::Core | Space::Atom) {
        return extension::item(reader, tag, item);
    }
    match name.as_str() {
        "title" => set(&mut item.title, text(reader, tag, Shape::Brief)),
        "link" => item_link(reader, tag, item),
        "id" => set(&mut item.id, reader.word(tag)),
        "summary" => set(&mut item.summary, text(reader, tag, Shape::Body)),
        "content" => content(reader, tag, item),
        "author" => people(&mut item.authors, persons(reader, tag)),
        "contributor" => people(&mut item.contributors, persons(reader, tag)),
        "category" => category(reader, tag, &mut item.categories),
        "published" | "issued" => set(&mut item.published, reader.word(tag)),
        "updated" | "modified" => set(&mut item.updated, reader.word(tag)),
        "created" => set(&mut item.created, reader.word(tag)),
        "rights" | "copyright" => set(&mut item.rights, text(reader, tag, Shape::Brief)),
        "source" => source(reader, tag, item),
        // Of RSS, written into Atom without a prefix.
        "pubdate" => fill(&mut item.published, reader.word(tag)),
        "guid" => fill(&mut item.id, reader.word(tag)),
        "comments" => fill(&mut item.comments, address(reader, tag)),
        "enclosure" => enclosure(reader, tag, item),
        "description" => fill(&mut item.summary, reader.text(tag, Kind::Unsaid, Shape::Body)),
        _ => reader.skip(tag),
    }
}

/// The content, or where it is (RFC 4287 section 4.1.3.2).
fn content<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, item: &mut Item<'a>) {
    let Some(href) = reader.address(tag.attribute("src")) else {
        // What the article is in says more than what its feed is in.
        if let Some(own) = tag.attribute("xml:lang") {
            item.language = Some(own);
        }
        return set(&mut item.content, text(reader, tag, Shape::Body));
    };
    let media_type = tag.attribute("type");
    reader.skip(tag);
    if media_type.as_deref().is_some_and(|kind| kind.contains("html")) {
        add(&mut item.links, Link { href, media_type, ..Link::default() });
    } else {
        add(&mut item.enclosures, Enclosure { href, media_type, length: None });
    }
}

/// Reads a `category`.
pub(super) fn category<'a>(
    reader: &mut Reader<'a>,
    tag: Tag<'a>,
    categories: &mut Vec<Category<'a>>,
) {
    let (term, label) = (tag.attribute("term"), tag.attribute("label"));
    let word = reader.word(tag);
    if let Some(term) = term.or(word).or_else(|| label.clone()) {
        add(categories, Category { term, scheme: tag.attribute("scheme"), label });
    }
}

/// Reads the `source` an entry was taken from.
pub(super) fn source<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, item: &mut Item<'a>) {
    let mut source = Channel { language: reader.language.clone(), ..Channel::default() };
    reader.within(tag, |reader, tag| channel(reader, tag, &mut source));
    source.settle();
    item.source = Some(Box::new(source));
}
