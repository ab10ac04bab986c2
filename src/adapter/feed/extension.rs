//! Vocabularies beside the formats' own: Dublin Core, Media RSS, podcasts and the rest.
//!
//! They fill gaps: what the format itself says stands. What describes no field of ours (ratings,
//! coordinates, counts) is passed over.

use super::document::{
    Category, Channel, Enclosure, Image, Item, Link, Person, Raw, Text, add, fill, is_full, set,
};
use super::name::Space;
use super::person::people;
use super::reader::{Reader, Shape};
use super::xml::Tag;
use super::{atom, element};
use crate::model::text::Kind;

/// The vocabulary Apple's categories are from.
const ITUNES: &str = "http://www.itunes.com/";

/// Reads one element of a feed that is not of its format.
pub(super) fn channel<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, channel: &mut Channel<'a>) {
    use Shape::{Body, Brief};
    use Space::{Admin, Atom, Dc, Licence, Media, Podcast, Syndication};
    let (space, name) = reader.name(tag.name);
    match (space, name.as_str()) {
        (Atom, "link") => element::channel_link(reader, tag, &mut channel.links),
        (Atom, "id") => fill(&mut channel.id, reader.word(tag)),
        (Atom, "title") => fill(&mut channel.title, element::text(reader, tag, Brief)),
        (Atom, "subtitle") => fill(&mut channel.subtitle, element::text(reader, tag, Body)),
        (Atom, "updated" | "modified") => fill(&mut channel.updated, reader.word(tag)),
        (Atom, "published" | "issued") => fill(&mut channel.published, reader.word(tag)),
        (Atom, "category") => atom::category(reader, tag, &mut channel.categories),
        (Atom, "author") => people(&mut channel.authors, element::persons(reader, tag)),
        (Atom, "contributor") => people(&mut channel.contributors, element::persons(reader, tag)),
        (Atom, "rights") => fill(&mut channel.rights, element::text(reader, tag, Brief)),
        (Atom, "generator") => fill(&mut channel.generator, element::generator(reader, tag)),
        (Atom, "icon") => fill(&mut channel.icon, element::address(reader, tag)),
        (Atom, "logo") => fill(&mut channel.logo, element::address(reader, tag)),

        (Dc, "title") => fill(&mut channel.title, reader.text(tag, Kind::Unsaid, Brief)),
        (Dc, "description") => fill(&mut channel.subtitle, reader.text(tag, Kind::Unsaid, Body)),
        (Dc, "creator" | "author") => people(&mut channel.authors, element::persons(reader, tag)),
        (Dc, "contributor") => people(&mut channel.contributors, element::persons(reader, tag)),
        (Dc, "publisher") => fill(&mut channel.publisher, someone(reader, tag)),
        (Dc, "date") => fill(&mut channel.dated, reader.word(tag)),
        (Dc, "issued") => fill(&mut channel.published, reader.word(tag)),
        (Dc, "modified") => fill(&mut channel.updated, reader.word(tag)),
        (Dc, "subject") => subject(reader, tag, &mut channel.categories),
        (Dc, "rights") => fill(&mut channel.rights, reader.text(tag, Kind::Unsaid, Brief)),
        (Dc, "language") => set(&mut channel.language, reader.word(tag)),
        (Dc, "identifier") => fill(&mut channel.id, reader.word(tag)),

        (Syndication, "updateperiod") => channel.period = period(reader, tag),
        (Syndication, "updatefrequency") => channel.frequency = reader.number(tag),

        (Podcast, "title") => fill(&mut channel.title, reader.text(tag, Kind::Unsaid, Brief)),
        (Podcast, "author") => author(reader, tag, &mut channel.authors),
        (Podcast, "owner") => fill(&mut channel.publisher, someone(reader, tag)),
        (Podcast, "subtitle" | "summary" | "description") => {
            fill(&mut channel.subtitle, reader.text(tag, Kind::Unsaid, Body));
        }
        (Podcast, "category") => podcast_category(reader, tag, &mut channel.categories),
        (Podcast, "keywords") => keywords(reader, tag, &mut channel.categories),
        (Podcast, "image") => fill(&mut channel.image, picture(reader, tag)),

        (Media, "keywords") => keywords(reader, tag, &mut channel.categories),
        (Media, "category") => media_category(reader, tag, &mut channel.categories),
        (Media, "thumbnail") => fill(&mut channel.image, picture(reader, tag)),
        (Admin, "generatoragent") => fill(&mut channel.generator, element::generator(reader, tag)),
        (Licence, "license") => licence(reader, tag, &mut channel.links),
        _ => reader.skip(tag),
    }
}

