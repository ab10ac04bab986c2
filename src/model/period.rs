//! `Period`: how often a digest is made, and the cuts between two of them.
//!
//! A cut is the midnight that begins a day, or a week's Monday, on the clocks of the site's zone. Where
//! summer time leaves that midnight out, the day begins when it does; one shown twice counts once. It
//! reads no clock and knows nothing of what lies between two cuts.

use std::time::Duration;

use chrono::{Datelike, Days, NaiveDate, NaiveTime};

use super::time::{Timestamp, Zone};

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// At each midnight.
    Daily,
    /// At the midnight between Sunday and Monday.
    Weekly,
}

impl Period {
    /// All there are.
    pub const ALL: [Period; 2] = [Period::Daily, Period::Weekly];

    /// Its name in addresses and in the file.
    pub fn name(self) -> &'static str {
        match self {
            Period::Daily => "daily",
            Period::Weekly => "weekly",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Period> {
        Period::ALL.into_iter().find(|period| period.name() == name)
    }

    /// What people call such a digest, in the language of what it is of.
    pub fn called(self, language: Option<&str>) -> &'static str {
        match (self, is_chinese(language)) {
            (Period::Daily, true) => "每日摘要",
            (Period::Weekly, true) => "每周摘要",
            (Period::Daily, false) => "Daily digest",
            (Period::Weekly, false) => "Weekly digest",
        }
    }

    /// The first cut after an instant.
    pub fn after(self, at: Timestamp, zone: &Zone) -> Timestamp {
        let mut day = Some(self.begun(date(at, zone)));
        while let Some(next) = day.and_then(|day| day.checked_add_days(Days::new(self.days()))) {
            match midnight(next, zone) {
                Some(cut) if cut.millis() > at.millis() => return cut,
                Some(_) => day = Some(next),
                None => break,
            }
        }
        // At the end of all years there is no calendar left to go by.
        at.plus(Duration::from_secs(self.days() * 86_400))
    }

    /// The last cut that is not after an instant.
    pub fn before(self, at: Timestamp, zone: &Zone) -> Timestamp {
        let mut day = Some(self.begun(date(at, zone)));
        while let Some(cut) = day.and_then(|day| midnight(day, zone)) {
            if cut.millis() <= at.millis() {
                return cut;
            }
            day = day.and_then(|day| day.checked_sub_days(Days::new(self.days())));
        }
        at
    }

    /// The first and the last day of what ends with a cut.
    pub fn span(self, cut: Timestamp, zone: &Zone) -> (NaiveDate, NaiveDate) {
        let last = date(cut.minus(Duration::from_millis(1)), zone);
        (self.begun(last), last)
    }

    /// That span as people write it: `2026年11月24日`, `24 November 2026`.
    pub fn written(self, cut: Timestamp, zone: &Zone, language: Option<&str>) -> String {
        let (first, last) = self.span(cut, zone);
        match is_chinese(language) {
            true => in_chinese(first, last),
            false => in_english(first, last),
        }
    }

    fn days(self) -> u64 {
        match self {
            Period::Daily => 1,
            Period::Weekly => 7,
        }
    }

    /// The day with which the day or week of a date begins.
    fn begun(self, day: NaiveDate) -> NaiveDate {
        let past = match self {
            Period::Daily => 0,
            Period::Weekly => day.weekday().num_days_from_monday(),
        };
        day.checked_sub_days(Days::new(past.into())).unwrap_or(day)
    }
}

/// Whether pages and documents in a language are written in Chinese, as they are when none is said.
pub fn is_chinese(language: Option<&str>) -> bool {
    let primary = language.map(|tag| tag.split('-').next().unwrap_or_default());
    primary.is_none_or(|primary| primary.eq_ignore_ascii_case("zh"))
}

fn date(at: Timestamp, zone: &Zone) -> NaiveDate {
    at.at(zone.offset_at(at)).chrono().date_naive()
}

fn midnight(day: NaiveDate, zone: &Zone) -> Option<Timestamp> {
    zone.instant(day.and_time(NaiveTime::MIN))
}

fn in_chinese(first: NaiveDate, last: NaiveDate) -> String {
    let month = |day: NaiveDate| format!("{}月{}日", day.month(), day.day());
    let whole = |day: NaiveDate| format!("{}年{}", day.year(), month(day));
    match (first == last, first.year() == last.year(), first.month() == last.month()) {
        (true, ..) => whole(first),
        (_, true, true) => format!("{}至{}日", whole(first), last.day()),
        (_, true, false) => format!("{}至{}", whole(first), month(last)),
        (_, false, _) => format!("{}至{}", whole(first), whole(last)),
    }
}

