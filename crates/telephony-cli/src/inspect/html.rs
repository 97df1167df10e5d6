//! The report as one page that needs nothing else: ladders and plots are SVG within it.

mod ladder;
mod plot;

use super::model::{Report, Stream};
use super::text::{
    authentication, call_facts, found_by, jitter, ms, rtsp_state, state, stream_codec,
};
use std::fmt::{self, Display, Write as _};

/// Calls drawn and streams plotted; the tables have all.
const MOST_DRAWN: usize = 200;

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2024;--dim:#6b7280;--line:#d5d9de;--paper:#fff;--panel:#f6f7f9;\
--blue:#2563eb;--green:#15803d;--red:#dc2626;--amber:#b45309}\
@media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--dim:#9aa3ad;--line:#3a4048;--paper:#15181c;\
--panel:#1d2126;--blue:#7aa2ff;--green:#5fce86;--red:#ff7b72;--amber:#e3b341}}\
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1100px;\
margin:2rem auto;padding:0 1rem}\
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2.5rem;border-bottom:1px solid var(--line)}\
h3{font-size:1rem;margin:1.5rem 0 .2rem}p{margin:.2rem 0}.dim{color:var(--dim)}\
table{border-collapse:collapse;font-size:13px;margin:.6rem 0;display:block;overflow-x:auto}\
th{text-align:left;color:var(--dim);font-weight:500}th,td{padding:.2rem .7rem .2rem 0;white-space:nowrap}\
td{border-top:1px solid var(--line);font-variant-numeric:tabular-nums}\
svg{max-width:100%;height:auto;display:block;margin:.6rem 0;background:var(--panel);border-radius:6px}\
svg text{font:12px system-ui,sans-serif;fill:var(--ink)}svg .dim{fill:var(--dim)}\
.lane{stroke:var(--line)}.sip{stroke:var(--blue);fill:var(--blue)}.again{stroke:var(--amber);\
fill:var(--amber);stroke-dasharray:4 3}.rtp{stroke:var(--green);fill:var(--green);stroke-width:2.5}\
.axis{stroke:var(--line);fill:none}.jitter{stroke:var(--blue);fill:none;stroke-width:1.5}\
.lost{fill:var(--red)}.good{color:var(--green)}.bad{color:var(--red)}";

/// Text of the capture made harmless for HTML and SVG.
struct Escaped<T>(T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.to_string().chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c if c.is_control() => f.write_char('\u{fffd}')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// Writes the whole page.
pub(crate) fn write(report: &Report) -> String {
    let mut out = String::new();
    // Writing into a string does not fail.
    let _ = page(&mut out, report);
    out
}

fn page(out: &mut String, report: &Report) -> fmt::Result {
    let capture = &report.capture;
    let file = capture.file.rsplit('/').next().unwrap_or(&capture.file);
    let file = Escaped(file);
    // The policy forbids the page to load anything, whatever it has been fed.
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>{file}</title><style>{STYLE}</style></head><body>\n<h1>{file}</h1>\n"
    )?;
    let started = capture.started.as_deref().unwrap_or("–");
    let protocols = report
        .protocols
        .iter()
        .map(|(name, number)| format!("{name} {number}"));
    let protocols = protocols.collect::<Vec<_>>().join(" · ");
    writeln!(
        out,
        "<p>{} packets in {}, from {} ({}, {})</p><p class=\"dim\">{}, undecoded {}</p>",
        report.packets,
        ms(capture.duration_s * 1000.0),
        Escaped(started),
        capture.format,
        Escaped(capture.links.join(" and ")),
        Escaped(protocols),
        report.undecoded,
    )?;
    for note in &report.notes {
        writeln!(out, "<p class=\"bad\">{}</p>", Escaped(note))?;
    }
    calls(out, report)?;
    registrations(out, report)?;
    transactions(out, report)?;
    streams(out, report)?;
    dtmf(out, report)?;
    rtcp(out, report)?;
    stun(out, report)?;
    rtsp(out, report)?;
    out.write_str("</body></html>\n")
}

