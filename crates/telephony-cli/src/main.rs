//! The `telephony` command.
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc)] // a program, never `no_std`

mod inspect;
mod parse;
mod rtsp;
mod stun;
mod terminal;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Takes captured calls and single packets apart, and asks STUN servers.
#[derive(Parser)]
#[command(name = "telephony", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Inspect(inspect::Arguments),
    Parse(parse::Arguments),
    Rtsp(rtsp::Arguments),
    Stun(stun::Arguments),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Parse(arguments) => parse::run(&arguments),
        Command::Rtsp(arguments) => rtsp::run(&arguments),
        Command::Stun(arguments) => stun::run(&arguments),
    }
}
