//! What comes first after a start, and after a clock was set.

use std::collections::HashSet;

use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::{Ingest, PAUSE, schedule};
use crate::model::source::SourceId;
use crate::model::time::Timestamp;
use crate::store;

impl Ingest {
    /// Goes on after a stop, as soon as the store answers; what is to be tried before we are ready.
    pub(super) async fn begin(&self, stop: &CancellationToken) -> HashSet<SourceId> {
        loop {
            let now = self.clock.now();
            match self.resume().await {
                Ok(first) => return first,
                Err(error) => error!(%error, "the store does not say what is due"),
            }
            tokio::select! {
                () = stop.cancelled() => return HashSet::new(),
                () = self.clock.sleep_until(now.plus(PAUSE)) => {}
            }
        }
    }

    /// What comes first after a stop: polls that are overdue are spread, so that a start is no storm
    /// (reliability row P-05). Answers which sources are to be tried at once all the same: those that are
    /// new, and those of this machine.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn resume(&self) -> Result<HashSet<SourceId>, store::Error> {
        let now = self.clock.now();
        self.put_back(now).await?;
        let (mut first, mut overdue) = (HashSet::new(), Vec::new());
        for (id, state) in self.store.states().await? {
            let Some(upstream) = self.upstreams.get(&id) else { continue };
            match state.due {
                Some(due) if due > now => {}
                Some(_) if !upstream.source.is_local() => overdue.push((&upstream.source, state)),
                _ => drop(first.insert(id)),
            }
        }
        let many = overdue.len();
        let until = overdue.into_iter().map(|(source, state)| {
            (source.id.clone(), schedule::spread(source, &state, many, now))
        });
        self.store.postpone(&until.collect::<Vec<_>>(), now).await?;
        Ok(first)
    }

    /// Puts right what was noted by a clock that was ahead, so that nobody waits until then.
    pub(super) async fn put_back(&self, now: Timestamp) -> Result<(), store::Error> {
        let sources = self.store.put_back(now).await?;
        if sources > 0 {
            warn!(sources, "the clock was ahead; sources are due as if it had not been");
        }
        Ok(())
    }
}
