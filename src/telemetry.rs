//! What happened, counted for machines: every metric of the house, one past-tense function each, written
//! as OpenMetrics text.
//!
//! Labels hold words of ours alone and never a name from outside, so there are few of them however many
//! sources there are; how each source is doing stands in `/status.json`. What a scrape
//! finds out itself (how many sources are due, how late) is told it as a `Scene`.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::model::cause::Cause;

/// The media type of what is written.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All that is counted, since the start of the process.
pub struct Telemetry {
    registry: Registry,
    polls: Family<Outcome, Counter>,
    poll_seconds: Histogram,
    poll_bytes: Counter,
    polls_under_way: Gauge,
    items: Family<Change, Counter>,
    pushes: Family<Pushed, Counter>,
    deliveries: Family<Pushed, Counter>,
    delivery_seconds: Histogram,
    questions: Counter,
    sources: Family<State, Gauge>,
    sources_due: Gauge,
    poll_lag_seconds: Gauge,
    notices: Family<Noted, Gauge>,
    hubs: Gauge,
    subscriptions: Family<State, Gauge>,
    subscriptions_behind: Gauge,
    dead: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Change {
    change: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Pushed {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Noted {
    kind: &'static str,
}

/// What a poll came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Polled {
    /// Why it failed.
    pub cause: Option<Cause>,
    /// Items published, updated and withdrawn.
    pub changes: [usize; 3],
    /// Bytes of the answers, unpacked.
    pub bytes: u64,
    /// How long it took.
    pub took: Duration,
}

/// How things stand at the moment of a scrape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scene {
    /// How many sources are in each state.
    pub sources: Vec<(&'static str, usize)>,
    /// How many of them are due.
    pub due: usize,
    /// How long the one has been due that is due longest.
    pub lag: Duration,
    /// Of how many something is to be known, by kind.
    pub notices: Vec<(&'static str, usize)>,
    /// Of how many a hub tells the changes.
    pub hubs: usize,
    /// How many subscriptions are in each state.
    pub subscriptions: Vec<(&'static str, usize)>,
    /// How many rows of the log the one has to look at that is furthest behind.
    pub behind: u64,
    /// Events that were given up and are remembered.
    pub dead: u64,
}

const NEWS: &str = "news";
const SAME: &str = "same";
const TAKEN: &str = "taken";
const FAILED: &str = "failed";
const CHANGES: [&str; 3] = ["published", "updated", "withdrawn"];

impl Default for Telemetry {
    fn default() -> Telemetry {
        Telemetry::new()
    }
}

impl Telemetry {
    /// Nothing has happened yet; every metric is there all the same, so that who watches it can tell.
    pub fn new() -> Telemetry {
        let mut registry = Registry::with_prefix("feedloom");
        let telemetry = Telemetry {
            polls: Family::default(),
            // From ten milliseconds to some forty seconds.
            poll_seconds: Histogram::new(exponential_buckets(0.01, 2.0, 13)),
            poll_bytes: Counter::default(),
            polls_under_way: Gauge::default(),
            items: Family::default(),
            pushes: Family::default(),
            deliveries: Family::default(),
            // From a millisecond to half a minute.
            delivery_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 16)),
            questions: Counter::default(),
            sources: Family::default(),
            sources_due: Gauge::default(),
            poll_lag_seconds: Gauge::default(),
            notices: Family::default(),
            hubs: Gauge::default(),
            subscriptions: Family::default(),
            subscriptions_behind: Gauge::default(),
            dead: Gauge::default(),
            registry: Registry::default(),
        };
        let names = [NEWS, SAME].into_iter().chain(Cause::ALL.map(Cause::name));
        for outcome in names {
            drop(telemetry.polls.get_or_create(&Outcome { outcome }));
        }
        for change in CHANGES {
            drop(telemetry.items.get_or_create(&Change { change }));
        }
        for outcome in ["taken", "unsigned"] {
            drop(telemetry.pushes.get_or_create(&Pushed { outcome }));
        }
        registry.register(
            "polls",
            "Polls that ended: with news, with the same as before, or failed, by cause",
            telemetry.polls.clone(),
        );
        let seconds = "How long polls took, waiting for their hosts included";
        registry.register_with_unit("poll", seconds, Unit::Seconds, telemetry.poll_seconds.clone());
        let bytes = "Bytes of answers, unpacked";
        registry.register_with_unit("received", bytes, Unit::Bytes, telemetry.poll_bytes.clone());
        registry.register("polls_under_way", "Polls under way", telemetry.polls_under_way.clone());
        registry.register("items", "Items that changed, by how", telemetry.items.clone());
        registry.register("pushes", "What hubs pushed, by outcome", telemetry.pushes.clone());
        for outcome in [TAKEN, FAILED] {
            drop(telemetry.deliveries.get_or_create(&Pushed { outcome }));
        }
        registry.register(
            "deliveries",
            "Messages to those who asked for them, by outcome",
            telemetry.deliveries.clone(),
        );
        let seconds = "How long an attempt to deliver took";
        let histogram = telemetry.delivery_seconds.clone();
        registry.register_with_unit("delivery", seconds, Unit::Seconds, histogram);
        registry.register(
            "hub_questions",
            "Callbacks our hub asked whether they mean what was asked",
            telemetry.questions.clone(),
        );
        registry.register("sources", "Sources, by how they are", telemetry.sources.clone());
        registry.register(
            "sources_due",
            "Sources that are due and not yet polled",
            telemetry.sources_due.clone(),
        );
        let lag = "How long the source has been due that is due longest";
        registry.register_with_unit(
            "poll_lag",
            lag,
            Unit::Seconds,
            telemetry.poll_lag_seconds.clone(),
        );
        registry.register(
            "notices",
            "Sources of which an operator should know something, by kind",
            telemetry.notices.clone(),
        );
        registry.register(
            "hubs",
            "Sources whose hub tells of their changes",
            telemetry.hubs.clone(),
        );
        registry.register(
            "subscriptions",
            "Those who asked to be told, by how they are",
            telemetry.subscriptions.clone(),
        );
        registry.register(
            "subscriptions_behind",
            "How many changes the one has to look at that is furthest behind",
            telemetry.subscriptions_behind.clone(),
        );
        registry.register("dead", "Events that were given up", telemetry.dead.clone());
        Telemetry { registry, ..telemetry }
    }

    /// A poll began.
    pub fn poll_began(&self) {
        self.polls_under_way.inc();
    }

    /// A poll ended.
    pub fn polled(&self, polled: &Polled) {
        let Polled { cause, changes, bytes, took } = polled;
        self.polls_under_way.dec();
        let is_news = changes.iter().any(|count| *count > 0);
        let outcome = cause.map_or(if is_news { NEWS } else { SAME }, Cause::name);
        self.polls.get_or_create(&Outcome { outcome }).inc();
        self.poll_seconds.observe(took.as_secs_f64());
        self.poll_bytes.inc_by(*bytes);
        self.changed(changes);
    }

    /// A hub pushed, and items changed by it.
    pub fn pushed(&self, changes: &[usize; 3]) {
        self.pushes.get_or_create(&Pushed { outcome: "taken" }).inc();
        self.changed(changes);
    }

    /// Somebody pushed who did not sign as the hub does.
    pub fn push_was_unsigned(&self) {
        self.pushes.get_or_create(&Pushed { outcome: "unsigned" }).inc();
    }

    /// An attempt to deliver a message was made.
    pub fn delivered(&self, is_taken: bool, took: Duration) {
        let outcome = if is_taken { TAKEN } else { FAILED };
        self.deliveries.get_or_create(&Pushed { outcome }).inc();
        self.delivery_seconds.observe(took.as_secs_f64());
    }

    /// Our hub asked a callback whether it means what was asked.
    pub fn hub_asked(&self) {
        self.questions.inc();
    }

    fn changed(&self, changes: &[usize; 3]) {
        for (change, count) in CHANGES.into_iter().zip(changes) {
            self.items.get_or_create(&Change { change }).inc_by(*count as u64);
        }
    }

    /// All metrics as text, with how things stand now.
    pub fn scraped(&self, scene: &Scene) -> String {
        let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        for (state, count) in &scene.sources {
            self.sources.get_or_create(&State { state }).set(whole(*count));
        }
        for (kind, count) in &scene.notices {
            self.notices.get_or_create(&Noted { kind }).set(whole(*count));
        }
        self.sources_due.set(whole(scene.due));
        self.poll_lag_seconds.set(i64::try_from(scene.lag.as_secs()).unwrap_or(i64::MAX));
        self.hubs.set(whole(scene.hubs));
        for (state, count) in &scene.subscriptions {
            self.subscriptions.get_or_create(&State { state }).set(whole(*count));
        }
        self.subscriptions_behind.set(scene.behind.try_into().unwrap_or(i64::MAX));
        self.dead.set(scene.dead.try_into().unwrap_or(i64::MAX));
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a string takes whatever is written to it");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_counted() {
        let telemetry = Telemetry::new();
        let before = telemetry.scraped(&Scene::default());
        assert!(before.contains("feedloom_polls_total{outcome=\"timeout\"} 0\n"), "{before}");
        telemetry.poll_began();
        telemetry.poll_began();
        let took = Duration::from_millis(30);
        telemetry.polled(&Polled { changes: [3, 1, 0], bytes: 5000, took, cause: None });
        let failed = Polled { cause: Some(Cause::Timeout), ..Polled::default() };
        telemetry.polled(&failed);
        telemetry.pushed(&[1, 0, 0]);
        telemetry.push_was_unsigned();
        let lag = Duration::from_secs(70);
        let sources = vec![("well", 2), ("failing", 1)];
        let notices = vec![("silent", 2)];
        let subscriptions = vec![("active", 3)];
        let (due, hubs, behind, dead) = (1, 1, 7, 2);
        let scene = Scene { sources, due, lag, notices, hubs, subscriptions, behind, dead };
        telemetry.delivered(true, took);
        let text = telemetry.scraped(&scene);
        for line in [
            "feedloom_polls_total{outcome=\"news\"} 1",
            "feedloom_polls_total{outcome=\"timeout\"} 1",
            "feedloom_polls_under_way 0",
            "feedloom_poll_seconds_count 2",
            "feedloom_poll_seconds_bucket{le=\"0.04\"} 2",
            "feedloom_received_bytes_total 5000",
            "feedloom_items_total{change=\"published\"} 4",
            "feedloom_pushes_total{outcome=\"unsigned\"} 1",
            "feedloom_sources{state=\"failing\"} 1",
            "feedloom_sources_due 1",
            "feedloom_poll_lag_seconds 70",
            "feedloom_notices{kind=\"silent\"} 2",
            "feedloom_hubs 1",
            "feedloom_subscriptions{state=\"active\"} 3",
            "feedloom_subscriptions_behind 7",
            "feedloom_dead 2",
            "feedloom_deliveries_total{outcome=\"taken\"} 1",
        ] {
            assert!(text.lines().any(|other| other == line), "{line} is missing in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
        assert!(text.lines().count() < 150, "few labels, whatever happens");
    }
}
