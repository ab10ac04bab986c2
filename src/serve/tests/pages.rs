//! Pages for people, and what the status tells.

use super::*;

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
    let feed = house.get("/status.atom").await;
    let text = std::str::from_utf8(feed.body()).unwrap();
    assert!(text.contains("<title>One is failing</title>"), "{text}");
    assert!(text.contains("a.example refuses connections"), "{text}");
    let tag = format!("if-none-match: {}", header(&feed, "etag"));
    assert_eq!(house.ask("GET", "/status.atom", &[&tag]).await.status(), 304);
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
