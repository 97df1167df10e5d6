//! What can be wrong with a payload or an event list (RFC 4733 §2.3, §2.4, §4.3.3).

use core::error::Error;
use core::fmt;

/// Why bytes are not a payload, or a text not an event list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ParseError {
    kind: ErrorKind,
    offset: usize,
}

impl ParseError {
    pub(crate) const fn new(kind: ErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }

    /// What is wrong.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where, in bytes from the start of the input.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The rule that the input breaks.
    pub const fn rule(&self) -> &'static str {
        match self.kind {
            ErrorKind::TruncatedEvent => "RFC 4733 §2.3",
            ErrorKind::EventList | ErrorKind::EventCode | ErrorKind::EventRange => "RFC 4733 §2.4",
            ErrorKind::TruncatedTone | ErrorKind::TruncatedFrequency | ErrorKind::ToneDuration => {
                "RFC 4733 §4.3.3"
            }
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = match self.kind {
            ErrorKind::TruncatedEvent => "one or more events of 4 bytes",
            ErrorKind::TruncatedTone => "4 bytes or more",
            ErrorKind::TruncatedFrequency => "frequencies of 2 bytes",
            ErrorKind::ToneDuration => "a duration above 0",
            ErrorKind::EventList => "1*DIGIT [\"-\" 1*DIGIT] *(\",\" …)",
            ErrorKind::EventCode => "0 to 255",
            ErrorKind::EventRange => "a second number above the first",
        };
        write!(
            f,
            "{} at byte {}: expected {expected} ({})",
            self.kind,
            self.offset,
            self.rule()
        )
    }
}

impl Error for ParseError {}

/// The kinds of [`ParseError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An event payload is empty or not a multiple of four bytes.
    TruncatedEvent,
    /// A tone payload has fewer than four bytes.
    TruncatedTone,
    /// A tone payload ends within a frequency.
    TruncatedFrequency,
    /// A tone lasts 0 timestamp units, which is not permitted.
    ToneDuration,
    /// A list of events does not follow the grammar.
    EventList,
    /// A number in a list of events exceeds 255.
    EventCode,
    /// A range in a list of events does not ascend.
    EventRange,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TruncatedEvent => "truncated telephone event",
            Self::TruncatedTone => "truncated tone",
            Self::TruncatedFrequency => "truncated frequency",
            Self::ToneDuration => "invalid tone duration",
            Self::EventList => "invalid event list",
            Self::EventCode => "invalid event code",
            Self::EventRange => "invalid event range",
        })
    }
}

/// Why a payload cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WriteError {
    /// The buffer is too small; nothing was written.
    BufferTooSmall {
        /// Bytes that the payload takes.
        needed: usize,
        /// Bytes that the buffer has.
        available: usize,
    },
    /// A value does not fit its field.
    ValueTooLarge {
        /// The field's name.
        field: &'static str,
        /// The value.
        value: u16,
        /// The largest value that fits.
        max: u16,
    },
    /// The duration of a tone, or of an event that is no state, is 0.
    ZeroDuration,
    /// A payload has no event at all.
    NoEvents,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BufferTooSmall { needed, available } => {
                write!(
                    f,
                    "buffer too small: {needed} bytes needed, {available} available"
                )
            }
            Self::ValueTooLarge { field, value, max } => {
                write!(f, "{field} {value} exceeds {max}")
            }
            Self::ZeroDuration => f.write_str("a duration of 0 is only for states"),
            Self::NoEvents => f.write_str("a payload has at least one event"),
        }
    }
}

impl Error for WriteError {}
