//! What digests promise: two of them never overlap and leave nothing out, whenever they are written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use feedloom::model::category::Category;
use feedloom::model::cut::Since;
use feedloom::model::digest::Digests;
use feedloom::model::feed::{Shelf, Site, Window};
use feedloom::model::item::{Item, Key};
use feedloom::model::period::Period;
use feedloom::model::sieve::{Place as Where, Rule, Sieve};
use feedloom::model::source::Source;
use feedloom::model::text::Query;
use feedloom::model::view::{Member, View};
use feedloom::store::explain::Name;
use regex::Regex;

use super::house::*;

contract! {
    digests_neither_overlap_nor_skip,
    where_nothing_came_there_is_none,
    what_was_missed_is_made_up_in_order,
    backlog_is_no_news,
    the_first_ones_begin_with_the_running_day_and_week,
    what_is_gone_at_the_cut_is_not_in_it,
    what_is_withdrawn_by_hand_leaves_the_digests_too,
    an_edited_item_is_in_it_once,
    a_view_has_digests_by_its_rules,
    a_story_is_told_once_with_who_else_has_it,
    a_long_day_says_how_much_is_left,
    a_day_of_summer_time_is_cut_at_its_own_midnight,
    what_is_broken_off_goes_on,
    a_clock_that_was_ahead_silences_nothing,
    digests_stand_nowhere_else,
    a_digest_is_an_item_like_any_other,
    a_category_keeps_its_digests_under_another_name,
    digests_are_kept_so_long,
    two_stores_fed_alike_write_the_same,
    switched_off_and_on_again_nothing_is_made_up,
}

fn digests() -> Digests {
    in_zone("Asia/Shanghai")
}

fn in_zone(zone: &str) -> Digests {
    let site = Site {
        title: "新闻".to_owned(),
        url: "https://n.example".to_owned(),
        language: None,
        description: None,
        zone: zone.parse().expect("a zone"),
    };
    Digests { site, periods: Period::ALL.to_vec(), views: Arc::from([]), keep: None }
}

fn with_views(views: Vec<View>) -> Digests {
    Digests { views: views.into(), ..digests() }
}

fn view(id: &str, members: &[Member]) -> View {
    View {
        id: id.to_owned(),
        title: id.to_uppercase(),
        description: None,
        language: None,
        members: members.to_vec(),
        query: None,
        sieve: Sieve::default(),
        collapse: true,
        window: Window::default(),
    }
}

fn of(period: Period, shelf: &Shelf) -> Shelf {
    Shelf::Digest(period, Box::new(shelf.clone()))
}

fn category_one() -> Shelf {
    Shelf::Category("one".to_owned())
}

fn daily() -> Shelf {
    of(Period::Daily, &category_one())
}

/// Writes what is due; answers how many there were.
async fn write(house: &House, digests: &Digests) -> usize {
    write_by(house, digests, 64).await
}

async fn write_by(house: &House, digests: &Digests, most: usize) -> usize {
    let mut written = 0;
    loop {
        let step = house.store.digest(digests, digests.site.local(house.now()), most).await;
        let step = step.expect("written");
        assert!(step.written <= most);
        written += step.written;
        if !step.has_more {
            return written;
        }
    }
}

/// A house with one source filed under `One`, which has had its first poll, and digests begun.
async fn begun(place: Place, digests: &Digests) -> (House, Source) {
    let (house, a) = (House::new(place).await, filed("a", &["One"]));
    house.enroll(std::slice::from_ref(&a)).await;
    house.poll(&a, &[entry("backlog")]).await;
    assert_eq!(write(&house, digests).await, 0, "nothing is due at the start");
    (house, a)
}

/// The headlines of a digest.
fn headlines(item: &Item) -> Vec<String> {
    let html = item.content.as_ref().expect("a body").as_str();
    let page = scraper::Html::parse_fragment(html);
    let links = scraper::Selector::parse("ol > li strong a").expect("a selector");
    page.select(&links).map(|link| link.text().collect()).collect()
}

