//! The receiving procedures: events out of reports (RFC 4733 §2.5.2; RFC 2833 §3.5, §3.6).

use alloc::collections::VecDeque;
use core::time::Duration;

use crate::{Event, EventPayload, ParseError, TelephoneEvent};

/// How many ended events are remembered to know their late reports.
const REMEMBERED: usize = 8;

/// How many outputs wait to be polled; beyond, the oldest is dropped.
const MAX_OUTPUTS: usize = 1024;

/// The distance in sequence numbers within which an end with a new timestamp is a repetition.
const REPEAT_DISTANCE: u16 = 3;

/// How long after an event its repeated ends are sent: two intervals of 50 ms.
const REPEAT_GUARD_MS: u32 = 100;

/// How a [`Receiver`] receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ReceiverConfig {
    /// The clock rate of the stream in Hz, 8000 unless set.
    pub clock_rate: u32,
    /// How long after its last report an event without an end is over, 150 ms unless set: three
    /// packet intervals (§2.5.2.2).
    pub timeout: Duration,
}

impl Default for ReceiverConfig {
    fn default() -> Self {
        Self {
            clock_rate: 8000,
            timeout: Duration::from_millis(150),
        }
    }
}

/// What the receiver needs to know of the RTP packet around a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventPacket {
    /// The sequence number.
    pub sequence_number: u16,
    /// The RTP timestamp.
    pub timestamp: u32,
    /// The marker bit.
    pub marker: bool,
    /// When the packet arrived, since any fixed instant.
    pub arrival: Duration,
}

/// Why an event is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndCause {
    /// A report had the E bit.
    EndBit,
    /// Another event began; all ends were lost.
    Superseded,
    /// No report came for [`ReceiverConfig::timeout`]; all ends were lost.
    TimedOut,
    /// [`Receiver::flush`] was called.
    Flushed,
}

/// An event that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ReceivedEvent {
    /// Which event.
    pub event: Event,
    /// The power in dBm0 without its sign, of the first report received; `None` for events without
    /// a volume.
    pub volume: Option<u8>,
    /// The RTP timestamp at which the event began.
    pub timestamp: u32,
    /// How long it lasted, all segments together, in timestamp units, as far as was reported.
    pub duration: u32,
    /// Why it is over.
    pub cause: EndCause,
    /// When its first report arrived.
    pub first_arrival: Duration,
    /// When its last report arrived, repetitions of the end aside.
    pub last_arrival: Duration,
}

/// What a [`Receiver`] tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReceiverOutput {
    /// An event began.
    Started {
        /// Which event.
        event: Event,
        /// The power in dBm0 without its sign; `None` for events without a volume.
        volume: Option<u8>,
        /// The RTP timestamp at which the event began.
        timestamp: u32,
        /// When its first report arrived.
        arrival: Duration,
    },
    /// The event that began last is over.
    Ended(ReceivedEvent),
}

/// What a [`Receiver`] has seen; the counters wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Statistics {
    /// Reports received.
    pub reports: u64,
    /// Packets refused as malformed.
    pub malformed: u64,
    /// Reports of events that were over already.
    pub repeated: u64,
    /// Repeated ends that had a new timestamp.
    pub renewed: u64,
    /// Reports of unknown events before one that is known already.
    pub late: u64,
    /// Reports with duration 0 of events that are no states.
    pub zero_duration: u64,
    /// Outputs dropped because nobody polled them.
    pub unpolled: u64,
}

/// Makes events out of the reports of one source.
///
/// Give it every packet with [`Receiver::handle_packet`] and poll the outputs. When events must
/// end although their ends are lost, call [`Receiver::handle_timeout`] at
/// [`Receiver::next_timeout`]. At the end of the stream, call [`Receiver::flush`].
///
/// An event counts once, whatever becomes of its packets: lost, reordered, duplicated, without
/// marker, without end, or with ends that have timestamps of their own.
#[derive(Debug, Clone)]
pub struct Receiver {
    config: ReceiverConfig,
    active: Option<Active>,
    /// Ended events, the newest last.
    ended: VecDeque<Ended>,
    outputs: VecDeque<ReceiverOutput>,
    statistics: Statistics,
}

#[derive(Debug, Clone, Copy)]
struct Active {
    event: Event,
    volume: Option<u8>,
    timestamp: u32,
    /// Where the current segment began.
    segment: u32,
    /// The duration of the current segment.
    duration: u16,
    /// The newest sequence number.
    sequence_number: u16,
    first_arrival: Duration,
    last_arrival: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Ended {
    event: Event,
    /// The timestamps that its reports had, from the first segment to the last end.
    first: u32,
    last: u32,
    /// Where its last segment began, and how long that was.
    segment: u32,
    duration: u16,
    sequence_number: u16,
}

impl Receiver {
    /// A receiver before its first packet.
    pub fn new(config: ReceiverConfig) -> Self {
        Self {
            config,
            active: None,
            ended: VecDeque::new(),
            outputs: VecDeque::new(),
            statistics: Statistics::default(),
        }
    }

