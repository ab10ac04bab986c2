//! Webhooks in simulated time: what is told to whom, in what order, how often, and what becomes of what
//! nobody takes (rows S-01 to S-13 and D-01 to D-12).

use std::collections::BTreeSet;
use std::time::Duration;

use feedloom::clock::Clock;
use feedloom::model::subscription::{Course, Replay, State, Subscription, SubscriptionId, Webhook};
use feedloom::store::explain::Name;
use feedloom::store::subscriptions::Settled;
use feedloom::webhook::signature;
use http::Request;
use serde_json::Value;

use crate::house::{House, KEY, NEXT_KEY, answer, time};

const FEED: &str = "https://news.example/feed";
const HOOK: &str = "https://hook.example/in";
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A source, and a webhook of these terms.
fn file(terms: &str) -> String {
    format!(
        "[[source]]\nid = \"news\"\nkind = \"feed\"\nurl = \"{FEED}\"\ncategories = [\"时政\"]\n\
         [[webhook]]\nid = \"hook\"\nurl = \"{HOOK}\"\nsecret = \"env:KEY\"\n{terms}\n"
    )
}

/// A feed of these items: number, title, and the category they ask for.
fn feed(items: &[(u32, &str)]) -> String {
    let items = items.iter().map(|(n, title)| {
        format!("<item><guid>urn:n:{n}</guid><title>{title}</title><link>https://news.example/{n}</link><description>text {n}</description></item>")
    });
    let items: String = items.collect();
    format!("<rss version=\"2.0\"><channel><title>News</title>{items}</channel></rss>")
}

/// A house whose source had one item at its first poll.
async fn house(terms: &str) -> House {
    let house = House::new(&file(terms)).await;
    house.web.serve(FEED, feed(&[(1, "one")]));
    house.web.serve(HOOK, "");
    house.poll("news").await;
    house
}

/// Serves these items, polls, and delivers what is due.
async fn show(house: &House, items: &[(u32, &str)]) {
    house.clock.pass(MINUTE);
    house.web.serve(FEED, feed(items));
    house.poll("news").await;
    house.deliver().await;
}

/// A message as its receiver has it, its signature verified.
#[derive(Clone, Debug, PartialEq)]
struct Told {
    id: String,
    seconds: i64,
    body: Value,
}

impl Told {
    /// Its type and the title, or the id, of what it is about.
    fn short(&self) -> String {
        let data = &self.body["data"];
        let about = data["title"].as_str().or(data["id"].as_str()).unwrap_or("?");
        format!("{} {about}", self.body["type"].as_str().unwrap_or("?"))
    }
}

fn header<'r>(request: &'r Request<bytes::Bytes>, name: &str) -> &'r str {
    request.headers()[name].to_str().expect("plain text")
}

/// Whether a request is signed by a key.
fn is_by(request: &Request<bytes::Bytes>, key: &str) -> bool {
    let (id, at) = (header(request, signature::ID), header(request, signature::TIMESTAMP));
    let seconds = at.parse().expect("a number");
    let signatures = header(request, signature::SIGNATURE);
    signature::verify(key, id, at, signatures, request.body(), seconds).is_ok()
}

/// Every message that was sent to an address.
fn sent(house: &House, url: &str) -> Vec<Told> {
    let told = |request: &Request<bytes::Bytes>| {
        assert_eq!(request.method(), "POST");
        assert_eq!(header(request, "content-type"), "application/json");
        assert!(is_by(request, KEY) || is_by(request, NEXT_KEY), "a signature that holds");
        let seconds = header(request, signature::TIMESTAMP).parse().expect("whole seconds");
        let body = serde_json::from_slice(request.body()).expect("JSON");
        Told { id: header(request, signature::ID).to_owned(), seconds, body }
    };
    house.web.all(url).iter().map(told).collect()
}

fn shorts(house: &House) -> Vec<String> {
    sent(house, HOOK).iter().map(Told::short).collect()
}

