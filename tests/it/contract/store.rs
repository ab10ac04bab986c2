//! What every store promises. One function a promise; all of them run on all implementations.

use std::collections::BTreeSet;
use std::time::Duration;

use feedloom::model::category::Category;
use feedloom::model::cut::Since;
use feedloom::model::feed::{Revision, Shelf, Window};
use feedloom::model::manners::Rooms;
use feedloom::model::pause::Pause;
use feedloom::model::rhythm::Rhythm;
use feedloom::model::sieve::{Place as At, Rule, Sieve};
use feedloom::model::source::{PollState, Source, SourceId, Validators};
use feedloom::model::text::Query;
use feedloom::model::view::Selection;
use feedloom::store::{Committed, Error, Finish, Hold, Known, Slice};
use regex::Regex;

use super::house::*;

contract! {
    // what readers cut
    several_shelves_are_one_feed,
    a_sieve_lets_pass_what_it_should,
    a_view_finds_words_before_the_index_has_them,
    a_reader_goes_on_where_it_was,
    a_cursor_of_another_log_is_not_believed,
    a_time_is_a_place_in_the_log,
    a_slow_poll_hides_nothing_from_who_asks_by_time,
    an_answer_to_since_is_bounded_by_bytes,
    // who an entry is
    one_guid_is_one_item,
    x_08_a_guid_is_kept_when_the_link_changes,
    x_08_without_guid_the_link_tells,
    x_08_regenerated_guids_are_recognised_by_link_and_title,
    x_08_one_link_for_all_merges_nothing,
    x_08_another_host_scheme_or_token_makes_no_new_item,
    x_08_without_both_title_and_day_tell,
    x_08_a_name_that_means_another_item_takes_nothing_away,
    sources_do_not_share_ids,
    c_41_a_public_id_is_upstreams_own_where_it_can_be,
    // several lists of one upstream
    an_article_in_two_lists_is_one_item_in_both_categories,
    the_first_source_of_the_file_owns_the_text,
    a_list_without_body_keeps_the_body_of_the_other,
    three_lists_settle_after_the_first_round,
    an_item_known_elsewhere_is_told,
    // times and order
    x_09_a_missing_time_is_that_of_the_first_sighting,
    x_09_publication_never_changes,
    x_09_late_items_are_placed_where_they_were_found,
    x_09_six_hours_of_outage_reach_the_window,
    a_first_poll_is_backlog,
    items_of_one_time_stand_in_the_lists_order,
    // changes
    an_edit_is_a_revision_only_if_a_reader_can_see_it,
    an_edit_and_back_are_two_edits,
    categories_follow_the_entry,
    categories_follow_the_file,
    an_entry_that_became_unusable_takes_nothing_down,
    a_detail_that_fails_takes_no_body_away,
    a_detail_that_fails_takes_no_body_away_from_several_lists,
    a_list_that_shows_all_itself_may_take_a_body_away,
    verdicts_are_remembered,
    what_comes_later_is_not_remembered,
    what_is_gone_from_a_folder_is_withdrawn_and_comes_back,
    what_is_gone_from_a_list_stays,
    an_item_of_two_folders_outlives_one,
    an_item_that_was_alone_for_a_while_speaks_with_its_newest_words,
    two_names_of_one_item_do_not_take_turns,
    // shelves
    a_head_moves_only_for_what_its_window_shows,
    a_source_gets_its_documents_title,
    c_31_the_first_identifier_of_a_document_stays,
    what_readers_find_is_counted,
    empty_shelves_are_listed_while_they_are_in_the_file,
    names_with_one_slug_are_two_categories,
    names_alike_are_one_category,
    a_slug_that_changes_keeps_leading_there,
    an_upstream_slug_leads_to_its_category,
    a_live_slug_is_no_alias,
    a_source_opens_only_so_many_categories,
    a_window_is_cut_by_bytes,
    // enrolling
    enrolling_again_changes_nothing,
    a_source_that_left_the_file_keeps_its_items,
    a_source_that_changes_its_namespace_keeps_its_items,
    sources_that_change_places_change_the_owner,
    // leases
    x_14_a_stale_token_writes_nothing,
    x_14_a_finished_poll_writes_nothing_more,
    x_14_an_expired_lease_is_passed_on,
    x_14_two_claimers_never_get_one_source,
    an_empty_slice_extends_the_lease_and_nothing_else,
    one_of_a_namespace_at_a_time,
    the_longest_due_come_first,
    claiming_says_when_to_look_again,
    many_due_at_once_are_each_claimed_once,
    p_17_no_more_of_a_host_are_claimed_than_it_has_room_for,
    p_09_a_host_that_asked_for_it_is_left_alone,
    x_09_a_clock_that_was_ahead_keeps_nobody_waiting,
    what_is_owed_is_counted,
    the_end_of_a_poll_is_remembered,
    x_01_a_listing_that_was_not_taken_to_its_end_is_remembered,
    when_a_document_may_be_asked_outlives_a_304,
    a_rhythm_is_remembered_until_the_address_changes,
    p_05_what_is_overdue_can_be_put_off,
    // the log
    revisions_seen_strictly_grow,
    the_growth_is_told,
    // what readers may see
    t_29_an_address_that_may_hold_a_key_is_not_shown,
    // relations
    q40_an_article_knows_those_it_links_to,
    // care
    pruning_forgets_what_nobody_shows,
    what_was_pruned_never_rises_again,
    pruning_spares_the_last_answer,
    it_answers,
}

#[tokio::test]
async fn x_01_a_restart_gives_equal_results() {
    let house = House::new(Place::File).await;
    let a = filed("a", &["News"]);
    house.enroll(std::slice::from_ref(&a)).await;
    house.poll(&a, &[entry("1").category("More", Some("more-old")), entry("2")]).await;
    house.poll(&a, &[entry("3"), entry("2").title("two")]).await;
    let before = (house.heads().await, house.all().await, house.state(&a).await, house.revision());
    let house = house.restart().await;
    house.enroll(std::slice::from_ref(&a)).await;
    let after = (house.heads().await, house.all().await, house.state(&a).await, house.revision());
    assert_eq!(before, after);
    assert_eq!(house.poll(&a, &[entry("3")]).await.published, 0);
}

#[tokio::test]
async fn x_01_a_crash_between_slices_loses_and_doubles_nothing() {
    let house = House::new(Place::File).await;
    let a = source("a");
    house.enroll(std::slice::from_ref(&a)).await;
    let lease = house.claim(&a).await;
    let slice = Slice { sightings: vec![house.sight(&a, &entry("1"), true)], ..Slice::default() };
    house.store.commit_poll(&lease, slice, house.now()).await.expect("the first slice");
    let house = house.restart().await;
    // Nobody else has the file, so the lease of the dead is free at once.
    assert_eq!(house.poll(&a, &[entry("1"), entry("2")]).await.published, 1);
    assert_eq!(house.all().await.len(), 2);
}

#[tokio::test]
async fn an_address_of_no_store_is_refused() {
    for url in ["", "sqlite:", "postgres://x", "feedloom.db"] {
        let refused = feedloom::store::open(url).await.err();
        assert!(
            matches!(&refused, Some(Error::Unusable(why)) if why.contains("sqlite:PATH")),
            "{url}"
        );
    }
}

async fn one_guid_is_one_item(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("1")]).await;
    let first = house.only().await;
    let again = Entry { name: "another name".to_owned(), ..entry("1") };
    assert_eq!(house.poll(&a, &[again]).await.published, 0);
    assert_eq!(house.only().await.id, first.id);
}

async fn x_08_a_guid_is_kept_when_the_link_changes(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("1")]).await;
    let first = house.only().await;
    house.poll(&a, &[entry("1").link(Some("https://b.example/moved"))]).await;
    let moved = house.only().await;
    assert_eq!((moved.id, &moved.public_id), (first.id, &first.public_id));
    assert_eq!(moved.link.as_deref(), Some("https://b.example/moved"));
}

async fn x_08_without_guid_the_link_tells(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("1").guid(None)]).await;
    let again = Entry { name: "x".to_owned(), ..entry("1").guid(None).title("edited") };
    house.poll(&a, &[again]).await;
    assert_eq!(house.only().await.title.as_str(), "edited");
}

async fn x_08_regenerated_guids_are_recognised_by_link_and_title(place: Place) {
    let (house, a) = one_source(place).await;
    let day = house.ago(HOUR);
    let list = |generation: &str| -> Vec<Entry> {
        (0..20)
            .map(|number| {
                let entry = entry(&number.to_string()).published(day.clone());
                let guid = format!("{generation}-{number}");
                Entry { name: guid.clone(), ..entry.guid(Some(&guid)) }
            })
            .collect()
    };
    house.poll(&a, &list("old")).await;
    let committed = house.poll(&a, &list("new")).await;
    assert_eq!((committed.published, committed.updated), (0, 0));
    assert_eq!(house.all().await.len(), 20);
}

async fn x_08_one_link_for_all_merges_nothing(place: Place) {
    let (house, a) = one_source(place).await;
    let same = Some("https://a.example/");
    let with_guid: Vec<Entry> = ["1", "2", "3"].map(|name| entry(name).link(same)).to_vec();
    let without = ["4", "5"].map(|name| entry(name).guid(None).link(same));
    house.poll(&a, &with_guid).await;
    assert_eq!(house.all().await.len(), 3);
    let b = source("b");
    house.enroll(&[a.clone(), b.clone()]).await;
    house.poll(&b, &without).await;
    let items = house.all().await;
    let ids: BTreeSet<_> = items.iter().map(|item| item.id).collect();
    assert_eq!((items.len(), ids.len()), (5, 5));
}

