//! Times in a declared strftime pattern, for upstreams whose stamps nothing else can tell apart.

use std::fmt;

use chrono::format::{Item, Parsed, StrftimeItems, parse};

use super::hour::Hour;
use super::written::Written;
use super::{Around, Unreadable, place, relative};
use crate::model::time::{Offset, Timestamp};

/// A strftime pattern with a specifier that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadPattern(pub(super) String);

impl std::error::Error for BadPattern {}

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no way to read a time (detect, datetime, date, relative, cn, epoch_s, epoch_ms, \
             epoch_us, mdy, dmy, or a strftime pattern such as %Y-%m-%d %H:%M is expected)",
            self.0
        )
    }
}

/// Whether every specifier of the pattern exists.
pub fn is_valid(pattern: &str) -> bool {
    pattern.len() <= super::LONGEST && !StrftimeItems::new(pattern).any(|item| item == Item::Error)
}

/// Reads the whole stamp by the pattern; the year may be left out, the time of day too.
pub fn read(stamp: &str, pattern: &str, around: &Around) -> Result<Timestamp, Unreadable> {
    let mut parsed = Parsed::new();
    parse(&mut parsed, stamp, StrftimeItems::new(pattern)).map_err(|_| Unreadable::Unknown)?;
    let offset = match parsed.offset() {
        Some(seconds) => Some(minutes(seconds)?),
        None => None,
    };
    if let Some(seconds) = parsed.timestamp() {
        let instant =
            Timestamp::from_seconds(seconds, Offset::UTC).ok_or(Unreadable::Impossible)?;
        return Ok(instant.at(offset.unwrap_or(around.zone.offset_at(instant))));
    }
    let written = offset.map(Written::Offset);
    let millis = hour(&parsed)?.millis(None);
    match (parsed.to_naive_date(), parsed.month(), parsed.day()) {
        (Ok(day), _, _) => place(day, millis, written, around.zone),
        (_, Some(month), Some(day)) if parsed.year().is_none() => {
            let days = relative::years(around.local_now()?.date(), month, day);
            relative::latest(days, around, |day| place(day, millis, written, around.zone))
        }
        _ => Err(Unreadable::Impossible),
    }
}

fn hour(parsed: &Parsed) -> Result<Hour, Unreadable> {
    let Some((half, hour)) = parsed.hour_div_12().zip(parsed.hour_mod_12()) else {
        return Hour::new(0, 0, 0, 0);
    };
    let [minute, second] = [parsed.minute(), parsed.second()].map(|part| part.unwrap_or(0));
    let millis = parsed.nanosecond().unwrap_or(0) / 1_000_000;
    Hour::new((half * 12 + hour).into(), minute.into(), second.into(), millis.into())
}

fn minutes(seconds: i32) -> Result<Offset, Unreadable> {
    let minutes = i16::try_from(seconds / 60).ok();
    minutes.and_then(Offset::from_minutes).ok_or(Unreadable::Impossible)
}
