//! `cargo xtask benchmarks`: runs the benchmarks in several rounds and writes their medians, and
//! the ratios to the peers, into `docs/BENCHMARKS.md`.

mod c_peers;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use c_peers::Peers;

use crate::workspace::{cargo, output_of, root, run};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How often everything is run; the figures are medians over the rounds.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of measurement for each figure of a round.
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Measure C libraries beside them in each round, too: sofia-sip, libosip2 and libre, which
    /// `xtask/install-peers.sh` installs. They read SIP messages and URIs.
    #[arg(long)]
    c_peers: bool,
    /// Print the tables of these benchmarks and leave docs/BENCHMARKS.md as it is.
    names: Vec<String>,
}

/// The times of one function in nanoseconds, one for each round.
#[derive(Debug, Default)]
struct Figure {
    rounds: Vec<f64>,
    /// Bytes that it goes through.
    bytes: Option<u64>,
}

/// Functions by their name, groups by theirs.
type Groups = BTreeMap<String, BTreeMap<String, Figure>>;

pub(crate) fn run_rounds(options: &Options) -> Result<()> {
    if options.rounds == 0 {
        bail!("no rounds, no figures");
    }
    let peers = match options.c_peers {
        true => Some(Peers::build()?),
        false => None,
    };
    let results = root().join("target").join("benchmarks");
    let mut groups = Groups::new();
    for round in 0..options.rounds {
        // Criterion compares with what it finds; each round begins with nothing.
        if results.exists() {
            fs::remove_dir_all(&results)?;
        }
        println!("round {} of {}", round + 1, options.rounds);
        let seconds = options.seconds.to_string();
        let mut bench = cargo();
        bench.args(["bench", "--quiet", "-p", "benches"]);
        for name in &options.names {
            bench.args(["--bench", name]);
        }
        bench.args([
            "--",
            "--noplot",
            // Only the median is taken: confidence intervals are not worth their time.
            "--nresamples",
            "1000",
            "--warm-up-time",
            "0.3",
            "--measurement-time",
            &seconds,
        ]);
        run(bench.env("CRITERION_HOME", &results))?;
        collect(&results, &mut groups)?;
        if let Some(peers) = &peers {
            for measured in peers.measure(options.seconds)? {
                let functions = groups.entry(measured.group).or_default();
                let figure = functions.entry(measured.function).or_default();
                figure.rounds.push(measured.nanoseconds);
                figure.bytes = measured.bytes;
            }
        }
    }
    let tables = tables(&groups);
    if options.names.is_empty() {
        fs::write(
            root().join("docs/BENCHMARKS.md"),
            format!("{}{tables}", introduction(peers.as_ref())?),
        )?;
    } else {
        print!("{tables}");
    }
    Ok(())
}

/// Takes what one round left behind.
fn collect(folder: &Path, groups: &mut Groups) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.ends_with("new") {
            let (group, function, bytes, nanoseconds) = read(&path)?;
            let figure = groups
                .entry(group)
                .or_default()
                .entry(function)
                .or_default();
            figure.rounds.push(nanoseconds);
            figure.bytes = bytes;
        } else if path.is_dir() {
            collect(&path, groups)?;
        }
    }
    Ok(())
}

/// Group, function, bytes and median of one measurement.
fn read(folder: &Path) -> Result<(String, String, Option<u64>, f64)> {
    #[derive(Deserialize)]
    struct Benchmark {
        group_id: String,
        function_id: Option<String>,
        throughput: Option<Throughput>,
    }
    #[derive(Deserialize)]
    enum Throughput {
        Bytes(u64),
        #[serde(untagged)]
        Other(serde::de::IgnoredAny),
    }
    #[derive(Deserialize)]
    struct Estimates {
        median: Median,
    }
    #[derive(Deserialize)]
    struct Median {
        point_estimate: f64,
    }
    let file = |name: &str| -> Result<(PathBuf, String)> {
        let path = folder.join(name);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok((path, text))
    };
    let (path, text) = file("benchmark.json")?;
    let benchmark: Benchmark =
        serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    let (path, text) = file("estimates.json")?;
    let estimates: Estimates =
        serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    let bytes = match benchmark.throughput {
        Some(Throughput::Bytes(bytes)) => Some(bytes),
        _ => None,
    };
    let function = benchmark.function_id.unwrap_or_default();
    Ok((
        benchmark.group_id,
        function,
        bytes,
        estimates.median.point_estimate,
    ))
}

