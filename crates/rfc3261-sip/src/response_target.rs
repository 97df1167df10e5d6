//! Where a response goes (RFC 3261 §18.2.2, RFC 3581 §4).

use core::net::IpAddr;

use rfc2396_uri::Host;

use crate::headers::{Via, ViaTransport};

/// Where a response to a request with this top Via goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseTarget<'a> {
    /// The transport that the request came over.
    pub transport: ViaTransport<'a>,
    /// How to get there.
    pub route: ResponseRoute<'a>,
}

/// How a response gets to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseRoute<'a> {
    /// Back over the connection of the request; if that is gone, over a new one to this address
    /// and port.
    Connection(Host<'a>, u16),
    /// To this multicast group and port, with this time to live.
    Multicast(Host<'a>, u16, u8),
    /// To this address and port.
    Address(Host<'a>, u16),
    /// To the host of `sent-by`, whose address is to be looked up as RFC 3263 §5 says: with this
    /// port, or that of the records.
    SentBy(Host<'a>, Option<u16>),
}

impl<'a> Via<'a> {
    /// Where a response goes for which this is the top Via.
    #[must_use]
    pub fn response_target(&self) -> ResponseTarget<'a> {
        ResponseTarget {
            transport: self.transport(),
            route: self.response_route(),
        }
    }

    fn response_route(&self) -> ResponseRoute<'a> {
        let port = self.port_or_default();
        let received = self.received().and_then(address);
        if self.transport().is_reliable() {
            return ResponseRoute::Connection(received.unwrap_or(self.host()), port);
        }
        if let Some(group) = self.maddr().and_then(Host::parse) {
            return if group.is_multicast() {
                ResponseRoute::Multicast(group, port, self.ttl().unwrap_or(1))
            } else {
                ResponseRoute::Address(group, port)
            };
        }
        match (received, self.rport()) {
            (Some(received), Some(Some(rport))) => ResponseRoute::Address(received, rport),
            (Some(received), _) => ResponseRoute::Address(received, port),
            (None, _) if self.host().ip().is_some() => ResponseRoute::Address(self.host(), port),
            (None, _) => ResponseRoute::SentBy(self.host(), self.port()),
        }
    }
}

/// The address in `received`: IPv6 with or without brackets (RFC 5118 §4.5).
fn address(text: &str) -> Option<Host<'_>> {
    match text.parse::<IpAddr>() {
        Ok(ip) => Some(ip.into()),
        Err(_) => Host::parse(text).filter(|host| host.ip().is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headers::Header;

    fn route(via: &'static str) -> ResponseRoute<'static> {
        Via::parse(via).unwrap().response_target().route
    }

    fn ip(text: &str) -> Host<'static> {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn over_a_reliable_transport_the_connection_of_the_request_is_used() {
        assert_eq!(
            route("SIP/2.0/TCP h.example;received=192.0.2.1;branch=z9hG4bK1"),
            ResponseRoute::Connection(ip("192.0.2.1"), 5060)
        );
        assert_eq!(
            route("SIP/2.0/TLS h.example;branch=z9hG4bK1"),
            ResponseRoute::Connection(Host::Name("h.example"), 5061)
        );
    }

    #[test]
    fn maddr_goes_before_received() {
        assert_eq!(
            route("SIP/2.0/UDP 192.0.2.9:5070;maddr=224.0.1.75;received=192.0.2.1;ttl=16"),
            ResponseRoute::Multicast(ip("224.0.1.75"), 5070, 16)
        );
        assert_eq!(
            route("SIP/2.0/UDP 192.0.2.9;maddr=224.0.1.75"),
            ResponseRoute::Multicast(ip("224.0.1.75"), 5060, 1)
        );
        assert_eq!(
            route("SIP/2.0/UDP 192.0.2.9;maddr=198.51.100.2;rport=99;received=192.0.2.1"),
            ResponseRoute::Address(ip("198.51.100.2"), 5060)
        );
    }

    #[test]
    fn received_with_the_port_of_sent_by() {
        assert_eq!(
            route("SIP/2.0/UDP h.example:5080;received=192.0.2.1"),
            ResponseRoute::Address(ip("192.0.2.1"), 5080)
        );
        assert_eq!(
            route("SIP/2.0/UDP h.example;received=2001:db8::9:255"),
            ResponseRoute::Address(ip("2001:db8::9:255"), 5060)
        );
        assert_eq!(
            route("SIP/2.0/UDP h.example;received=[2001:db8::9:255]"),
            ResponseRoute::Address(ip("2001:db8::9:255"), 5060)
        );
    }

    #[test]
    fn rport_goes_before_the_port_of_sent_by() {
        // RFC 3581 §4
        assert_eq!(
            route("SIP/2.0/UDP 10.1.1.1:4540;received=192.0.2.1;rport=9988;branch=z9hG4bKkjshdyff"),
            ResponseRoute::Address(ip("192.0.2.1"), 9988)
        );
    }

    #[test]
    fn otherwise_sent_by() {
        assert_eq!(
            route("SIP/2.0/UDP 192.0.2.9"),
            ResponseRoute::Address(ip("192.0.2.9"), 5060)
        );
        assert_eq!(
            route("SIP/2.0/UDP h.example:5080"),
            ResponseRoute::SentBy(Host::Name("h.example"), Some(5080))
        );
        assert_eq!(
            route("SIP/2.0/UDP h.example;rport"),
            ResponseRoute::SentBy(Host::Name("h.example"), None)
        );
    }
}
