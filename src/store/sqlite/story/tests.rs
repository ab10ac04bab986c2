//! What twins leave in the log and in their tables, which no reader sees. What readers see stands in
//! the store's contract.

use std::time::Duration;

use rusqlite::Connection;

use super::super::row::instant;
use super::super::statement::Statement;
use super::super::{claim, commit, enroll, file, prune, twin};
use crate::model::draft::{Draft, Stamp};
use crate::model::feed::Window;
use crate::model::manners::Rooms;
use crate::model::source::{Mark, Source, SourceId};
use crate::model::text::Text;
use crate::model::time::Timestamp;
use crate::store::{Finish, LEASE, Sighting, Slice};

const NOON: i64 = 1_795_000_000_000;

fn source(id: &str) -> Source {
    let url = format!("https://{id}.example/feed").parse().expect("a good address");
    Source { namespace: id.to_owned(), ..Source::new(SourceId::new(id).expect("an id"), url) }
}

fn house(sources: &[Source]) -> Connection {
    let connection = file::open_memory().expect("memory");
    let window = Window { items: 1, age: Duration::ZERO, ..Window::default() };
    enroll::enroll(&connection, sources, &[], window, instant(NOON)).expect("enrolled");
    connection
}

/// One poll, in which the source shows these pages of one paper and nothing else.
fn poll(connection: &Connection, source: &Source, pages: &[u32], now: i64) {
    let now = instant(now);
    let only = [source.id.clone()];
    let claimed = claim::claim(connection, now, 1, Some(&only), &mut Rooms::default(), LEASE)
        .expect("claimed");
    let sightings = pages.iter().map(|page| sighting(source, *page, now)).collect();
    let marks = pages.iter().map(|page| Mark::new(&page.to_string(), []).key).collect();
    let finish = Finish { succeeded: true, answer: Some(marks), whole: true, ..Finish::default() };
    let slice = Slice { sightings, finish: Some(finish), ..Slice::default() };
    let right = commit::Right::of(&claimed.taken[0]);
    commit::commit(connection, &right, slice, now, LEASE).expect("committed");
}

fn sighting(source: &Source, page: u32, now: Timestamp) -> Sighting {
    let draft = Draft {
        guid: Some(format!("{} {page}", source.id)),
        title: Some(Text::plain("江岸水厂通水")),
        link: Some(format!("https://paper.example/{page}")),
        published: Some(Stamp::detect(now.rfc3339())),
        ..Draft::default()
    };
    let refined = draft.refine(source, now);
    Sighting { mark: Mark::new(&page.to_string(), []), refined, detailed: true }
}

/// The log as `(item, verb, quiet)`.
fn log(connection: &Connection) -> Vec<(i64, i64, bool)> {
    let sql = "SELECT item, verb, quiet FROM log ORDER BY revision";
    connection.all(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).expect("a log")
}

fn count(connection: &Connection, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    connection.one(&sql, [], |row| row.get(0)).expect("a count")
}

const PUBLISHED: i64 = 1;
const REFILED: i64 = 3;
const WITHDRAWN: i64 = 4;

#[test]
fn a_twin_is_logged_like_any_item_and_who_names_it_quietly() {
    let all = ["a", "b"].map(source);
    let connection = house(&all);
    for source in &all {
        poll(&connection, source, &[], NOON);
    }
    poll(&connection, &all[0], &[1], NOON + 1);
    poll(&connection, &all[1], &[1], NOON + 2);
    assert_eq!(
        log(&connection),
        [(1, PUBLISHED, false), (2, PUBLISHED, false), (1, REFILED, true)]
    );
    poll(&connection, &all[1], &[1], NOON + 3);
    assert_eq!(log(&connection).len(), 3, "polling again adds nothing");
    poll(&connection, &all[0], &[], NOON + 4);
    assert_eq!(log(&connection)[3..], [(1, WITHDRAWN, false), (2, REFILED, true)]);
    poll(&connection, &all[0], &[1], NOON + 5);
    assert_eq!(log(&connection)[5..], [(1, PUBLISHED, false)], "its row in the log says it all");
}

#[test]
fn a_house_of_one_upstream_keeps_nothing_for_twins() {
    let all = ["a", "b"].map(source);
    let connection = house(&all[..1]);
    poll(&connection, &all[0], &[1], NOON);
    assert_eq!(count(&connection, "gist"), 0, "a large archive is taken in as fast as before");
    enroll::enroll(&connection, &all, &[], Window::default(), instant(NOON)).expect("enrolled");
    poll(&connection, &all[0], &[1, 2], NOON);
    assert_eq!(count(&connection, "gist"), 1);
}

#[test]
fn a_story_of_one_is_none() {
    let all = ["a", "b"].map(source);
    let connection = house(&all);
    for source in &all {
        poll(&connection, source, &[1], NOON);
    }
    assert_eq!((count(&connection, "story"), count(&connection, "twin")), (1, 2));
    let alone = Source { collapse: false, ..source("b") };
    let sources = [all[0].clone(), alone];
    enroll::enroll(&connection, &sources, &[], Window::default(), instant(NOON)).expect("enrolled");
    assert_eq!((count(&connection, "story"), count(&connection, "twin")), (0, 0));
}

#[test]
fn what_is_long_past_is_swept_in_parts() {
    let connection = house(&[]);
    let sql = "INSERT INTO gist (bucket, key, item, namespace) VALUES (?, ?, 1, 1)";
    let bucket = |days: i64| (NOON - days * 86_400_000) >> 30;
    for key in 0..9_000 {
        connection.run(sql, [bucket(200), key]).expect("a row");
    }
    connection.run(sql, [bucket(20), 1]).expect("a row");
    let mut parts = 0;
    while twin::sweep(&connection, instant(NOON)).expect("swept") {
        parts += 1;
    }
    assert_eq!((parts, count(&connection, "gist")), (3, 1));
}

#[test]
fn pruning_leaves_nothing_of_a_story() {
    let all = ["a", "b"].map(|id| Source { keep: Some(Duration::from_secs(60)), ..source(id) });
    let connection = house(&all);
    for (at, pages) in [&[1][..], &[2]].into_iter().enumerate() {
        for source in &all {
            poll(&connection, source, pages, NOON + at as i64);
        }
    }
    // Page 1 is withdrawn and stood below, so nothing needs it.
    for keeping in prune::sources(&connection).expect("sources") {
        let now = instant(NOON + 86_400_000);
        prune::step(&connection, &keeping, prune::START, prune::STEP, now).expect("pruned");
    }
    assert_eq!((count(&connection, "story"), count(&connection, "twin")), (1, 2));
    assert_eq!(count(&connection, "item"), 2);
}
