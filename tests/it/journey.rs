//! One article's journey through a whole house, and what may go wrong on the way.

use std::time::Duration;

use feedloom::model::feed::Shelf;
use feedloom::model::item::Item;
use feedloom::model::source::SourceId;

use crate::house::{House, answer};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const LIST: &str = "https://wire.example/list.rss";

const WIRE: &str = r#"
[[source]]
id = "wire"
kind = "feed"
url = "https://wire.example/list.rss"
categories = ["财经"]
interval = "10m"
"#;

/// A feed of entries `(guid, title, time, body)`.
fn rss(entries: &[(&str, &str, &str, &str)]) -> String {
    let items: String = entries
        .iter()
        .map(|(guid, title, time, body)| {
            format!(
                "<item><guid isPermaLink=\"false\">{guid}</guid><title>{title}</title><link>https://wire.example/a/{guid}</link>\
                 <pubDate>{time}</pubDate><description><![CDATA[{body}]]></description></item>"
            )
        })
        .collect();
    format!(
        "<rss version=\"2.0\"><channel><title>电讯</title><link>https://wire.example/</link><description/>{items}</channel></rss>"
    )
}

fn entry<'a>(guid: &'a str, time: &'a str) -> (&'a str, &'a str, &'a str, &'a str) {
    (guid, guid, time, "<p>正文。</p>")
}

#[tokio::test]
async fn an_article_travels_from_source_to_feed() {
    let house = House::new(WIRE).await;
    house.web.serve(LIST, rss(&[("1", "甲：乙", "2022-05-27 12:03:15", "<p>正文。</p>")]));
    let reports = house.round().await;
    assert_eq!((reports[0].published, reports[0].trouble.clone()), (1, None));
    let (document, _) = house.document(&Shelf::Category("caijing".into()), "rss").await;
    for part in [
        "<title>甲：乙</title>",
        "<pubDate>Fri, 27 May 2022 12:03:15 +0800</pubDate>",
        "<link>https://wire.example/a/1</link>",
    ] {
        assert!(document.contains(part), "{part} in {document}");
    }
    let (document, _) = house.document(&Shelf::Category("caijing".into()), "atom").await;
    assert!(document.contains("2022-05-27T12:03:15+08:00"), "{document}");
}

#[tokio::test]
async fn a_hundred_polls_without_news_give_one_tag() {
    let mut house = House::new(WIRE).await;
    house
        .web
        .serve(LIST, rss(&[entry("1", "2022-05-27 12:03:15"), entry("2", "2022-05-27 12:04:15")]));
    house.round().await;
    let shelf = Shelf::Category("caijing".into());
    let (first, tag) = house.document(&shelf, "atom").await;
    for n in 0..100 {
        // Bytes that differ without a difference: the order of items, and a comment.
        let mut entries = [entry("1", "2022-05-27 12:03:15"), entry("2", "2022-05-27 12:04:15")];
        if n % 2 == 0 {
            entries.reverse();
        }
        house.web.serve(LIST, format!("{}<!-- {n} -->", rss(&entries)));
        house.pass(10 * MINUTE).await;
        if n == 50 {
            house = house.restarted(WIRE).await;
        }
    }
    assert_eq!(house.document(&shelf, "atom").await, (first, tag));
}

#[tokio::test]
async fn w12_an_edit_is_told_and_a_bumped_date_is_not() {
    let house = House::new(WIRE).await;
    house.web.serve(LIST, rss(&[("1", "甲", "2022-05-27 12:03:15", "<p>一。</p>")]));
    house.round().await;
    let before = house.revision().await;
    house.web.serve(LIST, rss(&[("1", "甲", "2022-05-27 12:59:00", "<p>一。</p>")]));
    house.pass(10 * MINUTE).await;
    assert_eq!(house.revision().await, before, "a bumped date moves nothing");
    house.web.serve(LIST, rss(&[("1", "甲", "2022-05-27 12:59:00", "<p>二。</p>")]));
    let reports = house.pass(10 * MINUTE).await;
    assert_eq!(reports[0].updated, 1);
    let item = &house.items(&Shelf::All).await[0];
    assert_eq!(item.published.rfc3339(), "2022-05-27T12:03:15+08:00");
    assert!(item.updated > item.published, "the edit is dated");
    assert!(item.content.as_ref().unwrap().as_str().contains('二'));
}

