//! Finds the time in a stamp: fills date, hour, zone and weekday as they come, in any order.
//!
//! A stamp may have a title or a label before it and a source behind (`发布时间：… 来源：…`). So
//! reading starts anew behind each unknown word, and the fullest of what was found counts, the
//! first among equals.

use chrono::{Datelike, NaiveDate};

use super::date::{self, Date};
use super::hour::{self, Hour};
use super::relative::{self, Relative, Week};
use super::token::{Token, Tokens};
use super::words::{self, Part};
use super::written::{self, Written};
use super::{Around, Unreadable, place};
use crate::model::time::Timestamp;
use Token::{Mark as M, Number as N, Word as W};

/// Reads the fullest time in the stamp.
pub fn scan(tokens: &Tokens, around: &Around) -> Result<Timestamp, Unreadable> {
    let mut best: Option<Found> = None;
    let mut at = 0;
    while at < tokens.len() {
        let found = Found::from(tokens, at, around);
        at = found.end.max(at) + 1;
        if found.strength() > best.as_ref().map_or(0, Found::strength) {
            best = Some(found);
        }
    }
    match best {
        // A year nobody could use: what is left has a date, in words we don't know.
        Some(found) if found.strength() == 1 && has_year_beside(tokens, &found) => {
            Err(Unreadable::Unknown)
        }
        Some(found) => found.instant(around),
        None => Err(Unreadable::Unknown),
    }
}

fn has_year_beside(tokens: &Tokens, found: &Found) -> bool {
    let is_year = |token: Option<Token<'_>>| matches!(token, Some(N(year)) if year.digits == 4 && (1900..2600).contains(&year.value));
    let before = found.start.checked_sub(1).and_then(|before| tokens.get(before));
    is_year(before) || is_year(tokens.get(found.end))
}

/// The parts of a time, as far as they were written.
#[derive(Debug, Default)]
struct Found {
    date: Option<Date>,
    relative: Option<Relative>,
    hour: Option<Hour>,
    part: Option<Part>,
    zone: Option<Written>,
    /// Whether the zone was given in figures, which count more than a name.
    figures: bool,
    /// The weekday, and whether its name is unmistakable enough to be a time alone (`so`, `mar` are not).
    weekday: Option<(u32, bool)>,
    /// What was wrong with a part that has the right shape.
    wrong: Option<Unreadable>,
    start: usize,
    end: usize,
}

impl Found {
    /// Takes part after part from `at` on, up to the first token that is none.
    fn from(tokens: &Tokens, at: usize, around: &Around) -> Found {
        let mut found = Found { start: at, end: at, ..Found::default() };
        while let Some(used) = found.take(tokens, found.end, around) {
            found.end += used;
        }
        found
    }

    /// Takes the part at `at`, if there is one and it is still wanted, and says how many tokens it has.
    fn take(&mut self, tokens: &Tokens, at: usize, around: &Around) -> Option<usize> {
        if at >= tokens.len() {
            return None;
        }
        self.take_relative(tokens, at)
            .or_else(|| self.take_year(tokens, at))
            .or_else(|| self.take_hour(tokens, at))
            .or_else(|| self.take_date(tokens, at, around))
            .or_else(|| self.take_zone(tokens, at))
            .or_else(|| self.take_word(tokens, at))
    }

    fn is_dated(&self) -> bool {
        self.date.is_some() || self.relative.is_some()
    }

    fn take_relative(&mut self, tokens: &Tokens, at: usize) -> Option<usize> {
        if self.is_dated() {
            return None;
        }
        let (relative, part, used) = relative::relative(tokens, at)?;
        self.relative = Some(relative);
        self.part = part.or(self.part);
        Some(used)
    }

    /// The year of asctime and `date`, behind the hour: `May 27 12:03:15 CST 2022`.
    fn take_year(&mut self, tokens: &Tokens, at: usize) -> Option<usize> {
        let (Some(Date::Yearless { month, day }), [N(year), rest @ ..]) =
            (self.date, tokens.from(at))
        else {
            return None;
        };
        if year.digits != 4 || self.hour.is_none() || rest.first() == Some(&M(':')) {
            return None;
        }
        let read = date::civil(year.value, month.into(), day.into());
        self.date = read.ok().map(|day| Date::Day { day, whole: true, other: None });
        self.wrong = self.wrong.or(read.err());
        Some(1)
    }

    fn take_hour(&mut self, tokens: &Tokens, at: usize) -> Option<usize> {
        if self.hour.is_some() {
            return None;
        }
        let dated = self.is_dated() && at > 0;
        let (read, used) = hour::hour(tokens, at, dated)?;
        let (part, more) = hour::meridiem(tokens, at + used).unzip();
        self.wrong = self.wrong.or(read.err());
        self.hour = Some(read.unwrap_or(Hour::new(0, 0, 0, 0).ok()?));
        self.part = part.or(self.part);
        Some(used + more.unwrap_or(0))
    }

    fn take_date(&mut self, tokens: &Tokens, at: usize, around: &Around) -> Option<usize> {
        if self.is_dated() {
            return None;
        }
        let (read, used) = date::date(tokens, at, around)?;
        self.wrong = self.wrong.or(read.err());
        self.date =
            Some(read.unwrap_or(Date::Day { day: NaiveDate::MIN, whole: true, other: None }));
        Some(used)
    }

