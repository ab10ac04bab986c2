//! An origin that misbehaves in every way (reliability rows T-04, T-08 to T-17, P-20, P-21, X-07), asked by the
//! built program over sockets: each source first brings good items, then its own mischief. Each mischief
//! ends in words of its own kind, what is published stays as it is to the byte, and nothing is
//! held on to.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::origin::{Place, Running, await_ready, free_port, get};

type Act = fn(&mut TcpStream) -> Result<()>;

/// What a source does, and how that is told: the words allowed for its cause; with `well` its answer is
/// taken for what it is.
const CASES: &[(&str, Act, &[&str])] = &[
    ("t-04-two-locations", |s| redirect(s, &["/good", "/other"]), &["broken"]),
    ("t-04-to-a-file", |s| redirect(s, &["file:///etc/passwd"]), &["refused"]),
    ("t-04-to-gopher", |s| redirect(s, &["gopher://127.0.0.1:70/"]), &["refused"]),
    ("t-04-to-a-port", |s| redirect(s, &["http://127.0.0.1:1/"]), &["refused"]),
    ("t-04-to-metadata", |s| redirect(s, &["http://169.254.169.254/latest"]), &["refused"]),
    ("t-14-in-a-circle", |s| redirect(s, &["/t-14-in-a-circle"]), &["broken"]),
    ("t-14-on-and-on", on_and_on, &["broken"]),
    ("t-08-external-entity", |s| ok(s, &external_entity()), WELL),
    ("t-09-laughs", |s| ok(s, &laughs()), WELL),
    ("t-10-bomb", |s| coded(s, "gzip", &bomb(64 << 20)), &["too-large"]),
    ("t-10-bomb-of-a-bomb", |s| coded(s, "gzip, gzip", &packed(&bomb(8 << 20))), &["broken"]),
    ("t-10-cut", |s| coded(s, "gzip", &packed(feed("x").as_bytes())[..40]), &["broken"]),
    ("t-10-unknown-coding", |s| coded(s, "rot13", b"x"), &["broken"]),
    ("t-11-endless-chunks", endless_chunks, &["too-large", "timeout"]),
    ("t-11-endless", endless, &["too-large", "timeout"]),
    ("t-11-length-too-long", |s| with_length(s, "99999"), &["broken", "unreachable"]),
    ("t-11-length-negative", |s| with_length(s, "-5"), &["broken", "unreachable"]),
    ("t-11-length-twice", |s| with_length(s, "5\r\ncontent-length: 9"), &["broken", "unreachable"]),
    ("t-12-silence", |s| quiet(s, b""), &["timeout"]),
    ("t-12-half-a-head", |s| quiet(s, b"HTTP/1.1 200 OK\r\nx: y\r\n"), &["timeout"]),
    (
        "t-12-half-a-body",
        |s| quiet(s, b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nx"),
        &["timeout"],
    ),
    ("t-12-drip", drip, &["timeout"]),
    ("t-13-endless-lines", endless_lines, &["too-large", "broken", "timeout"]),
    ("t-13-a-long-line", long_line, &["too-large", "broken"]),
    ("t-13-cookies", cookies, &["too-large", "broken"]),
    ("t-13-interim", interim, &["broken", "timeout", "too-large"]),
    ("t-15-depth", |s| ok(s, &nested("<b>", 100_000)), &["well", "unreadable", "doubtful"]),
    ("t-15-attributes", |s| ok(s, &attributes()), &["well", "unreadable", "doubtful"]),
    ("t-15-comments", |s| ok(s, &comments()), &["well", "unreadable", "doubtful"]),
    ("t-15-items", |s| ok(s, &empty_items()), &["well", "unreadable", "doubtful"]),
    ("t-15-a-name", |s| ok(s, &format!("<rss><{0}/></rss>", "n".repeat(50_000))), NO_FEED),
    ("t-16-tags", |s| ok(s, &nested_html()), WELL),
    ("t-17-utf-7", |s| typed(s, "text/xml; charset=utf-7", b"+ADw-rss+AD4-"), NO_FEED),
    ("t-17-noise", |s| ok_bytes(s, &noise()), NO_FEED),
    ("p-20-no-content", |s| status(s, "204 No Content"), &["empty"]),
    ("p-20-a-part", |s| status(s, "206 Partial Content"), &["status"]),
    ("p-20-empty", |s| ok(s, ""), &["empty"]),
    ("p-21-a-page", |s| typed(s, "text/html", b"<!doctype html><title>Sorry</title>"), NO_FEED),
    (
        "p-21-no-items",
        |s| ok(s, "<rss version=\"2.0\"><channel><title>n</title></channel></rss>"),
        &["doubtful"],
    ),
    ("x-07-cut", |s| ok(s, &feed("x-07-cut")[..30]), &["well", "unreadable", "doubtful"]),
    ("x-07-not-modified", |s| status(s, "304 Not Modified"), &["well", "status"]),
    ("x-07-error", |s| status(s, "500 Oops"), &["server"]),
    ("x-07-no-http", |s| s.write_all(b"220 ready\r\n"), &["broken", "unreachable"]),
    ("x-07-hangs-up", |_| Ok(()), &["broken", "unreachable"]),
];

const WELL: &[&str] = &["well"];
const NO_FEED: &[&str] = &["unreadable", "doubtful"];
const CANARY: &str = "the canary sings";

/// Three items that say whose they are.
fn feed(name: &str) -> String {
    let items: String = (0..3)
        .map(|n| format!("<item><guid>{name}-{n}</guid><title>{name} {n}</title></item>"))
        .collect();
    format!("<rss version=\"2.0\"><channel><title>{name}</title>{items}</channel></rss>")
}

fn head(s: &mut TcpStream, first: &str, more: &str) -> Result<()> {
    write!(s, "HTTP/1.1 {first}\r\nconnection: close\r\n{more}\r\n")
}

fn status(s: &mut TcpStream, first: &str) -> Result<()> {
    head(s, first, "")
}

fn ok(s: &mut TcpStream, body: &str) -> Result<()> {
    ok_bytes(s, body.as_bytes())
}

fn ok_bytes(s: &mut TcpStream, body: &[u8]) -> Result<()> {
    typed(s, "application/rss+xml", body)
}

fn typed(s: &mut TcpStream, kind: &str, body: &[u8]) -> Result<()> {
    head(s, "200 OK", &format!("content-type: {kind}\r\ncontent-length: {}\r\n", body.len()))?;
    s.write_all(body)
}

fn coded(s: &mut TcpStream, coding: &str, body: &[u8]) -> Result<()> {
    head(
        s,
        "200 OK",
        &format!("content-encoding: {coding}\r\ncontent-length: {}\r\n", body.len()),
    )?;
    s.write_all(body)
}

fn redirect(s: &mut TcpStream, to: &[&str]) -> Result<()> {
    let lines: String = to.iter().map(|to| format!("location: {to}\r\n")).collect();
    head(s, "302 Found", &format!("{lines}content-length: 0\r\n"))
}

/// Each step leads to one that has not been taken.
fn on_and_on(s: &mut TcpStream) -> Result<()> {
    let port = s.peer_addr()?.port();
    redirect(
        s,
        &[&format!("/t-14-on-and-on?{port}{:?}", Instant::now()).replace([' ', '{', '}', ':'], "")],
    )
}

fn external_entity() -> String {
    let doctype = "<!DOCTYPE rss [<!ENTITY x SYSTEM \"file:CANARY\"><!ENTITY % y SYSTEM \"http://127.0.0.1:1/\">%y;]>";
    doctype.to_owned() + &feed("t-08-external-entity").replace("-entity 0", "-entity 0 &x;")
}

fn laughs() -> String {
    let entities: String = (1..10)
        .map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10)))
        .collect();
    format!("<!DOCTYPE rss [<!ENTITY l0 \"ha\">{entities}]>")
        + &feed("t-09-laughs").replace("laughs 0", "laughs 0 &l9;")
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn bomb(bytes: usize) -> Vec<u8> {
    packed(&vec![0; bytes])
}

