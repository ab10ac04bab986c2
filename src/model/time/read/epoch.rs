//! Times that are one number: seconds, milliseconds or microseconds since 1970, or all digits of a
//! date run together.

use super::hour::{self, thousandths};
use super::token::{Number, Token, Tokens};
use super::{Around, Form, Unreadable, date, place, written};
use crate::model::time::Timestamp;
use Token::{Mark as M, Number as N, Word as W};

/// Reads a stamp that is nothing but one number; `None` when it is something else.
pub fn detect(tokens: &Tokens, around: &Around) -> Option<Result<Timestamp, Unreadable>> {
    Some(match *tokens.from(0) {
        [M('-'), N(_)] | [M('-'), N(_), M('.'), N(_)] => Err(Unreadable::Missing),
        [N(n)] | [N(n), M('.'), N(_)] if n.value == 0 => Err(Unreadable::Missing),
        [N(n)] => number(n, 0, around)?,
        [N(n), M('.'), N(f)] if n.digits >= 10 => number(n, thousandths(f), around)?,
        [N(n), M('+' | '-'), ..] | [N(n), W(_), ..] if matches!(n.digits, 12 | 14) => {
            let zone =
                written::zone(tokens, 1, true).filter(|(_, used)| used + 1 == tokens.len())?.0;
            digits(n, 0).and_then(|(day, millis)| place(day, millis, Some(zone?), around.zone))
        }
        _ => return microsoft(tokens, around),
    })
}

fn number(n: Number, fraction: u64, around: &Around) -> Option<Result<Timestamp, Unreadable>> {
    Some(match n.digits {
        10 => since_1970(n.value * 1000 + fraction, around),
        13 => since_1970(n.value, around),
        16 => since_1970(n.value / 1000, around),
        12 | 14 | 17 => {
            digits(n, fraction).and_then(|(day, millis)| place(day, millis, None, around.zone))
        }
        _ => return None,
    })
}

/// `202205271203`, `20220527120315`, `20220527120315123`.
fn digits(n: Number, fraction: u64) -> Result<(chrono::NaiveDate, u64), Unreadable> {
    let (value, millis) = match n.digits {
        12 => (n.value * 100, fraction),
        17 => (n.value / 1000, n.value % 1000),
        _ => (n.value, fraction),
    };
    let (day, clock) = (value / 1_000_000, value % 1_000_000);
    let clock = hour::compact(Number { value: clock, digits: 6 }, millis)?;
    Ok((date::civil(day / 10_000, day / 100 % 100, day % 100)?, clock.millis(None)))
}

/// ASP.NET's `/Date(1653624195000+0800)/`; `fold` has taken the parentheses.
fn microsoft(tokens: &Tokens, around: &Around) -> Option<Result<Timestamp, Unreadable>> {
    let at = (0..tokens.len().min(4)).find(|at| tokens.get(*at) == Some(W("date")))? + 1;
    match *tokens.from(at) {
        [M('-'), N(_), ..] => Some(Err(Unreadable::Missing)),
        [N(n), ..] if n.value == 0 => Some(Err(Unreadable::Missing)),
        [N(n), ..] if matches!(n.digits, 9..=14) => {
            let read = since_1970(n.value, around);
            let zone = written::zone(tokens, at + 1, true);
            Some(match zone {
                Some((Ok(written::Written::Offset(offset)), _)) => read.map(|t| t.at(offset)),
                _ => read,
            })
        }
        _ => None,
    }
}

/// Reads a number of the unit the form declares.
pub fn declared(raw: &str, form: &Form, around: &Around) -> Result<Timestamp, Unreadable> {
    let (whole, fraction) = raw.split_once('.').unwrap_or((raw, ""));
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.starts_with('-') && plain(&whole[1..]) {
        return Err(Unreadable::Missing);
    }
    if whole.is_empty() || !plain(whole) || !plain(fraction) {
        return Err(Unreadable::Unknown);
    }
    let value: u64 = whole.parse().map_err(|_| Unreadable::Impossible)?;
    let millis = match form {
        Form::EpochSeconds => {
            let fraction = Number { value: fraction.parse().unwrap_or(0), digits: fraction.len() };
            value.checked_mul(1000).map(|millis| millis + thousandths(fraction))
        }
        Form::EpochMicros => Some(value / 1000),
        _ => Some(value),
    };
    match (value, millis) {
        (0, _) => Err(Unreadable::Missing),
        (_, Some(millis)) => since_1970(millis, around),
        (_, None) => Err(Unreadable::Impossible),
    }
}

fn since_1970(millis: u64, around: &Around) -> Result<Timestamp, Unreadable> {
    let millis = i64::try_from(millis).map_err(|_| Unreadable::Impossible)?;
    let instant = Timestamp::from_millis(millis, crate::model::time::Offset::UTC);
    let instant = instant.ok_or(Unreadable::Impossible)?;
    Ok(instant.at(around.zone.offset_at(instant)))
}