async fn x_08_another_host_scheme_or_token_makes_no_new_item(place: Place) {
    let (house, a) = one_source(place).await;
    let day = house.ago(HOUR);
    let at = |guid: Option<&str>, link: &str| {
        let entry = entry("1").published(day.clone()).guid(guid).link(Some(link));
        Entry { name: guid.unwrap_or(link).to_owned(), ..entry }
    };
    house.poll(&a, &[at(Some("http://a.example/1.html"), "http://a.example/1.html")]).await;
    let first = house.only().await;
    // The title is another one, too: only the identifier tells.
    let secure = at(Some("https://a.example/1.html"), "https://a.example/x").title("edited");
    house.poll(&a, &[secure]).await;
    assert_eq!(house.only().await.public_id, first.public_id);
    for entry in [
        at(Some("https://b.example/1.html"), "https://b.example/1.html"),
        at(None, "https://a.example/1.html?token=abc&expires=1"),
        at(None, "https://a.example/1.html?token=def&expires=2"),
    ] {
        house.poll(&a, std::slice::from_ref(&entry)).await;
        assert_eq!(house.only().await.public_id, first.public_id, "{}", entry.name);
    }
    let other = at(None, "https://b.example/1.html?id=2");
    assert_eq!(house.poll(&a, &[other]).await.published, 1, "another page of one title");
}

async fn x_08_without_both_title_and_day_tell(place: Place) {
    let (house, a) = one_source(place).await;
    let bare = |day: u32| {
        let entry = entry("1").guid(None).link(None).published(house.ago(day * DAY));
        Entry { name: format!("name {day}"), ..entry }
    };
    let (today, yesterday) = (bare(0), bare(1));
    house.poll(&a, &[today.clone(), yesterday]).await;
    assert_eq!(house.all().await.len(), 2);
    house.poll(&a, &[Entry { name: "x".to_owned(), ..today }]).await;
    assert_eq!(house.all().await.len(), 2);
}

async fn x_08_a_name_that_means_another_item_takes_nothing_away(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("1")]).await;
    house.poll(&a, &[Entry { name: "1".to_owned(), ..entry("2") }]).await;
    assert_eq!(house.titles(&Shelf::All).await, ["2", "1"]);
    // In a folder, though, what the name meant before is gone.
    house.poll_whole(&a, &[Entry { name: "1".to_owned(), ..entry("3") }]).await;
    assert_eq!(house.titles(&Shelf::All).await, ["3"]);
}

async fn sources_do_not_share_ids(place: Place) {
    let (house, a) = one_source(place).await;
    let b = source("b");
    house.enroll(&[a.clone(), b.clone()]).await;
    house.poll(&a, &[entry("1")]).await;
    let first = house.only().await;
    let theirs = entry("1").title("theirs").link(Some("https://b.example/1"));
    house.poll(&b, &[theirs]).await;
    assert_eq!(house.all().await.len(), 2);
    assert_eq!(house.store.item(first.id).await.expect("an answer"), Some(first));
}

async fn c_41_a_public_id_is_upstreams_own_where_it_can_be(place: Place) {
    let (house, a) = one_source(place).await;
    let b = source("b");
    house.enroll(&[a.clone(), b.clone()]).await;
    let own = "tag:a.example,2026:1";
    house.poll(&a, &[entry("1").guid(Some(own)), entry("2").guid(Some("2"))]).await;
    house.poll(&b, &[entry("3").guid(Some(own))]).await;
    for item in house.all().await {
        let expected = if item.title.as_str() == "1" { own.to_owned() } else { item.id.urn() };
        assert_eq!(item.public_id, expected, "{}", item.title.as_str());
    }
}

async fn an_article_in_two_lists_is_one_item_in_both_categories(place: Place) {
    let (house, a, b) = two_lists(place).await;
    house.poll(&a, &[entry("1")]).await;
    house.poll(&b, &[entry("1")]).await;
    let item = house.only().await;
    assert_eq!(names(&item), ["First", "Second"]);
    for shelf in ["First", "Second"] {
        assert_eq!(house.titles(&house.category(shelf).await).await, ["1"]);
    }
    for list in [&a, &b] {
        assert_eq!(house.titles(&Shelf::Source(list.id.clone())).await, ["1"]);
    }
}

async fn the_first_source_of_the_file_owns_the_text(place: Place) {
    let (ours, theirs) = (entry("1").title("ours"), entry("1").title("theirs"));
    let mut outcomes = Vec::new();
    for first in [true, false] {
        let (house, a, b) = two_lists(place).await;
        let polls = [(&a, &ours), (&b, &theirs)];
        let order = if first { [0, 1] } else { [1, 0] };
        for index in order {
            house.poll(polls[index].0, std::slice::from_ref(polls[index].1)).await;
        }
        let item = house.only().await;
        assert_eq!((item.title.as_str(), &item.source), ("ours", &a.id));
        outcomes.push((item.matter.clone(), item.id, item.categories.clone()));
    }
    assert_eq!(outcomes[0], outcomes[1]);
}

async fn a_list_without_body_keeps_the_body_of_the_other(place: Place) {
    let (house, a, b) = two_lists(place).await;
    house.poll(&b, &[entry("1")]).await;
    house.poll(&a, &[entry("1").content(None)]).await;
    let body = house.only().await.content.clone().expect("the other's body");
    assert!(body.as_str().contains("words of 1"));
}

async fn three_lists_settle_after_the_first_round(place: Place) {
    let house = House::new(place).await;
    let lists =
        ["a", "b", "c"].map(|id| Source { namespace: "shared".to_owned(), ..filed(id, &[id]) });
    house.enroll(&lists).await;
    let shown = |list: usize| -> Vec<Entry> {
        (list..list + 10)
            .map(|number| entry(&number.to_string()).title(&format!("{list} says {number}")))
            .collect()
    };
    for list in [2, 0, 1] {
        house.poll(&lists[list], &shown(list)).await;
    }
    let settled = house.revision();
    for round in 0..30 {
        let list = (round * 7 + round / 3) % 3;
        house.poll(&lists[list], &shown(list)).await;
    }
    assert_eq!(house.revision(), settled);
    assert_eq!(house.all().await.len(), 12);
}

async fn an_item_known_elsewhere_is_told(place: Place) {
    let (house, a, b) = two_lists(place).await;
    assert_eq!(house.known(&a, &[entry("1")]).await, [Known::New]);
    house.poll(&a, &[entry("1")]).await;
    let edited = entry("1").title("edited");
    assert_eq!(house.known(&a, &[entry("1")]).await, [Known::Same]);
    assert_eq!(
        house.known(&a, std::slice::from_ref(&edited)).await,
        [Known::Changed { elsewhere: false }]
    );
    assert_eq!(house.known(&b, &[entry("1")]).await, [Known::Elsewhere]);
    assert_eq!(house.known(&b, &[entry("1").guid(None)]).await, [Known::Elsewhere]);
    house.poll(&b, &[entry("1")]).await;
    house.poll(&a, std::slice::from_ref(&edited)).await;
    assert_eq!(house.known(&b, &[edited]).await, [Known::Changed { elsewhere: true }]);
}

async fn x_09_a_missing_time_is_that_of_the_first_sighting(place: Place) {
    let (house, a) = one_source(place).await;
    let seen = house.now();
    house.poll(&a, &[entry("1")]).await;
    house.poll(&a, &[entry("1").title("edited")]).await;
    let item = house.only().await;
    assert_eq!((item.published, item.seen, item.published_inferred), (seen, seen, true));
}

async fn x_09_publication_never_changes(place: Place) {
    let (house, a) = one_source(place).await;
    let written = house.ago(3 * HOUR);
    house.poll(&a, &[entry("1").published(written.clone())]).await;
    let first = house.only().await;
    assert_eq!(first.published.rfc3339(), written.raw, "in the offset it was written in");
    house.poll(&a, &[entry("1").title("bumped").published(house.ago(Duration::ZERO))]).await;
    let bumped = house.only().await;
    assert_eq!(bumped.published, first.published);
    assert!(bumped.updated > first.updated);
}

async fn x_09_late_items_are_placed_where_they_were_found(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("old").published(house.ago(5 * DAY)), entry("now")]).await;
    assert_eq!(house.titles(&Shelf::All).await, ["now", "old"], "a new archive sinks");
    let late = entry("late").published(house.ago(3 * DAY));
    let ahead = entry("ahead").published(house.ago(Duration::ZERO));
    house.poll(&a, &[late]).await;
    assert_eq!(house.titles(&Shelf::All).await, ["late", "now", "old"]);
    house.poll(&a, &[ahead]).await;
    assert_eq!(house.titles(&Shelf::All).await, ["ahead", "late", "now", "old"]);
}

