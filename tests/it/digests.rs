//! Digests through a whole house: weeks go by, and every reader of a newsletter sees each article once.

use std::collections::BTreeSet;
use std::time::Duration;

use feedloom::format;
use feedloom::model::feed::Shelf;
use feedloom::model::period::Period;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::house::{House, assert_harmless, time};

const HOUR: Duration = Duration::from_secs(3600);
const LIST: &str = "https://wire.example/list.json";

const WIRE: &str = r#"
[[source]]
id = "wire"
kind = "feed"
url = "https://wire.example/list.json"
categories = ["财经"]
interval = "1h"

[[category]]
id = "caijing"
name = "财经"

[[view]]
id = "morning"
title = "Morning"
language = "en"
drop = ["spam"]
"#;

/// A list of articles, each with a picture.
fn list(ids: &[String]) -> String {
    let items = ids.iter().map(|id| {
        serde_json::json!({
            "id": id,
            "title": format!("第 {id} 条 <b> & \"引号\""),
            "url": format!("https://wire.example/{id}?a=1&b=2"),
            "image": format!("https://wire.example/{id}.jpg"),
            "content_html": format!("<p>这是 {id} 的正文，与别的都不一样。</p>"),
        })
    });
    serde_json::json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": "电讯",
        "items": items.collect::<Vec<_>>(),
    })
    .to_string()
}

fn of(period: Period, of: Shelf) -> Shelf {
    Shelf::Digest(period, Box::new(of))
}

/// Three weeks of a list that shows its last five articles; one new each five hours. The house is
/// away for four days in the middle of it.
async fn three_weeks() -> (House, Vec<String>) {
    let house = House::new(WIRE).await;
    let mut ids: Vec<String> = vec!["old".to_owned()];
    for hour in 0..24 * 21 {
        if hour % 5 == 1 {
            ids.insert(0, format!("h{hour}"));
        }
        let shown: Vec<String> = ids.iter().take(40).cloned().collect();
        house.web.serve(LIST, list(&shown));
        let is_away = (200..296).contains(&hour);
        match is_away {
            true => house.clock.pass(HOUR),
            false => {
                house.pass(HOUR).await;
                house.digest().await;
            }
        }
    }
    (house, ids)
}

#[tokio::test]
async fn the_loop_wakes_at_the_cut() {
    let house = House::new(WIRE).await;
    house.web.serve(LIST, list(&["old".to_owned()]));
    house.round().await;
    house.digest().await;
    house.web.serve(LIST, list(&["new".to_owned(), "old".to_owned()]));
    house.pass(HOUR).await;
    let (stop, (ready, _)) = (CancellationToken::new(), watch::channel(false));
    let (ingest, told) = (house.ingest(), stop.clone());
    let running = tokio::spawn(async move { ingest.run(told, ready).await });
    house.clock.set(time("2022-05-27T23:59:59.999+08:00"));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let shelf = of(Period::Daily, Shelf::Category("caijing".to_owned()));
    assert!(house.items(&shelf).await.is_empty(), "the day is not over");
    house.clock.set(time("2022-05-28T00:00:00+08:00"));
    while house.items(&shelf).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.cancel();
    running.await.expect("it ends when it is told to");
    let digest = house.items(&shelf).await.remove(0);
    assert_eq!(digest.title.as_str(), "财经 · 2022年5月27日");
    assert_eq!(digest.published, time("2022-05-28T00:00:00+08:00"));
}

#[tokio::test]
async fn weeks_of_newsletters_tell_each_article_once() {
    let (house, ids) = three_weeks().await;
    let category = Shelf::Category("caijing".to_owned());
    let daily = house.items(&of(Period::Daily, category.clone())).await;
    let weekly = house.items(&of(Period::Weekly, category)).await;
    assert!(daily.len() > 14 && weekly.len() == 3, "{} {}", daily.len(), weekly.len());
    for digests in [daily, weekly] {
        let last = digests[0].published;
        let mut told: Vec<String> = Vec::new();
        for digest in &digests {
            let html = digest.content.as_ref().expect("a body").as_str();
            assert_harmless(html);
            let links = digest.content.as_ref().expect("a body").links();
            told.extend(links.filter_map(|link| {
                Some(link.strip_prefix("https://wire.example/")?.split_once('?')?.0.to_owned())
            }));
        }
        let distinct: BTreeSet<&String> = told.iter().collect();
        assert_eq!(distinct.len(), told.len(), "none twice");
        let mut expected = BTreeSet::new();
        for item in house.items(&Shelf::All).await {
            if item.seen < last && item.guid.as_deref() != Some("old") {
                expected.insert(item.guid.clone().expect("a guid"));
            }
        }
        assert!(expected.iter().all(|id| distinct.contains(id)), "none is left out");
        assert!(!distinct.contains(&"old".to_owned()), "backlog is no news");
        assert!(ids.len() >= distinct.len());
    }
}

#[tokio::test]
async fn a_digest_is_read_by_others_in_every_format() {
    let (house, _) = three_weeks().await;
    for (shelf, title) in [
        (of(Period::Daily, Shelf::Category("caijing".to_owned())), "财经 · 每日摘要"),
        (of(Period::Weekly, Shelf::View("morning".to_owned())), "Morning · Weekly digest"),
    ] {
        let stored = house.items(&shelf).await;
        for name in format::FEEDS.iter().map(|format| format.name()) {
            let (document, _) = house.document(&shelf, name).await;
            let read = feed_rs::parser::parse(document.as_bytes()).expect("a good feed");
            assert_eq!(read.title.expect("a title").content, title);
            assert_eq!(read.entries.len(), stored.len(), "{name}");
            for (entry, item) in read.entries.iter().zip(&stored) {
                assert_eq!(entry.id, item.public_id);
                assert_eq!(entry.title.as_ref().expect("one").content, item.title.as_str());
                let at = entry.published.expect("a time").timestamp();
                assert_eq!(at, item.published.seconds());
                let page = format!("https://n.example/item/{}", item.id);
                assert_eq!(entry.links[0].href.trim_end_matches('/'), page);
                let body = entry.content.as_ref().and_then(|content| content.body.clone());
                assert_eq!(body.as_deref(), item.content.as_ref().map(|html| html.as_str()));
                assert!(entry.source.is_none(), "it is our own");
            }
        }
        let (page, _) = house.document(&shelf, "html").await;
        assert!(page.contains(stored[0].title.as_str()) && !page.contains("/source/"), "{page}");
    }
}
