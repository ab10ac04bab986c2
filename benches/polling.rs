//! Fetching, beside a bare client: a round over many sources that did not change, all at one origin that
//! this bench starts and whose manners are set aside; beside the same requests in a bare loop of the same
//! HTTP client. And a first intake of feeds of thirty items.
//!
//! `cargo bench --bench polling [SOURCES [FEEDS]]`, ten thousand and a thousand when not said.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use feedloom::clock::{Clock, Manual};
use feedloom::config;
use feedloom::ingest::{Ingest, Upstream};
use feedloom::model::time::{Offset, Timestamp};
use feedloom::net::{self, Permit};
use feedloom::store::{self, Store};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const AT_ONCE: usize = 640;
const ROUNDS: usize = 7;
const TAG: &str = "\"v1\"";

fn main() {
    let mut numbers = std::env::args().filter_map(|word| word.parse::<usize>().ok());
    let (sources, feeds) = (numbers.next().unwrap_or(10_000), numbers.next().unwrap_or(1000));
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
            let response = if head.contains(&format!("if-none-match: {TAG}")) {
                format!("HTTP/1.1 304 Not Modified\r\netag: {TAG}\r\n\r\n")
            } else {
                let body = feed(&path);
                format!(
                    "HTTP/1.1 200 OK\r\netag: {TAG}\r\ncontent-type: application/rss+xml\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )
            };
            if stream.write_all(response.as_bytes()).await.is_err() {
                return;
            }
        }
        if !matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {
            return;
        }
    }
}

/// `/small/N` is a feed of one item, `/large/N` one of thirty items, 95 KB.
fn feed(path: &str) -> String {
    let (items, sentences) = if path.starts_with("/large/") { (30, 24) } else { (1, 1) };
    let items: String = (0..items)
        .map(|n| {
            let words = format!("第{n}段：{path}各地要闻，今日快讯，市场与新闻出版动态，记者报道。");
            let body: String = format!("&lt;p&gt;{words}&lt;/p&gt;").repeat(sentences);
            format!(
                "<item><guid>{path}/{n}</guid><title>标题{n} {path}</title><link>https://a.example{path}/{n}</link><pubDate>Fri, 27 May 2022 12:{n:02}:00 +0800</pubDate><description>{body}</description></item>"
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>{path}</title>{items}</channel></rss>")
}

/// Ingest over a real store and a real door, on so many sources at the origin.
struct House {
    ingest: Ingest,
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
        let upstreams = config.upstreams.into_iter().map(|upstream| Upstream {
            permit: Permit {
                allow: upstream.source.allow.clone(),
                folder: None,
                limits: upstream.source.limits,
            },
            source: upstream.source,
            adapter: Arc::from(upstream.adapter),
        });
        let manners = Arc::new(config.manners);
        let door = Arc::new(net::open(net::agent(None), manners.clone()));
        let ingest = Ingest::new(store, door, clock.clone(), upstreams.collect());
        House { ingest: ingest.with_manners(manners), clock, _folder: folder }
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

async fn intake(address: SocketAddr, feeds: usize) {
    let house = House::new(address, "large", feeds).await;
    let took = house.round().await;
    let bytes: usize = (0..feeds).map(|n| feed(&format!("/large/{n}")).len()).sum();
    println!(
        "{feeds} feeds, {} MB, for the first time: {:.0} feeds a second",
        bytes >> 20,
        rate(feeds, took)
    );
}
