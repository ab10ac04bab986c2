//! When a source is polled next. Pure: the same state and outcome give the same time.
//!
//! What the operator names as interval binds against everything but what upstream asks for by
//! `Retry-After`, backoff, and an end for good (410). Where the file names none, a source is asked as
//! often as it changes, never more often than politeness and its own word allow (rows P-06 to P-08).

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::model::manners::PATIENCE;
use crate::model::pause::Pause;
use crate::model::rhythm::Rhythm;
use crate::model::source::{PollState, Source, Validators};
use crate::model::time::Timestamp;

/// How often a folder or file of this machine is looked at.
const LOCAL: Duration = Duration::from_secs(60);
/// How often a source is asked at most when neither the file nor the source says (P-06), and how often
/// one that cannot tell whether anything changed.
const REMOTE: Duration = Duration::from_secs(3600);
const UNCONDITIONAL: Duration = DAY;
/// The longest wait between two tries; a source is never given up.
const CEILING: Duration = DAY;
/// The shortest wait for an entry that comes in later.
const SOON: Duration = Duration::from_secs(1);
/// How soon an answer that cannot be believed is asked for again, once (P-21).
const DOUBT: Duration = Duration::from_secs(15 * 60);
/// The shortest wait for who has asked for peace without saying for how long (P-09), and for who knows us
/// and wants nothing of us (P-12).
const PEACE: Duration = Duration::from_secs(3600);
const CLOSED: Duration = Duration::from_secs(4 * 3600);

/// How much more seldom a source is asked whose hub tells of its changes (P-07).
const SLOWER: u32 = 12;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How a poll went, as far as the next one depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The source answered.
    Answered(Said),
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
    /// It answered something that is not to be believed.
    Doubted,
    /// It answered that there is nothing to say just now.
    Mute,
    /// It went wrong; upstream may have said when to come back.
    Failed(Refusal),
    /// It is gone for good.
    Gone,
}

/// What an answer tells about the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// What the document says.
    pub pause: Pause,
    /// How often something new comes.
    pub rhythm: Rhythm,
    /// How long it may be kept, by its headers.
    pub fresh: Option<Duration>,
    /// Whether it can be asked whether anything changed.
    pub is_conditional: bool,
}

/// Why a source could not be taken, as far as the next try depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// `Retry-After`, as an instant.
    pub retry_after: Option<Timestamp>,
    /// Whether upstream wants less of us (429, 503).
    pub is_busy: bool,
    /// Whether it is closed to us (401, 403).
    pub is_closed: bool,
}

/// The time of the next poll; always after `now`, but for `Owing`.
pub fn next(source: &Source, state: &PollState, outcome: Outcome, now: Timestamp) -> Timestamp {
    let is_pushed = state.push.as_ref().is_some_and(|push| push.is_active(now));
    // Whose hub tells of changes is asked more seldom only while nothing is amiss.
    let usual = interval(source, &known(state), false, now);
    let after = |span| awake(source, &state.pause, now.plus(jittered(span, source, now)));
    match outcome {
        Outcome::Owing => now,
        Outcome::Answered(said) => {
            let at = now.plus(jittered(interval(source, &said, is_pushed, now), source, now));
            awake(source, &said.pause, at)
        }
        Outcome::Awaiting(at) => at.max(now.plus(SOON)).min(after(usual)),
        Outcome::Indebted { tries } => after(doubled(usual, tries - 1)),
        Outcome::Held { retry_after } => bounded(retry_after, now).max(after(usual)),
        Outcome::Doubted if state.failures == 0 => after(usual.min(DOUBT)),
        Outcome::Doubted | Outcome::Mute => after(usual),
        Outcome::Failed(refusal) => {
            let least = match refusal {
                Refusal { is_closed: true, .. } => CLOSED,
                Refusal { is_busy: true, retry_after: None, .. } => PEACE,
                _ => Duration::ZERO,
            };
            let backoff = after(doubled(usual.max(least), state.failures));
            refusal.retry_after.map_or(backoff, |at| bounded(at, now).max(backoff))
        }
        Outcome::Gone => Timestamp::NEVER,
    }
}

/// What an earlier answer told.
fn known(state: &PollState) -> Said {
    let (pause, rhythm) = (state.pause, state.rhythm);
    let is_conditional = state.validators.iter().all(Validators::are_any);
    Said { pause, rhythm, fresh: None, is_conditional }
}

/// Until when whoever refused us so is to be left alone, by its own word or by decency; none when it did
/// not ask for that.
pub fn peace(refusal: Refusal, now: Timestamp) -> Option<Timestamp> {
    let own = refusal.retry_after.map(|at| bounded(at, now));
    own.or(refusal.is_busy.then(|| now.plus(PEACE)))
}

