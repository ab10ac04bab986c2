//! Dotted paths into JSON: `data.list[].title`.
//!
//! A path is keys separated by dots; `[]` means each element, `[0]` the first and `[-1]` the last
//! one; a key with dots or brackets in it stands in double quotes; the empty path is the value
//! itself. It deliberately has no filters, no wildcards and no recursion: what a list shows and
//! what is skipped are told apart by `skip`, in words.

use serde_json::Value;

use super::place::Place;

/// How places in an entry are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// As paths into JSON: `data.title`.
    Json,
    /// As places in an element of a page: `a.title@href`.
    Css,
}

/// Where something stands in a JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    written: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(i64),
    Each,
}

impl Path {
    /// Reads what stands in the file for a place in an entry. An element's places are read out before
    /// anything is looked up, and stand in its record under the names they are written with.
    pub fn read(written: &str, language: Language) -> Result<Path, String> {
        match language {
            Language::Json => Path::parse(written),
            Language::Css => {
                Place::parse(written)?;
                let steps = vec![Step::Key(written.to_owned())];
                Ok(Path { written: written.to_owned(), steps })
            }
        }
    }

    /// Reads a path as it is written in the file; the error says what is wrong with it.
    pub fn parse(written: &str) -> Result<Path, String> {
        let mut steps = Vec::new();
        let mut rest = written;
        while !rest.is_empty() {
            rest = match rest.strip_prefix('[') {
                Some(inside) => bracket(inside, &mut steps)?,
                None if steps.is_empty() => key(rest, &mut steps)?,
                None => match rest.strip_prefix('.') {
                    Some(after) => key(after, &mut steps)?,
                    None => return Err(format!("a dot or a bracket is missing before `{rest}`")),
                },
            };
        }
        Ok(Path { written: written.to_owned(), steps })
    }

    /// The path as it is written in the file.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Everything that stands there, in the document's order; `null` is nothing.
    pub fn find<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![value];
        for step in &self.steps {
            found = found.into_iter().flat_map(|value| step.from(value)).collect();
        }
        found.retain(|value| !value.is_null());
        found
    }

    /// Whether the container of a final `[]` is there, so that an empty list is told from a missing one.
    pub fn exists(&self, value: &Value) -> bool {
        let mut container = self.clone();
        while container.steps.last() == Some(&Step::Each) {
            container.steps.pop();
        }
        let lists = self.steps.len() > container.steps.len();
        container.find(value).iter().any(|value| !lists || value.is_array() || value.is_object())
    }
}

impl Step {
    fn from<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match (self, value) {
            (Step::Key(key), Value::Object(object)) => object.get(key).into_iter().collect(),
            (Step::Each, Value::Array(list)) => list.iter().collect(),
            (Step::Each, Value::Object(object)) => object.values().collect(),
            (Step::Index(at), Value::Array(list)) => {
                let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
                let at = if *at < 0 { length.saturating_add(*at) } else { *at };
                usize::try_from(at).ok().and_then(|at| list.get(at)).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}

fn key<'p>(path: &'p str, steps: &mut Vec<Step>) -> Result<&'p str, String> {
    let (key, rest) = match path.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or("a quote is not closed")?,
        None => path.split_at(path.find(['.', '[']).unwrap_or(path.len())),
    };
    if key.is_empty() {
        return Err("a key is missing beside a dot".to_owned());
    }
    if key.contains(']') {
        return Err(format!("`{key}` closes a bracket that was not opened"));
    }
    steps.push(Step::Key(key.to_owned()));
    Ok(rest)
}

fn bracket<'p>(inside: &'p str, steps: &mut Vec<Step>) -> Result<&'p str, String> {
    let (index, rest) = inside.split_once(']').ok_or("a bracket is not closed")?;
    let step = match index {
        "" => Step::Each,
        _ => Step::Index(index.parse().map_err(|_| {
            format!("`[{index}]` should be `[]` for each element, or a number such as `[0]`")
        })?),
    };
    steps.push(step);
    Ok(rest)
}

