//! A ladder in characters.

use super::super::ladder::{Kind, Ladder, Rung};
use super::super::model::{Call, Stream};
use super::{Style, clean, cut, seconds};
use std::fmt::{self, Write as _};

/// Columns that fit side by side; with more there is a list.
const MOST_COLUMNS: usize = 4;
const MOST_RUNGS: usize = 60;
/// Where the first column stands, and how far the last one may.
const FIRST: usize = 14;
const LAST: usize = 94;
const WIDEST_LANE: usize = 48;

pub(super) fn write(
    out: &mut String,
    call: &Call,
    streams: &[Stream],
    style: Style,
) -> fmt::Result {
    // One too many tells that they do not fit.
    let ladder = Ladder::new(call, streams.iter(), MOST_COLUMNS + 1);
    let columns = ladder.columns.len();
    let lane = (LAST - FIRST) / columns.saturating_sub(1).max(1);
    let lane = lane.min(WIDEST_LANE);
    writeln!(out)?;
    if columns <= MOST_COLUMNS {
        let labels = ladder.columns.iter();
        let labels: String = labels
            .map(|label| format!("{:<lane$}", cut(label, lane - 1)))
            .collect();
        let indent = FIRST - 2;
        writeln!(out, "{:indent$}{}", "", style.bold(labels.trim_end()))?;
    }
    for rung in ladder.rungs.iter().take(MOST_RUNGS) {
        let time = style.dim(&format!("{:>10}", seconds(rung.time)));
        if columns <= MOST_COLUMNS {
            writeln!(out, "{time}  {}", drawn(rung, &ladder, lane))?;
        } else {
            let label = cut(&label(rung), 60);
            writeln!(out, "{time}  {} → {}  {label}", rung.src, rung.dst)?;
        }
    }
    if ladder.rungs.len() > MOST_RUNGS {
        let more = format!("… and {} more", ladder.rungs.len() - MOST_RUNGS);
        writeln!(out, "{:>10}  {}", "", style.dim(&more))?;
    }
    Ok(())
}

fn label(rung: &Rung<'_>) -> String {
    let again = if rung.kind == Kind::Retransmission {
        " (again)"
    } else {
        ""
    };
    format!("{}{again}", clean(&rung.label))
}

/// The columns' lines with one arrow between two of them.
pub(crate) fn drawn(rung: &Rung<'_>, ladder: &Ladder<'_>, lane: usize) -> String {
    let place = |end: &str| ladder.place(end).unwrap_or(0) * lane;
    let (from, to) = (place(rung.src), place(rung.dst));
    let width = ladder.columns.len().saturating_sub(1) * lane + 1;
    let mut row: Vec<char> = vec![' '; width];
    for cell in row.iter_mut().step_by(lane) {
        *cell = '│';
    }
    let (left, right) = (from.min(to), from.max(to));
    if left == right {
        let mut text: String = row.iter().take(left + 1).collect();
        // Both ends are one: the label stands beside it.
        let _ = write!(text, " ↺ {}", label(rung));
        return text;
    }
    let shaft = match rung.kind {
        Kind::Message => '─',
        Kind::Retransmission => '┄',
        Kind::Media => '═',
    };
    for cell in row.iter_mut().take(right).skip(left + 1) {
        *cell = shaft;
    }
    if let Some(head) = row.get_mut(if to > from { right - 1 } else { left + 1 }) {
        *head = if to > from { '▶' } else { '◀' };
    }
    let label = format!(" {} ", cut(&label(rung), (right - left).saturating_sub(7)));
    let start = left + 1 + (right - left - 1).saturating_sub(label.chars().count()) / 2;
    for (cell, c) in row.iter_mut().skip(start).zip(label.chars()) {
        *cell = c;
    }
    row.into_iter().collect()
}
