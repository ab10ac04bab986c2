//! `Pause`: when a document does not want to be asked for, by its own word.

use std::time::Duration;

use super::time::Timestamp;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// What a document says of when to ask for it again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pause {
    /// Minutes it may be kept (RSS 2.0 `ttl`, else the syndication module's period and frequency).
    pub minutes: Option<u32>,
    /// Hours of the day, in GMT, in which it is not asked for (RSS 2.0 `skipHours`): bit 0 is the hour
    /// after midnight.
    pub hours: u32,
    /// Days of the week, in GMT, on which it is not asked for (RSS 2.0 `skipDays`): bit 0 is Monday.
    pub days: u8,
}

/// Every hour, and every day: whoever skips them all means none.
const ALL_HOURS: u32 = (1 << 24) - 1;
const ALL_DAYS: u8 = (1 << 7) - 1;

impl Pause {
    /// The first moment from `at` on at which it may be asked for.
    pub fn ends(&self, at: Timestamp) -> Timestamp {
        let (hours, days) = (self.hours & ALL_HOURS, self.days & ALL_DAYS);
        let hours = if hours == ALL_HOURS { 0 } else { hours };
        let days = if days == ALL_DAYS { 0 } else { days };
        let mut seconds = at.seconds();
        loop {
            let length = match () {
                () if days & (1 << weekday(seconds)) != 0 => DAY,
                () if hours & (1 << (seconds.rem_euclid(DAY) / HOUR)) != 0 => HOUR,
                () => break,
            };
            // To the beginning of the next hour or day.
            seconds += length - seconds.rem_euclid(length);
        }
        let waits = seconds.saturating_sub(at.seconds());
        if waits == 0 { at } else { at.plus(Duration::from_secs(waits.unsigned_abs())) }
    }
}

/// Days since Monday; the first of January 1970 was a Thursday.
fn weekday(seconds: i64) -> i64 {
    (seconds.div_euclid(DAY) + 3).rem_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::super::time::Zone;
    use super::*;

    #[track_caller]
    fn check(hours: u32, days: u8, at: &str, expected: &str) {
        let pause = Pause { minutes: None, hours, days };
        let read = |text| Timestamp::read(text, &Zone::Rfc822, None).expect("a time");
        assert_eq!(pause.ends(read(at)).seconds(), read(expected).seconds());
    }

    #[test]
    fn p_08_hours_are_skipped_in_gmt() {
        let night = 0b1111;
        check(night, 0, "2026-11-25T00:10:00Z", "2026-11-25T04:00:00Z");
        check(night, 0, "2026-11-25T08:10:00+08:00", "2026-11-25T04:00:00Z");
        check(night, 0, "2026-11-25T04:00:00Z", "2026-11-25T04:00:00Z");
        check(1 << 23, 0, "2026-11-25T23:59:59Z", "2026-11-26T00:00:00Z");
    }

    #[test]
    fn p_08_days_are_skipped_and_then_hours() {
        let weekend = 1 << 5 | 1 << 6;
        check(0, weekend, "2026-11-28T12:00:00Z", "2026-11-30T00:00:00Z");
        check(0b1, weekend, "2026-11-28T12:00:00Z", "2026-11-30T01:00:00Z");
        check(0, weekend, "2026-11-27T23:59:59Z", "2026-11-27T23:59:59Z");
    }

    #[test]
    fn who_skips_everything_skips_nothing() {
        check(ALL_HOURS, 0, "2026-11-25T00:10:00Z", "2026-11-25T00:10:00Z");
        check(0, ALL_DAYS, "2026-11-25T00:10:00Z", "2026-11-25T00:10:00Z");
        check(u32::MAX, u8::MAX, "2026-11-25T00:10:00Z", "2026-11-25T00:10:00Z");
    }
}
