//! `Roster`: who is owed something, and whose turn it is. Kept in memory and made anew from the store at any
//! time: it decides who is looked after next, never what was delivered.
//!
//! Whoever is owed nothing walks along the log together with all others, so that a change costs one look
//! however many there are. Whoever is owed something goes on from where he stands, alone. Those who wait for
//! room at their host, or for a time, are passed over without being looked at.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use crate::model::feed::Revision;
use crate::model::manners::{Rooms, host_of};
use crate::model::subscription::{Changes, Course, Interest, State, Subscription, SubscriptionId};
use crate::model::time::Timestamp;
use crate::model::view::View;

/// Deliveries at once that have not shown yet whether their endpoint hangs.
const SLOTS: usize = 1024;
/// And all told: those that hang hold nothing but a connection.
const MOST: usize = 10_240;
/// And besides, those to endpoints that took the last message they were sent, so that those that hang hold up
/// nobody who doesn't.
const PROMPT: usize = 256;
/// An endpoint that has not answered for so long hangs.
const HANGS: Duration = Duration::from_secs(1);

/// Whose turn it is: those that took their last message, then those longest without a turn.
type Turn = (bool, u64, SubscriptionId);

/// Who is owed something.
#[derive(Default)]
pub(super) struct Roster {
    entries: HashMap<SubscriptionId, Entry>,
    /// Due, by turn.
    ready: BTreeSet<Turn>,
    /// Due later.
    later: BTreeSet<(Timestamp, SubscriptionId)>,
    /// Due, but their host has no room.
    crowded: HashMap<String, VecDeque<SubscriptionId>>,
    /// How far those have come who are owed nothing.
    tip: Revision,
    turns: u64,
    /// With which hosts, and since when.
    under_way: HashMap<SubscriptionId, (String, Timestamp)>,
    /// Those of them that may answer any moment, by when they began.
    young: BTreeSet<(Timestamp, SubscriptionId)>,
}

struct Entry {
    interest: Interest,
    host: String,
    is_active: bool,
    /// All up to there was delivered, or is nothing to it.
    reached: Revision,
    /// And that is in the store.
    kept: Revision,
    is_owed: bool,
    due: Option<Timestamp>,
    /// Whether it took the last message it was sent.
    is_prompt: bool,
    gap: Duration,
    turn: u64,
}

/// A delivery that ended.
pub(super) struct Ended {
    /// How deliveries go now.
    pub(super) course: Course,
    /// How long it is left alone between two messages.
    pub(super) gap: Duration,
    /// Whether there may be more.
    pub(super) is_owed: bool,
}

impl Roster {
    /// Takes over who there is. Those under way go on as they are.
    pub(super) fn fill(&mut self, subscriptions: &[Subscription], views: &[View], now: Timestamp) {
        let mut before = std::mem::take(&mut self.entries);
        self.ready.clear();
        self.later.clear();
        self.crowded.clear();
        for subscription in subscriptions {
            let Subscription { webhook, course, replays, .. } = subscription;
            let known = before.remove(&webhook.id);
            // What it passed over in memory was nothing to it as it was then.
            let reached = course.reached;
            self.turns += 1;
            let entry = Entry {
                interest: Interest::of(webhook, views),
                host: host_of(&webhook.url).unwrap_or_default(),
                is_active: course.state == State::Active,
                reached,
                kept: reached,
                is_owed: *replays > 0 || reached < self.tip || course.batch.is_some(),
                due: course.due,
                is_prompt: course.failures == 0 && course.succeeded.is_some(),
                gap: known.as_ref().map_or(Duration::ZERO, |known| known.gap),
                turn: known.map_or(self.turns, |known| known.turn),
            };
            self.entries.insert(webhook.id.clone(), entry);
            self.queue(&webhook.id, now);
        }
    }

    /// Whether there is nobody.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How far those have come who are owed nothing.
    pub(super) fn tip(&self) -> Revision {
        self.tip
    }

