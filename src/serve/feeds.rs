//! A feed, conditionally, from the press: `/category/{slug}`, `/source/{id}`, `/view/{id}`, the digests
//! of categories and views, `/all` and `/search`, each with the suffix of a format, or without one for
//! whichever the reader prefers.

use std::sync::Arc;

use http::{HeaderName, header};

use super::accept;
use super::desk::{Asked, Desk};
use super::error::Error;
use super::reply::{Keep, Reply};
use super::router::{self, Route};
use crate::format::{self, Format, html};
use crate::model::cut::Cut;
use crate::model::feed::{Shelf, ShelfHead};
use crate::model::period::Period;
use crate::model::source::SourceId;
use crate::press::Place;

/// Answers for a feed; `name` is the last segment of its canonical path.
pub(super) async fn get(
    desk: &Desk,
    asked: &Asked<'_>,
    route: Route,
    path: &str,
    name: &str,
) -> Result<Reply, Error> {
    let (slug, named) = split(name)?;
    let what = match place(desk, route, slug).await? {
        Place::Here(head) => What::Feed(head),
        Place::Moved(shelf) => return Err(asked.moved(&spelt(&shelf.path(), named))),
    };
    asked.under(path)?;
    answer(desk, asked, &what, named).await
}

/// Answers for a page of an archive: what stands at `/archive`, the path of a feed and a number.
pub(super) async fn page(
    desk: &Desk,
    asked: &Asked<'_>,
    path: &str,
    name: &str,
) -> Result<Reply, Error> {
    let (number, named) = split(name)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
    let number = number.parse().ok().filter(|_| is_number).ok_or(Error::NotFound)?;
    let of = path.strip_prefix("/archive").and_then(|path| path.strip_suffix(name));
    let of = of.and_then(|path| path.strip_suffix('/')).ok_or(Error::NotFound)?;
    let (route, slug) = router::find(of).ok_or(Error::NotFound)?;
    let what = match place(desk, route, slug).await? {
        Place::Here(head) => What::Page(head, number),
        Place::Moved(shelf) => {
            return Err(asked.moved(&spelt(&of_archive(&shelf, number), named)));
        }
    };
    asked.under(path)?;
    answer(desk, asked, &what, named).await
}

/// Answers a search, as a feed or a page; without words there is only the page that asks for some.
pub(super) async fn search(desk: &Desk, asked: &Asked<'_>, name: &str) -> Result<Reply, Error> {
    let (_, named) = split(name)?;
    asked.under(&spelt("/search", named))?;
    if asked.cut().query.is_some() {
        let Place::Here(everything) = place(desk, Route::All, "").await? else {
            return Err(Error::NotFound);
        };
        return answer(desk, asked, &What::Search(everything), named).await;
    }
    let format = named.or_else(|| preferred(&asked.accept())).ok_or(Error::NotFound)?;
    match format.name() == html::Html.name() {
        true => Ok(Reply::fresh(html::ask(desk.press.site())).with(header::VARY, "Accept")),
        false => Err(Error::NoWords),
    }
}

/// What is to be answered with.
enum What {
    /// The feed of a shelf.
    Feed(Arc<ShelfHead>),
    /// What is found in everything.
    Search(Arc<ShelfHead>),
    /// A page of a shelf's archive.
    Page(Arc<ShelfHead>, u64),
}

impl What {
    /// Its path without suffix.
    fn path(&self) -> String {
        match self {
            What::Feed(head) => head.shelf.path(),
            What::Search(_) => "/search".to_owned(),
            What::Page(head, number) => of_archive(&head.shelf, *number),
        }
    }
}

/// The path of a page of an archive.
fn of_archive(shelf: &Shelf, number: u64) -> String {
    format!("/archive{}/{number}", shelf.path())
}

/// A name and the format its suffix means, if it has one.
fn split(name: &str) -> Result<(&str, Option<&'static dyn Format>), Error> {
    match name.split_once('.') {
        None => Ok((name, None)),
        Some((slug, suffix)) => Ok((slug, Some(format::named(suffix).ok_or(Error::NotFound)?))),
    }
}

