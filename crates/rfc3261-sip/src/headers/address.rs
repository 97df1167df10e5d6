//! Header fields that are addresses with parameters: From (RFC 3261 §20.20), To (§20.39),
//! Reply-To (§20.31), Route (§20.34), Record-Route (§20.30), Refer-To (RFC 3515), Referred-By
//! (RFC 3892), Path (RFC 3327), Service-Route (RFC 3608), P-Asserted-Identity and
//! P-Preferred-Identity (RFC 3325), Diversion (RFC 5806), History-Info (RFC 7044).

use rfc2396_uri::{NameAddr, Uri};

use super::Header;
use crate::{
    HeaderName, Parameters, ParseError,
    error::{ErrorKind, Rule},
    grammar,
    parameters::Parameter,
};

macro_rules! address {
    ($($(#[$doc:meta])* $name:ident, $prefix:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name<'a> {
            address: NameAddr<&'a str>,
            parameters: Parameters<'a>,
        }

        impl<'a> $name<'a> {
            /// Display name and URI.
            #[must_use]
            pub fn address(&self) -> &NameAddr<&'a str> {
                &self.address
            }

            /// The URI.
            #[must_use]
            pub fn uri(&self) -> Uri<&'a str> {
                self.address.uri()
            }

            /// The parameters behind the address, in order. Those of the URI are the URI's.
            #[must_use]
            pub fn parameters(&self) -> Parameters<'a> {
                self.parameters
            }
        }

        impl<'a> Header<'a> for $name<'a> {
            const NAME: HeaderName = HeaderName::$name;

            fn address(&self) -> Option<&NameAddr<&'a str>> {
                Some(&self.address)
            }

            #[inline]
            fn parse(text: &'a str) -> Result<Self, ParseError> {
                grammar::to_the_end(text, Self::parse_prefix(text)?, Self::NAME.rule())
            }

            #[inline]
            fn parse_next(text: &'a str) -> Option<(Self, &'a str)> {
                if super::begins_value(text) {
                    return super::up_to_comma(Self::parse_prefix(text));
                }
                None
            }
        }

        impl<'a> $name<'a> {
            #[inline]
            fn parse_prefix(text: &'a str) -> Result<(Self, &'a str), ParseError> {
                let prefix = NameAddr::$prefix(text);
                let ((address, parameters), rest) =
                    read(text, prefix, Self::NAME.rule(), |_| {})?;
                Ok((Self { address, parameters }, rest))
            }
        }
    )*};
}

address! {
    /// Where the sender would like replies to go.
    ReplyTo, parse_prefix_of_one;
    /// One proxy that the request is to pass.
    Route, parse_prefix;
    /// One proxy that wants to stay in the path of the dialog.
    RecordRoute, parse_prefix;
    /// What the recipient of a REFER is to contact.
    ReferTo, parse_prefix_of_one;
    /// Who asked for the request by a REFER.
    ReferredBy, parse_prefix_of_one;
    /// One proxy between the registrar and the user agent.
    Path, parse_prefix;
    /// One proxy that requests of the registered user agent are to pass.
    ServiceRoute, parse_prefix;
    /// One identity of the caller that a trusted network vouches for.
    PAssertedIdentity, parse_prefix;
    /// One identity of its user that a user agent would like to be asserted.
    PPreferredIdentity, parse_prefix;
    /// One address that the call was diverted from.
    Diversion, parse_prefix;
    /// One address that the request was retargeted to.
    HistoryInfo, parse_prefix;
}

macro_rules! tagged {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name<'a> {
            address: NameAddr<&'a str>,
            tag: Option<&'a str>,
            parameters: Parameters<'a>,
        }

        impl<'a> $name<'a> {
            /// Display name and URI.
            #[must_use]
            pub fn address(&self) -> &NameAddr<&'a str> {
                &self.address
            }

            /// The URI.
            #[must_use]
            pub fn uri(&self) -> Uri<&'a str> {
                self.address.uri()
            }

            /// The tag: this side's part of the dialog's identifier.
            #[must_use]
            pub fn tag(&self) -> Option<&'a str> {
                self.tag
            }

            /// The parameters behind the address, in order, the tag among them.
            #[must_use]
            pub fn parameters(&self) -> Parameters<'a> {
                self.parameters
            }
        }

        impl<'a> Header<'a> for $name<'a> {
            const NAME: HeaderName = HeaderName::$name;

            fn address(&self) -> Option<&NameAddr<&'a str>> {
                Some(&self.address)
            }

            #[inline]
            fn parse(text: &'a str) -> Result<Self, ParseError> {
                let rule = Self::NAME.rule();
                let mut tag = None;
                let prefix = NameAddr::parse_prefix_of_one(text);
                let ((address, parameters), rest) = read(text, prefix, rule, |parameter| {
                    if parameter.is("tag") {
                        tag = parameter.value;
                    }
                })?;
                grammar::to_the_end(text, (Self { address, tag, parameters }, rest), rule)
            }
        }
    )*};
}

tagged! {
    /// Who sends the request.
    From
    /// To whom the request is sent, in the sender's view.
    To
}

/// An address and the parameters behind it; what is left as well.
#[inline]
pub(super) fn read<'a>(
    text: &'a str,
    prefix: Result<(NameAddr<&'a str>, usize), rfc2396_uri::ParseError>,
    rule: &'static Rule,
    each: impl FnMut(Parameter<'a>),
) -> Result<((NameAddr<&'a str>, Parameters<'a>), &'a str), ParseError> {
    let (address, consumed) = prefix.map_err(|error| from_uri(error, rule))?;
    let rest = text.get(consumed..).unwrap_or_default();
    let (parameters, rest) = grammar::prefix(|rest| Parameters::read(rest, each), rest, rule)
        .map_err(|error| error.shifted(consumed))?;
    Ok(((address, parameters), rest))
}

/// A fault in an address as one in the header field that holds it.
pub(crate) fn from_uri(error: rfc2396_uri::ParseError, rule: &'static Rule) -> ParseError {
    use rfc2396_uri::ErrorKind as Kind;
    let expected = match error.kind() {
        Kind::TooLong => "a shorter URI",
        Kind::Scheme => "a URI scheme",
        Kind::Host => "a host",
        Kind::Port => "a port up to 65535",
        Kind::Escape => "two hexadecimal digits behind %",
        Kind::Number => "a telephone number",
        Kind::Parameter => "a URI parameter",
        Kind::DisplayName => "a display name and then <",
        Kind::Bracket => "> behind the URI, and then ;",
        _ => "an address",
    };
    ParseError::new(ErrorKind::Syntax, error.offset(), expected, rule)
}
