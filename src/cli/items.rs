//! `feedloom items`: what is stored, newest first.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Outcome, Refused, app, note, results};
use crate::adapter::setting::meant;
use crate::model::category::folded;
use crate::model::feed::{Revision, Shelf, ShelfHead, Window};
use crate::model::item::Item;
use crate::model::view::Selection;
use crate::store;

/// Which items, and how many.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  feedloom items --category keji --limit 5
  feedloom items --source finews --json | jq -r '.[].title'")]
pub struct Arguments {
    #[command(flatten)]
    of: Of,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// Where to look.
#[derive(Debug, clap::Args)]
pub struct Of {
    /// Only those of this category, by its slug or name
    #[arg(long, value_name = "SLUG", conflicts_with = "source")]
    category: Option<String>,
    /// Only those of this source
    #[arg(long, value_name = "ID")]
    source: Option<String>,
}

/// Lists the items.
pub async fn run(path: &Path, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let store = app::store(&app::configuration(path)?).await?;
    let shelf = arguments.of.shelf(&store.heads(Revision(0)).await?)?;
    let items = newest(&*store, shelf, arguments.limit).await?;
    show(&items, arguments.json, "no items yet; `feedloom poll` takes some in")
}

/// Prints items; says `nothing` beside an empty table.
pub fn show(items: &[Item], as_json: bool, nothing: &str) -> anyhow::Result<Outcome> {
    let mut results = results();
    if as_json {
        let all: Vec<Value> = items.iter().map(as_value).collect();
        writeln!(results, "{}", serde_json::to_string_pretty(&all)?)?;
    } else if items.is_empty() {
        note(nothing);
    }
    for item in items.iter().filter(|_| !as_json) {
        writeln!(results, "{}", row(item))?;
    }
    results.flush()?;
    Ok(Outcome::Done)
}

async fn newest(
    store: &dyn store::Store,
    shelf: Shelf,
    limit: u32,
) -> Result<Vec<Item>, store::Error> {
    let most = limit as usize;
    let window = Window { items: most, age: Duration::ZERO, max: most, bytes: usize::MAX };
    store.select(&Selection::of(shelf, window)).await
}

impl Of {
    /// The shelf that is meant.
    pub fn shelf(&self, heads: &[ShelfHead]) -> Result<Shelf, Refused> {
        let (kind, name) = match (&self.category, &self.source) {
            (Some(name), _) => ("category", name),
            (None, Some(name)) => ("source", name),
            (None, None) => return Ok(Shelf::All),
        };
        let known: Vec<(&str, &ShelfHead)> = heads
            .iter()
            .filter_map(|head| match (&head.shelf, kind) {
                (Shelf::Category(slug), "category") => Some((slug.as_str(), head)),
                (Shelf::Source(id), "source") => Some((id.as_str(), head)),
                _ => None,
            })
            .collect();
        let by_name = |(word, head): &&(&str, &ShelfHead)| {
            word == name
                || (kind == "category"
                    && (folded(&head.title) == folded(name) || head.aliases.contains(name)))
        };
        if let Some((_, head)) = known.iter().find(by_name) {
            return Ok(head.shelf.clone());
        }
        let hint = match meant(name, known.iter().map(|(word, _)| *word)) {
            Some(word) => format!("; did you mean `{word}`?"),
            None => String::new(),
        };
        Err(Refused(format!("there is no {kind} `{name}`{hint}")))
    }
}

/// Time, source, title; the title last, since nothing lines up behind Chinese.
fn row(item: &Item) -> String {
    format!("{}  {}  {}", item.published.rfc3339(), item.source, item.title.as_str())
}

fn as_value(item: &Item) -> Value {
    json!({
        "id": item.id.to_string(),
        "guid": item.guid,
        "title": item.title.as_str(),
        "link": item.link,
        "published": item.published.rfc3339(),
        "updated": item.updated.rfc3339(),
        "seen": item.seen.rfc3339(),
        "source": item.source.as_str(),
        "outlet": item.outlet,
        "categories": item.category_names().collect::<Vec<_>>(),
        "summary": item.summary.as_ref().map(|summary| summary.as_str()),
    })
}
