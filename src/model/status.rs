//! `Status`: how the site and every source are doing, as people and programs are told.

use http::Uri;

use super::notice::Notice;
use super::source::{PollState, SourceId};
use super::subscription::SubscriptionId;
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
    /// What is to be known of subscriptions.
    pub subscriptions: Vec<(SubscriptionId, Notice)>,
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
    /// How a source is doing of which that is remembered.
    pub fn of(state: &PollState) -> Condition {
        match (&state.trouble, state.polled) {
            (Some(_), _) => Condition::Failing,
            (None, None) => Condition::Waiting,
            (None, Some(_)) => Condition::Well,
        }
    }

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
        Condition::of(&self.state)
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

/// An address without user, password and the values of its query (row T-29); of a file, only its name.
pub fn public(url: &Uri) -> String {
    let path = url.path();
    if url.scheme_str() == Some("file") {
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        return format!("file:…/{name}");
    }
    let scheme = url.scheme_str().unwrap_or_default();
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit('@').next().unwrap_or_default();
    let names = url.query().map(|query| {
        let names = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) => format!("{name}=…"),
            None => "…".to_owned(),
        });
        format!("?{}", names.collect::<Vec<_>>().join("&"))
    });
    format!("{scheme}://{host}{path}{}", names.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: &str) {
        assert_eq!(public(&url.parse().unwrap()), expected);
    }

    #[test]
    fn t_29_no_secrets_in_addresses() {
        check("https://user:word@a.example:8443/feed", "https://a.example:8443/feed");
        check(
            "https://a.example/api?page=1&token=secret&bare",
            "https://a.example/api?page=…&token=…&…",
        );
        check("https://a.example", "https://a.example/");
        check("file://localhost/home/me/posts/", "file:…/posts");
    }
}
