//! The text of the file → `Setting`s that know where they stand. The only place that knows TOML.
//!
//! Mistakes of the language itself do not stop the reading: what can still be understood is checked
//! too, so that one run tells everything. It deliberately gives no key a meaning.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::adapter::setting::{Mistake, Name, Setting, Value};

/// Reads a whole file. What cannot be read is noted, what can is returned.
pub(super) fn read(text: &str, mistakes: &mut Vec<Mistake>) -> Setting {
    let (root, errors) = DeTable::parse_recoverable(text);
    mistakes.extend(errors.into_iter().map(|error| {
        let end = text.len();
        Mistake { span: error.span().unwrap_or(end..end), what: error.message().to_owned() }
    }));
    let span = root.span();
    Setting { span, value: table(root.into_inner(), mistakes) }
}

fn table(rows: DeTable<'_>, mistakes: &mut Vec<Mistake>) -> Value {
    let rows = rows.into_iter().map(|(key, value)| {
        let name = Name { span: key.span(), text: key.into_inner().into_owned() };
        (name, setting(value, mistakes))
    });
    Value::Table(rows.collect())
}

fn setting(value: Spanned<DeValue<'_>>, mistakes: &mut Vec<Mistake>) -> Setting {
    let span = value.span();
    let value = match value.into_inner() {
        DeValue::String(text) => Value::String(text.into_owned()),
        DeValue::Boolean(yes) => Value::Boolean(yes),
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => {
                mistakes
                    .push(Mistake { span: span.clone(), what: "this number is too large".into() });
                Value::Integer(0)
            }
        },
        DeValue::Datetime(time) => Value::String(time.to_string()),
        DeValue::Array(list) => {
            Value::Array(list.into_iter().map(|element| setting(element, mistakes)).collect())
        }
        DeValue::Table(rows) => table(rows, mistakes),
    };
    Setting { span, value }
}

/// Line and column of a byte, both from one; columns are characters, as editors count them.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(at)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let text = "a = 1\n时政 = 2\n";
        assert_eq!(position(text, 0), (1, 1));
        assert_eq!(position(text, text.find('=').unwrap()), (1, 3));
        assert_eq!(position(text, text.rfind('=').unwrap()), (2, 4));
        assert_eq!(position(text, 9_999), (3, 1));
    }

    #[test]
    fn settings_know_where_they_stand() {
        let text = "[[source]]\nid = \"a\"\n";
        let mut mistakes = Vec::new();
        let root = read(text, &mut mistakes);
        assert!(mistakes.is_empty());
        let sources = &root.rows().unwrap()[0].1;
        assert_eq!(&text[sources.list().unwrap()[0].span.clone()], "[[source]]");
    }

    #[test]
    fn every_mistake_of_the_language_is_told() {
        let mut mistakes = Vec::new();
        read("a = \nb = \"x\nc = 1\nc = 2\nd = 99999999999999999999\n", &mut mistakes);
        let lines: Vec<_> = mistakes.iter().map(|mistake| mistake.what.as_str()).collect();
        assert_eq!(lines.len(), 4, "{lines:?}");
    }

    #[test]
    fn depth_is_bounded() {
        for opening in ["[", "{a=", "a."] {
            let mut mistakes = Vec::new();
            let before = if opening == "a." { "" } else { "a=" };
            read(&format!("{before}{}", opening.repeat(100_000)), &mut mistakes);
            assert!(!mistakes.is_empty());
        }
    }
}