fn in_english(first: NaiveDate, last: NaiveDate) -> String {
    let whole = last.format("%-d %B %Y");
    match (first == last, first.year() == last.year(), first.month() == last.month()) {
        (true, ..) => whole.to_string(),
        (_, true, true) => format!("{}–{whole}", first.day()),
        (_, true, false) => format!("{} – {whole}", first.format("%-d %B")),
        (_, false, _) => format!("{} – {whole}", first.format("%-d %B %Y")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        Timestamp::read(text, &Zone::Rfc822, None).expect("a time")
    }

    fn zone(name: &str) -> Zone {
        name.parse().expect("a zone")
    }

    #[track_caller]
    fn after(period: Period, name: &str, at: &str, expected: &str) {
        let (zone, at) = (zone(name), time(at));
        let cut = period.after(at, &zone);
        assert_eq!(cut.rfc3339(), expected);
        assert_eq!(period.before(cut, &zone), cut, "a cut is its own last cut");
        let just_before = cut.minus(Duration::from_millis(1));
        assert!(period.before(just_before, &zone) < cut);
        assert_eq!(period.after(just_before, &zone), cut);
        assert!(period.before(at, &zone).millis() <= at.millis(), "the last cut is past");
    }

    #[test]
    fn a_day_ends_at_the_sites_midnight() {
        let shanghai = "Asia/Shanghai";
        after(Period::Daily, shanghai, "2026-11-24T15:59:59Z", "2026-11-25T00:00:00+08:00");
        after(Period::Daily, shanghai, "2026-11-24T16:00:00Z", "2026-11-26T00:00:00+08:00");
        after(Period::Daily, "UTC", "2026-11-24T16:00:00Z", "2026-11-25T00:00:00Z");
    }

    #[test]
    fn a_week_begins_on_monday() {
        let shanghai = "Asia/Shanghai";
        after(Period::Weekly, shanghai, "2026-11-24T15:59:59Z", "2026-11-30T00:00:00+08:00");
        after(Period::Weekly, shanghai, "2026-11-29T15:59:59Z", "2026-11-30T00:00:00+08:00");
        after(Period::Weekly, shanghai, "2026-11-29T16:00:00Z", "2026-12-07T00:00:00+08:00");
    }

    #[test]
    fn days_of_summer_time_are_longer_and_shorter() {
        let berlin = "Europe/Berlin";
        after(Period::Daily, berlin, "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00");
        after(Period::Daily, berlin, "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00");
        after(Period::Weekly, berlin, "2026-10-20T00:00:00+02:00", "2026-10-26T00:00:00+01:00");
    }

    #[test]
    fn a_midnight_that_is_left_out_or_shown_twice_is_one_cut() {
        // Cairo's clocks go from 00:00 to 01:00 on a Friday of April.
        let cairo = "Africa/Cairo";
        after(Period::Daily, cairo, "2026-04-23T23:59:59+02:00", "2026-04-24T01:00:00+03:00");
        after(Period::Daily, cairo, "2026-04-24T01:00:00+03:00", "2026-04-25T00:00:00+03:00");
        // Havana's go from 01:00 back to 00:00.
        let havana = "America/Havana";
        after(Period::Daily, havana, "2026-10-31T12:00:00-04:00", "2026-11-01T00:00:00-04:00");
        after(Period::Daily, havana, "2026-11-01T00:30:00-05:00", "2026-11-02T00:00:00-05:00");
    }

    #[test]
    fn a_day_that_never_was_has_no_cut_of_its_own() {
        // Samoa left out 30 December 2011.
        let apia = zone("Pacific/Apia");
        let before = time("2011-12-29T12:00:00-10:00");
        let cut = Period::Daily.after(before, &apia);
        assert_eq!(cut, time("2011-12-31T00:00:00+14:00"));
        assert_eq!(Period::Daily.after(cut, &apia), time("2012-01-01T00:00:00+14:00"));
        assert_eq!(Period::Daily.written(cut, &apia, Some("en")), "29 December 2011");
    }

    #[test]
    fn cuts_go_on_to_the_end_of_all_years() {
        let end = time("9999-12-29T23:00:00Z").plus(Duration::from_secs(1 << 40));
        for period in Period::ALL {
            assert!(period.after(end, &Zone::default()) >= end);
            assert!(period.before(end, &Zone::default()) <= end);
        }
    }

    #[test]
    fn spans_as_people_write_them() {
        let written = |period: Period, cut: &str, language| {
            period.written(time(cut), &Zone::default(), language)
        };
        let check = |period, cut, chinese: &str, english: &str| {
            assert_eq!(written(period, cut, None), chinese);
            assert_eq!(written(period, cut, Some("zh-Hant")), chinese);
            assert_eq!(written(period, cut, Some("en")), english);
        };
        let (daily, weekly) = (Period::Daily, Period::Weekly);
        check(daily, "2026-11-25T00:00:00+08:00", "2026年11月24日", "24 November 2026");
        check(weekly, "2026-11-30T00:00:00+08:00", "2026年11月23日至29日", "23–29 November 2026");
        check(
            weekly,
            "2026-12-07T00:00:00+08:00",
            "2026年11月30日至12月6日",
            "30 November – 6 December 2026",
        );
        check(
            weekly,
            "2027-01-04T00:00:00+08:00",
            "2026年12月28日至2027年1月3日",
            "28 December 2026 – 3 January 2027",
        );
    }
}
