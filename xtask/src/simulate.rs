//! `cargo xtask simulate`: the simulations of the tests, many more seeds of each.

mod chart;
mod plots;

use std::path::PathBuf;

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
    /// Instead draw RTCP in groups of up to ten thousand into this folder.
    #[arg(
        long,
        value_name = "FOLDER",
        num_args = 0..=1,
        default_missing_value = "docs/rtcp",
        conflicts_with_all = ["runs", "seed"]
    )]
    plots: Option<PathBuf>,
}

/// Where the simulations are: package, which of its tests, and part of the names.
const SIMULATIONS: [(&str, &[&str], &str); 4] = [
    ("rfc3261-sip", &["--test", "transaction"], "simulation"),
    ("rfc3261-sip", &["--test", "user_agent"], "simulation"),
    ("rfc3261-sip", &["--test", "proxy"], "simulation"),
    // These take no seeds, but too long for every day.
    ("rfc3550-rtp", &["--lib"], "simulation"),
];

/// Runs all simulations up to the first that fails.
pub(crate) fn run_seeds(options: &Options) -> Result<()> {
    if let Some(folder) = &options.plots {
        return plots::draw(folder);
    }
    for (package, tests, filter) in SIMULATIONS {
        let mut command = cargo();
        command.args(["test", "--release", "-p", package]);
        command.args(tests).arg(filter);
        match options.seed {
            Some(seed) => command.env("TESTKIT_SEED", seed.to_string()),
            None => command.env("TESTKIT_RUNS", options.runs.to_string()),
        };
        run(&mut command)?;
    }
    Ok(())
}