    /// What has been seen so far.
    pub const fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Takes the telephone-event payload of a packet.
    ///
    /// Redundant blocks of RFC 2198 are packets of their own here, with the sequence number of the
    /// packet that carried them and the timestamp of the block, the oldest first.
    ///
    /// # Errors
    ///
    /// If the payload is malformed; nothing has changed then.
    pub fn handle_packet(&mut self, packet: EventPacket, payload: &[u8]) -> Result<(), ParseError> {
        let payload =
            EventPayload::parse(payload).inspect_err(|_| self.statistics.malformed += 1)?;
        let mut packet = packet;
        for report in payload.events() {
            self.handle_report(packet, report);
            // Events in one packet are contiguous (§2.5.2.4).
            packet.timestamp = packet.timestamp.wrapping_add(u32::from(report.duration()));
        }
        Ok(())
    }

    /// When the event that goes on is over unless another report comes.
    pub fn next_timeout(&self) -> Option<Duration> {
        let active = self
            .active
            .as_ref()
            .filter(|active| !active.lasts_until_updated())?;
        active.last_arrival.checked_add(self.config.timeout)
    }

    /// Ends the event that goes on if its time is over at `now`.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.next_timeout().is_some_and(|timeout| timeout <= now) {
            self.end(EndCause::TimedOut);
        }
    }

    /// Ends the event that goes on.
    pub fn flush(&mut self) {
        self.end(EndCause::Flushed);
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<ReceiverOutput> {
        self.outputs.pop_front()
    }

    fn handle_report(&mut self, packet: EventPacket, report: TelephoneEvent) {
        self.statistics.reports += 1;
        let guard = self.config.clock_rate / 1000 * REPEAT_GUARD_MS;
        if self
            .ended
            .iter_mut()
            .any(|ended| ended.is_repeated_by(&packet, report))
        {
            self.statistics.repeated += 1;
            return;
        }
        if let Some(active) = &mut self.active {
            match active.relation(&packet, report, guard) {
                Relation::Update => active.update(&packet, report),
                Relation::Continuation => {
                    active.segment = packet.timestamp;
                    active.duration = 0;
                    active.update(&packet, report);
                }
                Relation::RenewedEnd => {
                    self.statistics.renewed += 1;
                    active.update(&packet, report);
                }
                Relation::EarlierSegment => {
                    self.statistics.repeated += 1;
                    return;
                }
                Relation::None => return self.handle_new(packet, report),
            }
            if report.end() {
                self.end(EndCause::EndBit);
                if let Some(ended) = self.ended.back_mut() {
                    ended.last = packet.timestamp;
                }
            }
            return;
        }
        if let Some(ended) = self.ended.back_mut() {
            if ended.is_renewed_by(&packet, report, guard) {
                ended.last = packet.timestamp;
                ended.sequence_number = packet.sequence_number;
                self.statistics.renewed += 1;
                return;
            }
        }
        self.handle_new(packet, report);
    }

    /// A report of an event that is not known yet.
    fn handle_new(&mut self, packet: EventPacket, report: TelephoneEvent) {
        if report.duration() == 0 && !report.event().is_state() {
            self.statistics.zero_duration += 1;
            return;
        }
        let newest = self.active.as_ref().map(|active| active.segment);
        let newest = newest.or(self.ended.back().map(|ended| ended.first));
        // Far behind is no straggler but a stream that began anew.
        let recent = self.config.clock_rate.saturating_mul(10);
        if newest.is_some_and(|newest| (1..recent).contains(&newest.wrapping_sub(packet.timestamp)))
        {
            self.statistics.late += 1;
            return;
        }
        self.end(EndCause::Superseded);
        self.active = Some(Active {
            event: report.event(),
            volume: report.volume(),
            timestamp: packet.timestamp,
            segment: packet.timestamp,
            duration: report.duration(),
            sequence_number: packet.sequence_number,
            first_arrival: packet.arrival,
            last_arrival: packet.arrival,
        });
        self.output(ReceiverOutput::Started {
            event: report.event(),
            volume: report.volume(),
            timestamp: packet.timestamp,
            arrival: packet.arrival,
        });
        if report.end() {
            self.end(EndCause::EndBit);
        }
    }

    fn end(&mut self, cause: EndCause) {
        let Some(active) = self.active.take() else {
            return;
        };
        if self.ended.len() >= REMEMBERED {
            self.ended.pop_front();
        }
        self.ended.push_back(Ended {
            event: active.event,
            first: active.timestamp,
            last: active.segment,
            segment: active.segment,
            duration: active.duration,
            sequence_number: active.sequence_number,
        });
        let earlier_segments = active.segment.wrapping_sub(active.timestamp);
        self.output(ReceiverOutput::Ended(ReceivedEvent {
            event: active.event,
            volume: active.volume,
            timestamp: active.timestamp,
            duration: earlier_segments.saturating_add(u32::from(active.duration)),
            cause,
            first_arrival: active.first_arrival,
            last_arrival: active.last_arrival,
        }));
    }

    fn output(&mut self, output: ReceiverOutput) {
        if self.outputs.len() >= MAX_OUTPUTS {
            self.outputs.pop_front();
            self.statistics.unpolled += 1;
        }
        self.outputs.push_back(output);
    }
}

