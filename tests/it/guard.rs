//! Every way out passes the guard (reliability rows T-01 to T-07, G-03): from a written list of the places
//! that send anything, one request each for every address of T-06, through the real door.
//!
//! A place that sends and is not in the list fails `the_list_is_what_sends`, so nobody adds a
//! way out without a case here.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::Duration;

use feedloom::clock::Clock;
use feedloom::model::cause::Cause;
use feedloom::model::follower::{Intent, Mode};
use feedloom::store::followers::Verdict;

use crate::house::{House, Web};
use crate::origin::{Origin, Place, Reply};
use crate::tidy;

/// Where something is sent, and how often in that file.
const PLACES: [(&str, usize); 8] = [
    // Every question of a source passes its `exchange`, which sends; `send` asks lists and their pages.
    ("src/ingest/ask.rs", 4),
    // Details.
    ("src/ingest/take.rs", 1),
    // `robots.txt`, of a site that was to be asked anyway.
    ("src/ingest/robots.rs", 1),
    // Hubs of sources.
    ("src/ingest/subscribe.rs", 1),
    // Messages to webhooks, and trials.
    ("src/deliver/webhook.rs", 2),
    // What the hub asks and tells callbacks: a farewell, a question, a push.
    ("src/deliver/push.rs", 3),
    // `feedloom preview`: what a poll would ask, lists and details.
    ("src/cli/preview.rs", 3),
    // The door itself, which parts the web from files.
    ("src/net/mod.rs", 1),
];

/// Who may hold the door besides.
const HOLDERS: [&str; 4] =
    ["src/deliver/mod.rs", "src/ingest/mod.rs", "src/ingest/poll.rs", "src/cli/app.rs"];

/// Spellings of addresses that are nobody's business (row T-06).
const FORBIDDEN: [&str; 33] = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "[::1]",
    "[::]",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2001:0:0:0:0:0:80ff:fffe]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "198.18.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "224.0.0.1",
    "0.0.0.0",
    "%31%32%37.0.0.1",
    "127.0.0.1.",
    "localhost",
    "localhost.",
    "%6cocalhost",
];

#[test]
fn the_list_is_what_sends() {
    const SENDS: [&str; 5] =
        ["transport.send(", "door.send(", "self.send(", "http.send(", ".exchange("];
    let (mut sends, mut holders) = (BTreeMap::new(), Vec::new());
    for (room, file, text) in tidy::sources() {
        let name = format!("src/{}", file.display());
        let lines = tidy::code(&text);
        let has = |words: &[&str]| {
            lines.iter().filter(|(_, line)| words.iter().any(|word| line.contains(word))).count()
        };
        match (has(&SENDS), has(&["dyn Transport", "net::Door"])) {
            (0, 0) => {}
            (0, _) if room == "net" => {}
            (0, _) => holders.push(name),
            (count, _) => drop(sends.insert(name, count)),
        }
    }
    let expected: BTreeMap<String, usize> =
        PLACES.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    assert_eq!(sends, expected, "a way out has no case in tests/it/guard.rs");
    holders.sort();
    let mut expected = HOLDERS.to_vec();
    expected.sort_unstable();
    assert_eq!(holders, expected, "who else holds the door?");
}

/// What may be reached would be reached here.
fn trap() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("it can wait");
    let port = listener.local_addr().expect("bound").port();
    (listener, port)
}

#[track_caller]
fn nobody_came(listener: &TcpListener) {
    assert!(listener.accept().is_err(), "somebody connected to a forbidden address");
}

fn targets(port: u16) -> impl Iterator<Item = (usize, String)> {
    FORBIDDEN.iter().enumerate().map(move |(n, host)| (n, format!("http://{host}:{port}/x")))
}

/// Sources that all of these addresses are asked by, in one way; how each poll ended.
async fn poll(web: Web, sources: String) -> Vec<(Option<Cause>, String)> {
    let house = House::with_web(web, &sources).await;
    house.round().await;
    let states = house.store.states().await.expect("the store answers");
    states
        .into_iter()
        .map(|(_, state)| {
            let words = state.trouble.into_iter().chain(state.problems);
            (state.cause, words.collect::<Vec<_>>().join("; "))
        })
        .collect()
}

#[track_caller]
fn all_refused(told: &[(Option<Cause>, String)]) {
    assert_eq!(told.len(), FORBIDDEN.len());
    for (host, (_, words)) in FORBIDDEN.iter().zip(told) {
        let is_refused = words.contains("private or special address");
        assert!(is_refused, "{host}: {words}");
    }
}

#[tokio::test]
async fn g_03_lists() {
    let (listener, port) = trap();
    // An address that no request can hold is refused with the file.
    let written = targets(port).filter(|(_, url)| url.parse::<http::Uri>().is_ok());
    let source =
        |(n, url)| format!("[[source]]\nid = \"s{n}\"\nkind = \"feed\"\nurl = \"{url}\"\n");
    let told = poll(Web::with_door(), written.map(source).collect()).await;
    assert!(told.len() >= FORBIDDEN.len() - 2);
    for (cause, words) in told {
        assert_eq!(cause, Some(Cause::Refused), "{words}");
    }
    nobody_came(&listener);
}

