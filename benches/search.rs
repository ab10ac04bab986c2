//! What must stay fast in search: the newest twenty of a million short articles, whatever is asked, and
//! an index that follows as fast as items come. Shares within one run count; absolute figures are the
//! machine's.
//!
//! `cargo bench --bench search [ITEMS] [apart]`, a million when not said; `apart` takes all items in
//! before the index begins to follow. Texts are made of words as frequent
//! as words are (Zipf), so that a few pairs of characters stand nearly everywhere and most nearly nowhere.

mod stock;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use feedloom::model::draft::Stamp;
use feedloom::model::feed::{Shelf, Window};
use feedloom::model::source::Source;
use feedloom::model::text::Query;
use feedloom::model::time::{Offset, Timestamp};
use feedloom::store::{Finish, Sighting, Slice, Store, open};

use stock::{resident, sighting, source};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// As ingest commits them, and as the index follows.
const SLICE: usize = 256;
const STEP: usize = 64;
const NEWEST: usize = 20;
const WORDS: usize = 20_000;

#[tokio::main]
async fn main() {
    let asked: Option<usize> = std::env::args().find_map(|word| word.parse().ok());
    let items = asked.unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("feedloom.db");
    let mut world = World::new();
    let store = open(&format!("sqlite:{}", file.display())).await.expect("a fresh store");
    let apart = std::env::args().any(|word| word == "apart");
    fill(&*store, &mut world, items, apart).await;
    drop(store);
    println!("{} MB of database", size(&file) >> 20);
    let store = open(&format!("sqlite:{}", file.display())).await.expect("the same store");
    let before = resident();
    for pass in ["first", "second"] {
        ask(&*store, &world, pass).await;
    }
    println!(
        "{} MB of memory of its own, {} before the first query",
        resident() >> 10,
        before >> 10
    );
}

