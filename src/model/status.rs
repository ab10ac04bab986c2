//! `Status`: how the site and every source are doing, as people and programs are told.

use super::source::{PollState, SourceId};
use super::time::Timestamp;

/// How the site is doing.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// As of when.
    pub now: Timestamp,
    /// Whether every source that was new at the start has had its first try.
    pub is_ready: bool,
    /// The newest change of any feed.
    pub updated: Timestamp,
    /// How many categories there are.
    pub categories: usize,
    /// Every source, in the file's order.
    pub sources: Vec<Standing>,
}

/// How one source is doing.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Its id.
    pub id: SourceId,
    /// Its title, else its id.
    pub title: String,
    /// Its kind, as in the file.
    pub kind: Option<String>,
    /// Where it is, without what could be a secret.
    pub url: Option<String>,
    /// What is remembered of its polls.
    pub state: PollState,
    /// Its last days, the oldest first; days without a poll are left out.
    pub days: Vec<Day>,
}

/// What a source did on one day, as the clock at +08:00 counts days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Days since 1970-01-01.
    pub number: i64,
    /// Polls, those that failed among them.
    pub polls: u32,
    /// Polls that failed.
    pub failures: u32,
    /// Items published.
    pub items: u32,
}

impl Day {
    /// How many days are remembered.
    pub const REMEMBERED: i64 = 7;

    /// The day of a time.
    pub fn number(at: Timestamp) -> i64 {
        (at.seconds() + 8 * 3600).div_euclid(86_400)
    }
}

/// How a source is doing, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Its last poll succeeded.
    Well,
    /// Its last poll failed, or what it gave could not be stored.
    Failing,
    /// It was not polled yet.
    Waiting,
}

impl Condition {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Condition::Well => "well",
            Condition::Failing => "failing",
            Condition::Waiting => "waiting",
        }
    }
}

impl Standing {
    /// How it is doing.
    pub fn condition(&self) -> Condition {
        match (&self.state.trouble, self.state.polled) {
            (Some(_), _) => Condition::Failing,
            (None, None) => Condition::Waiting,
            (None, Some(_)) => Condition::Well,
        }
    }
}

impl Status {
    /// How many sources are in a condition.
    pub fn count(&self, condition: Condition) -> usize {
        self.sources.iter().filter(|source| source.condition() == condition).count()
    }

    /// How many items readers find.
    pub fn items(&self) -> u64 {
        self.sources.iter().map(|source| source.state.items).sum()
    }
}