fn hook() -> SubscriptionId {
    SubscriptionId::new("hook").expect("an id")
}

async fn subscription(house: &House) -> Subscription {
    let found = house.store.subscription(&hook()).await.expect("the store answers");
    found.expect("it is there")
}

#[tokio::test]
async fn s_01_and_s_08_an_item_comes_changes_and_goes() {
    let house = house("").await;
    house.deliver().await;
    assert_eq!(shorts(&house), [""; 0], "what a source begins with is told to nobody");
    show(&house, &[(1, "one"), (2, "two")]).await;
    show(&house, &[(1, "one"), (2, "two and a half")]).await;
    let id = house.store.named("urn:n:2").await.expect("the store answers");
    let name = Name { id, keys: Vec::new(), text: String::new() };
    house.store.withdraw(&name, house.clock.now()).await.expect("the store answers");
    house.deliver().await;
    assert_eq!(
        shorts(&house),
        ["item.published two", "item.updated two and a half", "item.withdrawn urn:n:2"]
    );
    let told = sent(&house, HOOK);
    let [published, updated, withdrawn] = &told[..] else { panic!("three messages") };
    assert_eq!(published.body["timestamp"], "2022-05-27T13:01:00+08:00");
    let data = &published.body["data"];
    assert_eq!(data["id"], "urn:n:2");
    assert_eq!(data["url"], "https://news.example/2");
    assert_eq!(data["content_text"], "text 2");
    assert_eq!(data["tags"], serde_json::json!(["时政"]));
    assert_eq!(data["_feedloom"]["source"], "news");
    let page = data["_feedloom"]["page"].as_str().expect("an address");
    assert!(page.starts_with("https://n.example/item/"));
    let revision = |told: &Told| told.body["data"]["_feedloom"]["revision"].as_u64();
    assert!(revision(published) < revision(updated) && revision(updated) < revision(withdrawn));
    let ids: BTreeSet<&str> = told.iter().map(|told| told.id.as_str()).collect();
    assert_eq!(ids.len(), 3);
    assert!(told.iter().all(|told| told.id.starts_with("msg_") && !told.id.contains('.')));
    let again = subscription(&house).await.course;
    assert_eq!((again.failures, again.trouble), (0, None));
    assert!(again.succeeded.is_some());
}

#[tokio::test]
async fn s_08_what_is_long_is_told_thinly() {
    let house = house("").await;
    let long = format!(
        "<rss version=\"2.0\"><channel><title>News</title><item><guid>urn:n:9</guid><title>long</title><description>short</description><encoded xmlns=\"http://purl.org/rss/1.0/modules/content/\">{}</encoded></item></channel></rss>",
        "字".repeat(9000)
    );
    house.clock.pass(MINUTE);
    house.web.serve(FEED, long);
    house.poll("news").await;
    house.deliver().await;
    let told = sent(&house, HOOK);
    let data = &told[0].body["data"];
    assert_eq!((&data["_feedloom"]["thin"], data.get("content_html")), (&Value::Bool(true), None));
    assert_eq!(data["content_text"], "short");
    assert!(house.web.last(HOOK).body().len() < 20_000);
}

