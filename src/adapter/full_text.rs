//! `full_text`: the article's own page, asked once for each new entry of an upstream that shows
//! only its beginning.
//!
//! ```toml
//! full_text = true                          # the body is found by looking for it
//! full_text = ["article .body", "#content"] # or stands in the first of these that the page has
//! ```
//! It wraps an adapter of any kind and leaves alone what that one asks itself. Of a page's text and
//! the upstream's own the longer one counts: a page that shows a login in place of the article
//! takes nothing away.

use dom_smoothie::{Config, Readability};
use http::Uri;
use scraper::{Html, Selector};
use url::Url;

use super::select::css;
use super::setting::{Mistake, Reader, Setting, Value};
use super::{Adapter, Ask, Entry, Parsed, Problem, Request, Response, decode};
use crate::model::link;
use crate::model::source::Source;
use crate::model::text::{PlainText, Text, is_too_deep};
use crate::model::time::Timestamp;

/// The key in a source's table.
pub const KEY: &str = "full_text";

/// The longest page that is looked through, in bytes.
const BYTES_MOST: usize = 3 << 20;
/// The most elements a page may have where its body has to be found.
const ELEMENTS_MOST: usize = 50_000;
/// A text of so many characters is an article; Chinese says much in few.
const ENOUGH: usize = 150;

/// Where a page's body is.
enum Place {
    /// Found by looking for it.
    Anywhere,
    /// In the first of these that is there.
    Selected(Vec<Selector>),
}

struct FullText {
    inner: Box<dyn Adapter>,
    place: Place,
}

/// Marks a question of ours.
#[derive(Clone)]
struct Page;

/// The adapter with the full text of its entries, where the source's table asks for it.
pub fn wrap(reader: &mut Reader, inner: Box<dyn Adapter>) -> Box<dyn Adapter> {
    match reader.read(KEY, place) {
        Some(Some(place)) => Box::new(FullText { inner, place }),
        _ => inner,
    }
}

fn place(setting: &Setting) -> Result<Option<Place>, Mistake> {
    if let Value::Boolean(wanted) = setting.value {
        return Ok(wanted.then_some(Place::Anywhere));
    }
    let selectors = setting.one_or_list().iter().map(|one| match one.text() {
        Ok(text) => css::read(text).map_err(|why| Mistake::at(one, format!("`{text}` {why}"))),
        Err(_) => Err(Mistake::at(
            setting,
            "this should be `true`, or the CSS selector of the body on the article's page",
        )),
    });
    Ok(Some(Place::Selected(selectors.collect::<Result<_, _>>()?)))
}

impl Adapter for FullText {
    fn asks(&self, source: &Source, now: Timestamp) -> Vec<Ask> {
        self.inner.asks(source, now)
    }

    fn parse(&self, ask: &Ask, at: &str, response: &Response) -> Parsed {
        if let (Some(entry), Some(Page)) = (&ask.of, ask.request.extensions().get()) {
            return self.complete(entry, at, &decode::text(response));
        }
        let mut parsed = self.inner.parse(ask, at, response);
        if ask.of.is_none() {
            let at = Url::parse(at).ok();
            for entry in &mut parsed.entries {
                if entry.follow.is_none() && entry.draft.dropped.is_none() {
                    entry.follow = page(entry, at.as_ref());
                }
            }
        }
        parsed
    }
}

/// The question for an entry's page.
fn page(entry: &Entry, at: Option<&Url>) -> Option<Request> {
    let base = entry.draft.base.as_deref().and_then(|base| Url::parse(base).ok());
    let address = link::resolve(entry.draft.link.as_deref()?, base.as_ref().or(at))?;
    let address = address.split('#').next().unwrap_or_default().parse::<Uri>().ok()?;
    let mut request = Request::default();
    *request.uri_mut() = address;
    request.extensions_mut().insert(Page);
    Some(request)
}

impl FullText {
    fn complete(&self, entry: &Entry, at: &str, text: &str) -> Parsed {
        let mut entry = Entry { follow: None, ..entry.clone() };
        let mut problems = Vec::new();
        match self.article(at, text) {
            Ok(Article { body, title }) => {
                let own = entry.draft.content.as_ref().or(entry.draft.summary.as_ref());
                if length(&body) > own.map_or(0, length) {
                    entry.draft.content = Some(body);
                }
                if entry.draft.title.is_none() {
                    entry.draft.title = title.map(Text::plain);
                }
            }
            Err(why) => problems.push(Problem::of_entry(0, Some("content"), why)),
        }
        Parsed { entries: vec![entry], problems, ..Parsed::default() }
    }

    fn article(&self, at: &str, text: &str) -> Result<Article, &'static str> {
        if text.len() > BYTES_MOST || is_too_deep(text) {
            return Err("its page is too large to be looked through");
        }
        let article = match &self.place {
            Place::Anywhere => found(at, text),
            Place::Selected(selectors) => selected(selectors, text),
        };
        let (html, title) = article.ok_or("its page has no article that could be found")?;
        Ok(Article { body: Text { base: Some(at.to_owned()), ..Text::html(html) }, title })
    }
}

