//! `Exchanges`: what our hub has under way, questions and pushes, and what is started in the free slots. How one
//! of them goes stands in `push`.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tracing::error;

use super::Deliver;
use crate::model::manners::Rooms;
use crate::model::source::Allowed;
use crate::model::time::Timestamp;
use crate::store::Error;
use crate::websub::signature::Algorithm;

/// How our hub is run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hub {
    /// Private addresses callbacks may be at.
    pub allow: Vec<Allowed>,
    /// By what pushes are signed.
    pub algorithm: Algorithm,
}

/// Pushes to followers at once, and questions whether callbacks mean it.
const PUSHES: usize = 1024;
const QUESTIONS: usize = 256;
/// How often those are forgotten whose lease is over.
const SWEEP: Duration = Duration::from_secs(60);

/// What the hub has under way.
pub(super) struct Exchanges {
    pushes: JoinSet<()>,
    /// Their hosts.
    hosts: HashMap<Id, String>,
    questions: JoinSet<()>,
    swept: Option<Instant>,
    /// Whether something may have happened.
    is_called: bool,
    /// Whether there may be more followers to be told than there was room for.
    is_crowded: bool,
}

impl Default for Exchanges {
    fn default() -> Exchanges {
        Exchanges {
            pushes: JoinSet::new(),
            hosts: HashMap::new(),
            questions: JoinSet::new(),
            swept: None,
            is_called: true,
            is_crowded: false,
        }
    }
}

impl Exchanges {
    /// Lets the next step look at everything. Others end deliveries, and have nothing to do with the hub.
    pub(super) fn call(&mut self) {
        self.is_called = true;
    }

    /// Waits for one exchange to end; none when none is under way.
    pub(super) async fn end_one(&mut self, rooms: &mut Rooms) -> Option<()> {
        tokio::select! {
            Some(done) = self.pushes.join_next_with_id() => self.pushed(done, rooms),
            Some(_) = self.questions.join_next() => {}
            else => return None,
        }
        Some(())
    }

    /// Gives back the place of a push that ended.
    fn pushed(&mut self, done: Result<(Id, ()), JoinError>, rooms: &mut Rooms) {
        let task = match done {
            Ok((task, ())) => task,
            Err(panic) => {
                error!(%panic, "a push broke off; please report this");
                panic.id()
            }
        };
        if let Some(host) = self.hosts.remove(&task) {
            rooms.give_back(&host);
        }
        // Some at a time, since to look who is next costs the same for one as for many.
        self.is_called |= self.is_crowded && self.pushes.len() <= PUSHES / 2;
    }

    /// Where something may have happened, asks callbacks whether they mean it, and tells followers how their
    /// topics stand, in the free slots.
    pub(super) async fn step(
        &mut self,
        deliver: &Deliver,
        rooms: &mut Rooms,
        now: Timestamp,
    ) -> Result<(), Error> {
        if !std::mem::take(&mut self.is_called) {
            return Ok(());
        }
        let store = &deliver.store;
        if self.swept.is_none_or(|swept| swept.elapsed() >= SWEEP) {
            store.expire(now).await?;
            self.swept = Some(Instant::now());
        }
        let free = QUESTIONS.saturating_sub(self.questions.len());
        if free > 0 {
            for intent in store.claim_intents(now, free).await? {
                let deliver = deliver.clone();
                self.questions.spawn(async move { deliver.verify(&intent).await });
            }
        }
        let editions = deliver.editions(now).await?;
        self.is_crowded = false;
        loop {
            let free = PUSHES.saturating_sub(self.pushes.len());
            if free == 0 || editions.is_empty() {
                return Ok(());
            }
            let claimed = store.claim_pushes(&editions, free, rooms, now).await?;
            if claimed.is_empty() {
                return Ok(());
            }
            self.is_crowded = true;
            for push in claimed {
                rooms.take(&push.host);
                let (deliver, host) = (deliver.clone(), push.host.clone());
                let task = self.pushes.spawn(async move { deliver.push(&push).await });
                self.hosts.insert(task.id(), host);
            }
        }
    }
}
