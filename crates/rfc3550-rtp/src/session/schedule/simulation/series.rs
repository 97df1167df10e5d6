//! What `cargo xtask simulate --plots` draws.

use alloc::string::String;
use core::fmt::Write as _;

use super::{SHARE, SIZE, Simulation, seconds};

/// Names the file that the series are written to.
const FILE: &str = "RTCP_SERIES";

/// Lines of chart, series, x and y.
#[derive(Default)]
struct Series(String);

impl Series {
    fn point(&mut self, chart: &str, series: &str, x: f64, y: f64) {
        writeln!(self.0, "{chart},{series},{x},{y}").unwrap();
    }
}

fn name(count: usize, loss: f64) -> String {
    match count {
        1 => alloc::format!("1 member, {} % loss", loss * 100.0),
        _ => alloc::format!("{count} members, {} % loss", loss * 100.0),
    }
}

#[test]
fn series_for_plots() {
    let Some(file) = std::env::var_os(FILE) else {
        return;
    };
    let mut series = Series::default();
    for (count, warm_up, measured) in [
        (1, 20, 20_000),
        (2, 100, 10_000),
        (10, 100, 4000),
        (1000, 1500, 3000),
        (10_000, 14_000, 5000),
    ] {
        for loss in [0.0, 0.1, 0.3] {
            life(&mut series, count, loss, warm_up, measured);
        }
    }
    std::fs::write(file, series.0).unwrap();
}

/// A group from the moment when all join to the last BYE.
fn life(series: &mut Series, count: usize, loss: f64, warm_up: u64, measured: u64) {
    let mut simulation = Simulation::new(count, loss, 7);
    let name = &name(count, loss);
    // Times that are evenly spaced on a logarithmic axis.
    for step in 0.. {
        let at = (10f64).powf(f64::from(step) / 20.0);
        if at > warm_up as f64 {
            break;
        }
        simulation.run_until(core::time::Duration::from_secs_f64(at));
        let estimate = simulation.estimate() / count as f64;
        series.point("members", name, at, 100.0 * estimate);
    }
    simulation.run_until(seconds(warm_up));
    for at in 0..60 {
        let from = f64::from(at) - 5.0;
        let sent = simulation.sent_between(from, from + 5.0);
        let share = (sent * SIZE) as f64 / (5.0 * 0.75 * SHARE);
        series.point("join", name, f64::from(at), share);
    }
    let rate = simulation.steady_rate(measured);
    series.point(
        "steady",
        &alloc::format!("{} % loss", loss * 100.0),
        count as f64,
        100.0 * rate,
    );
    let (before, begin) = (simulation.sent.len(), simulation.now);
    simulation.leave(0..count);
    simulation.run_until(begin + seconds(60 + 5 * count as u64));
    let byes = &simulation.sent[before..];
    let step = (byes.len() / 200).max(1);
    for (index, at) in byes.iter().enumerate().step_by(step) {
        let at = (*at - begin).as_secs_f64();
        let part = (index + 1) as f64 / count as f64;
        series.point("leave", name, at, 100.0 * part);
    }
}
