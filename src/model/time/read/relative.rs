//! Times told from now: 3分钟前, 刚刚, 昨晚, 上周五, "2 hours ago", and the parts a stamp leaves out.
//!
//! Steps of seconds to weeks are exact; months and years are calendar steps that stop at the end of
//! a shorter month.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta};

use super::hour::thousandths;
use super::token::{Number, Token, Tokens};
use super::words::{self, Part, Unit};
use super::{Around, Unreadable};
use crate::model::time::Timestamp;
use Token::{Mark as M, Number as N, Word as W};

/// A day or instant told from now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Relative {
    /// So far from now.
    Span(Span),
    /// So many days from today.
    Days(i64),
    /// The day of a week.
    Weekday(u32, Week),
}

/// Which week a weekday is in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Week {
    /// The latest that is not after now.
    Latest,
    /// The latest before today.
    Before,
    /// So many weeks from this one, Monday first.
    From(i64),
}

/// A distance in time, negative for the past.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Span {
    months: i64,
    millis: i64,
    /// Whether its finest unit is a day or longer, so that a clock time may follow.
    pub coarse: bool,
}

/// What was read: the words' meaning, a part of the day they name, and how many tokens they took.
pub type Told = (Relative, Option<Part>, usize);

/// Reads what is told from now at `at`.
pub fn relative(tokens: &Tokens, at: usize) -> Option<Told> {
    present(tokens, at).or_else(|| span(tokens, at)).or_else(|| turned(tokens, at)).or_else(|| {
        match *tokens.from(at) {
            [W(word), ..] => words::day(word).map(|(days, part)| (Relative::Days(days), part, 1)),
            _ => None,
        }
    })
}

fn present(tokens: &Tokens, at: usize) -> Option<Told> {
    let used = match *tokens.from(at) {
        [W("just"), W("now"), ..] => 2,
        [W("a"), W("moment"), W("ago"), ..] => 3,
        [W("moments"), W("ago"), ..] => 2,
        [W(word), ..] if words::is_now(word) => 1,
        _ => return None,
    };
    Some((Relative::Span(Span::default()), None, used))
}

/// 1小时20分钟前, 半小时前, "in 5 minutes".
fn span(tokens: &Tokens, start: usize) -> Option<Told> {
    let ahead = tokens.get(start) == Some(W("in"));
    let mut at = start + usize::from(ahead);
    let mut span = Span { coarse: true, ..Span::default() };
    let first = at;
    while let Some((amount, unit, used)) = measure(tokens, at) {
        span.add(amount, unit);
        at += used;
        at += between(tokens, at);
    }
    let sign = match *tokens.from(at) {
        _ if at == first => return None,
        [W(word), ..] if words::is_ago(word) => -1,
        [W(word), ..] if words::is_later(word) => 1,
        _ if ahead => return Some((Relative::Span(span), None, at - start)),
        _ => return None,
    };
    let span = Span { months: span.months * sign, millis: span.millis * sign, ..span };
    Some((Relative::Span(span), None, at + 1 - start))
}

/// What may stand between two measures: 1小时零5分钟, "2 hours, 5 minutes", "1 hour and 20 minutes".
fn between(tokens: &Tokens, at: usize) -> usize {
    match *tokens.from(at) {
        [M(','), W("and"), ..] => 2,
        [M(',') | W("and"), ..] | [N(Number { value: 0, digits: 1 }), N(_), ..] => 1,
        _ => 0,
    }
}

/// A number with its unit: 3分钟, 1个半小时, "half an hour"; the number in thousandths.
fn measure(tokens: &Tokens, start: usize) -> Option<(i64, Unit, usize)> {
    let (mut amount, used) = amount(tokens, start)?;
    let mut at = start + used;
    while let Some(M('+') | W("个" | "個" | "多" | "余" | "of" | "an" | "a")) = tokens.get(at) {
        at += 1;
    }
    if tokens.get(at) == Some(W("半")) {
        (amount, at) = (amount + 500, at + 1);
    }
    let Some(W(word)) = tokens.get(at) else { return None };
    let unit = match word {
        "ヶ月" | "か月" | "カ月" | "개월" => Unit::Months(1),
        _ => words::unit(word)?,
    };
    at += 1;
    if let [W("半"), W(word), ..] = *tokens.from(at)
        && words::is_ago(word)
    {
        (amount, at) = (amount + 500, at + 1);
    }
    Some((amount, unit, at - start))
}

fn amount(tokens: &Tokens, at: usize) -> Option<(i64, usize)> {
    let thousands = |n: Number| (n.digits <= 6).then(|| n.value as i64 * 1000);
    match *tokens.from(at) {
        [N(n), M('.'), N(f), ..] => Some((thousands(n)? + thousandths(f) as i64, 3)),
        [N(n), W("几" | "幾"), ..] => Some((thousands(n)? + 3000, 2)),
        [N(n), ..] => Some((thousands(n)?, 1)),
        [W("半" | "half"), ..] => Some((500, 1)),
        [W("a"), W(word @ ("few" | "couple")), ..] => Some((words::count(word)? as i64 * 1000, 2)),
        [W(word), ..] => Some((words::count(word)? as i64 * 1000, 1)),
        _ => None,
    }
}

