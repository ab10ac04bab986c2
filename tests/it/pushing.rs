//! Webhooks over real sockets: by the built program, its command line and the operator's own door; receivers
//! that misbehave; and kills at any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use feedloom::clock::{Clock, System};
use feedloom::webhook::signature;
use serde_json::{Value, json};

use crate::house::{House, KEY, Web};
use crate::origin::{Asked, Origin, Place, Reply, Running, await_ready, free_port, get, post};

/// A feed of the items 1 to `n`, the newest 200 of them.
fn feed(n: usize) -> String {
    let items: String = (1..=n)
        .skip(n.saturating_sub(200))
        .map(|k| format!("<item><guid>urn:n:{k}</guid><title>item {k}</title></item>"))
        .collect();
    format!("<rss version=\"2.0\"><channel><title>News</title>{items}</channel></rss>")
}

/// A message, once it is believed.
#[derive(Clone, Debug)]
struct Message {
    path: String,
    id: String,
    body: Value,
    signatures: String,
}

fn short(message: &Message) -> String {
    let data = &message.body["data"];
    let about = data["title"].as_str().or(data["id"].as_str()).unwrap_or("?");
    format!("{} {about}", message.body["type"].as_str().unwrap_or("?"))
}

/// A receiver that takes what is signed with one of its keys, and nothing else.
#[derive(Clone, Default)]
struct Receiver {
    keys: Arc<Mutex<Vec<String>>>,
    taken: Arc<Mutex<Vec<Message>>>,
}

impl Receiver {
    fn take(&self, asked: &Asked) -> Reply {
        let header = |name| asked.header(name).unwrap_or_default();
        let (id, at, by) =
            (header(signature::ID), header(signature::TIMESTAMP), header(signature::SIGNATURE));
        let now = System.now().seconds();
        let keys = self.keys.lock().expect("nobody panicked");
        let is_by = |key: &String| signature::verify(key, id, at, by, &asked.body, now).is_ok();
        if !keys.iter().any(is_by) {
            return Reply { status: 401, ..Reply::ok("") };
        }
        let message = Message {
            path: asked.path.clone(),
            id: id.to_owned(),
            body: serde_json::from_slice(&asked.body).expect("JSON"),
            signatures: by.to_owned(),
        };
        self.taken.lock().expect("nobody panicked").push(message);
        Reply { status: 204, ..Reply::ok("") }
    }

    fn messages(&self) -> Vec<Message> {
        self.taken.lock().expect("nobody panicked").clone()
    }

