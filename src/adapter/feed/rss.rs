//! RSS 0.90 to 2.0, RDF Site Summary and CDF: one row for each element.
//!
//! `description` is the summary and `content:encoded` the content, whatever they hold; which of
//! them an article is made of is not decided here.

use super::document::{Category, Channel, Image, Item, Link, Raw, add, fill, set};
use super::name::Space;
use super::person::people;
use super::reader::{Reader, Shape, is};
use super::xml::Tag;
use super::{atom, element, extension};
use crate::model::text::Kind;

/// Reads one element of a `channel`.
pub(super) fn channel<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, channel: &mut Channel<'a>) {
    use Shape::{Body, Brief};
    let (space, name) = reader.name(tag.name);
    if space != Space::Core {
        return extension::channel(reader, tag, channel);
    }
    match name.as_str() {
        "title" => set(&mut channel.title, reader.text(tag, Kind::Unsaid, Brief)),
        "link" => link(reader, tag, &mut channel.link, &mut channel.links),
        "description" => set(&mut channel.subtitle, reader.text(tag, Kind::Unsaid, Body)),
        "abstract" => fill(&mut channel.subtitle, reader.text(tag, Kind::Unsaid, Body)),
        "language" => set(&mut channel.language, reader.word(tag)),
        "copyright" => set(&mut channel.rights, reader.text(tag, Kind::Unsaid, Brief)),
        "managingeditor" | "author" => people(&mut channel.authors, element::persons(reader, tag)),
        "webmaster" => set(
            &mut channel.publisher,
            Some(element::person(reader, tag)).filter(|p| !p.is_empty()),
        ),
        "pubdate" => set(&mut channel.published, reader.word(tag)),
        "lastbuilddate" => set(&mut channel.updated, reader.word(tag)),
        "category" => category(reader, tag, &mut channel.categories),
        "generator" => set(&mut channel.generator, element::generator(reader, tag)),
        "docs" => set(&mut channel.docs, element::address(reader, tag)),
        "ttl" => set(&mut channel.ttl, reader.number(tag)),
        "skiphours" => skipped(reader, tag, "hour", |word| {
            // Old documents count from one to twenty-four.
            let hour = word.parse::<u32>().ok().filter(|hour| *hour <= 24);
            channel.skip_hours |= hour.map_or(0, |hour| 1 << (hour % 24));
        }),
        "skipdays" => skipped(reader, tag, "day", |word| {
            let day = DAYS.iter().position(|day| day.eq_ignore_ascii_case(word));
            channel.skip_days |= day.map_or(0, |day| 1 << day);
        }),
        "image" => set(&mut channel.image, image(reader, tag)),
        "logo" => logo(reader, tag, channel),
        "textinput" => {
            let own =
                |_: Space, name: &str| matches!(name, "title" | "description" | "name" | "link");
            reader.within_while(tag, own, |reader, tag| reader.skip(tag));
        }
        _ => reader.skip(tag),
    }
}

/// As `skipDays` names them.
const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Reads what a `skipHours` or `skipDays` holds.
fn skipped<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, name: &str, mut each: impl FnMut(&str)) {
    reader.within_while(
        tag,
        |_, child| child == name,
        |reader, tag| {
            if let Some(word) = reader.word(tag) {
                each(word.trim());
            }
        },
    );
}

/// Reads an `item`.
pub(super) fn item<'a>(reader: &mut Reader<'a>, tag: Tag<'a>) -> Item<'a> {
    let mut item = Item { language: reader.language.clone(), ..Item::default() };
    // CDF keeps an item's address and time in attributes of the item itself.
    item.link = reader.address(tag.attribute("href"));
    item.links.extend(item.link.clone().map(|href| Link { href, ..Link::default() }));
    item.updated = tag.attribute("lastmod");
    let about = tag.attribute("about");
    item.is_cut = reader.within(tag, |reader, tag| element(reader, tag, &mut item)).is_cut;
    if item.link.is_none() && item.permalink.is_none() {
        item.permalink = about.clone().filter(|about| is_address(about));
    }
    fill(&mut item.id, about);
    item.settle();
    item
}

/// Reads one element of an `item`.
fn element<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, item: &mut Item<'a>) {
    use Shape::{Body, Brief};
    let (space, name) = reader.name(tag.name);
    if space != Space::Core {
        return extension::item(reader, tag, item);
    }
    match name.as_str() {
        "title" => set(&mut item.title, reader.text(tag, Kind::Unsaid, Brief)),
        "link" => link(reader, tag, &mut item.link, &mut item.links),
        "guid" => guid(reader, tag, item),
        "description" => set(&mut item.summary, reader.text(tag, Kind::Unsaid, Body)),
        "abstract" => fill(&mut item.summary, reader.text(tag, Kind::Unsaid, Body)),
        "content" | "body" => fill(&mut item.content, reader.text(tag, Kind::Unsaid, Body)),
        "pubdate" => set(&mut item.published, reader.word(tag)),
        "expirationdate" => set(&mut item.expired, reader.word(tag)),
        "author" => people(&mut item.authors, element::persons(reader, tag)),
        "category" => category(reader, tag, &mut item.categories),
        "comments" => set(&mut item.comments, element::address(reader, tag)),
        "enclosure" => element::enclosure(reader, tag, item),
        "image" => fill(&mut item.image, image(reader, tag).and_then(|image| image.href)),
        "source" => source(reader, tag, item),
        // Of later drafts and of Atom, written into RSS without a prefix.
        "language" => set(&mut item.language, reader.word(tag)),
        "rights" | "copyright" => fill(&mut item.rights, reader.text(tag, Kind::Unsaid, Brief)),
        "updated" | "lastbuilddate" => fill(&mut item.updated, reader.word(tag)),
        "date" => fill(&mut item.dated, reader.word(tag)),
        "published" | "issued" => fill(&mut item.published, reader.word(tag)),
        "modified" => fill(&mut item.updated, reader.word(tag)),
        "created" => fill(&mut item.created, reader.word(tag)),
        "id" => fill(&mut item.id, reader.word(tag)),
        "contributor" => people(&mut item.contributors, element::persons(reader, tag)),
        // Of CDF: where its item leads.
        "a" => fill(&mut item.link, reader.address(tag.attribute("href"))),
        "summary" => fill(&mut item.summary, reader.text(tag, Kind::Unsaid, Body)),
        _ => reader.skip(tag),
    }
}

