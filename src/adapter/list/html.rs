//! Pages: each element a CSS selector finds becomes a record of what stands in it.
//!
//! A record holds the places the file names and nothing else, each under the name it is written
//! with. The tree lives only while it is read: it belongs to one thread, and is large.

use scraper::{ElementRef, Html, Selector};
use serde_json::{Map, Value, json};

use super::ENTRIES_MOST;
use super::json::start;
use super::written::Answer;
use crate::adapter::select::path::Path;
use crate::adapter::select::place::Place;
use crate::model::text::is_too_deep;

/// The longest page that is read, in bytes; its tree takes some twenty times as much.
const BYTES_MOST: usize = 4 << 20;
/// Where a page says its relative addresses start.
pub const BASE: &str = "base@href";

/// How a page is read.
#[derive(Debug)]
pub struct Page {
    /// Which elements are entries, as written; the whole page when not said.
    items: Option<(String, Selector)>,
    places: Vec<(String, Place)>,
    around: Vec<(String, Place)>,
}

impl Page {
    /// A page whose entries are these elements; `places` are looked for in each, `around` in the page.
    pub fn new<'p>(
        items: Option<(String, Selector)>,
        places: impl Iterator<Item = &'p Path>,
        around: impl Iterator<Item = &'p Path>,
    ) -> Page {
        let mut around = named(around);
        around.extend(Place::parse(BASE).map(|place| (BASE.to_owned(), place)));
        Page { items, places: named(places), around }
    }

    /// Reads a page.
    ///
    /// # Errors
    /// In words, when it is too much of one or has no entry.
    pub fn read(&self, text: &str) -> Result<Answer, String> {
        if text.trim().is_empty() {
            return Err("the page is empty".to_owned());
        }
        if text.len() > BYTES_MOST {
            return Err(format!("the page is longer than {BYTES_MOST} bytes"));
        }
        if is_too_deep(text) {
            return Err("the page nests deeper than any page people write".to_owned());
        }
        let page = Html::parse_document(text);
        let root = page.root_element();
        let records: Vec<Value> = match &self.items {
            None => vec![record(&self.places, root)],
            Some((_, items)) => {
                let elements = page.select(items).take(ENTRIES_MOST + 1);
                elements.map(|element| record(&self.places, element)).collect()
            }
        };
        if let (true, Some((written, _))) = (records.is_empty(), &self.items) {
            return Err(format!("the page has no `{written}`; {}", titled(root)));
        }
        let around = Some(record(&self.around, root));
        Ok(Answer { value: json!({ "items": records }), around, ..Answer::default() })
    }
}

/// The places by their names, each once. What is no place stands in a template for a word of ours.
fn named<'p>(paths: impl Iterator<Item = &'p Path>) -> Vec<(String, Place)> {
    let mut places: Vec<(String, Place)> = Vec::new();
    for path in paths {
        let name = path.as_str();
        if places.iter().any(|(known, _)| known == name) {
            continue;
        }
        places.extend(Place::parse(name).map(|place| (name.to_owned(), place)));
    }
    places
}

fn record(places: &[(String, Place)], element: ElementRef<'_>) -> Value {
    let found = places.iter().map(|(name, place)| (name.clone(), place.find(element)));
    let found = found.filter(|(_, values)| !values.is_empty());
    Value::Object(found.map(|(name, values)| (name, values.into())).collect::<Map<_, _>>())
}

/// What a page is called: a login, a block and an error often say so themselves.
fn titled(root: ElementRef<'_>) -> String {
    let title = Place::parse("title").ok().and_then(|title| title.find(root).into_iter().next());
    match title {
        Some(title) => format!("its title is “{}”", start(&title)),
        None => "it has no title either".to_owned(),
    }
}