/// Takes items in and lets the index follow, in turn or one after the other.
async fn fill(store: &dyn Store, world: &mut World, items: usize, apart: bool) {
    let source = source();
    let mut now = Timestamp::from_seconds(1_700_000_000, Offset::UTC).expect("a time");
    let sources = std::slice::from_ref(&source);
    store.enroll(sources, &[], Window::default(), now).await.expect("enrolled");
    let (mut raw, mut slices, mut steps) = (0, Vec::new(), Vec::new());
    for first in (0..items).step_by(SLICE) {
        let claimed = store.claim_due(now, 1, None).await.expect("claimed");
        let last = items.min(first + SLICE);
        let texts: Vec<String> = (first..last).map(|_| world.text()).collect();
        raw += texts.iter().map(String::len).sum::<usize>();
        // As many as ten minutes bring, two seconds apart.
        let at = |number: usize| now.minus(Duration::from_secs(2 * (last - number) as u64));
        let sightings = (first..last).zip(&texts).map(|(number, text)| {
            let stamp = Stamp::detect(at(number).at(Offset::CHINA).rfc3339());
            article(&source, number, text, stamp, now)
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
async fn ask(store: &dyn Store, world: &World, pass: &str) {
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    let mut hits: BTreeMap<&str, usize> = BTreeMap::new();
    for (kind, words) in world.questions() {
        let query = Query::read(&words).expect("a query");
        let start = Instant::now();
        let found = store.search(&query, &Shelf::All, NEWEST).await.expect("found");
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

fn spread(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e3;
    format!("median {:.2} ms, p95 {:.2} ms, worst {:.2} ms", at(50), at(95), at(100))
}

/// A language: words with how often they come.
struct World {
    words: Vec<String>,
    sums: Vec<f64>,
    seed: u64,
}

impl World {
    fn new() -> World {
        let mut world = World { words: Vec::new(), sums: Vec::new(), seed: 7 };
        let characters: Vec<f64> = sums((0..3500).map(|rank| 1.0 / f64::from(rank + 5)));
        let mut known = std::collections::HashSet::new();
        while world.words.len() < WORDS {
            let length = [1, 2, 2, 2, 2, 2, 2, 3, 4, 2][world.below(10)];
            let word: String = (0..length)
                .map(|_| char::from_u32(0x4e00 + world.drawn(&characters) as u32))
                .map(|c| c.expect("of Chinese"))
                .collect();
            if known.insert(word.clone()) {
                world.words.push(word);
            }
        }
        world.sums = sums((0..WORDS).map(|rank| 1.0 / (rank + 8) as f64));
        world
    }

    fn below(&mut self, end: usize) -> usize {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) as usize % end
    }

    /// An index, as often as its share says.
    fn drawn(&mut self, sums: &[f64]) -> usize {
        let all = sums.last().expect("some");
        let at = self.below(1 << 30) as f64 / f64::from(1 << 30) * all;
        sums.partition_point(|sum| *sum <= at)
    }

    /// Nine clauses of six to twelve words, here and there one that is not Chinese.
    fn text(&mut self) -> String {
        const OTHERS: [&str; 6] = ["A", "GDP", "AI", "iPhone15", "Apple", "5G"];
        let mut text = String::new();
        for _ in 0..9 {
            if self.below(5) == 0 {
                text.push_str(OTHERS[self.below(6)]);
            }
            for _ in 0..6 + self.below(7) {
                let sums = std::mem::take(&mut self.sums);
                let word = self.drawn(&sums);
                self.sums = sums;
                text.push_str(&self.words[word]);
            }
            text.push('，');
        }
        text
    }

    fn questions(&self) -> Vec<(&'static str, String)> {
        let pairs: Vec<&String> = self.words.iter().filter(|w| w.chars().count() == 2).collect();
        let singles = self.words.iter().filter(|w| w.chars().count() == 1);
        let mut all: Vec<(&'static str, String)> = Vec::new();
        let mut ask = |kind, words: &mut dyn Iterator<Item = String>| {
            all.extend(words.map(|words| (kind, words)));
        };
        ask("a very common pair", &mut pairs[..30].iter().map(|w| w.to_string()));
        ask("a middling pair", &mut pairs[500..540].iter().map(|w| w.to_string()));
        ask("a rare pair", &mut pairs.iter().rev().take(30).map(|w| w.to_string()));
        ask("four, rarely adjacent", &mut self.unlikely(0..120).into_iter().take(20));
        ask("four, hardly ever adjacent", &mut self.unlikely(250..400).into_iter().take(20));
        ask("four, common and next", &mut (0..20).map(|n| format!("{}{}", pairs[n], pairs[n + 7])));
        ask("two common words", &mut (0..10).map(|n| format!("{} {}", pairs[n], pairs[n + 5])));
        ask(
            "two words, one rare",
            &mut (0..5).map(|n| format!("{} {}", pairs[n], pairs[9000 + n])),
        );
        ask("one character", &mut singles.take(15).cloned());
        ask(
            "mixed with other words",
            &mut (0..5).map(|n| {
                let first = pairs[n].chars().next().expect("two");
                format!("{}{first}", ["A", "GDP", "AI", "5G", "iPhone15"][n])
            }),
        );
        ask(
            "a beginning",
            &mut ["app", "iph", "iphone", "gdp", "appl"].iter().map(|w| w.to_string()),
        );
        all
    }

    /// Four characters whose three pairs are words of these ranks or more common ones, so that all three
    /// stand in many texts and the four in few.
    fn unlikely(&self, ranks: std::ops::Range<usize>) -> Vec<String> {
        let pairs = self.words.iter().filter(|word| word.chars().count() == 2);
        let common: Vec<&str> = pairs.take(ranks.end).map(String::as_str).collect();
        let mut found = Vec::new();
        for one in &common[ranks.clone()] {
            for other in &common[ranks.clone()] {
                let middle: String = one.chars().skip(1).chain(other.chars().take(1)).collect();
                if common.contains(&middle.as_str()) {
                    found.push(format!("{one}{other}"));
                }
            }
        }
        found
    }
}

fn sums(shares: impl Iterator<Item = f64>) -> Vec<f64> {
    shares
        .scan(0.0, |sum, share| {
            *sum += share;
            Some(*sum)
        })
        .collect()
}

/// An article of these words.
fn article(
    source: &Source,
    number: usize,
    text: &str,
    published: Stamp,
    now: Timestamp,
) -> Sighting {
    let title: String = text.chars().take(16).collect();
    sighting(source, number, &title, format!("<p>{text}</p>"), published, now)
}

fn size(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |file| file.len())
}