    /// Takes in what happened behind the tip.
    pub(super) fn take_in(&mut self, changes: &Changes, now: Timestamp) {
        let mut owed = Vec::new();
        for (id, entry) in &mut self.entries {
            if entry.is_owed || self.under_way.contains_key(id) {
                continue;
            }
            let mut behind = changes.rows.iter().filter(|change| change.revision > entry.reached);
            match behind.find(|change| entry.interest.wants(change).is_some()) {
                Some(change) => {
                    entry.reached = Revision(change.revision.0 - 1);
                    entry.is_owed = true;
                    owed.push(id.clone());
                }
                None => entry.reached = entry.reached.max(changes.upto),
            }
        }
        self.tip = self.tip.max(changes.upto);
        owed.iter().for_each(|id| self.queue(id, now));
    }

    /// Passes over what happened while there was nobody.
    pub(super) fn skip_to(&mut self, revision: Revision) {
        self.tip = self.tip.max(revision);
    }

    /// Puts one where it waits for its turn, if it is to have one.
    fn queue(&mut self, id: &SubscriptionId, now: Timestamp) {
        let Some(entry) = self.entries.get(id) else { return };
        if !entry.is_owed || !entry.is_active || self.under_way.contains_key(id) {
            return;
        }
        match entry.due.filter(|due| *due > now) {
            Some(due) => self.later.insert((due, id.clone())),
            None => self.ready.insert((!entry.is_prompt, entry.turn, id.clone())),
        };
    }

    /// Those whose turn it is, with how far each has come; they are under way from now on.
    pub(super) fn pick(
        &mut self,
        rooms: &mut Rooms,
        now: Timestamp,
    ) -> Vec<(SubscriptionId, Revision)> {
        while let Some((due, _)) = self.later.first()
            && *due <= now
            && let Some((_, id)) = self.later.pop_first()
        {
            self.queue(&id, now);
        }
        while let Some((began, _)) = self.young.first()
            && began.plus(HANGS) <= now
        {
            self.young.pop_first();
        }
        let mut picked = Vec::new();
        while let Some((is_slow, ..)) = self.ready.first() {
            let more = if *is_slow { 0 } else { PROMPT };
            if self.young.len() >= SLOTS + more || self.under_way.len() >= MOST + more {
                break;
            }
            let Some((_, _, id)) = self.ready.pop_first() else { break };
            let Some(entry) = self.entries.get(&id) else { continue };
            if !rooms.has_room(&entry.host) {
                self.crowded.entry(entry.host.clone()).or_default().push_back(id);
                continue;
            }
            rooms.take(&entry.host);
            self.under_way.insert(id.clone(), (entry.host.clone(), now));
            self.young.insert((now, id.clone()));
            picked.push((id, entry.reached));
        }
        picked
    }

    /// When the next one may have its turn that waits for a time.
    pub(super) fn next(&self) -> Option<Timestamp> {
        let due = self.later.first().map(|(due, _)| *due);
        let young = self.young.first().filter(|_| !self.ready.is_empty());
        due.into_iter().chain(young.map(|(began, _)| began.plus(HANGS))).min()
    }

    /// How long one is left alone between two messages.
    pub(super) fn gap(&self, id: &SubscriptionId) -> Duration {
        self.entries.get(id).map_or(Duration::ZERO, |entry| entry.gap)
    }

    /// Takes back one that ended, or was somebody else's after all.
    pub(super) fn end(
        &mut self,
        id: &SubscriptionId,
        ended: Option<Ended>,
        rooms: &mut Rooms,
        now: Timestamp,
    ) {
        let Some((host, began)) = self.under_way.remove(id) else { return };
        self.young.remove(&(began, id.clone()));
        rooms.give_back(&host);
        self.note(id, ended, now);
        self.queue(id, now);
        self.admit(&host, now);
    }

