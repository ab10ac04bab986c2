//! What must stay fast however much is kept: the newest twenty of a million short articles whatever is
//! searched, an index that follows as fast as items come, and any feed of two thousand categories that
//! nobody asked for yet. Shares within one run count; absolute figures are the machine's.
//!
//! `cargo bench --bench million [ITEMS] [apart] [FOLDER]`, a million when not said; `apart` takes all
//! items in before the index begins to follow. What was taken in stays in a folder that is named, and is
//! found there the next time. Linux only, for the addresses 127.0.0.0/8 and `/proc`.

mod house;
mod language;
mod stock;

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use feedloom::model::draft::Stamp;
use feedloom::model::feed::{Shelf, Window};
use feedloom::model::manners::Rooms;
use feedloom::model::text::Query;
use feedloom::model::time::{Offset, Timestamp};
use feedloom::model::view::Selection;
use feedloom::store::{Finish, Slice, Store, open};

use house::House;
use language::Language;
use stock::{Article, resident, source};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CATEGORIES: usize = 2000;
/// As ingest commits them, and as the index follows.
const SLICE: usize = 256;
const STEP: usize = 64;
const NEWEST: usize = 20;

#[tokio::main]
async fn main() {
    let asked: Option<usize> = std::env::args().find_map(|word| word.parse().ok());
    let items = asked.unwrap_or(1_000_000);
    let passing = tempfile::tempdir().expect("a folder");
    let named = std::env::args().skip(1).map(PathBuf::from).find(|word| word.is_dir());
    let folder = named.as_deref().unwrap_or(passing.path());
    let file = folder.join("feedloom.db");
    let mut language = Language::new();
    if !file.exists() {
        let store = open(&format!("sqlite:{}", file.display())).await.expect("a fresh store");
        let apart = std::env::args().any(|word| word == "apart");
        fill(&*store, &mut language, items, apart).await;
    }
    println!("{} MB of database", fs::metadata(&file).map_or(0, |file| file.len()) >> 20);
    let store = open(&format!("sqlite:{}", file.display())).await.expect("the same store");
    let before = resident();
    for pass in ["first", "second"] {
        search(&*store, &language, pass).await;
    }
    println!(
        "{} MB of memory of its own, {} before the first query",
        resident() >> 10,
        before >> 10
    );
    drop(store);
    serve(folder).await;
}

/// Takes items in and lets the index follow, in turn or one after the other.
async fn fill(store: &dyn Store, language: &mut Language, items: usize, apart: bool) {
    let source = source(CATEGORIES);
    let mut now = Timestamp::from_seconds(1_700_000_000, Offset::UTC).expect("a time");
    let sources = std::slice::from_ref(&source);
    store.enroll(sources, &[], Window::default(), now).await.expect("enrolled");
    let (mut raw, mut slices, mut steps) = (0, Vec::new(), Vec::new());
    for first in (0..items).step_by(SLICE) {
        let claimed = store.claim_due(now, 1, None, &Rooms::default()).await.expect("claimed");
        let last = items.min(first + SLICE);
        let texts: Vec<String> = (first..last).map(|_| language.text()).collect();
        raw += texts.iter().map(String::len).sum::<usize>();
        // As many as ten minutes bring, two seconds apart.
        let at = |number: usize| now.minus(Duration::from_secs(2 * (last - number) as u64));
        let sightings = (first..last).zip(&texts).map(|(number, text)| {
            let article = Article {
                number,
                category: number % CATEGORIES,
                title: text.chars().take(16).collect(),
                content: format!("<p>{text}</p>"),
                published: Stamp::detect(at(number).at(Offset::CHINA).rfc3339()),
            };
            article.sighting(&source, now)
        });
        let sightings = sightings.collect();
        let finish = Finish { succeeded: true, due: Some(now), ..Finish::default() };
        let slice = Slice { sightings, finish: Some(finish), ..Slice::default() };
        let start = Instant::now();
        store.commit_poll(&claimed.taken[0], slice, now).await.expect("committed");
        slices.push(start.elapsed());
        if !apart {
            follow(store, &mut steps).await;
        }
        now = now.plus(Duration::from_secs(600));
    }
    follow(store, &mut steps).await;
    let rate = |times: &[Duration]| items as f64 / times.iter().sum::<Duration>().as_secs_f64();
    println!("{items} items of {} bytes: {:.0} a second taken in", raw / items, rate(&slices));
    println!("{:.0} a second indexed", rate(&steps));
    println!("a slice of {SLICE} taken in: {}", spread(&mut slices));
    println!("a step of {STEP} indexed: {}", spread(&mut steps));
    println!("{} MB of memory of its own", resident() >> 10);
}

async fn follow(store: &dyn Store, steps: &mut Vec<Duration>) {
    let mut has_more = true;
    while has_more {
        let start = Instant::now();
        has_more = store.index(STEP).await.expect("indexed");
        steps.push(start.elapsed());
    }
}

/// Asks two hundred questions, and tells how long the answers took.
async fn search(store: &dyn Store, language: &Language, pass: &str) {
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    let mut hits: BTreeMap<&str, usize> = BTreeMap::new();
    for (kind, words) in language.questions() {
        let query = Query::read(&words).expect("a query");
        let selection = Selection::found(query, Shelf::All, NEWEST);
        let start = Instant::now();
        let found = store.select(&selection).await.expect("found");
        times.entry(kind).or_default().push(start.elapsed());
        *hits.entry(kind).or_default() += found.len();
    }
    let mut all: Vec<Duration> = times.values().flatten().copied().collect();
    println!("{pass} pass, {} queries: {}", all.len(), spread(&mut all));
    for (kind, mut times) in times {
        println!(
            "  {kind:28} {:3} queries, {:4} hits: {}",
            times.len(),
            hits[kind],
            spread(&mut times)
        );
    }
}

/// Starts the program on what is kept, and asks for every feed there is.
async fn serve(folder: &Path) {
    let empty = "<rss version=\"2.0\"><channel><title>Bench</title></channel></rss>";
    fs::write(folder.join("bench.rss"), empty).expect("written");
    let sections = format!(
        "[store]\nurl = \"sqlite:feedloom.db\"\nkeep = \"for ever\"\n\
         [[source]]\nid = \"bench\"\nkind = \"feed\"\nurl = \"file:bench.rss\"\n\
         max_categories = {CATEGORIES}\n"
    );
    let began = Instant::now();
    let house = House::start(folder, &sections);
    house.is_up().await;
    println!("the program answers after {:.0} ms", began.elapsed().as_secs_f64() * 1e3);
    println!("  {} MB of memory of its own", house.memory() >> 20);
    let formats = ["rss", "atom", "json", "html"];
    let feed = |category: usize, turn: usize| {
        format!("/category/category-{category}.{}", formats[(category + turn) % formats.len()])
    };
    let mut times = Vec::new();
    for turn in 0..formats.len() {
        for category in 0..CATEGORIES {
            let path = feed(category, turn);
            let time = house::ask(Ipv4Addr::LOCALHOST, house.address, &path).await;
            let time = time.unwrap_or_else(|| panic!("{path} has no answer"));
            // Its other formats have less to do.
            if turn == 0 {
                times.push(time);
            }
        }
    }
    println!("any of {CATEGORIES} feeds for the first time: {}", spread(&mut times));
    println!("  {} MB of memory of its own when all were asked", house.memory() >> 20);
}

fn spread(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e3;
    format!("median {:.2} ms, p95 {:.2} ms, worst {:.2} ms", at(50), at(95), at(100))
}
