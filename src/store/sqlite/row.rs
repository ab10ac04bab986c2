//! How values lie in columns: times as numbers, lists and words as JSON.
//!
//! The model derives no `Serialize`, so that a rename there can never change what is on disk; the
//! forms here are the file's own, and they only ever gain fields. A field of the model that is
//! missing here would be lost, so both directions are written out and tested with every one.

use rusqlite::types::Type;
use rusqlite::{Result, Row};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::item::{Enclosure, Label, Matter, Origin, Person};
use crate::model::source::{SourceId, Validators};
use crate::model::text::{PlainText, SafeHtml};
use crate::model::time::{Offset, Timestamp};

/// The instant of a column, at offset zero; the nearest there is, should someone have edited the file.
pub(super) fn instant(millis: i64) -> Timestamp {
    written(millis, 0)
}

/// The instant of one column at the offset of another.
pub(super) fn written(millis: i64, minutes: i16) -> Timestamp {
    let offset = Offset::from_minutes(minutes).unwrap_or(Offset::UTC);
    Timestamp::from_millis(millis, offset)
        .or(Timestamp::from_millis(0, offset))
        .expect("1970 is between the years 0 and 9999")
}

/// The instant of a column at the offset of the next one.
pub(super) fn timestamp(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    Ok(written(row.get(column)?, row.get(column + 1)?))
}

/// An instant that may be absent.
pub(super) fn perhaps(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(instant))
}

/// A source's name.
pub(super) fn source_id(row: &Row<'_>, column: usize) -> Result<SourceId> {
    let name = row.get_ref(column)?.as_str()?;
    let ours = || Some(SourceId::ours()).filter(|ours| ours.as_str() == name);
    let id = SourceId::new(name).or_else(ours);
    id.ok_or_else(|| misread(column, format!("`{name}` is no source's id").into()))
}

/// Reads a column of JSON.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|error| misread(column, error.into()))
}

/// The error of a column that holds what nobody wrote.
pub(super) fn misread(
    column: usize,
    why: Box<dyn std::error::Error + Send + Sync>,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, why)
}

/// Writes a column of JSON.
pub(super) fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("the forms of this file have string keys only")
}

/// A mark or digest as SQLite stores it: the same bits with a sign.
pub(super) fn signed(hash: u64) -> i64 {
    i64::from_le_bytes(hash.to_le_bytes())
}

/// The inverse of `signed`.
pub(super) fn unsigned(stored: i64) -> u64 {
    u64::from_le_bytes(stored.to_le_bytes())
}

/// Sorted keys of an answer as one blob.
pub(super) fn pack(mut keys: Vec<u64>) -> Vec<u8> {
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter().flat_map(u64::to_be_bytes).collect()
}

/// The inverse of `pack`.
pub(super) fn unpack(packed: &[u8]) -> Vec<u64> {
    packed.as_chunks::<8>().0.iter().map(|bytes| u64::from_be_bytes(*bytes)).collect()
}

/// Whether a key is in a blob that `pack` made.
pub(super) fn holds(packed: &[u8], key: u64) -> bool {
    let keys = packed.as_chunks::<8>().0;
    keys.binary_search_by(|bytes| u64::from_be_bytes(*bytes).cmp(&key)).is_ok()
}

