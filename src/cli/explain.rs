//! `feedloom explain`: why an item is where it is, or why it is nowhere.

use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::{ITEM, Outcome, app, note, results};
use crate::model::time::Timestamp;
use crate::model::twin::Reason;
use crate::store::explain::{Explanation, How, Known, Name, Standing, State, Twin, Verdict};

/// What to explain.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  feedloom explain NW202205272392747645
  feedloom explain https://www.example.com/a/1.html --json

Tells where an item stands and why, which source its words are from, how its time was read, which
other articles are taken for the same story; and of an entry that is no item, which rule kept it out.")]
pub struct Arguments {
    #[arg(value_name = "ITEM", help = ITEM)]
    item: String,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Explains it.
pub async fn run(path: &Path, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let store = app::store(&app::configuration(path)?).await?;
    let explanation = store.explain(&Name::read(&arguments.item)).await?;
    if explanation.item.is_none() && explanation.refused.is_empty() {
        note(format!(
            "nothing is known of `{}`: no source has shown it, or it was pruned long ago",
            arguments.item
        ));
        return Ok(Outcome::Failed);
    }
    let mut out = results();
    if arguments.json {
        serde_json::to_writer_pretty(&mut out, &as_value(&explanation))?;
        writeln!(out)?;
    } else {
        tell(&mut out, &explanation)?;
    }
    Ok(Outcome::Done)
}

fn tell(out: &mut impl Write, explanation: &Explanation) -> std::io::Result<()> {
    if let Some(item) = &explanation.item {
        tell_item(out, item)?;
    }
    for Verdict { source, why, seen } in &explanation.refused {
        writeln!(out, "an entry of {source} called so is no item: {why} ({})", seen.rfc3339())?;
    }
    Ok(())
}

fn tell_item(out: &mut impl Write, item: &Known) -> std::io::Result<()> {
    let mut line = |name: &str, words: String| writeln!(out, "{name:12} {words}");
    line("item", item.id.to_string())?;
    line("title", item.title.clone())?;
    line("state", state(item.state).to_owned())?;
    line("link", item.link.clone().unwrap_or_else(|| "none".to_owned()))?;
    line("public id", item.public_id.clone())?;
    line("guid", item.guid.clone().unwrap_or_else(|| "none".to_owned()))?;
    line("namespace", item.namespace.clone())?;
    line("published", published(item))?;
    line("updated", item.updated.rfc3339())?;
    line("first seen", item.seen.rfc3339())?;
    line("ordered by", item.order.at(item.published.offset()).rfc3339())?;
    for shown in &item.sightings {
        let owner = if shown.owns { ", which its words are from" } else { "" };
        let written = |at: Timestamp| at.at(item.published.offset()).rfc3339();
        let detail = shown.detailed.map(|at| format!(", its detail asked {}", written(at)));
        let asked = match shown.categories.is_empty() {
            true => String::new(),
            false => format!(", filed under {}", shown.categories.join(", ")),
        };
        let seen = written(shown.seen);
        let detail = detail.unwrap_or_default();
        line("shown by", format!("{}{owner} ({seen}{detail}{asked})", shown.source))?;
    }
    for Standing { shelf, ordinal, how } in &item.places {
        line("stands", format!("{} number {ordinal}: {}", shelf.path(), place(*how)))?;
    }
    for twin in &item.twins {
        let why = twin.reason.map_or("seen first".to_owned(), why);
        line("same story", format!("{} {} of {} ({why})", twin.id, twin.title, twin.source))?;
    }
    for event in &item.log {
        let quiet = if event.is_quiet { ", quietly" } else { "" };
        line(
            "log",
            format!(
                "{} {}{quiet} {}",
                event.revision.0,
                event.verb,
                event.at.at(item.published.offset()).rfc3339()
            ),
        )?;
    }
    Ok(())
}

fn state(state: State) -> &'static str {
    match state {
        State::Live => "readers see it",
        State::Gone => "gone: no source shows it any more; it is back when one does",
        State::TakenDown => "withdrawn by hand; it stays so",
    }
}

fn published(item: &Known) -> String {
    let how = match (&item.published_raw, item.published_inferred) {
        (Some(raw), _) => {
            format!(" (upstream wrote `{raw}`, which could not be used as it stands)")
        }
        (None, true) => " (guessed: upstream does not say)".to_owned(),
        (None, false) => String::new(),
    };
    item.published.rfc3339() + &how
}

fn place(how: How) -> String {
    match how {
        How::InTheFeed => "in the feed".to_owned(),
        How::OnPage(page) => format!("on page {page} of the archive"),
        How::Behind => "behind an earlier article that tells the same story".to_owned(),
        How::Gone => "not shown".to_owned(),
    }
}

fn why(reason: Reason) -> String {
    match reason {
        Reason::Link => "the same link".to_owned(),
        Reason::Text { percent } => format!("{percent}% the same words"),
    }
}

fn as_value(explanation: &Explanation) -> Value {
    let refused = explanation.refused.iter().map(|verdict| {
        json!({
            "source": verdict.source.as_str(),
            "why": verdict.why,
            "seen": verdict.seen.rfc3339(),
        })
    });
    json!({
        "item": explanation.item.as_ref().map(item_value),
        "refused": refused.collect::<Vec<_>>(),
    })
}

fn item_value(item: &Known) -> Value {
    let sightings = item.sightings.iter().map(|shown| {
        json!({
            "source": shown.source.as_str(),
            "owns": shown.owns,
            "seen": shown.seen.rfc3339(),
            "detailed": shown.detailed.map(|at| at.rfc3339()),
            "categories": shown.categories,
        })
    });
    let places = item.places.iter().map(|standing| {
        let page = if let How::OnPage(page) = standing.how { Some(page) } else { None };
        let how = match standing.how {
            How::InTheFeed => "feed",
            How::OnPage(_) => "archive",
            How::Behind => "behind",
            How::Gone => "gone",
        };
        json!({
            "shelf": standing.shelf.path(),
            "ordinal": standing.ordinal,
            "how": how,
            "page": page,
        })
    });
    let twins = item.twins.iter().map(|Twin { id, source, title, reason }| {
        json!({
            "id": id.to_string(),
            "source": source.as_str(),
            "title": title,
            "reason": reason.map(why),
        })
    });
    let log = item.log.iter().map(|event| {
        json!({
            "revision": event.revision.0,
            "verb": event.verb,
            "quiet": event.is_quiet,
            "at": event.at.rfc3339(),
        })
    });
    json!({
        "id": item.id.to_string(),
        "public_id": item.public_id,
        "guid": item.guid,
        "title": item.title,
        "link": item.link,
        "namespace": item.namespace,
        "state": match item.state {
            State::Live => "live",
            State::Gone => "gone",
            State::TakenDown => "withdrawn",
        },
        "published": item.published.rfc3339(),
        "published_raw": item.published_raw,
        "published_inferred": item.published_inferred,
        "updated": item.updated.rfc3339(),
        "seen": item.seen.rfc3339(),
        "order": item.order.rfc3339(),
        "sightings": sightings.collect::<Vec<_>>(),
        "places": places.collect::<Vec<_>>(),
        "twins": twins.collect::<Vec<_>>(),
        "log": log.collect::<Vec<_>>(),
    })
}
