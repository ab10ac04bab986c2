//! The shapes of a calendar day: numbers and month names in every order and joint.
//!
//! Shape first, validity second: `2022-13-01` has the shape of a date, so it is an impossible one
//! and is not tried as anything else.

use chrono::{NaiveDate, Weekday};

use super::token::{Number, Token, Tokens};
use super::{Around, Order, Unreadable, words};
use Token::{Mark as M, Number as N, Word as W};

/// As much of a day as was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Date {
    /// A day. `whole` unless year or day were guessed; `other` when day and month may be exchanged.
    Day { day: NaiveDate, whole: bool, other: Option<NaiveDate> },
    /// Month and day; the year follows from now.
    Yearless { month: u32, day: u32 },
    /// The day of a month; month and year follow from now.
    Monthless { day: u32 },
}

/// What was read, and how many tokens it took.
pub type Reading<T> = Option<(Result<T, Unreadable>, usize)>;

/// Reads the date at `at`.
pub fn date(tokens: &Tokens, at: usize, around: &Around) -> Reading<Date> {
    labelled(tokens, at, around)
        .or_else(|| iso(tokens, at))
        .or_else(|| joined(tokens, at, around.order))
}

fn whole(year: u64, month: u64, day: u64) -> Result<Date, Unreadable> {
    Ok(Date::Day { day: civil(year, month, day)?, whole: true, other: None })
}

fn guessed(day: Result<NaiveDate, Unreadable>) -> Result<Date, Unreadable> {
    Ok(Date::Day { day: day?, whole: false, other: None })
}

/// The day, when there is such a one in the years 1 to 9999.
pub fn civil(year: u64, month: u64, day: u64) -> Result<NaiveDate, Unreadable> {
    let year = i32::try_from(year).ok().filter(|year| (1..=9999).contains(year));
    let (month, day) = (u32::try_from(month).ok(), u32::try_from(day).ok());
    (|| NaiveDate::from_ymd_opt(year?, month?, day?))().ok_or(Unreadable::Impossible)
}

/// Years of two and three digits as RFC 5322 section 4.3 reads them.
pub fn full_year(year: Number) -> u64 {
    match (year.digits, year.value) {
        (1 | 2, ..50) => year.value + 2000,
        (1..=3, _) => year.value + 1900,
        _ => year.value,
    }
}

/// 2022年5月27日, 2022년 5월 27일, 去年5月27日, 本月3日, 5月27日, 27日.
fn labelled(tokens: &Tokens, start: usize, around: &Around) -> Reading<Date> {
    let (year, used) = labelled_year(tokens, start, around).unzip();
    let at = start + used.unwrap_or(0);
    let (month, used) = labelled_month(tokens, at)
        .or_else(|| if year.is_none() { turned_month(tokens, at, around) } else { None })
        .unzip();
    let at = at + used.unwrap_or(0);
    let (day, used) = labelled_day(tokens, at, month.is_some()).unzip();
    let end = at + used.unwrap_or(0);
    let read = match (year, month, day) {
        (None, None, None) | (None, Some(_), None) => return None,
        (None, None, Some(day)) if (1..=31).contains(&day) => {
            Ok(Date::Monthless { day: day as u32 })
        }
        (None, None, Some(_)) => return None,
        (None, Some(month), Some(day)) => month.and_then(|(year, month)| match year {
            Some(year) => whole(year, month, day),
            None => yearless(month, day),
        }),
        (Some(year), None, _) => guessed(year.and_then(|year| civil(year, 1, 1))),
        (Some(year), Some(month), None) => guessed(year.and_then(|year| civil(year, month?.1, 1))),
        (Some(year), Some(month), Some(day)) => year.and_then(|year| whole(year, month?.1, day)),
    };
    Some((read, end - start))
}

/// The year before the first of the Republic of China, which Taiwan counts by.
const REPUBLIC: u64 = 1911;