/// A path with the suffix of a format, if there is one.
fn spelt(path: &str, format: Option<&'static dyn Format>) -> String {
    match format {
        Some(format) => [path, ".", format.name()].concat(),
        None => path.to_owned(),
    }
}

async fn answer(
    desk: &Desk,
    asked: &Asked<'_>,
    what: &What,
    named: Option<&'static dyn Format>,
) -> Result<Reply, Error> {
    let cut = if matches!(what, What::Page(..)) { Cut::default() } else { asked.cut() };
    if let Some(format) = named {
        return print(desk, what, format, &cut).await;
    }
    // The same bytes under the same tag as at the address with the suffix, which the answer names
    // (RFC 9110 section 8.7): that one is the feed's own address.
    let format = preferred(&asked.accept()).ok_or(Error::NotFound)?;
    let reply = print(desk, what, format, &cut).await?;
    let path = spelt(&what.path(), Some(format)) + &cut.written();
    Ok(reply.with(header::CONTENT_LOCATION, &path).with(header::VARY, "Accept"))
}

fn shelf(route: Route, slug: &str) -> Option<Shelf> {
    match route {
        Route::All => Some(Shelf::All),
        Route::Category => Some(Shelf::Category(slug.to_owned())),
        Route::Source => SourceId::new(slug).map(Shelf::Source),
        Route::View => Some(Shelf::View(slug.to_owned())),
        Route::DigestOfCategory(period) => digest(period, Shelf::Category(slug.to_owned())),
        Route::DigestOfView(period) => digest(period, Shelf::View(slug.to_owned())),
        _ => None,
    }
}

fn digest(period: Period, of: Shelf) -> Option<Shelf> {
    Some(Shelf::Digest(period, Box::new(of)))
}

/// Where the shelf is that is meant, also by an old slug (row C-17).
async fn place(desk: &Desk, route: Route, slug: &str) -> Result<Place, Error> {
    let shelf = shelf(route, slug).ok_or(Error::NotFound)?;
    desk.press.locate(&shelf).await?.ok_or(Error::NotFound)
}

async fn print(
    desk: &Desk,
    what: &What,
    format: &'static dyn Format,
    cut: &Cut,
) -> Result<Reply, Error> {
    let press = &desk.press;
    let printed = match what {
        What::Feed(head) if cut.is_empty() => press.printed(head, format).await?,
        // What is made for one reader is boxed, so that the others do not carry its room about.
        What::Feed(head) => Box::pin(press.cut(head, format, cut)).await?,
        What::Search(head) => Box::pin(press.search(head, format, cut)).await?,
        What::Page(head, number) => {
            let page = Box::pin(press.page(head, *number, format)).await?;
            page.ok_or(Error::NotFound)?
        }
    };
    let cursor = printed.cursor;
    let is_newest = matches!(what, What::Feed(head) if printed.is_of(head.head.revision));
    let is_lasting = is_newest && printed.is_busy();
    let mut reply = Reply::printed(printed);
    if is_lasting {
        reply = reply.lasting();
    }
    if matches!(what, What::Page(..)) {
        reply = reply.keep(Keep::AnHour);
    }
    if let Some(cursor) = cursor {
        reply = reply.with(CURSOR, &cursor.written());
    }
    let is_page = format.name() == html::Html.name();
    let reply = if is_page { reply } else { reply.open() };
    Ok(if is_page && cut.is_empty() { reply } else { reply.hidden() })
}

/// Where a reader goes on who asked what came since.
const CURSOR: HeaderName = HeaderName::from_static("feedloom-cursor");

/// The format a reader likes best.
fn preferred(accept: &str) -> Option<&'static dyn Format> {
    let offers: Vec<_> = format::ALL.iter().map(|format| (*format, wishes(*format))).collect();
    accept::best(accept, &offers)
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
