//! `/api/…`: what the command line does with a running house, for the operator's programs. JSON both ways;
//! every address wants the token (`admin.rs`), and a browser has no way to send it from elsewhere (rows
//! T-31 and T-32).

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{Method, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::admin::Admin;
use crate::format::subscriptions;
use crate::model::feed::Revision;
use crate::model::source::SourceId;
use crate::model::subscription::{OVERLAP, Replay, State, Subscription, SubscriptionId};
use crate::model::time::{Timestamp, Zone};
use crate::model::wish::Wish;
use crate::store;
use crate::store::explain::Name;

/// Tries a subscription; an error says why its endpoint took nothing.
pub type Try = dyn Fn(Subscription) -> BoxFuture<'static, Result<(), String>> + Send + Sync;
/// Polls a source; none when there is none, or when it is being polled.
pub type Poll =
    dyn Fn(SourceId) -> BoxFuture<'static, Result<Option<Polled>, store::Error>> + Send + Sync;

/// How a poll went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Polled {
    /// Items published, updated and withdrawn.
    pub changes: [usize; 3],
    /// Entries that are as they were.
    pub unchanged: usize,
    /// Why it failed, in plain words.
    pub trouble: Option<String>,
}

/// What is done at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    List,
    Add,
    Show,
    Remove,
    Pause,
    Resume,
    Rotate,
    Test,
    Replay,
    Deliveries,
    Poll,
    Withdraw,
}

/// Every address there is; `{}` stands for a name.
pub(super) const ROUTES: &[(Method, &str, Act)] = &[
    (Method::GET, "/api/subscriptions", Act::List),
    (Method::POST, "/api/subscriptions", Act::Add),
    (Method::GET, "/api/subscriptions/{}", Act::Show),
    (Method::DELETE, "/api/subscriptions/{}", Act::Remove),
    (Method::POST, "/api/subscriptions/{}/pause", Act::Pause),
    (Method::POST, "/api/subscriptions/{}/resume", Act::Resume),
    (Method::POST, "/api/subscriptions/{}/rotate", Act::Rotate),
    (Method::POST, "/api/subscriptions/{}/test", Act::Test),
    (Method::POST, "/api/subscriptions/{}/replay", Act::Replay),
    (Method::GET, "/api/deliveries", Act::Deliveries),
    (Method::POST, "/api/sources/{}/poll", Act::Poll),
    (Method::POST, "/api/withdraw", Act::Withdraw),
];

/// Events that were given up, in one answer.
const MOST: usize = 1000;

/// An answer: a status and a value.
type Answer = (StatusCode, Value);

/// Why there is none.
pub(super) enum Refusal {
    Said(StatusCode, String),
    Store(store::Error),
}

impl From<store::Error> for Refusal {
    fn from(error: store::Error) -> Refusal {
        Refusal::Store(error)
    }
}

fn refused(status: StatusCode, why: impl Into<String>) -> Refusal {
    Refusal::Said(status, why.into())
}

/// What is done at an address, and the name in it; an error when nothing is, or not by this method.
pub(super) fn find<'p>(method: &Method, path: &'p str) -> Result<(Act, &'p str), StatusCode> {
    let mut is_known = false;
    for (by, route, act) in ROUTES {
        let Some(name) = matched(route, path) else { continue };
        // Whoever may look may look at the head alone.
        if by == method || (*by == Method::GET && method == Method::HEAD) {
            return Ok((*act, name));
        }
        is_known = true;
    }
    Err(if is_known { StatusCode::METHOD_NOT_ALLOWED } else { StatusCode::NOT_FOUND })
}

/// The name in a path of this form; empty when it has none.
fn matched<'p>(route: &str, path: &'p str) -> Option<&'p str> {
    let Some((before, after)) = route.split_once("{}") else {
        return (route == path).then_some("");
    };
    let name = path.strip_prefix(before)?.strip_suffix(after)?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

