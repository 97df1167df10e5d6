//! The project's own tooling: `cargo xtask COMMAND`.

#![allow(
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    reason = "a program that runs where std is"
)]

mod benchmarks;
mod ci;
mod conformance;
mod interop;
mod simulate;
mod workspace;

use std::process::ExitCode;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own tooling")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the benchmarks and write docs/BENCHMARKS.md.
    Benchmarks(benchmarks::Options),
    /// Run what CI runs.
    Ci(ci::Options),
    /// Check the conformance ledgers and write docs/conformance.md.
    Conformance(conformance::Options),
    /// Run the tests against independent implementations.
    Interop(interop::Options),
    /// Run the simulations with many seeds.
    Simulate(simulate::Options),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Benchmarks(options) => benchmarks::run_rounds(&options),
        Command::Ci(options) => ci::run_steps(&options),
        Command::Conformance(options) => conformance::run(&options),
        Command::Interop(options) => interop::run(&options),
        Command::Simulate(options) => simulate::run_seeds(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The names that an argument may have; `--help` says what each is.
fn possible(names: impl Iterator<Item = (&'static str, &'static str)>) -> PossibleValuesParser {
    PossibleValuesParser::new(names.map(|(name, what)| PossibleValue::new(name).help(what)))
}
