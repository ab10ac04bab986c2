//! `/status.json`: how every source is doing, in words an operator understands.
//!
//! It is public, so it tells no credentials and no paths of this machine.

use std::collections::HashMap;

use bytes::Bytes;
use http::Uri;
use serde_json::{Value, json};

use super::desk::Desk;
use super::error::Error;
use super::reply::Reply;
use crate::format::Document;
use crate::model::feed::{Catalogue, Shelf};
use crate::model::source::{PollState, Source, SourceId};
use crate::model::time::Timestamp;

/// What the file says of a source, as far as readers may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Its id.
    pub id: SourceId,
    /// Its kind, as in the file.
    pub kind: String,
    /// The operator's title.
    pub title: Option<String>,
    /// Where it is, without what could be a secret.
    pub url: String,
}

impl Upstream {
    /// What readers may know of a source.
    pub fn of(source: &Source, kind: &str) -> Upstream {
        Upstream {
            id: source.id.clone(),
            kind: kind.to_owned(),
            title: source.title.clone(),
            url: public(&source.url),
        }
    }
}

/// An address without user, password and the values of its query (row T-29); of a file, only its name.
fn public(url: &Uri) -> String {
    let path = url.path();
    if url.scheme_str() == Some("file") {
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        return format!("file:…/{name}");
    }
    let scheme = url.scheme_str().unwrap_or_default();
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit('@').next().unwrap_or_default();
    let names = url.query().map(|query| {
        let names = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) => format!("{name}=…"),
            None => "…".to_owned(),
        });
        format!("?{}", names.collect::<Vec<_>>().join("&"))
    });
    format!("{scheme}://{host}{path}{}", names.unwrap_or_default())
}

/// Answers with the state of the site and of every source.
pub(super) async fn get(desk: &Desk) -> Result<Reply, Error> {
    let mut states = desk.store.states().await?;
    let unstored = (desk.unstored)();
    for (id, state) in &mut states {
        if let Some(why) = unstored.get(id) {
            state.trouble = Some(format!("its last answer could not be stored: {why}"));
        }
    }
    let catalogue = desk.press.catalogue().await?;
    let named = desk.upstreams.iter().map(|upstream| (&upstream.id, upstream));
    let upstreams: HashMap<&SourceId, &Upstream> = named.collect();
    let sources: Vec<Value> =
        states.iter().map(|(id, state)| source(id, upstreams.get(id).copied(), state)).collect();
    let status = json!({
        "title": catalogue.site.title,
        "now": desk.clock.now().rfc3339(),
        "ready": *desk.ready.borrow(),
        "updated": catalogue.updated.rfc3339(),
        "categories": categories(&catalogue),
        "items": states.iter().map(|(_, state)| state.items).sum::<u64>(),
        "failing": states.iter().filter(|(_, state)| state.trouble.is_some()).count(),
        "sources": sources,
    });
    let mut text = serde_json::to_vec_pretty(&status).map_err(|_| Error::Bug)?;
    text.push(b'\n');
    let document =
        Document { media_type: "application/json; charset=utf-8", bytes: Bytes::from(text) };
    Ok(Reply::fresh(document).hidden())
}

fn categories(catalogue: &Catalogue) -> usize {
    catalogue.shelves.iter().filter(|head| matches!(head.shelf, Shelf::Category(_))).count()
}

fn source(id: &SourceId, upstream: Option<&Upstream>, state: &PollState) -> Value {
    let title = upstream.and_then(|upstream| upstream.title.as_deref()).or(state.title.as_deref());
    json!({
        "id": id.as_str(),
        "title": title.unwrap_or(id.as_str()),
        "kind": upstream.map(|upstream| upstream.kind.as_str()),
        "url": upstream.map(|upstream| upstream.url.as_str()),
        "state": word(state),
        "last_success": written(state.succeeded),
        "last_poll": written(state.polled),
        "next_poll": written(state.due),
        "failures": state.failures,
        "last_error": state.trouble,
        "problems": state.problems,
        "items": state.items,
    })
}

/// How a source is doing, in one word.
fn word(state: &PollState) -> &'static str {
    match (&state.trouble, state.polled) {
        (Some(_), _) => "failing",
        (None, None) => "waiting",
        (None, Some(_)) => "well",
    }
}

fn written(at: Option<Timestamp>) -> Option<String> {
    at.map(Timestamp::rfc3339)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: &str) {
        assert_eq!(public(&url.parse().unwrap()), expected);
    }

    #[test]
    fn t_29_no_secrets_in_addresses() {
        check("https://user:word@a.example:8443/feed", "https://a.example:8443/feed");
        check(
            "https://a.example/api?page=1&token=secret&bare",
            "https://a.example/api?page=…&token=…&…",
        );
        check("https://a.example", "https://a.example/");
        check("file://localhost/home/me/posts/", "file:…/posts");
    }
}
