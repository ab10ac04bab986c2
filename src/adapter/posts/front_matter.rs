//! Front matter: the YAML between two lines `---` at the head of a post.
//!
//! YAML is taken in the small: no anchors, aliases, tags or merge keys, and bounds on everything
//! (T-30), since a few hundred bytes of it can otherwise mean gigabytes. What is merely broken,
//! such as a title with unescaped quotes in it, is read line by line instead, so that a post is not
//! lost for a quote. Scalars keep the characters they were written with: `0123` stays `0123`.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_saphyr::{DuplicateKeyPolicy, Error, MergeKeyPolicy, Tagged};

/// The head of a post.
#[derive(Debug, Default)]
pub struct FrontMatter {
    /// Its keys; scalars are text.
    pub rows: Map<String, Value>,
    /// Why it had to be read line by line.
    pub broken: Option<String>,
}

/// The largest front matter, in bytes (T-30).
const BYTES_MOST: usize = 16 << 10;
/// How deep it may nest (T-30).
const DEPTH_MOST: usize = 16;
/// How many keys it may have, those of tables within counted (T-30).
const KEYS_MOST: usize = 200;

/// Divides a post into its front matter and its body. A byte order mark and blank lines before the
/// first `---` are let pass (Q7); the front matter ends with `---` or `...`.
pub fn split(text: &str) -> Result<(&str, &str), String> {
    let text = text.trim_start_matches('\u{FEFF}');
    let blank = text.len() - text.trim_start().len();
    let start = text[..blank].rfind('\n').map_or(0, |at| at + 1);
    let (first, rest) = line(&text[start..]);
    if first.trim_end() != "---" {
        return Err("it has no front matter: its first line should be `---`".to_owned());
    }
    let mut at = 0;
    while at < rest.len() {
        let (line, after) = line(&rest[at..]);
        if matches!(line.trim_end(), "---" | "...") {
            return Ok((&rest[..at], after));
        }
        at = rest.len() - after.len();
    }
    Err("its front matter is not closed by a line `---`".to_owned())
}

fn line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

impl FrontMatter {
    /// Reads a front matter.
    ///
    /// # Errors
    /// In words, when it is more than we take; what is only broken is no error.
    pub fn read(text: &str) -> Result<FrontMatter, String> {
        if text.len() > BYTES_MOST {
            return Err(format!("its front matter is larger than {BYTES_MOST} bytes"));
        }
        let written = lines(text);
        let front = match yaml(text) {
            Ok(rows) => FrontMatter { rows: as_written(rows, &written), broken: None },
            Err(Failure::Refused(why)) => return Err(format!("its front matter {why}")),
            Err(Failure::Broken(why)) => FrontMatter { rows: written, broken: Some(why) },
        };
        match keys(&Value::Object(front.rows.clone())) {
            count if count > KEYS_MOST => {
                Err(format!("its front matter has more than {KEYS_MOST} keys"))
            }
            _ => Ok(front),
        }
    }
}

enum Failure {
    /// It is something we don't take.
    Refused(String),
    /// It is no YAML.
    Broken(String),
}

fn yaml(text: &str) -> Result<Map<String, Value>, Failure> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_aliases: 0,
            max_anchors: 0,
            max_depth: DEPTH_MOST,
            flow_nesting_limit: DEPTH_MOST,
            max_inclusion_depth: 0,
            max_documents: 1,
        },
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        merge_keys: MergeKeyPolicy::Error,
        with_snippet: false,
    };
    match serde_saphyr::from_str_with_options::<Node>(text, options) {
        Ok(Node(Value::Object(rows))) => Ok(rows),
        Ok(_) => Err(Failure::Broken("it is no list of keys and values".to_owned())),
        Err(error) => Err(failure(&error)),
    }
}

const TAGGED: &str = "uses a YAML tag (a word after `!`); put the value in quotes";
const ANCHORED: &str =
    "uses YAML anchors or aliases (`&`, `*`, `<<`); write the value out, or put it in quotes";

fn failure(error: &Error) -> Failure {
    use serde_saphyr::budget::BudgetBreach as Breach;
    let refused = match error.without_snippet() {
        Error::Budget { breach: Breach::Aliases { .. } | Breach::Anchors { .. }, .. }
        | Error::UnknownAnchor { .. }
        | Error::MergeKeyNotAllowed { .. } => ANCHORED.to_owned(),
        Error::Budget { breach: Breach::Depth { .. }, .. } => too_deep(),
        Error::Budget { .. } => "holds more than we take".to_owned(),
        other => {
            let said = other.to_string();
            match () {
                () if said.contains(TAGGED) => TAGGED.to_owned(),
                // The parser beneath has a word of its own for brackets within brackets.
                () if said.contains("recursion limit") => too_deep(),
                () => return Failure::Broken(said.lines().next().unwrap_or_default().to_owned()),
            }
        }
    };
    Failure::Refused(refused)
}

