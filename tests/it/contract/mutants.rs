//! Every reader over damaged fixtures: cut, doubled, spliced, flipped, with pieces that make trouble.
//!
//! The damage is the same in every run. `FEEDLOOM_MUTANTS=10000` makes so many of each fixture
//! instead of a few; the fuzz targets in `fuzz/` go where no fixture leads.

use std::fs;

use super::adapters::{Random, Recorded, files};
use super::adapters_declarative::{answer, cases, fixtures};
use super::upstreams::upstreams;

#[path = "../../../fuzz/readers.rs"]
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

fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let (from, length) = (random.below(bytes.len() + 1), 1 + random.below(40));
        let to = (from + length).min(bytes.len());
        match random.below(6) {
            0 => bytes.truncate(from),
            1 => drop(bytes.drain(from..to)),
            2 => {
                let part = bytes[from..to].to_vec();
                let at = random.below(bytes.len() + 1);
                bytes.splice(at..at, part);
            }
            3 if from < bytes.len() => bytes[from] ^= 1 << random.below(8),
            4 => {
                let piece = PIECES[random.below(PIECES.len())];
                bytes.splice(from..to, piece.bytes());
            }
            _ => {
                let piece = PIECES[random.below(PIECES.len())];
                bytes.splice(from..from, piece.bytes());
            }
        }
    }
}

/// Runs a reader over a fixture as it is, and over damaged copies.
fn stress(name: &str, fixture: &[u8], few: usize, read: impl Fn(&[u8])) {
    let many = std::env::var("FEEDLOOM_MUTANTS").ok().and_then(|many| many.parse().ok());
    read(fixture);
    let seed: u64 = name.bytes().map(u64::from).sum();
    let mut random = Random(seed);
    for _ in 0..many.unwrap_or(few) {
        let mut damaged = fixture.to_vec();
        damage(&mut damaged, &mut random);
        let shown = std::panic::AssertUnwindSafe(|| read(&damaged));
        if let Err(panic) = std::panic::catch_unwind(shown) {
            eprintln!("{name}, damaged: {}", String::from_utf8_lossy(&damaged));
            std::panic::resume_unwind(panic);
        }
    }
}

/// A reader over every recorded list of a kind.
fn over(kind: &str, few: usize, read: Reader) {
    let folder = fixtures(kind);
    for case in cases(&folder, ".http") {
        let recorded = fs::read(folder.join(format!("{case}.http"))).unwrap();
        stress(&case, answer(&recorded).body(), few, read);
    }
}

#[test]
fn t_38_damaged_feeds() {
    for file in files(".http") {
        let name = file.file_name().unwrap().to_string_lossy();
        stress(&name, &Recorded::read(&file).body, 60, readers::feed);
    }
}

#[test]
fn t_38_damaged_lists() {
    over("json", 20, readers::json);
    over("upstreams", 10, readers::html);
    over("upstreams", 10, readers::sitemap);
}

#[test]
fn t_38_damaged_answers_of_every_upstream() {
    for upstream in upstreams() {
        let name = upstream.source.id.as_str();
        let recorded = fs::read(fixtures("upstreams").join(format!("{name}.http"))).unwrap();
        let read = |bytes: &[u8]| readers::list(&upstream, bytes);
        stress(name, answer(&recorded).body(), 20, read);
    }
}

#[test]
fn t_38_damaged_posts() {
    let folder = fixtures("posts");
    for case in cases(&folder, ".md") {
        let post = fs::read(folder.join(format!("{case}.md"))).unwrap();
        stress(&case, &post, 60, readers::post);
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
