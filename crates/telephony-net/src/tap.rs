//! An observer of the bytes on the wire.

use std::net::SocketAddr;
use std::time::SystemTime;

/// Sees everything that the sockets of this crate send and receive, as it is on the wire: what TLS
/// carries is encrypted.
///
/// It is called where the bytes pass, between two packets of a call: it must be quick.
pub trait Tap: Send + Sync {
    /// These bytes have passed.
    fn passed(&self, at: SystemTime, passage: &Passage<'_>);
}

/// Bytes that have passed a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Passage<'a> {
    /// Whether they are a datagram or a piece of a stream.
    pub carrier: Carrier,
    /// Where they came from.
    pub source: SocketAddr,
    /// Where they went to.
    pub destination: SocketAddr,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// What carries bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// One UDP datagram.
    Udp,
    /// A piece of a TCP connection.
    Tcp,
}

impl<'a> Passage<'a> {
    /// A passage.
    #[must_use]
    pub const fn new(
        carrier: Carrier,
        source: SocketAddr,
        destination: SocketAddr,
        bytes: &'a [u8],
    ) -> Self {
        Self {
            carrier,
            source,
            destination,
            bytes,
        }
    }
}
