//! What every store promises of twins: items of several sources that tell one story.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use feedloom::model::feed::{Head, Shelf, Window};
use feedloom::model::item::{Item, ItemId};
use feedloom::model::source::{Source, SourceId};
use feedloom::model::twin::Reason;

use super::house::*;

contract! {
    // what is one story
    the_item_seen_first_stands_and_names_the_later_ones,
    one_link_is_one_story,
    a_link_that_is_on_several_entries_tells_nothing,
    a_link_is_no_name_where_the_source_goes_by_titles,
    three_sources_are_one_story,
    items_of_one_namespace_are_never_twins,
    templates_and_daily_columns_stay_apart,
    what_was_published_long_before_is_another_story,
    a_first_polls_backlog_finds_its_twins,
    two_of_one_slice_do_not_both_join,
    // where it stands
    a_sources_own_shelf_shows_what_the_source_shows,
    a_story_is_found_in_every_category_it_is_told_in,
    a_category_that_comes_or_goes_moves_the_one_that_stands,
    heads_move_where_a_twin_is_named_and_nowhere_else,
    what_readers_find_is_counted_without_twins,
    // what happens to it
    polling_again_changes_nothing,
    a_restart_changes_nothing,
    an_edit_decides_nothing_anew,
    an_edit_that_shows_in_a_twin_moves_its_head,
    a_new_title_of_a_source_shows_where_it_is_named,
    what_stood_and_is_withdrawn_makes_room_and_comes_back,
    what_stood_behind_and_is_withdrawn_is_no_longer_named,
    pruning_what_stood_lets_the_next_one_stand,
    pruning_spares_what_a_window_names,
    // who does not want it
    a_source_that_does_not_collapse_stands_by_itself,
    a_source_that_stops_collapsing_gets_its_items_back,
    a_source_that_joins_a_namespace_leaves_its_stories,
    // and always
    nothing_is_ever_lost,
}

/// A story, in the words of a wire: every number makes another one.
fn tale(number: u32) -> String {
    format!(
        "<p>江岸市水务局宣布，北岭第{number}水厂正式通水，日供水能力由30万吨提高到5{number}万吨，\
         沿线{number}1个街道的居民将不再依靠高峰时段的加压车。</p>\
         <p>总工程师周望表示，新厂采用臭氧与活性炭深度处理工艺，铺设管网4{number}2公里，\
         三期工程的环评已经公示，预计明年动工。</p>"
    )
}

/// An entry of a source that tells the story of that number.
fn telling(source: &Source, number: u32) -> Entry {
    let name = format!("{}-{number}", source.id);
    entry(&name)
        .title(&format!("北岭第{number}水厂通水"))
        .link(Some(&format!("https://{0}.example/{0}/{number}", source.id)))
        .content(Some(&tale(number)))
}

async fn sources(place: Place, filed_under: &[(&str, &[&str])]) -> (House, Vec<Source>) {
    let house = House::new(place).await;
    let all: Vec<Source> = filed_under.iter().map(|(id, names)| filed(id, names)).collect();
    house.enroll(&all).await;
    (house, all)
}

/// Two sources that have told one story, `a` first.
async fn twins(place: Place) -> (House, Source, Source) {
    let (house, all) = sources(place, &[("a", &["News"]), ("b", &["News"])]).await;
    let [a, b] = [all[0].clone(), all[1].clone()];
    house.poll(&a, &[telling(&a, 1)]).await;
    house.poll(&b, &[telling(&b, 1)]).await;
    (house, a, b)
}

/// Who stands on a shelf and whom they name, as sources.
async fn told(house: &House, shelf: &Shelf) -> Vec<(String, Vec<String>)> {
    let name = |source: &SourceId| source.as_str().to_owned();
    let items = house.items(shelf).await;
    let named = |item: &Item| item.also.iter().map(|twin| name(&twin.source)).collect();
    items.iter().map(|item| (name(&item.source), named(item))).collect()
}

