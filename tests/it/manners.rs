//! A month of polling, as the origins saw it: rows P-01 to P-21, each origin with a ledger of its own,
//! through fifty restarts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use feedloom::clock::{Clock, Manual};
use feedloom::model::cause::Cause;
use feedloom::model::feed::Shelf;
use feedloom::model::time::{Offset, Timestamp};
use http::{Request, Response, header};

use crate::house::{House, Web, answer};
use crate::origin::Reply;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

/// What one address was asked, and what it answered.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    at: Timestamp,
    status: u16,
    if_none_match: Option<String>,
    if_modified_since: Option<String>,
}

impl Line {
    fn is_conditional(&self) -> bool {
        self.if_none_match.is_some() || self.if_modified_since.is_some()
    }
}

/// An address with a ledger.
#[derive(Clone, Default)]
struct Origin(Arc<Mutex<Vec<Line>>>);

impl Origin {
    /// Puts it on the web: `script` sees the request, when it came, and how many came before.
    fn open(
        web: &Web,
        clock: &Arc<Manual>,
        url: &str,
        mut script: impl FnMut(&Request<Bytes>, Timestamp, usize) -> Response<Bytes> + Send + 'static,
    ) -> Origin {
        let origin = Origin::default();
        let (ledger, clock) = (origin.clone(), clock.clone());
        web.script(url, move |request| {
            for name in ["cookie", "referer", "a-im"] {
                assert!(!request.headers().contains_key(name), "P-15, P-16");
            }
            let mut lines = ledger.0.lock().expect("nobody panics");
            let response = script(request, clock.now(), lines.len());
            let said = |name| {
                let value: Option<&http::HeaderValue> = request.headers().get(name);
                value.map(|value| value.to_str().expect("ASCII").to_owned())
            };
            lines.push(Line {
                at: clock.now(),
                status: response.status().as_u16(),
                if_none_match: said(header::IF_NONE_MATCH),
                if_modified_since: said(header::IF_MODIFIED_SINCE),
            });
            Ok(response)
        });
        origin
    }

    fn lines(&self) -> Vec<Line> {
        self.0.lock().expect("nobody panics").clone()
    }

    /// From each request to the next, with the status of the earlier one.
    fn gaps(&self) -> Vec<(u16, Duration)> {
        let lines = self.lines();
        lines.windows(2).map(|two| (two[0].status, two[1].at.since(two[0].at))).collect()
    }

    /// Checks that nothing came sooner than that.
    #[track_caller]
    fn keeps(&self, least: Duration) {
        let least_seen = self.gaps().into_iter().map(|(_, gap)| gap).min().expect("some");
        assert!(least_seen >= least, "asked again after {least_seen:?}, not {least:?}");
    }

    /// Checks how often it was asked.
    #[track_caller]
    fn was_asked(&self, times: std::ops::RangeInclusive<usize>) {
        let asked = self.lines().len();
        assert!(times.contains(&asked), "{asked} requests, not {times:?}");
    }
}

