//! Fetching, beside a bare client: a round over many sources that did not change, all at one origin that
//! this bench starts and whose manners are set aside; beside the same requests in a bare loop of the same
//! HTTP client. And a first intake of feeds of thirty items, beside the same work without the asking, and
//! beside newsboat where it is installed.
//!
//! `cargo bench --bench polling [SOURCES [FEEDS]]`, ten thousand and a thousand when not said.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use feedloom::adapter::Entry;
use feedloom::clock::{Clock, Manual};
use feedloom::config;
use feedloom::ingest::{Ingest, Upstream};
use feedloom::model::manners::{Manners, Rooms};
use feedloom::model::source::SourceId;
use feedloom::model::time::{Offset, Timestamp};
use feedloom::net::{self, Permit};
use feedloom::store::{self, Finish, Sighting, Slice, Store};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[allow(dead_code)]
mod language;

use language::Language;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const AT_ONCE: usize = 640;
const ROUNDS: usize = 7;
const INTAKES: usize = 3;
const TAG: &str = "\"v1\"";

fn main() {
    let mut numbers = std::env::args().filter_map(|word| word.parse::<usize>().ok());
    let (sources, feeds) = (numbers.next().unwrap_or(10_000), numbers.next().unwrap_or(1000));
    LARGE.get_or_init(|| write_feeds(feeds));
    // The origin has threads of its own, as it has a machine of its own elsewhere.
    let (tell, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            tell.send(listener.local_addr().expect("its address")).expect("it is awaited");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                tokio::spawn(answer(stream));
            }
        });
    });
    let address = address.recv().expect("an address");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(unchanged(address, sources));
    runtime.block_on(intake(address, feeds));
    runtime.shutdown_background();
}

/// Answers requests on one connection: a 304 to whoever has the tag, else a feed.
async fn answer(mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::new();
    loop {
        while let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).to_lowercase();
            buffer.drain(..end + 4);
            let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
            let mut body = Bytes::new();
            let response = if head.contains(&format!("if-none-match: {TAG}")) {
                format!("HTTP/1.1 304 Not Modified\r\netag: {TAG}\r\n\r\n")
            } else {
                body = feed(&path);
                format!(
                    "HTTP/1.1 200 OK\r\netag: {TAG}\r\ncontent-type: application/rss+xml\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                )
            };
            let sent = async {
                stream.write_all(response.as_bytes()).await?;
                stream.write_all(&body).await
            };
            if sent.await.is_err() {
                return;
            }
        }
        if !matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {
            return;
        }
    }
}

/// Feeds of thirty articles, 95 KB each, all different; written before anything is timed.
static LARGE: OnceLock<Vec<Bytes>> = OnceLock::new();

fn write_feeds(feeds: usize) -> Vec<Bytes> {
    let mut language = Language::new();
    let feed = |n| {
        let items: String = (0..30)
            .map(|item| {
                let title: String = language.text().chars().take(24).collect();
                let body: String =
                    (0..6).map(|_| format!("&lt;p&gt;{}&lt;/p&gt;", language.text())).collect();
                rss_item(&format!("/large/{n}"), item, &title, &body)
            })
            .collect();
        Bytes::from(rss(&format!("/large/{n}"), &items))
    };
    (0..feeds).map(feed).collect()
}

/// `/small/N` is a feed of one item, `/large/N` one of those.
fn feed(path: &str) -> Bytes {
    match path.strip_prefix("/large/").and_then(|n| n.parse::<usize>().ok()) {
        Some(n) => LARGE.get().expect("written at the start")[n].clone(),
        None => Bytes::from(rss(path, &rss_item(path, 0, path, "新闻"))),
    }
}

fn rss(title: &str, items: &str) -> String {
    format!(
        "<rss version=\"2.0\"><channel><title>{title}</title><link>https://a.example{title}</link>{items}</channel></rss>"
    )
}

fn rss_item(path: &str, n: usize, title: &str, body: &str) -> String {
    format!(
        "<item><guid>{path}/{n}</guid><title>{title}</title><link>https://a.example{path}/{n}</link><pubDate>Fri, 27 May 2022 12:{n:02}:00 +0800</pubDate><description>{body}</description></item>"
    )
}