/// 上周五, 本周三, 上个月, "last week", "next Friday".
fn turned(tokens: &Tokens, start: usize) -> Option<Told> {
    let Some(W(word)) = tokens.get(start) else { return None };
    let turns = words::turn(word)?;
    let at = start + 1 + usize::from(matches!(tokens.get(start + 1), Some(W("个" | "個"))));
    let Some(W(named)) = tokens.get(at) else { return None };
    let told = match words::weekday(named) {
        Some(weekday) if word == "last" => Relative::Weekday(weekday, Week::Before),
        Some(weekday) => Relative::Weekday(weekday, Week::From(turns)),
        None if matches!(tokens.get(at + 1), Some(N(_))) => return None,
        None => {
            let mut span = Span { coarse: true, ..Span::default() };
            span.add(turns * 1000, words::unit(named).filter(|_| turns != 0)?);
            Relative::Span(span)
        }
    };
    Some((told, None, at + 1 - start))
}

impl Span {
    /// Amounts are thousandths of a unit, which for seconds makes milliseconds of them.
    fn add(&mut self, amount: i64, unit: Unit) {
        const MONTH: i64 = 30 * 86_400;
        match unit {
            Unit::Seconds(seconds) => {
                self.millis = self.millis.saturating_add(amount * seconds);
                self.coarse &= seconds >= 86_400;
            }
            Unit::Months(months) => {
                self.months = self.months.saturating_add(amount * months / 1000);
                self.millis = self.millis.saturating_add(amount * months % 1000 * MONTH);
            }
        }
    }

    /// The wall clock's reading so far from `local`.
    fn from(self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        let months = Months::new(u32::try_from(self.months.unsigned_abs()).ok()?);
        let moved = match self.months {
            ..0 => local.checked_sub_months(months)?,
            _ => local.checked_add_months(months)?,
        };
        moved.checked_add_signed(TimeDelta::try_milliseconds(self.millis)?)
    }

    /// The instant so far from now. Spans without months never meet the calendar, and so no summer time.
    pub fn instant(self, around: &Around) -> Result<Timestamp, Unreadable> {
        let now = around.now()?;
        let instant = if self.months == 0 {
            Timestamp::from_millis(now.millis().saturating_add(self.millis), now.offset())
                .map(|instant| instant.at(around.zone.offset_at(instant)))
        } else {
            self.from(around.local_now()?).and_then(|local| around.zone.instant(local))
        };
        instant.ok_or(Unreadable::Impossible)
    }

    /// The day so far from today.
    pub fn day(self, around: &Around) -> Result<NaiveDate, Unreadable> {
        Ok(self.from(around.local_now()?).ok_or(Unreadable::Impossible)?.date())
    }
}

/// The day so many days from `today`.
pub fn days_from(today: NaiveDate, days: i64) -> Result<NaiveDate, Unreadable> {
    let distance = Days::new(days.unsigned_abs());
    let day =
        if days < 0 { today.checked_sub_days(distance) } else { today.checked_add_days(distance) };
    day.ok_or(Unreadable::Impossible)
}

/// The day of the week meant, seen from `today`; `passed` tells whether its time lies behind when the day is today.
pub fn weekday(
    today: NaiveDate,
    weekday: u32,
    week: Week,
    passed: bool,
) -> Result<NaiveDate, Unreadable> {
    let present = today.weekday().num_days_from_monday();
    let back = i64::from((present + 7 - weekday) % 7);
    let days = match week {
        Week::Latest if back == 0 && !passed => -7,
        Week::Before if back == 0 => -7,
        Week::Latest | Week::Before => -back,
        Week::From(weeks) => weeks * 7 + i64::from(weekday) - i64::from(present),
    };
    days_from(today, days)
}

/// No year: the days of that name from next year's on, back to the last 29 February.
pub fn years(today: NaiveDate, month: u32, day: u32) -> impl Iterator<Item = NaiveDate> {
    // Two leap years are at most eight years apart.
    (0..=9).filter_map(move |back| NaiveDate::from_ymd_opt(today.year() + 1 - back, month, day))
}

/// Neither year nor month: the days of that number from next month's on. Every number is in one of two months.
pub fn months(today: NaiveDate, day: u32) -> impl Iterator<Item = NaiveDate> {
    let next = today.with_day(1).and_then(|first| first.checked_add_months(Months::new(1)));
    (0..=3).filter_map(move |back| next?.checked_sub_months(Months::new(back))?.with_day(day))
}

/// Of days in falling order, the first whose instant is at most a day ahead of now.
pub fn latest(
    mut days: impl Iterator<Item = NaiveDate>,
    around: &Around,
    on: impl Fn(NaiveDate) -> Result<Timestamp, Unreadable>,
) -> Result<Timestamp, Unreadable> {
    const DAY: i64 = 86_400_000;
    let end = around.now()?.millis().saturating_add(DAY);
    days.find_map(|day| on(day).ok().filter(|instant| instant.millis() <= end))
        .ok_or(Unreadable::Impossible)
}
