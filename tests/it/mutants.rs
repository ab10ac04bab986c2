//! Every reader over damaged fixtures: cut, doubled, spliced, flipped, with pieces that make trouble.
//!
//! The damage is the same in every run. `FEEDLOOM_MUTANTS=10000` makes so many of each fixture
//! instead of a few; the fuzz targets in `fuzz/` go where no fixture leads.

use std::fs;
use std::path::{Path, PathBuf};

use feedloom::config;

#[path = "../../fuzz/readers.rs"]
mod readers;

use readers::Reader;

/// What parsers stumble over, in every language they read.
const PIECES: [&str; 36] = [
    "<",
    ">",
    "</",
    "/>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<!DOCTYPE a [",
    "<?xml ",
    "&",
    "&#0;",
    "&#x110000;",
    "&lt;",
    "&amp;amp;",
    "\"",
    "'",
    "=",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\\u",
    "\\ud83d",
    "---\n",
    "\n",
    "\u{0}",
    "\u{feff}",
    "\u{3000}",
    "中",
    "9999999999999999999",
    "-1",
    "<script>",
    "<svg/onload=alert(1)>",
];

/// Numbers that are the same in every run (splitmix64, by Sebastiano Vigna).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

fn damage(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    for _ in 0..=numbers.below(4) {
        let (from, length) = (numbers.below(bytes.len()), 1 + numbers.below(40));
        let to = (from + length).min(bytes.len());
        match numbers.below(6) {
            0 => bytes.truncate(from),
            1 => drop(bytes.drain(from..to)),
            2 => {
                let part = bytes[from..to].to_vec();
                let at = numbers.below(bytes.len());
                bytes.splice(at..at, part);
            }
            3 if !bytes.is_empty() => bytes[from] ^= 1 << numbers.below(8),
            4 => {
                let piece = PIECES[numbers.below(PIECES.len())];
                bytes.splice(from..to, piece.bytes());
            }
            _ => {
                let piece = PIECES[numbers.below(PIECES.len())];
                bytes.splice(from..from, piece.bytes());
            }
        }
    }
}

/// Runs a reader over a fixture as it is, and over damaged copies.
fn stress(name: &str, fixture: &[u8], few: usize, read: impl Fn(&[u8])) {
    let many = std::env::var("FEEDLOOM_MUTANTS").ok().and_then(|many| many.parse().ok());
    read(fixture);
    let mut numbers = Numbers(name.bytes().map(u64::from).sum());
    for _ in 0..many.unwrap_or(few) {
        let mut damaged = fixture.to_vec();
        damage(&mut damaged, &mut numbers);
        let shown = std::panic::AssertUnwindSafe(|| read(&damaged));
        if let Err(panic) = std::panic::catch_unwind(shown) {
            eprintln!("{name}, damaged: {}", String::from_utf8_lossy(&damaged));
            std::panic::resume_unwind(panic);
        }
    }
}

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files of a folder with this ending, in order.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(top().join(folder)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.to_str().is_some_and(|name| name.ends_with(ending)));
    files.sort();
    assert!(!files.is_empty(), "{folder} has no {ending}");
    files
}

/// The body of a recorded answer.
fn body(file: &Path) -> Vec<u8> {
    let recorded = fs::read(file).unwrap();
    let end = recorded.windows(2).position(|pair| pair == b"\n\n").map_or(0, |at| at + 2);
    recorded[end..].to_vec()
}

fn over(files: Vec<PathBuf>, few: usize, read: Reader) {
    for file in files {
        stress(&file.display().to_string(), &body(&file), few, read);
    }
}

#[test]
fn t_38_damaged_feeds() {
    over(files("tests/fixtures/feed", ".http"), 60, readers::feed);
}

#[test]
fn t_38_damaged_lists() {
    over(files("tests/fixtures/json", ".http"), 20, readers::json);
    over(files("tests/fixtures/upstreams", ".http"), 10, readers::html);
    over(files("tests/fixtures/upstreams", ".http"), 10, readers::sitemap);
}

#[test]
fn t_38_damaged_answers_of_every_upstream() {
    let text = fs::read_to_string(top().join("examples/upstreams.toml")).unwrap();
    let no_secrets = |name: &str| Err(format!("no secret is called `{name}`"));
    let config = config::parse(&text, Path::new("/srv"), &no_secrets).unwrap();
    for upstream in config.upstreams {
        let name = format!("tests/fixtures/upstreams/{}.http", upstream.source.id);
        stress(&name, &body(&top().join(&name)), 20, |bytes| readers::list(&upstream, bytes));
    }
}

#[test]
fn t_38_damaged_posts() {
    for file in files("tests/fixtures/posts", ".md") {
        stress(&file.display().to_string(), &fs::read(&file).unwrap(), 60, readers::post);
    }
}

#[test]
fn t_38_damaged_words() {
    let fixtures = [
        "gb18030         中文<?xml version='1.0' encoding='gb2312'?>",
        "Fri, 27 May 2022 12:03:15 +0800",
        "2022年5月27日 下午3点05分",
        "平成16年5月28日",
        "星期五, 27 五月 2022 12:03:15 CST",
        "<p>甲<a href='https://a.example/'>乙</a><img src=x onerror=alert(1)><b><i>丙</b></i></p>",
        "<table><tr><td>一<pre>\n二</pre></table><math><mi><style><!--</style><img src=x>",
        "<opml version='2.0'><body><outline text='甲' xmlUrl='https://a.example/f'/></body></opml>",
    ];
    for (name, read) in readers::ALL {
        fixtures.iter().for_each(|fixture| stress(name, fixture.as_bytes(), 150, read));
    }
}
