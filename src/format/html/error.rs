//! The page of an address that leads nowhere. It repeats nothing of what was asked.

use askama::Template;

use super::{Frame, write};
use crate::format::Document;
use crate::model::feed::Site;

/// Writes the page for a status code: 404, 410, or another one that means "not now".
pub fn error(site: &Site, number: u16) -> Document {
    let frame = Frame::new(&site.title, site.language.as_deref());
    let words = frame.words;
    let (title, why) = match number {
        404 => (words.missing, words.missing_why),
        410 => (words.gone, words.gone_why),
        _ => (words.unavailable, words.unavailable_why),
    };
    write(&ErrorPage { frame, number, title, why })
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    frame: Frame<'a>,
    number: u16,
    title: &'a str,
    why: &'a str,
}
