//! The grammar's rules that the values share, as nom parsers (RFC 8866 §9).
//!
//! Every parser here reads leniently where old devices are known to be sloppy: runs of blanks where one space belongs,
//! blanks at the end. What the strict grammar says about such text is in the checks behind
//! [`SessionDescription::defects`](crate::SessionDescription::defects).

use core::time::Duration;

use nom::bytes::complete::{take_while, take_while1};
use nom::character::complete::char;
use nom::combinator::{all_consuming, opt, rest};
use nom::sequence::{preceded, terminated};
use nom::{Err, IResult, Parser};

use crate::error::{ErrorKind, ParseError, Rule};
use crate::text::Text;

pub(crate) type Parsed<'a, T> = IResult<&'a [u8], T, Fault<'a>>;

/// A failed rule: where, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault<'a> {
    rest: &'a [u8],
    kind: ErrorKind,
    rule: Option<&'static Rule>,
}

impl<'a> nom::error::ParseError<&'a [u8]> for Fault<'a> {
    fn from_error_kind(rest: &'a [u8], _: nom::error::ErrorKind) -> Self {
        Self {
            rest,
            kind: ErrorKind::Syntax,
            rule: None,
        }
    }

    fn append(_: &'a [u8], _: nom::error::ErrorKind, other: Self) -> Self {
        other
    }
}

/// Reads a whole value; blanks at its end are let pass.
#[inline]
pub(crate) fn whole<'a, T>(
    value: Text<'a>,
    rule: &'static Rule,
    parser: impl Parser<&'a [u8], Output = T, Error = Fault<'a>>,
) -> Result<T, ParseError> {
    let value = value.as_bytes();
    match all_consuming(terminated(parser, blanks)).parse(value) {
        Ok((_, parsed)) => Ok(parsed),
        Err(Err::Error(fault) | Err::Failure(fault)) => Err(ParseError::new(
            fault.kind,
            value.len().saturating_sub(fault.rest.len()),
            fault.rule.unwrap_or(rule),
        )),
        Err(Err::Incomplete(_)) => Err(ParseError::new(ErrorKind::Syntax, value.len(), rule)),
    }
}

/// Names the rule that a parser stands for in the errors it gives.
#[inline]
pub(crate) fn named<'a, T>(
    rule: &'static Rule,
    mut parser: impl Parser<&'a [u8], Output = T, Error = Fault<'a>>,
) -> impl Parser<&'a [u8], Output = T, Error = Fault<'a>> {
    move |input| {
        parser.parse(input).map_err(|error: Err<Fault<'a>>| {
            error.map(|fault| Fault {
                rule: fault.rule.or(Some(rule)),
                ..fault
            })
        })
    }
}

/// `SP`, and any run of blanks in its place.
#[inline]
pub(crate) fn sp(input: &[u8]) -> Parsed<'_, ()> {
    let (rest, _) = take_while1(is_blank).parse(input)?;
    Ok((rest, ()))
}

/// Blanks that do not belong there.
#[inline]
pub(crate) fn blanks(input: &[u8]) -> Parsed<'_, ()> {
    let (rest, _) = take_while(is_blank).parse(input)?;
    Ok((rest, ()))
}

/// `token`
#[inline]
pub(crate) fn token(input: &[u8]) -> Parsed<'_, Text<'_>> {
    take_while1(is_token_char).map(Text::new).parse(input)
}

/// `non-ws-string`: what the fields of a line are split into, whatever they hold.
#[inline]
pub(crate) fn non_ws_string(input: &[u8]) -> Parsed<'_, Text<'_>> {
    take_while1(|byte| !is_blank(byte))
        .map(Text::new)
        .parse(input)
}

/// `1*DIGIT`, kept as text because the grammar sets no bound.
#[inline]
pub(crate) fn digits(input: &[u8]) -> Parsed<'_, Text<'_>> {
    take_while1(|byte: u8| byte.is_ascii_digit())
        .map(Text::new)
        .parse(input)
}

/// `1*DIGIT` with a value of at most `T`.
#[inline]
pub(crate) fn number<T: TryFrom<u64>>(input: &[u8]) -> Parsed<'_, T> {
    let (rest, digits) = digits(input)?;
    match decimal(&digits).and_then(|value| T::try_from(value).ok()) {
        Some(value) => Ok((rest, value)),
        None => Err(Err::Error(Fault {
            rest: input,
            kind: ErrorKind::OutOfRange,
            rule: None,
        })),
    }
}

/// A payload type: a number up to 127.
#[inline]
pub(crate) fn payload_type(input: &[u8]) -> Parsed<'_, u8> {
    match number::<u8>(input)? {
        (rest, payload_type @ 0..=127) => Ok((rest, payload_type)),
        _ => Err(Err::Error(Fault {
            rest: input,
            kind: ErrorKind::OutOfRange,
            rule: None,
        })),
    }
}

/// `non-zero-int-or-real`, in milliseconds; digits beyond nanoseconds are dropped.
pub(crate) fn milliseconds(input: &[u8]) -> Parsed<'_, Duration> {
    let (rest, whole) = number::<u32>(input)?;
    let (rest, fraction) = opt(preceded(char('.'), digits)).parse(rest)?;
    let digits = fraction.unwrap_or_default();
    let nanoseconds = digits.iter().chain(core::iter::repeat(&b'0')).take(6);
    let nanoseconds = nanoseconds.fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0'));
    let duration = Duration::from_millis(u64::from(whole)) + Duration::from_nanos(nanoseconds);
    if duration.is_zero() {
        return Err(Err::Error(Fault {
            rest: input,
            kind: ErrorKind::OutOfRange,
            rule: None,
        }));
    }
    Ok((rest, duration))
}

/// `byte-string`, possibly empty: the rest of the value without blanks at its end.
#[inline]
pub(crate) fn remainder(input: &[u8]) -> Parsed<'_, Text<'_>> {
    rest.map(|text: &[u8]| Text::new(text.trim_ascii_end()))
        .parse(input)
}

/// The value of a run of digits, if it fits.
#[inline]
pub(crate) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = |digit: &u8| u64::from(digit & 0x0f);
    if digits.len() < 20 {
        // Nineteen digits always fit.
        Some(digits.iter().fold(0, |sum, digit| sum * 10 + value(digit)))
    } else {
        digits.iter().try_fold(0_u64, |sum, digit| {
            sum.checked_mul(10)?.checked_add(value(digit))
        })
    }
}

#[inline]
pub(crate) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[inline]
pub(crate) const fn is_token_char(byte: u8) -> bool {
    TOKEN_CHAR[byte as usize]
}

/// `token-char`
static TOKEN_CHAR: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(byte as u8,
            0x21 | 0x23..=0x27 | 0x2a..=0x2b | 0x2d..=0x2e | 0x30..=0x39 | 0x41..=0x5a | 0x5e..=0x7e);
        byte += 1;
    }
    table
};
