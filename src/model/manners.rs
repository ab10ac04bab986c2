//! `Manners`: how a host is treated that others own (reliability row P-17), and `Rooms`, which counts
//! by them who is with which host.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;

use super::time::Timestamp;

/// The longest wait upstream can ask for, by `Retry-After` or by how long an answer may be kept (rows P-07
/// and P-09).
pub const PATIENCE: Duration = Duration::from_secs(7 * 24 * 3600);

/// How one host is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Exchanges at once.
    pub at_once: usize,
    /// From the start of one exchange to that of the next, at least.
    pub gap: Duration,
    /// Messages at once to those who asked for them.
    pub pushes: usize,
    /// Whether `Retry-After` with a 503 or 403 holds up all that is asked of the host, and not only the
    /// source that was told so. With a 429 it always does.
    pub holds_all: bool,
}

impl Default for Manner {
    fn default() -> Manner {
        Manner { at_once: 2, gap: Duration::from_secs(1), pushes: 8, holds_all: false }
    }
}

/// What an exchange is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Errand {
    /// To ask for what others publish: redirects are followed, and the answer counts.
    #[default]
    Ask,
    /// To tell those who asked to be told: redirects are not followed, and of the answer little counts.
    Tell,
}

impl Manner {
    /// Exchanges at once on such an errand.
    pub fn at_once_on(&self, errand: Errand) -> usize {
        match errand {
            Errand::Ask => self.at_once,
            Errand::Tell => self.pushes,
        }
    }

    /// How far apart they start. Who asked to be told is told when there is something to tell.
    pub fn gap_on(&self, errand: Errand) -> Duration {
        match errand {
            Errand::Ask => self.gap,
            Errand::Tell => Duration::ZERO,
        }
    }
}

/// What `Retry-After` says, in both forms (RFC 9110 section 10.2.3); none of what says nothing.
pub fn asked_wait(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(now.plus(Duration::from_secs(seconds)));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    let since = at.duration_since(std::time::UNIX_EPOCH).ok()?;
    Timestamp::from_seconds(i64::try_from(since.as_secs()).ok()?, now.offset())
}

/// How hosts are treated: as the operator says, else as everybody is.
#[derive(Clone, Debug, Default)]
pub struct Manners(HashMap<String, Manner>);

impl Manners {
    /// The manners the operator names, by host.
    pub fn new(hosts: impl IntoIterator<Item = (String, Manner)>) -> Manners {
        Manners(hosts.into_iter().map(|(host, manner)| (plain(&host), manner)).collect())
    }

    /// How a host is treated.
    pub fn of(&self, host: &str) -> Manner {
        self.0.get(&plain(host)).copied().unwrap_or_default()
    }
}

/// A host's name as all of its spellings come to.
pub fn plain(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// The host of an address; none of what is no address, and of a file.
pub fn host_of(address: &str) -> Option<String> {
    address.parse::<Uri>().ok()?.host().map(plain)
}

/// Who is with which host, and who else has room there.
#[derive(Clone, Debug, Default)]
pub struct Rooms {
    manners: Arc<Manners>,
    errand: Errand,
    /// How many places are taken, of how many.
    taken: HashMap<String, (usize, usize)>,
}

impl Rooms {
    /// Empty rooms.
    pub fn new(manners: Arc<Manners>) -> Rooms {
        Rooms { manners, ..Rooms::default() }
    }

    /// The same, on such an errand.
    pub fn on(self, errand: Errand) -> Rooms {
        Rooms { errand, ..self }
    }

    /// Whether a host has room for one more.
    pub fn has_room(&self, host: &str) -> bool {
        self.taken.get(host).is_none_or(|(taken, of)| taken < of)
    }

    /// The hosts without room.
    pub fn full(&self) -> impl Iterator<Item = &str> {
        let full = self.taken.iter().filter(|(_, (taken, of))| taken >= of);
        full.map(|(host, _)| host.as_str())
    }

    /// Takes a place at a host, whether or not there is one.
    pub fn take(&mut self, host: &str) {
        if let Some((taken, _)) = self.taken.get_mut(host) {
            *taken += 1;
        } else {
            let of = self.manners.of(host).at_once_on(self.errand);
            self.taken.insert(host.to_owned(), (1, of));
        }
    }

    /// Gives a place back.
    pub fn give_back(&mut self, host: &str) {
        if let Some((taken, _)) = self.taken.get_mut(host) {
            *taken = taken.saturating_sub(1);
            if *taken == 0 {
                self.taken.remove(host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_treated_as_the_operator_says() {
        let own = Manner { at_once: 9, gap: Duration::ZERO, holds_all: true, ..Manner::default() };
        let manners = Manners::new([("News.Example".to_owned(), own)]);
        assert_eq!(manners.of("news.example."), own);
        assert_eq!(manners.of("else.example"), Manner::default());
    }

    #[test]
    fn a_host_has_room_for_so_many() {
        let mut rooms = Rooms::default();
        for host in ["a", "a", "b"] {
            assert!(rooms.has_room(host));
            rooms.take(host);
        }
        assert_eq!(["a", "b", "c"].map(|host| rooms.has_room(host)), [false, true, true]);
        rooms.give_back("a");
        assert!(rooms.has_room("a"));
        for host in ["a", "b"] {
            rooms.give_back(host);
        }
        assert!(rooms.taken.is_empty());
    }
}