async fn x_09_six_hours_of_outage_reach_the_window(place: Place) {
    let (mut house, a) = one_source(place).await;
    house.window = Window { items: 10, age: HOUR, max: 500, bytes: 1 << 20 };
    let b = source("b");
    house.enroll(&[a.clone(), b.clone()]).await;
    house.poll(&a, &[entry("before")]).await;
    house.poll(&b, &[entry("theirs")]).await;
    house.pass(6 * HOUR);
    for number in 0..30 {
        let theirs = entry(&format!("theirs {number}")).published(house.ago(Duration::ZERO));
        house.poll(&b, &[theirs]).await;
    }
    let missed: Vec<Entry> = (0..36_u32)
        .map(|number| {
            entry(&format!("missed {number}")).published(house.ago(number * 10 * MINUTE + 5 * HOUR))
        })
        .collect();
    house.poll(&a, &missed).await;
    let shown: BTreeSet<String> = house.titles(&Shelf::All).await.into_iter().collect();
    for entry in missed {
        assert!(shown.contains(&entry.name), "{} is not shown", entry.name);
    }
}

async fn a_first_poll_is_backlog(place: Place) {
    let (mut house, a) = one_source(place).await;
    house.window = Window { items: 2, age: HOUR, ..Window::default() };
    house.enroll(std::slice::from_ref(&a)).await;
    let five = |from: u32| (from..from + 5).map(|n| entry(&n.to_string())).collect::<Vec<_>>();
    house.poll(&a, &five(0)).await;
    assert_eq!(house.titles(&Shelf::All).await, ["0", "1"]);
    house.poll(&a, &five(5)).await;
    assert_eq!(house.titles(&Shelf::All).await, ["5", "6", "7", "8", "9"]);
}

async fn items_of_one_time_stand_in_the_lists_order(place: Place) {
    let (house, a) = one_source(place).await;
    // A source without times: all of an answer are published when it was read.
    house.poll(&a, &[entry("b"), entry("a")]).await;
    let lease = house.claim(&a).await;
    for name in ["d", "c"] {
        let sightings = vec![house.sight(&a, &entry(name), true)];
        let slice = Slice { sightings, ..Slice::default() };
        house.store.commit_poll(&lease, slice, house.now()).await.expect("a slice");
    }
    assert_eq!(house.titles(&Shelf::All).await, ["d", "c", "b", "a"]);
}

async fn an_edit_is_a_revision_only_if_a_reader_can_see_it(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("1")]).await;
    let (first, before) = (house.only().await, house.revision());
    // The list looks different (a comment count, say), the item does not.
    let mut restless = entry("1");
    restless.draft.base = Some("https://a.example/?comments=7".to_owned());
    assert_eq!(
        house.known(&a, std::slice::from_ref(&restless)).await,
        [Known::Changed { elsewhere: false }]
    );
    assert_eq!(house.poll(&a, &[restless]).await.updated, 0);
    assert_eq!((house.only().await, house.revision()), (first.clone(), before));
    assert_eq!(house.poll(&a, &[entry("1").title("edited")]).await.updated, 1);
    let edited = house.only().await;
    assert_eq!(
        (edited.id, &edited.public_id, edited.seen),
        (first.id, &first.public_id, first.seen)
    );
    assert!(edited.updated > first.updated && house.revision() > before);
}

async fn an_edit_and_back_are_two_edits(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("1")]).await;
    let first = house.only().await;
    assert_eq!(house.poll(&a, &[entry("1").title("B")]).await.updated, 1);
    assert_eq!(house.poll(&a, &[entry("1")]).await.updated, 1);
    let back = house.only().await;
    assert_eq!(back.matter, first.matter);
    assert!(back.updated > first.updated);
}

async fn categories_follow_the_entry(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("1").category("Old", None)]).await;
    let (first, old) = (house.only().await, house.category("Old").await);
    assert_eq!(house.poll(&a, &[entry("1").category("New", None)]).await.updated, 1);
    let moved = house.only().await;
    assert_eq!((names(&moved), moved.updated), (vec!["New"], first.updated));
    assert!(house.items(&old).await.is_empty());
    assert_eq!(house.titles(&house.category("New").await).await, ["1"]);
}

async fn categories_follow_the_file(place: Place) {
    let house = House::new(place).await;
    let a = filed("a", &["One"]);
    house.enroll(std::slice::from_ref(&a)).await;
    house.poll(&a, &[entry("1"), entry("2").category("Own", None)]).await;
    let before = house.revision();
    house.enroll(&[filed("a", &["Two"])]).await;
    let items = house.all().await;
    let filed: Vec<_> = items.iter().map(names).collect();
    assert_eq!(filed, [vec!["Two"], vec!["Own", "Two"]]);
    assert!(house.revision() > before);
    assert_eq!(house.titles(&house.category("Two").await).await, ["1", "2"]);
    let listed: Vec<String> = house.heads().await.into_iter().map(|head| head.title).collect();
    assert!(!listed.contains(&"One".to_owned()), "an empty category the file does not name");
}

async fn an_entry_that_became_unusable_takes_nothing_down(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("1")]).await;
    let before = (house.only().await, house.revision());
    let dropped = entry("1").dropped("drop: advertisement");
    house.poll(&a, std::slice::from_ref(&dropped)).await;
    assert_eq!((house.only().await, house.revision()), before);
    assert_eq!(house.known(&a, &[dropped]).await, [Known::Same]);
    house.poll(&a, &[entry("1").title("good again")]).await;
    assert_eq!(house.only().await.id, before.0.id);
}

async fn a_detail_that_fails_takes_no_body_away(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("1")]).await;
    let body = house.only().await.content.clone();
    assert!(body.is_some());
    // Twice, since the first time must not make the second one forget.
    for title in ["once", "twice"] {
        commit_list_alone(&house, &a, &entry("1").title(title).content(None)).await;
        let item = house.only().await;
        assert_eq!((item.title.as_str(), &item.content), (title, &body));
    }
    commit_list_alone(&house, &a, &entry("1").content(Some("<p>A teaser.</p>"))).await;
    assert_eq!(house.only().await.content, body, "a detail's body is better than a list's");
    house.poll(&a, &[entry("1").title("asked").content(None)]).await;
    assert_eq!(house.only().await.content, None, "a detail that came decides");
}

async fn a_detail_that_fails_takes_no_body_away_from_several_lists(place: Place) {
    let (house, a, b) = two_lists(place).await;
    house.poll(&a, &[entry("1")]).await;
    let body = house.only().await.content.clone();
    house.poll(&b, &[entry("1").content(None)]).await;
    for title in ["once", "twice"] {
        commit_list_alone(&house, &a, &entry("1").title(title).content(None)).await;
        let item = house.only().await;
        assert_eq!((item.title.as_str(), &item.content), (title, &body));
    }
}

async fn a_list_that_shows_all_itself_may_take_a_body_away(place: Place) {
    let (house, a) = one_source(place).await;
    commit_list_alone(&house, &a, &entry("1")).await;
    assert!(house.only().await.content.is_some());
    commit_list_alone(&house, &a, &entry("1").content(None)).await;
    assert_eq!(house.only().await.content, None);
}

async fn verdicts_are_remembered(place: Place) {
    let (house, a) = one_source(place).await;
    let dropped = entry("1").dropped("drop: advertisement");
    house.poll(&a, std::slice::from_ref(&dropped)).await;
    assert!(house.all().await.is_empty());
    assert_eq!(house.known(&a, &[dropped]).await, [Known::Same]);
    assert_eq!(house.poll(&a, &[entry("1")]).await.published, 1);
}

async fn what_comes_later_is_not_remembered(place: Place) {
    let (house, a) = one_source(place).await;
    let tomorrow = house.ago(Duration::ZERO);
    house.now_back(DAY);
    let mut post = entry("1").published(tomorrow);
    post.draft.held = true;
    house.poll(&a, std::slice::from_ref(&post)).await;
    assert!(house.all().await.is_empty());
    house.pass(DAY);
    assert_eq!(house.known(&a, std::slice::from_ref(&post)).await, [Known::New]);
    assert_eq!(house.poll(&a, &[post]).await.published, 1);
}

async fn what_is_gone_from_a_folder_is_withdrawn_and_comes_back(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll_whole(&a, &[entry("1"), entry("2")]).await;
    let first = house.all().await;
    let head = house.head(&Shelf::All).await.head;
    assert_eq!(house.poll_whole(&a, &[entry("2")]).await.withdrawn, 1);
    assert_eq!(house.titles(&Shelf::All).await, ["2"]);
    assert_eq!(house.store.item(first[0].id).await.expect("an answer"), None);
    assert!(house.head(&Shelf::All).await.head.revision > head.revision);
    assert_eq!(house.poll_whole(&a, &[entry("1"), entry("2")]).await.published, 1);
    assert_eq!(house.all().await, first, "under its old id, at its old place");
}

async fn what_is_gone_from_a_list_stays(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("1")]).await;
    assert_eq!(house.poll(&a, &[entry("2")]).await.withdrawn, 0);
    assert_eq!(house.all().await.len(), 2);
}

async fn an_item_of_two_folders_outlives_one(place: Place) {
    let (house, a, b) = two_lists(place).await;
    house.poll_whole(&a, &[entry("1").title("ours")]).await;
    house.poll_whole(&b, &[entry("1").title("theirs")]).await;
    assert_eq!(house.poll_whole(&a, &[]).await.withdrawn, 0);
    let item = house.only().await;
    assert_eq!((item.title.as_str(), &item.source), ("theirs", &b.id));
    assert_eq!(names(&item), ["Second"]);
}

