//! `/callback/{token}`: where the hubs of our sources say what they mean, and push (row H-29).
//!
//! The address itself is the secret of one hub: who does not know it learns nothing here, not even
//! whether there are any, and who knows it changes nothing that was not asked for (row T-27).

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{Response, StatusCode};
use tokio::sync::Semaphore;

use super::desk::{Asked, Desk};
use super::error::Error;
use super::reply::Reply;
use super::router;
use crate::format::Document;
use crate::model::hub::Callback;
use crate::model::source::SourceId;
use crate::model::time::Timestamp;
use crate::store;
use crate::telemetry::Telemetry;
use crate::websub::intent::Intent;
use crate::websub::{signature, subscribe};

/// The longest body a hub may push: as much as is taken of a source by default.
pub(super) const LONGEST: usize = 5 << 20;
/// How long it may take to come.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// Bodies that are held at once.
const AT_ONCE: usize = 8;
/// How long a hub may take to ask whether we meant it, which a lost answer makes it do again.
const DOUBTFUL: Duration = Duration::from_secs(600);

/// Takes what the hub of a source pushed.
pub type Take =
    dyn Fn(SourceId, Response<Bytes>) -> BoxFuture<'static, Result<(), store::Error>> + Send + Sync;

/// What hubs push, on its way in.
pub struct Pushes {
    take: Box<Take>,
    telemetry: Arc<Telemetry>,
    rooms: Semaphore,
}

impl Pushes {
    /// Hands pushes to `take`, a few at a time.
    pub fn new(take: Box<Take>, telemetry: Arc<Telemetry>) -> Pushes {
        Pushes { take, telemetry, rooms: Semaphore::new(AT_ONCE) }
    }
}

/// Answers a hub that asks whether we meant it, or says that it will not.
pub(super) async fn answer(desk: &Desk, asked: &Asked<'_>, token: &str) -> Result<Reply, Error> {
    let callback = desk.store.callback(token).await?.ok_or(Error::NotFound)?;
    let intent = asked.head.uri.query().and_then(Intent::read).ok_or(Error::NotFound)?;
    let now = desk.clock.now();
    match intent {
        Intent::Subscribe { topic, challenge, lease } if is_meant(&callback, &topic, now) => {
            let lease = lease.unwrap_or(Duration::from_secs(subscribe::LEASE.into()));
            let (until, renew) = (now.plus(lease), now.plus(lease / 2));
            desk.store.verify(token, until, renew, now).await?;
            tracing::info!(source.id = %callback.source, hub = callback.hub.url, "a hub pushes from now on");
            Ok(said(challenge))
        }
        Intent::Denied { topic, reason } if is_open(&callback) && topic == callback.hub.topic => {
            let reason = reason.unwrap_or_else(|| "it did not say why".to_owned());
            let reason: String = reason.chars().filter(|c| !c.is_control()).take(200).collect();
            desk.store.refuse(token, &format!("its hub will not push: {reason}")).await?;
            Ok(said(String::new()))
        }
        _ => Err(Error::NotFound),
    }
}

fn is_meant(callback: &Callback, topic: &str, now: Timestamp) -> bool {
    let is_fresh = now.since(callback.asked) <= DOUBTFUL;
    topic == callback.hub.topic && (is_open(callback) || is_fresh)
}

/// Whether the hub has yet to say that it means it.
fn is_open(callback: &Callback) -> bool {
    callback.lease.is_none()
}

fn said(words: String) -> Reply {
    let media_type = "text/plain; charset=utf-8";
    Reply::fresh(Document { media_type, bytes: words.into_bytes().into() }).hidden()
}

/// Takes a push. What is not signed as it should be is passed over without a word, as the Recommendation
/// has it (section 7.1.1): whoever forges learns nothing.
pub(super) async fn take(
    desk: &Desk,
    head: &Parts,
    body: impl Future<Output = Result<Bytes, Error>>,
) -> Result<Reply, Error> {
    let path = router::canonical(head.uri.path());
    let (_, token) = router::find(&path).ok_or(Error::NotFound)?;
    let callback = desk.store.callback(token).await?.ok_or(Error::NotFound)?;
    let now = desk.clock.now();
    if callback.lease.is_none_or(|until| until <= now) {
        return Err(Error::NotFound);
    }
    let _room = desk.pushes.rooms.try_acquire().map_err(|_| Error::Full)?;
    let body = body.await?;
    let header = head.headers.get(signature::HEADER).and_then(|value| value.to_str().ok());
    if !header.is_some_and(|header| signature::is_signed(header, &callback.secret, &body)) {
        desk.pushes.telemetry.push_was_unsigned();
        tracing::warn!(source.id = %callback.source, "a push that its hub did not sign was passed over");
        return Ok(taken());
    }
    let mut response = Response::new(body);
    if let Some(kind) = head.headers.get(CONTENT_TYPE) {
        response.headers_mut().insert(CONTENT_TYPE, kind.clone());
    }
    (desk.pushes.take)(callback.source, response).await?;
    Ok(taken())
}

fn taken() -> Reply {
    Reply::words(StatusCode::ACCEPTED, "")
}
