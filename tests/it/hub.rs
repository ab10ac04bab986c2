//! Our WebSub hub (rows H-01 to H-28): in simulated time, and over sockets by a subscriber written from the
//! Recommendation alone.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use feedloom::clock::Clock;
use feedloom::model::follower::{Following, Intent, Mode};
use feedloom::store::followers::Intended;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use http::Request;
use sha2::Sha256;
use url::{Url, form_urlencoded};

use crate::house::{House, answer};
use crate::origin::{Asked, Origin, Place, Reply, Running, await_ready, free_port, get, post};

const FEED: &str = "https://news.example/feed";
const CALLBACK: &str = "https://reader.example/callback?id=7";
const TOPIC: &str = "https://n.example/source/news.atom";
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn feed(items: &[&str]) -> String {
    let items = items
        .iter()
        .enumerate()
        .map(|(n, title)| format!("<item><guid>urn:n:{n}</guid><title>{title}</title></item>"));
    format!(
        "<rss version=\"2.0\"><channel><title>News</title>{}</channel></rss>",
        items.collect::<String>()
    )
}

fn query(request: &Request<bytes::Bytes>) -> HashMap<String, String> {
    let query = request.uri().query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// A subscriber: what it was asked and told, and what it answers.
#[derive(Clone, Default)]
struct Reader {
    asked: Arc<Mutex<Vec<HashMap<String, String>>>>,
    told: Arc<Mutex<Vec<Request<bytes::Bytes>>>>,
    /// The status of its answers to pushes; zero when it cannot be reached.
    status: Arc<AtomicUsize>,
    /// Whether it means what it is asked.
    is_willing: Arc<AtomicUsize>,
}

impl Reader {
    fn at(house: &House, callback: &str) -> Reader {
        let reader = Reader::default();
        reader.status.store(204, Ordering::SeqCst);
        reader.is_willing.store(1, Ordering::SeqCst);
        let kept = reader.clone();
        house.web.script_prefix(callback, move |request| {
            if request.method() == "POST" {
                kept.told.lock().expect("nobody panicked").push(request.clone());
                return match kept.status.load(Ordering::SeqCst) {
                    0 => Err(feedloom::net::Error::Unreachable("connection refused".to_owned())),
                    status => Ok(answer(u16::try_from(status).expect("a status"), "")),
                };
            }
            let asked = query(request);
            let challenge = asked.get("hub.challenge").cloned().unwrap_or_default();
            kept.asked.lock().expect("nobody panicked").push(asked);
            Ok(match kept.is_willing.load(Ordering::SeqCst) {
                0 => answer(404, "no"),
                1 => answer(200, challenge),
                _ => answer(200, format!("{challenge}!")),
            })
        });
        reader
    }

    fn asked(&self) -> Vec<HashMap<String, String>> {
        self.asked.lock().expect("nobody panicked").clone()
    }

    fn told(&self) -> Vec<Request<bytes::Bytes>> {
        self.told.lock().expect("nobody panicked").clone()
    }
}

/// A house with one source and one item.
async fn house() -> House {
    let house =
        House::new(&format!("[[source]]\nid = \"news\"\nkind = \"feed\"\nurl = \"{FEED}\"\n"))
            .await;
    house.web.serve(FEED, feed(&["one"]));
    house.poll("news").await;
    house
}

fn intent(mode: Mode, callback: &str, secret: Option<&str>) -> Intent {
    Intent {
        number: 0,
        mode,
        topic: "/source/news.atom".to_owned(),
        asked: TOPIC.to_owned(),
        callback: callback.to_owned(),
        secret: secret.map(str::to_owned),
        lease: 10 * DAY,
        attempts: 0,
    }
}

async fn ask(house: &House, intent: Intent) -> Intended {
    let taken = house.store.intend(&intent, house.clock.now()).await.expect("the store answers");
    house.deliver().await;
    taken
}

/// Shows these items and tells whoever follows.
async fn show(house: &House, items: &[&str]) {
    house.clock.pass(MINUTE);
    house.web.serve(FEED, feed(items));
    house.poll("news").await;
    house.deliver().await;
}

async fn following(house: &House) -> Vec<Following> {
    house.store.topics(house.clock.now()).await.expect("the store answers")
}

#[tokio::test]
async fn h_08_to_h_18_a_follower_is_asked_and_then_told_the_topic_as_it_is() {
    let house = house().await;
    let reader = Reader::at(&house, CALLBACK);
    assert_eq!(
        ask(&house, intent(Mode::Subscribe, CALLBACK, Some("s3cret"))).await,
        Intended::Taken
    );
    let asked = reader.asked();
    assert_eq!(asked.len(), 1);
    let is = |name: &str, value: &str| assert_eq!(asked[0][name], value);
    is("id", "7");
    is("hub.mode", "subscribe");
    is("hub.topic", TOPIC);
    is("hub.lease_seconds", "864000");
    assert!(asked[0]["hub.challenge"].len() >= 32, "at least 128 random bits");
    assert_eq!(reader.told().len(), 0, "what was there before is told to nobody");

    show(&house, &["one", "two"]).await;
    let told = reader.told();
    assert_eq!(told.len(), 1);
    let (document, _) = house
        .document(&feedloom::model::feed::Shelf::Source(crate::house::source("news").id), "atom")
        .await;
    assert_eq!(told[0].body(), document.as_bytes(), "H-16: the whole topic, byte for byte");
    let header = |name: &str| told[0].headers()[name].to_str().expect("plain").to_owned();
    assert_eq!(header("content-type"), "application/atom+xml; charset=utf-8");
    assert_eq!(
        header("link"),
        format!("<https://n.example/hub>; rel=\"hub\", <{TOPIC}>; rel=\"self\"")
    );
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(b"s3cret").expect("any key");
    mac.update(told[0].body());
    let hex: String =
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(header("x-hub-signature"), format!("sha256={hex}"));
    assert!(document.contains("rel=\"hub\"") && document.contains("https://n.example/hub"), "H-24");

    // A push only when bytes differ from those last sent.
    show(&house, &["one", "two"]).await;
    assert_eq!(reader.told().len(), 1);
    show(&house, &["one", "two", "three"]).await;
    assert_eq!(reader.told().len(), 2);
}

#[tokio::test]
async fn h_10_and_t_27_nobody_follows_who_does_not_mean_it() {
    let house = house().await;
    let reader = Reader::at(&house, CALLBACK);
    for wrong in [0, 2] {
        reader.is_willing.store(wrong, Ordering::SeqCst);
        ask(&house, intent(Mode::Subscribe, CALLBACK, None)).await;
        assert_eq!(following(&house).await, [], "{wrong}");
    }
    // A redirect is no yes, and is not followed.
    house.web.script_prefix(CALLBACK, |_| Ok(answer(302, "")));
    ask(&house, intent(Mode::Subscribe, CALLBACK, None)).await;
    assert_eq!(following(&house).await, []);

    let reader = Reader::at(&house, CALLBACK);
    ask(&house, intent(Mode::Subscribe, CALLBACK, Some("right"))).await;
    // Forged: neither an end nor another secret or lease comes of what the callback does not mean.
    reader.is_willing.store(0, Ordering::SeqCst);
    ask(&house, intent(Mode::Unsubscribe, CALLBACK, None)).await;
    ask(&house, Intent { lease: HOUR, ..intent(Mode::Subscribe, CALLBACK, Some("forged")) }).await;
    house.clock.pass(DAY);
    show(&house, &["one", "two"]).await;
    let told = reader.told();
    assert_eq!(told.len(), 1);
    let signature = told[0].headers()["x-hub-signature"].to_str().expect("plain");
    assert!(feedloom::websub::signature::is_signed(signature, "right", told[0].body()));

    // Meant: it ends.
    reader.is_willing.store(1, Ordering::SeqCst);
    ask(&house, intent(Mode::Unsubscribe, CALLBACK, None)).await;
    let last = reader.asked().pop().expect("asked");
    assert_eq!((last["hub.mode"].as_str(), last.get("hub.lease_seconds")), ("unsubscribe", None));
    assert_eq!(following(&house).await, []);
    let challenges: Vec<String> =
        reader.asked().iter().map(|asked| asked["hub.challenge"].clone()).collect();
    let different: std::collections::BTreeSet<&String> = challenges.iter().collect();
    assert_eq!(different.len(), challenges.len(), "each challenge is used once");
}

#[tokio::test]
async fn h_06_who_asks_again_is_one_follower_with_the_new_secret() {
    let house = house().await;
    let reader = Reader::at(&house, CALLBACK);
    ask(&house, intent(Mode::Subscribe, CALLBACK, Some("old"))).await;
    house.clock.pass(5 * DAY);
    ask(&house, intent(Mode::Subscribe, CALLBACK, Some("new"))).await;
    let all = following(&house).await;
    assert_eq!((all.len(), all[0].followers), (1, 1));
    assert_eq!(all[0].until.since(house.clock.now()), 10 * DAY, "H-11: the lease begins anew");
    show(&house, &["one", "two"]).await;
    let told = reader.told();
    let signature = told[0].headers()["x-hub-signature"].to_str().expect("plain");
    assert!(feedloom::websub::signature::is_signed(signature, "new", told[0].body()));
}

#[tokio::test]
async fn h_11_leases_end() {
    let house = house().await;
    let reader = Reader::at(&house, CALLBACK);
    ask(&house, intent(Mode::Subscribe, CALLBACK, None)).await;
    house.clock.pass(10 * DAY - HOUR);
    show(&house, &["one", "two"]).await;
    assert_eq!(reader.told().len(), 1);
    assert!(
        !reader.told()[0].headers().contains_key("x-hub-signature"),
        "H-18: no secret, no signature"
    );
    house.clock.pass(HOUR);
    show(&house, &["one", "two", "three"]).await;
    assert_eq!(reader.told().len(), 1);
    assert_eq!(following(&house).await, []);
}

#[tokio::test]
async fn h_20_to_h_22_who_fails_is_tried_again_and_told_the_newest() {
    let house = house().await;
    let reader = Reader::at(&house, CALLBACK);
    ask(&house, intent(Mode::Subscribe, CALLBACK, None)).await;
    reader.status.store(0, Ordering::SeqCst);
    show(&house, &["one", "two"]).await;
    show(&house, &["one", "two", "three"]).await;
    assert!((1..=2).contains(&reader.told().len()));
    house.clock.pass(20 * MINUTE);
    reader.status.store(200, Ordering::SeqCst);
    house.deliver().await;
    let told = reader.told();
    let last = String::from_utf8_lossy(told.last().expect("told").body()).into_owned();
    assert!(last.contains("three"), "one push of the newest");
    let before = told.len();
    house.clock.pass(DAY);
    house.deliver().await;
    assert_eq!(reader.told().len(), before, "and no more");

    // After five attempts this edition is left out; the next one is tried at once.
    reader.status.store(500, Ordering::SeqCst);
    show(&house, &["one", "two", "three", "four"]).await;
    for _ in 0..48 {
        house.clock.pass(HOUR);
        house.deliver().await;
    }
    assert_eq!(reader.told().len() - before, 5);
    assert_eq!(following(&house).await[0].followers, 1, "H-21: kept until its lease ends");
    reader.status.store(200, Ordering::SeqCst);
    show(&house, &["one", "two", "three", "four", "five"]).await;
    assert_eq!(reader.told().len() - before, 6);
}

#[tokio::test]
async fn h_19_who_says_that_it_is_gone_is_asked_once_whether_that_is_so() {
    let house = house().await;
    let reader = Reader::at(&house, CALLBACK);
    ask(&house, intent(Mode::Subscribe, CALLBACK, None)).await;
    reader.status.store(410, Ordering::SeqCst);
    reader.is_willing.store(2, Ordering::SeqCst);
    show(&house, &["one", "two"]).await;
    house.deliver().await;
    assert_eq!(following(&house).await[0].followers, 1, "it does not mean it");
    reader.is_willing.store(0, Ordering::SeqCst);
    house.clock.pass(HOUR);
    show(&house, &["one", "two", "three"]).await;
    house.deliver().await;
    assert_eq!(following(&house).await, [], "there is nothing there any more");
}

#[tokio::test]
async fn t_26_many_questions_to_one_host_are_turned_away() {
    let house = house().await;
    let now = house.clock.now();
    let mut taken = 0;
    for n in 0..10_000 {
        let callback = format!("https://victim.example/{n}");
        let intended = house.store.intend(&intent(Mode::Subscribe, &callback, None), now).await;
        taken += usize::from(intended.expect("an answer") == Intended::Taken);
    }
    assert_eq!(taken, 10);
    let other = house.store.intend(&intent(Mode::Subscribe, CALLBACK, None), now).await;
    assert_eq!(other.expect("an answer"), Intended::Taken, "others are taken all the same");
}

#[tokio::test]
async fn h_13_followers_of_a_topic_that_ended_are_told() {
    let house = house().await;
    let reader = Reader::at(&house, CALLBACK);
    ask(
        &house,
        Intent { topic: "/view/gone.atom".to_owned(), ..intent(Mode::Subscribe, CALLBACK, None) },
    )
    .await;
    house.deliver().await;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        if reader.asked().len() > 1 {
            break;
        }
    }
    assert_eq!(reader.asked().last().expect("told")["hub.mode"], "denied");
    assert_eq!(following(&house).await, []);
}

