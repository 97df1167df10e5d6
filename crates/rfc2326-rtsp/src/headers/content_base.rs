//! Content-Base (RFC 2326 §12.11).

use core::fmt;

use nom::bytes::complete::take_while1;
use rfc2396_uri::UriReference;

use super::{Header, single};
use crate::grammar::expected;
use crate::{ErrorKind, HeaderName, ParseError};

/// The base against which relative URIs in the body are resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentBase<'a>(pub &'a str);

impl<'a> ContentBase<'a> {
    /// The URI, parsed.
    ///
    /// # Errors
    ///
    /// If it is none.
    pub fn uri(&self) -> Result<UriReference<&'a str>, rfc2396_uri::ParseError> {
        UriReference::parse(self.0)
    }
}

impl<'a> Header<'a> for ContentBase<'a> {
    const NAME: HeaderName = HeaderName::ContentBase;

    fn read(value: &'a str) -> Result<(Self, &'a str), ParseError> {
        let uri = take_while1(|c: char| !c.is_ascii_whitespace());
        let (uri, rest) = single(value, Self::NAME.rule(), expected("an absolute URI", uri))?;
        Ok((Self(uri), rest))
    }

    /// A base that is no absolute URI.
    fn fault(&self) -> Option<ParseError> {
        let is_absolute = self.uri().is_ok_and(|uri| !uri.is_relative());
        (!is_absolute)
            .then(|| ParseError::new(ErrorKind::Syntax, 0, "an absolute URI", Self::NAME.rule()))
    }
}

impl fmt::Display for ContentBase<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
