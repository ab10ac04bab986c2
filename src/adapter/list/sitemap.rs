//! Sitemaps (sitemaps.org 0.9) with Google's news and image extensions, and lists of sitemaps.
//!
//! Each `url` becomes a record of what it holds, prefixes as keys: `loc`, `news.title`, `image.loc`.
//! Newest first, whatever order it has. It reads as tolerantly as feeds are read, and with the same
//! tokens; a sitemap is no feed, though: most name no titles, which a detail then has to give.

use serde_json::{Map, Value, json};

use super::ENTRIES_MOST;
use super::written::Answer;
use crate::adapter::feed::reference::unescape;
use crate::adapter::feed::xml::{Token, Tokens, local};

/// Sitemaps a list of them names, at most.
const PARTS_MOST: usize = 50;
/// Values of one kind in one record.
const VALUES_MOST: usize = 20;
/// Kinds of values in one record.
const KINDS_MOST: usize = 50;

/// Reads a sitemap, or a list of them.
///
/// # Errors
/// In words, when it is neither.
pub fn read(text: &str) -> Result<Answer, String> {
    let mut walk = Walk {
        is_sitemap: false,
        is_closed: false,
        // One more than is kept, so that it can be told that there are more.
        records: Newest::new(ENTRIES_MOST + 1),
        parts: Newest::new(PARTS_MOST),
        open: None,
        text: String::new(),
    };
    Tokens::new(text).for_each(|token| walk.take(token));
    if !walk.is_sitemap {
        return Err("this is no sitemap: it has neither `urlset` nor `sitemapindex`".to_owned());
    }
    let parts = walk.parts.finish();
    let parts = parts.iter().filter_map(|part| first(part, "loc"));
    Ok(Answer {
        parts: parts.map(str::to_owned).collect(),
        value: json!({ "items": walk.records.finish() }),
        broken_off: !walk.is_closed,
        ..Answer::default()
    })
}

/// When a record says it changed; its times sort as they are written (W3C's profile of ISO 8601).
fn changed(record: &Value) -> &str {
    let news = record.get("news").and_then(|news| first(news, "publication_date"));
    news.or_else(|| first(record, "lastmod")).unwrap_or_default()
}

fn first<'r>(record: &'r Value, key: &str) -> Option<&'r str> {
    record.get(key)?.get(0)?.as_str()
}

/// The newest of some records; a sitemap may hold fifty thousand.
struct Newest {
    records: Vec<Value>,
    most: usize,
}

impl Newest {
    fn new(most: usize) -> Newest {
        Newest { records: Vec::new(), most }
    }

    fn push(&mut self, record: Value) {
        self.records.push(record);
        if self.records.len() == 2 * self.most {
            self.trim();
        }
    }

    fn trim(&mut self) {
        self.records.sort_by(|one, other| changed(other).cmp(changed(one)));
        self.records.truncate(self.most);
    }

    /// In order, the newest first.
    fn finish(mut self) -> Vec<Value> {
        self.trim();
        self.records
    }
}

struct Walk {
    is_sitemap: bool,
    is_closed: bool,
    records: Newest,
    parts: Newest,
    /// The record that is open.
    open: Option<Map<String, Value>>,
    text: String,
}

impl Walk {
    fn take(&mut self, token: Token<'_>) {
        match token {
            Token::Start(tag) => {
                self.text.clear();
                match local(tag.name).to_ascii_lowercase().as_str() {
                    "urlset" | "sitemapindex" => self.is_sitemap = true,
                    "url" | "sitemap" => self.open = Some(Map::new()),
                    _ => {}
                }
            }
            Token::Text(raw) => self.text.push_str(&unescape(raw)),
            Token::Literal(raw) => self.text.push_str(raw),
            Token::End(name) => self.end(&name.to_ascii_lowercase()),
        }
    }

    fn end(&mut self, name: &str) {
        let record = match local(name) {
            "urlset" | "sitemapindex" => {
                self.is_closed = true;
                return;
            }
            "url" | "sitemap" => self.open.take(),
            _ => return self.keep(name),
        };
        let Some(record) = record.filter(|record| !record.is_empty()) else { return };
        match local(name) {
            "url" => self.records.push(record.into()),
            _ => self.parts.push(record.into()),
        }
    }

    /// Keeps the words of an element that held some.
    fn keep(&mut self, name: &str) {
        let text = std::mem::take(&mut self.text);
        let (Some(record), false) = (&mut self.open, text.trim().is_empty()) else { return };
        let kind = name.split(':').next().unwrap_or(name);
        if record.len() == KINDS_MOST && !record.contains_key(kind) {
            return;
        }
        let values = match name.split_once(':') {
            None => record.entry(name).or_insert_with(|| json!([])),
            Some((prefix, local)) => {
                let inner = record.entry(prefix).or_insert_with(|| json!({}));
                // A plain element of the prefix's name came first: there is no room for both.
                let inner = inner.as_object_mut().filter(|inner| inner.len() < KINDS_MOST);
                let Some(inner) = inner else { return };
                inner.entry(local).or_insert_with(|| json!([]))
            }
        };
        if let Some(values) = values.as_array_mut().filter(|values| values.len() < VALUES_MOST) {
            values.push(text.trim().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sitemap_with_its_extensions_newest_first() {
        let answer = read(
            "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>
             <url><loc>https://a.example/1?a=1&amp;b=2</loc><lastmod>2023-03-14</lastmod></url>
             <url><loc>https://a.example/2</loc><news:news><news:publication><news:name>青禾报</news:name></news:publication>
               <news:publication_date>2023-03-15T09:00:00+08:00</news:publication_date><news:title><![CDATA[春耕 & 化肥]]></news:title></news:news>
               <image:image><image:loc>https://a.example/2.jpg</image:loc></image:image></url></urlset>",
        )
        .expect("a sitemap");
        assert_eq!(
            answer.value,
            json!({"items": [
                {"loc": ["https://a.example/2"],
                 "news": {"name": ["青禾报"], "publication_date": ["2023-03-15T09:00:00+08:00"], "title": ["春耕 & 化肥"]},
                 "image": {"loc": ["https://a.example/2.jpg"]}},
                {"loc": ["https://a.example/1?a=1&b=2"], "lastmod": ["2023-03-14"]},
            ]})
        );
        assert!(!answer.broken_off);
    }

    #[test]
    fn a_list_of_sitemaps_newest_first() {
        let answer = read(
            "<sitemapindex><sitemap><loc>https://a.example/old.xml</loc><lastmod>2020-01-01</lastmod></sitemap>\
            <sitemap><loc>https://a.example/new.xml</loc><lastmod>2023-01-01</lastmod></sitemap></sitemapindex>",
        );
        let answer = answer.expect("a list");
        assert_eq!(answer.parts, ["https://a.example/new.xml", "https://a.example/old.xml"]);
    }

    #[test]
    fn what_breaks_off_says_so_and_what_is_none_is_refused() {
        let cut = read("<urlset><url><loc>https://a.example/1</loc></url><url><loc>https://a.ex");
        let cut = cut.expect("what was complete");
        assert!(cut.broken_off && cut.value["items"].as_array().is_some_and(|all| all.len() == 1));
        assert!(read("<html><title>403</title></html>").is_err());
        assert!(read("").is_err());
    }
}