fn one(source: &str, also: &[&str]) -> Vec<(String, Vec<String>)> {
    vec![(source.to_owned(), also.iter().map(|name| name.to_string()).collect())]
}

async fn own(house: &House, source: &Source) -> Vec<Item> {
    house.items(&Shelf::Source(source.id.clone())).await
}

async fn the_item_seen_first_stands_and_names_the_later_ones(place: Place) {
    // The one polled first stands, whichever stands first in the file.
    for order in [[0, 1], [1, 0]] {
        let (house, all) = sources(place, &[("a", &["News"]), ("b", &["News"])]).await;
        for index in order {
            let source = &all[index];
            let committed = house.poll(source, &[telling(source, 1)]).await;
            assert_eq!((committed.published, committed.updated), (1, 0), "each is news by itself");
        }
        let (first, later) = (&all[order[0]], &all[order[1]]);
        let item = house.only().await;
        assert_eq!(item.source, first.id);
        let twin = &own(&house, later).await[0];
        let also = &item.also[0];
        assert_eq!((item.also.len(), also.id, &also.source), (1, twin.id, &later.id));
        assert_eq!((&also.link, also.publication.as_str()), (&twin.link, twin.publication()));
        assert_eq!(also.reason, Reason::Text { percent: 100 });
        assert_eq!(
            told(&house, &house.category("News").await).await,
            one(item.source.as_str(), &[later.id.as_str()])
        );
        let found = house.store.item(item.id).await.expect("an answer").expect("it is live");
        assert_eq!(found, item, "its page names them too");
        let found = house.store.item(twin.id).await.expect("an answer").expect("it is live");
        assert!(found.also.is_empty(), "who stands nowhere names nobody");
    }
}

async fn one_link_is_one_story(place: Place) {
    let (house, all) = sources(place, &[("a", &[]), ("b", &[])]).await;
    let at = |name: &str, link: &str| entry(name).title(name).link(Some(link)).content(None);
    house.poll(&all[0], &[at("one", "https://www.paper.example/1?utm_source=x")]).await;
    house.poll(&all[1], &[at("other", "http://paper.example/1/")]).await;
    let item = house.only().await;
    assert_eq!((item.title.as_str(), item.also[0].reason), ("one", Reason::Link));
}

async fn a_link_that_is_on_several_entries_tells_nothing(place: Place) {
    let (house, all) = sources(place, &[("a", &[]), ("b", &[])]).await;
    let live = Some("https://paper.example/live");
    let at = |name: &str| entry(name).link(live).content(None);
    house.poll(&all[0], &[at("1"), at("2")]).await;
    house.poll(&all[1], &[at("3"), at("4")]).await;
    assert_eq!(house.all().await.len(), 4);
    let front = Some("https://front.example/");
    house.poll(&all[0], &[entry("5").link(front)]).await;
    house.poll(&all[1], &[entry("6").link(front)]).await;
    assert_eq!(house.all().await.len(), 6);
}

async fn a_link_is_no_name_where_the_source_goes_by_titles(place: Place) {
    let (house, all) = sources(place, &[("a", &[]), ("b", &[])]).await;
    let at = |name: &str| {
        let mut entry = entry(name).link(Some("https://paper.example/1")).content(None);
        entry.draft.by = feedloom::model::source::KeyRule::Title;
        entry
    };
    house.poll(&all[0], &[at("1")]).await;
    house.poll(&all[1], &[at("2")]).await;
    assert_eq!(house.all().await.len(), 2);
}

async fn three_sources_are_one_story(place: Place) {
    let (house, all) = sources(place, &[("a", &[]), ("b", &[]), ("c", &[])]).await;
    for index in [1, 2, 0] {
        house.poll(&all[index], &[telling(&all[index], 1)]).await;
    }
    assert_eq!(told(&house, &Shelf::All).await, one("b", &["c", "a"]));
}

