//! A ladder as SVG.

use super::super::ladder::{Kind, Ladder, Rung};
use super::super::model::{Call, Stream};
use super::super::text::cut;
use super::Escaped;
use std::fmt::{self, Write as _};

const MOST_COLUMNS: usize = 12;
const MOST_RUNGS: usize = 400;
const FIRST: usize = 110;
const LANE: usize = 300;
const STEP: usize = 26;
const TOP: usize = 40;

pub(super) fn write(out: &mut String, call: &Call, streams: &[Stream]) -> fmt::Result {
    let ladder = Ladder::new(call, streams.iter(), MOST_COLUMNS);
    let shown = ladder.rungs.len().min(MOST_RUNGS);
    let width = FIRST + ladder.columns.len().saturating_sub(1) * LANE + 130;
    let height = TOP + (shown + 1) * STEP;
    write!(
        out,
        "<svg role=\"img\" viewBox=\"0 0 {width} {height}\" width=\"{width}\">"
    )?;
    writeln!(out, "<title>{} messages</title>", call.messages.len())?;
    for (index, column) in ladder.columns.iter().enumerate() {
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
    for (index, rung) in ladder.rungs.iter().take(MOST_RUNGS).enumerate() {
        draw(out, rung, &ladder, TOP + (index + 1) * STEP - 6)?;
    }
    writeln!(out, "</svg>")?;
    if ladder.rungs.len() > shown {
        let more = ladder.rungs.len() - shown;
        writeln!(out, "<p class=\"dim\">… and {more} more</p>")?;
    }
    Ok(())
}

fn draw(out: &mut String, rung: &Rung<'_>, ladder: &Ladder<'_>, y: usize) -> fmt::Result {
    let place = |end: &str| ladder.place(end).map(|index| FIRST + index * LANE);
    let (time, baseline) = (rung.time, y + 4);
    writeln!(
        out,
        "<text class=\"dim\" x=\"8\" y=\"{baseline}\">{time:.3}</text>"
    )?;
    let (Some(from), Some(to)) = (place(rung.src), place(rung.dst)) else {
        let label = Escaped(format!("{} → {}  {}", rung.src, rung.dst, rung.label));
        return writeln!(out, "<text x=\"{FIRST}\" y=\"{baseline}\">{label}</text>");
    };
    if from == to {
        let (x, label) = (from + 8, Escaped(&rung.label));
        return writeln!(out, "<text x=\"{x}\" y=\"{baseline}\">↺ {label}</text>");
    }
    let class = match rung.kind {
        Kind::Message => "sip",
        Kind::Retransmission => "again",
        Kind::Media => "rtp",
    };
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
    let head = format!("M{tip} {y}L{back} {above}L{back} {below}Z");
    write!(
        out,
        "<path class=\"{class}\" style=\"stroke:none\" d=\"{head}\"/>"
    )?;
    let (middle, above) = ((from + to) / 2, y - 5);
    // At 12 px a character takes about 6.5 px.
    let label = Escaped(cut(&rung.label, from.abs_diff(to) * 2 / 13));
    writeln!(
        out,
        "<text x=\"{middle}\" y=\"{above}\" text-anchor=\"middle\">{label}</text>"
    )
}
