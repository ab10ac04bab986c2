//! What was seen, as text for people or JSON for programs. Both tell the same.

use std::io::Write;

use serde_json::{Value, json};

use super::{Came, Exchange, Look, Seen};
use crate::cli::results;
use crate::model::draft::Refined;
use crate::model::item::{Candidate, Key};
use crate::model::time::Timestamp;

/// Prints it.
pub fn print(look: &Look, as_json: bool) -> anyhow::Result<()> {
    let text =
        if as_json { serde_json::to_string_pretty(&value(look))? + "\n" } else { text(look) };
    let mut results = results();
    results.write_all(text.as_bytes())?;
    results.flush()?;
    Ok(())
}

/// What became of an entry, in a word, and why.
fn verdict(refined: &Refined) -> (&'static str, Option<String>) {
    match refined {
        Refined::Item(_) => ("item", None),
        Refined::Dropped(rule) => ("dropped", Some(rule.clone())),
        Refined::Retracted(word) => ("retracted", Some(word.clone())),
        Refined::Unusable(why) => ("unusable", Some(why.clone())),
        Refined::Later(at) => ("later", Some(format!("it comes in at {}", at.rfc3339()))),
    }
}

fn candidate(seen: &Seen) -> Option<&Candidate> {
    match &seen.refined {
        Refined::Item(candidate) => Some(candidate),
        _ => None,
    }
}

fn text(look: &Look) -> String {
    let mut text = String::new();
    for exchange in &look.exchanges {
        text += &format!("request    {} {}\n", exchange.method, exchange.url);
        text += &format!("answer     {}\n", answer(exchange));
    }
    for (name, value) in [
        ("encoding", &look.about.encoding),
        ("title", &look.about.title),
        ("language", &look.about.language),
    ] {
        if let Some(value) = value {
            text += &format!("{name:9}  {value}\n");
        }
    }
    text += &format!("entries    {}, {} of them below\n", look.entries, look.shown.len());
    for (number, seen) in look.shown.iter().enumerate() {
        text += &format!("\n{}  {}", number + 1, one(seen));
    }
    if !look.problems.is_empty() {
        text += "\nproblems\n";
    }
    for problem in &look.problems {
        text += &format!("  {problem}\n");
    }
    text
}

fn answer(exchange: &Exchange) -> String {
    match &exchange.answer {
        Err(why) => why.clone(),
        Ok(Came { status, media_type, bytes, at }) => {
            let media_type = media_type.as_deref().unwrap_or("no media type");
            let from = if *at == exchange.url { String::new() } else { format!(", from {at}") };
            format!("{status}, {media_type}, {bytes} bytes{from}")
        }
    }
}

fn one(seen: &Seen) -> String {
    let (word, why) = verdict(&seen.refined);
    let mut lines = String::new();
    let mut line = |name: &str, value: String| lines += &format!("   {name:10} {value}\n");
    line("verdict", why.map_or(word.to_owned(), |why| format!("{word}: {why}")));
    if let Some(candidate) = candidate(seen) {
        line("known by", candidate.keys.iter().map(Key::as_str).collect::<Vec<_>>().join(" | "));
        if let Some(link) = &candidate.matter.link {
            line("link", link.clone());
        }
    }
    for (name, raw, read) in times(seen) {
        match (raw, read) {
            (None, None) => {}
            (raw, Some(read)) => line(name, format!("{} → {}", quoted(raw), read.rfc3339())),
            (raw, None) => {
                line(name, format!("{} → not readable; the first sighting counts", quoted(raw)))
            }
        }
    }
    if !seen.categories.is_empty() {
        line("categories", seen.categories.join(", "));
    }
    if let Some(trouble) = &seen.trouble {
        line("detail", trouble.clone());
    }
    let title = candidate(seen).map_or("(no item)", |candidate| candidate.matter.title.as_str());
    format!("{title}\n{lines}")
}

fn quoted(raw: Option<&str>) -> String {
    raw.map_or("(nothing)".to_owned(), |raw| format!("\"{raw}\""))
}

/// Each time as it was written and as it was read.
fn times(seen: &Seen) -> [(&'static str, Option<&str>, Option<Timestamp>); 2] {
    let candidate = candidate(seen);
    [
        (
            "published",
            seen.published.as_deref(),
            candidate.and_then(|candidate| candidate.published),
        ),
        ("updated", seen.updated.as_deref(), candidate.and_then(|candidate| candidate.updated)),
    ]
}

fn value(look: &Look) -> Value {
    json!({
        "exchanges": look.exchanges.iter().map(exchange).collect::<Vec<_>>(),
        "encoding": look.about.encoding,
        "title": look.about.title,
        "language": look.about.language,
        "entries": look.entries,
        "shown": look.shown.iter().map(entry).collect::<Vec<_>>(),
        "problems": look.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn exchange(exchange: &Exchange) -> Value {
    let came = exchange.answer.as_ref().ok();
    json!({
        "method": exchange.method,
        "url": exchange.url,
        "status": came.map(|came| came.status),
        "type": came.and_then(|came| came.media_type.as_deref()),
        "bytes": came.map(|came| came.bytes),
        "at": came.map(|came| came.at.as_str()),
        "trouble": exchange.answer.as_ref().err(),
    })
}

fn entry(seen: &Seen) -> Value {
    let (word, why) = verdict(&seen.refined);
    let candidate = candidate(seen);
    let [published, updated] = times(seen)
        .map(|(_, raw, read)| json!({ "raw": raw, "read": read.map(Timestamp::rfc3339) }));
    json!({
        "verdict": word,
        "why": why,
        "title": candidate.map(|candidate| candidate.matter.title.as_str()),
        "keys": candidate.map(|candidate| candidate.keys.iter().map(Key::as_str).collect::<Vec<_>>()),
        "guid": candidate.and_then(|candidate| candidate.guid.as_deref()),
        "link": candidate.and_then(|candidate| candidate.matter.link.as_deref()),
        "published": published,
        "updated": updated,
        "categories": seen.categories,
        "outlet": candidate.and_then(|candidate| candidate.matter.outlet.as_deref()),
        "trouble": seen.trouble,
    })
}
