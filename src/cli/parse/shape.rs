//! The JSON `parse` prints: names and order are fixed, other programs read them.
//!
//! Absent is `null` or an empty list. Markup is sanitised, whatever field it stands in and
//! whatever the field claims to be; addresses are those of the web or none.

use serde_json::{Value, json};
use url::Url;

use super::Reading;
use crate::adapter::feed::document::{
    Category, Channel, Document, Enclosure, Generator, Image, Item, Link, Person, Raw, Text,
};
use crate::model::text::{self, PlainText, SafeHtml};
use crate::model::time::Timestamp;

/// A document as JSON, read from text in this encoding.
pub fn to_json(document: &Document<'_>, encoding: &str, reading: Reading<'_>) -> Value {
    let base = document.base(reading.base);
    let mut shape = Shape { reading, base, item: None, problems: Vec::new() };
    for problem in &document.problems {
        shape.problem(problem.entry, problem.field, &problem.what);
    }
    let feed = shape.channel(&document.channel);
    let mut items = Vec::with_capacity(document.items.len());
    for (position, item) in document.items.iter().enumerate() {
        shape.item = Some(position);
        items.push(shape.item(item));
    }
    json!({
        "format": document.format.name(),
        "encoding": encoding,
        "feed": feed,
        "items": items,
        "problems": shape.problems,
    })
}

struct Shape<'r> {
    reading: Reading<'r>,
    base: Option<Url>,
    item: Option<usize>,
    problems: Vec<Value>,
}