#[tokio::test]
async fn s_09_each_is_told_what_it_asked_for() {
    let at = |name: &str| format!("https://hook.example/{name}");
    let webhook = |name: &str, terms: &str| {
        format!(
            "[[webhook]]\nid = \"{name}\"\nurl = \"{}\"\nsecret = \"env:KEY\"\n{terms}\n",
            at(name)
        )
    };
    let hooks = [
        ("category", "categories = [\"财经\"]"),
        ("source", "sources = [\"other\"]"),
        ("view", "views = [\"short\"]"),
        ("query", "query = \"rain\""),
        ("event", "events = [\"item.updated\"]"),
        ("several", "categories = [\"财经\"]\nsources = [\"news\"]"),
    ];
    let hooks_toml: String = hooks.iter().map(|(name, terms)| webhook(name, terms)).collect();
    let other = "https://other.example/feed";
    let toml = format!(
        "[[source]]\nid = \"news\"\nkind = \"feed\"\nurl = \"{FEED}\"\ncategories = [\"时政\"]\n\
         [[source]]\nid = \"other\"\nkind = \"feed\"\nurl = \"{other}\"\ncategories = [\"财经\"]\n\
         [[view]]\nid = \"short\"\nsources = [\"news\"]\ndrop = [{{ pattern = \"sun\", in = \"title\" }}]\n{hooks_toml}"
    );
    let house = House::new(&toml).await;
    for url in [FEED, other] {
        house.web.serve(url, feed(&[]));
    }
    hooks.iter().for_each(|(name, _)| house.web.serve(&at(name), ""));
    house.poll("news").await;
    house.poll("other").await;
    house.clock.pass(HOUR);
    house.web.serve(FEED, feed(&[(1, "sun"), (2, "rain")]));
    house.web.serve(other, feed(&[(7, "stocks")]));
    house.poll("news").await;
    house.poll("other").await;
    house.clock.pass(HOUR);
    house.web.serve(FEED, feed(&[(1, "sun"), (2, "rain and snow")]));
    house.poll("news").await;
    house.deliver().await;
    let told = |name: &str| {
        let mut told: Vec<String> = sent(&house, &at(name)).iter().map(Told::short).collect();
        told.sort();
        told.join(", ")
    };
    assert_eq!(told("category"), "item.published stocks");
    assert_eq!(told("source"), "item.published stocks");
    let rain = "item.published rain and snow, item.updated rain and snow";
    assert_eq!(told("view"), rain);
    assert_eq!(told("query"), rain);
    assert_eq!(told("event"), "item.updated rain and snow");
    assert_eq!(
        told("several"),
        format!(
            "{}, item.published stocks, item.published sun, item.updated rain and snow",
            "item.published rain and snow"
        )
    );
}

#[tokio::test]
async fn d_07_backlog_is_told_to_whom_asks_for_it() {
    let house = house("backlog = true").await;
    house.deliver().await;
    assert_eq!(shorts(&house), ["item.published one"]);
}

#[tokio::test]
async fn an_item_that_comes_to_another_category_is_news_there() {
    let lists = ["a", "b"].map(|id| {
        format!("[[source]]\nid = \"{id}\"\nkind = \"feed\"\nurl = \"https://{id}.example/\"\nnamespace = \"shared\"\ncategories = [\"{id}\"]\n")
    });
    let hooks = ["a", "b"].map(|id| {
        format!("[[webhook]]\nid = \"{id}\"\nurl = \"https://hook.example/{id}\"\nsecret = \"env:KEY\"\ncategories = [\"{id}\"]\n")
    });
    let both = format!("[[webhook]]\nid = \"all\"\nurl = \"{HOOK}\"\nsecret = \"env:KEY\"\n");
    let house = House::new(&format!("{}{}{both}", lists.concat(), hooks.concat())).await;
    for at in ["a", "b"] {
        house.web.serve(&format!("https://{at}.example/"), feed(&[]));
        house.web.serve(&format!("https://hook.example/{at}"), "");
        house.poll(at).await;
    }
    house.web.serve(HOOK, "");
    for at in ["a", "b"] {
        house.clock.pass(HOUR);
        house.web.serve(&format!("https://{at}.example/"), feed(&[(1, "one")]));
        house.poll(at).await;
        house.deliver().await;
    }
    for at in ["https://hook.example/a", "https://hook.example/b", HOOK] {
        let told: Vec<String> = sent(&house, at).iter().map(Told::short).collect();
        assert_eq!(told, ["item.published one"], "{at}");
    }
}

