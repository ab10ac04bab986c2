//! `Manners`: how a host is treated that others own (reliability row P-17), and `Rooms`, which counts
//! by them who is with which host.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;

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
    /// Whether `Retry-After` with a 503 or 403 holds up all that is asked of the host, and not only the
    /// source that was told so. With a 429 it always does.
    pub holds_all: bool,
}

impl Default for Manner {
    fn default() -> Manner {
        Manner { at_once: 2, gap: Duration::from_secs(1), holds_all: false }
    }
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
    /// How many places are taken, of how many.
    taken: HashMap<String, (usize, usize)>,
}

impl Rooms {
    /// Empty rooms.
    pub fn new(manners: Arc<Manners>) -> Rooms {
        Rooms { manners, taken: HashMap::new() }
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
            self.taken.insert(host.to_owned(), (1, self.manners.of(host).at_once));
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
        let own = Manner { at_once: 9, gap: Duration::ZERO, holds_all: true };
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
