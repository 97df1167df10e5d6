//! Content-Type (RFC 3261 §20.15).

use super::Header;
use crate::{
    HeaderName, Parameters, ParseError,
    grammar::{self, Parsed},
};

/// The media type of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentType<'a> {
    /// The type as it was written: compare it without regard to case.
    pub main_type: &'a str,
    /// The subtype as it was written.
    pub subtype: &'a str,
    /// Its parameters.
    pub parameters: Parameters<'a>,
}

impl ContentType<'_> {
    /// Whether this is the media type, in any case: `is("application", "sdp")`.
    #[must_use]
    pub fn is(&self, main_type: &str, subtype: &str) -> bool {
        self.main_type.eq_ignore_ascii_case(main_type) && self.subtype.eq_ignore_ascii_case(subtype)
    }
}

impl<'a> Header<'a> for ContentType<'a> {
    const NAME: HeaderName = HeaderName::ContentType;

    fn parse(text: &'a str) -> Result<Self, ParseError> {
        grammar::whole(media_type, text, Self::NAME.rule())
    }
}

/// `media-type = m-type SLASH m-subtype *(SEMI m-parameter)`
fn media_type(text: &str) -> Parsed<'_, ContentType<'_>> {
    let (rest, (main_type, subtype)) = grammar::two_tokens(text)?;
    let (rest, parameters) = Parameters::read(rest, |_| {})?;
    Ok((
        rest,
        ContentType {
            main_type,
            subtype,
            parameters,
        },
    ))
}