fn calls(out: &mut String, report: &Report) -> fmt::Result {
    if report.calls.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>Calls</h2>")?;
    for (index, call) in report.calls.iter().enumerate() {
        let status = match (call.status, &call.reason) {
            (Some(status), Some(reason)) => format!(", {status} {reason}"),
            _ => String::new(),
        };
        writeln!(
            out,
            "<h3>{} → {}</h3><p>{}{}</p><p>{}</p><p class=\"dim\">Call-ID {}</p>",
            Escaped(&call.from),
            Escaped(&call.to),
            state(call.state),
            Escaped(status),
            Escaped(call_facts(call).join(" · ")),
            Escaped(&call.call_id),
        )?;
        if index < MOST_DRAWN {
            ladder::write(out, call, &report.streams)?;
        }
    }
    Ok(())
}

fn table(
    out: &mut String,
    title: &str,
    columns: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> fmt::Result {
    let mut rows = rows.into_iter().peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    write!(out, "<h2>{title}</h2><table><tr>")?;
    for column in columns {
        write!(out, "<th>{column}</th>")?;
    }
    writeln!(out, "</tr>")?;
    for row in rows {
        write!(out, "<tr>")?;
        for cell in row {
            write!(out, "<td>{}</td>", Escaped(cell))?;
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</table>")
}

fn or_dash(text: Option<impl Display>) -> String {
    text.map_or("–".into(), |text| text.to_string())
}

fn answer(status: Option<u16>, reason: Option<&String>) -> String {
    match (status, reason) {
        (Some(status), Some(reason)) => format!("{status} {reason}"),
        _ => "–".into(),
    }
}

fn registrations(out: &mut String, report: &Report) -> fmt::Result {
    let columns = [
        "at",
        "address of record",
        "contact",
        "state",
        "answer",
        "authentication",
        "user",
        "took",
    ];
    let rows = report.registrations.iter().map(|registration| {
        vec![
            format!("{:.3}", registration.time),
            registration.aor.clone(),
            registration.contacts.join(", "),
            format!("{:?}", registration.state).to_lowercase(),
            answer(registration.status, registration.reason.as_ref()),
            authentication(registration.authentication).to_owned(),
            or_dash(registration.user.as_ref()),
            or_dash(registration.duration_ms.map(ms)),
        ]
    });
    table(out, "Registrations", &columns, rows)
}

fn transactions(out: &mut String, report: &Report) -> fmt::Result {
    let columns = ["at", "method", "from", "to", "answer", "took"];
    let rows = report.transactions.iter().map(|transaction| {
        vec![
            format!("{:.3}", transaction.time),
            transaction.method.clone(),
            transaction.from.clone(),
            transaction.to.clone(),
            answer(transaction.status, transaction.reason.as_ref()),
            or_dash(transaction.duration_ms.map(ms)),
        ]
    });
    table(out, "Other SIP requests", &columns, rows)
}

fn streams(out: &mut String, report: &Report) -> fmt::Result {
    let columns = [
        "SSRC",
        "from",
        "to",
        "codec",
        "packets",
        "lost",
        "duplicates",
        "out of order",
        "jitter mean",
        "max",
        "gap max",
        "length",
        "found by",
    ];
    let rows = report.streams.iter().map(|stream| {
        vec![
            stream.ssrc.clone(),
            stream.src.clone(),
            stream.dst.clone(),
            stream_codec(stream),
            stream.packets.to_string(),
            stream.lost.to_string(),
            stream.duplicates.to_string(),
            stream.reordered.to_string(),
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
        ]
    });
    table(out, "RTP streams", &columns, rows)?;
    let plotted = report
        .streams
        .iter()
        .filter(|stream| stream.series.len() > 1);
    for stream in plotted.take(MOST_DRAWN) {
        writeln!(out, "<h3>{}</h3>", stream_title(stream))?;
        plot::write(out, stream)?;
    }
    Ok(())
}

fn stream_title(stream: &Stream) -> String {
    let codec = Escaped(stream_codec(stream));
    format!("{} {} → {}, {codec}", stream.ssrc, stream.src, stream.dst)
}

fn dtmf(out: &mut String, report: &Report) -> fmt::Result {
    let columns = ["SSRC", "from", "to", "digits", "events"];
    let rows = report.dtmf.iter().map(|dtmf| {
        let events = dtmf.events.iter().map(|event| {
            format!(
                "{} at {:.3} s for {}",
                event.digit,
                event.time,
                ms(event.duration_ms)
            )
        });
        vec![
            dtmf.ssrc.clone(),
            dtmf.src.clone(),
            dtmf.dst.clone(),
            dtmf.digits.clone(),
            events.collect::<Vec<_>>().join(" · "),
        ]
    });
    table(out, "DTMF", &columns, rows)
}

fn rtcp(out: &mut String, report: &Report) -> fmt::Result {
    let columns = ["SSRC", "from", "packets", "CNAME", "reports"];
    let rows = report.rtcp.iter().map(|source| {
        let kinds = source
            .kinds
            .iter()
            .map(|(kind, number)| format!("{kind} {number}"));
        let reports = source.reports.iter().rev().take(10).map(|report| {
            let trip = report
                .round_trip_ms
                .map(|trip| format!(", round trip {}", ms(trip)));
            let jitter = report
                .jitter_ms
                .map(|jitter| format!(", jitter {}", ms(jitter)));
            let (about, lost, at) = (&report.about, report.lost, report.time);
            let (jitter, trip) = (jitter.unwrap_or_default(), trip.unwrap_or_default());
            format!("{at:.3} s on {about}: lost {lost}{jitter}{trip}")
        });
        vec![
            source.ssrc.clone(),
            source.src.clone(),
            kinds.collect::<Vec<_>>().join(", "),
            or_dash(source.cname.as_ref()),
            reports.collect::<Vec<_>>().join(" · "),
        ]
    });
    table(out, "RTCP", &columns, rows)
}

fn stun(out: &mut String, report: &Report) -> fmt::Result {
    let columns = [
        "at", "method", "from", "to", "outcome", "sent", "mapped", "relayed", "took",
    ];
    let rows = report.stun.iter().map(|transaction| {
        vec![
            format!("{:.3}", transaction.time),
            transaction.method.clone(),
            transaction.src.clone(),
            transaction.dst.clone(),
            match &transaction.error {
                Some(error) => error.clone(),
                None => format!("{:?}", transaction.outcome).to_lowercase(),
            },
            transaction.requests.to_string(),
            or_dash(transaction.mapped.as_ref()),
            or_dash(transaction.relayed.as_ref()),
            or_dash(transaction.round_trip_ms.map(ms)),
        ]
    });
    table(out, "STUN", &columns, rows)
}

fn rtsp(out: &mut String, report: &Report) -> fmt::Result {
    let columns = [
        "at",
        "client",
        "server",
        "URI",
        "state",
        "authentication",
        "tracks",
        "messages",
    ];
    let rows = report.rtsp.iter().map(|session| {
        let tracks = session.tracks.iter();
        let tracks =
            tracks.map(|track| format!("{} ({})", or_dash(track.codec.as_ref()), track.uri));
        vec![
            format!("{:.3}", session.time),
            session.client.clone(),
            session.server.clone(),
            or_dash(session.uri.as_ref()),
            rtsp_state(session.state).to_owned(),
            authentication(session.authentication).to_owned(),
            tracks.collect::<Vec<_>>().join(", "),
            session.messages.len().to_string(),
        ]
    });
    table(out, "RTSP sessions", &columns, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captured_text_is_no_markup() {
        let written = Escaped("<script>alert('x')</script> & \"\u{1}").to_string();
        assert_eq!(
            written,
            "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;\u{fffd}"
        );
    }
}
