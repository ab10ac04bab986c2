//! `feedloom completions SHELL`: completions for bash, zsh, fish, elvish and PowerShell.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Outcome, results};

/// For which shell.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  feedloom completions bash > ~/.local/share/bash-completion/completions/feedloom"
)]
pub struct Arguments {
    /// The shell
    shell: Shell,
}

/// Writes the completions.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut super::Arguments::command(),
        "feedloom",
        &mut script,
    );
    let mut results = results();
    results.write_all(&script)?;
    results.flush()?;
    Ok(Outcome::Done)
}
