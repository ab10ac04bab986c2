//! How soon readers have what was taken in: from the end of a commit to the first byte of an answer that
//! has the new article, over a socket, in a category of a hundred articles of 5 KB.
//!
//! `cargo bench --bench fresh`

mod stock;

use std::sync::Arc;
use std::time::{Duration, Instant};

use feedloom::clock::{self, Clock};
use feedloom::model::draft::Stamp;
use feedloom::model::feed::{Site, Window};
use feedloom::model::manners::Rooms;
use feedloom::model::source::Source;
use feedloom::model::time::{Timestamp, Zone};
use feedloom::press::{Press, Terms};
use feedloom::serve::{self, Answers, Bounds, Desk, Listener, Pushes};
use feedloom::store::{Everything, Finish, Sighting, Slice, Store, open};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use stock::{Article, resident, source};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CATEGORIES: usize = 20;
const ITEMS: usize = 100;
const COMMITS: usize = 200;
const FORMATS: [&str; 4] = ["rss", "atom", "json", "html"];
const WINDOW: Window = Window { items: ITEMS, age: Duration::ZERO, max: ITEMS, bytes: usize::MAX };

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("feedloom.db").display());
    let store = open(&url).await.expect("a fresh store");
    let source = source(CATEGORIES);
    let sources = std::slice::from_ref(&source);
    store.enroll(sources, &[], WINDOW, clock::System.now()).await.expect("enrolled");
    let all: Vec<usize> = (0..CATEGORIES * ITEMS).collect();
    for numbers in all.chunks(256) {
        commit(&*store, &source, numbers).await;
    }
    let mut reader = Reader::of(serve(store.clone()).await).await;
    for (what, asks) in [("nobody asked for", 0), ("asked for before", 2)] {
        let mut times = Vec::new();
        for number in 0..COMMITS {
            let path = format!(
                "/category/category-{}.{}",
                number % CATEGORIES,
                FORMATS[number / CATEGORIES % FORMATS.len()]
            );
            for _ in 0..asks {
                reader.ask(&path).await;
            }
            // What was pressed for others is not what is waited for here.
            tokio::time::sleep(Duration::from_millis(20)).await;
            let number = CATEGORIES * ITEMS + COMMITS * asks + number;
            commit(&*store, &source, &[number]).await;
            let title = title(number);
            let began = Instant::now();
            let first = loop {
                let (first, answer) = reader.ask(&path).await;
                if answer.windows(title.len()).any(|part| part == title.as_bytes()) {
                    break first;
                }
            };
            times.push(first.duration_since(began).as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        let at = |share: usize| times[(times.len() - 1) * share / 100];
        println!(
            "a changed feed {what}: first byte {:.1} ms after the commit, p95 {:.1} ms, worst {:.1} ms",
            at(50),
            at(95),
            at(100)
        );
    }
    println!("{} MB of memory of its own", resident() >> 10);
}

fn title(number: usize) -> String {
    format!("article {number} of the bench")
}

async fn commit(store: &dyn Store, source: &Source, numbers: &[usize]) {
    let now = clock::System.now();
    let claimed = store.claim_due(now, 1, None, &Rooms::default()).await.expect("claimed");
    let sightings = numbers.iter().map(|number| article(source, *number, now)).collect();
    let finish = Finish { succeeded: true, due: Some(now), ..Finish::default() };
    let slice = Slice { sightings, finish: Some(finish), ..Slice::default() };
    store.commit_poll(&claimed.taken[0], slice, now).await.expect("committed");
}

fn article(source: &Source, number: usize, now: Timestamp) -> Sighting {
    let sentence = format!("第{number}条：当日各项指标运行平稳，相关部门表示将继续推进重点工作。");
    let article = Article {
        number,
        category: number % CATEGORIES,
        title: title(number),
        content: format!("<p>{}</p>\n", sentence.repeat(5)).repeat(11),
        published: Stamp::detect(now.rfc3339()),
    };
    article.sighting(source, now)
}

/// Press and server around a store, as the program puts them together; answers where.
async fn serve(store: Arc<dyn Everything>) -> std::net::SocketAddr {
    let site = Site {
        title: "Bench".into(),
        url: "http://bench.example".into(),
        language: None,
        description: None,
        zone: Zone::default(),
    };
    let terms = Terms { window: WINDOW, ..Terms::default() };
    let press = Arc::new(Press::new(store.clone(), site, terms));
    let looking = press.clone();
    tokio::spawn(async move { looking.run(std::future::pending()).await });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let desk = Desk {
        press,
        store,
        clock: Arc::new(clock::System),
        upstreams: Vec::new(),
        unstored: Box::new(Default::default),
        pushes: Pushes::new(Box::new(|_, _| Box::pin(async { Ok(()) })), Arc::default()),
        hub: None,
        ready: watch::channel(true).1,
        answers: Answers::default(),
    };
    let listener = Listener::Tcp(listener);
    tokio::spawn(serve::run(listener, Arc::new(desk), Bounds::default(), std::future::pending()));
    address
}

/// One connection, over which one thing is asked at a time.
struct Reader(TcpStream);

impl Reader {
    async fn of(address: std::net::SocketAddr) -> Reader {
        let stream = TcpStream::connect(address).await.expect("it listens");
        stream.set_nodelay(true).expect("a socket");
        Reader(stream)
    }

    /// When the first byte of the answer came, and the answer.
    async fn ask(&mut self, path: &str) -> (Instant, Vec<u8>) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: bench.example\r\n\r\n");
        self.0.write_all(request.as_bytes()).await.expect("it reads");
        let (mut answer, mut first) = (Vec::new(), None);
        loop {
            self.0.read_buf(&mut answer).await.expect("it answers");
            first.get_or_insert_with(Instant::now);
            if let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
                let lines = String::from_utf8_lossy(&answer[..head]).to_lowercase();
                assert!(lines.starts_with("http/1.1 200"), "{path}: {lines}");
                let length = lines.lines().find_map(|line| line.strip_prefix("content-length: "));
                let length: usize = length.and_then(|length| length.parse().ok()).expect("one");
                if answer.len() == head + 4 + length {
                    return (first.expect("some bytes"), answer);
                }
            }
        }
    }
}
