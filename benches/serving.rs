//! Answering readers, beside nginx with the same bytes as static files: CPU per request for a 304 and
//! for a document of some 50 KB, as it is and gzipped, over interleaved rounds of `wrk`.
//!
//! `cargo bench --bench serving` prints medians, spreads and ratios. Without wrk or nginx (Debian's
//! packages) it says so and measures nothing. Linux only, since CPU is read from `/proc`.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 9;
/// Seconds of load in a round.
const LOAD: &str = "1";
const FEED: &str = "/category/wire.rss";

/// What is asked, and the header that asks for it.
struct Case {
    name: &'static str,
    header: String,
    /// How many times nginx's CPU the issue allows.
    most: f64,
}

fn main() {
    for program in ["wrk", "nginx"] {
        if Command::new(program)
            .arg("-v")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_err()
        {
            println!("skipped: {program} is not installed, so there is nothing to compare");
            return;
        }
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ours = feedloom(folder.path());
    let peer = nginx(folder.path(), ours.address);
    let tag = ours.tag();
    let cases = [
        Case { name: "304", header: format!("If-None-Match: {tag}"), most: 1.25 },
        Case { name: "200", header: "Accept: */*".into(), most: 1.4 },
        Case { name: "200 gzip", header: "Accept-Encoding: gzip".into(), most: 1.4 },
    ];
    for case in &cases {
        compare(case, &ours, &peer);
    }
}

/// Prints microseconds of CPU per request and requests per second, ours and nginx's, and the ratios.
fn compare(case: &Case, ours: &Server, peer: &Server) {
    // nginx makes tags of its own.
    let header = match case.name {
        "304" => format!("If-None-Match: {}", peer.tag()),
        _ => case.header.clone(),
    };
    let (mut mine, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        mine.push(ours.load(&case.header));
        theirs.push(peer.load(&header));
    }
    let cpu: Vec<f64> = mine.iter().zip(&theirs).map(|(a, b)| a.0 / b.0).collect();
    let rate: Vec<f64> = mine.iter().zip(&theirs).map(|(a, b)| a.1 / b.1).collect();
    let of = |rounds: &[(f64, f64)]| {
        let cpu = middle(rounds.iter().map(|round| round.0).collect());
        let rate = middle(rounds.iter().map(|round| round.1).collect());
        format!("{:.1} µs/request, {:.0}/s", cpu.1 * 1e6, rate.1)
    };
    let (cpu, rate) = (middle(cpu), middle(rate));
    println!("{}: feedloom {}; nginx {}", case.name, of(&mine), of(&theirs));
    println!(
        "  CPU per request {:.2} times nginx's ({:.2} to {:.2}), at most {}; throughput {:.2} times",
        cpu.1, cpu.0, cpu.2, case.most, rate.1
    );
}

/// The lower quartile, the median and the upper one.
fn middle(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |share: usize| values[(values.len() - 1) * share / 4];
    (at(1), at(2), at(3))
}

/// A server under load.
struct Server {
    process: Child,
    /// Processes whose CPU counts.
    workers: Vec<u32>,
    address: SocketAddr,
    path: String,
}

impl Server {
    /// Loads it for a round: seconds of CPU per request, requests per second.
    fn load(&self, header: &str) -> (f64, f64) {
        let before = self.cpu();
        let url = format!("http://{}{}", self.address, self.path);
        let ran = Command::new("wrk")
            .args(["-t1", "-c32", &format!("-d{LOAD}s"), "-H", header, &url])
            .output()
            .expect("wrk runs");
        let said = String::from_utf8_lossy(&ran.stdout);
        let line = said.lines().find(|line| line.contains(" requests in ")).expect("a count");
        let requests: f64 = line.split_whitespace().next().expect("a number").parse().expect("one");
        assert!(!said.contains("Non-2xx") || header.starts_with("If"), "{said}");
        ((self.cpu() - before) / requests, requests / LOAD.parse::<f64>().expect("a number"))
    }

    /// Seconds of CPU so far.
    fn cpu(&self) -> f64 {
        let of = |id: &u32| {
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).expect("it runs");
            let after = stat.rsplit(')').next().expect("a name in brackets");
            let fields: Vec<&str> = after.split_whitespace().collect();
            // Fields 14 and 15 of proc(5), counted from behind the name; a tick is 10 ms.
            (fields[11].parse::<f64>().expect("ticks") + fields[12].parse::<f64>().expect("ticks"))
                / 100.0
        };
        self.workers.iter().map(of).sum()
    }

    fn get(&self, headers: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        let request =
            format!("GET {} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n", self.path);
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
        (String::from_utf8_lossy(&answer[..end]).to_lowercase(), answer[end..].to_vec())
    }

    fn tag(&self) -> String {
        let (head, _) = self.get("");
        let line = head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("a tag");
        line.to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Feedloom on a feed of ten articles of 5 KB.
fn feedloom(folder: &Path) -> Server {
    let items: String = (0..10)
        .map(|n| {
            let body = format!("<p>第{n}段：市场监管与新闻出版，各地要闻，今日快讯。</p>").repeat(64);
            format!("<item><guid>g{n}</guid><title>标题{n}</title><link>https://a.example/{n}</link><description><![CDATA[{body}]]></description></item>")
        })
        .collect();
    let feed = format!("<rss version=\"2.0\"><channel><title>Wire</title>{items}</channel></rss>");
    fs::write(folder.join("wire.rss"), feed).expect("written");
    let address = free();
    let file = format!(
        "[site]\ntitle = \"Bench\"\nurl = \"http://{address}\"\n[server]\nlisten = \"{address}\"\n[[source]]\nid = \"wire\"\nkind = \"feed\"\nurl = \"file:wire.rss\"\ncategories = [\"wire\"]\n"
    );
    fs::write(folder.join("feeds.toml"), file).expect("written");
    let process = quiet(Command::new(env!("CARGO_BIN_EXE_feedloom")).current_dir(folder));
    let workers = vec![process.id()];
    let server = Server { process, workers, address, path: FEED.to_owned() };
    wait(|| TcpStream::connect(address).is_ok() && server.get("").1.len() > 40_000);
    server
}

/// nginx with the same bytes as files, the gzipped ones beside them.
fn nginx(folder: &Path, ours: SocketAddr) -> Server {
    let root = folder.join("root");
    fs::create_dir(&root).expect("a folder");
    let ask = |headers| {
        let probe = Command::new("true").spawn().expect("a process");
        let server =
            Server { process: probe, workers: vec![], address: ours, path: FEED.to_owned() };
        server.get(headers).1
    };
    fs::write(root.join("wire.rss"), ask("")).expect("written");
    fs::write(root.join("wire.rss.gz"), ask("Accept-Encoding: gzip\r\n")).expect("written");
    let address = free();
    let folder = folder.display();
    let config = format!(
        "worker_processes 1; daemon off; pid {folder}/pid; error_log /dev/null;\nevents {{}}\nhttp {{ access_log off; sendfile on; open_file_cache max=100; keepalive_requests 1000000000; gzip_static on; types {{ application/rss+xml rss; }} server {{ listen {address}; root {folder}/root; }} }}\n"
    );
    let file = format!("{folder}/nginx.conf");
    fs::write(&file, config).expect("written");
    // It drops to another user, who has to get at the files.
    let open = Command::new("chmod").args(["-R", "a+rX", &folder.to_string()]).status();
    assert!(open.is_ok_and(|status| status.success()));
    let process = quiet(Command::new("nginx").args(["-c", &file]));
    wait(|| TcpStream::connect(address).is_ok());
    let children = format!("/proc/{0}/task/{0}/children", process.id());
    let workers = fs::read_to_string(children).expect("its workers");
    let workers = workers.split_whitespace().map(|id| id.parse().expect("an id")).collect();
    let server = Server { process, workers, address, path: "/wire.rss".to_owned() };
    assert!(server.get("").1.len() > 40_000, "nginx serves the same bytes");
    server
}

fn quiet(command: &mut Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
}

fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address")
}

fn wait(mut until: impl FnMut() -> bool) {
    let began = Instant::now();
    while !until() {
        assert!(began.elapsed() < Duration::from_secs(20), "it never came up");
        std::thread::sleep(Duration::from_millis(50));
    }
}
