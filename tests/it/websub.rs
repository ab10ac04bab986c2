//! Sources whose hub pushes (row H-29): in simulated time, and over sockets by the built program.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use feedloom::clock::Clock;
use feedloom::model::feed::Shelf;
use feedloom::model::hub::Push;
use feedloom::model::source::PollState;
use feedloom::store::{Finish, Slice};
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use http::Response;
use sha2::Sha256;
use url::form_urlencoded;

use crate::house::{House, answer, source};
use crate::origin::{Asked, Origin, Place, Reply, Running, await_ready, free_port, get, post};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

const HUB: &str = "https://hub.example/";
const FEED: &str = "https://news.example/feed";

/// A feed of these items; with a hub, it says so.
fn feed(items: std::ops::RangeInclusive<u32>, hub: Option<(&str, &str)>) -> String {
    let hub = hub.map(|(hub, itself)| {
        format!("<link rel=\"hub\" href=\"{hub}\"/><link rel=\"self\" href=\"{itself}\"/>")
    });
    let entries: String = items
        .rev()
        .map(|n| {
            format!(
                "<entry><id>urn:n:{n}</id><title>item {n}</title><link href=\"https://news.example/{n}\"/><updated>2022-05-27T12:00:{n:02}Z</updated></entry>"
            )
        })
        .collect();
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>urn:f</id><title>News</title><updated>2022-05-27T12:00:00Z</updated>{}{entries}</feed>",
        hub.unwrap_or_default()
    )
}

fn form(body: &[u8]) -> HashMap<String, String> {
    form_urlencoded::parse(body).into_owned().collect()
}

/// A house with one source that names a hub, which takes every request.
async fn house(more: &str) -> House {
    let file = format!("[[source]]\nid = \"news\"\nkind = \"feed\"\nurl = \"{FEED}\"\n{more}\n");
    let house = House::new(&file).await;
    house.web.serve(FEED, feed(1..=3, Some((HUB, FEED))));
    house.web.script(HUB, |_| Ok(answer(202, "")));
    house.round().await;
    house
}

async fn subscribe(house: &House) {
    house.ingest().subscribe().await.expect("the store answers");
}

async fn state(house: &House) -> PollState {
    let states = house.store.states().await.expect("the store answers");
    states.into_iter().next().expect("one source").1
}

async fn push_of(house: &House) -> Push {
    state(house).await.push.expect("a hub")
}

/// What the hub was last asked, and the token in it.
fn told(house: &House) -> (HashMap<String, String>, String) {
    let form = form(house.web.last(HUB).body());
    let callback = &form["hub.callback"];
    let token = callback.strip_prefix("https://test.example/callback/").expect("ours").to_owned();
    (form, token)
}

async fn verify(house: &House, token: &str, lease: Duration) {
    let now = house.clock.now();
    let done = house.store.verify(token, now.plus(lease), now.plus(lease / 2), now).await;
    done.expect("the store answers");
}