fn link<'a>(
    reader: &mut Reader<'a>,
    tag: Tag<'a>,
    link: &mut Option<Raw<'a>>,
    links: &mut Vec<Link<'a>>,
) {
    if tag.attribute("href").is_some() {
        return element::channel_link(reader, tag, links);
    }
    let word = reader.word(tag);
    let Some(href) = reader.address(word) else { return };
    add(links, Link { href: href.clone(), ..Link::default() });
    fill(link, Some(href));
}

fn guid<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, item: &mut Item<'a>) {
    let said = tag.attribute("isPermaLink");
    let is_permalink = said.as_ref().is_none_or(|said| !said.eq_ignore_ascii_case("false"));
    let guid = reader.word(tag);
    // What says so itself may be relative.
    let says_so = said.is_some() && is_permalink;
    let leads = |guid: &Raw<'_>| is_address(guid) || (says_so && !guid.contains(':'));
    if is_permalink {
        let address = reader.address(guid.clone().filter(leads));
        set(&mut item.permalink, address);
    }
    set(&mut item.id, guid);
}

fn is_address(text: &str) -> bool {
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

fn category<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, categories: &mut Vec<Category<'a>>) {
    let scheme = tag.attribute("domain").or_else(|| tag.attribute("scheme"));
    let value = tag.attribute("value");
    let term = reader.word(tag).or(value).or_else(|| tag.attribute("term"));
    if let Some(term) = term {
        add(categories, Category { term, scheme, label: tag.attribute("label") });
    }
}

fn image<'a>(reader: &mut Reader<'a>, tag: Tag<'a>) -> Option<Image<'a>> {
    let mut image = Image::default();
    let text = reader.within_while(tag, is_of_image, |reader, tag| {
        match reader.name(tag.name).1.as_str() {
            "url" => set(&mut image.href, reader.word(tag)),
            "title" => set(&mut image.title, reader.word(tag)),
            "link" => set(&mut image.link, reader.word(tag)),
            "width" => set(&mut image.width, reader.number(tag)),
            "height" => set(&mut image.height, reader.number(tag)),
            "description" => set(&mut image.description, reader.word(tag)),
            _ => reader.skip(tag),
        }
    });
    let named =
        ["url", "href", "src", "resource", "about"].iter().find_map(|name| tag.attribute(name));
    fill(&mut image.href, Some(text.text).filter(|text| !text.is_empty()).or(named));
    image.href = reader.address(image.href);
    image.link = reader.address(image.link);
    (image != Image::default()).then_some(image)
}

/// Whether an element may stand in an `image`: none of those that stand beside one and never in one.
fn is_of_image(_: Space, name: &str) -> bool {
    !matches!(
        name,
        "guid"
            | "pubdate"
            | "author"
            | "category"
            | "comments"
            | "enclosure"
            | "encoded"
            | "source"
            | "creator"
            | "language"
            | "lastbuilddate"
            | "managingeditor"
            | "webmaster"
            | "generator"
            | "copyright"
            | "ttl"
            | "docs"
            | "textinput"
            | "image"
    )
}

/// CDF's pictures: a large one, or an icon.
fn logo<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, channel: &mut Channel<'a>) {
    let href = reader.address(tag.attribute("href"));
    let is_icon = tag.attribute("style").is_some_and(|style| style.eq_ignore_ascii_case("icon"));
    let word = reader.word(tag);
    set(if is_icon { &mut channel.icon } else { &mut channel.logo }, href.or(word));
}

fn source<'a>(reader: &mut Reader<'a>, tag: Tag<'a>, item: &mut Item<'a>) {
    let url = reader.address(tag.attribute("url"));
    let mut source = Channel::default();
    // With an address in its tag it is RSS's, which holds a name; elements after that are its
    // neighbours, unless it is closed behind them.
    let has_elements = url.is_none() || reader.is_closed(&tag);
    let text = reader
        .within_while(
            tag,
            |_, _| has_elements,
            |reader, tag| atom::channel(reader, tag, &mut source),
        )
        .text;
    if !text.is_empty() {
        fill(&mut source.title, Some(super::document::Text::new(text, Kind::Unsaid)));
    }
    if let Some(url) = &url {
        let rel = Some(Raw::Borrowed("self"));
        source.links.push(Link { href: url.clone(), rel, ..Link::default() });
    }
    set(&mut source.link, url);
    source.settle();
    if source != Channel::default() {
        item.source = Some(Box::new(source));
    }
}

/// Whether a channel is one of CDF, which keeps addresses in attributes.
pub(super) fn is_cdf(tag: &Tag<'_>) -> bool {
    is(tag, "channel") && (tag.attribute("href").is_some() || tag.attribute("base").is_some())
}