/// When a source that is overdue at the start, as so `many` are, is asked instead, so that they do not
/// come all at once: each within its own interval, and about one a second (P-05).
pub fn spread(source: &Source, state: &PollState, many: usize, now: Timestamp) -> Timestamp {
    let all = Duration::from_secs(u64::try_from(many).unwrap_or(u64::MAX));
    let at = now.plus(usual(source).min(all).mul_f64(share(source, now)));
    awake(source, &state.pause, at)
}

/// How long a source is left alone when nothing is known of it.
fn usual(source: &Source) -> Duration {
    source.interval.unwrap_or(if source.is_local() { LOCAL } else { REMOTE })
}

/// That time, or when it may be asked after it (P-08); the operator's interval binds.
fn awake(source: &Source, pause: &Pause, at: Timestamp) -> Timestamp {
    if source.interval.is_some() { at } else { pause.ends(at) }
}

/// What upstream asks for, as far as it is heard.
fn bounded(retry_after: Timestamp, now: Timestamp) -> Timestamp {
    retry_after.min(now.plus(PATIENCE))
}

/// A wait doubled for each failure before this one, up to a day; a source is never given up.
fn doubled(span: Duration, failures: u32) -> Duration {
    span.saturating_mul(1 << failures.min(12)).min(CEILING.max(span))
}

/// How long a source that answered is left alone.
fn interval(source: &Source, said: &Said, is_pushed: bool, now: Timestamp) -> Duration {
    if let Some(interval) = source.interval {
        return interval;
    }
    if source.is_local() {
        return LOCAL;
    }
    let minutes = said.pause.minutes.map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
    let (minutes, fresh) =
        (minutes.map(|span| span.min(CEILING)), said.fresh.map(|span| span.min(PATIENCE)));
    let least = match minutes.max(fresh) {
        // Whoever says how long it may be kept knows how often it may be asked for whole.
        Some(asked) => asked.max(REMOTE),
        None if said.is_conditional => REMOTE,
        None => UNCONDITIONAL,
    };
    let usual = least.max(said.rhythm.interval(now).unwrap_or_default().min(CEILING));
    if is_pushed { usual.max((usual * SLOWER).min(CEILING)) } else { usual }
}

/// A tenth more or less, so that sources that started together do not stay together (P-17). An
/// interval the operator named is only ever shortened, so that it holds as a promise; what nobody named
/// is only ever lengthened, so that a floor holds as one.
fn jittered(span: Duration, source: &Source, now: Timestamp) -> Duration {
    let share = share(source, now);
    let factor = if source.interval.is_some() { 0.95 + 0.05 * share } else { 1.0 + 0.1 * share };
    span.mul_f64(factor).max(Duration::from_secs(1))
}

