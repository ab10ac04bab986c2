//! Answers readers: an accept loop with limits over hyper, HTTP/1.1 and h2c alike.
//!
//! The loop is our own because a server needs more against slow and silent clients than hyper
//! has: clocks that run from the first moment (`pace.rs`), and a stop that waits for no half-sent
//! head (dependencies.md, finding 6). TLS is left to whatever stands in front. What is answered
//! stands in `desk.rs`, who is let in at `gate.rs`.

mod accept;
mod admin;
mod answers;
mod api;
mod callback;
mod client;
mod conditional;
mod desk;
mod encoding;
mod error;
mod feeds;
mod former;
mod gate;
mod hub;
mod listener;
mod pace;
mod pages;
mod reply;
mod router;
mod status;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response, Version};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use ipnet::IpNet;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

pub use admin::Admin;
pub use answers::Answers;
pub use api::{Poll, Polled, Try};
pub use callback::Pushes;
use client::Client;
pub use desk::Desk;
use error::Error;
use gate::{Gate, Pass};
pub use hub::Hub;
pub use listener::{Listener, Stream};
use pace::{Limits, Paced};
use router::Route;
pub use status::Upstream;

/// How long and how much readers may take (reliability row T-22).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Connections at once.
    pub connections: usize,
    /// Of these, those of one client; of a client behind a proxy, its requests at once.
    pub per_client: usize,
    /// Whose word is taken on who is asking: the operator's own proxies.
    pub trusted_proxies: Vec<IpNet>,
    /// Until a whole request head has come, counted from the end of what came before.
    pub head: Duration,
    /// Bytes of a request head.
    pub head_bytes: usize,
    /// A reader that takes nothing of its answer for so long is gone.
    pub stall: Duration,
    /// A connection on which nothing at all moves for so long is closed.
    pub idle: Duration,
    /// Requests at once on one HTTP/2 connection.
    pub streams: u32,
    /// A stop waits at most so long for answers under way.
    pub stop: Duration,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            connections: 4096,
            per_client: 64,
            trusted_proxies: Vec::new(),
            head: Duration::from_secs(10),
            head_bytes: 16 << 10,
            stall: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            streams: 100,
            stop: Duration::from_secs(7),
        }
    }
}

/// Clients that are told to come again at once; beyond that a full house just hangs up.
const TURNED_AWAY: usize = 256;

/// Who answers what is asked on a listener.
pub trait Respond: Send + Sync + 'static {
    /// Answers a request; its body is read by whom it interests. Never fails, never panics.
    fn respond(&self, head: &Parts, body: Incoming)
    -> impl Future<Output = Response<Bytes>> + Send;

    /// Tells a client that it has too many requests under way.
    fn refuse(&self, head: &Parts) -> impl Future<Output = Response<Bytes>> + Send;
}

impl Respond for Desk {
    async fn respond(&self, head: &Parts, body: Incoming) -> Response<Bytes> {
        let Some(route) = self.takes(head) else { return self.answer(head).await };
        let (longest, patience) = match route {
            Route::Hub => (hub::LONGEST, hub::PATIENCE),
            _ => (callback::LONGEST, callback::PATIENCE),
        };
        Box::pin(self.take(route, head, read(body, longest, patience))).await
    }

    async fn refuse(&self, head: &Parts) -> Response<Bytes> {
        self.turn_down(head).await
    }
}

/// What all conversations share.
struct House<D> {
    desk: Arc<D>,
    gate: Arc<Gate>,
    bounds: Bounds,
}

