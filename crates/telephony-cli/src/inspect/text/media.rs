//! What media did: RTP streams, telephone events, RTCP.

use super::super::model::{FoundBy, Report, RtcpSource, Stream};
use super::table::{Align, Table};
use super::{MOST_ROWS, Style, clean, cut, heading, more, ms, seconds};
use std::fmt::{self, Write as _};

/// "PCMU/8000 + events", and how it was found where that is not by SDP.
pub(crate) fn stream_codec(stream: &Stream) -> String {
    let types: Vec<_> = stream.payload_types.iter().map(u8::to_string).collect();
    let mut codec = match &stream.codec {
        Some(codec) => clean(codec),
        None => format!("payload type {}", types.join(", ")),
    };
    if stream.red.is_some() {
        codec = format!("RED of {codec}");
    }
    if stream.has_events && !codec.starts_with("telephone-event") {
        codec.push_str(" + events");
    }
    if stream.encrypted {
        let opened = stream.decrypted == stream.packets;
        codec.push_str(if opened { ", SRTP opened" } else { ", SRTP" });
    }
    codec
}

/// The timestamp of an event stands still: jitter says nothing where there is nothing else.
pub(crate) fn jitter(stream: &Stream, jitter_ms: f64) -> String {
    let only_events = stream.has_events && stream.max_media_jitter_ms.is_none();
    if only_events {
        "–".into()
    } else {
        ms(jitter_ms)
    }
}

pub(crate) fn found_by(found_by: FoundBy) -> &'static str {
    match found_by {
        FoundBy::Sdp => "SDP",
        FoundBy::Rtsp => "RTSP",
        FoundBy::Heuristic => "heuristic",
        FoundBy::Shape => "shape only",
    }
}

pub(super) fn streams(out: &mut String, report: &Report, style: Style) -> fmt::Result {
    if report.streams.is_empty() {
        return Ok(());
    }
    heading(out, "RTP STREAMS", style)?;
    let mut table = Table::new(&[
        ("SSRC", Align::Left),
        ("from", Align::Left),
        ("to", Align::Left),
        ("codec", Align::Left),
        ("packets", Align::Right),
        ("lost", Align::Right),
        ("jitter mean", Align::Right),
        ("max", Align::Right),
        ("gap max", Align::Right),
        ("length", Align::Right),
        ("found by", Align::Left),
    ]);
    for stream in report.streams.iter().take(MOST_ROWS) {
        let percent = 100.0 * stream.lost as f64 / (stream.expected.max(1)) as f64;
        let lost = match stream.lost {
            0 => "0".into(),
            lost => format!("{lost} ({percent:.1} %)"),
        };
        table.row([
            stream.ssrc.clone(),
            stream.src.clone(),
            stream.dst.clone(),
            cut(&stream_codec(stream), 36),
            stream.packets.to_string(),
            lost,
            jitter(
                stream,
                stream.mean_media_jitter_ms.unwrap_or(stream.mean_jitter_ms),
            ),
            jitter(
                stream,
                stream.max_media_jitter_ms.unwrap_or(stream.max_jitter_ms),
            ),
            ms(stream.max_delta_ms),
            ms(stream.duration_ms),
            found_by(stream.found_by).to_owned(),
        ]);
    }
    table.write(out, style)?;
    more(out, MOST_ROWS, report.streams.len(), style)?;
    for stream in report.streams.iter().take(MOST_ROWS) {
        let mut facts = Vec::new();
        let mut fact = |number: u64, name: &str| {
            if number > 0 {
                facts.push(format!("{number} {name}"));
            }
        };
        fact(stream.duplicates, "duplicated");
        fact(stream.reordered, "out of order");
        fact(stream.restarts, "times begun anew");
        if let Some(red) = &stream.red {
            fact(red.recovered, "lost but in redundant blocks");
        }
        if !facts.is_empty() {
            let line = format!("  {}: {}", stream.ssrc, facts.join(", "));
            writeln!(out, "{}", style.dim(&line))?;
        }
    }
    Ok(())
}

pub(super) fn dtmf(out: &mut String, report: &Report, style: Style) -> fmt::Result {
    if report.dtmf.is_empty() {
        return Ok(());
    }
    heading(out, "DTMF", style)?;
    for dtmf in report.dtmf.iter().take(MOST_ROWS) {
        let digits = if dtmf.digits.is_empty() {
            "no digits"
        } else {
            &dtmf.digits
        };
        write!(out, "  {}  {} → {}  ", dtmf.ssrc, dtmf.src, dtmf.dst)?;
        writeln!(out, "{}", style.bold(&clean(digits)))?;
        let events: Vec<_> = dtmf
            .events
            .iter()
            .take(MOST_ROWS)
            .map(|event| {
                let open = if event.ended { "" } else { ", no end seen" };
                let (digit, at) = (clean(&event.digit), seconds(event.time));
                format!("{digit} at {at} s for {}{open}", ms(event.duration_ms))
            })
            .collect();
        for line in events.chunks(4) {
            writeln!(out, "    {}", style.dim(&line.join(" · ")))?;
        }
    }
    more(out, MOST_ROWS, report.dtmf.len(), style)
}

/// "SR 2, SDES 2, BYE".
fn rtcp_kinds(source: &RtcpSource) -> String {
    let kinds = source.kinds.iter().map(|(kind, number)| match number {
        1 => clean(kind),
        number => format!("{} {number}", clean(kind)),
    });
    kinds.collect::<Vec<_>>().join(", ")
}

pub(super) fn rtcp(out: &mut String, report: &Report, style: Style) -> fmt::Result {
    if report.rtcp.is_empty() {
        return Ok(());
    }
    heading(out, "RTCP", style)?;
    let mut table = Table::new(&[
        ("SSRC", Align::Left),
        ("from", Align::Left),
        ("packets", Align::Left),
        ("reports on", Align::Left),
        ("lost", Align::Right),
        ("jitter", Align::Right),
        ("round trip", Align::Right),
        ("CNAME", Align::Left),
    ]);
    for source in report.rtcp.iter().take(MOST_ROWS) {
        let last = source.reports.last();
        let trips: Vec<f64> = source
            .reports
            .iter()
            .filter_map(|it| it.round_trip_ms)
            .collect();
        let trip = trips.iter().copied().fold(f64::INFINITY, f64::min);
        table.row([
            source.ssrc.clone(),
            source.src.clone(),
            rtcp_kinds(source),
            last.map_or("–".into(), |last| last.about.clone()),
            last.map_or("–".into(), |last| last.lost.to_string()),
            last.and_then(|last| last.jitter_ms).map_or("–".into(), ms),
            if trips.is_empty() {
                "–".into()
            } else {
                ms(trip)
            },
            cut(&clean(source.cname.as_deref().unwrap_or("–")), 40),
        ]);
    }
    table.write(out, style)?;
    more(out, MOST_ROWS, report.rtcp.len(), style)
}