type Content = (String, Vec<u8>);

/// A subscriber by the book: finds hub and topic in what a feed's address answers, asks, says challenges back
/// that belong to what it asked, and believes what is signed.
#[derive(Clone, Default)]
struct Subscriber {
    topic: Arc<Mutex<String>>,
    /// Media types and bodies.
    taken: Arc<Mutex<Vec<Content>>>,
    ends: Arc<AtomicUsize>,
}

const SECRET: &str = "nobody else knows";

impl Subscriber {
    fn answer(&self, asked: &Asked) -> Reply {
        if asked.method == "POST" {
            let mut mac =
                <Hmac<Sha256> as KeyInit>::new_from_slice(SECRET.as_bytes()).expect("any key");
            mac.update(&asked.body);
            let hex: String =
                mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            if asked.header("x-hub-signature") == Some(&format!("sha256={hex}")) {
                let kind = asked.header("content-type").unwrap_or_default().to_owned();
                self.taken.lock().expect("nobody panicked").push((kind, asked.body.clone()));
            }
            return Reply { status: 202, ..Reply::ok("") };
        }
        let url = Url::parse(&format!("http://reader.example{}", asked.path)).expect("an address");
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        let is_ours = query.get("hub.topic") == Some(&*self.topic.lock().expect("nobody panicked"));
        if query.get("hub.mode").map(String::as_str) == Some("unsubscribe") {
            self.ends.fetch_add(1, Ordering::SeqCst);
        }
        match query.get("hub.challenge").filter(|_| is_ours) {
            Some(challenge) => Reply::ok(challenge.clone()),
            None => Reply { status: 404, ..Reply::ok("") },
        }
    }
}