async fn items_of_one_namespace_are_never_twins(place: Place) {
    let (house, all) = sources(place, &[("a", &[]), ("b", &[])]).await;
    let again = |source: &Source, name: &str| {
        let entry = telling(source, 1).guid(Some(name)).title(name);
        Entry { name: name.to_owned(), ..entry.link(Some(&format!("https://a.example/{name}"))) }
    };
    house.poll(&all[0], &[again(&all[0], "早报"), again(&all[0], "晚报")]).await;
    assert_eq!(house.all().await.len(), 2, "its upstream calls them two");
    house.poll(&all[1], &[telling(&all[1], 1)]).await;
    let lists = ["c", "d"].map(|id| Source { namespace: "shared".to_owned(), ..source(id) });
    house.enroll(&[all[0].clone(), all[1].clone(), lists[0].clone(), lists[1].clone()]).await;
    let before = house.all().await.len();
    house.poll(&lists[0], &[telling(&lists[0], 2)]).await;
    house.poll(&lists[1], &[telling(&lists[1], 2)]).await;
    assert_eq!(house.all().await.len(), before + 2, "lists of one namespace are one upstream");
}

async fn templates_and_daily_columns_stay_apart(place: Place) {
    let (house, all) = sources(place, &[("a", &[]), ("b", &[])]).await;
    for number in 0..10 {
        let source = &all[number as usize % 2];
        house.poll(source, &[telling(source, number)]).await;
    }
    assert_eq!(house.all().await.len(), 10);
    let frame =
        "欢迎收看江岸早读，每天七点，用三分钟为您梳理昨夜今晨的国内外要闻，一杯茶的时间就能读完。";
    for day in 0..4 {
        let source = &all[day % 2];
        let column = entry(&format!("column {day}")).title("江岸早读");
        let link = format!("https://{}.example/column/{day}", source.id);
        house.poll(source, &[column.link(Some(&link)).content(Some(frame))]).await;
        house.pass(DAY);
    }
    assert_eq!(house.all().await.len(), 14);
}

async fn what_was_published_long_before_is_another_story(place: Place) {
    let (house, a, b) = twins(place).await;
    assert_eq!(house.all().await.len(), 1);
    for (days, shown) in [(2, 1), (4, 2)] {
        let old = telling(&a, 10 + days).published(house.ago(days * DAY));
        house.poll(&a, &[old]).await;
        house.poll(&b, &[telling(&b, 10 + days)]).await;
        let number = format!("第{}水厂", 10 + days);
        let titles = house.titles(&Shelf::All).await;
        assert_eq!(titles.iter().filter(|title| title.contains(&number)).count(), shown);
    }
}

async fn a_first_polls_backlog_finds_its_twins(place: Place) {
    let (house, all) = sources(place, &[("a", &[]), ("b", &[])]).await;
    let list = |house: &House, source: &Source| -> Vec<Entry> {
        let at = |number| telling(source, number).published(house.ago(number * DAY));
        (0..40).map(at).collect()
    };
    house.poll(&all[0], &list(&house, &all[0])).await;
    house.poll(&all[1], &list(&house, &all[1])).await;
    assert_eq!(house.all().await.len(), 40);
    assert_eq!(own(&house, &all[1]).await.len(), 40);
}

async fn two_of_one_slice_do_not_both_join(place: Place) {
    let (house, all) = sources(place, &[("a", &[]), ("b", &[])]).await;
    house.poll(&all[0], &[telling(&all[0], 1)]).await;
    let again = telling(&all[1], 1).guid(Some("again")).link(Some("https://b.example/again"));
    let again = Entry { name: "again".to_owned(), ..again };
    house.poll(&all[1], &[telling(&all[1], 1), again]).await;
    let shown = told(&house, &Shelf::All).await;
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown.contains(&("a".to_owned(), vec!["b".to_owned()])), "{shown:?}");
}

