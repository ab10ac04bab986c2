//! What an operator should know, as an Atom feed to subscribe to: an entry for each notice of a source or subscription,
//! with an id of its own as long as it is so.

use atom_syndication as atom;
use bytes::Bytes;

use super::Document;
use super::atom::{MEDIA_TYPE, link, plain, time, write};
use crate::model::feed::{Shelf, Site};
use crate::model::notice::Notice;
use crate::model::status::Status;
use crate::model::time::Timestamp;

/// Writes the feed; the newest notice first.
pub fn render(site: &Site, status: &Status) -> Document {
    let mut all: Vec<About> = Vec::new();
    for source in &status.sources {
        let page = format!("{}{}.html", site.url, Shelf::Source(source.id.clone()).path());
        let about = |notice| About {
            id: source.id.as_str().to_owned(),
            title: source.title.clone(),
            page: page.clone(),
            notice,
        };
        all.extend(source.state.notices(status.now).into_iter().map(about));
    }
    all.extend(status.subscriptions.iter().map(|(id, notice)| About {
        id: format!("webhook {id}"),
        title: format!("webhook {id}"),
        page: format!("{}/status", site.url),
        notice: notice.clone(),
    }));
    all.sort_by_key(|about| (std::cmp::Reverse(about.notice.since.millis()), about.id.clone()));
    // As long as nothing is to be known, nothing changes.
    let beginning = Timestamp::from_millis(0, status.now.offset()).unwrap_or(status.now);
    let updated = all.first().map_or(beginning, |about| about.notice.since);
    let feed = atom::Feed {
        title: plain(&format!("{} · status", site.title)),
        id: Notice::feed(),
        updated: time(site.local(updated)),
        links: vec![
            link("self", format!("{}/status.atom", site.url), Some("application/atom+xml")),
            link("alternate", format!("{}/status", site.url), Some("text/html")),
        ],
        authors: vec![atom::Person { name: site.title.clone(), ..atom::Person::default() }],
        entries: all.iter().map(|about| entry(site, about)).collect(),
        ..atom::Feed::default()
    };
    Document { media_type: MEDIA_TYPE, bytes: Bytes::from(write(&feed)) }
}

/// A notice, and what it is about.
struct About {
    id: String,
    title: String,
    page: String,
    notice: Notice,
}

fn entry(site: &Site, about: &About) -> atom::Entry {
    let About { id, title, page, notice } = about;
    atom::Entry {
        title: plain(&format!("{title} is {}", notice.kind.told())),
        id: notice.urn(id),
        updated: time(site.local(notice.since)),
        links: vec![link("alternate", page.clone(), Some("text/html"))],
        summary: Some(plain(&notice.what)),
        ..atom::Entry::default()
    }
}
