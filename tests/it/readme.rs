//! The README keeps its word: every example in its table of addresses is asked of the built binary,
//! on a copy of the root `feeds.toml` and of `examples/`, and every address the program itself leads
//! to has a row there. Commands it shows exist, and so do the files it names.
//!
//! How the documents read is tested where they are made; here it is that they are where it says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use percent_encoding::{CONTROLS, utf8_percent_encode};
use regex::Regex;

use crate::origin::{Place, Running, await_ready, free_port, get};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const README: &str = include_str!("../../README.md");

/// The site's address in the root `feeds.toml`, as it stands in all documents.
const SITE: &str = "http://127.0.0.1:8080";

/// The table's words for media types.
const KINDS: [(&str, &str); 8] = [
    ("RSS", "application/rss+xml; charset=utf-8"),
    ("Atom", "application/atom+xml; charset=utf-8"),
    ("JSON Feed", "application/feed+json; charset=utf-8"),
    ("JSON", "application/json; charset=utf-8"),
    ("HTML", "text/html; charset=utf-8"),
    ("OPML", "text/x-opml; charset=utf-8"),
    ("CSS", "text/css; charset=utf-8"),
    ("text", "text/plain; charset=utf-8"),
];

/// An article of the examples, as its upstream calls it.
const ARTICLE: &str = "NW202611202161384692";

/// Of each row so many of the addresses that are led to are asked, too.
const ASKED: usize = 4;

#[test]
fn every_address_is_as_the_readme_says() {
    let house = House::start();
    let rows = rows();
    assert!(rows.len() > 10, "the table of addresses was not found");
    let mut faults = Vec::new();
    for (path, answer) in rows.iter().flat_map(Row::examples) {
        faults.extend(house.fault(&path, &answer));
    }
    faults.extend(rows.iter().flat_map(Row::strangers));
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
    every_link_has_a_row(&house, &rows);
}

/// Whatever leads anywhere on this site leads to a row of the table, and there is something there.
fn every_link_has_a_row(house: &House, rows: &[Row]) {
    let good: Vec<&Row> = rows.iter().filter(|row| row.answers.concat().contains("200")).collect();
    let examples = good.iter().flat_map(|row| row.examples());
    let examples = examples.filter(|(_, answer)| answer.starts_with("200"));
    let mut links: BTreeSet<String> =
        examples.flat_map(|(path, _)| links(&house.get(&path).2)).collect();
    // Nothing to be read stands there; a row says what it takes.
    assert!(links.remove("/hub") && rows.iter().any(|row| row.holds("/hub")));
    let mut led = BTreeMap::new();
    for link in links {
        let path = link.split(['?', '#']).next().unwrap_or_default();
        let row = good.iter().position(|row| row.holds(path));
        let row = row.unwrap_or_else(|| panic!("the program leads to {link}, the README does not"));
        led.entry(row).or_insert_with(Vec::new).push(link);
    }
    assert!(led.len() > 8, "only {led:?} are led to");
    for link in led.values().flat_map(|links| links.iter().take(ASKED)) {
        assert_eq!(house.ask(link, "text/html, */*;q=0.8").0, 200, "{link}");
    }
}

#[test]
fn commands_and_files_of_the_readme_are_there() {
    let (_, help, _) = Place::new("").run(&["help"]);
    let shown = Regex::new(r"(?m)^feedloom ([a-z]+)").unwrap();
    let shown: BTreeSet<&str> =
        shown.captures_iter(README).map(|found| found.extract::<1>().1[0]).collect();
    assert!(shown.len() > 5, "{shown:?}");
    for command in shown {
        assert!(help.contains(&format!("\n  {command} ")), "`feedloom {command}` is no command");
    }
    let named = Regex::new(r"`((?:examples|tests|src|benches)/[A-Za-z0-9/._-]*)`").unwrap();
    for (_, [path]) in named.captures_iter(README).map(|found| found.extract()) {
        assert!(Path::new(ROOT).join(path).exists(), "there is no {path}");
    }
}