/// What a report is to the event that goes on.
enum Relation {
    /// Another report of its segment.
    Update,
    /// The first report of its next segment (§2.5.2.3).
    Continuation,
    /// Its end, with a timestamp that should not have changed.
    RenewedEnd,
    /// A late report of a segment before.
    EarlierSegment,
    /// Another event.
    None,
}

impl Active {
    fn relation(&self, packet: &EventPacket, report: TelephoneEvent, guard: u32) -> Relation {
        let ahead = packet.timestamp.wrapping_sub(self.segment);
        if report.event() != self.event {
            return Relation::None;
        }
        if ahead == 0 {
            return Relation::Update;
        }
        let into_event = packet.timestamp.wrapping_sub(self.timestamp);
        if into_event < self.segment.wrapping_sub(self.timestamp) {
            return Relation::EarlierSegment;
        }
        if packet.marker || ahead >= 1 << 31 {
            return Relation::None;
        }
        let known = Repeatable {
            segment: self.segment,
            duration: self.duration,
            sequence_number: self.sequence_number,
        };
        if self.duration != u16::MAX && known.is_renewed_by(packet, report, guard) {
            return Relation::RenewedEnd;
        }
        // The reports of the full duration may have been lost, of more than one segment even.
        let contiguous = ahead == u32::from(self.duration) || ahead % u32::from(u16::MAX) == 0;
        if contiguous {
            Relation::Continuation
        } else {
            Relation::None
        }
    }

    fn update(&mut self, packet: &EventPacket, report: TelephoneEvent) {
        // Reports may be reordered: the longest is the newest.
        self.duration = self.duration.max(report.duration());
        if packet.sequence_number.wrapping_sub(self.sequence_number) < 1 << 15 {
            self.sequence_number = packet.sequence_number;
        }
        self.last_arrival = packet.arrival;
    }

    /// A state of duration 0 does not end by itself (§2.3.5).
    const fn lasts_until_updated(&self) -> bool {
        self.duration == 0
    }
}

impl Ended {
    /// Whether a report is one more of this event.
    fn is_repeated_by(&mut self, packet: &EventPacket, report: TelephoneEvent) -> bool {
        let into_event = packet.timestamp.wrapping_sub(self.first);
        let repeated = report.event() == self.event
            && into_event <= self.last.wrapping_sub(self.first)
            && (into_event == 0 || !packet.marker);
        if repeated {
            self.sequence_number = packet.sequence_number;
        }
        repeated
    }

    fn is_renewed_by(&self, packet: &EventPacket, report: TelephoneEvent, guard: u32) -> bool {
        let known = Repeatable {
            segment: self.segment,
            duration: self.duration,
            sequence_number: self.sequence_number,
        };
        report.event() == self.event && known.is_renewed_by(packet, report, guard)
    }
}

/// The last report of an event, to know repetitions that some devices give a new timestamp.
struct Repeatable {
    segment: u32,
    duration: u16,
    sequence_number: u16,
}

impl Repeatable {
    /// Whether `report` is an end that follows closely and reports no less than was known: a new
    /// event of the same kind would have a marker, or lost packets between, or begin later.
    fn is_renewed_by(&self, packet: &EventPacket, report: TelephoneEvent, guard: u32) -> bool {
        let ahead = packet.timestamp.wrapping_sub(self.segment);
        let distance = packet.sequence_number.wrapping_sub(self.sequence_number);
        report.end()
            && !packet.marker
            && report.duration() >= self.duration
            && distance <= REPEAT_DISTANCE
            && ahead <= u32::from(report.duration()).saturating_add(guard)
    }
}
