//! The transports that SIP runs over (RFC 3261 §18, RFC 4168, RFC 7118).

use core::fmt;

use crate::headers::ViaTransport;

/// A transport that SIP runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Transport {
    /// UDP
    Udp,
    /// TCP
    Tcp,
    /// TLS over TCP
    Tls,
    /// SCTP (RFC 4168)
    Sctp,
    /// TLS over SCTP (RFC 4168)
    TlsSctp,
    /// WebSocket (RFC 7118)
    Ws,
    /// WebSocket over TLS (RFC 7118)
    Wss,
}

impl Transport {
    /// The transport that a Via names; `None` for one that this crate does not know.
    #[must_use]
    pub const fn from_via(transport: ViaTransport<'_>) -> Option<Self> {
        Some(match transport {
            ViaTransport::Udp => Self::Udp,
            ViaTransport::Tcp => Self::Tcp,
            ViaTransport::Tls => Self::Tls,
            ViaTransport::Sctp => Self::Sctp,
            ViaTransport::TlsSctp => Self::TlsSctp,
            ViaTransport::Ws => Self::Ws,
            ViaTransport::Wss => Self::Wss,
            ViaTransport::Other(_) => return None,
        })
    }

    /// As Via writes it.
    #[must_use]
    pub const fn via(self) -> ViaTransport<'static> {
        match self {
            Self::Udp => ViaTransport::Udp,
            Self::Tcp => ViaTransport::Tcp,
            Self::Tls => ViaTransport::Tls,
            Self::Sctp => ViaTransport::Sctp,
            Self::TlsSctp => ViaTransport::TlsSctp,
            Self::Ws => ViaTransport::Ws,
            Self::Wss => ViaTransport::Wss,
        }
    }

    /// Whether the transport sees to it by itself that messages arrive, so that the transactions
    /// need not repeat them: all but UDP.
    #[must_use]
    pub const fn is_reliable(self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// Whether the transport hides what it carries: TLS in one form or another.
    #[must_use]
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::TlsSctp | Self::Wss)
    }

    /// The port where none is named: 5060, 5061 with TLS, that of HTTP for WebSocket.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        self.via().default_port()
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.via().as_str())
    }
}
