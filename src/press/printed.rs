//! `Printed`: a document with what goes on its outside, made once however many ask for it.
//!
//! Its labels lie ready as the headers that carry them; when they are said is decided elsewhere.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderValue;
use sha2::{Digest, Sha256};

use super::coding::{CODINGS, Coding};
use crate::format::{Document, Format, html};
use crate::model::cut::Cursor;
use crate::model::feed::{Feed, Revision};
use crate::model::time::Timestamp;

/// A document asked for so often is printed again at the next change, unasked, and answers with it lie
/// ready.
const BUSY: u32 = 2;

/// A document with what readers need to ask again only for news.
#[derive(Debug)]
pub struct Printed {
    /// The document.
    pub document: Document,
    /// The last change that may show in it, in whole seconds; never goes back. None where nobody can tell.
    pub last_modified: Option<Timestamp>,
    /// The same as `Last-Modified` has it.
    pub modified: Option<HeaderValue>,
    /// Where it is to be asked for again, as `Link` has it (RFC 8288); of feeds only.
    pub link: Option<HeaderValue>,
    /// Where a reader goes on who asked what came since.
    pub cursor: Option<Cursor>,
    /// Which state of its shelf it shows; of whole feeds only.
    revision: Option<Revision>,
    /// How often it was handed out, as far as that matters.
    asked: AtomicU32,
    pub(super) hash: Hash,
    /// Its tags: as it is, then in each coding.
    tags: Vec<HeaderValue>,
}

/// What tells one document from another: a hash of the bytes, so that it never names two bodies,
/// on no node and after no restart.
pub(super) type Hash = [u8; 16];

impl Printed {
    /// A document as it is handed out, last changed at `at`.
    pub fn new(document: Document, at: Option<Timestamp>) -> Printed {
        let digest = Sha256::digest(&document.bytes);
        let hash = digest[..16].try_into().expect("SHA-256 has 32 bytes");
        let whole = |at: Timestamp| Timestamp::from_seconds(at.seconds(), at.offset());
        let last_modified = at.map(|at| whole(at).unwrap_or(at));
        let hex: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let coded = CODINGS.iter().map(|coding| format!("\"{hex}-{}\"", coding.name()));
        let tags = std::iter::once(format!("\"{hex}\"")).chain(coded);
        let tags = tags.map(|tag| HeaderValue::try_from(tag).expect("hexadecimal digits"));
        Printed {
            document,
            last_modified,
            modified: last_modified.and_then(http_date),
            link: None,
            cursor: None,
            revision: None,
            asked: AtomicU32::new(0),
            hash,
            tags: tags.collect(),
        }
    }

    /// A feed in a format, last changed at `at`.
    pub(super) fn of(feed: &Feed, format: &dyn Format, at: Option<Timestamp>) -> Printed {
        // A page is for people and search engines, as it is; programs read the feeds.
        let is_page = format.name() == html::Html.name();
        let rel = if is_page { "canonical" } else { "self" };
        let hub = feed.hub.as_ref().filter(|_| !is_page);
        let hub = hub.map(|hub| format!("<{hub}>; rel=\"hub\", ")).unwrap_or_default();
        let link = format!("{hub}<{}>; rel=\"{rel}\"", feed.address_as(format.name()));
        let (link, cursor) = (HeaderValue::try_from(link).ok(), feed.cursor);
        Printed { link, cursor, ..Printed::new(format.render(feed), at) }
    }

    /// What tells it from all others: a hash of its bytes.
    pub fn hash(&self) -> &[u8] {
        &self.hash
    }

    /// The same, as what the feed of a shelf is in a state.
    pub(super) fn at(self, revision: Revision) -> Printed {
        Printed { revision: Some(revision), ..self }
    }

    /// Whether it is the whole feed of a shelf in this state. One that stands in for a newer one, since
    /// the store is away, is not.
    pub fn is_of(&self, revision: Revision) -> bool {
        self.revision == Some(revision)
    }

    /// Counts a reader. What all threads count costs each of them more than finding the document did, so
    /// none counts further than matters.
    pub(super) fn count(&self) {
        if !self.is_busy() {
            self.asked.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether it is asked for often.
    pub fn is_busy(&self) -> bool {
        self.asked.load(Ordering::Relaxed) >= BUSY
    }

    /// Its strong entity tag in a coding, quotes included: two codings are two tags (RFC 9110
    /// section 8.8.3.3).
    pub fn etag(&self, coding: Option<Coding>) -> &HeaderValue {
        let other = coding.and_then(|coding| CODINGS.iter().position(|known| *known == coding));
        &self.tags[other.map_or(0, |other| other + 1)]
    }
}

/// A time as HTTP writes it (RFC 9110 section 5.6.7); none before 1970.
pub fn http_date(at: Timestamp) -> Option<HeaderValue> {
    let seconds = u64::try_from(at.seconds()).ok()?;
    let at: SystemTime = UNIX_EPOCH + Duration::from_secs(seconds);
    HeaderValue::try_from(httpdate::fmt_http_date(at)).ok()
}

#[cfg(test)]
mod tests {
    use super::super::fake::time;
    use super::*;

    #[test]
    fn times_as_http_writes_them() {
        assert_eq!(http_date(time(0)).unwrap(), "Fri, 27 May 2022 04:00:00 GMT");
    }
}
