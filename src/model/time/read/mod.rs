//! Lenient reading of times: whatever feeds, pages and APIs write becomes a `Timestamp`.
//!
//! A stamp in a common form is read byte by byte (`fast`). Any other is brought into one spelling
//! (`fold`), cut into numbers, words and marks (`token`), and its parts are taken by the tables of
//! shapes in `date`, `hour`, `written` and `relative`, in whatever order they come (`scan`).
//!
//! Nothing here reads a clock or asks the machine for its zone, and nothing guesses a present: a
//! stamp that needs "now" is told so when none was given. Length is checked first, all work after
//! it is bounded by that length, and nothing recurses (RUSTSEC-2026-0009).

mod date;
mod epoch;
mod fast;
mod fold;
mod hour;
mod pattern;
mod relative;
mod scan;
mod token;
mod words;
mod written;

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta};

use super::{Timestamp, Zone};
pub use pattern::BadPattern;
use written::Written;

/// A declared way to read a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// Whatever it looks like.
    Detect,
    /// Seconds since 1970.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMillis,
    /// Microseconds since 1970.
    EpochMicros,
    /// `05/07/2022` is 7 May.
    MonthFirst,
    /// `05/07/2022` is 5 July.
    DayFirst,
    /// A strftime pattern.
    Pattern(String),
}

/// Reads the word a file declares a form by, or a strftime pattern, known by its `%`.
impl FromStr for Form {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Form, BadPattern> {
        Ok(match text {
            "detect" | "datetime" | "date" | "relative" | "cn" => Form::Detect,
            "epoch_s" => Form::EpochSeconds,
            "epoch_ms" => Form::EpochMillis,
            "epoch_us" => Form::EpochMicros,
            "mdy" => Form::MonthFirst,
            "dmy" => Form::DayFirst,
            _ if text.contains('%') && pattern::is_valid(text) => Form::Pattern(text.to_owned()),
            _ => return Err(BadPattern(text.chars().take(64).collect())),
        })
    }
}

/// Why a time could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Nothing there (`""`, `null`, `--`, `0`).
    Missing,
    /// Longer than any time is, its label and source included (256 bytes).
    TooLong,
    /// It is relative or lacks a part, and no "now" was given.
    NeedsNow,
    /// No known form.
    Unknown,
    /// A known form, but no such day or hour.
    Impossible,
}

impl std::error::Error for Unreadable {}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unreadable::Missing => "no time is given",
            Unreadable::TooLong => "too long for a time",
            Unreadable::NeedsNow => {
                "the time is relative or incomplete, and the present is not known"
            }
            Unreadable::Unknown => "not in any known form of a time",
            Unreadable::Impossible => "there is no such day or hour",
        })
    }
}

/// The longest stamp that is looked at, in bytes without the blanks around it. A time has 64 at
/// most; the rest is for the label before it, the source behind it, or the title of a link.
const LONGEST: usize = 256;

impl Timestamp {
    /// Reads a time in whatever form it is.
    ///
    /// A time without zone, and a zone name that means several things, are those of `zone`; a
    /// relative or incomplete one counts from `now`.
    pub fn read(raw: &str, zone: &Zone, now: Option<Timestamp>) -> Result<Timestamp, Unreadable> {
        Timestamp::read_as(raw, &[Form::Detect], zone, now)
    }

    /// Reads a time in the first of `forms` that fits; in whatever form it is when none is declared.
    ///
    /// When none fits, the first reason that says more than "unknown" is given.
    pub fn read_as(
        raw: &str,
        forms: &[Form],
        zone: &Zone,
        now: Option<Timestamp>,
    ) -> Result<Timestamp, Unreadable> {
        let stamp = raw.trim();
        if stamp.len() > LONGEST {
            return Err(Unreadable::TooLong);
        }
        if is_missing(stamp) {
            return Err(Unreadable::Missing);
        }
        let forms = if forms.is_empty() { &[Form::Detect] } else { forms };
        let mut reason = Unreadable::Unknown;
        for form in forms {
            match read_one(stamp, form, zone, now) {
                // Where programs have no time, they write the first they know: year 1 of Go and .NET.
                Ok(read) if read.local().year() <= 1 => return Err(Unreadable::Missing),
                Ok(read) => return Ok(read),
                Err(why) if reason == Unreadable::Unknown => reason = why,
                Err(_) => {}
            }
        }
        Err(reason)
    }
}