async fn two_names_of_one_item_do_not_take_turns(place: Place) {
    let house = House::new(place).await;
    let a = source("a");
    house.enroll(std::slice::from_ref(&a)).await;
    let both = [entry("1").guid(Some("g")), entry("2").guid(Some("g"))];
    house.poll_whole(&a, &both).await;
    let first = house.only().await;
    for _ in 0..3 {
        let lease = house.claim(&a).await;
        let sightings = both.iter().map(|entry| house.sight(&a, entry, true)).collect();
        let slice = Slice { sightings, finish: Some(Finish::default()), owed: Vec::new() };
        house.store.commit_poll(&lease, slice, house.now()).await.expect("committed");
        house.pass(HOUR);
    }
    assert_eq!(house.only().await, first);
}

async fn an_item_that_was_alone_for_a_while_speaks_with_its_newest_words(place: Place) {
    let (house, a, b) = two_lists(place).await;
    let theirs = entry("1").title("theirs");
    house.poll_whole(&a, &[entry("1").title("first")]).await;
    house.poll_whole(&b, std::slice::from_ref(&theirs)).await;
    house.poll_whole(&b, &[]).await;
    house.poll_whole(&a, &[entry("1").title("second")]).await;
    house.poll_whole(&b, &[theirs]).await;
    assert_eq!(house.only().await.title.as_str(), "second");
}

async fn a_head_moves_only_for_what_its_window_shows(place: Place) {
    let (mut house, a) = one_source(place).await;
    house.window = Window { items: 2, age: Duration::ZERO, ..Window::default() };
    house.enroll(std::slice::from_ref(&a)).await;
    let list: Vec<Entry> = (1..=60).map(|n| entry(&n.to_string())).collect();
    house.poll(&a, &list).await;
    let head = house.head(&Shelf::All).await;
    house.poll(&a, &[list[0].clone(), list[1].clone(), entry("3").title("unseen edit")]).await;
    assert_eq!(house.head(&Shelf::All).await, head);
    house.poll(&a, &[entry("1").title("seen edit")]).await;
    let moved = house.head(&Shelf::All).await;
    assert!(moved.head.revision > head.head.revision && moved.head.at > head.head.at);
    let past = house.store.heads(head.head.revision).await.expect("heads");
    assert_eq!(past.len(), 2, "everything and the source, but no others: {past:?}");
}

async fn a_source_gets_its_documents_title(place: Place) {
    let (house, a) = one_source(place).await;
    let shelf = Shelf::Source(a.id.clone());
    assert_eq!(house.head(&shelf).await.title, "a");
    let titled = Finish { title: Some("The Daily A".to_owned()), ..Finish::default() };
    house.poll_with(&a, &[entry("1")], titled).await;
    let head = house.head(&shelf).await;
    assert_eq!(
        (head.title.as_str(), house.only().await.source_title.as_str()),
        ("The Daily A", "The Daily A")
    );
    let everything = house.head(&Shelf::All).await.head;
    house.pass(HOUR);
    house.enroll(&[Source { title: Some("Ours".to_owned()), ..a.clone() }]).await;
    assert_eq!(house.head(&shelf).await.title, "Ours");
    assert_eq!(house.only().await.source_title, "Ours");
    // Its items name it wherever they stand.
    assert!(house.head(&Shelf::All).await.head.revision > everything.revision);
}

async fn c_31_the_first_identifier_of_a_document_stays(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("1")]).await;
    assert_eq!(house.only().await.source_own_id, None);
    let named = |id: &str| Finish { id: Some(id.to_owned()), ..Finish::default() };
    house.poll_with(&a, &[entry("1")], named("tag:a.example,2026:1")).await;
    assert_eq!(house.only().await.source_own_id.as_deref(), Some("tag:a.example,2026:1"));
    let before = house.head(&Shelf::All).await;
    house.poll_with(&a, &[entry("1")], named("tag:a.example,2026:2")).await;
    assert_eq!(house.only().await.source_own_id.as_deref(), Some("tag:a.example,2026:1"));
    assert_eq!(house.head(&Shelf::All).await, before);
    let elsewhere = Source { url: "https://b.example/feed".parse().expect("good"), ..a.clone() };
    house.enroll(&[elsewhere]).await;
    assert_eq!(house.only().await.source_own_id, None, "another place, another document");
}

async fn what_readers_find_is_counted(place: Place) {
    let house = House::new(place).await;
    let a = Source { keep: Some(HOUR), ..source("a") };
    house.enroll(std::slice::from_ref(&a)).await;
    for (shown, expected) in [(3, 3), (2, 2), (3, 3), (1, 1)] {
        let entries: Vec<_> = (0..shown).map(|n| entry(&n.to_string())).collect();
        house.poll_whole(&a, &entries).await;
        assert_eq!(house.state(&a).await.items, expected);
    }
    house.enroll(&[]).await;
    house.enroll(std::slice::from_ref(&a)).await;
    assert_eq!(house.state(&a).await.items, 1);
}

async fn empty_shelves_are_listed_while_they_are_in_the_file(place: Place) {
    let house = House::new(place).await;
    let came = house.now();
    let described = Category { description: Some("All of it".to_owned()), ..category("Zoo") };
    house.enroll_with(&[filed("a", &["News"]), source("b")], &[described]).await;
    let listed: Vec<(String, String)> =
        house.heads().await.into_iter().map(|head| (head.shelf.path(), head.title)).collect();
    let paths: Vec<&str> = listed.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["/all", "/category/zoo", "/category/news", "/source/a", "/source/b"]);
    assert_eq!(
        house.head(&Shelf::Category("zoo".to_owned())).await.description.as_deref(),
        Some("All of it")
    );
    assert!(house.heads().await.iter().all(|head| head.head.at == came));
    house.enroll(&[source("b")]).await;
    let paths: Vec<String> = house.heads().await.iter().map(|head| head.shelf.path()).collect();
    assert_eq!(paths, ["/all", "/source/b"]);
}

async fn names_with_one_slug_are_two_categories(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("1").category("C", None), entry("2").category("C++", None)]).await;
    let (one, other) = (house.category("C").await, house.category("C++").await);
    assert_ne!(one, other);
    assert_eq!(
        (house.titles(&one).await, house.titles(&other).await),
        (vec!["1".to_owned()], vec!["2".to_owned()])
    );
}

async fn names_alike_are_one_category(place: Place) {
    let (house, a) = one_source(place).await;
    house
        .poll(&a, &[entry("1").category("News", None), entry("2").category(" ＮＥＷＳ ", None)])
        .await;
    assert_eq!(house.items(&house.category("News").await).await.len(), 2);
}

async fn a_slug_that_changes_keeps_leading_there(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("1").category("News", None)]).await;
    let head = house.head(&Shelf::Category("news".to_owned())).await.head;
    let renamed = Category { slug: Some("latest".to_owned()), ..category("News") };
    house.enroll_with(std::slice::from_ref(&a), std::slice::from_ref(&renamed)).await;
    let now = house.head(&Shelf::Category("latest".to_owned())).await;
    assert_eq!(now.aliases, ["news"]);
    assert!(now.head.revision > head.revision);
    let taking = Category { slug: Some("latest".to_owned()), ..category("Other") };
    house.enroll_with(std::slice::from_ref(&a), &[taking]).await;
    assert_eq!(house.category("Other").await, Shelf::Category("latest".to_owned()));
    assert_ne!(house.category("News").await, Shelf::Category("latest".to_owned()));
}

async fn an_upstream_slug_leads_to_its_category(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("1").category("News", Some("old-news"))]).await;
    house.poll(&a, &[entry("2").category("Other", Some("old-news"))]).await;
    assert_eq!(house.head(&house.category("News").await).await.aliases, ["old-news"]);
    assert!(
        house.head(&house.category("Other").await).await.aliases.is_empty(),
        "the first keeps it"
    );
}

async fn a_live_slug_is_no_alias(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("1").category("News", Some("news"))]).await;
    house.poll(&a, &[entry("2").category("Other", Some("news"))]).await;
    assert!(house.heads().await.iter().all(|head| head.aliases.is_empty()));
}

async fn a_source_opens_only_so_many_categories(place: Place) {
    let house = House::new(place).await;
    let a = Source { max_categories: 2, ..filed("a", &["Filed"]) };
    house.enroll(std::slice::from_ref(&a)).await;
    let list = ["1", "2", "3"].map(|name| entry(name).category(&format!("Own {name}"), None));
    house.poll(&a, &list).await;
    let opened = house.heads().await.iter().filter(|head| head.title.starts_with("Own")).count();
    assert_eq!(opened, 2);
    let problems = house.state(&a).await.problems.join(" ");
    assert!(problems.contains("`Own 3`") && problems.contains("max_categories"), "{problems}");
    house.enroll(&[Source { max_categories: 3, ..a.clone() }]).await;
    assert_eq!(house.titles(&house.category("Own 3").await).await, ["3"]);
    assert!(house.state(&a).await.problems.is_empty());
}

async fn a_window_is_cut_by_bytes(place: Place) {
    let (house, a) = one_source(place).await;
    let long = format!("<p>{}</p>", "x".repeat(1000));
    let list = ["1", "2", "3"].map(|name| entry(name).content(Some(&long)));
    house.poll(&a, &list).await;
    for (bytes, expected) in [(0, 1), (2500, 2), (1 << 20, 3)] {
        let window = Window { bytes, ..house.window };
        assert_eq!(house.within(&Shelf::All, window).await.len(), expected);
    }
    let window = Window { items: 1, ..house.window };
    assert_eq!(house.within(&Shelf::All, window).await.len(), 1);
}

