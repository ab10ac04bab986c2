//! Who follows topics of our hub, and who asked to: `Followers`, the part of a store that the hub asks.

use async_trait::async_trait;

use super::Error;
use crate::model::feed::Revision;
use crate::model::follower::{Edition, Follower, Following, Intent};
use crate::model::manners::Rooms;
use crate::model::time::Timestamp;

/// Remembers followers. Each method is one unit of work, atomic and durable when it returns.
///
/// Whoever follows does so until its lease ends, and nobody does who was not found to mean it.
#[async_trait]
pub trait Followers: Send + Sync {
    /// Remembers what was asked, to be verified; its number does not count. What was asked of the same callback
    /// and topic before is forgotten.
    async fn intend(&self, intent: &Intent, now: Timestamp) -> Result<Intended, Error>;

    /// Leases what is to be verified by now, at most so many.
    async fn claim_intents(&self, now: Timestamp, most: usize) -> Result<Vec<Intent>, Error>;

    /// Notes what came of it. Nothing happens when something else was asked meanwhile.
    async fn verified(&self, intent: &Intent, verdict: Verdict) -> Result<(), Error>;

    /// Topics somebody follows.
    async fn topics(&self, now: Timestamp) -> Result<Vec<Following>, Error>;

    /// Leases followers who were not told of these editions yet, at most so many, and no more of a host than
    /// there is room for. Whoever was told the same bytes before has reached them.
    async fn claim_pushes(
        &self,
        editions: &[Edition],
        most: usize,
        rooms: &Rooms,
        now: Timestamp,
    ) -> Result<Vec<Push>, Error>;

    /// Notes how a push went; nothing when its lease was lost.
    async fn pushed(&self, push: &Push, pushed: &Pushed) -> Result<(), Error>;

    /// Forgets followers of a topic that is no more; answers who they were, at most so many.
    async fn dismiss(&self, topic: &str, most: usize) -> Result<Vec<Follower>, Error>;

    /// Forgets followers whose lease is over, and what was asked and never verified.
    async fn expire(&self, now: Timestamp) -> Result<(), Error>;
}

/// The most followers and open questions there may be (row H-28).
pub const MOST_FOLLOWERS: u64 = 200_000;
/// And open questions.
pub const MOST_INTENTS: u64 = 20_000;
/// And open questions to one host (row T-26).
pub const MOST_OF_A_HOST: u64 = 10;

/// Whether something asked is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intended {
    /// It is.
    Taken,
    /// There are too many open questions to that host.
    Crowded,
    /// There are too many of all.
    Full,
}

/// What became of something asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is meant. A lease ends then, and the topic stands so.
    Meant {
        /// The end of the lease.
        until: Timestamp,
        /// How the topic stands.
        edition: Option<Edition>,
    },
    /// It is not.
    NotMeant,
    /// The callback did not answer: again then.
    Again(Timestamp),
}

/// The right to tell one follower, until it expires.
#[derive(Clone, Debug)]
pub struct Push {
    /// Whom.
    pub follower: Follower,
    /// Fencing token: only the newest may note anything.
    pub token: i64,
    /// The host it is at.
    pub host: String,
}

/// How a push went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It was taken: so far, and these bytes.
    Taken(Revision, Vec<u8>),
    /// It was not; this edition is not tried again.
    Dropped(Revision),
    /// It was not; again then.
    Again(Timestamp),
    /// The callback says that it is gone: it is asked whether it means it.
    Gone(Timestamp),
}
