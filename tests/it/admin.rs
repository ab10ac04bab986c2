//! The operator's own door, by the built program.

use std::time::Duration;

use crate::origin::{Origin, Place, Reply, Running, await_ready, free_port, get};

const FEED: &str = "<rss version=\"2.0\"><channel><title>News</title><item><guid>1</guid><title>one</title></item></channel></rss>";

#[test]
fn metrics_tell_what_happened_to_who_shows_the_token() {
    const TOKEN: &str = "open sesame, please";
    let origin = Origin::start(|asked| match asked.path.as_str() {
        "/feed" => Reply::ok(FEED),
        _ => Reply { status: 404, ..Reply::ok("no") },
    });
    let (port, own, at) = (free_port(), free_port(), origin.address);
    let source = |id: &str| {
        format!(
            "[[source]]\nid = \"{id}\"\nkind = \"feed\"\nurl = \"http://{at}/{id}\"\nallow = [\"{at}\"]\n"
        )
    };
    let place = Place::new(&format!(
        "[site]\ntitle = \"Test\"\nurl = \"http://127.0.0.1:{port}\"\n[server]\nlisten = \"127.0.0.1:{port}\"\n\
         [admin]\nlisten = \"127.0.0.1:{own}\"\ntoken = \"file:token\"\n{}{}",
        source("feed"),
        source("none")
    ));
    place.write("token", format!("{TOKEN}\n"));
    let mut command = place.command(&["serve"]);
    let _running = Running(command.stdout(std::process::Stdio::null()).spawn().expect("it runs"));
    await_ready(port, "/readyz");
    assert_eq!(get(port, "/metrics", &[]).expect("an answer").0, 404, "not among what readers see");
    for headers in [&[][..], &[("authorization", "Bearer open sesame")]] {
        let (status, _, body) = get(own, "/metrics", headers).expect("an answer");
        assert_eq!(status, 401);
        assert!(!String::from_utf8_lossy(&body).contains("feedloom_"));
    }
    let bearer = format!("Bearer {TOKEN}");
    let scrape = || {
        let (status, _, body) =
            get(own, "/metrics", &[("authorization", &bearer)]).expect("an answer");
        assert_eq!(status, 200);
        String::from_utf8(body).expect("text")
    };
    // The last poll may be stored a moment before it is counted.
    let mut text = scrape();
    for _ in 0..100 {
        if text.contains("feedloom_poll_seconds_count 2") {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
        text = scrape();
    }
    for line in [
        "feedloom_polls_total{outcome=\"news\"} 1",
        "feedloom_polls_total{outcome=\"missing\"} 1",
        "feedloom_items_total{change=\"published\"} 1",
        "feedloom_sources{state=\"failing\"} 1",
        "feedloom_sources{state=\"well\"} 1",
        &format!("feedloom_received_bytes_total {}", FEED.len() + 2),
        "feedloom_sources_due 0",
    ] {
        assert!(text.lines().any(|other| other == line), "{line} is missing in\n{text}");
    }
}
