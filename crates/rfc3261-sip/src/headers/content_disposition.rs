//! Content-Disposition (RFC 3261 §20.11).

use super::Header;
use crate::{
    HeaderName, Parameters, ParseError,
    grammar::{self, Parsed},
};

/// What a body, or a part of one, is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentDisposition<'a> {
    /// `session`, `render`, `icon`, `alert` or another token, as it was written.
    pub kind: &'a str,
    /// Its parameters.
    pub parameters: Parameters<'a>,
}

impl ContentDisposition<'_> {
    /// Whether the request fails where the recipient does not understand the body: so it is
    /// unless `handling=optional` says otherwise.
    #[must_use]
    pub fn is_required(&self) -> bool {
        let handling = self
            .parameters
            .find("handling")
            .and_then(|handling| handling.value);
        !handling.is_some_and(|handling| handling.eq_ignore_ascii_case("optional"))
    }
}

impl<'a> Header<'a> for ContentDisposition<'a> {
    const NAME: HeaderName = HeaderName::ContentDisposition;

    fn parse(text: &'a str) -> Result<Self, ParseError> {
        grammar::whole(disposition, text, Self::NAME.rule())
    }
}

/// `disp-type *( SEMI disp-param )`
fn disposition(text: &str) -> Parsed<'_, ContentDisposition<'_>> {
    let (rest, kind) = grammar::token(text)?;
    let (rest, parameters) = Parameters::read(rest, |_| {})?;
    Ok((rest, ContentDisposition { kind, parameters }))
}
