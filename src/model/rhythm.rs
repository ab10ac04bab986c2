//! `Rhythm`: how often a source brings something new, learned poll by poll.
//!
//! It decides how often a source is asked where nobody says, and when its silence is worth a word.

use std::time::Duration;

use super::time::Timestamp;

/// A source is asked so many times between two arrivals.
const ASKS: u32 = 4;

/// A silence is taken for a slower rhythm when it lasts so many times the wait between two asks. Slowly,
/// so that a daily paper's weekend does not cost it its Monday.
const PATIENCE: u32 = 16;

/// So many usual gaps without anything new are a silence to be told of.
const SILENCE: u32 = 5;

/// And never less, since one that is asked hourly cannot be known to be silent sooner.
const LEAST: Duration = Duration::from_secs(24 * 3600);

/// How a new gap counts against those before it: one to three.
const MEMORY: u32 = 3;

/// How often something new came so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rhythm {
    /// When something new came last.
    pub news: Option<Timestamp>,
    /// How long it usually is from one arrival to the next; none before the second.
    pub gap: Option<Duration>,
}

impl Rhythm {
    /// What the dates of a first answer tell, taken at `now`.
    pub fn of(dates: impl Iterator<Item = Timestamp>, now: Timestamp) -> Rhythm {
        let mut dates: Vec<Timestamp> = dates.filter(|at| at.millis() <= now.millis()).collect();
        dates.sort_unstable_by_key(|at| at.millis());
        dates.dedup_by_key(|at| at.millis());
        let [first, .., last] = dates[..] else { return Rhythm { news: Some(now), gap: None } };
        let gaps = u32::try_from(dates.len() - 1).unwrap_or(u32::MAX);
        Rhythm { news: Some(last), gap: Some(last.since(first) / gaps) }
    }

    /// The rhythm after a poll at `now` that brought something new, or nothing.
    pub fn after(self, is_news: bool, now: Timestamp) -> Rhythm {
        if !is_news {
            return self;
        }
        let latest = self.news.map(|news| now.since(news));
        let gap = match (self.gap, latest) {
            (Some(gap), Some(latest)) => Some((gap.saturating_mul(MEMORY) + latest) / (MEMORY + 1)),
            (gap, latest) => gap.or(latest),
        };
        Rhythm { news: Some(now), gap }
    }

    /// How long to wait before asking again; none while nothing was learned.
    pub fn interval(&self, now: Timestamp) -> Option<Duration> {
        let silence = now.since(self.news?);
        Some((self.gap.unwrap_or_default() / ASKS).max(silence / PATIENCE))
    }

    /// How long nothing new came, when that is five times as long as usual.
    pub fn silence(&self, now: Timestamp) -> Option<Duration> {
        let silence = now.since(self.news?);
        (silence > self.gap?.saturating_mul(SILENCE).max(LEAST)).then_some(silence)
    }
}

#[cfg(test)]
mod tests {
    use super::super::time::Offset;
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(hours: u32) -> Timestamp {
        let start = Timestamp::from_seconds(1_700_000_000, Offset::UTC).expect("a time");
        start.plus(HOUR * hours)
    }

    #[test]
    fn one_arrival_tells_of_silence_alone() {
        let rhythm = Rhythm::default().after(true, at(0)).after(false, at(7));
        assert_eq!(rhythm, Rhythm { news: Some(at(0)), gap: None });
        assert_eq!((Rhythm::default().interval(at(9)), rhythm.silence(at(9_000))), (None, None));
        assert_eq!(rhythm.interval(at(160)), Some(10 * HOUR));
    }

    #[test]
    fn the_gap_follows_what_comes() {
        let mut rhythm = Rhythm::default();
        for day in 0..9 {
            rhythm = rhythm.after(true, at(day * 24)).after(false, at(day * 24 + 12));
        }
        assert_eq!(rhythm.gap, Some(24 * HOUR));
        for hour in 0..12 {
            rhythm = rhythm.after(true, at(9 * 24 + hour));
        }
        assert!(rhythm.gap.expect("a gap") < 3 * HOUR, "{rhythm:?}");
    }

    #[test]
    fn a_first_answer_tells_by_its_dates() {
        let dates = [48, 0, 24, 24, 900].map(at);
        let rhythm = Rhythm::of(dates.into_iter(), at(60));
        assert_eq!(rhythm, Rhythm { news: Some(at(48)), gap: Some(24 * HOUR) });
        assert_eq!(
            Rhythm::of(std::iter::empty(), at(60)),
            Rhythm { news: Some(at(60)), gap: None }
        );
    }

    #[test]
    fn a_silence_slows_it_down_and_is_told_of() {
        let rhythm = Rhythm { news: Some(at(0)), gap: Some(24 * HOUR) };
        assert_eq!(rhythm.interval(at(1)), Some(6 * HOUR));
        assert_eq!(rhythm.interval(at(48)), Some(6 * HOUR), "a weekend is none");
        assert_eq!(rhythm.interval(at(160)), Some(10 * HOUR));
        assert_eq!(rhythm.silence(at(119)), None);
        assert_eq!(rhythm.silence(at(121)), Some(121 * HOUR));
    }
}
