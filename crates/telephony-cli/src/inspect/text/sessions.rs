//! STUN transactions and RTSP sessions.

use super::super::model::{Authentication, Report, RtspState, StunOutcome};
use super::calls::authentication;
use super::table::{Align, Table};
use super::{MOST_ROWS, Style, clean, cut, heading, more, ms, seconds};
use std::fmt::{self, Write as _};

pub(super) fn stun(out: &mut String, report: &Report, style: Style) -> fmt::Result {
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

pub(super) fn rtsp(out: &mut String, report: &Report, style: Style) -> fmt::Result {
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
