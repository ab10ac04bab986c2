//! `/hub`: where those who follow our feeds say so (WebSub; rows H-01 to H-07, H-27, H-28).
//!
//! What is asked is remembered and answered at once; whether it is meant is found out apart. Only feeds of
//! ours are topics, each by the one address that its documents name.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{StatusCode, header};
use tokio::sync::Notify;
use tokio::time::Instant;
use url::Url;

use super::client::Client;
use super::desk::Desk;
use super::error::Error;
use super::reply::Reply;
use super::router;
use crate::format;
use crate::model::follower::{Intent, Topic};
use crate::press::Place;
use crate::store::followers::Intended;
use crate::websub::hub;

/// The longest request, in bytes, and how long it may take to come.
pub(super) const LONGEST: usize = 8 << 10;
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// What one client may ask in an hour (row T-26).
const PER_CLIENT: u32 = 60;
const HOUR: Duration = Duration::from_secs(3600);
/// Clients that are counted.
const CLIENTS: usize = 10_000;

/// Our hub, as far as readers see it.
pub struct Hub {
    /// Tells that something was asked: a hint, never the truth.
    asked: Arc<Notify>,
    clients: Mutex<HashMap<Client, (Instant, u32)>>,
}

impl Hub {
    /// Calls `asked` when something was asked.
    pub fn new(asked: Arc<Notify>) -> Hub {
        Hub { asked, clients: Mutex::default() }
    }

    /// Whether a client may ask once more.
    fn admits(&self, client: Option<Client>) -> bool {
        let Some(client) = client else { return true };
        let now = Instant::now();
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= CLIENTS {
            clients.retain(|_, (since, _)| now - *since < HOUR);
        }
        if clients.len() >= CLIENTS && !clients.contains_key(&client) {
            return false;
        }
        let (since, count) = clients.entry(client).or_insert((now, 0));
        if now - *since >= HOUR {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        *count <= PER_CLIENT
    }
}

/// Takes what somebody asks.
pub(super) async fn take(
    desk: &Desk,
    head: &Parts,
    body: impl Future<Output = Result<Bytes, Error>>,
) -> Result<Reply, Error> {
    let hub = desk.hub.as_ref().ok_or(Error::NotFound)?;
    let client = head.extensions.get::<Option<Client>>().copied().flatten();
    if !hub.admits(client) {
        return Ok(later(
            StatusCode::TOO_MANY_REQUESTS,
            "You ask too often; sixty times an hour are enough.\n",
        ));
    }
    let asked = match hub::read(&body.await?) {
        Ok(asked) => asked,
        Err(why) => return Ok(refused(why)),
    };
    let Some(topic) = topic(desk, &asked.topic).await? else {
        return Ok(refused(
            "hub.topic is no topic of this hub: those are the addresses our feeds name as their own (rel=self), without parameters.",
        ));
    };
    let intent = Intent {
        number: 0,
        mode: asked.mode,
        topic: topic.path(),
        asked: asked.topic,
        callback: asked.callback,
        secret: asked.secret,
        lease: asked.lease,
        attempts: 0,
    };
    match desk.store.intend(&intent, desk.clock.now()).await? {
        Intended::Taken => {
            hub.asked.notify_one();
            Ok(Reply::words(
                StatusCode::ACCEPTED,
                "Your callback will be asked whether it means it.\n",
            ))
        }
        Intended::Crowded => Ok(later(
            StatusCode::TOO_MANY_REQUESTS,
            "Many callbacks of that host are still to be asked; come again later.\n",
        )),
        Intended::Full => Ok(later(
            StatusCode::SERVICE_UNAVAILABLE,
            "There is no room for more just now; come again later.\n",
        )),
    }
}

/// The topic that is meant: addresses are compared once they are read (row H-14).
async fn topic(desk: &Desk, asked: &str) -> Result<Option<Topic>, Error> {
    let site = desk.press.site();
    let (Ok(asked), Ok(ours)) = (Url::parse(asked.trim()), Url::parse(&site.url)) else {
        return Ok(None);
    };
    let base = ours.path().trim_end_matches('/');
    let is_ours = asked.origin() == ours.origin()
        && asked.username().is_empty()
        && asked.query().is_none()
        && asked.fragment().is_none();
    let Some(path) = asked.path().strip_prefix(base).filter(|_| is_ours) else { return Ok(None) };
    let path = router::decoded(path);
    let formats = format::FEEDS.iter().map(|format| format.name());
    let Some(topic) = Topic::read(&path, formats) else { return Ok(None) };
    let place = desk.press.locate(&topic.shelf).await?;
    Ok(matches!(place, Some(Place::Here(_))).then_some(topic))
}

/// What is said to whoever only looks.
pub(super) fn words() -> Reply {
    const WORDS: &str = "This is a WebSub hub: send it a form by POST, with hub.mode, hub.topic and hub.callback.\n";
    Reply::words(StatusCode::METHOD_NOT_ALLOWED, WORDS).with(header::ALLOW, "POST")
}

fn refused(why: &'static str) -> Reply {
    Reply::words(StatusCode::BAD_REQUEST, why)
}

fn later(status: StatusCode, words: &'static str) -> Reply {
    Reply::words(status, words).with(header::RETRY_AFTER, "600")
}
