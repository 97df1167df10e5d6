//! Why a text is not an address: what, where, and which rule it breaks.

use core::fmt;

/// The reason for which a URI or name-addr was refused.
///
/// Small and `Copy`. [`Display`](fmt::Display) is one line, like
/// `invalid port at byte 11: expected 0 to 65535 (RFC 3261 §19.1.1)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    kind: ErrorKind,
    offset: u32,
    rule: &'static Rule,
}

impl ParseError {
    pub(crate) fn new(kind: ErrorKind, offset: usize, rule: &'static Rule) -> Self {
        Self {
            kind,
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
            rule,
        }
    }

    /// What was wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where: a byte offset into the text that was given to the parser.
    pub fn offset(&self) -> usize {
        self.offset as usize
    }

    /// The RFC and section that demand otherwise.
    pub fn rule(&self) -> &'static str {
        self.rule.section
    }

    /// The same error seen from a text in which this one starts at byte `base`.
    pub(crate) fn shifted(self, base: usize) -> Self {
        Self::new(self.kind, self.offset().saturating_add(base), self.rule)
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
            "invalid {field} at byte {}: expected {expected} ({section})",
            self.offset
        )
    }
}

impl core::error::Error for ParseError {}

/// What kind of thing was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Longer than [`MAX_LENGTH`](crate::MAX_LENGTH).
    TooLong,
    /// No scheme, or one that does not fit the type that was asked for.
    Scheme,
    /// No host, or one that cannot be a host.
    Host,
    /// A port that is no number or above 65535.
    Port,
    /// A character that has no place here, not even leniently.
    Character,
    /// A percent sign without two hexadecimal digits after it.
    Escape,
    /// Not a telephone number.
    Number,
    /// A parameter without a name, or with an impossible value.
    Parameter,
    /// A display name that does not end, or that nothing follows.
    DisplayName,
    /// `<` without `>`, or text after the address.
    Bracket,
    /// `*`, which is no address (it stands for all of them in `Contact`).
    Wildcard,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "too long",
            Self::Scheme => "scheme",
            Self::Host => "host",
            Self::Port => "port",
            Self::Character => "character",
            Self::Escape => "escape",
            Self::Number => "telephone number",
            Self::Parameter => "parameter",
            Self::DisplayName => "display name",
            Self::Bracket => "angle bracket",
            Self::Wildcard => "wildcard",
        })
    }
}

/// A grammar rule, as an error cites it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) field: &'static str,
    pub(crate) expected: &'static str,
    pub(crate) section: &'static str,
}