#[tokio::test]
async fn d_02_and_d_05_who_was_away_resumes_where_it_stood_in_order() {
    let house = house("").await;
    house.web.fail(HOOK);
    show(&house, &[(2, "two")]).await;
    show(&house, &[(3, "three")]).await;
    show(&house, &[(3, "three"), (4, "four")]).await;
    assert!(sent(&house, HOOK).len() < 5, "it is not asked at every change");
    let course = subscription(&house).await.course;
    assert!(course.trouble.expect("trouble").contains("connection refused"));
    house.clock.pass(6 * MINUTE);
    house.web.script(HOOK, |_| Ok(answer(503, "")));
    house.deliver().await;
    let asked = sent(&house, HOOK);
    house.clock.pass(HOUR);
    house.web.serve(HOOK, "");
    house.deliver().await;
    let all = sent(&house, HOOK);
    let (first, rest) = all.split_at(asked.len());
    assert!(first.iter().all(|told| told.id == first[0].id), "one id at every attempt");
    assert!(first.windows(2).all(|two| two[0].seconds < two[1].seconds), "signed anew");
    let told: Vec<String> = rest.iter().map(Told::short).collect();
    assert_eq!(told, ["item.published two", "item.published three", "item.published four"]);
    assert_eq!(rest[0].id, first[0].id);
}

#[tokio::test]
async fn an_edit_that_another_one_overtook_is_told_once() {
    let house = house("").await;
    house.web.fail(HOOK);
    show(&house, &[(2, "first words")]).await;
    show(&house, &[(2, "second words")]).await;
    show(&house, &[(2, "third words")]).await;
    house.clock.pass(HOUR);
    house.web.script(HOOK, |_| Ok(answer(200, "")));
    let before = sent(&house, HOOK).len();
    house.deliver().await;
    let told: Vec<String> = sent(&house, HOOK)[before..].iter().map(Told::short).collect();
    assert_eq!(told, ["item.published third words", "item.updated third words"]);
}

#[tokio::test]
async fn d_06_an_event_that_is_refused_is_given_up_alone_and_can_be_sent_again() {
    let house = house("").await;
    house.web.script(HOOK, |request| {
        let is_bad = String::from_utf8_lossy(request.body()).contains("bad");
        Ok(answer(if is_bad { 422 } else { 200 }, ""))
    });
    show(&house, &[(2, "bad")]).await;
    show(&house, &[(2, "bad"), (3, "good")]).await;
    for _ in 0..3 {
        house.clock.pass(MINUTE);
        house.deliver().await;
    }
    let count = |what: &str| shorts(&house).iter().filter(|told| *told == what).count();
    assert_eq!((count("item.published bad"), count("item.published good")), (3, 1));
    let dead = house.store.dead(None, 10).await.expect("the store answers");
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].subscription.as_str(), dead[0].attempts), ("hook", 3));
    assert!(dead[0].why.contains("422"), "{}", dead[0].why);
    assert_eq!(dead[0].message, sent(&house, HOOK)[0].id);
    house.web.serve(HOOK, "");
    let replayed = house.store.replay(&hook(), Replay::Dead).await.expect("the store answers");
    assert_eq!(replayed, Some(1));
    house.deliver().await;
    assert_eq!(count("item.published bad"), 4);
    let told = sent(&house, HOOK);
    assert_eq!(told.last().expect("one").id, told[0].id, "the same id for ever");
    assert_eq!(house.store.dead(None, 10).await.expect("the store answers"), []);
}

