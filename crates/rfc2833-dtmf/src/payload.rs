//! The telephone-event payload: four bytes an event (RFC 4733 §2.3, §2.5.1.5; RFC 2833 §3.5).

use core::iter::FusedIterator;

use crate::{ErrorKind, Event, ParseError, WriteError};

const END_BIT: u8 = 0x80;
const VOLUME_MASK: u8 = 0x3f;

/// The report of one event, four bytes on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TelephoneEvent {
    event: Event,
    end: bool,
    volume: u8,
    duration: u16,
}

impl TelephoneEvent {
    /// Bytes of a report.
    pub const LEN: usize = 4;

    /// A report of an event that has lasted `duration` timestamp units.
    ///
    /// The volume is the power without its sign, 0 to 63: 10 is −10 dBm0. It becomes 0 for
    /// events that have none.
    ///
    /// # Errors
    ///
    /// If the volume exceeds 63, or the duration is 0 and the event is no state.
    pub const fn new(
        event: Event,
        end: bool,
        volume: u8,
        duration: u16,
    ) -> Result<Self, WriteError> {
        if volume > VOLUME_MASK {
            return Err(WriteError::ValueTooLarge {
                field: "volume",
                value: volume as u16,
                max: VOLUME_MASK as u16,
            });
        }
        if duration == 0 && !event.is_state() {
            return Err(WriteError::ZeroDuration);
        }
        let volume = if event.has_volume() { volume } else { 0 };
        Ok(Self {
            event,
            end,
            volume,
            duration,
        })
    }

    /// Reads a report. Every four bytes are one; the reserved bit is ignored, and so is the volume
    /// of events that have none.
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        let [event, flags, high, low] = bytes;
        let event = Event::new(event);
        Self {
            event,
            end: flags & END_BIT != 0,
            volume: if event.has_volume() {
                flags & VOLUME_MASK
            } else {
                0
            },
            duration: u16::from_be_bytes([high, low]),
        }
    }

    /// The report as it is sent, the reserved bit 0.
    pub const fn to_bytes(self) -> [u8; Self::LEN] {
        let [high, low] = self.duration.to_be_bytes();
        let end = if self.end { END_BIT } else { 0 };
        [self.event.code(), end | self.volume, high, low]
    }

    /// Which event it is.
    pub const fn event(&self) -> Event {
        self.event
    }

    /// Whether the event has ended, the E bit.
    pub const fn end(&self) -> bool {
        self.end
    }

    /// The power of the tone in dBm0 without its sign, 0 to 63; `None` for events without a
    /// volume, whose field is ignored.
    pub const fn volume(&self) -> Option<u8> {
        if self.event.has_volume() {
            Some(self.volume)
        } else {
            None
        }
    }

    /// How long the event or its segment has lasted, in timestamp units; 0 is a state that lasts
    /// until updated.
    pub const fn duration(&self) -> u16 {
        self.duration
    }
}

/// A telephone-event payload over any buffer, validated once.
///
/// It has at least one report; several are contiguous in time (RFC 4733 §2.5.1.5).
///
/// ```
/// use rfc2833_dtmf::{Event, EventPayload};
///
/// let payload = EventPayload::parse([0x0b, 0x8a, 0x06, 0x40])?;
/// let report = payload.first();
/// assert_eq!((report.event(), report.end()), (Event::POUND, true));
/// assert_eq!((report.volume(), report.duration()), (Some(10), 1600));
/// # Ok::<(), rfc2833_dtmf::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventPayload<B> {
    buffer: B,
    first: TelephoneEvent,
}

impl<B: AsRef<[u8]>> EventPayload<B> {
    /// Reads the payload of an RTP packet, without its header and padding.
    ///
    /// # Errors
    ///
    /// If the payload is empty or not a multiple of four bytes.
    pub fn parse(buffer: B) -> Result<Self, ParseError> {
        let bytes = buffer.as_ref();
        let whole = bytes.len() - bytes.len() % TelephoneEvent::LEN;
        match bytes.first_chunk() {
            Some(first) if whole == bytes.len() => {
                let first = TelephoneEvent::from_bytes(*first);
                Ok(Self { buffer, first })
            }
            _ => Err(ParseError::new(ErrorKind::TruncatedEvent, whole)),
        }
    }

    /// The first report, of most payloads the only one.
    pub const fn first(&self) -> TelephoneEvent {
        self.first
    }

    /// The reports in order.
    pub fn events(&self) -> TelephoneEvents<'_> {
        TelephoneEvents {
            bytes: self.buffer.as_ref(),
        }
    }

    /// The payload as it was received.
    pub fn as_bytes(&self) -> &[u8] {
        self.buffer.as_ref()
    }
}

/// The reports of an [`EventPayload`].
#[derive(Debug, Clone)]
pub struct TelephoneEvents<'a> {
    bytes: &'a [u8],
}

impl Iterator for TelephoneEvents<'_> {
    type Item = TelephoneEvent;

    fn next(&mut self) -> Option<TelephoneEvent> {
        let (event, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(TelephoneEvent::from_bytes(*event))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.bytes.len() / TelephoneEvent::LEN;
        (left, Some(left))
    }
}

impl ExactSizeIterator for TelephoneEvents<'_> {}
impl FusedIterator for TelephoneEvents<'_> {}

/// Writes reports of contiguous events to the start of `buffer` and returns the payload's length.
///
/// For a single report, [`TelephoneEvent::to_bytes`] is the whole payload.
///
/// # Errors
///
/// If there are no events or the buffer is too small; nothing is written then.
pub fn write_events(events: &[TelephoneEvent], buffer: &mut [u8]) -> Result<usize, WriteError> {
    if events.is_empty() {
        return Err(WriteError::NoEvents);
    }
    let needed = events.len() * TelephoneEvent::LEN;
    let available = buffer.len();
    let Some(buffer) = buffer.get_mut(..needed) else {
        return Err(WriteError::BufferTooSmall { needed, available });
    };
    for (event, bytes) in events
        .iter()
        .zip(buffer.chunks_exact_mut(TelephoneEvent::LEN))
    {
        bytes.copy_from_slice(&event.to_bytes());
    }
    Ok(needed)
}
