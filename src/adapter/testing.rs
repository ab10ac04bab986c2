//! For the tests of this room: settings and sources written as TOML, the way people write them.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::setting::{Name, Setting, Value};
use super::{Adapter, Kind, Mistake, Response};
use crate::model::source::{Source, SourceId};
use crate::model::time::{Offset, Timestamp};

/// The setting a TOML text is.
pub fn setting(text: &str) -> Setting {
    let table = DeTable::parse(text).unwrap();
    Setting { span: table.span(), value: self::table(table.get_ref()) }
}

/// The adapter a source's table builds.
pub fn adapter(kind: &Kind, text: &str) -> Box<dyn Adapter> {
    (kind.build)(&setting(text)).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
}

/// What is wrong with a source's table, each with the text it points at.
pub fn mistakes(kind: &Kind, text: &str) -> Vec<String> {
    let mistakes = (kind.build)(&setting(text)).err().unwrap_or_default();
    let said = |mistake: Mistake| format!("{} | {}", &text[mistake.span], mistake.what);
    mistakes.into_iter().map(said).collect()
}

/// A source at this address.
pub fn source(url: &str) -> Source {
    Source::new(SourceId::new("test").unwrap(), url.parse().unwrap())
}

/// An answer with this body.
pub fn answer(body: impl Into<Vec<u8>>) -> Response {
    Response::new(body.into().into())
}

/// 15 March 2023, 10:00 in China.
pub fn now() -> Timestamp {
    Timestamp::from_seconds(1_678_845_600, Offset::CHINA).unwrap()
}

fn table(table: &DeTable) -> Value {
    let row = |(name, value): (&Spanned<_>, &Spanned<DeValue>)| {
        let text = AsRef::<str>::as_ref(name.get_ref()).to_owned();
        (Name { span: name.span(), text }, placed(value))
    };
    Value::Table(table.iter().map(row).collect())
}

fn placed(value: &Spanned<DeValue>) -> Setting {
    Setting { span: value.span(), value: self::value(value.get_ref()) }
}

fn value(value: &DeValue) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => Value::Integer(number.to_string().parse().unwrap()),
        DeValue::Float(number) => Value::Float(number.to_string().parse().unwrap()),
        DeValue::Boolean(yes) => Value::Boolean(*yes),
        DeValue::Datetime(time) => Value::String(time.to_string()),
        DeValue::Array(list) => Value::Array(list.iter().map(placed).collect()),
        DeValue::Table(inner) => table(inner),
    }
}
