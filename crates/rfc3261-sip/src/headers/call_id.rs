//! Call-ID (RFC 3261 §20.8) and In-Reply-To (§20.21), which lists some.

use core::fmt;

use super::Header;
use crate::{HeaderName, ParseError, grammar};

macro_rules! call_id {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        ///
        /// Compared byte by byte: case matters (RFC 3261 §8.1.1.4).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name<'a>(&'a str);

        impl<'a> $name<'a> {
            /// The identifier as it stands.
            #[must_use]
            pub const fn as_str(self) -> &'a str {
                self.0
            }
        }

        impl<'a> Header<'a> for $name<'a> {
            const NAME: HeaderName = HeaderName::$name;

            #[inline]
            fn parse(text: &'a str) -> Result<Self, ParseError> {
                grammar::whole(grammar::call_id, text, Self::NAME.rule()).map(Self)
            }
        }

        impl fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.0)
            }
        }
    )*};
}

call_id! {
    /// What all messages of a dialog, or of a registration, share.
    CallId
    /// The Call-ID of a call that this one returns: one of a list.
    InReplyTo
}
