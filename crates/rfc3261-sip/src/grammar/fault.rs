//! What is wrong inside a value, and running a parser over one (RFC 3261 §25.1).

use super::sws;
use crate::error::{ErrorKind, ParseError, Rule};

/// What a parser of the grammar returns.
pub(crate) type Parsed<'a, T> = nom::IResult<&'a str, T, Fault>;

/// A fault inside a value: how much text was left, and what should have been there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    left: usize,
    kind: ErrorKind,
    expected: &'static str,
}

impl Fault {
    #[inline]
    pub(crate) fn new(left: &str, expected: &'static str) -> Self {
        Self {
            left: left.len(),
            kind: ErrorKind::Syntax,
            expected,
        }
    }

    pub(crate) fn range(left: &str, expected: &'static str) -> Self {
        Self {
            left: left.len(),
            kind: ErrorKind::Range,
            expected,
        }
    }
}

impl nom::error::ParseError<&str> for Fault {
    fn from_error_kind(input: &str, _: nom::error::ErrorKind) -> Self {
        Self::new(input, "another value")
    }

    fn append(_: &str, _: nom::error::ErrorKind, other: Self) -> Self {
        other
    }
}

/// The fault of a parser at `left`, recoverable by an alternative.
#[inline]
pub(crate) fn fail<'a, T>(left: &'a str, expected: &'static str) -> Parsed<'a, T> {
    Err(nom::Err::Error(Fault::new(left, expected)))
}

/// Runs a parser over a whole value.
#[inline]
pub(crate) fn whole<'a, T>(
    parser: impl FnOnce(&'a str) -> Parsed<'a, T>,
    value: &'a str,
    rule: &'static Rule,
) -> Result<T, ParseError> {
    to_the_end(value, prefix(parser, value, rule)?, rule)
}

/// Runs a parser at the start of a value; returns what it left as well.
#[inline]
pub(crate) fn prefix<'a, T>(
    parser: impl FnOnce(&'a str) -> Parsed<'a, T>,
    value: &'a str,
    rule: &'static Rule,
) -> Result<(T, &'a str), ParseError> {
    match parser(value) {
        Ok((rest, parsed)) => Ok((parsed, rest)),
        Err(nom::Err::Error(fault) | nom::Err::Failure(fault)) => {
            let offset = value.len().saturating_sub(fault.left);
            Err(ParseError::new(fault.kind, offset, fault.expected, rule))
        }
        Err(nom::Err::Incomplete(_)) => Err(ParseError::new(
            ErrorKind::Syntax,
            value.len(),
            "more",
            rule,
        )),
    }
}

/// What was read, if nothing but white space is left of the value.
#[inline]
pub(crate) fn to_the_end<T>(
    value: &str,
    (read, rest): (T, &str),
    rule: &'static Rule,
) -> Result<T, ParseError> {
    let rest = sws(rest);
    if rest.is_empty() {
        return Ok(read);
    }
    let (kind, offset) = (ErrorKind::Syntax, value.len() - rest.len());
    Err(ParseError::new(kind, offset, "the end of the value", rule))
}