async fn a_sources_own_shelf_shows_what_the_source_shows(place: Place) {
    let (house, a, b) = twins(place).await;
    for source in [&a, &b] {
        let items = own(&house, source).await;
        assert_eq!(items.len(), 1);
        assert!(items[0].also.is_empty(), "and names nobody");
    }
}

async fn a_story_is_found_in_every_category_it_is_told_in(place: Place) {
    let filed_under: &[(&str, &[&str])] =
        &[("a", &["First"]), ("b", &["Second"]), ("c", &["Second"])];
    let (house, all) = sources(place, filed_under).await;
    for source in &all {
        house.poll(source, &[telling(source, 1)]).await;
    }
    assert_eq!(told(&house, &Shelf::All).await, one("a", &["b", "c"]));
    let (first, second) = (house.category("First").await, house.category("Second").await);
    assert_eq!(told(&house, &first).await, one("a", &["b", "c"]));
    assert_eq!(told(&house, &second).await, one("b", &["a", "c"]));
}

async fn a_category_that_comes_or_goes_moves_the_one_that_stands(place: Place) {
    let (house, all) = sources(place, &[("a", &[]), ("b", &["News"])]).await;
    let (a, b) = (&all[0], &all[1]);
    house.poll(a, &[telling(a, 1)]).await;
    house.poll(b, &[telling(b, 1)]).await;
    let news = house.category("News").await;
    assert_eq!(told(&house, &news).await, one("b", &["a"]));
    house.poll(a, &[telling(a, 1).category("News", None)]).await;
    assert_eq!(told(&house, &news).await, one("a", &["b"]));
    house.poll(a, &[telling(a, 1)]).await;
    assert_eq!(told(&house, &news).await, one("b", &["a"]));
    house.enroll(&[filed("a", &["News"]), b.clone()]).await;
    assert_eq!(told(&house, &news).await, one("a", &["b"]));
    assert_eq!(told(&house, &Shelf::All).await, one("a", &["b"]));
}

async fn heads_move_where_a_twin_is_named_and_nowhere_else(place: Place) {
    let (house, all) = sources(place, &[("a", &["One"]), ("b", &["Two"]), ("c", &["Three"])]).await;
    let (a, b) = (&all[0], &all[1]);
    house.poll(&all[2], &[telling(&all[2], 7)]).await;
    house.poll(a, &[telling(a, 1)]).await;
    let before = heads(&house).await;
    house.poll(b, &[telling(b, 1)]).await;
    let after = heads(&house).await;
    for (shelf, moved) in [
        (Shelf::All, true),
        (house.category("One").await, true),
        (house.category("Two").await, true),
        (house.category("Three").await, false),
        (Shelf::Source(a.id.clone()), false),
        (Shelf::Source(b.id.clone()), true),
    ] {
        assert_eq!(before[&shelf] != after[&shelf], moved, "{shelf:?}");
    }
}

async fn heads(house: &House) -> BTreeMap<Shelf, Head> {
    house.heads().await.into_iter().map(|head| (head.shelf, head.head)).collect()
}

async fn what_readers_find_is_counted_without_twins(place: Place) {
    let (house, a, b) = twins(place).await;
    for source in [&a, &b] {
        assert_eq!(house.state(source).await.items, 1, "a source's own shelf has all of its own");
    }
    house.poll_whole(&a, &[telling(&a, 2)]).await;
    house.poll_whole(&b, &[telling(&b, 1)]).await;
    assert_eq!(house.all().await.len(), 2);
    assert_eq!(house.state(&b).await.items, 1);
}

async fn polling_again_changes_nothing(place: Place) {
    let (house, a, b) = twins(place).await;
    let before = (house.heads().await, house.all().await, house.revision());
    for source in [&a, &b, &a, &b] {
        let committed = house.poll(source, &[telling(source, 1)]).await;
        assert_eq!((committed.published, committed.updated), (0, 0));
    }
    // Though seen as changed, they are the same.
    for source in [&a, &b] {
        let lease = house.claim(source).await;
        let sightings = vec![house.sight(source, &telling(source, 1), true)];
        let slice = feedloom::store::Slice { sightings, ..Default::default() };
        house.store.commit_poll(&lease, slice, house.now()).await.expect("committed");
    }
    assert_eq!((house.heads().await, house.all().await, house.revision()), before);
}