/// One row of the table.
struct Row {
    addresses: Vec<String>,
    tries: Vec<String>,
    answers: Vec<String>,
}

impl Row {
    /// Each path to try and what is to be answered there: one answer for all, or one for each.
    fn examples(&self) -> Vec<(String, String)> {
        let answer = |at: usize| match self.answers.as_slice() {
            [one] => one.clone(),
            each => each.get(at).cloned().unwrap_or_else(|| panic!("too few answers in {each:?}")),
        };
        (0..).zip(&self.tries).map(|(at, path)| (path.clone(), answer(at))).collect()
    }

    /// Whether a path is one of the row's addresses.
    fn holds(&self, path: &str) -> bool {
        let is = |address: &String| {
            let pattern = regex::escape(address).replace('…', ".+");
            let pattern = Regex::new(r"\\\{[a-z]+\\\}").unwrap().replace_all(&pattern, "[^/]+");
            Regex::new(&format!("^{pattern}$")).unwrap().is_match(path)
        };
        self.addresses.iter().any(is)
    }

    /// Examples that are of another row.
    fn strangers(&self) -> Vec<String> {
        let path = |path: &str| path.split('?').next().unwrap_or_default().to_owned();
        let others = self.tries.iter().filter(|example| !self.holds(&path(example)));
        let others = others.filter(|_| !self.addresses.is_empty());
        others.map(|path| format!("{path} is no example of {:?}", self.addresses)).collect()
    }
}

/// The rows of the table that has a column for what to try.
fn rows() -> Vec<Row> {
    let lines = README.lines().skip_while(|line| !line.contains("| try |")).skip(2);
    let rows = lines.take_while(|line| line.starts_with('|'));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        let [addresses, _, tries, answers] = cells[..] else { panic!("four columns: {line}") };
        let tries: Vec<String> = quoted(tries).map(str::to_owned).collect();
        assert!(!tries.is_empty(), "nothing to try: {line}");
        let answers = answers.split(',').map(|answer| answer.replace('`', "").trim().to_owned());
        Row { addresses: whole(quoted(addresses)), tries, answers: answers.collect() }
    })
    .collect()
}

/// What stands between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Addresses with those written out that only name another ending of the one before. What may stand
/// behind any, and words that are no address, are left out.
fn whole<'t>(pieces: impl Iterator<Item = &'t str>) -> Vec<String> {
    let endings = [".rss", ".atom", ".json", ".html"];
    let mut addresses: Vec<String> = Vec::new();
    for piece in pieces.filter(|piece| piece.starts_with(['/', '.'])) {
        let before = addresses.last().filter(|_| piece.starts_with('.'));
        let stem = before.map_or("", |before| {
            endings.iter().find_map(|ending| before.strip_suffix(ending)).unwrap_or(before)
        });
        addresses.push(format!("{stem}{piece}"));
    }
    addresses
}

/// Paths of this site that a document leads to.
fn links(body: &str) -> Vec<String> {
    let ours = format!(r#"{}(/[^"<>\s\\]*)|(?:href|src|action)="(/[^"]*)""#, regex::escape(SITE));
    let found = Regex::new(&ours).unwrap();
    let path = |found: regex::Captures<'_>| {
        found.get(1).or(found.get(2)).map(|path| path.as_str().replace("&amp;", "&"))
    };
    found.captures_iter(body).filter_map(path).collect()
}

/// Status, headers by name, and body.
type Answer = (u16, BTreeMap<String, String>, String);

