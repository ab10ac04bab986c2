//! Feed → document. Pure and infallible: the same feed gives the same bytes, on every node.

pub mod atom;
pub mod event;
pub mod html;
pub mod json;
pub mod notices;
pub mod opml;
pub mod rss;
pub mod subscriptions;

use bytes::Bytes;

use crate::model::feed::Feed;
use crate::model::item::{Item, Label};

/// Writes a feed in one wire format. Cannot fail.
pub trait Format: Send + Sync {
    /// Its name, which is also the file extension.
    fn name(&self) -> &'static str;

    /// Its media type, with charset.
    fn media_type(&self) -> &'static str;

    /// Writes the document.
    fn render(&self, feed: &Feed) -> Document;
}

/// A rendered document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its media type, with charset.
    pub media_type: &'static str,
    /// Its bytes, UTF-8.
    pub bytes: Bytes,
}

/// Longest plain text that stands for an item's body in lists, in graphemes.
const EXCERPT: usize = 200;

/// The formats programs read.
pub const FEEDS: &[&dyn Format] = &[&rss::Rss, &atom::Atom, &json::Json];

/// All formats: those, and the page for people.
pub const ALL: &[&dyn Format] = &[&rss::Rss, &atom::Atom, &json::Json, &html::Html];

/// The format of that name.
pub fn named(name: &str) -> Option<&'static dyn Format> {
    ALL.iter().copied().find(|format| format.name() == name)
}

/// Upstream's labels that say more than the categories an item stands in: each word once.
fn labels(item: &Item) -> impl Iterator<Item = &Label> {
    item.labels.iter().enumerate().filter_map(|(at, label)| {
        let is_said = item.category_names().any(|name| name == label.term)
            || item.labels[..at].iter().any(|earlier| earlier.term == label.term);
        (!is_said).then_some(label)
    })
}

/// The title of the publication an item was taken from, which is not always the outlet it is by.
fn source_title(item: &Item) -> &str {
    let origin = item.origin.as_ref().map(|origin| origin.title.as_str());
    origin.filter(|title| !title.is_empty()).unwrap_or(&item.source_title)
}

/// Whether this is an `addr-spec` (RFC 5322 section 3.4.1); upstreams write handles and names there too.
fn is_address(email: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "<>()@,;:".contains(c))
    };
    email.split_once('@').is_some_and(|(name, host)| plain(name) && plain(host))
}
