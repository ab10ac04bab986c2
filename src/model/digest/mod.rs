//! `Digest`: what came to a category or view in a day or a week, written as one item: for newsletters.
//!
//! It is made of headlines, each with its picture, its first words, and where it is from, and leads to
//! the articles themselves. What stands in it was cleaned once and goes through the sanitiser again with
//! all the rest. Which items came between two cuts is the store's to say; here they only get words.

mod strike;
mod words;

use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;

use super::feed::{Shelf, Site};
use super::item::{Candidate, Item, Key, Matter, Sketch};
use super::period::Period;
use super::text::clean::escape;
use super::text::{PlainText, SafeHtml, Text};
use super::time::{Offset, Timestamp};
use super::titles;
use super::twin::Gist;
use super::view::View;

pub use strike::without;
use words::Words;

/// Headlines in one digest; of further items it says how many there are.
pub const HEADLINES: usize = 100;
/// Longest excerpt below a headline, in graphemes.
const EXCERPT: usize = 100;
/// Longest summary of a digest, in graphemes.
const SUMMARY: usize = 200;
/// Twins named below a headline.
const TWINS: usize = 5;

/// What digests a site has.
#[derive(Clone, Debug)]
pub struct Digests {
    /// Whose they are, and where midnight is.
    pub site: Site,
    /// How often they are made; without any there are none.
    pub periods: Vec<Period>,
    /// Views that have digests, beside all categories.
    pub views: Arc<[View]>,
    /// How long they are kept, for ever when absent.
    pub keep: Option<Duration>,
}

impl Digests {
    /// The next cut of any.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        self.periods.iter().map(|period| period.after(now, &self.site.zone)).min()
    }
}

/// Which digest it is.
#[derive(Clone, Debug)]
pub struct Edition<'a> {
    /// Whose it is.
    pub site: &'a Site,
    /// How often one is made.
    pub period: Period,
    /// When it ends.
    pub cut: Timestamp,
    /// The category or view it is of.
    pub of: &'a Shelf,
    /// What that is called for ever, whatever its slug and title become.
    pub name: &'a str,
    /// What it is called now.
    pub title: &'a str,
    /// Its language; the site's when absent.
    pub language: Option<&'a str>,
}

impl Edition<'_> {
    /// The name of this one digest. It tells the cut and not the day, which two cuts may share once the
    /// site moved to another zone.
    pub fn key(&self) -> Key {
        let cut = self.cut.at(Offset::UTC).rfc3339();
        Key::guid(&format!("{} {cut} {}", self.period.name(), self.name))
    }

    fn language(&self) -> Option<&str> {
        self.language.or(self.site.language.as_deref())
    }
}

/// A digest that is being written.
pub struct Digest<'a> {
    edition: &'a Edition<'a>,
    words: Words,
    last: NaiveDate,
    html: String,
    titles: Vec<String>,
    image: Option<String>,
}

impl<'a> Digest<'a> {
    /// An empty one.
    pub fn new(edition: &'a Edition<'a>) -> Digest<'a> {
        let (_, last) = edition.period.span(edition.cut, &edition.site.zone);
        Digest {
            edition,
            words: Words::of(edition.language()),
            last,
            html: String::from("<ol>"),
            titles: Vec::new(),
            image: None,
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.titles.is_empty()
    }

    /// Whether no further headline has room.
    pub fn is_full(&self) -> bool {
        self.titles.len() >= HEADLINES
    }

    /// Adds an item below those before it.
    pub fn add(&mut self, item: &Item) {
        let site = &self.edition.site.url;
        self.html.push_str("<li><p><strong>");
        link(&item.link_on(site), item.title.as_str(), &mut self.html);
        self.html.push_str("</strong></p>");
        if let Some(picture) = picture(item) {
            self.html.push_str("<p><img src=\"");
            quote(picture, &mut self.html);
            self.html.push_str("\" alt=\"");
            quote(item.title.as_str(), &mut self.html);
            self.html.push_str("\"></p>");
            self.image.get_or_insert_with(|| picture.to_owned());
        }
        if let Some(excerpt) = item.excerpt(EXCERPT) {
            paragraph(&excerpt, &mut self.html);
        }
        self.tell_where_from(item);
        self.html.push_str("</li>");
        self.titles.push(item.title.as_str().to_owned());
    }

    /// When it was published, which leads to its page here, by whom, and who else has it.
    fn tell_where_from(&mut self, item: &Item) {
        let site = self.edition.site;
        let published = (self.words.time)(site.local(item.published), self.last);
        self.html.push_str("<p>");
        link(&item.page_on(&site.url), &published, &mut self.html);
        escape(&format!(" · {}", item.publication()), &mut self.html);
        for (twin, before) in item.also.iter().take(TWINS).zip(self.words.also()) {
            self.html.push_str(before);
            // Should it be withdrawn, its page says so, and nothing else here is of it.
            link(&twin.page_on(&site.url), &twin.publication, &mut self.html);
        }
        self.html.push_str("</p>");
    }

    /// The digest, when `left` items had no room in it.
    pub fn finish(mut self, left: usize) -> Candidate {
        self.html.push_str("</ol>");
        if left > 0 {
            self.html.push_str("<p>");
            escape(&(self.words.left)(left), &mut self.html);
            let home = self.edition.site.home_of(self.edition.of);
            link(&home, self.edition.title, &mut self.html);
            self.html.push_str("</p>");
        }
        let summary = (self.words.summary)(self.titles.len() + left, &self.titles);
        let edition = self.edition;
        let day = edition.period.written(edition.cut, &edition.site.zone, edition.language());
        let matter = Matter {
            title: plain(&format!("{} · {day}", edition.title)),
            summary: Some(plain(&titles::cut(&summary, SUMMARY))),
            content: Some(SafeHtml::clean(&Text::html(self.html), None)),
            image: self.image,
            language: edition.language().map(str::to_owned),
            ..Matter::default()
        };
        candidate(edition, matter)
    }
}

fn candidate(edition: &Edition<'_>, matter: Matter) -> Candidate {
    let sketch = Sketch {
        keys: vec![edition.key()],
        guid: None,
        matter,
        gist: Gist::default(),
        mentions: Vec::new(),
        categories: Vec::new(),
        published: Some(edition.site.local(edition.cut)),
        published_inferred: false,
        published_raw: None,
        updated: None,
    };
    Candidate { sketch }
}

/// The picture that stands for an item, else the first one attached.
fn picture(item: &Item) -> Option<&str> {
    let is_picture = |kind: &String| kind.starts_with("image/");
    let attached =
        || item.enclosures.iter().find(|file| file.media_type.as_ref().is_some_and(is_picture));
    item.image.as_deref().or_else(|| attached().map(|file| file.url.as_str()))
}

fn plain(text: &str) -> PlainText {
    PlainText::of(&Text::plain(text))
}

fn paragraph(text: &str, html: &mut String) {
    html.push_str("<p>");
    escape(text, html);
    html.push_str("</p>");
}

fn link(address: &str, text: &str, html: &mut String) {
    html.push_str("<a href=\"");
    quote(address, html);
    html.push_str("\">");
    escape(text, html);
    html.push_str("</a>");
}

/// Text as the value of an attribute in double quotes.
fn quote(text: &str, html: &mut String) {
    let mut escaped = String::new();
    escape(text, &mut escaped);
    html.push_str(&escaped.replace('"', "&quot;"));
}

#[cfg(test)]
mod tests;
