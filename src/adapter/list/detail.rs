//! A detail: the answer that completes an entry, and how it is read.

use serde_json::Value;

use super::json::start;
use super::written::Written;
use crate::adapter::select::fields::Fields;
use crate::adapter::select::path::{Path, words};
use crate::adapter::select::template::{Manner, Template};
use crate::adapter::{Entry, Parsed, Problem};
use crate::model::draft::Draft;

/// How the answer is read that completes an entry.
#[derive(Debug)]
pub struct Detail {
    /// Where it is asked.
    pub url: Template,
    /// What it is written in.
    pub written: Written,
    /// Where in it the entry stands.
    pub item: Path,
    /// Where the entry's fields stand.
    pub fields: Fields,
    /// Marks in its body that stand for something else of the answer.
    pub fill: Vec<Fill>,
}

/// A mark such as `<!--IMG#0-->` in a body, one for each value of a list.
#[derive(Debug)]
pub struct Fill {
    /// The mark, with `{n}` for the value's place in the list, from zero.
    pub mark: String,
    /// Where the values stand.
    pub from: Path,
    /// What is put in the mark's place.
    pub template: Template,
}

/// Values of one list put into a body, at most.
const FILLED_MOST: usize = 100;

impl Detail {
    /// The entry completed by its detail. An answer that holds nothing of what was asked completes
    /// it too, with a problem: asked again it would say the same. One that cannot be read at all
    /// yields no entry, so that it is asked again.
    pub fn complete(&self, entry: &Entry, text: &str) -> Parsed {
        let answer = match self.written.read(text) {
            Ok(answer) if !answer.broken_off => answer.value,
            Ok(_) => return Parsed::unusable("the detail breaks off"),
            Err(what) => return Parsed::unusable(format!("the detail: {what}")),
        };
        let mut entry = Entry { follow: None, ..entry.clone() };
        let objects = self.item.find(&answer);
        let found = objects.first().map_or(0, |object| self.fields.fill(object, &mut entry.draft));
        if let (Some(object), Some(content)) = (objects.first(), &mut entry.draft.content) {
            for fill in &self.fill {
                fill.put(object, &mut content.raw);
            }
        }
        anchor(&mut entry.draft);
        let mut parsed = Parsed { entries: vec![entry], ..Parsed::default() };
        if found == 0 {
            let what = format!(
                "its detail has nothing of what was asked; it is {}",
                start(&answer.to_string())
            );
            parsed.problems.push(Problem::of_entry(0, Some("content"), what));
        }
        parsed
    }
}

impl Fill {
    fn put(&self, object: &Value, body: &mut String) {
        for (n, value) in self.from.find(object).into_iter().take(FILLED_MOST).enumerate() {
            let mark = self.mark.replace("{n}", &n.to_string());
            // What a value lacks is left blank: a picture without a caption is still a picture.
            let of = |path: &Path| {
                let found = path.find(value).into_iter().flat_map(words).next();
                Some(found.unwrap_or_default())
            };
            if let (Some(at), Some(filled)) =
                (body.find(&mark), self.template.fill(Manner::Markup, of))
            {
                body.replace_range(at..at + mark.len(), &filled);
            }
        }
    }
}

/// Relative addresses in a body start from its article, not from the list's host.
pub fn anchor(draft: &mut Draft) {
    for text in [&mut draft.content, &mut draft.summary].into_iter().flatten() {
        text.base = draft.link.clone();
    }
}
