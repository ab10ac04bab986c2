//! The verb "deliver": pushes what happened to those who asked for it.
//!
//! `step` starts what is due in the free slots; `run` waits for the first of: a delivery done, the next one
//! due, a hint that something happened, a stop; `round` drains one step and is what tests call. A slow or dead
//! endpoint falls behind alone. Nothing here is remembered but in the store: whoever begins anew goes on
//! where the cursors are.

mod hub;
mod push;
mod retry;
mod roster;
mod webhook;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::error;

use hub::Exchanges;
pub use hub::Hub;
use roster::{Ended, Roster};

use crate::clock::Clock;
use crate::model::feed::Site;
use crate::model::manners::{Errand, Manners, Rooms};
use crate::model::subscription::SubscriptionId;
use crate::model::time::Timestamp;
use crate::model::view::View;
use crate::net::Transport;
use crate::press::Press;
use crate::store::subscriptions::Delivery;
use crate::store::{Error, Everything};
use crate::telemetry::Telemetry;
use crate::webhook::key::Key;
use crate::webhook::message::Seal;

/// How often the store is looked at, at least, in case another process changed something.
const LOOK: Duration = Duration::from_secs(1);
/// How often cursors are stored that moved past what nobody wanted.
const PASS: Duration = Duration::from_secs(5);
/// How long a store that does not answer is left alone.
const PAUSE: Duration = Duration::from_secs(5);
/// Rows of the log one look takes in.
const PAGE: usize = 256;

/// What pushes.
#[derive(Clone)]
pub struct Deliver {
    store: Arc<dyn Everything>,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    site: Arc<Site>,
    views: Arc<[View]>,
    keys: Arc<HashMap<SubscriptionId, Vec<Key>>>,
    manners: Arc<Manners>,
    telemetry: Arc<Telemetry>,
    seal: Seal,
    press: Arc<Press>,
    hub: Option<Hub>,
    asked: Arc<Notify>,
}

/// Deliveries under way, and who is next.
struct Running {
    roster: Roster,
    /// With which hosts.
    rooms: Rooms,
    deliveries: JoinSet<Result<Option<Ended>, Error>>,
    names: HashMap<Id, SubscriptionId>,
    /// Whom the roster knows, by the count of changes to it.
    edition: Option<u64>,
    looked: Option<Instant>,
    passed: Instant,
    /// What the hub has under way.
    hub: Exchanges,
    stop: CancellationToken,
}

type Done = Result<(Id, Result<Option<Ended>, Error>), JoinError>;

