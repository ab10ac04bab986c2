//! When a delivery is tried again, and when it is given up: the schedule of Standard Webhooks. Pure.
//!
//! An endpoint that is away stays where it is and is tried for days; an event that an endpoint refuses, while
//! it answers, is tried a few times and then given up alone, so that it holds up nothing behind it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use http::StatusCode;

use crate::model::subscription::{Course, State};
use crate::model::time::Timestamp;

/// How long after a failure an endpoint that is away is tried again; the last wait goes on for ever.
const AWAY: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(10 * 3600),
    Duration::from_secs(14 * 3600),
    Duration::from_secs(20 * 3600),
    Duration::from_secs(24 * 3600),
];

/// How long after a refusal an event is tried again; after the last it is given up.
const REFUSED: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(30)];

/// How long nothing may succeed before an endpoint is given up.
const GIVEN_UP: Duration = Duration::from_secs(5 * 24 * 3600);

/// The longest wait an endpoint can ask for.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// The longest and the shortest pause between two messages to an endpoint that is asked too much.
const SLOWEST: Duration = Duration::from_secs(60);
const SLOWER: Duration = Duration::from_secs(1);

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// It has the message.
    Taken,
    /// It will not have any message any more.
    Gone,
    /// It will not have this message.
    Refused(String),
    /// It cannot have it now.
    Away {
        /// Why, in plain words.
        why: String,
        /// Until when it wants to be left alone.
        until: Option<Timestamp>,
        /// Whether it is asked too much.
        is_busy: bool,
    },
}

/// What an answer means; `until` is what it says of coming again.
pub(super) fn attempt(status: StatusCode, until: Option<Timestamp>) -> Attempt {
    // These say something of the endpoint, not of what it was told.
    const OF_THE_ENDPOINT: [u16; 6] = [404, 405, 407, 408, 421, 425];
    let why = |advice: &str| format!("it answered {status}{advice}");
    match status.as_u16() {
        200..300 => Attempt::Taken,
        300..400 => {
            let why = why("; redirects are not followed: name the address it leads to");
            Attempt::Away { why, until, is_busy: false }
        }
        410 => Attempt::Gone,
        401 | 403 => {
            let why = why("; look whether it knows the key");
            Attempt::Away { why, until, is_busy: false }
        }
        code if OF_THE_ENDPOINT.contains(&code) => {
            Attempt::Away { why: why(""), until, is_busy: false }
        }
        code @ (429 | 502 | 504) => {
            let why = why(if code == 429 { "; it is asked too much" } else { "" });
            Attempt::Away { why, until, is_busy: true }
        }
        400..500 => Attempt::Refused(why("")),
        _ => Attempt::Away { why: why(""), until, is_busy: false },
    }
}

/// What is to be done after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Go on to the next event.
    Next,
    /// Try this one again when it is due.
    Again,
    /// Give this one up and go on.
    GiveUp,
    /// Give the endpoint up.
    End,
}

/// How deliveries go after an attempt. `odd`, from 0 to 1, spreads those that failed together.
pub(super) fn after(
    course: &Course,
    attempt: &Attempt,
    now: Timestamp,
    odd: f64,
) -> (Course, Fate) {
    let failed = |why: &str, refusals: u32| Course {
        failures: course.failures.saturating_add(1),
        refusals,
        failing: course.failing.or(Some(now)),
        trouble: Some(why.to_owned()),
        ..course.clone()
    };
    match attempt {
        Attempt::Taken => {
            let Course { state, reached, .. } = *course;
            let succeeded = Some(now);
            (Course { state, reached, succeeded, ..Course::default() }, Fate::Next)
        }
        Attempt::Gone => {
            let course = failed("it answered 410 Gone: it wants no messages any more", 0);
            (Course { state: State::Disabled, due: None, ..course }, Fate::End)
        }
        Attempt::Refused(why) => {
            let refused = failed(why, course.refusals + 1);
            match REFUSED.get(course.refusals as usize) {
                Some(wait) => {
                    let due = Some(now.plus(jittered(*wait, odd)));
                    (Course { due, ..refused }, Fate::Again)
                }
                None if is_over(&refused, now) => (ended(refused), Fate::End),
                None => {
                    let course = Course { failures: 0, refusals: 0, due: None, ..refused };
                    (course, Fate::GiveUp)
                }
            }
        }
        Attempt::Away { why, until, .. } => {
            let away = failed(why, course.refusals);
            if is_over(&away, now) {
                return (ended(away), Fate::End);
            }
            let step = (course.failures as usize).min(AWAY.len() - 1);
            let due = now.plus(jittered(AWAY[step], odd));
            // What it asks for is the least.
            let asked = until.map(|until| until.min(now.plus(PATIENCE)));
            let due = Some(asked.map_or(due, |asked| due.max(asked)));
            (Course { due, ..away }, Fate::Again)
        }
    }
}

/// Whether nothing has succeeded for so long that the endpoint is given up.
fn is_over(course: &Course, now: Timestamp) -> bool {
    course.failures > 1 && course.failing.is_some_and(|since| now.since(since) >= GIVEN_UP)
}

fn ended(course: Course) -> Course {
    let why = course.trouble.unwrap_or_default();
    let trouble = Some(format!("{why}; nothing arrived for five days, so it was given up"));
    Course { state: State::Disabled, due: None, trouble, ..course }
}

