//! Through the desk by call, each row by its name; then over sockets what only sockets show.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, Response};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep};

use super::*;
use crate::clock::Manual;
use crate::format;
use crate::model::feed::{Shelf, Tombstone, Window};
use crate::model::period::Period;
use crate::model::sieve::{Rule, Sieve};
use crate::model::source::{PollState, SourceId};
use crate::model::view::{Member, View};
use crate::press::fake::{Fake, item, site, time};
use crate::press::{Press, Terms};

struct House {
    store: Arc<Fake>,
    desk: Arc<Desk>,
    clock: Arc<Manual>,
    ready: watch::Sender<bool>,
    unstored: Arc<Mutex<HashMap<SourceId, String>>>,
}

fn house() -> House {
    house_on(Terms::default())
}

fn house_on(terms: Terms) -> House {
    let store = Arc::new(Fake::new());
    let clock = Arc::new(Manual::at(time(3600)));
    let (ready, is_ready) = watch::channel(true);
    let press = Press::new(store.clone(), site(), terms);
    let upstream = Upstream {
        id: SourceId::new("one").unwrap(),
        kind: "feed".into(),
        title: None,
        url: "https://a.example/".into(),
    };
    let unstored: Arc<Mutex<HashMap<SourceId, String>>> = Arc::default();
    let kept = unstored.clone();
    let desk = Desk {
        press: Arc::new(press),
        store: store.clone(),
        clock: clock.clone(),
        upstreams: vec![upstream],
        unstored: Box::new(move || kept.lock().unwrap().clone()),
        ready: is_ready,
        answers: Answers::default(),
    };
    House { store, desk: Arc::new(desk), clock, ready, unstored }
}

