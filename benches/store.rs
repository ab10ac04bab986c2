//! What must stay fast in the store: taking items in, and reading the newest of a category however
//! many there are. Ratios within one run count; absolute figures are the machine's.
//!
//! `cargo bench --bench store [SMALL LARGE]`, ten thousand and a million items when not said.

mod stock;

use std::time::{Duration, Instant};

use feedloom::model::draft::Stamp;
use feedloom::model::feed::{Shelf, Window};
use feedloom::model::manners::Rooms;
use feedloom::model::source::Source;
use feedloom::model::time::{Offset, Timestamp};
use feedloom::model::view::Selection;
use feedloom::store::{Finish, Sighting, Slice, Store, open};

use stock::{Article, name, resident, source};

/// Articles stand in so many categories, by turns.
const CATEGORIES: usize = 50;
/// As ingest commits them.
const SLICE: usize = 256;
const READS: usize = 1000;
const NEWEST: Window = Window { items: 50, age: Duration::ZERO, max: 50, bytes: usize::MAX };

#[tokio::main]
async fn main() {
    let sizes: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let [small, large] = sizes[..] else { return compare(10_000, 1_000_000).await };
    compare(small, large).await;
}

async fn compare(small: usize, large: usize) {
    let few = measure(small).await;
    let many = measure(large).await;
    println!("newest 50 of {large} over newest 50 of {small}: {:.2}", many / few);
}

/// Fills a store with so many items and answers the median of its reads in seconds.
async fn measure(items: usize) -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("feedloom.db").display());
    let store = open(&url).await.expect("a fresh store");
    let (took, memory) = fill(store.as_ref(), items).await;
    println!("{items} items: {:.0} a second", items as f64 / took.as_secs_f64());
    let median = median(store.as_ref()).await;
    println!("{items} items: newest 50 of a category in {:.0} µs", median * 1e6);
    println!("{items} items: {} MB of memory of its own at most", memory.max(resident()) >> 10);
    median
}

async fn fill(store: &dyn Store, items: usize) -> (Duration, u64) {
    let source = source(CATEGORIES);
    let mut now = Timestamp::from_seconds(1_700_000_000, Offset::UTC).expect("a time");
    store
        .enroll(std::slice::from_ref(&source), &[], Window::default(), now)
        .await
        .expect("enrolled");
    let (mut took, mut memory) = (Duration::ZERO, 0);
    for first in (0..items).step_by(SLICE) {
        let claimed = store.claim_due(now, 1, None, &Rooms::default()).await.expect("claimed");
        let last = items.min(first + SLICE);
        let sightings = (first..last).map(|number| article(&source, number, now)).collect();
        let finish = Finish { succeeded: true, due: Some(now), ..Finish::default() };
        let slice = Slice { sightings, finish: Some(finish), ..Slice::default() };
        let start = Instant::now();
        store.commit_poll(&claimed.taken[0], slice, now).await.expect("committed");
        took += start.elapsed();
        memory = memory.max(resident());
        now = now.plus(Duration::from_secs(600));
    }
    (took, memory)
}

async fn median(store: &dyn Store) -> f64 {
    let heads = store.heads(Default::default()).await.expect("heads");
    let categories: Vec<Selection> = heads
        .into_iter()
        .map(|head| head.shelf)
        .filter(|shelf| matches!(shelf, Shelf::Category(_)))
        .map(|shelf| Selection::of(shelf, NEWEST))
        .collect();
    let mut times = Vec::new();
    for read in 0..READS + CATEGORIES {
        let start = Instant::now();
        let items = store.select(&categories[read % CATEGORIES]).await.expect("items");
        times.push(start.elapsed());
        assert_eq!(items.len(), 50);
    }
    // The first of each category only warm it.
    let mut times = times.split_off(CATEGORIES);
    times.sort_unstable();
    times[READS / 2].as_secs_f64()
}

/// An article of about one kilobyte, in one of fifty categories.
fn article(source: &Source, number: usize, now: Timestamp) -> Sighting {
    let words = "重庆荣昌全方位发力打造食安高地。".repeat(16);
    let title = name(number);
    let content = format!("<p>{words}</p><p>{title}</p>");
    let published = Stamp::detect(now.at(Offset::CHINA).rfc3339());
    let category = number % CATEGORIES;
    Article { number, category, title, content, published }.sighting(source, now)
}
