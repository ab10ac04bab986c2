//! The shapes of a time of day, and what morning and evening do to an hour.

use super::Unreadable;
use super::date::Reading;
use super::token::{Number, Token, Tokens};
use super::words::{self, Part};
use Token::{Mark as M, Number as N, Word as W};

/// A time of day as it was written; which half of the day it is in may be told apart from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hour {
    hour: u64,
    rest: u64,
}

const DAY: u64 = 86_400_000;

impl Hour {
    /// The time of day, when there is such a one: up to `24:00`, with leap seconds.
    pub fn new(hour: u64, minute: u64, second: u64, millis: u64) -> Result<Hour, Unreadable> {
        let rest = (minute.min(60) * 60 + second.min(61)) * 1000 + millis.min(999);
        let possible = minute < 60 && second <= 60 && (hour < 24 || (hour == 24 && rest == 0));
        possible.then_some(Hour { hour, rest }).ok_or(Unreadable::Impossible)
    }

    /// Milliseconds since midnight, given the part of the day it is in.
    pub fn millis(self, part: Option<Part>) -> u64 {
        let hour = match (part, self.hour) {
            (Some(Part::Early), 12) => 0,
            (Some(Part::Noon), hour @ 1..=4) => hour + 12,
            (Some(Part::Afternoon), hour @ ..12) => hour + 12,
            (Some(Part::Evening), 0 | 12) => 24,
            (Some(Part::Evening), hour @ ..12) => hour + 12,
            (Some(Part::Night), 12) => 24,
            (Some(Part::Night), hour @ 6..12) => hour + 12,
            (_, hour) => hour,
        };
        hour * 3_600_000 + self.rest
    }

    /// The time a part of the day alone stands for: noon is one, of the others the day's beginning.
    pub fn of(part: Option<Part>) -> u64 {
        if part == Some(Part::Noon) { DAY / 2 } else { 0 }
    }
}

/// Reads the time of day at `at`. `dated` tells whether the date stands already: only then are
/// the looser forms a time.
pub fn hour(tokens: &Tokens, at: usize, dated: bool) -> Reading<Hour> {
    colons(tokens, at, dated)
        .or_else(|| labelled(tokens, at))
        .or_else(|| short(tokens, at))
        .or_else(|| if dated { loose(tokens, at) } else { None })
}

/// `12:03`, `12:03:15`, `12:03:15.123`, `12:03:15,123`, `12:03:15:123`.
fn colons(tokens: &Tokens, at: usize, dated: bool) -> Reading<Hour> {
    let (h, m, s, fraction, used) = match *tokens.from(at) {
        [N(h), M(':'), N(m), M(':'), N(s), M('.' | ',' | ':'), N(f), ..]
            if tokens.is_glued(at + 6) =>
        {
            // A third colon with two digits counts frames; only the fraction of a second is kept.
            let frames = tokens.get(at + 5) == Some(M(':')) && f.digits < 3;
            (h, m, Some(s), (!frames).then_some(f), 7)
        }
        [N(h), M(':'), N(m), M(':'), N(s), ..] => (h, m, Some(s), None, 5),
        [N(h), M(':'), N(m), ..] if m.digits == 2 || dated => (h, m, None, None, 3),
        _ => return None,
    };
    if h.digits > 2 || m.digits > 2 || s.is_some_and(|s| s.digits > 2) {
        return None;
    }
    let millis = fraction.map_or(0, thousandths);
    Some((Hour::new(h.value, m.value, s.map_or(0, |s| s.value), millis), used))
}

/// The first three digits after the point.
pub fn thousandths(fraction: Number) -> u64 {
    match u32::try_from(fraction.digits).unwrap_or(u32::MAX) {
        digits @ 0..=3 => fraction.value * 10_u64.pow(3 - digits),
        digits @ 4..=19 => fraction.value / 10_u64.pow(digits - 3),
        _ => 0,
    }
}