#[tokio::test]
async fn d_06_replays_by_item_revision_and_time() {
    let house = house("").await;
    show(&house, &[(2, "two")]).await;
    let middle = house.clock.now().plus(Duration::from_secs(1));
    show(&house, &[(3, "three")]).await;
    let told = sent(&house, HOOK);
    let revision = told[0].body["data"]["_feedloom"]["revision"].as_u64().expect("a number");
    let id = house.store.named("urn:n:3").await.expect("an answer").expect("an item");
    for (which, expected) in [
        (Replay::Item(id), "item.published three"),
        (Replay::Revision(feedloom::model::feed::Revision(revision)), "item.published two"),
        (Replay::Between(middle, middle.plus(DAY)), "item.published three"),
    ] {
        let before = sent(&house, HOOK).len();
        house.store.replay(&hook(), which).await.expect("the store answers");
        house.deliver().await;
        let again = sent(&house, HOOK);
        let shorts: Vec<String> = again[before..].iter().map(Told::short).collect();
        assert_eq!(shorts, [expected], "{which:?}");
        assert!(told.iter().any(|told| told.id == again[before].id), "under its old id");
    }
    let other = SubscriptionId::new("other").expect("an id");
    assert_eq!(house.store.replay(&other, Replay::Dead).await.expect("an answer"), None);
}

#[tokio::test]
async fn who_says_that_it_is_gone_is_asked_no_more_until_it_is_resumed() {
    let house = house("").await;
    house.web.script(HOOK, |_| Ok(answer(410, "")));
    show(&house, &[(2, "two")]).await;
    show(&house, &[(3, "three")]).await;
    house.clock.pass(30 * DAY);
    house.deliver().await;
    assert_eq!(sent(&house, HOOK).len(), 1);
    let course = subscription(&house).await.course;
    assert_eq!(course.state, State::Disabled);
    assert!(course.trouble.expect("trouble").contains("410"));
    house.web.serve(HOOK, "");
    assert!(house.store.steer(&hook(), State::Active).await.expect("an answer"));
    house.deliver().await;
    assert_eq!(shorts(&house)[1..], ["item.published two", "item.published three"]);
}

#[tokio::test]
async fn five_days_without_an_answer_end_it_and_nothing_is_lost() {
    let house = house("").await;
    house.web.fail(HOOK);
    show(&house, &[(2, "two")]).await;
    for _ in 0..8 * 24 {
        house.clock.pass(HOUR);
        house.deliver().await;
    }
    let course = subscription(&house).await.course;
    assert_eq!(course.state, State::Disabled);
    assert!((10..16).contains(&sent(&house, HOOK).len()), "{}", sent(&house, HOOK).len());
    house.web.serve(HOOK, "");
    house.store.steer(&hook(), State::Active).await.expect("an answer");
    house.deliver().await;
    assert_eq!(shorts(&house).last().expect("one"), "item.published two");
}

#[tokio::test]
async fn d_08_who_is_paused_is_told_nothing_and_misses_nothing() {
    let house = house("").await;
    house.store.steer(&hook(), State::Paused).await.expect("an answer");
    show(&house, &[(2, "two")]).await;
    assert_eq!(shorts(&house), [""; 0]);
    house.store.steer(&hook(), State::Active).await.expect("an answer");
    house.deliver().await;
    assert_eq!(shorts(&house), ["item.published two"]);
}

#[tokio::test]
async fn d_03_a_batch_that_was_begun_stays_the_same() {
    let house = house("batch = 3").await;
    house.web.fail(HOOK);
    show(&house, &[(2, "two"), (3, "three")]).await;
    show(&house, &[(4, "four"), (5, "five")]).await;
    house.clock.pass(HOUR);
    house.web.serve(HOOK, "");
    house.deliver().await;
    let told = sent(&house, HOOK);
    let titles = |told: &Told| -> Vec<String> {
        let events = told.body["data"]["events"].as_array().expect("events").iter();
        events.map(|event| event["data"]["title"].as_str().expect("a title").to_owned()).collect()
    };
    assert!(told.iter().all(|told| told.body["type"] == "batch"));
    let (last, begun) = (told.last().expect("one"), &told[told.len() - 2]);
    assert_eq!(begun.id, told[0].id);
    assert_eq!(titles(begun), titles(&told[0]));
    assert_eq!((titles(begun).len(), titles(last).len()), (2, 2));
    assert_ne!(last.id, begun.id);
}

