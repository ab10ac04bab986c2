//! A feed, conditionally, from the press: `/category/{slug}`, `/source/{id}` and `/all`, each with
//! the suffix of a format, or without one for whichever format the reader prefers.

use http::header;

use super::accept;
use super::desk::{Asked, Desk};
use super::error::Error;
use super::reply::Reply;
use super::router::Route;
use crate::format::{self, Format, html};
use crate::model::feed::Shelf;
use crate::model::source::SourceId;
use crate::press::Place;

/// Answers for a feed; `name` is the last segment of its canonical path.
pub(super) async fn get(
    desk: &Desk,
    asked: &Asked<'_>,
    route: Route,
    name: &str,
) -> Result<Reply, Error> {
    let (slug, suffix) =
        name.split_once('.').map_or((name, None), |(slug, suffix)| (slug, Some(suffix)));
    let named = suffix.map(|suffix| format::named(suffix).ok_or(Error::NotFound)).transpose()?;
    let shelf = place(desk, shelf(route, slug).ok_or(Error::NotFound)?).await?;
    let ending = suffix.map(|suffix| format!(".{suffix}")).unwrap_or_default();
    asked.under(&format!("{}{ending}", shelf.path()))?;
    match named {
        Some(format) => print(desk, &shelf, format).await,
        None => negotiate(desk, &shelf, &asked.accept()).await,
    }
}

fn shelf(route: Route, slug: &str) -> Option<Shelf> {
    match route {
        Route::All => Some(Shelf::All),
        Route::Category => Some(Shelf::Category(slug.to_owned())),
        Route::Source => SourceId::new(slug).map(Shelf::Source),
        Route::View => Some(Shelf::View(slug.to_owned())),
        _ => None,
    }
}

/// The shelf that is meant, also by an old slug (row C-17).
async fn place(desk: &Desk, shelf: Shelf) -> Result<Shelf, Error> {
    match desk.press.locate(&shelf).await?.ok_or(Error::NotFound)? {
        Place::Here(_) => Ok(shelf),
        Place::Moved(shelf) => Ok(shelf),
    }
}

async fn print(desk: &Desk, shelf: &Shelf, format: &'static dyn Format) -> Result<Reply, Error> {
    let printed = desk.press.print(shelf, format).await?.ok_or(Error::NotFound)?;
    let address = format!("<{}{}>", desk.press.site().url, path(shelf, format));
    let reply = Reply::printed(printed);
    // A page is for people and search engines; programs read the feeds.
    if format.name() == html::Html.name() {
        return Ok(reply.with(header::LINK, &(address + "; rel=\"canonical\"")));
    }
    Ok(reply.open().hidden().with(header::LINK, &(address + "; rel=\"self\"")))
}

/// The same bytes under the same tag as at the address with the suffix, which the answer names
/// (RFC 9110 section 8.7): that one is the feed's own address.
async fn negotiate(desk: &Desk, shelf: &Shelf, accept: &str) -> Result<Reply, Error> {
    let offers: Vec<_> = format::ALL.iter().map(|format| (*format, wishes(*format))).collect();
    let format = accept::best(accept, &offers).ok_or(Error::NotFound)?;
    let reply = print(desk, shelf, format).await?;
    Ok(reply.with(header::CONTENT_LOCATION, &path(shelf, format)).with(header::VARY, "Accept"))
}

/// The media types by which a format may be asked for: its own, and what readers call it besides.
fn wishes(format: &'static dyn Format) -> Vec<&'static str> {
    let own = format.media_type().split(';').next().unwrap_or_default();
    let besides: &[&str] = match format.name() {
        "rss" => &["application/xml", "text/xml"],
        "json" => &["application/json"],
        "html" => &["application/xhtml+xml"],
        _ => &[],
    };
    std::iter::once(own).chain(besides.iter().copied()).collect()
}

fn path(shelf: &Shelf, format: &dyn Format) -> String {
    format!("{}.{}", shelf.path(), format.name())
}
