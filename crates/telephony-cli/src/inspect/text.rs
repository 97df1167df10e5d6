//! The report for people: on one screen where the capture allows.

mod ladder;
mod table;

use super::model::{
    Authentication, Call, CallState, FoundBy, RegistrationState, Report, RtcpSource, RtspState,
    Side, Stream, StunOutcome,
};
use crate::terminal::Safe;
use std::fmt::{self, Write as _};
use table::{Align, Table};

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
        call_list(out, report, style)?;
    }
    for (number, call) in report.calls.iter().enumerate().filter(|_| !many) {
        call_with_ladder(out, report, number + 1, call, style)?;
    }
    registrations(out, report, style)?;
    transactions(out, report, style)?;
    streams(out, report, style)?;
    dtmf(out, report, style)?;
    rtcp(out, report, style)?;
    stun(out, report, style)?;
    rtsp(out, report, style)?;
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

/// "ended, 200 OK".
fn result(call: &Call, style: Style) -> String {
    let status = match (call.status, &call.reason) {
        (Some(status), Some(reason)) => format!(", {status} {}", clean(reason)),
        _ => String::new(),
    };
    let result = format!("{}{}", state(call.state), status.trim_end());
    match call.state {
        CallState::Ended | CallState::Established => style.good(&result),
        CallState::Failed => style.bad(&result),
        _ => result,
    }
}

pub(crate) fn state(state: CallState) -> &'static str {
    match state {
        CallState::Trying => "trying",
        CallState::Ringing => "ringing",
        CallState::Established => "established",
        CallState::Ended => "ended",
        CallState::Cancelled => "cancelled",
        CallState::Failed => "failed",
        CallState::Partial => "seen in part",
    }
}

/// Everything about a call that fits in a line.
pub(crate) fn call_facts(call: &Call) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(ringing) = call.ringing_ms {
        facts.push(format!("rang after {}", ms(ringing)));
    }
    if let Some(setup) = call.setup_ms {
        facts.push(format!("answered after {}", ms(setup)));
    }
    if let Some(duration) = call.duration_ms {
        facts.push(format!("talked {}", ms(duration)));
    }
    match call.ended_by {
        Some(Side::Caller) => facts.push("caller hung up".into()),
        Some(Side::Callee) => facts.push("callee hung up".into()),
        None => {}
    }
    if !call.codecs.is_empty() {
        facts.push(clean(&call.codecs.join(" and ")));
    }
    if call.encrypted {
        facts.push("SRTP".into());
    }
    if call.authenticated {
        facts.push("authenticated".into());
    }
    if call.forks > 1 {
        facts.push(format!("{} branches answered", call.forks));
    }
    if call.re_invites > 0 {
        facts.push(super::capture::count(call.re_invites, "re-INVITE"));
    }
    if call.retransmissions > 0 {
        facts.push(super::capture::count(
            call.retransmissions,
            "retransmission",
        ));
    }
    facts
}

fn call_with_ladder(
    out: &mut String,
    report: &Report,
    number: usize,
    call: &Call,
    style: Style,
) -> fmt::Result {
    let parties = format!("{} → {}", clean(&call.from), clean(&call.to));
    let title = if report.calls.len() > 1 {
        format!("CALL {number}")
    } else {
        "CALL".into()
    };
    writeln!(
        out,
        "\n{}  {}   {}",
        style.bold(&title),
        style.bold(&parties),
        result(call, style)
    )?;
    let facts = call_facts(call);
    if !facts.is_empty() {
        writeln!(out, "  {}", facts.join(" · "))?;
    }
    writeln!(
        out,
        "  {}",
        style.dim(&format!("Call-ID {}", clean(&call.call_id)))
    )?;
    let streams = report.streams.iter();
    let streams = streams.filter(|stream| stream.call_id.as_ref() == Some(&call.call_id));
    ladder::write(out, call, &streams.collect::<Vec<_>>(), style)
}

