//! Timestamp (RFC 3261 §20.38) and Retry-After (§20.33): times with something behind them.

use nom::{
    Parser,
    combinator::{opt, recognize},
    sequence::{preceded, terminated},
};

use super::Header;
use crate::{
    HeaderName, Parameters, ParseError,
    grammar::{self, Parsed},
};

/// When a client sent a request, by its own clock, and how long the server kept it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp<'a> {
    /// The client's time in seconds: digits, and perhaps a fraction.
    pub time: &'a str,
    /// The server's delay in seconds, in the same form.
    pub delay: Option<&'a str>,
}

/// When to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryAfter<'a> {
    /// In how many seconds.
    pub seconds: u32,
    /// Why, in parentheses.
    pub comment: Option<&'a str>,
    /// The parameters, `duration` among them.
    pub parameters: Parameters<'a>,
}

impl RetryAfter<'_> {
    /// For how many seconds the callee is to be reachable from then on.
    #[must_use]
    pub fn duration(&self) -> Option<u32> {
        let value = self.parameters.find("duration")?.value?;
        grammar::delta_seconds(value)
            .ok()
            .map(|(_, seconds)| seconds)
    }
}

impl<'a> Header<'a> for Timestamp<'a> {
    const NAME: HeaderName = HeaderName::Timestamp;

    fn parse(text: &'a str) -> Result<Self, ParseError> {
        grammar::whole(timestamp, text, Self::NAME.rule())
    }
}

impl<'a> Header<'a> for RetryAfter<'a> {
    const NAME: HeaderName = HeaderName::RetryAfter;

    fn parse(text: &'a str) -> Result<Self, ParseError> {
        grammar::whole(retry_after, text, Self::NAME.rule())
    }
}

/// `1*(DIGIT) [ "." *(DIGIT) ] [ LWS delay ]`
fn timestamp(text: &str) -> Parsed<'_, Timestamp<'_>> {
    let (rest, time) = seconds(text)?;
    let (rest, delay) = opt(preceded(grammar::lws, seconds)).parse(rest)?;
    Ok((rest, Timestamp { time, delay }))
}

/// Digits and perhaps a fraction.
fn seconds(text: &str) -> Parsed<'_, &str> {
    let point = nom::character::complete::char('.');
    recognize((grammar::digits, opt((point, opt(grammar::digits))))).parse(text)
}

/// `delta-seconds [ comment ] *( SEMI retry-param )`
fn retry_after(text: &str) -> Parsed<'_, RetryAfter<'_>> {
    let space = |text| Ok((grammar::sws(text), ()));
    let (rest, seconds) = terminated(grammar::delta_seconds, space).parse(text)?;
    let (rest, comment) = opt(grammar::comment).parse(rest)?;
    let (rest, parameters) = Parameters::read(rest, |_| {})?;
    Ok((
        rest,
        RetryAfter {
            seconds,
            comment,
            parameters,
        },
    ))
}
