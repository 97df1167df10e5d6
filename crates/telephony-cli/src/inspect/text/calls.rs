//! What SIP did: calls, registrations, other requests.

use super::super::capture::count;
use super::super::model::{Authentication, Call, CallState, RegistrationState, Report, Side};
use super::table::{Align, Table};
use super::{MOST_ROWS, Style, clean, cut, heading, ladder, more, ms, seconds};
use std::fmt::{self, Write as _};

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
        facts.push(count(call.re_invites, "re-INVITE"));
    }
    if call.retransmissions > 0 {
        facts.push(count(call.retransmissions, "retransmission"));
    }
    facts
}

pub(super) fn with_ladder(
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
    ladder::write(out, call, &report.streams, style)
}

pub(super) fn list(out: &mut String, report: &Report, style: Style) -> fmt::Result {
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

pub(super) fn registrations(out: &mut String, report: &Report, style: Style) -> fmt::Result {
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

pub(super) fn transactions(out: &mut String, report: &Report, style: Style) -> fmt::Result {
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
