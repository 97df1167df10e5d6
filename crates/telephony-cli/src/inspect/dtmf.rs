//! Telephone events (RFC 4733, once RFC 2833) of one stream.

use super::model::DtmfEvent;
use super::seen::Clock;
use super::stream::round;
use super::time::Timestamp;
use rfc2833_dtmf::{Event, EventPayload, TelephoneEvent};

const MOST_EVENTS: usize = 10_000;
/// How many of the last events an update or a late packet may belong to.
const RECENT: usize = 8;

/// One event, however many packets told of it.
struct Heard {
    event: Event,
    timestamp: u32,
    /// The longest told, in timestamp units; segments of a long event (§2.5.1.3) add up.
    duration: u32,
    volume: u8,
    ended: bool,
    first: Timestamp,
}

#[derive(Default)]
pub(crate) struct Digits {
    events: Vec<Heard>,
}

impl Digits {
    /// Whether a payload of unknown type looks like a telephone event: four bytes, a digit or
    /// flash, the reserved bit clear.
    pub(crate) fn is_likely(payload: &[u8]) -> bool {
        matches!(payload, [0..=16, second, _, _] if second & 0x40 == 0)
    }

    pub(crate) fn take(&mut self, time: Timestamp, timestamp: u32, payload: &[u8]) {
        let Ok(payload) = EventPayload::parse(payload) else {
            return;
        };
        // Events that follow within one packet lie one after the other (§2.5.1.5).
        let mut timestamp = timestamp;
        for event in payload.events().take(16) {
            self.event(time, timestamp, &event);
            timestamp = timestamp.wrapping_add(u32::from(event.duration()));
        }
    }

    fn event(&mut self, time: Timestamp, timestamp: u32, report: &TelephoneEvent) {
        let duration = u32::from(report.duration());
        let recent = self.events.iter_mut().rev().take(RECENT);
        for heard in recent.filter(|heard| heard.event == report.event()) {
            let offset = timestamp.wrapping_sub(heard.timestamp);
            let continues = offset != 0 && !heard.ended && offset == heard.duration;
            if offset == 0 || continues || (offset < heard.duration && offset % 0xffff == 0) {
                heard.duration = heard.duration.max(offset.saturating_add(duration));
                heard.ended |= report.end();
                return;
            }
        }
        if self.events.len() < MOST_EVENTS {
            self.events.push(Heard {
                event: report.event(),
                timestamp,
                duration,
                volume: report.volume().unwrap_or(0),
                ended: report.end(),
                first: time,
            });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The digits alone, in order.
    pub(crate) fn text(&self) -> String {
        self.events
            .iter()
            .filter_map(|heard| heard.event.digit())
            .collect()
    }

    pub(crate) fn report(&self, rate: u32, clock: Clock) -> Vec<DtmfEvent> {
        let ms = |units: u32| round(f64::from(units) * 1000.0 / f64::from(rate.max(1)));
        self.events
            .iter()
            .map(|heard| DtmfEvent {
                digit: name(heard.event),
                event: heard.event.code(),
                duration_ms: ms(heard.duration),
                volume_dbm0: -i16::from(heard.volume),
                ended: heard.ended,
                time: clock.seconds(heard.first),
            })
            .collect()
    }
}

fn name(event: Event) -> String {
    match (event.digit(), event.name()) {
        (Some(digit), _) => digit.to_string(),
        (None, Some(name)) => name.to_owned(),
        (None, None) => format!("event {}", event.code()),
    }
}
