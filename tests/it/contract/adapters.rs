//! Every feed document under `tests/fixtures/feed` is read as the JSON beside it says, and none of
//! them, however damaged, brings the reader down.
//!
//! `<case>.http` is a recorded answer: status line, headers, an empty line, the body. With
//! `FEEDLOOM_BLESS=1` in the environment `<case>.expected.json` is written anew; look at the
//! difference before keeping it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use feedloom::cli::parse::{Reading, understand};
use feedloom::model::time::{Offset, Timestamp, Zone};
use serde_json::Value;
use url::Url;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/feed");

/// A recorded answer.
pub(super) struct Recorded {
    content_type: Option<String>,
    at: Option<Url>,
    pub(super) body: Vec<u8>,
}

impl Recorded {
    pub(super) fn read(path: &Path) -> Recorded {
        let bytes = fs::read(path).unwrap();
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let header = |wanted: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.filter(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned()).next()
        };
        let at = header("Content-Location").map(|at| Url::parse(&at).unwrap());
        Recorded { content_type: header("Content-Type"), at, body: bytes[end + 4..].to_vec() }
    }

    fn understand(&self, body: &[u8]) -> Value {
        let now = Timestamp::from_seconds(1_794_450_600, Offset::CHINA);
        let (content_type, base) = (self.content_type.as_deref(), self.at.as_ref());
        understand(body, Reading { content_type, base, zone: &Zone::Fixed(Offset::CHINA), now })
    }
}

pub(super) fn files(extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.to_str().unwrap().ends_with(extension)).collect();
    files.sort();
    files
}

#[test]
fn feeds_are_read_as_expected() {
    let is_blessed = std::env::var_os("FEEDLOOM_BLESS").is_some();
    for path in files(".http") {
        let recorded = Recorded::read(&path);
        let mut printed =
            serde_json::to_string_pretty(&recorded.understand(&recorded.body)).unwrap();
        printed.push('\n');
        let golden = path.with_extension("expected.json");
        if is_blessed {
            fs::write(&golden, &printed).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(printed, expected, "{}", path.display());
    }
}

#[test]
fn no_expectation_stands_alone() {
    let cases: BTreeSet<_> = files(".http").iter().map(|path| path.with_extension("")).collect();
    for golden in files(".expected.json") {
        let case = golden.with_extension("").with_extension("");
        let is_known =
            cases.contains(&case) || golden.with_extension("").with_extension("http").exists();
        assert!(is_known, "{} belongs to no recorded answer", golden.display());
    }
}

#[test]
fn t_38_cut_and_damaged_feeds_bring_nothing_down() {
    for path in files(".http") {
        let recorded = Recorded::read(&path);
        let length = recorded.body.len();
        for part in 0..50 {
            check_bounds(&recorded, &recorded.body[..length * part / 50]);
        }
        let mut random = Random(length as u64 + 1);
        for _ in 0..200 {
            let mut body = recorded.body.clone();
            for _ in 0..1 + random.below(4) {
                body[random.below(length)] = random.below(256) as u8;
            }
            check_bounds(&recorded, &body);
        }
    }
}

/// A damaged document yields a reason or items, and never more than a small multiple of itself.
fn check_bounds(recorded: &Recorded, body: &[u8]) {
    let value = recorded.understand(body);
    let says_something = value["error"].is_string() || value["items"].is_array();
    assert!(says_something, "neither items nor a reason: {value}");
    // Keys and nulls of an item that holds little are the bulk of what is printed.
    let items = value["items"].as_array().map_or(0, Vec::len);
    assert!(value.to_string().len() <= 12 * body.len() + 4000 * (items + 2));
}

/// SplitMix64: the same damage in every run, so that a failure can be repeated.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}
