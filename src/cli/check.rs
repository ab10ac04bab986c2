//! `feedloom check`: is the file right?

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;

use super::{Outcome, app, results};
use crate::config::Config;
use crate::model::category::folded;

/// Reads the file and says what is in it, or refuses it with every mistake.
pub fn run(path: &Path) -> anyhow::Result<Outcome> {
    let config = app::configuration(path)?;
    let (sources, categories) = (config.upstreams.len(), categories(&config));
    writeln!(
        results(),
        "{}: ok, {sources} {}, {categories} {} named",
        path.display(),
        if sources == 1 { "source" } else { "sources" },
        if categories == 1 { "category" } else { "categories" },
    )?;
    Ok(Outcome::Done)
}

/// How many categories the file names, described or not.
fn categories(config: &Config) -> usize {
    let described = config.categories.iter().map(|category| &category.name);
    let used = config.upstreams.iter().flat_map(|upstream| &upstream.source.categories);
    described.chain(used).map(|name| folded(name)).collect::<HashSet<_>>().len()
}
