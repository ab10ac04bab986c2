//! `Whereabouts`: where a source is really asked, as its redirects teach.
//!
//! A permanent redirect (301, 308) is followed each time, but believed only when it was seen often, over
//! days, and led to the same document: a domain that was parked or hijacked says "for good" as well
//! (reliability row P-10). The address in the file is never forgotten; it is asked again when the
//! learned one fails.

use std::time::Duration;

use super::time::Timestamp;

/// Sightings of one redirect before it is believed, and over how long.
const TIMES: u32 = 3;
const OVER: Duration = Duration::from_secs(48 * 3600);

/// Failures in a row after which the file's address is asked again.
const FAILURES: u32 = 3;

/// Where a source is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts {
    /// Where it moved for good; none while the file's address holds.
    pub address: Option<String>,
    /// Since when that is believed.
    pub learned: Option<Timestamp>,
    /// Where it seems to be moving.
    pub moving: Option<Moving>,
}

/// A permanent redirect that is not believed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moving {
    /// Where it leads.
    pub to: String,
    /// When it was first seen.
    pub since: Timestamp,
    /// How often it was seen in a row; zero when it led elsewhere at first sight, and then it is not
    /// believed until the file's address has answered by itself again.
    pub times: u32,
}

impl Whereabouts {
    /// The learned address, unless it failed too often by now.
    pub fn asked(&self, failures: u32) -> Option<&str> {
        self.address.as_deref().filter(|_| failures < FAILURES)
    }

    /// After a good answer at `now`, asked at the learned address or at the file's: it may have come from
    /// elsewhere by permanent redirects alone, and be the document we know.
    pub fn after(
        &self,
        is_learned: bool,
        moved_to: Option<&str>,
        is_same: bool,
        now: Timestamp,
    ) -> Whereabouts {
        let kept = if is_learned { self.clone() } else { Whereabouts::default() };
        let Some(to) = moved_to else {
            return Whereabouts { moving: None, ..kept };
        };
        let before = self.moving.as_ref().filter(|moving| moving.to == to);
        let (since, times) = match before {
            Some(Moving { since, times: times @ 1.., .. }) => (*since, times + u32::from(is_same)),
            Some(Moving { since, .. }) => (*since, 0),
            None => (now, u32::from(is_same)),
        };
        if times >= TIMES && now.since(since) >= OVER {
            return Whereabouts { address: Some(to.to_owned()), learned: Some(now), moving: None };
        }
        let moving = Moving { to: to.to_owned(), since, times };
        Whereabouts { moving: Some(moving), ..kept }
    }
}

#[cfg(test)]
mod tests {
    use super::super::time::Offset;
    use super::*;

    const NEW: &str = "https://new.example/feed";

    fn at(hours: u64) -> Timestamp {
        let start = Timestamp::from_seconds(1_700_000_000, Offset::UTC).expect("a time");
        start.plus(Duration::from_secs(hours * 3600))
    }

    /// What is learned from polls at these hours, each redirected to an address, or not.
    fn learned(polls: &[(u64, Option<&str>)]) -> Whereabouts {
        let start = Whereabouts::default();
        polls.iter().fold(start, |known, (hour, to)| known.after(false, *to, true, at(*hour)))
    }

    #[test]
    fn p_10_a_move_is_believed_when_it_was_seen_often_and_for_long() {
        let seen = |hours: &[u64]| {
            let polls: Vec<_> = hours.iter().map(|hour| (*hour, Some(NEW))).collect();
            learned(&polls).address
        };
        assert_eq!(seen(&[0, 1, 2, 3, 4]), None, "too soon");
        assert_eq!(seen(&[0, 49]), None, "not often enough");
        assert_eq!(seen(&[0, 24, 48]).as_deref(), Some(NEW));
    }

    #[test]
    fn p_10_what_wavers_is_not_believed() {
        let else_where = "https://parked.example/";
        for other in [None, Some(else_where)] {
            let polls = [(0, Some(NEW)), (24, other), (48, Some(NEW)), (72, Some(NEW))];
            assert_eq!(learned(&polls).address, None);
        }
        let strange = Whereabouts::default().after(false, Some(NEW), false, at(0));
        let later =
            (1..9).fold(strange, |known, day| known.after(false, Some(NEW), true, at(day * 24)));
        assert_eq!(
            later.address, None,
            "another document is no move, however well it is known by then"
        );
        let back = later.after(false, None, true, at(240));
        let again =
            (0..3).fold(back, |known, day| known.after(false, Some(NEW), true, at(300 + day * 24)));
        assert_eq!(
            again.address.as_deref(),
            Some(NEW),
            "unless the old address spoke for itself again"
        );
    }

    #[test]
    fn p_10_the_files_address_is_asked_again_when_the_learned_one_fails() {
        let address = Some(NEW.to_owned());
        let moved = Whereabouts { address, learned: Some(at(0)), moving: None };
        assert_eq!(moved.asked(2), Some(NEW));
        assert_eq!(moved.asked(3), None);
        assert_eq!(moved.after(true, None, true, at(0)), moved);
        assert_eq!(moved.after(false, None, true, at(0)), Whereabouts::default());
    }
}
