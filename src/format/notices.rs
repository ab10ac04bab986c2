//! What an operator should know, as an Atom feed to subscribe to: an entry for each notice of a source,
//! with an id of its own as long as it is so.

use atom_syndication as atom;
use bytes::Bytes;

use super::Document;
use super::atom::{MEDIA_TYPE, link, plain, time, write};
use crate::model::feed::{Shelf, Site};
use crate::model::notice::Notice;
use crate::model::status::{Standing, Status};
use crate::model::time::Timestamp;

/// Writes the feed; the newest notice first.
pub fn render(site: &Site, status: &Status) -> Document {
    let mut all: Vec<(&Standing, Notice)> = Vec::new();
    for source in &status.sources {
        all.extend(source.state.notices(status.now).into_iter().map(|notice| (source, notice)));
    }
    all.sort_by_key(|(source, notice)| {
        (std::cmp::Reverse(notice.since.millis()), source.id.clone())
    });
    // As long as nothing is to be known, nothing changes.
    let beginning = Timestamp::from_millis(0, status.now.offset()).unwrap_or(status.now);
    let updated = all.first().map_or(beginning, |(_, notice)| notice.since);
    let feed = atom::Feed {
        title: plain(&format!("{} · status", site.title)),
        id: Notice::feed(),
        updated: time(site.local(updated)),
        links: vec![
            link("self", format!("{}/status.atom", site.url), Some("application/atom+xml")),
            link("alternate", format!("{}/status", site.url), Some("text/html")),
        ],
        authors: vec![atom::Person { name: site.title.clone(), ..atom::Person::default() }],
        entries: all.iter().map(|(source, notice)| entry(site, source, notice)).collect(),
        ..atom::Feed::default()
    };
    Document { media_type: MEDIA_TYPE, bytes: Bytes::from(write(&feed)) }
}

fn entry(site: &Site, source: &Standing, notice: &Notice) -> atom::Entry {
    let page = format!("{}{}.html", site.url, Shelf::Source(source.id.clone()).path());
    atom::Entry {
        title: plain(&format!("{} is {}", source.title, notice.kind.told())),
        id: notice.urn(&source.id),
        updated: time(site.local(notice.since)),
        links: vec![link("alternate", page, Some("text/html"))],
        summary: Some(plain(&notice.what)),
        ..atom::Entry::default()
    }
}
