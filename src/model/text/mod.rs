//! `SafeHtml` and `PlainText`: text that has been through the sanitiser, by construction.
//!
//! `Text` is what an upstream wrote, with what it claims to be. `SafeHtml::clean` and
//! `PlainText::of` are the only ways from there; `recall` is for the store alone.

pub mod bigrams;
pub(super) mod clean;
mod depth;
mod picture;
pub(super) mod plain;
mod query;
pub(super) mod scripted;
mod simple;
mod tag;
mod tidy;

use url::Url;

pub use clean::LONGEST;
pub use depth::{is_too_deep, is_void};
pub use plain::is_xml;
pub use query::{Phrase, Query};

/// Text as an upstream wrote it, not yet safe.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Text {
    /// As read, references of the outer document resolved once.
    pub raw: String,
    /// What upstream says it is.
    pub kind: Kind,
    /// The address relative links in it start from, when it has one of its own (`xml:base`).
    pub base: Option<String>,
}

/// What a text claims to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Characters that mean themselves.
    Plain,
    /// Markup.
    Html,
    /// Not said: markup when it looks so.
    #[default]
    Unsaid,
}

impl Text {
    /// Characters that mean themselves.
    pub fn plain(raw: impl Into<String>) -> Text {
        Text { raw: raw.into(), kind: Kind::Plain, base: None }
    }

    /// Markup.
    pub fn html(raw: impl Into<String>) -> Text {
        Text { raw: raw.into(), kind: Kind::Html, base: None }
    }

    /// Text of a field that says nothing of its kind.
    pub fn unsaid(raw: impl Into<String>) -> Text {
        Text { raw: raw.into(), kind: Kind::Unsaid, base: None }
    }

    /// Whether this is to be read as markup.
    pub fn is_html(&self) -> bool {
        match self.kind {
            Kind::Plain => false,
            Kind::Html => true,
            Kind::Unsaid => plain::has_markup(&self.raw),
        }
    }

    /// The same of a text of one line, a title or a name, which may name elements (`Using <div>s`).
    pub fn is_html_line(&self) -> bool {
        match self.kind {
            // Blanks and what nobody sees come out of it before it is shown.
            Kind::Unsaid if self.raw.contains(['<', '&']) => {
                plain::has_markup_in_line(&plain::fold(&self.raw))
            }
            Kind::Unsaid => false,
            _ => self.is_html(),
        }
    }
}

/// How often a body that does not read as it is written is cleaned again.
const ROUNDS: usize = 4;

/// Puts clean HTML in order until it reads as it is written, so that cleaning it again changes nothing.
/// What does not settle, or grew longer than a body may be, is reduced to its words.
fn settle(html: String) -> String {
    let mut tidy = tidy::tidy(&html);
    for _ in 0..ROUNDS {
        if tidy.html.len() > LONGEST {
            break;
        }
        if tidy.is_stable {
            return tidy.html;
        }
        let again = tidy::tidy(&clean::sanitise(&tidy.html, &clean::Start::default()));
        if again.html == tidy.html {
            return again.html;
        }
        tidy = again;
    }
    clean::paragraphs(&plain::words(&tidy.html))
}

/// Characters for people, without markup: whitespace folded to single blanks, trimmed, and free of
/// what XML 1.0 cannot carry (section 2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlainText(String);

impl PlainText {
    /// The words of a text: markup and references resolved once when it is markup, kept as they are
    /// when it is not. What is not closed and would leave nothing (`<iframe> in Chrome`) loses its tags.
    pub fn of(text: &Text) -> PlainText {
        if !text.is_html_line() {
            return PlainText(plain::fold(&text.raw));
        }
        let words = plain::fold(&plain::words(&text.raw));
        let is_open = words.is_empty() && !text.raw.contains("</");
        PlainText(if is_open { plain::fold(&plain::words_of_open(&text.raw)) } else { words })
    }

    /// Text the store kept.
    pub fn recall(text: String) -> PlainText {
        PlainText(text)
    }

    /// As a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As an owned string.
    pub fn into_string(self) -> String {
        self.0
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// HTML that executes nothing, wherever it is put: only elements, attributes and address schemes
/// from our lists, links absolute, no relative addresses left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SafeHtml(String);

impl SafeHtml {
    /// Cleans a text: markup is sanitised, plain text becomes one paragraph a line block.
    /// Relative addresses are resolved against the text's own base, else against `base`.
    pub fn clean(text: &Text, base: Option<&Url>) -> SafeHtml {
        SafeHtml::clean_on(text, base, None)
    }

    /// As `clean`, of a text that stands on `page`: places on the page (`#notes`) are found there.
    pub fn clean_on(text: &Text, base: Option<&Url>, page: Option<&Url>) -> SafeHtml {
        let own = text.base.as_deref().and_then(|own| match base {
            Some(base) => base.join(own).ok(),
            None => Url::parse(own).ok(),
        });
        let page = page.filter(|_| own.is_none()).cloned();
        let start = clean::Start { base: own.or_else(|| base.cloned()), page };
        let html = match text.is_html() {
            true => clean::sanitise(&text.raw, &start),
            false => clean::paragraphs(&text.raw),
        };
        SafeHtml(settle(html))
    }

    /// HTML the store kept.
    pub fn recall(html: String) -> SafeHtml {
        SafeHtml(html)
    }

    /// As a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is left to see, neither words nor pictures.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The words of the first block that has any.
    pub fn first_words(&self) -> Option<PlainText> {
        let blocks = self.0.split_inclusive("</p>").flat_map(|part| part.split_inclusive("<br>"));
        let words = blocks.map(|block| PlainText(plain::fold(&plain::words(block))));
        words.into_iter().find(|words| !words.is_empty())
    }

    /// The addresses it links to, in its order.
    pub fn links(&self) -> impl Iterator<Item = String> {
        const BEFORE: &str = " href=\"";
        let after = self.0.split(BEFORE).skip(1);
        after.filter_map(|rest| Some(rest.split_once('"')?.0.replace("&amp;", "&")))
    }

    /// The words of its first so many bytes, up to the last tag among them.
    pub fn words_within(&self, bytes: usize) -> PlainText {
        let html = &self.0[..self.0.floor_char_boundary(bytes)];
        let end = if html.len() < self.0.len() { html.rfind('<').unwrap_or(0) } else { html.len() };
        PlainText(plain::fold(&plain::words(&html[..end])))
    }

    /// Its words.
    pub fn words(&self) -> PlainText {
        PlainText(plain::fold(&plain::words(&self.0)))
    }
}
