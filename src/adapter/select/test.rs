//! Tests on an entry's fields: what `skip` rules and a selector's `when` are made of.
//!
//! ```toml
//! skip = [
//!   { empty = ["title", "content"] },               # all of them are empty
//!   { field = "channel[]", equals = [5, 6] },       # one of its values is one of these
//!   { field = "title", contains = "广告" },
//!   { field = "score", at_least = 2 },
//!   { field = "titleColor", not = [0, 3] },         # it has a value, and none of these
//! ]
//! ```
//! All keys of a test must hold. There is deliberately no "or" (write another rule) and no nesting.

use serde_json::Value;

use super::path::{Language, Path, words};
use crate::adapter::setting::{self, Mistake, Reader, Setting};

/// A test on an entry's fields.
#[derive(Clone, Debug)]
pub struct Test {
    empty: Vec<Path>,
    field: Option<(Path, Vec<Condition>)>,
    said: String,
}

#[derive(Clone, Debug)]
enum Condition {
    Equals(Vec<String>),
    Not(Vec<String>),
    Contains(Vec<String>),
    AtLeast(f64),
}

impl Test {
    /// Reads a test from its table.
    pub fn read(setting: &Setting, language: Language, mistakes: &mut Vec<Mistake>) -> Test {
        let mut reader = Reader::new(setting, mistakes);
        let empty = reader.paths("empty", language);
        let path = reader.read("field", |setting| super::path(setting, language));
        let conditions: Vec<Condition> = [
            reader.read("equals", some_words).map(Condition::Equals),
            reader.read("not", some_words).map(Condition::Not),
            reader.read("contains", some_words).map(Condition::Contains),
            reader.read("at_least", number).map(Condition::AtLeast),
        ]
        .into_iter()
        .flatten()
        .collect();
        if path.is_some() == conditions.is_empty() || (path.is_none() && empty.is_empty()) {
            reader.note(setting, MEANT);
        }
        reader.finish();
        let field = path.map(|path| (path, conditions));
        let said = said(&empty, field.as_ref());
        Test { empty, field, said }
    }

    /// Whether it holds for an entry.
    pub fn holds(&self, entry: &Value) -> bool {
        let values = |path: &Path| path.find(entry).into_iter().flat_map(words).collect::<Vec<_>>();
        self.empty.iter().all(|path| values(path).is_empty())
            && self.field.as_ref().is_none_or(|(path, conditions)| {
                let values = values(path);
                conditions.iter().all(|condition| condition.holds(&values))
            })
    }

    /// The test in words, for whoever asks why an entry was dropped.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// The fields it looks at.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.empty.iter().chain(self.field.iter().map(|(path, _)| path))
    }
}

pub(super) const MEANT: &str =
    "a test is `empty = [fields]`, or `field` with `equals`, `not`, `contains` or `at_least`";

impl Condition {
    fn holds(&self, values: &[String]) -> bool {
        let values = || values.iter().map(|value| value.trim());
        match self {
            Condition::Equals(words) => {
                values().any(|value| words.iter().any(|word| word == value))
            }
            Condition::Not(words) => {
                values().next().is_some()
                    && values().all(|value| words.iter().all(|word| word != value))
            }
            Condition::Contains(words) => {
                values().any(|value| words.iter().any(|word| value.contains(word.as_str())))
            }
            Condition::AtLeast(least) => {
                values().any(|value| value.parse::<f64>().is_ok_and(|number| number >= *least))
            }
        }
    }
}

fn said(empty: &[Path], field: Option<&(Path, Vec<Condition>)>) -> String {
    let mut parts: Vec<String> =
        empty.iter().map(|path| format!("`{}` is empty", path.as_str())).collect();
    if let Some((path, conditions)) = field {
        for condition in conditions {
            let said = match condition {
                Condition::Equals(words) => format!("is {}", words.join(" or ")),
                Condition::Not(words) => format!("is not {}", words.join(" or ")),
                Condition::Contains(words) => format!("contains {}", words.join(" or ")),
                Condition::AtLeast(least) => format!("is at least {least}"),
            };
            parts.push(format!("`{}` {said}", path.as_str()));
        }
    }
    parts.join(" and ")
}

fn some_words(setting: &Setting) -> Result<Vec<String>, Mistake> {
    setting.one_or_list().iter().map(word).collect()
}

fn word(setting: &Setting) -> Result<String, Mistake> {
    match &setting.value {
        setting::Value::String(text) => Ok(text.clone()),
        setting::Value::Integer(number) => Ok(number.to_string()),
        setting::Value::Float(number) => Ok(number.to_string()),
        setting::Value::Boolean(yes) => Ok(yes.to_string()),
        _ => Err(Mistake::at(setting, "this should be text, a number, true or false")),
    }
}

fn number(setting: &Setting) -> Result<f64, Mistake> {
    match setting.value {
        setting::Value::Float(number) => Ok(number),
        #[allow(clippy::cast_precision_loss, reason = "scores are small")]
        _ => setting.integer().map(|number| number as f64),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::adapter::testing::setting;

    fn check(toml: &str, entry: Value, holds: bool, said: &str) {
        let mut mistakes = Vec::new();
        let test = Test::read(&setting(toml), Language::Json, &mut mistakes);
        assert_eq!(mistakes, []);
        assert_eq!(test.holds(&entry), holds, "{toml}");
        assert_eq!(test.said(), said);
    }

    #[test]
    fn empty() {
        let toml = "empty = ['title', 'content']";
        let said = "`title` is empty and `content` is empty";
        check(toml, json!({"title": "", "content": null}), true, said);
        check(toml, json!({"title": "a"}), false, said);
    }

    #[test]
    fn equals() {
        let toml = "field = 'channel[]'\nequals = [5, 6]";
        check(toml, json!({"channel": [1, 5]}), true, "`channel[]` is 5 or 6");
        check(toml, json!({"channel": [15]}), false, "`channel[]` is 5 or 6");
        check("field = 'lock'\nequals = true", json!({"lock": true}), true, "`lock` is true");
    }

    #[test]
    fn contains() {
        let toml = "field = 'title'\ncontains = '广告'";
        check(toml, json!({"title": "【广告】"}), true, "`title` contains 广告");
        check(toml, json!({"title": "青禾"}), false, "`title` contains 广告");
    }

    #[test]
    fn all_must_hold() {
        let toml = "empty = 'url'\nfield = 'score'\nat_least = 1\nnot = 3";
        let said = "`url` is empty and `score` is not 3 and `score` is at least 1";
        check(toml, json!({"score": 2}), true, said);
        check(toml, json!({"score": 3}), false, said);
        check(toml, json!({"score": 2, "url": "x"}), false, said);
    }

    #[test]
    fn what_tests_nothing_is_refused() {
        for toml in ["", "field = 'a'", "equals = 'a'", "equals = 'a'\nempty = 'b'"] {
            let mut mistakes = Vec::new();
            Test::read(&setting(toml), Language::Json, &mut mistakes);
            assert_eq!(mistakes[0].what, MEANT, "{toml}");
        }
    }
}
