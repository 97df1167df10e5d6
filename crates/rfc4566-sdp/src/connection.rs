//! The `c=` line (RFC 8866 §5.7).

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nom::Parser;
use nom::bytes::complete::take_while1;
use nom::character::complete::char;
use nom::combinator::{cond, cut, opt};
use nom::sequence::preceded;

use crate::error::{ParseError, Rule};
use crate::grammar::{Parsed, is_blank, named, non_ws_string, number, sp, whole};
use crate::text::Text;
use crate::write::{display_as_written, put};

static NETTYPE: Rule = Rule {
    field: "connection",
    expected: "nettype",
    section: "RFC 8866 §5.7",
};
static ADDRTYPE: Rule = Rule {
    field: "connection",
    expected: "a space and addrtype",
    section: "RFC 8866 §5.7",
};
static ADDRESS: Rule = Rule {
    field: "connection",
    expected: "a space and connection-address, then the end of the line",
    section: "RFC 8866 §5.7",
};
static TTL: Rule = Rule {
    field: "connection",
    expected: "a ttl from 0 to 255",
    section: "RFC 8866 §5.7",
};
static COUNT: Rule = Rule {
    field: "connection",
    expected: "a number of addresses",
    section: "RFC 8866 §5.7",
};

/// Where media go to or come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Connection<'a> {
    /// Usually `IN`.
    pub nettype: Text<'a>,
    /// Usually `IP4` or `IP6`.
    pub addrtype: Text<'a>,
    /// An IP address or host name, without ttl and count.
    pub address: Text<'a>,
    /// Time to live, which every IPv4 multicast address should have and no other may.
    pub ttl: Option<u8>,
    /// The number of contiguous multicast addresses, if it is given.
    pub count: Option<u32>,
}

impl<'a> Connection<'a> {
    /// A unicast connection; `addrtype` is `IP4` or `IP6`, `address` an IP address or a name.
    pub fn internet(addrtype: &'a str, address: &'a str) -> Self {
        Self {
            nettype: "IN".into(),
            addrtype: addrtype.into(),
            address: address.into(),
            ttl: None,
            count: None,
        }
    }

    /// Reads the value of a `c=` line.
    pub fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        whole(value, &ADDRESS, connection_field)
    }

    /// The address, if it is an IP address rather than a name.
    pub fn ip_address(&self) -> Option<IpAddr> {
        ip_address(self.address)
    }

    /// Whether the address is an IP multicast group.
    pub fn is_multicast(&self) -> bool {
        self.ip_address()
            .is_some_and(|address| address.is_multicast())
    }

    /// Whether the address is the `0.0.0.0` or `::` by which old devices put a call on hold.
    pub fn is_unspecified(&self) -> bool {
        self.ip_address()
            .is_some_and(|address| address.is_unspecified())
    }

    /// Every address that the line stands for: one, or as many contiguous ones as the count says. None for names.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + use<> {
        let first = self.ip_address();
        (0..self.count.unwrap_or(1)).map_while(move |step| match first? {
            IpAddr::V4(address) => u32::from(address)
                .checked_add(step)
                .map(|bits| Ipv4Addr::from(bits).into()),
            IpAddr::V6(address) => u128::from(address)
                .checked_add(u128::from(step))
                .map(|bits| Ipv6Addr::from(bits).into()),
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put::joined(out, b' ', &[self.nettype, self.addrtype, self.address]);
        if let Some(ttl) = self.ttl {
            out.push(b'/');
            put::number(out, u64::from(ttl));
        }
        if let Some(count) = self.count {
            out.push(b'/');
            put::number(out, u64::from(count));
        }
    }
}

display_as_written!(Connection);

/// `nettype SP addrtype SP connection-address`, where only IPv4 has a ttl before the count.
fn connection_field(input: &[u8]) -> Parsed<'_, Connection<'_>> {
    let (input, nettype) = named(&NETTYPE, non_ws_string).parse(input)?;
    let (input, addrtype) = named(&ADDRTYPE, preceded(sp, non_ws_string)).parse(input)?;
    let (ip4, ip6) = (addrtype == "IP4", addrtype == "IP6");
    let in_address = move |byte| !is_blank(byte) && !(byte == b'/' && (ip4 || ip6));
    let (input, address) = named(&ADDRESS, preceded(sp, take_while1(in_address))).parse(input)?;
    let (input, ttl) = cond(
        ip4,
        opt(preceded(char('/'), cut(named(&TTL, number::<u8>)))),
    )
    .parse(input)?;
    let (input, count) =
        opt(preceded(char('/'), cut(named(&COUNT, number::<u32>)))).parse(input)?;
    Ok((
        input,
        Connection {
            nettype,
            addrtype,
            address: Text::new(address),
            ttl: ttl.flatten(),
            count,
        },
    ))
}

/// An address in textual form.
pub(crate) fn ip_address(address: Text<'_>) -> Option<IpAddr> {
    address.as_str()?.parse().ok()
}
