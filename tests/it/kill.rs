//! X-01, the ingest part: kill -9 at random moments loses no item whose validators were stored, and doubles none.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use feedloom::model::feed::{Shelf, Window};
use feedloom::model::text::Query;
use feedloom::model::view::Selection;
use feedloom::store;

use crate::origin::{Origin, Place, Reply};

const KILLS: u64 = 25;

/// A feed whose n-th version holds the items 1 to 40·n, the newest 200 of them in the document.
fn version(n: usize) -> String {
    let newest = 40 * n;
    let items: String = (newest.saturating_sub(200)..newest)
        .map(|k| format!("<item><guid>urn:item:{k}</guid><title>第{k}条</title><description>{}</description></item>", "正文。".repeat(200)))
        .collect();
    format!(
        "<rss version=\"2.0\"><channel><title>流</title><link>https://e.example/</link><description/>{items}</channel></rss>"
    )
}

#[test]
fn x_01_kill_9_during_ingest_neither_loses_nor_doubles() {
    let served = Arc::new(AtomicUsize::new(1));
    let now = Arc::clone(&served);
    let origin = Origin::start(move |asked| {
        let n = now.load(Ordering::SeqCst);
        let tag = format!("\"v{n}\"");
        if asked.header("if-none-match") == Some(tag.as_str()) {
            return Reply { status: 304, headers: vec![("etag", tag)], body: Vec::new() };
        }
        Reply {
            headers: vec![("etag", tag), ("content-type", "application/rss+xml".into())],
            ..Reply::ok(version(n))
        }
    });
    let place = Place::new(&format!(
        "[site]\ntitle = \"t\"\nurl = \"http://127.0.0.1\"\n[[source]]\nid = \"stream\"\nkind = \"feed\"\nurl = \"http://{0}/feed\"\nallow = [\"{0}\"]\ncategories = [\"流\"]\n",
        origin.address
    ));
    let mut seed = 0x9e37_79b9_u64;
    let mut killed = 0;
    for round in 0..KILLS {
        served.fetch_add(1, Ordering::SeqCst);
        let mut child = place
            .command(&["poll", "stream"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("the binary runs");
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis(10 + (seed >> 33) % 250));
        if child.try_wait().expect("a child can be asked").is_none() {
            child.kill().expect("a child can be killed");
            killed += 1;
        }
        child.wait().expect("a child can be waited for");
        check(&place, round);
    }
    println!("{killed} of {KILLS} polls were killed, seed 0x9e3779b9");
    assert!(killed > 0, "at least one kill hit a poll");
    let (code, _, told) = place.run(&["poll", "stream"]);
    assert_eq!(code, 0, "{told}");
    check(&place, KILLS);
}

/// What the stored validators acknowledge is stored, once.
fn check(place: &Place, round: u64) {
    let database = place.path().join("data/feedloom.db");
    if !database.exists() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = store::open(&format!("sqlite:{}", database.display()))
            .await
            .expect("the store opens after a kill");
        let states = store.states().await.unwrap();
        let Some(tag) = states
            .first()
            .and_then(|(_, state)| state.validators.first())
            .and_then(|v| v.etag.clone())
        else {
            return;
        };
        let n: usize = tag.trim_matches(|c| c == '"' || c == 'v').parse().unwrap();
        let window =
            Window { items: 100_000, age: Duration::ZERO, max: 100_000, bytes: usize::MAX };
        let items = store.select(&Selection::of(Shelf::All, window)).await.unwrap();
        // The index goes on from wherever it was cut off, and has neither more nor less.
        while store.index(500).await.unwrap() {}
        let query = Query::read("条").expect("a query");
        let found = store.select(&Selection::found(query, Shelf::All, 100_000)).await.unwrap();
        assert!(found == items, "round {round}: what is stored is found");
        let ids: HashSet<&str> = items.iter().map(|item| item.public_id.as_str()).collect();
        assert_eq!(ids.len(), items.len(), "round {round}: no item twice");
        for k in (40 * n).saturating_sub(200)..40 * n {
            assert!(
                ids.contains(format!("urn:item:{k}").as_str()),
                "round {round}: item {k} of acknowledged version {n} is stored"
            );
        }
    });
}
