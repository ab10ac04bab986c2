//! The commands, one file each, and what they share: how the command line is read, where results
//! go, and which number the shell gets.
//!
//! Results go to stdout, everything else to stderr, progress bars to a terminal alone. A reader who
//! goes away (`feedloom items | head`) ends a command quietly. Nothing here knows how the work is done.

mod app;
mod check;
mod completions;
mod deliveries;
mod explain;
mod export;
mod import;
mod items;
pub mod parse;
mod poll;
mod preview;
mod replay;
mod search;
mod serve;
mod subscriptions;
mod withdraw;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

/// Pulls news from many places in many shapes, and serves it by category as RSS, Atom and JSON Feed.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = EXAMPLES, arg_required_else_help = false)]
pub struct Arguments {
    /// The file that says what to pull and where to serve it
    #[arg(long, global = true, value_name = "FILE", default_value = "feeds.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  feedloom                          poll and serve what feeds.toml names, until stopped
  feedloom check                    tell every mistake in feeds.toml
  feedloom preview em-rolling       see what a source gives, without storing it
  feedloom search 食品安全          find stored items by their words
  feedloom import subscriptions.opml >> feeds.toml

Exit codes: 0 done, 1 the work failed, 2 wrong usage or a refused feeds.toml.
Say how much is logged with FEEDLOOM_LOG, such as FEEDLOOM_LOG=debug.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Poll, store and answer readers, until stopped (when no command is given)
    Serve,
    /// Poll once what is due, or the sources named, and tell what happened
    Poll(poll::Arguments),
    /// Read feeds.toml and tell all mistakes in it, each with its place and what was meant
    Check,
    /// Fetch one source or address and show what would become of it; nothing is stored
    Preview(preview::Arguments),
    /// Read one feed document and print it as JSON; needs no feeds.toml
    Parse(parse::Args),
    /// List stored items, newest first
    Items(items::Arguments),
    /// Find stored items by their words, newest first
    Search(search::Arguments),
    /// Tell why an item is where it is, or why it is nowhere
    Explain(explain::Arguments),
    /// Take an item down for good
    Withdraw(withdraw::Arguments),
    /// List who is told of what happens; make, stop, try and end such subscriptions
    Subscriptions(subscriptions::Arguments),
    /// Tell what is owed to subscriptions, or was given up
    Deliveries(deliveries::Arguments),
    /// Send events to a subscription once more
    Replay(replay::Arguments),
    /// Turn a list of subscriptions (OPML) into sources for feeds.toml
    Import(import::Arguments),
    /// Write the list of feeds as OPML
    Export,
    /// Write completions for a shell
    Completions(completions::Arguments),
}

/// How to write an item.
const ITEM: &str = "An item's id or page here, upstream's id of it, or its link";

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what was asked.
    Done,
    /// It could not do all of it, and has said why.
    Failed,
}

impl Outcome {
    fn of(is_done: bool) -> Outcome {
        if is_done { Outcome::Done } else { Outcome::Failed }
    }
}

/// Wrong usage or a refused configuration, in words; nothing was begun.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refused(String);

/// Threads for work that blocks: files, the store's readers, parsing and rendering. Each keeps memory
/// of its own, so more of them than there is work for cores and disk only cost.
const BLOCKING: usize = 16;

/// Runs the command and answers the shell. Whatever went wrong has been told on stderr.
pub fn run(arguments: Arguments) -> ExitCode {
    let command = arguments.command.unwrap_or(Command::Serve);
    log(matches!(command, Command::Serve));
    let config = &arguments.config;
    let ended = match command {
        Command::Serve => wait(serve::run(config)),
        Command::Poll(arguments) => wait(poll::run(config, &arguments)),
        Command::Check => check::run(config),
        Command::Preview(arguments) => wait(preview::run(config, &arguments)),
        Command::Parse(arguments) => parse::run(&arguments),
        Command::Items(arguments) => wait(items::run(config, &arguments)),
        Command::Search(arguments) => wait(search::run(config, &arguments)),
        Command::Explain(arguments) => wait(explain::run(config, &arguments)),
        Command::Withdraw(arguments) => wait(withdraw::run(config, &arguments)),
        Command::Subscriptions(arguments) => wait(subscriptions::run(config, &arguments)),
        Command::Deliveries(arguments) => wait(deliveries::run(config, &arguments)),
        Command::Replay(arguments) => wait(replay::run(config, &arguments)),
        Command::Import(arguments) => import::run(config, &arguments),
        Command::Export => wait(export::run(config)),
        Command::Completions(arguments) => completions::run(&arguments),
    };
    ExitCode::from(
        ended.map_or_else(|error| told(&error), |outcome| u8::from(outcome == Outcome::Failed)),
    )
}

/// Tells an error and answers its exit code.
fn told(error: &anyhow::Error) -> u8 {
    let is_closed_pipe = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
    if error.chain().filter_map(|cause| cause.downcast_ref()).any(is_closed_pipe) {
        return 0; // Whoever read the results has seen enough.
    }
    note(format!("{error:#}"));
    if error.is::<Refused>() { 2 } else { 1 }
}

/// Waits for a command that needs the runtime. What it left running is given a moment, no more.
fn wait(command: impl Future<Output = anyhow::Result<Outcome>>) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING)
        .build();
    let runtime = runtime.context("no threads to work with")?;
    let ended = runtime.block_on(command);
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}

/// Where results go. A failed write is an error and never a panic, as `println!` would have it.
fn results() -> impl Write {
    io::BufWriter::new(io::stdout().lock())
}

/// Says something that is no result.
fn note(words: impl Display) {
    // Nobody is left to be told that stderr is closed.
    let _ = writeln!(io::stderr(), "{words}");
}

/// Lets the log go to stderr: what the house does while serving, else only what goes wrong.
fn log(is_serving: bool) {
    let default = if is_serving { "info" } else { "error" };
    let wanted =
        EnvFilter::try_from_env("FEEDLOOM_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let is_colourful = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let log = tracing_subscriber::fmt().with_env_filter(wanted).with_writer(io::stderr);
    let log = log.with_ansi(is_colourful).with_target(false);
    // A log nobody reads any more is no reason to panic, nor is one that was set up before.
    let _ = log.log_internal_errors(false).try_init();
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
