//! Questions to the DNS and what it answers (RFC 3263 §4, RFC 2782, RFC 3403).

use alloc::{string::String, vec::Vec};
use core::net::IpAddr;

use crate::transport::Transport;

/// A question to the DNS.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Query {
    /// The services of a domain.
    Naptr(String),
    /// The servers of a service.
    Srv(String),
    /// The IPv4 addresses of a name.
    A(String),
    /// The IPv6 addresses of a name.
    Aaaa(String),
}

/// What the DNS answers: no records where there is no name, or no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To [`Query::Naptr`].
    Naptr(Vec<Naptr>),
    /// To [`Query::Srv`].
    Srv(Vec<Srv>),
    /// To [`Query::A`] and [`Query::Aaaa`].
    Addresses(Vec<IpAddr>),
}

/// A type of address record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordType {
    /// IPv4
    A,
    /// IPv6
    Aaaa,
}

/// A service of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Naptr {
    /// Lower ones first.
    pub order: u16,
    /// Lower ones first among those of the same order.
    pub preference: u16,
    /// `s` where SRV records follow.
    pub flags: String,
    /// `SIP+D2U`, `SIPS+D2T` and so on.
    pub service: String,
    /// Empty for SIP.
    pub regexp: String,
    /// The name of the SRV records.
    pub replacement: String,
}

/// A server of a service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Srv {
    /// Lower ones first.
    pub priority: u16,
    /// The share of the load among those of the same priority.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The name of the server.
    pub target: String,
}

impl Naptr {
    /// The transport of the service, if it is one of SIP (RFC 3263 §8, RFC 4168, RFC 7118).
    #[must_use]
    pub fn transport(&self) -> Option<Transport> {
        const SERVICES: [(&str, Transport); 7] = [
            ("SIP+D2U", Transport::Udp),
            ("SIP+D2T", Transport::Tcp),
            ("SIPS+D2T", Transport::Tls),
            ("SIP+D2S", Transport::Sctp),
            ("SIPS+D2S", Transport::TlsSctp),
            ("SIP+D2W", Transport::Ws),
            ("SIPS+D2W", Transport::Wss),
        ];
        let known = |(name, _): &&(&str, _)| name.eq_ignore_ascii_case(&self.service);
        Some(SERVICES.iter().find(known)?.1)
    }
}