#[tokio::test]
async fn g_03_wishes_of_sites() {
    let (listener, port) = trap();
    let written = targets(port).filter(|(_, url)| url.parse::<http::Uri>().is_ok());
    let source = |(n, url)| {
        format!("[[source]]\nid = \"s{n}\"\nkind = \"feed\"\nurl = \"{url}\"\nrobots = true\n")
    };
    for (cause, words) in poll(Web::with_door(), written.map(source).collect()).await {
        assert_eq!(cause, Some(Cause::Refused), "{words}");
    }
    nobody_came(&listener);
}

#[tokio::test]
async fn g_03_pages() {
    let (listener, port) = trap();
    let web = Web::with_door();
    let mut sources = String::new();
    for (n, url) in targets(port) {
        let list = format!("https://news{n}.example/list");
        web.serve(&list, format!("{{\"items\":[{{\"title\":\"t\"}}],\"next\":\"{url}\"}}"));
        sources += &format!(
            "[[source]]\nid = \"s{n}\"\nkind = \"json\"\nurl = \"{list}\"\nitems = \"items[]\"\n[source.item]\ntitle = \"title\"\n[source.page]\nurl = \"{{cursor}}\"\ncursor = \"next\"\n"
        );
    }
    all_refused(&poll(web, sources).await);
    nobody_came(&listener);
}

#[tokio::test]
async fn g_03_details() {
    let (listener, port) = trap();
    let web = Web::with_door();
    let mut sources = String::new();
    for (n, url) in targets(port) {
        let list = format!("https://news{n}.example/list");
        web.serve(&list, format!("{{\"items\":[{{\"title\":\"t\",\"link\":\"{url}\"}}]}}"));
        sources += &format!(
            "[[source]]\nid = \"s{n}\"\nkind = \"json\"\nurl = \"{list}\"\nitems = \"items[]\"\n[source.item]\ntitle = \"title\"\nlink = \"link\"\n[source.detail]\nurl = \"{{link}}\"\ncontent = \"article\"\n"
        );
    }
    all_refused(&poll(web, sources).await);
    nobody_came(&listener);
}

#[tokio::test]
async fn g_03_whole_articles() {
    let (listener, port) = trap();
    let web = Web::with_door();
    let mut sources = String::new();
    for (n, url) in targets(port) {
        let list = format!("https://news{n}.example/feed");
        web.serve(&list, format!("<rss version=\"2.0\"><channel><title>n</title><item><title>t</title><guid>g{n}</guid><link>{url}</link></item></channel></rss>"));
        sources += &format!(
            "[[source]]\nid = \"s{n}\"\nkind = \"feed\"\nurl = \"{list}\"\nfull_text = true\n"
        );
    }
    all_refused(&poll(web, sources).await);
    nobody_came(&listener);
}

#[tokio::test]
async fn g_03_redirects() {
    let (listener, port) = trap();
    let origin = Origin::start(move |asked| {
        let n: usize = asked.path[1..].parse().expect("a number");
        let to = format!("http://{}:{port}/x", FORBIDDEN[n]);
        let status = [301, 302, 307, 308][n % 4];
        Reply { status, headers: vec![("location", to)], body: Vec::new() }
    });
    let at = origin.address;
    let sources = (0..FORBIDDEN.len()).map(|n| {
        format!("[[source]]\nid = \"s{n}\"\nkind = \"feed\"\nurl = \"http://{at}/{n}\"\nallow = [\"{at}\"]\n")
    });
    let told = poll(Web::with_door(), sources.collect()).await;
    for (host, (cause, words)) in FORBIDDEN.iter().zip(&told) {
        assert_eq!(*cause, Some(Cause::Refused), "{host}: {words}");
    }
    nobody_came(&listener);
}

#[tokio::test]
async fn g_03_hubs() {
    let (listener, port) = trap();
    let web = Web::with_door();
    let mut sources = String::new();
    for (n, url) in targets(port) {
        let list = format!("https://news{n}.example/feed");
        web.serve(&list, format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>n</title><link rel=\"hub\" href=\"{url}\"/><entry><id>g{n}</id><title>t</title></entry></feed>"));
        sources += &format!("[[source]]\nid = \"s{n}\"\nkind = \"feed\"\nurl = \"{list}\"\n");
    }
    let house = House::with_web(web, &sources).await;
    house.round().await;
    house.ingest().subscribe().await.expect("the store answers");
    for (host, (_, state)) in FORBIDDEN.iter().zip(house.store.states().await.expect("an answer")) {
        let trouble = state.push.expect("a hub").trouble.unwrap_or_default();
        assert!(trouble.contains("private or special address"), "{host}: {trouble}");
    }
    nobody_came(&listener);
}

