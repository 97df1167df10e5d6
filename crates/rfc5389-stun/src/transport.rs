//! The transports of STUN that differ in how a transaction runs. RFC 5389 §7.2.

use core::net::SocketAddr;

/// How messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Datagrams: a client repeats its request until the response comes.
    Udp,
    /// A connection, encrypted or not: requests are sent once.
    Tcp,
}

/// The address as the other side means it: a socket for both families shows IPv4 addresses as
/// IPv6 ones.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
