//! The press on a store that is set by hand.

use std::sync::atomic::Ordering::SeqCst;

use super::fake::{Fake, site, time};
use super::*;

fn press() -> (Arc<Fake>, Arc<Press>) {
    let store = Arc::new(Fake::new());
    let press = Press::new(store.clone(), site(), Terms::default());
    (store, Arc::new(press))
}

fn category() -> Shelf {
    Shelf::Category("shizheng".into())
}

async fn print(press: &Press, shelf: &Shelf) -> Arc<Printed> {
    press.print(shelf, format::ALL[0]).await.unwrap().unwrap()
}

fn text(printed: &Arc<Printed>) -> &str {
    std::str::from_utf8(&printed.document.bytes).unwrap()
}

#[tokio::test]
async fn rendered_once_for_all_readers() {
    let (store, press) = press();
    let readers = (0..50).map(|_| {
        let press = press.clone();
        tokio::spawn(async move { print(&press, &category()).await })
    });
    let printed = futures_util::future::join_all(readers).await;
    assert!(
        printed.iter().all(|one| Arc::ptr_eq(one.as_ref().unwrap(), printed[0].as_ref().unwrap()))
    );
    assert_eq!(store.reads.load(SeqCst), 1);
}

#[tokio::test]
async fn a_newer_head_makes_a_new_document() {
    let (store, press) = press();
    let old = print(&press, &category()).await;
    assert!(text(&old).contains("first"));
    store.put(category(), 7, &["second", "first"]);
    assert_eq!(print(&press, &category()).await.etag(None), old.etag(None));
    press.refresh().await.unwrap();
    let new = print(&press, &category()).await;
    assert!(text(&new).contains("second") && new.etag(None) != old.etag(None));
    assert_eq!(new.last_modified, Some(time(7)));
}

#[tokio::test]
async fn heads_are_found_by_the_hint() {
    let (store, press) = press();
    print(&press, &category()).await;
    let running = tokio::spawn({
        let press = press.clone();
        async move { press.run(std::future::pending()).await }
    });
    tokio::task::yield_now().await;
    store.put(category(), 7, &["second"]);
    let seen = async {
        while !text(&print(&press, &category()).await).contains("second") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_millis(900), seen).await.expect("sooner than the next look");
    running.abort();
}

#[tokio::test]
async fn run_ends_when_told() {
    let (_, press) = press();
    timeout(Duration::from_secs(5), press.run(async {})).await.expect("at once");
}

#[tokio::test]
async fn c_01_a_tag_depends_on_bytes_alone() {
    let (_, one) = press();
    let (_, other) = press();
    let (one, other) = (print(&one, &category()).await, print(&other, &category()).await);
    let tag = one.etag(None).to_str().unwrap();
    assert_eq!(tag, other.etag(None).to_str().unwrap());
    assert!(tag.len() == 34 && tag.starts_with('"') && tag.ends_with('"'));
}

#[tokio::test]
async fn c_01_formats_have_their_own_tags() {
    let (_, press) = press();
    let mut tags = std::collections::HashSet::new();
    for format in format::ALL {
        let printed = press.print(&category(), *format).await.unwrap().unwrap();
        tags.insert(printed.etag(None).to_owned());
    }
    assert_eq!(tags.len(), format::ALL.len());
}

#[tokio::test]
async fn c_18_no_empty_feed_when_the_store_is_away() {
    let (store, press) = press();
    store.is_away.store(true, SeqCst);
    assert!(press.print(&category(), format::ALL[0]).await.is_err());
    assert!(press.print(&Shelf::Category("nothing".into()), format::ALL[0]).await.is_err());
    store.is_away.store(false, SeqCst);
    assert!(text(&print(&press, &category()).await).contains("first"));
}

#[tokio::test]
async fn old_slugs_lead_on_and_slugs_in_use_do_not() {
    let (store, press) = press();
    let politics = Shelf::Category("politics".into());
    assert_eq!(press.locate(&politics).await.unwrap(), Some(Place::Moved(category())));
    store.put(politics.clone(), 2, &[]);
    press.refresh().await.unwrap();
    assert!(matches!(press.locate(&politics).await.unwrap(), Some(Place::Here(_))));
    assert_eq!(press.locate(&Shelf::Category("other".into())).await.unwrap(), None);
}

#[tokio::test]
async fn shelves_that_ended_are_forgotten() {
    let (store, press) = press();
    print(&press, &category()).await;
    store.shelves.lock().unwrap().remove(&category());
    press.refresh().await.unwrap();
    print(&press, &category()).await;
    press.reload().await.unwrap();
    assert!(press.print(&category(), format::ALL[0]).await.unwrap().is_none());
}

#[tokio::test]
async fn the_catalogue_is_in_order() {
    let (_, press) = press();
    let catalogue = press.catalogue().await.unwrap();
    let paths: Vec<_> = catalogue.shelves.iter().map(|head| head.shelf.path()).collect();
    assert_eq!(paths, ["/all", "/category/shizheng", "/source/one"]);
    assert_eq!(catalogue.updated.seconds(), time(1).seconds());
}

#[tokio::test]
async fn the_index_is_printed_once_an_edition() {
    let (store, press) = press();
    let first = press.index().await.unwrap();
    assert!(text(&first).contains("first"));
    assert!(Arc::ptr_eq(&first, &press.index().await.unwrap()));
    press.reload().await.unwrap();
    assert!(Arc::ptr_eq(&first, &press.index().await.unwrap()));
    store.put(category(), 7, &["second"]);
    press.refresh().await.unwrap();
    assert!(text(&press.index().await.unwrap()).contains("second"));
}

#[tokio::test]
async fn what_is_kept_is_bounded() {
    let store = Arc::new(Fake::new());
    let press = Press::new(store.clone(), site(), Terms { capacity: 40_000, ..Terms::default() });
    for revision in 2..500 {
        store.put(category(), revision, &["x".repeat(200).as_str(), &revision.to_string()]);
        press.refresh().await.unwrap();
        print(&press, &category()).await;
    }
    assert!(press.sheets.weight() <= 20_000, "{}", press.sheets.weight());
}
