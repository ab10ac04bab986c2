//! Asks over HTTP. The only place where an HTTP client is made.
//!
//! Each hop passes the guard, waits for a place at its host, and is read within bounds. No
//! cookies, no `Referer`, no environment proxies, no validators of its own: what a request
//! carries is what the caller put there, and our name.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use tokio::time::{Instant, timeout};
use url::Url;

use super::body::{self, Coding};
use super::guard::{self, Pass};
use super::host::Hosts;
use super::names::{Names, Resolver};
use super::redirect::Hop;
use super::storage::{Room, Storage};
use super::{Answer, Error, Permit};
use crate::model::manners::{Errand, Manners, plain};
use crate::model::source::Limits;

/// Bytes of header lines taken from others (reliability row T-13); the client itself stops at 100 lines.
const HEADERS: usize = 64 << 10;

/// Clients kept: one for each pass and connect time-out in use, which is nearly always one.
const CLIENTS: usize = 32;

/// How long an unused connection stays open: long enough for the details of a list, short enough
/// that a round over thousands of hosts does not use up the descriptors.
const IDLE: Duration = Duration::from_secs(15);

/// Speaks HTTP to others.
pub(super) struct Http {
    agent: HeaderValue,
    names: Arc<dyn Names>,
    clients: Mutex<Vec<(Key, reqwest::Client)>>,
    hosts: Hosts,
    storage: Storage,
    /// When hosts last answered, those to which a connection may still stand open.
    answered: Mutex<HashMap<String, Instant>>,
}

/// What a hop brought.
enum Answered {
    Whole(Response<Bytes>, Room),
    Elsewhere(StatusCode, Hop),
}

/// What exchanges must have in common to share connections: a connection that one source's
/// permit opened must not serve another that may not go there.
type Key = (Pass, Duration);

