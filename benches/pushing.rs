//! Pushing: from the commit of an item to the 2xx of who is told, beside ten thousand endpoints that hang;
//! signed messages a second; and an update that reaches ten thousand followers of one topic. All on loopback,
//! receivers in a process of their own.
//!
//! `cargo bench --bench pushing [ENDPOINTS [SECONDS]]`, ten thousand that hang and a minute when not said. Linux
//! only, for the addresses 127.0.0.0/8 and `/proc`.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
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
    /// When an item was first told, in milliseconds.
    told: Mutex<HashMap<usize, i64>>,
}

/// The receivers, in a process of their own, as each end of a connection is an open file.
struct Receivers {
    process: Child,
    address: SocketAddr,
}

impl Receivers {
    fn start() -> Receivers {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        let mut process = command.arg("receive").stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        let stdout = process.stdout.as_mut().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        Receivers { process, address: line.trim().parse().expect("an address") }
    }

    /// What they saw since they were asked last, or not even looked at.
    async fn ask(&self, path: &str) -> (usize, usize, HashMap<usize, i64>) {
        let at = SocketAddr::from(([127, 0, 0, 1], self.address.port()));
        let mut stream = TcpStream::connect(at).await.expect("they listen");
        let request = format!("GET {path} HTTP/1.1\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        let mut numbers =
            answer.split_whitespace().map(|word| word.parse::<i64>().expect("a number"));
        let mut count = || usize::try_from(numbers.next().expect("a number")).expect("a count");
        let (messages, most) = (count(), count());
        let mut told = HashMap::new();
        while let (Some(number), Some(at)) = (numbers.next(), numbers.next()) {
            told.insert(usize::try_from(number).expect("a count"), at);
        }
        (messages, most, told)
    }
}

impl Drop for Receivers {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What `Receivers` is at its other end.
fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let listener = TcpListener::bind("0.0.0.0:0").await.expect("a port");
        println!("{}", listener.local_addr().expect("its address"));
        let seen = Arc::new(Seen::default());
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            tokio::spawn(receive(stream, seen.clone()));
        }
    });
}

fn main() {
    rlimit::increase_nofile_limit(20_000).expect("enough open files");
    if std::env::args().any(|word| word == "receive") {
        return serve();
    }
    let mut numbers = std::env::args().filter_map(|word| word.parse::<usize>().ok());
    let hanging = numbers.next().unwrap_or(10_000);
    let seconds = numbers.next().unwrap_or(60);
    let receivers = Receivers::start();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        messages(&receivers, Some(1000)).await;
        messages(&receivers, None).await;
        followers(&receivers).await;
        latency(&receivers, hanging, seconds).await;
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
        if head.starts_with("get /") {
            if head.starts_with("get /anew") {
                seen.messages.store(0, SeqCst);
                seen.most_at_once.store(0, SeqCst);
                seen.told.lock().expect("nobody panicked").clear();
            }
            let (messages, most) = (seen.messages.load(SeqCst), seen.most_at_once.load(SeqCst));
            let mut told = format!("{messages} {most}");
            if head.starts_with("get /told") {
                for (number, at) in &*seen.told.lock().expect("nobody panicked") {
                    told.push_str(&format!(" {number} {at}"));
                }
            }
            let _ = stream.write_all(told.as_bytes()).await;
            return;
        }
        if head.starts_with("post /hang") {
            // Until the other side has had enough.
            while matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {}
            return;
        }
        let at_once = seen.at_once.fetch_add(1, SeqCst) + 1;
        seen.most_at_once.fetch_max(at_once, SeqCst);
        if head.starts_with("post /slow") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if let Some(number) = number(&body) {
            let mut told = seen.told.lock().expect("nobody panicked");
            told.entry(number).or_insert_with(|| System.now().millis());
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
async fn messages(receivers: &Receivers, pushes: Option<usize>) {
    let address = receivers.address;
    let path = if pushes.is_some() { "/quick" } else { "/slow" };
    let webhooks = (0..HEALTHY).map(|n| webhook(format!("w{n}"), address, path)).collect();
    let mut house = House::new(webhooks, pushes).await;
    receivers.ask("/anew").await;
    let items = if pushes.is_some() { ITEMS } else { ITEMS / 10 };
    house.publish(items).await;
    let began = Instant::now();
    house.run();
    let most = loop {
        let (messages, most, _) = receivers.ask("/seen").await;
        if messages >= HEALTHY * items {
            break most;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{messages}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let rate = (HEALTHY * items) as f64 / began.elapsed().as_secs_f64();
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
async fn followers(receivers: &Receivers) {
    let address = receivers.address;
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
    receivers.ask("/anew").await;
    let before = resident();
    let began = house.publish(1).await;
    house.run();
    while receivers.ask("/seen").await.0 < FOLLOWERS {
        assert!(began.elapsed() < Duration::from_secs(120), "they are not all told");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let took = began.elapsed().as_secs_f64();
    let more = resident().saturating_sub(before) >> 10;
    println!(
        "an update reaches {FOLLOWERS} followers of one topic in {took:.1} s (within 10), {more} MB more"
    );
}

/// From the commit of an item to its endpoint's answer, at a thousand items a minute, beside endpoints that hang.
async fn latency(receivers: &Receivers, hanging: usize, seconds: usize) {
    let address = receivers.address;
    for hanging in [0, hanging] {
        let mut webhooks: Vec<Webhook> =
            (0..hanging).map(|n| webhook(format!("hang-{n}"), address, "/hang")).collect();
        webhooks.push(webhook("quick".to_owned(), address, "/quick"));
        let mut house = House::new(webhooks, Some(100_000)).await;
        house.run();
        // Until it is known of each whether it hangs.
        house.publish(1).await;
        tokio::time::sleep(Duration::from_secs(12)).await;
        receivers.ask("/anew").await;
        let (mut committed, mut memory) = (HashMap::new(), 0);
        let mut tick = tokio::time::interval(Duration::from_millis(60));
        for _ in 0..seconds * 1000 / 60 {
            tick.tick().await;
            let number = house.next;
            house.publish(1).await;
            committed.insert(number, System.now().millis());
            memory = memory.max(resident());
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        let (_, _, told) = receivers.ask("/told").await;
        let wait = |(number, at): (&usize, &i64)| Some((told.get(number)? - at).max(0));
        let mut waits: Vec<i64> = committed.iter().filter_map(wait).collect();
        waits.sort();
        let lost = committed.len() - waits.len();
        let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize];
        println!(
            "{} items in {seconds} s beside {hanging} endpoints that hang: p50 {} ms (50 at most), p99 {} ms (2000 at most), worst {} ms, {lost} not told, {} MB (512 at most)",
            committed.len(),
            at(0.5),
            at(0.99),
            at(1.0),
            memory >> 10,
        );
    }
}
