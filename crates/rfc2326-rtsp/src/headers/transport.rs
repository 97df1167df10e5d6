//! Transport (RFC 2326 §12.39).

use core::fmt;
use core::str::FromStr;

use nom::Parser;
use nom::character::complete::char;
use nom::combinator::{opt, recognize};
use nom::multi::many0_count;
use nom::sequence::preceded;

use super::{Header, element, offset_in};
use crate::grammar::{Parsed, expected, parameter, symbol, token};
use crate::{ErrorKind, HeaderName, Method, ParseError};

/// One transport: `RTP/AVP/TCP;interleaved=0-1`.
///
/// A parameter that cannot be read is left out and told by [`Header::fault`]; the others stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Transport<'a> {
    /// The transport protocol, `RTP`.
    pub protocol: &'a str,
    /// The profile, `AVP` for instance.
    pub profile: &'a str,
    /// The lower transport if it is given, `TCP` or `UDP`; see [`is_tcp`](Self::is_tcp).
    pub lower_transport: Option<&'a str>,
    /// `unicast` or `multicast` if one is given; see
    /// [`delivery_or_default`](Self::delivery_or_default).
    pub delivery: Option<Delivery>,
    /// The address that the stream is sent to; empty for the parameter without an address.
    pub destination: Option<&'a str>,
    /// The address that the stream comes from.
    pub source: Option<&'a str>,
    /// The number of multicast layers.
    pub layers: Option<u32>,
    /// The methods of the session, without quotes; see [`modes`](Self::modes).
    pub mode: Option<&'a str>,
    /// Whether a recording is appended.
    pub append: bool,
    /// The channels of interleaved frames, for RTP and RTCP.
    pub interleaved: Option<Pair<u8>>,
    /// The time to live of multicast packets.
    pub ttl: Option<u8>,
    /// The ports of a multicast session.
    pub port: Option<Pair<u16>>,
    /// The client's ports for RTP and RTCP.
    pub client_port: Option<Pair<u16>>,
    /// The server's ports for RTP and RTCP.
    pub server_port: Option<Pair<u16>>,
    /// The synchronisation source of the server's packets.
    pub ssrc: Option<u32>,
    /// The parameters as they stand.
    raw: &'a str,
    fault: Option<ParseError>,
}

/// Whether a stream is sent to one receiver or to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// To one receiver.
    Unicast,
    /// To a group.
    Multicast,
}

/// A number for RTP, and one for RTCP if it is given: `3456-3457` or `3456`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pair<T> {
    /// The number for RTP.
    pub first: T,
    /// The number for RTCP.
    pub last: Option<T>,
}

impl<'a> Transport<'a> {
    /// A transport without parameters over RTP/AVP, to be filled in.
    pub const fn rtp_avp() -> Self {
        Self {
            protocol: "RTP",
            profile: "AVP",
            lower_transport: None,
            delivery: None,
            destination: None,
            source: None,
            layers: None,
            mode: None,
            append: false,
            interleaved: None,
            ttl: None,
            port: None,
            client_port: None,
            server_port: None,
            ssrc: None,
            raw: "",
            fault: None,
        }
    }

    /// Unicast to the client's ports: `RTP/AVP;unicast;client_port=3456-3457`.
    pub const fn unicast(first: u16, last: u16) -> Self {
        Self {
            delivery: Some(Delivery::Unicast),
            client_port: Some(Pair {
                first,
                last: Some(last),
            }),
            ..Self::rtp_avp()
        }
    }

    /// Interleaved in the connection: `RTP/AVP/TCP;unicast;interleaved=0-1`.
    pub const fn interleaved(first: u8, last: u8) -> Self {
        Self {
            lower_transport: Some("TCP"),
            delivery: Some(Delivery::Unicast),
            interleaved: Some(Pair {
                first,
                last: Some(last),
            }),
            ..Self::rtp_avp()
        }
    }

    /// Whether the lower transport is TCP: without one, RTP/AVP is over UDP.
    pub fn is_tcp(&self) -> bool {
        self.lower_transport
            .is_some_and(|lower| lower.eq_ignore_ascii_case("TCP"))
    }

    /// Unicast or multicast: multicast where neither is given.
    pub fn delivery_or_default(&self) -> Delivery {
        self.delivery.unwrap_or(Delivery::Multicast)
    }

