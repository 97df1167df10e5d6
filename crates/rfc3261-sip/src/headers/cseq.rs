//! CSeq (RFC 3261 §20.16) and RAck (RFC 3262 §7.2), which quotes one.

use core::fmt;

use super::Header;
use crate::{
    HeaderName, Method, ParseError,
    grammar::{self, Fault, Parsed},
};

/// The order of a request among those of its dialog, and its method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CSeq<'a> {
    /// The number: below 2^31 from a sender that keeps to RFC 3261 §8.1.1.5.
    pub sequence_number: u32,
    /// The method of the request.
    pub method: Method<'a>,
}

impl<'a> Header<'a> for CSeq<'a> {
    const NAME: HeaderName = HeaderName::CSeq;

    #[inline]
    fn parse(text: &'a str) -> Result<Self, ParseError> {
        grammar::whole(cseq, text, Self::NAME.rule())
    }
}

impl fmt::Display for CSeq<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.sequence_number, self.method)
    }
}

/// `1*DIGIT LWS Method`, the number below 2^32.
#[inline]
fn cseq(text: &str) -> Parsed<'_, CSeq<'_>> {
    let (rest, digits) = grammar::digits(text)?;
    let number = grammar::decimal(digits.as_bytes()).and_then(|n| u32::try_from(n).ok());
    let Some(sequence_number) = number else {
        return Err(nom::Err::Failure(Fault::range(text, "a number below 2^32")));
    };
    let (rest, _) = grammar::lws(rest)?;
    let (rest, method) = grammar::token(rest)?;
    Ok((
        rest,
        CSeq {
            sequence_number,
            method: Method::unchecked(method),
        },
    ))
}
