//! Pushing: from the commit of an item to the 2xx of who is told, beside ten thousand endpoints that hang;
//! signed messages a second; and an update that reaches ten thousand followers of one topic. All on loopback,
//! receivers in a thread of their own.
//!
//! `cargo bench --bench pushing [ENDPOINTS [SECONDS]]`, ten thousand that hang and a minute when not said. Linux
//! only, for the addresses 127.0.0.0/8 and `/proc`.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use feedloom::clock::{Clock, System};
use feedloom::deliver::{Deliver, Hub};
use feedloom::model::draft::Stamp;
use feedloom::model::feed::{Site, Window};
use feedloom::model::follower::{Intent, Mode};
use feedloom::model::manners::{Manner, Manners, Rooms};
use feedloom::model::source::Allowed;
use feedloom::model::subscription::{SubscriptionId, Webhook};
use feedloom::model::time::Zone;
use feedloom::net;
use feedloom::press::{Press, Terms};
use feedloom::store::followers::Verdict;
use feedloom::store::{self, Everything, Finish, Slice};
use feedloom::webhook::key::Key;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

#[allow(dead_code)]
mod stock;

use stock::{Article, resident, source};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const KEY: &str = "whsec_AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=";
/// Endpoints of the measure of messages a second, and items told to each.
const HEALTHY: usize = 64;
const ITEMS: usize = 500;
const FOLLOWERS: usize = 10_000;

/// What receivers saw.
#[derive(Default)]
struct Seen {
    messages: AtomicUsize,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
    /// When an item was first told.
    told: Mutex<HashMap<usize, Instant>>,
}

fn main() {
    let mut numbers = std::env::args().filter_map(|word| word.parse::<usize>().ok());
    let hanging = numbers.next().unwrap_or(10_000);
    let seconds = numbers.next().unwrap_or(60);
    rlimit::increase_nofile_limit(20_000).expect("enough open files");
    let seen = Arc::new(Seen::default());
    let (tell, address) = std::sync::mpsc::channel();
    let seeing = seen.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let listener = TcpListener::bind("0.0.0.0:0").await.expect("a port");
            tell.send(listener.local_addr().expect("its address")).expect("it is awaited");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                tokio::spawn(receive(stream, seeing.clone()));
            }
        });
    });
    let address = address.recv().expect("an address");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        messages(address, &seen, Some(1000)).await;
        messages(address, &seen, None).await;
        followers(address, &seen).await;
        latency(address, &seen, hanging, seconds).await;
    });
    runtime.shutdown_background();
}

/// Takes messages on one connection; those to `/hang` are never answered.
async fn receive(mut stream: TcpStream, seen: Arc<Seen>) {
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            if !matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {
                return;
            }
        };
        let head = String::from_utf8_lossy(&buffer[..end]).to_lowercase();
        buffer.drain(..end + 4);
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next());
        let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
        while buffer.len() < length {
            if !matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {
                return;
            }
        }
        let body: Vec<u8> = buffer.drain(..length).collect();
        if head.starts_with("post /hang") {
            std::future::pending::<()>().await;
        }
        let at_once = seen.at_once.fetch_add(1, SeqCst) + 1;
        seen.most_at_once.fetch_max(at_once, SeqCst);
        if head.starts_with("post /slow") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if let Some(number) = number(&body) {
            seen.told.lock().expect("nobody panicked").entry(number).or_insert_with(Instant::now);
        }
        seen.messages.fetch_add(1, SeqCst);
        seen.at_once.fetch_sub(1, SeqCst);
        let is_sent = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.is_ok();
        if !is_sent || head.contains("connection: close") {
            return;
        }
    }
}

/// The number in an item's title.
fn number(body: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(body).ok()?;
    let title = text.split("\"title\":\"number ").nth(1)?;
    title.split('"').next()?.parse().ok()
}

/// A house that pushes.
struct House {
    store: Arc<dyn Everything>,
    deliver: Deliver,
    stop: CancellationToken,
    press: Arc<Press>,
    next: usize,
    _folder: tempfile::TempDir,
}

