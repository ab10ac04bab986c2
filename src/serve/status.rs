//! `/status` and `/status.json`: how every source is doing, in words an operator understands.
//!
//! It is public, so it tells no credentials and no paths of this machine.

use std::collections::HashMap;
use std::sync::Arc;

use super::desk::Desk;
use super::error::Error;
use super::reply::Reply;
use crate::format::{html, json, notices};
use crate::model::feed::{Catalogue, Shelf};
use crate::model::notice::Notice;
use crate::model::source::{PollState, Source, SourceId};
use crate::model::status::{Standing, Status, public};
use crate::model::subscription::{Subscription, SubscriptionId};
use crate::press::Printed;

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

/// What an operator should know, as a feed.
pub(super) async fn feed(desk: &Desk) -> Result<Reply, Error> {
    let status = collect(desk).await?;
    let document = notices::render(desk.press.site(), &status);
    Ok(Reply::printed(Arc::new(Printed::new(document, None))).open().hidden())
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
    let subscriptions = subscriptions(desk).await?;
    Ok(Status {
        now: desk.press.site().local(desk.clock.now()),
        is_ready: *desk.ready.borrow(),
        updated: catalogue.updated,
        categories: categories(&catalogue),
        sources: states.into_iter().map(standing).collect(),
        subscriptions,
    })
}

async fn subscriptions(desk: &Desk) -> Result<Vec<(SubscriptionId, Notice)>, Error> {
    let now = desk.clock.now();
    let all = desk.store.subscriptions().await?;
    let told = |one: Subscription| one.notice(now).map(|notice| (one.webhook.id, notice));
    Ok(all.into_iter().filter_map(told).collect())
}

fn categories(catalogue: &Catalogue) -> usize {
    catalogue.shelves.iter().filter(|head| matches!(head.shelf, Shelf::Category(_))).count()
}
