//! The session descriptions of these calls: PCMU, and nothing else.

use std::net::SocketAddr;

use rfc3261_sip::Message;
use rfc3261_sip::user_agent::Content;
use rfc4566_sdp::Parser;

/// Where the session says that media go when there are none: nobody listens there.
pub(super) const NOWHERE: u16 = 9;

/// A description with this address.
pub(super) fn describe(address: SocketAddr) -> Content {
    let family = if address.is_ipv4() { "IP4" } else { "IP6" };
    let (ip, port) = (address.ip(), address.port());
    Content::sdp(format!(
        "v=0\r\no=load 1 1 IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    ))
}

/// Where the other side wants its media.
pub(super) fn media_address(message: &Message) -> Option<SocketAddr> {
    let mut parser = Parser::new();
    let description = parser.parse(message.body()).ok()?;
    let medium = description.media().next()?;
    let port = medium.field().ok()?.port;
    let ip = medium.connection().ok()??.ip_address()?;
    Some(SocketAddr::new(ip, port))
}
