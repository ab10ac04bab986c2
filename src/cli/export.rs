//! `feedloom export`: the list of feeds as OPML, the same as `/feeds.opml`.

use std::io::Write;
use std::path::Path;

use super::{Outcome, app, results};

/// Writes the catalogue.
pub async fn run(path: &Path) -> anyhow::Result<Outcome> {
    let house = app::open(app::configuration(path)?).await?;
    let printed = house.press.outlines().await?;
    let mut results = results();
    results.write_all(&printed.document.bytes)?;
    results.flush()?;
    Ok(Outcome::Done)
}
