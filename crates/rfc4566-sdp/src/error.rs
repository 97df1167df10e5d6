//! What went wrong while reading or writing, where, and against which rule.

use core::fmt;

/// Why a description or one of its values could not be read.
///
/// Small and `Copy`; the place is a byte offset in what the caller handed in: the whole description for everything
/// reached through a [`SessionDescription`](crate::SessionDescription), the value alone for a value's own `parse`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ParseError {
    kind: ErrorKind,
    offset: u32,
    rule: &'static Rule,
}

/// What kind of mistake a [`ParseError`] or a [`Defect`](crate::Defect) is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input, or a line that has to be there, is absent.
    Missing,
    /// The text does not have the form that the rule wants.
    Syntax,
    /// A number is outside of what the field can hold.
    OutOfRange,
    /// The version is another one than 0.
    UnsupportedVersion,
    /// Larger than the parser's [`Limits`](crate::Limits).
    TooLarge,
    /// A line stands where the fixed order does not allow it.
    Order,
    /// More of something than the rule allows.
    Duplicate,
    /// A line type, or a value of a registry, that is not known.
    Unknown,
    /// Two lines contradict one another.
    Inconsistent,
    /// Something that newer documents have withdrawn.
    Obsolete,
    /// A line ends with something else than CR LF.
    LineEnd,
}

/// One rule of a document: which field, what it wants, and where that is written.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rule {
    pub(crate) field: &'static str,
    pub(crate) expected: &'static str,
    pub(crate) section: &'static str,
}

/// Why something could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WriteError {
    /// The buffer is shorter than the description.
    BufferTooSmall {
        /// Bytes that the description takes.
        needed: usize,
        /// Bytes that the buffer has.
        available: usize,
    },
    /// A value holds a NUL, a carriage return or a line feed, or a token holds what no token may, so it would read
    /// back as something else.
    ForbiddenByte {
        /// The offending byte.
        byte: u8,
        /// The type letter of the line that was to be written.
        line_type: u8,
    },
    /// A value that must not be empty is.
    Empty {
        /// The type letter of the line that was to be written.
        line_type: u8,
    },
    /// The section or line to be changed does not exist.
    NoSuchLine,
    /// The line or edit is not to be: it would exceed the [`Limits`](crate::Limits), spoil the version line, stand
    /// in the wrong section, or hold a key.
    Refused(ErrorKind),
}

impl ParseError {
    pub(crate) const fn new(kind: ErrorKind, offset: usize, rule: &'static Rule) -> Self {
        // Parsers refuse inputs beyond u32 before they get here.
        let offset = if offset > u32::MAX as usize {
            u32::MAX
        } else {
            offset as u32
        };
        Self { kind, offset, rule }
    }

    /// The same error, for a value that starts at `base` of a larger input.
    pub(crate) const fn shifted(self, base: usize) -> Self {
        Self::new(
            self.kind,
            (self.offset as usize).saturating_add(base),
            self.rule,
        )
    }

    /// What kind of mistake it is.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where it is, in bytes from the start of the input.
    pub const fn offset(&self) -> usize {
        self.offset as usize
    }

    /// The rule that is broken, such as `RFC 8866 §5.2`.
    pub const fn rule(&self) -> &'static str {
        self.rule.section
    }

    /// The field that could not be read, such as `origin`.
    pub const fn field(&self) -> &'static str {
        self.rule.field
    }

    pub(crate) const fn rule_ref(&self) -> &'static Rule {
        self.rule
    }
}

impl fmt::Debug for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParseError")
            .field("kind", &self.kind)
            .field("offset", &self.offset)
            .field("field", &self.rule.field)
            .field("rule", &self.rule.section)
            .finish()
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

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "missing",
            Self::Syntax => "invalid",
            Self::OutOfRange => "out of range",
            Self::UnsupportedVersion => "unsupported",
            Self::TooLarge => "too large",
            Self::Order => "misplaced",
            Self::Duplicate => "repeated",
            Self::Unknown => "unknown",
            Self::Inconsistent => "inconsistent",
            Self::Obsolete => "obsolete",
            Self::LineEnd => "unusual",
        })
    }
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
            Self::ForbiddenByte { byte, line_type } => {
                write!(
                    f,
                    "byte {byte:#04x} cannot be written in this place of a {}= line",
                    *line_type as char
                )
            }
            Self::Empty { line_type } => write!(f, "empty value in a {}= line", *line_type as char),
            Self::NoSuchLine => f.write_str("no such section or line"),
            Self::Refused(kind) => {
                write!(f, "refused, as the result would be {kind}")
            }
        }
    }
}

impl core::error::Error for WriteError {}