async fn a_restart_changes_nothing(_: Place) {
    let (house, a, b) = twins(Place::File).await;
    let before = (house.heads().await, house.all().await);
    let house = house.restart().await;
    house.enroll(&[a.clone(), b.clone()]).await;
    assert_eq!((house.heads().await, house.all().await), before);
    let c = source("c");
    house.enroll(&[a, b, c.clone()]).await;
    house.poll(&c, &[telling(&c, 1)]).await;
    assert_eq!(told(&house, &Shelf::All).await, one("a", &["b", "c"]));
}

async fn an_edit_decides_nothing_anew(place: Place) {
    let (house, a, b) = twins(place).await;
    let other = telling(&b, 1).title("另一则消息").content(Some(&tale(5)));
    house.poll(&b, &[other]).await;
    assert_eq!(told(&house, &Shelf::All).await, one("a", &["b"]));
    let apart = telling(&a, 2);
    house.poll(&a, &[telling(&a, 1), apart]).await;
    house.poll(&b, &[telling(&b, 3)]).await;
    house.poll(&b, &[telling(&b, 3).title("北岭第2水厂通水").content(Some(&tale(2)))]).await;
    assert_eq!(house.all().await.len(), 3, "nor does one that makes them equal");
}

async fn an_edit_that_shows_in_a_twin_moves_its_head(place: Place) {
    let (house, _, b) = twins(place).await;
    let before = house.head(&Shelf::All).await.head;
    house.poll(&b, &[telling(&b, 1).title("改过的标题")]).await;
    assert_eq!(house.head(&Shelf::All).await.head, before, "titles of twins are not shown");
    house.poll(&b, &[telling(&b, 1).link(Some("https://b.example/moved"))]).await;
    assert!(house.head(&Shelf::All).await.head.revision > before.revision);
    let item = house.only().await;
    assert_eq!(item.also[0].link.as_deref(), Some("https://b.example/moved"));
}

async fn a_new_title_of_a_source_shows_where_it_is_named(place: Place) {
    let (house, all) = sources(place, &[("a", &["One"]), ("b", &["Two"])]).await;
    house.poll(&all[0], &[telling(&all[0], 1)]).await;
    house.poll(&all[1], &[telling(&all[1], 1)]).await;
    let first = house.category("One").await;
    let before = house.head(&first).await.head;
    house
        .enroll(&[all[0].clone(), Source { title: Some("晚报".to_owned()), ..all[1].clone() }])
        .await;
    assert_eq!(house.items(&first).await[0].also[0].publication, "晚报");
    assert!(house.head(&first).await.head.revision > before.revision);
}

async fn what_stood_and_is_withdrawn_makes_room_and_comes_back(place: Place) {
    let (house, all) = sources(place, &[("a", &["News"]), ("b", &["News"]), ("c", &[])]).await;
    let [a, b, c] = [&all[0], &all[1], &all[2]];
    for source in [a, b, c] {
        house.poll_whole(source, &[telling(source, 1)]).await;
    }
    let first = house.only().await;
    assert_eq!(house.poll_whole(a, &[]).await.withdrawn, 1);
    assert_eq!(told(&house, &Shelf::All).await, one("b", &["c"]));
    assert_eq!(told(&house, &house.category("News").await).await, one("b", &["c"]));
    assert_eq!(house.store.item(first.id).await.expect("an answer"), None);
    let back = house.poll_whole(a, &[telling(a, 1)]).await;
    assert_eq!((back.published, back.updated), (1, 0));
    assert_eq!(house.only().await, first, "under its old id, with its old twins");
}

