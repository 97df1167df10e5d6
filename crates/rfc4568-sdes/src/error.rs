//! What can be wrong with a crypto attribute, and with an answer.

use core::fmt;

/// The kind of a [`ParseError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text does not follow the grammar.
    Syntax,
    /// A number or name is outside the range that its field allows.
    Value,
    /// The key and salt have not the length that the crypto-suite demands.
    KeyLength,
    /// The fields contradict each other.
    Combination,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ErrorKind::Syntax => "malformed",
            ErrorKind::Value => "invalid",
            ErrorKind::KeyLength => "wrong length of",
            ErrorKind::Combination => "inconsistent",
        })
    }
}

/// The rule of an RFC that the input breaks.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rule {
    pub(crate) kind: ErrorKind,
    pub(crate) field: &'static str,
    pub(crate) expected: &'static str,
    pub(crate) section: &'static str,
}

/// Why a crypto attribute is invalid. It never holds any of the text, which may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ParseError {
    pub(crate) offset: usize,
    pub(crate) rule: &'static Rule,
}

impl ParseError {
    /// What is wrong.
    pub fn kind(&self) -> ErrorKind {
        self.rule.kind
    }

    /// Where it is wrong, in bytes from the start of the value.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The name of the field that is wrong.
    pub fn field(&self) -> &'static str {
        self.rule.field
    }

    /// The rule that was broken, such as `RFC 4568 §6.1`.
    pub fn rule(&self) -> &'static str {
        self.rule.section
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rule {
            kind,
            field,
            expected,
            section,
        } = self.rule;
        write!(
            f,
            "{kind} {field} at byte {}: expected {expected} ({section})",
            self.offset
        )
    }
}

impl core::error::Error for ParseError {}

/// Why a crypto attribute cannot be made of these parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidCrypto {
    /// The tag has more than nine digits.
    Tag,
    /// There is no key.
    NoKey,
    /// The key and salt have not the length that the crypto-suite demands.
    KeyLength,
    /// There are several keys and one has no MKI, or their MKIs have different lengths.
    Mki,
    /// A session parameter has a value that is not allowed.
    SessionParam,
}

impl fmt::Display for InvalidCrypto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            InvalidCrypto::Tag => "the tag has more than nine digits",
            InvalidCrypto::NoKey => "there is no key",
            InvalidCrypto::KeyLength => "the key has not the length of the crypto-suite",
            InvalidCrypto::Mki => "several keys need MKIs of one length",
            InvalidCrypto::SessionParam => "a session parameter is out of range",
        })
    }
}

impl core::error::Error for InvalidCrypto {}

/// Why the security negotiation has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NegotiationError {
    /// The answer's tag and crypto-suite are not those of one offered attribute.
    NotOffered,
    /// The answer's negotiated session parameters are not those of the offer.
    ParametersDiffer,
    /// The answer demands what is not supported: the crypto-suite, a mandatory session
    /// parameter, or several keys.
    Unsupported,
    /// A key of the offer stands in the answer: both directions would have one key stream.
    KeyReused,
    /// The answer cannot be made of these keys.
    Invalid(InvalidCrypto),
}

impl fmt::Display for NegotiationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NegotiationError::NotOffered => {
                f.write_str("tag and crypto-suite were not offered (RFC 4568 §5.1.3)")
            }
            NegotiationError::ParametersDiffer => {
                f.write_str("negotiated session parameters differ (RFC 4568 §5.1.3)")
            }
            NegotiationError::Unsupported => {
                f.write_str("unsupported crypto-suite or parameter (RFC 4568 §7.1.3)")
            }
            NegotiationError::KeyReused => {
                f.write_str("a key of the offer is in the answer (RFC 4568 §7.1.2)")
            }
            NegotiationError::Invalid(reason) => reason.fmt(f),
        }
    }
}

impl core::error::Error for NegotiationError {}
