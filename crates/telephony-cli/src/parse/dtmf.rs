//! A payload of telephone events (RFC 2833 §3.5, RFC 4733 §2.3).

use rfc2833_dtmf::{EventPayload, TelephoneEvent};

use super::field::{Field, Finding, Parsed};

pub(super) fn read(input: &[u8]) -> Result<Parsed, Finding> {
    let payload = EventPayload::parse(input)?;
    let events = payload.events();
    let count = events.len();
    let fields = events.zip(0..).map(|(event, index)| {
        let at = index * TelephoneEvent::LEN;
        let volume = event
            .volume()
            .map_or("not applicable".into(), |volume| format!("-{volume} dBm0"));
        Field::new(
            "telephone event",
            at..at + TelephoneEvent::LEN,
            event.event(),
        )
        .with(vec![
            Field::new("event", at..at + 1, event.event().code()),
            Field::new("end", at + 1..at + 2, event.end()),
            Field::new("volume", at + 1..at + 2, volume),
            Field::new(
                "duration",
                at + 2..at + 4,
                format_args!("{} ticks", event.duration()),
            ),
        ])
    });
    Ok(Parsed {
        summary: format!(
            "telephone-event payload of {} bytes, events: {count}",
            input.len()
        ),
        fields: fields.collect(),
        defects: Vec::new(),
    })
}
