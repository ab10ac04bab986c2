//! One delivery to a webhook: what it is owed, message by message, each signed and sent once more until it
//! is taken (Standard Webhooks). What an attempt came to is in the store before the next one begins, so that
//! a fall costs one message sent twice, under one id.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Method, Request, Uri};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Deliver;
use super::retry::{self, Attempt, Fate};
use super::roster::Ended;
use crate::format::event;
use crate::model::feed::Revision;
use crate::model::item::ItemId;
use crate::model::manners::{Errand, asked_wait};
use crate::model::source::Limits;
use crate::model::subscription::{
    Change, Changes, Course, Dead, Event, Interest, Subscription, Webhook,
};
use crate::model::time::Timestamp;
use crate::net::Permit;
use crate::store::Error;
use crate::store::subscriptions::{Delivery, Settled};
use crate::webhook::key::Key;
use crate::webhook::{message, signature};

/// Rows of the log one look takes in.
const PAGE: usize = 32;
/// How long one delivery goes on before others have their turn.
const TURN: Duration = Duration::from_secs(5);

/// For one exchange, all in all: within the fifteen to thirty seconds of the specification.
pub(super) const LIMITS: Limits = Limits {
    wire: 16 << 10,
    decoded: 16 << 10,
    ratio: 100,
    redirects: 0,
    connect: Duration::from_secs(10),
    headers: Duration::from_secs(20),
    total: Duration::from_secs(20),
};

/// A message, not yet signed.
struct Message {
    id: String,
    body: Bytes,
    /// What it says, in the log's order.
    events: Vec<(Revision, Event, ItemId)>,
}

impl Message {
    fn upto(&self) -> Revision {
        self.events.last().map_or(Revision(0), |(revision, ..)| *revision)
    }
}

/// Messages of a part of the log.
struct Messages {
    all: Vec<Message>,
    /// Whether there are more.
    is_cut: bool,
}

/// Delivers what one subscription is owed, until there is no more, one attempt fails, or others are to have
/// their turn. None when its lease was lost.
pub(super) async fn deliver(
    deliver: &Deliver,
    delivery: &Delivery,
    gap: Duration,
    stop: &CancellationToken,
) -> Result<Option<Ended>, Error> {
    let mut run = Run {
        deliver,
        delivery,
        stop,
        began: Instant::now(),
        interest: Interest::of(&delivery.subscription.webhook, &deliver.views),
        course: delivery.subscription.course.clone(),
        gap,
    };
    let goes_on = match run.again().await? {
        Going::On => run.along().await?,
        stopped => stopped,
    };
    Ok(match goes_on {
        Going::Lost => None,
        Going::Through => Some(run.ended(false)),
        Going::On | Going::Stopped => Some(run.ended(true)),
    })
}

/// Whether a delivery goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Going {
    /// It does.
    On,
    /// There is nothing left.
    Through,
    /// Not now; the lease is given back.
    Stopped,
    /// The lease is somebody else's.
    Lost,
}

struct Run<'a> {
    deliver: &'a Deliver,
    delivery: &'a Delivery,
    stop: &'a CancellationToken,
    began: Instant,
    interest: Interest,
    course: Course,
    gap: Duration,
}

