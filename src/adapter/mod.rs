//! Bytes of a source → entries. Pure: an adapter says what to ask and reads what came back;
//! it never touches the network, a clock or a file.
//!
//! Bad input is data: `parse` never fails, it returns what it could read and a list of problems.

pub mod decode;
pub mod feed;
pub mod full_text;
pub mod list;
mod mend;
pub mod posts;
pub mod question;
pub mod select;
pub mod setting;
#[cfg(test)]
mod testing;

use std::fmt;

use bytes::Bytes;

use crate::model::draft::Draft;
use crate::model::pause::Pause;
use crate::model::source::{Mark, Source};
use crate::model::time::Timestamp;

pub use setting::{Mistake, Setting};

/// What is sent out; the currency at the border is the `http` crate's.
pub type Request = http::Request<Bytes>;
/// What came back.
pub type Response = http::Response<Bytes>;

/// Knows one kind of upstream.
pub trait Adapter: Send + Sync {
    /// What to ask for this source. `now` is only for templates such as `{now_ms}`.
    fn asks(&self, source: &Source, now: Timestamp) -> Vec<Ask>;

    /// Reads an answer. `at` is where it came from, after redirects.
    fn parse(&self, ask: &Ask, at: &str, response: &Response) -> Parsed;
}

/// A question to an upstream.
#[derive(Clone, Debug)]
pub struct Ask {
    /// What is sent.
    pub request: Request,
    /// The entry it completes, when it asks a detail.
    pub of: Option<Box<Entry>>,
    /// Whether its answer only leads to another question, which is then asked whether or not this
    /// answer is as before.
    pub leads_on: bool,
}

impl Ask {
    /// Asks a list.
    pub fn list(request: Request) -> Ask {
        Ask { request, of: None, leads_on: false }
    }

    /// Asks what completes an entry.
    pub fn detail(request: Request, of: Entry) -> Ask {
        Ask { request, of: Some(Box::new(of)), leads_on: false }
    }
}

/// What a source's list shows, before it is an item.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name and looks.
    pub mark: Mark,
    /// Its fields, raw.
    pub draft: Draft,
    /// The question that completes it.
    pub follow: Option<Request>,
}

/// What an adapter read in an answer.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// What the document says of itself.
    pub about: About,
    /// In the document's order.
    pub entries: Vec<Entry>,
    /// The next page.
    pub next: Option<Request>,
    /// What could not be used.
    pub problems: Vec<Problem>,
    /// Whether these entries are all there is, so that a missing one is gone (a folder).
    pub whole: bool,
    /// Whether the document breaks off, so that it should be asked for again as if it had not come.
    pub is_cut: bool,
}

impl Parsed {
    /// An answer of which nothing could be used.
    pub fn unusable(what: impl Into<String>) -> Parsed {
        Parsed { problems: vec![Problem::of_document(what)], ..Parsed::default() }
    }
}

/// What a document says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Its title.
    pub title: Option<String>,
    /// Its own identifier (Atom `id`, RDF `rdf:about`).
    pub id: Option<String>,
    /// BCP 47 language tag.
    pub language: Option<String>,
    /// Its site.
    pub link: Option<String>,
    /// When it does not want to be asked for.
    pub pause: Pause,
    /// The hub it names, which tells of its changes.
    pub hub: Option<String>,
    /// Its own address, as it gives it.
    pub itself: Option<String>,
    /// How its bytes became text, for `preview`: the encoding, and why that one.
    pub encoding: Option<String>,
}

/// Why an entry or a part of an answer was not usable; data, not failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which entry, counted from zero; none when it is the document.
    pub entry: Option<usize>,
    /// Which field.
    pub field: Option<&'static str>,
    /// What is wrong, in plain words.
    pub what: String,
}

impl Problem {
    /// Of the document as a whole.
    pub fn of_document(what: impl Into<String>) -> Problem {
        Problem { entry: None, field: None, what: what.into() }
    }

    /// Of one entry.
    pub fn of_entry(entry: usize, field: Option<&'static str>, what: impl Into<String>) -> Problem {
        Problem { entry: Some(entry), field, what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.entry, self.field) {
            (Some(entry), Some(field)) => write!(f, "entry {}, {field}: {}", entry + 1, self.what),
            (Some(entry), None) => write!(f, "entry {}: {}", entry + 1, self.what),
            (None, Some(field)) => write!(f, "{field}: {}", self.what),
            (None, None) => f.write_str(&self.what),
        }
    }
}

/// A kind of adapter, as `kind = "…"` in the file names it.
pub struct Kind {
    /// The word in the file.
    pub name: &'static str,
    /// Keys of a `[[source]]` table that belong to this kind.
    pub keys: &'static [&'static str],
    /// Builds the adapter from the source's table; all mistakes at once.
    pub build: fn(&Setting) -> Built,
}

/// An adapter, or every mistake in its source's table.
pub type Built = Result<Box<dyn Adapter>, Vec<Mistake>>;

/// All kinds.
pub const ALL: &[Kind] = &[feed::KIND, list::JSON, list::HTML, list::SITEMAP, posts::KIND];
