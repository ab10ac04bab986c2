//! `Notice`: what an operator should know of a source, though perhaps nothing failed: that it fails, is
//! silent, may have been missed in part, or has moved.

use std::time::Duration;

use uuid::Uuid;

use super::source::PollState;
use super::status::public;
use super::subscription::{State, Subscription};
use super::time::Timestamp;
use super::whereabouts::Whereabouts;

/// What makes ids of notices.
const NOTICES: Uuid = Uuid::from_u128(0x6c0e_5b1a_93d4_4c0e_8f57_2a1b_7d3e_9c41);

/// How long it is told that something may have been missed.
const FRESH: Duration = Duration::from_secs(7 * 24 * 3600);

/// What is to be known of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What kind.
    pub kind: Kind,
    /// In plain words.
    pub what: String,
    /// Since when it is so.
    pub since: Timestamp,
}

/// What kind of notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Its polls fail.
    Failing,
    /// It answers, but nothing new came for five times as long as usual.
    Silent,
    /// An answer showed nothing of the one before it.
    Gap,
    /// It moved for good.
    Moved,
    /// It was given up; of subscriptions alone.
    GivenUp,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 5] = [Kind::Failing, Kind::Silent, Kind::Gap, Kind::Moved, Kind::GivenUp];

    /// What a source is then, in the middle of a sentence.
    pub fn told(self) -> &'static str {
        match self {
            Kind::Failing => "failing",
            Kind::Silent => "silent",
            Kind::Gap => "perhaps read in part only",
            Kind::Moved => "at a new address",
            Kind::GivenUp => "given up",
        }
    }

    /// The word, as programs read it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Failing => "failing",
            Kind::Silent => "silent",
            Kind::Gap => "gap",
            Kind::Moved => "moved",
            Kind::GivenUp => "given-up",
        }
    }
}

impl Notice {
    /// The id of all notices together.
    pub fn feed() -> String {
        Uuid::new_v5(&NOTICES, b"").urn().to_string()
    }

    /// A stable id: the same as long as it is the same.
    pub fn urn(&self, of: &str) -> String {
        let name = format!("{of} {} {}", self.kind.name(), self.since.millis());
        Uuid::new_v5(&NOTICES, name.as_bytes()).urn().to_string()
    }
}

impl PollState {
    /// What is to be known of the source.
    pub fn notices(&self, now: Timestamp) -> Vec<Notice> {
        let mut notices = Vec::new();
        if let Some(trouble) = &self.trouble {
            let since = self.failing.or(self.polled).unwrap_or(now);
            let advice = self.cause.map(|cause| format!(" What to do: {}.", cause.advice()));
            let what = format!("{trouble}.{}", advice.unwrap_or_default());
            notices.push(Notice { kind: Kind::Failing, what, since });
        } else if let (Some(silence), Some(news), Some(gap)) =
            (self.rhythm.silence(now), self.rhythm.news, self.rhythm.gap)
        {
            let (silence, gap) = (words(silence), words(gap));
            let what = format!(
                "nothing new for {silence}, where something usually comes every {gap}: look whether it moved or ended"
            );
            notices.push(Notice { kind: Kind::Silent, what, since: news });
        }
        if let Some(since) = self.missed.filter(|at| now.since(*at) < FRESH) {
            let what = "an answer showed nothing of the one before it: what came in between may be missing; a shorter `interval` would help".to_owned();
            notices.push(Notice { kind: Kind::Gap, what, since });
        }
        let Whereabouts { address, learned, .. } = &self.whereabouts;
        if let (Some(address), Some(since)) = (address, *learned) {
            let address = address.parse().map(|address| public(&address)).unwrap_or_default();
            let what = format!(
                "it moved for good and is asked at {address} from now on; say so in the file (`url`)"
            );
            notices.push(Notice { kind: Kind::Moved, what, since });
        }
        notices
    }
}

/// How long a subscription fails before that is told.
const PATIENCE: Duration = Duration::from_secs(3600);