fn labelled_year(tokens: &Tokens, at: usize, around: &Around) -> Reading<u64> {
    match *tokens.from(at) {
        [N(year), W("年" | "년"), ..] if matches!(year.digits, 2 | 4) => {
            Some((Ok(full_year(year)), 2))
        }
        // Only Taiwan's years have three digits today.
        [N(year), W("年"), ..] if year.digits == 3 => Some((Ok(REPUBLIC + year.value), 2)),
        [W(word), N(year), W("年"), ..]
            if year.digits <= 3
                && let Some(before) = words::era(word) =>
        {
            Some((Ok(before + year.value), 3))
        }
        [W(word), W("元"), W("年"), ..] if let Some(before) = words::era(word) => {
            Some((Ok(before + 1), 3))
        }
        [W(word), ..] => words::year(word).map(|years| (around.year(years), 1)),
        _ => None,
    }
}

/// A month, and the year it is in where that is known.
type YearMonth = (Option<u64>, u64);

fn labelled_month(tokens: &Tokens, at: usize) -> Reading<YearMonth> {
    let [N(month), W("月" | "월"), ..] = *tokens.from(at) else { return None };
    Some((Ok((None, month.value)), 2))
}

/// 本月, 上月, 上个月.
fn turned_month(tokens: &Tokens, at: usize, around: &Around) -> Reading<YearMonth> {
    let (word, used) = match *tokens.from(at) {
        [W(word), W("月"), ..] => (word, 2),
        [W(word), W("个" | "個"), W("月"), ..] => (word, 3),
        _ => return None,
    };
    let read = around.month(words::turn(word)?);
    Some((read.map(|(year, month)| (Some(year), month)), used))
}

/// The day, whose label is often left out behind a month: `5月27 12:03`.
fn labelled_day(tokens: &Tokens, at: usize, after_month: bool) -> Option<(u64, usize)> {
    match *tokens.from(at) {
        [N(day), W("日" | "号" | "號" | "일"), ..] => Some((day.value, 2)),
        [N(day), ..] if after_month && day.digits <= 2 && is_calendar(tokens, at) => {
            Some((day.value, 1))
        }
        _ => None,
    }
}

fn yearless(month: u64, day: u64) -> Result<Date, Unreadable> {
    // 2000 has a 29 February, so only days that no year has are refused here.
    civil(2000, month, day)?;
    Ok(Date::Yearless { month: month as u32, day: day as u32 })
}

/// ISO 8601's forms without names: basic dates, ordinal dates (section 5.2.2), week dates (5.2.3).
fn iso(tokens: &Tokens, at: usize) -> Reading<Date> {
    let alone = tokens.len() == 1;
    let (read, used) = match *tokens.from(at) {
        [N(y), M('-'), W("w"), N(w), M('-'), N(d), ..]
            if y.digits == 4 && tokens.is_glued(at + 2) =>
        {
            (week(y.value, w.value, d.value), 6)
        }
        [N(y), M('-'), W("w"), N(w), ..] if y.digits == 4 && w.digits == 2 => {
            (week(y.value, w.value, 1), 4)
        }
        [N(y), W("w"), N(w), ..] if y.digits == 4 && w.digits == 3 => {
            (week(y.value, w.value / 10, w.value % 10), 3)
        }
        [N(y), W("w"), N(w), ..] if y.digits == 4 && w.digits == 2 => {
            (week(y.value, w.value, 1), 3)
        }
        [N(y), M('-'), N(d), ..] if (y.digits, d.digits) == (4, 3) => {
            (ordinal(y.value, d.value), 3)
        }
        // ISO 8601:1988 truncated: the year is left out.
        [M('-'), M('-'), N(m), M('-'), N(d), ..] if (m.digits, d.digits) == (2, 2) => {
            (yearless(m.value, d.value), 5)
        }
        [M('-'), M('-'), N(n), ..] if n.digits == 4 => (yearless(n.value / 100, n.value % 100), 3),
        [N(n), ..] if n.digits == 8 => {
            (whole(n.value / 10_000, n.value / 100 % 100, n.value % 100), 1)
        }
        [N(n), ..] if n.digits == 7 && (alone || is_before_t(tokens, at)) => {
            (ordinal(n.value / 1000, n.value % 1000), 1)
        }
        [N(n), ..] if n.digits == 6 && (alone || is_before_t(tokens, at)) => {
            let year = full_year(Number { value: n.value / 10_000, digits: 2 });
            (guessed(civil(year, n.value / 100 % 100, n.value % 100)), 1)
        }
        [N(y)] if y.digits == 4 && alone => (guessed(civil(y.value, 1, 1)), 1),
        _ => return None,
    };
    Some((read, used))
}

