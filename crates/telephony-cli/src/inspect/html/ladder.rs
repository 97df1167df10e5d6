//! A call's ladder as SVG.

use super::super::model::{Call, Stream};
use super::super::text::{cut, ms, stream_codec};
use super::Escaped;
use std::fmt::{self, Write as _};

const MOST_COLUMNS: usize = 12;
const MOST_STEPS: usize = 400;
const FIRST: usize = 110;
const LANE: usize = 300;
const STEP: usize = 26;
const TOP: usize = 40;

struct Step<'a> {
    time: f64,
    src: &'a str,
    dst: &'a str,
    label: String,
    class: &'static str,
}

pub(super) fn write(out: &mut String, call: &Call, streams: &[&Stream]) -> fmt::Result {
    let mut columns: Vec<&str> = Vec::new();
    for message in &call.messages {
        for end in [&message.src, &message.dst] {
            if !columns.contains(&end.as_str()) && columns.len() < MOST_COLUMNS {
                columns.push(end);
            }
        }
    }
    let mut steps: Vec<_> = call
        .messages
        .iter()
        .map(|message| Step {
            time: message.time,
            src: &message.src,
            dst: &message.dst,
            label: message.summary.clone(),
            class: if message.retransmission {
                "again"
            } else {
                "sip"
            },
        })
        .collect();
    steps.extend(streams.iter().filter_map(|stream| {
        let (src, dst) = stream.ladder.as_ref()?;
        let length = ms(stream.duration_ms);
        let label = format!(
            "RTP {}, {} in {length}",
            stream_codec(stream),
            stream.packets
        );
        Some(Step {
            time: stream.time,
            src,
            dst,
            label,
            class: "rtp",
        })
    }));
    steps.sort_by(|a, b| a.time.total_cmp(&b.time));
    let shown = steps.len().min(MOST_STEPS);
    let width = FIRST + columns.len().saturating_sub(1) * LANE + 130;
    let height = TOP + (shown + 1) * STEP;
    write!(
        out,
        "<svg role=\"img\" viewBox=\"0 0 {width} {height}\" width=\"{width}\">"
    )?;
    writeln!(out, "<title>{} messages</title>", call.messages.len())?;
    for (index, column) in columns.iter().enumerate() {
        let x = FIRST + index * LANE;
        let bottom = height - 10;
        write!(
            out,
            "<line class=\"lane\" x1=\"{x}\" y1=\"{TOP}\" x2=\"{x}\" y2=\"{bottom}\"/>"
        )?;
        let label = Escaped(column);
        writeln!(
            out,
            "<text x=\"{x}\" y=\"24\" text-anchor=\"middle\">{label}</text>"
        )?;
    }
    for (index, step) in steps.iter().take(MOST_STEPS).enumerate() {
        rung(out, step, &columns, TOP + (index + 1) * STEP - 6)?;
    }
    writeln!(out, "</svg>")?;
    if steps.len() > shown {
        writeln!(
            out,
            "<p class=\"dim\">… and {} more</p>",
            steps.len() - shown
        )?;
    }
    Ok(())
}

fn rung(out: &mut String, step: &Step<'_>, columns: &[&str], y: usize) -> fmt::Result {
    let place = |end: &str| {
        columns
            .iter()
            .position(|column| *column == end)
            .map(|index| FIRST + index * LANE)
    };
    let time = step.time;
    writeln!(
        out,
        "<text class=\"dim\" x=\"8\" y=\"{}\">{time:.3}</text>",
        y + 4
    )?;
    let (Some(from), Some(to)) = (place(step.src), place(step.dst)) else {
        let label = format!("{} → {}  {}", step.src, step.dst, step.label);
        return writeln!(
            out,
            "<text x=\"{FIRST}\" y=\"{}\">{}</text>",
            y + 4,
            Escaped(label)
        );
    };
    if from == to {
        let (x, label) = (from + 8, Escaped(&step.label));
        return writeln!(out, "<text x=\"{x}\" y=\"{}\">↺ {label}</text>", y + 4);
    }
    let class = step.class;
    let (tip, back) = if to > from {
        (to - 1, to - 9)
    } else {
        (to + 1, to + 9)
    };
    write!(
        out,
        "<line class=\"{class}\" x1=\"{from}\" y1=\"{y}\" x2=\"{back}\" y2=\"{y}\"/>"
    )?;
    let (above, below) = (y - 4, y + 4);
    write!(
        out,
        "<path class=\"{class}\" style=\"stroke:none\" d=\"M{tip} {y}L{back} {above}L{back} {below}Z\"/>"
    )?;
    let middle = (from + to) / 2;
    // At 12 px a character takes about 6.5 px.
    let label = cut(&step.label, from.abs_diff(to) * 2 / 13);
    let label = Escaped(label);
    writeln!(
        out,
        "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{label}</text>",
        y - 5
    )
}
