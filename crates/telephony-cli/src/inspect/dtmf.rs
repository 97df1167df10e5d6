//! Telephone events (RFC 4733, once RFC 2833) of one stream.

use super::model::DtmfEvent;
use super::seen::Clock;
use super::stream::round;
use super::time::Timestamp;
use rfc2833_dtmf::{
    EndCause, Event, EventPacket, ReceivedEvent, Receiver, ReceiverConfig, ReceiverOutput,
};
use rfc3550_rtp::RtpPacket;
use std::time::Duration;

const MOST_EVENTS: usize = 10_000;

#[derive(Default)]
pub(crate) struct Digits {
    receiver: Option<Receiver>,
    /// When the first report came: what arrivals are counted from.
    start: Timestamp,
    events: Vec<ReceivedEvent>,
}

impl Digits {
    /// Whether a payload of unknown type looks like a telephone event: four bytes, a digit or
    /// flash, the reserved bit clear.
    pub(crate) fn is_likely(payload: &[u8]) -> bool {
        matches!(payload, [0..=16, second, _, _] if second & 0x40 == 0)
    }

    /// Takes a packet of a stream whose clock runs at `rate`.
    pub(crate) fn take(&mut self, time: Timestamp, rate: u32, packet: &RtpPacket<&[u8]>) {
        let receiver = self.receiver.get_or_insert_with(|| {
            self.start = time;
            let mut config = ReceiverConfig::default();
            config.clock_rate = rate;
            Receiver::new(config)
        });
        // Where the clock of the capture was set back, the event at hand began at its start.
        let since = u64::try_from(time.0.saturating_sub(self.start.0)).unwrap_or(0);
        let packet_of_event = EventPacket {
            sequence_number: packet.sequence_number().0,
            timestamp: packet.timestamp().0,
            marker: packet.marker(),
            arrival: Duration::from_nanos(since),
        };
        receiver.handle_timeout(packet_of_event.arrival);
        // What is malformed is no event; the receiver goes on as before.
        let _ = receiver.handle_packet(packet_of_event, packet.payload());
        self.collect();
    }

    /// No packet comes any more.
    pub(crate) fn finish(&mut self) {
        if let Some(receiver) = &mut self.receiver {
            receiver.flush();
        }
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(output) = self.receiver.as_mut().and_then(Receiver::poll_output) {
            match output {
                ReceiverOutput::Ended(event) if self.events.len() < MOST_EVENTS => {
                    self.events.push(event);
                }
                _ => {}
            }
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
        let start = clock.seconds(self.start);
        self.events
            .iter()
            .map(|heard| DtmfEvent {
                digit: name(heard.event),
                event: heard.event.code(),
                duration_ms: ms(heard.duration),
                volume_dbm0: heard.volume.map(|volume| -i16::from(volume)),
                ended: heard.cause == EndCause::EndBit,
                time: round(start + heard.first_arrival.as_secs_f64()),
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
