//! The program as a person at a terminal, or a script, meets it: through the built binary.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_feedloom");

const SITE: &str = "\
[site]
title = \"青禾快报\"
url = \"http://127.0.0.1:8080\"
[server]
listen = \"127.0.0.1:0\"
";

const LIST: &str = "
[[source]]
id = \"qinghe\"
kind = \"json\"
url = \"file:list.json\"
categories = [\"财经\"]
items = \"items[]\"
[source.item]
guid = \"id\"
title = \"title\"
content = \"text\"
published = \"time\"
";

const ANSWER: &str = r#"{"items":[
    {"id":"a1","title":"青禾市春耕进度快于去年","text":"<p>甲</p>","time":"2026-11-20 09:30:00"},
    {"id":"a2","title":"云岭铁路换上夜光砖","text":"<p>乙</p>","time":"2026-11-21 10:00:00"}
]}"#;

/// A folder with a feeds.toml in it.
struct Folder(TempDir);

impl Folder {
    fn with(config: &str) -> Folder {
        let folder = Folder(TempDir::new().unwrap());
        folder.write("feeds.toml", config);
        folder
    }

    /// One source, a list of two entries.
    fn with_list() -> Folder {
        let folder = Folder::with(&format!("{SITE}{LIST}"));
        folder.write("list.json", ANSWER);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.current_dir(self.0.path()).args(arguments).env_remove("FEEDLOOM_LOG");
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).output().unwrap())
    }
}

/// What a command said, and its exit code.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ended {
    fn of(output: Output) -> Ended {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ended = Ended {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        };
        assert!(!ended.err.contains("panicked"), "{}", ended.err);
        ended
    }

    /// It ended so, said these words as results and those on the side.
    #[track_caller]
    fn check(self, code: i32, out: &[&str], err: &[&str]) -> Ended {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for words in out {
            assert!(self.out.contains(words), "`{words}` is not in {self:#?}");
        }
        for words in err {
            assert!(self.err.contains(words), "`{words}` is not on the side in {self:#?}");
        }
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }
}

#[test]
fn check_counts_what_is_there() {
    let ended = Folder::with_list().run(&["check"]);
    ended.check(0, &["feeds.toml: ok, 1 source, 1 category named"], &[]);
}

#[test]
fn the_file_at_the_root_is_right() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("feeds.toml");
    let ended = Folder::with("").run(&["check", "--config", root.to_str().unwrap()]);
    ended.check(0, &["feeds.toml: ok"], &[]);
}

#[test]
fn check_tells_every_mistake_with_its_place() {
    let wrong = Folder::with(
        "[site]\ntitel = \"青禾\"\nurl = \"127.0.0.1\"\n\n[[source]]\nid = \"A b\"\nkind = \"feeed\"\n",
    );
    let ended = wrong.run(&["check"]).check(2, &[], &[]);
    let places: Vec<_> = ended.err.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(
        places,
        [
            "feeds.toml:1:1",
            "feeds.toml:2:1",
            "feeds.toml:3:7",
            "feeds.toml:5:1",
            "feeds.toml:6:6",
            "feeds.toml:7:8"
        ],
        "{ended:#?}"
    );
    assert!(ended.out.is_empty());
    wrong.run(&[]).check(2, &[], &["did you mean `title`?", "did you mean `feed`?"]);
    assert!(!wrong.path("data").exists(), "a refused file starts nothing");
}

#[test]
fn a_missing_file_and_wrong_usage_are_refused() {
    let folder = Folder::with("");
    folder.run(&["--config", "none.toml", "check"]).check(
        2,
        &[],
        &["none.toml: there is no such file"],
    );
    folder.run(&["polll"]).check(2, &[], &["'poll'"]);
    folder.run(&["poll", "--focre"]).check(2, &[], &["--force"]);
    folder.run(&["items", "--limit", "0"]).check(2, &[], &["--limit"]);
}

#[test]
fn help_teaches_with_examples() {
    let folder = Folder::with("");
    folder.run(&["--help"]).check(0, &["Examples:", "Exit codes:"], &[]);
    for command in
        ["poll", "preview", "items", "search", "explain", "withdraw", "import", "completions"]
    {
        folder.run(&[command, "--help"]).check(0, &["Example", "feedloom "], &[]);
    }
}

