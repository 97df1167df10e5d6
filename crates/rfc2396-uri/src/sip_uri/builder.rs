//! Making SIP URIs from parts (RFC 3261 §19.1.1, §19.1.2).

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{SipUri, Transport};
use crate::chars::{self, is};
use crate::error::Rule;
use crate::percent::{self, Component};
use crate::{ErrorKind, Host, ParseError};

/// Makes a SIP URI from unescaped parts; what [`build`](Self::build) returns always parses to
/// these parts.
///
/// ```
/// use rfc2396_uri::{SipUri, Transport};
///
/// let uri = SipUri::builder("2001:db8::1")
///     .user("j@s0n")
///     .port(5070)
///     .transport(Transport::Tcp)
///     .lr()
///     .header("Subject", "next meeting")
///     .build()?;
/// assert_eq!(
///     uri.as_str(),
///     "sip:j%40s0n@[2001:db8::1]:5070;transport=tcp;lr?Subject=next%20meeting"
/// );
/// # Ok::<(), rfc2396_uri::ParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SipUriBuilder {
    scheme: &'static str,
    user: Option<String>,
    password: Option<String>,
    host: String,
    port: Option<u16>,
    parameters: Vec<(String, Option<String>)>,
    headers: Vec<(String, String)>,
}

impl SipUri<String> {
    /// Begins a `sip:` URI for a host: a name or an address, IPv6 with or without brackets.
    pub fn builder(host: &str) -> SipUriBuilder {
        SipUriBuilder {
            scheme: "sip",
            user: None,
            password: None,
            host: host.to_owned(),
            port: None,
            parameters: Vec::new(),
            headers: Vec::new(),
        }
    }
}

impl SipUriBuilder {
    /// `sips:` instead of `sip:`.
    pub fn secure(mut self) -> Self {
        self.scheme = "sips";
        self
    }

    /// The user.
    pub fn user(mut self, user: &str) -> Self {
        self.user = Some(percent::encode(user, Component::User).into_owned());
        self
    }

    /// The user, with its escapes in it.
    pub(crate) fn escaped_user(mut self, user: String) -> Self {
        self.user = Some(user);
        self
    }

    /// The password. Better not: it travels in clear (RFC 3261 §19.1.1).
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(percent::encode(password, Component::Password).into_owned());
        self
    }

    /// The port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Adds a parameter, in place of one of the same name if there is one.
    pub fn parameter(mut self, name: &str, value: Option<&str>) -> Self {
        let name = percent::encode(name, Component::Parameter).into_owned();
        let value = value.map(|value| percent::encode(value, Component::Parameter).into_owned());
        self.parameters
            .retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
        self.parameters.push((name, value));
        self
    }

    /// The `transport` parameter.
    pub fn transport(self, transport: Transport<'_>) -> Self {
        self.parameter("transport", Some(transport.as_str()))
    }

    /// The `lr` parameter.
    pub fn lr(self) -> Self {
        self.parameter("lr", None)
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((
            percent::encode(name, Component::Header).into_owned(),
            percent::encode(value, Component::Header).into_owned(),
        ));
        self
    }

    /// The URI.
    ///
    /// # Errors
    ///
    /// A host that is neither a name nor an address; an empty user, or a password without user; an
    /// empty name of a parameter or header, or an empty value of a parameter; `sips:` over UDP;
    /// a URI longer than [`MAX_LENGTH`](crate::MAX_LENGTH).
    pub fn build(self) -> Result<SipUri<String>, ParseError> {
        let mut text = String::from(self.scheme);
        text.push(':');
        match (&self.user, &self.password) {
            (Some(user), _) if user.is_empty() => return Err(fail(ErrorKind::Character, &USER)),
            (None, Some(_)) => return Err(fail(ErrorKind::Character, &USER)),
            (Some(user), password) => {
                text.push_str(user);
                if let Some(password) = password {
                    text.push(':');
                    text.push_str(password);
                }
                text.push('@');
            }
            (None, None) => {}
        }
        text.push_str(&host_text(&self.host)?);
        if let Some(port) = self.port {
            text.push(':');
            text.push_str(&port.to_string());
        }
        for (name, value) in &self.parameters {
            if name.is_empty() || value.as_ref().is_some_and(String::is_empty) {
                return Err(fail(ErrorKind::Parameter, &PARAMETER));
            }
            text.push(';');
            text.push_str(name);
            if let Some(value) = value {
                text.push('=');
                text.push_str(value);
            }
        }
        for (at, (name, value)) in self.headers.iter().enumerate() {
            if name.is_empty() {
                return Err(fail(ErrorKind::Parameter, &HEADER));
            }
            text.push(if at == 0 { '?' } else { '&' });
            text.push_str(name);
            text.push('=');
            text.push_str(value);
        }
        let uri = SipUri::parse(text)?;
        if uri.is_secure() && uri.transport() == Some(Transport::Udp) {
            return Err(fail(ErrorKind::Parameter, &TRANSPORT));
        }
        Ok(uri)
    }
}

static USER: Rule = Rule {
    field: "user",
    expected: "at least one character",
    section: "RFC 3261 §19.1.1",
};
static HOST: Rule = Rule {
    field: "host",
    expected: "a name or an address",
    section: "RFC 3261 §25.1",
};
static PARAMETER: Rule = Rule {
    field: "URI parameter",
    expected: "a name, and a value unless there is none",
    section: "RFC 3261 §25.1",
};
static HEADER: Rule = Rule {
    field: "URI header",
    expected: "a name",
    section: "RFC 3261 §25.1",
};
static TRANSPORT: Rule = Rule {
    field: "transport",
    expected: "a reliable one",
    section: "RFC 3261 §19.1.1",
};

fn fail(kind: ErrorKind, rule: &'static Rule) -> ParseError {
    ParseError::new(kind, 0, rule)
}

/// A host as it stands in a URI; addresses of IPv6 get their brackets.
fn host_text(host: &str) -> Result<String, ParseError> {
    if let Ok(address) = host.parse::<core::net::Ipv6Addr>() {
        return Ok(Host::V6 {
            address,
            zone: None,
        }
        .to_string());
    }
    match Host::parse(host) {
        Some(Host::Name(name)) if !name.bytes().all(|b| is(b, chars::HOST)) => None,
        parsed => parsed.map(|_| host.to_owned()),
    }
    .ok_or(fail(ErrorKind::Host, &HOST))
}
