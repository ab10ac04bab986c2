//! Feed → document. Pure and infallible: the same feed gives the same bytes, on every node.

pub mod atom;
pub mod html;
pub mod json;
pub mod opml;
pub mod rss;

use bytes::Bytes;

use crate::model::feed::Feed;

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

/// All formats.
pub const ALL: &[&dyn Format] = &[&rss::Rss, &atom::Atom, &json::Json];

/// The format of that name.
pub fn named(name: &str) -> Option<&'static dyn Format> {
    ALL.iter().copied().find(|format| format.name() == name)
}
