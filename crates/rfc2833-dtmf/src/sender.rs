//! The sending procedures: updates, three ends, segments, pauses (RFC 4733 §2.5.1; RFC 2833 §3.6).

use alloc::collections::VecDeque;
use core::error::Error;
use core::fmt;

use crate::{Event, EventSet, TelephoneEvent, WriteError};

/// How a [`Sender`] sends. Times are in timestamp units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SenderConfig {
    /// The events that the receiver supports, the DTMF events unless set (§2.5.1.1).
    pub events: EventSet,
    /// The time between updates, 50 ms unless set (§2.5.1.2); 0 counts as 1.
    pub packet_interval: u32,
    /// The least pause between two events, 50 ms unless set; never less than the repeated ends
    /// take.
    pub pause: u32,
    /// How often the last report of an event or segment is sent, 3 unless set (§2.5.1.4); 0 counts
    /// as 1.
    pub end_packets: u8,
    /// The longest segment, 0xFFFF unless set (§2.5.1.3); 0 counts as 1.
    pub max_segment: u16,
    /// How many digits may wait, 64 unless set.
    pub max_queue: usize,
}

impl SenderConfig {
    /// The defaults at a clock rate in Hz.
    pub fn new(clock_rate: u32) -> Self {
        let interval = (clock_rate / 20).max(1);
        Self {
            events: EventSet::DTMF,
            packet_interval: interval,
            pause: interval,
            end_packets: 3,
            max_segment: u16::MAX,
            max_queue: 64,
        }
    }

    /// The longest segment if reports are repeated up to the given redundant layer of RFC 2198
    /// (§2.5.1.3.1), so that no timestamp offset exceeds fourteen bits.
    #[must_use]
    pub fn with_redundant_layers(self, layers: u16) -> Self {
        let span = self
            .packet_interval
            .saturating_mul(u32::from(layers.saturating_sub(1)));
        let longest = 0x3fff_u32.saturating_sub(span).max(1);
        Self {
            max_segment: u16::try_from(longest).unwrap_or(0x3fff),
            ..self
        }
    }
}

/// The defaults at 8000 Hz.
impl Default for SenderConfig {
    fn default() -> Self {
        Self::new(8000)
    }
}

/// An event to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digit {
    /// Which event.
    pub event: Event,
    /// How long it lasts, in timestamp units, above 0.
    pub duration: u32,
    /// The power in dBm0 without its sign, 0 to 63; ignored for events without a volume.
    pub volume: u8,
}

/// A packet to be sent, with the next sequence number of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OutgoingPacket {
    /// The marker bit: the first packet of an event.
    pub marker: bool,
    /// The RTP timestamp: where the event or segment began.
    pub timestamp: u32,
    /// The payload: [`TelephoneEvent::to_bytes`].
    pub report: TelephoneEvent,
}

/// Why an event is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueueError {
    /// The receiver does not support the event.
    Unsupported(Event),
    /// [`SenderConfig::max_queue`] digits wait already.
    Full,
    /// An event is being sent or waits, so that no key can be pressed.
    Busy,
    /// A field of the report cannot hold the value.
    Invalid(WriteError),
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(event) => write!(f, "the receiver does not support event {event}"),
            Self::Full => f.write_str("the queue of digits is full"),
            Self::Busy => f.write_str("another event is being sent"),
            Self::Invalid(error) => error.fmt(f),
        }
    }
}

impl Error for QueueError {}

