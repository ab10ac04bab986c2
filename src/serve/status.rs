//! `/status` and `/status.json`: how every source is doing, in words an operator understands.
//!
//! It is public, so it tells no credentials and no paths of this machine.

use std::collections::HashMap;

use http::Uri;

use super::desk::Desk;
use super::error::Error;
use super::reply::Reply;
use crate::format::{html, json};
use crate::model::feed::{Catalogue, Shelf};
use crate::model::source::{PollState, Source, SourceId};
use crate::model::status::{Standing, Status};

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

/// The state of the site and of every source, as a page.
pub(super) async fn page(desk: &Desk) -> Result<Reply, Error> {
    let status = collect(desk).await?;
    Ok(Reply::fresh(html::status(desk.press.site(), &status)).hidden())
}

/// The same as data.
pub(super) async fn data(desk: &Desk) -> Result<Reply, Error> {
    let status = collect(desk).await?;
    Ok(Reply::fresh(json::status(desk.press.site(), &status)).open().hidden())
}

async fn collect(desk: &Desk) -> Result<Status, Error> {
    let (states, mut days) = (desk.store.states().await?, desk.store.days().await?);
    let mut unstored = (desk.unstored)();
    let catalogue = desk.press.catalogue().await?;
    let named = desk.upstreams.iter().map(|upstream| (&upstream.id, upstream));
    let upstreams: HashMap<&SourceId, &Upstream> = named.collect();
    let standing = |(id, mut state): (SourceId, PollState)| {
        if let Some(why) = unstored.remove(&id) {
            state.trouble = Some(format!("its last answer could not be stored: {why}"));
        }
        let upstream = upstreams.get(&id);
        let title = upstream.and_then(|upstream| upstream.title.clone());
        Standing {
            title: title.or(state.title.clone()).unwrap_or_else(|| id.as_str().to_owned()),
            kind: upstream.map(|upstream| upstream.kind.clone()),
            url: upstream.map(|upstream| upstream.url.clone()),
            days: days.remove(&id).unwrap_or_default(),
            state,
            id,
        }
    };
    Ok(Status {
        now: desk.press.site().local(desk.clock.now()),
        is_ready: *desk.ready.borrow(),
        updated: catalogue.updated,
        categories: categories(&catalogue),
        sources: states.into_iter().map(standing).collect(),
    })
}

fn categories(catalogue: &Catalogue) -> usize {
    catalogue.shelves.iter().filter(|head| matches!(head.shelf, Shelf::Category(_))).count()
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
