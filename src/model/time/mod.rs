//! `Timestamp`: an instant together with the offset it was written in.
//!
//! The offset survives to the subscriber: what came in as `+08:00` goes out as `+08:00`.
//! Reading is lenient (`read`), writing is strict (`rfc3339`, `rfc822`). Nothing here reads
//! a clock: whoever needs "now" passes it in.

mod read;
mod zone;

#[cfg(test)]
mod tests;

pub use read::{BadPattern, Form, Unreadable};
pub use zone::{UnknownZone, Zone};

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

/// Hours and minutes east of UTC, at minute precision as RFC 3339 and RFC 822 write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Offset {
    minutes: i16,
}

impl Offset {
    /// Printed as `Z` or `+0000`.
    pub const UTC: Offset = Offset { minutes: 0 };
    /// China Standard Time, `+08:00`.
    pub const CHINA: Offset = Offset { minutes: 480 };

    /// An offset of so many minutes east; `None` from a whole day on.
    pub fn from_minutes(minutes: i16) -> Option<Offset> {
        (-1439..=1439).contains(&minutes).then_some(Offset { minutes })
    }

    /// Minutes east of UTC.
    pub fn minutes(self) -> i16 {
        self.minutes
    }

    fn push(self, text: &mut String, between: &str) {
        let minutes = u32::from(self.minutes.unsigned_abs());
        text.push(if self.minutes < 0 { '-' } else { '+' });
        push_digits(text, minutes / 60, 2);
        text.push_str(between);
        push_digits(text, minutes % 60, 2);
    }
}

/// Written as `+08:00`; offset zero is `+00:00`.
impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(6);
        self.push(&mut text, ":");
        f.write_str(&text)
    }
}

/// An instant in milliseconds since 1970 and the offset it was written in.
///
/// Ordered by instant; the offset only breaks ties, so that order agrees with equality.
/// Years run from 0 to 9999, the range RFC 3339 can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp {
    millis: i64,
    offset: Offset,
}

const FIRST: i64 = -62_167_219_200_000 + 86_400_000; // 0000-01-02, so that no offset leaves the range
const LAST: i64 = 253_402_300_799_999 - 86_400_000; // 9999-12-30

impl Timestamp {
    /// The end of the range: what is due then is not due.
    pub const NEVER: Timestamp = Timestamp { millis: LAST, offset: Offset::UTC };

    /// The instant `millis` milliseconds after 1970 began, seen at `offset`; `None` outside the years 0 to 9999.
    pub fn from_millis(millis: i64, offset: Offset) -> Option<Timestamp> {
        (FIRST..=LAST).contains(&millis).then_some(Timestamp { millis, offset })
    }

    /// The instant `seconds` seconds after 1970 began, seen at `offset`.
    pub fn from_seconds(seconds: i64, offset: Offset) -> Option<Timestamp> {
        Timestamp::from_millis(seconds.checked_mul(1000)?, offset)
    }

    /// Milliseconds since 1970 began.
    pub fn millis(self) -> i64 {
        self.millis
    }

    /// Whole seconds since 1970 began, rounded down.
    pub fn seconds(self) -> i64 {
        self.millis.div_euclid(1000)
    }

    /// The offset this was written in.
    pub fn offset(self) -> Offset {
        self.offset
    }

    /// The same instant seen at another offset.
    pub fn at(self, offset: Offset) -> Timestamp {
        Timestamp { offset, ..self }
    }

    /// So much later, at most the end of the range.
    pub fn plus(self, span: Duration) -> Timestamp {
        let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Timestamp { millis: self.millis.saturating_add(span).min(LAST), ..self }
    }

    /// So much earlier, at least the start of the range.
    pub fn minus(self, span: Duration) -> Timestamp {
        let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Timestamp { millis: self.millis.saturating_sub(span).max(FIRST), ..self }
    }

    /// How long after `earlier` this is; zero when it is not later.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.millis - earlier.millis).unwrap_or(0))
    }

    /// Written as RFC 3339 section 5.6 asks: seconds always, fractions only when there are any, `Z` at offset zero.
    pub fn rfc3339(self) -> String {
        let (date, time) = self.fields();
        let mut text = String::with_capacity(29);
        push_date(&mut text, date);
        text.push('T');
        push_clock(&mut text, time);
        let fraction = self.millis.rem_euclid(1000);
        if fraction != 0 {
            text.push('.');
            push_digits(&mut text, fraction as u32, 3);
        }
        match self.offset {
            Offset::UTC => text.push('Z'),
            offset => offset.push(&mut text, ":"),
        }
        text
    }

    /// Written as RSS asks: RFC 822 section 5 with a four-digit year, English names and a numeric zone.
    pub fn rfc822(self) -> String {
        let (date, time) = self.fields();
        let mut text = String::with_capacity(31);
        text.push_str(WEEKDAYS[date.weekday().num_days_from_monday() as usize]);
        text.push_str(", ");
        push_digits(&mut text, date.day(), 2);
        text.push(' ');
        text.push_str(MONTHS[date.month0() as usize]);
        text.push(' ');
        push_digits(&mut text, date.year() as u32, 4);
        text.push(' ');
        push_clock(&mut text, time);
        text.push(' ');
        self.offset.push(&mut text, "");
        text
    }

    /// The calendar day at its own offset, `2022-05-27`.
    pub fn day(self) -> String {
        let mut text = String::with_capacity(10);
        push_date(&mut text, self.fields().0);
        text
    }

    /// As the `chrono` crate has it, for crates that speak it.
    pub fn chrono(self) -> DateTime<FixedOffset> {
        let offset = FixedOffset::east_opt(i32::from(self.offset.minutes) * 60);
        let utc = DateTime::from_timestamp_millis(self.millis);
        utc.expect("a year RFC 3339 can write").with_timezone(&offset.expect("less than a day"))
    }

    /// Date and time of day as the clocks at its own offset show them.
    fn local(self) -> NaiveDateTime {
        let shown = self.millis + i64::from(self.offset.minutes) * 60_000;
        DateTime::from_timestamp_millis(shown)
            .expect("the range keeps a day's distance from its ends")
            .naive_utc()
    }

    fn fields(self) -> (NaiveDate, NaiveTime) {
        let local = self.local();
        (local.date(), local.time())
    }
}

// chrono's formatter reads its pattern anew each time and ends in `fmt`; these run twice for each item rendered.

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn push_date(text: &mut String, date: NaiveDate) {
    push_digits(text, date.year() as u32, 4);
    text.push('-');
    push_digits(text, date.month(), 2);
    text.push('-');
    push_digits(text, date.day(), 2);
}

fn push_clock(text: &mut String, time: NaiveTime) {
    push_digits(text, time.hour(), 2);
    text.push(':');
    push_digits(text, time.minute(), 2);
    text.push(':');
    push_digits(text, time.second(), 2);
}

fn push_digits(text: &mut String, value: u32, width: u32) {
    for place in (0..width).rev() {
        let digit = value / 10_u32.pow(place) % 10;
        text.push(char::from(b'0' + digit as u8));
    }
}
