//! Header fields that are tokens or lists of them: Allow (RFC 3261 §20.5), Supported (§20.37),
//! Require (§20.32), Proxy-Require (§20.29), Unsupported (§20.40), Content-Encoding (§20.12),
//! Content-Language (§20.13), Priority (§20.26), Allow-Events (RFC 6665), SIP-ETag and
//! SIP-If-Match (RFC 3903), Privacy (RFC 3323).

use core::fmt;

use super::Header;
use crate::{HeaderName, Method, ParseError, grammar};

macro_rules! token {
    ($($(#[$doc:meta])* $name:ident by $parser:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// The text as it was written. All but `SIP-ETag` and `SIP-If-Match` are compared without
        /// regard to case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name<'a>(&'a str);

        impl<'a> $name<'a> {
            /// The token.
            #[must_use]
            pub const fn as_str(self) -> &'a str {
                self.0
            }

            /// Whether this is the token, in any case.
            #[must_use]
            pub fn is(self, token: &str) -> bool {
                self.0.eq_ignore_ascii_case(token)
            }
        }

        impl<'a> Header<'a> for $name<'a> {
            const NAME: HeaderName = HeaderName::$name;

            fn parse(text: &'a str) -> Result<Self, ParseError> {
                grammar::whole(grammar::$parser, text, Self::NAME.rule()).map(Self)
            }

            #[inline]
            fn parse_next(text: &'a str) -> Option<(Self, &'a str)> {
                let parsed = grammar::prefix(grammar::$parser, text, Self::NAME.rule());
                let (token, rest) = super::up_to_comma(parsed)?;
                Some((Self(token), rest))
            }
        }

        impl fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.0)
            }
        }
    )*};
}

token! {
    /// An extension that the sender supports.
    Supported by token;
    /// An extension that the recipient must support.
    Require by token;
    /// An extension that proxies must support.
    ProxyRequire by token;
    /// An extension that was required and is not supported.
    Unsupported by token;
    /// A coding that was applied to the body.
    ContentEncoding by token;
    /// A language of the body.
    ContentLanguage by language_tag;
    /// How urgent the request is.
    Priority by token;
    /// An event package that the sender supports.
    AllowEvents by token;
    /// The version of a published event state.
    SipETag by token;
    /// The version of the event state that a PUBLISH refers to.
    SipIfMatch by token;
}

/// A method that the sender supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Allow<'a>(pub Method<'a>);

impl<'a> Header<'a> for Allow<'a> {
    const NAME: HeaderName = HeaderName::Allow;

    fn parse(text: &'a str) -> Result<Self, ParseError> {
        let method = grammar::whole(grammar::token, text, Self::NAME.rule())?;
        Ok(Self(Method::unchecked(method)))
    }

    #[inline]
    fn parse_next(text: &'a str) -> Option<(Self, &'a str)> {
        let parsed = grammar::prefix(grammar::token, text, Self::NAME.rule());
        let (method, rest) = super::up_to_comma(parsed)?;
        Some((Self(Method::unchecked(method)), rest))
    }
}

/// What the sender asks a privacy service to do: tokens separated by semicolons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Privacy<'a>(&'a str);

impl<'a> Privacy<'a> {
    /// The kinds of privacy, in order, as they were written.
    pub fn values(self) -> impl Iterator<Item = &'a str> {
        self.0
            .split([';', ','])
            .map(str::trim)
            .filter(|value| !value.is_empty())
    }

    /// Whether this kind is among them, in any case.
    #[must_use]
    pub fn has(self, kind: &str) -> bool {
        self.values().any(|value| value.eq_ignore_ascii_case(kind))
    }
}

impl<'a> Header<'a> for Privacy<'a> {
    const NAME: HeaderName = HeaderName::Privacy;

    fn parse(text: &'a str) -> Result<Self, ParseError> {
        grammar::whole(grammar::privacy, text, Self::NAME.rule()).map(Self)
    }
}