fn call_list(out: &mut String, report: &Report, style: Style) -> fmt::Result {
    heading(out, "CALLS", style)?;
    let mut table = Table::new(&[
        ("#", Align::Right),
        ("at", Align::Right),
        ("from", Align::Left),
        ("to", Align::Left),
        ("result", Align::Left),
        ("setup", Align::Right),
        ("talked", Align::Right),
        ("codec", Align::Left),
        ("Call-ID", Align::Left),
    ]);
    for (number, call) in report.calls.iter().enumerate().take(MOST_ROWS) {
        let or_dash = |value: Option<f64>| value.map_or("–".into(), ms);
        let status = call
            .status
            .map(|status| format!(" {status}"))
            .unwrap_or_default();
        table.row([
            (number + 1).to_string(),
            seconds(call.time),
            cut(&clean(&call.from), 28),
            cut(&clean(&call.to), 28),
            format!("{}{status}", state(call.state)),
            or_dash(call.setup_ms),
            or_dash(call.duration_ms),
            clean(&call.codecs.join("+")),
            cut(&clean(&call.call_id), 30),
        ]);
    }
    table.write(out, style)?;
    more(out, MOST_ROWS, report.calls.len(), style)?;
    let hint = "  a ladder of one call: --call ID; of all: --html FILE";
    writeln!(out, "{}", style.dim(hint))
}

fn registrations(out: &mut String, report: &Report, style: Style) -> fmt::Result {
    if report.registrations.is_empty() {
        return Ok(());
    }
    heading(out, "REGISTRATIONS", style)?;
    let mut table = Table::new(&[
        ("at", Align::Right),
        ("address of record", Align::Left),
        ("contact", Align::Left),
        ("result", Align::Left),
        ("authentication", Align::Left),
        ("took", Align::Right),
    ]);
    for registration in report.registrations.iter().take(MOST_ROWS) {
        let status = match (registration.status, &registration.reason) {
            (Some(status), Some(reason)) => format!(", {status} {}", clean(reason)),
            _ => String::new(),
        };
        let result = match registration.state {
            RegistrationState::Registered => match registration.expires_s {
                Some(expires) => format!("registered for {expires} s"),
                None => "registered".into(),
            },
            RegistrationState::Removed => "removed".into(),
            RegistrationState::Failed => format!("failed{status}"),
            RegistrationState::Pending => format!("pending{status}"),
        };
        let who = match (&registration.user, &registration.realm) {
            (Some(user), Some(realm)) => format!(" {} @ {}", clean(user), clean(realm)),
            _ => String::new(),
        };
        let algorithm = registration.algorithm.as_deref().map(clean);
        let algorithm = algorithm
            .map(|algorithm| format!(" ({algorithm})"))
            .unwrap_or_default();
        table.row([
            seconds(registration.time),
            cut(&clean(&registration.aor), 40),
            cut(&clean(&registration.contacts.join(", ")), 40),
            result,
            format!(
                "{}{who}{algorithm}",
                authentication(registration.authentication)
            ),
            registration.duration_ms.map_or("–".into(), ms),
        ]);
    }
    table.write(out, style)?;
    more(out, MOST_ROWS, report.registrations.len(), style)
}

pub(crate) fn authentication(authentication: Authentication) -> &'static str {
    match authentication {
        Authentication::None => "none asked",
        Authentication::Challenged => "asked, none sent",
        Authentication::Accepted => "accepted",
        Authentication::Refused => "refused",
        Authentication::Unanswered => "sent, no answer",
    }
}

fn transactions(out: &mut String, report: &Report, style: Style) -> fmt::Result {
    if report.transactions.is_empty() {
        return Ok(());
    }
    heading(out, "OTHER SIP REQUESTS", style)?;
    let mut table = Table::new(&[
        ("at", Align::Right),
        ("method", Align::Left),
        ("from", Align::Left),
        ("to", Align::Left),
        ("answer", Align::Left),
        ("took", Align::Right),
    ]);
    for transaction in report.transactions.iter().take(MOST_ROWS) {
        let answer = match (transaction.status, &transaction.reason) {
            (Some(status), Some(reason)) => format!("{status} {}", clean(reason)),
            _ => "none".into(),
        };
        table.row([
            seconds(transaction.time),
            clean(&transaction.method),
            cut(&clean(&transaction.from), 36),
            cut(&clean(&transaction.to), 36),
            answer,
            transaction.duration_ms.map_or("–".into(), ms),
        ]);
    }
    table.write(out, style)?;
    more(out, MOST_ROWS, report.transactions.len(), style)
}

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
        codec.push_str(", SRTP");
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