impl House {
    /// Asks with these headers, written `name: value`.
    async fn ask(&self, method: &str, path: &str, headers: &[&str]) -> Response<Bytes> {
        let mut request = Request::builder().method(method).uri(path).header("host", "a.example");
        for header in headers {
            let (name, value) = header.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        self.give(request.body(()).unwrap()).await
    }

    async fn give(&self, request: Request<()>) -> Response<Bytes> {
        let (head, body) = self.desk.answer(&request.into_parts().0).await.into_parts();
        Response::from_parts(head, body.collect().await.unwrap().to_bytes())
    }

    /// Puts so much on a shelf that its feeds are worth coding.
    async fn put_long(&self, path: &str) {
        let at = |shelf: &&Shelf| shelf.path() == path;
        let shelf = self.store.shelves.lock().unwrap().keys().find(at).unwrap().clone();
        self.store.put(shelf, 7, &["长长的标题".repeat(200).as_str(), "first"]);
        self.desk.press.reload().await.unwrap();
    }

    /// The header by which a reader says what it has of a document.
    async fn tag(&self, path: &str) -> String {
        format!("if-none-match: {}", header(&self.get(path).await, "etag"))
    }

    async fn get(&self, path: &str) -> Response<Bytes> {
        self.ask("GET", path, &[]).await
    }
}

fn header<'a, B>(answer: &'a Response<B>, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

const FEEDS: &[&str] = &["/all", "/category/shizheng", "/source/one"];

/// Every feed in every format.
fn feeds() -> Vec<String> {
    let suffixed =
        |path: &&str| format::ALL.iter().map(|f| format!("{path}.{}", f.name())).collect();
    FEEDS.iter().flat_map(|path| -> Vec<String> { suffixed(path) }).collect()
}

#[tokio::test]
async fn every_feed_in_every_format() {
    let house = house();
    for path in feeds() {
        let answer = house.get(&path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert!(String::from_utf8_lossy(answer.body()).contains("first"), "{path}");
    }
}

#[tokio::test]
async fn c_01_the_tag_is_a_function_of_the_bytes() {
    let (one, other) = (house(), house());
    let mut bodies = std::collections::HashMap::new();
    for path in feeds() {
        let (first, again) = (one.get(&path).await, other.get(&path).await);
        let tag = header(&first, "etag").to_owned();
        assert!(tag.starts_with('"'), "a strong tag: {tag}");
        assert_eq!(tag, header(&again, "etag"));
        let body = bodies.entry(tag).or_insert_with(|| first.body().clone());
        assert_eq!(body, first.body());
    }
}

#[tokio::test]
async fn c_02_last_modified_is_never_ahead_of_now() {
    let house = house();
    let answer = house.get("/all.rss").await;
    assert_eq!(header(&answer, "last-modified"), "Fri, 27 May 2022 04:00:01 GMT");
    house.clock.set(time(-3600));
    let answer = house.get("/all.rss").await;
    assert_eq!(header(&answer, "last-modified"), "Fri, 27 May 2022 03:00:00 GMT");
}

#[tokio::test]
async fn c_03_c_04_conditions() {
    let house = house();
    let tag = header(&house.get("/all.atom").await, "etag").to_owned();
    let (tagged, weak) =
        (format!("if-none-match: {tag}"), format!("if-none-match: \"x\", W/{tag}"));
    let since = "if-modified-since: Fri, 27 May 2022 04:00:01 GMT";
    let before = "if-modified-since: Fri, 27 May 2022 04:00:00 GMT";
    for (headers, status) in [
        (vec![tagged.as_str()], 304),
        (vec![&weak], 304),
        (vec!["if-none-match: *"], 304),
        (vec!["if-none-match: \"x\""], 200),
        (vec![since], 304),
        (vec![before], 200),
        (vec!["if-none-match: \"x\"", since], 200),
        (vec![&tagged, "if-modified-since: never"], 304),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = house.ask(method, "/all.atom", &headers).await;
            assert_eq!(answer.status(), status, "{method} {headers:?}");
        }
        assert_eq!(house.ask("POST", "/all.atom", &headers).await.status(), 405);
    }
}

#[tokio::test]
async fn c_05_a_304_says_what_the_200_said() {
    let house = house();
    for path in feeds().iter().map(String::as_str).chain(FEEDS.iter().copied()) {
        let whole = house.get(path).await;
        let known = house.ask("GET", path, &["if-none-match: *"]).await;
        assert_eq!((known.status().as_u16(), known.body().len()), (304, 0));
        let again = house.ask("GET", path, &["if-none-match: *"]).await;
        assert_eq!((again.status(), again.headers()), (known.status(), known.headers()));
        let mut expected = whole.headers().clone();
        // What describes the bytes is kept with them already.
        for kept in [
            "content-type",
            "content-length",
            "last-modified",
            "access-control-expose-headers",
            "x-content-type-options",
            "accept-ranges",
            "x-robots-tag",
            "content-security-policy",
            "referrer-policy",
        ] {
            expected.remove(kept);
        }
        assert_eq!(known.headers(), &expected, "{path}");
    }
}

#[tokio::test]
async fn c_05_who_had_the_newest_is_told_when_there_is_newer() {
    let house = house();
    let tag = house.tag("/all.rss").await;
    for _ in 0..3 {
        assert_eq!(house.ask("GET", "/all.rss", &[&tag]).await.status(), 304);
    }
    house.store.put(Shelf::All, 7, &["second", "first"]);
    house.desk.press.refresh().await.unwrap();
    assert_eq!(house.ask("GET", "/all.rss", &[&tag]).await.status(), 200);
}

#[tokio::test]
async fn c_05_each_wish_has_its_own_answer() {
    let house = house();
    house.put_long("/all").await;
    let (rss, atom) = (house.tag("/all.rss").await, house.tag("/all.atom").await);
    for _ in 0..3 {
        for (path, headers, status) in [
            ("/all.rss", vec![rss.as_str()], 304),
            ("/all.atom", vec![&rss], 200),
            ("/all.rss?limit=1", vec![&rss], 200),
            ("/all.rss", vec![&rss, "accept-encoding: gzip"], 200),
            ("/all.rss", vec![&rss, "accept-encoding: identity"], 304),
            ("/all", vec![&atom, "accept: application/atom+xml"], 304),
            ("/all", vec![&atom, "accept: application/rss+xml"], 200),
        ] {
            assert_eq!(
                house.ask("GET", path, &headers).await.status(),
                status,
                "{path} {headers:?}"
            );
        }
    }
}

#[tokio::test]
async fn c_06_head_is_get_without_body() {
    let house = house();
    let others = ["/", "/feeds.opml", "/status.json", "/healthz", "/readyz", "/none", "/all"];
    for path in feeds().iter().map(String::as_str).chain(others) {
        let (get, head) = (house.get(path).await, house.ask("HEAD", path, &[]).await);
        assert_eq!(get.status(), head.status());
        assert_eq!(get.headers(), head.headers(), "{path}");
        assert_eq!(header(&head, "content-length"), get.body().len().to_string());
        assert!(head.body().is_empty());
    }
}

#[tokio::test]
async fn c_07_vary_only_where_it_varies() {
    let house = house();
    let vary = |answer: &Response<Bytes>| -> Vec<String> {
        let lines = answer.headers().get_all("vary").iter();
        lines.map(|line| line.to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(vary(&house.get("/all").await), ["Accept"]);
    assert!(vary(&house.get("/all.rss").await).is_empty(), "too short to be coded");
    house.put_long("/all").await;
    assert_eq!(vary(&house.get("/all").await), ["Accept", "Accept-Encoding"]);
    for headers in [&[][..], &["accept-encoding: gzip"], &["if-none-match: *"]] {
        assert_eq!(vary(&house.ask("GET", "/all.rss", headers).await), ["Accept-Encoding"]);
    }
}

#[tokio::test]
async fn c_08_how_long_feeds_may_be_kept() {
    let expected = "public, max-age=300, stale-while-revalidate=300, stale-if-error=86400";
    let house = house();
    for path in feeds() {
        assert_eq!(header(&house.get(&path).await, "cache-control"), expected);
    }
    for path in ["/status.json", "/healthz", "/readyz", "/none"] {
        assert_eq!(header(&house.get(path).await, "cache-control"), "no-store");
    }
}

#[tokio::test]
async fn c_09_types_with_charset_and_nosniff() {
    let house = house();
    for (path, expected) in [
        ("/all.rss", "application/rss+xml; charset=utf-8"),
        ("/all.atom", "application/atom+xml; charset=utf-8"),
        ("/all.json", "application/feed+json; charset=utf-8"),
        ("/feeds.opml", "text/x-opml; charset=utf-8"),
        ("/status.json", "application/json; charset=utf-8"),
        ("/", "text/html; charset=utf-8"),
        ("/none", "text/plain; charset=utf-8"),
    ] {
        let answer = house.get(path).await;
        assert_eq!(header(&answer, "content-type"), expected);
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn c_10_other_sites_may_read_feeds() {
    let house = house();
    let answer = house.get("/all.json").await;
    assert_eq!(header(&answer, "access-control-allow-origin"), "*");
    assert_eq!(
        header(&answer, "access-control-expose-headers"),
        "ETag, Last-Modified, Link, Retry-After, Feedloom-Cursor"
    );
    let question = [
        "origin: https://b.example",
        "access-control-request-method: GET",
        "access-control-request-headers: if-none-match",
    ];
    let answer = house.ask("OPTIONS", "/all.json", &question).await;
    assert_eq!(answer.status(), 204);
    assert!(header(&answer, "access-control-allow-headers").contains("If-None-Match"));
    assert_eq!(header(&answer, "access-control-allow-origin"), "*");
    assert!(!answer.headers().contains_key("access-control-allow-credentials"));
}

#[tokio::test]
async fn c_11_one_feed_in_the_format_that_is_liked() {
    let house = house();
    for (accept, suffix) in [
        ("application/atom+xml", ".atom"),
        ("application/feed+json, */*;q=0.1", ".json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", ".html"),
        ("image/png", ".rss"),
        ("*/*", ".rss"),
    ] {
        let path = format!("/category/shizheng{suffix}");
        let answer = house.ask("GET", "/category/shizheng", &[&format!("accept: {accept}")]).await;
        assert_eq!(header(&answer, "content-location"), path);
        let own = house.get(&path).await;
        assert_eq!(header(&answer, "link"), header(&own, "link"));
        assert_eq!((answer.body(), header(&answer, "etag")), (own.body(), header(&own, "etag")));
    }
}

#[tokio::test]
async fn c_12_each_coding_has_its_bytes_and_its_tag() {
    let house = house();
    house.put_long("/all").await;
    let plain = house.get("/all.rss").await;
    let mut tags = vec![header(&plain, "etag").to_owned()];
    for coding in ["gzip", "br", "zstd"] {
        let wish = format!("accept-encoding: {coding}");
        let coded = house.ask("GET", "/all.rss", &[&wish]).await;
        assert_eq!(header(&coded, "content-encoding"), coding);
        assert_eq!(header(&coded, "content-length"), coded.body().len().to_string());
        assert_eq!(&decoded(coding, coded.body()), plain.body(), "{coding}");
        let tag = header(&coded, "etag").to_owned();
        let known = house.ask("GET", "/all.rss", &[&wish, &format!("if-none-match: {tag}")]).await;
        assert_eq!((known.status().as_u16(), header(&known, "etag")), (304, tag.as_str()));
        let other = house.ask("GET", "/all.rss", &[&format!("if-none-match: {tag}")]).await;
        assert_eq!(other.status(), 200, "a tag names the bytes of one coding");
        let head = house.ask("HEAD", "/all.rss", &[&wish]).await;
        assert_eq!(head.headers(), coded.headers());
        tags.push(tag);
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4);
}

fn decoded(coding: &str, bytes: &[u8]) -> Bytes {
    use std::io::Read;
    let mut plain = Vec::new();
    match coding {
        "gzip" => drop(flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap()),
        "br" => drop(brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain).unwrap()),
        _ => plain = zstd::bulk::decompress(bytes, 1 << 20).unwrap(),
    }
    plain.into()
}

#[tokio::test]
async fn c_13_no_ranges() {
    let house = house();
    let answer = house.ask("GET", "/all.rss", &["range: bytes=0-3"]).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "accept-ranges")), (200, "none"));
    assert_eq!(answer.body(), house.get("/all.rss").await.body());
}

#[tokio::test]
async fn c_14_methods() {
    let house = house();
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE"] {
        let answer = house.ask(method, "/all.rss", &[]).await;
        assert_eq!(
            (answer.status().as_u16(), header(&answer, "allow")),
            (405, "GET, HEAD, OPTIONS")
        );
    }
    assert_eq!(house.ask("BREW", "/all.rss", &[]).await.status(), 501);
    assert_eq!(header(&house.ask("OPTIONS", "*", &[]).await, "allow"), "GET, HEAD, OPTIONS");
    assert_eq!(house.ask("OPTIONS", "/none", &[]).await.status(), 404);
}

