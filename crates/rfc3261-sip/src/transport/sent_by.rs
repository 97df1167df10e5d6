//! What a client writes into the Via of its requests (RFC 3261 §18.1.1, RFC 3581 §3).

use alloc::vec::Vec;
use core::{fmt, net::IpAddr};

use super::Transport;
use crate::{HeaderName, MessageRef, WriteError};

/// `sent-by`: the host, as it stands in a URI, and the port that responses are to come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SentBy<'a> {
    /// An address or a name, IPv6 in brackets.
    pub host: &'a str,
    /// The port; `None` for the transport's usual one.
    pub port: Option<u16>,
}

/// A Via value of a request to be sent: its `Display` is what
/// [`RequestParts::via`](crate::RequestParts::via) takes.
///
/// ```
/// use rfc3261_sip::transport::{SentBy, Transport, ViaValue};
///
/// let sent_by = SentBy { host: "192.0.2.1", port: Some(5070) };
/// let via = ViaValue::new(Transport::Udp, sent_by, "z9hG4bK1f3");
/// assert_eq!(via.to_string(), "SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1f3;rport");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ViaValue<'a> {
    /// The transport.
    pub transport: Transport,
    /// The own address.
    pub sent_by: SentBy<'a>,
    /// The branch of the transaction.
    pub branch: &'a str,
    /// The group that the request is sent to, if it is sent to one.
    pub multicast: Option<IpAddr>,
}

impl<'a> ViaValue<'a> {
    /// The Via of a request that goes to one peer.
    #[must_use]
    pub const fn new(transport: Transport, sent_by: SentBy<'a>, branch: &'a str) -> Self {
        Self {
            transport,
            sent_by,
            branch,
            multicast: None,
        }
    }
}

/// The request with another top Via: when it goes by another transport after all (RFC 3261
/// §18.1.1), or to the next server with a new branch (RFC 3263 §4.3). The rest stays as it is.
pub fn with_via(request: MessageRef<'_>, via: impl fmt::Display) -> Result<Vec<u8>, WriteError> {
    let mut edit = request.edit();
    match request.elements(HeaderName::Via).next() {
        Some(top) => edit.replace_element(top, via),
        None => edit.insert_before(HeaderName::Via, via),
    }
    edit.finish()
}

impl fmt::Display for SentBy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// With `rport`, which asks the server to answer to where the request came from (RFC 3581 §3);
/// to a group, with `maddr` and for IPv4 `ttl`, so that it answers to the group (RFC 3261
/// §18.1.1).
impl fmt::Display for ViaValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            transport,
            sent_by,
            branch,
            multicast,
        } = self;
        write!(f, "SIP/2.0/{transport} {sent_by};branch={branch}")?;
        match multicast {
            None => f.write_str(";rport"),
            Some(IpAddr::V4(group)) => write!(f, ";maddr={group};ttl=1"),
            Some(IpAddr::V6(group)) => write!(f, ";maddr=[{group}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::{
        Message,
        headers::{Header, Via},
    };

    const SENT_BY: SentBy<'_> = SentBy {
        host: "[2001:db8::1]",
        port: None,
    };

    #[test]
    fn what_is_written_is_read_again() {
        let via = ViaValue::new(Transport::Tcp, SENT_BY, "z9hG4bKa").to_string();
        let read = Via::parse(&via).unwrap();
        assert_eq!(read.host_str(), "[2001:db8::1]");
        assert_eq!(read.port_or_default(), 5060);
        assert_eq!(read.branch(), Some("z9hG4bKa"));
        assert_eq!(read.rport(), Some(None));
    }

    #[test]
    fn a_request_to_a_group_names_it() {
        for (group, maddr, ttl) in [
            ("224.0.1.75", "224.0.1.75", Some(1)),
            ("ff02::1", "[ff02::1]", None),
        ] {
            let mut via = ViaValue::new(Transport::Udp, SENT_BY, "z9hG4bKa");
            via.multicast = Some(group.parse().unwrap());
            let text = via.to_string();
            let read = Via::parse(&text).unwrap();
            assert_eq!((read.maddr(), read.ttl()), (Some(maddr), ttl));
        }
    }

    #[test]
    fn another_via_takes_the_place_of_the_top_one_only() {
        let request = Message::parse(
            "OPTIONS sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP x;branch=z9hG4bK1 , SIP/2.0/UDP y\r\n\
             Odd:  kept\r\n\r\n",
        )
        .unwrap();
        let via = ViaValue::new(Transport::Tcp, SENT_BY, "z9hG4bK2");
        let changed = with_via(request.view(), via).unwrap();
        assert_eq!(
            core::str::from_utf8(&changed).unwrap(),
            "OPTIONS sip:a@b SIP/2.0\r\n\
             v: SIP/2.0/TCP [2001:db8::1];branch=z9hG4bK2;rport , SIP/2.0/UDP y\r\n\
             Odd:  kept\r\n\r\n"
        );
    }
}
