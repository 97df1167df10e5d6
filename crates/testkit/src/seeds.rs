//! Simulations, one seed after the other.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::Random;

/// Runs a simulation `runs` times, each with another seed. If it panics, the seed is printed.
///
/// The environment's `TESTKIT_SEED` runs that seed alone, `TESTKIT_RUNS` as many as it says.
pub fn for_each_seed(runs: u64, simulation: impl FnMut(Random)) {
    let number = |name| -> Option<u64> {
        let text = std::env::var(name).ok()?;
        Some(
            text.parse()
                .expect("TESTKIT_SEED and TESTKIT_RUNS are numbers"),
        )
    };
    let seeds = match number("TESTKIT_SEED") {
        Some(seed) => seed..seed.saturating_add(1),
        None => 0..number("TESTKIT_RUNS").unwrap_or(runs),
    };
    if let Err((seed, panic)) = run(seeds, simulation) {
        eprintln!("the simulation failed; TESTKIT_SEED={seed} runs it again");
        resume_unwind(panic);
    }
}

/// Runs these seeds up to the first that panics.
fn run(
    seeds: impl Iterator<Item = u64>,
    mut simulation: impl FnMut(Random),
) -> Result<(), (u64, Box<dyn std::any::Any + Send>)> {
    for seed in seeds {
        catch_unwind(AssertUnwindSafe(|| simulation(Random::new(seed))))
            .map_err(|panic| (seed, panic))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_seed_that_fails_is_found_and_fails_again() {
        let simulation = |mut random: Random| assert!(random.below(50) != 7);
        let (seed, _) = run(0..1000, simulation).expect_err("one in fifty fails");
        assert!(run(0..seed, simulation).is_ok());
        assert!(run(seed..seed + 1, simulation).is_err());
    }
}
