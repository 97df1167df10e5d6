//! Where packets go: where the peer said, or where its own come from (RFC 4961).

use core::net::{IpAddr, SocketAddr};

use rfc3264_offer_answer::Destination;

/// The way of the packets of one port.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Path {
    signalled: Option<SocketAddr>,
    heard: Option<SocketAddr>,
}

impl Path {
    /// Takes the address of a new agreement. What was heard counts as long as that is the same.
    /// A host name is no address: whoever has one is heard first.
    pub(super) fn signal(&mut self, to: Option<&Destination>) {
        let signalled = to.and_then(|to| Some(SocketAddr::new(to.address.ip()?, to.port)));
        if self.signalled != signalled {
            *self = Self {
                signalled,
                heard: None,
            };
        }
    }

    /// Where packets go.
    pub(super) fn destination(&self) -> Option<SocketAddr> {
        self.heard.or(self.signalled)
    }

    /// A genuine packet came from there: true if packets go elsewhere from now on.
    pub(super) fn hear(&mut self, from: SocketAddr) -> bool {
        let changed = self.destination() != Some(from);
        if changed {
            self.heard = Some(from);
        }
        changed
    }

    /// Whether packets are expected from this host.
    pub(super) fn is_expected(&self, host: IpAddr) -> bool {
        let is_host = |address: Option<SocketAddr>| address.is_some_and(|a| a.ip() == host);
        is_host(self.heard) || is_host(self.signalled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rfc3264_offer_answer::Address;

    #[test]
    fn what_is_heard_goes_before_what_was_said_until_something_else_is_said() {
        let to = |last: u8, port| Destination {
            address: Address::from(IpAddr::from([192, 0, 2, last])),
            port,
        };
        let address = |text: &str| -> SocketAddr { text.parse().unwrap() };
        let mut path = Path::default();
        assert_eq!(path.destination(), None);
        path.signal(Some(&to(1, 4000)));
        assert_eq!(path.destination(), Some(address("192.0.2.1:4000")));
        assert!(!path.hear(address("192.0.2.1:4000")));
        assert!(path.hear(address("198.51.100.1:9000")));
        path.signal(Some(&to(1, 4000)));
        assert_eq!(path.destination(), Some(address("198.51.100.1:9000")));
        assert!(path.is_expected([192, 0, 2, 1].into()));
        assert!(path.is_expected([198, 51, 100, 1].into()));
        path.signal(Some(&to(2, 4000)));
        assert_eq!(path.destination(), Some(address("192.0.2.2:4000")));
        assert!(!path.is_expected([198, 51, 100, 1].into()));
        path.signal(None);
        assert_eq!(path.destination(), None);
    }
}