/// Does what is asked.
pub(super) async fn answer(
    admin: &Admin,
    head: &Parts,
    body: &Bytes,
    (act, name): (Act, &str),
) -> Result<Answer, Refusal> {
    let store = &admin.store;
    match act {
        Act::List => {
            let newest = newest(admin);
            let all = store.subscriptions().await?;
            let all: Vec<Value> =
                all.iter().map(|one| subscriptions::subscription(one, newest)).collect();
            let followed = store.topics(admin.clock.now()).await?;
            let followed: Vec<Value> = followed.iter().map(subscriptions::following).collect();
            Ok((StatusCode::OK, json!({ "subscriptions": all, "followed": followed })))
        }
        Act::Add => add(admin, head, body).await,
        Act::Show => {
            let found = found(admin, name).await?;
            Ok((StatusCode::OK, subscriptions::subscription(&found, newest(admin))))
        }
        Act::Remove => {
            let found = found(admin, name).await?;
            if !store.unsubscribe(&found.webhook.id).await? {
                return Err(in_the_file("take it out there"));
            }
            Ok((StatusCode::OK, json!({ "id": name, "removed": true })))
        }
        Act::Pause => steer(admin, name, State::Paused).await,
        Act::Resume => steer(admin, name, State::Active).await,
        Act::Rotate => rotate(admin, head, body, name).await,
        Act::Test => {
            let found = found(admin, name).await?;
            Ok(match (admin.trial)(found).await {
                Ok(()) => (StatusCode::OK, json!({ "taken": true })),
                Err(why) => (StatusCode::OK, json!({ "taken": false, "error": why })),
            })
        }
        Act::Replay => replay(admin, head, body, name).await,
        Act::Deliveries => deliveries(admin, head.uri.query().unwrap_or_default()).await,
        Act::Poll => poll(admin, name).await,
        Act::Withdraw => withdraw(admin, head, body).await,
    }
}

fn newest(admin: &Admin) -> Revision {
    *admin.store.grown().borrow()
}

fn in_the_file(instead: &str) -> Refusal {
    refused(StatusCode::CONFLICT, format!("it stands in feeds.toml; {instead}"))
}

async fn found(admin: &Admin, name: &str) -> Result<Subscription, Refusal> {
    let unknown = || refused(StatusCode::NOT_FOUND, format!("there is no subscription `{name}`"));
    let id = SubscriptionId::new(name).ok_or_else(unknown)?;
    admin.store.subscription(&id).await?.ok_or_else(unknown)
}

/// A body of JSON in this shape.
fn read<T: DeserializeOwned>(head: &Parts, body: &Bytes) -> Result<T, Refusal> {
    let kind = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_json = kind.is_some_and(|kind| {
        kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
    });
    if !is_json {
        let what = "send JSON, and say so: `Content-Type: application/json`";
        return Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, what));
    }
    serde_json::from_slice(body)
        .map_err(|error| refused(StatusCode::BAD_REQUEST, error.to_string()))
}

/// A webhook that is wished for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    id: String,
    url: String,
    #[serde(default)]
    allow_http: bool,
    #[serde(default)]
    categories: Vec<String>,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default)]
    views: Vec<String>,
    query: Option<String>,
    #[serde(default)]
    events: Vec<String>,
    batch: Option<usize>,
    #[serde(default)]
    backlog: bool,
    #[serde(default)]
    allow: Vec<String>,
}

async fn add(admin: &Admin, head: &Parts, body: &Bytes) -> Result<Answer, Refusal> {
    let wanted: Wanted = read(head, body)?;
    let wish = Wish {
        id: wanted.id,
        url: wanted.url,
        allow_http: wanted.allow_http,
        categories: wanted.categories,
        sources: wanted.sources,
        views: wanted.views,
        query: wanted.query,
        events: wanted.events,
        batch: wanted.batch,
        backlog: wanted.backlog,
        allow: wanted.allow,
    };
    let webhook =
        wish.webhook(&admin.views).map_err(|why| refused(StatusCode::UNPROCESSABLE_ENTITY, why))?;
    match admin.store.subscribe(&webhook).await? {
        Some(key) => Ok((StatusCode::CREATED, json!({ "id": webhook.id.as_str(), "secret": key }))),
        None => Err(refused(StatusCode::CONFLICT, format!("`{}` is taken", webhook.id))),
    }
}

async fn steer(admin: &Admin, name: &str, state: State) -> Result<Answer, Refusal> {
    let found = found(admin, name).await?;
    admin.store.steer(&found.webhook.id, state).await?;
    Ok((StatusCode::OK, json!({ "id": name, "state": state.name() })))
}

/// How long the old key is still signed with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    overlap_seconds: Option<u64>,
}

