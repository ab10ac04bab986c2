//! The verb "ingest": pulls sources into the log.
//!
//! `step` starts what is due in the free slots; `run` waits for the first of: a poll done, the next
//! one due, a stop; `round` drains one step and is what tests and `feedloom poll` call. A tar pit
//! holds its own slot and nothing else. Beside the polls the search index follows the log, and digests are
//! written when a day or week is over.

mod ask;
mod begin;
mod digest;
mod failure;
mod follow;
mod fresh;
mod group;
mod identity;
mod poll;
mod robots;
mod schedule;
mod slots;
mod subscribe;
mod take;

use std::collections::{HashMap, HashSet};
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use group::Groups;
use robots::Robots;
use slots::{Running, Started, log};
pub use subscribe::Callbacks;

use crate::adapter::Adapter;
use crate::clock::Clock;
use crate::model::cause::Cause;
use crate::model::digest::Digests;
use crate::model::manners::Manners;
use crate::model::source::{Source, SourceId};
use crate::model::time::Timestamp;
use crate::net::{Permit, Transport};
use crate::store::{self, Committed, Store};
use crate::telemetry::Telemetry;

/// Sources polled at once. Nearly all of them only wait for their hosts, so there are so many that
/// five hundred which never answer hold up nobody else (reliability row T-12).
const SLOTS: usize = 640;
/// How long a store that does not answer is left alone.
const PAUSE: Duration = Duration::from_secs(5);
/// How often items past keeping are forgotten.
const TIDY: Duration = Duration::from_secs(3600);
/// How often the store is asked for due sources at least, in case another process changed them.
const LOOK: Duration = Duration::from_secs(60);

/// A source with what reads it and what it may reach.
#[derive(Clone)]
pub struct Upstream {
    /// As the file describes it.
    pub source: Source,
    /// What reads it.
    pub adapter: Arc<dyn Adapter>,
    /// What it may reach.
    pub permit: Permit,
}

/// How one poll went, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The source.
    pub source: SourceId,
    /// Items published.
    pub published: usize,
    /// Items updated.
    pub updated: usize,
    /// Items withdrawn.
    pub withdrawn: usize,
    /// Entries that are as they were.
    pub unchanged: usize,
    /// Why it failed, in plain words.
    pub trouble: Option<String>,
    /// And by kind.
    pub cause: Option<Cause>,
    /// Bytes of the answers, unpacked.
    pub bytes: u64,
    /// Entries that could not be used, in plain words.
    pub problems: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

impl Report {
    fn of(source: &SourceId) -> Report {
        Report {
            source: source.clone(),
            published: 0,
            updated: 0,
            withdrawn: 0,
            unchanged: 0,
            trouble: None,
            cause: None,
            bytes: 0,
            problems: Vec::new(),
            took: Duration::ZERO,
        }
    }

    /// Items published, updated and withdrawn.
    fn changes(&self) -> [usize; 3] {
        [self.published, self.updated, self.withdrawn]
    }

    fn add(&mut self, committed: Committed) {
        self.published += committed.published;
        self.updated += committed.updated;
        self.withdrawn += committed.withdrawn;
    }
}

/// What ingest needs of the house.
#[derive(Clone)]
pub struct Ingest {
    store: Arc<dyn Store>,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    upstreams: Arc<HashMap<SourceId, Arc<Upstream>>>,
    groups: Arc<Groups>,
    manners: Arc<Manners>,
    robots: Arc<Robots>,
    working: Arc<Semaphore>,
    unstored: Arc<Mutex<HashMap<SourceId, String>>>,
    telemetry: Arc<Telemetry>,
    digests: Option<Arc<Digests>>,
    callbacks: Option<Arc<Callbacks>>,
    /// Tells that a source that brought something may have named a hub: a hint, never the truth.
    named: Arc<Notify>,
}

impl Ingest {
    /// Puts ingest together.
    pub fn new(
        store: Arc<dyn Store>,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        upstreams: Vec<Upstream>,
    ) -> Ingest {
        let groups = Arc::new(Groups::of(&upstreams, clock.now()));
        let upstreams = upstreams
            .into_iter()
            .map(|upstream| (upstream.source.id.clone(), Arc::new(upstream)))
            .collect();
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Ingest {
            store,
            transport,
            clock,
            upstreams: Arc::new(upstreams),
            groups,
            manners: Arc::default(),
            robots: Arc::default(),
            working: Arc::new(Semaphore::new(cores * 2)),
            unstored: Arc::default(),
            telemetry: Arc::default(),
            digests: None,
            callbacks: None,
            named: Arc::default(),
        }
    }

    /// The same, treating hosts so.
    pub fn with_manners(self, manners: Arc<Manners>) -> Ingest {
        Ingest { manners, ..self }
    }

    /// The same, counting what happens there.
    pub fn with_telemetry(self, telemetry: Arc<Telemetry>) -> Ingest {
        Ingest { telemetry, ..self }
    }

    /// The same, asking hubs to push to these addresses.
    pub fn with_callbacks(self, callbacks: Callbacks) -> Ingest {
        Ingest { callbacks: Some(Arc::new(callbacks)), ..self }
    }

    /// The same, writing digests as well.
    pub fn with_digests(self, digests: Digests) -> Ingest {
        Ingest { digests: Some(Arc::new(digests)), ..self }
    }