#[tokio::test]
async fn s_06_keys_change_without_a_gap() {
    let house = house("").await;
    let both = file("").replace("\"env:KEY\"", "[\"env:NEXT_KEY\", \"env:KEY\"]");
    let house = house.restarted(&both).await;
    show(&house, &[(2, "two")]).await;
    let request = house.web.last(HOOK);
    assert!(is_by(&request, KEY) && is_by(&request, NEXT_KEY));

    // One that was made at run time has keys of its own.
    let url = "https://hook.example/made";
    house.web.serve(url, "");
    let id = SubscriptionId::new("made").expect("an id");
    let webhook = Webhook::new(id.clone(), url.to_owned());
    let first = house.store.subscribe(&webhook).await.expect("an answer").expect("a key");
    assert_eq!(house.store.subscribe(&webhook).await.expect("an answer"), None, "taken");
    let until = house.clock.now().plus(DAY);
    let second = house.store.rekey(&id, until).await.expect("an answer").expect("a key");
    assert_ne!(first, second);
    show(&house, &[(3, "three")]).await;
    let request = house.web.last(url);
    assert!(is_by(&request, &first) && is_by(&request, &second));
    house.clock.pass(DAY);
    show(&house, &[(4, "four")]).await;
    let request = house.web.last(url);
    assert!(!is_by(&request, &first) && is_by(&request, &second));
    assert!(house.store.unsubscribe(&id).await.expect("an answer"));
    assert!(!house.store.unsubscribe(&hook()).await.expect("an answer"), "the file's stay");
    let before = house.web.asked(url);
    show(&house, &[(5, "five")]).await;
    assert_eq!(house.web.asked(url), before);
}

#[tokio::test]
async fn cursors_outlive_the_file_that_names_them() {
    let house = house("").await;
    let (without, _) = file("")
        .split_once("[[webhook]]")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .expect("two parts");
    let house = house.restarted(&without).await;
    show(&house, &[(2, "two")]).await;
    assert_eq!(house.store.subscriptions().await.expect("an answer").len(), 0);
    let house = house.restarted(&file("")).await;
    house.deliver().await;
    assert_eq!(shorts(&house), ["item.published two"]);
}

#[tokio::test]
async fn retry_after_is_heard() {
    let house = house("").await;
    house.web.script(HOOK, |_| {
        let mut busy = answer(429, "");
        busy.headers_mut().insert("retry-after", "3600".parse().expect("a value"));
        Ok(busy)
    });
    show(&house, &[(2, "two")]).await;
    house.clock.pass(59 * MINUTE);
    house.deliver().await;
    assert_eq!(sent(&house, HOOK).len(), 1);
    house.clock.pass(2 * MINUTE);
    house.deliver().await;
    assert_eq!(sent(&house, HOOK).len(), 2);
    assert_eq!(subscription(&house).await.course.failures, 2);
    assert!(time("2022-05-27T13:00:00+08:00") < house.clock.now());
}

#[tokio::test]
async fn d_03_a_batch_keeps_its_id_when_a_member_is_overtaken_meanwhile() {
    let house = house("batch = 3").await;
    house.web.fail(HOOK);
    show(&house, &[(2, "two"), (3, "three")]).await;
    show(&house, &[(2, "two, edited"), (3, "three")]).await;
    let id = house.store.named("urn:n:3").await.expect("the store answers");
    let name = Name { id, keys: Vec::new(), text: String::new() };
    house.store.withdraw(&name, house.clock.now()).await.expect("the store answers");
    house.clock.pass(HOUR);
    house.web.serve(HOOK, "");
    let before = sent(&house, HOOK);
    house.deliver().await;
    let told = sent(&house, HOOK);
    assert_eq!(told[before.len()].id, before[0].id);
    assert!(told.len() > before.len() + 1, "what came later comes under another");
    assert_ne!(told[before.len() + 1].id, before[0].id);
}