/// The headlines of all digests of a shelf, the oldest digest first.
async fn told(house: &House, shelf: &Shelf) -> Vec<Vec<String>> {
    let mut items = house.items(shelf).await;
    items.reverse();
    items.iter().map(headlines).collect()
}

/// Numbers that look random and are always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

async fn digests_neither_overlap_nor_skip(place: Place) {
    let digests = with_views(vec![view("all", &[])]);
    for seed in [1, 2] {
        let (house, a) = begun(place, &digests).await;
        let b = filed("b", &["One", "Two"]);
        house.enroll(&[a.clone(), b.clone()]).await;
        house.poll(&b, &[entry("more backlog").guid(Some("m")).link(None)]).await;
        let (mut dice, mut seen, mut of_b) = (Dice(seed), BTreeMap::new(), BTreeSet::new());
        for round in 0..40 {
            let (source, is_b) = if dice.below(2) == 0 { (&a, false) } else { (&b, true) };
            let names = (0..dice.below(4)).map(|n| format!("{round}-{n}"));
            let entries: Vec<Entry> = names.map(|name| entry(&name).guid(Some(&name))).collect();
            for entry in &entries {
                seen.insert(entry.name.clone(), house.now());
                if is_b {
                    of_b.insert(entry.name.clone());
                }
            }
            house.poll(source, &entries).await;
            house.pass(Duration::from_secs(60 * dice.below(20 * 60)));
            if dice.below(3) == 0 {
                write(&house, &digests).await;
            }
        }
        house.pass(14 * DAY);
        write(&house, &digests).await;
        let everything: Vec<String> = seen.keys().cloned().collect();
        for (shelf, expected) in [
            (category_one(), everything.clone()),
            (Shelf::Category("two".to_owned()), of_b.into_iter().collect()),
            (Shelf::View("all".to_owned()), everything),
        ] {
            for (period, days) in [(Period::Daily, 1), (Period::Weekly, 7)] {
                let shelf = of(period, &shelf);
                let mut all: Vec<String> = told(&house, &shelf).await.concat();
                all.sort();
                assert_eq!(all, expected, "each once: {}", shelf.path());
                for digest in house.items(&shelf).await {
                    for name in headlines(&digest) {
                        let span = digest.published.since(seen[&name]);
                        assert!(seen[&name] < digest.published && span <= days * DAY, "{name}");
                    }
                }
            }
        }
    }
}

async fn where_nothing_came_there_is_none(place: Place) {
    let digests = with_views(vec![view("all", &[])]);
    let (house, a) = begun(place, &digests).await;
    for _ in 0..20 {
        house.pass(DAY);
        house.poll(&a, &[entry("backlog")]).await;
        assert_eq!(write(&house, &digests).await, 0);
    }
    assert!(house.heads().await.iter().all(|head| !matches!(head.shelf, Shelf::Digest(..))));
    let before = house.revision();
    write(&house, &digests).await;
    assert_eq!(house.revision(), before);
}

async fn what_was_missed_is_made_up_in_order(place: Place) {
    let digests = digests();
    let (house, a) = begun(place, &digests).await;
    // Wednesday, Thursday and Monday evening, and then a fortnight without anybody there.
    house.poll(&a, &[entry("wednesday")]).await;
    house.pass(DAY);
    house.poll(&a, &[entry("thursday")]).await;
    house.pass(4 * DAY);
    house.poll(&a, &[entry("monday")]).await;
    house.pass(14 * DAY);
    assert_eq!(write(&house, &digests).await, 5);
    assert_eq!(told(&house, &daily()).await, [["wednesday"], ["thursday"], ["monday"]]);
    let weekly = of(Period::Weekly, &category_one());
    assert_eq!(told(&house, &weekly).await, [vec!["thursday", "wednesday"], vec!["monday"]]);
    let dates = async |shelf: &Shelf| -> Vec<String> {
        house.items(shelf).await.iter().map(|item| item.published.rfc3339()).collect()
    };
    assert_eq!(
        dates(&daily()).await,
        ["2026-11-24T00:00:00+08:00", "2026-11-20T00:00:00+08:00", "2026-11-19T00:00:00+08:00"]
    );
    assert_eq!(dates(&weekly).await, ["2026-11-30T00:00:00+08:00", "2026-11-23T00:00:00+08:00"]);
    assert_eq!(
        house.titles(&daily()).await,
        ["One · 2026年11月23日", "One · 2026年11月19日", "One · 2026年11月18日"]
    );
    assert_eq!(write(&house, &digests).await, 0, "none is written twice");
}