#[test]
fn poll_takes_in_what_is_due_and_tells() {
    let folder = Folder::with_list();
    folder.run(&["poll"]).check(0, &["SOURCE", "qinghe", "2", "ok"], &[]);
    folder.run(&["poll"]).check(0, &[], &["nothing is due"]);
    let again = folder.run(&["poll", "qinghe", "--force", "--json"]).check(0, &[], &[]).json();
    assert_eq!((&again[0]["source"], &again[0]["new"]), (&Value::from("qinghe"), &Value::from(0)));
}

#[test]
fn poll_ends_with_one_when_a_source_failed() {
    let folder = Folder::with_list();
    fs::remove_file(folder.path("list.json")).unwrap();
    folder.run(&["poll"]).check(1, &["qinghe", "failed: ", "list.json"], &[]);
    let told = folder.run(&["poll", "--force", "--json"]).check(1, &[], &[]).json();
    assert_eq!(told[0]["succeeded"], Value::from(false));
}

#[test]
fn poll_guesses_the_source_that_is_meant() {
    let folder = Folder::with_list();
    folder.run(&["poll", "qinhe"]).check(2, &[], &["no source `qinhe`; did you mean `qinghe`?"]);
}

#[test]
fn items_are_listed_newest_first() {
    let folder = Folder::with_list();
    folder.run(&["items"]).check(0, &[], &["no items yet"]);
    folder.run(&["poll"]).check(0, &[], &[]);
    let ended = folder.run(&["items"]).check(
        0,
        &["2026-11-21T10:00:00+08:00  qinghe  云岭铁路换上夜光砖\n"],
        &[],
    );
    assert!(ended.out.starts_with("2026-11-21"), "{ended:#?}");
    let one = folder
        .run(&["items", "--category", "财经", "--limit", "1", "--json"])
        .check(0, &[], &[])
        .json();
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_eq!(one[0]["guid"], Value::from("a2"));
    folder.run(&["items", "--source", "qinge"]).check(2, &[], &["did you mean `qinghe`?"]);
}

#[test]
fn search_finds_what_was_taken_in() {
    let folder = Folder::with_list();
    folder.run(&["search", "铁路"]).check(0, &[], &["nothing was found"]);
    folder.run(&["poll"]).check(0, &[], &[]);
    let found = folder.run(&["search", "铁路", "“夜光砖”"]).check(0, &[], &[]);
    assert_eq!(found.out, "2026-11-21T10:00:00+08:00  qinghe  云岭铁路换上夜光砖\n");
    let found = folder.run(&["search", "乙", "--json"]).check(0, &[], &[]).json();
    assert_eq!((found.as_array().unwrap().len(), &found[0]["guid"]), (1, &Value::from("a2")));
    folder.run(&["search", "铁路", "春耕"]).check(0, &[], &["nothing was found"]);
    let both = folder.run(&["search", "甲", "--category", "财经", "--limit", "1"]);
    both.check(0, &["青禾市春耕进度快于去年"], &[]);
    folder.run(&["search", "甲", "--source", "qinge"]).check(2, &[], &["did you mean `qinghe`?"]);
}

#[test]
fn search_says_when_there_is_nothing_to_look_for() {
    let folder = Folder::with_list();
    for words in ["“”", "*", "", "\"", "-"] {
        folder.run(&["search", words]).check(2, &[], &["there is nothing to look for"]);
    }
    folder.run(&["search"]).check(2, &[], &["QUERY"]);
    folder.run(&["search", "--", "-x"]).check(0, &[], &["nothing was found"]);
    let long = "长".repeat(300);
    folder.run(&["search", &long]).check(0, &[], &["256 characters", "nothing was found"]);
}

