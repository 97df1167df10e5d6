//! The transports that SIP runs over (RFC 3261 §18, RFC 4168, RFC 7118).

use core::fmt;

use rfc2396_uri::Transport as UriTransport;

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

    /// The transport that a URI names, of SIPS if `secure`; `None` for one that this crate does
    /// not know, and for UDP where it must be secure.
    pub(crate) const fn from_uri(transport: UriTransport<'_>, secure: bool) -> Option<Self> {
        Some(match (transport, secure) {
            (UriTransport::Udp, false) => Self::Udp,
            (UriTransport::Tcp, false) => Self::Tcp,
            (UriTransport::Tcp, true) | (UriTransport::Tls, _) => Self::Tls,
            (UriTransport::Sctp, false) => Self::Sctp,
            (UriTransport::Sctp, true) => Self::TlsSctp,
            (UriTransport::Ws, false) => Self::Ws,
            (UriTransport::Ws, true) => Self::Wss,
            (UriTransport::Udp, true) | (UriTransport::Other(_), _) => return None,
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

    /// The transport for a request of this many bytes that would go by this one (RFC 3261
    /// §18.1.1): TCP in the place of UDP where the request is within 200 bytes of the path MTU,
    /// or, if that is not known, has more than 1300 bytes. The top Via then has to
    /// [follow](super::with_via).
    ///
    /// A peer that refuses the connection is tried with UDP after all.
    #[must_use]
    pub fn for_request(self, bytes: usize, path_mtu: Option<usize>) -> Self {
        let fits = match path_mtu {
            Some(mtu) => bytes.saturating_add(200) < mtu,
            None => bytes <= 1300,
        };
        if fits || self.is_reliable() {
            self
        } else {
            Self::Tcp
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_more_than_1300_bytes_leave_udp() {
        let udp = Transport::Udp;
        assert_eq!(udp.for_request(1300, None), Transport::Udp);
        assert_eq!(udp.for_request(1301, None), Transport::Tcp);
        assert_eq!(Transport::Tls.for_request(9000, None), Transport::Tls);
    }

    #[test]
    fn a_known_path_leaves_200_bytes_for_the_response() {
        let udp = Transport::Udp;
        assert_eq!(udp.for_request(1299, Some(1500)), Transport::Udp);
        assert_eq!(udp.for_request(1300, Some(1500)), Transport::Tcp);
        assert_eq!(udp.for_request(8000, Some(9000)), Transport::Udp);
        assert_eq!(udp.for_request(1, Some(100)), Transport::Tcp);
    }

    #[test]
    fn a_message_that_fills_a_datagram_is_read() {
        let mut bytes = b"MESSAGE sip:a@b SIP/2.0\r\nContent-Length: 65000\r\n\r\n".to_vec();
        let body = bytes.len();
        bytes.resize(body + 65_000, b'x');
        let message = crate::Message::parse(bytes).unwrap();
        assert_eq!(message.body().len(), 65_000);
    }

    #[test]
    fn names_and_ports_are_those_of_via() {
        for transport in [
            Transport::Udp,
            Transport::Tcp,
            Transport::Tls,
            Transport::Sctp,
            Transport::TlsSctp,
            Transport::Ws,
            Transport::Wss,
        ] {
            assert_eq!(Transport::from_via(transport.via()), Some(transport));
            assert_eq!(transport.is_reliable(), transport != Transport::Udp);
        }
        assert_eq!(Transport::from_via(ViaTransport::Other("DCCP")), None);
        assert_eq!(Transport::Udp.default_port(), 5060);
        assert_eq!(Transport::Tls.default_port(), 5061);
    }
}