async fn backlog_is_no_news(place: Place) {
    let digests = digests();
    let (house, a) = begun(place, &digests).await;
    let b = filed("b", &["One"]);
    house.enroll(&[a.clone(), b.clone()]).await;
    house.poll(&b, &[entry("1").guid(Some("1")), entry("2").guid(Some("2"))]).await;
    house.pass(DAY);
    assert_eq!(write(&house, &digests).await, 0);
    // What is refiled quietly is no news either, and an edit of something old is none.
    house.enroll(&[Source { categories: vec!["One".into(), "Two".into()], ..a.clone() }, b]).await;
    house.poll(&a, &[entry("backlog").title("edited")]).await;
    house.pass(8 * DAY);
    assert_eq!(write(&house, &digests).await, 0);
}

async fn the_first_ones_begin_with_the_running_day_and_week(place: Place) {
    let (house, a) = (House::new(place).await, filed("a", &["One"]));
    house.enroll(std::slice::from_ref(&a)).await;
    house.poll(&a, &[entry("backlog")]).await;
    house.poll(&a, &[entry("wednesday")]).await;
    house.pass(DAY);
    house.poll(&a, &[entry("thursday")]).await;
    assert_eq!(write(&house, &digests()).await, 0);
    house.pass(5 * DAY);
    write(&house, &digests()).await;
    assert_eq!(told(&house, &daily()).await, [["thursday"]]);
    let weekly = told(&house, &of(Period::Weekly, &category_one())).await;
    assert_eq!(weekly, [["thursday", "wednesday"]]);
}

async fn what_is_gone_at_the_cut_is_not_in_it(place: Place) {
    let digests = digests();
    let (house, a) = begun(place, &digests).await;
    house.poll_whole(&a, &[entry("backlog"), entry("1"), entry("2")]).await;
    house.poll_whole(&a, &[entry("backlog"), entry("1")]).await;
    house.pass(DAY);
    write(&house, &digests).await;
    assert_eq!(told(&house, &daily()).await, [["1"]]);
    house.poll_whole(&a, &[entry("backlog"), entry("1"), entry("3")]).await;
    house.poll_whole(&a, &[entry("backlog"), entry("1")]).await;
    house.pass(DAY);
    assert_eq!(write(&house, &digests).await, 0, "nothing is left to be told");
}

async fn what_is_withdrawn_by_hand_leaves_the_digests_too(place: Place) {
    let digests = digests();
    let (house, a) = begun(place, &digests).await;
    house.poll(&a, &[entry("1"), entry("2")]).await;
    house.pass(DAY);
    house.poll(&a, &[entry("1").title("edited"), entry("2")]).await;
    house.pass(5 * DAY);
    assert_eq!(write(&house, &digests).await, 2);
    let shelves = [daily(), of(Period::Weekly, &category_one())];
    let before = house.head(&daily()).await.head;
    let name = |guid: &str| Name { id: None, keys: vec![Key::guid(guid)], text: guid.to_owned() };
    house.store.withdraw(&name("guid-1"), house.now()).await.expect("withdrawn");
    for shelf in &shelves {
        assert_eq!(told(&house, shelf).await, [["2"]]);
        let digest = house.items(shelf).await.remove(0);
        assert!(!format!("{:?}", digest.matter).contains("edited"), "{:?}", digest.matter);
        assert!(digest.updated > digest.published);
    }
    assert!(house.head(&daily()).await.head.revision > before.revision);
    house.store.withdraw(&name("guid-2"), house.now()).await.expect("withdrawn");
    for shelf in &shelves {
        assert!(house.items(shelf).await.is_empty(), "a digest of nothing is none");
    }
    house.pass(8 * DAY);
    assert_eq!(write(&house, &digests).await, 0);
}

