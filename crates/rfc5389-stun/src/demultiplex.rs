//! Which protocol a datagram belongs to when several share a port. RFC 7983 §7, RFC 5761 §4.

use core::fmt;

/// A protocol that may share a port with STUN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// First byte 0 to 3.
    Stun,
    /// First byte 16 to 19.
    Zrtp,
    /// First byte 20 to 63.
    Dtls,
    /// First byte 64 to 79: ChannelData of TURN.
    TurnChannel,
    /// First byte 128 to 191, and the second is not that of RTCP.
    Rtp,
    /// First byte 128 to 191, and the second is 192 to 223.
    Rtcp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Protocol::Stun => "STUN",
            Protocol::Zrtp => "ZRTP",
            Protocol::Dtls => "DTLS",
            Protocol::TurnChannel => "TURN channel",
            Protocol::Rtp => "RTP",
            Protocol::Rtcp => "RTCP",
        })
    }
}

/// The protocol of a datagram by its first two bytes, or `None` for those that no protocol claims
/// (an empty datagram, one byte of RTP or RTCP, and the ranges that RFC 7983 leaves free).
///
/// It says where to hand a datagram, not that the datagram is well formed. A port that never sees
/// TURN may use 64 to 127 for QUIC (RFC 9443); this function does not.
///
/// ```
/// use rfc5389_stun::{Protocol, demultiplex};
/// assert_eq!(demultiplex(&[0x00, 0x01, 0x00, 0x00]), Some(Protocol::Stun));
/// assert_eq!(demultiplex(&[0x80, 0x00]), Some(Protocol::Rtp));
/// assert_eq!(demultiplex(&[0x80, 0xc8]), Some(Protocol::Rtcp));
/// ```
pub fn demultiplex(datagram: &[u8]) -> Option<Protocol> {
    match datagram {
        [0..=3, ..] => Some(Protocol::Stun),
        [16..=19, ..] => Some(Protocol::Zrtp),
        [20..=63, ..] => Some(Protocol::Dtls),
        [64..=79, ..] => Some(Protocol::TurnChannel),
        [128..=191, 192..=223, ..] => Some(Protocol::Rtcp),
        [128..=191, _, ..] => Some(Protocol::Rtp),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_first_byte_falls_into_the_range_of_rfc_7983() {
        for first in 0..=255 {
            let expected = match first {
                0..=3 => Some(Protocol::Stun),
                16..=19 => Some(Protocol::Zrtp),
                20..=63 => Some(Protocol::Dtls),
                64..=79 => Some(Protocol::TurnChannel),
                128..=191 => Some(Protocol::Rtp),
                4..=15 | 80..=127 | 192..=255 => None,
            };
            assert_eq!(demultiplex(&[first, 0]), expected, "first byte {first}");
        }
    }

    #[test]
    fn second_byte_tells_rtcp_from_rtp() {
        for second in 0..=255 {
            let expected = if (192..=223).contains(&second) {
                Protocol::Rtcp
            } else {
                Protocol::Rtp
            };
            assert_eq!(
                demultiplex(&[0x80, second]),
                Some(expected),
                "second byte {second}"
            );
        }
    }

    #[test]
    fn too_short_to_tell() {
        assert_eq!(demultiplex(&[]), None);
        assert_eq!(demultiplex(&[0x80]), None);
        assert_eq!(demultiplex(&[0x00]), Some(Protocol::Stun));
    }
}
