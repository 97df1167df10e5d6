//! `cargo xtask simulate`: the simulations of the tests, many more seeds of each.

use anyhow::Result;

use crate::workspace::{cargo, run};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many seeds of each.
    #[arg(long, default_value_t = 10_000)]
    runs: u64,
    /// Only this seed: one that was printed by a simulation that failed.
    #[arg(long, conflicts_with = "runs")]
    seed: Option<u64>,
}

/// Where the simulations are: package, file of tests, and part of the names.
const SIMULATIONS: [(&str, &str, &str); 3] = [
    ("rfc3261-sip", "transaction", "simulation"),
    ("rfc3261-sip", "user_agent", "simulation"),
    ("rfc3261-sip", "proxy", "simulation"),
];

/// Runs all simulations up to the first that fails.
pub(crate) fn run_seeds(options: &Options) -> Result<()> {
    for (package, test, filter) in SIMULATIONS {
        let mut command = cargo();
        command.args(["test", "--release", "-p", package, "--test", test, filter]);
        match options.seed {
            Some(seed) => command.env("TESTKIT_SEED", seed.to_string()),
            None => command.env("TESTKIT_RUNS", options.runs.to_string()),
        };
        run(&mut command)?;
    }
    Ok(())
}
