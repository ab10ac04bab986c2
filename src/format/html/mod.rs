//! Pages for people. No scripts; one stylesheet of ours; nothing of anybody else's but pictures.
//!
//! Each page is a function of values, like every other format: it reads no clock, so what stands
//! in it changes only when what it shows does. Words of the page itself are in `words.rs`; what
//! upstreams wrote is escaped by the templates, bodies are `SafeHtml`.

mod error;
mod feed;
mod index;
mod item;
mod moment;
mod status;
mod words;

use askama::Template;
use bytes::Bytes;

use super::{Document, FEEDS, Format};
use crate::model::item::{Also, Item};
use crate::model::twin::Reason;

pub use error::error;
pub use feed::{Html, ask};
pub use index::index;
pub use item::item;
pub use status::status;

use moment::Moment;
use words::Words;

const MEDIA_TYPE: &str = "text/html; charset=utf-8";

/// The stylesheet all pages share.
pub fn style() -> Document {
    Document {
        media_type: "text/css; charset=utf-8",
        bytes: Bytes::from_static(include_bytes!("style.css")),
    }
}

fn write(page: &impl Template) -> Document {
    let html = page.render().expect("our templates write to memory, which cannot fail");
    Document { media_type: MEDIA_TYPE, bytes: Bytes::from(html) }
}

/// What surrounds every page.
struct Frame<'a> {
    words: &'static Words,
    language: &'a str,
    /// The site's title.
    site: &'a str,
    /// Which of the places in the masthead this is.
    here: &'static str,
}

impl<'a> Frame<'a> {
    fn new(site: &'a str, language: Option<&'a str>) -> Frame<'a> {
        let language = language.unwrap_or("zh-CN");
        Frame { words: Words::of(language), language, site, here: "" }
    }

    fn at(self, here: &'static str) -> Frame<'a> {
        Frame { here, ..self }
    }

    /// A language that differs from the page's, so that it has to be said.
    fn foreign<'l>(&self, language: Option<&'l str>) -> Option<&'l str> {
        language.filter(|language| !language.eq_ignore_ascii_case(self.language))
    }
}

/// An item in a list of headlines.
struct Line<'a> {
    title: &'a str,
    page: String,
    published: String,
    time: String,
    language: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn new(item: &'a Item, frame: &Frame<'_>) -> Line<'a> {
        let published = Moment::of(item.published);
        Line {
            title: item.title.as_str(),
            page: format!("/item/{}", item.id),
            published: published.full,
            time: published.short,
            language: frame.foreign(item.language.as_deref()),
        }
    }
}

/// A later article that tells the same story, and why it is taken for one.
struct Twin<'a> {
    publication: &'a str,
    page: String,
    reason: String,
}

impl<'a> Twin<'a> {
    fn of(also: &'a Also, words: &Words) -> Twin<'a> {
        Twin {
            publication: &also.publication,
            page: format!("/item/{}", also.id),
            reason: match also.reason {
                Reason::Link => words.same_link.to_owned(),
                Reason::Text { percent } => (words.same_words)(percent),
            },
        }
    }
}

/// A feed one may subscribe to.
struct Subscribable {
    name: &'static str,
    media_type: &'static str,
    path: String,
    url: String,
}

/// The feeds of something in every format programs read. `path` is without suffix, `query` with its mark.
fn subscribable(site: &str, path: &str, query: &str) -> Vec<Subscribable> {
    let feed = |format: &&dyn Format| {
        let path = format!("{path}.{}{query}", format.name());
        Subscribable {
            name: called(format.name()),
            media_type: format.media_type().split(';').next().unwrap_or_default(),
            url: format!("{site}{path}"),
            path,
        }
    };
    FEEDS.iter().map(feed).collect()
}

/// What people call a format.
fn called(name: &'static str) -> &'static str {
    match name {
        "rss" => "RSS",
        "atom" => "Atom",
        "json" => "JSON Feed",
        other => other,
    }
}