/// A number from 0 to 1 that differs from message to message and from try to try.
pub(super) fn odd(id: &str, millis: i64) -> f64 {
    let mut hasher = DefaultHasher::new();
    (id, millis).hash(&mut hasher);
    f64::from(u32::try_from(hasher.finish() >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

/// A wait, a fifth shorter or longer.
pub(super) fn jittered(wait: Duration, odd: f64) -> Duration {
    wait.mul_f64(0.8 + 0.4 * odd.clamp(0.0, 1.0))
}

/// How long an endpoint is left alone between two messages, after an attempt: twice as long when it is
/// asked too much, half as long each time it takes one.
pub(super) fn gap(gap: Duration, attempt: &Attempt) -> Duration {
    match attempt {
        Attempt::Away { is_busy: true, .. } => (gap * 2).clamp(SLOWER, SLOWEST),
        Attempt::Taken if gap <= Duration::from_millis(50) => Duration::ZERO,
        Attempt::Taken => gap / 2,
        _ => gap,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Offset;

    const DAY: u64 = 24 * 3600;

    fn time(seconds: u64) -> Timestamp {
        let start = Timestamp::from_seconds(1_700_000_000, Offset::UTC).expect("a small number");
        start.plus(Duration::from_secs(seconds))
    }

    fn away() -> Attempt {
        attempt(StatusCode::SERVICE_UNAVAILABLE, None)
    }

    /// Seconds from the first attempt to each later one, without jitter, and how it ended.
    fn attempts(outcome: &Attempt) -> (Vec<u64>, Fate) {
        let (mut course, mut at, mut starts) = (Course::default(), 0, Vec::new());
        loop {
            starts.push(at);
            let (next, fate) = after(&course, outcome, time(at), 0.5);
            if fate != Fate::Again {
                return (starts, fate);
            }
            at = next.due.expect("a time").since(time(0)).as_secs();
            course = next;
        }
    }

    #[test]
    fn d_02_the_schedule_of_an_endpoint_that_is_away() {
        let (starts, fate) = attempts(&away());
        let first = [0, 5, 305, 2105, 9305, 27305, 63305, 113_705, 185_705, 272_105];
        assert_eq!(starts[..10], first);
        assert_eq!(starts[10] - starts[9], DAY, "and then every day");
        let last = starts.last().expect("one");
        assert!((5 * DAY..6 * DAY).contains(last), "given up after five days: {last}");
        assert_eq!(fate, Fate::End);
    }

    #[test]
    fn an_event_that_is_refused_is_given_up_alone() {
        let refused = attempt(StatusCode::UNPROCESSABLE_ENTITY, None);
        assert_eq!(attempts(&refused), (vec![0, 5, 35], Fate::GiveUp));
    }

    #[test]
    fn an_endpoint_that_refuses_everything_is_given_up_too() {
        let refused = attempt(StatusCode::BAD_REQUEST, None);
        let course =
            Course { failing: Some(time(0)), failures: 2, refusals: 2, ..Course::default() };
        let (course, fate) = after(&course, &refused, time(5 * DAY), 0.5);
        assert_eq!((course.state, fate), (State::Disabled, Fate::End));
    }

    #[test]
    fn what_answers_mean() {
        for status in [200, 201, 202, 204, 299] {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(attempt(status, None), Attempt::Taken);
        }
        assert_eq!(attempt(StatusCode::GONE, None), Attempt::Gone);
        for status in [400, 409, 413, 415, 422] {
            let status = StatusCode::from_u16(status).expect("a status");
            assert!(matches!(attempt(status, None), Attempt::Refused(_)), "{status}");
        }
        for (status, expected) in [
            (301, false),
            (308, false),
            (401, false),
            (404, false),
            (408, false),
            (500, false),
            (503, false),
            (429, true),
            (502, true),
            (504, true),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            let Attempt::Away { is_busy, .. } = attempt(status, None) else {
                panic!("{status} is no refusal");
            };
            assert_eq!(is_busy, expected, "{status}");
        }
    }

    #[test]
    fn jitter_and_retry_after() {
        let due = |until: Option<u64>, odd| {
            let attempt = attempt(StatusCode::SERVICE_UNAVAILABLE, until.map(time));
            let (course, _) = after(&Course::default(), &attempt, time(0), odd);
            course.due.expect("a time").since(time(0)).as_millis()
        };
        assert_eq!((due(None, 0.0), due(None, 1.0)), (4000, 6000));
        assert_eq!(due(Some(600), 0.5), 600_000, "it asked for ten minutes");
        assert_eq!(due(Some(1), 0.5), 5000, "what it asks for is the least");
        assert_eq!(due(Some(30 * DAY), 0.5), u128::from(DAY) * 1000, "a day is the most");
    }

    #[test]
    fn one_success_and_all_is_forgotten() {
        let (failed, _) = after(&Course::default(), &away(), time(0), 0.5);
        assert_eq!((failed.failures, failed.failing), (1, Some(time(0))));
        let (course, fate) = after(&failed, &Attempt::Taken, time(9), 0.5);
        assert_eq!((course.failures, course.failing, course.trouble), (0, None, None));
        assert_eq!((course.succeeded, fate), (Some(time(9)), Fate::Next));
    }

    #[test]
    fn who_is_asked_too_much_is_asked_less() {
        let busy = attempt(StatusCode::TOO_MANY_REQUESTS, None);
        let mut pause = Duration::ZERO;
        let mut told = |attempt: &Attempt| {
            pause = gap(pause, attempt);
            pause.as_millis()
        };
        assert_eq!([told(&busy), told(&busy), told(&away())], [1000, 2000, 2000]);
        assert_eq!((0..9).map(|_| told(&busy)).last(), Some(60_000), "once a minute at least");
        let easing: Vec<u128> = (0..12).map(|_| told(&Attempt::Taken)).collect();
        assert!(easing.is_sorted_by(|a, b| a >= b) && easing.last() == Some(&0), "{easing:?}");
    }
}