    /// Waits until so many messages came.
    fn await_messages(&self, count: usize) -> Vec<Message> {
        let began = Instant::now();
        loop {
            let messages = self.messages();
            if messages.len() >= count {
                return messages;
            }
            let waited = began.elapsed();
            assert!(waited < Duration::from_secs(20), "{} of {count} messages", messages.len());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

const TOKEN: &str = "open sesame, please";

/// One request at the operator's own door.
fn api(port: u16, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let answer = match (method, body) {
        ("GET", _) => get(port, path, &headers),
        (_, body) => {
            let body = body.map(|body| body.to_string()).unwrap_or_default();
            post(port, path, &headers, body.as_bytes())
        }
    };
    let (status, _, body) = answer.expect("an answer");
    (status, serde_json::from_slice(&body).expect("JSON"))
}

#[test]
fn subscriptions_by_the_door_and_by_the_command_line() {
    let shown = Arc::new(AtomicUsize::new(1));
    let (count, receiver) = (shown.clone(), Receiver::default());
    let taking = receiver.clone();
    let origin = Origin::start(move |asked| match asked.path.as_str() {
        "/feed" => Reply::ok(feed(count.load(Ordering::SeqCst))),
        _ => taking.take(asked),
    });
    let (port, own, at) = (free_port(), free_port(), origin.address);
    let place = Place::new(&format!(
        "[site]\ntitle = \"Test\"\nurl = \"http://127.0.0.1:{port}\"\n[server]\nlisten = \"127.0.0.1:{port}\"\n\
         [admin]\nlisten = \"127.0.0.1:{own}\"\ntoken = \"file:token\"\n\
         [[host]]\nname = \"127.0.0.1\"\ngap = \"0s\"\n\
         [[source]]\nid = \"news\"\nkind = \"feed\"\nurl = \"http://{at}/feed\"\nallow = [\"{at}\"]\ninterval = \"1h\"\n"
    ));
    place.write("token", TOKEN);
    let mut command = place.command(&["serve"]);
    let _running = Running(command.stdout(Stdio::null()).spawn().expect("it runs"));
    await_ready(port, "/readyz");

    let wish =
        json!({ "id": "desk", "url": format!("http://{at}/desk"), "allow": [at.to_string()] });
    let (status, told) = api(own, "POST", "/api/subscriptions", Some(wish.clone()));
    assert_eq!(status, 422, "http is not taken for granted: {told}");
    let mut wish = wish;
    wish["allow_http"] = true.into();
    let (status, made) = api(own, "POST", "/api/subscriptions", Some(wish.clone()));
    assert_eq!(status, 201, "{made}");
    let key = made["secret"].as_str().expect("a key").to_owned();
    receiver.keys.lock().expect("nobody panicked").push(key.clone());
    assert_eq!(api(own, "POST", "/api/subscriptions", Some(wish)).0, 409);
    let odd = json!({ "id": "odd", "url": "https://a.example/", "colour": "red" });
    assert_eq!(api(own, "POST", "/api/subscriptions", Some(odd)).0, 400);

    let (status, told) = api(own, "POST", "/api/subscriptions/desk/test", None);
    assert_eq!((status, &told["taken"]), (200, &Value::Bool(true)), "{told}");
    assert_eq!(short(&receiver.await_messages(1)[0]), "feedloom.test Test");

    let more = |n: usize| {
        shown.store(n, Ordering::SeqCst);
        let (status, polled) = api(own, "POST", "/api/sources/news/poll", None);
        assert_eq!((status, &polled["published"]), (200, &json!(1)), "{polled}");
    };
    more(2);
    assert_eq!(short(&receiver.await_messages(2)[1]), "item.published item 2");

    // The command line changes what the running program does.
    let (code, told, _) = place.run(&["subscriptions", "pause", "desk"]);
    assert_eq!((code, told.as_str()), (0, "desk is paused\n"));
    std::thread::sleep(Duration::from_millis(1200));
    more(3);
    let (_, listed, _) = place.run(&["subscriptions"]);
    assert!(listed.contains("desk  paused") && !listed.contains(&key), "{listed}");
    let (_, owed, _) = place.run(&["deliveries", "--json"]);
    let owed: Value = serde_json::from_str(&owed).expect("JSON");
    assert_eq!(
        (&owed[0]["subscription"], &owed[0]["changes_to_look_at"]),
        (&json!("desk"), &json!(1))
    );
    assert_eq!(receiver.messages().len(), 2, "who is paused is told nothing");
    assert_eq!(place.run(&["subscriptions", "resume", "desk"]).0, 0);
    assert_eq!(short(&receiver.await_messages(3)[2]), "item.published item 3");

    let (code, second, _) = place.run(&["subscriptions", "rotate", "desk"]);
    assert!(code == 0 && second.starts_with("whsec_"), "{second}");
    std::thread::sleep(Duration::from_millis(1200));
    more(4);
    let last = receiver.await_messages(4)[3].clone();
    assert_eq!(
        last.signatures.split(' ').count(),
        2,
        "the old key still verifies, beside the new one"
    );

    let (code, told, _) = place.run(&["replay", "desk", "--item", "urn:n:2"]);
    assert_eq!((code, told.as_str()), (0, "1 to be sent again\n"));
    let messages = receiver.await_messages(5);
    assert_eq!(messages[4].id, messages[1].id, "under the id it had");
    let (status, told) = api(own, "POST", "/api/withdraw", Some(json!({ "item": "urn:n:3" })));
    assert_eq!((status, &told["was_there"]), (200, &Value::Bool(true)));
    assert_eq!(short(&receiver.await_messages(6)[5]), "item.withdrawn urn:n:3");
    let again = json!({ "revision": 1, "dead": true });
    assert_eq!(api(own, "POST", "/api/subscriptions/desk/replay", Some(again)).0, 422);

    let (status, listed) = api(own, "GET", "/api/subscriptions", None);
    assert_eq!((status, &listed["subscriptions"][0]["state"]), (200, &json!("active")));
    assert!(!listed.to_string().contains("whsec_"), "T-29: no key is shown again");
    // The answer to the last message may have come a moment before it is noted.
    let mut deliveries = Value::Null;
    for _ in 0..100 {
        deliveries = api(own, "GET", "/api/deliveries?subscription=desk", None).1;
        if deliveries["owed"][0]["changes_to_look_at"] == 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(deliveries["owed"][0]["changes_to_look_at"], 0, "{deliveries}");
    assert_eq!(deliveries["dead"], json!([]));
    assert_eq!(api(own, "POST", "/api/subscriptions/none/pause", None).0, 404);
    assert_eq!(api(own, "POST", "/api/sources/none/poll", None).0, 404);
    assert_eq!(place.run(&["subscriptions", "remove", "desk"]).0, 0);
    assert_eq!(place.run(&["subscriptions", "remove", "desk"]).0, 1);
    assert_eq!(api(own, "GET", "/api/subscriptions/desk", None).0, 404);
}

/// A receiver that answers in its own way, and counts who came.
fn misbehaving(
    answer: impl Fn(&mut std::net::TcpStream) + Send + Sync + 'static,
) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let (came, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(answer));
    let count = came.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            count.fetch_add(1, Ordering::SeqCst);
            let answer = answer.clone();
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 65_536]);
                answer(&mut stream);
            });
        }
    });
    (address, came)
}

