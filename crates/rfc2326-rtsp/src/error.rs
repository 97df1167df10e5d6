//! Why something could not be read or written: what, where, and the rule that it breaks.

use core::error::Error;
use core::fmt;

/// Why a message, a frame or a header value could not be read.
///
/// One line says what, where and by which rule:
/// `invalid CSeq at byte 112: expected 1*DIGIT (RFC 2326 §12.17)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ParseError {
    kind: ErrorKind,
    offset: usize,
    expected: &'static str,
    rule: &'static Rule,
}

/// What went wrong, in kinds that a program tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The start line is neither a Request-Line nor a Status-Line.
    StartLine,
    /// The input ends inside the header section.
    Incomplete,
    /// More bytes or more header fields than the limits allow.
    Limit,
    /// A field that must be there is not.
    Missing,
    /// The text does not follow its grammar.
    Syntax,
    /// A number is outside its range.
    Range,
    /// The text is not UTF-8.
    NotUtf8,
    /// Strict policy: a defect that the other policy only reports.
    Questionable,
}

/// A grammar rule: the field it is about and where it is written.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rule {
    pub(crate) field: &'static str,
    pub(crate) section: &'static str,
}

impl Rule {
    pub(crate) const fn new(field: &'static str, section: &'static str) -> Self {
        Self { field, section }
    }
}

impl ParseError {
    pub(crate) const fn new(
        kind: ErrorKind,
        offset: usize,
        expected: &'static str,
        rule: &'static Rule,
    ) -> Self {
        Self {
            kind,
            offset,
            expected,
            rule,
        }
    }

    /// The kind of the fault.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where: bytes from the start of what the caller gave.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The field that is at fault, in the RFC's spelling.
    pub const fn field(&self) -> &'static str {
        self.rule.field
    }

    /// What should have been there.
    pub const fn expected(&self) -> &'static str {
        self.expected
    }

    /// The rule that is broken, such as `RFC 2326 §12.17`.
    pub const fn rule(&self) -> &'static str {
        self.rule.section
    }

    /// The same fault in a larger input, in which this one began at `base`.
    pub(crate) const fn shifted(self, base: usize) -> Self {
        Self {
            offset: self.offset.saturating_add(base),
            ..self
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            offset,
            expected,
            rule,
        } = self;
        let Rule { field, section } = rule;
        match kind {
            ErrorKind::Missing => write!(f, "missing {field} ({section})"),
            ErrorKind::Limit => {
                write!(
                    f,
                    "{field} at byte {offset} exceeds the limit: expected {expected} ({section})"
                )
            }
            ErrorKind::Incomplete => {
                write!(
                    f,
                    "{field} ends at byte {offset}: expected {expected} ({section})"
                )
            }
            _ => write!(
                f,
                "invalid {field} at byte {offset}: expected {expected} ({section})"
            ),
        }
    }
}

impl Error for ParseError {}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StartLine => "no RTSP start line",
            Self::Incomplete => "incomplete",
            Self::Limit => "limit exceeded",
            Self::Missing => "missing",
            Self::Syntax => "syntax",
            Self::Range => "out of range",
            Self::NotUtf8 => "not UTF-8",
            Self::Questionable => "questionable",
        })
    }
}

/// Why a message or frame could not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WriteError {
    /// The buffer is too small; nothing was written.
    BufferTooSmall {
        /// Bytes that the frame takes.
        needed: usize,
        /// Bytes that the buffer has.
        available: usize,
    },
    /// A method or header name is no token.
    NotAToken,
    /// A Request-URI is empty or has white space or control characters.
    RequestUri,
    /// A reason phrase or header value has a line break or another control character.
    ControlCharacter,
    /// The data of an interleaved frame exceed 65535 bytes.
    FrameTooLong(usize),
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
            Self::NotAToken => f.write_str("a method or header name is no token"),
            Self::RequestUri => f.write_str("a Request-URI is empty or has white space"),
            Self::ControlCharacter => f.write_str("a control character in a line of text"),
            Self::FrameTooLong(length) => {
                write!(f, "a frame of {length} bytes exceeds 65535")
            }
        }
    }
}

impl Error for WriteError {}