async fn an_edited_item_is_in_it_once(place: Place) {
    let digests = digests();
    let (house, a) = begun(place, &digests).await;
    house.poll(&a, &[entry("1"), entry("2")]).await;
    house.poll(&a, &[entry("1").title("edited"), entry("2")]).await;
    house.pass(DAY);
    write(&house, &digests).await;
    house.poll(&a, &[entry("1").title("edited again"), entry("2")]).await;
    house.pass(DAY);
    assert_eq!(write(&house, &digests).await, 0, "an edit is no news");
    assert_eq!(told(&house, &daily()).await, [["edited", "2"]]);
}

async fn a_view_has_digests_by_its_rules(place: Place) {
    let rule = |pattern: &str| Rule {
        place: Where::Title,
        pattern: Regex::new(pattern).expect("a pattern"),
    };
    let sieve = Sieve { drop: vec![rule("^ad")], ..Sieve::default() };
    let members = [Member::Category("one".to_owned()), Member::Source(source("b").id)];
    let dropping = View { sieve: sieve.clone(), ..view("dropping", &members) };
    let asking = View { query: Query::read("apple"), ..view("asking", &[]) };
    let silent = View { sieve, query: Query::read("ad"), ..view("silent", &members) };
    let digests = with_views(vec![dropping, asking, silent]);
    let (house, a) = begun(place, &digests).await;
    let (b, c) = (filed("b", &["Two"]), filed("c", &["Three"]));
    house.enroll(&[a.clone(), b.clone(), c.clone()]).await;
    house.poll(&b, &[entry("b0").guid(Some("b0"))]).await;
    house.poll(&c, &[entry("c0").guid(Some("c0"))]).await;
    house.poll(&a, &[entry("news"), entry("ad one")]).await;
    house
        .poll(&b, &[entry("green apple").guid(Some("b1")), entry("ad two").guid(Some("b2"))])
        .await;
    house.poll(&c, &[entry("red apple").guid(Some("c1"))]).await;
    house.pass(DAY);
    write(&house, &digests).await;
    let of_view =
        async |id: &str| told(&house, &of(Period::Daily, &Shelf::View(id.to_owned()))).await;
    assert_eq!(of_view("dropping").await, [["green apple", "news"]]);
    assert_eq!(of_view("asking").await, [["red apple", "green apple"]]);
    assert!(of_view("silent").await.is_empty());
}

async fn a_story_is_told_once_with_who_else_has_it(place: Place) {
    let unfolded = View { collapse: false, ..view("unfolded", &[]) };
    let digests = with_views(vec![unfolded]);
    let (house, a) = begun(place, &digests).await;
    let b = filed("b", &["One"]);
    house.enroll(&[a.clone(), b.clone()]).await;
    house.poll(&b, &[entry("b0").guid(Some("b0"))]).await;
    let told_at = |name: &str| {
        let link = "https://paper.example/2026/11/18/123456.html";
        entry(name).guid(Some(name)).link(Some(link)).content(None)
    };
    house.poll(&a, &[told_at("first")]).await;
    house.poll(&b, &[told_at("second")]).await;
    let twin = house.items(&Shelf::Source(b.id.clone())).await.remove(0);
    house.pass(DAY);
    write(&house, &digests).await;
    assert_eq!(told(&house, &daily()).await, [["first"]]);
    let html = async |shelf: &Shelf| {
        let digest = house.items(shelf).await.remove(0);
        digest.content.as_ref().expect("a body").as_str().to_owned()
    };
    let page = format!("另见 <a href=\"https://n.example/item/{}\"", twin.id);
    assert!(html(&daily()).await.contains(&page));
    let unfolded = of(Period::Daily, &Shelf::View("unfolded".to_owned()));
    assert_eq!(told(&house, &unfolded).await, [["second", "first"]]);
    assert!(!html(&unfolded).await.contains("另见"), "they stand themselves");
    let name = Name { id: Some(twin.id), keys: Vec::new(), text: String::new() };
    house.store.withdraw(&name, house.now()).await.expect("withdrawn");
    assert_eq!(told(&house, &daily()).await, [["first"]], "its page says that it is gone");
    assert_eq!(told(&house, &unfolded).await, [["first"]]);
}

