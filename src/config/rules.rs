//! `[rules.NAME]` and the same keys in a source → `Rules`: cleaning that belongs to one upstream.

use std::collections::BTreeMap;

use regex::Regex;

use super::check;
use crate::adapter::setting::{Mistake, Reader, Setting, meant};
use crate::model::rules::{Extract, Field, Rules};

/// The sets of rules by name, as sources refer to them.
pub(super) type Sets = BTreeMap<String, Rules>;

/// Reads `[rules.NAME]`, all of them.
pub(super) fn sets(table: &Setting, mistakes: &mut Vec<Mistake>) -> Sets {
    let rows = table.rows().unwrap_or_else(|mistake| {
        mistakes.push(mistake);
        &[]
    });
    let set = |(name, setting): &(_, Setting)| {
        let name: &crate::adapter::setting::Name = name;
        let mut reader = Reader::new(setting, mistakes);
        let rules = own(&mut reader);
        reader.finish();
        (name.text.clone(), rules)
    };
    rows.iter().map(set).collect()
}

/// The rules of a source: those of the sets it names, then its own.
pub(super) fn of_source(reader: &mut Reader, sets: &Sets) -> Rules {
    let named = check::each(reader, "rules", |setting| named(setting, sets)).unwrap_or_default();
    let mut all = Rules::default();
    for rules in named.into_iter().cloned().chain([own(reader)]) {
        all.remove.extend(rules.remove);
        all.unwrap.extend(rules.unwrap);
        all.extract.extend(rules.extract);
        all.images.extend(rules.images);
    }
    all
}

fn named<'r>(setting: &Setting, sets: &'r Sets) -> Result<&'r Rules, Mistake> {
    let name = setting.text()?;
    sets.get(name).ok_or_else(|| {
        let hint = match meant(name, sets.keys().map(String::as_str)) {
            Some(known) => format!("; did you mean `{known}`?"),
            None => format!("; its rules would stand under `[rules.{}]`", check::shown(name)),
        };
        Mistake::at(setting, format!("there are no rules called `{}`{hint}", check::shown(name)))
    })
}

/// The four keys themselves.
fn own(reader: &mut Reader) -> Rules {
    Rules {
        remove: check::each(reader, "remove", check::selector).unwrap_or_default(),
        unwrap: check::each(reader, "unwrap", check::selector).unwrap_or_default(),
        images: check::each(reader, "images", check::words).unwrap_or_default(),
        extract: extracts(reader),
    }
}

fn extracts(reader: &mut Reader) -> Vec<Extract> {
    let list = reader.read("extract", Setting::list).unwrap_or_default();
    list.iter().filter_map(|table| extract(table, reader.mistakes())).collect()
}

fn extract(table: &Setting, mistakes: &mut Vec<Mistake>) -> Option<Extract> {
    let mut reader = Reader::new(table, mistakes);
    let scheme = reader.read("scheme", check::words);
    let to = reader.required("to", |setting| field(setting, scheme.clone()));
    if let (Some(_), Some(Field::Outlet | Field::Author | Field::Image)) = (&scheme, &to) {
        reader.note(
            table,
            "`scheme` says which vocabulary a label is from; only `to = \"label\"` has one",
        );
    }
    let select = reader.read("select", check::selector);
    let attribute = reader.read("attribute", check::words);
    let pattern = reader.read("pattern", check::pattern);
    let template = reader.read("template", |setting| template(setting, pattern.as_ref()));
    let says_where = reader.get("select").is_some() || reader.get("pattern").is_some();
    if !says_where && table.rows().is_ok() {
        reader.note(table, "this reads nothing: `select`, `pattern` or both should say what");
    }
    reader.finish();
    Some(Extract { to: to?, select, attribute, pattern, template })
}

fn field(setting: &Setting, scheme: Option<String>) -> Result<Field, Mistake> {
    match setting.text()? {
        "outlet" => Ok(Field::Outlet),
        "author" => Ok(Field::Author),
        "label" => Ok(Field::Label(scheme)),
        "image" => Ok(Field::Image),
        other => {
            Err(check::unknown(setting, "field", other, &["outlet", "author", "label", "image"]))
        }
    }
}

/// A template whose `{1}` are groups of the pattern.
fn template(setting: &Setting, pattern: Option<&Regex>) -> Result<String, Mistake> {
    let text = setting.text()?;
    let groups = pattern.map_or(1, Regex::captures_len);
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let inside = rest[at..].strip_prefix('{').and_then(|after| after.split_once('}'));
        let Some((group, after)) = inside else {
            return Err(Mistake::at(
                setting,
                "a brace here has no partner; groups are written `{1}`",
            ));
        };
        match group.parse::<usize>() {
            Ok(number) if number < groups => rest = after,
            _ => {
                let what = format!(
                    "`{{{}}}` is no group of the pattern, which has {}",
                    check::shown(group),
                    groups - 1
                );
                return Err(Mistake::at(setting, what));
            }
        }
    }
    Ok(text.to_owned())
}