async fn what_stood_behind_and_is_withdrawn_is_no_longer_named(place: Place) {
    let (house, _, b) = twins(place).await;
    let before = house.head(&Shelf::All).await.head;
    assert_eq!(house.poll_whole(&b, &[]).await.withdrawn, 1);
    assert_eq!(told(&house, &Shelf::All).await, one("a", &[]));
    assert!(house.head(&Shelf::All).await.head.revision > before.revision);
    house.poll_whole(&b, &[telling(&b, 1)]).await;
    assert_eq!(told(&house, &Shelf::All).await, one("a", &["b"]));
}

/// A house with windows of one item, in which `a` keeps its items for a day.
async fn short_of_memory(place: Place) -> (House, Source, Source) {
    let mut house = House::new(place).await;
    house.window = Window { items: 1, age: Duration::ZERO, ..Window::default() };
    let (a, b) = (Source { keep: Some(DAY), ..source("a") }, source("b"));
    house.enroll(&[a.clone(), b.clone()]).await;
    (house, a, b)
}

const WIDE: Window = Window { items: 500, age: Duration::ZERO, max: 500, bytes: usize::MAX };

async fn pruning_what_stood_lets_the_next_one_stand(place: Place) {
    let (house, a, b) = short_of_memory(place).await;
    house.poll(&a, &[telling(&a, 1)]).await;
    house.poll(&b, &[telling(&b, 1)]).await;
    for (source, number) in [(&b, 2), (&a, 3)] {
        house.poll(source, &[telling(source, number)]).await;
    }
    house.pass(2 * DAY);
    assert_eq!(house.store.prune(house.now()).await.expect("pruned"), 1);
    let all = house.within(&Shelf::All, WIDE).await;
    let shown: Vec<&str> = all.iter().map(|item| item.source.as_str()).collect();
    assert_eq!(shown, ["a", "b", "b"]);
    assert!(all.iter().all(|item| item.also.is_empty()));
    house.poll(&a, &[telling(&a, 3), telling(&a, 1)]).await;
    let again = house.within(&Shelf::All, WIDE).await;
    assert_eq!(again, all, "what was pruned never rises, as a twin neither");
}

async fn pruning_spares_what_a_window_names(place: Place) {
    let (house, a, b) = short_of_memory(place).await;
    // The window of everything shows the item of `b`, which names that of `a`; neither the shelf of `a`
    // itself nor its last answer shows it any more.
    house.poll(&b, &[telling(&b, 1)]).await;
    let newer = telling(&a, 2).published(house.ago(2 * HOUR));
    house.poll(&a, &[newer.clone(), telling(&a, 1).published(house.ago(3 * HOUR))]).await;
    house.poll(&a, &[newer]).await;
    assert_eq!(told(&house, &Shelf::All).await, one("b", &["a"]));
    assert!(own(&house, &a).await[0].title.as_str().contains("第2水厂"));
    house.pass(9 * DAY);
    let before = (house.heads().await, house.all().await);
    house.store.prune(house.now()).await.expect("pruned");
    assert_eq!((house.heads().await, house.all().await), before);
    assert_eq!(told(&house, &Shelf::All).await, one("b", &["a"]));
}

async fn a_source_that_does_not_collapse_stands_by_itself(place: Place) {
    for not in [0, 1] {
        let house = House::new(place).await;
        let mut all = [source("a"), source("b")];
        all[not].collapse = false;
        house.enroll(&all).await;
        for source in &all {
            house.poll(source, &[telling(source, 1)]).await;
        }
        assert_eq!(house.all().await.len(), 2);
    }
}

async fn a_source_that_stops_collapsing_gets_its_items_back(place: Place) {
    for not in [0, 1] {
        let (house, a, b) = twins(place).await;
        let mut all = [a.clone(), b.clone()];
        let before = house.head(&Shelf::All).await.head;
        all[not].collapse = false;
        house.enroll(&all).await;
        let items = house.all().await;
        assert_eq!(items.len(), 2);
        assert!(items.iter().all(|item| item.also.is_empty()));
        assert!(house.head(&Shelf::All).await.head.revision > before.revision);
        let after = house.revision();
        house.enroll(&all).await;
        assert_eq!(house.revision(), after, "once");
        all[not].collapse = true;
        house.enroll(&all).await;
        assert_eq!(house.all().await.len(), 2, "what was decided stays");
        for source in &all {
            house.poll(source, &[telling(source, 2)]).await;
        }
        assert_eq!(house.all().await.len(), 3, "what comes now is collapsed again");
    }
}