/// Reads one element of an item that is not of its format.
pub(super) fn item<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, item: &mut Item<'a>) {
    use Shape::{Body, Brief};
    use Space::{Atom, Content, Dc, FeedBurner, Licence, Media, Podcast, Xhtml};
    let (space, name) = reader.name(tag.name);
    match (space, name.as_str()) {
        (Atom, "link") => element::item_link(reader, tag, item),
        (Atom, "id") => fill(&mut item.id, reader.word(tag)),
        (Atom, "title") => fill(&mut item.title, element::text(reader, tag, Brief)),
        (Atom, "summary") => fill(&mut item.summary, element::text(reader, tag, Body)),
        (Atom, "content") => fill(&mut item.content, element::text(reader, tag, Body)),
        (Atom, "published" | "issued") => fill(&mut item.published, reader.word(tag)),
        (Atom, "updated" | "modified") => fill(&mut item.updated, reader.word(tag)),
        (Atom, "created") => fill(&mut item.created, reader.word(tag)),
        (Atom, "category") => atom::category(reader, tag, &mut item.categories),
        (Atom, "source") => atom::source(reader, tag, item),
        (Atom, "author") => people(&mut item.authors, element::persons(reader, tag)),
        (Atom, "contributor") => people(&mut item.contributors, element::persons(reader, tag)),
        (Atom, "rights") => fill(&mut item.rights, element::text(reader, tag, Brief)),

        (Content, "encoded") => set(&mut item.content, reader.text(tag, Kind::Html, Body)),
        // Yandex's, often the same without its pictures.
        (Content, "full-text" | "content") => {
            fill(&mut item.content, reader.text(tag, Kind::Html, Body));
        }
        (Xhtml, "body" | "div") => {
            fill(&mut item.content, reader.text(tag, Kind::Html, Shape::Xhtml))
        }

        (Dc, "title") => fill(&mut item.title, reader.text(tag, Kind::Unsaid, Brief)),
        (Dc, "description" | "abstract") => {
            fill(&mut item.summary, reader.text(tag, Kind::Unsaid, Body))
        }
        (Dc, "creator" | "author") => people(&mut item.authors, element::persons(reader, tag)),
        (Dc, "contributor") => people(&mut item.contributors, element::persons(reader, tag)),
        (Dc, "publisher") => fill(&mut item.publisher, someone(reader, tag)),
        (Dc, "date") => fill(&mut item.dated, reader.word(tag)),
        (Dc, "issued") => fill(&mut item.published, reader.word(tag)),
        (Dc, "modified") => fill(&mut item.updated, reader.word(tag)),
        (Dc, "created") => fill(&mut item.created, reader.word(tag)),
        (Dc, "valid") => fill(&mut item.expired, reader.word(tag).and_then(end_of_period)),
        (Dc, "subject") => subject(reader, tag, &mut item.categories),
        (Dc, "rights") => fill(&mut item.rights, reader.text(tag, Kind::Unsaid, Brief)),
        (Dc, "language") => set(&mut item.language, reader.word(tag)),
        (Dc, "identifier") => fill(&mut item.id, reader.word(tag)),

        // What groups and contents hold describes the item as well as anything beside them.
        (Media, "group") => group(reader, tag, item),
        (Media, "content") => file(reader, tag, item, false),
        (Media, "thumbnail") => fill(&mut item.image, reader.address(tag.attribute("url"))),
        (Media, "title") => fill(&mut item.title, described(reader, tag, Brief)),
        (Media, "description") => fill(&mut item.summary, described(reader, tag, Body)),
        (Media, "credit") => credit(reader, tag, item),
        (Media, "copyright") => fill(&mut item.rights, reader.text(tag, Kind::Unsaid, Brief)),
        (Media, "keywords") => keywords(reader, tag, &mut item.categories),
        (Media, "category") => media_category(reader, tag, &mut item.categories),

        (Podcast, "title") => fill(&mut item.title, reader.text(tag, Kind::Unsaid, Brief)),
        (Podcast, "author") => author(reader, tag, &mut item.authors),
        (Podcast, "subtitle") => fill(&mut item.tagline, reader.text(tag, Kind::Unsaid, Body)),
        (Podcast, "summary" | "description") => {
            fill(&mut item.summary, reader.text(tag, Kind::Unsaid, Body));
        }
        (Podcast, "category") => podcast_category(reader, tag, &mut item.categories),
        (Podcast, "keywords") => keywords(reader, tag, &mut item.categories),
        (Podcast, "image") => {
            fill(&mut item.image, picture(reader, tag).and_then(|image| image.href))
        }
        (Podcast, "person") => people(&mut item.contributors, element::persons(reader, tag)),

        (FeedBurner, "origlink") => set(&mut item.original, element::address(reader, tag)),
        (Licence, "license") => licence(reader, tag, &mut item.links),
        _ => reader.skip(tag),
    }
}

