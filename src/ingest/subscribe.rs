//! Sources whose hub pushes: asking hubs to, and taking what they push (row H-29).
//!
//! A hub is asked when a document first names it, again at half of its lease, and after a refusal later
//! and later. Each time it is given another address, which nobody can guess. What is pushed is
//! taken like an answer that shows changes alone; polling goes on as a net, more slowly.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::Response;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{Ingest, LOOK, log};
use crate::model::hub::{Callback, Hub};
use crate::model::source::SourceId;
use crate::model::time::Timestamp;
use crate::net::{self, Permit};
use crate::store::{self, PollLease, Wanted};
use crate::websub::subscribe;

/// Hubs asked at once, and in one go.
const AT_ONCE: usize = 8;
const MOST: usize = 64;
/// How soon a hub is asked again that did not do what it was asked; doubled each time, up to a day.
const AGAIN: Duration = Duration::from_secs(3600);
const LATEST: Duration = Duration::from_secs(24 * 3600);
/// How often, and how long apart, a source that is being polled is tried for.
const TRIES: usize = 20;
const MOMENT: Duration = Duration::from_millis(100);

/// Where hubs may push to us.
#[derive(Clone, Debug)]
pub struct Callbacks {
    /// What every address starts with.
    ours: String,
    is_private: bool,
}

impl Callbacks {
    /// All addresses under `ours`, which ends with a slash.
    pub fn under(ours: &str) -> Callbacks {
        Callbacks { ours: ours.to_owned(), is_private: net::is_private(ours) }
    }

    /// Whether a hub can reach us: what is private is reached from private addresses alone.
    pub(super) fn can_be_told_by(&self, hub: &Hub) -> bool {
        !self.is_private || net::is_private(&hub.url)
    }
}

/// Asks hubs until told to stop.
pub(super) async fn run(ingest: &Ingest, stop: &CancellationToken) {
    if ingest.callbacks.is_none() {
        return;
    }
    while !stop.is_cancelled() {
        let latest = ingest.clock.now().plus(LOOK);
        let next = match ingest.subscribe().await {
            Ok(next) => next.unwrap_or(latest).min(latest),
            Err(error) => {
                error!(%error, "the store does not say which hubs are to be asked");
                latest
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = ingest.clock.sleep_until(next) => {}
            () = ingest.named.notified() => {}
        }
    }
}

impl Ingest {
    /// Asks the hubs that are to be asked by now; answers when the next one is.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn subscribe(&self) -> Result<Option<Timestamp>, store::Error> {
        let Some(callbacks) = self.callbacks.clone() else { return Ok(None) };
        let now = self.clock.now();
        let due = self.store.unsubscribed(now, MOST).await?;
        let is_all = due.wanted.len() < MOST;
        let asks = due.wanted.into_iter().map(|wanted| self.ask_hub(wanted, &callbacks.ours, now));
        let mut asks = futures_util::stream::iter(asks).buffer_unordered(AT_ONCE);
        while let Some(asked) = asks.next().await {
            asked?;
        }
        Ok(if is_all { due.next } else { Some(now) })
    }

    async fn ask_hub(
        &self,
        wanted: Wanted,
        ours: &str,
        now: Timestamp,
    ) -> Result<(), store::Error> {
        let Wanted { source, hub, refusals } = wanted;
        let callback = Callback {
            token: store::unguessable::<20>()?,
            secret: store::unguessable::<32>()?,
            source: source.clone(),
            hub,
            asked: now,
            lease: None,
        };
        let wait = AGAIN.saturating_mul(1 << refusals.min(5)).min(LATEST);
        // Before the hub is asked, which may answer by a question of its own at once.
        if !self.store.offer(&callback, now.plus(wait)).await? {
            return Ok(());
        }
        let Some(upstream) = self.upstreams.get(&source) else { return Ok(()) };
        let refusal = match subscribe::request(&callback, ours) {
            None => Some("the address of its hub is none".to_owned()),
            Some(request) => {
                let permit = Permit { folder: None, ..upstream.permit.clone() };
                match self.transport.send(request, &permit).await {
                    Ok(answer) => subscribe::refusal(answer.response.status()),
                    Err(error) => Some(format!("its hub could not be asked to push: {error}")),
                }
            }
        };
        match refusal {
            None => info!(source.id = %source, hub = callback.hub.url, "asked a hub to push"),
            Some(why) => {
                warn!(source.id = %source, hub = callback.hub.url, why, "a hub does not push");
                self.store.refuse(&callback.token, &why).await?;
            }
        }
        Ok(())
    }

    /// Takes what the hub of a source pushed. It is stored when this returns; else, where the source is being
    /// polled just now or cannot be, it is due again.
    ///
    /// # Errors
    /// When the store does not answer; nothing was taken then.
    pub async fn push(
        &self,
        source: &SourceId,
        response: Response<Bytes>,
    ) -> Result<(), store::Error> {
        let upstream = self.upstreams.get(source).filter(|upstream| upstream.source.hub);
        let Some(upstream) = upstream.cloned() else { return Ok(()) };
        let Some(lease) = self.lease(source).await? else {
            return self.store.hasten(source, self.clock.now()).await;
        };
        let poll = self.poll_of(&upstream, Arc::new(lease), self.clock.now());
        let report = poll.push(response).await?;
        self.telemetry.pushed(&report.changes());
        log(&report);
        Ok(())
    }

    /// The right to poll a source, waited for a moment.
    async fn lease(&self, source: &SourceId) -> Result<Option<PollLease>, store::Error> {
        for _ in 0..TRIES {
            if let Some(lease) = self.claim_one(source, self.clock.now()).await? {
                return Ok(Some(lease));
            }
            tokio::time::sleep(MOMENT).await;
        }
        Ok(None)
    }
}
