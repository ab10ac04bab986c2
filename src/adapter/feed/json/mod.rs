//! JSON Feed 1 and 1.1 (jsonfeed.org): one row for each name.
//!
//! Types are coerced where people get them wrong: an id is often a number, a lone author often no
//! list. An item that is no object costs only itself.

mod value;

use super::document::{
    Category, Channel, Document, Enclosure, Format, ITEMS, Item, Link, Person, Raw, Text, add, fill,
};
use crate::adapter::{Problem, list, mend};
use crate::model::text::Kind;
use value::Json;

/// Reads a JSON Feed; other JSON is refused, in plain words.
pub(super) fn read(text: &str) -> Result<Document<'_>, String> {
    match Json::read(&mut serde_json::Deserializer::from_str(text)) {
        Ok(json) => document(json),
        Err(fault) => mended(text, &fault),
    }
}

/// Reads a JSON Feed in a call or behind a guard; none where there is no such thing.
pub(super) fn wrapped(text: &str) -> Option<Result<Document<'_>, String>> {
    let inside = list::unwrapped(text).ok()?;
    inside.starts_with('{').then(|| read(inside))
}

/// Reads a document a strict reader refused. An item that was begun and not finished is left out.
fn mended(text: &str, fault: &serde_json::Error) -> Result<Document<'static>, String> {
    let strict =
        |text: &str| Json::read(&mut serde_json::Deserializer::from_reader(text.as_bytes()));
    let read = mend::read(text, strict)
        .ok_or_else(|| format!("this is JSON with a fault no reader gets over: {fault}"))?;
    let mut document = document(read.value)?;
    match read.fault {
        Some(what) => document.note(Problem::of_document(what)),
        None if read.broken_off => document.cut(),
        None => document.note(Problem::of_document(format!("its JSON had to be mended: {fault}"))),
    }
    Ok(document)
}

fn document(mut json: Json<'_>) -> Result<Document<'_>, String> {
    let (version, items) = (json.take("version").word(), json.take("items"));
    let is_feed = version.is_some_and(|version| version.contains("jsonfeed"));
    let (items, surplus) =
        match items {
            Json::List(items, surplus) => (items, surplus),
            // A lone item, or what PHP makes of a list with gaps: items by their numbers.
            Json::Table(table) if is_feed => {
                let is_numbered = table.iter().all(|(_, value)| matches!(value, Json::Table(_)));
                match is_numbered {
                    true => (table.into_iter().map(|(_, item)| item).take(ITEMS).collect(), 0),
                    false => (vec![Json::Table(table)], 0),
                }
            }
            _ if is_feed => (Vec::new(), 0),
            _ => return Err(
                "this is JSON, but no JSON Feed: it has neither its version nor a list of items"
                    .to_owned(),
            ),
        };
    let mut document =
        Document { format: Format::Json, channel: channel(json), ..Document::default() };
    for (position, json) in items.into_iter().enumerate() {
        if matches!(json, Json::Table(_)) {
            document.items.push(item(json));
        } else {
            document.note(Problem::of_document(format!("item {position} is no object")));
        }
    }
    if surplus > 0 {
        let what = format!("{surplus} items more than the {ITEMS} kept of one document");
        document.note(Problem::of_document(what));
    }
    Ok(document)
}

fn channel(mut json: Json<'_>) -> Channel<'_> {
    let mut channel = Channel {
        title: text(json.take("title"), Kind::Plain),
        subtitle: text(json.take("description"), Kind::Plain),
        link: json.take("home_page_url").word(),
        language: json.take("language").word(),
        authors: people(&mut json),
        icon: json.take("favicon").word(),
        logo: json.take("icon").word(),
        ..Channel::default()
    };
    let page = channel.link.clone();
    channel.links.extend(page.map(|href| Link { href, ..Link::default() }));
    channel.links.extend(link(json.take("feed_url"), "self"));
    channel.links.extend(link(json.take("next_url"), "next"));
    for mut hub in json.take("hubs").list() {
        channel.links.extend(link(hub.take("url"), "hub"));
    }
    channel
}

fn item(mut json: Json<'_>) -> Item<'_> {
    let html = text(json.take("content_html"), Kind::Html);
    let mut item = Item {
        id: json.take("id").word(),
        link: json.take("url").word(),
        title: text(json.take("title"), Kind::Plain),
        summary: text(json.take("summary"), Kind::Plain),
        content: html.or_else(|| text(json.take("content_text"), Kind::Plain)),
        published: json.take("date_published").word(),
        updated: json.take("date_modified").word(),
        authors: people(&mut json),
        image: address(json.take("image")).or_else(|| address(json.take("banner_image"))),
        language: json.take("language").word(),
        ..Item::default()
    };
    let page = item.link.clone();
    item.links.extend(page.map(|href| Link { href, ..Link::default() }));
    let elsewhere = link(json.take("external_url"), "related");
    fill(&mut item.link, elsewhere.as_ref().map(|link| link.href.clone()));
    item.links.extend(elsewhere);
    for term in json.take("tags").list().into_iter().filter_map(Json::word) {
        add(&mut item.categories, Category { term, ..Category::default() });
    }
    for mut file in json.take("attachments").list() {
        let (media_type, length) =
            (file.take("mime_type").word(), file.take("size_in_bytes").number());
        let Some(href) = address(file) else { continue };
        add(&mut item.enclosures, Enclosure { href, media_type, length });
    }
    item
}

/// A text; one in pieces is joined.
fn text(json: Json<'_>, kind: Kind) -> Option<Text<'_>> {
    let raw = match json {
        Json::List(pieces, _) => {
            let words: Vec<_> = pieces.into_iter().filter_map(Json::word).collect();
            Some(Raw::Owned(words.join("\n"))).filter(|text| !text.is_empty())
        }
        one => one.word(),
    };
    raw.map(|raw| Text::new(raw, kind))
}

/// An address, alone or in a table.
fn address(mut json: Json<'_>) -> Option<Raw<'_>> {
    match json {
        Json::Table(_) => json.take("url").word(),
        word => word.word(),
    }
}

fn link<'a>(json: Json<'a>, rel: &'static str) -> Option<Link<'a>> {
    json.word().map(|href| Link { href, rel: Some(Raw::Borrowed(rel)), ..Link::default() })
}

/// `authors` of 1.1, else `author` of 1; some write the name alone.
fn people<'a>(json: &mut Json<'a>) -> Vec<Person<'a>> {
    let (many, one) = (json.take("authors").list(), json.take("author").list());
    let listed = if many.is_empty() { one } else { many };
    let people = listed.into_iter().map(|mut person| match person {
        Json::Word(_) => person.word().map(Person::parse).unwrap_or_default(),
        _ => Person {
            name: person.take("name").word(),
            email: person.take("email").word(),
            url: person.take("url").word(),
        },
    });
    people.filter(|person| !person.is_empty()).collect()
}
