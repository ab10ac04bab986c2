//! The `feed` kind: RSS 0.9x to 2.0, RDF, Atom 0.3 and 1.0, CDF and JSON Feed, told by content.
//!
//! `read` makes a `Document` of text, tolerant of everything real feeds do; one file a format
//! holds its table of elements. `entry` makes drafts of a document. Nothing is sanitised, no time
//! is read and no title is invented here: that is `Draft::refine`, for all adapters alike.

mod atom;
mod base64;
pub mod document;
mod element;
mod entry;
mod extension;
mod json;
mod markup;
mod name;
mod page;
mod person;
mod read;
mod reader;
mod reference;
mod rss;
mod xml;

use http::header::{ACCEPT, CONTENT_TYPE};
use url::Url;

use super::setting::Value;
use super::{Adapter, Ask, Kind, Mistake, Parsed, Response, Setting, decode};
use crate::model::source::Source;
use crate::model::time::Timestamp;
use entry::Category;

pub use read::read;

/// Feeds, in whatever format.
pub const KIND: Kind = Kind { name: "feed", keys: &["category"], build };

/// What we take, the richest first (RFC 9110 section 12.5.1); servers that know nothing of feeds still answer.
const ACCEPTED: &str = "application/atom+xml, application/rss+xml, application/feed+json, \
    application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1";

/// Reads feeds.
struct Feed {
    category: Category,
}

fn build(setting: &Setting) -> Result<Box<dyn Adapter>, Vec<Mistake>> {
    let Value::Table(table) = &setting.value else {
        return Err(vec![Mistake::at(setting, "a source is a table")]);
    };
    let category = table.iter().find(|(name, _)| name.text == "category").map(|(_, value)| value);
    let category = match category {
        None => Category::None,
        Some(Setting { value: Value::String(word), .. }) if word == "label" => Category::Label,
        Some(Setting { value: Value::String(word), .. })
            if word == "outlet" || word == "source" =>
        {
            Category::Outlet
        }
        Some(other) => {
            let what = "category of a feed is \"label\" (what it files an item under) or \"outlet\" (the publication it names)";
            return Err(vec![Mistake::at(other, what)]);
        }
    };
    Ok(Box::new(Feed { category }))
}

impl Adapter for Feed {
    fn asks(&self, source: &Source, _: Timestamp) -> Vec<Ask> {
        let request = http::Request::get(source.url.clone())
            .header(ACCEPT, ACCEPTED)
            .body(Default::default());
        let request = request.expect("a source's address and a constant header make a request");
        vec![Ask { request, of: None }]
    }

    fn parse(&self, _: &Ask, at: &str, response: &Response) -> Parsed {
        let content_type =
            response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
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
