//! CSeq (RFC 2326 §12.17).

use core::fmt;

use super::{Header, single};
use crate::grammar::{expected, number};
use crate::{HeaderName, ParseError};

/// The sequence number that a request and its response have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CSeq {
    /// The sequence number.
    pub sequence_number: u32,
}

impl<'a> Header<'a> for CSeq {
    const NAME: HeaderName = HeaderName::CSeq;

    fn read(value: &'a str) -> Result<(Self, &'a str), ParseError> {
        let sequence_number = expected("1*DIGIT of 32 bits", number);
        let (sequence_number, rest) = single(value, Self::NAME.rule(), sequence_number)?;
        Ok((Self { sequence_number }, rest))
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sequence_number.fmt(f)
    }
}
