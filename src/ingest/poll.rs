//! One source, once: ask, parse, follow, refine, commit.
//!
//! Bad input ends here as words on the source. One rotten entry never costs its neighbours, and
//! nothing of an answer is acknowledged (validators, due time) before its items are stored.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::Response;
use tokio::sync::Semaphore;
use tokio::task::JoinError;
use tracing::warn;

use super::ask::Listing;
use super::failure::Failure;
use super::group::Shared;
use super::robots::Robots;
use super::schedule::{self, Outcome};
use super::subscribe::Callbacks;
use super::{Ingest, Report, Upstream};
use crate::adapter::Parsed;
use crate::clock::Clock;
use crate::model::cause::Cause;
use crate::model::hub::Hub;
use crate::model::manners::Manners;
use crate::model::source::PollState;
use crate::model::time::Timestamp;
use crate::model::whereabouts::Whereabouts;
use crate::net::Transport;
use crate::store::{self, Committed, Finish, LEASE, PollLease, Slice, Store};

/// What one poll needs of the house.
pub(super) struct Poll<'a> {
    pub(super) upstream: &'a Arc<Upstream>,
    pub(super) store: &'a dyn Store,
    pub(super) transport: &'a dyn Transport,
    pub(super) clock: &'a dyn Clock,
    pub(super) manners: &'a Manners,
    pub(super) robots: &'a Robots,
    /// Where hubs may push to us.
    pub(super) callbacks: Option<&'a Callbacks>,
    /// Places for those who read and refine.
    pub(super) working: &'a Semaphore,
    pub(super) lease: Arc<PollLease>,
    /// What others that ask the same brought, and follow on.
    pub(super) shared: Option<Shared>,
    /// Ask without validators and take every entry for new looks.
    pub(super) force: bool,
    pub(super) now: Timestamp,
    /// Bytes of the answers so far, unpacked.
    pub(super) bytes: AtomicU64,
}

impl Ingest {
    /// A poll at `now`, of a source nobody forces and that follows no other.
    pub(super) fn poll_of<'a>(
        &'a self,
        upstream: &'a Arc<Upstream>,
        lease: Arc<PollLease>,
        now: Timestamp,
    ) -> Poll<'a> {
        Poll {
            upstream,
            store: &*self.store,
            transport: &*self.transport,
            clock: &*self.clock,
            manners: &self.manners,
            robots: &self.robots,
            callbacks: self.callbacks.as_deref(),
            working: &self.working,
            lease,
            shared: None,
            force: false,
            // What upstream leaves without a time gets this one, and should carry the source's offset.
            now: now.at(upstream.source.zone.offset_at(now)),
            bytes: AtomicU64::new(0),
        }
    }
}