/// Two lists of one upstream, each with a category and a webhook of its own; `both` follows the two.
async fn two_lists() -> House {
    let list = |id: &str| {
        format!(
            "[[source]]\nid = \"{id}\"\nkind = \"feed\"\nurl = \"https://{id}.example/\"\nnamespace = \"shared\"\ncategories = [\"{id}\"]\n"
        )
    };
    let hook = |id: &str, of: &str| {
        format!(
            "[[webhook]]\nid = \"{id}\"\nurl = \"https://hook.example/{id}\"\nsecret = \"env:KEY\"\ncategories = [{of}]\n"
        )
    };
    let toml =
        [list("a"), list("b"), list("c"), hook("only-b", "\"b\""), hook("both", "\"b\", \"c\"")];
    let house = House::new(&toml.concat()).await;
    for at in ["a", "b", "c"] {
        house.web.serve(&format!("https://{at}.example/"), feed(&[]));
        house.poll(at).await;
    }
    house
}

async fn list(house: &House, at: &str, title: &str) {
    house.clock.pass(HOUR);
    house.web.serve(&format!("https://{at}.example/"), feed(&[(1, title)]));
    house.poll(at).await;
}

#[tokio::test]
async fn who_was_away_is_told_once_of_what_came_to_several_shelves_meanwhile() {
    let house = two_lists().await;
    for at in ["only-b", "both"] {
        house.web.fail(&format!("https://hook.example/{at}"));
    }
    for at in ["a", "b", "c"] {
        list(&house, at, "one").await;
        house.deliver().await;
    }
    for at in ["only-b", "both"] {
        let at = format!("https://hook.example/{at}");
        house.web.serve(&at, "");
        let before = sent(&house, &at).len();
        house.clock.pass(DAY);
        house.deliver().await;
        let told: Vec<String> = sent(&house, &at)[before..].iter().map(Told::short).collect();
        assert_eq!(told, ["item.published one"], "{at}");
    }
}

#[tokio::test]
async fn an_edit_that_brings_an_item_to_a_shelf_publishes_it_there() {
    let house = two_lists().await;
    house.web.serve("https://hook.example/only-b", "");
    list(&house, "a", "one").await;
    // The list that stands first owns the words, so that this one only files; then the first edits.
    list(&house, "b", "one").await;
    list(&house, "a", "one, edited").await;
    list(&house, "a", "one, edited twice").await;
    house.deliver().await;
    let told: Vec<String> =
        sent(&house, "https://hook.example/only-b").iter().map(Told::short).collect();
    assert_eq!(told, ["item.published one, edited twice", "item.updated one, edited twice"]);
}

#[tokio::test]
async fn only_the_newest_lease_settles() {
    let house = house("").await;
    let now = house.clock.now();
    let wanted = [(hook(), subscription(&house).await.course.reached)];
    let claim = async || house.store.claim_deliveries(&wanted, now).await.expect("an answer");
    let first = claim().await.pop().expect("a lease");
    assert_eq!(claim().await.len(), 0, "one at a time");
    let course = first.subscription.course.clone();
    let over = Settled { course: course.clone(), is_over: true, ..Settled::default() };
    house.store.settle(&first, over.clone()).await.expect("an answer");
    let second = claim().await.pop().expect("a lease");
    let stale = Settled { course: Course { failures: 9, ..course.clone() }, ..over.clone() };
    assert!(!house.store.settle(&first, stale).await.expect("an answer"));
    assert_eq!(subscription(&house).await.course.failures, 0, "nothing is noted");
    // Who was stopped meanwhile is noted, and goes on no further.
    house.store.steer(&hook(), State::Paused).await.expect("an answer");
    let going = Settled { course, ..Settled::default() };
    assert!(!house.store.settle(&second, going).await.expect("an answer"));
    assert_eq!(claim().await.len(), 0);
    house.store.steer(&hook(), State::Active).await.expect("an answer");
    assert_eq!(claim().await.len(), 1, "no lease is left behind");
}