async fn enrolling_again_changes_nothing(place: Place) {
    let house = House::new(place).await;
    let file = [filed("a", &["News", "More"]), source("b")];
    let described = Category {
        title: Some("The News".to_owned()),
        aliases: vec!["old".to_owned()],
        ..category("News")
    };
    house.enroll_with(&file, std::slice::from_ref(&described)).await;
    house.poll(&file[0], &[entry("1")]).await;
    let before =
        (house.heads().await, house.revision(), house.store.states().await.expect("states"));
    house.pass(HOUR);
    house.enroll_with(&file, &[described]).await;
    assert_eq!(
        (house.heads().await, house.revision(), house.store.states().await.expect("states")),
        before
    );
}

async fn a_source_that_left_the_file_keeps_its_items(place: Place) {
    let (house, a) = one_source(place).await;
    let b = source("b");
    house.enroll(&[a.clone(), b.clone()]).await;
    house.poll(&a, &[entry("1")]).await;
    let lease = house.claim(&a).await;
    house.enroll(std::slice::from_ref(&b)).await;
    assert_eq!(house.titles(&Shelf::Source(a.id.clone())).await, ["1"]);
    assert_eq!(house.head(&Shelf::Source(a.id.clone())).await.title, "a");
    assert!(house.store.states().await.expect("states").iter().all(|(id, _)| *id != a.id));
    let lost = house.store.commit_poll(&lease, Slice::default(), house.now()).await;
    assert!(matches!(lost, Err(Error::LeaseLost(id)) if id == a.id));
    let claimed = house
        .store
        .claim_due(house.now().plus(DAY), 9, None, &Rooms::default())
        .await
        .expect("claimed");
    assert!(claimed.taken.iter().all(|lease| lease.source == b.id));
}

async fn a_source_that_changes_its_namespace_keeps_its_items(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("1")]).await;
    let first = house.only().await;
    let (a, b) = (
        Source { namespace: "shared".to_owned(), ..a },
        Source { namespace: "shared".to_owned(), ..source("b") },
    );
    house.enroll(&[a.clone(), b.clone()]).await;
    house.poll(&a, &[entry("1").title("edited")]).await;
    house.poll(&b, &[entry("1").title("theirs")]).await;
    let shared = house.only().await;
    assert_eq!((shared.id, shared.title.as_str()), (first.id, "edited"));
    // Leaving again, it leaves what both show to the other.
    let alone = source("a");
    house.enroll(&[alone.clone(), b.clone()]).await;
    assert_eq!(house.only().await.title.as_str(), "theirs");
    house.poll(&alone, &[entry("1")]).await;
    assert_eq!(house.all().await.len(), 2);
}

async fn sources_that_change_places_change_the_owner(place: Place) {
    let (house, a, b) = two_lists(place).await;
    house.poll(&a, &[entry("1").title("ours")]).await;
    house.poll(&b, &[entry("1").title("theirs")]).await;
    house.enroll(&[b.clone(), a.clone()]).await;
    let item = house.only().await;
    assert_eq!((item.title.as_str(), &item.source), ("theirs", &b.id));
    let before = house.revision();
    house.enroll(&[source("new"), b, a]).await;
    assert_eq!(house.only().await, item, "a source before both changes nothing between them");
    assert!(house.revision() > before, "the new source has a shelf");
}

async fn x_14_a_stale_token_writes_nothing(place: Place) {
    let house = House::with_lease(place, Duration::ZERO).await;
    let a = source("a");
    house.enroll(std::slice::from_ref(&a)).await;
    let stale = house.claim(&a).await;
    let fresh = house.claim(&a).await;
    assert!(fresh.token > stale.token);
    let before = (house.revision(), house.state(&a).await);
    let write = |lease| {
        let sightings = vec![house.sight(&a, &entry("1"), true)];
        let finish = Some(Finish { succeeded: true, ..Finish::default() });
        house.store.commit_poll(lease, Slice { sightings, finish, ..Slice::default() }, house.now())
    };
    assert!(matches!(write(&stale).await, Err(Error::LeaseLost(id)) if id == a.id));
    assert!(house.all().await.is_empty());
    assert_eq!((house.revision(), house.state(&a).await), before);
    assert_eq!(write(&fresh).await.expect("the newest may write").published, 1);
}

async fn x_14_a_finished_poll_writes_nothing_more(place: Place) {
    let (house, a) = one_source(place).await;
    let lease = house.claim(&a).await;
    let finish = Some(Finish { succeeded: true, ..Finish::default() });
    let end = Slice { finish, ..Slice::default() };
    house.store.commit_poll(&lease, end.clone(), house.now()).await.expect("the end");
    assert!(matches!(
        house.store.commit_poll(&lease, end, house.now()).await,
        Err(Error::LeaseLost(_))
    ));
}

async fn x_14_an_expired_lease_is_passed_on(place: Place) {
    let house = House::with_lease(place, Duration::from_millis(300)).await;
    let a = source("a");
    house.enroll(std::slice::from_ref(&a)).await;
    let taken = async |now| {
        house.store.claim_due(now, 9, None, &Rooms::default()).await.expect("claimed").taken
    };
    let first = taken(house.now()).await;
    assert_eq!(first.len(), 1);
    assert!(taken(house.now().plus(DAY)).await.is_empty(), "our clock does not count");
    tokio::time::sleep(Duration::from_millis(400)).await;
    let second = taken(house.now()).await;
    assert!(second[0].token > first[0].token);
}

async fn x_14_two_claimers_never_get_one_source(place: Place) {
    let house = House::new(place).await;
    let sources: Vec<Source> = (0..40).map(|number| source(&format!("s{number}"))).collect();
    house.enroll(&sources).await;
    let rooms = Rooms::default();
    let claims = (0..20).map(|_| house.store.claim_due(house.now(), 3, None, &rooms));
    let mut taken: Vec<SourceId> = Vec::new();
    for claimed in futures_util::future::join_all(claims).await {
        taken.extend(claimed.expect("claimed").taken.into_iter().map(|lease| lease.source));
    }
    let distinct: BTreeSet<&SourceId> = taken.iter().collect();
    assert_eq!((taken.len(), distinct.len()), (40, 40));
}

async fn an_empty_slice_extends_the_lease_and_nothing_else(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("1")]).await;
    let lease = house.claim(&a).await;
    let ends = async || {
        let claimed =
            house.store.claim_due(house.now(), 9, None, &Rooms::default()).await.expect("claimed");
        assert!(claimed.taken.is_empty(), "it is held");
        claimed.next.expect("its lease ends")
    };
    let before = (house.heads().await, house.state(&a).await, house.revision());
    let grown = house.store.grown();
    // Longer than a commit takes on a busy machine.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let first = ends().await;
    let slice = Slice::default();
    let committed = house.store.commit_poll(&lease, slice, house.now()).await.expect("extended");
    assert!(ends().await > first, "the lease has as long as at its start");
    assert_eq!(committed, Committed { revision: before.2, ..Committed::default() });
    assert_eq!((house.heads().await, house.state(&a).await, house.revision()), before);
    assert!(!grown.has_changed().expect("the store lives"));
    house.store.commit_poll(&lease, ended(), house.now()).await.expect("the end");
}

async fn one_of_a_namespace_at_a_time(place: Place) {
    let (house, a, b) = two_lists(place).await;
    let first = house
        .store
        .claim_due(house.now(), 9, None, &Rooms::default())
        .await
        .expect("claimed")
        .taken;
    assert_eq!(first.iter().map(|lease| &lease.source).collect::<Vec<_>>(), [&a.id]);
    assert!(
        house
            .store
            .claim_due(house.now(), 9, None, &Rooms::default())
            .await
            .expect("claimed")
            .taken
            .is_empty()
    );
    let finish =
        Some(Finish { succeeded: true, due: Some(house.now().plus(HOUR)), ..Finish::default() });
    let end = Slice { finish, ..Slice::default() };
    house.store.commit_poll(&first[0], end, house.now()).await.expect("the end");
    let second = house
        .store
        .claim_due(house.now(), 9, None, &Rooms::default())
        .await
        .expect("claimed")
        .taken;
    assert_eq!(second.iter().map(|lease| &lease.source).collect::<Vec<_>>(), [&b.id]);
}

async fn the_longest_due_come_first(place: Place) {
    let house = House::new(place).await;
    let sources = ["a", "b", "c"].map(source);
    house.enroll(&sources).await;
    for (source, minutes) in [(&sources[0], 30), (&sources[2], 15)] {
        let due = Some(house.now().plus(minutes * MINUTE));
        house.poll_with(source, &[], Finish { due, ..Finish::default() }).await;
    }
    let later = house.now().plus(HOUR);
    let mut order = Vec::new();
    for _ in 0..3 {
        let claimed =
            house.store.claim_due(later, 1, None, &Rooms::default()).await.expect("claimed");
        order.extend(claimed.taken.into_iter().map(|lease| lease.source.as_str().to_owned()));
    }
    assert_eq!(order, ["b", "c", "a"], "never asked, then the longest due");
}

async fn claiming_says_when_to_look_again(place: Place) {
    let (house, a) = one_source(place).await;
    let due = Some(house.now().plus(HOUR));
    house.poll_with(&a, &[], Finish { due, ..Finish::default() }).await;
    let claimed =
        house.store.claim_due(house.now(), 9, None, &Rooms::default()).await.expect("claimed");
    assert_eq!((claimed.taken.len(), claimed.next), (0, due));
    house.enroll(&[a, source("b"), source("c")]).await;
    let claimed =
        house.store.claim_due(house.now(), 1, None, &Rooms::default()).await.expect("claimed");
    assert_eq!((claimed.taken.len(), claimed.next), (1, None), "one waits for a slot");
}

