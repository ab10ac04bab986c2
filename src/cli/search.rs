//! `feedloom search`: finds stored items by their words, newest first.

use std::path::Path;

use super::{Outcome, Refused, app, items, note};
use crate::model::feed::Revision;
use crate::model::text::Query;
use crate::model::view::Selection;

/// What to find, and where.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  feedloom search 食品安全
  feedloom search 重庆 GDP --category caijing --limit 5
  feedloom search appl --json | jq -r '.[].link'

All words must be there. Chinese is found anywhere in a text, other words from their beginning, and
whole where they have one or two letters. Marks, widths and capitals do not matter. Of an article the
first 256 KiB of words are searched, of all articles the newest four million.")]
pub struct Arguments {
    /// Words that must all be there
    #[arg(value_name = "QUERY", required = true)]
    words: Vec<String>,
    #[command(flatten)]
    of: items::Of,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// Rows of the log the index follows at once; nobody else waits.
const STEP: usize = 128;

/// Finds, and lists what was found.
pub async fn run(path: &Path, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let words = arguments.words.join(" ");
    let query = Query::read(&words).ok_or_else(|| {
        Refused(format!("there is nothing to look for in `{words}`: write a letter or a digit"))
    })?;
    if query.is_cut() {
        note("that is more than is looked for: only the first 16 words and 256 characters count");
    }
    let store = app::store(&app::configuration(path)?).await?;
    let shelf = arguments.of.shelf(&store.heads(Revision(0)).await?)?;
    let mut steps = 0;
    while store.index(STEP).await? {
        if steps == 0 {
            note("the search index is behind; it follows first");
        }
        steps += 1;
    }
    let found = store.select(&Selection::found(query, shelf, arguments.limit as usize)).await?;
    items::show(&found, arguments.json, "nothing was found")
}