fn someone<'a>(reader: &mut Reader<'a>, tag: Tag<'a>) -> Option<Person<'a>> {
    Some(element::person(reader, tag)).filter(|person| !person.is_empty())
}

/// Podcasts repeat the author for Apple; it counts where nobody else is named.
fn author<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, authors: &mut Vec<Person<'a>>) {
    let persons = element::persons(reader, tag);
    if authors.is_empty() {
        people(authors, persons);
    }
}

fn subject<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, categories: &mut Vec<Category<'a>>) {
    if let Some(term) = reader.word(tag) {
        add(categories, Category { term, ..Category::default() });
    }
}

fn keywords<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, categories: &mut Vec<Category<'a>>) {
    let words = reader.word(tag).unwrap_or_default();
    for word in words.split([',', '，', '、']).map(str::trim).filter(|word| !word.is_empty()) {
        add(categories, Category { term: Raw::Owned(word.to_owned()), ..Category::default() });
    }
}

/// Apple's categories, one inside the other.
fn podcast_category<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, categories: &mut Vec<Category<'a>>) {
    if let Some(term) = tag.attribute("text") {
        add(categories, Category { term, scheme: Some(ITUNES.into()), label: None });
    }
    let is_podcasts = |space: Space, _: &str| space == Space::Podcast;
    reader.within_while(tag, is_podcasts, |reader, tag| {
        if let Some(term) = tag.attribute("text") {
            add(categories, Category { term, scheme: Some(ITUNES.into()), label: None });
        }
        reader.skip(tag);
    });
}

fn media_category<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, categories: &mut Vec<Category<'a>>) {
    let (scheme, label) = (tag.attribute("scheme"), tag.attribute("label"));
    if let Some(term) = reader.word(tag) {
        add(categories, Category { term, scheme, label });
    }
}

/// A `media:group`: its contents are forms of one thing, so that of pictures one is enough.
fn group<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, item: &mut Item<'a>) {
    // What is not of a vocabulary beside the format's own shows that the group was never closed.
    let belongs = |space: Space, _: &str| !matches!(space, Space::Core | Space::Atom);
    reader.within_while(tag, belongs, |reader, tag| {
        let (space, name) = reader.name(tag.name);
        match (space, name.as_str()) {
            // What stands in a group within a group stands in the outer one: depth costs nothing.
            (Space::Media, "group") => {}
            (Space::Media, "content") => file(reader, tag, item, true),
            _ => self::item(reader, tag, item),
        }
    });
}