struct Article {
    body: Text,
    title: Option<String>,
}

fn length(text: &Text) -> usize {
    PlainText::of(text).as_str().chars().count()
}

fn found(at: &str, text: &str) -> Option<(String, Option<String>)> {
    let config = Config {
        max_elements_to_parse: ELEMENTS_MOST,
        char_threshold: ENOUGH,
        ..Config::default()
    };
    let article = Readability::new(text, Some(at), Some(config)).ok()?.parse().ok()?;
    let title = Some(article.title).filter(|title| !title.trim().is_empty());
    Some((article.content.to_string(), title))
}

fn selected(selectors: &[Selector], text: &str) -> Option<(String, Option<String>)> {
    let page = Html::parse_document(text);
    let body = selectors.iter().find_map(|selector| page.select(selector).next())?;
    let headline = Selector::parse("h1, title").expect("two element names");
    let title = page.select(&headline).next().map(|title| title.text().collect());
    Some((body.inner_html(), title))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::{feed, testing};

    const FEED: &str = "<rss><channel><item><guid>1</guid><title>春耕</title><link>/a/1#top</link>\
        <description>全市已调运化肥。</description></item></channel></rss>";
    const AT: &str = "https://a.example/rss.xml";

    fn adapter(full_text: &str) -> Box<dyn Adapter> {
        let setting = testing::setting(full_text);
        let mut mistakes = Vec::new();
        let inner = testing::adapter(&feed::KIND, "kind = 'feed'");
        let wrapped = wrap(&mut Reader::new(&setting, &mut mistakes), inner);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        wrapped
    }

    /// The one entry of `FEED` and the question for its page.
    fn listed(adapter: &dyn Adapter) -> (Entry, Option<Request>) {
        let ask = adapter.asks(&testing::source(AT), testing::now()).remove(0);
        let entry = adapter.parse(&ask, AT, &testing::answer(FEED)).entries.remove(0);
        let follow = entry.follow.clone();
        (entry, follow)
    }

    fn body(full_text: &str, page: &str) -> Option<String> {
        let adapter = adapter(full_text);
        let (entry, follow) = listed(adapter.as_ref());
        let request = follow.expect("its page is asked");
        assert_eq!(request.uri(), "https://a.example/a/1");
        let parsed = adapter.parse(
            &Ask::detail(request, entry),
            "https://a.example/a/1",
            &testing::answer(page),
        );
        parsed.entries[0].draft.content.as_ref().map(|content| content.raw.clone())
    }

    fn article() -> String {
        let paragraph =
            "春耕时节，各地加紧备耕，农资供应充足，价格平稳，相关部门表示将继续做好保障工作。";
        let paragraphs: String = (0..8).map(|n| format!("<p>第{n}段，{paragraph}</p>")).collect();
        let links: String =
            (0..20).map(|n| format!("<li><a href='/{n}'>导航{n}</a></li>")).collect();
        format!(
            "<html><head><title>春耕_青禾网</title></head><body><div class='nav'><ul>{links}</ul></div>\
             <div class='main'><h1>春耕</h1><div class='text'>{paragraphs}</div></div><div class='footer'>版权所有</div></body></html>"
        )
    }

    #[test]
    fn nothing_is_asked_without_a_word() {
        assert!(listed(adapter("").as_ref()).1.is_none());
        assert!(listed(adapter("full_text = false").as_ref()).1.is_none());
    }

    #[test]
    fn the_body_is_found_by_looking_for_it() {
        let body = body("full_text = true", &article()).expect("a body");
        assert!(body.contains("第0段") && body.contains("第7段"), "{body}");
        assert!(!body.contains("导航") && !body.contains("版权所有"), "{body}");
    }

    #[test]
    fn or_stands_where_the_file_says() {
        let body = body("full_text = ['#none', '.text']", &article()).expect("a body");
        assert!(body.starts_with("<p>第0段") && body.ends_with("</p>"), "{body}");
    }

    #[test]
    fn a_page_without_the_article_takes_nothing_away() {
        assert_eq!(body("full_text = '.text'", "<div class='text'>请登录</div>"), None);
        assert_eq!(body("full_text = '.text'", "<p>404</p>"), None);
        assert_eq!(body("full_text = true", &"<div>".repeat(50_000)), None);
        assert_eq!(body("full_text = true", ""), None);
    }

    #[test]
    fn mistakes_are_told() {
        for (toml, expected) in
            [("full_text = 'p['", "no CSS selector"), ("full_text = 7", "`true`")]
        {
            let setting = testing::setting(toml);
            let mut mistakes = Vec::new();
            let inner = testing::adapter(&feed::KIND, "kind = 'feed'");
            wrap(&mut Reader::new(&setting, &mut mistakes), inner);
            assert!(mistakes[0].what.contains(expected), "{mistakes:?}");
        }
    }
}