#[tokio::test]
async fn law_4_an_upstream_down_for_six_hours_loses_no_place() {
    let house = House::new(WIRE).await;
    let old: Vec<String> = (0..60).map(|n| format!("old{n}")).collect();
    let list: Vec<_> = old.iter().map(|guid| entry(guid, "2022-05-27 12:00:00")).collect();
    house.web.serve(LIST, rss(&list));
    house.round().await;
    house.web.fail(LIST);
    for _ in 0..36 {
        house.pass(10 * MINUTE).await;
    }
    let late: Vec<(String, String)> = (0..80)
        .map(|n| (format!("late{n}"), format!("2022-05-27 {:02}:{:02}:00", 13 + n / 20, n % 20)))
        .collect();
    let list: Vec<_> = late.iter().map(|(guid, time)| entry(guid, time)).collect();
    house.web.serve(LIST, rss(&list));
    house.pass(26 * HOUR).await;
    let shown = house.titles("caijing").await;
    for (guid, _) in &late {
        assert!(shown.contains(guid), "{guid} is in the window");
    }
}

#[tokio::test]
async fn a_new_archive_puts_nothing_above_todays_news() {
    let house = House::new(WIRE).await;
    house.web.serve(
        LIST,
        rss(&[entry("today", "2022-05-27 12:00:00"), entry("old", "2012-05-27 12:00:00")]),
    );
    house.round().await;
    assert_eq!(house.titles("caijing").await, ["today", "old"]);
}

#[tokio::test]
async fn a_source_down_changes_nothing_for_readers_and_says_why() {
    let house = House::new(WIRE).await;
    house.web.serve(LIST, rss(&[entry("1", "2022-05-27 12:00:00")]));
    house.round().await;
    let shelf = Shelf::Category("caijing".into());
    let served = house.document(&shelf, "json").await;
    for body in [
        "",
        "<html><body>down for maintenance</body></html>",
        "{}",
        "<rss><channel></channel></rss>",
    ] {
        house.web.serve(LIST, body);
        house.pass(25 * HOUR).await;
        assert_eq!(house.document(&shelf, "json").await, served, "after {body:?}");
        let (_, state) = house.store.states().await.unwrap().remove(0);
        assert!(state.trouble.is_some(), "{body:?} is told");
    }
    house.web.script(LIST, |_| Ok(answer(503, "later")));
    house.pass(25 * HOUR).await;
    let (_, state) = house.store.states().await.unwrap().remove(0);
    assert!(state.trouble.unwrap().contains("503"), "the status is told");
    assert_eq!(state.failures, 4, "an empty body is none");
    assert_eq!(house.document(&shelf, "json").await, served);
}

#[tokio::test]
async fn one_rotten_source_costs_the_others_nothing() {
    let house = House::new(&format!("{WIRE}{}", WIRE.replace("wire", "rotten"))).await;
    house.web.serve(LIST, rss(&[entry("1", "2022-05-27 12:00:00")]));
    house.web.script("https://rotten.example/list.rss", |_| panic!("a bug in a transport"));
    house.round().await;
    assert_eq!(house.titles("caijing").await, ["1"]);
    let states = house.store.states().await.unwrap();
    assert!(states[1].1.trouble.is_some(), "the panic is told on its source");
}

