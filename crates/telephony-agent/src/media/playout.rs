//! What is played when: one source at a time through a jitter buffer (RFC 3550 §5.1).

use core::time::Duration;
use std::collections::VecDeque;
use std::time::Instant;

use rfc3550_rtp::{
    Insertion, JitterBuffer, JitterBufferConfig, Playout as Due, SequenceNumber, Timestamp,
};

use super::clock::units;
use super::output::{Frame, MediaEvent};

/// How many packets without media are remembered, such as those of digits: they are not missing.
const REMEMBERED: usize = 256;
/// A timestamp this far from where the time of arrival would have it begins a new count.
const MAX_GAP: Duration = Duration::from_secs(10);

/// The frames of the source that is heard now.
#[derive(Debug)]
pub(super) struct Playout {
    config: JitterBufferConfig,
    begun: Option<Instant>,
    source: Option<Source>,
    late: u64,
    missing: u64,
}

#[derive(Debug)]
struct Source {
    ssrc: u32,
    clock_rate: u32,
    buffer: JitterBuffer<Payload>,
    /// Numbers of packets that carry no media.
    without_media: VecDeque<SequenceNumber>,
    /// The timestamp last played, and where that was.
    played: Option<(Timestamp, u64)>,
}

/// What is held of a packet.
#[derive(Debug)]
struct Payload {
    payload_type: u8,
    bytes: Vec<u8>,
}

/// A packet with media that has come.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) ssrc: u32,
    pub(super) clock_rate: u32,
    pub(super) number: SequenceNumber,
    pub(super) timestamp: Timestamp,
    pub(super) marker: bool,
    pub(super) payload_type: u8,
    pub(super) payload: Vec<u8>,
}

impl Playout {
    pub(super) fn new(config: JitterBufferConfig) -> Self {
        Self {
            config,
            begun: None,
            source: None,
            late: 0,
            missing: 0,
        }
    }

    /// The source that is played.
    pub(super) fn ssrc(&self) -> Option<u32> {
        self.source.as_ref().map(|source| source.ssrc)
    }

    /// Packets that came too late to be played, and gaps that nothing filled.
    pub(super) const fn counts(&self) -> (u64, u64) {
        (self.late, self.missing)
    }

    /// The delay after the quickest packet.
    pub(super) fn delay(&self) -> Duration {
        let source = self.source.as_ref();
        source.map_or(Duration::ZERO, |source| source.buffer.delay())
    }

    /// Takes a packet with media. Another source, or another clock rate, ends what was played.
    pub(super) fn insert(&mut self, now: Instant, arrival: Arrival) {
        let Arrival {
            ssrc,
            clock_rate,
            number,
            timestamp,
            marker,
            payload_type,
            payload,
        } = arrival;
        let source = self.source(ssrc, clock_rate);
        let payload = Payload {
            payload_type,
            bytes: payload,
        };
        match source
            .buffer
            .insert(now, number, timestamp, marker, payload)
        {
            Insertion::Late => self.late += 1,
            Insertion::Restarted => source.played = None,
            Insertion::Held | Insertion::Duplicate => {}
        }
    }

    /// Takes note of a packet without media.
    pub(super) fn pass_over(&mut self, ssrc: u32, number: SequenceNumber) {
        let Some(source) = self.source.as_mut().filter(|source| source.ssrc == ssrc) else {
            return;
        };
        if source.without_media.len() >= REMEMBERED {
            source.without_media.pop_front();
        }
        source.without_media.push_back(number);
    }

    /// The next thing to be played, if it is time.
    pub(super) fn take(&mut self, now: Instant) -> Option<MediaEvent> {
        let source = self.source.as_mut()?;
        loop {
            let due = source.buffer.take(now)?;
            let begun = *self.begun.get_or_insert(now);
            match due {
                Due::Packet {
                    timestamp,
                    marker,
                    payload,
                    ..
                } => {
                    return Some(MediaEvent::Frame(Frame {
                        payload_type: payload.payload_type,
                        media_time: source.place(now, begun, timestamp),
                        marker,
                        payload: payload.bytes,
                    }));
                }
                Due::Missing { number, timestamp } => {
                    let place = source.without_media.iter().position(|n| *n == number);
                    if place
                        .map(|place| source.without_media.remove(place))
                        .is_none()
                    {
                        self.missing += 1;
                        let media_time = source.place(now, begun, timestamp);
                        return Some(MediaEvent::Missing { media_time });
                    }
                }
            }
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.source.as_ref()?.buffer.next_timeout()
    }

    fn source(&mut self, ssrc: u32, clock_rate: u32) -> &mut Source {
        let same = |source: &Source| source.ssrc == ssrc && source.clock_rate == clock_rate;
        if !self.source.as_ref().is_some_and(same) {
            self.source = None;
        }
        let mut config = self.config;
        config.clock_rate = clock_rate;
        self.source.get_or_insert_with(|| Source {
            ssrc,
            clock_rate,
            buffer: JitterBuffer::new(config),
            without_media: VecDeque::new(),
            played: None,
        })
    }
}

impl Source {
    /// Where a timestamp is played. Where there is none before it that it follows, the time since
    /// the first frame of all tells.
    fn place(&mut self, now: Instant, begun: Instant, timestamp: Timestamp) -> u64 {
        let elapsed = units(now.saturating_duration_since(begun), self.clock_rate);
        let place = match self.played {
            Some((before, place)) => {
                let step = i64::from(timestamp.distance_from(before));
                let followed = place.saturating_add_signed(step);
                let far = followed.abs_diff(elapsed) > units(MAX_GAP, self.clock_rate);
                if step < 0 || far {
                    elapsed.max(place)
                } else {
                    followed
                }
            }
            None => elapsed,
        };
        self.played = Some((timestamp, place));
        place
    }
}
