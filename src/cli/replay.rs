//! `feedloom replay`: sends events to a subscription once more, under the ids they had.

use std::io::Write;
use std::path::Path;

use super::{Outcome, Refused, app, note, results, subscriptions};
use crate::clock::{Clock, System};
use crate::model::feed::Revision;
use crate::model::subscription::Replay;
use crate::model::time::{Timestamp, Zone};
use crate::store::Everything;
use crate::store::explain::Name;
use crate::store::subscriptions::MOST_REPLAYED;

/// What to send again.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  feedloom replay desk --dead
  feedloom replay desk --item https://news.example.org/item/fe974c80-93ef-50e7-94ed-730c46f63017
  feedloom replay desk --from 2026-11-20T00:00:00+08:00 --to 2026-11-21T00:00:00+08:00

They are sent before all else, as the items are now, by a running `serve` within a second. What the
subscription does not ask for is left out, and so is what was pruned.")]
pub struct Arguments {
    /// To which subscription
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    which: Which,
    /// Before this time; now, when it is not said
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<String>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// All events of this item
    #[arg(long, value_name = "ITEM")]
    item: Option<String>,
    /// The event of this revision, as messages and `deliveries --dead` tell it
    #[arg(long, value_name = "N")]
    revision: Option<u64>,
    /// Events from this time on
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Events that were given up
    #[arg(long)]
    dead: bool,
}

/// Lets them be sent again.
pub async fn run(path: &Path, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let config = app::configuration(path)?;
    let id = subscriptions::read(&arguments.id)?;
    let store = app::store(&config).await?;
    let Some(which) = which(arguments, &*store, &config.zone).await? else {
        note("there is no such item; `feedloom search` finds items by words");
        return Ok(Outcome::Failed);
    };
    let Some(rows) = store.replay(&id, which).await? else {
        return subscriptions::unknown(&id);
    };
    writeln!(results(), "{rows} to be sent again")?;
    if rows == MOST_REPLAYED {
        note(format!("more than {MOST_REPLAYED} are not sent at once; ask for the rest later"));
    }
    Ok(Outcome::Done)
}

async fn which(
    arguments: &Arguments,
    store: &dyn Everything,
    zone: &Zone,
) -> anyhow::Result<Option<Replay>> {
    let Which { item, revision, from, dead } = &arguments.which;
    if *dead {
        return Ok(Some(Replay::Dead));
    }
    if let Some(revision) = revision {
        return Ok(Some(Replay::Revision(Revision(*revision))));
    }
    if let Some(from) = from {
        let to = match &arguments.to {
            Some(to) => time(to, zone)?,
            None => System.now(),
        };
        return Ok(Some(Replay::Between(time(from, zone)?, to)));
    }
    let explanation = store.explain(&Name::read(item.as_deref().unwrap_or_default())).await?;
    Ok(explanation.item.map(|known| Replay::Item(known.id)))
}

fn time(text: &str, zone: &Zone) -> Result<Timestamp, Refused> {
    let read = Timestamp::read(text, zone, None);
    read.map_err(|_| Refused(format!("`{text}` is no time; write 2026-11-20T08:00:00+08:00")))
}