#[test]
fn an_item_is_explained_and_taken_down() {
    let folder = Folder::with_list();
    folder.run(&["poll"]).check(0, &[], &[]);
    folder.run(&["explain", "a1"]).check(
        0,
        &[
            "青禾市春耕进度快于去年",
            "readers see it",
            "/category/caijing number",
            "in the feed",
            "published",
        ],
        &[],
    );
    let told = folder.run(&["explain", "a1", "--json"]).check(0, &[], &[]).json();
    assert_eq!((&told["item"]["state"], &told["item"]["guid"]), (&"live".into(), &"a1".into()));
    let id = told["item"]["id"].as_str().unwrap().to_owned();
    folder.run(&["withdraw", &format!("http://127.0.0.1:8080/item/{id}")]).check(
        0,
        &[&format!("{id} is withdrawn")],
        &[],
    );
    folder.run(&["withdraw", "a1"]).check(0, &["was withdrawn before"], &[]);
    folder.run(&["explain", &id]).check(0, &["withdrawn by hand", "not shown"], &[]);
    folder.run(&["poll", "--force"]).check(0, &[], &[]);
    let items = folder.run(&["items"]).check(0, &["夜光砖"], &[]);
    assert!(!items.out.contains("春耕"), "{}", items.out);
    folder.run(&["withdraw", "nowhere"]).check(1, &[], &["there is no item `nowhere`"]);
    folder.run(&["explain", "nowhere"]).check(1, &[], &["nothing is known of `nowhere`"]);
    folder.run(&["withdraw"]).check(2, &[], &["ITEM"]);
}

#[test]
fn preview_shows_and_stores_nothing() {
    let folder = Folder::with_list();
    let words = [
        "GET file://",
        "200, application/json",
        "entries    2",
        "\"2026-11-20 09:30:00\" → 2026-11-20T09:30:00+08:00",
        "guid a1",
    ];
    folder.run(&["preview", "qinghe"]).check(0, &words, &[]);
    let told = folder.run(&["preview", "qinghe", "--json"]).check(0, &[], &[]).json();
    assert_eq!(told["shown"][0]["verdict"], Value::from("item"));
    assert_eq!(told["shown"][0]["published"]["read"], Value::from("2026-11-20T09:30:00+08:00"));
    assert!(!folder.path("data").exists());
    folder.run(&["preview", "qinghee"]).check(2, &[], &["did you mean `qinghe`?"]);
    folder.run(&["preview", "none/here.rss"]).check(2, &[], &["should be an address"]);
    folder.run(&["preview", "file:none.rss"]).check(1, &["does not exist"], &[]);
    folder.write("page.html", "<!doctype html><title>a page</title><p>no feed</p>");
    folder.run(&["preview", "page.html"]).check(1, &["problems"], &[]);
}

#[test]
fn preview_reads_a_feed_nobody_configured() {
    let folder = Folder::with(SITE);
    let feed = "<rss version=\"2.0\"><channel><title>t</title><item><title>甲</title><guid>g1</guid></item></channel></rss>";
    folder.write("a.rss", feed);
    folder.run(&["preview", "a.rss"]).check(0, &["甲", "guid g1"], &[]);
}

/// A server for one question.
fn answering(body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).unwrap();
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).unwrap();
    });
    format!("http://{address}/feed")
}

#[test]
fn preview_asks_an_address_even_a_private_one_when_it_is_typed() {
    let folder = Folder::with(SITE);
    let address = answering(
        "<rss version=\"2.0\"><channel><title>t</title><item><title>甲</title></item></channel></rss>",
    );
    folder.run(&["preview", &address]).check(0, &["200, application/rss+xml", &address, "甲"], &[]);
}

#[test]
fn what_import_writes_can_be_appended() {
    let folder = Folder::with_list();
    let opml = r#"<opml version="2.0"><body><outline text="科技">
        <outline text="经济 &amp; 观察" type="rss" xmlUrl="https://a.example.com/rss?x=1&amp;y=2"/>
        <outline text="" type="rss" xmlUrl="https://blog.example.com/atom"/>
        <outline text="青禾" type="rss" xmlUrl="mailto:nobody"/></outline></body></opml>"#;
    folder.write("list.opml", opml);
    let ended = folder.run(&["import", "list.opml"]).check(
        0,
        &["[[source]]", "categories = [\"科技\"]"],
        &["`mailto:nobody`"],
    );
    folder.write("feeds.toml", &format!("{SITE}{LIST}{}", ended.out));
    folder.run(&["check"]).check(0, &["3 sources"], &[]);
    folder.run(&["import", "none.opml"]).check(1, &[], &["none.opml cannot be read"]);
}

