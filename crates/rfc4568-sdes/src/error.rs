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
    /// There is no attribute to accept, or an answer has not exactly one.
    NoCrypto,
    /// The transport is none of SRTP.
    NotSecure,
    /// Two attributes of an offer have one tag.
    TagReused,
    /// The place is new, but the key is not.
    KeyKept,
    /// Forward error correction goes elsewhere and has no key, or has one and does not.
    FecKey,
    /// An answer has `a=crypto`, and `a=key-mgmt` or `k=` as well.
    TwoKeyings,
    /// No offer waits for this answer, or one does and something else was said.
    OutOfTurn,
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
            NegotiationError::NoCrypto => {
                f.write_str("no attribute to accept (RFC 4568 §5.1.2, §5.3)")
            }
            NegotiationError::NotSecure => f.write_str("the transport is not SRTP (RFC 4568 §6)"),
            NegotiationError::TagReused => {
                f.write_str("two attributes have one tag (RFC 4568 §5.1.1)")
            }
            NegotiationError::KeyKept => {
                f.write_str("the place is new, the key is not (RFC 4568 §7.1.4)")
            }
            NegotiationError::FecKey => {
                f.write_str("FEC_KEY goes with error correction elsewhere (RFC 4568 §6.3.5)")
            }
            NegotiationError::TwoKeyings => {
                f.write_str("a=crypto beside other keys in an answer (RFC 4568 §7.5)")
            }
            NegotiationError::OutOfTurn => f.write_str("out of turn (RFC 3264 §4)"),
            NegotiationError::Invalid(reason) => reason.fmt(f),
        }
    }
}

impl core::error::Error for NegotiationError {}
