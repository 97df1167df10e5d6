//! Warning (RFC 3261 §20.43).

use alloc::borrow::Cow;

use nom::{Parser, sequence::preceded};

use super::Header;
use crate::{
    HeaderName, ParseError,
    grammar::{self, Fault, Parsed},
};

/// One thing that went not quite as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warning<'a> {
    /// Three digits, 300 to 399 for SIP.
    pub code: u16,
    /// Who warns: a host with or without a port, or a pseudonym.
    pub agent: &'a str,
    text: &'a str,
}

impl<'a> Warning<'a> {
    /// The text for people, without quotes and escapes.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        crate::unquote(self.text)
    }
}

impl<'a> Header<'a> for Warning<'a> {
    const NAME: HeaderName = HeaderName::Warning;

    fn parse(text: &'a str) -> Result<Self, ParseError> {
        grammar::whole(warning, text, Self::NAME.rule())
    }
}

/// `warning-value = warn-code SP warn-agent SP warn-text`
fn warning(text: &str) -> Parsed<'_, Warning<'_>> {
    let (rest, digits) = grammar::digits(text)?;
    let Some(code) = digits.parse().ok().filter(|_| digits.len() == 3) else {
        return Err(nom::Err::Failure(Fault::range(text, "3DIGIT")));
    };
    let (rest, agent) = preceded(grammar::lws, grammar::not_white).parse(rest)?;
    let (rest, text) = preceded(grammar::lws, grammar::quoted_string).parse(rest)?;
    Ok((rest, Warning { code, agent, text }))
}