async fn many_due_at_once_are_each_claimed_once(place: Place) {
    let house = House::new(place).await;
    // Pairs that share a namespace: the second of each waits for the first.
    let sources: Vec<Source> = (0..60)
        .map(|number| Source {
            namespace: format!("n{}", number / 2),
            ..source(&format!("s{number}"))
        })
        .collect();
    house.enroll(&sources).await;
    let due = Some(house.now().plus(HOUR));
    let mut order = Vec::new();
    loop {
        let claimed =
            house.store.claim_due(house.now(), 7, None, &Rooms::default()).await.expect("claimed");
        if claimed.taken.is_empty() {
            assert_eq!(claimed.next, due);
            break;
        }
        assert!(claimed.taken.len() <= 7);
        for lease in claimed.taken {
            let finish = Some(Finish { due, ..Finish::default() });
            let end = Slice { finish, ..Slice::default() };
            house.store.commit_poll(&lease, end, house.now()).await.expect("the end");
            order.push(lease.source);
        }
    }
    assert_eq!(order[..7], [0, 2, 4, 6, 8, 10, 12].map(|number| sources[number].id.clone()));
    assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), order.len());
    assert_eq!(order.len(), 60);
}

async fn what_is_owed_is_counted(place: Place) {
    let (house, a) = one_source(place).await;
    let owed = entry("1");
    for failures in 1..3 {
        let lease = house.claim(&a).await;
        let slice = Slice {
            owed: vec![owed.mark().key],
            finish: Some(Finish { answer: Some(vec![owed.mark().key]), ..Finish::default() }),
            ..Slice::default()
        };
        house.store.commit_poll(&lease, slice, house.now()).await.expect("committed");
        assert_eq!(house.known(&a, std::slice::from_ref(&owed)).await, [Known::New]);
        let lease = house.claim(&a).await;
        let last = house.store.last_answer(&a.id).await.expect("an answer");
        assert_eq!(last.owed.get(&owed.mark().key), Some(&failures));
        assert_eq!((last.keys.len(), lease.answered), (1, 1));
        house.store.commit_poll(&lease, ended(), house.now()).await.expect("committed");
    }
    house.poll(&a, &[owed]).await;
    let last = house.store.last_answer(&a.id).await.expect("an answer");
    assert!(last.owed.is_empty(), "a sighting settles it");
}

async fn x_01_a_listing_that_was_not_taken_to_its_end_is_remembered(place: Place) {
    let (house, a) = one_source(place).await;
    assert!(!house.state(&a).await.unfinished);
    let lease = house.claim(&a).await;
    house.store.commit_poll(&lease, Slice::default(), house.now()).await.expect("a heartbeat");
    assert!(!house.state(&a).await.unfinished);
    let slice = Slice { sightings: vec![house.sight(&a, &entry("1"), true)], ..Slice::default() };
    house.store.commit_poll(&lease, slice, house.now()).await.expect("a first slice");
    assert!(house.state(&a).await.unfinished, "were it killed now, more might stand behind");
    house.store.commit_poll(&lease, ended(), house.now()).await.expect("the end");
    assert!(house.state(&a).await.unfinished, "something is owed: no validators were kept");
    let whole = Finish { validators: Some(Vec::new()), ..Finish::default() };
    house.poll_with(&a, &[entry("1")], whole).await;
    assert!(!house.state(&a).await.unfinished);
}

async fn t_29_an_address_that_may_hold_a_key_is_not_shown(place: Place) {
    let house = House::new(place).await;
    for (url, shown) in [
        ("https://a.example/feed", true),
        ("https://a.example/feed?key=secret", false),
        ("file://localhost/srv/feed", false),
    ] {
        let a = Source { url: url.parse().expect("good"), ..source("a") };
        house.enroll(std::slice::from_ref(&a)).await;
        house.poll(&a, &[entry("1")]).await;
        assert_eq!(house.only().await.source_url.is_some(), shown, "{url}");
    }
}

async fn the_end_of_a_poll_is_remembered(place: Place) {
    let (house, a) = one_source(place).await;
    let validators = vec![Validators {
        url: "https://a.example/feed".to_owned(),
        etag: Some("W/\"x\"".to_owned()),
        last_modified: Some("yesterday".to_owned()),
        body: Some([7; 32]),
        size: Some(7),
        whole_at: Some(house.now().millis()),
    }];
    let polled = house.now();
    let finish = Finish { validators: Some(validators.clone()), ..Finish::default() };
    house.poll_with(&a, &[entry("1")], finish).await;
    let state = house.state(&a).await;
    assert_eq!((state.polled, state.succeeded, state.items), (Some(polled), Some(polled), 1));
    let lease = house.claim(&a).await;
    let unasked = PollState { items: 0, ..state };
    assert_eq!(lease.state, unasked, "all but what a poll has no use for");
    let due = Some(house.now().plus(HOUR));
    let failed = Finish {
        trouble: Some("it is down".to_owned()),
        due,
        problems: vec!["p".to_owned()],
        ..Finish::default()
    };
    let failed = Slice { finish: Some(failed), ..Slice::default() };
    house.store.commit_poll(&lease, failed, house.now()).await.expect("committed");
    let state = house.state(&a).await;
    assert_eq!((state.failures, state.trouble.as_deref(), state.due), (1, Some("it is down"), due));
    assert_eq!((state.validators, state.succeeded), (validators, Some(polled)));
    assert_eq!((state.polled, &state.problems[..]), (Some(house.now()), &["p".to_owned()][..]));
    house.poll(&a, &[]).await;
    let state = house.state(&a).await;
    assert_eq!((state.failures, state.trouble, state.problems.len()), (0, None, 0));
}

async fn when_a_document_may_be_asked_outlives_a_304(place: Place) {
    let (house, a) = one_source(place).await;
    let pause = Pause { minutes: Some(120), hours: 1 << 23, days: 1 };
    house.poll_with(&a, &[], Finish { pause, ..Finish::default() }).await;
    assert_eq!(house.state(&a).await.pause, pause);
    let lease = house.claim(&a).await;
    assert_eq!(lease.state.pause, pause);
    house.store.commit_poll(&lease, ended(), house.now()).await.expect("not modified");
    assert_eq!(house.state(&a).await.pause, pause);
    house.poll(&a, &[]).await;
    assert_eq!(house.state(&a).await.pause, Pause::default(), "an answer without takes it back");
}

async fn a_rhythm_is_remembered_until_the_address_changes(place: Place) {
    let (house, a) = one_source(place).await;
    let rhythm = Rhythm { news: Some(house.now()), gap: Some(HOUR) };
    house.poll_with(&a, &[], Finish { rhythm: Some(rhythm), ..Finish::default() }).await;
    house.poll(&a, &[]).await;
    assert_eq!(house.state(&a).await.rhythm, rhythm, "a poll that says nothing keeps it");
    let moved = Source { url: "https://else.example/".parse().expect("an address"), ..a.clone() };
    house.enroll(&[moved]).await;
    let state = house.state(&a).await;
    assert_eq!((state.rhythm, state.due), (Rhythm::default(), None));
}

async fn p_05_what_is_overdue_can_be_put_off(place: Place) {
    let house = House::new(place).await;
    let all @ [a, b, c] = &["a", "b", "c"].map(source);
    house.enroll(all).await;
    let due = |at| Finish { due: Some(at), ..Finish::default() };
    house.poll_with(a, &[], due(house.now())).await;
    house.poll_with(b, &[], due(house.now().plus(DAY))).await;
    let until = house.now().plus(HOUR);
    let all = all.each_ref().map(|source| (source.id.clone(), until));
    house.store.postpone(&all, house.now()).await.expect("put off");
    assert_eq!(house.state(a).await.due, Some(until));
    assert!(house.state(b).await.due.is_some_and(|due| due > until), "it is not overdue");
    assert_eq!(house.state(c).await.due, None, "what is new waits for nothing");
}

async fn revisions_seen_strictly_grow(place: Place) {
    let house = House::new(place).await;
    let sources: Vec<Source> = (0..8).map(|number| source(&format!("s{number}"))).collect();
    house.enroll(&sources).await;
    let reader = {
        let store = house.store.clone();
        tokio::spawn(async move {
            let (mut reached, mut grown) = (Revision(0), store.grown());
            let mut seen = Vec::new();
            while grown.changed().await.is_ok() {
                for head in store.heads(reached).await.expect("heads") {
                    assert!(head.head.revision > reached);
                    seen.push(head.head.revision);
                }
                reached = seen.iter().copied().max().unwrap_or(reached);
                if reached >= Revision(64) {
                    break;
                }
            }
            reached
        })
    };
    let polls = sources.iter().map(async |source| {
        for number in 0..10 {
            house.poll(source, &[entry(&number.to_string())]).await;
        }
    });
    futures_util::future::join_all(polls).await;
    let shown = house.heads().await.iter().map(|head| head.head.revision).max();
    assert_eq!(shown, Some(house.revision()), "all are published, and the last one shows");
    let reached = tokio::time::timeout(Duration::from_secs(30), reader).await;
    assert!(reached.expect("in time").expect("no fault") >= Revision(64));
}

