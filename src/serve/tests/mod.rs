//! A desk over a store set by hand, and a house of it; each idea has a file of its own.

mod feeds;
mod hub;
mod pages;
mod protocol;
mod socket;

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep};

use super::*;
use crate::clock::Manual;
use crate::format;
use crate::model::feed::{Shelf, Tombstone, Window};
use crate::model::period::Period;
use crate::model::sieve::{Rule, Sieve};
use crate::model::source::{PollState, SourceId};
use crate::model::view::{Member, View};
use crate::press::fake::{Fake, item, site, time};
use crate::press::{Press, Terms};

struct House {
    store: Arc<Fake>,
    desk: Arc<Desk>,
    clock: Arc<Manual>,
    ready: watch::Sender<bool>,
    unstored: Arc<Mutex<HashMap<SourceId, String>>>,
}

fn house() -> House {
    house_on(Terms::default())
}

fn house_on(terms: Terms) -> House {
    let store = Arc::new(Fake::new());
    let clock = Arc::new(Manual::at(time(3600)));
    let (ready, is_ready) = watch::channel(true);
    let press = Press::new(store.clone(), site(), terms);
    let upstream = Upstream {
        id: SourceId::new("one").unwrap(),
        kind: "feed".into(),
        title: None,
        url: "https://a.example/".into(),
    };
    let unstored: Arc<Mutex<HashMap<SourceId, String>>> = Arc::default();
    let kept = unstored.clone();
    let desk = Desk {
        press: Arc::new(press),
        store: store.clone(),
        clock: clock.clone(),
        upstreams: vec![upstream],
        unstored: Box::new(move || kept.lock().unwrap().clone()),
        pushes: Pushes::new(Box::new(|_, _| Box::pin(async { Ok(()) })), Arc::default()),
        hub: Some(Hub::new(Arc::default())),
        ready: is_ready,
        answers: Answers::default(),
    };
    House { store, desk: Arc::new(desk), clock, ready, unstored }
}

impl House {
    /// Asks with these headers, written `name: value`.
    async fn ask(&self, method: &str, path: &str, headers: &[&str]) -> Response<Bytes> {
        let mut request = Request::builder().method(method).uri(path).header("host", "a.example");
        for header in headers {
            let (name, value) = header.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        self.give(request.body(()).unwrap()).await
    }

    async fn give(&self, request: Request<()>) -> Response<Bytes> {
        self.desk.answer(&request.into_parts().0).await
    }

    /// Puts so much on a shelf that its feeds are worth coding.
    async fn put_long(&self, path: &str) {
        let at = |shelf: &&Shelf| shelf.path() == path;
        let shelf = self.store.shelves.lock().unwrap().keys().find(at).unwrap().clone();
        self.store.put(shelf, 7, &["长长的标题".repeat(200).as_str(), "first"]);
        self.desk.press.reload().await.unwrap();
    }

    /// The header by which a reader says what it has of a document.
    async fn tag(&self, path: &str) -> String {
        format!("if-none-match: {}", header(&self.get(path).await, "etag"))
    }

    async fn get(&self, path: &str) -> Response<Bytes> {
        self.ask("GET", path, &[]).await
    }
}

fn header<'a, B>(answer: &'a Response<B>, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

const FEEDS: &[&str] = &["/all", "/category/shizheng", "/source/one"];

/// Every feed in every format.
fn feeds() -> Vec<String> {
    let suffixed =
        |path: &&str| format::ALL.iter().map(|f| format!("{path}.{}", f.name())).collect();
    FEEDS.iter().flat_map(|path| -> Vec<String> { suffixed(path) }).collect()
}
