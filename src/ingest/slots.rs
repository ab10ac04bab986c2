//! Polls under way: what is started in the free slots, and how it ends.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{Id, JoinError, JoinSet};
use tracing::{error, info, warn};

use super::group::Shared;
use super::poll::Poll;
use super::{Ingest, Report, SLOTS, schedule};
use crate::model::cause::Cause;
use crate::model::manners::{Rooms, host_of};
use crate::model::source::{PollState, SourceId};
use crate::model::time::Timestamp;
use crate::store::{self, Claimed, Finish, PollLease, Slice};
use crate::telemetry::Polled;

/// While so many are under way, those that end are gathered for a moment: to give away their places costs
/// a look at all that are due.
const MANY: usize = 64;
const BREATH: Duration = Duration::from_millis(2);

/// Polls under way.
pub(super) struct Running {
    pub(super) polls: JoinSet<Result<Report, store::Error>>,
    under_way: HashMap<Id, UnderWay>,
    /// With which hosts.
    rooms: Rooms,
    /// Those that ask what another one under way asks, and follow it.
    waiting: HashMap<SourceId, (Arc<PollLease>, bool)>,
    /// No others are polled.
    only: Option<HashSet<SourceId>>,
}

/// One poll, as those who started it know it.
pub(super) struct UnderWay {
    lease: Arc<PollLease>,
    force: bool,
    shared: Option<Shared>,
}

/// A poll that ended, one way or another.
pub(super) type Done = Result<(Id, Result<Report, store::Error>), JoinError>;

/// Polls that were just started.
#[derive(Default)]
pub(super) struct Started {
    pub(super) taken: Vec<SourceId>,
    /// When the next one is due; none when it waits for a free slot.
    pub(super) next: Option<Timestamp>,
}

impl Ingest {
    /// None yet, of all sources or of these.
    pub(super) fn running(&self, only: Option<&[SourceId]>) -> Running {
        Running {
            polls: JoinSet::new(),
            under_way: HashMap::new(),
            rooms: Rooms::new(self.manners.clone()),
            waiting: HashMap::new(),
            only: only.map(|only| only.iter().cloned().collect()),
        }
    }

    /// Whom a source is asked of.
    fn host(&self, lease: &PollLease) -> Option<String> {
        let own = self.upstreams.get(&lease.source)?.source.host();
        let learned = lease.state.whereabouts.asked(lease.state.failures);
        learned.and_then(host_of).or(own)
    }

    /// Starts what is due (or of `only`, due or not) in the free slots.
    pub(super) async fn claim(
        &self,
        running: &mut Running,
        only: Option<&[SourceId]>,
        mut is_forced: impl FnMut(&SourceId) -> bool,
    ) -> Result<Started, store::Error> {
        let mut started = Started::default();
        loop {
            let free = SLOTS.saturating_sub(running.polls.len());
            if free == 0 {
                return Ok(Started { next: None, ..started });
            }
            let now = self.clock.now();
            let Claimed { taken, next } =
                self.store.claim_due(now, free, only, &running.rooms).await?;
            started.next = next;
            let mut waiting = 0;
            for lease in taken {
                let force = is_forced(&lease.source);
                started.taken.push(lease.source.clone());
                let lease = Arc::new(lease);
                if self.is_answered_soon(running, &lease.source) {
                    running.waiting.insert(lease.source.clone(), (lease, force));
                    waiting += 1;
                } else {
                    self.lead(running, lease, force);
                }
            }
            // Who waits takes no slot.
            if waiting == 0 || next.is_some() {
                return Ok(started);
            }
        }
    }

    /// Whether another source that asks the same is under way.
    fn is_answered_soon(&self, running: &Running, source: &SourceId) -> bool {
        let Some(group) = self.groups.with(source) else { return false };
        let mut under_way = running.under_way.values().filter(|one| one.shared.is_some());
        under_way.any(|one| group.contains(&one.lease.source))
    }

