//! `feedloom withdraw`: takes an item down for good.

use std::io::Write;
use std::path::Path;

use super::{ITEM, Outcome, app, note, results};
use crate::clock::{Clock, System};
use crate::store::explain::Name;

/// What to take down.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  feedloom withdraw https://news.example.org/item/fe974c80-93ef-50e7-94ed-730c46f63017

It leaves every feed, page and archive at once, its page answers 410, Atom feeds say that it is
gone, and no source brings it back. Its title and text stay in the database until they are pruned.")]
pub struct Arguments {
    #[arg(value_name = "ITEM", required = true, help = ITEM)]
    items: Vec<String>,
}

/// Takes them down.
pub async fn run(path: &Path, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let store = app::store(&app::configuration(path)?).await?;
    let mut is_done = true;
    for text in &arguments.items {
        match store.withdraw(&Name::read(text), System.now()).await? {
            Some((id, true)) => writeln!(results(), "{id} is withdrawn")?,
            Some((id, false)) => writeln!(results(), "{id} was withdrawn before")?,
            None => {
                note(format!("there is no item `{text}`; `feedloom search` finds items by words"));
                is_done = false;
            }
        }
    }
    Ok(Outcome::of(is_done))
}
