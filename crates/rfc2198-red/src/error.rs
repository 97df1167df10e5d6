//! What can be wrong with a redundant payload, read or written (RFC 2198 §3).

use core::error::Error;
use core::fmt;

/// Why a payload is not a redundant audio payload.
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

    /// Where, in bytes from the start of the payload.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The rule that the payload breaks.
    pub const fn rule(&self) -> &'static str {
        "RFC 2198 §3"
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at byte {}: expected {} ({})",
            self.kind,
            self.offset,
            self.kind.expected(),
            self.rule()
        )
    }
}

impl Error for ParseError {}

/// The kinds of [`ParseError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The payload ends before the header with F = 0, the primary's.
    MissingPrimaryHeader,
    /// The payload ends within the four bytes of a redundant block's header.
    TruncatedBlockHeader,
    /// The lengths of the redundant blocks exceed the bytes that follow the headers.
    BlockLengthBeyondPayload,
}

impl ErrorKind {
    const fn expected(self) -> &'static str {
        match self {
            Self::MissingPrimaryHeader => "a one-byte header with F = 0",
            Self::TruncatedBlockHeader => "a four-byte header",
            Self::BlockLengthBeyondPayload => "a block within the payload",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MissingPrimaryHeader => "missing primary block header",
            Self::TruncatedBlockHeader => "truncated block header",
            Self::BlockLengthBeyondPayload => "invalid block length",
        })
    }
}

/// Why a redundant payload cannot be written.
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
    /// A payload type above 127 does not fit its seven bits.
    PayloadTypeTooLarge(u8),
    /// A timestamp offset above 16383 does not fit its fourteen bits.
    TimestampOffsetTooLarge(u16),
    /// A redundant block above 1023 bytes does not fit the ten bits of its length.
    BlockTooLong(usize),
    /// The redundant encoding of an interval has more bytes than the primary (RFC 2198 §3).
    RedundancyLargerThanPrimary {
        /// Bytes of the redundant encoding.
        redundant: usize,
        /// Bytes of the primary encoding of the same interval.
        primary: usize,
    },
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
            Self::PayloadTypeTooLarge(value) => write!(f, "payload type {value} exceeds 127"),
            Self::TimestampOffsetTooLarge(value) => {
                write!(f, "timestamp offset {value} exceeds 16383")
            }
            Self::BlockTooLong(length) => {
                write!(f, "redundant block of {length} bytes exceeds 1023")
            }
            Self::RedundancyLargerThanPrimary { redundant, primary } => write!(
                f,
                "redundant encoding of {redundant} bytes is larger than the primary of {primary} bytes"
            ),
        }
    }
}

impl Error for WriteError {}