fn endless_chunks(s: &mut TcpStream) -> Result<()> {
    head(s, "200 OK", "transfer-encoding: chunked\r\n")?;
    s.write_all(b"10\r\n<rss><channel>  \r\n")?;
    loop {
        s.write_all(b"e\r\n<item></item> \r\n")?;
    }
}

fn endless(s: &mut TcpStream) -> Result<()> {
    head(s, "200 OK", "")?;
    s.write_all(b"<rss><channel>")?;
    loop {
        s.write_all(&[b' '; 4096])?;
    }
}

fn with_length(s: &mut TcpStream, length: &str) -> Result<()> {
    head(s, "200 OK", &format!("content-length: {length}\r\n"))?;
    s.write_all(b"<rss/>")
}

/// Says so much and waits until the other side has had enough.
fn quiet(s: &mut TcpStream, words: &[u8]) -> Result<()> {
    s.write_all(words)?;
    while s.read(&mut [0; 64])? > 0 {}
    Ok(())
}

fn drip(s: &mut TcpStream) -> Result<()> {
    head(s, "200 OK", "content-length: 9999\r\n")?;
    loop {
        s.write_all(b"x")?;
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn endless_lines(s: &mut TcpStream) -> Result<()> {
    s.write_all(b"HTTP/1.1 200 OK\r\n")?;
    loop {
        s.write_all(b"x: y\r\n")?;
    }
}

fn long_line(s: &mut TcpStream) -> Result<()> {
    head(s, "200 OK", &format!("x: {}\r\n", "y".repeat(1 << 20)))
}

fn cookies(s: &mut TcpStream) -> Result<()> {
    head(s, "200 OK", &"set-cookie: a=b\r\n".repeat(100_000))
}

fn interim(s: &mut TcpStream) -> Result<()> {
    loop {
        s.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n")?;
    }
}

fn nested(tag: &str, depth: usize) -> String {
    feed("t-15-depth").replace("</channel>", &tag.repeat(depth))
}

fn attributes() -> String {
    let attributes: String = (0..80_000).map(|n| format!(" a{n}=\"\" xmlns:n{n}=\"u\"")).collect();
    feed("t-15-attributes").replacen("<item>", &format!("<item{attributes}>"), 1)
}

fn comments() -> String {
    feed("t-15-comments").replacen("<item>", &format!("{}<item>", "<!---->".repeat(500_000)), 1)
}

fn empty_items() -> String {
    feed("t-15-items").replace("</channel>", &"<item/>".repeat(600_000))
}

fn nested_html() -> String {
    let body = "&lt;a&gt;&lt;i&gt;".repeat(40_000);
    feed("t-16-tags")
        .replace("</title></item>", &format!("</title><description>{body}</description></item>"))
}

/// Bytes without a pattern, always the same.
fn noise() -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..20_000).map(|_| next()).collect()
}

