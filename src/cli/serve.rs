//! `feedloom serve`: polls, prints and answers, until it is told to stop.
//!
//! It listens before the first poll, so that a reader who comes early is answered. Told to stop, it
//! takes no new work, ends what is under way within a deadline, and leaves; whatever was cut off
//! there was either committed whole or is asked again.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use futures_util::FutureExt;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Outcome, app, note};
use crate::config::{Config, Listen, Server};
use crate::deliver::Deliver;
use crate::ingest::Ingest;
use crate::model::token::Token;
use crate::serve::{self, Admin, Bounds, Desk, Polled};
use crate::store;

/// How long what is under way may take to end: less than the ten seconds after which container
/// runtimes lose their patience.
const DEADLINE: Duration = Duration::from_secs(8);

/// Serves until told to stop.
pub async fn run(path: &Path) -> anyhow::Result<Outcome> {
    let config = app::configuration(path)?;
    open_files();
    let (listener, bound) = listen(&config.server.listen, "[server]").await?;
    let admin = match &config.admin {
        Some(admin) => Some((listen(&admin.listen, "[admin]").await?.0, admin.token)),
        None => None,
    };
    let welcome = welcome(&config, bound);
    let bounds = bounds(&config.server);
    let house = app::open(config).await?;
    // Before the address is told, so that a stop right after it is heard.
    let signals = Signals::new().context("signals cannot be heard")?;
    // Whoever started it may not be reading; that is no reason not to serve.
    let _ = io::stdout().write_all(welcome.as_bytes());
    let stop = CancellationToken::new();
    let rooms = start(listener, admin, house, bounds, &stop);
    let outcome = watch_over(rooms, &stop, signals).await;
    note("stopped");
    outcome
}

/// As many open files as this program may have: each reader, source and endpoint is one, and systems allow
/// few of them unless asked.
fn open_files() {
    const ENOUGH: u64 = 24_576;
    if let Err(error) = rlimit::increase_nofile_limit(ENOUGH) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

/// The listener, and the address to open, where there is one.
async fn listen(
    at: &Listen,
    section: &str,
) -> anyhow::Result<(serve::Listener, Option<SocketAddr>)> {
    match at {
        Listen::Tcp(address) => {
            let listener = TcpListener::bind(address)
                .await
                .map_err(|error| refused(*address, section, &error))?;
            let bound = listener.local_addr()?;
            Ok((serve::Listener::Tcp(listener), Some(bound)))
        }
        Listen::Unix(path) => Ok((socket(path, section)?, None)),
    }
}

fn refused(address: SocketAddr, section: &str, error: &io::Error) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::AddrInUse => anyhow!(
            "{address} is in use by another program, perhaps another feedloom; stop that one, or set another `listen` under {section}"
        ),
        io::ErrorKind::PermissionDenied => anyhow!(
            "{address} may not be used: ports below 1024 belong to the administrator; set another `listen` under {section}"
        ),
        io::ErrorKind::AddrNotAvailable => {
            anyhow!("{address} is no address of this machine; set another `listen` under {section}")
        }
        _ => anyhow!("{address} cannot be listened on: {error}"),
    }
}

/// A socket in the file system. One that a killed process left behind is taken over; one that
/// answers, and anything that is no socket, is left alone.
#[cfg(unix)]
fn socket(path: &Path, section: &str) -> anyhow::Result<serve::Listener> {
    use std::os::unix::fs::FileTypeExt;
    use std::os::unix::net::UnixStream;
    let shown = path.display();
    if let Ok(found) = path.symlink_metadata() {
        if !found.file_type().is_socket() {
            return Err(anyhow!(
                "{shown} is in the way: it is no socket; set another `listen` under {section}"
            ));
        }
        if UnixStream::connect(path).is_ok() {
            return Err(anyhow!("{shown} is in use by another program, perhaps another feedloom"));
        }
        std::fs::remove_file(path).with_context(|| format!("{shown} cannot be taken over"))?;
    }
    let listener = tokio::net::UnixListener::bind(path);
    Ok(serve::Listener::Unix(listener.with_context(|| format!("{shown} cannot be listened on"))?))
}

#[cfg(not(unix))]
fn socket(path: &Path, section: &str) -> anyhow::Result<serve::Listener> {
    Err(anyhow!("{} cannot be listened on: this system has no such sockets", path.display()))
}

/// One line a source, and the address to open.
fn welcome(config: &Config, bound: Option<SocketAddr>) -> String {
    let upstreams = app::upstreams(config);
    let width = upstreams.iter().map(|upstream| upstream.id.as_str().len()).max().unwrap_or(0);
    let line = |upstream: &serve::Upstream| {
        format!("{:width$}  {:5}  {}\n", upstream.id.as_str(), upstream.kind, upstream.url)
    };
    let lines: String = upstreams.iter().map(line).collect();
    let public = format!("{}/", config.site.url);
    let open = bound.map_or(public.clone(), |bound| format!("http://{}/", reachable(bound)));
    let told =
        if public == open { String::new() } else { format!(" (readers find it at {public})") };
    lines + &format!("open {open}{told}\n")
}