/// 12时03分15秒, 3点半, 3点一刻, 12시 3분, `12h03`.
fn labelled(tokens: &Tokens, start: usize) -> Reading<Hour> {
    let [N(h), W(word), ..] = *tokens.from(start) else { return None };
    if !words::is_hour(word) || h.digits > 2 {
        return None;
    }
    let mut at = start + 2;
    let (mut minute, mut second) = (0, 0);
    match *tokens.from(at) {
        [W("半"), ..] => (minute, at) = (30, at + 1),
        [W("整" | "钟" | "鐘"), ..] => at += 1,
        [N(quarters), W("刻"), ..] => (minute, at) = (quarters.value.saturating_mul(15), at + 2),
        [N(m), W(word), ..] if words::is_minute(word) => (minute, at) = (m.value, at + 2),
        [N(m), ..] if m.digits == 2 && (word == "h" || tokens.is_glued(at)) => {
            (minute, at) = (m.value, at + 1);
        }
        _ => {}
    }
    if let [N(s), W(word), ..] = *tokens.from(at)
        && words::is_second(word)
    {
        (second, at) = (s.value, at + 2);
    }
    Some((Hour::new(h.value, minute, second, 0), at - start))
}

/// `3 pm`, `3pm`, `12 a.m.`: the hour alone, named by what follows, which stays to be read.
fn short(tokens: &Tokens, at: usize) -> Reading<Hour> {
    let [N(h), ..] = *tokens.from(at) else { return None };
    let named = h.digits <= 2 && meridiem(tokens, at + 1).is_some();
    named.then(|| (Hour::new(h.value, 0, 0, 0), 1))
}

/// Reads `am`, `p.m.` and the like at `at`.
pub fn meridiem(tokens: &Tokens, at: usize) -> Option<(Part, usize)> {
    match *tokens.from(at) {
        [W("am"), ..] => Some((Part::Early, 1)),
        [W("pm"), ..] => Some((Part::Afternoon, 1)),
        [W(letter @ ("a" | "p")), M('.'), W("m"), ref rest @ ..] => {
            let part = if letter == "a" { Part::Early } else { Part::Afternoon };
            Some((part, 3 + usize::from(rest.first() == Some(&M('.')))))
        }
        _ => None,
    }
}

/// After a date: `T120315`, `T1203`, `T12`, ` 120315`, ` 12.03`, ` 12.03.15`, ` 12 +0800`.
fn loose(tokens: &Tokens, at: usize) -> Reading<Hour> {
    let after_t = at > 0 && tokens.get(at - 1) == Some(W("t"));
    match *tokens.from(at) {
        // Oracle's `27-May-22 03.04.15.123 PM`.
        [N(h), M('.'), N(m), M('.'), N(s), M('.'), N(f), ..]
            if (m.digits, s.digits) == (2, 2) && h.digits <= 2 =>
        {
            Some((Hour::new(h.value, m.value, s.value, thousandths(f)), 7))
        }
        [N(h), M('.'), N(m), M('.'), N(s), ..]
            if (m.digits, s.digits) == (2, 2) && h.digits <= 2 =>
        {
            Some((Hour::new(h.value, m.value, s.value, 0), 5))
        }
        [N(h), M('.'), N(m), ..] if m.digits == 2 && h.digits <= 2 => {
            Some((Hour::new(h.value, m.value, 0, 0), 3))
        }
        [N(n), M('.' | ','), N(f), ..] if n.digits == 6 && tokens.is_glued(at + 2) => {
            Some((compact(n, thousandths(f)), 3))
        }
        [N(h), M('+' | '-'), N(zone), ..] if (h.digits, zone.digits) == (2, 4) => {
            Some((compact(h, 0), 1))
        }
        [N(n), ..] if n.digits == 6 || (after_t && matches!(n.digits, 2 | 4)) => {
            Some((compact(n, 0), 1))
        }
        _ => None,
    }
}

/// `120315`, `1203` or `12`.
pub fn compact(number: Number, millis: u64) -> Result<Hour, Unreadable> {
    let value = match number.digits {
        2 => number.value * 10_000,
        4 => number.value * 100,
        _ => number.value,
    };
    Hour::new(value / 10_000, value / 100 % 100, value % 100, millis)
}
