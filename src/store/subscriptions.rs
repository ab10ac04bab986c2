//! Who is pushed to, and how far each has come: `Subscriptions`, the half of a store that deliveries ask.

use async_trait::async_trait;

use super::Error;
use crate::model::feed::Revision;
use crate::model::subscription::{
    Changes, Course, Dead, Replay, State, Subscription, SubscriptionId, Webhook,
};
use crate::model::time::Timestamp;

/// Remembers subscriptions. Each method is one unit of work, atomic and durable when it returns.
///
/// A cursor only grows, and only whoever holds the newest lease moves it. What is between a cursor and the
/// end of the log is owed.
#[async_trait]
pub trait Subscriptions: Send + Sync {
    /// Takes what the file says: webhooks come, change and go. Cursors survive, also of those that go and
    /// come back; a new one begins at the end of the log, or at its beginning where it wants the backlog.
    async fn enlist(&self, webhooks: &[Webhook]) -> Result<(), Error>;

    /// Makes one at run time, beginning in the same way. Answers the key it is signed with from now on, which
    /// is not shown again; none when its name is taken.
    async fn subscribe(&self, webhook: &Webhook) -> Result<Option<String>, Error>;

    /// Ends one that was made at run time, with all that is remembered of it. Answers whether there was
    /// one.
    async fn unsubscribe(&self, id: &SubscriptionId) -> Result<bool, Error>;

    /// All there are, by name; those the file does not name any more are left out.
    async fn subscriptions(&self) -> Result<Vec<Subscription>, Error>;

    /// One of them.
    async fn subscription(&self, id: &SubscriptionId) -> Result<Option<Subscription>, Error>;

    /// Counts what people change of subscriptions, so that who knows them can tell whether he still does.
    async fn rosters(&self) -> Result<u64, Error>;

    /// Stops one, or lets it go on where it stopped, at once and as if nothing had failed. Answers whether
    /// there is one.
    async fn steer(&self, id: &SubscriptionId, state: State) -> Result<bool, Error>;

    /// Makes a new key for one that was made at run time; the one before it is signed with as well until
    /// some time. Answers the new key; none when there is no such subscription.
    async fn rekey(&self, id: &SubscriptionId, until: Timestamp) -> Result<Option<String>, Error>;

    /// What happened after a revision, up to another one or to the end, at most so many rows.
    async fn changes(
        &self,
        after: Revision,
        upto: Option<Revision>,
        most: usize,
    ) -> Result<Changes, Error>;

    /// What is to be sent again to a subscription, at most so many rows.
    async fn replays(&self, id: &SubscriptionId, most: usize) -> Result<Changes, Error>;

    /// Leases those of these that are active and due, each as far along as is said, at least. Who is not
    /// among the answers is served by somebody else, or changed.
    async fn claim_deliveries(
        &self,
        wanted: &[(SubscriptionId, Revision)],
        now: Timestamp,
    ) -> Result<Vec<Delivery>, Error>;

    /// Notes how a delivery went. Answers whether to go on: the lease still holds, and nobody stopped the
    /// subscription. When the lease was lost nothing is noted.
    async fn settle(&self, delivery: &Delivery, settled: Settled) -> Result<bool, Error>;

    /// Moves cursors past what nobody wants to be told, unless somebody holds a lease.
    async fn pass(&self, reached: &[(SubscriptionId, Revision)]) -> Result<(), Error>;

    /// Events that were given up, the newest first, at most so many.
    async fn dead(&self, id: Option<&SubscriptionId>, most: usize) -> Result<Vec<Dead>, Error>;

    /// Lets events be sent again before all else. Answers how many rows of the log that are; none when
    /// there is no such subscription.
    async fn replay(&self, id: &SubscriptionId, which: Replay) -> Result<Option<usize>, Error>;

    /// What ids of messages are derived with: made once, and the same for all who share the store.
    async fn seal(&self) -> Result<[u8; 32], Error>;
}

/// The most rows one replay may ask for.
pub const MOST_REPLAYED: usize = 100_000;

/// The right to deliver to one subscription, until it expires.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// To whom, as it was when this was claimed.
    pub subscription: Subscription,
    /// Fencing token: only the newest may settle.
    pub token: i64,
}

/// How a delivery went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// How deliveries go now. Its state counts only where it says that the subscription is given up.
    pub course: Course,
    /// A row that need not be sent again any more.
    pub replayed: Option<Revision>,
    /// Events that are given up.
    pub dead: Vec<Dead>,
    /// Whether the lease is given back.
    pub is_over: bool,
}
