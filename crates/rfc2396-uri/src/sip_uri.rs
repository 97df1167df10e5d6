//! `sip:` and `sips:` URIs (RFC 3261 §19.1, §25.1).

mod builder;
mod compare;
mod defects;
mod derive;
mod headers;
mod parse;
mod transport;

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

use crate::parameter::{Parameter, Parameters};
use crate::text::{Text, slice};
use crate::{Host, ParseError};

pub use builder::SipUriBuilder;
pub use compare::RegistrarKey;
pub(crate) use defects::is_host_name;
pub use headers::{Header, Headers};
pub(crate) use parse::Index;
pub use transport::{Transport, UserKind};

/// A SIP or SIPS URI: `sip:user:password@host:port;parameters?headers`.
///
/// `S` holds the text: `SipUri<&str>` is a view, `SipUri<String>` owns. [`Display`](fmt::Display)
/// is the text as received. `==` compares texts;
/// for the comparison of RFC 3261 §19.1.4 see [`equivalent`](Self::equivalent).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SipUri<S> {
    text: S,
    index: Index,
}

impl<S: AsRef<str>> SipUri<S> {
    /// Reads a SIP or SIPS URI that fills `text`.
    ///
    /// Lenient: what is illegal but legible (`#` in the user, an empty port, a host name with an
    /// underscore) is accepted; see [`defects`](Self::defects). Where several `@` are sent, the
    /// last one ends the user.
    pub fn parse(text: S) -> Result<Self, ParseError> {
        let index = Index::parse(text.as_ref())?;
        Ok(Self { text, index })
    }

    /// A view of this URI.
    pub fn view(&self) -> SipUri<&str> {
        SipUri {
            text: self.text.as_ref(),
            index: self.index,
        }
    }

    /// The same URI with a text of its own.
    pub fn into_owned(self) -> SipUri<String> {
        SipUri {
            text: self.text.as_ref().to_owned(),
            index: self.index,
        }
    }

    /// Whether the scheme is `sips`.
    pub fn is_secure(&self) -> bool {
        self.index.secure
    }

    /// `sip` or `sips`, in lower case.
    pub fn scheme(&self) -> &'static str {
        if self.index.secure { "sips" } else { "sip" }
    }

    /// The port, if the URI names one.
    pub fn port(&self) -> Option<u16> {
        self.index.port
    }

    /// The port to use when nothing else (a DNS record) tells: the one in the URI, else 5061 for
    /// `sips:` and for TLS, else 5060 (RFC 3261 §19.1.2, Table 1).
    ///
    /// Over WebSocket the defaults are 80 and 443 (RFC 7118).
    pub fn effective_port(&self) -> u16 {
        let secure = self.index.secure;
        self.index.port.unwrap_or(match self.view().transport() {
            Some(Transport::Ws) if secure => 443,
            Some(Transport::Ws) => 80,
            Some(Transport::Tls) => 5061,
            _ if secure => 5061,
            _ => 5060,
        })
    }

    /// The transport to use when nothing else tells: the one in the URI, else TCP (with TLS over
    /// it) for `sips:` and UDP for `sip:` (RFC 3261 §19.1.2, Table 1).
    pub fn effective_transport(&self) -> Transport<'_> {
        self.view().transport().unwrap_or(if self.index.secure {
            Transport::Tcp
        } else {
            Transport::Udp
        })
    }

    /// Whether the URI has an `lr` parameter, in whichever spelling (`lr`, `lr=on`, `lr=true`).
    pub fn lr(&self) -> bool {
        self.view().parameter("lr").is_some()
    }

    /// The `ttl` parameter, if it is a number up to 255.
    pub fn ttl(&self) -> Option<u8> {
        self.view().parameter("ttl")?.value()?.parse().ok()
    }

    pub(crate) fn from_parts(text: S, index: Index) -> Self {
        Self { text, index }
    }
}

impl<'i, 'o, S: Text<'i, 'o>> SipUri<S> {
    /// The URI as received.
    pub fn as_str(&'i self) -> &'o str {
        self.text.text()
    }

    fn part(&'i self, start: u16, end: u16) -> &'o str {
        slice(self.text.text(), start.into(), end.into())
    }

    /// The user, escapes as received (see [`percent::decode`](crate::percent::decode)).
    pub fn user(&'i self) -> Option<&'o str> {
        let Index {
            scheme_end,
            user_end,
            ..
        } = self.index;
        self.index
            .has_user()
            .then(|| self.part(scheme_end, user_end))
    }

    /// The password, escapes as received.
    pub fn password(&'i self) -> Option<&'o str> {
        let Index {
            user_end,
            host_start,
            ..
        } = self.index;
        self.index
            .has_password()
            .then(|| self.part(user_end.saturating_add(1), host_start.saturating_sub(1)))
    }

    /// The host as received, IPv6 in its brackets.
    pub fn host_str(&'i self) -> &'o str {
        self.part(self.index.host_start, self.index.host_end)
    }

    /// The host, told apart into names and addresses.
    pub fn host(&'i self) -> Host<'o> {
        let text = self.host_str();
        Host::parse(text).unwrap_or(Host::Name(text))
    }

    /// All URI parameters in order.
    pub fn parameters(&'i self) -> Parameters<'o> {
        Parameters::new(self.part(self.index.port_end, self.index.parameters_end))
    }

    /// The first parameter of that name, without regard to case and escapes.
    pub fn parameter(&'i self, name: &str) -> Option<Parameter<'o>> {
        self.parameters().find(name)
    }

    /// All URI headers in order.
    pub fn headers(&'i self) -> Headers<'o> {
        let text = self.text.text();
        Headers::new(slice(text, self.index.parameters_end.into(), text.len()))
    }

    /// The `transport` parameter.
    pub fn transport(&'i self) -> Option<Transport<'o>> {
        Some(Transport::new(self.parameter("transport")?.value()?))
    }

    /// The `user` parameter.
    pub fn user_kind(&'i self) -> Option<UserKind<'o>> {
        Some(UserKind::new(self.parameter("user")?.value()?))
    }

    /// The `method` parameter, escapes as received.
    pub fn method(&'i self) -> Option<&'o str> {
        self.parameter("method")?.value()
    }

    /// The `maddr` parameter, if it is a host.
    pub fn maddr(&'i self) -> Option<Host<'o>> {
        Host::parse(self.parameter("maddr")?.value()?)
    }
}

impl<S: AsRef<str>> fmt::Display for SipUri<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.as_ref())
    }
}

impl<'a> TryFrom<&'a str> for SipUri<&'a str> {
    type Error = ParseError;

    fn try_from(text: &'a str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

impl core::str::FromStr for SipUri<String> {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        SipUri::parse(text).map(SipUri::into_owned)
    }
}
