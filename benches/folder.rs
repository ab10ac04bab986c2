//! A folder of 2,000 posts in 50 categories, from nothing to feeds, beside `jekyll build` with
//! jekyll-feed on the same folder; then once more without changes. Whole processes, one run.
//!
//! `cargo bench --bench folder` prints seconds, ratios and peak memory (pages of mapped files left
//! out). Jekyll is left out, aloud, where it is not installed (Debian: jekyll, ruby-jekyll-feed).

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use feedloom::format;
use feedloom::model::feed::{Revision, Site};
use feedloom::press::{Press, Terms};
use feedloom::store;
use futures_util::{StreamExt, future, stream};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const POSTS: usize = 2000;
const CATEGORIES: usize = 50;
const RUNS: usize = 3;

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("--render") {
        render(&arguments.next().expect("the folder"));
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let site = folder.path();
    write_site(site);
    let (first, second) = feedloom(site);
    println!(
        "feedloom: poll from nothing + every category in three formats {first:.3} s, second poll {second:.4} s"
    );
    match jekyll(site) {
        Some(jekyll) => println!(
            "jekyll build: {jekyll:.2} s\nratios: first {:.1} times as fast (aim 15), second {:.0} times (aim 200)",
            jekyll / first,
            jekyll / second
        ),
        None => println!("skipped: jekyll with jekyll-feed is not installed, so there is no ratio"),
    }
}

/// Medians over a few runs of the whole processes.
fn feedloom(site: &Path) -> (f64, f64) {
    let (mut firsts, mut seconds, mut peak) = (Vec::new(), Vec::new(), 0);
    for _ in 0..RUNS {
        let _ = fs::remove_dir_all(site.join("data"));
        let (poll, memory) =
            timed(Command::new(env!("CARGO_BIN_EXE_feedloom")).arg("poll").current_dir(site));
        let (print, more) = timed(
            Command::new(std::env::current_exe().expect("this bench")).arg("--render").arg(site),
        );
        firsts.push(poll + print);
        peak = peak.max(memory).max(more);
        // The files were written a moment before the first poll; let the next one be due and clean.
        let (again, _) = timed(
            Command::new(env!("CARGO_BIN_EXE_feedloom")).args(["poll", "posts"]).current_dir(site),
        );
        seconds.push(again);
    }
    println!("peak memory without mapped files: {:.1} MB", peak as f64 / 1e6);
    (median(firsts), median(seconds))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Runs a process to its end: seconds, and the most anonymous memory it was seen to hold, in bytes.
fn timed(command: &mut Command) -> (f64, u64) {
    let began = Instant::now();
    let mut child =
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the process starts");
    let (done, peak, id) =
        (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)), child.id());
    let watcher = {
        let (done, peak) = (Arc::clone(&done), Arc::clone(&peak));
        std::thread::spawn(move || {
            while !done.load(Ordering::Relaxed) {
                peak.fetch_max(anonymous(id), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(2));
            }
        })
    };
    let status = child.wait().expect("the process ends");
    let seconds = began.elapsed().as_secs_f64();
    done.store(true, Ordering::Relaxed);
    watcher.join().expect("the watcher ends");
    assert!(status.success(), "{command:?} ended with {status}");
    (seconds, peak.load(Ordering::Relaxed))
}

fn anonymous(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024
}

/// Renders every shelf of the store in every format, as the first reader of each would have it done.
fn render(site: &str) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(8).build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        let store =
            store::open(&format!("sqlite:{site}/data/feedloom.db")).await.expect("the store opens");
        let about = Site {
            title: "t".into(),
            url: "https://n.example".into(),
            language: None,
            description: None,
            zone: feedloom::model::time::Zone::default(),
        };
        let press = Press::new(store.clone(), about, Terms::default());
        press.refresh().await.expect("the store answers");
        let heads = store.heads(Revision(0)).await.expect("the store answers");
        let topics =
            heads.iter().flat_map(|head| format::ALL.iter().map(|format| (&head.shelf, *format)));
        let prints =
            stream::iter(topics.map(|(shelf, format)| press.print(shelf, format))).buffered(4);
        let printed =
            prints.map(|printed| printed.expect("the store answers").expect("the shelf is there"));
        let printed = printed
            .filter(|printed| future::ready(!printed.document.bytes.is_empty()))
            .count()
            .await;
        assert!(
            printed >= (CATEGORIES + 1) * format::ALL.len(),
            "{printed} documents were printed"
        );
    });
}

fn jekyll(site: &Path) -> Option<f64> {
    let build = || {
        let _ = fs::remove_dir_all(site.join("_site"));
        let _ = fs::remove_dir_all(site.join(".jekyll-cache"));
        let began = Instant::now();
        let status = Command::new("jekyll")
            .arg("build")
            .current_dir(site)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .ok()?;
        status.success().then(|| began.elapsed().as_secs_f64())
    };
    let first = build()?;
    Some(median(vec![first, build()?, build()?]))
}

fn write_site(site: &Path) {
    let posts = site.join("_posts");
    fs::create_dir_all(&posts).expect("a folder");
    let names: Vec<String> = (0..CATEGORIES).map(|n| format!("lanmu{n}")).collect();
    fs::write(
        site.join("_config.yml"),
        format!(
            "title: t\nurl: https://n.example\nplugins: [jekyll-feed]\nfeed:\n  categories: [{}]\n",
            names.join(", ")
        ),
    )
    .expect("a file");
    fs::write(
        site.join("feeds.toml"),
        "[site]\ntitle = \"t\"\nurl = \"https://n.example\"\n[[source]]\nid = \"posts\"\nkind = \"posts\"\nurl = \"file:_posts/\"\ninterval = \"1s\"\n",
    )
    .expect("a file");
    for n in 0..POSTS {
        let (day, hour, minute) = (1 + n % 28, n % 24, n % 60);
        let category = n % CATEGORIES;
        let sentence = format!(
            "第{n}条消息称，当日各项指标运行平稳，相关部门表示将继续推进重点工作，市场反应总体积极。"
        );
        let body: String = (0..8).map(|_| format!("<p>{}</p>\n ", sentence.repeat(3))).collect();
        let post = format!(
            "---\nlayout: post\ntitle: \"第{n}条：指标运行平稳\"\ndate: 2022-05-{day:02} {hour:02}:{minute:02}:00 +0800\ncategories: lanmu{category}\ntags: 栏目{category}新闻\n---\n{body}<p class=\"em_media\">（文章来源：栏目{category}）</p>\n\n<http://finance.example.com/news/1,{n:018}.html>\n\n[返回栏目{category}新闻](//f.example.com/category/lanmu{category}.html)｜[返回首页](//f.example.com/)"
        );
        fs::write(posts.join(format!("2022-05-{day:02}-NW{n:018}.md")), post).expect("a file");
    }
}
