//! When a source is polled next. Pure: the same state and outcome give the same time.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::model::source::{PollState, Source};
use crate::model::time::Timestamp;

/// How often a folder or file of this machine is looked at.
const LOCAL: Duration = Duration::from_secs(60);
/// How often a source is asked when neither the file nor the source says (P-06).
const REMOTE: Duration = Duration::from_secs(3600);
/// The longest wait between two tries; a source is never given up.
const CEILING: Duration = Duration::from_secs(24 * 3600);
/// The shortest wait for an entry that comes in later.
const SOON: Duration = Duration::from_secs(1);
/// The longest wait an upstream can ask for (P-09).
const PATIENCE: Duration = Duration::from_secs(7 * 24 * 3600);

/// How a poll went, as far as the next one depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The source answered; it may ask to be kept for so many minutes (`ttl`).
    Answered {
        /// RSS `ttl`, in minutes.
        ttl: Option<u32>,
    },
    /// Details are still owed beyond the budget: again at once.
    Owing,
    /// An entry comes in at this time.
    Awaiting(Timestamp),
    /// The list was taken, but a detail failed so many times.
    Indebted {
        /// From one.
        tries: u32,
    },
    /// The list was taken, but upstream wants to be left alone before its details or pages are asked.
    Held {
        /// `Retry-After`, as an instant.
        retry_after: Timestamp,
    },
    /// It went wrong; upstream may have said when to come back.
    Failed {
        /// `Retry-After`, as an instant.
        retry_after: Option<Timestamp>,
    },
}

/// The time of the next poll; always after `now`, but for `Owing`.
pub fn next(source: &Source, state: &PollState, outcome: Outcome, now: Timestamp) -> Timestamp {
    let interval = interval(source, None);
    match outcome {
        Outcome::Owing => now,
        Outcome::Answered { ttl } => now.plus(jittered(self::interval(source, ttl), source, now)),
        Outcome::Awaiting(at) => {
            at.max(now.plus(SOON)).min(now.plus(jittered(interval, source, now)))
        }
        Outcome::Indebted { tries } => backoff(source, tries - 1, now),
        Outcome::Held { retry_after } => {
            let asked = retry_after.min(now.plus(PATIENCE));
            asked.max(now.plus(jittered(interval, source, now)))
        }
        Outcome::Failed { retry_after } => {
            let backoff = backoff(source, state.failures, now);
            let asked = retry_after.map(|at| at.min(now.plus(PATIENCE)));
            asked.map_or(backoff, |at| at.max(backoff))
        }
    }
}

/// The interval, doubled for each failure before this one, up to a day; a source is never given up.
fn backoff(source: &Source, failures: u32, now: Timestamp) -> Timestamp {
    let interval = interval(source, None);
    let doubled = interval.saturating_mul(1 << failures.min(12));
    now.plus(jittered(doubled.min(CEILING.max(interval)), source, now))
}

fn interval(source: &Source, ttl: Option<u32>) -> Duration {
    let own = if source.is_local() { LOCAL } else { REMOTE };
    let asked = ttl.map_or(Duration::ZERO, |minutes| Duration::from_secs(u64::from(minutes) * 60));
    source.interval.unwrap_or_else(|| own.max(asked.min(CEILING)))
}

/// A tenth more or less, so that sources that started together do not stay together (P-17). An
/// interval the operator named is only ever shortened, so that it holds as a promise.
fn jittered(span: Duration, source: &Source, now: Timestamp) -> Duration {
    let mut hash = Sha256::new();
    hash.update(source.id.as_str());
    hash.update(now.millis().to_le_bytes());
    let share = f64::from(hash.finalize()[0]) / 255.0;
    span.mul_f64(if source.interval.is_some() { 0.95 + 0.05 * share } else { 0.9 + 0.2 * share })
        .max(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::source::SourceId;
    use crate::model::time::Offset;

    fn source(interval: Option<u64>) -> Source {
        let id = SourceId::new("wire").unwrap();
        let url = "https://news.example.com/".parse().unwrap();
        Source { interval: interval.map(Duration::from_secs), ..Source::new(id, url) }
    }

    fn now() -> Timestamp {
        Timestamp::from_seconds(1_700_000_000, Offset::UTC).unwrap()
    }

    #[track_caller]
    fn check(interval: Option<u64>, failures: u32, outcome: Outcome, between: (u64, u64)) {
        let state = PollState { failures, ..PollState::default() };
        let wait = next(&source(interval), &state, outcome, now()).since(now()).as_secs();
        assert!((between.0..=between.1).contains(&wait), "{wait} s is not between {between:?}");
    }

    #[test]
    fn p_06_an_hour_where_nobody_says_else() {
        check(None, 0, Outcome::Answered { ttl: None }, (3240, 3960));
    }

    #[test]
    fn p_07_a_longer_ttl_is_kept_and_a_shorter_one_ignored() {
        check(None, 0, Outcome::Answered { ttl: Some(120) }, (6480, 7920));
        check(None, 0, Outcome::Answered { ttl: Some(5) }, (3240, 3960));
    }

    #[test]
    fn the_operators_interval_binds() {
        check(Some(600), 0, Outcome::Answered { ttl: Some(120) }, (570, 600));
    }

    #[test]
    fn p_13_failures_double_the_wait_up_to_a_day_and_never_end() {
        check(Some(600), 0, Outcome::Failed { retry_after: None }, (570, 600));
        check(Some(600), 3, Outcome::Failed { retry_after: None }, (4560, 4800));
        check(Some(600), 400, Outcome::Failed { retry_after: None }, (82_080, 86_400));
    }

    #[test]
    fn p_09_retry_after_is_a_minimum_and_capped_at_a_week() {
        let after = |seconds| Outcome::Failed {
            retry_after: Some(now().plus(Duration::from_secs(seconds))),
        };
        check(Some(600), 0, after(7200), (7200, 7200));
        check(Some(600), 0, after(1), (570, 600));
        check(Some(600), 0, after(90 * 86_400), (604_800, 604_800));
    }

    #[test]
    fn p_09_details_wait_as_long_as_upstream_asks() {
        let held =
            |seconds| Outcome::Held { retry_after: now().plus(Duration::from_secs(seconds)) };
        check(Some(600), 0, held(7200), (7200, 7200));
        check(Some(600), 0, held(1), (570, 600));
        check(Some(600), 0, held(90 * 86_400), (604_800, 604_800));
    }

    #[test]
    fn an_entry_that_comes_in_later_is_waited_for() {
        check(Some(600), 0, Outcome::Awaiting(now().plus(Duration::from_secs(60))), (60, 60));
        check(Some(600), 0, Outcome::Awaiting(now().plus(Duration::from_secs(86_400))), (570, 600));
    }
}