#[tokio::test]
async fn h_29_a_hub_is_asked_once_and_again_at_half_its_lease() {
    let house = house("").await;
    subscribe(&house).await;
    let (form, first) = told(&house);
    assert_eq!((form["hub.mode"].as_str(), form["hub.topic"].as_str()), ("subscribe", FEED));
    assert!(form["hub.secret"].len() >= 32 && form["hub.secret"].len() < 200);
    assert!(first.len() >= 32, "at least 128 bits");
    subscribe(&house).await;
    assert_eq!(house.web.asked(HUB), 1);

    // It never said that it means it: asked again later and later, under another address.
    house.clock.pass(HOUR);
    subscribe(&house).await;
    let (_, second) = told(&house);
    assert_ne!(first, second);
    assert_eq!(house.store.callback(&first).await.expect("an answer"), None);
    house.clock.pass(HOUR);
    subscribe(&house).await;
    assert_eq!(house.web.asked(HUB), 2);

    verify(&house, &second, 10 * DAY).await;
    assert!(push_of(&house).await.is_active(house.clock.now()));
    house.clock.pass(4 * DAY);
    subscribe(&house).await;
    assert_eq!(house.web.asked(HUB), 2);
    house.clock.pass(DAY);
    subscribe(&house).await;
    let (_, third) = told(&house);
    let known = async |token: &str| house.store.callback(token).await.expect("an answer").is_some();
    assert!(known(&second).await && known(&third).await, "the old one until the new one is meant");
    verify(&house, &third, 10 * DAY).await;
    let lease = async |token: &str| {
        let callback = house.store.callback(token).await.expect("an answer").expect("known");
        callback.lease.expect("a lease").since(house.clock.now())
    };
    assert!(lease(&second).await <= HOUR, "what is on its way to it still arrives");
    assert_eq!(lease(&third).await, 10 * DAY);

    // Another hub: the first one is not believed any more, and the new one is asked at once.
    let other = "https://other.example/";
    house.web.script(other, |_| Ok(answer(202, "")));
    house.web.serve(FEED, feed(1..=4, Some((other, FEED))));
    house.poll("news").await;
    assert!(!known(&third).await && !push_of(&house).await.is_active(house.clock.now()));
    subscribe(&house).await;
    assert_eq!(house.web.asked(other), 1);
}

#[tokio::test]
async fn h_29_a_push_during_a_poll_is_not_forgotten() {
    let house = house("interval = \"6h\"").await;
    let id = source("news").id;
    house.clock.pass(HOUR);
    let only = [id.clone()];
    let rooms = feedloom::model::manners::Rooms::default();
    let claimed = house.store.claim_due(house.clock.now(), 1, Some(&only), &rooms).await;
    let lease = claimed.expect("an answer").taken.pop().expect("a lease");
    let push = Response::new(Bytes::from(feed(4..=4, None)));
    house.ingest().push(&id, push).await.expect("taken");
    // The poll that was under way ends, and would have been the last for hours.
    let finish = Finish {
        succeeded: true,
        validators: Some(Vec::new()),
        due: Some(house.clock.now().plus(6 * HOUR)),
        ..Finish::default()
    };
    let slice = Slice { finish: Some(finish), ..Slice::default() };
    house.store.commit_poll(&lease, slice, house.clock.now()).await.expect("committed");
    house.web.serve(FEED, feed(2..=4, Some((HUB, FEED))));
    assert_eq!(house.round().await.len(), 1, "it is polled at once");
    assert_eq!(house.items(&Shelf::Source(id)).await.len(), 4);
    assert!(house.round().await.is_empty(), "and once");
}

#[tokio::test]
async fn h_29_a_late_push_is_put_right_by_the_next_poll() {
    let house = house("").await;
    let id = source("news").id;
    let titles = async || {
        let items = house.items(&Shelf::Source(id.clone())).await;
        items.iter().map(|item| item.title.as_str().to_owned()).collect::<Vec<_>>().join(", ")
    };
    let old = feed(3..=3, None);
    let new = feed(1..=3, Some((HUB, FEED))).replace("item 3", "corrected 3");
    house.web.serve(FEED, new);
    house.poll("news").await;
    house.ingest().push(&id, Response::new(Bytes::from(old))).await.expect("taken");
    assert!(titles().await.contains("item 3"));
    house.poll("news").await;
    assert!(titles().await.contains("corrected 3"), "{}", titles().await);
}

#[tokio::test]
async fn h_29_a_push_says_nothing_of_the_polls_that_fail() {
    let house = house("").await;
    let id = source("news").id;
    house.web.script(FEED, |_| Ok(answer(410, "")));
    house.poll("news").await;
    let before = state(&house).await;
    assert_eq!((before.failures, before.next()), (1, None));
    house.ingest().push(&id, Response::new(Bytes::from(feed(4..=4, None)))).await.expect("taken");
    house.ingest().push(&id, Response::new(Bytes::from("no feed"))).await.expect("taken");
    let after = state(&house).await;
    assert_eq!((after.failures, after.next(), after.trouble), (1, None, before.trouble));
    assert_eq!(house.items(&Shelf::Source(id)).await.len(), 4);
}

