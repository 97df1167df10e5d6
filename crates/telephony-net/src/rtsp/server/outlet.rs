//! What streams send through: the UDP ports and the connections.

use std::collections::HashMap;
use std::net::SocketAddr;

use rfc2326_rtsp::ConnectionId;
use tokio::net::UdpSocket;

use super::connection::{Connection, Outgoing};
use super::stream::Delivery;
use crate::rtsp::ports::PortPair;

/// The ways out of a server.
pub(super) struct Outlet<'a> {
    pub(super) ports: &'a PortPair,
    pub(super) connections: &'a HashMap<ConnectionId, Connection>,
}

impl Outlet<'_> {
    pub(super) fn rtp(&self) -> &UdpSocket {
        &self.ports.rtp
    }

    /// Whether a further frame can be sent now: over a connection, no more than a few may wait.
    pub(super) fn has_room(&self, delivery: Delivery) -> bool {
        match delivery {
            Delivery::Udp { .. } => true,
            Delivery::Interleaved { connection, .. } => self
                .connections
                .get(&connection)
                .is_some_and(Connection::has_room),
        }
    }

    /// Gives something to a connection. One whose queue is full is beyond help: its writer will
    /// give it up.
    pub(super) fn queue(&self, connection: ConnectionId, item: Outgoing) -> bool {
        self.connections
            .get(&connection)
            .is_some_and(|connection| connection.sender.try_send(item).is_ok())
    }

    pub(super) fn send_rtcp(&self, compound: &[u8], to: SocketAddr) {
        // What the system does not take is lost, as on any network.
        let _ = self.ports.rtcp.try_send_to(compound, to);
    }
}
