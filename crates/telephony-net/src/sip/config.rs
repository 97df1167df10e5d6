//! How an endpoint works.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rfc3261_sip::Limits;
use rfc3261_sip::transport::Transport;

use crate::tap::Tap;
use crate::tls::Tls;

/// How an [`Endpoint`](super::Endpoint) works.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// Where to listen. For UDP there must be one to send; TCP and TLS connect without.
    pub listen: Vec<Listen>,
    /// Certificates, for TLS to be possible at all.
    pub tls: Option<Tls>,
    /// How long messages may be: 1 MiB, 64 KiB of them before the body.
    pub limits: Limits,
    /// Connections at a time: 10,000. More are refused.
    pub connections: usize,
    /// How long it may take to connect, with the handshake of TLS: 5 s.
    pub connect_timeout: Duration,
    /// How long a message may take from its first byte to its last, in or out: 30 s.
    pub message_timeout: Duration,
    /// How long a connection may be idle: 10 min.
    pub idle_timeout: Duration,
    /// How many messages may wait to be sent, for each UDP socket and each connection, and how
    /// many that came over connections may wait to be looked at: 1024.
    pub queue: usize,
    /// The size that is asked of the system for the buffers of UDP sockets, in bytes: 4 MiB. It
    /// may give less.
    pub socket_buffer: usize,
    /// Whether connections that are opened here are kept alive by pings (RFC 5626 §4.4.1), and
    /// closed if nobody answers: not unless the peer is known to.
    pub keep_alive: bool,
    /// An observer of what is on the wire.
    pub tap: Option<Arc<dyn Tap>>,
}

impl Config {
    /// The defaults, with these listeners.
    pub fn new(listen: impl IntoIterator<Item = Listen>) -> Self {
        Self {
            listen: listen.into_iter().collect(),
            tls: None,
            limits: Limits::DEFAULT,
            connections: 10_000,
            connect_timeout: Duration::from_secs(5),
            message_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(600),
            queue: 1024,
            socket_buffer: 4 << 20,
            keep_alive: false,
            tap: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("tls", &self.tls.is_some())
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

/// Where to listen: `udp:192.0.2.1:5060`, `tls:[2001:db8::1]`. Without a port it is that of the
/// transport, and port 0 is one that the system chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Listen {
    /// UDP, TCP or TLS.
    pub transport: Transport,
    /// The own address. The unspecified one stands for all of its family.
    pub address: SocketAddr,
}

/// A text does not name a place to listen at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InvalidListen;

impl FromStr for Listen {
    type Err = InvalidListen;

    fn from_str(text: &str) -> Result<Self, InvalidListen> {
        let (transport, address) = text.split_once(':').ok_or(InvalidListen)?;
        let transport = match transport {
            "udp" => Transport::Udp,
            "tcp" => Transport::Tcp,
            "tls" => Transport::Tls,
            _ => return Err(InvalidListen),
        };
        let bare = address
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(address);
        let address = match bare.parse::<IpAddr>() {
            Ok(ip) => SocketAddr::new(ip, transport.default_port()),
            Err(_) => address.parse().map_err(|_| InvalidListen)?,
        };
        Ok(Self { transport, address })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transport = match self.transport {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
            _ => "unsupported",
        };
        write!(f, "{transport}:{}", self.address)
    }
}

impl fmt::Display for InvalidListen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected udp:, tcp: or tls:, then an address, then :PORT or nothing")
    }
}

impl std::error::Error for InvalidListen {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_to_listen_at() {
        for (text, shown) in [
            ("udp:127.0.0.1:5070", "udp:127.0.0.1:5070"),
            ("tcp:0.0.0.0", "tcp:0.0.0.0:5060"),
            ("tls:127.0.0.1", "tls:127.0.0.1:5061"),
            ("tls:[::1]", "tls:[::1]:5061"),
            ("udp:[::]:0", "udp:[::]:0"),
        ] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), shown);
        }
        for text in [
            "",
            "udp",
            "udp:",
            "127.0.0.1:5060",
            "ws:127.0.0.1",
            "udp:example.com",
            "udp:127.0.0.1:",
        ] {
            assert_eq!(text.parse::<Listen>(), Err(InvalidListen), "{text}");
        }
    }
}
