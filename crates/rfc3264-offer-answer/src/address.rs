//! Where media go: connection addresses and ports (§5.1, §6.2; RFC 4566 §5.7).

use alloc::string::{String, ToString};
use core::fmt;
use core::net::IpAddr;

use rfc4566_sdp::{Connection, Text};

/// An address for media: an IP address or a host name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Address {
    /// Whether it is, or resolves to, an address of IPv6.
    pub is_ipv6: bool,
    /// The address or name.
    pub host: String,
    /// Time to live, which an IPv4 multicast address has.
    pub ttl: Option<u8>,
    /// How many contiguous multicast addresses it stands for, if that is written.
    pub count: Option<u32>,
}

/// An address with a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Destination {
    /// The address.
    pub address: Address,
    /// The port, never 0.
    pub port: u16,
}

impl Address {
    /// A host name, for IPv6 or else IPv4.
    pub fn name(host: &str, is_ipv6: bool) -> Self {
        Self {
            is_ipv6,
            host: host.to_string(),
            ttl: None,
            count: None,
        }
    }

    /// An IPv4 or IPv6 multicast group; `ttl` is for IPv4.
    pub fn multicast(group: IpAddr, ttl: u8) -> Self {
        Self {
            ttl: group.is_ipv4().then_some(ttl),
            ..Self::from(group)
        }
    }

    /// The IP address, unless it is a name.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Whether it is an IP multicast group.
    pub fn is_multicast(&self) -> bool {
        self.ip().is_some_and(|address| address.is_multicast())
    }

    /// Whether it is the `0.0.0.0` (or `::`) that asks to send nothing (§8.4).
    pub fn is_unspecified(&self) -> bool {
        self.ip().is_some_and(|address| address.is_unspecified())
    }

    /// What follows `IN` in the lines that have an address: `IP4` or `IP6`.
    pub fn addrtype(&self) -> &'static str {
        if self.is_ipv6 { "IP6" } else { "IP4" }
    }

    pub(crate) fn to_connection(&self) -> Connection<'_> {
        Connection {
            ttl: self.ttl,
            count: self.count,
            ..Connection::internet(self.addrtype(), &self.host)
        }
    }

    /// `None` for networks other than the Internet.
    pub(crate) fn from_connection(connection: &Connection<'_>) -> Option<Self> {
        Some(Self {
            ttl: connection.ttl,
            count: connection.count,
            ..Self::from_fields(connection.addrtype, connection.address)?
        })
    }

    pub(crate) fn from_fields(addrtype: Text<'_>, host: Text<'_>) -> Option<Self> {
        let host = host.as_str()?;
        if addrtype.eq_ignore_case("IP6") {
            Some(Self::name(host, true))
        } else if addrtype.eq_ignore_case("IP4") {
            Some(Self::name(host, false))
        } else {
            // Some write `IPV4`: an IP address speaks for itself.
            host.parse().ok().map(|address: IpAddr| address.into())
        }
    }
}

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        Self::name(&address.to_string(), address.is_ipv6())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.address.host.contains(':') {
            write!(f, "[{}]:{}", self.address.host, self.port)
        } else {
            write!(f, "{}:{}", self.address.host, self.port)
        }
    }
}