async fn rotate(admin: &Admin, head: &Parts, body: &Bytes, name: &str) -> Result<Answer, Refusal> {
    let rotation =
        if body.is_empty() { Rotation { overlap_seconds: None } } else { read(head, body)? };
    let overlap = rotation.overlap_seconds.map_or(OVERLAP, Duration::from_secs);
    let found = found(admin, name).await?;
    let until = admin.clock.now().plus(overlap);
    match admin.store.rekey(&found.webhook.id, until).await? {
        Some(key) => Ok((StatusCode::OK, json!({ "id": name, "secret": key }))),
        None => Err(in_the_file("name a second key in its `secret`")),
    }
}

/// Which events are to be sent again: one of these.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Again {
    item: Option<String>,
    revision: Option<u64>,
    from: Option<String>,
    to: Option<String>,
    dead: Option<bool>,
}

async fn replay(admin: &Admin, head: &Parts, body: &Bytes, name: &str) -> Result<Answer, Refusal> {
    let again: Again = read(head, body)?;
    let found = found(admin, name).await?;
    let time = |text: &str| {
        let why = format!("`{text}` is no time; write 2026-11-20T08:00:00+08:00");
        Timestamp::read(text, &Zone::Rfc822, None)
            .map_err(|_| refused(StatusCode::UNPROCESSABLE_ENTITY, why))
    };
    let which = match again {
        Again { item: Some(item), revision: None, from: None, to: None, dead: None } => {
            let known = admin.store.explain(&Name::read(&item)).await?.item;
            let unknown = || refused(StatusCode::NOT_FOUND, format!("there is no item `{item}`"));
            Replay::Item(known.ok_or_else(unknown)?.id)
        }
        Again { item: None, revision: Some(revision), from: None, to: None, dead: None } => {
            Replay::Revision(Revision(revision))
        }
        Again { item: None, revision: None, from: Some(from), to, dead: None } => {
            let to = to.map_or(Ok(admin.clock.now()), |to| time(&to))?;
            Replay::Between(time(&from)?, to)
        }
        Again { item: None, revision: None, from: None, to: None, dead: Some(true) } => {
            Replay::Dead
        }
        _ => {
            let what = "say one of `item`, `revision`, `from` (and `to`), or `dead`: true";
            return Err(refused(StatusCode::UNPROCESSABLE_ENTITY, what));
        }
    };
    let rows = admin.store.replay(&found.webhook.id, which).await?;
    Ok((StatusCode::OK, json!({ "id": name, "rows": rows.unwrap_or_default() })))
}

async fn deliveries(admin: &Admin, query: &str) -> Result<Answer, Refusal> {
    let value = |wanted: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
    };
    let only = match value("subscription") {
        Some(name) => Some(found(admin, &name).await?.webhook.id),
        None => None,
    };
    let newest = newest(admin);
    let all = admin.store.subscriptions().await?;
    let is_asked = |one: &&Subscription| only.as_ref().is_none_or(|id| *id == one.webhook.id);
    let owed: Vec<Value> =
        all.iter().filter(is_asked).map(|one| subscriptions::owed(one, newest)).collect();
    let dead = admin.store.dead(only.as_ref(), MOST).await?;
    let dead: Vec<Value> = dead.iter().map(subscriptions::dead).collect();
    Ok((StatusCode::OK, json!({ "owed": owed, "dead": dead })))
}

async fn poll(admin: &Admin, name: &str) -> Result<Answer, Refusal> {
    let states = admin.store.states().await?;
    let known = states.into_iter().map(|(id, _)| id).find(|id| id.as_str() == name);
    let Some(id) = known else {
        return Err(refused(StatusCode::NOT_FOUND, format!("there is no source `{name}`")));
    };
    let Some(polled) = (admin.poll)(id).await? else {
        return Err(refused(
            StatusCode::CONFLICT,
            "it is being polled just now, or its host wants to be left alone",
        ));
    };
    let [published, updated, withdrawn] = polled.changes;
    Ok((
        StatusCode::OK,
        json!({
            "source": name,
            "published": published,
            "updated": updated,
            "withdrawn": withdrawn,
            "unchanged": polled.unchanged,
            "error": polled.trouble,
        }),
    ))
}

/// What is to be taken down.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Takedown {
    item: String,
}

async fn withdraw(admin: &Admin, head: &Parts, body: &Bytes) -> Result<Answer, Refusal> {
    let Takedown { item } = read(head, body)?;
    match admin.store.withdraw(&Name::read(&item), admin.clock.now()).await? {
        Some((id, was_there)) => {
            Ok((StatusCode::OK, json!({ "id": id.to_string(), "was_there": was_there })))
        }
        None => Err(refused(StatusCode::NOT_FOUND, format!("there is no item `{item}`"))),
    }
}