fn read_one(
    stamp: &str,
    form: &Form,
    zone: &Zone,
    now: Option<Timestamp>,
) -> Result<Timestamp, Unreadable> {
    let order = match form {
        Form::MonthFirst => Order::MonthFirst,
        Form::DayFirst => Order::DayFirst,
        _ => Order::Usual,
    };
    let around = Around { zone, now, order };
    match form {
        Form::Detect | Form::MonthFirst | Form::DayFirst => detect(stamp, &around),
        Form::Pattern(pattern) => pattern::read(stamp, pattern, &around),
        Form::EpochSeconds | Form::EpochMillis | Form::EpochMicros => {
            epoch::declared(stamp, form, &around)
        }
    }
}

fn detect(stamp: &str, around: &Around) -> Result<Timestamp, Unreadable> {
    if let Some(read) = fast::read(stamp.as_bytes(), around.zone) {
        return Ok(read);
    }
    let folded = fold::fold(stamp);
    let tokens = token::Tokens::cut(&folded);
    epoch::detect(&tokens, around).unwrap_or_else(|| scan::scan(&tokens, around))
}

/// What upstreams write where they have no time. MySQL writes zeros (`0000-00-00 00:00:00`).
fn is_missing(stamp: &str) -> bool {
    const WORDS: [&str; 10] =
        ["null", "none", "nil", "undefined", "nan", "n/a", "invalid date", "待定", "未知", "暂无"];
    let zeros = || {
        stamp.bytes().all(|b| matches!(b, b'0' | b'-' | b'/' | b':' | b'.' | b' ' | b'T' | b'Z'))
    };
    let marks = || !stamp.chars().any(char::is_alphanumeric);
    marks() || zeros() || WORDS.iter().any(|word| word.eq_ignore_ascii_case(stamp))
}

/// What surrounds a stamp: its source's zone, the present, and the declared order of day and month.
#[derive(Clone, Copy, Debug)]
struct Around<'a> {
    zone: &'a Zone,
    now: Option<Timestamp>,
    order: Order,
}

impl Around<'_> {
    fn now(&self) -> Result<Timestamp, Unreadable> {
        self.now.ok_or(Unreadable::NeedsNow)
    }

    /// What the clocks of the source's zone show now.
    fn local_now(&self) -> Result<NaiveDateTime, Unreadable> {
        let now = self.now()?;
        Ok(now.at(self.zone.offset_at(now)).local())
    }

    /// The year so many years from this one.
    fn year(&self, years: i32) -> Result<u64, Unreadable> {
        u64::try_from(self.local_now()?.year() + years).map_err(|_| Unreadable::Impossible)
    }

    /// Year and month so many months from this one.
    fn month(&self, months: i64) -> Result<(u64, u64), Unreadable> {
        let today = self.local_now()?;
        let month = i64::from(today.year()) * 12 + i64::from(today.month0()) + months;
        let month = u64::try_from(month).map_err(|_| Unreadable::Impossible)?;
        Ok((month / 12, month % 12 + 1))
    }
}

/// Which comes first where only numbers stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// The month before a slash, the day before a dash or a point, as most who write them so do.
    Usual,
    MonthFirst,
    DayFirst,
}

impl Order {
    fn is_month_first(self, joint: char) -> bool {
        match self {
            Order::Usual => matches!(joint, '/' | ' '),
            Order::MonthFirst => true,
            Order::DayFirst => false,
        }
    }
}

/// The instant so many milliseconds after the beginning of a day, in the zone written, else the source's.
fn place(
    day: NaiveDate,
    millis: u64,
    written: Option<Written>,
    zone: &Zone,
) -> Result<Timestamp, Unreadable> {
    let span = i64::try_from(millis).ok().and_then(TimeDelta::try_milliseconds);
    let local = span.and_then(|span| NaiveDateTime::from(day).checked_add_signed(span));
    let local = local.filter(|local| (1..=9999).contains(&local.year()));
    let local = local.ok_or(Unreadable::Impossible)?;
    match written {
        Some(written) => written.instant(local, zone),
        None => zone.instant(local),
    }
    .ok_or(Unreadable::Impossible)
}
