//! URIs about the call: Alert-Info (RFC 3261 §20.4), Call-Info (§20.9), Error-Info (§20.18).

use rfc2396_uri::Uri;

use super::{Header, from_uri};
use crate::{
    HeaderName, Parameters, ParseError,
    error::{ErrorKind, Rule},
    grammar,
};

macro_rules! info {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name<'a> {
            uri: Uri<&'a str>,
            parameters: Parameters<'a>,
        }

        impl<'a> $name<'a> {
            /// The URI.
            #[must_use]
            pub fn uri(&self) -> Uri<&'a str> {
                self.uri
            }

            /// Its parameters.
            #[must_use]
            pub fn parameters(&self) -> Parameters<'a> {
                self.parameters
            }
        }

        impl<'a> Header<'a> for $name<'a> {
            const NAME: HeaderName = HeaderName::$name;

            fn parse(text: &'a str) -> Result<Self, ParseError> {
                let (uri, parameters) = read(text, Self::NAME.rule())?;
                Ok(Self { uri, parameters })
            }
        }
    )*};
}

info! {
    /// A ring tone to play.
    AlertInfo;
    /// Something about the other party.
    CallInfo;
    /// More about an error.
    ErrorInfo;
}

impl<'a> CallInfo<'a> {
    /// What it is good for: `icon`, `info`, `card` or another token.
    #[must_use]
    pub fn purpose(&self) -> Option<&'a str> {
        self.parameters.find("purpose")?.value
    }
}

/// `LAQUOT absoluteURI RAQUOT *( SEMI generic-param )`
fn read<'a>(
    text: &'a str,
    rule: &'static Rule,
) -> Result<(Uri<&'a str>, Parameters<'a>), ParseError> {
    let Some((uri, rest)) = text.strip_prefix('<').and_then(|text| text.split_once('>')) else {
        return Err(ParseError::new(
            ErrorKind::Syntax,
            0,
            "a URI in angle brackets",
            rule,
        ));
    };
    let parsed = Uri::parse(uri).map_err(|error| from_uri(error, rule).shifted(1))?;
    let parameters = grammar::whole(|rest| Parameters::read(rest, |_| {}), rest, rule)
        .map_err(|error| error.shifted(text.len() - rest.len()))?;
    Ok((parsed, parameters))
}
