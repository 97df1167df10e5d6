//! Header fields that are text for people: Subject (RFC 3261 §20.36), Organization (§20.25),
//! Server (§20.35), User-Agent (§20.41); and MIME-Version (§20.24).

use core::fmt;

use super::Header;
use crate::{
    HeaderName, ParseError,
    grammar::{self, Parsed},
};

macro_rules! text {
    ($($(#[$doc:meta])* $name:ident by $parser:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name<'a>(&'a str);

        impl<'a> $name<'a> {
            /// The text as it was written. Where it was folded, the folding is still in it.
            #[must_use]
            pub const fn as_str(self) -> &'a str {
                self.0
            }
        }

        impl<'a> Header<'a> for $name<'a> {
            const NAME: HeaderName = HeaderName::$name;

            fn parse(text: &'a str) -> Result<Self, ParseError> {
                grammar::whole(grammar::$parser, text, Self::NAME.rule()).map(Self)
            }
        }

        impl fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.0)
            }
        }
    )*};
}

text! {
    /// What the call is about.
    Subject by anything;
    /// The organization of the sender.
    Organization by anything;
    /// The software that answers.
    Server by server_values;
    /// The software that asks.
    UserAgent by server_values;
}

/// The version of MIME, 1.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MimeVersion {
    /// The number before the point.
    pub major: u32,
    /// The number behind it.
    pub minor: u32,
}

impl<'a> Header<'a> for MimeVersion {
    const NAME: HeaderName = HeaderName::MimeVersion;

    fn parse(text: &'a str) -> Result<Self, ParseError> {
        grammar::whole(version, text, Self::NAME.rule())
    }
}

/// `1*DIGIT "." 1*DIGIT`
fn version(text: &str) -> Parsed<'_, MimeVersion> {
    let (rest, major) = grammar::number(text)?;
    let (rest, ()) = grammar::separator(b'.', "\".\"")(rest)?;
    let (rest, minor) = grammar::number(rest)?;
    Ok((rest, MimeVersion { major, minor }))
}