impl House {
    /// A fresh store and these webhooks; so many messages at once at each host, or as it is by default.
    async fn new(webhooks: Vec<Webhook>, pushes: Option<usize>) -> House {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("feedloom.db").display());
        let store = store::open(&url).await.expect("a fresh store");
        let now = System.now();
        store.enroll(&[source(1)], &[], Window::default(), now).await.expect("enrolled");
        store.enlist(&webhooks).await.expect("enlisted");
        let keys =
            webhooks.into_iter().map(|webhook| (webhook.id, vec![Key::read(KEY).expect("a key")]));
        let manners = pushes.map(|pushes| {
            let manner = Manner { pushes, ..Manner::default() };
            Manners::new([("127.0.0.1".to_owned(), manner)])
        });
        let manners = Arc::new(manners.unwrap_or_default());
        let door = Arc::new(net::open(net::agent(None), manners.clone()));
        let site = Site {
            title: "Bench".into(),
            url: "http://bench.example".into(),
            language: None,
            description: None,
            zone: Zone::default(),
        };
        let terms = Terms { has_hub: true, ..Terms::default() };
        let press = Arc::new(Press::new(store.clone(), site, terms));
        let deliver = Deliver::open(
            store.clone(),
            door,
            Arc::new(System),
            press.clone(),
            Arc::default(),
            keys.collect(),
        );
        let allow = vec![Allowed::parse("127.0.0.0/8").expect("a network")];
        let hub = Hub { allow, ..Hub::default() };
        let deliver = deliver.await.expect("opened").with_manners(manners).with_hub(hub);
        let mut house = House {
            store,
            deliver,
            stop: CancellationToken::new(),
            press,
            next: 0,
            _folder: folder,
        };
        // A first poll, which is told to nobody.
        house.publish(1).await;
        house
    }

    fn run(&self) {
        let (deliver, stop, press) = (self.deliver.clone(), self.stop.clone(), self.press.clone());
        tokio::spawn(async move { deliver.run(stop).await });
        let stop = self.stop.clone();
        tokio::spawn(async move { press.run(stop.cancelled_owned()).await });
    }

    /// Commits so many new items; answers when.
    async fn publish(&mut self, items: usize) -> Instant {
        let (source, now) = (source(1), System.now());
        let sightings = (self.next..self.next + items).map(|number| {
            let article = Article {
                number,
                category: 0,
                title: format!("number {number}"),
                content: format!("<p>What there is to say of number {number}.</p>").repeat(10),
                published: Stamp::detect(now.rfc3339()),
            };
            article.sighting(&source, now)
        });
        let sightings = sightings.collect();
        self.next += items;
        let only = [source.id.clone()];
        let claimed = self.store.claim_due(now, 1, Some(&only), &Rooms::default()).await;
        let lease = claimed.expect("claimed").taken.pop().expect("a lease");
        let finish = Some(Finish { succeeded: true, ..Finish::default() });
        let slice = Slice { sightings, owed: Vec::new(), finish };
        self.store.commit_poll(&lease, slice, now).await.expect("committed");
        Instant::now()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn webhook(name: String, address: SocketAddr, path: &str) -> Webhook {
    let port = address.port();
    let id = SubscriptionId::new(&name).expect("an id");
    Webhook {
        allow: vec![Allowed::Host("127.0.0.1".into(), Some(port))],
        ..Webhook::new(id, format!("http://127.0.0.1:{port}{path}"))
    }
}

/// Signed messages a second to healthy endpoints.
async fn messages(address: SocketAddr, seen: &Seen, pushes: Option<usize>) {
    let path = if pushes.is_some() { "/quick" } else { "/slow" };
    let webhooks = (0..HEALTHY).map(|n| webhook(format!("w{n}"), address, path)).collect();
    let mut house = House::new(webhooks, pushes).await;
    let before = seen.messages.swap(0, SeqCst);
    seen.most_at_once.store(0, SeqCst);
    let items = if pushes.is_some() { ITEMS } else { ITEMS / 10 };
    house.publish(items).await;
    let began = Instant::now();
    house.run();
    while seen.messages.load(SeqCst) < HEALTHY * items {
        assert!(began.elapsed() < Duration::from_secs(120), "{before}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let rate = (HEALTHY * items) as f64 / began.elapsed().as_secs_f64();
    let most = seen.most_at_once.load(SeqCst);
    match pushes {
        Some(_) => println!(
            "{HEALTHY} healthy endpoints, {items} items each: {rate:.0} signed messages a second (at least 2000)"
        ),
        None => println!(
            "the same with the limits as they are by default: {most} at once at one host (8 at most), {rate:.0} a second where each takes 5 ms"
        ),
    }
}

/// From the commit of an item until all followers of one topic have it.
async fn followers(address: SocketAddr, seen: &Seen) {
    let mut house = House::new(Vec::new(), None).await;
    let now = System.now();
    for n in 0..FOLLOWERS {
        let host = format!("127.1.{}.{}", n / 250, n % 250 + 1);
        let intent = Intent {
            number: 0,
            mode: Mode::Subscribe,
            topic: "/all.json".to_owned(),
            asked: "http://bench.example/all.json".to_owned(),
            callback: format!("http://{host}:{}/follower/{n}", address.port()),
            secret: Some("a secret of its own".to_owned()),
            lease: Duration::from_secs(86_400),
            attempts: 0,
        };
        house.store.intend(&intent, now).await.expect("stored");
        let until = now.plus(Duration::from_secs(86_400));
        for asked in house.store.claim_intents(System.now(), 9).await.expect("claimed") {
            let meant = Verdict::Meant { until, edition: None };
            house.store.verified(&asked, meant).await.expect("stored");
        }
    }
    seen.messages.store(0, SeqCst);
    let before = resident();
    let began = house.publish(1).await;
    house.run();
    while seen.messages.load(SeqCst) < FOLLOWERS {
        assert!(began.elapsed() < Duration::from_secs(120), "{}", seen.messages.load(SeqCst));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let took = began.elapsed().as_secs_f64();
    let more = resident().saturating_sub(before) >> 10;
    println!(
        "an update reaches {FOLLOWERS} followers of one topic in {took:.1} s (within 10), {more} MB more"
    );
}

/// From the commit of an item to its endpoint's answer, at a thousand items a minute, beside endpoints that hang.
async fn latency(address: SocketAddr, seen: &Seen, hanging: usize, seconds: usize) {
    for hanging in [0, hanging] {
        let mut webhooks: Vec<Webhook> =
            (0..hanging).map(|n| webhook(format!("hang-{n}"), address, "/hang")).collect();
        webhooks.push(webhook("quick".to_owned(), address, "/quick"));
        let mut house = House::new(webhooks, Some(100_000)).await;
        house.run();
        // Until it is known of each whether it hangs.
        house.publish(1).await;
        tokio::time::sleep(Duration::from_secs(12)).await;
        seen.told.lock().expect("nobody panicked").clear();
        let (mut committed, mut memory) = (HashMap::new(), 0);
        let mut tick = tokio::time::interval(Duration::from_millis(60));
        for _ in 0..seconds * 1000 / 60 {
            tick.tick().await;
            let number = house.next;
            committed.insert(number, house.publish(1).await);
            memory = memory.max(resident());
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        let told = seen.told.lock().expect("nobody panicked");
        let mut waits: Vec<Duration> = committed
            .iter()
            .filter_map(|(number, at)| {
                told.get(number).map(|told| told.saturating_duration_since(*at))
            })
            .collect();
        waits.sort();
        let lost = committed.len() - waits.len();
        let at =
            |share: f64| waits[((waits.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
        println!(
            "{} items in {seconds} s beside {hanging} endpoints that hang: p50 {:.1} ms (50 at most), p99 {:.1} ms (2000 at most), worst {:.1} ms, {lost} not told, {} MB with receivers and all (512 at most)",
            committed.len(),
            at(0.5),
            at(0.99),
            at(1.0),
            memory >> 10,
        );
    }
}