/// The words of a JSON value: numbers as they would be written by hand, each element of a list
/// on its own, nothing for `null`, blank text and objects.
pub fn words(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if text.trim().is_empty() => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::Number(number) => vec![digits(number)],
        Value::Bool(yes) => vec![yes.to_string()],
        Value::Array(list) => list.iter().flat_map(words).collect(),
        Value::Null | Value::Object(_) => Vec::new(),
    }
}

/// A number without exponent, so that an identifier or a time written as `1.6e12` is still one.
fn digits(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => float.to_string(),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(path: &str, value: Value, expected: &[&str]) {
        let path = Path::parse(path).unwrap();
        let found: Vec<String> = path.find(&value).into_iter().flat_map(words).collect();
        assert_eq!(found, expected, "{}", path.as_str());
    }

    fn refused(path: &str, expected: &str) {
        assert_eq!(Path::parse(path).unwrap_err(), expected, "{path}");
    }

    #[test]
    fn keys() {
        check("data.title", json!({"data": {"title": "a"}}), &["a"]);
        check("data.nothing", json!({"data": {"title": "a"}}), &[]);
        check("title.deeper", json!({"title": "a"}), &[]);
        check("", json!("itself"), &["itself"]);
    }

    #[test]
    fn each_element() {
        check("list[].id", json!({"list": [{"id": 1}, {"id": 2}, 3]}), &["1", "2"]);
        check("[]", json!(["a", null, "b"]), &["a", "b"]);
        check("[].id", json!([{"id": "a"}]), &["a"]);
        check("list[].data", json!({"list": [{"data": "a"}, {"data": "b"}]}), &["a", "b"]);
        check("rows[][]", json!({"rows": [["a", "b"], ["c"]]}), &["a", "b", "c"]);
        check(
            "by_id[].name",
            json!({"by_id": {"1": {"name": "a"}, "2": {"name": "b"}}}),
            &["a", "b"],
        );
    }

    #[test]
    fn one_element() {
        check("images[0].url", json!({"images": [{"url": "a"}, {"url": "b"}]}), &["a"]);
        check("images[-1].url", json!({"images": [{"url": "a"}, {"url": "b"}]}), &["b"]);
        check("images[7]", json!({"images": []}), &[]);
        check("images[-9223372036854775808]", json!({"images": ["a"]}), &[]);
    }

    #[test]
    fn odd_keys() {
        check("data-code", json!({"data-code": "a"}), &["a"]);
        check("\"a.b\".\"c[d\"", json!({"a.b": {"c[d": "x"}}), &["x"]);
        check("标题", json!({"标题": "青禾"}), &["青禾"]);
        check("@id", json!({"@id": 1}), &["1"]);
    }

    #[test]
    fn numbers_are_written_without_exponent() {
        check("n", json!({"n": 1_678_843_805_000_i64}), &["1678843805000"]);
        check("n", serde_json::from_str("{\"n\": 1.678843805e12}").unwrap(), &["1678843805000"]);
        check("n", json!({"n": 0.5}), &["0.5"]);
        check("n", json!({"n": u64::MAX}), &["18446744073709551615"]);
    }

    #[test]
    fn nothing_is_nothing() {
        check("x", json!({"x": null}), &[]);
        check("x", json!({"x": " \u{3000}"}), &[]);
        check("x", json!({"x": {}}), &[]);
        check("x", json!({"x": ["", null, "a"]}), &["a"]);
    }

    #[test]
    fn an_empty_list_is_not_a_missing_one() {
        let path = Path::parse("data.list[]").unwrap();
        assert!(path.exists(&json!({"data": {"list": []}})));
        assert!(!path.exists(&json!({"data": {"list": "none"}})));
        assert!(!path.exists(&json!({"error": 1})));
        assert!(Path::parse("[]").unwrap().exists(&json!([])));
    }

    #[test]
    fn mistakes_are_told() {
        refused("a..b", "a key is missing beside a dot");
        refused("a.", "a key is missing beside a dot");
        refused(".a", "a key is missing beside a dot");
        refused("a[", "a bracket is not closed");
        refused("a]", "`a]` closes a bracket that was not opened");
        refused("a[x]", "`[x]` should be `[]` for each element, or a number such as `[0]`");
        refused("a[]b", "a dot or a bracket is missing before `b`");
        refused("\"a", "a quote is not closed");
    }
}
