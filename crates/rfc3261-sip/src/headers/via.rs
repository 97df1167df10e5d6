//! Via (RFC 3261 §20.42, RFC 3581).

use core::fmt;

use nom::{Parser, combinator::cut};
use rfc2396_uri::Host;

use super::Header;
use crate::{
    HeaderName, Parameters, ParseError,
    grammar::{self, Fault, Parsed},
    parameters::Reader,
};

/// One Via value: a hop that the request has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Via<'a> {
    protocol: &'a str,
    transport: ViaTransport<'a>,
    host: &'a str,
    port: Option<u16>,
    branch: Option<&'a str>,
    received: Option<&'a str>,
    rport: Option<Option<u16>>,
    maddr: Option<&'a str>,
    ttl: Option<u8>,
    parameters: Parameters<'a>,
}

/// The transport of a Via value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ViaTransport<'a> {
    /// `UDP`
    Udp,
    /// `TCP`
    Tcp,
    /// `TLS` over TCP
    Tls,
    /// `SCTP`
    Sctp,
    /// `TLS-SCTP` (RFC 4168)
    TlsSctp,
    /// `WS` (RFC 7118)
    Ws,
    /// `WSS` (RFC 7118)
    Wss,
    /// Another, as it was written.
    Other(&'a str),
}

/// What a branch that RFC 3261 calls unique begins with.
pub(crate) const MAGIC_COOKIE: &str = "z9hG4bK";

impl<'a> Via<'a> {
    /// `SIP/2.0` in nearly all messages: protocol name and version.
    #[must_use]
    pub fn protocol(&self) -> &'a str {
        self.protocol
    }

    /// The transport.
    #[must_use]
    pub fn transport(&self) -> ViaTransport<'a> {
        self.transport
    }

    /// The host of `sent-by` as it stands, IPv6 in brackets.
    #[must_use]
    pub fn host_str(&self) -> &'a str {
        self.host
    }

    /// The host of `sent-by`.
    #[must_use]
    pub fn host(&self) -> Host<'a> {
        Host::parse(self.host).unwrap_or(Host::Name(self.host))
    }

    /// The port of `sent-by`, if it has one.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The port of `sent-by`, or the transport's usual one.
    #[must_use]
    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or(self.transport.default_port())
    }

    /// The branch: the transaction's identifier.
    #[must_use]
    pub fn branch(&self) -> Option<&'a str> {
        self.branch
    }

    /// Whether the branch begins with `z9hG4bK` and goes on, so that it identifies the
    /// transaction by itself (RFC 3261 §8.1.1.7).
    #[must_use]
    pub fn has_unique_branch(&self) -> bool {
        self.branch.is_some_and(|branch| {
            branch.len() > MAGIC_COOKIE.len()
                && branch
                    .get(..MAGIC_COOKIE.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(MAGIC_COOKIE))
        })
    }

    /// The address that the request came from, as it was written: IPv6 without brackets by the
    /// grammar, with them from some senders (RFC 5118 §4.5).
    #[must_use]
    pub fn received(&self) -> Option<&'a str> {
        self.received
    }

    /// The port that the request came from (RFC 3581): `Some(None)` where it is only asked for.
    #[must_use]
    pub fn rport(&self) -> Option<Option<u16>> {
        self.rport
    }

    /// Where responses are to go instead of `sent-by`, as it was written.
    #[must_use]
    pub fn maddr(&self) -> Option<&'a str> {
        self.maddr
    }

    /// The time to live of a multicast.
    #[must_use]
    pub fn ttl(&self) -> Option<u8> {
        self.ttl
    }

    /// All parameters, in order.
    #[must_use]
    pub fn parameters(&self) -> Parameters<'a> {
        self.parameters
    }
}

impl<'a> Header<'a> for Via<'a> {
    const NAME: HeaderName = HeaderName::Via;

    #[inline]
    fn parse(text: &'a str) -> Result<Self, ParseError> {
        grammar::whole(via_parm, text, Self::NAME.rule())
    }

    #[inline]
    fn parse_next(text: &'a str) -> Option<(Self, &'a str)> {
        if super::begins_value(text) {
            return super::up_to_comma(grammar::prefix(via_parm, text, Self::NAME.rule()));
        }
        None
    }
}