    /// The methods of the session: PLAY where no mode is given.
    pub fn modes(&self) -> impl Iterator<Item = Method<'a>> {
        let mode = self.mode.unwrap_or(Method::PLAY.as_str());
        mode.split(',')
            .filter_map(|method| Method::new(method.trim_ascii()))
    }

    /// All parameters as they were received, unknown ones too.
    pub const fn parameters(&self) -> Parameters<'a> {
        Parameters { rest: self.raw }
    }

    /// Takes a parameter; an error if its value is not of its kind.
    fn set(&mut self, name: &'a str, value: Option<&'a str>) -> Result<(), Bad> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("unicast") {
            self.delivery = Some(Delivery::Unicast);
        } else if is("multicast") {
            self.delivery = Some(Delivery::Multicast);
        } else if is("interleaved") {
            self.interleaved = Some(read(value, "interleaved=channel[-channel]")?);
        } else if is("client_port") {
            self.client_port = Some(read(value, "client_port=port[-port]")?);
        } else if is("server_port") {
            self.server_port = Some(read(value, "server_port=port[-port]")?);
        } else if is("port") {
            self.port = Some(read(value, "port=port[-port]")?);
        } else if is("ssrc") {
            let digits = value.unwrap_or_default().trim_ascii();
            let is_hex = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
            let ssrc = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex);
            self.ssrc = Some(ssrc.ok_or(Bad("ssrc=8HEX"))?);
            if digits.len() != 8 {
                return Err(Bad("ssrc=8HEX"));
            }
        } else if is("mode") {
            self.mode = Some(value.ok_or(Bad("mode=<\">1#mode<\">"))?);
        } else if is("destination") {
            self.destination = Some(value.unwrap_or_default());
        } else if is("source") {
            self.source = Some(value.ok_or(Bad("source=address"))?);
        } else if is("ttl") {
            self.ttl = Some(read(value, "ttl=1*3DIGIT")?);
        } else if is("layers") {
            self.layers = Some(read(value, "layers=1*DIGIT")?);
        } else if is("append") {
            self.append = true;
        } else if name.is_empty() {
            return Err(Bad("a parameter"));
        }
        Ok(())
    }
}

/// What a parameter should have been.
struct Bad(&'static str);

fn read<T: FromStr>(value: Option<&str>, expected: &'static str) -> Result<T, Bad> {
    value
        .and_then(|value| value.trim_ascii().parse().ok())
        .ok_or(Bad(expected))
}

impl<'a> Header<'a> for Transport<'a> {
    const NAME: HeaderName = HeaderName::Transport;

    fn read(value: &'a str) -> Result<(Self, &'a str), ParseError> {
        let rule = Self::NAME.rule();
        let raw = |input| recognize(many0_count(preceded(symbol(';'), parameter))).parse(input);
        let ((specifier, raw), rest) = element(value, rule, (specifier, raw))?;
        let (protocol, profile, lower_transport) = specifier;
        let mut transport = Self {
            protocol,
            profile,
            lower_transport,
            raw,
            ..Self::rtp_avp()
        };
        // Whatever follows the parameters, they end where `raw` does.
        let raw_at = offset_in(value, raw);
        for (name, value) in transport.parameters() {
            if let Err(Bad(expected)) = transport.set(name, value) {
                let offset = raw_at + offset_in(raw, name);
                let error = ParseError::new(ErrorKind::Syntax, offset, expected, rule);
                transport.fault = transport.fault.or(Some(error));
            }
        }
        Ok((transport, rest))
    }

    /// The first parameter that was left out, or is not as it should be.
    fn fault(&self) -> Option<ParseError> {
        self.fault
    }
}

/// `transport-protocol "/" profile [ "/" lower-transport ]`
fn specifier(input: &str) -> Parsed<'_, (&str, &str, Option<&str>)> {
    let slash = || char('/');
    let parts = (
        token,
        preceded(slash(), token),
        opt(preceded(slash(), token)),
    );
    expected("transport/profile[/lower-transport]", parts).parse(input)
}

/// The parameters of a [`Transport`]: names, and values without quotes.
#[derive(Debug, Clone)]
pub struct Parameters<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Parameters<'a> {
    type Item = (&'a str, Option<&'a str>);

    fn next(&mut self) -> Option<Self::Item> {
        let (rest, parameter) = preceded(symbol(';'), parameter).parse(self.rest).ok()?;
        self.rest = rest;
        Some(parameter)
    }
}

impl<T: FromStr> FromStr for Pair<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        match text.split_once('-') {
            Some((first, last)) => {
                let (first, last) = (first.trim_ascii_end(), last.trim_ascii_start());
                Ok(Self {
                    first: first.parse()?,
                    last: Some(last.parse()?),
                })
            }
            None => Ok(Self {
                first: text.parse()?,
                last: None,
            }),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Pair<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)?;
        match &self.last {
            Some(last) => write!(f, "-{last}"),
            None => Ok(()),
        }
    }
}

/// The known parameters in the order of the grammar, the destination first.
impl fmt::Display for Transport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.protocol, self.profile)?;
        if let Some(lower) = self.lower_transport {
            write!(f, "/{lower}")?;
        }
        match self.delivery {
            Some(Delivery::Unicast) => f.write_str(";unicast")?,
            Some(Delivery::Multicast) => f.write_str(";multicast")?,
            None => {}
        }
        match self.destination {
            Some("") => f.write_str(";destination")?,
            destination => optional(f, "destination", destination)?,
        }
        optional(f, "source", self.source)?;
        optional(f, "interleaved", self.interleaved)?;
        if self.append {
            f.write_str(";append")?;
        }
        optional(f, "ttl", self.ttl)?;
        optional(f, "layers", self.layers)?;
        optional(f, "port", self.port)?;
        optional(f, "client_port", self.client_port)?;
        optional(f, "server_port", self.server_port)?;
        if let Some(ssrc) = self.ssrc {
            write!(f, ";ssrc={ssrc:08X}")?;
        }
        match self.mode {
            Some(mode) => write!(f, ";mode=\"{mode}\""),
            None => Ok(()),
        }
    }
}

fn optional<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    value: Option<T>,
) -> fmt::Result {
    match value {
        Some(value) => write!(f, ";{name}={value}"),
        None => Ok(()),
    }
}
