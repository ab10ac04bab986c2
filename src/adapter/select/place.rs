//! Places in an element of a page: `a.title@href`.
//!
//! A CSS selector, then after an `@` what of the elements it finds is meant: an attribute's name,
//! or `html` for what they hold as markup. Without an `@` their words are meant, without a selector
//! the element itself. It deliberately has no way out of the element: what stands beside an entry
//! belongs to no entry.

use scraper::{ElementRef, Selector};

use super::css;
use crate::model::text::{PlainText, Text};

/// Where something stands in an element.
#[derive(Clone, Debug)]
pub struct Place {
    css: Option<Selector>,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Words,
    Html,
    Attribute(String),
}

/// How many elements one place finds in an entry at most.
const MOST: usize = 100;

impl Place {
    /// Reads a place as it is written in the file; the error says what is wrong with it.
    pub fn parse(written: &str) -> Result<Place, String> {
        let (css, what) = match split(written) {
            (css, None) => (css, What::Words),
            (css, Some("html")) => (css, What::Html),
            (css, Some(name)) => (css, What::Attribute(name.to_ascii_lowercase())),
        };
        let css = match css.trim() {
            "" => None,
            text => Some(css::read(text).map_err(|why| format!("`{text}` {why}"))?),
        };
        Ok(Place { css, what })
    }

    /// Whether it says what of an element is meant, as `@html` does.
    pub fn says_what(written: &str) -> bool {
        split(written).1.is_some()
    }

    /// Everything that stands there, in the document's order, none of it blank.
    pub fn find(&self, element: ElementRef<'_>) -> Vec<String> {
        let found: Vec<ElementRef<'_>> = match &self.css {
            None => vec![element],
            Some(css) => element.select(css).take(MOST).collect(),
        };
        let values = found.into_iter().filter_map(|element| self.what.of(element));
        values.filter(|value| !value.trim().is_empty()).collect()
    }
}

impl What {
    fn of(&self, element: ElementRef<'_>) -> Option<String> {
        match self {
            What::Words => Some(PlainText::of(&Text::html(element.inner_html())).into_string()),
            What::Html => Some(element.inner_html()),
            What::Attribute(name) => element.attr(name).map(str::to_owned),
        }
    }
}

/// The selector and what comes after its `@`; an `@` in brackets or quotes is part of the selector.
fn split(written: &str) -> (&str, Option<&str>) {
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_:.".contains(c))
    };
    match written.rsplit_once('@') {
        Some((css, name)) if is_name(name) => (css, Some(name)),
        _ => (written, None),
    }
}

#[cfg(test)]
mod tests {
    use scraper::Html;

    use super::*;

    fn check(place: &str, expected: &[&str]) {
        let page = Html::parse_fragment(
            "<li id='x'><a class='t' href='/1?a=1&amp;b=2'>List&lt;i&gt; <b>青禾</b></a><p>甲</p><p>乙<br>丙</p><i data-at='@7'> </i></li>",
        );
        let item = Selector::parse("li").expect("a selector");
        let element = page.select(&item).next().expect("an element");
        assert_eq!(Place::parse(place).expect("a place").find(element), expected, "{place}");
    }

    #[test]
    fn words_markup_and_attributes() {
        check("a.t", &["List<i> 青禾"]);
        check("a.t@href", &["/1?a=1&b=2"]);
        check("a@html", &["List&lt;i&gt; <b>青禾</b>"]);
        check("@id", &["x"]);
        check("p", &["甲", "乙 丙"]);
        check("i[data-at='@7']@data-at", &["@7"]);
    }

    #[test]
    fn nothing_is_nothing() {
        check("i", &[]);
        check("a@title", &[]);
        check("h1", &[]);
    }

    #[test]
    fn mistakes_are_told() {
        assert_eq!(
            Place::parse("a[").unwrap_err().split(':').next(),
            Some("`a[` is no CSS selector")
        );
        assert!(Place::parse("a:hover(").is_err());
    }
}
