//! `cargo xtask simulate --plots`: RTCP in groups of up to ten thousand, drawn for `docs/rtcp.md`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use super::chart::{Axis, Chart, Line};
use crate::workspace::{cargo, run};

/// Points by chart and line.
type Series = BTreeMap<String, BTreeMap<String, Vec<(f64, f64)>>>;

/// Runs the simulation and draws its charts into this folder.
pub(super) fn draw(folder: &Path) -> Result<()> {
    let file = std::env::temp_dir().join(format!("rtcp-series-{}", std::process::id()));
    let mut command = cargo();
    command
        .args(["test", "--release", "-p", "rfc3550-rtp", "--lib"])
        .arg("series_for_plots")
        .env("RTCP_SERIES", &file);
    run(&mut command)?;
    let text = std::fs::read_to_string(&file).context("the simulation has written no series")?;
    std::fs::remove_file(&file)?;
    let series = read(&text)?;
    std::fs::create_dir_all(folder)?;
    for (name, chart) in charts(&series) {
        std::fs::write(folder.join(name).with_extension("svg"), chart.svg())?;
    }
    Ok(())
}

fn read(text: &str) -> Result<Series> {
    let mut series = Series::new();
    for line in text.lines() {
        let (rest, y) = line.rsplit_once(',').context("no y")?;
        let (rest, x) = rest.rsplit_once(',').context("no x")?;
        let (chart, name) = rest.split_once(',').context("no name")?;
        let lines = series.entry(chart.to_owned()).or_default();
        let points = lines.entry(name.to_owned()).or_default();
        points.push((x.parse()?, y.parse()?));
    }
    Ok(series)
}

/// The lines of these groups without loss and with the most.
fn groups(series: &Series, chart: &str, counts: &[u32]) -> Vec<Line> {
    let loss = [(0, false), (30, true)];
    let names = counts.iter().enumerate().flat_map(|(colour, count)| {
        let members = if *count == 1 { "member" } else { "members" };
        loss.map(|(loss, dashed)| (colour, dashed, format!("{count} {members}, {loss} % loss")))
    });
    names
        .map(|(colour, dashed, name)| Line {
            points: points(series, chart, &name),
            name,
            colour,
            dashed,
        })
        .collect()
}

fn points(series: &Series, chart: &str, name: &str) -> Vec<(f64, f64)> {
    let lines = series.get(chart);
    let points = lines.and_then(|lines| lines.get(name));
    points.cloned().unwrap_or_default()
}

fn axis(label: &'static str, range: (f64, f64), marks: &[f64], logarithmic: bool) -> Axis {
    Axis {
        label,
        range,
        marks: marks.iter().map(|mark| (*mark, mark.to_string())).collect(),
        logarithmic,
    }
}

fn charts(series: &Series) -> [(&'static str, Chart); 4] {
    let decades = [1.0, 10.0, 100.0, 1000.0, 10_000.0];
    let steady = ["0 % loss", "10 % loss", "30 % loss"];
    let steady = steady.iter().enumerate().map(|(colour, name)| Line {
        name: (*name).to_owned(),
        colour,
        dashed: false,
        points: points(series, "steady", name),
    });
    [
        (
            "steady",
            Chart {
                title: "RTCP in steady state",
                x: axis("members", (1.0, 10_000.0), &decades, true),
                y: axis(
                    "% of what the group should use",
                    (90.0, 110.0),
                    &[90.0, 95.0, 100.0, 105.0, 110.0],
                    false,
                ),
                wanted: Some((95.0, 105.0)),
                lines: steady.collect(),
            },
        ),
        (
            "join",
            Chart {
                title: "All join at once",
                x: axis(
                    "seconds",
                    (0.0, 60.0),
                    &[0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0],
                    false,
                ),
                y: axis(
                    "RTCP of 5 seconds, in receivers' shares",
                    (0.0, 4.0),
                    &[0.0, 1.0, 2.0, 3.0, 4.0],
                    false,
                ),
                wanted: None,
                lines: groups(series, "join", &[10, 1000, 10_000]),
            },
        ),
        (
            "members",
            Chart {
                title: "What members take for the size of the group",
                x: axis("seconds since all joined", (1.0, 10_000.0), &decades, true),
                y: axis(
                    "% of its members",
                    (0.0, 110.0),
                    &[0.0, 25.0, 50.0, 75.0, 100.0],
                    false,
                ),
                wanted: Some((97.0, 103.0)),
                lines: groups(series, "members", &[10, 1000, 10_000]),
            },
        ),
        (
            "leave",
            Chart {
                title: "All leave at once",
                x: axis("seconds since", (1.0, 10_000.0), &decades, true),
                y: axis(
                    "% of the BYEs sent",
                    (0.0, 110.0),
                    &[0.0, 25.0, 50.0, 75.0, 100.0],
                    false,
                ),
                wanted: None,
                lines: groups(series, "leave", &[1000, 10_000]),
            },
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_have_commas() {
        let series = read("join,10 members, 0 % loss,1.5,2\njoin,10 members, 0 % loss,2,3\n");
        let points = points(&series.unwrap(), "join", "10 members, 0 % loss");
        assert_eq!(points, [(1.5, 2.0), (2.0, 3.0)]);
    }
}