#[test]
fn h_24_a_subscriber_by_the_book_finds_the_hub_and_is_told() {
    let shown = Arc::new(AtomicUsize::new(1));
    let count = shown.clone();
    let origin = Origin::start(move |_| {
        let titles: Vec<String> =
            (0..count.load(Ordering::SeqCst)).map(|n| format!("item {n}")).collect();
        Reply::ok(feed(&titles.iter().map(String::as_str).collect::<Vec<_>>()))
    });
    let subscriber = Subscriber::default();
    let answering = subscriber.clone();
    let reader = Origin::start(move |asked| answering.answer(asked));
    let (port, at, back) = (free_port(), origin.address, reader.address);
    let file = |hub: &str| {
        format!(
            "[site]\ntitle = \"Test\"\nurl = \"http://127.0.0.1:{port}\"\n[server]\nlisten = \"127.0.0.1:{port}\"\n\
             [hub]\n{hub}\n[[host]]\nname = \"127.0.0.1\"\ngap = \"0s\"\n\
             [[source]]\nid = \"news\"\nkind = \"feed\"\nurl = \"http://{at}/feed\"\nallow = [\"{at}\"]\ninterval = \"1s\"\ncategories = [\"时政\"]\n"
        )
    };
    let place = Place::new(&file(&format!("allow = [\"{back}\"]")));
    let mut command = place.command(&["serve"]);
    let running = Running(command.stdout(Stdio::null()).spawn().expect("it runs"));
    await_ready(port, "/readyz");

    let (status, headers, document) = get(port, "/all.json", &[]).expect("an answer");
    assert_eq!(status, 200);
    let link = &headers.iter().find(|(name, _)| name == "link").expect("a link").1;
    let of = |rel: &str| {
        let mut links = link.split(", ");
        let found = links.find(|link| link.ends_with(&format!("rel=\"{rel}\"")));
        let found = found.unwrap_or_else(|| panic!("no {rel} in {link}"));
        found.trim_start_matches('<').split('>').next().expect("an address").to_owned()
    };
    let (hub, topic) = (of("hub"), of("self"));
    let document: serde_json::Value = serde_json::from_slice(&document).expect("JSON");
    assert_eq!(document["hubs"], serde_json::json!([{ "type": "WebSub", "url": hub }]));
    *subscriber.topic.lock().expect("nobody panicked") = topic.clone();
    let hub = Url::parse(&hub).expect("an address");
    assert_eq!(hub.port(), Some(port));

    let ask = |pairs: &[(&str, &str)]| {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let (status, _, said) =
            post(port, hub.path(), &headers, body.as_bytes()).expect("an answer");
        (status, String::from_utf8(said).expect("text"))
    };
    let callback = format!("http://{back}/cb?n=1");
    let right = [
        ("hub.mode", "subscribe"),
        ("hub.topic", &*topic),
        ("hub.callback", &*callback),
        ("hub.secret", SECRET),
    ];
    let with = |name: &str, value: &str| {
        let mut pairs = right.to_vec();
        pairs
            .iter_mut()
            .filter(|(known, _)| *known == name)
            .for_each(|pair| pair.1 = Box::leak(value.to_owned().into_boxed_str()));
        ask(&pairs)
    };
    for (name, value, words) in [
        ("hub.mode", "publish", "knows by itself"),
        ("hub.topic", "http://127.0.0.1:1/all.json", "no topic"),
        ("hub.topic", "https://other.example/all.json", "no topic"),
        ("hub.topic", &format!("{topic}?limit=3"), "no topic"),
        ("hub.topic", &topic.replace(".json", ".html"), "no topic"),
        ("hub.topic", &topic.replace(".json", ""), "no topic"),
        ("hub.topic", &topic.replace("/all", "/search"), "no topic"),
        ("hub.topic", &topic.replace("/all", "/category/none"), "no topic"),
        ("hub.callback", "file:///etc/passwd", "hub.callback"),
        ("hub.secret", &"s".repeat(200), "200 bytes"),
    ] {
        let (status, said) = with(name, value);
        assert!(status == 400 && said.contains(words), "{name}={value}: {status} {said}");
    }
    let huge = with("hub.secret", &"s".repeat(20_000));
    assert_eq!(huge.0, 413, "{}", huge.1);
    assert_eq!(get(port, "/hub", &[]).expect("an answer").0, 405);
    let (status, said) = ask(&right);
    assert_eq!(status, 202, "{said}");

    let await_taken = |count: usize| {
        let began = Instant::now();
        loop {
            let taken = subscriber.taken.lock().expect("nobody panicked").clone();
            if taken.len() >= count {
                return taken;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{} of {count} pushes", taken.len());
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    std::thread::sleep(Duration::from_millis(1500));
    shown.store(2, Ordering::SeqCst);
    let taken = await_taken(1);
    assert_eq!(taken[0].0, "application/feed+json; charset=utf-8");
    let (_, _, now) = get(port, "/all.json", &[]).expect("an answer");
    assert_eq!(taken[0].1, now, "H-16: byte for byte what a reader gets");

    let (_, listed, _) = place.run(&["subscriptions"]);
    assert_eq!(listed, "/hub  /all.json  1 follower, 0 failing\n");

    // Whoever asked is remembered over a kill.
    drop(running);
    let mut command = place.command(&["serve"]);
    let running = Running(command.stdout(Stdio::null()).spawn().expect("it runs"));
    await_ready(port, "/readyz");
    shown.store(3, Ordering::SeqCst);
    await_taken(2);
    assert_eq!(with("hub.mode", "unsubscribe").0, 202);
    let began = Instant::now();
    while subscriber.ends.load(Ordering::SeqCst) == 0 {
        assert!(began.elapsed() < Duration::from_secs(10), "H-05: it is asked as soon as possible");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(running);

    // Where the operator allowed nothing, no private address is asked anything.
    let place = Place::new(&file(""));
    let mut command = place.command(&["serve"]);
    let running = Running(command.stdout(Stdio::null()).spawn().expect("it runs"));
    await_ready(port, "/readyz");
    let ends = subscriber.ends.load(Ordering::SeqCst);
    assert_eq!(with("hub.mode", "unsubscribe").0, 202, "the answer does not depend on it");
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(subscriber.ends.load(Ordering::SeqCst), ends, "nobody came");
    drop(running);

    let place = Place::new(&file("enabled = false"));
    let mut command = place.command(&["serve"]);
    let _running = Running(command.stdout(Stdio::null()).spawn().expect("it runs"));
    await_ready(port, "/readyz");
    let (_, headers, _) = get(port, "/all.json", &[]).expect("an answer");
    assert!(headers.iter().all(|(_, value)| !value.contains("rel=\"hub\"")), "never advertised");
    assert_eq!(ask(&right).0, 405);
}