async fn a_source_that_joins_a_namespace_leaves_its_stories(place: Place) {
    let (house, a, b) = twins(place).await;
    let b = Source { namespace: "a".to_owned(), ..b };
    house.enroll(&[a.clone(), b.clone()]).await;
    assert_eq!(house.all().await.len(), 2);
    house.poll(&a, &[telling(&a, 2)]).await;
    house.poll(&b, &[telling(&b, 2)]).await;
    assert_eq!(house.all().await.len(), 4);
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Whatever sources show, take back, file elsewhere or want for themselves: each live item stands on
/// every shelf it is on, or a twin of it does that names it; and a head that stands shows the same.
async fn nothing_is_ever_lost(place: Place) {
    for seed in 1..=6 {
        let mut dice = Dice(seed);
        let house = House::new(place).await;
        let mut all: Vec<Source> = ["a", "b", "c", "d"].map(source).to_vec();
        house.enroll(&all).await;
        let mut shown: HashMap<(Shelf, Head), Vec<Item>> = HashMap::new();
        for _ in 0..30 {
            let at = dice.roll(4) as usize;
            if dice.roll(8) == 0 {
                all[at].collapse = !all[at].collapse;
                all[at].categories = vec![["One", "Two"][dice.roll(2) as usize].to_owned()];
                all[at].title = Some(format!("title {}", dice.roll(3)));
                house.enroll(&all).await;
            } else {
                let numbers = (0..6).filter(|_| dice.roll(2) == 0).collect::<Vec<u32>>();
                let entries: Vec<Entry> = numbers
                    .into_iter()
                    .map(|number| match dice.roll(4) {
                        0 => telling(&all[at], number).category("One", None),
                        1 => telling(&all[at], number).category("Two", None),
                        2 => telling(&all[at], number)
                            .link(Some(&format!("https://{at}.example/{}", dice.roll(2)))),
                        _ => telling(&all[at], number),
                    })
                    .collect();
                house.poll_whole(&all[at], &entries).await;
            }
            check(&house, &all, &mut shown).await;
        }
    }
}

async fn check(house: &House, all: &[Source], shown: &mut HashMap<(Shelf, Head), Vec<Item>>) {
    let mut live: Vec<Item> = Vec::new();
    for source in all {
        let items = own(house, source).await;
        assert_eq!(house.state(source).await.items, items.len() as u64);
        live.extend(items);
    }
    for head in house.heads().await {
        let items = house.items(&head.shelf).await;
        let stands = |id: ItemId| items.iter().find(|item| item.id == id);
        for item in &items {
            assert!(item.also.iter().all(|twin| stands(twin.id).is_none()), "both are shown");
        }
        for item in &live {
            let is_on = match &head.shelf {
                Shelf::All => true,
                Shelf::View(_) => unreachable!("the store knows no views"),
                Shelf::Digest(..) => unreachable!("nobody asked for digests"),
                Shelf::Category(_) => item.category_names().any(|name| name == head.title),
                Shelf::Source(id) => item.source == *id,
            };
            let is_named =
                || items.iter().any(|other| other.also.iter().any(|twin| twin.id == item.id));
            assert_eq!(
                is_on,
                stands(item.id).is_some() || (is_on && is_named()),
                "{:?}",
                head.shelf
            );
        }
        let before = shown.insert((head.shelf.clone(), head.head), items.clone());
        assert!(before.is_none_or(|before| before == items), "{:?} changed unseen", head.shelf);
    }
}
