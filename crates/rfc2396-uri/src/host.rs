//! Hosts: names, IPv4, IPv6 and later addresses (RFC 3986 §3.2.2, RFC 3261 §25.1, RFC 5118 §4).

use alloc::string::String;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The host of a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Host<'a> {
    /// A name, or anything that is not an address: `example.com`, `3402000000`, `0fb38bfd0a0d`.
    Name(&'a str),
    /// Four decimal octets.
    V4(Ipv4Addr),
    /// An address in brackets, with its zone if it has one (`[fe80::1%eth0]`).
    V6 {
        /// The address.
        address: Ipv6Addr,
        /// What follows `%`, or `%25` as RFC 6874 writes it.
        zone: Option<&'a str>,
    },
    /// `[v1.…]`: an address of a later version; what is between the brackets.
    Future(&'a str),
}

impl<'a> Host<'a> {
    /// Reads a host as it stands in a URI: IPv6 in brackets.
    ///
    /// `None` if it is empty, if a bracket is missing, or if what the brackets hold is no address.
    pub fn parse(text: &'a str) -> Option<Self> {
        match text.as_bytes() {
            [] => None,
            [b'[', .., b']'] => Self::literal(text.get(1..text.len().checked_sub(1)?)?),
            [b'[', ..] => None,
            [first, ..] if first.is_ascii_digit() => {
                Some(text.parse().map_or(Self::Name(text), Self::V4))
            }
            _ => Some(Self::Name(text)),
        }
    }

    /// What stands between brackets.
    fn literal(text: &'a str) -> Option<Self> {
        if matches!(text.as_bytes(), [b'v' | b'V', ..]) {
            return is_future(text).then_some(Self::Future(text));
        }
        let (digits, zone) = match text.split_once('%') {
            None => (text, None),
            Some((digits, zone)) => {
                let zone = zone
                    .strip_prefix("25")
                    .filter(|z| !z.is_empty())
                    .unwrap_or(zone);
                if zone.is_empty() || !zone.bytes().all(is_zone) {
                    return None;
                }
                (digits, Some(zone))
            }
        };
        let address = digits.parse().ok().or_else(|| triple_colon(digits))?;
        Some(Self::V6 { address, zone })
    }

    /// The address, if the host is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::V4(address) => Some(IpAddr::V4(*address)),
            Self::V6 { address, .. } => Some(IpAddr::V6(*address)),
            Self::Name(_) | Self::Future(_) => None,
        }
    }

    /// Whether this is an IPv4 address.
    pub fn is_ipv4(&self) -> bool {
        matches!(self, Self::V4(_))
    }

    /// Whether this is an IPv6 address.
    pub fn is_ipv6(&self) -> bool {
        matches!(self, Self::V6 { .. })
    }

    /// Whether this is an IPv4 or IPv6 multicast address.
    pub fn is_multicast(&self) -> bool {
        self.ip().is_some_and(|ip| ip.is_multicast())
    }

    /// Whether both name the same host: names without regard to case, addresses by their value.
    pub fn equivalent(&self, other: &Host<'_>) -> bool {
        match (self, other) {
            (Self::Name(a), Host::Name(b)) | (Self::Future(a), Host::Future(b)) => {
                a.eq_ignore_ascii_case(b)
            }
            (
                Self::V6 {
                    address: a,
                    zone: zone_a,
                },
                Host::V6 {
                    address: b,
                    zone: zone_b,
                },
            ) => a == b && zone_a == zone_b,
            (Self::V4(a), Host::V4(b)) => a == b,
            _ => false,
        }
    }
}

/// As in a URI: IPv6 in brackets and in the form of RFC 5952, names as they were received.
impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => address.fmt(f),
            Self::V6 {
                address,
                zone: None,
            } => write!(f, "[{address}]"),
            Self::V6 {
                address,
                zone: Some(zone),
            } => write!(f, "[{address}%{zone}]"),
            Self::Future(text) => write!(f, "[{text}]"),
        }
    }
}

impl From<IpAddr> for Host<'_> {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6 {
                address,
                zone: None,
            },
        }
    }
}

/// `IPvFuture` (RFC 3986 §3.2.2).
fn is_future(text: &str) -> bool {
    let Some((version, address)) = text.get(1..).and_then(|t| t.split_once('.')) else {
        return false;
    };
    !version.is_empty()
        && version.bytes().all(|b| b.is_ascii_hexdigit())
        && !address.is_empty()
        && address
            .bytes()
            .all(|b| crate::chars::is(b, crate::chars::USERINFO))
}

fn is_zone(byte: u8) -> bool {
    crate::chars::is(byte, crate::chars::UNRESERVED) || byte == b'%'
}

/// `2001:db8:::192.0.2.1`: the grammar of RFC 3261 asks for a third colon before an IPv4 tail,
/// and RFC 5118 §4.10 asks receivers to put up with it.
fn triple_colon(digits: &str) -> Option<Ipv6Addr> {
    let (head, tail) = digits.split_once(":::")?;
    tail.parse::<Ipv4Addr>().ok()?;
    let mut text = String::with_capacity(digits.len());
    text.push_str(head);
    text.push_str("::");
    text.push_str(tail);
    text.parse().ok()
}