impl Http {
    /// Speaks under this name and resolves through `names`.
    pub(super) fn new(agent: HeaderValue, names: Arc<dyn Names>, manners: Arc<Manners>) -> Http {
        // Another part of the program may have installed a provider already; either will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Http {
            agent,
            names,
            clients: Mutex::default(),
            hosts: Hosts::new(manners),
            storage: Storage::default(),
            answered: Mutex::default(),
        }
    }

    /// Asks and follows redirects. The time spent waiting for a place at a host is not counted: a long
    /// queue is our doing, not upstream's.
    pub(super) async fn send(
        &self,
        request: Request<Bytes>,
        permit: &Permit,
    ) -> Result<Answer, Error> {
        let mut hop = Hop::first(request)?;
        guard::admit(&hop.url, &permit.allow)?;
        let name = host(&hop.url);
        let mut stay = self.hosts.enter(&name, permit.errand).await;
        let total = permit.limits.total;
        let mut passed: Vec<Url> = Vec::new();
        let (mut moved, mut spent) = (true, Duration::ZERO);
        loop {
            let began = Instant::now();
            let answered = timeout(total.saturating_sub(spent), self.answer(&hop, permit)).await;
            spent += began.elapsed();
            let answered = answered.map_err(|_| {
                Error::Timeout(format!("{name} took longer than {} s", total.as_secs_f32()))
            })??;
            let (status, next) = match answered {
                Answered::Whole(response, room) => {
                    let (at, moved) = (hop.url.to_string(), moved && !passed.is_empty());
                    return Ok(Answer { response, at, moved, room });
                }
                Answered::Elsewhere(status, next) => (status, next),
            };
            moved &=
                matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT);
            let before = std::mem::replace(&mut hop, next).url;
            let is_here = host(&before) == host(&hop.url);
            passed.push(before);
            if passed.contains(&hop.url) {
                return Err(Error::Broken(format!("{} redirects in a circle", host(&hop.url))));
            }
            if passed.len() > permit.limits.redirects {
                let most = permit.limits.redirects;
                return Err(Error::Broken(format!("it redirects more than {most} times")));
            }
            // Where we are already, nobody is kept waiting for the rest. Elsewhere the place is given
            // back before the next is waited for, or two hosts that redirect to each other could
            // block both queues.
            if !is_here {
                drop(stay);
                stay = self.hosts.enter(&host(&hop.url), permit.errand).await;
            }
        }
    }

    async fn answer(&self, hop: &Hop, permit: &Permit) -> Result<Answered, Error> {
        let response = self.ask(hop, permit).await?;
        if permit.errand == Errand::Tell {
            let read = beginning(response, &permit.limits).await;
            return Ok(Answered::Whole(read, Room::default()));
        }
        let next = match permit.limits.redirects {
            // Whoever follows none is told of it.
            0 => None,
            _ => hop.next(response.status(), response.headers())?,
        };
        match next {
            Some(next) => Ok(Answered::Elsewhere(response.status(), next)),
            None => {
                let read = whole(response, &hop.method, &permit.limits, &self.storage).await?;
                Ok(Answered::Whole(read.0, read.1))
            }
        }
    }

    async fn ask(&self, hop: &Hop, permit: &Permit) -> Result<reqwest::Response, Error> {
        let pass = guard::admit(&hop.url, &permit.allow)?;
        let client = self.client((pass, permit.limits.connect))?;
        let mut headers = hop.headers.clone();
        let codings = HeaderValue::from_static(body::CODINGS);
        headers.entry(header::ACCEPT_ENCODING).or_insert(codings);
        let Limits { connect, headers: patience, .. } = permit.limits;
        let request = async || {
            let request = client.request(hop.method.clone(), hop.url.clone());
            let request = request.headers(headers.clone()).body(hop.body.clone());
            timeout(connect + patience, request.send()).await.map_err(|_| {
                let (host, seconds) = (host(&hop.url), (connect + patience).as_secs_f32());
                Error::Timeout(format!("{host} began no answer within {seconds} s"))
            })
        };
        let may_be_stale = self.has_answered(&hop.url) && hop.method.is_idempotent();
        let response = match request().await? {
            // The server may have closed the connection just as we took it up again (RFC 9112 section 9.3.1).
            Err(error) if may_be_stale && is_of_exchange(&error) => request().await?,
            response => response,
        };
        let response = response.map_err(|error| told(&error, &hop.url, &permit.limits))?;
        self.note_answer(&hop.url);
        Ok(response)
    }

    /// Whether a connection to there may still stand open.
    fn has_answered(&self, url: &Url) -> bool {
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.get(url.authority()).is_some_and(|at| at.elapsed() < IDLE)
    }

    fn note_answer(&self, url: &Url) {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        // Looked through as often as the map would grow, so that it costs nothing on the whole.
        if answered.len() == answered.capacity() {
            answered.retain(|_, at| at.elapsed() < IDLE);
        }
        answered.insert(url.authority().to_owned(), Instant::now());
    }

    fn client(&self, key: Key) -> Result<reqwest::Client, Error> {
        if let Some(client) = kept(&self.clients(), &key) {
            return Ok(client);
        }
        // Building reads the machine's certificates; nobody who has a client waits for that. When
        // two build the same one, the first to be kept serves both, so that they share connections.
        let client = self.build(&key)?;
        let mut clients = self.clients();
        if let Some(client) = kept(&clients, &key) {
            return Ok(client);
        }
        clients.truncate(CLIENTS - 1);
        clients.insert(0, (key, client.clone()));
        Ok(client)
    }

    fn clients(&self) -> MutexGuard<'_, Vec<(Key, reqwest::Client)>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn build(&self, (pass, connect): &Key) -> Result<reqwest::Client, Error> {
        let plain = || {
            reqwest::Client::builder()
                .user_agent(self.agent.clone())
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .no_proxy()
                .connect_timeout(*connect)
                .pool_idle_timeout(IDLE)
                .http2_max_header_list_size(HEADERS as u32)
                .dns_resolver(Resolver { names: self.names.clone(), pass: pass.clone() })
        };
        // A machine without a list of certificate authorities can still speak plain HTTP.
        plain().build().or_else(|_| plain().tls_certs_only([]).build()).map_err(|error| {
            Error::Unreachable(format!("no HTTP client can be made on this machine: {error}"))
        })
    }
}

