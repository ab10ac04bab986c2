//! `Written`: what an answer is written in. Whatever it is, it is read into one JSON value in which
//! the entries stand, so that fields, templates, tests and marks need not know the difference.

use serde_json::Value;

use super::html::Page;
use super::json::Wrapper;
use super::sitemap;

/// What an answer is written in.
#[derive(Debug)]
pub enum Written {
    /// JSON, perhaps wrapped in something.
    Json(Wrapper),
    /// A page: its elements become records of what stands in them.
    Html(Page),
    /// A sitemap (sitemaps.org).
    Sitemap,
}

/// An answer's value.
#[derive(Debug, Default, PartialEq)]
pub struct Answer {
    /// The value that holds the entries.
    pub value: Value,
    /// What stands around the entries, where that is apart from them.
    pub around: Option<Value>,
    /// Whether the answer ended before its value did; what was not finished is left out.
    pub broken_off: bool,
    /// The fault behind which nothing was read, in words.
    pub fault: Option<String>,
    /// Whether it held more than there is room for; what came last is left out.
    pub is_partial: bool,
    /// Further documents of the same kind it names.
    pub parts: Vec<String>,
}

impl Written {
    /// Reads an answer.
    ///
    /// # Errors
    /// In words, when it is not what it should be.
    pub fn read(&self, text: &str) -> Result<Answer, String> {
        match self {
            Written::Json(wrapper) => wrapper.unwrap(text),
            Written::Html(page) => page.read(text),
            Written::Sitemap => sitemap::read(text),
        }
    }
}
