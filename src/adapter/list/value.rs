//! A JSON value within bounds: of a list as long as its sender likes, only so much is kept.
//!
//! serde_json's own reader keeps all that comes, and sixteen megabytes of `[0,0,0,…]` become more
//! than a gigabyte. Here a value that has no room any more is passed over, and so is the rest of
//! the list or table it stands in. Values in a list are whole, but for the tables around the last (T-15).

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::model::text::LONGEST;

/// Bytes that values may take besides the words in them.
const ROOM: usize = 16 << 20;
/// Bytes of a value in a list, which has room for twice what it holds.
const VALUE: usize = 2 * size_of::<Value>();
/// Bytes a value takes more under a name.
const NAME: usize = 2 * size_of::<(u64, String)>();
/// Bytes of a table before anything stands in it.
const TABLE: usize = 256;

/// Reads the first value of a text, and whether something had to be left out; `null` of a blank text.
///
/// # Errors
/// The reader's own, when this is not JSON.
pub fn read(text: &str) -> Result<(Value, bool), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    if text.trim_ascii_start().is_empty() {
        return Ok((Value::Null, false));
    }
    let room = Cell::new(Some(ROOM));
    let value = Kept { room: &room }.deserialize(&mut reader)?;
    Ok((value, room.get().is_none()))
}

/// A value that is kept as long as there is room; none once there was too little.
#[derive(Clone, Copy)]
struct Kept<'r> {
    room: &'r Cell<Option<usize>>,
}

impl Kept<'_> {
    fn take(self, bytes: usize) {
        self.room.set(self.room.get().and_then(|room| room.checked_sub(bytes)));
    }

    fn is_full(self) -> bool {
        self.room.get().is_none()
    }
}

impl<'de> DeserializeSeed<'de> for Kept<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.take(VALUE);
        if self.is_full() {
            return deserializer.deserialize_ignored_any(IgnoredAny).map(|_| Value::Null);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Kept<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    /// No text is used beyond the length of a body.
    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text[..text.floor_char_boundary(LONGEST)].into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self)? {
            if self.is_full() {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                break;
            }
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Value, A::Error> {
        self.take(TABLE);
        let mut values = Map::new();
        while !self.is_full()
            && let Some(name) = table.next_key::<String>()?
        {
            self.take(NAME + name.len());
            let value = table.next_value_seed(self)?;
            values.insert(name, value);
        }
        while table.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(values.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(text: &str) {
        let whole = serde_json::from_str::<Value>(text).expect("well-formed");
        assert_eq!(read(text).expect("well-formed"), (whole, false), "{text}");
    }

    #[test]
    fn what_has_room_is_read_as_it_is_written() {
        same("null");
        same(r#"{"b":[1,-1,1.5,true,"\u4e2d",{}],"a":[],"a":null}"#);
        assert_eq!(read(" ").expect("nothing"), (Value::Null, false));
        assert!(read("{\"a\"").is_err());
    }

    #[test]
    fn t_15_what_has_no_room_is_left_out() {
        let item = r#"{"a":1,"b":[2,3]},"#;
        let text = format!("{{\"head\":1,\"list\":[{}4],\"tail\":2}}", item.repeat(300_000));
        let (value, is_partial) = read(&text).expect("well-formed");
        let list = value["list"].as_array().expect("a list");
        assert!(is_partial && value["head"] == 1 && value["tail"] == Value::Null);
        assert!(list.len() > 5_000 && list.len() < 300_000);
        let whole = serde_json::json!({"a": 1, "b": [2, 3]});
        let (last, others) = list.split_last().expect("some");
        assert!(others.iter().all(|item| *item == whole) && last.is_object());
    }
}
