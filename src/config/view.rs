//! `[[view]]`: named feeds made of categories, sources and rules.

use super::check;
use super::site::Taken;
use super::source::{category, number, window};
use crate::adapter::setting::{Mistake, Reader, Setting, Value};
use crate::model::category::Category;
use crate::model::feed::Window;
use crate::model::sieve::{Place, Rule, Sieve};
use crate::model::source::SourceId;
use crate::model::text::Query;
use crate::model::view::{Member, View};

/// What views are read against: the rest of the file.
pub(super) struct Known<'a> {
    pub(super) sources: &'a [SourceId],
    pub(super) categories: &'a [Category],
    pub(super) window: Window,
}

/// Reads every `[[view]]`; no two may have one id.
pub(super) fn read(
    tables: &[Setting],
    known: &Known<'_>,
    mistakes: &mut Vec<Mistake>,
) -> Vec<View> {
    let mut ids = Taken::default();
    tables.iter().filter_map(|table| view(table, &mut ids, known, mistakes)).collect()
}

fn view(
    table: &Setting,
    ids: &mut Taken,
    known: &Known<'_>,
    mistakes: &mut Vec<Mistake>,
) -> Option<View> {
    let mut reader = Reader::new(table, mistakes);
    table.rows().ok()?;
    let id = reader.required("id", |setting| ids.take(setting, check::slug(setting)?));
    let title = reader.read("title", check::words);
    let description = reader.read("description", check::words);
    let language = reader.read("language", check::language);
    let of_category = |setting| category(setting, known.categories).map(Member::Category);
    let mut members = check::each(&mut reader, "categories", of_category).unwrap_or_default();
    let sources = check::each(&mut reader, "sources", |setting| source(setting, known.sources));
    members.extend(sources.unwrap_or_default().into_iter().map(Member::Source));
    let query = reader.read("query", query);
    let sieve = Sieve {
        keep: check::each(&mut reader, "keep", rule).unwrap_or_default(),
        drop: check::each(&mut reader, "drop", rule).unwrap_or_default(),
        quota: number(&mut reader, "quota", 1),
        ..Sieve::default()
    };
    let collapse = reader.boolean("collapse").unwrap_or(true);
    let window = window(&mut reader, known.window);
    reader.finish();
    let id = id?;
    let title = title.unwrap_or_else(|| id.clone());
    Some(View { id, title, description, language, members, query, sieve, collapse, window })
}

/// A source the file names.
pub(super) fn source(setting: &Setting, known: &[SourceId]) -> Result<SourceId, Mistake> {
    let text = setting.text()?;
    let found = known.iter().find(|id| id.as_str() == text);
    found.cloned().ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(SourceId::as_str).collect();
        check::unknown(setting, "source", text, &names)
    })
}

/// Words that can be looked for.
pub(super) fn query(setting: &Setting) -> Result<Query, Mistake> {
    let words = check::words(setting)?;
    let query = Query::read(&words);
    query.ok_or_else(|| Mistake::at(setting, "there is no word in this to look for"))
}

/// A pattern for title, summary and body; or a table with the `pattern`, and the place it is looked for
/// `in`.
fn rule(setting: &Setting) -> Result<Rule, Mistake> {
    let Value::Table(_) = setting.value else {
        return Ok(Rule { place: Place::Anywhere, pattern: check::pattern(setting)? });
    };
    let mut mistakes = Vec::new();
    let mut reader = Reader::new(setting, &mut mistakes);
    let pattern = reader.required("pattern", check::pattern);
    let place = reader.read("in", place).unwrap_or_default();
    reader.finish();
    match (mistakes.into_iter().next(), pattern) {
        (None, Some(pattern)) => Ok(Rule { place, pattern }),
        (Some(mistake), _) => Err(mistake),
        (None, None) => Err(Mistake::at(setting, "`pattern` is missing here")),
    }
}

fn place(setting: &Setting) -> Result<Place, Mistake> {
    let word = setting.text()?;
    let found = Place::NAMES.iter().find(|(name, _)| *name == word).map(|(_, place)| *place);
    found.ok_or_else(|| {
        let names: Vec<&str> = Place::NAMES.iter().map(|(name, _)| *name).collect();
        check::unknown(setting, "place", word, &names)
    })
}
