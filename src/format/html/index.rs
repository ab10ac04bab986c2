//! The front page: categories with their newest headlines, views, sources.

use askama::Template;

use super::{Frame, Line, Moment, Subscribable, subscribable, write};
use crate::format::Document;
use crate::model::feed::{Catalogue, Headline, Shelf, ShelfHead};

/// Writes the front page. `newest` holds the headlines of the categories that are shown with some;
/// the others are named below.
pub fn index(catalogue: &Catalogue, newest: &[(&ShelfHead, &[Headline])]) -> Document {
    let site = &catalogue.site;
    let frame = Frame::new(&site.title, site.language.as_deref());
    let named = |kind: fn(&Shelf) -> bool| {
        let is_shown =
            |head: &&ShelfHead| newest.iter().any(|(shown, _)| shown.shelf == head.shelf);
        let heads = catalogue.shelves.iter().filter(|head| kind(&head.shelf));
        heads.filter(|head| !is_shown(head)).map(Name::of).collect()
    };
    let page = Index {
        description: site.description.as_deref(),
        address: format!("{}/", site.url),
        updated: Moment::of(catalogue.updated),
        everything: subscribable(&site.url, "/all", ""),
        sections: newest
            .iter()
            .map(|(head, lines)| Section::of(head, lines, &frame, catalogue))
            .collect(),
        views: named(|shelf| matches!(shelf, Shelf::View(_))),
        sources: named(|shelf| matches!(shelf, Shelf::Source(_))),
        more: named(|shelf| matches!(shelf, Shelf::Category(_))),
        frame,
    };
    write(&page)
}

#[derive(Template)]
#[template(path = "index.html")]
struct Index<'a> {
    frame: Frame<'a>,
    description: Option<&'a str>,
    address: String,
    updated: Moment,
    everything: Vec<Subscribable>,
    sections: Vec<Section<'a>>,
    views: Vec<Name<'a>>,
    sources: Vec<Name<'a>>,
    more: Vec<Name<'a>>,
}

/// A category with headlines.
struct Section<'a> {
    title: &'a str,
    anchor: String,
    path: String,
    lines: Vec<Line<'a>>,
}

/// A shelf that is only named.
struct Name<'a> {
    title: &'a str,
    description: Option<&'a str>,
    path: String,
}

impl<'a> Section<'a> {
    fn of(
        head: &'a ShelfHead,
        lines: &'a [Headline],
        frame: &Frame<'_>,
        catalogue: &Catalogue,
    ) -> Section<'a> {
        let line = |line: &'a Headline| Line {
            title: line.title.as_str(),
            page: format!("/item/{}", line.id),
            published: line.published.rfc3339(),
            time: Moment::beside(line.published, catalogue.updated),
            language: frame.foreign(line.language.as_deref()),
        };
        Section {
            title: &head.title,
            anchor: head.shelf.anchor(),
            path: head.shelf.path(),
            lines: lines.iter().map(line).collect(),
        }
    }
}

impl<'a> Name<'a> {
    fn of(head: &'a ShelfHead) -> Name<'a> {
        let description = head.description.as_deref();
        Name { title: &head.title, description, path: head.shelf.path() }
    }
}
