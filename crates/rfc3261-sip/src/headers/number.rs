//! Header fields that are one number: Max-Forwards (RFC 3261 §20.22), Content-Length (§20.14),
//! Expires (§20.19), Min-Expires (§20.23) and RSeq (RFC 3262 §7.1).

use core::fmt;

use super::Header;
use crate::{HeaderName, ParseError, grammar};

macro_rules! number {
    ($($(#[$doc:meta])* $name:ident($type:ident) by $parser:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $type);

        impl<'a> Header<'a> for $name {
            const NAME: HeaderName = HeaderName::$name;

            #[inline]
            fn parse(text: &'a str) -> Result<Self, ParseError> {
                grammar::whole($parser, text, Self::NAME.rule()).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

number! {
    /// How many hops the request may still take, 0 to 255.
    MaxForwards(u8) by grammar::octet;
    /// The length of the body in bytes.
    ContentLength(u32) by grammar::number;
    /// Seconds for which the message or its content is valid.
    Expires(u32) by grammar::delta_seconds;
    /// The shortest time in seconds for which a registrar refreshes a binding.
    MinExpires(u32) by grammar::delta_seconds;
    /// The number of a provisional response that asks for a PRACK.
    RSeq(u32) by grammar::number;
}