/// A `media:content`: a picture of the item, or a file that belongs to it. Pictures beyond the first
/// are files, but for the same one in another size.
fn file<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, item: &mut Item<'a>, is_form: bool) {
    let Some(href) = reader.address(tag.attribute("url")) else { return };
    let media_type = tag.attribute("type");
    let medium = tag.attribute("medium").unwrap_or_default();
    let is_picture = medium.eq_ignore_ascii_case("image")
        || media_type.as_deref().is_some_and(|kind| kind.starts_with("image/"));
    // WordPress puts the author's face there.
    if is_picture && href.contains("gravatar.com/avatar/") {
        return;
    }
    let is_first = is_picture && item.image.is_none();
    if is_first || (is_picture && is_form) {
        return fill(&mut item.image, Some(href));
    }
    let sizeless = |address| if is_picture { without_size(address) } else { address };
    let own = sizeless(&href);
    let mut known = item.enclosures.iter().map(|file| &file.href).chain(&item.image);
    if !is_full(&item.enclosures) && !known.any(|known| sizeless(known) == own) {
        let length = tag.attribute("fileSize").and_then(|length| length.parse().ok());
        let media_type = media_type.or_else(|| is_picture.then(|| picture_type(&href).into()));
        add(&mut item.enclosures, Enclosure { href, media_type, length });
    }
}

/// The address of a picture without the parameters that ask for it in another size.
fn without_size(address: &str) -> &str {
    const SIZES: [&str; 10] =
        ["w", "h", "width", "height", "size", "s", "quality", "q", "resize", "fit"];
    let Some((path, query)) = address.split_once('?') else { return address };
    let first = query.split(['=', '&']).next().unwrap_or_default();
    if SIZES.contains(&first) { path } else { address }
}

/// The media type the name of a picture's file tells; most pictures are photographs.
fn picture_type(address: &str) -> &'static str {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    match path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "svg" => "image/svg+xml",
        "bmp" => "image/bmp",
        "heic" => "image/heic",
        "tif" | "tiff" => "image/tiff",
        _ => "image/jpeg",
    }
}

fn described<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, shape: Shape) -> Option<Text<'a>> {
    let kind = match tag.attribute("type").as_deref() {
        Some("html") => Kind::Html,
        Some("plain") => Kind::Plain,
        _ => Kind::Unsaid,
    };
    reader.text(tag, kind, shape)
}

fn credit<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, item: &mut Item<'a>) {
    let is_author = tag.attribute("role").is_some_and(|role| role.eq_ignore_ascii_case("author"));
    let persons = element::persons(reader, tag);
    people(if is_author { &mut item.authors } else { &mut item.contributors }, persons);
}

fn picture<'a>(reader: &mut Reader<'a>, tag: Tag<'a>) -> Option<Image<'a>> {
    let named = tag.attribute("href").or_else(|| tag.attribute("url"));
    let word = reader.word(tag);
    let href = Some(reader.address(named.or(word))?);
    Some(Image { href, ..Image::default() })
}

fn licence<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, links: &mut Vec<Link<'a>>) {
    let named = tag.attribute("resource");
    let word = reader.word(tag);
    if let Some(href) = reader.address(named.or(word)) {
        add(links, Link { href, rel: Some("license".into()), ..Link::default() });
    }
}

/// Minutes of an `updatePeriod`.
fn period<'a>(reader: &mut Reader<'a>, tag: Tag<'a>) -> Option<u32> {
    let word = reader.word(tag)?.to_ascii_lowercase();
    Some(match word.as_str() {
        "hourly" => 60,
        "daily" => 24 * 60,
        "weekly" => 7 * 24 * 60,
        "monthly" => 30 * 24 * 60,
        "yearly" => 365 * 24 * 60,
        _ => return None,
    })
}

/// The end of `start=…;end=…` (DCMI Period).
fn end_of_period(valid: Raw<'_>) -> Option<Raw<'_>> {
    let end = valid.split(';').find_map(|part| part.trim().strip_prefix("end=")).map(str::trim);
    end.filter(|end| !end.is_empty()).map(|end| Raw::Owned(end.to_owned()))
}
