//! The ways that messages take (RFC 3261 §18.1.1, §18.2.2, RFC 3581 §4, RFC 5626 §3.1).

use core::net::SocketAddr;

use rfc2396_uri::Host;

use super::Transport;
use crate::{ResponseRoute, headers::Via};

/// A way to a peer: where a message goes, or where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Flow {
    /// The transport.
    pub transport: Transport,
    /// The peer's address. Where [`connection`](Self::connection) is named but gone, a new
    /// connection goes here.
    pub remote: SocketAddr,
    /// The own address, where it matters: a response over UDP leaves from the address and port
    /// that the request came to (RFC 3581 §4).
    pub local: Option<SocketAddr>,
    /// The connection, if there is one already that is to be used.
    pub connection: Option<ConnectionId>,
    /// The time to live, for multicast.
    pub ttl: Option<u8>,
}

/// The number by which the owner of the sockets knows a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

impl Flow {
    /// A way over this transport to this address.
    #[must_use]
    pub const fn new(transport: Transport, remote: SocketAddr) -> Self {
        Self {
            transport,
            remote,
            local: None,
            connection: None,
            ttl: None,
        }
    }

    /// This way from an own address.
    #[must_use]
    pub const fn local(mut self, local: SocketAddr) -> Self {
        self.local = Some(local);
        self
    }

    /// This way over a connection.
    #[must_use]
    pub const fn connection(mut self, connection: ConnectionId) -> Self {
        self.connection = Some(connection);
        self
    }

    /// The way of the response to a request that came by this one (RFC 3261 §18.2.2): over its
    /// connection, or else to where its top Via, with `received` and `rport` filled in, says.
    ///
    /// A name in `maddr` would have to be looked up, which nobody does for a response: it then
    /// goes back to where the request came from.
    #[must_use]
    pub fn of_response(&self, via: &Via<'_>) -> Self {
        let to = |host: Host<'_>, port| host.ip().map(|ip| SocketAddr::new(ip, port));
        let mut flow = *self;
        let remote = match via.response_target().route {
            ResponseRoute::Connection(host, port) | ResponseRoute::Address(host, port) => {
                to(host, port)
            }
            ResponseRoute::Multicast(group, port, ttl) => {
                flow.ttl = Some(ttl);
                to(group, port)
            }
            ResponseRoute::SentBy(..) => None,
        };
        flow.remote = remote.unwrap_or(self.remote);
        flow
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headers::Header;

    fn source(transport: Transport) -> Flow {
        Flow::new(transport, "192.0.2.1:9988".parse().unwrap())
            .local("198.51.100.1:5060".parse().unwrap())
    }

    fn response(transport: Transport, via: &'static str) -> Flow {
        source(transport).of_response(&Via::parse(via).unwrap())
    }

    #[test]
    fn over_udp_to_the_stamped_address_from_the_port_that_was_asked() {
        let flow = response(
            Transport::Udp,
            "SIP/2.0/UDP 10.1.1.1:4540;received=192.0.2.1;rport=9988;branch=z9hG4bK1",
        );
        assert_eq!(flow.remote, "192.0.2.1:9988".parse().unwrap());
        assert_eq!(flow.local, Some("198.51.100.1:5060".parse().unwrap()));
        let flow = response(Transport::Udp, "SIP/2.0/UDP h.example;received=192.0.2.1");
        assert_eq!(flow.remote, "192.0.2.1:5060".parse().unwrap());
    }

    #[test]
    fn over_a_connection_back_and_if_it_is_gone_to_the_port_of_sent_by() {
        let via = Via::parse("SIP/2.0/TCP h.example:5070;received=192.0.2.1").unwrap();
        let flow = source(Transport::Tcp)
            .connection(ConnectionId(7))
            .of_response(&via);
        assert_eq!(flow.connection, Some(ConnectionId(7)));
        assert_eq!(flow.remote, "192.0.2.1:5070".parse().unwrap());
    }

    #[test]
    fn to_a_multicast_group_with_its_time_to_live() {
        let flow = response(
            Transport::Udp,
            "SIP/2.0/UDP 192.0.2.1;maddr=224.0.1.75;ttl=16;branch=z9hG4bK1",
        );
        assert_eq!(flow.remote, "224.0.1.75:5060".parse().unwrap());
        assert_eq!(flow.ttl, Some(16));
    }

    #[test]
    fn a_name_in_maddr_is_not_looked_up() {
        let flow = response(
            Transport::Udp,
            "SIP/2.0/UDP 192.0.2.1;maddr=h.example;branch=z9hG4bK1",
        );
        assert_eq!(flow.remote, source(Transport::Udp).remote);
    }
}
