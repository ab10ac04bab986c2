//! What HTTP asks of every answer, each row by its name.

use super::*;

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
        "/status.atom",
        "/robots.txt",
        "/callback/{token}",
        "/hub",
        "/healthz",
        "/readyz",
    ];
    assert_eq!(listed, expected);
}