/// Sends telephone events, one at a time.
///
/// The only clock is the RTP timestamp of the stream: call [`Sender::poll_packet`] with the
/// current one, again until it gives `None`, at least at [`Sender::next_timestamp`]. Digits are
/// queued with [`Sender::queue`]; a key that is held takes [`Sender::press`] and
/// [`Sender::release`].
///
/// An event is first reported when one interval of it has passed, then every interval. Its last
/// report, with the E bit, is sent three times.
#[derive(Debug, Clone)]
pub struct Sender {
    config: SenderConfig,
    queue: VecDeque<Digit>,
    active: Option<Active>,
    /// When the next event may begin.
    free_at: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Active {
    event: Event,
    volume: u8,
    /// Where the current segment began.
    segment: u32,
    /// Where the event ends, from `segment` on; `None` while the key is held.
    end: Option<u32>,
    /// The last duration reported of this segment.
    reported: u16,
    next_due: u32,
    marker: bool,
    /// How often the last report is still to be sent; `None` before it was sent first.
    ends_left: Option<u8>,
    /// The full segment before this one, while its last report is repeated.
    full: Option<FullSegment>,
}

#[derive(Debug, Clone, Copy)]
struct FullSegment {
    timestamp: u32,
    left: u8,
    /// Whether it was repeated at the current due time.
    sent: bool,
}

impl Sender {
    /// A sender with nothing to send.
    pub fn new(config: SenderConfig) -> Self {
        let config = SenderConfig {
            packet_interval: config.packet_interval.max(1),
            end_packets: config.end_packets.max(1),
            max_segment: config.max_segment.max(1),
            ..config
        };
        Self {
            config,
            queue: VecDeque::new(),
            active: None,
            free_at: None,
        }
    }

    /// Whether nothing is being sent and nothing waits.
    pub fn is_idle(&self) -> bool {
        self.active.is_none() && self.queue.is_empty()
    }

    /// When [`Sender::poll_packet`] has something to do next; `None` when idle. It may be in the
    /// past: then at once.
    pub fn next_timestamp(&self, now: u32) -> Option<u32> {
        match &self.active {
            Some(active) => Some(active.next_due),
            None if self.queue.is_empty() => None,
            None => Some(
                self.free_at
                    .filter(|free| !reached(now, *free))
                    .unwrap_or(now),
            ),
        }
    }

    /// Sends a digit after those that wait.
    ///
    /// # Errors
    ///
    /// If the receiver does not support the event, the queue is full, the duration is 0 or the
    /// volume exceeds 63.
    pub fn queue(&mut self, digit: Digit) -> Result<(), QueueError> {
        self.check(digit.event, digit.volume)?;
        if digit.duration == 0 {
            return Err(QueueError::Invalid(WriteError::ZeroDuration));
        }
        if self.queue.len() >= self.config.max_queue {
            return Err(QueueError::Full);
        }
        self.queue.push_back(digit);
        Ok(())
    }

    /// Begins an event at `now` that lasts until [`Sender::release`].
    ///
    /// # Errors
    ///
    /// If the receiver does not support the event, another event is being sent or waits, or the
    /// volume exceeds 63.
    pub fn press(&mut self, now: u32, event: Event, volume: u8) -> Result<(), QueueError> {
        self.check(event, volume)?;
        if !self.is_idle() {
            return Err(QueueError::Busy);
        }
        self.begin(now, event, volume, None);
        Ok(())
    }

    /// Ends the pressed event at `now`; nothing if none is pressed.
    pub fn release(&mut self, now: u32) {
        let Some(active) = self.active.as_mut().filter(|active| active.end.is_none()) else {
            return;
        };
        let elapsed = now.wrapping_sub(active.segment);
        let reported = u32::from(active.reported);
        if elapsed <= reported || elapsed >= 1 << 31 {
            // What was reported last was the whole, so that only its repetitions are left. They
            // carry the E bit that the first lacked (§2.5.1.4).
            active.end = Some(reported.max(1));
            if reported > 0 {
                active.ends_left = Some((self.config.end_packets - 1).max(1));
            }
        } else {
            active.end = Some(elapsed);
        }
    }

    /// Drops the digits that wait; the one being sent is finished.
    pub fn clear(&mut self) {
        self.queue.clear();
    }

