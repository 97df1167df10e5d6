//! `cargo xtask ci`: everything that must hold before a change is merged.

mod dependencies;
mod house_rules;
mod packaging;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::conformance;
use crate::possible;
use crate::workspace::{cargo, root, run, run_cargo};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these steps.
    #[arg(value_name = "STEP", value_parser = possible(STEPS.iter().map(|step| (step.name, step.what))))]
    steps: Vec<String>,
}

/// One thing that CI checks.
struct Step {
    name: &'static str,
    what: &'static str,
    check: fn() -> Result<()>,
}

const fn step(name: &'static str, what: &'static str, check: fn() -> Result<()>) -> Step {
    Step { name, what, check }
}

/// The quick ones first. Neighbours share what cargo has built.
const STEPS: &[Step] = &[
    step("rules", "house rules on sources", house_rules::check),
    step("format", "rustfmt", || {
        run_cargo(&["fmt", "--all", "--check"])
    }),
    step(
        "arrows",
        "which crate may depend on which",
        dependencies::arrows,
    ),
    step(
        "msrv",
        "declared rust-version against the dependencies'",
        dependencies::msrv,
    ),
    step("deny", "licences, bans, sources of dependencies", deny),
    step("clippy", "lints, all targets and features", clippy),
    step(
        "alone",
        "each published crate checked alone, with and without std",
        packaging::alone,
    ),
    step("no-std", "the codecs without std", packaging::no_std),
    step("fuzz", "the fuzz targets compile", fuzz),
    step("test", "tests with nextest", test),
    step("doctest", "examples in the documentation", || {
        run_cargo(&["test", "--workspace", "--doc"])
    }),
    step("doc", "documentation without warnings", doc),
    step(
        "conformance",
        "ledgers against tests and RFC texts",
        conformance,
    ),
    step(
        "package",
        "each published package, built from what it holds",
        packaging::contents,
    ),
];

pub(crate) fn run_steps(options: &Options) -> Result<()> {
    let wanted =
        |step: &&Step| options.steps.is_empty() || options.steps.iter().any(|s| s == step.name);
    let mut results: Vec<(&Step, Duration, Result<()>)> = Vec::new();
    for step in STEPS.iter().filter(wanted) {
        println!("\n==> {}: {}", step.name, step.what);
        let start = Instant::now();
        let result = (step.check)();
        if let Err(error) = &result {
            println!("{error:#}");
        }
        results.push((step, start.elapsed(), result));
    }
    println!("\n==> summary");
    for (step, time, result) in &results {
        let verdict = if result.is_ok() { "ok" } else { "FAILED" };
        println!("{:12} {verdict:6} {:6.1} s", step.name, time.as_secs_f32());
    }
    let failed = results
        .iter()
        .filter(|(_, _, result)| result.is_err())
        .count();
    if failed > 0 {
        bail!("{failed} of {} steps failed", results.len());
    }
    Ok(())
}

fn clippy() -> Result<()> {
    run_cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--keep-going",
        "--quiet",
        "--",
        "-Dwarnings",
    ])
}

fn test() -> Result<()> {
    need("nextest", "cargo-nextest")?;
    run_cargo(&["nextest", "run", "--workspace"])
}

fn doc() -> Result<()> {
    let mut doc = cargo();
    doc.args(["doc", "--workspace", "--no-deps", "--quiet"]);
    run(doc.env("RUSTDOCFLAGS", "-Dwarnings"))
}

/// The fuzz targets are a workspace of their own, so nothing else notices when they fall behind.
fn fuzz() -> Result<()> {
    let manifest = root().join("crates/fuzz/Cargo.toml");
    let mut check = cargo();
    check
        .args(["check", "--quiet", "--manifest-path"])
        .arg(manifest);
    check.env("CARGO_TARGET_DIR", target_folder());
    // Nothing is linked: a library that is named but not there saves compiling libFuzzer.
    run(check.env("CUSTOM_LIBFUZZER_PATH", root().join("libfuzzer.a")))
}

/// Where cargo builds the workspace.
fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

fn deny() -> Result<()> {
    need("deny", "cargo-deny")?;
    run_cargo(&[
        "deny",
        "--log-level",
        "error",
        "check",
        "licenses",
        "bans",
        "sources",
    ])
}

/// Says how to install a cargo subcommand that is missing.
fn need(subcommand: &str, package: &str) -> Result<()> {
    let found = cargo()
        .args([subcommand, "--version"])
        .output()?
        .status
        .success();
    if !found {
        bail!("{package} is missing: `cargo install --locked {package}`");
    }
    Ok(())
}

fn conformance() -> Result<()> {
    conformance::run(&conformance::Options::for_ci(rfc_texts()))
}

/// The RFCs' texts, where they lie beside the repository.
fn rfc_texts() -> Option<PathBuf> {
    let folder = root().join("../shared/rfc");
    if !folder.is_dir() {
        println!("no RFC texts in ../shared/rfc: the ledgers are not compared with them");
        return None;
    }
    Some(folder)
}