async fn a_long_day_says_how_much_is_left(place: Place) {
    let digests = digests();
    let (house, a) = begun(place, &digests).await;
    let list: Vec<Entry> = (0..130).map(|n| entry(&format!("n{n}"))).collect();
    house.poll(&a, &list).await;
    house.pass(DAY);
    write(&house, &digests).await;
    let digest = house.items(&daily()).await.remove(0);
    let expected: Vec<String> = (0..100).map(|n| format!("n{n}")).collect();
    assert_eq!(headlines(&digest), expected, "in the feed's order");
    let html = digest.content.as_ref().expect("a body").as_str();
    assert!(html.contains("另有 30 篇"), "{html}");
    assert!(digest.summary.as_ref().expect("one").as_str().starts_with("共 130 篇：n0；n1"));
}

async fn a_day_of_summer_time_is_cut_at_its_own_midnight(place: Place) {
    let digests = in_zone("America/New_York");
    let (house, a) = begun(place, &digests).await;
    // To Saturday, 13 March 2027, 19:00 there; in the night clocks go on by an hour.
    house.pass(115 * DAY + 13 * HOUR);
    house.poll(&a, &[entry("saturday")]).await;
    house.pass(10 * HOUR);
    house.poll(&a, &[entry("sunday")]).await;
    house.pass(DAY);
    write(&house, &digests).await;
    assert_eq!(told(&house, &daily()).await, [["saturday"], ["sunday"]]);
    let cuts: Vec<String> =
        house.items(&daily()).await.iter().map(|item| item.published.rfc3339()).collect();
    assert_eq!(cuts, ["2027-03-15T00:00:00-04:00", "2027-03-14T00:00:00-05:00"]);
}

async fn what_is_broken_off_goes_on(place: Place) {
    let digests = digests();
    let (mut house, a) = begun(place, &digests).await;
    let wide = Source { categories: ["One", "Two", "Three"].map(str::to_owned).to_vec(), ..a };
    house.enroll(std::slice::from_ref(&wide)).await;
    house.poll(&wide, &[entry("1"), entry("2")]).await;
    house.pass(DAY);
    let now = digests.site.local(house.now());
    let step = house.store.digest(&digests, now, 1).await.expect("written");
    assert_eq!((step.written, step.has_more), (1, true));
    if matches!(place, Place::File) {
        house = house.restart().await;
    }
    // A clock set back and an item logged meanwhile with an old time change nothing of what was begun.
    house.now_back(20 * HOUR);
    house.poll(&wide, &[entry("late")]).await;
    house.pass(20 * HOUR);
    assert_eq!(write_by(&house, &digests, 1).await, 2);
    for slug in ["one", "two", "three"] {
        let shelf = of(Period::Daily, &Shelf::Category(slug.to_owned()));
        assert_eq!(told(&house, &shelf).await, [["1", "2"]], "{slug}");
    }
    house.pass(DAY);
    write(&house, &digests).await;
    assert_eq!(told(&house, &daily()).await, [vec!["1", "2"], vec!["late"]]);
}

