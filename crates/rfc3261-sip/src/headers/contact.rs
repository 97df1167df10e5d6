//! Contact (RFC 3261 §20.10).

use rfc2396_uri::{NameAddr, Uri};

use super::{Header, address};
use crate::{HeaderName, Parameters, ParseError, QValue, grammar};

/// One Contact value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact<'a> {
    /// `*`, which a REGISTER uses to remove all bindings.
    All,
    /// An address with its parameters.
    Address(ContactAddress<'a>),
}

/// Where its sender can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContactAddress<'a> {
    address: NameAddr<&'a str>,
    q: Option<QValue>,
    expires: Option<u32>,
    parameters: Parameters<'a>,
}

impl<'a> Contact<'a> {
    /// The address, unless this is `*`.
    #[must_use]
    pub fn address(&self) -> Option<&ContactAddress<'a>> {
        match self {
            Self::All => None,
            Self::Address(address) => Some(address),
        }
    }

    /// The URI, unless this is `*`.
    #[must_use]
    pub fn uri(&self) -> Option<Uri<&'a str>> {
        self.address().map(ContactAddress::uri)
    }
}

impl<'a> ContactAddress<'a> {
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

    /// How much this contact is preferred; `None` without the parameter, or where it is no
    /// preference.
    #[must_use]
    pub fn q(&self) -> Option<QValue> {
        self.q
    }

    /// Seconds for which the binding lasts. A number above 2^32 - 1 counts as that; `None`
    /// without the parameter. One that is no number counts as 3600 (RFC 3261 §20.10).
    #[must_use]
    pub fn expires(&self) -> Option<u32> {
        self.expires
    }

    /// The parameters behind the address, in order. Without angle brackets, all parameters are
    /// these and the URI has none.
    #[must_use]
    pub fn parameters(&self) -> Parameters<'a> {
        self.parameters
    }
}

impl<'a> Header<'a> for Contact<'a> {
    const NAME: HeaderName = HeaderName::Contact;

    fn address(&self) -> Option<&NameAddr<&'a str>> {
        match self {
            Self::All => None,
            Self::Address(contact) => Some(&contact.address),
        }
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

impl<'a> Contact<'a> {
    #[inline]
    fn parse_prefix(text: &'a str) -> Result<(Self, &'a str), ParseError> {
        if let Some(rest) = text.strip_prefix('*') {
            return Ok((Self::All, rest));
        }
        let (mut q, mut expires) = (None, None);
        let prefix = NameAddr::parse_prefix(text);
        let rule = Self::NAME.rule();
        let ((address, parameters), rest) = address::read(text, prefix, rule, |parameter| {
            if parameter.is("q") {
                q = parameter.value.and_then(QValue::parse);
            } else if parameter.is("expires") {
                let value = parameter.value.unwrap_or_default();
                expires = Some(match grammar::delta_seconds(value) {
                    Ok(("", seconds)) => seconds,
                    _ => 3600,
                });
            }
        })?;
        Ok((
            Self::Address(ContactAddress {
                address,
                q,
                expires,
                parameters,
            }),
            rest,
        ))
    }
}
