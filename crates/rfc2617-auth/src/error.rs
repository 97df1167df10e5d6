//! What can be wrong with a header value and with what it says.

use core::fmt;

/// The kind of a [`ParseError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text does not follow the grammar.
    Syntax,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorKind::Syntax => f.write_str("malformed"),
        }
    }
}

/// The rule of an RFC that the input breaks.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rule {
    pub(crate) field: &'static str,
    pub(crate) expected: &'static str,
    pub(crate) section: &'static str,
}

/// Why a header value cannot be read. It never holds any of the text, which may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ParseError {
    pub(crate) offset: usize,
    pub(crate) rule: &'static Rule,
}

impl ParseError {
    /// What is wrong.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Syntax
    }

    /// Where it is wrong, in bytes from the start of the value.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The name of the field that is wrong.
    pub fn field(&self) -> &'static str {
        self.rule.field
    }

    /// The rule that was broken, such as `RFC 2617 §1.2`.
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
            self.kind(),
            self.offset
        )
    }
}

impl core::error::Error for ParseError {}

/// Why a scheme with its parameters, though well formed, is not what it is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SchemeError {
    /// It is another scheme.
    Scheme,
    /// The algorithm is none that this crate computes.
    Algorithm,
    /// No quality of protection is known.
    Qop,
    /// A parameter that must be there is not.
    Missing(&'static str),
    /// A parameter stands there twice with different values.
    Repeated(&'static str),
    /// A parameter has a value that it cannot have.
    Invalid(&'static str),
}

impl fmt::Display for SchemeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SchemeError::Scheme => f.write_str("another scheme"),
            SchemeError::Algorithm => f.write_str("unknown algorithm (RFC 7616 §3.3)"),
            SchemeError::Qop => f.write_str("no known quality of protection (RFC 7616 §3.3)"),
            SchemeError::Missing(name) => write!(f, "{name} is missing (RFC 7616 §3)"),
            SchemeError::Repeated(name) => {
                write!(f, "{name} stands there twice (RFC 2617 §1.2)")
            }
            SchemeError::Invalid(name) => {
                write!(f, "{name} has a value that it cannot have (RFC 7616 §3)")
            }
        }
    }
}

impl core::error::Error for SchemeError {}

/// A text that cannot stand in a header: it has control characters, or a quotation mark where
/// none can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InvalidText {
    pub(crate) field: &'static str,
}

impl InvalidText {
    /// What the text was for.
    pub fn field(&self) -> &'static str {
        self.field
    }
}

impl fmt::Display for InvalidText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} cannot stand in a header", self.field)
    }
}

impl core::error::Error for InvalidText {}
