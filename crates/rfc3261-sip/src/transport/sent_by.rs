//! What a client writes into the Via of its requests (RFC 3261 §18.1.1, RFC 3581 §3).

use core::fmt;

use super::Transport;

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
/// let via = ViaValue { transport: Transport::Udp, sent_by, branch: "z9hG4bK1f3" };
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

/// With `rport`, which asks the server to answer to where the request came from (RFC 3581 §3).
impl fmt::Display for ViaValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            transport,
            sent_by,
            branch,
        } = self;
        write!(f, "SIP/2.0/{transport} {sent_by};branch={branch};rport")
    }
}