#[tokio::test]
async fn p_01_validators_go_back_byte_for_byte() {
    let house = House::new(WIRE).await;
    let body = rss(&[entry("1", "2022-05-27 12:00:00")]);
    house.web.script(LIST, move |request| {
        if request.headers().get("if-none-match").is_some_and(|tag| tag == "W/\"a b\"") {
            return Ok(answer(304, ""));
        }
        let mut response = answer(200, body.clone());
        response.headers_mut().insert("etag", "W/\"a b\"".parse().unwrap());
        response
            .headers_mut()
            .insert("last-modified", "Friday, 27-May-22 04:00:00 GMT".parse().unwrap());
        Ok(response)
    });
    house.round().await;
    assert!(house.web.last(LIST).headers().get("if-none-match").is_none(), "nothing is invented");
    house.pass(10 * MINUTE).await;
    let request = house.web.last(LIST);
    assert_eq!(request.headers()["if-none-match"], "W/\"a b\"");
    assert_eq!(request.headers()["if-modified-since"], "Friday, 27-May-22 04:00:00 GMT");
    assert_eq!(house.titles("caijing").await, ["1"]);
}

#[tokio::test]
async fn p_02_a_200_without_validators_clears_them() {
    let house = House::new(WIRE).await;
    let bodies =
        [rss(&[entry("1", "2022-05-27 12:00:00")]), rss(&[entry("2", "2022-05-27 12:00:00")])];
    let mut times = 0;
    house.web.script(LIST, move |_| {
        times += 1;
        let mut response = answer(200, bodies[times % 2].clone());
        if times == 1 {
            response.headers_mut().insert("etag", "\"x\"".parse().unwrap());
        }
        Ok(response)
    });
    house.round().await;
    house.pass(10 * MINUTE).await;
    assert_eq!(house.web.last(LIST).headers()["if-none-match"], "\"x\"");
    house.pass(10 * MINUTE).await;
    assert!(house.web.last(LIST).headers().get("if-none-match").is_none());
}

#[tokio::test]
async fn x_07_a_cut_document_is_asked_for_again() {
    let house = House::new(WIRE).await;
    let whole = rss(&[entry("1", "2022-05-27 12:00:00"), entry("2", "2022-05-27 12:01:00")]);
    let at = whole.rfind("<item>").unwrap();
    let cut = whole[..at].to_owned();
    house.web.script(LIST, move |_| {
        let mut response = answer(200, cut.clone());
        response.headers_mut().insert("etag", "\"t\"".parse().unwrap());
        Ok(response)
    });
    let reports = house.round().await;
    assert!(reports[0].problems[0].contains("breaks off"), "{:?}", reports[0].problems);
    house.web.serve(LIST, whole);
    house.pass(10 * MINUTE).await;
    assert!(
        house.web.last(LIST).headers().get("if-none-match").is_none(),
        "its validators are not kept"
    );
    assert_eq!(house.titles("caijing").await, ["2", "1"]);
}

#[tokio::test]
async fn x_08_one_identifier_for_all_merges_nothing() {
    let house = House::new(WIRE).await;
    let body = rss(&[
        entry("a", "2022-05-27 12:00:00"),
        entry("b", "2022-05-27 12:01:00"),
        entry("c", "2022-05-27 12:02:00"),
    ])
    .replace("<guid isPermaLink=\"false\">a<", "<guid>same<")
    .replace("<guid isPermaLink=\"false\">b<", "<guid>same<")
    .replace("<guid isPermaLink=\"false\">c<", "<guid>same<");
    house.web.serve(LIST, body);
    house.round().await;
    assert_eq!(house.titles("caijing").await, ["c", "b", "a"]);
}

/// A feed of items `(guid, link, title)`, all of one time; a guid of "" is none.
fn named(items: &[(&str, &str, &str)]) -> String {
    let items = items.iter().map(|(guid, link, title)| {
        let guid = match guid.is_empty() {
            true => String::new(),
            false => format!("<guid isPermaLink=\"false\">{guid}</guid>"),
        };
        format!("<item>{guid}<title>{title}</title><link>https://wire.example/{link}</link><pubDate>2022-05-27 12:00:00</pubDate></item>")
    });
    let items: String = items.collect();
    format!("<rss version=\"2.0\"><channel><title>电讯</title>{items}</channel></rss>")
}