    /// Starts a poll, after which those follow that ask the same.
    fn lead(&self, running: &mut Running, lease: Arc<PollLease>, force: bool) {
        let shared = self.groups.with(&lease.source).map(|group| {
            let is_meant =
                |id: &&SourceId| running.only.as_ref().is_none_or(|all| all.contains(*id));
            let members = group.iter().filter(is_meant).cloned();
            Shared::led_by(&lease.source, members, self.clock.now())
        });
        self.start(running, UnderWay { lease, force, shared });
    }

    /// Starts who follows on what was just brought.
    async fn follow(&self, running: &mut Running, mut shared: Shared, force: bool) {
        while let Some(next) = shared.left.pop() {
            let followed = match running.waiting.remove(&next) {
                Some((lease, force)) => self.renewed(lease).await.map(|lease| (lease, force)),
                None => self.borrowed(&next, shared.now).await.map(|lease| (lease, force)),
            };
            if let Some((lease, force)) = followed {
                return self.start(running, UnderWay { lease, force, shared: Some(shared) });
            }
        }
    }

    /// A lease that had to wait, begun anew; none when it was lost meanwhile.
    async fn renewed(&self, lease: Arc<PollLease>) -> Option<Arc<PollLease>> {
        let anew = self.store.commit_poll(&lease, Slice::default(), self.clock.now()).await;
        anew.ok().map(|_| lease)
    }

    /// The right to poll one source, due or not. It will hardly ask its host anything, so no room is needed
    /// there.
    pub(super) async fn claim_one(
        &self,
        source: &SourceId,
        now: Timestamp,
    ) -> Result<Option<PollLease>, store::Error> {
        let (only, rooms) = (std::slice::from_ref(source), Rooms::default());
        let claimed = self.store.claim_due(now, 1, Some(only), &rooms).await?;
        Ok(claimed.taken.into_iter().next())
    }

    /// The right to poll a source that is perhaps not due; none where it waits for something else than its
    /// time.
    async fn borrowed(&self, source: &SourceId, now: Timestamp) -> Option<Arc<PollLease>> {
        let lease = match self.claim_one(source, now).await {
            Ok(lease) => lease?,
            Err(error) => {
                error!(source.id = %source, %error, "a source that asks the same as another was not polled with it");
                return None;
            }
        };
        let PollState { due, failures, unfinished, .. } = lease.state;
        let is_waiting = due.is_some_and(|due| due > now) && (failures > 0 || unfinished);
        if is_waiting {
            self.release(&lease).await;
            return None;
        }
        Some(Arc::new(lease))
    }

    /// Gives a lease back that was not used.
    async fn release(&self, lease: &PollLease) {
        if let Err(error) = self.store.release(lease).await {
            warn!(source.id = %lease.source, %error, "an unused lease was not given back");
        }
    }

    /// Gives back the leases of those that still wait for others.
    pub(super) async fn release_waiting(&self, running: &mut Running) {
        for (_, (lease, _)) in std::mem::take(&mut running.waiting) {
            self.release(&lease).await;
        }
    }

    /// Starts those whose turn to follow had passed when they came.
    fn lead_late(&self, running: &mut Running) {
        let waiting: Vec<SourceId> = running.waiting.keys().cloned().collect();
        for source in waiting {
            if !self.is_answered_soon(running, &source)
                && let Some((lease, force)) = running.waiting.remove(&source)
            {
                self.lead(running, lease, force);
            }
        }
    }

    fn start(&self, running: &mut Running, poll: UnderWay) {
        let UnderWay { lease, force, shared } = &poll;
        let Some(upstream) = self.upstreams.get(&lease.source).cloned() else {
            warn!(source.id = %lease.source, "a source is due that the file does not name");
            return;
        };
        if let Some(host) = self.host(lease) {
            running.rooms.take(&host);
        }
        let (house, force) = (self.clone(), *force);
        let (lease, shared) = (lease.clone(), shared.clone());
        let running_poll = async move {
            let began = Instant::now();
            let now = shared.as_ref().map_or_else(|| house.clock.now(), |shared| shared.now);
            let poll = Poll { shared, force, ..house.poll_of(&upstream, lease, now) };
            poll.run().await.map(|report| Report { took: began.elapsed(), ..report })
        };
        self.telemetry.poll_began();
        let handle = running.polls.spawn(running_poll);
        running.under_way.insert(handle.id(), poll);
    }