/// The feed as of a number of changes.
fn feed(name: &str, change: u64, extra: &str) -> String {
    let items: String = (change.saturating_sub(9)..=change)
        .rev()
        .map(|n| {
            format!(
                "<item><guid>{name}-{n}</guid><title>{name} {n}</title><link>https://{name}.example/{n}</link></item>"
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>{name}</title>{extra}{items}</channel></rss>")
}

/// Answers a feed that changes every so often, by tag.
fn tagged(
    request: &Request<Bytes>,
    name: &str,
    now: Timestamp,
    every: Duration,
    extra: &str,
) -> Response<Bytes> {
    let change = u64::try_from(now.seconds()).expect("after 1970") / every.as_secs();
    let tag = format!("W/\"{name}-{change}\"");
    let known = request.headers().get(header::IF_NONE_MATCH);
    let mut response = match known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        true => answer(304, ""),
        false => answer(200, feed(name, change, extra)),
    };
    response.headers_mut().insert(header::ETAG, tag.parse().expect("a tag"));
    response
}

fn with(mut response: Response<Bytes>, name: header::HeaderName, value: &str) -> Response<Bytes> {
    response.headers_mut().insert(name, value.parse().expect("a value"));
    response
}

const NAMES: [&str; 16] = [
    "steady",
    "blind",
    "ttl",
    "fresh",
    "stubborn",
    "busy",
    "throttled",
    "neighbour",
    "gone",
    "closed",
    "broken",
    "moved",
    "sleeper",
    "flapping",
    "bound",
    "weekly",
];

/// The file: each of them where `at` says.
fn file(at: impl Fn(&str) -> String) -> String {
    let source = |name: &&str| {
        let interval = if *name == "bound" { "interval = \"30m\"\n" } else { "" };
        let url = at(name);
        format!(
            "[[source]]\nid = \"{name}\"\nkind = \"feed\"\nurl = \"{url}\"\nallow = [\"127.0.0.0/8\"]\n{interval}"
        )
    };
    NAMES.iter().map(source).collect()
}

/// Each on a host of its own, but for the neighbour.
fn url(name: &str) -> String {
    let host = if name == "neighbour" { "throttled" } else { name };
    format!("https://{host}.example/{name}")
}

/// The same in addresses of this machine.
fn here(name: &str, port: u16) -> String {
    let host = if name == "neighbour" { "throttled" } else { name };
    let number = NAMES.iter().position(|known| *known == host).expect("one of them") + 1;
    format!("http://127.0.1.{number}:{port}/{name}")
}

/// What an origin answers to a request, that comes at some time, after so many others.
type Act = Box<dyn FnMut(&Request<Bytes>, Timestamp, usize) -> Response<Bytes> + Send>;

/// What each of them does, and where the one that moved went.
fn scripts(at: impl Fn(&str) -> String) -> Vec<(&'static str, String, Act)> {
    let new = at("moved") + "/new";
    let to = new.clone();
    let mut scripts: Vec<(&'static str, String, Act)> = Vec::new();
    let mut add = |name: &'static str, act: Act| scripts.push((name, at(name), act));
    add("steady", Box::new(|request, now, _| tagged(request, "steady", now, 5 * HOUR, "")));
    add(
        "blind",
        Box::new(|_, now, _| answer(200, feed("blind", now.seconds().unsigned_abs() / 7200, ""))),
    );
    add("ttl", Box::new(|request, now, _| tagged(request, "ttl", now, HOUR, "<ttl>180</ttl>")));
    add(
        "fresh",
        Box::new(|request, now, _| {
            let response = tagged(request, "fresh", now, HOUR, "");
            with(response, header::CACHE_CONTROL, "max-age=18000")
        }),
    );
    add(
        "stubborn",
        Box::new(|request, _, _| match request.headers().contains_key(header::IF_MODIFIED_SINCE) {
            true => answer(304, ""),
            false => {
                let date = "Tue, 3 May 2022 08:00:00 GMT";
                with(answer(200, feed("stubborn", 7, "")), header::LAST_MODIFIED, date)
            }
        }),
    );
    add(
        "busy",
        Box::new(|request, now, before| match before % 4 {
            3 => with(answer(503, ""), header::RETRY_AFTER, "18000"),
            _ => tagged(request, "busy", now, HOUR, ""),
        }),
    );
    add(
        "throttled",
        Box::new(|request, now, before| match before % 9 {
            4 => with(answer(429, ""), header::RETRY_AFTER, "36000"),
            _ => tagged(request, "throttled", now, HOUR, ""),
        }),
    );
    add("neighbour", Box::new(|request, now, _| tagged(request, "neighbour", now, HOUR, "")));
    add(
        "gone",
        Box::new(|request, now, before| match before {
            0..=9 => tagged(request, "gone", now, HOUR, ""),
            _ => answer(410, ""),
        }),
    );
    add("closed", Box::new(|_, _, _| answer(403, "")));
    add("broken", Box::new(|_, _, _| answer(500, "")));
    add("moved", Box::new(move |_, _, _| with(answer(301, ""), header::LOCATION, &to)));
    add(
        "sleeper",
        Box::new(|request, now, _| {
            let hours: String = (0..6).map(|hour| format!("<hour>{hour}</hour>")).collect();
            tagged(request, "sleeper", now, HOUR, &format!("<skipHours>{hours}</skipHours>"))
        }),
    );
    add(
        "flapping",
        Box::new(|request, now, before| match before % 10 {
            5 => with(
                answer(200, "<html><body>Just a moment</body></html>"),
                header::ETAG,
                "\"bad\"",
            ),
            7 => with(answer(204, ""), header::ETAG, "\"bad\""),
            8 => with(answer(200, ""), header::ETAG, "\"bad\""),
            _ => tagged(request, "flapping", now, HOUR, ""),
        }),
    );
    add(
        "bound",
        Box::new(|request, now, _| {
            let response = tagged(request, "bound", now, HOUR, "<ttl>600</ttl>");
            with(response, header::CACHE_CONTROL, "max-age=86400")
        }),
    );
    add("weekly", Box::new(|request, now, _| tagged(request, "weekly", now, 7 * DAY, "")));
    let arrived: Act = Box::new(|request, now, _| tagged(request, "moved", now, 3 * HOUR, ""));
    scripts.push(("arrived", new, arrived));
    scripts
}

/// Puts all of them on a web, each with its ledger.
fn open(
    web: &Web,
    clock: &Arc<Manual>,
    at: impl Fn(&str) -> String,
) -> HashMap<&'static str, Origin> {
    let scripts = scripts(at).into_iter();
    scripts.map(|(name, url, act)| (name, Origin::open(web, clock, &url, act))).collect()
}

/// Polls whatever comes due until `end`.
async fn live(house: &House, end: Timestamp) {
    loop {
        house.round().await;
        let states = house.store.states().await.expect("the store answers");
        let now = house.clock.now();
        // A host that is left alone is looked at again when its time is over.
        let next = states.iter().filter_map(|(_, state)| state.due).filter(|due| *due > now).min();
        let next = next.unwrap_or(end).min(now.plus(10 * MINUTE));
        if next >= end {
            house.clock.set(end);
            return;
        }
        house.clock.set(next);
    }
}

#[tokio::test]
async fn g_10_a_month_without_a_violation() {
    let mut house = House::new(&file(url)).await;
    let began = house.clock.now();
    let origins = open(&house.web, &house.clock, url);
    let [steady, blind, ttl, fresh, stubborn, busy, throttled, neighbour] =
        ["steady", "blind", "ttl", "fresh", "stubborn", "busy", "throttled", "neighbour"]
            .map(|name| origins[name].clone());
    let [gone, closed, broken, moved, arrived, sleeper, flapping, bound, weekly] =
        ["gone", "closed", "broken", "moved", "arrived", "sleeper", "flapping", "bound", "weekly"]
            .map(|name| origins[name].clone());

    for restart in 1..=50_u32 {
        // Now and then it is down for hours.
        let down = if restart % 7 == 0 { 5 * HOUR } else { MINUTE };
        let end = began.plus(MONTH * restart / 50);
        live(&house, end.minus(down)).await;
        house.clock.set(end);
        house = house.restarted(&file(url)).await;
    }

    // P-06: an hour where nobody says else; a day where nothing can be asked conditionally.
    steady.keeps(HOUR);
    steady.was_asked(300..=720);
    blind.keeps(DAY);
    blind.was_asked(24..=30);
    // P-07
    ttl.keeps(3 * HOUR);
    fresh.keeps(5 * HOUR);
    // P-01, P-02: the tags it gave, byte for byte, and nothing else; asked whole once.
    for (origin, name) in
        [(&steady, "steady"), (&ttl, "ttl"), (&bound, "bound"), (&weekly, "weekly")]
    {
        let lines = origin.lines();
        assert!(!lines[0].is_conditional(), "{name}");
        for line in &lines[1..] {
            let tag = line.if_none_match.as_deref().unwrap_or_else(|| panic!("{name}: {line:?}"));
            assert!(tag.starts_with(&format!("W/\"{name}-")) && tag.ends_with('"'), "{tag}");
            assert_eq!(line.if_modified_since, None, "{name} never said when it changed");
        }
    }
    // P-03, P-04: whole at first, and again after eight days of nothing but 304.
    let whole = stubborn.lines().iter().filter(|line| !line.is_conditional()).count();
    assert_eq!(whole, 4, "at the start, and every eight days");
    let dates: Vec<_> =
        stubborn.lines().iter().filter_map(|line| line.if_modified_since.clone()).collect();
    assert!(dates.iter().all(|date| date == "Tue, 3 May 2022 08:00:00 GMT"), "P-01");
    // P-09: the time that was asked for, and of the whole host.
    for (status, gap) in busy.gaps() {
        assert!(gap >= if status == 503 { 5 * HOUR } else { HOUR }, "{status} {gap:?}");
    }
    let told: Vec<Timestamp> =
        throttled.lines().iter().filter(|line| line.status == 429).map(|line| line.at).collect();
    assert!(told.len() > 5);
    for line in throttled.lines().iter().chain(&neighbour.lines()) {
        let is_early = |told: &Timestamp| line.at > *told && line.at.since(*told) < 10 * HOUR;
        assert!(!told.iter().any(is_early), "{line:?}");
    }
    neighbour.was_asked(200..=720);
    // P-11
    gone.was_asked(11..=11);
    // P-12, P-13: fewer and fewer, but never given up.
    let closed_gaps = closed.gaps();
    assert!(closed_gaps[0].1 >= 4 * HOUR && closed_gaps[3].1 >= 23 * HOUR, "{closed_gaps:?}");
    closed.was_asked(25..=35);
    let broken_gaps = broken.gaps();
    assert!(broken_gaps[0].1 >= HOUR && broken_gaps[6].1 >= 23 * HOUR, "{broken_gaps:?}");
    broken.was_asked(28..=40);
    // P-10: three sightings over two days, and then straight there.
    let seen = moved.lines();
    let lasted = seen.last().expect("some").at.since(seen[0].at);
    assert!((48 * HOUR..60 * HOUR).contains(&lasted), "{lasted:?}");
    arrived.was_asked(300..=720);
    assert!(arrived.gaps().iter().all(|(_, gap)| *gap >= HOUR));
    // P-08
    for line in sleeper.lines() {
        let hour = line.at.seconds().rem_euclid(86_400) / 3600;
        assert!(hour >= 6 || line.at == began, "asked at {hour} o'clock GMT");
    }
    // P-20, P-21: soon again, once; and what a bad answer called itself was never sent back.
    let lines = flapping.lines();
    assert!(lines.iter().all(|line| line.if_none_match.as_deref() != Some("\"bad\"")));
    let (mut soon, mut doubted) = (0, 0);
    for (n, (_, gap)) in flapping.gaps().into_iter().enumerate() {
        let is_doubted = n % 10 == 5;
        assert!(gap >= if is_doubted { 15 * MINUTE } else { HOUR }, "{n}: {gap:?}");
        doubted += usize::from(is_doubted);
        soon += usize::from(is_doubted && gap < 20 * MINUTE);
    }
    assert!(soon * 10 > doubted * 8, "{soon} of {doubted}, the rest being while it was down");
    // The operator's word binds.
    let mean = MONTH / u32::try_from(bound.lines().len()).expect("a number");
    assert!((25 * MINUTE..=31 * MINUTE).contains(&mean), "{mean:?}");
    bound.keeps(28 * MINUTE);
    // What hardly changes is hardly asked.
    weekly.keeps(HOUR);
    weekly.was_asked(30..=120);
}

/// A day of the same script over real sockets, every answer through the real door, leaves the same
/// ledgers as in simulation: the same requests at the same times, with the same conditions.
#[tokio::test(flavor = "multi_thread")]
async fn g_10_a_day_over_sockets_is_as_simulated() {
    let scripted = Arc::new(Web::default());
    let answering = scripted.clone();
    let addresses: Vec<String> = (1..=NAMES.len()).map(|n| format!("127.0.1.{n}")).collect();
    let server = crate::origin::Origin::on_each(&addresses, move |asked| {
        let host = asked.header("host").expect("a host");
        let mut request = Request::builder().uri(format!("http://{host}{}", asked.path));
        for (name, value) in &asked.headers {
            request = request.header(name, value);
        }
        let response = answering.reply(&request.body(Bytes::new()).expect("a request"));
        let name = |name: &header::HeaderName| match name.as_str() {
            "etag" => "etag",
            "last-modified" => "last-modified",
            "retry-after" => "retry-after",
            "cache-control" => "cache-control",
            "location" => "location",
            other => panic!("{other} is not passed on"),
        };
        let value = |value: &header::HeaderValue| value.to_str().expect("ASCII").to_owned();
        Reply {
            status: response.status().as_u16(),
            headers: response.headers().iter().map(|(n, v)| (name(n), value(v))).collect(),
            body: response.into_body().to_vec(),
        }
    });
    let Some(server) = server else {
        return eprintln!("SKIPPED: this machine has no address but 127.0.0.1 to itself");
    };
    let port = server.address.port();
    let at = |name: &str| here(name, port);
    let real = House::with_web(Web::with_door(), &file(at)).await;
    let real_origins = open(&scripted, &real.clock, at);
    let simulated = House::new(&file(at)).await;
    let simulated_origins = open(&simulated.web, &simulated.clock, at);
    let end = real.clock.now().plus(DAY);
    live(&real, end).await;
    live(&simulated, end).await;
    let mut requests = 0;
    for (name, origin) in &real_origins {
        let (real, simulated) = (origin.lines(), simulated_origins[name].lines());
        assert_eq!(real, simulated, "{name}");
        requests += real.len();
    }
    assert!(requests > 150, "{requests}");
}

#[tokio::test]
async fn t_12_five_hundred_tar_pits_hold_up_nobody() {
    let source = |n: usize| {
        let (kind, n) = if n < 500 { ("pit", n) } else { ("well", n - 500) };
        format!(
            "[[source]]\nid = \"{kind}-{n}\"\nkind = \"feed\"\nurl = \"https://{kind}-{n}.example/feed\"\ninterval = \"10m\"\n"
        )
    };
    let file: String = (0..520).map(source).collect();
    let house = House::new(&file).await;
    for n in 0..500 {
        house.web.swallow(&format!("https://pit-{n}.example/feed"));
    }
    let wells: Vec<String> = (0..20).map(|n| format!("https://well-{n}.example/feed")).collect();
    for well in &wells {
        house.web.serve(well, feed("well", 3, ""));
    }
    let (stop, ingest) = (tokio_util::sync::CancellationToken::new(), house.ingest());
    let (ready, _) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(async move { ingest.run(stop, ready).await });
    for round in 1..=5 {
        let asked = async {
            while wells.iter().any(|well| house.web.asked(well) < round) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let asked = tokio::time::timeout(MINUTE, asked).await;
        assert!(asked.is_ok(), "a healthy source waits for one that never answers");
        // Whoever was polled is stored before time goes on.
        while house.store.states().await.expect("the store answers").iter().any(|(id, state)| {
            id.as_str().starts_with("well") && state.due.is_none_or(|due| due <= house.clock.now())
        }) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        house.clock.pass(10 * MINUTE);
    }
    running.abort();
}

#[tokio::test]
async fn what_an_operator_should_know_is_known() {
    let file = "[[source]]\nid = \"wire\"\nkind = \"feed\"\nurl = \"https://wire.example/feed\"\ninterval = \"1h\"\n";
    let (house, url) = (House::new(file).await, "https://wire.example/feed");
    let state = async || house.store.states().await.expect("the store answers").remove(0).1;
    house.web.serve(url, feed("wire", 20, ""));
    house.round().await;
    house.web.serve(url, feed("wire", 25, ""));
    house.pass(HOUR).await;
    assert_eq!(state().await.missed, None, "five are the same");
    let gone = house.clock.now().plus(HOUR).at(Offset::UTC);
    house.web.serve(url, feed("wire", 60, ""));
    house.pass(HOUR).await;
    assert_eq!(state().await.missed, Some(gone), "none is the same: some may be missing");

    let page = answer(200, "<html><body>Welcome</body></html>");
    let wall = with(answer(200, ""), header::HeaderName::from_static("cf-mitigated"), "challenge");
    let failing = house.clock.now().plus(DAY).at(Offset::UTC);
    for (response, cause) in [
        (answer(404, ""), Cause::Missing),
        (answer(403, ""), Cause::Closed),
        (answer(500, ""), Cause::Server),
        (answer(429, ""), Cause::Busy),
        (wall, Cause::Wall),
        (page, Cause::Doubtful),
        (answer(200, ""), Cause::Empty),
    ] {
        house.web.script(url, move |_| Ok(response.clone()));
        // Past whatever was asked for.
        house.pass(DAY).await;
        assert_eq!((state().await.cause, state().await.failing), (Some(cause), Some(failing)));
    }
    house.web.fail(url);
    house.pass(DAY).await;
    assert_eq!(state().await.cause, Some(Cause::Unreachable));
    house.web.serve(url, feed("wire", 60, ""));
    house.pass(2 * DAY).await;
    assert_eq!((state().await.cause, state().await.failing), (None, None));
}

#[tokio::test]
async fn x_09_clocks_that_jump_make_no_storm_and_starve_nobody() {
    let file = "[[source]]\nid = \"wire\"\nkind = \"feed\"\nurl = \"https://wire.example/feed\"\ninterval = \"1h\"\n";
    let (house, url) = (House::new(file).await, "https://wire.example/feed");
    house.web.serve(url, feed("wire", 20, ""));
    let (stop, ingest) = (tokio_util::sync::CancellationToken::new(), house.ingest());
    let (ready, _) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(async move { ingest.run(stop, ready).await });
    let begin = house.clock.now();
    let year = 365 * DAY;
    let mut asked = 0;
    for at in [0, 20, 0].map(|years| begin.plus(year * years)) {
        let is_back = at < house.clock.now();
        house.clock.set(at);
        if is_back {
            // It was asked a moment ago, whatever that was called.
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert_eq!(house.web.asked(url), asked, "it is asked too early");
            house.clock.pass(HOUR);
        }
        // An hour at a time: once each, whatever year it is.
        for _ in 0..4 {
            asked += 1;
            let polled = async {
                let is_stored = async || {
                    let states = house.store.states().await.expect("the store answers");
                    let now = house.clock.now();
                    states[0].1.due.is_some_and(|due| due > now && due.since(now) <= HOUR)
                };
                while house.web.asked(url) < asked || !is_stored().await {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            let in_time = tokio::time::timeout(MINUTE, polled).await;
            assert!(in_time.is_ok(), "it is not asked any more");
            assert_eq!(house.web.asked(url), asked, "it is asked too often");
            house.clock.pass(HOUR);
        }
    }
    running.abort();
}

#[tokio::test]
async fn t_04_a_move_to_another_site_takes_no_keys_along() {
    let file = "[[source]]\nid = \"api\"\nkind = \"json\"\nurl = \"https://api.example/list\"\ninterval = \"12h\"\nitems = \"items[]\"\nheaders = { authorization = \"Bearer secret\" }\n[source.item]\ntitle = \"title\"\n";
    let house = House::new(file).await;
    let (old, new) = ("https://api.example/list", "https://else.example/list");
    house.web.script(old, move |_| Ok(with(answer(301, ""), header::LOCATION, new)));
    house.web.serve(new, r#"{"items":[{"title":"one"},{"title":"two"}]}"#);
    house.round().await;
    for _ in 0..6 {
        house.pass(12 * HOUR).await;
    }
    let asked = house.web.asked(old);
    house.pass(12 * HOUR).await;
    assert_eq!(house.web.asked(old), asked, "it is asked where it moved");
    assert!(!house.web.last(new).headers().contains_key(header::AUTHORIZATION));
    assert!(house.web.last(old).headers().contains_key(header::AUTHORIZATION));
}

#[tokio::test]
async fn p_09_one_source_does_not_decide_for_how_long_its_host_is_left_alone() {
    let source = |id: &str, interval: &str| {
        format!(
            "[[source]]\nid = \"{id}\"\nkind = \"feed\"\nurl = \"https://one.example/{id}\"\ninterval = \"{interval}\"\n"
        )
    };
    let house = House::new(&(source("slow", "7d") + &source("quick", "10m"))).await;
    let told = with(answer(429, ""), header::RETRY_AFTER, "3600");
    house.web.script("https://one.example/slow", move |_| Ok(told.clone()));
    house.web.serve("https://one.example/quick", feed("quick", 3, ""));
    house.round().await;
    let asked = house.web.asked("https://one.example/quick");
    house.pass(50 * MINUTE).await;
    assert_eq!(house.web.asked("https://one.example/quick"), asked, "an hour is not over");
    house.pass(11 * MINUTE).await;
    assert_eq!(house.web.asked("https://one.example/quick"), asked + 1, "a week is not asked for");
}

#[tokio::test]
async fn p_13_details_that_all_fail_are_not_asked_without_end() {
    let file = "[[source]]\nid = \"map\"\nkind = \"sitemap\"\nurl = \"https://map.example/sitemap.xml\"\ninterval = \"1h\"\ndetails = 3\n[source.detail]\ncontent = \"article\"\n";
    let house = House::new(file).await;
    let urls: String =
        (0..9).map(|n| format!("<url><loc>https://map.example/{n}</loc></url>")).collect();
    house.web.serve("https://map.example/sitemap.xml", format!("<urlset>{urls}</urlset>"));
    for hour in 1..9 {
        // A round that never ended would be the fault.
        house.round().await;
        assert!(house.web.asked("https://map.example/sitemap.xml") <= hour);
        house.clock.pass(HOUR);
    }
}

#[tokio::test]
async fn p_03_a_source_that_is_added_is_asked_once() {
    let source = |id: &str| {
        format!("[[source]]\nid = \"{id}\"\nkind = \"feed\"\nurl = \"https://{id}.example/\"\n")
    };
    let house = House::new(&source("old")).await;
    for id in ["old", "new"] {
        house.web.serve(&format!("https://{id}.example/"), feed(id, 9, ""));
    }
    house.round().await;
    let house = house.restarted(&(source("old") + &source("new"))).await;
    house.ingest().resume().await.expect("the store answers");
    for _ in 0..50 {
        house.pass(MINUTE).await;
    }
    let asked = ["old", "new"].map(|id| house.web.asked(&format!("https://{id}.example/")));
    assert_eq!(asked, [1, 1], "once each within the hour, and the new one at once");
}

#[tokio::test]
async fn p_19_sources_of_one_address_share_one_fetch() {
    const URL: &str = "https://one.example/";
    let source = |id: &str, more: &str| {
        format!("[[source]]\nid = \"{id}\"\nkind = \"feed\"\nurl = \"{URL}\"\n{more}\n")
    };
    let three = source("often", "interval = \"1h\"")
        + &source("seldom", "interval = \"6h\"")
        + &source("list", "interval = \"2h\"\nnamespace = \"often\"");
    let house = House::new(&three).await;
    let origin = Origin::open(&house.web, &house.clock, URL, |request, now, _| {
        tagged(request, "one", now, 3 * HOUR, "")
    });
    let end = house.clock.now().plus(DAY);
    live(&house, end).await;
    origin.was_asked(24..=26);
    let blind =
        |origin: &Origin| origin.lines().iter().filter(|line| !line.is_conditional()).count();
    assert_eq!(blind(&origin), 1);
    let shown = async |house: &House, id: &str| {
        house.items(&Shelf::Source(crate::house::source(id).id)).await.len()
    };
    let often = shown(&house, "often").await;
    assert!(often > 12, "{often}");
    assert_eq!(shown(&house, "list").await, often);
    assert_eq!(shown(&house, "seldom").await, often);

    // One that is added asks for the whole document, and all take it; one with a key asks for itself.
    let five = three + &source("late", "") + &source("keyed", "headers = { x-key = \"1\" }");
    let house = house.restarted(&five).await;
    let before = origin.lines().len();
    house.round().await;
    assert_eq!(origin.lines().len(), before + 2);
    assert_eq!(blind(&origin), 3);
    assert_eq!(shown(&house, "late").await, 10);
    let states = house.store.states().await.expect("the store answers");
    let now = house.clock.now().millis();
    let polled = states.iter().filter_map(|(_, state)| state.polled);
    assert!(polled.map(|at| at.millis()).all(|at| at == now), "all at once");
}

#[tokio::test]
async fn p_19_a_failure_is_shared_as_well() {
    const URL: &str = "https://one.example/";
    let source = |id: &str| {
        format!("[[source]]\nid = \"{id}\"\nkind = \"feed\"\nurl = \"{URL}\"\ninterval = \"1h\"\n")
    };
    let house = House::new(&(source("a") + &source("b"))).await;
    house.web.fail(URL);
    let reports = house.round().await;
    assert_eq!(reports.iter().filter(|report| report.trouble.is_some()).count(), 2);
    assert_eq!(house.web.asked(URL), 1);
    house.web.serve(URL, feed("one", 9, ""));
    house.pass(2 * HOUR).await;
    assert_eq!(house.web.asked(URL), 2);
    // Who names one source means that one.
    house.poll("b").await;
    let states = house.store.states().await.expect("the store answers");
    assert_eq!(states[0].1.failures + states[1].1.failures, 0);
    assert_eq!(house.web.asked(URL), 3);
}

#[tokio::test]
async fn p_18_what_a_site_wishes_is_heard_where_the_operator_says_so() {
    let source = |id: &str, more: &str| {
        format!(
            "[[source]]\nid = \"{id}\"\nkind = \"feed\"\nurl = \"https://site.example/{id}\"\ninterval = \"1h\"\n{more}"
        )
    };
    let file =
        source("deaf", "") + &source("shy", "robots = true\n") + &source("open", "robots = true\n");
    let house = House::new(&file).await;
    let wishes = "https://site.example/robots.txt";
    house.web.serve(wishes, "User-agent: *\nDisallow: /shy\nDisallow: /deaf\n");
    for id in ["deaf", "shy", "open"] {
        house.web.serve(&format!("https://site.example/{id}"), feed(id, 9, ""));
    }
    house.round().await;
    let asked = |id: &str| house.web.asked(&format!("https://site.example/{id}"));
    assert_eq!(["deaf", "shy", "open"].map(asked), [1, 0, 1]);
    let states = house.store.states().await.expect("the store answers");
    assert_eq!(states[1].1.cause, Some(Cause::Refused));
    assert!(states[1].1.trouble.as_ref().is_some_and(|why| why.contains("robots.txt")), "in words");
    for _ in 0..20 {
        house.pass(HOUR).await;
    }
    assert_eq!(house.web.asked(wishes), 1, "it is believed for a day");
    // A site that cannot say is left alone; one that has no such file wishes nothing.
    house.web.script(wishes, |_| Ok(answer(500, "")));
    let before = asked("open");
    for _ in 0..6 {
        house.pass(HOUR).await;
    }
    assert!(asked("open") <= before + 4, "until the day is over");
    house.web.script(wishes, |_| Ok(answer(404, "")));
    house.pass(DAY).await;
    house.pass(DAY).await;
    assert!(asked("shy") > 0);
}

#[tokio::test]
async fn p_19_who_waits_for_something_else_does_not_follow() {
    let url = "https://one.example/feed";
    let source = |id: &str, more: &str| {
        format!(
            "[[source]]\nid = \"{id}\"\nkind = \"feed\"\nurl = \"{url}\"\ninterval = \"1h\"\n{more}"
        )
    };
    // Both read the same feed; the second one wants whole articles, whose host asks for peace.
    let file = source("plain", "") + &source("whole", "full_text = true\n");
    let house = House::new(&file).await;
    house.web.script(url, |request| {
        let known = request.headers().contains_key(header::IF_NONE_MATCH);
        let response = if known { answer(304, "") } else { answer(200, feed("one", 3, "")) };
        Ok(with(response, header::ETAG, "\"one\""))
    });
    let article = "https://one.example/3";
    let told = with(answer(503, ""), header::RETRY_AFTER, "18000");
    house.web.script(article, move |_| Ok(told.clone()));
    house.round().await;
    let (lists, articles) = (house.web.asked(url), house.web.asked(article));
    for _ in 0..4 {
        house.pass(HOUR).await;
    }
    assert_eq!(house.web.asked(article), articles, "five hours are not over");
    assert!(house.web.asked(url) <= lists + 4, "the first one alone is asked for");
    house.pass(2 * HOUR).await;
    assert!(house.web.asked(article) > articles);
}

#[tokio::test]
async fn p_19_who_hears_a_sites_wishes_shares_with_nobody_who_does_not() {
    let url = "https://one.example/feed";
    let source = |id: &str, more: &str| {
        format!("[[source]]\nid = \"{id}\"\nkind = \"feed\"\nurl = \"{url}\"\n{more}")
    };
    let house = House::new(&(source("hears", "robots = true\n") + &source("deaf", ""))).await;
    house.web.serve("https://one.example/robots.txt", "User-agent: *\nDisallow: /\n");
    house.web.serve(url, feed("one", 3, ""));
    house.round().await;
    let states = house.store.states().await.expect("the store answers");
    assert_eq!(states[0].1.cause, Some(Cause::Refused));
    assert_eq!((states[1].1.cause, house.web.asked(url)), (None, 1));
}

/// A house with one source that answers as scripted, and its ledger.
async fn one(
    script: impl FnMut(&Request<Bytes>, Timestamp, usize) -> Response<Bytes> + Send + 'static,
) -> (House, Origin) {
    const URL: &str = "https://one.example/feed";
    let file =
        format!("[[source]]\nid = \"one\"\nkind = \"feed\"\nurl = \"{URL}\"\ninterval = \"1h\"\n");
    let house = House::new(&file).await;
    let origin = Origin::open(&house.web, &house.clock, URL, script);
    (house, origin)
}

#[tokio::test]
async fn p_02_validators_come_from_every_answer_and_go_with_one_that_has_none() {
    let dated = |response| with(response, header::LAST_MODIFIED, "Tue, 3 May 2022 08:00:00 GMT");
    let (house, origin) = one(move |_, _, before| match before {
        0 => dated(with(answer(200, feed("one", 3, "")), header::ETAG, "\"a\"")),
        // A tag on a 304 replaces the old one; what is missing there stays.
        1 => with(answer(304, ""), header::ETAG, "W/\"b\""),
        2 => answer(304, ""),
        3 => answer(200, feed("one", 4, "")),
        _ => with(answer(200, feed("one", 4, "")), header::ETAG, "\"c\""),
    })
    .await;
    house.round().await;
    for _ in 0..5 {
        house.pass(HOUR).await;
    }
    let date = "Tue, 3 May 2022 08:00:00 GMT";
    let sent: Vec<_> = origin
        .lines()
        .iter()
        .map(|line| (line.if_none_match.clone(), line.if_modified_since.clone()))
        .collect();
    let some = |tag: &str, date: Option<&str>| (Some(tag.to_owned()), date.map(str::to_owned));
    assert_eq!(
        sent,
        [
            (None, None),
            some("\"a\"", Some(date)),
            some("W/\"b\"", Some(date)),
            some("W/\"b\"", Some(date)),
            (None, None),
            some("\"c\"", None),
        ]
    );
}

#[tokio::test]
async fn p_04_validators_are_not_sent_after_eight_days_of_nothing_but_304() {
    let (house, origin) = one(|request, _, _| {
        let is_known = request.headers().contains_key(header::IF_NONE_MATCH);
        let response = if is_known { answer(304, "") } else { answer(200, feed("one", 3, "")) };
        with(response, header::ETAG, "\"for ever\"")
    })
    .await;
    let began = house.clock.now();
    live(&house, began.plus(20 * DAY)).await;
    let whole: Vec<Duration> = origin
        .lines()
        .iter()
        .filter(|line| !line.is_conditional())
        .map(|line| line.at.since(began))
        .collect();
    assert_eq!(whole.len(), 3, "{whole:?}");
    for two in whole.windows(2) {
        let days = two[1] - two[0];
        assert!(days > 8 * DAY && days < 8 * DAY + 2 * HOUR, "{whole:?}");
    }
}
