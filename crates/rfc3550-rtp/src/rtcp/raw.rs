//! The header that all RTCP packets share (RFC 3550 §6.4.1, §12.1).

use core::fmt;

use crate::error::{ErrorKind, ParseError, Rule};

/// Octets of the header.
pub(crate) const HEADER_LEN: usize = 4;

/// The type of an RTCP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PacketType(pub u8);

impl PacketType {
    /// Sender report (RFC 3550 §6.4.1).
    pub const SR: Self = Self(200);
    /// Receiver report (RFC 3550 §6.4.2).
    pub const RR: Self = Self(201);
    /// Source description (RFC 3550 §6.5).
    pub const SDES: Self = Self(202);
    /// Goodbye (RFC 3550 §6.6).
    pub const BYE: Self = Self(203);
    /// Application-defined (RFC 3550 §6.7).
    pub const APP: Self = Self(204);
    /// Transport-layer feedback (RFC 4585 §6.2).
    pub const RTPFB: Self = Self(205);
    /// Payload-specific feedback (RFC 4585 §6.3).
    pub const PSFB: Self = Self(206);
    /// Extended report (RFC 3611 §2).
    pub const XR: Self = Self(207);
}

impl fmt::Display for PacketType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::SR => f.write_str("SR"),
            Self::RR => f.write_str("RR"),
            Self::SDES => f.write_str("SDES"),
            Self::BYE => f.write_str("BYE"),
            Self::APP => f.write_str("APP"),
            Self::RTPFB => f.write_str("RTPFB"),
            Self::PSFB => f.write_str("PSFB"),
            Self::XR => f.write_str("XR"),
            Self(other) => write!(f, "{other}"),
        }
    }
}

/// One RTCP packet of any type: header and length are checked, the body is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RawPacket<'a> {
    bytes: &'a [u8],
    body_end: usize,
}

impl<'a> RawPacket<'a> {
    /// Takes the first packet off `bytes`; the rest is returned beside it.
    ///
    /// # Errors
    ///
    /// The version is not 2, the length reaches past the end, or the padding count is 0, not a
    /// multiple of four, or larger than the body.
    #[inline]
    pub fn split(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), ParseError> {
        let Some(&[first, _, high, low]) = bytes.first_chunk::<HEADER_LEN>() else {
            return Err(ParseError::new(ErrorKind::Truncated, 0, &HEADER));
        };
        if first >> 6 != 2 {
            return Err(ParseError::new(ErrorKind::UnsupportedVersion, 0, &VERSION));
        }
        let len = HEADER_LEN + 4 * usize::from(u16::from_be_bytes([high, low]));
        let Some((packet, rest)) = bytes.split_at_checked(len) else {
            return Err(ParseError::new(ErrorKind::Truncated, 2, &LENGTH));
        };
        let body_end = if first & 0x20 == 0 {
            len
        } else {
            padding_start(packet)?
        };
        let packet = Self {
            bytes: packet,
            body_end,
        };
        Ok((packet, rest))
    }

    /// The packet's type.
    #[inline]
    pub fn packet_type(&self) -> PacketType {
        PacketType(self.header()[1])
    }

    /// The five bits after the padding bit: a count, a subtype or a feedback format.
    #[inline]
    pub fn count(&self) -> u8 {
        self.header()[0] & 0x1f
    }

    /// Whether the padding bit is set.
    #[inline]
    pub fn has_padding(&self) -> bool {
        self.header()[0] & 0x20 != 0
    }

    /// Octets of padding at the end, with the one that counts them.
    #[inline]
    pub fn padding_len(&self) -> usize {
        self.bytes.len() - self.body_end
    }

    /// What follows the header, without padding: whole words.
    #[inline]
    pub fn body(&self) -> &'a [u8] {
        self.bytes
            .get(HEADER_LEN..self.body_end)
            .expect("split has seen header and body")
    }

    /// The whole packet.
    #[inline]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    #[inline]
    fn header(&self) -> &'a [u8; HEADER_LEN] {
        self.bytes.first_chunk().expect("split has seen a header")
    }
}

#[inline]
fn padding_start(packet: &[u8]) -> Result<usize, ParseError> {
    let count = packet.last().copied().unwrap_or(0);
    match packet.len().checked_sub(usize::from(count)) {
        Some(start) if count != 0 && count % 4 == 0 && start >= HEADER_LEN => Ok(start),
        _ => Err(ParseError::new(
            ErrorKind::InvalidPadding,
            packet.len() - 1,
            &PADDING,
        )),
    }
}

static HEADER: Rule = Rule {
    field: "RTCP header",
    expected: "4 octets",
    section: "RFC 3550 §6.4.1",
};
static VERSION: Rule = Rule {
    field: "RTCP version",
    expected: "2",
    section: "RFC 3550 §6.4.1",
};
static LENGTH: Rule = Rule {
    field: "RTCP length",
    expected: "no more words than there are",
    section: "RFC 3550 §6.4.1",
};
static PADDING: Rule = Rule {
    field: "RTCP padding count",
    expected: "a multiple of 4 from 4 to the length of the body",
    section: "RFC 3550 §6.4.1",
};
