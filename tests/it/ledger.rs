//! What readers were served before and after: restarts, kills and edits judged by the bytes on the
//! wire, not by exit codes.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::origin::{Origin, Place, Reply, Running, await_ready, free_port, get};

const FEEDS: [&str; 7] = [
    "/all.rss",
    "/all.atom",
    "/all.json",
    "/category/liu.rss",
    "/category/liu.atom",
    "/category/liu.json",
    "/source/stream.atom",
];

/// Tag and body of every feed at one moment.
type Ledger = BTreeMap<&'static str, (String, Vec<u8>)>;

fn ledger(port: u16) -> Ledger {
    let entry = |path: &'static str| {
        let (status, headers, body) = get(port, path, &[]).expect("it answers");
        assert_eq!(status, 200, "{path}");
        let tag = headers.iter().find(|(name, _)| name == "etag").expect("a tag").1.clone();
        let (again, _, empty) = get(port, path, &[("if-none-match", &tag)]).expect("it answers");
        assert_eq!((again, empty.len()), (304, 0), "{path} knows its own tag");
        (path, (tag, body))
    };
    FEEDS.map(entry).into_iter().collect()
}

fn document(entries: &[(u32, &str)]) -> Vec<u8> {
    let items: String = entries
        .iter()
        .map(|(n, title)| format!("<item><guid>urn:item:{n}</guid><title>{title}</title><pubDate>Fri, 27 May 2022 12:{n:02}:00 +0800</pubDate><description>正文{n}。</description></item>"))
        .collect();
    format!("<rss version=\"2.0\"><channel><title>流</title><link>https://e.example/</link><description/>{items}</channel></rss>").into_bytes()
}

fn serve(place: &Place, port: u16) -> Running {
    let child = place
        .command(&["serve"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let running = Running(child);
    await_ready(port, "/readyz");
    running
}

/// Waits until the feed holds these words; a poll is one transaction, so then all feeds have them.
fn await_words(port: u16, words: &str) -> Ledger {
    let began = Instant::now();
    loop {
        let (_, _, body) = get(port, "/all.atom", &[]).expect("it answers");
        if String::from_utf8_lossy(&body).contains(words) {
            return ledger(port);
        }
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "`{words}` did not reach the feed within 20 s"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn restarts_and_kills_change_no_byte_and_an_edit_changes_what_it_should() {
    let body = Arc::new(Mutex::new(document(&[(1, "甲"), (2, "乙")])));
    let served = Arc::clone(&body);
    let origin = Origin::start(move |asked| match asked.path.as_str() {
        "/feed" => Reply::ok(served.lock().expect("nobody panics").clone()),
        _ => Reply { status: 404, headers: Vec::new(), body: Vec::new() },
    });
    let port = free_port();
    let place = Place::new(&format!(
        "[site]\ntitle = \"t\"\nurl = \"http://127.0.0.1:{port}\"\n[server]\nlisten = \"127.0.0.1:{port}\"\n\
         [[source]]\nid = \"stream\"\nkind = \"feed\"\nurl = \"http://{0}/feed\"\nallow = [\"{0}\"]\ncategories = [\"流\"]\ninterval = \"1s\"\n",
        origin.address
    ));
    let running = serve(&place, port);
    let first = await_words(port, "urn:item:2");
    drop(running);

    let running = serve(&place, port);
    assert_eq!(ledger(port), first, "after kill -9 and a restart the bytes are the same");
    terminate(running);

    let _running = serve(&place, port);
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(
        ledger(port),
        first,
        "after SIGTERM, a restart and polls without news the bytes are the same"
    );

    *body.lock().expect("nobody panics") = document(&[(1, "甲"), (2, "乙改"), (3, "丙")]);
    let second = await_words(port, "乙改");
    assert!(
        FEEDS.iter().all(|path| second[path].0 != first[path].0),
        "every feed of an edited item has another tag"
    );
    for id in ["urn:item:1", "urn:item:2"] {
        assert!(String::from_utf8_lossy(&second["/all.atom"].1).contains(id), "{id} keeps its id");
    }
    let published = "2022-05-27T12:02:00+08:00";
    assert!(
        String::from_utf8_lossy(&second["/all.atom"].1).contains(published),
        "an edit moves no time of publication"
    );
}

fn terminate(mut running: Running) {
    let id = running.0.id().to_string();
    let told = std::process::Command::new("kill").args(["-TERM", &id]).status().expect("kill runs");
    assert!(told.success());
    let began = Instant::now();
    loop {
        if let Some(status) = running.0.try_wait().expect("a child can be asked") {
            assert_eq!(status.code(), Some(0), "SIGTERM stops cleanly");
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(15), "SIGTERM stops within 15 s");
        std::thread::sleep(Duration::from_millis(20));
    }
}