#[tokio::test]
async fn x_08_one_link_for_all_merges_nothing_and_republishes_nothing() {
    let house = House::new(WIRE).await;
    house.web.serve(LIST, named(&[("", "", "a"), ("", "", "b"), ("", "", "c")]));
    let reports = house.round().await;
    assert_eq!(reports[0].published, 3);
    assert!(reports[0].problems[0].contains("by title and day"), "{:?}", reports[0].problems);
    house.web.serve(LIST, named(&[("", "", "d"), ("", "", "a")]));
    let reports = house.pass(10 * MINUTE).await;
    assert_eq!(reports[0].published, 1);
    house.web.serve(LIST, named(&[("", "", "d")]));
    let reports = house.pass(10 * MINUTE).await;
    assert_eq!((reports[0].published, reports[0].updated), (0, 0));
    assert!(reports[0].problems[0].contains("`key = \"title+day\"`"), "{:?}", reports[0].problems);
}

#[tokio::test]
async fn x_08_identifiers_made_anew_with_each_answer_are_given_up() {
    let house = House::new(WIRE).await;
    let answer = |round: usize, title: &str| {
        let guids: Vec<String> = (0..4).map(|n| format!("{round}-{n}")).collect();
        named(&[
            (&guids[0], "1", title),
            (&guids[1], "2", "b"),
            (&guids[2], "3", "c"),
            (&guids[3], "4", "d"),
        ])
    };
    for round in 0..4 {
        house.web.serve(LIST, answer(round, "a"));
        let reports = house.pass(10 * MINUTE).await;
        let published = if round == 0 { 4 } else { 0 };
        assert_eq!((reports[0].published, reports[0].updated), (published, 0), "round {round}");
        let told = reports[0].problems.iter().any(|what| what.contains("`key = \"link\"`"));
        assert_eq!(told, round == 3, "round {round}: {:?}", reports[0].problems);
    }
    // An edited title is an edit from now on, where it would have been another article.
    house.web.serve(LIST, answer(5, "a2"));
    let reports = house.pass(10 * MINUTE).await;
    assert_eq!((reports[0].published, reports[0].updated), (0, 1));
}

#[tokio::test]
async fn x_08_the_file_says_what_tells_articles_apart() {
    let first = named(&[("1", "x", "a")]);
    let second = named(&[("1", "y", "b")]);
    for (key, published) in [("guid", 0), ("auto", 0), ("link", 1), ("title+day", 1)] {
        let house = House::new(&format!("{WIRE}key = \"{key}\"\n")).await;
        house.web.serve(LIST, first.clone());
        house.round().await;
        house.web.serve(LIST, second.clone());
        let reports = house.pass(10 * MINUTE).await;
        assert_eq!(reports[0].published, published, "{key}");
    }
}

const EASTMONEY: &str = r#"
[[source]]
id = "rolling"
kind = "json"
url = "https://em.example/102"
namespace = "eastmoney"
categories = ["东财滚动新闻"]
interval = "10m"
items = "records[]"
item = { guid = "infoCode", title = "title", link = "url_w", summary = "digest", published = "showtime" }
detail = { url = "https://em.example/detail/{infoCode}", content = ["text", "content"] }

[[source]]
id = "outlets"
kind = "json"
url = "https://em.example/45"
namespace = "eastmoney"
category = "from"
interval = "10m"
items = "nodeList[]"
item = { guid = "infocode", title = "title", published = "showtime", outlet = "from" }
detail = { url = "https://em.example/detail/{infocode}", content = ["text", "content"] }

[[source]]
id = "markets"
kind = "json"
url = "https://em.example/37"
namespace = "eastmoney"
category = "medianame"
interval = "10m"
items = "record[]"
item = { guid = "infoCode", title = "title", published = "datetime", outlet = "medianame" }
detail = { url = "https://em.example/detail/{infoCode}", content = ["text", "content"] }
"#;

