//! Subscriptions, and what is owed to them, as the operator's programs read them: the same shapes for the
//! command line and the operator's own door.

use http::Uri;
use serde_json::{Value, json};

use crate::model::feed::Revision;
use crate::model::follower::Following;
use crate::model::subscription::{Dead, Event, Subscription};
use crate::model::time::Timestamp;

/// A subscription; `newest` is how far the log has come. Its address is told without what could be a secret.
pub fn subscription(subscription: &Subscription, newest: Revision) -> Value {
    let Subscription { webhook, course, is_listed, replays, dead, .. } = subscription;
    let written = |at: Option<Timestamp>| at.map(Timestamp::rfc3339);
    let events = if webhook.events.is_empty() { &Event::ALL[..] } else { &webhook.events };
    json!({
        "id": webhook.id.as_str(),
        "url": address(subscription),
        "made": if *is_listed { "in the file" } else { "at run time" },
        "state": course.state.name(),
        "categories": webhook.categories,
        "sources": webhook.sources.iter().map(|id| id.as_str()).collect::<Vec<_>>(),
        "views": webhook.views,
        "query": webhook.query,
        "events": events.iter().map(|event| event.name()).collect::<Vec<_>>(),
        "batch": webhook.batch,
        "backlog": webhook.backlog,
        "allow": webhook.allow.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "reached": course.reached.0,
        "newest": newest.0,
        "failures": course.failures,
        "failing_since": written(course.failing),
        "next_attempt": written(course.due),
        "last_error": course.trouble,
        "last_success": written(course.succeeded),
        "replays": replays,
        "dead": dead,
    })
}

/// Where it is, without what could be a secret: those of chat rooms have theirs in the path.
pub fn address(subscription: &Subscription) -> String {
    let Ok(url) = subscription.webhook.url.parse::<Uri>() else { return String::new() };
    let scheme = url.scheme_str().unwrap_or_default();
    let host = url.authority().map_or("", |authority| authority.as_str());
    format!("{scheme}://{host}{}", if url.path() == "/" { "/" } else { "/…" })
}

/// A topic of our hub, and how many follow it.
pub fn following(following: &Following) -> Value {
    let Following { topic, followers, failing, until } = following;
    json!({
        "topic": topic,
        "followers": followers,
        "failing": failing,
        "first_lease_until": until.rfc3339(),
    })
}

/// What is owed to a subscription.
pub fn owed(subscription: &Subscription, newest: Revision) -> Value {
    let Subscription { webhook, course, replays, .. } = subscription;
    json!({
        "subscription": webhook.id.as_str(),
        "state": course.state.name(),
        "changes_to_look_at": newest.0.saturating_sub(course.reached.0),
        "replays": replays,
        "failures": course.failures,
        "next_attempt": course.due.map(Timestamp::rfc3339),
        "last_error": course.trouble,
    })
}

/// An event that was given up.
pub fn dead(dead: &Dead) -> Value {
    json!({
        "subscription": dead.subscription.as_str(),
        "revision": dead.revision.0,
        "item": dead.item.to_string(),
        "event": dead.event.name(),
        "message": dead.message,
        "attempts": dead.attempts,
        "at": dead.at.rfc3339(),
        "why": dead.why,
    })
}
