//! Answers readers: an accept loop with limits over hyper, HTTP/1.1 and h2c alike.
//!
//! The loop is our own because what a server needs against slow and silent clients is not
//! switched on by default: hyper's header time-out waits for a timer and for a first byte, and a
//! graceful stop waits for ever on a half-sent head (dependencies.md, finding 6). TLS is left to
//! whatever stands in front. What is answered stands in `desk.rs`.

mod accept;
mod conditional;
mod desk;
mod error;
mod feeds;
mod pace;
mod pages;
mod reply;
mod router;
mod status;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

pub use desk::Desk;
pub use status::Upstream;

/// How long and how much readers may take (reliability row T-22).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Connections at once; the next ones wait to be accepted.
    pub connections: usize,
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
            head: Duration::from_secs(10),
            head_bytes: 16 << 10,
            stall: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            streams: 100,
            stop: Duration::from_secs(7),
        }
    }
}

/// Answers readers on `listener` until `stop`, then finishes the answers under way and returns.
pub async fn run(
    listener: TcpListener,
    desk: Arc<Desk>,
    bounds: Bounds,
    stop: impl Future<Output = ()>,
) {
    let mut stop = pin!(stop);
    let mut conversations = JoinSet::new();
    let graceful = GracefulShutdown::new();
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = conversations.join_next() => {}
            stream = next(&listener), if conversations.len() < bounds.connections => {
                let talk = converse(stream, desk.clone(), bounds, graceful.watcher());
                conversations.spawn(talk);
            }
        }
    }
    drop(listener);
    if timeout(bounds.stop, graceful.shutdown()).await.is_err() {
        tracing::warn!(connections = conversations.len(), "some readers were cut off by the stop");
    }
}

/// The next connection. Errors here are about one client, or about too many open files, which
/// only time can cure.
async fn next(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Serves one connection to its end.
async fn converse(stream: TcpStream, desk: Arc<Desk>, bounds: Bounds, watcher: Watcher) {
    let _ = stream.set_nodelay(true);
    let has_asked = Arc::new(AtomicBool::new(false));
    let asked = has_asked.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        asked.store(true, Ordering::Relaxed);
        let desk = desk.clone();
        async move { Ok::<_, Infallible>(desk.answer(&request.into_parts().0).await) }
    });
    let io = TokioIo::new(pace::Paced::new(stream, bounds.stall, bounds.idle));
    let connection = builder(&bounds).serve_connection(io, service).into_owned();
    let mut connection = pin!(watcher.watch(connection));
    // Errors of a conversation are the client's: it left, or spoke no HTTP.
    tokio::select! {
        _ = &mut connection => return,
        () = sleep(bounds.head) => {}
    }
    // hyper starts no clock before it knows the version, so a client that never gets that far,
    // silently or byte by byte, is hung up on here.
    if has_asked.load(Ordering::Relaxed) {
        let _ = connection.await;
    }
}

fn builder(bounds: &Bounds) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .max_buf_size(bounds.head_bytes)
        .max_headers(100);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(bounds.streams)
        .max_header_list_size(u32::try_from(bounds.head_bytes).unwrap_or(u32::MAX))
        .keep_alive_interval(Some(bounds.idle / 2))
        .keep_alive_timeout(bounds.head);
    builder
}
