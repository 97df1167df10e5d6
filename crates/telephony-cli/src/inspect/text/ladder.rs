//! A call as a ladder: a column for every socket that took part, an arrow for every message.

use super::super::model::{Call, Stream};
use super::{Style, clean, cut, ms, seconds, stream_codec};
use std::fmt::{self, Write as _};

/// Columns that fit side by side; with more there is a list.
const MOST_COLUMNS: usize = 4;
const MOST_STEPS: usize = 60;
/// Where the first column stands, and how far the last one may.
const FIRST: usize = 14;
const LAST: usize = 94;
const WIDEST_LANE: usize = 48;

/// One line of the ladder.
struct Step<'a> {
    time: f64,
    src: &'a str,
    dst: &'a str,
    label: String,
    shaft: char,
}

pub(super) fn write(
    out: &mut String,
    call: &Call,
    streams: &[&Stream],
    style: Style,
) -> fmt::Result {
    let mut columns: Vec<&str> = Vec::new();
    for message in &call.messages {
        for end in [&message.src, &message.dst] {
            // One too many tells that they do not fit.
            if columns.len() <= MOST_COLUMNS && !columns.contains(&end.as_str()) {
                columns.push(end);
            }
        }
    }
    let steps = steps(call, streams);
    writeln!(out)?;
    if columns.len() <= MOST_COLUMNS {
        let lane = (LAST - FIRST) / columns.len().saturating_sub(1).max(1);
        let lane = lane.min(WIDEST_LANE);
        let labels = columns
            .iter()
            .map(|label| format!("{:<lane$}", cut(label, lane - 1)));
        let labels: String = labels.collect();
        writeln!(
            out,
            "{:indent$}{}",
            "",
            style.bold(labels.trim_end()),
            indent = FIRST - 2
        )?;
        for step in steps.iter().take(MOST_STEPS) {
            let time = style.dim(&format!("{:>10}", seconds(step.time)));
            writeln!(out, "{time}  {}", rungs(step, &columns, lane))?;
        }
    } else {
        for step in steps.iter().take(MOST_STEPS) {
            let time = style.dim(&format!("{:>10}", seconds(step.time)));
            writeln!(
                out,
                "{time}  {} → {}  {}",
                step.src,
                step.dst,
                cut(&step.label, 60)
            )?;
        }
    }
    if steps.len() > MOST_STEPS {
        let more = format!("… and {} more", steps.len() - MOST_STEPS);
        writeln!(out, "{:>10}  {}", "", style.dim(&more))?;
    }
    Ok(())
}

fn steps<'a>(call: &'a Call, streams: &[&'a Stream]) -> Vec<Step<'a>> {
    let messages = call.messages.iter().map(|message| {
        let again = if message.retransmission {
            " (again)"
        } else {
            ""
        };
        Step {
            time: message.time,
            src: &message.src,
            dst: &message.dst,
            label: format!("{}{again}", clean(&message.summary)),
            shaft: if message.retransmission { '┄' } else { '─' },
        }
    });
    let media = streams.iter().filter_map(|stream| {
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
            shaft: '═',
        })
    });
    let mut steps: Vec<_> = messages.chain(media).collect();
    steps.sort_by(|a, b| a.time.total_cmp(&b.time));
    steps
}

/// The columns' lines with one arrow between two of them.
fn rungs(step: &Step<'_>, columns: &[&str], lane: usize) -> String {
    let place = |end: &str| {
        columns
            .iter()
            .position(|column| *column == end)
            .unwrap_or(0)
            * lane
    };
    let (from, to) = (place(step.src), place(step.dst));
    let width = columns.len().saturating_sub(1) * lane + 1;
    let mut row: Vec<char> = vec![' '; width];
    for cell in row.iter_mut().step_by(lane) {
        *cell = '│';
    }
    let (left, right) = (from.min(to), from.max(to));
    if left == right {
        let mut text: String = row.iter().take(left + 1).collect();
        // Both ends are one: the label stands beside it.
        let _ = write!(text, " ↺ {}", step.label);
        return text;
    }
    let shaft = row.iter_mut().take(right).skip(left + 1);
    for cell in shaft {
        *cell = step.shaft;
    }
    if let Some(head) = row.get_mut(if to > from { right - 1 } else { left + 1 }) {
        *head = if to > from { '▶' } else { '◀' };
    }
    let label = format!(" {} ", cut(&step.label, (right - left).saturating_sub(7)));
    let start = left + 1 + (right - left - 1).saturating_sub(label.chars().count()) / 2;
    for (cell, c) in row.iter_mut().skip(start).zip(label.chars()) {
        *cell = c;
    }
    row.into_iter().collect()
}