/// A webhook's address is its operator's, and yet reaches nothing private that he did not allow.
#[tokio::test]
async fn g_03_and_s_13_webhooks() {
    let (listener, port) = trap();
    let web = Web::with_door();
    let (feed, begun) = (
        "https://news.example/feed",
        "<rss version=\"2.0\"><channel><title>n</title></channel></rss>",
    );
    web.serve(feed, begun);
    let mut sources = format!("[[source]]\nid = \"news\"\nkind = \"feed\"\nurl = \"{feed}\"\n");
    let written = targets(port).filter(|(_, url)| url.parse::<http::Uri>().is_ok());
    for (n, url) in written {
        sources += &format!(
            "[[webhook]]\nid = \"w{n}\"\nurl = \"{url}\"\nallow_http = true\nsecret = \"env:KEY\"\n"
        );
    }
    let house = House::with_web(web, &sources).await;
    house.round().await;
    house.web.serve(feed, begun.replace("</title>", "</title><item><title>one</title></item>"));
    house.poll("news").await;
    house.deliver().await;
    let all = house.store.subscriptions().await.expect("an answer");
    assert!(all.len() >= FORBIDDEN.len() - 2);
    for one in all {
        let trouble = one.course.trouble.clone().unwrap_or_default();
        assert!(trouble.contains("private or special address"), "{}: {trouble}", one.webhook.url);
        let told = house.deliver.trial(&one).await.expect_err("refused");
        assert!(told.contains("private or special address"), "{}: {told}", one.webhook.url);
    }
    nobody_came(&listener);
}

/// Callbacks are anybody's word: neither asked nor told anything at a private address.
#[tokio::test]
async fn g_03_callbacks() {
    let (listener, port) = trap();
    let (web, feed) = (Web::with_door(), "https://news.example/feed");
    web.serve(feed, "<rss version=\"2.0\"><channel><title>n</title><item><title>t</title></item></channel></rss>");
    let toml = format!("[[source]]\nid = \"news\"\nkind = \"feed\"\nurl = \"{feed}\"\n");
    let house = House::with_web(web, &toml).await;
    house.round().await;
    let now = house.clock.now();
    for (_, callback) in targets(port) {
        let intent = Intent {
            number: 0,
            mode: Mode::Subscribe,
            topic: "/all.atom".to_owned(),
            asked: "https://n.example/all.atom".to_owned(),
            callback,
            secret: None,
            lease: Duration::from_secs(3600),
            attempts: 0,
        };
        // Some spellings are of one host, which is asked few things at once.
        house.store.intend(&intent, now).await.expect("the store answers");
        house.deliver().await;
        // One that had got in all the same would still be told nothing.
        let verdict = Verdict::Meant { until: now.plus(Duration::from_secs(3600)), edition: None };
        for again in house
            .store
            .claim_intents(now.plus(Duration::from_secs(500)), 9)
            .await
            .expect("an answer")
        {
            house.store.verified(&again, verdict.clone()).await.expect("the store answers");
        }
        house.deliver().await;
    }
    let followed = house.store.topics(now).await.expect("the store answers");
    assert!(
        followed[0].followers > 20 && followed[0].failing == followed[0].followers,
        "{followed:?}"
    );
    nobody_came(&listener);
}

/// Who types an address may reach it; a source of the file reaches what the file lets it.
#[test]
fn g_03_previews() {
    let (listener, port) = trap();
    let site = "[site]\ntitle = \"Test\"\nurl = \"http://127.0.0.1:8080\"\n";
    let written = targets(port).filter(|(_, url)| url.parse::<http::Uri>().is_ok());
    let written: Vec<usize> = written.map(|(n, _)| n).collect();
    let source = |n: &usize| {
        format!(
            "[[source]]\nid = \"s{n}\"\nkind = \"feed\"\nurl = \"http://{}:{port}/x\"\n",
            FORBIDDEN[*n]
        )
    };
    let place = Place::new(&(site.to_owned() + &written.iter().map(source).collect::<String>()));
    for n in written {
        let (code, told, _) = place.run(&["preview", &format!("s{n}")]);
        assert_eq!(code, 1, "{told}");
        assert!(told.contains("private or special address"), "{told}");
    }
    nobody_came(&listener);
}

#[test]
fn t_03_proxies_of_the_environment_are_ignored() {
    let (listener, port) = trap();
    let place = Place::new("[site]\ntitle = \"Test\"\nurl = \"http://127.0.0.1:8080\"\n");
    let mut command = place.command(&["preview", "http://news.invalid/feed"]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
    {
        command.env(name, format!("http://127.0.0.1:{port}"));
    }
    let output = command.output().expect("it runs");
    assert!(!output.status.success());
    nobody_came(&listener);
}