/// Each misbehaves in its own way, all at once; the one that doesn't is told at once all the same.
#[tokio::test]
async fn receivers_that_misbehave_fail_alone() {
    let (elsewhere, asked_elsewhere) = misbehaving(|_| {});
    let lines = move |text: String| {
        move |stream: &mut std::net::TcpStream| {
            let _ = stream.write_all(text.as_bytes());
        }
    };
    let endless = |stream: &mut std::net::TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 4096]).is_ok() {}
    };
    let dripping = |stream: &mut std::net::TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(300));
        }
    };
    let moved = |status: u16| {
        format!(
            "HTTP/1.1 {status} Moved\r\nlocation: http://{elsewhere}/\r\ncontent-length: 0\r\n\r\n"
        )
    };
    let plain = |status: u16| format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
    let hang = |_: &mut std::net::TcpStream| std::thread::sleep(Duration::from_secs(40));
    let cases: Vec<(&str, SocketAddr, &str)> = vec![
        ("moved", misbehaving(lines(moved(302))).0, "redirects are not followed"),
        ("for-good", misbehaving(lines(moved(308))).0, "redirects are not followed"),
        ("broken", misbehaving(lines("SMTP ready\r\n".to_owned())).0, "not HTTP as it should be"),
        ("silent", misbehaving(|_| {}).0, "not HTTP as it should be"),
        ("ill", misbehaving(lines(plain(500))).0, "500"),
        ("picky", misbehaving(lines(plain(400))).0, "400"),
        ("hanging", misbehaving(hang).0, "took longer than 20 s"),
        ("endless", misbehaving(endless).0, ""),
        ("dripping", misbehaving(dripping).0, ""),
        ("good", misbehaving(lines(plain(204))).0, ""),
    ];
    let mut file =
        "[[source]]\nid = \"news\"\nkind = \"feed\"\nurl = \"https://news.example/feed\"\n"
            .to_owned();
    for (name, at, _) in &cases {
        file += &format!(
            "[[webhook]]\nid = \"{name}\"\nurl = \"http://{at}/\"\nallow_http = true\nallow = [\"{at}\"]\nsecret = \"env:KEY\"\n"
        );
    }
    let house = House::with_web(Web::with_door(), &file).await;
    house.web.serve("https://news.example/feed", feed(0));
    house.poll("news").await;
    house.web.serve("https://news.example/feed", feed(1));
    house.poll("news").await;
    let (began, deliver) = (Instant::now(), house.deliver.clone());
    let round = tokio::spawn(async move { deliver.round().await });
    let good =
        |name: &str| feedloom::model::subscription::SubscriptionId::new(name).expect("an id");
    while house
        .store
        .subscription(&good("good"))
        .await
        .expect("an answer")
        .expect("there")
        .course
        .succeeded
        .is_none()
    {
        assert!(began.elapsed() < Duration::from_secs(10), "it waits for nobody");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    round.await.expect("no panic").expect("the store answers");
    for (name, _, words) in &cases {
        let one = house.store.subscription(&good(name)).await.expect("an answer").expect("there");
        let trouble = one.course.trouble.unwrap_or_default();
        assert_eq!(trouble.is_empty(), words.is_empty(), "{name}: {trouble}");
        assert!(trouble.contains(words), "{name}: {trouble}");
    }
    assert_eq!(asked_elsewhere.load(Ordering::SeqCst), 0, "redirects lead nowhere");
}

