//! The search index follows the log: soon after it grew, and every few seconds in any case, since
//! another process may have written to it.
//!
//! It goes in steps so short that a poll's commit hardly waits for one. What a step does is the store's
//! affair; one that fails is tried again, and loses nothing.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::clock::Clock;
use crate::store::{self, Store};

/// Rows of the log taken in one step.
const STEP: usize = 128;
/// How long a burst of commits is let go by before they are indexed together.
const GATHER: Duration = Duration::from_secs(1);
/// How often the log is looked at, grown or not.
const LOOK: Duration = Duration::from_secs(4);

/// Follows until `stop` is cancelled.
pub(super) async fn run(store: &dyn Store, clock: &dyn Clock, stop: &CancellationToken) {
    let mut grown = store.grown();
    while !stop.is_cancelled() {
        // What grows from here on is not known to be indexed.
        grown.borrow_and_update();
        let began = clock.now();
        tokio::select! {
            () = stop.cancelled() => return,
            ended = to_the_end(store) => if let Err(error) = ended {
                error!(%error, "the search index could not follow the log");
            },
        }
        let looks = clock.sleep_until(began.plus(LOOK));
        tokio::select! {
            () = stop.cancelled() => return,
            () = looks => {}
            Ok(()) = grown.changed() => clock.sleep_until(clock.now().plus(GATHER)).await,
        }
    }
}

/// Follows until nothing is waiting.
pub(super) async fn to_the_end(store: &dyn Store) -> Result<(), store::Error> {
    while store.index(STEP).await? {}
    Ok(())
}