impl Run<'_> {
    fn ended(self, is_owed: bool) -> Ended {
        Ended { course: self.course, gap: self.gap, is_owed }
    }

    fn subscription(&self) -> &Subscription {
        &self.delivery.subscription
    }

    fn webhook(&self) -> &Webhook {
        &self.subscription().webhook
    }

    /// Sends again what people asked to be sent again.
    async fn again(&mut self) -> Result<Going, Error> {
        if self.subscription().replays == 0 {
            return Ok(Going::On);
        }
        loop {
            let rows = self.deliver.store.replays(&self.webhook().id, PAGE).await?.rows;
            if rows.is_empty() {
                return Ok(Going::On);
            }
            for change in &rows {
                let going = match self.interest.would_want(change) {
                    Some(event) => {
                        let message = self.single(change, event);
                        self.attempt(&message, Some(change.revision)).await?
                    }
                    None => self.settle(Some(change.revision), Vec::new(), false).await?,
                };
                if going != Going::On {
                    return Ok(going);
                }
                if self.is_enough() {
                    return self.give_back().await;
                }
            }
        }
    }

    /// Whether others are to have their turn.
    fn is_enough(&self) -> bool {
        self.began.elapsed() > TURN || self.stop.is_cancelled() || !self.gap.is_zero()
    }

    /// Goes on along the log.
    async fn along(&mut self) -> Result<Going, Error> {
        loop {
            let (reached, end) = (self.course.reached, self.course.batch);
            let most = PAGE.max(self.webhook().batch);
            let changes = self.deliver.store.changes(reached, end, most).await?;
            let (upto, has_more) = (changes.upto, changes.has_more);
            let messages = self.messages(&changes);
            drop(changes);
            let is_cut = messages.is_cut;
            for message in messages.all {
                let going = self.send_part(&message).await?;
                if going != Going::On {
                    return Ok(going);
                }
                if self.is_enough() {
                    return self.give_back().await;
                }
            }
            if is_cut {
                continue;
            }
            self.course.reached = self.course.reached.max(upto);
            if end.is_some() {
                (self.course.batch, self.course.message) = (None, None);
            } else if !has_more {
                let going = self.settle(None, Vec::new(), true).await?;
                return Ok(if going == Going::Lost { going } else { Going::Through });
            }
        }
    }

    /// The messages of a part of the log. Of an endpoint that did not take the last one only the next, since
    /// what is made is held for as long as it hangs.
    fn messages(&self, changes: &Changes) -> Messages {
        let wants = |change| self.interest.wants(change).map(|event| (event, change));
        let wanted: Vec<(Event, &Change)> = changes.rows.iter().filter_map(wants).collect();
        let is_prompt = self.course.failures == 0 && self.course.succeeded.is_some();
        let parts = wanted.chunks(self.webhook().batch);
        let most = if is_prompt { parts.len() } else { 1 };
        let is_cut = parts.len() > most;
        let message = |part: &[(Event, &Change)]| match (self.webhook().batch, part) {
            (1, [(event, change)]) => self.single(change, *event),
            _ => self.batch(part),
        };
        Messages { all: parts.take(most).map(message).collect(), is_cut }
    }

    /// Sends a message of the log.
    async fn send_part(&mut self, message: &Message) -> Result<Going, Error> {
        // Kept before it is sent, so that who begins anew sends the same again under the same id.
        if self.webhook().batch > 1 && self.course.batch.is_none() {
            self.course.batch = Some(message.upto());
            self.course.message = Some(message.id.clone());
            let going = self.settle(None, Vec::new(), false).await?;
            if going != Going::On {
                return Ok(going);
            }
        }
        self.attempt(message, None).await
    }

    fn single(&self, change: &Change, event: Event) -> Message {
        let id = self.id_of(event, change);
        let body = event::single(&self.deliver.site, event, change);
        Message { id, body, events: vec![(change.revision, event, change.id)] }
    }

    fn batch(&self, events: &[(Event, &Change)]) -> Message {
        let members: Vec<String> =
            events.iter().map(|(event, change)| self.id_of(*event, change)).collect();
        // One that was begun keeps its name, though what it says may have changed meanwhile.
        let begun = self.course.message.clone().filter(|_| self.course.batch.is_some());
        let id = begun
            .unwrap_or_else(|| message::of_batch(&self.deliver.seal, &self.webhook().id, &members));
        let body = event::batch(&self.deliver.site, events);
        let named = |(event, change): &(Event, &Change)| (change.revision, *event, change.id);
        Message { id, body, events: events.iter().map(named).collect() }
    }

    fn id_of(&self, event: Event, change: &Change) -> String {
        let (seal, id) = (&self.deliver.seal, &self.webhook().id);
        message::of_event(seal, id, change.id, event, &change.chain)
    }

    /// Sends a message once and notes what came of it.
    async fn attempt(
        &mut self,
        message: &Message,
        replayed: Option<Revision>,
    ) -> Result<Going, Error> {
        let Deliver { clock, telemetry, .. } = self.deliver;
        let began = Instant::now();
        let attempt = self.deliver.send(self.subscription(), &message.id, &message.body).await;
        let now = clock.now();
        self.gap = retry::gap(self.gap, &attempt);
        let (course, fate) =
            retry::after(&self.course, &attempt, now, retry::odd(&message.id, now.millis()));
        telemetry.delivered(fate == Fate::Next, began.elapsed());
        self.tell(fate, &course);
        let attempts = self.course.failures.saturating_add(1);
        self.course = course;
        let is_past = matches!(fate, Fate::Next | Fate::GiveUp);
        let mut dead = Vec::new();
        if fate == Fate::GiveUp
            && let Attempt::Refused(why) = &attempt
        {
            dead = self.buried(message, attempts, why);
        }
        if is_past && replayed.is_none() {
            self.course.reached = self.course.reached.max(message.upto());
            (self.course.batch, self.course.message) = (None, None);
        }
        let going = self.settle(replayed.filter(|_| is_past), dead, !is_past).await?;
        Ok(if is_past || going == Going::Lost { going } else { Going::Stopped })
    }

    fn buried(&self, message: &Message, attempts: u32, why: &str) -> Vec<Dead> {
        let at = self.deliver.clock.now();
        let dead = |&(revision, event, item): &_| Dead {
            subscription: self.webhook().id.clone(),
            revision,
            item,
            event,
            message: message.id.clone(),
            attempts,
            at,
            why: why.to_owned(),
        };
        message.events.iter().map(dead).collect()
    }

    /// Lets others have their turn.
    async fn give_back(&mut self) -> Result<Going, Error> {
        let going = self.settle(None, Vec::new(), true).await?;
        Ok(if going == Going::Lost { going } else { Going::Stopped })
    }

    /// Notes where deliveries stand.
    async fn settle(
        &self,
        replayed: Option<Revision>,
        dead: Vec<Dead>,
        is_over: bool,
    ) -> Result<Going, Error> {
        let settled = Settled { course: self.course.clone(), replayed, dead, is_over };
        let goes_on = self.deliver.store.settle(self.delivery, settled).await?;
        Ok(if goes_on || is_over { Going::On } else { Going::Lost })
    }

    fn tell(&self, fate: Fate, course: &Course) {
        let id = &self.webhook().id;
        let why = course.trouble.as_deref().unwrap_or_default();
        match fate {
            Fate::End => warn!(subscription.id = %id, why, "a webhook was given up"),
            Fate::GiveUp => warn!(subscription.id = %id, why, "an event was given up"),
            Fate::Again => {
                info!(subscription.id = %id, why, failures = course.failures, "a message was not taken");
            }
            Fate::Next => {}
        }
    }
}

