//! The `feed` kind: RSS 0.9x to 2.0, RDF, Atom 0.3 and 1.0, CDF and JSON Feed, told by content.
//!
//! `read` makes a `Document` of text, tolerant of everything real feeds do; one file a format
//! holds its table of elements. `entry` makes drafts of a document. Nothing is sanitised, no time
//! is read and no title is invented here: that is `Draft::refine`, for all adapters alike.

mod atom;
mod attributes;
mod base;
mod base64;
pub mod document;
mod element;
mod entry;
mod extension;
mod json;
mod markup;
mod name;
pub(super) mod page;
mod person;
mod read;
mod reader;
pub(super) mod reference;
mod rss;
pub(super) mod xml;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use url::Url;

use super::question::Question;
use super::setting::{Reader, Value};
use super::{Adapter, Ask, Built, Kind, Mistake, Parsed, Response, Setting, decode};
use crate::model::source::{LISTING, Source};
use crate::model::time::Timestamp;
use entry::Category;

pub use read::read;

/// Feeds, in whatever format.
pub const KIND: Kind = Kind { name: "feed", keys: &["headers", "category"], build };

/// What we take, the richest first (RFC 9110 section 12.5.1); servers that know nothing of feeds still answer.
const ACCEPTED: &str = "application/atom+xml, application/rss+xml, application/feed+json, \
    application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1";

/// Reads feeds.
struct Feed {
    question: Question,
    category: Category,
}

fn build(setting: &Setting) -> Built {
    let mut mistakes = Vec::new();
    let mut reader = Reader::new(setting, &mut mistakes);
    let question = Question::get(&mut reader);
    let category = reader.read("category", category).unwrap_or(Category::None);
    match mistakes.is_empty() {
        true => Ok(Box::new(Feed { question, category })),
        false => Err(mistakes),
    }
}

fn category(setting: &Setting) -> Result<Category, Mistake> {
    match &setting.value {
        Value::String(word) if word == "label" => Ok(Category::Label),
        Value::String(word) if word == "outlet" || word == "source" => Ok(Category::Outlet),
        _ => {
            let what = "category of a feed is \"label\" (what it files an item under) or \"outlet\" (the publication it names)";
            Err(Mistake::at(setting, what))
        }
    }
}

impl Adapter for Feed {
    fn asks(&self, source: &Source, _: Timestamp) -> Vec<Ask> {
        let mut request = self.question.put(source.url.clone(), |_| None);
        request.headers_mut().entry(ACCEPT).or_insert(HeaderValue::from_static(ACCEPTED));
        vec![Ask::list(request)]
    }

    fn parse(&self, _: &Ask, at: &str, response: &Response) -> Parsed {
        let content_type =
            response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if content_type.is_some_and(|kind| kind.starts_with(LISTING)) {
            return Parsed::unusable(
                "this is a folder; `kind = \"posts\"` reads one, a feed is one file",
            );
        }
        let decoded = decode::decode(response.body(), content_type);
        let encoding = format!("{}: {}", decoded.encoding, decoded.why);
        let at = Url::parse(at).ok();
        let mut parsed = match read(&decoded.text, at.as_ref()) {
            Ok(document) => entry::parsed(document, at.as_ref(), self.category),
            Err(what) => Parsed::unusable(what),
        };
        parsed.about.encoding = Some(encoding);
        parsed
    }
}

#[cfg(test)]
mod tests;