#[tokio::test]
async fn h_29_switching_it_off_ends_it_at_once() {
    let house = house("").await;
    subscribe(&house).await;
    let (_, token) = told(&house);
    verify(&house, &token, 10 * DAY).await;
    let file =
        format!("[[source]]\nid = \"news\"\nkind = \"feed\"\nurl = \"{FEED}\"\nhub = false\n");
    let house = house.restarted(&file).await;
    assert_eq!(house.store.callback(&token).await.expect("an answer"), None);
    assert_eq!(state(&house).await.push, None);
    house.clock.pass(6 * DAY);
    subscribe(&house).await;
    assert_eq!(house.web.asked(HUB), 1);
}

#[tokio::test]
async fn p_07_a_source_whose_hub_pushes_is_polled_twelve_times_more_seldom() {
    let house = house("").await;
    let wait = async |house: &House| {
        house.poll("news").await;
        state(house).await.due.expect("a time").since(house.clock.now())
    };
    let usual = wait(&house).await;
    subscribe(&house).await;
    verify(&house, &told(&house).1, 2 * DAY).await;
    let seldom = wait(&house).await;
    assert!(seldom >= (usual * 10).min(DAY) && seldom <= DAY * 11 / 10, "{usual:?} {seldom:?}");
    house.clock.pass(3 * DAY);
    let again = wait(&house).await;
    assert!(again < seldom, "its lease is over: {again:?}");
}