impl Deliver {
    /// Puts it together. `keys` are those of the file's webhooks.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn open(
        store: Arc<dyn Everything>,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        press: Arc<Press>,
        views: Arc<[View]>,
        keys: HashMap<SubscriptionId, Vec<Key>>,
    ) -> Result<Deliver, Error> {
        let seal = store.seal().await?;
        Ok(Deliver {
            store,
            transport,
            clock,
            site: Arc::new(press.site().clone()),
            views,
            keys: Arc::new(keys),
            manners: Arc::default(),
            telemetry: Arc::default(),
            seal,
            press,
            hub: None,
            asked: Arc::default(),
        })
    }

    /// The same with a hub that is run so.
    pub fn with_hub(self, hub: Hub) -> Deliver {
        Deliver { hub: Some(hub), ..self }
    }

    /// Tells that something was asked of the hub: a hint, never the truth.
    pub fn asked(&self) -> Arc<Notify> {
        self.asked.clone()
    }

    /// The same, treating hosts so.
    pub fn with_manners(self, manners: Arc<Manners>) -> Deliver {
        Deliver { manners, ..self }
    }

    /// The same, counting what happens there.
    pub fn with_telemetry(self, telemetry: Arc<Telemetry>) -> Deliver {
        Deliver { telemetry, ..self }
    }

    /// Delivers for ever; ends when `stop` is cancelled and the messages under way are answered.
    pub async fn run(&self, stop: CancellationToken) {
        let mut grown = self.store.grown();
        let mut running = self.running(stop.clone());
        while !stop.is_cancelled() {
            let now = self.clock.now();
            let next = match self.step(&mut running).await {
                Ok(next) => next.map_or(now.plus(LOOK), |next| next.min(now.plus(LOOK))),
                Err(error) => {
                    error!(%error, "the store does not say who is owed what");
                    now.plus(PAUSE)
                }
            };
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.clock.sleep_until(next) => running.hub.call(),
                // A store that gives no hints any more is looked at all the same.
                Ok(()) = grown.changed() => running.hub.call(),
                () = self.asked.notified() => running.hub.call(),
                Some(done) = running.deliveries.join_next_with_id() => {
                    self.close_all(&mut running, done);
                }
                Some(()) = running.hub.end_one(&mut running.rooms) => {}
            }
        }
        while let Some(done) = running.deliveries.join_next_with_id().await {
            self.close(&mut running, done);
        }
        while running.hub.end_one(&mut running.rooms).await.is_some() {}
        if let Err(error) = self.pass(&mut running).await {
            error!(%error, "cursors were not stored; some of the log will be looked at again");
        }
    }

    /// Delivers what is owed and due, until nothing is.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn round(&self) -> Result<(), Error> {
        let mut running = self.running(CancellationToken::new());
        loop {
            running.looked = None;
            running.hub.call();
            self.step(&mut running).await?;
            tokio::select! {
                Some(done) = running.deliveries.join_next_with_id() => {
                    self.close_all(&mut running, done);
                }
                Some(()) = running.hub.end_one(&mut running.rooms) => {}
                else => break,
            }
        }
        self.pass(&mut running).await
    }

    fn running(&self, stop: CancellationToken) -> Running {
        Running {
            roster: Roster::default(),
            rooms: Rooms::new(self.manners.clone()).on(Errand::Tell),
            deliveries: JoinSet::new(),
            names: HashMap::new(),
            edition: None,
            looked: None,
            passed: Instant::now(),
            hub: Exchanges::default(),
            stop,
        }
    }

    /// Starts what is due in the free slots, and tells when the next one is due.
    async fn step(&self, running: &mut Running) -> Result<Option<Timestamp>, Error> {
        let now = self.clock.now();
        self.look(running, now).await?;
        loop {
            let picked = running.roster.pick(&mut running.rooms, now);
            if picked.is_empty() {
                break;
            }
            let claimed = self.store.claim_deliveries(&picked, now).await;
            let claimed = claimed.unwrap_or_else(|error| {
                error!(%error, "nothing can be delivered, since the store does not answer");
                Vec::new()
            });
            let mut lost: Vec<SubscriptionId> = picked.into_iter().map(|(id, _)| id).collect();
            for delivery in claimed {
                lost.retain(|id| *id != delivery.subscription.webhook.id);
                self.start(running, delivery);
            }
            for id in lost {
                running.roster.end(&id, None, &mut running.rooms, now);
            }
        }
        if running.passed.elapsed() >= PASS {
            self.pass(running).await?;
        }
        if self.hub.is_some() {
            running.hub.step(self, &mut running.rooms, now).await?;
        }
        Ok(running.roster.next())
    }

    /// Takes in who there is and what happened.
    async fn look(&self, running: &mut Running, now: Timestamp) -> Result<(), Error> {
        let newest = *self.store.grown().borrow();
        let is_due = running.looked.is_none_or(|looked| looked.elapsed() >= LOOK);
        if is_due {
            let edition = self.store.rosters().await?;
            if running.edition != Some(edition) {
                let is_first = running.edition.is_none();
                // What happened before this began is told from each one's own cursor on.
                if is_first || running.roster.is_empty() {
                    running.roster.skip_to(newest);
                }
                let subscriptions = self.store.subscriptions().await?;
                running.roster.fill(&subscriptions, &self.views, now);
                running.edition = Some(edition);
            }
            running.looked = Some(Instant::now());
        }
        if running.roster.is_empty() {
            running.roster.skip_to(newest);
            return Ok(());
        }
        while is_due || running.roster.tip() < newest {
            let changes = self.store.changes(running.roster.tip(), None, PAGE).await?;
            running.roster.take_in(&changes, now);
            if !changes.has_more {
                break;
            }
        }
        Ok(())
    }

    fn start(&self, running: &mut Running, delivery: Delivery) {
        let (deliver, stop) = (self.clone(), running.stop.clone());
        let id = delivery.subscription.webhook.id.clone();
        let gap = running.roster.gap(&id);
        let task = async move { webhook::deliver(&deliver, &delivery, gap, &stop).await };
        let task = running.deliveries.spawn(task);
        running.names.insert(task.id(), id);
    }

    fn close_all(&self, running: &mut Running, first: Done) {
        self.close(running, first);
        while let Some(done) = running.deliveries.try_join_next_with_id() {
            self.close(running, done);
        }
    }

    fn close(&self, running: &mut Running, done: Done) {
        let (task, ended) = match done {
            Ok((task, Ok(ended))) => (task, ended),
            Ok((task, Err(error))) => {
                error!(%error, "a delivery could not be stored; it is made again");
                (task, None)
            }
            Err(panic) => {
                error!(%panic, "a delivery broke off; please report this");
                (panic.id(), None)
            }
        };
        if let Some(id) = running.names.remove(&task) {
            running.roster.end(&id, ended, &mut running.rooms, self.clock.now());
        }
    }

    async fn pass(&self, running: &mut Running) -> Result<(), Error> {
        running.passed = Instant::now();
        let passed = running.roster.passed();
        if passed.is_empty() { Ok(()) } else { self.store.pass(&passed).await }
    }
}