/// Answers on `listener` until `stop`, then finishes the answers under way and returns.
pub async fn run<D: Respond>(
    listener: Listener,
    desk: Arc<D>,
    bounds: Bounds,
    stop: impl Future<Output = ()>,
) {
    let gate = Arc::new(Gate::new(bounds.connections, bounds.per_client));
    let house = Arc::new(House { desk, gate, bounds });
    let doormen = Arc::new(Semaphore::new(TURNED_AWAY));
    let mut stop = pin!(stop);
    let mut conversations = JoinSet::new();
    let graceful = GracefulShutdown::new();
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = conversations.join_next() => {}
            (stream, peer) = listener.next() => match house.admit(peer) {
                Ok(pass) => {
                    let guest = pass.guest.clone();
                    let conversation = Conversation { house: house.clone(), peer, pass };
                    let talk = converse(stream, conversation, graceful.watcher());
                    guest.ends_by(conversations.spawn(talk));
                }
                Err(_) => if let Ok(doorman) = doormen.clone().try_acquire_owned() {
                    conversations.spawn(async move {
                        turn_away(stream).await;
                        drop(doorman);
                    });
                },
            }
        }
    }
    drop(listener);
    if timeout(house.bounds.stop, graceful.shutdown()).await.is_err() {
        tracing::warn!(connections = conversations.len(), "some readers were cut off by the stop");
    }
}

impl<D> House<D> {
    fn admit(&self, peer: Option<IpAddr>) -> Result<Pass, gate::Crowd> {
        let trusted = &self.bounds.trusted_proxies;
        self.gate.admit(peer.filter(|peer| !client::is_trusted(*peer, trusted)).map(Client::of))
    }
}

/// One connection, as its requests know it.
struct Conversation<D> {
    house: Arc<House<D>>,
    /// Who is at its other end, when that is an address.
    peer: Option<IpAddr>,
    pass: Pass,
}

impl<D: Respond> Conversation<D> {
    /// Answers a request, unless the client behind it has too many under way already.
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        self.pass.guest.asks(request.version() == Version::HTTP_2);
        let (mut head, body) = request.into_parts();
        let House { desk, gate, bounds } = &*self.house;
        let client = client::behind(self.peer, &head.headers, &bounds.trusted_proxies);
        if head.method == Method::POST {
            head.extensions.insert(client.or(self.peer.map(Client::of)));
        }
        let answer = match client.map(|client| gate.ask(client)).transpose() {
            Ok(_ticket) => desk.respond(&head, body).await,
            Err(_) => desk.refuse(&head).await,
        };
        self.pass.guest.moves();
        answer.map(Full::new)
    }
}

/// A request's body, as far as it is short and comes in time.
async fn read(body: Incoming, longest: usize, patience: Duration) -> Result<Bytes, Error> {
    let body = Limited::new(body, longest);
    match timeout(patience, body.collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Error::TooLarge),
        Ok(Err(_)) | Err(_) => Err(Error::TooSlow),
    }
}

/// Tells a client that there is no room, in the few words that need no request to be read.
async fn turn_away(mut stream: Stream) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    const WORDS: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\n\
        cache-control: no-store\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let told = async {
        // What was not read when the stream is closed would make the kernel take the answer back.
        let _ = timeout(Duration::from_millis(100), stream.read(&mut [0; 4096])).await;
        stream.write_all(WORDS).await?;
        stream.shutdown().await
    };
    let _ = timeout(Duration::from_secs(1), told).await;
}

/// Serves one connection to its end.
async fn converse<D: Respond>(stream: Stream, conversation: Conversation<D>, watcher: Watcher) {
    let conversation = Arc::new(conversation);
    let answering = conversation.clone();
    // What a request takes along is counted by its connection alone: what all connections count would
    // cost more than most answers.
    let service = service_fn(move |request| {
        let conversation = answering.clone();
        async move { Ok::<_, Infallible>(conversation.answer(request).await) }
    });
    let bounds = &conversation.house.bounds;
    let Bounds { head, stall, idle, .. } = *bounds;
    let paced = Paced::new(stream, Limits { head, stall, idle }, conversation.pass.guest.clone());
    let connection = builder(bounds).serve_connection(TokioIo::new(paced), service).into_owned();
    // Errors of a conversation are the client's: it left, or spoke no HTTP.
    let _ = watcher.watch(connection).await;
}

fn builder(bounds: &Bounds) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().header_read_timeout(None).max_buf_size(bounds.head_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(bounds.streams)
        .max_header_list_size(u32::try_from(bounds.head_bytes).unwrap_or(u32::MAX))
        .keep_alive_interval(Some(bounds.idle / 2))
        .keep_alive_timeout(bounds.head);
    builder
}