#[tokio::test]
async fn h_29_what_is_pushed_is_stored_and_takes_nothing_away() {
    let house = house("").await;
    let before = state(&house).await;
    let pushed = |body: String| Response::new(Bytes::from(body));
    let id = source("news").id;
    house.clock.pass(HOUR / 2);
    house.ingest().push(&id, pushed(feed(4..=4, None))).await.expect("taken");
    let titles = async || {
        let items = house.items(&Shelf::Source(id.clone())).await;
        items.iter().map(|item| item.title.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(titles().await, ["item 4", "item 3", "item 2", "item 1"]);
    let after = state(&house).await;
    assert_eq!((&after.validators, after.due), (&before.validators, before.due));
    assert_eq!((after.missed, after.unfinished), (None, false));
    assert!(after.push.is_some(), "one that names no hub when it pushes keeps it");

    // The next poll finds nothing new, and nothing gone.
    house.web.serve(FEED, feed(2..=4, Some((HUB, FEED))));
    let report = house.poll("news").await;
    assert_eq!((report.published, report.trouble), (0, None));
    assert_eq!(titles().await.len(), 4);

    // What cannot be read is asked for instead, at once.
    house.ingest().push(&id, pushed("no feed".to_owned())).await.expect("taken");
    let due = state(&house).await.due.expect("a time");
    assert_eq!(due.millis(), house.clock.now().millis());
    assert_eq!(state(&house).await.trouble, None);
    assert_eq!(titles().await.len(), 4);
}

#[tokio::test]
async fn h_29_who_does_not_want_it_or_cannot_be_reached_asks_no_hub() {
    let off = house("hub = false").await;
    subscribe(&off).await;
    assert_eq!((off.web.asked(HUB), state(&off).await.push), (0, None));

    // Its document names none any more.
    let house = house("").await;
    house.web.serve(FEED, feed(1..=4, None));
    house.poll("news").await;
    subscribe(&house).await;
    assert_eq!((house.web.asked(HUB), state(&house).await.push), (0, None));
}

#[tokio::test]
async fn h_29_a_hub_that_refuses_is_asked_later_and_later() {
    let house = house("").await;
    house.web.script(HUB, |_| Ok(answer(403, "no")));
    let mut asked = Vec::new();
    for _ in 0..40 {
        let before = house.web.asked(HUB);
        subscribe(&house).await;
        asked.push(house.web.asked(HUB) - before);
        house.clock.pass(HOUR);
    }
    assert_eq!(asked.iter().sum::<usize>(), 6, "after 0, 1, 3, 7, 15 and 31 hours: {asked:?}");
    let trouble = push_of(&house).await.trouble.expect("told");
    assert!(trouble.contains("403"), "{trouble}");
}

/// An origin with a feed and a hub, which notes what it was asked.
struct Upstream {
    origin: Origin,
    forms: Arc<Mutex<Vec<HashMap<String, String>>>>,
    polls: Arc<Mutex<usize>>,
}

impl Upstream {
    fn new(hub: Option<String>) -> Upstream {
        let (forms, polls) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        let (noted, counted) = (forms.clone(), polls.clone());
        let origin = Origin::start(move |asked: &Asked| match asked.path.as_str() {
            "/hub" if asked.method == "POST" => {
                noted.lock().expect("fine").push(form(&asked.body));
                Reply { status: 202, headers: Vec::new(), body: Vec::new() }
            }
            _ => {
                *counted.lock().expect("fine") += 1;
                let at = asked.header("host").expect("a host");
                let hub = hub.clone().unwrap_or_else(|| format!("http://{at}/hub"));
                let itself = format!("http://{at}/feed");
                Reply::ok(feed(1..=3, Some((&hub, &itself))))
            }
        });
        Upstream { origin, forms, polls }
    }

    /// Waits for a request to the hub.
    fn form(&self) -> HashMap<String, String> {
        for _ in 0..1000 {
            if let Some(form) = self.forms.lock().expect("fine").pop() {
                return form;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the hub was not asked within 20 s");
    }

    /// The program, polling it.
    fn serve(&self) -> (Place, Running, u16) {
        let (port, at) = (free_port(), self.origin.address);
        let place = Place::new(&format!(
            "[site]\ntitle = \"Test\"\nurl = \"http://127.0.0.1:{port}\"\n[server]\nlisten = \"127.0.0.1:{port}\"\n\
             [[source]]\nid = \"news\"\nkind = \"feed\"\nurl = \"http://{at}/feed\"\nallow = [\"{at}\"]\n"
        ));
        let mut command = place.command(&["serve"]);
        let running =
            Running(command.stdout(std::process::Stdio::null()).spawn().expect("it runs"));
        await_ready(port, "/readyz");
        (place, running, port)
    }
}

fn signed(secret: &str, body: &str) -> String {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(body.as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    format!("sha256={hex}")
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[test]
fn h_29_and_t_27_a_hub_pushes_and_nobody_else_does() {
    let upstream = Upstream::new(None);
    let (_place, _running, port) = upstream.serve();
    let form = upstream.form();
    let callback = form["hub.callback"].clone();
    let path = callback.strip_prefix(&format!("http://127.0.0.1:{port}")).expect("our address");
    let (topic, secret) = (&form["hub.topic"], &form["hub.secret"]);
    let say = |mode: &str, topic: &str, more: &str| {
        let query = format!("hub.mode={mode}&hub.topic={}{more}", encoded(topic));
        let (status, _, body) = get(port, &format!("{path}?{query}"), &[]).expect("an answer");
        (status, String::from_utf8_lossy(&body).into_owned())
    };
    let items = || {
        let body = get(port, "/all.json", &[]).expect("an answer").2;
        let feed: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        feed["items"].as_array().map_or(0, Vec::len)
    };
    let push = |path: &str, signature: &str, body: &str| {
        let headers = [("x-hub-signature", signature), ("content-type", "application/atom+xml")];
        post(port, path, &headers, body.as_bytes()).expect("an answer").0
    };
    let body = feed(4..=4, None);
    let good = signed(secret, &body);

    // Nobody pushes before the hub has said that it means it.
    assert_eq!(push(path, &good, &body), 404);
    let lease = "&hub.challenge=ch%2Fa&hub.lease_seconds=86400";
    for (mode, topic, more) in [
        ("subscribe", "http://other.example/", lease),
        ("subscribe", &topic.to_uppercase(), lease),
        ("subscribe", &format!("{topic}/"), lease),
        ("subscribe", topic, ""),
        ("subscribe", topic, "&hub.challenge=c&hub.lease_seconds=-1"),
        ("subscribe", topic, "&hub.challenge=c&hub.lease_seconds=abc"),
        ("unsubscribe", topic, lease),
        ("denied", "http://other.example/", ""),
        ("publish", topic, lease),
    ] {
        assert_eq!(say(mode, topic, more).0, 404, "{mode} {topic} {more}");
    }
    let elsewhere = format!(
        "/callback/{}?hub.mode=subscribe&hub.topic={}{lease}",
        "0".repeat(40),
        encoded(topic)
    );
    assert_eq!(get(port, &elsewhere, &[]).expect("an answer").0, 404);
    assert_eq!(push(path, &good, &body), 404);

    let huge = "&hub.challenge=ch%2Fa&hub.lease_seconds=999999999999";
    assert_eq!(say("subscribe", topic, huge), (200, "ch/a".to_owned()));
    assert_eq!(say("subscribe", topic, lease), (200, "ch/a".to_owned()), "a hub that asks again");
    // Who has a lease is not denied by whoever says so.
    assert_eq!(say("denied", topic, "&hub.reason=x").0, 404);
    assert_eq!(say("unsubscribe", topic, lease).0, 404);

    // What is not signed, or not by the hub, is taken without a word and changes nothing.
    for signature in ["", "sha256=00", &signed("other", &body), &good.replace("sha256", "sha1")] {
        assert_eq!(push(path, signature, &body), 202, "{signature}");
    }
    assert_eq!(post(port, path, &[], body.as_bytes()).expect("an answer").0, 202);
    assert_eq!(push(path, &good, &format!("{body} ")), 202);
    assert_eq!(push("/callback/", &good, &body), 404);
    assert_eq!(push("/callback/a/b", &good, &body), 404);
    assert_eq!(items(), 3);
    let long = "x".repeat((5 << 20) + 1);
    assert_eq!(push(path, &signed(secret, &long), &long), 413);

    // What the hub pushes is there when it is answered, with a signature in any case and twice as well.
    assert_eq!(push(path, &good, &body), 202);
    for _ in 0..100 {
        if items() == 4 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(items(), 4);
    assert_eq!(push(path, &good, &body), 202);
    assert_eq!(items(), 4);
    assert_eq!(*upstream.polls.lock().expect("fine"), 1, "it was not polled for that");

    let status = get(port, "/status.json", &[]).expect("an answer").2;
    let text = String::from_utf8_lossy(&status).into_owned();
    let status: serde_json::Value = serde_json::from_slice(&status).expect("JSON");
    assert!(status["sources"][0]["hub"]["pushes_until"].is_string(), "{text}");
    let token = path.rsplit('/').next().expect("a token");
    assert!(
        !text.contains(token) && !text.contains(secret.as_str()),
        "secrets are shown to nobody"
    );
}

#[test]
fn t_03_a_hub_on_a_private_address_gets_no_secret() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("it can wait");
    let at = listener.local_addr().expect("bound");
    let upstream = Upstream::new(Some(format!("http://{at}/hub")));
    let (_place, _running, port) = upstream.serve();
    let told = || {
        let body = get(port, "/status.json", &[]).expect("an answer").2;
        let status: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        status["sources"][0]["hub"]["last_error"].as_str().map(str::to_owned)
    };
    let mut trouble = None;
    for _ in 0..500 {
        trouble = told();
        if trouble.is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(trouble.expect("told").contains("private"));
    assert!(listener.accept().is_err(), "nobody connected");
}