/// The client kept for this key.
fn kept(clients: &[(Key, reqwest::Client)], key: &Key) -> Option<reqwest::Client> {
    clients.iter().find(|(known, _)| known == key).map(|(_, client)| client.clone())
}

/// The whole answer, its body decoded and its headers saying so.
async fn whole(
    response: reqwest::Response,
    method: &Method,
    limits: &Limits,
    storage: &Storage,
) -> Result<(Response<Bytes>, Room), Error> {
    let lines =
        response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    if lines.sum::<usize>() > HEADERS {
        return Err(Error::TooLarge(format!("the headers are longer than {HEADERS} bytes")));
    }
    let coding = Coding::of(response.headers())?;
    let (status, mut headers) = (response.status(), response.headers().clone());
    let (body, room) = if has_body(method, status) {
        if response.content_length().is_some_and(|length| length > limits.wire as u64) {
            return Err(Error::TooLarge(format!(
                "the answer is longer than {} bytes",
                limits.wire
            )));
        }
        headers.remove(header::CONTENT_ENCODING);
        headers.remove(header::CONTENT_LENGTH);
        body::read(response.bytes_stream(), coding, limits, storage).await?
    } else {
        Default::default()
    };
    Ok((answer(status, headers, body), room))
}

/// An answer as far as it counts for who told something: its head, and what comes of its body soon, as it
/// comes.
async fn beginning(response: reqwest::Response, limits: &Limits) -> Response<Bytes> {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = body::beginning(response.bytes_stream(), limits.wire).await;
    answer(status, headers, body)
}

fn answer(status: StatusCode, headers: HeaderMap, body: Bytes) -> Response<Bytes> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    answer
}

/// RFC 9110 section 6.4.1.
fn has_body(method: &Method, status: StatusCode) -> bool {
    *method != Method::HEAD && !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

fn host(url: &Url) -> String {
    plain(url.host_str().unwrap_or_default())
}

/// Whether a request went out and nothing that is an answer came back.
fn is_of_exchange(error: &reqwest::Error) -> bool {
    error.is_request() && !error.is_connect() && !error.is_timeout()
}

/// Why no answer began, without the address's path and query, which may hold secrets.
fn told(error: &reqwest::Error, url: &Url, limits: &Limits) -> Error {
    let (host, port) = (host(url), url.port_or_known_default().unwrap_or_default());
    if let Some(ours) = cause::<Error>(error) {
        return ours.clone();
    }
    if error.is_timeout() {
        let seconds = limits.connect.as_secs_f32();
        return Error::Timeout(format!("no connection to {host} within {seconds} s"));
    }
    let is_tls =
        |io: &std::io::Error| io.get_ref().is_some_and(|cause| cause.is::<rustls::Error>());
    if let Some(io) = cause::<std::io::Error>(error).filter(|io| is_tls(io)) {
        return Error::Tls(format!("no secure connection to {host}: {io}"));
    }
    if let Some(io) = cause::<std::io::Error>(error).filter(|_| error.is_connect()) {
        return match io.kind() {
            std::io::ErrorKind::ConnectionRefused => {
                Error::Unreachable(format!("{host} refuses connections on port {port}"))
            }
            _ => Error::Unreachable(format!("no connection to {host} on port {port}: {io}")),
        };
    }
    if error.is_connect() {
        return Error::Unreachable(format!("no connection to {host}: {}", deepest(error)));
    }
    Error::Broken(format!("what {host} answers is not HTTP as it should be: {}", deepest(error)))
}

/// The first error of a type in the chain of causes.
fn cause<E: std::error::Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    causes(error).into_iter().find_map(|cause| cause.downcast_ref::<E>())
}

fn deepest(error: &reqwest::Error) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

fn causes(error: &reqwest::Error) -> Vec<&(dyn std::error::Error + 'static)> {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause);
        next = cause.source();
    }
    causes
}