impl Subscription {
    /// What is to be known of it, told so that everybody may read it: where it is, is a secret of its own.
    pub fn notice(&self, now: Timestamp) -> Option<Notice> {
        let course = &self.course;
        let since = course.failing?;
        let id = &self.webhook.id;
        match course.state {
            State::Disabled => Some(Notice {
                kind: Kind::GivenUp,
                what: format!(
                    "the webhook takes no messages, so it gets none any more. What to do: look at `feedloom subscriptions`, mend it, and let it go on where it stopped with `feedloom subscriptions resume {id}`."
                ),
                since,
            }),
            State::Active if course.failures > 0 && now.since(since) >= PATIENCE => Some(Notice {
                kind: Kind::Failing,
                what: "the webhook takes no messages; they are kept and sent when it does. What to do: look at `feedloom subscriptions`, which says why.".to_owned(),
                since,
            }),
            State::Active | State::Paused => None,
        }
    }
}

/// A span as people say it, in its largest unit.
fn words(span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    let (count, unit) = match minutes {
        0..120 => (minutes.max(1), "minute"),
        120..2880 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::super::cause::Cause;
    use super::super::rhythm::Rhythm;
    use super::super::source::{PollState, SourceId};
    use super::super::time::Offset;
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn now() -> Timestamp {
        Timestamp::from_seconds(1_700_000_000, Offset::UTC).expect("a time")
    }

    #[track_caller]
    fn check(state: PollState, expected: &[(Kind, &str)]) {
        let notices = state.notices(now());
        let found: Vec<Kind> = notices.iter().map(|notice| notice.kind).collect();
        assert_eq!(found, expected.iter().map(|(kind, _)| *kind).collect::<Vec<_>>());
        for (notice, (_, words)) in notices.iter().zip(expected) {
            assert!(notice.what.contains(words), "{}", notice.what);
        }
    }

    #[test]
    fn who_is_well_is_not_spoken_of() {
        let rhythm = Rhythm { news: Some(now().minus(HOUR * 30)), gap: Some(HOUR * 24) };
        check(PollState { rhythm, ..PollState::default() }, &[]);
    }

    #[test]
    fn a_failure_says_what_to_do() {
        let (trouble, cause) =
            (Some("the name a.example cannot be found".into()), Some(Cause::Name));
        let failing = Some(now().minus(HOUR));
        let state = PollState { trouble, cause, failing, ..PollState::default() };
        check(state, &[(Kind::Failing, "cannot be found. What to do: look whether `url`")]);
    }

    #[test]
    fn a_silence_is_told_of_after_five_gaps() {
        let rhythm = Rhythm { news: Some(now().minus(HOUR * 72)), gap: Some(HOUR * 3) };
        let state = PollState { rhythm, ..PollState::default() };
        check(
            state,
            &[(
                Kind::Silent,
                "nothing new for 3 days, where something usually comes every 3 hours",
            )],
        );
    }

    #[test]
    fn a_gap_is_told_of_for_a_week_and_a_move_until_the_file_says_so() {
        let address = Some("https://user:word@new.example/feed?key=secret".to_owned());
        let learned = Some(now().minus(HOUR));
        let whereabouts = Whereabouts { address, learned, moving: None };
        let state = PollState { missed: learned, whereabouts, ..PollState::default() };
        let told = "asked at https://new.example/feed?key=… from now on";
        check(state.clone(), &[(Kind::Gap, "shorter `interval`"), (Kind::Moved, told)]);
        let missed = Some(now().minus(HOUR * 24 * 8));
        check(PollState { missed, ..state }, &[(Kind::Moved, told)]);
    }

    #[test]
    fn a_notice_keeps_its_id_while_it_holds() {
        let id = SourceId::new("wire").expect("an id");
        let notice = |what: &str, since| {
            let notice = Notice { kind: Kind::Failing, what: what.into(), since };
            notice.urn(id.as_str())
        };
        assert_eq!(notice("one reason", now()), notice("another", now()));
        assert_ne!(notice("one reason", now()), notice("one reason", now().plus(HOUR)));
    }
}
