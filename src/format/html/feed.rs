//! The twin of a feed as a page: what a person sees who opens its address in a browser.

use askama::Template;

use super::{Frame, MEDIA_TYPE, Moment, Subscribable, Twin, subscribable, write};
use crate::format::{Document, EXCERPT, Format};
use crate::model::feed::{Feed, Site};
use crate::model::item::{Filed, Item};
use crate::model::period::Period;
use crate::model::text::Query;

/// A feed as a page.
pub struct Html;

impl Format for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn media_type(&self) -> &'static str {
        MEDIA_TYPE
    }

    fn render(&self, feed: &Feed) -> Document {
        let frame = Frame::new(&feed.site_title, feed.language.as_deref());
        let frame = frame.at(if feed.search.is_some() { "search" } else { "" });
        let path = feed.address.strip_prefix(&feed.site).unwrap_or(&feed.address);
        let digest = |period: &Period| DigestLink {
            name: period.called(feed.language.as_deref()),
            path: format!("/digest/{}{path}.html", period.name()),
        };
        let stories = feed.items.iter().map(|item| Story::of(item, feed, &frame)).collect();
        write(&FeedPage {
            heading: &feed.title,
            description: &feed.description,
            address: feed.address_as("html"),
            feeds: subscribable(&feed.site, path, &feed.query),
            updated: Moment::of(feed.updated),
            older: feed.older_as("html").map(|address| within(feed, address)),
            newer: feed
                .newer_as("html")
                .or(feed.current_as("html"))
                .map(|address| within(feed, address)),
            query: feed.search.as_ref().map(|search| search.words.as_str()),
            is_asked: true,
            stories,
            digests: feed.digests.iter().map(digest).collect(),
            frame,
        })
    }
}

/// An address of the site as a link on it.
fn within(feed: &Feed, address: String) -> String {
    address.strip_prefix(&feed.site).map(str::to_owned).unwrap_or(address)
}

/// The search page before anything was asked.
pub fn ask(site: &Site) -> Document {
    let frame = Frame::new(&site.title, site.language.as_deref()).at("search");
    write(&FeedPage {
        heading: frame.words.search,
        description: frame.words.ask,
        address: format!("{}/search.html", site.url),
        feeds: Vec::new(),
        updated: Moment { full: String::new(), long: String::new(), short: String::new() },
        query: Some(""),
        older: None,
        newer: None,
        is_asked: false,
        stories: Vec::new(),
        digests: Vec::new(),
        frame,
    })
}

#[derive(Template)]
#[template(path = "feed.html")]
struct FeedPage<'a> {
    frame: Frame<'a>,
    heading: &'a str,
    description: &'a str,
    address: String,
    feeds: Vec<Subscribable>,
    updated: Moment,
    query: Option<&'a str>,
    older: Option<String>,
    newer: Option<String>,
    /// Whether there is anything to list: a search page that was not asked yet has only its form.
    is_asked: bool,
    stories: Vec<Story<'a>>,
    digests: Vec<DigestLink>,
}

/// Where the digests of a shelf are.
struct DigestLink {
    name: &'static str,
    path: String,
}

/// An item as a feed's page shows it.
struct Story<'a> {
    title: Vec<Run>,
    gist: Option<Vec<Run>>,
    page: String,
    publication: &'a str,
    /// Of a digest, which is our own, there is none.
    source_page: Option<String>,
    published: String,
    time: String,
    image: Option<&'a str>,
    language: Option<&'a str>,
    also: Vec<Twin<'a>>,
    categories: &'a [Filed],
}

/// A piece of a text, told apart when it is what was searched for.
struct Run {
    text: String,
    is_hit: bool,
}

impl Run {
    /// The pieces of a text.
    fn all(text: String, query: Option<&Query>) -> Vec<Run> {
        let mut runs = Vec::new();
        let mut from = 0;
        let mut add = |text: &str, is_hit| {
            if !text.is_empty() {
                runs.push(Run { text: text.to_owned(), is_hit });
            }
        };
        for place in query.map(|query| query.places(&text)).unwrap_or_default() {
            add(&text[from..place.start], false);
            add(&text[place.clone()], true);
            from = place.end;
        }
        add(&text[from..], false);
        runs
    }
}

impl<'a> Story<'a> {
    fn of(item: &'a Item, feed: &Feed, frame: &Frame<'_>) -> Story<'a> {
        let query = feed.search.as_ref().map(|search| &search.query);
        Story {
            title: Run::all(item.title.as_str().to_owned(), query),
            gist: item.excerpt(EXCERPT).map(|gist| Run::all(gist, query)),
            page: format!("/item/{}", item.id),
            publication: item.publication(),
            source_page: (!item.source.is_ours()).then(|| format!("/source/{}.html", item.source)),
            published: item.published.rfc3339(),
            time: Moment::listed(item.published, feed.updated),
            image: item.image.as_deref(),
            language: frame.foreign(item.language.as_deref()),
            also: item.also.iter().map(|also| Twin::of(also, frame.words)).collect(),
            categories: &item.categories,
        }
    }
}