impl Shape<'_> {
    fn channel(&mut self, channel: &Channel<'_>) -> Value {
        let (title, title_type) = self.line(channel.title.as_ref());
        let (subtitle, subtitle_type) = self.text(channel.subtitle.as_ref());
        let (rights, rights_type) = self.text(channel.rights.as_ref());
        json!({
            "title": title,
            "title_type": title_type,
            "subtitle": subtitle,
            "subtitle_type": subtitle_type,
            "link": self.address(&channel.link),
            "id": name(&channel.id),
            "language": tag(&channel.language),
            "updated": self.time("updated", &channel.updated),
            "published": self.time("published", &channel.published),
            "authors": self.people(&channel.authors),
            "categories": categories(&channel.categories),
            "rights": rights,
            "rights_type": rights_type,
            "generator": channel.generator.as_ref().map(|generator| self.generator(generator)),
            "icon": self.address(&channel.icon),
            "logo": self.address(&channel.logo),
            "image": channel.image.as_ref().map(|image| self.image(image)),
            "contributors": self.people(&channel.contributors),
            "publisher": channel.publisher.as_ref().map(|person| self.person(person)),
            "ttl": channel.ttl,
            "docs": self.address(&channel.docs),
            "links": self.links(&channel.links),
        })
    }

    fn item(&mut self, item: &Item<'_>) -> Value {
        let (title, title_type) = self.line(item.title.as_ref());
        let (summary, summary_type) = self.text(item.summary.as_ref());
        let (content, content_type) = self.text(item.content.as_ref());
        let (rights, rights_type) = self.text(item.rights.as_ref());
        json!({
            "title": title,
            "title_type": title_type,
            "link": self.address(&item.link),
            "id": name(&item.id),
            "summary": summary,
            "summary_type": summary_type,
            "content": content,
            "content_type": content_type,
            "authors": self.people(&item.authors),
            "categories": categories(&item.categories),
            "published": self.time("published", &item.published),
            "updated": self.time("updated", &item.updated),
            "enclosures": self.enclosures(&item.enclosures),
            "rights": rights,
            "rights_type": rights_type,
            "comments": self.address(&item.comments),
            "contributors": self.people(&item.contributors),
            "publisher": item.publisher.as_ref().map(|person| self.person(person)),
            "links": self.links(&item.links),
            "image": self.address(&item.image),
            "created": self.time("created", &item.created),
            "expired": self.time("expired", &item.expired),
            "language": tag(&item.language),
            "source": item.source.as_deref().map(|source| self.channel(source)),
        })
    }

    /// A text of one line and its type.
    fn line(&self, text: Option<&Text<'_>>) -> (Value, Value) {
        self.typed(text, text::Text::is_html_line, |text| PlainText::of(text).into_string())
    }

    /// A text whose line breaks mean something, and its type.
    fn text(&self, text: Option<&Text<'_>>) -> (Value, Value) {
        self.typed(text, text::Text::is_html, |text| text.raw.trim().replace("\r\n", "\n"))
    }

    fn typed(
        &self,
        text: Option<&Text<'_>>,
        is_html: fn(&text::Text) -> bool,
        plain: impl Fn(&text::Text) -> String,
    ) -> (Value, Value) {
        let Some(text) = text.cloned().map(Text::into_model) else {
            return (Value::Null, Value::Null);
        };
        let (words, kind) = match is_html(&text) {
            true => (SafeHtml::clean(&text, self.base.as_ref()).as_str().to_owned(), "html"),
            false => (plain(&text), "text"),
        };
        if words.is_empty() { (Value::Null, Value::Null) } else { (words.into(), kind.into()) }
    }

    fn time(&mut self, field: &'static str, raw: &Option<Raw<'_>>) -> Value {
        let Some(raw) = raw else { return Value::Null };
        match Timestamp::read(raw, self.reading.zone, self.reading.now) {
            Ok(time) => time.rfc3339().into(),
            Err(why) => {
                let stamp: String = raw.chars().take(64).collect();
                let stamp = words(&Some(stamp.into())).unwrap_or_default();
                self.problem(self.item, Some(field), &format!("{why}: {stamp}"));
                Value::Null
            }
        }
    }

    fn problem(&mut self, item: Option<usize>, field: Option<&str>, what: &str) {
        self.problems.push(json!({ "item": item, "field": field, "what": what }));
    }

    /// An address as written where it is absolute, made so where it isn't and a base is known; none of
    /// those a browser would execute, and none that could end an attribute it is put into.
    fn address(&self, raw: &Option<Raw<'_>>) -> Option<String> {
        let raw = raw.as_deref()?.trim();
        let of_the_web = |url: &Url| matches!(url.scheme(), "http" | "https" | "ftp" | "mailto");
        let address = match Url::parse(raw) {
            Ok(url) if !of_the_web(&url) => None,
            Ok(url) if raw.contains(|c: char| c.is_whitespace() || c.is_control()) => {
                Some(url.into())
            }
            Ok(_) => Some(raw.to_owned()),
            Err(url::ParseError::RelativeUrlWithoutBase) => match &self.base {
                Some(base) => base.join(raw).ok().filter(of_the_web).map(Url::into),
                // A browser would resolve the reference, and it might name a scheme.
                None => Some(raw.to_owned()).filter(|raw| !raw.contains("&#")),
            },
            Err(_) => None,
        };
        address.map(|address| match address.contains(['<', '>', '"']) {
            true => address.replace('<', "%3C").replace('>', "%3E").replace('"', "%22"),
            false => address,
        })
    }

    fn people(&self, people: &[Person<'_>]) -> Vec<Value> {
        people.iter().map(|person| self.person(person)).collect()
    }

    fn person(&self, person: &Person<'_>) -> Value {
        json!({
            "name": words(&person.name),
            "email": words(&person.email),
            "url": self.address(&person.url),
        })
    }

    fn generator(&self, generator: &Generator<'_>) -> Value {
        json!({
            "name": words(&generator.name),
            "url": self.address(&generator.url),
            "version": words(&generator.version),
        })
    }

    fn image(&self, image: &Image<'_>) -> Value {
        json!({
            "href": self.address(&image.href),
            "title": words(&image.title),
            "link": self.address(&image.link),
            "width": image.width,
            "height": image.height,
            "description": words(&image.description),
        })
    }

    fn enclosures(&self, enclosures: &[Enclosure<'_>]) -> Vec<Value> {
        let shown = enclosures.iter().filter_map(|enclosure| {
            let href = self.address(&Some(enclosure.href.clone()))?;
            Some(json!({ "href": href, "type": media_type(&enclosure.media_type), "length": enclosure.length }))
        });
        shown.collect()
    }

    fn links(&self, links: &[Link<'_>]) -> Vec<Value> {
        let shown = links.iter().filter_map(|link| {
            let href = self.address(&Some(link.href.clone()))?;
            Some(json!({
                "href": href,
                "rel": link.rel.as_deref().filter(|rel| is_token(rel)).unwrap_or("alternate"),
                "type": media_type(&link.media_type),
                "title": words(&link.title),
                "hreflang": tag(&link.hreflang),
                "length": link.length,
            }))
        });
        shown.collect()
    }
}

fn categories(categories: &[Category<'_>]) -> Vec<Value> {
    let shown = categories.iter().map(|category| {
        let term = Some(category.term.clone());
        json!({ "term": words(&term), "scheme": scheme(&category.scheme), "label": words(&category.label) })
    });
    shown.collect()
}

/// The address of a category's scheme as written, which is compared; none that a browser would execute.
fn scheme(raw: &Option<Raw<'_>>) -> Option<String> {
    let executes = |words: &String| {
        let lower = words.trim_start().to_ascii_lowercase();
        ["javascript:", "vbscript:", "data:"].iter().any(|scheme| lower.starts_with(scheme))
    };
    words(raw).filter(|words| !executes(words))
}

/// An id as written, which is compared and not shown; of one in markup, the words.
fn name(raw: &Option<Raw<'_>>) -> Option<String> {
    let id = raw.as_deref()?;
    let is_markup = id.contains('<') && text::Text::unsaid(id).is_html_line();
    if is_markup { words(raw) } else { Some(id.to_owned()) }
}

/// The words of a field that is no text construct: what is markup in it goes, and what turns out to be
/// markup once that is gone goes as well, since nobody who prints them can know.
fn words(raw: &Option<Raw<'_>>) -> Option<String> {
    const ROUNDS: usize = 3;
    let mut words = PlainText::of(&text::Text::unsaid(raw.as_deref()?)).into_string();
    for _ in 0..ROUNDS {
        let text = text::Text::unsaid(words.clone());
        if !words.contains('<') || !text.is_html_line() {
            break;
        }
        words = PlainText::of(&text).into_string();
    }
    // Still markup after so many layers of it: nobody wrote that for people.
    if words.contains('<') && text::Text::unsaid(words.clone()).is_html_line() {
        words.retain(|c| !matches!(c, '<' | '>'));
    }
    Some(words).filter(|words| !words.is_empty())
}

/// A language tag, as far as its shape goes (RFC 5646 section 2.1).
fn tag(raw: &Option<Raw<'_>>) -> Option<String> {
    let is_tag = |tag: &&str| {
        !tag.is_empty() && tag.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    };
    raw.as_deref().map(str::trim).filter(is_tag).map(str::to_owned)
}

/// A media type, with its parameters (RFC 9110 section 8.3.1).
fn media_type(raw: &Option<Raw<'_>>) -> Option<String> {
    let is_type = |kind: &&str| !kind.is_empty() && is_token(kind);
    raw.as_deref().map(str::trim).filter(is_type).map(str::to_owned)
}

/// Whether a word can stand in an attribute as it is, as a relation (RFC 8288 section 3.3) and a media
/// type do.
fn is_token(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_graphic() && !"<>\"'".contains(c) || c == ' ')
}