fn streams(out: &mut String, report: &Report, style: Style) -> fmt::Result {
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

fn dtmf(out: &mut String, report: &Report, style: Style) -> fmt::Result {
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

fn rtcp(out: &mut String, report: &Report, style: Style) -> fmt::Result {
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

fn stun(out: &mut String, report: &Report, style: Style) -> fmt::Result {
    if report.stun.is_empty() {
        return Ok(());
    }
    heading(out, "STUN", style)?;
    let mut table = Table::new(&[
        ("at", Align::Right),
        ("method", Align::Left),
        ("from", Align::Left),
        ("to", Align::Left),
        ("outcome", Align::Left),
        ("mapped address", Align::Left),
        ("took", Align::Right),
    ]);
    for transaction in report.stun.iter().take(MOST_ROWS) {
        let mut outcome = match transaction.outcome {
            StunOutcome::Success => "success".to_owned(),
            StunOutcome::Error => clean(transaction.error.as_deref().unwrap_or("error")),
            StunOutcome::Unanswered => "no answer".to_owned(),
            StunOutcome::Indication => "indication".to_owned(),
            StunOutcome::Unasked => "answer to nothing seen".to_owned(),
        };
        if transaction.requests > 1 {
            let _ = write!(outcome, ", sent {} times", transaction.requests);
        }
        if let Some(src) = &transaction.response_src {
            let _ = write!(outcome, " from {src}");
        }
        let mut mapped = transaction.mapped.clone().unwrap_or_else(|| "–".into());
        if let Some(relayed) = &transaction.relayed {
            let _ = write!(mapped, ", relay {relayed}");
        }
        let classic = if transaction.classic {
            " (RFC 3489)"
        } else {
            ""
        };
        table.row([
            seconds(transaction.time),
            format!("{}{classic}", transaction.method),
            transaction.src.clone(),
            transaction.dst.clone(),
            outcome,
            mapped,
            transaction.round_trip_ms.map_or("–".into(), ms),
        ]);
    }
    table.write(out, style)?;
    more(out, MOST_ROWS, report.stun.len(), style)
}

pub(crate) fn rtsp_state(state: RtspState) -> &'static str {
    match state {
        RtspState::Init => "no set-up seen",
        RtspState::Ready => "set up",
        RtspState::Playing => "playing",
        RtspState::Recording => "recording",
        RtspState::TornDown => "torn down",
        RtspState::Failed => "failed",
    }
}

fn rtsp(out: &mut String, report: &Report, style: Style) -> fmt::Result {
    if report.rtsp.is_empty() {
        return Ok(());
    }
    heading(out, "RTSP SESSIONS", style)?;
    for session in report.rtsp.iter().take(MOST_ROWS) {
        let uri = clean(session.uri.as_deref().unwrap_or("–"));
        let state = rtsp_state(session.state);
        writeln!(
            out,
            "  {} → {}  {}  {state}",
            session.client,
            session.server,
            style.bold(&uri)
        )?;
        let mut facts = Vec::new();
        if let Some(id) = &session.session {
            facts.push(format!("session {}", clean(id)));
        }
        if session.authentication != Authentication::None {
            facts.push(format!(
                "authentication {}",
                authentication(session.authentication)
            ));
        }
        if session.interleaved_packets > 0 {
            facts.push(format!(
                "{} interleaved packets",
                session.interleaved_packets
            ));
        }
        if let Some(agent) = &session.user_agent {
            facts.push(clean(agent));
        }
        if !facts.is_empty() {
            writeln!(out, "    {}", style.dim(&facts.join(" · ")))?;
        }
        for track in &session.tracks {
            let codec = clean(track.codec.as_deref().unwrap_or("unknown codec"));
            writeln!(out, "    {codec} by {}", clean(&track.transport))?;
        }
        for message in session.messages.iter().take(MOST_ROWS) {
            let arrow = if message.src == session.client {
                "──▶"
            } else {
                "◀──"
            };
            let at = seconds(message.time);
            writeln!(
                out,
                "    {at:>9}  {arrow} {}",
                cut(&clean(&message.summary), 84)
            )?;
        }
        more(out, MOST_ROWS, session.messages.len(), style)?;
    }
    more(out, MOST_ROWS, report.rtsp.len(), style)
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
