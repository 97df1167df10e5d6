//! What the sender can take: Accept (RFC 3261 §20.1), Accept-Encoding (§20.2) and
//! Accept-Language (§20.3).
//!
//! An Accept that is there and empty means that nothing is acceptable; one that is missing means
//! `application/sdp`. [`MessageRef::first`](crate::MessageRef::first) tells the two apart.

use nom::{Parser, branch::alt};

use super::Header;
use crate::{
    HeaderName, Parameters, ParseError, QValue,
    grammar::{self, Parsed},
};

/// One media range that the sender can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accept<'a> {
    /// The type as it was written, or `*`.
    pub main_type: &'a str,
    /// The subtype as it was written, or `*`.
    pub subtype: &'a str,
    /// Parameters of the media type and of the preference.
    pub parameters: Parameters<'a>,
}

impl Accept<'_> {
    /// How much it is preferred.
    #[must_use]
    pub fn q(&self) -> QValue {
        preference(self.parameters)
    }

    /// Whether it includes the media type: `accepts("application", "sdp")`.
    #[must_use]
    pub fn accepts(&self, main_type: &str, subtype: &str) -> bool {
        self.main_type == "*"
            || self.main_type.eq_ignore_ascii_case(main_type)
                && (self.subtype == "*" || self.subtype.eq_ignore_ascii_case(subtype))
    }
}

impl<'a> Header<'a> for Accept<'a> {
    const NAME: HeaderName = HeaderName::Accept;

    fn parse(text: &'a str) -> Result<Self, ParseError> {
        grammar::whole(accept_range, text, Self::NAME.rule())
    }
}

macro_rules! accept {
    ($($(#[$doc:meta])* $name:ident by $parser:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name<'a> {
            /// The range as it was written, or `*`.
            pub range: &'a str,
            /// Its parameters.
            pub parameters: Parameters<'a>,
        }

        impl $name<'_> {
            /// How much it is preferred.
            #[must_use]
            pub fn q(&self) -> QValue {
                preference(self.parameters)
            }
        }

        impl<'a> Header<'a> for $name<'a> {
            const NAME: HeaderName = HeaderName::$name;

            fn parse(text: &'a str) -> Result<Self, ParseError> {
                let range = |text| {
                    let (rest, range) = $parser(text)?;
                    let (rest, parameters) = Parameters::read(rest, |_| {})?;
                    Ok((rest, Self { range, parameters }))
                };
                grammar::whole(range, text, Self::NAME.rule())
            }
        }
    )*};
}

accept! {
    /// One coding of bodies that the sender can take.
    AcceptEncoding by grammar::token;
    /// One language that the sender's user prefers.
    AcceptLanguage by language_range;
}

/// `accept-range = media-range *(SEMI accept-param)`; `*` alone, as some write it, is `*/*`.
fn accept_range(text: &str) -> Parsed<'_, Accept<'_>> {
    let (rest, (main_type, subtype)) = match grammar::two_tokens(text) {
        Err(_) if text.starts_with('*') => (text.split_at(1).1, ("*", "*")),
        other => other?,
    };
    let (rest, parameters) = Parameters::read(rest, |_| {})?;
    Ok((
        rest,
        Accept {
            main_type,
            subtype,
            parameters,
        },
    ))
}

/// `language-range = ( 1*8ALPHA *( "-" 1*8ALPHA ) ) / "*"`, digits let through.
fn language_range(text: &str) -> Parsed<'_, &str> {
    alt((nom::bytes::complete::tag("*"), grammar::language_tag)).parse(text)
}

/// Without the parameter, or where it is no preference, 1.
fn preference(parameters: Parameters<'_>) -> QValue {
    let q = parameters.find("q").and_then(|parameter| parameter.value);
    q.and_then(QValue::parse).unwrap_or(QValue::MAX)
}
