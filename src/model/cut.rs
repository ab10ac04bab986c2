//! `Cut`: what a reader asks of a feed beyond its address: how much, since when, about what.
//!
//! Read from the query of an address, forgivingly: what is unknown or makes no sense is as if it
//! were not there (row C-15). A cut is no topic and is never kept.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::form_urlencoded;

use super::feed::Revision;
use super::text::Query;
use super::time::{Offset, Timestamp};

/// The most items a reader may ask for.
pub const MOST: usize = 200;

/// The most words one may drop.
const DROPS: usize = 16;

/// What stays as it is in our addresses.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is asked of a feed. Empty for the feed as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// How many items at most, from 1 to 200.
    pub limit: Option<usize>,
    /// Only what came after.
    pub since: Option<Since>,
    /// Only what has these words.
    pub query: Option<Query>,
    /// Nothing that has any of these.
    pub drop: Vec<Query>,
    words: String,
    dropped: Vec<String>,
}

/// From where on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// From a time.
    Time(Timestamp),
    /// From where an earlier answer ended.
    Cursor(Cursor),
}

/// A place in the log that was handed out, with a check on the row that stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The revision that was reached.
    pub revision: Revision,
    /// What tells that the log is still the one it was handed out from.
    pub check: u32,
}

impl Cursor {
    /// As it stands in addresses and answers. Opaque to readers.
    pub fn written(self) -> String {
        format!("{:x}-{:08x}", self.revision.0, self.check)
    }

    fn read(text: &str) -> Option<Cursor> {
        let (revision, check) = text.split_once('-')?;
        let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hex(revision) || !is_hex(check) || check.len() != 8 {
            return None;
        }
        Some(Cursor {
            revision: Revision(u64::from_str_radix(revision, 16).ok()?),
            check: u32::from_str_radix(check, 16).ok()?,
        })
    }
}

impl Cut {
    /// Reads the query of an address; of a parameter that is repeated the last counts, but `drop`.
    pub fn read(query: &str) -> Cut {
        let mut cut = Cut::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.trim();
            match &*name {
                "limit" => {
                    cut.limit = value.parse().ok().filter(|n| *n > 0).map(|n: usize| n.min(MOST))
                }
                "since" => cut.since = Since::read(value),
                "q" => {
                    cut.query = Query::read(value);
                    cut.words = value.split_whitespace().collect::<Vec<_>>().join(" ");
                }
                "drop" if cut.drop.len() < DROPS => {
                    cut.dropped.extend(Query::read(value).is_some().then(|| value.to_owned()));
                    cut.drop.extend(Query::read(value));
                }
                _ => {}
            }
        }
        cut
    }

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        *self == Cut { words: self.words.clone(), ..Cut::default() }
    }

    /// Whether a kept feed only has to be shortened.
    pub fn is_limit_alone(&self) -> bool {
        self.limit.is_some() && self.since.is_none() && self.query.is_none() && self.drop.is_empty()
    }

    /// What was searched for, as it was typed.
    pub fn words(&self) -> &str {
        &self.words
    }

    /// The one spelling of it in an address, with its question mark; empty when nothing is asked.
    pub fn written(&self) -> String {
        let mut query = String::new();
        let mut add = |name: &str, value: &str| {
            let mark = if query.is_empty() { '?' } else { '&' };
            let value = utf8_percent_encode(value, PLAIN);
            write!(query, "{mark}{name}={value}").expect("a string takes what it is given");
        };
        if self.query.is_some() {
            add("q", &self.words);
        }
        self.dropped.iter().for_each(|words| add("drop", words));
        match self.since {
            Some(Since::Time(at)) => add("since", &at.rfc3339()),
            Some(Since::Cursor(cursor)) => add("since", &cursor.written()),
            None => {}
        }
        if let Some(limit) = self.limit {
            add("limit", &limit.to_string());
        }
        query
    }
}

impl Since {
    /// A cursor, or a time by RFC 3339. A `+` that was not encoded has become a blank.
    fn read(text: &str) -> Option<Since> {
        if let Some(cursor) = Cursor::read(text) {
            return Some(Since::Cursor(cursor));
        }
        let at = chrono::DateTime::parse_from_rfc3339(&text.replace(' ', "+")).ok()?;
        let offset = i16::try_from(at.offset().local_minus_utc() / 60).ok();
        let offset = offset.and_then(Offset::from_minutes).unwrap_or(Offset::UTC);
        Timestamp::from_millis(at.timestamp_millis(), offset).map(Since::Time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, expected: &str) {
        let written = Cut::read(query).written();
        assert_eq!(written, expected);
        assert_eq!(Cut::read(written.trim_start_matches('?')).written(), written);
    }

    #[test]
    fn c_15_one_spelling_for_what_is_asked() {
        check("", "");
        check("utm_source=x&null", "");
        check("limit=5", "?limit=5");
        check("limit=5&limit=7&x", "?limit=7");
        check("limit=9999", "?limit=200");
        check("limit=7&q=%E6%B1%BD%E8%BD%A6+news", "?q=%E6%B1%BD%E8%BD%A6%20news&limit=7");
        check("drop=a&drop=b", "?drop=a&drop=b");
        check("since=2022-05-27T12:00:00%2B08:00", "?since=2022-05-27T12%3A00%3A00%2B08%3A00");
        check("since=2022-05-27T12:00:00+08:00", "?since=2022-05-27T12%3A00%3A00%2B08%3A00");
        check("since=1f-0000abcd", "?since=1f-0000abcd");
    }

    #[test]
    fn what_makes_no_sense_is_not_there() {
        for query in [
            "limit=0",
            "limit=-1",
            "limit=many",
            "since=yesterday",
            "since=1-2",
            "q=",
            "q=!",
            "drop=&drop=?",
        ] {
            check(query, "");
            assert!(Cut::read(query).is_empty(), "{query}");
        }
    }

    #[test]
    fn drops_are_bounded() {
        let query = "drop=a&".repeat(100);
        assert_eq!(Cut::read(&query).drop.len(), DROPS);
    }
}
