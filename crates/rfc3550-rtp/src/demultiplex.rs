//! RTP and RTCP on one port (RFC 5761 §4), or on two (RFC 3550 §11).

/// What a datagram on a port with RTP and RTCP is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PacketClass {
    /// An RTP data packet.
    Rtp,
    /// RTCP.
    Rtcp,
}

/// Tells RTP from RTCP by the first two octets: RTCP's packet types 192 to 223 are where RTP
/// would have the marker and a payload type from 64 to 95, which a session with both on one port
/// leaves free.
///
/// `None` when the version is not 2 or there are fewer than two octets: neither of both.
///
/// ```
/// use rfc3550_rtp::{PacketClass, classify};
///
/// assert_eq!(classify(&[0x80, 0x88]), Some(PacketClass::Rtp));
/// assert_eq!(classify(&[0x80, 200]), Some(PacketClass::Rtcp));
/// assert_eq!(classify(&[0x00, 0x01]), None);
/// ```
pub const fn classify(datagram: &[u8]) -> Option<PacketClass> {
    match datagram {
        [0x80..=0xbf, 192..=223, ..] => Some(PacketClass::Rtcp),
        [0x80..=0xbf, _, ..] => Some(PacketClass::Rtp),
        _ => None,
    }
}

/// The ports of RTP and of RTCP where one number is given for both: the even one, and the odd one
/// above it.
///
/// ```
/// use rfc3550_rtp::port_pair;
///
/// assert_eq!(port_pair(5004), (5004, 5005));
/// assert_eq!(port_pair(5005), (5004, 5005));
/// ```
pub const fn port_pair(port: u16) -> (u16, u16) {
    (port & !1, port | 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_192_to_223_are_rtcp() {
        for second in 0..=255 {
            let class = classify(&[0x80, second]);
            let rtcp = (192..=223).contains(&second);
            assert_eq!(class == Some(PacketClass::Rtcp), rtcp, "{second}");
            assert_eq!(class == Some(PacketClass::Rtp), !rtcp, "{second}");
        }
    }

    #[test]
    fn every_rtcp_look_alike_payload_type_is_rtcp() {
        // Payload type 72 with the marker looks like a sender report.
        assert_eq!(classify(&[0x80, 0xc8, 0, 1]), Some(PacketClass::Rtcp));
        assert_eq!(classify(&[0x80, 0x48, 0, 1]), Some(PacketClass::Rtp));
    }

    #[test]
    fn neither_without_version_2() {
        for first in (0..0x80).chain(0xc0..=0xff) {
            assert_eq!(classify(&[first, 200]), None);
        }
        assert_eq!(classify(&[0x80]), None);
        assert_eq!(classify(&[]), None);
    }
}