#[tokio::test]
async fn c_15_other_spellings_lead_to_the_one_address() {
    let house = house();
    for (path, expected) in [
        ("/category/shizheng.rss/", "/category/shizheng.rss"),
        ("//category//shizheng.rss", "/category/shizheng.rss"),
        ("/Category/Shizheng.RSS", "/category/shizheng.rss"),
        ("/category/%73hizheng.rss?utm=1", "/category/shizheng.rss?utm=1"),
        ("/category/Politics/", "/category/shizheng"),
        ("/feeds.OPML", "/feeds.opml"),
    ] {
        let answer = house.get(path).await;
        assert_eq!(
            (answer.status().as_u16(), header(&answer, "location")),
            (308, expected),
            "{path}"
        );
        assert_eq!(house.get(expected).await.status(), 200);
    }
}

#[tokio::test]
async fn c_15_unknown_parameters_change_nothing() {
    let house = house();
    let (plain, other) =
        (house.get("/all.rss").await, house.get("/all.rss?null&utm_source=x").await);
    assert_eq!((plain.body(), plain.headers()), (other.body(), other.headers()));
}

#[tokio::test]
async fn c_17_old_slugs_lead_on_in_one_step() {
    let house = house();
    let answer = house.get("/category/politics.atom").await;
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "location")),
        (308, "/category/shizheng.atom")
    );
    assert_eq!(header(&house.get("/category/politics").await, "location"), "/category/shizheng");
}

#[tokio::test]
async fn a_limit_cuts_a_feed_and_says_so_in_its_address() {
    let house = house();
    house.store.put(Shelf::All, 7, &["third", "second", "first"]);
    house.desk.press.reload().await.unwrap();
    let answer = house.get("/all.json?limit=2&utm=x").await;
    let feed: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(feed["items"].as_array().unwrap().len(), 2);
    assert_eq!(feed["feed_url"], "https://feeds.example/all.json?limit=2");
    let own = "<https://feeds.example/all.json?limit=2>; rel=\"self\"";
    assert_eq!(header(&answer, "link"), own);
    let tag = format!("if-none-match: {}", header(&answer, "etag"));
    assert_eq!(house.ask("GET", "/all.json?limit=2", &[&tag]).await.status(), 304);
    let negotiated = house.ask("GET", "/all?limit=2", &["accept: application/feed+json"]).await;
    assert_eq!(header(&negotiated, "content-location"), "/all.json?limit=2");
    assert_eq!(negotiated.body(), answer.body());
}

#[tokio::test]
async fn c_22_pages_of_an_archive() {
    let house = house();
    for path in
        ["/archive/all/1.atom", "/archive/category/shizheng/1.rss", "/archive/source/one/1.html"]
    {
        let answer = house.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(header(&answer, "cache-control"), "public, max-age=3600");
        assert!(header(&answer, "etag").len() > 8);
        assert!(header(&answer, "link").contains(path), "{path}");
    }
    for path in [
        "/archive/all/2.atom",
        "/archive/all/0.atom",
        "/archive/all/01.atom",
        "/archive/all/x.atom",
        "/archive/view/x/1.atom",
        "/archive/category/none/1.atom",
        "/archive/1.atom",
        "/archive",
        "/archive/archive/all/1.atom",
    ] {
        assert_eq!(house.get(path).await.status(), 404, "{path}");
    }
    let moved = house.get("/archive/category/politics/1.rss").await;
    assert_eq!(header(&moved, "location"), "/archive/category/shizheng/1.rss");
    let feed = house.get("/all.atom").await;
    assert!(String::from_utf8_lossy(feed.body()).contains("/archive/all/1.atom"));
    let cut = house.get("/all.atom?limit=1").await;
    assert!(!String::from_utf8_lossy(cut.body()).contains("/archive/"));
}