    fn take_zone(&mut self, tokens: &Tokens, at: usize) -> Option<usize> {
        let timed = self.hour.is_some();
        let (read, used) = written::zone(tokens, at, timed)?;
        // Before the time, single letters and dashes are other things; Chinese names stand there.
        let early = !timed && !self.is_dated();
        if early && !matches!(tokens.get(at), Some(W(word)) if word.len() > 2) {
            return None;
        }
        let figures = matches!(tokens.get(at + used - 1), Some(N(_)));
        if self.zone.is_none() || (figures && !self.figures) {
            self.wrong = self.wrong.or(read.err());
            self.zone = read.ok();
            self.figures = figures;
        }
        Some(used)
    }

    /// Weekdays, parts of the day, and what says nothing.
    fn take_word(&mut self, tokens: &Tokens, at: usize) -> Option<usize> {
        match *tokens.from(at) {
            [W(word @ ("am" | "pm")), N(_), M(':'), ..] if self.hour.is_none() => {
                self.part = words::part(word);
                Some(1)
            }
            [W(word), ..]
                if word.len() > 2
                    && let Some(part) = words::part(word) =>
            {
                self.part = self.part.or(Some(part));
                Some(1)
            }
            [W(word), ..] if let Some(weekday) = words::weekday(word) => {
                let alone = !word.is_ascii() || word.ends_with("day");
                self.weekday = self.weekday.or(Some((weekday, alone)));
                Some(1)
            }
            [W(word), ..] if words::is_filler(word) => Some(1),
            [M(',' | '.' | ':' | '_' | '-' | '/'), ..] => Some(1),
            _ => None,
        }
    }

    /// How much of a time this is, to choose among several; 0 is none.
    fn strength(&self) -> u8 {
        let timed = self.hour.is_some();
        match (self.date, self.relative) {
            (Some(_), _) if self.wrong.is_some() => 4,
            (Some(Date::Day { whole: true, .. }), _) => 5 + u8::from(timed),
            (Some(_), _) | (_, Some(_)) => 2 + u8::from(timed),
            (None, None) if timed => 1,
            (None, None) => u8::from(self.weekday.is_some_and(|(_, alone)| alone)),
        }
    }

    fn instant(&self, around: &Around) -> Result<Timestamp, Unreadable> {
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        let weekday = self.weekday.map(|(weekday, _)| Relative::Weekday(weekday, Week::Latest));
        match (self.date, self.relative.or(weekday)) {
            (Some(Date::Day { day, other, .. }), _) => {
                self.on(self.agreeing(day, other, around), around)
            }
            (Some(Date::Yearless { month, day }), _) => {
                let days = relative::years(self.today(around)?, month, day);
                relative::latest(days, around, |day| self.on(day, around))
            }
            (Some(Date::Monthless { day }), _) => {
                let days = relative::months(self.today(around)?, day);
                relative::latest(days, around, |day| self.on(day, around))
            }
            (None, Some(Relative::Span(span))) if self.hour.is_none() || !span.coarse => {
                span.instant(around)
            }
            (None, Some(Relative::Span(span))) => self.on(span.day(around)?, around),
            (None, Some(Relative::Days(days))) => {
                self.on(relative::days_from(self.today(around)?, days)?, around)
            }
            (None, Some(Relative::Weekday(weekday, week))) => {
                let today = self.today(around)?;
                let passed = self.on(today, around)?.millis() <= around.now()?.millis();
                self.on(relative::weekday(today, weekday, week, passed)?, around)
            }
            (None, None) => self.latest_day(around),
        }
    }

    /// The hour that was written, on `day`.
    fn on(&self, day: NaiveDate, around: &Around) -> Result<Timestamp, Unreadable> {
        let millis = self.hour.map_or(Hour::of(self.part), |hour| hour.millis(self.part));
        place(day, millis, self.zone, around.zone)
    }

    /// Of a day and the one with day and month exchanged, the one the weekday agrees with.
    fn agreeing(&self, day: NaiveDate, other: Option<NaiveDate>, around: &Around) -> NaiveDate {
        let is_named = |day: NaiveDate| {
            self.weekday.is_some_and(|(named, _)| day.weekday().num_days_from_monday() == named)
        };
        let undeclared = around.order == super::Order::Usual;
        other.filter(|other| undeclared && is_named(*other) && !is_named(day)).unwrap_or(day)
    }

    /// Today where the stamp was written.
    fn today(&self, around: &Around) -> Result<NaiveDate, Unreadable> {
        let now = around.now()?;
        let offset = match self.zone {
            Some(Written::Offset(offset)) => offset,
            _ => around.zone.offset_at(now),
        };
        Ok(now.at(offset).local().date())
    }

    /// An hour alone: today, unless that is more than an hour ahead.
    fn latest_day(&self, around: &Around) -> Result<Timestamp, Unreadable> {
        const HOUR: i64 = 3_600_000;
        let today = self.today(around)?;
        let instant = self.on(today, around)?;
        if instant.millis() <= around.now()?.millis() + HOUR {
            return Ok(instant);
        }
        self.on(relative::days_from(today, -1)?, around)
    }
}
