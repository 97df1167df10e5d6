//! Scale and Speed (RFC 2326 §12.34, §12.35).

use core::fmt;

use nom::character::complete::char;
use nom::combinator::{map_res, opt, recognize};
use nom::sequence::preceded;

use super::{Header, single};
use crate::grammar::{decimal, expected};
use crate::{ErrorKind, HeaderName, ParseError};

/// The rate of play relative to normal: 2 is fast forward, −1 is reverse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale(pub f64);

/// The rate of delivery relative to the stream's: 2 is twice as fast. Above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speed(pub f64);

impl<'a> Header<'a> for Scale {
    const NAME: HeaderName = HeaderName::Scale;

    fn read(value: &'a str) -> Result<(Self, &'a str), ParseError> {
        let ratio = map_res(recognize(preceded(opt(char('-')), decimal)), ratio);
        let (ratio, rest) = single(
            value,
            Self::NAME.rule(),
            expected("[\"-\"] 1*DIGIT [\".\" *DIGIT]", ratio),
        )?;
        Ok((Self(ratio), rest))
    }
}

impl<'a> Header<'a> for Speed {
    const NAME: HeaderName = HeaderName::Speed;

    fn read(value: &'a str) -> Result<(Self, &'a str), ParseError> {
        let positive = map_res(decimal, |text| match ratio(text) {
            Ok(ratio) if ratio > 0.0 => Ok(ratio),
            _ => Err(ErrorKind::Range),
        });
        let (ratio, rest) = single(
            value,
            Self::NAME.rule(),
            expected("1*DIGIT [\".\" *DIGIT] above 0", positive),
        )?;
        Ok((Self(ratio), rest))
    }
}

fn ratio(text: &str) -> Result<f64, ErrorKind> {
    text.parse()
        .ok()
        .filter(|ratio: &f64| ratio.is_finite())
        .ok_or(ErrorKind::Range)
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