fn too_deep() -> String {
    format!("nests deeper than {DEPTH_MOST}")
}

/// A YAML value as JSON, without any tag.
struct Node(Value);

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        match Tagged::<Untagged>::deserialize(deserializer)? {
            Tagged(Untagged(value), None) => Ok(Node(value)),
            Tagged(_, Some(_)) => Err(D::Error::custom(TAGGED)),
        }
    }
}

struct Untagged(Value);

impl<'de> Deserialize<'de> for Untagged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Untagged, D::Error> {
        deserializer.deserialize_any(Reader).map(Untagged)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("text, a list or a table")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Value, E> {
        Ok(yes.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i128<E>(self, number: i128) -> Result<Value, E> {
        Ok(number.to_string().into())
    }

    fn visit_u128<E>(self, number: u128) -> Result<Value, E> {
        Ok(number.to_string().into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Node(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Value, A::Error> {
        let mut rows = Map::new();
        while let Some((Tagged(key, tag), Node(value))) =
            table.next_entry::<Tagged<String>, Node>()?
        {
            if tag.is_some() {
                return Err(A::Error::custom(TAGGED));
            }
            rows.insert(key, value);
        }
        Ok(Value::Object(rows))
    }
}

/// Numbers and truth values in the characters they were written with.
fn as_written(mut rows: Map<String, Value>, written: &Map<String, Value>) -> Map<String, Value> {
    for (key, value) in &mut rows {
        let is_typed = matches!(value, Value::Number(_) | Value::Bool(_) | Value::Null);
        if let (true, Some(text @ Value::String(_))) = (is_typed, written.get(key)) {
            *value = text.clone();
        }
    }
    rows
}

fn keys(value: &Value) -> usize {
    match value {
        Value::Object(rows) => rows.len() + rows.values().map(keys).sum::<usize>(),
        Value::Array(list) => list.iter().map(keys).sum(),
        _ => 0,
    }
}

/// What can be read without knowing YAML: `key: value` at the start of a line, and `- value` below.
fn lines(text: &str) -> Map<String, Value> {
    let mut rows: Map<String, Value> = Map::new();
    let mut last: Option<String> = None;
    for line in text.lines() {
        if let Some(item) = line.trim_start().strip_prefix("- ") {
            let row = last.as_ref().and_then(|key| rows.get_mut(key));
            match row {
                Some(Value::Array(list)) => list.push(scalar(item)),
                Some(row) if *row == Value::Null => *row = vec![scalar(item)].into(),
                _ => {}
            }
            continue;
        }
        let Some((key, value)) = line.split_once(':') else { continue };
        let is_key =
            !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "_-".contains(c));
        if is_key && (value.is_empty() || value.starts_with([' ', '\t', '\r'])) {
            rows.insert(key.to_owned(), several(value));
            last = Some(key.to_owned());
        }
    }
    rows
}

fn several(value: &str) -> Value {
    match value.trim().strip_prefix('[').and_then(|list| list.strip_suffix(']')) {
        Some(list) => list.split(',').map(scalar).filter(|value| !value.is_null()).collect(),
        None => scalar(value),
    }
}

/// One value: the quotes around it go, those within it stay.
fn scalar(value: &str) -> Value {
    let value = value.trim();
    let quoted = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    if let Some(inside) = quoted('"') {
        return inside.replace("\\\"", "\"").replace("\\\\", "\\").into();
    }
    if let Some(inside) = quoted('\'') {
        return inside.replace("''", "'").into();
    }
    let bare = value.split(" #").next().unwrap_or("").trim_end();
    match bare {
        "" | "~" | "null" => Value::Null,
        _ => bare.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(text: &str, expected: Value) {
        let front = FrontMatter::read(text).unwrap();
        assert_eq!(front.broken, None, "{text}");
        assert_eq!(Value::Object(front.rows), expected, "{text}");
    }

    fn broken(text: &str, expected: Value) {
        let front = FrontMatter::read(text).unwrap();
        assert!(front.broken.is_some(), "{text}");
        assert_eq!(Value::Object(front.rows), expected, "{text}");
    }

    fn refused(text: &str, expected: &str) {
        assert_eq!(
            FrontMatter::read(text).unwrap_err(),
            format!("its front matter {expected}"),
            "{text}"
        );
    }

    #[test]
    fn the_seed_s_form() {
        check(
            "layout: post\ntitle: \"青禾 ：春耕\"\ndate: 2022-05-27 12:03:15 +0800\ncategories: qinghe\n",
            json!({"layout": "post", "title": "青禾 ：春耕", "date": "2022-05-27 12:03:15 +0800", "categories": "qinghe"}),
        );
    }

    #[test]
    fn characters_stay_as_written() {
        check(
            "id: 0123\nn: 1.50\nd: 2022-05-27",
            json!({"id": "0123", "n": "1.50", "d": "2022-05-27"}),
        );
        check("id: 202112082206896571 # ours", json!({"id": "202112082206896571"}));
        check(
            "published: false\nname: NO\nnil: ~",
            json!({"published": "false", "name": "NO", "nil": null}),
        );
        check("id: 99999999999999999999999", json!({"id": "99999999999999999999999"}));
    }

    #[test]
    fn lists_and_texts_over_lines() {
        check("tags:\n  - 甲\n  - 乙\nk: [a, b]", json!({"tags": ["甲", "乙"], "k": ["a", "b"]}));
        check("excerpt: >-\n  一\n  二\nx: y", json!({"excerpt": "一 二", "x": "y"}));
        check("author: { name: 甲 }\r\nx: y\r\n", json!({"author": {"name": "甲"}, "x": "y"}));
        check("", json!({}));
    }

    #[test]
    fn a_key_given_twice_counts_as_the_last() {
        check("a: 1st\na: 2nd", json!({"a": "2nd"}));
    }

    #[test]
    fn w14_unescaped_quotes_do_not_lose_the_post() {
        broken(
            "title: \"青禾\"系统\"发布\"\ncategories: qinghe\ntags: 青禾新闻\n",
            json!({"title": "青禾\"系统\"发布", "categories": "qinghe", "tags": "青禾新闻"}),
        );
        broken(
            "title: 路径C: \"a\ntags:\n- 甲\n- '乙'",
            json!({"title": "路径C: \"a", "tags": ["甲", "乙"]}),
        );
        broken("title: \"C:\\star\"\nk: [a, 'b']\n", json!({"title": "C:\\star", "k": ["a", "b"]}));
        broken("title: a: b\n  - x\n", json!({"title": "a: b"}));
    }

    #[test]
    fn t_30_bombs_are_refused() {
        refused("a: &a [x]\nb: [*a, *a]", ANCHORED);
        refused("a: *b", ANCHORED);
        refused("<<: {a: b}", ANCHORED);
        refused("a: !!binary aGVsbG8=", TAGGED);
        refused("a: !!python/object:os.system x", TAGGED);
        refused(&format!("a: {}{}", "[".repeat(30), "]".repeat(30)), "nests deeper than 16");
        refused(&"x".repeat(20_000), "is larger than 16384 bytes");
        let many: String = (0..300).map(|n| format!("k{n}: v\n")).collect();
        refused(&many, "has more than 200 keys");
        assert!(FrontMatter::read(&format!("a: {}", "[".repeat(10_000))).is_err());
    }

    #[test]
    fn q7_blank_lines_and_a_mark_before_the_front_matter() {
        for head in ["", "\n", "\u{FEFF}", "\u{FEFF}\r\n \n"] {
            assert_eq!(
                split(&format!("{head}---\na: b\n---\nbody")),
                Ok(("a: b\n", "body")),
                "{head:?}"
            );
        }
    }

    #[test]
    fn ends_of_the_front_matter() {
        assert_eq!(split("---\r\na: b\r\n---\r\nbody"), Ok(("a: b\r\n", "body")));
        assert_eq!(split("---  \na: b\n...\nbody"), Ok(("a: b\n", "body")));
        assert_eq!(split("---\n---"), Ok(("", "")));
        assert_eq!(split("---\na: ---\n--- x\n---\n"), Ok(("a: ---\n--- x\n", "")));
    }

    #[test]
    fn no_front_matter() {
        let missing = "it has no front matter: its first line should be `---`";
        for text in ["", "body", "----\n", "body\n---\na: b\n---\n", "    ---\n---\n"] {
            assert_eq!(split(text).unwrap_err(), missing, "{text:?}");
        }
        assert_eq!(
            split("---\na: b\n").unwrap_err(),
            "its front matter is not closed by a line `---`"
        );
    }
}