    /// Sources whose last poll could not be stored, and why: the store itself cannot say it.
    pub fn unstored(&self) -> HashMap<SourceId, String> {
        self.unstored.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note_unstored(&self, source: &SourceId, error: Option<&store::Error>) {
        let mut unstored = self.unstored.lock().unwrap_or_else(PoisonError::into_inner);
        match error {
            Some(error) => unstored.insert(source.clone(), error.to_string()),
            None => unstored.remove(source),
        };
    }

    /// Polls what is due, for ever; ends when `stop` is cancelled and the polls under way are done.
    /// `ready` turns true once every source that was new at the start has had its first try.
    pub async fn run(&self, stop: CancellationToken, ready: watch::Sender<bool>) {
        let follow = follow::run(&*self.store, &*self.clock, &stop);
        let digest = async {
            if let Some(digests) = &self.digests {
                digest::run(&*self.store, &*self.clock, digests, &stop).await;
            }
        };
        let subscribe = subscribe::run(self, &stop);
        tokio::join!(self.poll(&stop, ready), follow, digest, subscribe);
    }

    /// Writes the digests that are due; answers how many.
    ///
    /// # Errors
    /// When the store does not answer; it goes on from there the next time.
    pub async fn digest(&self) -> Result<usize, store::Error> {
        match &self.digests {
            Some(digests) => digest::write(&*self.store, digests, self.clock.now()).await,
            None => Ok(0),
        }
    }

    /// Lets the search index follow the log to its end.
    ///
    /// # Errors
    /// When the store does not answer; it goes on from there the next time.
    pub async fn index(&self) -> Result<(), store::Error> {
        follow::to_the_end(&*self.store).await
    }

    async fn poll(&self, stop: &CancellationToken, ready: watch::Sender<bool>) {
        let mut waiting = self.begin(stop).await;
        let mut running = self.running(None);
        let mut tidied = self.clock.now();
        let (mut is_begun, mut latest, mut right) = (false, tidied, None::<Instant>);
        while !stop.is_cancelled() {
            let now = self.clock.now();
            if now >= latest {
                (latest, right) = (now, None);
            } else if right.is_none_or(|at| at.elapsed() >= LOOK) {
                // Again and again until it is as late as it was: polls under way still note the time they
                // began.
                right = Some(Instant::now());
                if let Err(error) = self.put_back(now).await {
                    error!(%error, "what a clock that was ahead has noted was not put right");
                }
            }
            // Who is still waited for when nobody is polled has been told to wait by its host.
            if waiting.is_empty() || (is_begun && running.polls.is_empty()) {
                ready.send_replace(true);
            }
            if now.since(tidied) >= TIDY {
                tidied = now;
                self.prune(tidied).await;
            }
            let next = self.step(&mut running).await;
            is_begun = true;
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.clock.sleep_until(next) => {}
                Some(done) = running.polls.join_next_with_id() => {
                    for report in self.close_all(&mut running, done).await {
                        waiting.remove(&report.source);
                    }
                }
            }
        }
        while let Some(done) = running.polls.join_next_with_id().await {
            self.close(&mut running, done).await;
        }
        self.release_waiting(&mut running).await;
    }

    /// Polls what is due now (or exactly `only`), until nothing is; tells how it went through `tell` as it goes.
    ///
    /// # Errors
    /// When the store cannot say what is due.
    pub async fn round(
        &self,
        only: Option<&[SourceId]>,
        force: bool,
        mut tell: impl FnMut(&Report),
    ) -> Result<Vec<Report>, store::Error> {
        let mut running = self.running(only);
        let mut reports: Vec<Report> = Vec::new();
        let mut left: Option<Vec<SourceId>> = only.map(<[SourceId]>::to_vec);
        let mut done: HashSet<SourceId> = HashSet::new();
        let mut failed = None;
        loop {
            let is_left = left.as_ref().is_none_or(|left| !left.is_empty());
            if is_left && failed.is_none() {
                // What another source's answer made due again is not forced a second time.
                let is_forced = |id: &SourceId| force && done.insert(id.clone());
                match self.claim(&mut running, left.as_deref(), is_forced).await {
                    Ok(claimed) => {
                        if let Some(left) = &mut left {
                            left.retain(|id| !claimed.taken.contains(id));
                        }
                    }
                    // Polls under way are ended in order first, so that they hold no lease.
                    Err(error) => failed = Some(error),
                }
            }
            let Some(one) = running.polls.join_next_with_id().await else {
                return failed.map_or(Ok(reports), Err);
            };
            for report in self.close_all(&mut running, one).await {
                if let Some(left) = &mut left {
                    left.retain(|id| *id != report.source);
                }
                tell(&report);
                reports.push(report);
            }
        }
    }

    /// Starts what is due in the free slots, and tells when to look again.
    async fn step(&self, running: &mut Running) -> Timestamp {
        let now = self.clock.now();
        let latest = now.plus(LOOK);
        match self.claim(running, None, |_| false).await {
            Ok(Started { next, .. }) => {
                next.map_or(latest, |next| next.clamp(now.plus(Duration::from_millis(200)), latest))
            }
            Err(error) => {
                error!(%error, "the store does not say what is due");
                now.plus(PAUSE)
            }
        }
    }

    /// Forgets what is past keeping.
    async fn prune(&self, now: Timestamp) {
        match self.store.prune(now).await {
            Ok(0) => {}
            Ok(items) => info!(items, "forgot items past keeping"),
            Err(error) => error!(%error, "items past keeping could not be forgotten"),
        }
    }
}
