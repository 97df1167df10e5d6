//! What may be wrong with a packet read (`ParseError`) or to be written (`WriteError`).

use core::fmt;

/// Why a packet was refused: what kind of fault, at which byte, against which rule.
///
/// ```
/// use rfc3550_rtp::{ErrorKind, RtpPacket};
///
/// let error = RtpPacket::parse([0x40; 12]).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::UnsupportedVersion);
/// assert_eq!(error.to_string(), "unsupported version at byte 0: expected 2 (RFC 3550 §5.1)");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ParseError {
    kind: ErrorKind,
    offset: usize,
    rule: &'static Rule,
}

impl ParseError {
    #[cold]
    pub(crate) const fn new(kind: ErrorKind, offset: usize, rule: &'static Rule) -> Self {
        Self { kind, offset, rule }
    }

    /// The same error seen from a buffer in which the faulty part starts at `base`.
    pub(crate) const fn moved_by(self, base: usize) -> Self {
        Self {
            offset: self.offset.saturating_add(base),
            ..self
        }
    }

    /// The kind of fault.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where the faulty field begins, in bytes from the start of the input.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The field at fault, in the RFC's words.
    pub const fn field(&self) -> &'static str {
        self.rule.field
    }

    /// The RFC and section that the input breaks, such as `RFC 3550 §5.1`.
    pub const fn rule(&self) -> &'static str {
        self.rule.section
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} at byte {}: expected {} ({})",
            self.kind, self.rule.field, self.offset, self.rule.expected, self.rule.section
        )
    }
}

impl core::error::Error for ParseError {}

/// A kind of fault in a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input ends before the field does.
    Truncated,
    /// A version other than 2.
    UnsupportedVersion,
    /// A padding bit where none may be, or a padding count that cannot be.
    InvalidPadding,
    /// A packet type that may not stand here.
    UnexpectedPacketType,
    /// A length or count that disagrees with what follows it.
    InvalidLength,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "truncated",
            Self::UnsupportedVersion => "unsupported",
            Self::UnexpectedPacketType => "unexpected",
            Self::InvalidPadding | Self::InvalidLength => "invalid",
        })
    }
}

/// A rule of the wire format: the field, what it should have been, and where that is written.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rule {
    pub(crate) field: &'static str,
    pub(crate) expected: &'static str,
    pub(crate) section: &'static str,
}

/// Why a packet could not be written. Nothing useful is in the buffer after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WriteError {
    /// The buffer is shorter than the packet.
    BufferTooSmall {
        /// Octets that the packet needs.
        needed: usize,
        /// Octets that the buffer has.
        available: usize,
    },
    /// More entries than the field that counts them can say.
    TooMany {
        /// What there is too much of.
        field: &'static str,
        /// How many may be.
        limit: usize,
    },
    /// A value that its field cannot hold.
    OutOfRange {
        /// The field.
        field: &'static str,
    },
    /// Data that must be a multiple of four octets and is not.
    NotWholeWords {
        /// The field.
        field: &'static str,
    },
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BufferTooSmall { needed, available } => {
                write!(f, "buffer of {available} octets, {needed} needed")
            }
            Self::TooMany { field, limit } => write!(f, "too many {field}: at most {limit}"),
            Self::OutOfRange { field } => write!(f, "{field} out of range"),
            Self::NotWholeWords { field } => {
                write!(f, "{field} is not a multiple of four octets")
            }
        }
    }
}

impl core::error::Error for WriteError {}