/// How many kills; more by hand, and in CI.
fn kills() -> usize {
    std::env::var("FEEDLOOM_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(25)
}

#[test]
fn x_01_kill_9_loses_no_event_and_sends_few_twice() {
    let shown = Arc::new(AtomicUsize::new(0));
    let (count, receiver) = (shown.clone(), Receiver::default());
    receiver.keys.lock().expect("nobody panicked").push(KEY.to_owned());
    let taking = receiver.clone();
    let origin = Origin::start(move |asked| match asked.path.as_str() {
        "/feed" => Reply::ok(feed(count.load(Ordering::SeqCst))),
        _ => {
            let reply = taking.take(asked);
            // So that some are in flight whenever somebody is killed.
            std::thread::sleep(Duration::from_millis(2));
            reply
        }
    });
    let (port, at) = (free_port(), origin.address);
    let webhook = |id: &str, more: &str| {
        format!(
            "[[webhook]]\nid = \"{id}\"\nurl = \"http://{at}/{id}\"\nallow_http = true\nallow = [\"{at}\"]\nsecret = \"file:key\"\n{more}\n"
        )
    };
    let place = Place::new(&format!(
        "[site]\ntitle = \"Test\"\nurl = \"http://127.0.0.1:{port}\"\n[server]\nlisten = \"127.0.0.1:{port}\"\n\
         [[host]]\nname = \"127.0.0.1\"\ngap = \"0s\"\n\
         [[source]]\nid = \"news\"\nkind = \"feed\"\nurl = \"http://{at}/feed\"\nallow = [\"{at}\"]\ninterval = \"1s\"\n{}{}{}",
        webhook("one", ""),
        webhook("two", ""),
        webhook("batch", "batch = 7")
    ));
    place.write("key", KEY);
    assert_eq!(place.run(&["poll"]).0, 0, "what is there at the beginning is told to nobody");
    let mut seed = 0x9e37_79b9_u64;
    let kills = kills();
    for _ in 0..kills {
        shown.fetch_add(5, Ordering::SeqCst);
        let mut command = place.command(&["serve"]);
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis(40 + (seed >> 33) % 400));
        child.kill().expect("a child can be killed");
        child.wait().expect("a child can be waited for");
    }
    let mut command = place.command(&["serve"]);
    let _running =
        Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs"));
    let total = shown.load(Ordering::SeqCst);
    let began = Instant::now();
    // Of each endpoint: the ids each item was told under, and how often.
    let told = || {
        let mut told: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
        let mut note = |path: &str, id: &str, data: &Value| {
            let item = data["id"].as_str().expect("an id").to_owned();
            told.entry(path.to_owned()).or_default().entry(item).or_default().push(id.to_owned());
        };
        for message in receiver.messages() {
            match message.body["data"]["events"].as_array() {
                Some(events) => {
                    events.iter().for_each(|event| note(&message.path, &message.id, &event["data"]))
                }
                None => note(&message.path, &message.id, &message.body["data"]),
            }
        }
        told
    };
    let told = loop {
        let now = told();
        if now.len() == 3 && now.values().all(|items| items.len() == total) {
            break now;
        }
        let reached: Vec<usize> = now.values().map(BTreeMap::len).collect();
        assert!(began.elapsed() < Duration::from_secs(60), "{reached:?} of {total}");
        std::thread::sleep(Duration::from_millis(50));
    };
    let mut twice = 0;
    for (endpoint, items) in &told {
        let mut again = BTreeSet::new();
        for (item, ids) in items {
            let different: BTreeSet<&String> = ids.iter().collect();
            assert_eq!(different.len(), 1, "{endpoint} {item}: one id, however often");
            again.extend(different.into_iter().filter(|_| ids.len() > 1).cloned());
        }
        assert!(again.len() <= kills, "{endpoint}: {} messages twice", again.len());
        twice += again.len();
    }
    let messages = receiver.messages();
    let distinct: BTreeSet<(&str, &str)> =
        messages.iter().map(|message| (&*message.path, &*message.id)).collect();
    let more = messages.len() - distinct.len();
    assert!(more <= 3 * kills, "{more} sent once more than needed");
    println!(
        "{kills} kills, {total} items to three endpoints, {twice} messages twice, seed 0x9e3779b9"
    );
}