/// A table for each group: ours first, then the peers with our ratio to each.
fn tables(groups: &Groups) -> String {
    let mut text = String::new();
    for (group, functions) in groups {
        let _ = writeln!(
            text,
            "\n## {group}\n\n| | median, ns | MB/s | our ratio to it |\n|---|---:|---:|---:|"
        );
        let ours = functions.iter().find(|(name, _)| is_plainly_ours(name));
        let mut rows: Vec<_> = functions.iter().collect();
        rows.sort_by_key(|(name, _)| !is_ours(name));
        for (name, figure) in rows {
            let time = median(figure.rounds.clone());
            let rate = figure.bytes.map_or(String::new(), |bytes| {
                format!("{:.0}", bytes as f64 * 1000.0 / time)
            });
            let ratio = match ours {
                Some((_, ours)) if !is_ours(name) => format!("{:.2}", ratio(ours, figure)),
                _ => String::new(),
            };
            let digits = if time < 100.0 { 1 } else { 0 };
            let _ = writeln!(text, "| {name} | {time:.digits$} | {rate} | {ratio} |");
        }
    }
    text
}

fn is_ours(name: &str) -> bool {
    name.starts_with("rfc")
}

/// Ours without a word about what is special in this measurement.
fn is_plainly_ours(name: &str) -> bool {
    is_ours(name) && !name.contains([' ', '/', ','])
}

/// The median of the ratios of the rounds: what disturbs a round disturbs both.
fn ratio(ours: &Figure, theirs: &Figure) -> f64 {
    median(
        ours.rounds
            .iter()
            .zip(&theirs.rounds)
            .map(|(ours, theirs)| ours / theirs)
            .collect(),
    )
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn introduction(peers: Option<&Peers>) -> Result<String> {
    let compiler = output_of(std::process::Command::new("rustc").arg("--version"))?;
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1))
        .unwrap_or("unknown processor");
    Ok(format!(
        "# Benchmarks\n\n\
         Written by `cargo xtask benchmarks` on {cpu}, {}. All functions of a table were run on the \
         same bytes, in the same run, and do the same work unless their name says otherwise; times \
         are medians of rounds, ratios the medians of the ratios within each round. Only the ratios \
         carry over to another machine. Resetting or dropping the result is part of each figure. \
         The rows of 256 messages and of `unprotect` are for the whole batch (256 messages, 1,000 \
         packets). \
         That parsing, writing, SRTP and statistics allocate nothing is asserted by tests, not \
         measured here.{}\n",
        compiler.trim(),
        peers.map_or(String::new(), |peers| format!(
            " C libraries as the system has them: {}. pjsip is no package of Debian and not measured \
             here; on another machine (EPYC, Zen 5) the full parse of inv1.sip took it 911 ns where \
             sofia-sip took 1,859, writing it 195 ns and framing it 226 ns.",
            peers.versions
        )),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(rounds: &[f64]) -> Figure {
        Figure {
            rounds: rounds.to_vec(),
            bytes: Some(100),
        }
    }

    #[test]
    fn a_ratio_is_taken_within_each_round() {
        let (ours, theirs) = (figure(&[10.0, 40.0, 11.0]), figure(&[20.0, 80.0, 110.0]));
        assert_eq!(ratio(&ours, &theirs), 0.5);
    }

    #[test]
    fn peers_come_after_ours_with_the_ratio_to_them() {
        let functions = BTreeMap::from([
            ("peer".to_owned(), figure(&[50.0])),
            ("rfc1-x".to_owned(), figure(&[20.0])),
            ("rfc1-x, and more".to_owned(), figure(&[200.0])),
        ]);
        let text = tables(&Groups::from([("read".to_owned(), functions)]));
        let rows: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("| "))
            .skip(1)
            .collect();
        assert_eq!(
            rows,
            [
                "| rfc1-x | 20.0 | 5000 |  |",
                "| rfc1-x, and more | 200 | 500 |  |",
                "| peer | 50.0 | 2000 | 0.40 |",
            ]
        );
    }
}