impl Poll<'_> {
    /// Polls and commits, and keeps the lease meanwhile. The report tells people how it went.
    pub(super) async fn run(self) -> Result<Report, store::Error> {
        tokio::select! {
            report = self.poll() => report,
            never = self.keep_lease() => never,
        }
    }

    /// Begins the lease anew long before it ends, however slow the upstream is.
    async fn keep_lease<T>(&self) -> T {
        loop {
            tokio::time::sleep(LEASE / 3).await;
            if let Err(error) = self.commit(Slice::default()).await {
                // Whether the poll may still be stored shows when it is.
                warn!(source.id = %self.lease.source, %error, "a lease could not be kept");
            }
        }
    }

    async fn poll(&self) -> Result<Report, store::Error> {
        let mut report = Report::of(&self.upstream.source.id);
        match self.list().await {
            Err(failure) => self.fail(failure, &mut report).await?,
            Ok(listing) if listing.unchanged => self.confirm(listing, &mut report).await?,
            Ok(listing) => match self.doubt(&listing) {
                Some(doubt) => self.fail(doubt, &mut report).await?,
                // Boxed, since most polls bring nothing and would carry the room of this about.
                None => Box::pin(self.take(listing, &mut report)).await?,
            },
        }
        report.bytes = self.bytes.load(Ordering::Relaxed);
        Ok(report)
    }

    /// Takes what the source's hub pushed, and keeps the lease meanwhile. What cannot be used is asked for
    /// instead.
    pub(super) async fn push(self, response: Response<Bytes>) -> Result<Report, store::Error> {
        tokio::select! {
            report = self.take_pushed(response) => report,
            never = self.keep_lease() => never,
        }
    }

    async fn take_pushed(&self, response: Response<Bytes>) -> Result<Report, store::Error> {
        let mut report = Report::of(&self.upstream.source.id);
        let mut asks = self.asks().all;
        let parsed = match (asks.pop(), asks.is_empty()) {
            (Some(ask), true) => {
                let at = ask.request.uri().to_string();
                self.parse(ask, at, response).await.ok()
            }
            _ => None,
        };
        let parsed = parsed.filter(|parsed| !parsed.entries.is_empty());
        let state = &self.lease.state;
        let (Some(parsed), Ok(last)) = (parsed, self.last_answer().await) else {
            // Nothing is known by it but that there is something.
            let finish = Finish {
                is_soft: true,
                due: Some(state.next().map_or(Timestamp::NEVER, |_| self.now)),
                trouble: state.trouble.clone(),
                cause: state.cause,
                problems: state.problems.clone(),
                ..Finish::default()
            };
            self.commit(Slice { finish: Some(finish), ..Slice::default() }).await?;
            return Ok(report);
        };
        let mut listing = Listing {
            is_pushed: true,
            validators: state.validators.clone(),
            whereabouts: state.whereabouts.clone(),
            last,
            ..Listing::default()
        };
        listing.add(Parsed { whole: false, ..parsed });
        self.take(listing, &mut report).await?;
        Ok(report)
    }

    /// Whether a hub can reach us, and is to.
    pub(super) fn listens_to(&self, hub: &Hub) -> bool {
        self.upstream.source.hub && self.callbacks.is_some_and(|ours| ours.can_be_told_by(hub))
    }

    /// Why an answer is not to be believed, though it could be read.
    fn doubt(&self, listing: &Listing) -> Option<Failure> {
        // Whoever polls a folder by force means what is there.
        if !listing.entries.is_empty() || (listing.whole && self.force) {
            return None;
        }
        let had = !listing.last.keys.is_empty();
        let problem = listing.problems.first().map(|problem| problem.what.clone());
        let what = problem.or_else(|| {
            had.then(|| match listing.whole {
                true => "the folder is empty where there were posts before; nothing was withdrawn. If that is meant, poll this source with --force".to_owned(),
                false => "the answer is empty where there were entries before; nothing was changed".to_owned(),
            })
        })?;
        // Where there was never anything, there is no reason to believe that it will pass.
        let failure = Failure::because(what);
        let (how, cause) = (Outcome::Doubted, Cause::Doubtful);
        Some(if had { Failure { how, cause, ..failure } } else { failure })
    }

    /// Why what is missing from a whole answer is not withdrawn: more than half of it is gone at once.
    pub(super) fn loss(&self, listing: &Listing) -> Option<String> {
        let had = &listing.last.keys;
        let here: HashSet<u64> = listing.entries.iter().map(|entry| entry.mark.key).collect();
        let gone = had.iter().filter(|key| !here.contains(key)).count();
        let is_loss = listing.whole && gone * 2 > had.len() && !self.force;
        is_loss.then(|| format!("{gone} of {} files are gone at once; nothing was withdrawn. If that is meant, poll this source with --force", had.len()))
    }

    /// Nothing new: only the time of the next poll moves.
    async fn confirm(&self, listing: Listing, report: &mut Report) -> Result<(), store::Error> {
        let PollState { pause, rhythm, .. } = self.lease.state;
        let said = listing.said(pause, rhythm);
        let finish = Finish {
            succeeded: true,
            whereabouts: self.changed(listing.whereabouts),
            validators: Some(listing.validators),
            due: Some(self.due(Outcome::Answered(said))),
            problems: self.lease.state.problems.clone(),
            ..Finish::default()
        };
        report.add(self.commit(Slice { finish: Some(finish), ..Slice::default() }).await?);
        report.unchanged = self.lease.answered;
        Ok(())
    }

    /// What there is to be stored of where it is asked.
    pub(super) fn changed(&self, whereabouts: Whereabouts) -> Option<Whereabouts> {
        (whereabouts != self.lease.state.whereabouts).then_some(whereabouts)
    }

    async fn fail(&self, failure: Failure, report: &mut Report) -> Result<(), store::Error> {
        let finish = Finish {
            succeeded: false,
            is_soft: failure.how == Outcome::Mute,
            due: Some(self.due(failure.how)),
            hold: failure.hold.map(|hold| *hold),
            trouble: Some(failure.what.clone()),
            cause: Some(failure.cause),
            ..Finish::default()
        };
        (report.trouble, report.cause) = (Some(failure.what), Some(failure.cause));
        report.add(self.commit(Slice { finish: Some(finish), ..Slice::default() }).await?);
        Ok(())
    }

    /// Works off the threads that wait for others, on few things at a time.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        let _place = self.working.acquire().await.expect("the semaphore is never closed");
        tokio::task::spawn_blocking(work).await
    }

    pub(super) async fn commit(&self, slice: Slice) -> Result<Committed, store::Error> {
        self.store.commit_poll(&self.lease, slice, self.now).await
    }

    pub(super) fn due(&self, outcome: Outcome) -> Timestamp {
        schedule::next(&self.upstream.source, &self.lease.state, outcome, self.now)
    }
}
