//! Digests are written when a day or a week is over, and at the start what was missed meanwhile.
//!
//! When that is, and what is in one, is the model's and the store's affair. Whatever is cut off here
//! goes on at the next start: nothing is written twice or left out.

use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::PAUSE;
use crate::clock::Clock;
use crate::model::digest::Digests;
use crate::model::time::Timestamp;
use crate::store::{self, Store};

/// Digests written before the store is asked anew what came.
const STEP: usize = 64;

/// Writes digests at each cut, until `stop` is cancelled.
pub(super) async fn run(
    store: &dyn Store,
    clock: &dyn Clock,
    digests: &Digests,
    stop: &CancellationToken,
) {
    let write = async {
        // Without any cut there is nothing to wait for; but what was begun before is forgotten once.
        while let Some(next) = written(store, clock.now(), digests).await {
            clock.sleep_until(next).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = write => {}
    }
}

/// Writes what is due; answers when to look again.
async fn written(store: &dyn Store, now: Timestamp, digests: &Digests) -> Option<Timestamp> {
    match write(store, digests, now).await {
        Ok(0) => digests.next(now),
        Ok(written) => {
            info!(written, "wrote digests");
            digests.next(now)
        }
        Err(error) => {
            error!(%error, "digests could not be written");
            Some(now.plus(PAUSE))
        }
    }
}

/// Writes what is due; answers how many there were.
pub(super) async fn write(
    store: &dyn Store,
    digests: &Digests,
    now: Timestamp,
) -> Result<usize, store::Error> {
    let (now, mut written) = (digests.site.local(now), 0);
    loop {
        let digested = store.digest(digests, now, STEP).await?;
        written += digested.written;
        if !digested.has_more {
            return Ok(written);
        }
    }
}
