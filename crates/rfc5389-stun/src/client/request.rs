//! What a client is asked to do, and what it is told. RFC 5389 §7.1; RFC 5780 §7.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;

use super::ClientConfig;
use super::credentials::Proof;
use crate::attribute::{ChangeRequest, Padding, ResponsePort, Software};
use crate::builder::MessageBuilder;
use crate::error::WriteError;
use crate::message_type::{Class, Method};
use crate::transaction_id::TransactionId;
use crate::transport::Transport;

/// A Binding request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Request {
    /// The server.
    pub server: SocketAddr,
    /// How to reach it.
    pub transport: Transport,
    /// From where the server shall answer (RFC 5780 §7.2), with the address where that is: no
    /// response from elsewhere is taken, and no redirection followed.
    pub change: Option<(ChangeRequest, SocketAddr)>,
    /// The port of this client that the response shall go to (RFC 5780 §7.5).
    pub response_port: Option<u16>,
    /// Length of PADDING in bytes (RFC 5780 §7.6).
    pub padding: Option<u16>,
}

impl Request {
    /// Over UDP.
    pub fn udp(server: SocketAddr) -> Request {
        Request {
            server,
            transport: Transport::Udp,
            change: None,
            response_port: None,
            padding: None,
        }
    }

    /// Over TCP.
    pub fn tcp(server: SocketAddr) -> Request {
        Request {
            transport: Transport::Tcp,
            ..Request::udp(server)
        }
    }

    /// The request as it is sent.
    pub(super) fn write(
        &self,
        config: &ClientConfig,
        transaction_id: TransactionId,
        proof: Option<&Proof>,
    ) -> Result<Vec<u8>, WriteError> {
        let mut buffer = vec![0; longest(self)];
        let mut builder =
            MessageBuilder::new(&mut buffer, Class::Request, Method::BINDING, transaction_id);
        if let Some(software) = &config.software {
            builder = builder.attribute(&Software(software));
        }
        if let Some((change, _)) = &self.change {
            builder = builder.attribute(change);
        }
        if let Some(port) = self.response_port {
            builder = builder.attribute(&ResponsePort(port));
        }
        if let Some(padding) = self.padding {
            builder = builder.attribute(&Padding(padding));
        }
        if let (Some(proof), Some(credentials)) = (proof, &config.credentials) {
            builder = proof.introduce(credentials, builder);
            builder = proof.protect(builder);
        }
        if config.fingerprint {
            builder = builder.fingerprint();
        }
        builder.finish().map(|message| message.to_vec())
    }
}

/// Names a request of one [`Client`](super::Client).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(super) u64);

/// As many requests are waiting as the configuration allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TooManyRequests;

impl fmt::Display for TooManyRequests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too many requests wait for a response")
    }
}

impl core::error::Error for TooManyRequests {}

/// What has happened on the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Input<'a> {
    /// A datagram, or a message that a [`Framer`](crate::Framer) has cut out of a connection.
    Message {
        /// How it came.
        transport: Transport,
        /// Where it came from.
        source: SocketAddr,
        /// The message.
        bytes: &'a [u8],
    },
    /// A hard ICMP error, or a connection that was refused, reset or closed.
    Unreachable {
        /// Which.
        transport: Transport,
        /// Where the requests went.
        destination: SocketAddr,
    },
}

/// The longest request, in bytes: what every path carries (RFC 5389 §7.1), unless PADDING shall
/// find out.
fn longest(request: &Request) -> usize {
    match (request.transport, request.padding, request.server) {
        (Transport::Tcp, _, _) => 4096,
        (Transport::Udp, Some(_), _) => 65_507,
        (Transport::Udp, None, SocketAddr::V4(_)) => 576 - 28,
        (Transport::Udp, None, SocketAddr::V6(_)) => 1280 - 48,
    }
}
