//! The report for people: on one screen where the capture allows.

mod calls;
mod ladder;
mod media;
mod sessions;
mod table;

pub(crate) use calls::{authentication, call_facts, state};
pub(crate) use ladder::drawn;
pub(crate) use media::{found_by, jitter, stream_codec};
pub(crate) use sessions::rtsp_state;

use super::model::Report;
use crate::terminal::Safe;
use std::fmt::{self, Write as _};

/// Calls whose ladders are drawn; of more there is only a list.
const MOST_LADDERS: usize = 6;
/// Rows of a list; the JSON document has all.
const MOST_ROWS: usize = 40;

/// How text is set off on a terminal; nothing elsewhere.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Style {
    pub(crate) colour: bool,
}

impl Style {
    fn wrap(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    fn good(self, text: &str) -> String {
        self.wrap("32", text)
    }

    fn bad(self, text: &str) -> String {
        self.wrap("31", text)
    }
}

/// Writes the whole report.
pub(crate) fn write(report: &Report, style: Style) -> String {
    let mut out = String::new();
    // Writing into a string does not fail.
    let _ = write_all(&mut out, report, style);
    out
}

fn write_all(out: &mut String, report: &Report, style: Style) -> fmt::Result {
    header(out, report, style)?;
    let many = report.calls.len() > MOST_LADDERS;
    if many {
        calls::list(out, report, style)?;
    }
    for (number, call) in report.calls.iter().enumerate().filter(|_| !many) {
        calls::with_ladder(out, report, number + 1, call, style)?;
    }
    calls::registrations(out, report, style)?;
    calls::transactions(out, report, style)?;
    media::streams(out, report, style)?;
    media::dtmf(out, report, style)?;
    media::rtcp(out, report, style)?;
    sessions::stun(out, report, style)?;
    sessions::rtsp(out, report, style)?;
    if !report.notes.is_empty() {
        heading(out, "NOTES", style)?;
        for note in &report.notes {
            writeln!(out, "  {}", clean(note))?;
        }
    }
    Ok(())
}

fn header(out: &mut String, report: &Report, style: Style) -> fmt::Result {
    let capture = &report.capture;
    let file = capture.file.rsplit('/').next().unwrap_or(&capture.file);
    write!(out, "{}  ", style.bold(&clean(file)))?;
    write!(out, "{}", super::capture::count(report.packets, "packet"))?;
    if let Some(started) = &capture.started {
        let (date, time) = started.split_once('T').unwrap_or((started, ""));
        let time = time.split('.').next().unwrap_or_default();
        write!(
            out,
            " in {}, from {date} {time} UTC",
            ms(capture.duration_s * 1000.0)
        )?;
    }
    let gzip = if capture.gzip { ", gzip" } else { "" };
    writeln!(
        out,
        " ({}{gzip}, {})",
        capture.format,
        capture.links.join(" and ")
    )?;
    let mut protocols: Vec<_> = report.protocols.iter().collect();
    protocols.sort_by_key(|(_, packets)| std::cmp::Reverse(**packets));
    let mut parts: Vec<_> = protocols
        .iter()
        .map(|(name, packets)| format!("{name} {packets}"))
        .collect();
    if report.undecoded > 0 {
        let reasons: Vec<_> = report.undecoded_reasons.keys().copied().collect();
        parts.push(format!(
            "undecoded {} ({})",
            report.undecoded,
            reasons.join(", ")
        ));
    }
    writeln!(out, "{}", style.dim(&parts.join(" · ")))
}

fn heading(out: &mut String, title: &str, style: Style) -> fmt::Result {
    writeln!(out, "\n{}", style.bold(title))
}

fn more(out: &mut String, shown: usize, all: usize, style: Style) -> fmt::Result {
    if all > shown {
        let line = format!("  … and {} more; --json has them all", all - shown);
        writeln!(out, "{}", style.dim(&line))?;
    }
    Ok(())
}

/// Milliseconds in the unit that reads best.
pub(crate) fn ms(ms: f64) -> String {
    match ms.abs() {
        60_000.0.. => {
            let seconds = (ms / 1000.0).round() as i64;
            format!("{}:{:02} min", seconds / 60, seconds % 60)
        }
        1000.0.. => format!("{:.2} s", ms / 1000.0),
        100.0.. => format!("{ms:.0} ms"),
        10.0.. => format!("{ms:.1} ms"),
        _ => format!("{ms:.2} ms"),
    }
}

/// Seconds since the start.
fn seconds(seconds: f64) -> String {
    format!("{seconds:.3}")
}

/// At most `width` characters.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Text of the capture with whatever could steer a terminal shown as escapes.
pub(crate) fn clean(text: &str) -> String {
    Safe(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_the_unit_that_reads_best() {
        let shown: Vec<_> = [0.0, 1.1863, 21.268, 812.4, 7036.0, 59_999.0, 3_661_000.0]
            .map(ms)
            .to_vec();
        let expected = [
            "0.00 ms",
            "1.19 ms",
            "21.3 ms",
            "812 ms",
            "7.04 s",
            "60.00 s",
            "61:01 min",
        ];
        assert_eq!(shown, expected);
    }
}