/// The address to type where "every address" was bound.
fn reachable(bound: SocketAddr) -> SocketAddr {
    match bound.ip().is_unspecified() {
        true => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), bound.port()),
        false => bound,
    }
}

fn bounds(server: &Server) -> Bounds {
    Bounds {
        connections: server.connections,
        per_client: server.per_client,
        trusted_proxies: server.trusted_proxies.clone(),
        ..Bounds::default()
    }
}

/// Starts the verbs; each ends when told to.
fn start(
    listener: serve::Listener,
    admin: Option<(serve::Listener, Token)>,
    house: app::House,
    bounds: Bounds,
    stop: &CancellationToken,
) -> JoinSet<()> {
    let (ready, readiness) = watch::channel(false);
    let mut rooms = JoinSet::new();
    let (press, told) = (house.press.clone(), stop.clone());
    rooms.spawn(async move {
        press.run(told.cancelled_owned()).await;
    });
    let (ingest, told) = (house.ingest.clone(), stop.clone());
    rooms.spawn(async move {
        ingest.run(told, ready).await;
    });
    let (deliver, told) = (house.deliver.clone(), stop.clone());
    rooms.spawn(async move {
        deliver.run(told).await;
    });
    let app::House { press, store, clock, upstreams, ingest, telemetry, views, deliver, asked } =
        house;
    if let Some((listener, token)) = admin {
        let (store, clock, telemetry) = (store.clone(), clock.clone(), telemetry.clone());
        let (trial, poll) = (trying(deliver), polling(ingest.clone()));
        let admin = Arc::new(Admin { token, telemetry, store, clock, views, trial, poll });
        let told = stop.clone();
        rooms.spawn(async move {
            serve::run(listener, admin, Bounds::default(), told.cancelled_owned()).await;
        });
    }
    let pushing = ingest.clone();
    let take = Box::new(move |source, response| {
        let ingest = pushing.clone();
        // Apart from the hub's connection, so that it is taken to its end if the hub hangs up.
        let taken = tokio::spawn(async move { ingest.push(&source, response).await });
        taken
            .map(|taken| taken.unwrap_or_else(|error| Err(store::Error::Failed(error.to_string()))))
            .boxed()
    });
    let pushes = serve::Pushes::new(take, telemetry);
    let unstored = Box::new(move || ingest.unstored());
    let (ready, answers) = (readiness, serve::Answers::default());
    let hub = asked.map(serve::Hub::new);
    let desk = Desk { press, store, clock, upstreams, unstored, pushes, hub, ready, answers };
    let desk = Arc::new(desk);
    let told = stop.clone();
    rooms.spawn(async move {
        serve::run(listener, desk, bounds, told.cancelled_owned()).await;
    });
    rooms
}

/// Tries subscriptions for the operator.
fn trying(deliver: Deliver) -> Box<serve::Try> {
    Box::new(move |subscription| {
        let deliver = deliver.clone();
        async move { deliver.trial(&subscription).await }.boxed()
    })
}

/// Polls sources for the operator.
fn polling(ingest: Ingest) -> Box<serve::Poll> {
    Box::new(move |source| {
        let ingest = ingest.clone();
        async move {
            let reports = ingest.round(Some(&[source]), false, |_| {}).await?;
            Ok(reports.into_iter().next().map(|report| Polled {
                changes: [report.published, report.updated, report.withdrawn],
                unchanged: report.unchanged,
                trouble: report.trouble,
            }))
        }
        .boxed()
    })
}

/// Waits for a stop, or for a room to end that should not, and then ends the others.
async fn watch_over(
    mut rooms: JoinSet<()>,
    stop: &CancellationToken,
    mut signals: Signals,
) -> anyhow::Result<Outcome> {
    let ended_early = tokio::select! {
        () = signals.next() => None,
        ended = rooms.join_next() => ended,
    };
    stop.cancel();
    let all_ended = async { while rooms.join_next().await.is_some() {} };
    tokio::select! {
        () = all_ended => {}
        () = tokio::time::sleep(DEADLINE) => note("what was still under way is cut off; it is asked again at the next start"),
        () = signals.next() => note("told to stop again: at once, then"),
    }
    match ended_early {
        None => Ok(Outcome::Done),
        Some(Ok(())) => Err(anyhow!("a part of the house ended by itself; please report this")),
        Some(Err(panic)) => Err(anyhow!("a part of the house broke down: {panic}")),
    }
}

/// Ctrl-C and SIGTERM, heard from the moment this is made.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        Ok(Signals { interrupt: signal(interrupt)?, terminate: signal(terminate)? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C, where there is nothing else.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Signals> {
        Ok(Signals)
    }

    async fn next(&mut self) {
        // Without signals there is nothing to wait for but the end of the process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