#[test]
fn export_writes_what_import_reads() {
    let folder = Folder::with_list();
    let ended = folder.run(&["export"]).check(
        0,
        &["<opml", "/category/caijing.atom", "/source/qinghe.atom"],
        &[],
    );
    folder.write("own.opml", &ended.out);
    folder.run(&["import", "own.opml"]).check(0, &["/source/qinghe.atom"], &[]);
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        Folder::with("").run(&["completions", shell]).check(0, &["feedloom", "preview"], &[]);
    }
}

#[test]
fn a_reader_who_leaves_early_breaks_nothing() {
    let folder = Folder::with("");
    let mut child = folder
        .command(&["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    Ended::of(child.wait_with_output().unwrap()).check(0, &[], &[]);
}

#[test]
fn a_damaged_database_is_refused_and_left_alone() {
    let folder = Folder::with_list();
    fs::create_dir(folder.path("data")).unwrap();
    let garbage = "not a database at all, whatever its name says".repeat(200);
    folder.write("data/feedloom.db", &garbage);
    folder.run(&[]).check(1, &[], &["the store cannot be opened", "feedloom.db"]);
    assert_eq!(fs::read_to_string(folder.path("data/feedloom.db")).unwrap(), garbage);
}

#[test]
fn a_place_that_cannot_be_written_is_told() {
    let folder = Folder::with_list();
    folder.write("data", "a file where the folder should be");
    folder.run(&["poll"]).check(1, &[], &["the store cannot be opened", "data"]);
}

#[test]
fn a_port_in_use_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = Folder::with(&SITE.replace("127.0.0.1:0", &address));
    folder.run(&["serve"]).check(1, &[], &[&address, "is in use", "`listen`"]);
}

/// A server that is stopped when the test is over, however it ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// Starts it and waits for the address to open, which is the last of its lines.
    fn start(folder: &Folder) -> (Server, Vec<String>, String) {
        let child =
            folder.command(&[]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut server = Server(child);
        let mut lines = Vec::new();
        for line in BufReader::new(server.0.stdout.take().unwrap()).lines().map_while(Result::ok) {
            if let Some(open) = line.strip_prefix("open http://") {
                let address = open.split('/').next().unwrap().to_owned();
                return (server, lines, address);
            }
            lines.push(line);
        }
        panic!("it never said where to open it; its lines were {lines:?}");
    }

    #[cfg(unix)]
    fn told(mut self, signal: &str) -> Option<i32> {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        self.0.wait().unwrap().code()
    }
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Asks until it is ready; the test's own time-out is the runner's.
fn wait_until_ready(address: &str) {
    while !get(address, "/readyz").starts_with("HTTP/1.1 200") {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[cfg(unix)]
#[test]
fn serve_answers_and_stops_when_told() {
    for signal in ["-TERM", "-INT"] {
        let folder = Folder::with_list();
        let (server, lines, address) = Server::start(&folder);
        assert_eq!(lines, ["qinghe  json   file:…/list.json"]);
        wait_until_ready(&address);
        let answer = get(&address, "/category/caijing.rss");
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains("云岭铁路换上夜光砖"),
            "{answer}"
        );
        assert!(folder.path("data/feedloom.db").exists());
        assert_eq!(server.told(signal), Some(0));
        folder.run(&["items"]).check(0, &["qinghe"], &[]);
        folder.run(&["search", "春耕"]).check(0, &["青禾市春耕进度快于去年"], &[]);
    }
}

#[test]
fn the_search_index_follows_while_serving() {
    let folder = Folder::with_list();
    let (_server, _, address) = Server::start(&folder);
    wait_until_ready(&address);
    // A search looks at what the index has not come to as well, so this asks the index itself.
    let index = rusqlite::Connection::open(folder.path("data/feedloom.db")).unwrap();
    let sql = "SELECT count(*) FROM term WHERE term MATCH '\"夜光 光砖\"'";
    // Until it is found; the test's own time-out is the runner's.
    while index.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() == 0 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
