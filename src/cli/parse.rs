//! `feedloom parse FILE`: one feed document → normalised JSON, on stdout.
//!
//! It shows how Feedloom understands a document before anything is made of it: fields are cleaned
//! and made absolute, but no title is invented and no time clamped. It reads no configuration, no
//! clock and no network, so the same file always prints the same.

mod shape;

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Value, json};
use url::Url;

use super::{Outcome, results};
use crate::adapter::{decode, feed};
use crate::model::time::{Timestamp, Zone};

pub use shape::to_json;

/// The longest document that is read, in bytes.
const LONGEST: u64 = 64 << 20;

/// Which document, and what its times and links mean.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  feedloom parse feed.xml
  curl -s https://example.org/feed | feedloom parse - --base https://example.org/feed

What is no feed prints {\"error\": \"…\"} and exits with 1.")]
pub struct Args {
    /// A feed document: RSS, RDF, Atom, CDF or JSON Feed; `-` for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The Content-Type the document was served with
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// The address the document came from, where relative links start
    #[arg(long, value_name = "URL")]
    base: Option<Url>,
    /// What a time without zone means: an IANA name or an offset such as +08:00 (UTC when not given)
    #[arg(long, value_name = "TZ", allow_hyphen_values = true)]
    timezone: Option<Zone>,
    /// The present, for times that count from it
    #[arg(long, value_name = "TIME", value_parser = present)]
    now: Option<Timestamp>,
}

/// How a document is to be understood.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'r> {
    /// The `Content-Type` it was served with.
    pub content_type: Option<&'r str>,
    /// The address it came from.
    pub base: Option<&'r Url>,
    /// What a time without zone means.
    pub zone: &'r Zone,
    /// The present.
    pub now: Option<Timestamp>,
}

/// Prints the document.
pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let bytes =
        bytes(&args.file).with_context(|| format!("{} cannot be read", args.file.display()))?;
    let reading = Reading {
        content_type: args.content_type.as_deref(),
        base: args.base.as_ref(),
        zone: args.timezone.as_ref().unwrap_or(&Zone::Rfc822),
        now: args.now,
    };
    let printed = understand(&bytes, reading);
    let mut results = results();
    serde_json::to_writer_pretty(&mut results, &printed)?;
    writeln!(results)?;
    results.flush()?;
    Ok(if printed.get("error").is_some() { Outcome::Failed } else { Outcome::Done })
}

/// What is printed of a document: its fields, or the reason why it is no feed.
pub fn understand(bytes: &[u8], reading: Reading<'_>) -> Value {
    let decoded = decode::decode(bytes, reading.content_type);
    match feed::read(&decoded.text, reading.base) {
        Ok(document) => to_json(&document, &decoded.encoding, reading),
        Err(why) => json!({ "error": why }),
    }
}

fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match path == Path::new("-") {
        true => std::io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes)?,
        false => File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?,
    };
    if bytes.len() as u64 > LONGEST {
        return Err(std::io::Error::other("longer than 64 MiB, which no feed is"));
    }
    Ok(bytes)
}

fn present(raw: &str) -> Result<Timestamp, String> {
    Timestamp::read(raw, &Zone::Rfc822, None).map_err(|why| why.to_string())
}
