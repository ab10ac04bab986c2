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
const STEP: usize = 64;
/// How long a burst of commits is let go by before they are indexed together.
const GATHER: Duration = Duration::from_secs(1);
/// How often the log is looked at, grown or not.
const LOOK: Duration = Duration::from_secs(4);

/// Follows until `stop` is cancelled.
pub(super) async fn run(store: &dyn Store, clock: &dyn Clock, stop: &CancellationToken) {
    let follow = async {
        let mut grown = store.grown();
        loop {
            let look = clock.now().plus(LOOK);
            // What grows from here on may come too late for this round.
            grown.borrow_and_update();
            if let Err(error) = to_the_end(store).await {
                error!(%error, "the search index could not follow the log");
            }
            tokio::select! {
                () = clock.sleep_until(look) => {}
                Ok(()) = grown.changed() => clock.sleep_until(clock.now().plus(GATHER)).await,
            }
        }
    };
    // A step that is cut off is either written whole or taken again.
    tokio::select! {
        () = stop.cancelled() => {}
        () = follow => {}
    }
}

/// Follows until nothing is waiting.
pub(super) async fn to_the_end(store: &dyn Store) -> Result<(), store::Error> {
    while store.index(STEP).await? {}
    Ok(())
}