#[tokio::test]
async fn what_was_not_seen_stays_the_same_while_its_items_do() {
    let house = house();
    house.store.put(Shelf::All, 7, &["third", "second", "first"]);
    house.desk.press.reload().await.unwrap();
    let before = house.get("/all.atom?q=second").await;
    house.store.put(Shelf::All, 8, &["fourth", "third", "second", "first"]);
    house.desk.press.reload().await.unwrap();
    let after = house.get("/all.atom?q=second").await;
    assert_eq!(header(&before, "etag"), header(&after, "etag"));
    // A withdrawal makes the newest item an older one; the time of the answer does not go back.
    assert_eq!(header(&after, "last-modified"), "Fri, 27 May 2022 04:00:08 GMT");
    assert!(String::from_utf8_lossy(after.body()).contains("second"));
    assert!(!String::from_utf8_lossy(after.body()).contains("third"));
}

#[tokio::test]
async fn words_are_searched_and_dropped() {
    let house = house();
    house.store.put(Shelf::All, 7, &["red apple", "green apple", "pear"]);
    house.desk.press.reload().await.unwrap();
    for (path, expected) in [
        ("/all.json?q=apple", vec!["red apple", "green apple"]),
        ("/all.json?drop=apple", vec!["pear"]),
        ("/all.json?q=apple&drop=red", vec!["green apple"]),
        ("/search.json?q=apple&limit=1", vec!["red apple"]),
        ("/search.json?q=plum", vec![]),
    ] {
        let answer = house.get(path).await;
        let feed: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        let items = feed["items"].as_array().unwrap();
        let titles: Vec<_> = items.iter().map(|item| item["title"].as_str().unwrap()).collect();
        assert_eq!(titles, expected, "{path}");
    }
}

#[tokio::test]
async fn a_search_is_a_feed_and_a_page() {
    let house = house();
    let browser = "accept: text/html";
    let asked = house.ask("GET", "/search", &[browser]).await;
    assert!(String::from_utf8_lossy(asked.body()).contains("name=\"q\""));
    let found = house.ask("GET", "/search?q=first", &[browser]).await;
    let page = String::from_utf8_lossy(found.body()).into_owned();
    assert!(page.contains("<mark>first</mark>") && page.contains("value=\"first\""), "{page}");
    assert_eq!(header(&found, "x-robots-tag"), "noindex");
    let feed = house.get("/search.rss?q=first").await;
    let own = "<https://feeds.example/search.rss?q=first>; rel=\"self\"";
    assert_eq!((feed.status().as_u16(), header(&feed, "link")), (200, own));
    assert_eq!(house.get("/search.rss").await.status(), 400);
    let hostile = house.get("/search.html?q=%22%3E%3Csvg%20onload=x%3E").await;
    assert!(!String::from_utf8_lossy(hostile.body()).contains("<svg"));
}

#[tokio::test]
async fn a_reader_goes_on_where_it_was() {
    let house = house();
    let answer = house.get("/all.json?since=1-00000007").await;
    assert_eq!(header(&answer, "feedloom-cursor"), "63-00000007");
    let feed: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(feed["_feedloom"]["cursor"], "63-00000007");
    let strange = house.get("/all.json?since=1-00000008").await;
    assert_eq!(header(&strange, "feedloom-cursor"), "1-00000007", "the whole window, and a cursor");
    assert_eq!(
        house.get("/all.json?since=nonsense").await.body(),
        house.get("/all.json").await.body()
    );
}

#[tokio::test]
async fn a_view_is_a_feed_like_any_other() {
    let view = View {
        id: "reading".into(),
        title: "Reading".into(),
        description: None,
        language: None,
        members: vec![Member::Source(SourceId::new("one").unwrap())],
        query: None,
        sieve: Sieve { drop: vec![rule("pear")], ..Sieve::default() },
        collapse: true,
        window: Window::default(),
    };
    let house = house_on(Terms { views: [view].into(), ..Terms::default() });
    house.store.put(Shelf::Source(SourceId::new("one").unwrap()), 7, &["apple", "pear"]);
    let feed = house.get("/view/reading.json").await;
    let feed: serde_json::Value = serde_json::from_slice(feed.body()).unwrap();
    assert_eq!((&feed["title"], feed["items"].as_array().unwrap().len()), (&"Reading".into(), 1));
    assert_eq!(house.get("/view/none.json").await.status(), 404);
    for page in ["/", "/feeds.opml"] {
        assert!(String::from_utf8_lossy(house.get(page).await.body()).contains("/view/reading"));
    }
    let before = house.get("/view/reading.atom").await;
    house.store.put(
        Shelf::Source(SourceId::new("one").unwrap()),
        8,
        &["apple", "another pear", "pear"],
    );
    house.desk.press.refresh().await.unwrap();
    let after = house.get("/view/reading.atom").await;
    assert_eq!(header(&before, "etag"), header(&after, "etag"), "what is dropped changes nothing");
}

/// A house whose categories and one view have digests; of the category's there is a daily one.
fn house_with_digests() -> (House, Shelf) {
    let view = View {
        id: "reading".into(),
        title: "Reading".into(),
        description: None,
        language: Some("en".into()),
        members: Vec::new(),
        query: None,
        sieve: Sieve::default(),
        collapse: true,
        window: Window::default(),
    };
    let digests = Period::ALL.to_vec();
    let house = house_on(Terms { views: [view].into(), digests, ..Terms::default() });
    let of = Box::new(Shelf::Category("shizheng".into()));
    (house, Shelf::Digest(Period::Daily, of))
}

