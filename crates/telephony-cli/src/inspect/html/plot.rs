//! A stream's jitter and losses over time as SVG.

use super::super::model::{Sample, Stream};
use super::super::text::ms;
use std::fmt::{self, Write as _};

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 930.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 130.0;

pub(super) fn write(out: &mut String, stream: &Stream) -> fmt::Result {
    let samples = &stream.series;
    let last = samples.last().map_or(0.0, |sample| sample.time).max(0.001);
    let jitter = |sample: &Sample| f64::from(sample.max_jitter_ms);
    let highest = samples.iter().map(jitter).fold(0.0, f64::max).max(0.001);
    let most_lost = samples
        .iter()
        .map(|sample| sample.lost.max(0))
        .max()
        .unwrap_or(0);
    let x = |time: f64| LEFT + (RIGHT - LEFT) * time / last;
    let y = |part: f64| BOTTOM - (BOTTOM - TOP) * part;
    write!(
        out,
        "<svg role=\"img\" viewBox=\"0 0 {WIDTH} 160\" width=\"{WIDTH}\">"
    )?;
    write!(out, "<title>Jitter and lost packets over time</title>")?;
    write!(
        out,
        "<path class=\"axis\" d=\"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}V{TOP}\"/>"
    )?;
    for sample in samples.iter().filter(|sample| sample.lost > 0) {
        let part = f64::from(sample.lost) / f64::from(most_lost.max(1));
        let (x, y) = (x(sample.time), y(part));
        let height = BOTTOM - y;
        write!(
            out,
            "<rect class=\"lost\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"2\" height=\"{height:.1}\"/>"
        )?;
    }
    let points = samples
        .iter()
        .map(|sample| format!("{:.1},{:.1}", x(sample.time), y(jitter(sample) / highest)));
    let points = points.collect::<Vec<_>>().join(" ");
    write!(out, "<polyline class=\"jitter\" points=\"{points}\"/>")?;
    let label = |out: &mut String, x: f64, y: f64, anchor: &str, text: &str| {
        write!(
            out,
            "<text class=\"dim\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>"
        )
    };
    label(out, LEFT - 6.0, TOP + 4.0, "end", &ms(highest))?;
    label(out, LEFT - 6.0, BOTTOM + 4.0, "end", "0")?;
    label(out, LEFT, BOTTOM + 18.0, "start", "0 s")?;
    label(out, RIGHT, BOTTOM + 18.0, "end", &format!("{last:.1} s"))?;
    label(
        out,
        WIDTH / 2.0,
        BOTTOM + 18.0,
        "middle",
        "jitter (line), lost packets (bars)",
    )?;
    if most_lost > 0 {
        label(
            out,
            RIGHT + 6.0,
            TOP + 4.0,
            "start",
            &format!("{most_lost} lost"),
        )?;
    }
    writeln!(out, "</svg>")
}