async fn a_clock_that_was_ahead_silences_nothing(place: Place) {
    let digests = digests();
    let (house, a) = begun(place, &digests).await;
    house.pass(30_000 * DAY);
    house.poll(&a, &[entry("ahead")]).await;
    assert_eq!(write(&house, &digests).await, 0);
    house.now_back(30_000 * DAY);
    house.poll(&a, &[entry("right")]).await;
    house.pass(DAY);
    write(&house, &digests).await;
    assert_eq!(told(&house, &daily()).await, [["ahead", "right"]]);
    house.poll(&a, &[entry("next")]).await;
    // Put back across the cut, it writes nothing twice.
    house.pass(DAY);
    write(&house, &digests).await;
    house.now_back(20 * HOUR);
    assert_eq!(write(&house, &digests).await, 0);
    house.poll(&a, &[entry("last")]).await;
    house.pass(2 * DAY);
    write(&house, &digests).await;
    assert_eq!(told(&house, &daily()).await.concat(), ["ahead", "right", "next", "last"]);
}

async fn digests_stand_nowhere_else(place: Place) {
    let digests = with_views(vec![view("all", &[])]);
    let (house, a) = begun(place, &digests).await;
    let states = house.store.states().await.expect("states");
    for day in 0..9 {
        house.poll(&a, &[entry(&format!("words {day}"))]).await;
        house.pass(DAY);
        write(&house, &digests).await;
    }
    house.index().await;
    let digest = house.items(&daily()).await.remove(0);
    for head in house.heads().await {
        let stands = house.items(&head.shelf).await.iter().any(|item| item.id == digest.id);
        assert_eq!(stands, head.shelf == daily(), "{:?}", head.shelf);
        assert!(house.find_on(&head.shelf, digest.title.as_str(), 9).await.is_empty());
    }
    let paths: Vec<String> = house.heads().await.iter().map(|head| head.shelf.path()).collect();
    assert_eq!(
        paths,
        [
            "/all",
            "/category/one",
            "/source/a",
            "/digest/daily/category/one",
            "/digest/daily/view/all",
            "/digest/weekly/category/one",
            "/digest/weekly/view/all",
        ]
    );
    assert_eq!(house.find("words").await.len(), 10, "what they are of is found");
    let after = house.store.states().await.expect("states");
    assert_eq!(after.len(), states.len());
    // A view of everything is of all but digests: the second day tells of its own article alone.
    let view = told(&house, &of(Period::Daily, &Shelf::View("all".to_owned()))).await;
    assert_eq!(view[1], ["words 1"]);
}

async fn a_digest_is_an_item_like_any_other(place: Place) {
    let digests = digests();
    let (house, a) = begun(place, &digests).await;
    house.poll(&a, &[entry("1")]).await;
    let before = house.now();
    house.pass(DAY);
    write(&house, &digests).await;
    let digest = house.items(&daily()).await.remove(0);
    assert_eq!(house.store.item(digest.id).await.expect("asked").as_ref(), Some(&digest));
    assert!(digest.source.is_ours() && digest.byline()[0].name == "新闻");
    assert_eq!(digest.public_id, digest.id.urn());
    let head = house.head(&daily()).await;
    assert_eq!((head.title.as_str(), head.head.revision), ("One", house.revision()));
    let news = house.store.since(&[daily()], Since::Time(before), 9).await.expect("asked");
    assert_eq!(titles(&news.expect("news").items), ["One · 2026年11月18日"]);
    let name = Name { id: Some(digest.id), keys: Vec::new(), text: String::new() };
    let known = house.store.explain(&name).await.expect("explained").item.expect("an item");
    assert_eq!(known.places[0].shelf, daily());
    house.store.withdraw(&name, house.now()).await.expect("withdrawn");
    assert!(house.items(&daily()).await.is_empty());
    let stones = house.store.feed(&daily(), house.window).await.expect("fed").tombstones;
    assert_eq!(stones[0].public_id, digest.public_id);
    house.pass(DAY);
    assert_eq!(write(&house, &digests).await, 0);
    for n in 0..60 {
        house.poll(&a, &[entry(&format!("n{n}"))]).await;
        house.pass(DAY);
        write(&house, &digests).await;
    }
    let (archive, paged) =
        house.store.page(&daily(), 1).await.expect("a page").expect("it is closed");
    assert_eq!((archive.older, paged.len()), (None, 49));
}

