//! `feedloom deliveries`: what is owed to subscriptions, and what was given up.

use std::io::Write;
use std::path::Path;

use serde_json::Value;

use super::{Outcome, app, note, results, subscriptions};
use crate::format;
use crate::model::subscription::Subscription;

/// What to list.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  feedloom deliveries
  feedloom deliveries --dead
  feedloom replay desk --dead         send them again")]
pub struct Arguments {
    /// Only those of this subscription
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// Events that were given up, and why, the newest first
    #[arg(long)]
    dead: bool,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// Lists them.
pub async fn run(path: &Path, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let store = app::store(&app::configuration(path)?).await?;
    let id = arguments.id.as_deref().map(subscriptions::read).transpose()?;
    if let Some(id) = &id
        && store.subscription(id).await?.is_none()
    {
        return subscriptions::unknown(id);
    }
    let mut results = results();
    if arguments.dead {
        let dead = store.dead(id.as_ref(), arguments.limit as usize).await?;
        if arguments.json {
            let all: Vec<Value> = dead.iter().map(format::subscriptions::dead).collect();
            writeln!(results, "{}", serde_json::to_string_pretty(&all)?)?;
        } else if dead.is_empty() {
            note("nothing was given up");
        }
        for one in dead.iter().filter(|_| !arguments.json) {
            let (at, event) = (one.at.rfc3339(), one.event.name());
            let (to, revision) = (&one.subscription, one.revision.0);
            writeln!(
                results,
                "{at}  {to}  {event}  revision {revision}  {}  {}",
                one.item, one.why
            )?;
        }
    } else {
        let newest = subscriptions::newest(&*store);
        let all = store.subscriptions().await?;
        let is_asked = |one: &&Subscription| id.as_ref().is_none_or(|id| *id == one.webhook.id);
        let owed: Vec<Value> = all
            .iter()
            .filter(is_asked)
            .map(|one| format::subscriptions::owed(one, newest))
            .collect();
        if arguments.json {
            writeln!(results, "{}", serde_json::to_string_pretty(&owed)?)?;
        }
        for one in owed.iter().filter(|_| !arguments.json) {
            let text = |key: &str| one[key].as_str().unwrap_or("-").to_owned();
            writeln!(
                results,
                "{}  {}  {} changes to look at  {} to be sent again  next {}  {}",
                text("subscription"),
                text("state"),
                one["changes_to_look_at"],
                one["replays"],
                text("next_attempt"),
                text("last_error"),
            )?;
        }
    }
    results.flush()?;
    Ok(Outcome::Done)
}