/// The words of an item or of one sighting; the body only where it has no table of its own.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Words {
    title: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    title_inferred: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Name>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    labels: Vec<Term>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outlet: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    outlet_stated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Taken>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    enclosures: Vec<File>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comments: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rights: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Name {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Term {
    term: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scheme: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Taken {
    title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct File {
    url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    length: Option<u64>,
}

impl From<Matter> for Words {
    fn from(matter: Matter) -> Words {
        Words {
            title: matter.title.as_str().to_owned(),
            title_inferred: matter.title_inferred,
            link: matter.link,
            summary: matter.summary.map(|text| text.as_str().to_owned()),
            content: matter.content.map(|html| html.as_str().to_owned()),
            authors: matter.authors.into_iter().map(Name::from).collect(),
            labels: matter.labels.into_iter().map(Term::from).collect(),
            outlet: matter.outlet,
            outlet_stated: matter.outlet_stated,
            origin: matter.origin.map(Taken::from),
            enclosures: matter.enclosures.into_iter().map(File::from).collect(),
            image: matter.image,
            language: matter.language,
            comments: matter.comments,
            rights: matter.rights,
        }
    }
}

impl From<Words> for Matter {
    fn from(words: Words) -> Matter {
        Matter {
            title: PlainText::recall(words.title),
            title_inferred: words.title_inferred,
            link: words.link,
            summary: words.summary.map(PlainText::recall),
            content: words.content.map(SafeHtml::recall),
            authors: words.authors.into_iter().map(Person::from).collect(),
            labels: words.labels.into_iter().map(Label::from).collect(),
            outlet: words.outlet,
            outlet_stated: words.outlet_stated,
            origin: words.origin.map(Origin::from),
            enclosures: words.enclosures.into_iter().map(Enclosure::from).collect(),
            image: words.image,
            language: words.language,
            comments: words.comments,
            rights: words.rights,
        }
    }
}

/// Writes the two directions between a form and its model type, which have the same fields.
macro_rules! mirror {
    ($form:ident, $model:ident { $($field:ident),* }) => {
        impl From<$model> for $form {
            fn from(value: $model) -> $form {
                $form { $($field: value.$field),* }
            }
        }
        impl From<$form> for $model {
            fn from(value: $form) -> $model {
                $model { $($field: value.$field),* }
            }
        }
    };
}

mirror!(Name, Person { name, email, url });
mirror!(Term, Label { term, scheme });
mirror!(Taken, Origin { title, url, id });
mirror!(File, Enclosure { url, media_type, length });
mirror!(Tag, Validators { url, etag, last_modified, body, size, whole_at });

/// What an answer said of itself.
#[derive(Serialize, Deserialize)]
pub(super) struct Tag {
    url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<[u8; 32]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    whole_at: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_as_they_went() {
        let matter = Matter {
            title: PlainText::recall("标题".to_owned()),
            title_inferred: true,
            link: Some("https://a.example/1".to_owned()),
            summary: Some(PlainText::recall("s".to_owned())),
            content: Some(SafeHtml::recall("<p>\"c\"</p>".to_owned())),
            authors: vec![Person { name: "n".to_owned(), email: Some("e".to_owned()), url: None }],
            labels: vec![Label { term: "t".to_owned(), scheme: Some("u".to_owned()) }],
            outlet: Some("o".to_owned()),
            outlet_stated: true,
            origin: Some(Origin { title: "t".to_owned(), url: None, id: Some("i".to_owned()) }),
            enclosures: vec![Enclosure { url: "u".to_owned(), media_type: None, length: Some(7) }],
            image: Some("i".to_owned()),
            language: Some("zh".to_owned()),
            comments: Some("c".to_owned()),
            rights: Some("r".to_owned()),
        };
        for matter in [matter, Matter::default()] {
            let text = to_json(&Words::from(matter.clone()));
            let words: Words = serde_json::from_str(&text).expect("what we wrote");
            assert_eq!(Matter::from(words), matter);
        }
    }

    #[test]
    fn absent_words_take_no_room() {
        assert_eq!(to_json(&Words::from(Matter::default())), r#"{"title":""}"#);
    }

    #[test]
    fn an_answer_holds_what_was_packed_and_nothing_else() {
        let packed = pack(vec![9, u64::MAX, 1, 9, 1 << 63]);
        assert_eq!(unpack(&packed), [1, 9, 1 << 63, u64::MAX]);
        for key in [1, 9, 1 << 63, u64::MAX] {
            assert!(holds(&packed, key));
        }
        assert!(!holds(&packed, 2) && !holds(&[], 1) && !holds(&[0; 7], 0));
    }

    #[test]
    fn a_mark_keeps_its_bits() {
        for mark in [0, 1, 1 << 63, u64::MAX] {
            assert_eq!(unsigned(signed(mark)), mark);
        }
    }

    #[test]
    fn a_time_nobody_can_have_written_does_no_harm() {
        assert_eq!(written(i64::MAX, i16::MAX).millis(), 0);
    }
}
