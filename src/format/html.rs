//! Pages for people: the index with autodiscovery links, and an item by itself. No scripts; one stylesheet of ours.

use askama::Template;
use bytes::Bytes;

use super::Document;
use crate::model::feed::{Catalogue, Shelf, ShelfHead, Site};
use crate::model::item::Item;

const MEDIA_TYPE: &str = "text/html; charset=utf-8";

/// The stylesheet all pages share.
pub fn style() -> Document {
    Document {
        media_type: "text/css; charset=utf-8",
        bytes: Bytes::from_static(include_bytes!("html/style.css")),
    }
}

/// The index: every category with its newest items, which `newest` holds, and the sources.
pub fn index(catalogue: &Catalogue, newest: &[(ShelfHead, Vec<Item>)]) -> Document {
    let sources = catalogue.shelves.iter().filter(|head| matches!(head.shelf, Shelf::Source(_)));
    let page = Index {
        site: &catalogue.site,
        language: catalogue.site.language.as_deref().unwrap_or("zh-CN"),
        updated: catalogue.updated.rfc3339(),
        categories: newest.iter().map(|(head, items)| Section::new(head, items)).collect(),
        sources: sources.map(|head| Section::new(head, &[])).collect(),
    };
    write(&page)
}

/// The page of one item, with the articles it speaks of.
pub fn item(site: &Site, item: &Item, related: &[Item]) -> Document {
    let page = ItemPage {
        site,
        language: item.language.as_deref().or(site.language.as_deref()).unwrap_or("zh-CN"),
        published: item.published.rfc3339(),
        time: item.published.chrono().format("%Y-%m-%d %H:%M %:z").to_string(),
        description: item.excerpt(160).unwrap_or_default(),
        related: related.iter().map(Line::new).collect(),
        item,
    };
    write(&page)
}

fn write(page: &impl Template) -> Document {
    let html = page.render().expect("our templates write to memory, which cannot fail");
    Document { media_type: MEDIA_TYPE, bytes: Bytes::from(html) }
}

#[derive(Template)]
#[template(path = "index.html")]
struct Index<'a> {
    site: &'a Site,
    language: &'a str,
    updated: String,
    categories: Vec<Section<'a>>,
    sources: Vec<Section<'a>>,
}

#[derive(Template)]
#[template(path = "item.html")]
struct ItemPage<'a> {
    site: &'a Site,
    language: &'a str,
    published: String,
    time: String,
    description: String,
    related: Vec<Line<'a>>,
    item: &'a Item,
}

/// A shelf on the index.
struct Section<'a> {
    title: &'a str,
    anchor: String,
    path: String,
    lines: Vec<Line<'a>>,
}

/// An item in a list.
struct Line<'a> {
    title: &'a str,
    page: String,
    published: String,
    time: String,
}

impl<'a> Section<'a> {
    fn new(head: &'a ShelfHead, items: &'a [Item]) -> Section<'a> {
        Section {
            title: &head.title,
            anchor: head.shelf.anchor(),
            path: head.shelf.path(),
            lines: items.iter().map(Line::new).collect(),
        }
    }
}

impl<'a> Line<'a> {
    fn new(item: &'a Item) -> Line<'a> {
        Line {
            title: item.title.as_str(),
            page: format!("/item/{}", item.id),
            published: item.published.rfc3339(),
            time: item.published.chrono().format("%m-%d %H:%M").to_string(),
        }
    }
}
