//! `Fields`: which selector fills which field of a draft. The keys of `[source.item]` and
//! `[source.detail]`.
//!
//! A field that holds one value takes the first selector that finds something; a field that holds
//! many (author, category, enclosure) takes what all of them find.

use serde_json::Value;

use super::path::{Language, Path};
use super::{Selector, Use, selectors};
use crate::adapter::setting::Reader;
use crate::model::draft::{Draft, Stamp};
use crate::model::item::{Enclosure, Label, Person};
use crate::model::text::{Kind, Text};
use crate::model::time::Form;

/// The selectors of a draft's fields.
#[derive(Clone, Debug)]
pub struct Fields {
    rows: Vec<(Field, Vec<Selector>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Guid,
    Title,
    Link,
    Summary,
    Content,
    Annotated,
    Published,
    Updated,
    Author,
    Category,
    Outlet,
    Image,
    Enclosure,
    Comments,
    Language,
    Rights,
}

/// The keys, in the order people read an article.
const FIELDS: &[(&str, Field, Use)] = &[
    ("guid", Field::Guid, Use::Word),
    ("title", Field::Title, Use::Text),
    ("link", Field::Link, Use::Address),
    ("summary", Field::Summary, Use::Text),
    ("content", Field::Content, Use::Body),
    ("annotated", Field::Annotated, Use::Body),
    ("published", Field::Published, Use::Time),
    ("updated", Field::Updated, Use::Time),
    ("author", Field::Author, Use::Word),
    ("category", Field::Category, Use::Label),
    ("outlet", Field::Outlet, Use::Word),
    ("image", Field::Image, Use::Address),
    ("enclosure", Field::Enclosure, Use::File),
    ("comments", Field::Comments, Use::Address),
    ("language", Field::Language, Use::Word),
    ("rights", Field::Rights, Use::Text),
];

impl Fields {
    /// Reads all fields a table names.
    pub fn read(reader: &mut Reader, language: Language) -> Fields {
        let mut rows = Vec::new();
        for &(key, field, used) in FIELDS {
            if let Some(setting) = reader.get(key) {
                rows.push((field, selectors(setting, used, language, reader.mistakes())));
            }
        }
        Fields { rows }
    }

    /// These, and those of others that these don't name.
    pub fn or(mut self, others: Fields) -> Fields {
        for row in others.rows {
            if self.rows.iter().all(|(field, _)| *field != row.0) {
                self.rows.push(row);
            }
        }
        self
    }

    /// Whether none is named.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Fills the draft from an entry; what is found replaces what is there. Answers how many fields were found.
    pub fn fill(&self, entry: &Value, draft: &mut Draft) -> usize {
        self.rows.iter().filter(|(field, selectors)| field.fill(selectors, entry, draft)).count()
    }

    /// Everything the fields look at.
    pub fn all_paths(&self) -> impl Iterator<Item = &Path> {
        self.rows.iter().flat_map(|(_, selectors)| selectors).flat_map(Selector::paths)
    }

    /// What the fields look at, times left out: an entry that only shows a later time has not changed (Q4).
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let timeless = self.rows.iter().filter(|(field, _)| field.used() != Use::Time);
        timeless.flat_map(|(_, selectors)| selectors).flat_map(Selector::paths)
    }
}

impl Field {
    fn used(self) -> Use {
        let row = FIELDS.iter().find(|(_, field, _)| *field == self);
        row.expect("every field has a row").2
    }

    fn fill(self, selectors: &[Selector], entry: &Value, draft: &mut Draft) -> bool {
        let all = || {
            let found =
                selectors.iter().map(|selector| (selector, selector.values(entry, self.used())));
            found.flat_map(|(selector, values)| {
                values.into_iter().map(move |value| (selector, value))
            })
        };
        let word = || all().next().map(|(_, value)| value.trim().to_owned());
        let text = || all().next().map(|(selector, value)| text(selector, value));
        match self {
            Field::Guid => set(&mut draft.guid, word()),
            Field::Title => set(&mut draft.title, text()),
            Field::Link => set(&mut draft.link, word()),
            Field::Summary => set(&mut draft.summary, text()),
            Field::Content => set(&mut draft.content, text()),
            Field::Annotated => set(&mut draft.annotated, text()),
            Field::Updated => set(&mut draft.updated, time(all()).map(|(stamp, _)| stamp)),
            Field::Outlet => set(&mut draft.outlet, word()),
            Field::Image => set(&mut draft.image, word()),
            Field::Comments => set(&mut draft.comments, word()),
            Field::Language => set(&mut draft.language, word()),
            Field::Rights => set(&mut draft.rights, text()),
            Field::Published => match time(all()) {
                None => false,
                Some((stamp, inferred)) => {
                    draft.published_inferred = inferred;
                    set(&mut draft.published, Some(stamp))
                }
            },
            Field::Author => add(&mut draft.authors, all().map(|(_, name)| person(&name))),
            Field::Category => add(&mut draft.labels, all().map(|(from, term)| label(from, &term))),
            Field::Enclosure => {
                add(&mut draft.enclosures, all().map(|(from, url)| file(from, &url)))
            }
        }
    }
}

fn set<T>(field: &mut Option<T>, found: Option<T>) -> bool {
    let is_found = found.is_some();
    if is_found {
        *field = found;
    }
    is_found
}

fn add<T: PartialEq>(field: &mut Vec<T>, found: impl Iterator<Item = T>) -> bool {
    let mut is_found = false;
    for value in found {
        is_found = true;
        if !field.contains(&value) {
            field.push(value);
        }
    }
    is_found
}

fn text(selector: &Selector, raw: String) -> Text {
    let kind = match selector.html {
        Some(true) => Kind::Html,
        Some(false) => Kind::Plain,
        None => Kind::Unsaid,
    };
    Text { raw, kind, base: None }
}

/// The first value that is a time at all; upstreams write nothing in many ways.
fn time<'s>(values: impl Iterator<Item = (&'s Selector, String)>) -> Option<(Stamp, bool)> {
    let mut times = values.filter(|(_, raw)| !matches!(raw.trim(), "0" | "-" | "--" | "null"));
    let (selector, raw) = times.next()?;
    let forms = match selector.forms.is_empty() {
        true => vec![Form::Detect],
        false => selector.forms.clone(),
    };
    Some((Stamp { raw, forms }, selector.inferred))
}

fn person(name: &str) -> Person {
    Person { name: name.trim().to_owned(), ..Person::default() }
}

fn label(from: &Selector, term: &str) -> Label {
    Label { term: term.trim().to_owned(), scheme: from.scheme.clone() }
}

fn file(from: &Selector, url: &str) -> Enclosure {
    Enclosure { url: url.trim().to_owned(), media_type: from.media_type.clone(), length: None }
}