async fn the_growth_is_told(place: Place) {
    let (house, a) = one_source(place).await;
    let mut grown = house.store.grown();
    let before = *grown.borrow_and_update();
    let committed = house.poll(&a, &[entry("1")]).await;
    assert!(grown.has_changed().expect("the store lives"));
    assert_eq!(*grown.borrow_and_update(), committed.revision);
    assert!(committed.revision > before);
    house.poll(&a, &[entry("1")]).await;
    assert!(!grown.has_changed().expect("the store lives"), "nothing happened");
}

async fn q40_an_article_knows_those_it_links_to(place: Place) {
    let house = House::new(place).await;
    let (a, b) = (source("a"), source("b"));
    house.enroll(&[a.clone(), b.clone()]).await;
    let body = "<p>See <a href=\"https://a.example/2?utm_source=x\">2</a>, <a href=\"https://a.example/9\">9</a> \
        and <a href=\"https://a.example/1\">this one</a>.</p>";
    house.poll_whole(&a, &[entry("1").content(Some(body))]).await;
    let id = house.only().await.id;
    assert!(house.store.related(id).await.expect("related").is_empty(), "none of them is here");
    let related = async || titles(&house.store.related(id).await.expect("related"));
    house.poll_whole(&a, &[entry("1").content(Some(body)), entry("2"), entry("3")]).await;
    assert_eq!(related().await, ["2"], "it does not matter which came first");
    house.poll(&b, &[entry("9")]).await;
    assert_eq!(related().await, ["2"], "another namespace is none of its business");
    house.poll_whole(&a, &[entry("1").content(Some(body)), entry("3")]).await;
    assert!(related().await.is_empty(), "what is withdrawn is not shown");
    house.poll_whole(&a, &[entry("1"), entry("2"), entry("3")]).await;
    assert!(related().await.is_empty(), "an edit that drops the link drops the relation");
}

async fn pruning_forgets_what_nobody_shows(place: Place) {
    let (house, a) = pruned(place).await;
    assert_eq!(house.titles(&Shelf::All).await, ["new 1", "new 0"]);
    let wide = Window { items: 500, ..house.window };
    let kept = house.within(&Shelf::All, wide).await;
    assert_eq!(titles(&kept), ["new 1", "new 0"], "the rest is gone for good");
    let head = house.heads().await;
    assert_eq!(house.store.prune(house.now().plus(900 * DAY)).await.expect("pruned"), 0);
    assert_eq!(house.heads().await, head, "windows are spared, so heads stay");
    let b = source("b");
    house.enroll(&[a, b.clone()]).await;
    house.poll(&b, &[entry("for ever")]).await;
    assert_eq!(house.titles(&Shelf::All).await, ["for ever", "new 1"]);
    let pruned = house.store.prune(house.now().plus(900 * DAY)).await.expect("pruned");
    assert_eq!(pruned, 0, "the feed of its source still shows it");
}

async fn what_was_pruned_never_rises_again(place: Place) {
    let (house, a) = pruned(place).await;
    let before = house.revision();
    let risen = [entry("old 0"), Entry { name: "x".to_owned(), ..entry("old 1").title("edited") }];
    assert_eq!(house.known(&a, &risen).await, [Known::Same, Known::Same]);
    let lease = house.claim(&a).await;
    let sightings = risen.iter().map(|entry| house.sight(&a, entry, true)).collect();
    let slice = Slice { sightings, ..ended() };
    house.store.commit_poll(&lease, slice, house.now()).await.expect("committed");
    assert_eq!((house.all().await.len(), house.revision()), (2, before));
}

async fn pruning_spares_the_last_answer(place: Place) {
    let (mut house, a) = one_source(place).await;
    house.window = Window { items: 1, age: Duration::ZERO, ..Window::default() };
    let a = Source { keep: Some(DAY), ..a };
    house.enroll(std::slice::from_ref(&a)).await;
    house.poll(&a, &["1", "2", "3"].map(entry)).await;
    house.poll(&a, &["1", "2"].map(entry)).await;
    assert_eq!(house.store.prune(house.now()).await.expect("pruned"), 0, "too early");
    assert_eq!(house.store.prune(house.now().plus(2 * DAY)).await.expect("pruned"), 1);
    let wide = Window { items: 500, ..house.window };
    let kept = house.within(&Shelf::All, wide).await;
    assert_eq!(titles(&kept), ["1", "2"]);
}

async fn it_answers(place: Place) {
    let (house, _) = one_source(place).await;
    house.store.ping().await.expect("an answer");
    let unknown = Shelf::Category("unknown".to_owned());
    assert!(house.items(&unknown).await.is_empty());
}

/// A poll that takes an entry as the list shows it.
async fn commit_list_alone(house: &House, source: &Source, entry: &Entry) {
    let lease = house.claim(source).await;
    let slice = Slice { sightings: vec![house.sight(source, entry, false)], ..ended() };
    house.store.commit_poll(&lease, slice, house.now()).await.expect("committed");
    house.pass(10 * MINUTE);
}

async fn two_lists(place: Place) -> (House, Source, Source) {
    let house = House::new(place).await;
    let list = |id, name| Source { namespace: "shared".to_owned(), ..filed(id, &[name]) };
    let (a, b) = (list("a", "First"), list("b", "Second"));
    house.enroll(&[a.clone(), b.clone()]).await;
    (house, a, b)
}

/// Three hundred old items and two new ones, pruned to a window of two.
async fn pruned(place: Place) -> (House, Source) {
    let mut house = House::new(place).await;
    house.window = Window { items: 2, age: Duration::ZERO, ..Window::default() };
    let a = Source { keep: Some(30 * DAY), ..source("a") };
    house.enroll(std::slice::from_ref(&a)).await;
    let old: Vec<Entry> = (0..300).map(|number| entry(&format!("old {number}"))).collect();
    house.poll(&a, &old).await;
    house.pass(60 * DAY);
    for number in 0..2 {
        house.poll(&a, &[entry(&format!("new {number}"))]).await;
    }
    assert_eq!(house.store.prune(house.now()).await.expect("pruned"), 300);
    (house, a)
}

fn ended() -> Slice {
    Slice { finish: Some(Finish { succeeded: true, ..Finish::default() }), ..Slice::default() }
}

// what readers cut

fn all_of(shelves: &[Shelf]) -> Selection {
    Selection { shelves: shelves.to_vec(), ..Selection::of(Shelf::All, Window::default()) }
}

async fn several_shelves_are_one_feed(place: Place) {
    let house = House::new(place).await;
    let (a, b, c) = (filed("a", &["One"]), filed("b", &["One", "Two"]), source("c"));
    house.enroll(&[a.clone(), b.clone(), c.clone()]).await;
    house.poll(&a, &[entry("1")]).await;
    house.poll(&b, &[entry("2").guid(Some("b"))]).await;
    house.poll(&c, &[entry("3").guid(Some("c"))]).await;
    let (one, two) = (house.category("One").await, house.category("Two").await);
    let selected = house.store.select(&all_of(&[two.clone(), one])).await.expect("selected");
    assert_eq!(titles(&selected), ["2", "1"], "each once, in one order");
    let c = Shelf::Source(c.id.clone());
    let selected = house.store.select(&all_of(&[c, two])).await.expect("selected");
    assert_eq!(titles(&selected), ["3", "2"]);
    let nothing = all_of(&[Shelf::Category("none".to_owned()), Shelf::View("x".to_owned())]);
    assert!(house.store.select(&nothing).await.expect("selected").is_empty());
}

async fn a_sieve_lets_pass_what_it_should(place: Place) {
    let house = House::new(place).await;
    let (a, b) = (source("a"), source("b"));
    house.enroll(&[a.clone(), b.clone()]).await;
    let of =
        |source: &str, n: usize| entry(&format!("{source}{n}")).guid(Some(&format!("{source}{n}")));
    let list = |source: &str| (0..8).map(|n| of(source, n)).collect::<Vec<_>>();
    house.poll(&a, &list("a")).await;
    house.poll(&b, &list("b")).await;
    let rule = |pattern: &str| Rule { place: At::Title, pattern: Regex::new(pattern).unwrap() };
    let keep = Sieve { keep: vec![rule("[0-5]$")], drop: vec![rule("3")], ..Sieve::default() };
    let quota = Sieve { quota: Some(2), ..keep.clone() };
    for (sieve, items, expected) in [
        (keep.clone(), 50, vec!["b0", "b1", "b2", "b4", "b5", "a0", "a1", "a2", "a4", "a5"]),
        (quota, 50, vec!["b0", "b1", "a0", "a1"]),
        (keep, 3, vec!["b0", "b1", "b2"]),
    ] {
        let window = Window { items, max: items, age: Duration::ZERO, ..Window::default() };
        let selection = Selection { sieve, window, ..Selection::of(Shelf::All, window) };
        let selected = house.store.select(&selection).await.expect("selected");
        assert_eq!(titles(&selected), expected);
    }
}

