//! Lists of methods and of option tags (RFC 2326 §12.4, §12.27, §12.28, §12.32, §12.40).

use core::fmt;

use nom::Parser;
use nom::bytes::complete::take_till1;

use super::{Header, element};
use crate::grammar::{Parsed, expected, token};
use crate::{HeaderName, Method, ParseError};

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident($element:ty) = $rule:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name<'a>(pub $element);

        impl<'a> Header<'a> for $name<'a> {
            const NAME: HeaderName = HeaderName::$name;

            fn read(value: &'a str) -> Result<(Self, &'a str), ParseError> {
                let (element, rest) = element(value, Self::NAME.rule(), $rule)?;
                Ok((Self(element), rest))
            }
        }

        impl fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

lists! {
    /// A method that the server supports.
    Public(Method<'a>) = method;
    /// A method that the resource supports.
    Allow(Method<'a>) = method;
    /// An option that the server must support.
    Require(&'a str) = option_tag;
    /// An option that proxies must support.
    ProxyRequire(&'a str) = option_tag;
    /// An option that is not supported.
    Unsupported(&'a str) = option_tag;
}

/// `Method`
fn method(input: &str) -> Parsed<'_, Method<'_>> {
    expected("a method", token)
        .map(Method::unchecked)
        .parse(input)
}

/// `option-tag`: every character that ends no element.
fn option_tag(input: &str) -> Parsed<'_, &str> {
    let ends = |c: char| c == ',' || c.is_ascii_whitespace();
    expected("an option-tag", take_till1(ends)).parse(input)
}
