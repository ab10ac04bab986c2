//! `feedloom poll`: one round, and a table of what happened.

use std::io::Write;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::{Outcome, Refused, app, note, results};
use crate::adapter::setting::meant;
use crate::ingest::Report;
use crate::model::cause::Cause;
use crate::model::source::SourceId;

/// What to poll, and how.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  feedloom poll                       what is due
  feedloom poll em-rolling            one source, due or not
  feedloom poll --force               everything, as if it had never been asked

Exits with 1 when a source failed; the reason stands in its row.")]
pub struct Arguments {
    /// Ids of sources; without any, those that are due
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
    /// Ask for the whole answer, changed or not; without names, of every source
    #[arg(long)]
    force: bool,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// Polls, and tells how it went.
pub async fn run(path: &Path, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let config = app::configuration(path)?;
    let all: Vec<SourceId> =
        config.upstreams.iter().map(|upstream| upstream.source.id.clone()).collect();
    let only = match (arguments.sources.is_empty(), arguments.force) {
        (true, false) => None,
        (true, true) => Some(all),
        (false, _) => Some(named(&arguments.sources, &all)?),
    };
    let house = app::open(config).await?;
    let bar = progress(only.as_ref().map(Vec::len));
    let tell = |report: &Report| {
        bar.set_message(report.source.to_string());
        bar.inc(1);
    };
    let mut reports = house.ingest.round(only.as_deref(), arguments.force, tell).await?;
    bar.finish_and_clear();
    if let Err(error) = house.ingest.digest().await {
        note(format!("digests could not be written, and are at the next start: {error}"));
    }
    // What was taken in is stored; that it is not found yet is no failure of the poll.
    if let Err(error) = house.ingest.index().await {
        note(format!("the search index could not follow, and goes on at the next start: {error}"));
    }
    reports.sort_by_key(|report| {
        house.upstreams.iter().position(|upstream| upstream.id == report.source)
    });
    show(&reports, arguments.json)?;
    let left_out = left_out(only.as_deref(), &reports);
    for source in &left_out {
        note(format!(
            "`{source}` was not polled: another process is polling it, or a source of its namespace"
        ));
    }
    let has_failed = reports.iter().any(|report| report.trouble.is_some());
    Ok(Outcome::of(!has_failed && left_out.is_empty()))
}

/// The sources of these names.
fn named(names: &[String], all: &[SourceId]) -> Result<Vec<SourceId>, Refused> {
    let known = |name: &String| all.iter().find(|id| id.as_str() == name).cloned();
    let unknown = names.iter().filter(|name| known(name).is_none()).map(|name| unknown(name, all));
    match unknown.collect::<Vec<_>>() {
        unknown if unknown.is_empty() => Ok(names.iter().filter_map(known).collect()),
        unknown => Err(Refused(unknown.join("\n"))),
    }
}

/// What to say of a source nobody knows.
pub fn unknown(name: &str, all: &[SourceId]) -> String {
    match meant(name, all.iter().map(SourceId::as_str)) {
        Some(known) => format!("there is no source `{name}`; did you mean `{known}`?"),
        None => {
            let known: Vec<_> = all.iter().map(SourceId::as_str).collect();
            format!("there is no source `{name}`; the file has {}", known.join(", "))
        }
    }
}

/// A bar on a terminal; `indicatif` draws nothing elsewhere.
fn progress(total: Option<usize>) -> ProgressBar {
    let bar = match total {
        Some(total) => ProgressBar::new(total as u64),
        None => ProgressBar::new_spinner(),
    };
    let style = ProgressStyle::with_template("{spinner} polled {pos} {msg}");
    bar.set_style(style.expect("the template is well formed"));
    bar
}

/// Sources that were named, yet have no report.
fn left_out<'s>(only: Option<&'s [SourceId]>, reports: &[Report]) -> Vec<&'s SourceId> {
    let is_told = |id: &SourceId| reports.iter().any(|report| report.source == *id);
    only.unwrap_or_default().iter().filter(|id| !is_told(id)).collect()
}

fn show(reports: &[Report], as_json: bool) -> anyhow::Result<()> {
    let mut results = results();
    if as_json {
        let all: Vec<Value> = reports.iter().map(as_value).collect();
        writeln!(results, "{}", serde_json::to_string_pretty(&all)?)?;
    } else if reports.is_empty() {
        note("nothing is due; name a source, or use --force");
    } else {
        results.write_all(table(reports).as_bytes())?;
    }
    results.flush()?;
    Ok(())
}

fn as_value(report: &Report) -> Value {
    json!({
        "source": report.source.as_str(),
        "succeeded": report.trouble.is_none(),
        "trouble": report.trouble,
        "cause": report.cause.map(Cause::name),
        "new": report.published,
        "updated": report.updated,
        "withdrawn": report.withdrawn,
        "unchanged": report.unchanged,
        "problems": report.problems,
        "duration_ms": u64::try_from(report.took.as_millis()).unwrap_or(u64::MAX),
    })
}

/// One row a source; below it what could not be used.
fn table(reports: &[Report]) -> String {
    let width = reports.iter().map(|report| report.source.as_str().len()).max().unwrap_or(0).max(6);
    let mut table = format!(
        "{:width$}  {:>5} {:>7} {:>9} {:>9} {:>8}  OUTCOME\n",
        "SOURCE", "NEW", "UPDATED", "WITHDRAWN", "UNCHANGED", "TIME"
    );
    for report in reports {
        let outcome =
            report.trouble.as_ref().map_or("ok".to_owned(), |why| format!("failed: {why}"));
        let time = format!("{} ms", report.took.as_millis());
        table += &format!(
            "{:width$}  {:>5} {:>7} {:>9} {:>9} {time:>8}  {outcome}\n",
            report.source.as_str(),
            report.published,
            report.updated,
            report.withdrawn,
            report.unchanged,
        );
        for problem in &report.problems {
            table += &format!("{:width$}    {problem}\n", "");
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn ids(names: &[&str]) -> Vec<SourceId> {
        names.iter().map(|name| SourceId::new(name).unwrap()).collect()
    }

    #[test]
    fn a_name_is_looked_up_or_guessed() {
        let all = ids(&["people-finance", "finews"]);
        assert_eq!(named(&["finews".to_owned()], &all).unwrap(), ids(&["finews"]));
        let refused = named(&["finnews".to_owned(), "x".to_owned()], &all).unwrap_err().to_string();
        assert_eq!(
            refused,
            "there is no source `finnews`; did you mean `finews`?\nthere is no source `x`; the file has people-finance, finews"
        );
    }

    #[test]
    fn a_failure_stands_in_its_row() {
        let report = Report {
            source: SourceId::new("finews").unwrap(),
            published: 40,
            updated: 0,
            withdrawn: 0,
            unchanged: 2,
            trouble: Some("the folder is missing".to_owned()),
            cause: Some(Cause::Broken),
            bytes: 0,
            problems: vec!["entry 3: it has no title".to_owned()],
            took: Duration::from_millis(12),
        };
        let expected = "\
SOURCE    NEW UPDATED WITHDRAWN UNCHANGED     TIME  OUTCOME
finews     40       0         0         2    12 ms  failed: the folder is missing
          entry 3: it has no title
";
        assert_eq!(table(&[report]), expected);
    }
}
