//! What is withdrawn by hand, and what a store can tell of an item.

use std::time::Duration;

use feedloom::model::feed::Shelf;
use feedloom::model::item::Key;
use feedloom::store::explain::{How, Name, State};

use super::house::*;

contract! {
    what_is_withdrawn_leaves_every_shelf_and_stays_gone,
    a_withdrawal_is_told_once_and_moves_heads,
    readers_are_told_what_is_gone,
    what_stands_beyond_the_window_leaves_no_stone,
    an_item_explains_itself,
    an_entry_that_is_no_item_says_why,
}

fn named(guid: &str) -> Name {
    Name { id: None, keys: vec![Key::guid(guid)], text: guid.to_owned() }
}

async fn what_is_withdrawn_leaves_every_shelf_and_stays_gone(place: Place) {
    let house = House::new(place).await;
    let a = filed("a", &["One"]);
    house.enroll(std::slice::from_ref(&a)).await;
    house.poll(&a, &[entry("1"), entry("2")]).await;
    let id = house.all().await[0].id;
    let answer = house.store.withdraw(&named("guid-1"), house.now()).await.expect("asked");
    assert_eq!(answer, Some((id, true)));
    for head in house.heads().await {
        assert_eq!(house.titles(&head.shelf).await, ["2"], "{:?}", head.shelf);
    }
    assert!(house.store.item(id).await.expect("asked").is_none());
    assert!(house.store.was_withdrawn(id).await.expect("asked"));
    // Its source goes on showing it, edits it, shows it anew: it stays gone.
    house.poll(&a, &[entry("1").title("edited"), entry("2")]).await;
    house.poll(&a, &[entry("2")]).await;
    house.poll_whole(&a, &[entry("1"), entry("2")]).await;
    assert_eq!(house.titles(&Shelf::All).await, ["2"]);
    let again = house.store.withdraw(&named("guid-1"), house.now()).await.expect("asked");
    assert_eq!(again, Some((id, false)));
    assert_eq!(house.store.withdraw(&named("none"), house.now()).await.expect("asked"), None);
}

async fn a_withdrawal_is_told_once_and_moves_heads(place: Place) {
    let house = House::new(place).await;
    let (a, b) = (source("a"), source("b"));
    house.enroll(&[a.clone(), b.clone()]).await;
    house.poll(&a, &[entry("1")]).await;
    house.poll(&b, &[entry("2").guid(Some("2"))]).await;
    let before = house.revision();
    house.pass(DAY);
    house.store.withdraw(&named("guid-1"), house.now()).await.expect("withdrawn");
    let moved = house.store.heads(before).await.expect("heads");
    let moved: Vec<String> = moved.iter().map(|head| head.shelf.path()).collect();
    assert_eq!(moved, ["/all", "/source/a"]);
    let after = house.revision();
    house.store.withdraw(&named("guid-1"), house.now()).await.expect("withdrawn");
    assert_eq!(house.revision(), after);
}

async fn readers_are_told_what_is_gone(place: Place) {
    let house = House::new(place).await;
    let a = source("a");
    house.enroll(std::slice::from_ref(&a)).await;
    house.poll_whole(&a, &[entry("1"), entry("2"), entry("3")]).await;
    let all = house.all().await;
    house.store.withdraw(&named("guid-1"), house.now()).await.expect("withdrawn");
    house.pass(HOUR);
    let gone_at = house.now();
    house.poll_whole(&a, &[entry("1"), entry("3")]).await;
    let stones = house.store.feed(&Shelf::All, house.window).await.expect("fed").tombstones;
    let ids: Vec<&str> = stones.iter().map(|stone| stone.public_id.as_str()).collect();
    assert_eq!(ids, [&all[0].public_id, &all[1].public_id]);
    assert_eq!(stones[1].at, gone_at);
    house.poll_whole(&a, &[entry("1"), entry("2"), entry("3")]).await;
    let stones = house.store.feed(&Shelf::All, house.window).await.expect("fed").tombstones;
    assert_eq!(stones.len(), 1, "what is back is gone no more");
}

async fn what_stands_beyond_the_window_leaves_no_stone(place: Place) {
    let house = House::new(place).await;
    let a = source("a");
    house.enroll(std::slice::from_ref(&a)).await;
    let list: Vec<Entry> = (0..120)
        .map(|n| entry(&n.to_string()).published(house.ago(Duration::from_secs(n * 60))))
        .collect();
    house.poll(&a, &list).await;
    house.store.withdraw(&named("guid-40"), house.now()).await.expect("withdrawn");
    house.store.withdraw(&named("guid-60"), house.now()).await.expect("withdrawn");
    let stones = house.store.feed(&Shelf::All, house.window).await.expect("fed").tombstones;
    assert_eq!(stones.len(), 1);
}

async fn an_item_explains_itself(place: Place) {
    let house = House::new(place).await;
    let a = filed("a", &["One"]);
    house.enroll(std::slice::from_ref(&a)).await;
    let list: Vec<Entry> = (0..130).map(|n| entry(&n.to_string())).collect();
    house.poll(&a, &list).await;
    house.poll(&a, &[entry("7").title("edited")]).await;
    let explain = async |guid: &str| {
        house.store.explain(&named(guid)).await.expect("explained").item.expect("an item")
    };
    let shown = explain("guid-7").await;
    assert_eq!((shown.title.as_str(), shown.state), ("edited", State::Live));
    assert_eq!(shown.sightings[0].source, a.id);
    assert!(
        shown.sightings[0].owns && shown.places.iter().all(|place| place.how == How::InTheFeed)
    );
    let shelves: Vec<String> = shown.places.iter().map(|place| place.shelf.path()).collect();
    assert_eq!(shelves, ["/all", "/category/one", "/source/a"]);
    let verbs: Vec<(&str, bool)> =
        shown.log.iter().map(|event| (event.verb, event.is_quiet)).collect();
    assert_eq!(verbs, [("published", true), ("updated", false)]);
    let paged = explain("guid-60").await;
    assert!(paged.places.iter().all(|place| place.how == How::OnPage(2)), "{:?}", paged.places);
    house.store.withdraw(&named("guid-60"), house.now()).await.expect("withdrawn");
    let gone = explain("guid-60").await;
    assert_eq!(gone.state, State::TakenDown);
    assert!(gone.places.iter().all(|place| place.how == How::Gone));
    let by_id = Name { id: Some(gone.id), keys: Vec::new(), text: String::new() };
    let by_id = house.store.explain(&by_id).await.expect("explained");
    assert_eq!(by_id.item.expect("an item").id, gone.id);
}

async fn an_entry_that_is_no_item_says_why(place: Place) {
    let house = House::new(place).await;
    let a = source("a");
    house.enroll(std::slice::from_ref(&a)).await;
    house.poll(&a, &[entry("1").dropped("rule `ads` dropped it")]).await;
    let explanation = house.store.explain(&named("1")).await.expect("explained");
    assert!(explanation.item.is_none());
    assert_eq!(explanation.refused.len(), 1);
    assert!(explanation.refused[0].why.contains("ads"), "{:?}", explanation.refused);
    let unknown = house.store.explain(&named("2")).await.expect("explained");
    assert!(unknown.item.is_none() && unknown.refused.is_empty());
}