    /// Closes a poll and those that ended meanwhile, so that their places are given away together, and
    /// starts who follows them.
    pub(super) async fn close_all(&self, running: &mut Running, done: Done) -> Vec<Report> {
        if running.polls.len() >= MANY {
            tokio::time::sleep(BREATH).await;
        }
        let mut next = Some(done);
        let (mut reports, mut chains) = (Vec::new(), Vec::new());
        while let Some(done) = next {
            if let Some((report, ended)) = self.close(running, done).await {
                if let Some(only) = &mut running.only {
                    only.remove(&report.source);
                }
                reports.push(report);
                chains.extend(ended.shared.map(|shared| (shared, ended.force)));
            }
            next = running.polls.try_join_next_with_id();
        }
        // Once all that ended are closed, so that their places are given away before long.
        for (shared, force) in chains {
            self.follow(running, shared, force).await;
        }
        self.lead_late(running);
        reports
    }

    /// Logs how a poll ended. One that panicked is closed as failed, so that it backs off like any other.
    pub(super) async fn close(
        &self,
        running: &mut Running,
        done: Done,
    ) -> Option<(Report, UnderWay)> {
        let id = match &done {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let ended = running.under_way.remove(&id)?;
        let lease = &ended.lease;
        if let Some(host) = self.host(lease) {
            running.rooms.give_back(&host);
        }
        let report = match done {
            Ok((_, Ok(report))) => {
                self.note_unstored(&lease.source, None);
                if report.published > 0 {
                    self.named.notify_one();
                }
                log(&report);
                report
            }
            Ok((_, Err(error))) => {
                error!(source.id = %lease.source, %error, "a poll could not be stored");
                self.note_unstored(&lease.source, Some(&error));
                let (trouble, cause) = (Some(error.to_string()), Some(Cause::Ours));
                Report { trouble, cause, ..Report::of(&lease.source) }
            }
            Err(panic) => {
                error!(source.id = %lease.source, error = %panic, "a poll panicked");
                let trouble =
                    "the poll failed inside Feedloom; please report this source".to_owned();
                self.abandon(lease, &trouble).await;
                let (trouble, cause) = (Some(trouble), Some(Cause::Ours));
                Report { trouble, cause, ..Report::of(&lease.source) }
            }
        };
        self.telemetry.polled(&Polled {
            cause: report.cause,
            changes: report.changes(),
            bytes: report.bytes,
            took: report.took,
        });
        Some((report, ended))
    }

    async fn abandon(&self, lease: &PollLease, trouble: &str) {
        let Some(upstream) = self.upstreams.get(&lease.source) else { return };
        let now = self.clock.now();
        let due = schedule::next(
            &upstream.source,
            &lease.state,
            schedule::Outcome::Failed(schedule::Refusal::default()),
            now,
        );
        let finish = Finish {
            due: Some(due),
            trouble: Some(trouble.to_owned()),
            cause: Some(Cause::Ours),
            ..Finish::default()
        };
        if let Err(error) = self
            .store
            .commit_poll(lease, Slice { finish: Some(finish), ..Slice::default() }, now)
            .await
        {
            error!(source.id = %lease.source, %error, "a failed poll could not be noted");
        }
    }
}

pub(super) fn log(report: &Report) {
    let Report { source, published, updated, withdrawn, .. } = report;
    let duration_ms = u64::try_from(report.took.as_millis()).unwrap_or(u64::MAX);
    match &report.trouble {
        Some(trouble) => warn!(source.id = %source, duration_ms, trouble, "poll failed"),
        None => info!(source.id = %source, duration_ms, published, updated, withdrawn, "polled"),
    }
}