async fn a_view_finds_words_before_the_index_has_them(place: Place) {
    let house = House::new(place).await;
    let a = filed("a", &["One"]);
    house.enroll(std::slice::from_ref(&a)).await;
    house.poll(&a, &[entry("apple pie"), entry("pear")]).await;
    let query = Query::read("apple");
    let one = house.category("One").await;
    let selection = Selection { query, ..all_of(&[one]) };
    for is_indexed in [false, true] {
        if is_indexed {
            while house.store.index(100).await.expect("indexed") {}
        }
        let found = house.store.select(&selection).await.expect("selected");
        assert_eq!(titles(&found), ["apple pie"], "indexed: {is_indexed}");
    }
    house.poll(&a, &[entry("apple pie").content(Some("<p>edited</p>")), entry("apple cake")]).await;
    let found = house.store.select(&selection).await.expect("selected");
    assert_eq!(
        BTreeSet::from_iter(titles(&found)),
        BTreeSet::from(["apple pie".to_owned(), "apple cake".to_owned()])
    );
    house.poll(&a, &[entry("apple pie").title("plum pie").content(Some("<p>plum</p>"))]).await;
    let found = house.store.select(&selection).await.expect("selected");
    assert_eq!(titles(&found), ["apple cake"], "what it was called once is forgotten at once");
}

async fn a_reader_goes_on_where_it_was(place: Place) {
    let house = House::new(place).await;
    let (a, b) = (source("a"), source("b"));
    house.enroll(&[a.clone(), b.clone()]).await;
    house.poll(&a, &[entry("0")]).await;
    let mut cursor = house.store.mark(house.revision()).await.expect("a cursor");
    let shelf = [Shelf::Source(a.id.clone())];
    let mut walked = Vec::new();
    for round in 1..6 {
        let names = |from: usize| {
            (from..=round * 3).rev().map(|n| entry(&n.to_string())).collect::<Vec<_>>()
        };
        house.poll(&a, &names(1)).await;
        house.poll(&b, &[entry(&format!("b{round}")).guid(Some(&format!("b{round}")))]).await;
        loop {
            let since = Since::Cursor(cursor);
            let news =
                house.store.since(&shelf, since, 2).await.expect("news").expect("our cursor");
            cursor = news.cursor;
            if news.items.is_empty() {
                break;
            }
            assert!(news.items.len() <= 2);
            walked.extend(titles(&news.items));
        }
    }
    walked.sort_by_key(|title| title.parse::<usize>().expect("none of b's"));
    let expected: Vec<String> = (1..=15).map(|n| n.to_string()).collect();
    assert_eq!(walked, expected, "each once, none missed");
    house.poll(&a, &[entry("7").content(Some("<p>edited</p>"))]).await;
    let news =
        house.store.since(&shelf, Since::Cursor(cursor), 9).await.expect("news").expect("ours");
    assert_eq!(titles(&news.items), ["7"], "an edit is news");
}

async fn a_cursor_of_another_log_is_not_believed(place: Place) {
    let (house, other) = (House::new(place).await, House::new(place).await);
    let a = source("a");
    for (house, name) in [(&house, "1"), (&other, "2")] {
        house.enroll(std::slice::from_ref(&a)).await;
        house.poll(&a, &[entry(name)]).await;
    }
    let cursor = other.store.mark(other.revision()).await.expect("a cursor");
    let asked = house.store.since(&[Shelf::All], Since::Cursor(cursor), 9).await.expect("asked");
    assert!(asked.is_none());
    let asked = other.store.since(&[Shelf::All], Since::Cursor(cursor), 9).await.expect("asked");
    assert!(asked.expect("its own").items.is_empty());
}

async fn a_time_is_a_place_in_the_log(place: Place) {
    let house = House::new(place).await;
    let a = source("a");
    house.enroll(std::slice::from_ref(&a)).await;
    let mut times = Vec::new();
    for round in 0..9 {
        times.push(house.now());
        let names = (0..=round).rev().map(|n| entry(&n.to_string())).collect::<Vec<_>>();
        house.poll(&a, &names).await;
    }
    for (round, at) in times.into_iter().enumerate() {
        let news = house
            .store
            .since(&[Shelf::All], Since::Time(at), 50)
            .await
            .expect("news")
            .expect("a time");
        // What came with the first poll is backlog and no news.
        let expected: Vec<String> = (round.max(1)..9).rev().map(|n| n.to_string()).collect();
        assert_eq!(titles(&news.items), expected);
    }
}

async fn a_slow_poll_hides_nothing_from_who_asks_by_time(place: Place) {
    let house = House::new(place).await;
    let (a, b) = (source("a"), source("b"));
    house.enroll(&[a.clone(), b.clone()]).await;
    house.poll(&a, &[entry("backlog")]).await;
    house.poll(&b, &[entry("backlog")]).await;
    let (lease, began) = (house.claim(&a).await, house.now());
    let slice = |name| {
        let sightings = vec![house.sight(&a, &entry(name), true)];
        Slice { sightings, ..Slice::default() }
    };
    house.pass(MINUTE);
    let asked = house.now();
    house.pass(MINUTE);
    house.poll(&b, &[entry("quick")]).await;
    for name in ["slow 1", "slow 2", "slow 3"] {
        house.store.commit_poll(&lease, slice(name), began).await.expect("committed");
    }
    let news = house.store.since(&[Shelf::All], Since::Time(asked), 9).await;
    assert_eq!(titles(&news.expect("news").expect("a time").items), ["quick"]);
}

async fn an_answer_to_since_is_bounded_by_bytes(place: Place) {
    let house = House::new(place).await;
    let a = source("a");
    house.enroll(std::slice::from_ref(&a)).await;
    house.poll(&a, &[entry("backlog")]).await;
    let mut cursor = house.store.mark(house.revision()).await.expect("a cursor");
    let long = format!("<p>{}</p>", "x".repeat(1_900_000));
    let names: Vec<String> = (10..22).map(|name| name.to_string()).collect();
    let list: Vec<Entry> = names.iter().map(|name| entry(name).content(Some(&long))).collect();
    house.poll(&a, &list).await;
    let mut walked = Vec::new();
    for room in [8, 4] {
        let news = house.store.since(&[Shelf::All], Since::Cursor(cursor), 50).await;
        let news = news.expect("news").expect("our cursor");
        assert_eq!(news.items.len(), room, "16 MiB of bodies and no more");
        walked.extend(titles(&news.items));
        cursor = news.cursor;
    }
    walked.sort();
    assert_eq!(walked, names, "each once, none missed");
}

/// A source of a host that has others.
fn at(host: &str, id: &str) -> Source {
    let url = format!("https://{host}/{id}").parse().expect("an address");
    Source { url, ..source(id) }
}

async fn p_17_no_more_of_a_host_are_claimed_than_it_has_room_for(place: Place) {
    let house = House::new(place).await;
    let one = |n: usize| at("one.example", &format!("a{n}"));
    let mut all: Vec<Source> = (0..5).map(one).collect();
    all.push(at("two.example", "b"));
    house.enroll(&all).await;
    let mut rooms = Rooms::default();
    let claim = async |rooms: &Rooms| {
        let claimed = house.store.claim_due(house.now(), 9, None, rooms).await.expect("claimed");
        claimed.taken.iter().map(|lease| lease.source.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(claim(&rooms).await, ["a0", "a1", "b"]);
    rooms.take("one.example");
    assert_eq!(claim(&rooms).await, ["a2"], "one of its places is taken by an earlier claim");
}

async fn p_09_a_host_that_asked_for_it_is_left_alone(place: Place) {
    let house = House::new(place).await;
    let (a, b) = (at("one.example", "a"), at("two.example", "b"));
    house.enroll(&[a.clone(), b.clone()]).await;
    let until = house.now().plus(HOUR);
    let hold = |host: &str| Some(Hold { host: host.to_owned(), until });
    let finish = Finish { hold: hold("one.example"), ..Finish::default() };
    house.poll_with(&a, &[], finish).await;
    house.poll(&b, &[]).await;
    let house = if place == Place::File { house.restart().await } else { house };
    // One that is new to the file has to wait as well.
    let c = at("ONE.example", "c");
    house.enroll(&[a, b.clone(), c]).await;
    let rooms = Rooms::default();
    let claimed = house.store.claim_due(house.now(), 9, None, &rooms).await.expect("claimed");
    let taken = claimed.taken.iter().map(|lease| &lease.source);
    assert_eq!(taken.collect::<Vec<_>>(), [&b.id]);
    assert_eq!(claimed.next, Some(until), "then it is to be looked at again");
    let claimed = house.store.claim_due(until, 9, None, &rooms).await.expect("claimed");
    assert_eq!(claimed.taken.len(), 2);
}

async fn x_09_a_clock_that_was_ahead_keeps_nobody_waiting(place: Place) {
    let house = House::new(place).await;
    let (a, b) = (at("one.example", "a"), at("two.example", "b"));
    house.enroll(&[a.clone(), b.clone()]).await;
    let due = |house: &House| Finish { due: Some(house.now().plus(HOUR)), ..Finish::default() };
    house.poll_with(&b, &[], due(&house)).await;
    let kept = house.state(&b).await;
    let now = house.now();
    house.pass(7000 * DAY);
    let until = house.now().plus(DAY);
    let hold = Some(Hold { host: "one.example".to_owned(), until });
    house.poll_with(&a, &[], Finish { hold, ..due(&house) }).await;
    house.now_back(house.now().since(now));
    assert_eq!(house.store.put_back(now).await.expect("put right"), 1);
    assert_eq!(house.state(&a).await.due, Some(now.plus(HOUR)));
    assert_eq!(house.state(&b).await, kept, "what is in the past is as it was");
    let week = now.plus(7 * DAY).plus(MINUTE);
    let rooms = Rooms::default();
    let claimed = house.store.claim_due(week, 9, None, &rooms).await.expect("claimed");
    assert_eq!(claimed.taken.len(), 2, "no host is left alone for longer than a week");
}
