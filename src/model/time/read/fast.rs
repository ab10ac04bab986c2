//! The forms nearly every stamp has, read byte by byte without a single allocation.
//!
//! RFC 3339 (also with a blank, or without zone) and RFC 822 as feeds write it. Whatever differs in
//! one byte, or is out of range, is left to the tolerant reader, which also says what is wrong.

use chrono::NaiveDate;

use super::hour::Hour;
use super::place;
use super::written::Written;
use crate::model::time::{Offset, Timestamp, Zone};

/// Reads the stamp if it is in one of the common forms.
pub fn read(stamp: &[u8], zone: &Zone) -> Option<Timestamp> {
    match stamp.first()? {
        b'0'..=b'9' if stamp.get(4) == Some(&b'-') => rfc3339(stamp, zone),
        b'0'..=b'9' => rfc822(stamp, zone),
        _ if stamp.get(3) == Some(&b',') => rfc822(stamp.get(4..)?.trim_ascii_start(), zone),
        _ => None,
    }
}

/// `2022-05-27T12:03:15.123+08:00` and `2022-05-27 12:03:15`.
fn rfc3339(stamp: &[u8], zone: &Zone) -> Option<Timestamp> {
    let (date, rest) = stamp.split_at_checked(10)?;
    let (clock, rest) = rest
        .split_first()
        .filter(|(joint, _)| matches!(joint, b'T' | b' '))?
        .1
        .split_at_checked(8)?;
    let [y, m, d] = [number(&date[..4])?, number(&date[5..7])?, number(&date[8..])?];
    if date[7] != b'-' {
        return None;
    }
    let (millis, rest) = fraction(rest)?;
    let written = match rest {
        b"" => None,
        b"Z" => Some(Offset::UTC),
        [sign, h1, h2, b':', m1, m2] => Some(offset(*sign, &[*h1, *h2], &[*m1, *m2])?),
        _ => return None,
    };
    finish([y, m, d], hour(clock, millis)?, written, zone)
}

/// `Fri, 27 May 2022 12:03:15 +0800`, from the day on.
fn rfc822(stamp: &[u8], zone: &Zone) -> Option<Timestamp> {
    let digits = if stamp.get(1)?.is_ascii_digit() { 2 } else { 1 };
    let (day, rest) = stamp.split_at_checked(digits)?;
    let [b' ', m1, m2, m3, b' ', y1, y2, y3, y4, b' ', rest @ ..] = rest else { return None };
    let month =
        MONTHS.iter().position(|name| name.eq_ignore_ascii_case(&[*m1, *m2, *m3]))? as u32 + 1;
    let (clock, rest) = rest.split_at_checked(8)?;
    let written = match rest {
        b"" => None,
        b" GMT" | b" UTC" | b" UT" | b" Z" => Some(Offset::UTC),
        [b' ', sign, h1, h2, m1, m2] => Some(offset(*sign, &[*h1, *h2], &[*m1, *m2])?),
        _ => return None,
    };
    let year = number(&[*y1, *y2, *y3, *y4])?;
    finish([year, month, number(day)?], hour(clock, 0)?, written, zone)
}

const MONTHS: [&[u8]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];

fn finish(
    [y, m, d]: [u32; 3],
    hour: Hour,
    written: Option<Offset>,
    zone: &Zone,
) -> Option<Timestamp> {
    let year = i32::try_from(y).ok().filter(|year| *year > 0)?;
    let day = NaiveDate::from_ymd_opt(year, m, d)?;
    place(day, hour.millis(None), written.map(Written::Offset), zone).ok()
}

fn hour(clock: &[u8], millis: u64) -> Option<Hour> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *clock else { return None };
    let part = |digits: [u8; 2]| number(&digits).map(u64::from);
    Hour::new(part([h1, h2])?, part([m1, m2])?, part([s1, s2])?, millis).ok()
}

/// The milliseconds behind the point, and what follows.
fn fraction(rest: &[u8]) -> Option<(u64, &[u8])> {
    let Some(fraction) = rest.strip_prefix(b".") else { return Some((0, rest)) };
    let length = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = fraction.split_at(length);
    let millis =
        digits.iter().chain(b"000").take(3).fold(0, |sum, b| sum * 10 + u64::from(b - b'0'));
    (length > 0).then_some((millis, rest))
}

fn offset(sign: u8, hours: &[u8], minutes: &[u8]) -> Option<Offset> {
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let east = i16::try_from(hours * 60 + minutes).ok().filter(|_| minutes < 60)?;
    match sign {
        b'+' => Offset::from_minutes(east),
        b'-' => Offset::from_minutes(-east),
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u32::from(b - b'0')))
}
