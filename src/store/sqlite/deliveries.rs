//! The half of the store that deliveries ask: each method hands one unit of work to a connection.

use async_trait::async_trait;

use super::{Sqlite, changes, follower, subscription};
use crate::model::feed::Revision;
use crate::model::follower::{Edition, Follower, Following, Intent};
use crate::model::manners::Rooms;
use crate::model::subscription::{
    Changes, Dead, Replay, State, Subscription, SubscriptionId, Webhook,
};
use crate::model::time::Timestamp;
use crate::store::followers::{Followers, Intended, Push, Pushed, Verdict};
use crate::store::subscriptions::{Delivery, Settled, Subscriptions};
use crate::store::{Error, random};
use crate::webhook::key;

#[async_trait]
impl Subscriptions for Sqlite {
    async fn enlist(&self, webhooks: &[Webhook]) -> Result<(), Error> {
        let webhooks = webhooks.to_vec();
        self.write(move |connection| subscription::enlist(connection, &webhooks)).await
    }

    async fn subscribe(&self, webhook: &Webhook) -> Result<Option<String>, Error> {
        let (webhook, key) = (webhook.clone(), key::written(random()?));
        let made = key.clone();
        let subscribe = move |connection: &_| subscription::subscribe(connection, &webhook, &made);
        Ok(self.write(subscribe).await?.then_some(key))
    }

    async fn unsubscribe(&self, id: &SubscriptionId) -> Result<bool, Error> {
        let id = id.clone();
        self.write(move |connection| subscription::unsubscribe(connection, &id)).await
    }

    async fn subscriptions(&self) -> Result<Vec<Subscription>, Error> {
        self.read(subscription::all).await
    }

    async fn subscription(&self, id: &SubscriptionId) -> Result<Option<Subscription>, Error> {
        let id = id.clone();
        self.read(move |connection| subscription::find(connection, &id)).await
    }

    async fn rosters(&self) -> Result<u64, Error> {
        self.read(subscription::rosters).await
    }

    async fn steer(&self, id: &SubscriptionId, state: State) -> Result<bool, Error> {
        let id = id.clone();
        self.write(move |connection| subscription::steer(connection, &id, state)).await
    }

    async fn rekey(&self, id: &SubscriptionId, until: Timestamp) -> Result<Option<String>, Error> {
        let (id, key) = (id.clone(), key::written(random()?));
        let made = key.clone();
        let rekey = move |connection: &_| subscription::rekey(connection, &id, &made, until);
        Ok(self.write(rekey).await?.then_some(key))
    }

    async fn changes(
        &self,
        after: Revision,
        upto: Option<Revision>,
        most: usize,
    ) -> Result<Changes, Error> {
        self.read(move |connection| changes::changes(connection, after, upto, most)).await
    }

    async fn replays(&self, id: &SubscriptionId, most: usize) -> Result<Changes, Error> {
        let id = id.clone();
        self.read(move |connection| changes::replays(connection, &id, most)).await
    }

    async fn claim_deliveries(
        &self,
        wanted: &[(SubscriptionId, Revision)],
        now: Timestamp,
    ) -> Result<Vec<Delivery>, Error> {
        let (wanted, lease) = (wanted.to_vec(), self.lease);
        self.write(move |connection| subscription::claim(connection, &wanted, now, lease)).await
    }

    async fn settle(&self, delivery: &Delivery, settled: Settled) -> Result<bool, Error> {
        let (id, token) = (delivery.subscription.webhook.id.clone(), delivery.token);
        let lease = self.lease;
        let settle = move |connection: &rusqlite::Connection| {
            subscription::settle(connection, &id, token, &settled, lease)
        };
        self.write(settle).await
    }

    async fn pass(&self, reached: &[(SubscriptionId, Revision)]) -> Result<(), Error> {
        let reached = reached.to_vec();
        self.write(move |connection| subscription::pass(connection, &reached)).await
    }

    async fn dead(&self, id: Option<&SubscriptionId>, most: usize) -> Result<Vec<Dead>, Error> {
        let id = id.cloned();
        self.read(move |connection| subscription::dead(connection, id.as_ref(), most)).await
    }

    async fn replay(&self, id: &SubscriptionId, which: Replay) -> Result<Option<usize>, Error> {
        let id = id.clone();
        self.write(move |connection| subscription::replay(connection, &id, which)).await
    }

    async fn seal(&self) -> Result<[u8; 32], Error> {
        self.read(subscription::seal).await
    }
}

#[async_trait]
impl Followers for Sqlite {
    async fn intend(&self, intent: &Intent, now: Timestamp) -> Result<Intended, Error> {
        let intent = intent.clone();
        self.write(move |connection| follower::intend(connection, &intent, now)).await
    }

    async fn claim_intents(&self, now: Timestamp, most: usize) -> Result<Vec<Intent>, Error> {
        let lease = self.lease;
        self.write(move |connection| follower::claim_intents(connection, now, most, lease)).await
    }

    async fn verified(&self, intent: &Intent, verdict: Verdict) -> Result<(), Error> {
        let intent = intent.clone();
        self.write(move |connection| follower::verified(connection, &intent, &verdict)).await
    }

    async fn topics(&self, now: Timestamp) -> Result<Vec<Following>, Error> {
        self.read(move |connection| follower::topics(connection, now)).await
    }

    async fn claim_pushes(
        &self,
        editions: &[Edition],
        most: usize,
        rooms: &Rooms,
        now: Timestamp,
    ) -> Result<Vec<Push>, Error> {
        let (editions, mut rooms, lease) = (editions.to_vec(), rooms.clone(), self.lease);
        let claim = move |connection: &rusqlite::Connection| {
            follower::claim_pushes(connection, &editions, most, &mut rooms, now, lease)
        };
        self.write(claim).await
    }

    async fn pushed(&self, push: &Push, pushed: &Pushed) -> Result<(), Error> {
        let (push, pushed) = (push.clone(), pushed.clone());
        self.write(move |connection| follower::pushed(connection, &push, &pushed)).await
    }

    async fn dismiss(&self, topic: &str, most: usize) -> Result<Vec<Follower>, Error> {
        let topic = topic.to_owned();
        self.write(move |connection| follower::dismiss(connection, &topic, most)).await
    }

    async fn expire(&self, now: Timestamp) -> Result<(), Error> {
        self.write(move |connection| follower::expire(connection, now)).await
    }
}
