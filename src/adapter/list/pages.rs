//! Paging: which page is asked next, and when to stop.
//!
//! ```toml
//! [source.page]
//! url = "https://a.example/list?page={page}"   # the source's own url when that has {page} or {cursor}
//! start = 1
//! most = 5                                     # pages a poll
//! cursor = "data.sortEnd"                      # where an answer says what {cursor} is next
//! ```
//! Stopping at a page that shows an entry already known is not decided here: only memory knows.

use http::Uri;
use serde_json::Value;
use url::Url;

use crate::adapter::question::Question;
use crate::adapter::select;
use crate::adapter::select::path::{Language, Path, words};
use crate::adapter::select::template::Template;
use crate::adapter::setting::{Mistake, Reader, Setting};
use crate::model::time::Timestamp;

/// Which pages a poll asks.
#[derive(Clone, Debug)]
pub struct Pages {
    url: Option<Template>,
    start: i64,
    most: i64,
    cursor: Option<Path>,
}

/// Which page was asked, and how; it travels inside the request, so that reading an answer needs
/// nothing but the question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The source's address as the file has it.
    pub address: String,
    /// The page's number.
    pub page: i64,
    /// What the page before said comes next.
    pub cursor: String,
    /// What was found where a lead goes; none before it was followed.
    pub lead: Option<String>,
    /// Sitemaps that are still to be asked.
    pub waiting: Vec<Uri>,
    /// The time of the poll.
    pub now: Timestamp,
}

/// What can stand in braces in an address or a body that is not an entry's.
pub const WORDS: &[&str] = &["page", "cursor", "lead", "now_ms", "now_s"];

impl Turn {
    /// The first turn of a poll at `now`.
    pub fn new(address: String, pages: Option<&Pages>, now: Timestamp) -> Turn {
        Turn {
            address,
            page: pages.map_or(1, Pages::start),
            cursor: String::new(),
            lead: None,
            waiting: Vec::new(),
            now,
        }
    }

    /// The value of one of `WORDS`.
    pub fn value(&self, word: &Path) -> Option<String> {
        match word.as_str() {
            "page" => Some(self.page.to_string()),
            "cursor" => Some(self.cursor.clone()),
            "lead" => self.lead.clone(),
            "now_ms" => Some(self.now.millis().to_string()),
            "now_s" => Some(self.now.seconds().to_string()),
            _ => None,
        }
    }

    /// The address of this page, as `template` writes it.
    pub fn address(&self, template: &Template, base: Option<&Url>) -> Result<Url, String> {
        let address = template.address(base, |word| self.value(word))?;
        address.ok_or_else(|| format!("only {} can stand in braces here", WORDS.join(", ")))
    }
}

impl Pages {
    /// Reads `[source.page]`; `own` is the source's own address.
    pub fn read(
        setting: &Setting,
        own: Option<&Template>,
        question: &Question,
        language: Language,
        mistakes: &mut Vec<Mistake>,
    ) -> Pages {
        let mut reader = Reader::new(setting, mistakes);
        let url = reader.read("url", address);
        let start = reader.integer("start", 0..=1_000_000).unwrap_or(1);
        let most = reader.integer("most", 1..=1_000).unwrap_or(5);
        let cursor = reader.read("cursor", |setting| select::path(setting, language));
        let turns = |template: &Template| {
            template.paths().any(|path| matches!(path.as_str(), "page" | "cursor"))
        };
        let is_turned = question.holds(&["page", "cursor"]);
        if !is_turned && !url.as_ref().or(own).is_some_and(turns) {
            reader.note(
                setting,
                "`url` (or `body`) should hold {page} or {cursor}, else every page is the same",
            );
        }
        let has_cursor =
            |template: &Template| template.paths().any(|path| path.as_str() == "cursor");
        let uses_cursor =
            question.holds(&["cursor"]) || url.as_ref().or(own).is_some_and(has_cursor);
        if uses_cursor && cursor.is_none() {
            reader.note(
                setting,
                "`cursor` is missing here: where an answer says what {cursor} is next",
            );
        }
        reader.finish();
        Pages { url, start, most, cursor }
    }

    /// Where an answer says what comes next.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.cursor.iter()
    }

    /// The number of the first page.
    pub fn start(&self) -> i64 {
        self.start
    }

    /// The turn after this one, if there is one, and the template of its address.
    pub fn next(&self, turn: &Turn, around: &Value) -> Option<(Turn, Option<&Template>)> {
        if turn.page.checked_sub(self.start)?.checked_add(1)? >= self.most {
            return None;
        }
        let cursor = match &self.cursor {
            None => String::new(),
            Some(path) => path.find(around).into_iter().flat_map(words).next()?,
        };
        if self.cursor.is_some() && cursor == turn.cursor {
            return None; // An upstream that repeats its cursor repeats its page.
        }
        let next = Turn { page: turn.page + 1, cursor, ..turn.clone() };
        Some((next, self.url.as_ref()))
    }
}

/// Reads an address in which only `WORDS` stand in braces.
pub fn address(setting: &Setting) -> Result<Template, Mistake> {
    let template = select::template(setting, Language::Json)?;
    let unknown = template.paths().find(|path| !WORDS.contains(&path.as_str()));
    match unknown {
        None => Ok(template),
        Some(path) => Err(Mistake::at(
            setting,
            format!(
                "`{{{}}}` is unknown here; known are {{{}}}",
                path.as_str(),
                WORDS.join("}, {")
            ),
        )),
    }
}
