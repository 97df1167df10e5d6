//! Which connection a message goes over (RFC 3261 §18.1.1, RFC 5923).

use alloc::{boxed::Box, collections::BTreeMap, vec::Vec};
use core::net::SocketAddr;

use super::{ConnectionId, Transport};

/// The open connections, by what they may be used for.
///
/// A connection is used again for the same transport, address and port. One with TLS is used
/// again only for the name that its certificate was checked against.
///
/// ```
/// use rfc3261_sip::transport::{ConnectionId, Connections, Transport};
///
/// let peer = "198.51.100.2:5060".parse()?;
/// let mut connections = Connections::new();
/// connections.opened(ConnectionId(1), Transport::Tcp, peer, None);
/// assert_eq!(connections.find(Transport::Tcp, peer, None), Some(ConnectionId(1)));
/// connections.closed(ConnectionId(1));
/// assert_eq!(connections.find(Transport::Tcp, peer, None), None);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Connections {
    by_peer: BTreeMap<Peer, ConnectionId>,
    peers: BTreeMap<ConnectionId, Vec<Peer>>,
}

/// What a connection leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Peer {
    transport: Transport,
    remote: SocketAddr,
    name: Option<Box<str>>,
}

impl Peer {
    fn new(transport: Transport, remote: SocketAddr, name: Option<&str>) -> Self {
        let name = name.filter(|_| transport.is_secure());
        Self {
            transport,
            remote,
            name: name.map(|name| name.to_ascii_lowercase().into()),
        }
    }
}

impl Connections {
    /// No connections.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            by_peer: BTreeMap::new(),
            peers: BTreeMap::new(),
        }
    }

    /// How many connections are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// Whether none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// A connection is open, from here or from there; with TLS, the peer has proven to be `name`.
    /// Of several to the same peer the latest is used.
    pub fn opened(
        &mut self,
        id: ConnectionId,
        transport: Transport,
        remote: SocketAddr,
        name: Option<&str>,
    ) {
        self.leads_to(id, Peer::new(transport, remote, name));
    }

    /// The peer, who opened this connection, wants it to be used for requests to the port of its
    /// `sent-by` as well: its Via has `alias` (RFC 5923 §5). Whether that is granted: only where
    /// TLS has proven a name.
    pub fn alias(&mut self, id: ConnectionId, port: u16) -> bool {
        let Some(peer) = self.peers.get(&id).and_then(|peers| peers.first()) else {
            return false;
        };
        if peer.name.is_none() {
            return false;
        }
        let mut alias = peer.clone();
        alias.remote.set_port(port);
        self.leads_to(id, alias);
        true
    }

    /// The connection to use for a request to this address, and with TLS to this name.
    #[must_use]
    pub fn find(
        &self,
        transport: Transport,
        remote: SocketAddr,
        name: Option<&str>,
    ) -> Option<ConnectionId> {
        let peer = Peer::new(transport, remote, name);
        self.by_peer.get(&peer).copied()
    }

    /// A connection is closed.
    pub fn closed(&mut self, id: ConnectionId) {
        for peer in self.peers.remove(&id).unwrap_or_default() {
            self.forget(id, &peer);
        }
    }

    /// Notes what a connection leads to: its peer, and in a second place an alias.
    fn leads_to(&mut self, id: ConnectionId, peer: Peer) {
        let peers = self.peers.entry(id).or_default();
        let old = (peers.len() > 1).then(|| peers.pop()).flatten();
        peers.push(peer.clone());
        if let Some(old) = old {
            self.forget(id, &old);
        }
        self.by_peer.insert(peer, id);
    }

    fn forget(&mut self, id: ConnectionId, peer: &Peer) {
        if self.by_peer.get(peer) == Some(&id) {
            self.by_peer.remove(peer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(port: u16) -> SocketAddr {
        SocketAddr::from(([198, 51, 100, 2], port))
    }

    const ONE: ConnectionId = ConnectionId(1);
    const TWO: ConnectionId = ConnectionId(2);

    #[test]
    fn a_connection_is_used_again_for_the_same_transport_address_and_port() {
        let mut connections = Connections::new();
        connections.opened(ONE, Transport::Tcp, peer(5060), None);
        assert_eq!(
            connections.find(Transport::Tcp, peer(5060), Some("h")),
            Some(ONE)
        );
        assert_eq!(connections.find(Transport::Tcp, peer(5061), None), None);
        assert_eq!(connections.find(Transport::Ws, peer(5060), None), None);
    }

    #[test]
    fn one_with_tls_only_for_the_name_that_was_proven() {
        let mut connections = Connections::new();
        connections.opened(ONE, Transport::Tls, peer(5061), Some("Example.com"));
        let find = |name| connections.find(Transport::Tls, peer(5061), name);
        assert_eq!(find(Some("example.COM")), Some(ONE));
        assert_eq!(find(Some("example.net")), None);
        assert_eq!(find(None), None);
    }

    #[test]
    fn an_alias_is_granted_to_proven_names_only() {
        let mut connections = Connections::new();
        connections.opened(ONE, Transport::Tcp, peer(49152), None);
        assert!(!connections.alias(ONE, 5060));
        connections.opened(TWO, Transport::Tls, peer(49153), Some("h"));
        assert!(connections.alias(TWO, 5061));
        let find = |connections: &Connections, port| {
            connections.find(Transport::Tls, peer(port), Some("h"))
        };
        assert_eq!(find(&connections, 5061), Some(TWO));
        assert!(connections.alias(TWO, 5071), "the last one counts");
        assert_eq!(find(&connections, 5061), None);
        assert_eq!(find(&connections, 5071), Some(TWO));
        assert_eq!(find(&connections, 49153), Some(TWO));
        assert!(!connections.alias(ConnectionId(9), 5061));
    }

    #[test]
    fn a_closed_connection_takes_nothing_of_its_successor_with_it() {
        let mut connections = Connections::new();
        connections.opened(ONE, Transport::Tcp, peer(5060), None);
        connections.opened(TWO, Transport::Tcp, peer(5060), None);
        connections.closed(ONE);
        assert_eq!(
            connections.find(Transport::Tcp, peer(5060), None),
            Some(TWO)
        );
        connections.closed(TWO);
        assert!(connections.is_empty() && connections.by_peer.is_empty());
    }
}
