//! Why something could not be read or written: what, where, and the rule that it breaks.

use core::fmt;

/// Why a message or a header value could not be read.
///
/// One line says what, where and by which rule:
/// `invalid CSeq at byte 112: expected 1*DIGIT (RFC 3261 §20.16)`.
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
    /// A line of the header section is not a header field.
    HeaderLine,
    /// The input ends inside the header section.
    Incomplete,
    /// More bytes or more header fields than the limits allow.
    Limit,
    /// A field that must be there is not.
    Missing,
    /// A field that may occur once occurs again with another value.
    Repeated,
    /// The text does not follow its grammar.
    Syntax,
    /// A number is outside its range.
    Range,
    /// The text is not UTF-8.
    NotUtf8,
    /// Strict policy: a defect that the other policies only report.
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
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where: bytes from the start of what the caller gave.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The field that is at fault, in the RFC's spelling.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.rule.field
    }

    /// What should have been there.
    #[must_use]
    pub const fn expected(&self) -> &'static str {
        self.expected
    }

    /// The rule that is broken, such as `RFC 3261 §20.16`.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        self.rule.section
    }

    /// The same fault in a larger input, in which this one began at `base`.
    pub(crate) const fn shifted(mut self, base: usize) -> Self {
        self.offset = self.offset.saturating_add(base);
        self
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
            ErrorKind::Repeated => write!(f, "repeated {field} at byte {offset} ({section})"),
            ErrorKind::Limit => {
                write!(
                    f,
                    "{field} at byte {offset} exceeds the limit: {expected} ({section})"
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

impl core::error::Error for ParseError {}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StartLine => "no SIP start line",
            Self::HeaderLine => "not a header field",
            Self::Incomplete => "incomplete",
            Self::Limit => "limit exceeded",
            Self::Missing => "missing",
            Self::Repeated => "repeated",
            Self::Syntax => "syntax",
            Self::Range => "out of range",
            Self::NotUtf8 => "not UTF-8",
            Self::Questionable => "questionable",
        })
    }
}

/// Why a message could not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WriteError {
    /// The buffer is too small for the message.
    BufferTooSmall {
        /// Bytes that the message takes.
        needed: usize,
        /// Bytes that the buffer has.
        available: usize,
    },
    /// A value would break the message: it does not follow the grammar of its place, for
    /// instance because it holds a line break.
    Value(ParseError),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BufferTooSmall { needed, available } => {
                write!(
                    f,
                    "the message takes {needed} bytes, the buffer has {available}"
                )
            }
            Self::Value(error) => write!(f, "cannot write: {error}"),
        }
    }
}

impl core::error::Error for WriteError {}

impl From<ParseError> for WriteError {
    fn from(error: ParseError) -> Self {
        Self::Value(error)
    }
}