    fn note(&mut self, id: &SubscriptionId, ended: Option<Ended>, now: Timestamp) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        self.turns += 1;
        entry.turn = self.turns;
        match ended {
            Some(Ended { course, gap, is_owed }) => {
                entry.reached = entry.reached.max(course.reached);
                entry.kept = entry.kept.max(course.reached);
                entry.is_active &= course.state == State::Active;
                entry.is_owed = is_owed || entry.reached < self.tip;
                entry.is_prompt = course.failures == 0 && course.succeeded.is_some();
                entry.gap = gap;
                entry.due = course.due.max(Some(now.plus(gap)).filter(|_| !gap.is_zero()));
            }
            // Its lease may have been lost, or it is stopped: looked at again when that changes, or soon.
            None => entry.due = Some(now.plus(LOST)),
        }
    }

    /// Lets one more of a host's have its turn.
    fn admit(&mut self, host: &str, now: Timestamp) {
        let Some(waiting) = self.crowded.get_mut(host) else { return };
        let next = waiting.pop_front();
        if waiting.is_empty() {
            self.crowded.remove(host);
        }
        if let Some(id) = next {
            self.queue(&id, now);
        }
    }

    /// Cursors that have moved on without a delivery, and are not in the store yet.
    pub(super) fn passed(&mut self) -> Vec<(SubscriptionId, Revision)> {
        let mut passed = Vec::new();
        for (id, entry) in &mut self.entries {
            let is_idle = !entry.is_owed && !self.under_way.contains_key(id);
            if is_idle && entry.kept < entry.reached {
                entry.kept = entry.reached;
                passed.push((id.clone(), entry.reached));
            }
        }
        passed
    }
}

