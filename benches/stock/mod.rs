//! What benches of the store fill it with, and what this process holds meanwhile.

use feedloom::model::draft::{Draft, Stamp};
use feedloom::model::item::Membership;
use feedloom::model::source::{Mark, Source, SourceId};
use feedloom::model::text::Text;
use feedloom::model::time::Timestamp;
use feedloom::store::Sighting;

/// Where they come from; it may name so many categories.
pub fn source(categories: usize) -> Source {
    let url = "https://news.example/feed".parse().expect("a good address");
    let source = Source::new(SourceId::new("bench").expect("a good id"), url);
    Source { max_categories: categories, ..source }
}

/// What an article of some number is called to its source.
pub fn name(number: usize) -> String {
    format!("article {number}")
}

/// An article.
pub struct Article {
    pub number: usize,
    /// It stands in this one of the source's categories.
    pub category: usize,
    pub title: String,
    /// HTML.
    pub content: String,
    pub published: Stamp,
}

impl Article {
    /// Seen now.
    pub fn sighting(self, source: &Source, now: Timestamp) -> Sighting {
        let number = self.number;
        let draft = Draft {
            guid: Some(format!("guid-{number}")),
            title: Some(Text::plain(self.title)),
            link: Some(format!("https://news.example/articles/{number}.html")),
            content: Some(Text::html(self.content)),
            published: Some(self.published),
            categories: vec![Membership {
                name: format!("category {}", self.category),
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
}

/// Kilobytes this process holds itself, mapped files left out; zero where the system does not tell.
pub fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
