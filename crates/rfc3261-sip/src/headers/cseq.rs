//! CSeq (RFC 3261 §20.16) and RAck (RFC 3262 §7.2), which quotes one.

use core::fmt;

use super::Header;
use crate::{
    HeaderName, Method, ParseError,
    grammar::{self, Parsed},
};

/// The order of a request among those of its dialog, and its method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CSeq<'a> {
    /// The number: below 2^31 from a sender that keeps to RFC 3261 §8.1.1.5.
    pub sequence_number: u32,
    /// The method of the request.
    pub method: Method<'a>,
}

/// The provisional response that a PRACK acknowledges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RAck<'a> {
    /// The RSeq of the response.
    pub response_number: u32,
    /// Its CSeq.
    pub cseq: CSeq<'a>,
}

impl<'a> Header<'a> for CSeq<'a> {
    const NAME: HeaderName = HeaderName::CSeq;

    #[inline]
    fn parse(text: &'a str) -> Result<Self, ParseError> {
        grammar::whole(cseq, text, Self::NAME.rule())
    }
}

impl<'a> Header<'a> for RAck<'a> {
    const NAME: HeaderName = HeaderName::RAck;

    fn parse(text: &'a str) -> Result<Self, ParseError> {
        grammar::whole(rack, text, Self::NAME.rule())
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
    let (rest, sequence_number) = grammar::number(text)?;
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

/// `response-num LWS CSeq-num LWS Method`
fn rack(text: &str) -> Parsed<'_, RAck<'_>> {
    let (rest, response_number) = grammar::number(text)?;
    let (rest, _) = grammar::lws(rest)?;
    let (rest, cseq) = cseq(rest)?;
    Ok((
        rest,
        RAck {
            response_number,
            cseq,
        },
    ))
}
