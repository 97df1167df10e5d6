//! What can be wrong with a received message, and with a message to be written.

use core::fmt;

/// The kind of a [`ParseError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input ends before the message does.
    Truncated,
    /// There are bytes after the end of the message.
    TrailingBytes,
    /// The first two bits are not zero: this is another protocol.
    NotStun,
    /// The message length is not a multiple of four.
    Unaligned,
    /// The message is longer than the limit of the [`Framer`](crate::Framer).
    TooLong,
    /// An attribute is longer than what is left of the message.
    AttributeOverrun,
    /// The value of an attribute has a length that its type does not allow.
    AttributeLength,
    /// The value of an attribute is not what its type allows.
    AttributeValue,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ErrorKind::Truncated => "truncated",
            ErrorKind::TrailingBytes => "trailing bytes after",
            ErrorKind::NotStun => "not STUN:",
            ErrorKind::Unaligned => "unaligned",
            ErrorKind::TooLong => "too long",
            ErrorKind::AttributeOverrun => "overrun of",
            ErrorKind::AttributeLength => "invalid length of",
            ErrorKind::AttributeValue => "invalid",
        })
    }
}

/// The rule of an RFC that the input breaks.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rule {
    pub(crate) field: &'static str,
    pub(crate) expected: &'static str,
    pub(crate) section: &'static str,
}

/// Why a message, or one attribute of it, could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ParseError {
    kind: ErrorKind,
    offset: usize,
    rule: &'static Rule,
}

impl ParseError {
    pub(crate) const fn new(kind: ErrorKind, offset: usize, rule: &'static Rule) -> Self {
        ParseError { kind, offset, rule }
    }

    /// What is wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where it is wrong, in bytes from the start of the message.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The name of the field or attribute that is wrong.
    pub fn field(&self) -> &'static str {
        self.rule.field
    }

    /// The rule that was broken, such as `RFC 5389 §15.6`.
    pub fn rule(&self) -> &'static str {
        self.rule.section
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rule {
            field,
            expected,
            section,
        } = self.rule;
        write!(
            f,
            "{} {field} at byte {}: expected {expected} ({section})",
            self.kind, self.offset
        )
    }
}

impl core::error::Error for ParseError {}

/// Why a message could not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WriteError {
    /// The whole message does not fit into the buffer.
    BufferTooSmall {
        /// Length of the whole message in bytes.
        needed: usize,
        /// Length of the buffer in bytes.
        available: usize,
    },
    /// The attributes together are longer than the 65,532 bytes that a message can hold.
    MessageTooLong,
    /// A value is longer than its attribute allows.
    ValueTooLong {
        /// The name of the attribute.
        attribute: &'static str,
        /// The longest that is allowed, in bytes.
        limit: usize,
    },
    /// A value is outside the range that its attribute allows.
    InvalidValue {
        /// The name of the attribute.
        attribute: &'static str,
    },
    /// The attribute follows one that must come after it: nothing but
    /// MESSAGE-INTEGRITY-SHA256 and FINGERPRINT may follow MESSAGE-INTEGRITY, and nothing at all
    /// may follow FINGERPRINT.
    Misplaced,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::BufferTooSmall { needed, available } => {
                write!(
                    f,
                    "buffer of {available} bytes is too small for a message of {needed}"
                )
            }
            WriteError::MessageTooLong => f.write_str("attributes exceed 65532 bytes"),
            WriteError::ValueTooLong { attribute, limit } => {
                write!(f, "{attribute} is longer than {limit} bytes")
            }
            WriteError::InvalidValue { attribute } => write!(f, "invalid value for {attribute}"),
            WriteError::Misplaced => {
                f.write_str("attribute after MESSAGE-INTEGRITY or FINGERPRINT")
            }
        }
    }
}

impl core::error::Error for WriteError {}

/// Why MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256 or FINGERPRINT does not confirm a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CheckError {
    /// The message has no such attribute.
    Missing,
    /// The value has a length that the attribute does not allow.
    Length,
    /// The attribute stands where it is not allowed: FINGERPRINT is the last one.
    Misplaced,
    /// The value is not that of these bytes with this key.
    Mismatch,
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CheckError::Missing => "attribute missing",
            CheckError::Length => "attribute of invalid length",
            CheckError::Misplaced => "attribute out of place",
            CheckError::Mismatch => "value does not match the message",
        })
    }
}

impl core::error::Error for CheckError {}