#[tokio::test]
async fn digests_are_feeds_like_any_other() {
    let (house, shelf) = house_with_digests();
    house.store.put(shelf, 7, &["second apple", "first"]);
    let path = "/digest/daily/category/shizheng";
    for format in format::ALL {
        let answer = house.get(&format!("{path}.{}", format.name())).await;
        assert_eq!(answer.status(), 200);
        assert!(String::from_utf8_lossy(answer.body()).contains("每日摘要"), "it says what it is");
        let tag = format!("if-none-match: {}", header(&answer, "etag"));
        let again = house.ask("GET", &format!("{path}.{}", format.name()), &[&tag]).await;
        assert_eq!(again.status(), 304);
    }
    let chosen = house.ask("GET", path, &["accept: application/atom+xml"]).await;
    assert_eq!(header(&chosen, "content-location"), format!("{path}.atom"));
    for (query, expected) in [("limit=1", 1), ("q=apple", 1), ("drop=apple", 1), ("q=pear", 0)] {
        let feed = house.get(&format!("{path}.json?{query}")).await;
        let feed: serde_json::Value = serde_json::from_slice(feed.body()).unwrap();
        assert_eq!(feed["items"].as_array().unwrap().len(), expected, "{query}");
    }
    let page = house.get(&format!("/archive{path}/1.atom")).await;
    assert_eq!(page.status(), 200);
    for (old, new) in [
        ("/digest/daily/category/politics.rss", "/digest/daily/category/shizheng.rss"),
        ("/digest/weekly/category/politics", "/digest/weekly/category/shizheng"),
        (
            "/archive/digest/daily/category/politics/1.rss",
            "/archive/digest/daily/category/shizheng/1.rss",
        ),
        ("/Digest/Daily/category/shizheng.rss", "/digest/daily/category/shizheng.rss"),
    ] {
        let moved = house.get(old).await;
        assert_eq!((moved.status().as_u16(), header(&moved, "location")), (308, new));
    }
    for path in [
        "/digest/daily/category/none.rss",
        "/digest/daily/source/one.rss",
        "/digest/daily/all.rss",
        "/digest/yearly/category/shizheng.rss",
        "/digest/daily.rss",
    ] {
        assert_eq!(house.get(path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn digests_can_be_followed_before_there_is_one() {
    let (house, shelf) = house_with_digests();
    let feed = async |path: &str| -> serde_json::Value {
        serde_json::from_slice(house.get(path).await.body()).unwrap()
    };
    for (path, title) in [
        ("/digest/weekly/category/shizheng.json", "/category/shizheng · 每周摘要"),
        ("/digest/daily/view/reading.json", "Reading · Daily digest"),
    ] {
        let feed = feed(path).await;
        assert_eq!(feed["title"], title);
        assert!(feed["items"].as_array().unwrap().is_empty());
        let answer = house.get(path).await;
        assert_eq!(header(&answer, "last-modified"), "Fri, 27 May 2022 04:00:00 GMT");
    }
    let path = "/digest/daily/category/shizheng.json";
    let before = header(&house.get(path).await, "etag").to_owned();
    house.store.put(Shelf::Category("shizheng".into()), 5, &["second", "first"]);
    house.desk.press.refresh().await.unwrap();
    assert_eq!(header(&house.get(path).await, "etag"), before, "its owner moves, it does not");
    house.store.put(shelf, 7, &["today"]);
    house.desk.press.refresh().await.unwrap();
    assert_eq!(feed(path).await["items"].as_array().unwrap().len(), 1);
    house.desk.press.reload().await.unwrap();
    assert_eq!(feed(path).await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn digests_are_named_on_the_page_of_what_they_are_of_and_nowhere_else() {
    let (house, shelf) = house_with_digests();
    house.store.put(shelf, 7, &["today"]);
    let link = |of: &str, period: &str| format!("href=\"/digest/{period}{of}.html\"");
    for (page, words) in [
        ("/category/shizheng", ["每日摘要", "每周摘要"]),
        ("/view/reading", ["Daily digest", "Weekly digest"]),
    ] {
        let answer = house.get(&format!("{page}.html")).await;
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        for (period, word) in ["daily", "weekly"].into_iter().zip(words) {
            assert!(text.contains(&format!("{}>{word}<", link(page, period))), "{text}");
        }
    }
    for page in ["/", "/feeds.opml", "/all.html", "/source/one.html", "/status"] {
        let answer = house.get(page).await;
        assert!(!String::from_utf8_lossy(answer.body()).contains("/digest/"), "{page}");
    }
    let without = house_on(Terms::default());
    let answer = without.get("/category/shizheng.html").await;
    assert!(!String::from_utf8_lossy(answer.body()).contains("/digest/"));
    assert_eq!(without.get("/digest/daily/category/shizheng.rss").await.status(), 404);
}

fn rule(pattern: &str) -> Rule {
    Rule { place: crate::model::sieve::Place::Title, pattern: regex::Regex::new(pattern).unwrap() }
}

#[tokio::test]
async fn c_16_what_ended_for_good_says_so() {
    let retired = vec!["/category/shizheng".to_owned(), "/source/none".to_owned()];
    let house = house_on(Terms { retired, ..Terms::default() });
    for path in [
        "/category/shizheng.rss",
        "/category/shizheng",
        "/Category/Shizheng.atom",
        "/source/none.json",
        "/archive/category/shizheng/1.atom",
        "/digest/daily/category/shizheng.rss",
        "/archive/digest/weekly/category/shizheng/1.rss",
    ] {
        let answer = house.get(path).await;
        assert_eq!(answer.status(), 410, "{path}");
        assert_eq!(header(&answer, "cache-control"), "public, max-age=86400");
    }
    assert_eq!(house.get("/category/shizheng-2.rss").await.status(), 404);
    assert_eq!(house.get("/source/one.rss").await.status(), 200);
    let listed = house.get("/feeds.opml").await;
    assert!(!String::from_utf8_lossy(listed.body()).contains("shizheng"));
    let retired = vec!["/digest/daily/category/shizheng".to_owned()];
    let digests = Period::ALL.to_vec();
    let house = house_on(Terms { retired, digests, ..Terms::default() });
    for (period, expected) in [("daily", 410), ("weekly", 200)] {
        let path = format!("/digest/{period}/category/shizheng.rss");
        assert_eq!(house.get(&path).await.status(), expected, "{path}");
    }
}

#[tokio::test]
async fn what_was_withdrawn_is_gone_and_not_unknown() {
    let house = house();
    for (title, expected) in [("withdrawn", 410), ("other", 404)] {
        for ending in ["", ".json"] {
            let path = format!("/item/{}{ending}", item(title).id);
            assert_eq!(house.get(&path).await.status(), expected);
        }
    }
    let stone = Tombstone { public_id: "tag:gone".into(), at: time(5) };
    house.store.tombstones.lock().unwrap().push(stone);
    let feed = house.get("/all.atom").await;
    assert!(String::from_utf8_lossy(feed.body()).contains("tag:gone"));
}

#[tokio::test]
async fn c_17_the_former_site_leads_here_in_one_step() {
    let house = house();
    let page = format!("/item/{}", item("first").id);
    for (path, expected) in [
        ("/feed.xml", "/all.atom"),
        ("/feed/politics.xml", "/category/shizheng.atom"),
        ("/shizheng/", "/category/shizheng.html"),
        ("/Politics", "/category/shizheng.html"),
        ("/shizheng/2022/05/27/first.html", &page),
        ("/a/b/2022/05/27/NWfirst.html", &page),
    ] {
        let answer = house.get(path).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "location")), (308, expected));
    }
    for path in ["/none/", "/feed/none.xml", "/shizheng/2022/05/27/none.html"] {
        assert_eq!(house.get(path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn c_18_never_an_empty_feed_while_the_store_is_away() {
    let house = house();
    house.store.is_away.store(true, SeqCst);
    for path in ["/all.rss", "/category/none.rss", "/", "/feeds.opml", "/status.json"] {
        let answer = house.get(path).await;
        assert_eq!(
            (answer.status().as_u16(), header(&answer, "retry-after")),
            (503, "10"),
            "{path}"
        );
        assert!(!String::from_utf8_lossy(answer.body()).contains("disk"));
    }
    assert_eq!(house.get("/healthz").await.status(), 200);
}

#[tokio::test]
async fn c_18_what_is_printed_is_served_while_the_store_is_away() {
    let house = house();
    let before = house.get("/all.rss").await;
    house.store.is_away.store(true, SeqCst);
    assert_eq!(house.get("/all.rss").await.body(), before.body());
}

#[tokio::test]
async fn c_18_the_last_good_bytes_stand_in_for_newer_ones() {
    let house = house();
    let (before, tag) = (house.get("/all.rss").await, house.tag("/all.rss").await);
    house.store.put(Shelf::All, 9, &["second"]);
    house.desk.press.refresh().await.unwrap();
    house.store.is_away.store(true, SeqCst);
    for _ in 0..2 {
        let stale = house.get("/all.rss").await;
        assert_eq!((stale.status().as_u16(), stale.body()), (200, before.body()));
        assert_eq!(house.ask("GET", "/all.rss", &[&tag]).await.status(), 304);
    }
    house.store.is_away.store(false, SeqCst);
    sleep(Duration::from_millis(1100)).await;
    assert_eq!(house.ask("GET", "/all.rss", &[&tag]).await.status(), 200);
    assert!(String::from_utf8_lossy(house.get("/all.rss").await.body()).contains("second"));
}

#[tokio::test]
async fn c_19_what_is_not_there_is_not_repeated() {
    let house = house();
    for path in [
        "/category/canary.rss",
        "/category/shizheng.canary",
        "/canary",
        "/item/canary",
        "/source/canary.rss",
        "/category/shizheng.rss.canary",
        "/source/..canary",
        "/all.canary",
    ] {
        let answer = house.get(path).await;
        assert_eq!(answer.status(), 404, "{path}");
        assert!(!String::from_utf8_lossy(answer.body()).contains("canary"));
        assert!(!format!("{:?}", answer.headers()).contains("canary"));
    }
}

#[tokio::test]
async fn c_19_long_addresses() {
    let house = house();
    assert_eq!(house.get(&format!("/category/{}", "x".repeat(5000))).await.status(), 414);
}

#[tokio::test]
async fn c_23_feeds_and_status_are_not_for_search_engines() {
    let house = house();
    for path in ["/all.rss", "/status.json", "/feeds.opml"] {
        assert_eq!(header(&house.get(path).await, "x-robots-tag"), "noindex");
    }
    assert_eq!(house.get("/robots.txt").await.body(), "User-agent: *\nAllow: /\n");
    assert_eq!(header(&house.get("/").await, "x-robots-tag"), "");
}

#[tokio::test]
async fn c_24_a_host_in_http_1_1() {
    let house = house();
    let request = |version| Request::get("/all.rss").version(version).body(()).unwrap();
    assert_eq!(house.give(request(http::Version::HTTP_11)).await.status(), 400);
    assert_eq!(house.give(request(http::Version::HTTP_10)).await.status(), 200);
    assert_eq!(house.get("http://feeds.example/all.rss").await.status(), 200);
}

#[tokio::test]
async fn t_19_pages_are_shut_in() {
    let house = house();
    let pages = ["/", "/all.html", "/category/shizheng.html", "/status"].map(str::to_owned);
    for path in pages.into_iter().chain([format!("/item/{}", item("first").id)]) {
        let answer = house.get(&path).await;
        let policy = header(&answer, "content-security-policy");
        assert!(
            policy.starts_with("default-src 'none';") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"));
        assert_eq!(header(&answer, "referrer-policy"), "no-referrer");
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn t_19_an_error_is_a_page_to_a_person_and_words_to_a_program() {
    let house = house();
    let browser = "accept: text/html,application/xhtml+xml,*/*;q=0.8";
    for (path, number) in [("/category/%3Ccanary%3E.rss", 404), ("/canary", 404)] {
        let answer = house.ask("GET", path, &[browser]).await;
        assert_eq!(answer.status(), number);
        assert!(header(&answer, "content-security-policy").starts_with("default-src 'none'"));
        let page = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(
            page.contains("<main") && page.contains("404") && !page.contains("canary"),
            "{page}"
        );
        assert!(header(&house.get(path).await, "content-type").starts_with("text/plain"));
    }
}

#[tokio::test]
async fn t_21_no_header_is_made_of_a_request() {
    let house = house();
    let plain = house.get("/category/x.rss").await.headers().len();
    for path in
        ["/category/%0d%0aX-Evil:%201.rss", "/category/a%00b.rss", "/category/x.rss?%0d%0aX-Evil:1"]
    {
        assert_eq!(house.get(path).await.headers().len(), plain, "{path}");
    }
}

#[tokio::test]
async fn t_31_public_addresses_are_the_written_list() {
    let listed: Vec<_> = router::ROUTES.iter().map(|(path, _)| *path).collect();
    let expected = [
        "/",
        "/all",
        "/all.{suffix}",
        "/category/{name}",
        "/source/{name}",
        "/view/{name}",
        "/digest/daily/category/{name}",
        "/digest/weekly/category/{name}",
        "/digest/daily/view/{name}",
        "/digest/weekly/view/{name}",
        "/search",
        "/search.{suffix}",
        "/archive/{*page}",
        "/item/{name}",
        "/feeds.opml",
        "/style.css",
        "/status",
        "/status.json",
        "/robots.txt",
        "/healthz",
        "/readyz",
    ];
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn h_24_every_feed_names_its_own_address() {
    let house = house();
    for path in feeds() {
        let rel = if path.ends_with(".html") { "canonical" } else { "self" };
        let expected = format!("<https://feeds.example{path}>; rel=\"{rel}\"");
        assert_eq!(header(&house.get(&path).await, "link"), expected);
    }
}

#[tokio::test]
async fn an_item_as_page_and_as_data() {
    let house = house();
    let id = item("first").id;
    for (path, kind) in
        [(format!("/item/{id}"), "text/html"), (format!("/item/{id}.json"), "application/json")]
    {
        let answer = house.get(&path).await;
        assert!(header(&answer, "content-type").starts_with(kind), "{path}");
        assert!(String::from_utf8_lossy(answer.body()).contains("first"));
        let tag = format!("if-none-match: {}", header(&answer, "etag"));
        assert_eq!(house.ask("GET", &path, &[&tag]).await.status(), 304);
    }
    let upper = format!("/item/{}", id.to_string().to_uppercase());
    assert_eq!(header(&house.get(&upper).await, "location"), format!("/item/{id}"));
    assert_eq!(house.get(&format!("/item/{}", item("other").id)).await.status(), 404);
}

#[tokio::test]
async fn the_index_and_the_outlines_know_conditions() {
    let house = house();
    for path in ["/", "/feeds.opml"] {
        let answer = house.get(path).await;
        let tag = format!("if-none-match: {}", header(&answer, "etag"));
        assert_eq!(house.ask("GET", path, &[&tag]).await.status(), 304);
    }
}

#[tokio::test]
async fn the_status_tells_how_sources_are() {
    let house = house();
    let state = PollState {
        polled: Some(time(60)),
        due: Some(time(120)),
        failures: 2,
        trouble: Some("a.example refuses connections".into()),
        problems: vec!["entry 3 has no title".into()],
        title: Some("One".into()),
        items: 7,
        ..PollState::default()
    };
    house.store.states.lock().unwrap().push((SourceId::new("one").unwrap(), state));
    let answer = house.get("/status.json").await;
    let status: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(
        (&status["items"], &status["failing"], &status["categories"]),
        (&7.into(), &1.into(), &1.into())
    );
    let source = &status["sources"][0];
    for (key, expected) in [
        ("id", "one"),
        ("title", "One"),
        ("kind", "feed"),
        ("url", "https://a.example/"),
        ("state", "failing"),
        ("last_poll", "2022-05-27T12:01:00+08:00"),
        ("next_poll", "2022-05-27T12:02:00+08:00"),
        ("last_error", "a.example refuses connections"),
    ] {
        assert_eq!(source[key], expected, "{key}");
    }
    assert_eq!(
        (&source["last_success"], &source["failures"]),
        (&serde_json::Value::Null, &2.into())
    );
    assert_eq!(source["problems"][0], "entry 3 has no title");
}

#[tokio::test]
async fn ready_once_all_sources_were_tried() {
    let house = house();
    house.ready.send_replace(false);
    let answer = house.get("/readyz").await;
    assert_eq!((answer.status().as_u16(), header(&answer, "retry-after")), (503, "1"));
    house.ready.send_replace(true);
    assert_eq!(house.get("/readyz").await.status(), 200);
}

// Over sockets.

/// A server on loopback, its address, and what stops it.
struct Served {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    running: tokio::task::JoinHandle<()>,
    house: House,
}

async fn served(bounds: Bounds) -> Served {
    let house = house();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener = Listener::Tcp(listener);
    let (stop, stopped) = oneshot::channel();
    let running = run(listener, house.desk.clone(), bounds, stopped.map(|_| ()));
    Served { address, stop, running: tokio::spawn(running), house }
}

fn brief() -> Bounds {
    let short = Duration::from_millis(300);
    Bounds { head: short, stall: short, idle: short * 4, stop: short, ..Bounds::default() }
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads until the other side hangs up.
    async fn say(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        heard(&mut stream).await
    }
}

async fn heard(stream: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut heard))
        .await
        .expect("the server hangs up");
    String::from_utf8(heard).unwrap()
}

#[tokio::test]
async fn c_06_head_over_a_socket() {
    let served = served(Bounds::default()).await;
    let head = served.say(b"HEAD /all.rss HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    let length = served.house.get("/all.rss").await.body().len();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(
        head.contains(&format!("content-length: {length}\r\n")) && head.contains("\r\ndate: "),
        "{head}"
    );
}

#[tokio::test]
async fn c_05_a_304_over_a_socket() {
    let served = served(Bounds::default()).await;
    let known = served
        .say(b"GET /all.rss HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\nConnection: close\r\n\r\n")
        .await;
    assert!(
        known.starts_with("HTTP/1.1 304 Not Modified\r\n") && known.ends_with("\r\n\r\n"),
        "{known}"
    );
    assert!(known.contains("\r\ndate: ") && !known.contains("content-length"), "{known}");
}

#[tokio::test]
async fn c_24_old_and_pipelined_requests() {
    let served = served(Bounds::default()).await;
    assert!(served.say(b"GET /healthz HTTP/1.0\r\n\r\n").await.starts_with("HTTP/1.0 200 OK\r\n"));
    assert!(
        served
            .say(b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 400 ")
    );
    let both = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    assert_eq!(served.say(both.as_bytes()).await.matches("HTTP/1.1 200 OK").count(), 2);
}

#[tokio::test]
async fn c_19_a_long_head_is_431() {
    let served = served(Bounds::default()).await;
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(20 << 10));
    assert!(served.say(long.as_bytes()).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn c_24_http_2_and_1_1_answer_alike() {
    let served = served(Bounds::default()).await;
    let io = TokioIo::new(served.connect().await);
    let (mut client, talk) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(talk);
    for (method, path) in [
        ("GET", "/all.rss"),
        ("HEAD", "/all.rss"),
        ("GET", "/none"),
        ("POST", "/"),
        ("GET", "/all/"),
    ] {
        let request =
            Request::builder().method(method).uri(format!("http://{}{path}", served.address));
        let request = request.body(http_body_util::Empty::<Bytes>::new()).unwrap();
        let (mut head, body) = client.send_request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        head.headers.remove("date");
        let mut plain = served.house.ask(method, path, &[]).await;
        assert_eq!(head.status, plain.status(), "{method} {path}");
        assert_eq!(sorted(&head.headers), sorted(plain.headers_mut()), "{method} {path}");
        assert_eq!(body, plain.body());
    }
}

fn sorted(headers: &HeaderMap) -> Vec<String> {
    let mut lines: Vec<_> =
        headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn t_22_a_silent_client_is_hung_up_on() {
    let served = served(brief()).await;
    for start in
        [&b""[..], b"P", b"PRI * HTTP/2.0\r\n", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\nX: "]
    {
        let from = Instant::now();
        served.say(start).await;
        assert!(from.elapsed() < Duration::from_secs(2), "{start:?}");
    }
}

#[tokio::test]
async fn t_22_a_client_byte_by_byte_is_hung_up_on() {
    let served = served(brief()).await;
    for request in [
        "GET / HTTP/1.1\r\nHost: a.example\r\nX: yyyyyyyyyyyyyyyyyy",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut stream = served.connect().await;
        let from = Instant::now();
        for byte in request.bytes().cycle() {
            if stream.write_all(&[byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(40)).await;
            assert!(from.elapsed() < Duration::from_secs(3), "{request}");
        }
    }
}

#[tokio::test]
async fn t_22_who_asks_gets_the_place_of_who_only_holds_one() {
    let served = served(Bounds { connections: 2, ..Bounds::default() }).await;
    let (mut first, _second) = (served.connect().await, served.connect().await);
    let answer = served.say(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert_eq!(heard(&mut first).await, "", "the longest waiting was asked to leave");
}

#[tokio::test]
async fn t_22_a_client_with_too_many_connections_is_told() {
    let served = served(Bounds { per_client: 2, ..Bounds::default() }).await;
    let _others = (served.connect().await, served.connect().await);
    let answer = served.say(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 5"), "{answer}");
}

#[tokio::test]
async fn t_22_clients_behind_a_proxy_are_counted_each() {
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let served = served(Bounds { per_client: 1, trusted_proxies, ..Bounds::default() }).await;
    let _idle = (served.connect().await, served.connect().await);
    let answer = served
        .say(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\nConnection: close\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
#[cfg(unix)]
async fn a_socket_in_the_file_system() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let listener = Listener::Unix(tokio::net::UnixListener::bind(&path).unwrap());
    let house = house();
    let running = tokio::spawn(run(listener, house.desk.clone(), brief(), std::future::pending()));
    let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.unwrap();
    assert!(heard.starts_with("HTTP/1.1 200 OK"), "{heard}");
    running.abort();
}

#[tokio::test]
async fn t_22_a_client_that_never_reads_is_hung_up_on() {
    let served = served(brief()).await;
    let titles = vec!["x".repeat(100_000); 300];
    let titles: Vec<_> = titles.iter().map(String::as_str).collect();
    served.house.store.put(Shelf::All, 9, &titles);
    served.house.desk.press.reload().await.unwrap();
    let mut stream = served.connect().await;
    stream.write_all(b"GET /all.json HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    sleep(Duration::from_millis(1500)).await;
    let mut heard = Vec::new();
    let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut heard))
        .await
        .expect("the server hung up");
    assert!(heard.len() < 30_000_000, "{}", heard.len());
}

#[tokio::test]
async fn a_stop_waits_for_answers_but_not_for_half_requests() {
    let served = served(Bounds { stop: Duration::from_millis(300), ..Bounds::default() }).await;
    let mut half = served.connect().await;
    half.write_all(b"GET / HTTP/1.1\r\nHost").await.unwrap();
    let mut idle = served.connect().await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    idle.read_u8().await.unwrap();
    served.stop.send(()).unwrap();
    timeout(Duration::from_secs(2), served.running).await.expect("a hard deadline").unwrap();
    assert!(TcpStream::connect(served.address).await.is_err());
    heard(&mut idle).await;
}

#[tokio::test]
async fn x_06_the_status_tells_what_could_not_be_stored() {
    let house = house();
    let id = SourceId::new("one").unwrap();
    house.store.states.lock().unwrap().push((id.clone(), PollState::default()));
    house.unstored.lock().unwrap().insert(id, "the disk is full".to_owned());
    let answer = house.get("/status.json").await;
    let status: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(status["failing"], 1);
    let told = &status["sources"][0]["last_error"];
    assert_eq!(told, "its last answer could not be stored: the disk is full");
}