fn is_before_t(tokens: &Tokens, at: usize) -> bool {
    tokens.get(at + 1) == Some(W("t"))
}

fn week(year: u64, week: u64, day: u64) -> Result<Date, Unreadable> {
    let day = (|| {
        let weekday = Weekday::try_from(u8::try_from(day.checked_sub(1)?).ok()?).ok()?;
        NaiveDate::from_isoywd_opt(i32::try_from(year).ok()?, u32::try_from(week).ok()?, weekday)
    })();
    Ok(Date::Day { day: day.ok_or(Unreadable::Impossible)?, whole: true, other: None })
}

fn ordinal(year: u64, day: u64) -> Result<Date, Unreadable> {
    let day = i32::try_from(year).ok().zip(u32::try_from(day).ok());
    let day = day.and_then(|(year, day)| NaiveDate::from_yo_opt(year, day));
    Ok(Date::Day { day: day.ok_or(Unreadable::Impossible)?, whole: true, other: None })
}

/// One of up to three parts of a joined date.
#[derive(Clone, Copy, Debug)]
enum Piece {
    Figure(Number),
    Month(u32),
}
use Piece::{Figure, Month};

/// Three parts, or two, with what joins them (`-`, `/`, `.` or a blank) and where each ends.
fn joined(tokens: &Tokens, start: usize, order: Order) -> Reading<Date> {
    let (first, end) = piece(tokens, start)?;
    let (joint, at) = joint(tokens, end);
    let (second, end) = piece(tokens, at).filter(|_| !is_clock(tokens, at, joint, ' '))?;
    let (next, third_at) = self::joint(tokens, end);
    let third = piece(tokens, third_at).filter(|_| !is_clock(tokens, third_at, next, joint));
    if let (Month(_), Figure(_), Some((Month(_), _))) = (first, second, third) {
        // `mar. 31 mai 2022`: the first is a weekday, mardi.
        return None;
    }
    let three = third.and_then(|(third, end)| {
        Some((triple([first, second, third], [joint, next], order)?, end))
    });
    let (read, end) = three.or_else(|| {
        let timed = joint != '.' || is_clock(tokens, third_at, next, ' ');
        Some((pair(first, second, joint, timed, order)?, end))
    })?;
    Some((read, end - start))
}

fn piece(tokens: &Tokens, at: usize) -> Option<(Piece, usize)> {
    match *tokens.from(at) {
        [N(number), W(word), ..] if words::is_ordinal(word) && tokens.is_glued(at + 1) => {
            Some((Figure(number), at + 2))
        }
        // Java's `28 5月 2004`; elsewhere such a month is labelled as everything around it is.
        [N(month @ Number { value: 1..=12, .. }), W("月" | "월"), N(year), ..]
            if year.digits == 4 && tokens.is_glued(at + 1) && !tokens.is_glued(at + 2) =>
        {
            Some((Month(month.value as u32), at + 2))
        }
        [N(number), ..] => Some((Figure(number), at + 1)),
        [W(word), ..] => words::month(word).map(|month| (Month(month), at + 1)),
        _ => None,
    }
}

/// The strongest mark between two parts, past fillers and a weekday (`27 Friday, May 2022`).
fn joint(tokens: &Tokens, mut at: usize) -> (char, usize) {
    let mut strongest = ' ';
    loop {
        match *tokens.from(at) {
            [M('.'), ..] if strongest == ' ' => strongest = '.',
            [M(mark @ ('-' | '/')), ..] if strongest == ' ' => strongest = mark,
            [M(',' | '.'), ..] => {}
            [W(word), ..] if words::month(word).is_some() => break,
            [W("de" | "del" | "of" | "den"), ..] => {}
            [W(word), ..] if words::weekday(word).is_some() && word.is_ascii() => {}
            _ => break,
        }
        at += 1;
    }
    (strongest, at)
}

/// Whether the number at `at` begins a time of day, and so is no part of the date.
fn is_clock(tokens: &Tokens, at: usize, joint: char, before: char) -> bool {
    // `27/May/2022:12:03`: a number joined like the one before it belongs to the date.
    let belongs = joint != ' ' && joint == before && tokens.is_glued(at);
    !belongs && !is_calendar(tokens, at)
}

