//! Row C-22: whoever walks back from a feed misses nothing that is kept, and meets nothing twice on
//! two pages.

use std::collections::BTreeSet;
use std::time::Duration;

use feedloom::model::feed::{Shelf, Window};
use feedloom::model::item::Item;

use super::house::*;

contract! {
    c_22_a_walk_misses_nothing_and_repeats_nothing,
    c_22_a_closed_page_never_grows,
    c_22_what_is_withdrawn_leaves_its_page,
    c_22_what_has_no_room_in_the_feed_is_on_a_page,
    c_22_there_are_no_other_pages,
}

/// What a shelf's feed shows.
async fn feed(house: &House, shelf: &Shelf) -> Vec<Item> {
    let window = Window { age: Duration::ZERO, ..house.window };
    house.store.feed(shelf, window).await.expect("fed").items
}

/// Titles on each page, from the newest page back, by the links alone.
async fn pages(house: &House, shelf: &Shelf) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut next = house.store.feed(shelf, house.window).await.expect("fed").older;
    let mut newer = None;
    while let Some(number) = next {
        let (archive, items) =
            house.store.page(shelf, number).await.expect("a page").expect("it is linked to");
        assert_eq!((archive.page, archive.newer), (Some(number), newer));
        assert!(archive.older.is_none_or(|older| older < number));
        assert!(!items.is_empty() && items.len() <= 50);
        pages.push(titles(&items));
        (newer, next) = (Some(number), archive.older);
    }
    pages
}

/// Walks back and checks that each of `kept` is met, and none twice on two pages.
async fn walk(house: &House, shelf: &Shelf, kept: &BTreeSet<String>) {
    let pages = pages(house, shelf).await;
    let paged: Vec<String> = pages.concat();
    let met: BTreeSet<String> = paged.iter().cloned().collect();
    assert_eq!(met.len(), paged.len(), "no two pages share an item");
    let shown: BTreeSet<String> = titles(&feed(house, shelf).await).into_iter().collect();
    assert_eq!(&met.union(&shown).cloned().collect::<BTreeSet<_>>(), kept);
}

async fn c_22_a_walk_misses_nothing_and_repeats_nothing(place: Place) {
    let house = House::new(place).await;
    let (a, b) = (filed("a", &["One"]), filed("b", &["One"]));
    house.enroll(&[a.clone(), b.clone()]).await;
    let mut kept = BTreeSet::new();
    for round in 0..9_usize {
        for (source, letter) in [(&a, "a"), (&b, "b")] {
            let names = (0..round * 5).map(|n| format!("{letter}{round}-{n}"));
            let entries: Vec<Entry> = names.map(|name| entry(&name).guid(Some(&name))).collect();
            kept.extend(entries.iter().map(|entry| entry.name.clone()));
            house.poll(source, &entries).await;
        }
        walk(&house, &Shelf::All, &kept).await;
    }
    let category = house.category("One").await;
    walk(&house, &category, &kept).await;
    assert!(pages(&house, &Shelf::All).await.len() > 6);
}

async fn c_22_a_closed_page_never_grows(place: Place) {
    let house = House::new(place).await;
    let a = source("a");
    house.enroll(std::slice::from_ref(&a)).await;
    let list = |names: std::ops::Range<usize>| {
        names.rev().map(|n| entry(&n.to_string())).collect::<Vec<_>>()
    };
    house.poll(&a, &list(0..120)).await;
    let before = pages(&house, &Shelf::All).await;
    house.poll(&a, &list(100..260)).await;
    let after = pages(&house, &Shelf::All).await;
    assert_eq!(before, after[after.len() - before.len()..]);
    // An old article found late comes to the open page, however far back its date is.
    let late = entry("late").published(house.ago(400 * DAY));
    house.poll(&a, &[late]).await;
    assert!(titles(&feed(&house, &Shelf::All).await).contains(&"late".to_owned()));
    assert_eq!(pages(&house, &Shelf::All).await, after);
}

async fn c_22_what_is_withdrawn_leaves_its_page(place: Place) {
    let house = House::new(place).await;
    let a = source("a");
    house.enroll(std::slice::from_ref(&a)).await;
    let list = |names: &mut dyn Iterator<Item = usize>| {
        names.map(|n| entry(&n.to_string())).collect::<Vec<_>>()
    };
    house.poll_whole(&a, &list(&mut (0..160))).await;
    house.poll_whole(&a, &list(&mut (0..160).filter(|n| !(40..110).contains(n)))).await;
    let kept: BTreeSet<String> =
        (0..160).filter(|n| !(40..110).contains(n)).map(|n| n.to_string()).collect();
    walk(&house, &Shelf::All, &kept).await;
}

async fn c_22_what_has_no_room_in_the_feed_is_on_a_page(place: Place) {
    let mut house = House::new(place).await;
    house.window = Window { bytes: 40_000, ..house.window };
    let a = source("a");
    house.enroll(std::slice::from_ref(&a)).await;
    let long = "很长的一段话。".repeat(300);
    let content = format!("<p>{long}</p>");
    let names: Vec<String> = (0..130).map(|n| n.to_string()).collect();
    let entries: Vec<Entry> =
        names.iter().map(|name| entry(name).content(Some(&content))).collect();
    house.poll(&a, &entries).await;
    walk(&house, &Shelf::All, &names.into_iter().collect()).await;
}

async fn c_22_there_are_no_other_pages(place: Place) {
    let house = House::new(place).await;
    let a = source("a");
    house.enroll(std::slice::from_ref(&a)).await;
    let entries: Vec<Entry> = (0..60).map(|n| entry(&n.to_string())).collect();
    house.poll(&a, &entries).await;
    for (shelf, page) in [
        (Shelf::All, 0),
        (Shelf::All, 2),
        (Shelf::All, u64::MAX),
        (Shelf::Category("none".to_owned()), 1),
        (Shelf::View("all".to_owned()), 1),
    ] {
        assert!(house.store.page(&shelf, page).await.expect("asked").is_none(), "{shelf:?} {page}");
    }
    assert!(house.store.page(&Shelf::All, 1).await.expect("asked").is_some());
}