    /// The next packet that is due at the RTP timestamp `now`, if any.
    pub fn poll_packet(&mut self, now: u32) -> Option<OutgoingPacket> {
        if self.active.is_none() {
            if self.free_at.is_some_and(|free| !reached(now, free)) {
                return None;
            }
            let digit = self.queue.pop_front()?;
            self.begin(now, digit.event, digit.volume, Some(digit.duration));
        }
        let config = &self.config;
        let active = self
            .active
            .as_mut()
            .filter(|active| reached(now, active.next_due))?;
        if let Some(packet) = active.repeat_full(config) {
            return Some(packet);
        }
        let (packet, ended) = active.report(now, config);
        if ended {
            let end = active.segment.wrapping_add(active.end.unwrap_or_default());
            let free = end.wrapping_add(config.pause);
            self.free_at = Some(if reached(free, now) { free } else { now });
            self.active = None;
        }
        Some(packet)
    }

    fn check(&self, event: Event, volume: u8) -> Result<(), QueueError> {
        if !self.config.events.contains(event) {
            return Err(QueueError::Unsupported(event));
        }
        TelephoneEvent::new(event, false, volume, 1).map_err(QueueError::Invalid)?;
        Ok(())
    }

    fn begin(&mut self, now: u32, event: Event, volume: u8, end: Option<u32>) {
        self.active = Some(Active {
            event,
            volume,
            segment: now,
            end,
            reported: 0,
            next_due: now.wrapping_add(self.config.packet_interval),
            marker: true,
            ends_left: None,
            full: None,
        });
    }
}

impl Active {
    /// Repeats the last report of the full segment before this, once each interval.
    fn repeat_full(&mut self, config: &SenderConfig) -> Option<OutgoingPacket> {
        let full = self
            .full
            .as_mut()
            .filter(|full| full.left > 0 && !full.sent)?;
        full.sent = true;
        full.left -= 1;
        let timestamp = full.timestamp;
        Some(self.packet(timestamp, false, config.max_segment))
    }

    /// The report that is due, and whether it is the last packet of the event.
    fn report(&mut self, now: u32, config: &SenderConfig) -> (OutgoingPacket, bool) {
        if let Some(full) = &mut self.full {
            full.sent = false;
        }
        let longest = u32::from(config.max_segment);
        let elapsed = now.wrapping_sub(self.segment).max(1);
        let lasted = self.end.map_or(elapsed, |end| end.min(elapsed));
        let is_end = self.end.is_some_and(|end| end <= elapsed && end <= longest);
        let segment = self.segment;
        if lasted >= longest && !is_end {
            let packet = self.packet(segment, false, config.max_segment);
            // Called late, the next segment may be full as well: it is due at once.
            let is_next_full = lasted - longest >= longest;
            self.full = Some(FullSegment {
                timestamp: segment,
                left: config.end_packets - 1,
                sent: is_next_full,
            });
            self.segment = segment.wrapping_add(longest);
            self.end = self.end.map(|end| end - longest);
            self.reported = 0;
            if !is_next_full {
                self.advance(now, config);
            }
            return (packet, false);
        }
        // Not above `longest`, which is sixteen bits.
        self.reported = u16::try_from(lasted).unwrap_or(config.max_segment);
        let packet = self.packet(segment, is_end, self.reported);
        self.advance(now, config);
        if !is_end {
            return (packet, false);
        }
        let left = self.ends_left.unwrap_or(config.end_packets) - 1;
        self.ends_left = Some(left);
        (packet, left == 0)
    }

    fn packet(&mut self, timestamp: u32, end: bool, duration: u16) -> OutgoingPacket {
        let marker = core::mem::replace(&mut self.marker, false);
        let report = TelephoneEvent::new(self.event, end, self.volume, duration)
            .expect("event and volume were checked, the duration is above 0");
        OutgoingPacket {
            marker,
            timestamp,
            report,
        }
    }

    /// To the next due time after `now` on the grid of intervals.
    fn advance(&mut self, now: u32, config: &SenderConfig) {
        let interval = config.packet_interval;
        let late = now.wrapping_sub(self.next_due);
        self.next_due = now.wrapping_add(interval - late % interval);
    }
}

/// Whether `now` is at or after `due`, modulo 2³².
const fn reached(now: u32, due: u32) -> bool {
    now.wrapping_sub(due) < 1 << 31
}