/// Whether nothing after the number at `at` makes an hour of it.
fn is_calendar(tokens: &Tokens, at: usize) -> bool {
    match *tokens.from(at) {
        [N(_), M(':'), ..] => false,
        [N(_), W(word), ..] => !(words::is_hour(word) || matches!(word, "am" | "pm")),
        _ => true,
    }
}

fn triple(pieces: [Piece; 3], joints: [char; 2], order: Order) -> Option<Result<Date, Unreadable>> {
    Some(match pieces {
        [Figure(y), Month(m), Figure(d)] if y.digits >= 3 && d.digits <= 2 => {
            whole(y.value, m.into(), d.value)
        }
        [Figure(d), Month(m), Figure(y)] | [Month(m), Figure(d), Figure(y)]
            if d.digits <= 2 && y.digits >= 2 =>
        {
            whole(full_year(y), m.into(), d.value)
        }
        [Figure(y), Figure(m), Figure(d)]
            if y.digits >= 4 && m.digits <= 2 && d.digits <= 2 && joints[0] == joints[1] =>
        {
            whole(y.value, m.value, d.value)
        }
        [Figure(a), Figure(b), Figure(y)]
            if y.digits >= 3 && a.digits <= 2 && b.digits <= 2 && joints[0] == joints[1] =>
        {
            either(y.value, a.value, b.value, order.is_month_first(joints[0]))
        }
        [Figure(a), Figure(b), Figure(c)]
            if a.digits <= 2 && b.digits <= 2 && joints[0] == joints[1] && joints[0] != ' ' =>
        {
            short(a, b, c, joints[0], order)?
        }
        _ => return None,
    })
}

/// `05/07/2022`: the usual order of the two, and the other one where only that is a day.
fn either(year: u64, a: u64, b: u64, month_first: bool) -> Result<Date, Unreadable> {
    let (usual, other) = if month_first { ((a, b), (b, a)) } else { ((b, a), (a, b)) };
    let other = civil(year, other.0, other.1);
    match civil(year, usual.0, usual.1) {
        Ok(day) => Ok(Date::Day { day, whole: true, other: other.ok() }),
        Err(_) => Ok(Date::Day { day: other?, whole: true, other: None }),
    }
}

/// Years of two digits: `03-12-31` is ISO 8601:1988's, `31.12.03` European, `12/31/03` American.
fn short(
    a: Number,
    b: Number,
    c: Number,
    joint: char,
    order: Order,
) -> Option<Result<Date, Unreadable>> {
    let year_first = civil(full_year(a), b.value, c.value);
    let year_last = either(full_year(c), a.value, b.value, order.is_month_first(joint));
    let day = match (year_first, year_last) {
        (Ok(day), _) if c.digits == 1 || (joint == '-' && order == Order::Usual) => Ok(day),
        (_, Ok(Date::Day { day, .. })) if c.digits == 2 => Ok(day),
        (first, _) => first,
    };
    // Versions and scores look like this too: `1.2.3`.
    (a.digits == 2 || c.digits == 2).then(|| guessed(day))
}

fn pair(
    first: Piece,
    second: Piece,
    joint: char,
    timed: bool,
    order: Order,
) -> Option<Result<Date, Unreadable>> {
    Some(match (first, second) {
        (Figure(y), Month(m)) | (Month(m), Figure(y)) if y.digits >= 3 => {
            guessed(civil(y.value, m.into(), 1))
        }
        (Figure(d), Month(m)) | (Month(m), Figure(d)) => yearless(m.into(), d.value),
        _ if joint == ' ' => return None,
        (Figure(y), Figure(m)) if y.digits == 4 && m.digits <= 2 => {
            guessed(civil(y.value, m.value, 1))
        }
        (Figure(m), Figure(y)) if m.digits <= 2 && y.digits == 4 => {
            guessed(civil(y.value, m.value, 1))
        }
        (Figure(a), Figure(b)) if a.digits <= 2 && b.digits <= 2 && timed => {
            let day_first = order == Order::DayFirst;
            let (usual, other) = if day_first { ((b, a), (a, b)) } else { ((a, b), (b, a)) };
            yearless(usual.0.value, usual.1.value)
                .or_else(|why| yearless(other.0.value, other.1.value).map_err(|_| why))
        }
        _ => return None,
    })
}