/// Between zero and one, another for each source and moment.
fn share(source: &Source, now: Timestamp) -> f64 {
    let mut hash = Sha256::new();
    hash.update(source.id.as_str());
    hash.update(now.millis().to_le_bytes());
    let digest = hash.finalize();
    f64::from(u16::from_le_bytes([digest[0], digest[1]])) / f64::from(u16::MAX)
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

    /// An answer whose document may be kept so many minutes, and by its headers so many seconds.
    fn answered(minutes: Option<u32>, fresh: Option<u64>) -> Said {
        Said {
            pause: Pause { minutes, ..Pause::default() },
            fresh: fresh.map(Duration::from_secs),
            is_conditional: true,
            ..Said::default()
        }
    }

    fn failed(refusal: Refusal) -> Outcome {
        Outcome::Failed(refusal)
    }

    #[test]
    fn p_06_an_hour_where_nobody_says_else_and_a_day_without_validators() {
        let said = answered(None, None);
        check(None, 0, Outcome::Answered(said), (3600, 3960));
        let blind = Said { is_conditional: false, ..said };
        check(None, 0, Outcome::Answered(blind), (86_400, 95_040));
        let blind = Said { is_conditional: false, ..answered(Some(30), None) };
        check(None, 0, Outcome::Answered(blind), (3600, 3960));
    }

    #[test]
    fn p_07_the_longest_of_what_is_said_counts() {
        check(None, 0, Outcome::Answered(answered(Some(120), None)), (7200, 7920));
        check(None, 0, Outcome::Answered(answered(Some(5), None)), (3600, 3960));
        check(None, 0, Outcome::Answered(answered(Some(120), Some(14_400))), (14_400, 15_840));
        check(None, 0, Outcome::Answered(answered(Some(240), Some(7200))), (14_400, 15_840));
        check(None, 0, Outcome::Answered(answered(Some(99_999), None)), (86_400, 95_040));
        let week = 604_800;
        check(None, 0, Outcome::Answered(answered(None, Some(9 * week))), (week, week * 11 / 10));
    }

    #[test]
    fn a_source_is_asked_as_often_as_it_changes() {
        let gap =
            |hours: u64| Rhythm { news: Some(now()), gap: Some(Duration::from_secs(hours * 3600)) };
        let said = |hours| Outcome::Answered(Said { rhythm: gap(hours), ..answered(None, None) });
        check(None, 0, said(1), (3600, 3960));
        check(None, 0, said(24), (21_600, 23_760));
        check(None, 0, said(24 * 30), (86_400, 95_040));
        check(Some(600), 0, said(24 * 30), (570, 600));
    }

    #[test]
    fn p_08_hours_that_are_skipped_are_waited_for() {
        // It is 22:13 there.
        let pause = Pause { hours: 1 << 23 | 1, ..Pause::default() };
        let said = Said { pause, ..answered(None, None) };
        check(None, 0, Outcome::Answered(said), (10_000, 10_000));
        check(Some(3600), 0, Outcome::Answered(said), (3420, 3600));
    }

    #[test]
    fn the_operators_interval_binds() {
        check(Some(600), 0, Outcome::Answered(answered(Some(120), Some(7200))), (570, 600));
        let blind = Said { is_conditional: false, ..answered(None, None) };
        check(Some(600), 0, Outcome::Answered(blind), (570, 600));
    }

    #[test]
    fn p_11_what_is_gone_for_good_is_not_asked_again() {
        let state = PollState::default();
        assert_eq!(next(&source(Some(600)), &state, Outcome::Gone, now()), Timestamp::NEVER);
    }

    #[test]
    fn p_12_who_is_closed_to_us_has_four_hours_of_peace() {
        let closed = failed(Refusal { is_closed: true, ..Refusal::default() });
        check(Some(600), 0, closed, (13_680, 14_400));
        check(Some(600), 1, closed, (27_360, 28_800));
        check(Some(600), 9, closed, (82_080, 86_400));
    }

    #[test]
    fn p_13_failures_double_the_wait_up_to_a_day_and_never_end() {
        let failed = failed(Refusal::default());
        check(Some(600), 0, failed, (570, 600));
        check(Some(600), 3, failed, (4560, 4800));
        check(Some(600), 400, failed, (82_080, 86_400));
    }

    #[test]
    fn p_09_who_asks_for_peace_without_saying_how_long_has_an_hour() {
        let busy = failed(Refusal { is_busy: true, ..Refusal::default() });
        check(Some(600), 0, busy, (3420, 3600));
        check(Some(600), 2, busy, (13_680, 14_400));
        check(Some(600), 9, busy, (82_080, 86_400));
    }

    #[test]
    fn p_20_who_has_nothing_to_say_is_asked_as_usual() {
        check(Some(600), 0, Outcome::Mute, (570, 600));
        check(None, 7, Outcome::Mute, (3600, 3960));
    }

    #[test]
    fn p_21_what_cannot_be_believed_is_asked_again_soon_but_once() {
        check(None, 0, Outcome::Doubted, (900, 990));
        check(None, 1, Outcome::Doubted, (3600, 3960));
        check(Some(600), 0, Outcome::Doubted, (570, 600));
    }

    #[test]
    fn p_05_a_start_is_spread() {
        let wait = |source: &Source, many| {
            spread(source, &PollState::default(), many, now()).since(now()).as_secs()
        };
        let waits = |interval, many| -> Vec<u64> {
            let source = |n: u64| Source {
                id: SourceId::new(&format!("s{n}")).unwrap(),
                ..source(Some(interval))
            };
            let mut waits: Vec<u64> = (0..many).map(|n| wait(&source(n), many as usize)).collect();
            waits.sort_unstable();
            waits
        };
        let few = waits(600, 10);
        assert!(few.iter().all(|wait| *wait <= 10), "{few:?}");
        let many = waits(600, 6000);
        assert!(many.iter().all(|wait| *wait <= 600));
        let busiest = (0..600).map(|at| many.iter().filter(|wait| **wait == at).count()).max();
        assert!(busiest.unwrap() < 40, "about ten a second: {busiest:?}");
    }

    #[test]
    fn p_09_retry_after_is_a_minimum_and_capped_at_a_week() {
        let after = |seconds| {
            failed(Refusal {
                retry_after: Some(now().plus(Duration::from_secs(seconds))),
                is_busy: true,
                ..Refusal::default()
            })
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
