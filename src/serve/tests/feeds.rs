//! Which feeds there are, and what may be asked of them.

use super::*;

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
async fn h_24_every_feed_names_its_own_address() {
    let house = house();
    for path in feeds() {
        let rel = if path.ends_with(".html") { "canonical" } else { "self" };
        let expected = format!("<https://feeds.example{path}>; rel=\"{rel}\"");
        assert_eq!(header(&house.get(&path).await, "link"), expected);
    }
}