impl Deliver {
    /// Sends a message once.
    pub(super) async fn send(&self, to: &Subscription, id: &str, body: &Bytes) -> Attempt {
        let away = |why: String| Attempt::Away { why, until: None, is_busy: false };
        let now = self.clock.now();
        let keys = match self.keys_of(to, now) {
            Ok(keys) => keys,
            Err(why) => return away(why),
        };
        let Ok(uri) = to.webhook.url.parse::<Uri>() else {
            return away("its address is none".to_owned());
        };
        let request = signed(uri, &keys, id, now.seconds(), body);
        let permit = Permit {
            allow: to.webhook.allow.clone(),
            folder: None,
            limits: LIMITS,
            errand: Errand::Tell,
        };
        match self.transport.send(request, &permit).await {
            Ok(answer) => {
                let wait = answer.response.headers().get(RETRY_AFTER);
                let wait = wait.and_then(|value| value.to_str().ok());
                let until = wait.and_then(|text| asked_wait(text, self.clock.now()));
                retry::attempt(answer.response.status(), until)
            }
            Err(error) => away(error.to_string()),
        }
    }

    /// What messages to it are signed with.
    fn keys_of(&self, to: &Subscription, now: Timestamp) -> Result<Vec<Key>, String> {
        if let Some(keys) = self.keys.get(&to.webhook.id).filter(|_| to.is_listed) {
            return Ok(keys.clone());
        }
        let Some(keys) = &to.keys else {
            return Err("it has no key to sign with: this process began before the file named one; start it again".to_owned());
        };
        let former = keys.former.iter().filter(|(_, until)| *until > now).map(|(key, _)| key);
        let read = |key: &String| Key::read(key).map_err(|error| error.to_string());
        std::iter::once(&keys.current).chain(former).map(read).collect()
    }

    /// Sends a message that is only to show that messages arrive; what came of it, in plain words.
    ///
    /// # Errors
    /// Why it did not arrive.
    pub async fn trial(&self, to: &Subscription) -> Result<(), String> {
        let at = self.site.local(self.clock.now()).rfc3339();
        let id = message::of_trial(&self.seal, &to.webhook.id, &at);
        let body = event::trial(&self.site, &at);
        match self.send(to, &id, &body).await {
            Attempt::Taken => Ok(()),
            Attempt::Gone => Err("it answered 410 Gone".to_owned()),
            Attempt::Refused(why) | Attempt::Away { why, .. } => Err(why),
        }
    }
}

/// The request of a message.
fn signed(uri: Uri, keys: &[Key], id: &str, seconds: i64, body: &Bytes) -> Request<Bytes> {
    let mut request = Request::new(body.clone());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let plain =
        |text: String| HeaderValue::try_from(text).expect("base64, digits and our own names");
    headers.insert(signature::ID, plain(id.to_owned()));
    headers.insert(signature::TIMESTAMP, plain(seconds.to_string()));
    headers.insert(signature::SIGNATURE, plain(signature::sign(keys, id, seconds, body)));
    request
}
