//! The program: reads the command line, calls `cli`, gives the shell a number.

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    feedloom::cli::run(feedloom::cli::Arguments::parse())
}