/// Starts the origin; it is good until told otherwise.
fn origin(canary: String) -> (std::net::SocketAddr, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let (address, is_bad) =
        (listener.local_addr().expect("bound"), Arc::new(AtomicBool::new(false)));
    let told = is_bad.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (told, canary) = (told.clone(), canary.clone());
            std::thread::spawn(move || {
                let _ = answer(stream, told.load(Ordering::Relaxed), &canary);
            });
        }
    });
    (address, is_bad)
}

fn answer(mut stream: TcpStream, is_bad: bool, canary: &str) -> Result<()> {
    stream.set_write_timeout(Some(Duration::from_secs(20)))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut line = String::new();
    let mut reader = BufReader::new(stream.try_clone()?);
    reader.read_line(&mut line)?;
    let mut rest = String::new();
    while reader.read_line(&mut rest)? > 2 {
        rest.clear();
    }
    let path = line.split(' ').nth(1).unwrap_or("/");
    let name = path.trim_start_matches('/').split('?').next().unwrap_or_default();
    match CASES.iter().find(|(case, ..)| *case == name).filter(|_| is_bad) {
        Some((_, act, _)) if name == "t-08-external-entity" => {
            let _ = act;
            ok(&mut stream, &external_entity().replace("CANARY", canary))
        }
        Some((_, act, _)) => act(&mut stream),
        None => ok(&mut stream, &feed(name)),
    }
}

/// The descriptors a process holds.
fn descriptors(process: u32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count)
}

/// Memory a process has ever had, in KiB.
fn peak(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or(0)
}

struct House {
    port: u16,
}

impl House {
    fn sources(&self) -> HashMap<String, Value> {
        let body = get(self.port, "/status.json", &[]).expect("an answer").2;
        let status: Value = serde_json::from_slice(&body).expect("JSON");
        let sources = status["sources"].as_array().expect("a list").clone();
        let named = |source: Value| (source["id"].as_str().expect("an id").to_owned(), source);
        sources.into_iter().map(named).collect()
    }