/// How soon one is tried again whose lease somebody else had.
const LOST: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::feed::Shelf;
    use crate::model::item::{ItemId, Key};
    use crate::model::manners::{Manner, Manners};
    use crate::model::subscription::{Change, Stand, Verb, Webhook};
    use crate::model::time::Offset;
    use std::sync::Arc;

    fn time(seconds: u64) -> Timestamp {
        let start = Timestamp::from_seconds(1_700_000_000, Offset::UTC).expect("a small number");
        start.plus(Duration::from_secs(seconds))
    }

    fn id(name: &str) -> SubscriptionId {
        SubscriptionId::new(name).expect("an id")
    }

    fn subscription(name: &str, host: &str) -> Subscription {
        let webhook = Webhook::new(id(name), format!("https://{host}/{name}"));
        let course = Course { succeeded: Some(time(0)), ..Course::default() };
        Subscription { webhook, is_listed: true, course, keys: None, replays: 0, dead: 0 }
    }

    /// A change of everything.
    fn change(revision: u64) -> Changes {
        let id = ItemId::mint("test", &Key::guid("1"));
        let stands = vec![Stand { shelf: Shelf::All, name: None, since: time(0) }];
        let rows = vec![Change {
            revision: Revision(revision),
            verb: Verb::Withdrawn,
            is_quiet: false,
            is_superseded: false,
            at: time(0),
            chain: Vec::new(),
            id,
            public_id: id.urn(),
            item: None,
            stands,
        }];
        Changes { rows, upto: Revision(revision), has_more: false }
    }

    fn rooms(pushes: usize) -> Rooms {
        let manner = Manner { at_once: pushes, ..Manner::default() };
        Rooms::new(Arc::new(Manners::new([("a.example".to_owned(), manner)])))
    }

    fn names(picked: &[(SubscriptionId, Revision)]) -> Vec<&str> {
        picked.iter().map(|(id, _)| id.as_str()).collect()
    }

    fn ended(reached: u64, due: Option<Timestamp>) -> Option<Ended> {
        let course = Course { reached: Revision(reached), due, ..Course::default() };
        Some(Ended { course, gap: Duration::ZERO, is_owed: due.is_some() })
    }

    #[test]
    fn who_is_owed_nothing_walks_along() {
        let mut roster = Roster::default();
        let mut picky = subscription("picky", "b.example");
        picky.webhook.categories = vec!["none".to_owned()];
        roster.fill(&[picky, subscription("all", "a.example")], &[], time(0));
        roster.take_in(&change(7), time(1));
        let picked = roster.pick(&mut rooms(9), time(1));
        assert_eq!(picked, [(id("all"), Revision(6))]);
        assert_eq!(roster.passed(), [(id("picky"), Revision(7))]);
        assert_eq!(roster.passed(), []);
    }

    #[test]
    fn d_12_a_host_has_room_for_so_many_and_the_next_follows() {
        let mut roster = Roster::default();
        let all = ["a", "b", "c"].map(|name| subscription(name, "a.example"));
        let other = subscription("d", "b.example");
        roster.fill(&[&all[..], &[other]].concat(), &[], time(0));
        roster.take_in(&change(1), time(0));
        let mut rooms = rooms(2);
        assert_eq!(names(&roster.pick(&mut rooms, time(0))), ["a", "b", "d"]);
        assert!(roster.pick(&mut rooms, time(0)).is_empty());
        roster.end(&id("a"), ended(1, None), &mut rooms, time(1));
        assert_eq!(names(&roster.pick(&mut rooms, time(1))), ["c"]);
    }

    #[test]
    fn who_failed_waits_and_who_is_prompt_goes_first() {
        let mut roster = Roster::default();
        let all = ["a", "b"].map(|name| subscription(name, "a.example"));
        roster.fill(&all, &[], time(0));
        roster.take_in(&change(1), time(0));
        let mut rooms = rooms(1);
        assert_eq!(names(&roster.pick(&mut rooms, time(0))), ["a"]);
        let mut failed = ended(0, Some(time(60)));
        if let Some(ended) = &mut failed {
            ended.course.failures = 1;
        }
        roster.end(&id("a"), failed, &mut rooms, time(20));
        assert_eq!(roster.next(), Some(time(60)));
        assert_eq!(names(&roster.pick(&mut rooms, time(20))), ["b"]);
        let mut again = ended(1, None);
        if let Some(ended) = &mut again {
            ended.course.succeeded = Some(time(21));
        }
        roster.end(&id("b"), again, &mut rooms, time(21));
        roster.take_in(&change(2), time(60));
        assert_eq!(names(&roster.pick(&mut rooms, time(60))), ["b"], "it took its last message");
    }

    #[test]
    fn x_11_those_that_hang_leave_room_for_those_that_do_not() {
        let mut roster = Roster::default();
        let slow = |n: usize| {
            let mut slow = subscription(&format!("slow-{n}"), &format!("{n}.example"));
            slow.course.succeeded = None;
            slow
        };
        let mut all: Vec<Subscription> = (0..10_000).map(slow).collect();
        roster.fill(&all, &[], time(0));
        roster.take_in(&change(1), time(0));
        let mut rooms = rooms(9);
        assert_eq!(roster.pick(&mut rooms, time(0)).len(), SLOTS);
        assert_eq!(roster.next(), Some(time(1)), "by then they hang");
        assert_eq!(roster.pick(&mut rooms, time(0)).len(), 0);
        for second in 1..9 {
            assert_eq!(roster.pick(&mut rooms, time(second)).len(), SLOTS);
        }
        let last = roster.pick(&mut rooms, time(9)).len();
        assert_eq!(last, 10_000 - 9 * SLOTS, "all have had their turn within seconds");
        all.push(subscription("prompt", "prompt.example"));
        roster.fill(&all, &[], time(9));
        roster.take_in(&change(2), time(9));
        assert_eq!(names(&roster.pick(&mut rooms, time(9))), ["prompt"]);
    }

    #[test]
    fn filling_it_anew_forgets_nothing_under_way() {
        let mut roster = Roster::default();
        let all = ["a", "b"].map(|name| subscription(name, "a.example"));
        roster.fill(&all, &[], time(0));
        roster.take_in(&change(1), time(0));
        let mut rooms = rooms(9);
        assert_eq!(roster.pick(&mut rooms, time(0)).len(), 2);
        roster.fill(&all, &[], time(1));
        assert!(roster.pick(&mut rooms, time(1)).is_empty(), "both are under way");
        roster.fill(&all[..1], &[], time(2));
        roster.end(&id("b"), ended(1, None), &mut rooms, time(3));
        roster.end(&id("a"), ended(1, None), &mut rooms, time(3));
        assert!(roster.under_way.is_empty() && rooms.full().next().is_none());
    }
}