impl<'a> ViaTransport<'a> {
    fn new(name: &'a str) -> Self {
        [
            Self::Udp,
            Self::Tcp,
            Self::Tls,
            Self::Sctp,
            Self::TlsSctp,
            Self::Ws,
            Self::Wss,
        ]
        .into_iter()
        .find(|known| known.as_str().eq_ignore_ascii_case(name))
        .unwrap_or(Self::Other(name))
    }

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Sctp => "SCTP",
            Self::TlsSctp => "TLS-SCTP",
            Self::Ws => "WS",
            Self::Wss => "WSS",
            Self::Other(name) => name,
        }
    }

    /// Whether responses go back over the connection that the request came over.
    #[must_use]
    pub const fn is_reliable(self) -> bool {
        !matches!(self, Self::Udp | Self::Other(_))
    }

    /// The port where `sent-by` names none.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Tls | Self::TlsSctp => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
            _ => 5060,
        }
    }
}

impl fmt::Display for ViaTransport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// `via-parm = sent-protocol LWS sent-by *( SEMI via-params )`, and a comment behind it as in
/// RFC 2543.
#[inline(always)]
fn via_parm(text: &str) -> Parsed<'_, Via<'_>> {
    let (rest, (protocol, transport)) = sent_protocol(text)?;
    let (rest, (host, port)) = cut(sent_by).parse(rest)?;
    let (mut branch, mut received, mut maddr) = (None, None, None);
    let (mut rport, mut ttl) = (None, None);
    let mut reader = Reader::new(rest);
    while let Some(parameter) = reader.next()? {
        let value = parameter.value;
        match parameter.name.len() {
            3 if parameter.is("ttl") => {
                ttl = value.and_then(|v| v.parse().ok());
                if ttl.is_none() {
                    let at = value.unwrap_or(parameter.name);
                    let offset = at.as_ptr() as usize - text.as_ptr() as usize;
                    let fault = Fault::range(text.split_at(offset).1, "0 to 255");
                    return Err(nom::Err::Failure(fault));
                }
            }
            5 if parameter.is("rport") => {
                let port = value.filter(|v| !v.is_empty());
                rport = Some(port.and_then(|v| v.parse().ok()));
            }
            5 if parameter.is("maddr") => maddr = value,
            6 if parameter.is("branch") => branch = value,
            8 if parameter.is("received") => received = value,
            _ => {}
        }
    }
    let (rest, parameters) = reader.finish();
    let mut rest = grammar::sws(rest);
    if rest.starts_with('(') {
        if let Ok((behind, _)) = grammar::comment(rest) {
            rest = behind;
        }
    }
    let via = Via {
        protocol,
        transport,
        host,
        port,
        branch,
        received,
        rport,
        maddr,
        ttl,
        parameters,
    };
    Ok((rest, via))
}

/// `sent-protocol = protocol-name SLASH protocol-version SLASH transport`, then `LWS`: the first
/// two as they stand, and the transport.
#[inline(always)]
fn sent_protocol(text: &str) -> Parsed<'_, (&str, ViaTransport<'_>)> {
    // Nearly always one of these, and no white space in it.
    if let Some(rest) = text.strip_prefix("SIP/2.0/") {
        let usual = match rest.as_bytes() {
            [b'U', b'D', b'P', b' ', b'!'..=0x7f, ..] => Some(ViaTransport::Udp),
            [b'T', b'C', b'P', b' ', b'!'..=0x7f, ..] => Some(ViaTransport::Tcp),
            [b'T', b'L', b'S', b' ', b'!'..=0x7f, ..] => Some(ViaTransport::Tls),
            _ => None,
        };
        if let Some(transport) = usual {
            return Ok((rest.split_at(4).1, (text.split_at(7).0, transport)));
        }
    }
    any_sent_protocol(text)
}

fn any_sent_protocol(text: &str) -> Parsed<'_, (&str, ViaTransport<'_>)> {
    let (rest, _) = grammar::two_tokens(text)?;
    let protocol = text.split_at(text.len() - rest.len()).0;
    let (rest, ()) = grammar::slash(rest)?;
    let (rest, transport) = grammar::token(rest)?;
    let (rest, _) = grammar::lws(rest)?;
    Ok((rest, (protocol, ViaTransport::new(transport))))
}

/// `sent-by = host [ COLON port ]`
#[inline(always)]
fn sent_by(text: &str) -> Parsed<'_, (&str, Option<u16>)> {
    let (rest, host) = grammar::host(text)?;
    let colon = grammar::sws(rest);
    if colon.as_bytes().first() != Some(&b':') {
        return Ok((rest, (host, None)));
    }
    let (rest, port) = grammar::port(grammar::sws(colon.split_at(1).1))?;
    Ok((rest, (host, Some(port))))
}