/// Ingest over a real store and a real door, on so many sources at the origin.
struct House {
    ingest: Ingest,
    store: Arc<dyn Store>,
    upstreams: HashMap<SourceId, Arc<Upstream>>,
    manners: Arc<Manners>,
    clock: Arc<Manual>,
    _folder: tempfile::TempDir,
}

impl House {
    async fn new(address: SocketAddr, kind: &str, sources: usize) -> House {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = format!(
            "[site]\ntitle = \"Bench\"\nurl = \"http://bench.example\"\n\
             [[host]]\nname = \"127.0.0.1\"\nat_once = {AT_ONCE}\ngap = \"0s\"\n"
        );
        for n in 0..sources {
            file += &format!(
                "[[source]]\nid = \"s{n}\"\nkind = \"feed\"\nurl = \"http://{address}/{kind}/{n}\"\nallow = [\"{address}\"]\ninterval = \"10m\"\ncategories = [\"c{}\"]\n",
                n % 50
            );
        }
        let none = |name: &str| Err(format!("no secret `{name}` here"));
        let config = config::parse(&file, Path::new("/"), &none).expect("a good file");
        let url = format!("sqlite:{}", folder.path().join("feedloom.db").display());
        let store: Arc<dyn Store> = store::open(&url).await.expect("a fresh store");
        let now = Timestamp::from_seconds(1_795_000_000, Offset::UTC).expect("a time");
        let clock = Arc::new(Manual::at(now));
        let all: Vec<_> = config.upstreams.iter().map(|upstream| upstream.source.clone()).collect();
        store.enroll(&all, &config.categories, config.window, now).await.expect("enrolled");
        let upstream = |upstream: config::Upstream| Upstream {
            permit: Permit {
                allow: upstream.source.allow.clone(),
                folder: None,
                limits: upstream.source.limits,
                ..Permit::default()
            },
            source: upstream.source,
            adapter: Arc::from(upstream.adapter),
        };
        let all: Vec<Upstream> = config.upstreams.into_iter().map(upstream).collect();
        let upstreams = all.iter().cloned().map(|one| (one.source.id.clone(), Arc::new(one)));
        let upstreams = upstreams.collect();
        let manners = Arc::new(config.manners);
        let door = Arc::new(net::open(net::agent(None), manners.clone()));
        let ingest = Ingest::new(store.clone(), door, clock.clone(), all);
        let ingest = ingest.with_manners(manners.clone());
        House { ingest, store, upstreams, manners, clock, _folder: folder }
    }

    /// Polls all that is due; answers how long that took.
    async fn round(&self) -> Duration {
        let began = Instant::now();
        let reports = self.ingest.round(None, false, |_| {}).await.expect("the store answers");
        let took = began.elapsed();
        let failed = reports.iter().filter(|report| report.trouble.is_some()).count();
        assert_eq!(failed, 0, "{:?}", reports.iter().find_map(|report| report.trouble.clone()));
        self.clock.set(self.clock.now().plus(Duration::from_secs(3600)));
        took
    }
}

/// A bare loop of the client ingest has, over the same addresses.
async fn bare(client: &reqwest::Client, address: SocketAddr, sources: usize) -> Duration {
    let began = Instant::now();
    let asks = (0..sources).map(|n| {
        let request = client.get(format!("http://{address}/small/{n}"));
        let request = request.header("if-none-match", TAG).header("accept-encoding", "gzip, br");
        async move { request.send().await.expect("an answer").status() }
    });
    // In tasks of their own, as polls are.
    let asks = asks.map(tokio::spawn);
    let mut answers = futures_util::stream::iter(asks).buffer_unordered(AT_ONCE);
    while let Some(status) = answers.next().await {
        assert_eq!(status.expect("no panic"), 304);
    }
    began.elapsed()
}

async fn unchanged(address: SocketAddr, sources: usize) {
    let house = House::new(address, "small", sources).await;
    let first = house.round().await;
    println!("{sources} sources for the first time: {:.0} a second", rate(sources, first));
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(rate(sources, house.round().await));
        theirs.push(rate(sources, bare(&client, address, sources).await));
    }
    let mut shares: Vec<f64> = ours.iter().zip(&theirs).map(|(a, b)| a / b).collect();
    for values in [&mut ours, &mut theirs, &mut shares] {
        values.sort_by(f64::total_cmp);
    }
    println!(
        "{sources} sources unchanged: {:.0} a second, a bare client {:.0}: {:.2} of its rate ({:.2} to {:.2}; at least 0.7)",
        ours[ROUNDS / 2],
        theirs[ROUNDS / 2],
        shares[ROUNDS / 2],
        shares[ROUNDS / 4],
        shares[ROUNDS * 3 / 4],
    );
}

fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// Feeds of thirty items from nothing: polled, and the same work alone without asking anybody; and what a
/// feed reader of others needs for the same addresses.
async fn intake(address: SocketAddr, feeds: usize) {
    let (mut ours, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..INTAKES {
        let house = House::new(address, "large", feeds).await;
        ours.push(rate(feeds, house.round().await));
        let house = House::new(address, "large", feeds).await;
        alone.push(rate(feeds, house.work_alone().await));
    }
    for rates in [&mut ours, &mut alone] {
        rates.sort_by(f64::total_cmp);
    }
    let (ours, alone) = (ours[INTAKES / 2], alone[INTAKES / 2]);
    let bytes: usize = (0..feeds).map(|n| feed(&format!("/large/{n}")).len()).sum();
    println!("{feeds} feeds, {} MB, for the first time: {ours:.0} feeds a second", bytes >> 20);
    println!(
        "  parse, sanitise and insert alone {alone:.0}: {:.2} of its speed (at least 0.6)",
        ours / alone
    );
    for (how, config) in [("as it comes", ""), ("with four threads", "reload-threads 4\n")] {
        match newsboat(address, feeds, config) {
            Some(theirs) => {
                let times = ours / theirs;
                println!("  newsboat {how} {theirs:.1}: {times:.1} times as fast (at least 10)");
            }
            None => println!("  newsboat is not installed; not compared"),
        }
    }
}

impl House {
    /// What a first poll does with its answers, which are here already.
    async fn work_alone(&self) -> Duration {
        let ids: Vec<SourceId> = self.upstreams.keys().cloned().collect();
        let now = self.clock.now();
        let (store, rooms) = (&self.store, Rooms::new(self.manners.clone()));
        let mut leases = Vec::new();
        for some in ids.chunks(AT_ONCE) {
            let claimed = store.claim_due(now, AT_ONCE, Some(some), &rooms).await.expect("leases");
            leases.extend(claimed.taken);
        }
        assert_eq!(leases.len(), ids.len());
        let began = Instant::now();
        let work = leases.into_iter().map(async |lease| {
            let upstream = self.upstreams[&lease.source].clone();
            let take = move || {
                let (source, adapter) = (&upstream.source, &upstream.adapter);
                let ask = adapter.asks(source, now).remove(0);
                let at = ask.request.uri().to_string();
                let response = http::Response::new(feed(source.url.path()));
                let entries = adapter.parse(&ask, &at, &response).entries;
                let sighting = |entry: Entry| Sighting {
                    mark: entry.mark,
                    refined: entry.draft.refine(source, now),
                    detailed: false,
                };
                entries.into_iter().map(sighting).collect::<Vec<_>>()
            };
            let sightings = tokio::task::spawn_blocking(take).await.expect("no panic");
            let answer = Some(sightings.iter().map(|sighting| sighting.mark.key).collect());
            let finish = Some(Finish { succeeded: true, answer, ..Finish::default() });
            let slice = Slice { sightings, finish, ..Slice::default() };
            let committed = store.commit_poll(&lease, slice, now).await.expect("committed");
            assert_eq!(committed.published, 30);
        });
        futures_util::stream::iter(work).buffer_unordered(8).collect::<Vec<()>>().await;
        began.elapsed()
    }
}

/// Feeds a second that newsboat takes in from nothing; none when it is not installed.
fn newsboat(address: SocketAddr, feeds: usize, config: &str) -> Option<f64> {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name);
    let urls: String = (0..feeds).map(|n| format!("http://{address}/large/{n}\n")).collect();
    std::fs::write(place("urls"), urls).expect("a file");
    std::fs::write(place("config"), config).expect("a file");
    let began = Instant::now();
    let status = std::process::Command::new("newsboat")
        .env("HOME", folder.path())
        .arg("-u")
        .arg(place("urls"))
        .arg("-c")
        .arg(place("cache"))
        .arg("-C")
        .arg(place("config"))
        .args(["-x", "reload"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .ok()?;
    let took = began.elapsed();
    assert!(status.success(), "newsboat ended with {status}");
    Some(rate(feeds, took))
}
