//! Challenges and credentials, split into scheme and the rest: WWW-Authenticate (RFC 3261
//! §20.44), Proxy-Authenticate (§20.27), Authorization (§20.7), Proxy-Authorization (§20.28);
//! and Authentication-Info (§20.6), which has no scheme.
//!
//! What the rest means is for an authentication library to say.

use super::Header;
use crate::{HeaderName, ParseError, grammar};

macro_rules! auth {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name<'a> {
            /// The scheme as it was written: compare it without regard to case.
            pub scheme: &'a str,
            /// What is behind the scheme, as it was written. A row may hold several challenges:
            /// all but the first scheme are in here.
            pub parameters: &'a str,
        }

        impl<'a> Header<'a> for $name<'a> {
            const NAME: HeaderName = HeaderName::$name;

            fn parse(text: &'a str) -> Result<Self, ParseError> {
                let rule = Self::NAME.rule();
                let (scheme, rest) = grammar::prefix(grammar::token, text, rule)?;
                Ok(Self { scheme, parameters: grammar::sws(rest) })
            }
        }
    )*};
}

auth! {
    /// A challenge of a user agent.
    WwwAuthenticate;
    /// A challenge of a proxy.
    ProxyAuthenticate;
    /// Credentials for a user agent.
    Authorization;
    /// Credentials for a proxy.
    ProxyAuthorization;
}

/// What the server adds after a success: parameters separated by commas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthenticationInfo<'a> {
    /// The parameters as they were written.
    pub parameters: &'a str,
}

impl<'a> Header<'a> for AuthenticationInfo<'a> {
    const NAME: HeaderName = HeaderName::AuthenticationInfo;

    fn parse(text: &'a str) -> Result<Self, ParseError> {
        let rule = Self::NAME.rule();
        grammar::prefix(grammar::generic_param, text, rule)?;
        Ok(Self { parameters: text })
    }
}
