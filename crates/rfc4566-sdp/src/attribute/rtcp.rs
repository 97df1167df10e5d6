//! Where and how RTCP flows: `a=rtcp` (RFC 3605), `rtcp-mux` (RFC 5761), `rtcp-rsize` (RFC 5506), `rtcp-fb` (RFC 4585).

use alloc::vec::Vec;
use core::net::IpAddr;

use nom::Parser;
use nom::branch::alt;
use nom::character::complete::char;
use nom::combinator::opt;
use nom::sequence::preceded;

use super::{Attribute, property};
use crate::connection::ip_address;
use crate::error::{ParseError, Rule};
use crate::grammar::{Parsed, named, non_ws_string, number, payload_type, remainder, sp, whole};
use crate::text::Text;
use crate::write::put;

static PORT: Rule = Rule {
    field: "rtcp",
    expected: "a port from 0 to 65535",
    section: "RFC 3605 §2.1",
};
static ADDRESS: Rule = Rule {
    field: "rtcp",
    expected: "nettype, addrtype and address, or the end of the line",
    section: "RFC 3605 §2.1",
};
static MUX: Rule = Rule {
    field: "rtcp-mux",
    expected: "no value",
    section: "RFC 5761 §5.1.1",
};
static RSIZE: Rule = Rule {
    field: "rtcp-rsize",
    expected: "no value",
    section: "RFC 5506 §5",
};
static FEEDBACK: Rule = Rule {
    field: "rtcp-fb",
    expected: "a payload type or *, a space and a feedback type",
    section: "RFC 4585 §4.2",
};

/// `a=rtcp`: the port of RTCP, where it is not the one above that of RTP, and its address if that differs too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rtcp<'a> {
    /// The port.
    pub port: u16,
    /// Network type, address type and address.
    pub address: Option<RtcpAddress<'a>>,
}

/// The address in an `a=rtcp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RtcpAddress<'a> {
    /// Usually `IN`.
    pub nettype: Text<'a>,
    /// Usually `IP4` or `IP6`.
    pub addrtype: Text<'a>,
    /// An IP address or host name.
    pub connection_address: Text<'a>,
}

/// `a=rtcp-mux`: RTP and RTCP share a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RtcpMux;

/// `a=rtcp-rsize`: RTCP packets of reduced size are welcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RtcpRsize;

/// `a=rtcp-fb`: a kind of feedback that may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RtcpFb<'a> {
    /// The payload type; `None` is `*`, all of them.
    pub payload_type: Option<u8>,
    /// The kind: `ack`, `nack`, `trr-int`, `ccm`, `transport-cc` or another.
    pub feedback: Text<'a>,
    /// What specifies the kind further, such as `pli`; empty if nothing does.
    pub parameters: Text<'a>,
}

impl RtcpAddress<'_> {
    /// The address, if it is an IP address rather than a name.
    pub fn ip_address(&self) -> Option<IpAddr> {
        ip_address(self.connection_address)
    }
}

impl<'a> Attribute<'a> for Rtcp<'a> {
    const NAME: &'static str = "rtcp";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        whole(value, &ADDRESS, rtcp_value)
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        put::number(out, u64::from(self.port));
        if let Some(RtcpAddress {
            nettype,
            addrtype,
            connection_address,
        }) = self.address
        {
            out.push(b' ');
            put::joined(out, b' ', &[nettype, addrtype, connection_address]);
        }
    }
}

impl<'a> Attribute<'a> for RtcpMux {
    const NAME: &'static str = "rtcp-mux";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        property(value, &MUX).map(|()| Self)
    }

    fn write_value(&self, _: &mut Vec<u8>) {}
}

impl<'a> Attribute<'a> for RtcpRsize {
    const NAME: &'static str = "rtcp-rsize";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        property(value, &RSIZE).map(|()| Self)
    }

    fn write_value(&self, _: &mut Vec<u8>) {}
}

impl<'a> Attribute<'a> for RtcpFb<'a> {
    const NAME: &'static str = "rtcp-fb";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        whole(value, &FEEDBACK, named(&FEEDBACK, rtcp_fb_value))
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        match self.payload_type {
            Some(payload_type) => put::number(out, u64::from(payload_type)),
            None => out.push(b'*'),
        }
        out.push(b' ');
        out.extend_from_slice(&self.feedback);
        if !self.parameters.is_empty() {
            out.push(b' ');
            out.extend_from_slice(&self.parameters);
        }
    }
}

/// `port [nettype SP addrtype SP connection-address]`
fn rtcp_value(input: &[u8]) -> Parsed<'_, Rtcp<'_>> {
    let (input, port) = named(&PORT, number::<u16>).parse(input)?;
    let address = (
        preceded(sp, non_ws_string),
        preceded(sp, non_ws_string),
        preceded(sp, non_ws_string),
    );
    let (input, address) = named(&ADDRESS, opt(address)).parse(input)?;
    let address = address.map(|(nettype, addrtype, connection_address)| RtcpAddress {
        nettype,
        addrtype,
        connection_address,
    });
    Ok((input, Rtcp { port, address }))
}

/// `("*" / fmt) SP rtcp-fb-val`
fn rtcp_fb_value(input: &[u8]) -> Parsed<'_, RtcpFb<'_>> {
    let wildcard = char('*').map(|_| None);
    let (input, payload_type) = alt((wildcard, payload_type.map(Some))).parse(input)?;
    let (input, feedback) = preceded(sp, non_ws_string).parse(input)?;
    let (input, parameters) = opt(preceded(sp, remainder)).parse(input)?;
    Ok((
        input,
        RtcpFb {
            payload_type,
            feedback,
            parameters: parameters.unwrap_or_default(),
        },
    ))
}
