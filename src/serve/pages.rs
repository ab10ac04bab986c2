//! What people open: the index, one item, the list of feeds; and what crawlers ask for first.

use std::sync::Arc;

use super::desk::{Asked, Desk};
use super::error::Error;
use super::reply::{Keep, Reply};
use http::StatusCode;

use crate::format;
use crate::model::item::ItemId;
use crate::model::time::Timestamp;
use crate::press::Printed;

/// The index of all feeds.
pub(super) async fn index(desk: &Desk) -> Result<Reply, Error> {
    Ok(Reply::printed(desk.press.index().await?))
}

/// The list of feeds as OPML.
pub(super) async fn outlines(desk: &Desk) -> Result<Reply, Error> {
    Ok(Reply::printed(desk.press.outlines().await?).open().hidden())
}

/// One item, as a page or, with `.json`, as data.
pub(super) async fn item(desk: &Desk, asked: &Asked<'_>, name: &str) -> Result<Reply, Error> {
    let (id, is_page) = match name.strip_suffix(".json") {
        Some(id) => (id, false),
        None => (name, true),
    };
    let id = ItemId::parse(id).ok_or(Error::NotFound)?;
    asked.under(&format!("/item/{id}{}", if is_page { "" } else { ".json" }))?;
    let Some(item) = desk.store.item(id).await? else {
        let is_gone = desk.store.was_withdrawn(id).await?;
        return Err(if is_gone { Error::Gone } else { Error::NotFound });
    };
    let (site, related) = (desk.press.site(), desk.store.related(id).await?);
    // A related article shows here from its own first sighting on.
    let at = related.iter().map(|other| other.seen).fold(item.updated, Timestamp::max);
    if is_page {
        let page = format::html::item(site, &item, &related);
        return Ok(Reply::printed(Arc::new(Printed::new(page, Some(at)))));
    }
    let printed = Printed::new(format::json::item(site, &item, &related), Some(at));
    Ok(Reply::printed(Arc::new(printed)).open().hidden())
}

/// The stylesheet of all pages.
pub(super) fn style() -> Reply {
    Reply::fresh(format::html::style()).keep(Keep::ADay)
}

/// Nothing here is kept from crawlers; what they should not list says so itself.
pub(super) fn robots() -> Reply {
    Reply::words(StatusCode::OK, "User-agent: *\nAllow: /\n").keep(Keep::ADay)
}
