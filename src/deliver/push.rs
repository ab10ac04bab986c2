//! Our hub at work: asking callbacks whether they mean it, and telling those that do what their topic is now
//! (rows H-05 to H-22).
//!
//! A push carries the whole document, so the newest takes the place of all before it; whoever was told the
//! same bytes before is told nothing.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tracing::{error, info, warn};

use super::Deliver;
use super::retry::{jittered, odd};
use super::webhook::LIMITS;
use crate::format::{self, Format};
use crate::model::feed::ShelfHead;
use crate::model::follower::{Edition, Intent, Mode, Topic};
use crate::model::manners::Errand;
use crate::model::source::Limits;
use crate::model::time::Timestamp;
use crate::net::Permit;
use crate::press::Place;
use crate::store::followers::{Push, Pushed, Verdict};
use crate::store::{self, Error};
use crate::websub::hub;

/// How long after a failure a push is tried again; after the last one this edition is left out (row H-20).
const AGAIN: [Duration; 4] = [
    Duration::from_secs(60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(3600),
    Duration::from_secs(6 * 3600),
];

/// How long after a callback did not answer it is asked again whether it means it.
const ASK_AGAIN: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(60)];

/// For one exchange: a challenge said back is short (row T-26), and of what is answered to a push nothing
/// matters.
const BOUNDS: Limits = Limits { wire: 4 << 10, decoded: 4 << 10, ..LIMITS };

/// Followers of a topic that ended who are told so at once.
const FAREWELLS: usize = 100;

/// A topic that is there.
struct Found {
    topic: Topic,
    format: &'static dyn Format,
    head: Arc<ShelfHead>,
}

impl Deliver {
    /// How the topics stand that somebody follows, as far as they can be printed. Followers of those that are
    /// no more are told, and forgotten.
    pub(super) async fn editions(&self, now: Timestamp) -> Result<Vec<Edition>, Error> {
        let topics = self.store.topics(now).await?;
        if topics.is_empty() {
            return Ok(Vec::new());
        }
        self.press.refresh().await?;
        let mut editions = Vec::with_capacity(topics.len());
        for following in topics {
            match self.find(&following.topic).await? {
                Some(topic) => editions.extend(self.edition(&topic).await?),
                // Who follows an old address finds the new one where it finds the hub (row H-26).
                None => self.dismiss(&following.topic).await?,
            }
        }
        Ok(editions)
    }

    /// The topic at a path, if it is still there.
    async fn find(&self, path: &str) -> Result<Option<Found>, Error> {
        let formats = format::FEEDS.iter().map(|format| format.name());
        let Some(topic) = Topic::read(path, formats) else { return Ok(None) };
        let Some(Place::Here(head)) = self.press.locate(&topic.shelf).await? else {
            return Ok(None);
        };
        Ok(format::named(topic.format).map(|format| Found { topic, format, head }))
    }

    /// How a topic stands; none while the store is away.
    async fn edition(&self, found: &Found) -> Result<Option<Edition>, Error> {
        let printed = self.press.printed(&found.head, found.format).await?;
        let (revision, hash) = (found.head.head.revision, printed.hash().to_vec());
        let is_new = printed.is_of(revision);
        Ok(is_new.then(|| Edition { topic: found.topic.path(), revision, hash }))
    }

    /// Tells followers of a topic that there is no such topic any more (row H-13).
    async fn dismiss(&self, topic: &str) -> Result<(), Error> {
        for follower in self.store.dismiss(topic, FAREWELLS).await? {
            let request = hub::denial(
                &follower.callback,
                &follower.asked,
                "This topic is not here any more.",
            );
            let Some(request) = request else { continue };
            let (deliver, permit) = (self.clone(), self.permit(Errand::Ask));
            // Nobody waits for what it says.
            tokio::spawn(async move { deliver.transport.send(request, &permit).await.is_ok() });
        }
        Ok(())
    }

    fn permit(&self, errand: Errand) -> Permit {
        let allow = self.hub.as_ref().map(|hub| hub.allow.clone()).unwrap_or_default();
        Permit { allow, folder: None, limits: BOUNDS, errand }
    }

    /// Asks a callback whether it means what was asked, and notes what it says.
    pub(super) async fn verify(&self, intent: &Intent) {
        let verdict = match self.ask(intent).await {
            Ok(verdict) => verdict,
            Err(error) => {
                error!(%error, "what is asked of the hub cannot be verified now");
                return;
            }
        };
        let (topic, mode) = (&intent.topic, intent.mode.name());
        match &verdict {
            Verdict::Meant { .. } => info!(topic, mode, "a callback means it"),
            Verdict::NotMeant => info!(topic, mode, "a callback does not mean it"),
            Verdict::Again(_) => {}
        }
        if let Err(error) = self.store.verified(intent, verdict).await {
            error!(%error, "a callback's word could not be stored; it is asked again");
        }
    }