/// The program on a copy of what a new user has, with what the examples stand for.
struct House {
    port: u16,
    words: Vec<(&'static str, String)>,
    _place: Place,
    _running: Running,
}

impl House {
    fn start() -> House {
        let port = free_port();
        let place = Place::new(&toml(port));
        copy(&Path::new(ROOT).join("examples"), &place.path().join("examples"));
        let mut command = place.command(&[]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let running = Running(child.expect("the binary runs"));
        await_ready(port, "/readyz");
        let mut house = House { port, words: Vec::new(), _place: place, _running: running };
        house.learn();
        house
    }

    /// Finds what stands for the words in braces; takes an item down for one of them.
    fn learn(&mut self) {
        let page = self.get("/all.html").2;
        let pages = links(&page).into_iter();
        let mut ids = pages.filter_map(|path| path.strip_prefix("/item/").map(str::to_owned));
        let (id, withdrawn) = (ids.next().expect("an item"), ids.next().expect("one more"));
        let (code, _, said) = self._place.run(&["withdraw", &withdrawn]);
        assert_eq!(code, 0, "{said}");
        let cursor = self.get("/all.rss?since=2026-11-01T00:00:00Z").1.remove("feedloom-cursor");
        let (_, article, _) = self._place.run(&["explain", ARTICLE]);
        let article = article.lines().find_map(|line| line.strip_prefix("item")).expect("one");
        self.words = vec![
            ("{id}", id),
            ("{withdrawn}", withdrawn),
            ("{cursor}", cursor.expect("a cursor")),
            ("{article}", article.trim().to_owned()),
        ];
        // The index follows within seconds, the press looks once a second.
        while !holds_items(&self.get("/search.atom?q=月食").2)
            || self.get("/item/{withdrawn}").0 == 200
        {
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn filled(&self, path: &str) -> String {
        self.words.iter().fold(path.to_owned(), |path, (word, is)| path.replace(word, is))
    }

    /// What a program without wishes gets.
    fn get(&self, path: &str) -> Answer {
        self.ask(path, "*/*")
    }

    fn ask(&self, path: &str, accept: &str) -> Answer {
        let path = utf8_percent_encode(&self.filled(path), CONTROLS).to_string();
        let asked = get(self.port, &path, &[("accept", accept)]);
        let (status, headers, body) = asked.expect("it answers");
        (status, headers.into_iter().collect(), String::from_utf8(body).expect("UTF-8"))
    }

    /// What is otherwise than the table says.
    fn fault(&self, path: &str, expected: &str) -> Option<String> {
        let (status, headers, body) = self.get(path);
        let said = |name: &str| headers.get(name).map_or("", String::as_str);
        let kind = KINDS.iter().find(|(_, media_type)| *media_type == said("content-type"));
        let answered = match status {
            308 => format!("308 {}", said("location")),
            _ => format!("{status} {}", kind.map_or("?", |(word, _)| word)),
        };
        // What came since the examples were taken in is nothing, and no day has ended since.
        let is_feed = ["200 RSS", "200 Atom", "200 JSON Feed"].contains(&expected);
        let is_young = path.contains("since=") || path.starts_with("/digest/");
        let is_bare = is_feed && !is_young && !holds_items(&body);
        let expected = self.filled(expected);
        (answered != expected || is_bare || body.is_empty())
            .then(|| format!("{path}: {answered} and {} bytes, not {expected}", body.len()))
    }
}

/// Whether a feed, in whichever format, has any item.
fn holds_items(feed: &str) -> bool {
    ["<item>", "<entry>", "\"items\":[{"].iter().any(|mark| feed.contains(mark))
}

/// The root `feeds.toml`, at another port, with something that ended.
fn toml(port: u16) -> String {
    let mut toml = fs::read_to_string(Path::new(ROOT).join("feeds.toml")).expect("it is there");
    for (off, on) in [
        ("#listen = \"127.0.0.1:8080\"", format!("listen = \"127.0.0.1:{port}\"")),
        ("#retired = []", "retired = [\"/category/old\"]".to_owned()),
    ] {
        assert!(toml.contains(off), "{off}");
        toml = toml.replacen(off, &on, 1);
    }
    toml
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let to = to.join(path.file_name().expect("a name"));
        match path.is_dir() {
            true => copy(&path, &to),
            false => assert!(fs::copy(&path, &to).is_ok(), "{}", path.display()),
        }
    }
}