fn eastmoney(house: &House, title: &str) {
    let codes = ["NW202205270000000001", "NW202205270000000002", "NW202205270000000003"];
    let list = |key: &str, row: &dyn Fn(&str) -> String| {
        let rows: Vec<String> = codes.iter().map(|code| row(code)).collect();
        format!("{{\"{key}\":[{}]}}", rows.join(","))
    };
    house.web.serve("https://em.example/102", list("records", &|code| {
        format!(r#"{{"infoCode":"{code}","title":"{title}{code}","digest":"【{title}{code}】摘要一句。","url_w":"http://finance.example/news/1,{code}.html","showtime":"2022-05-27 12:03:15"}}"#)
    }));
    house.web.serve("https://em.example/45", list("nodeList", &|code| {
        format!(r#"{{"infocode":"{code}","title":"{title}{code}","from":"重庆商报","showtime":"2022-05-27 12:03:15"}}"#)
    }));
    house.web.serve("https://em.example/37", list("record", &|code| {
        format!(r#"{{"infoCode":"{code}","title":"{title}{code} ","medianame":"重庆商报","datetime":"2022-05-27 12:04:00"}}"#)
    }));
    for code in codes {
        house.web.serve(
            &format!("https://em.example/detail/{code}"),
            format!(r#"{{"content":"<p>{title}带<span>关键词</span>。</p>","text":"<p>{title}正文。</p>"}}"#),
        );
    }
}

fn details(house: &House) -> usize {
    (1..=3)
        .map(|n| house.web.asked(&format!("https://em.example/detail/NW20220527000000000{n}")))
        .sum()
}

#[tokio::test]
async fn q5_w10_an_article_in_two_lists_is_one_item_in_both_categories() {
    let house = House::new(EASTMONEY).await;
    eastmoney(&house, "题");
    house.round().await;
    let all = house.items(&Shelf::All).await;
    assert_eq!(all.len(), 3);
    for item in &all {
        assert_eq!(item.category_names().collect::<Vec<_>>(), ["东财滚动新闻", "重庆商报"]);
        assert_eq!(
            item.content.as_ref().unwrap().as_str(),
            "<p>题正文。</p>",
            "`text` is preferred"
        );
        assert_eq!(
            item.source,
            SourceId::new("rolling").unwrap(),
            "the first in the file owns the text"
        );
        assert_eq!(item.outlet.as_deref(), Some("重庆商报"), "the others fill gaps");
    }
    assert_eq!(house.titles("emnews").await.len(), 3);
    assert_eq!(house.titles("chongqingshangbao").await.len(), 3);
    assert_eq!(details(&house), 3, "a detail is asked once for all lists");
}

#[tokio::test]
async fn q5_the_three_lists_settle_in_any_order() {
    let orders = [
        ["rolling", "outlets", "markets"],
        ["markets", "outlets", "rolling"],
        ["outlets", "markets", "rolling"],
    ];
    let mut seen: Vec<Vec<String>> = Vec::new();
    for order in orders {
        let house = House::new(EASTMONEY).await;
        eastmoney(&house, "题");
        for source in order {
            house.poll(source).await;
        }
        let settled = house.revision().await;
        for n in 0..100 {
            house.clock.pass(10 * MINUTE);
            house.poll(order[n % 3]).await;
            assert_eq!(house.revision().await, settled, "poll {n} in {order:?}");
        }
        seen.push(house.items(&Shelf::All).await.iter().map(face).collect());
        assert_eq!(details(&house), 3);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
}

/// What a reader sees of an item, times left out.
fn face(item: &Item) -> String {
    format!("{} {} {:?} {:?}", item.public_id, item.source, item.categories, item.matter)
}

#[tokio::test]
async fn an_edit_in_all_lists_asks_its_detail_once() {
    let house = House::new(EASTMONEY).await;
    eastmoney(&house, "题");
    house.round().await;
    eastmoney(&house, "改");
    house.pass(10 * MINUTE).await;
    assert_eq!(details(&house), 6);
    for item in house.items(&Shelf::All).await {
        assert_eq!(item.content.as_ref().unwrap().as_str(), "<p>改正文。</p>");
    }
}

#[tokio::test]
async fn what_is_owed_is_asked_next_time_and_a_detail_that_fails_thrice_is_done_without() {
    let house = House::new(&EASTMONEY.replace(
        "interval = \"10m\"\nitems = \"records[]\"",
        "interval = \"10m\"\ndetails = 2\nitems = \"records[]\"",
    ))
    .await;
    eastmoney(&house, "题");
    house.web.fail("https://em.example/detail/NW202205270000000002");
    house.web.fail("https://em.example/45");
    house.web.fail("https://em.example/37");
    house.poll("rolling").await;
    assert_eq!(house.items(&Shelf::All).await.len(), 1, "two were asked, one failed, one is owed");
    house.clock.pass(HOUR);
    house.poll("rolling").await;
    assert_eq!(house.items(&Shelf::All).await.len(), 2);
    let (_, state) = house.store.states().await.unwrap().remove(0);
    assert!(state.problems[0].contains("NW202205270000000002"), "{:?}", state.problems);
    house.clock.pass(HOUR);
    house.poll("rolling").await;
    let all = house.items(&Shelf::All).await;
    assert_eq!(all.len(), 3, "after three failures it comes without its body");
    assert!(all.iter().any(|item| item.content.is_none()));
}

const POSTS: &str = "file://localhost/srv/feedloom/posts/";

fn listing(files: &[(&str, u64)]) -> String {
    files.iter().map(|(name, mtime)| format!("{name}\t100\t{mtime}\n")).collect()
}

fn posts(house: &House, files: &[(&str, u64)]) {
    let listing = listing(files);
    house.web.script(POSTS, move |_| {
        let mut response = answer(200, listing.clone());
        response
            .headers_mut()
            .insert("content-type", "application/x-feedloom-listing".parse().unwrap());
        Ok(response)
    });
    for (name, _) in files {
        let day = &name[..10];
        house.web.serve(
            &format!("{POSTS}{name}"),
            format!("---\ntitle: \"{name}\"\ndate: {day} 12:00:00 +0800\ncategories: shamenribao\ntags: 厦门日报新闻\n---\n<p>正文。</p>\n"),
        );
    }
}

const FOLDER: &str =
    "[[source]]\nid = \"posts\"\nkind = \"posts\"\nurl = \"file:posts/\"\ninterval = \"1m\"\n";

#[tokio::test]
async fn a_post_gone_is_withdrawn_and_comes_back_under_its_old_id() {
    let house = House::new(FOLDER).await;
    let all = [("2022-05-01-a.md", 1), ("2022-05-02-b.md", 1), ("2022-05-03-c.md", 1)];
    posts(&house, &all);
    house.round().await;
    let before: Vec<String> =
        house.items(&Shelf::All).await.iter().map(|item| item.public_id.clone()).collect();
    posts(&house, &all[..2]);
    let reports = house.pass(2 * MINUTE).await;
    assert_eq!(reports[0].withdrawn, 1);
    assert_eq!(house.titles("xiamenribao").await, ["2022-05-02-b.md", "2022-05-01-a.md"]);
    posts(&house, &all);
    house.pass(2 * MINUTE).await;
    let after: Vec<String> =
        house.items(&Shelf::All).await.iter().map(|item| item.public_id.clone()).collect();
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_folder_half_gone_withdraws_nothing_and_says_why() {
    let house = House::new(FOLDER).await;
    let all = [("2022-05-01-a.md", 1), ("2022-05-02-b.md", 1), ("2022-05-03-c.md", 1)];
    posts(&house, &all);
    house.round().await;
    posts(&house, &[("2022-05-01-a.md", 1), ("2022-05-04-d.md", 1)]);
    let reports = house.pass(2 * MINUTE).await;
    assert_eq!(
        (reports[0].withdrawn, reports[0].published),
        (0, 1),
        "the new one comes all the same"
    );
    assert!(reports[0].trouble.as_ref().unwrap().contains("2 of 3"), "{:?}", reports[0].trouble);
    posts(&house, &[]);
    let reports = house.pass(HOUR).await;
    assert!(reports[0].trouble.is_some(), "an empty folder is told");
    house.web.fail(POSTS);
    house.pass(HOUR).await;
    assert_eq!(house.items(&Shelf::All).await.len(), 4, "nothing was withdrawn");
}

#[tokio::test]
async fn only_new_and_changed_files_are_read_again() {
    let house = House::new(FOLDER).await;
    posts(&house, &[("2022-05-01-a.md", 1), ("2022-05-02-b.md", 1)]);
    house.round().await;
    posts(&house, &[("2022-05-01-a.md", 1), ("2022-05-02-b.md", 2)]);
    house.pass(2 * MINUTE).await;
    assert_eq!(house.web.asked(&format!("{POSTS}2022-05-01-a.md")), 1);
    assert_eq!(house.web.asked(&format!("{POSTS}2022-05-02-b.md")), 2);
}

#[tokio::test]
async fn two_posts_of_one_identifier_are_told_and_keep_still() {
    let house = House::new(FOLDER).await;
    posts(&house, &[("2022-05-01-a.md", 1), ("2022-05-02-b.md", 1)]);
    for (name, text) in [("2022-05-01-a.md", "one"), ("2022-05-02-b.md", "two")] {
        let post = format!("---\ntitle: \"{text}\"\nguid: same\n---\n<p>{text}</p>\n");
        house.web.serve(&format!("{POSTS}{name}"), post);
    }
    let reports = house.round().await;
    let told = &reports[0].problems[0];
    assert!(told.contains("`2022-05-02-b.md` and `2022-05-01-a.md` have the same"), "{told}");
    let before = house.revision().await;
    for _ in 0..2 {
        house.force("posts").await;
        house.clock.pass(HOUR);
    }
    assert_eq!(house.revision().await, before);
}

#[tokio::test]
async fn a_future_post_comes_in_at_its_time() {
    let house = House::new(&FOLDER.replace("1m", "12h")).await;
    posts(&house, &[("2022-05-27-a.md", 1), ("2022-05-28-b.md", 1)]);
    house.round().await;
    assert_eq!(house.titles("xiamenribao").await, ["2022-05-27-a.md"]);
    house.pass(11 * HOUR).await;
    assert_eq!(house.titles("xiamenribao").await.len(), 1);
    house.pass(12 * HOUR + MINUTE).await;
    assert_eq!(house.titles("xiamenribao").await, ["2022-05-28-b.md", "2022-05-27-a.md"]);
}

#[tokio::test]
async fn w4_the_old_slug_leads_to_the_category() {
    let house = House::new(FOLDER).await;
    posts(&house, &[("2022-05-27-a.md", 1)]);
    house.round().await;
    let heads = house.store.heads(feedloom::model::feed::Revision(0)).await.unwrap();
    let head = heads
        .iter()
        .find(|head| head.shelf == Shelf::Category("xiamenribao".into()))
        .expect("the right slug");
    assert_eq!(
        (head.title.as_str(), head.aliases.as_slice()),
        ("厦门日报", &["shamenribao".to_owned()][..])
    );
}

const PAGED: &str = r#"
[[source]]
id = "paged"
kind = "json"
url = "https://paged.example/list?page={page}"
interval = "10m"
details = 3
items = "[]"
page = { most = 5 }
[source.item]
guid = "id"
title = "id"
[source.detail]
url = "https://paged.example/{id}"
content = "text"
"#;

/// Four pages of two entries each, with their details.
fn paged(house: &House) {
    for page in 1..=4 {
        let id = |n: usize| format!("k{}", (page - 1) * 2 + n);
        let list = format!("[{{\"id\":\"{}\"}},{{\"id\":\"{}\"}}]", id(0), id(1));
        house.web.serve(&format!("https://paged.example/list?page={page}"), list);
        for n in 0..2 {
            let detail = format!("{{\"text\":\"<p>{}</p>\"}}", id(n));
            house.web.serve(&format!("https://paged.example/{}", id(n)), detail);
        }
    }
    house.web.serve("https://paged.example/list?page=5", "[]");
}

#[tokio::test]
async fn what_is_owed_behind_the_first_page_is_asked_for_too() {
    let house = House::new(PAGED).await;
    paged(&house);
    house.round().await;
    assert_eq!(
        house.items(&Shelf::All).await.len(),
        8,
        "the budget of a poll is spent again and again"
    );
    let asked = house.web.asked("https://paged.example/list?page=2");
    house.pass(10 * MINUTE).await;
    assert_eq!(house.web.asked("https://paged.example/list?page=2"), asked, "then one page tells");
}

#[tokio::test]
async fn a_page_that_failed_is_asked_for_again() {
    let house = House::new(&PAGED.replace("details = 3", "details = 100")).await;
    paged(&house);
    house.web.fail("https://paged.example/list?page=2");
    let reports = house.round().await;
    assert!(reports[0].problems[0].contains("page 2 is missing"), "{:?}", reports[0].problems);
    assert_eq!(house.items(&Shelf::All).await.len(), 2);
    paged(&house);
    house.pass(10 * MINUTE).await;
    assert_eq!(house.items(&Shelf::All).await.len(), 8);
}

#[tokio::test]
async fn p_09_a_detail_that_asks_for_peace_gets_it() {
    let house = House::new(&PAGED.replace("details = 3", "details = 100")).await;
    paged(&house);
    house.web.script("https://paged.example/k0", |_| {
        let mut response = answer(429, "");
        response.headers_mut().insert("retry-after", "7200".parse().unwrap());
        Ok(response)
    });
    house.round().await;
    let asked = |n: usize| house.web.asked(&format!("https://paged.example/k{n}"));
    let first: usize = (0..8).map(asked).sum();
    assert!(first <= 8, "those under way at once, and no more: {first}");
    house.pass(HOUR).await;
    assert_eq!((0..8).map(asked).sum::<usize>(), first, "it is left alone for two hours");
    paged(&house);
    house.pass(HOUR + MINUTE).await;
    assert_eq!(house.items(&Shelf::All).await.len(), 8);
    assert!(house.items(&Shelf::All).await.iter().all(|item| item.content.is_some()));
}

#[tokio::test]
async fn a_post_its_author_takes_back_is_withdrawn() {
    let house = House::new(FOLDER).await;
    let names = ["2022-05-01-a.md", "2022-05-02-b.md", "2022-05-03-c.md", "2022-05-04-d.md"];
    posts(&house, &names.map(|name| (name, 1)));
    house.round().await;
    posts(&house, &names.map(|name| (name, 2)));
    for (name, word) in [
        (names[0], "published: false"),
        (names[1], "draft: true"),
        (names[2], "date: 2022-06-01 12:00:00"),
    ] {
        let post =
            format!("---\ntitle: \"{name}\"\ntags: 厦门日报新闻\n{word}\n---\n<p>正文。</p>\n");
        house.web.serve(&format!("{POSTS}{name}"), post);
    }
    let reports = house.pass(2 * MINUTE).await;
    assert_eq!(reports[0].withdrawn, 3, "{reports:?}");
    assert_eq!(house.titles("xiamenribao").await, [names[3]]);
    house.pass(Duration::from_secs(6 * 24 * 3600)).await;
    assert_eq!(house.titles("xiamenribao").await, [names[3], names[2]], "the one put off is back");
    posts(&house, &names.map(|name| (name, 3)));
    house.pass(2 * MINUTE).await;
    assert_eq!(house.titles("xiamenribao").await.len(), 4, "and so are the others");
}