async fn a_category_keeps_its_digests_under_another_name(place: Place) {
    let digests = digests();
    let (house, a) = begun(place, &digests).await;
    house.poll(&a, &[entry("1")]).await;
    house.pass(DAY);
    write(&house, &digests).await;
    let before = house.head(&daily()).await.head;
    let renamed = Category {
        slug: Some("first".to_owned()),
        title: Some("The first".to_owned()),
        ..category("ONE")
    };
    house.enroll_with(std::slice::from_ref(&a), &[renamed]).await;
    assert!(house.items(&daily()).await.is_empty());
    let shelf = of(Period::Daily, &Shelf::Category("first".to_owned()));
    let head = house.head(&shelf).await;
    assert_eq!(head.title, "The first");
    assert!(head.head.revision > before.revision, "readers are shown the new title");
    house.poll(&a, &[entry("2")]).await;
    house.pass(DAY);
    write(&house, &digests).await;
    assert_eq!(told(&house, &shelf).await, [["1"], ["2"]]);
    assert_eq!(house.titles(&shelf).await[0], "The first · 2026年11月19日");
}

async fn digests_are_kept_so_long(place: Place) {
    let digests = Digests { keep: Some(3 * DAY), periods: vec![Period::Daily], ..digests() };
    let (mut house, a) = (House::new(place).await, filed("a", &["One"]));
    house.window = Window { items: 2, ..house.window };
    house.enroll(std::slice::from_ref(&a)).await;
    house.poll(&a, &[entry("backlog")]).await;
    write(&house, &digests).await;
    for day in 0..9 {
        house.poll(&a, &[entry(&format!("{day}"))]).await;
        house.pass(DAY);
        write(&house, &digests).await;
    }
    let wide = Window { items: 99, ..house.window };
    let kept = async || house.within(&daily(), wide).await.len();
    assert_eq!(kept().await, 9);
    house.store.prune(house.now()).await.expect("pruned");
    assert_eq!(kept().await, 3);
    house.pass(30 * DAY);
    house.store.prune(house.now()).await.expect("pruned");
    assert_eq!(kept().await, 2, "what a feed shows stays");
    assert_eq!(write(&house, &digests).await, 0, "what is forgotten is not written again");
}

async fn two_stores_fed_alike_write_the_same(place: Place) {
    let mut written = Vec::new();
    for is_late in [false, true] {
        let digests = digests();
        let (house, a) = begun(place, &digests).await;
        for day in 0..10 {
            house.poll(&a, &[entry(&format!("{day}-1")), entry(&format!("{day}-2"))]).await;
            house.pass(DAY);
            if !is_late {
                write(&house, &digests).await;
            }
        }
        write(&house, &digests).await;
        let mut items = house.items(&daily()).await;
        items.extend(house.items(&of(Period::Weekly, &category_one())).await);
        let shape = |item: &Item| (item.public_id.clone(), item.matter.clone(), item.published);
        written.push(items.iter().map(shape).collect::<Vec<_>>());
    }
    assert!(written[0].len() > 10);
    assert_eq!(written[0], written[1], "late or in time");
}

async fn switched_off_and_on_again_nothing_is_made_up(place: Place) {
    let (on, off) = (digests(), Digests { periods: Vec::new(), ..digests() });
    let (house, a) = begun(place, &on).await;
    assert_eq!(write(&house, &off).await, 0);
    house.poll(&a, &[entry("1")]).await;
    house.pass(20 * DAY);
    assert_eq!(write(&house, &on).await, 0);
    house.poll(&a, &[entry("2")]).await;
    house.pass(DAY);
    write(&house, &on).await;
    assert_eq!(told(&house, &daily()).await, [["2"]]);
}