    /// What readers get of every source.
    fn published(&self) -> HashMap<&'static str, Vec<u8>> {
        let of = |name: &'static str| {
            let (status, _, body) =
                get(self.port, &format!("/source/{name}.json"), &[]).expect("an answer");
            assert_eq!(status, 200, "{name}");
            (name, body)
        };
        CASES.iter().map(|(name, ..)| of(name)).collect()
    }

    fn until(&self, what: &str, mut is_so: impl FnMut(&HashMap<String, Value>) -> bool) {
        let began = Instant::now();
        while !is_so(&self.sources()) {
            assert!(began.elapsed() < Duration::from_secs(90), "not within 90 s: {what}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

#[test]
fn g_05_an_origin_that_misbehaves_in_every_way() {
    let port = free_port();
    let folder = tempfile::tempdir().expect("a folder");
    let canary = folder.path().join("canary");
    std::fs::write(&canary, CANARY).expect("it can be written");
    let (at, is_bad) = origin(canary.display().to_string());
    let sources: String = CASES
        .iter()
        .map(|(name, ..)| {
            format!("[[source]]\nid = \"{name}\"\nkind = \"feed\"\nurl = \"http://{at}/{name}\"\nallow = [\"{at}\"]\n")
        })
        .collect();
    let place = Place::new(&format!(
        "[site]\ntitle = \"Test\"\nurl = \"http://127.0.0.1:{port}\"\n[server]\nlisten = \"127.0.0.1:{port}\"\n\
         [defaults]\ninterval = \"1s\"\nlimits = {{ headers = \"3s\", total = \"6s\" }}\n\
         [[host]]\nname = \"127.0.0.1\"\nat_once = 64\ngap = \"0s\"\n{sources}"
    ));
    let mut command = place.command(&["serve"]);
    let running =
        Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs"));
    let process = running.0.id();
    await_ready(port, "/readyz");
    let house = House { port };
    house.until("every source has been well", |sources| {
        sources.values().all(|source| source["items"] == 3)
    });
    let (before, held) = (house.published(), descriptors(process));
    let peak_before = peak(process);

    let polls = |source: &Value| {
        let days = source["days"].as_array().map(Vec::as_slice).unwrap_or_default();
        days.iter().filter_map(|day| day["polls"].as_u64()).sum::<u64>()
    };
    is_bad.store(true, Ordering::Relaxed);
    let counted: HashMap<String, u64> =
        house.sources().into_iter().map(|(name, source)| (name, polls(&source))).collect();
    // One poll may have been under way.
    house.until("every source has misbehaved", |sources| {
        sources.iter().all(|(name, source)| polls(source) >= counted[name] + 2)
    });
    let sources = house.sources();
    let mut wrong = Vec::new();
    for (name, _, expected) in CASES {
        let source = &sources[*name];
        let cause = source["cause"].as_str().unwrap_or("well");
        if !expected.contains(&cause) {
            wrong.push(format!("{name}: {cause}, not {expected:?}: {}", source["last_error"]));
        }
        if cause != "well" && source["last_error"].as_str().is_none_or(str::is_empty) {
            wrong.push(format!("{name}: nothing is said"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));

    // What is published changes only where the source says something that can be believed.
    let after = house.published();
    for (name, _, expected) in CASES {
        if !expected.contains(&"well") {
            assert!(after[name] == before[name], "{name} changed what is published");
        }
        let text = String::from_utf8_lossy(&after[name]);
        assert!(text.contains(&format!("{name} 1")), "{name} lost an item");
        assert!(!text.contains(CANARY), "{name} read a file");
        assert!(after[name].len() < 8 << 20, "{name} grew without bound");
    }
    if cfg!(target_os = "linux") {
        let grown = peak(process).saturating_sub(peak_before) >> 10;
        assert!(grown < 256, "memory grew by {grown} MiB");
    }

    // Good again, everybody comes back, and nothing was held on to.
    is_bad.store(false, Ordering::Relaxed);
    house.until("every source is well again", |sources| {
        sources.values().all(|source| source["state"] == "well")
    });
    if cfg!(target_os = "linux") {
        let began = Instant::now();
        while descriptors(process) > held + 64 {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "{} descriptors, {held} before",
                descriptors(process)
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}
