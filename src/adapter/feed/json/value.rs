//! `Json`: a JSON value as far as a feed needs it, within bounds.
//!
//! serde_json's own `Value` grows with what comes: sixteen megabytes of `[0,0,0,…]` become half a
//! gigabyte. This one stops keeping at a number of values, a depth and a length of list, and
//! passes over the rest without recursion (T-15).

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::adapter::feed::document::ITEMS;

/// Values kept of one document.
const VALUES: usize = 200_000;
/// Values inside one another that are kept.
const DEPTH: usize = 16;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json<'a> {
    /// `null`, and whatever a bound left out.
    Nothing,
    /// `true` or `false`.
    Flag(bool),
    /// A string, or a number as people write it.
    Word(Cow<'a, str>),
    /// A list, and how many more it had than are kept.
    List(Vec<Json<'a>>, usize),
    /// Values by name.
    Table(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Reads the first value of a text.
    pub fn read<'de: 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Json<'a>, D::Error> {
        Kept { values: &Cell::new(VALUES), depth: DEPTH }.deserialize(deserializer)
    }

    /// Takes the value of a name out of a table; where a name stands twice, the last one.
    pub fn take(&mut self, name: &str) -> Json<'a> {
        let Json::Table(table) = self else { return Json::Nothing };
        let found = table.iter_mut().rfind(|(own, _)| own == name);
        found.map_or(Json::Nothing, |(_, value)| std::mem::replace(value, Json::Nothing))
    }

    /// A word that isn't blank, trimmed.
    pub fn word(self) -> Option<Cow<'a, str>> {
        let Json::Word(word) = self else { return None };
        let word = crate::adapter::feed::xml::trim(crate::adapter::decode::allowed(word));
        Some(word).filter(|word| !word.is_empty())
    }

    /// A whole number.
    pub fn number(self) -> Option<u64> {
        self.word()?.parse().ok()
    }

    /// The values of a list; a lone value is a list of one.
    pub fn list(self) -> Vec<Json<'a>> {
        match self {
            Json::List(list, _) => list,
            Json::Nothing => Vec::new(),
            lone => vec![lone],
        }
    }
}

/// What is still kept.
#[derive(Clone, Copy)]
struct Kept<'b> {
    values: &'b Cell<usize>,
    depth: usize,
}

impl Kept<'_> {
    fn deeper(self) -> Self {
        Kept { depth: self.depth - 1, ..self }
    }
}

impl<'de> DeserializeSeed<'de> for Kept<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        if self.depth == 0 || self.values.get() == 0 {
            deserializer.deserialize_ignored_any(IgnoredAny)?;
            return Ok(Json::Nothing);
        }
        self.values.set(self.values.get() - 1);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Kept<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Nothing)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json<'de>, E> {
        Ok(Json::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Word(number.to_string().into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Word(number.to_string().into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json<'de>, E> {
        Ok(Json::Word(number.to_string().into()))
    }

    fn visit_str<E>(self, word: &str) -> Result<Json<'de>, E> {
        Ok(Json::Word(word.to_owned().into()))
    }

    fn visit_borrowed_str<E>(self, word: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Word(word.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let mut list = Vec::new();
        while list.len() < ITEMS {
            match access.next_element_seed(self.deeper())? {
                Some(value) => list.push(value),
                None => return Ok(Json::List(list, 0)),
            }
        }
        let mut surplus = 0;
        while access.next_element::<IgnoredAny>()?.is_some() {
            surplus += 1;
        }
        Ok(Json::List(list, surplus))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let mut table = Vec::new();
        while let Some(name) = access.next_key_seed(self)? {
            let value = access.next_value_seed(self.deeper())?;
            if let Json::Word(name) = name
                && table.len() < ITEMS
            {
                table.push((name, value));
            }
        }
        Ok(Json::Table(table))
    }
}
