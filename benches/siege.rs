//! Readers while others try to keep them out: 10,000 sockets from many addresses that send a byte every
//! ten seconds, beside readers at a steady rate (reliability row G-14). And readers while a first intake
//! is under way: 500 requests a second, whatever the answers take.
//!
//! `cargo bench --bench siege` prints percentiles of what a reader waits, and memory. It needs some
//! 12,000 open files (`ulimit -n 65536`) and says so when it may not have them. Linux only, for its
//! addresses 127.0.0.0/8 and `/proc`.

mod house;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};

use house::{House, ask, connect};

const ATTACKERS: usize = 10_000;
/// Sockets of one attacker's address: as many as one client may have.
const OF_ONE: usize = 64;

fn main() {
    if !has_files(12_000) {
        println!("skipped: this needs 12,000 open files; say `ulimit -n 65536` before");
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(siege());
    runtime.block_on(intake());
    runtime.shutdown_background();
}

/// Whether so many files may be open at once.
fn has_files(most: u64) -> bool {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap_or_default();
    let soft = line.split_whitespace().nth(3).and_then(|word| word.parse().ok());
    soft.unwrap_or(0) >= most
}

async fn siege() {
    let folder = tempfile::tempdir().expect("a folder");
    let house = House::start(folder.path(), &feeds(folder.path(), 1));
    house.is_up().await;
    let calm = readers(house.address, 200, Duration::from_secs(5)).await;
    let before = house.memory();
    let (stop, held) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut attackers = JoinSet::new();
    for n in 0..ATTACKERS {
        attackers.spawn(attack(n, house.address, stop.clone(), held.clone()));
    }
    sleep(Duration::from_secs(5)).await;
    let standing = held.load(Ordering::Relaxed);
    let besieged = readers(house.address, 200, Duration::from_secs(15)).await;
    let after = house.memory();
    stop.store(true, Ordering::Relaxed);
    attackers.abort_all();
    println!("siege: {standing} of {ATTACKERS} slow sockets stood open");
    println!("  a reader waits {calm} in peace, {besieged} besieged (p99 at most 250 ms)");
    println!("  memory {:.1} MB more (at most 128)", (after as f64 - before as f64) / 1e6);
}

/// One socket that sends a byte of a request every ten seconds, and comes back when it is closed.
async fn attack(n: usize, to: SocketAddr, stop: Arc<AtomicBool>, held: Arc<AtomicUsize>) {
    let address = n / OF_ONE;
    let from = Ipv4Addr::new(127, 1, (address / 250) as u8, (address % 250 + 1) as u8);
    sleep(Duration::from_millis(n as u64 % 3000)).await;
    while !stop.load(Ordering::Relaxed) {
        if let Ok(Ok(mut stream)) = timeout(Duration::from_secs(5), connect(from, to)).await {
            held.fetch_add(1, Ordering::Relaxed);
            for byte in b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: yes\r\n" {
                if stream.write_all(&[*byte]).await.is_err() {
                    break;
                }
                let mut heard = [0; 64];
                // Closed by the other side: come back at once.
                if let Ok(Ok(0) | Err(_)) =
                    timeout(Duration::from_secs(10), stream.read(&mut heard)).await
                {
                    break;
                }
            }
            held.fetch_sub(1, Ordering::Relaxed);
        }
        sleep(Duration::from_millis(500)).await;
    }
}

async fn intake() {
    let folder = tempfile::tempdir().expect("a folder");
    let house = House::start(folder.path(), &feeds(folder.path(), 400));
    house.is_up().await;
    let waits = readers(house.address, 500, Duration::from_secs(10)).await;
    println!(
        "first intake of 12,000 items: a reader waits {waits} at 500 requests a second (p99 at most 25 ms)"
    );
}

/// What readers wait who come at a steady rate, each over a connection of its own, whatever the others
/// wait for.
async fn readers(to: SocketAddr, rate: u32, lasting: Duration) -> Waits {
    let (mut asking, began) = (JoinSet::new(), Instant::now());
    let mut tick = interval(Duration::from_secs(1) / rate);
    let mut n = 0;
    while began.elapsed() < lasting {
        tick.tick().await;
        n += 1;
        // Readers have addresses of their own, too: fifty of them.
        let from = Ipv4Addr::new(127, 2, 0, (n % 50 + 1) as u8);
        asking.spawn(ask(from, to, "/all.rss"));
    }
    let mut waits = Waits { times: Vec::new(), failed: 0 };
    while let Some(asked) = asking.join_next().await {
        match asked.expect("no panic") {
            Some(time) => waits.times.push(time.as_secs_f64() * 1e3),
            None => waits.failed += 1,
        }
    }
    waits.times.sort_by(f64::total_cmp);
    waits
}

struct Waits {
    times: Vec<f64>,
    failed: usize,
}

impl std::fmt::Display for Waits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = |share: usize| {
            self.times
                .get(self.times.len().saturating_sub(1) * share / 1000)
                .copied()
                .unwrap_or(f64::NAN)
        };
        write!(f, "p50 {:.1} ms, p99 {:.1} ms, worst {:.1} ms", at(500), at(990), at(1000))?;
        if self.failed > 0 {
            write!(f, ", {} of {} without answer", self.failed, self.failed + self.times.len())?;
        }
        Ok(())
    }
}

/// So many feeds of thirty items, in files of a folder, as sources.
fn feeds(folder: &Path, feeds: usize) -> String {
    let mut sources = String::new();
    for feed in 0..feeds {
        let items: String = (0..30)
            .map(|n| {
                let body = format!("<p>第{n}段：各地要闻，今日快讯，市场与新闻。</p>").repeat(40);
                format!("<item><guid>g{feed}-{n}</guid><title>标题{feed}-{n}</title><link>https://a.example/{feed}/{n}</link><description><![CDATA[{body}]]></description></item>")
            })
            .collect();
        let text = format!(
            "<rss version=\"2.0\"><channel><title>Feed {feed}</title>{items}</channel></rss>"
        );
        fs::write(folder.join(format!("{feed}.rss")), text).expect("written");
        sources += &format!(
            "[[source]]\nid = \"s{feed}\"\nkind = \"feed\"\nurl = \"file:{feed}.rss\"\ncategories = [\"c{}\"]\n",
            feed % 40
        );
    }
    sources
}
