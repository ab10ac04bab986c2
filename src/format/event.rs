//! What a webhook is told: one event, or several in one message (Standard Webhooks; rows S-01 and S-08).
//!
//! An item looks as it does in JSON Feed. Where that would be long it is told thinly: its body is left
//! out, and whoever wants it asks for it at the address that is told.

use bytes::Bytes;
use serde::Serialize;

use super::json::item_of;
use crate::model::feed::Site;
use crate::model::subscription::{Change, Event};

/// The type of a message of several events.
pub const BATCH: &str = "batch";
/// The type of a message that is only to show that messages arrive.
pub const TRIAL: &str = "feedloom.test";

/// The longest event that has its item's body in it, in bytes.
const LONGEST: usize = 20_000;
/// The longest text of an item that is told as thinly as can be, in bytes.
const SHORT: usize = 500;

/// The body of a message of one event.
pub fn single(site: &Site, event: Event, change: &Change) -> Bytes {
    Bytes::from(of(site, event, change))
}

/// The body of a message of several events.
pub fn batch(site: &Site, events: &[(Event, &Change)]) -> Bytes {
    let mut body = format!("{{\"type\":\"{BATCH}\",\"timestamp\":\"").into_bytes();
    if let Some((_, last)) = events.last() {
        body.extend(site.local(last.at).rfc3339().as_bytes());
    }
    body.extend(b"\",\"data\":{\"events\":[");
    for (at, (event, change)) in events.iter().enumerate() {
        body.extend((at > 0).then_some(b','));
        body.extend(of(site, *event, change));
    }
    body.extend(b"]}}");
    Bytes::from(body)
}

/// The body of a message that is only to show that messages arrive; `at` is the time, as it is to be told.
pub fn trial(site: &Site, at: &str) -> Bytes {
    let data = TrialJson { title: &site.title, url: &site.url };
    Bytes::from(written(&EventJson { kind: TRIAL, timestamp: at.to_owned(), data }))
}

fn of(site: &Site, event: Event, change: &Change) -> Vec<u8> {
    let (kind, timestamp) = (event.name(), site.local(change.at).rfc3339());
    let revision = change.revision.0;
    let page = format!("{}/item/{}", site.url, change.id);
    let Some(item) = change.item.as_ref().filter(|_| event != Event::Withdrawn) else {
        let _feedloom = Extension { page, revision, thin: false };
        let data = GoneJson { id: &change.public_id, _feedloom };
        return written(&EventJson { kind, timestamp, data });
    };
    let whole = item_of(&site.url, item).at(revision);
    let body = written(&EventJson { kind, timestamp: timestamp.clone(), data: whole });
    if body.len() <= LONGEST {
        return body;
    }
    let thin = item_of(&site.url, item).at(revision).thin();
    let body = written(&EventJson { kind, timestamp: timestamp.clone(), data: thin });
    if body.len() <= LONGEST {
        return body;
    }
    let title = item.title.as_str();
    let data = ThinnestJson {
        id: &item.public_id,
        title: &title[..title.floor_char_boundary(SHORT)],
        date_published: item.published.rfc3339(),
        url: item.link_on(&site.url),
        date_modified: item.updated.rfc3339(),
        _feedloom: Extension { page, revision, thin: true },
    };
    written(&EventJson { kind, timestamp, data })
}

fn written<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain structures with string keys always serialise")
}

#[derive(Serialize)]
struct EventJson<'a, D> {
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: String,
    data: D,
}

#[derive(Serialize)]
struct TrialJson<'a> {
    title: &'a str,
    url: &'a str,
}

/// An item that is gone.
#[derive(Serialize)]
struct GoneJson<'a> {
    id: &'a str,
    _feedloom: Extension,
}

#[derive(Serialize)]
struct Extension {
    page: String,
    revision: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    thin: bool,
}

/// An item most of which is left out.
#[derive(Serialize)]
struct ThinnestJson<'a> {
    id: &'a str,
    title: &'a str,
    date_published: String,
    url: String,
    date_modified: String,
    _feedloom: Extension,
}