    async fn ask(&self, intent: &Intent) -> Result<Verdict, Error> {
        let Intent { mode, asked, callback, lease, attempts, .. } = intent;
        let challenge = store::unguessable::<32>()?;
        let lease_of = (*mode == Mode::Subscribe).then_some(*lease);
        let request = hub::question(callback, *mode, asked, &challenge, lease_of);
        let Some(request) = request else { return Ok(Verdict::NotMeant) };
        // From now on, since the callback counts from when it is asked (row H-11).
        let now = self.clock.now();
        let permit = self.permit(Errand::Ask);
        let answer = self.transport.send(request, &permit).await;
        self.telemetry.hub_asked();
        // That somebody is gone who said so himself needs no more than his being gone.
        let is_farewell = *mode == Mode::Unsubscribe && lease.is_zero();
        match answer {
            Ok(answer) if hub::is_meant(&answer.response, &challenge) => {
                let edition = match self.find(&intent.topic).await? {
                    Some(topic) => self.edition(&topic).await?,
                    None => None,
                };
                Ok(Verdict::Meant { until: now.plus(*lease), edition })
            }
            Ok(answer)
                if is_farewell
                    && matches!(
                        answer.response.status(),
                        StatusCode::GONE | StatusCode::NOT_FOUND
                    ) =>
            {
                Ok(Verdict::Meant { until: now, edition: None })
            }
            Ok(answer) if !answer.response.status().is_server_error() => Ok(Verdict::NotMeant),
            _ => Ok(match ASK_AGAIN.get(*attempts as usize) {
                Some(wait) => Verdict::Again(self.clock.now().plus(*wait)),
                None => Verdict::NotMeant,
            }),
        }
    }

    /// Tells one follower how its topic stands, and notes how that went.
    pub(super) async fn push(&self, push: &Push) {
        let began = tokio::time::Instant::now();
        let pushed = match self.tell(push).await {
            Ok(pushed) => pushed,
            Err(error) => {
                error!(%error, "a follower cannot be told now");
                return;
            }
        };
        self.telemetry.delivered(matches!(pushed, Pushed::Taken(..)), began.elapsed());
        if let Err(error) = self.store.pushed(push, &pushed).await {
            error!(%error, "a push could not be stored; it is made again");
        }
    }

    async fn tell(&self, push: &Push) -> Result<Pushed, Error> {
        let follower = &push.follower;
        let now = self.clock.now();
        let later = |step: usize| {
            let wait = AGAIN[step.min(AGAIN.len() - 1)];
            now.plus(jittered(wait, odd(&follower.callback, now.millis())))
        };
        let Some(found) = self.find(&follower.topic).await? else {
            return Ok(Pushed::Again(later(0)));
        };
        let printed = self.press.printed(&found.head, found.format).await?;
        let (revision, hash) = (found.head.head.revision, printed.hash().to_vec());
        // As it is now, which may be what this one has by now.
        if follower.sent.as_ref() == Some(&hash) {
            return Ok(Pushed::Taken(revision, hash));
        }
        let (url, document) = (&self.site.url, &printed.document);
        let algorithm = self.hub.as_ref().map(|hub| hub.algorithm).unwrap_or_default();
        let (address, topic) = (format!("{url}/hub"), format!("{url}{}", follower.topic));
        let request = hub::content(
            &follower.callback,
            (&address, &topic),
            (document.media_type, &document.bytes),
            (follower.secret.as_deref(), algorithm),
        );
        let Some(request) = request else { return Ok(Pushed::Dropped(revision)) };
        let permit = self.permit(Errand::Tell);
        let why = match self.transport.send(request, &permit).await {
            Ok(answer) if answer.response.status().is_success() => {
                return Ok(Pushed::Taken(revision, hash));
            }
            Ok(answer) if answer.response.status() == StatusCode::GONE => {
                return Ok(Pushed::Gone(later(0)));
            }
            Ok(answer) => format!("it answered {}", answer.response.status()),
            Err(error) => error.to_string(),
        };
        let step = follower.failures as usize;
        if step < AGAIN.len() {
            info!(topic = follower.topic, host = push.host, why, "a push was not taken");
            return Ok(Pushed::Again(later(step)));
        }
        warn!(
            topic = follower.topic,
            host = push.host,
            why,
            "a push was left out after five attempts"
        );
        Ok(Pushed::Dropped(revision))
    }
}
