//! What benches of the store fill it with, and what this process holds meanwhile.

use feedloom::model::draft::{Draft, Stamp};
use feedloom::model::item::Membership;
use feedloom::model::source::{Mark, Source, SourceId};
use feedloom::model::text::Text;
use feedloom::model::time::Timestamp;
use feedloom::store::Sighting;

/// Articles stand in so many categories, by turns.
pub const CATEGORIES: usize = 50;

/// Where they come from.
pub fn source() -> Source {
    let url = "https://news.example/feed".parse().expect("a good address");
    let source = Source::new(SourceId::new("bench").expect("a good id"), url);
    Source { max_categories: CATEGORIES, ..source }
}

/// What an article of some number is called to its source.
pub fn name(number: usize) -> String {
    format!("article {number}")
}

/// The article of a number, seen now.
pub fn sighting(
    source: &Source,
    number: usize,
    title: &str,
    content: String,
    published: Stamp,
    now: Timestamp,
) -> Sighting {
    let draft = Draft {
        guid: Some(format!("guid-{number}")),
        title: Some(Text::plain(title)),
        link: Some(format!("https://news.example/articles/{number}.html")),
        content: Some(Text::html(content)),
        published: Some(published),
        categories: vec![Membership {
            name: format!("category {}", number % CATEGORIES),
            alias: None,
        }],
        ..Draft::default()
    };
    Sighting {
        mark: Mark::new(&name(number), ["looks"]),
        refined: draft.refine(source, now),
        detailed: false,
    }
}

/// Kilobytes this process holds itself, mapped files left out; zero where the system does not tell.
pub fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
