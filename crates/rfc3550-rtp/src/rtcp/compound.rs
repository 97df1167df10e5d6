//! Several RTCP packets in one datagram (RFC 3550 §6.1, Appendix A.2; RFC 5506).

use crate::error::{ErrorKind, ParseError, Rule};
use crate::rtcp::RtcpPacket;
use crate::rtcp::raw::{PacketType, RawPacket};

/// A datagram of RTCP packets whose headers and lengths are checked.
///
/// The bodies are checked as [`packets`](Self::packets) comes to them, so one bad packet does not
/// lose the others.
///
/// ```
/// use rfc3550_rtp::{RtcpCompound, RtcpPacket};
///
/// let datagram = [0x80, 201, 0, 1, 1, 2, 3, 4, 0x81, 203, 0, 1, 1, 2, 3, 4];
/// let compound = RtcpCompound::parse(datagram)?;
/// let Some(Ok(RtcpPacket::Bye(bye))) = compound.packets().nth(1) else {
///     panic!("the second packet is a BYE");
/// };
/// assert_eq!(bye.ssrcs().next(), Some(0x0102_0304));
/// # Ok::<(), rfc3550_rtp::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RtcpCompound<B> {
    buffer: B,
    end: usize,
}

impl<B: AsRef<[u8]>> RtcpCompound<B> {
    /// Checks a compound as Appendix A.2 does: every version is 2, the first packet is SR or RR
    /// without padding, only the last has padding, the lengths make up the datagram.
    ///
    /// # Errors
    ///
    /// One of these does not hold.
    #[inline]
    pub fn parse(buffer: B) -> Result<Self, ParseError> {
        let compound = Self::parse_reduced_size(buffer)?;
        let Some(&[first, packet_type]) = compound.as_bytes().first_chunk() else {
            return Ok(compound); // never: a header has four octets
        };
        if !matches!(PacketType(packet_type), PacketType::SR | PacketType::RR) {
            return Err(ParseError::new(
                ErrorKind::UnexpectedPacketType,
                1,
                &FIRST_TYPE,
            ));
        }
        if first & 0x20 != 0 {
            return Err(ParseError::new(ErrorKind::InvalidPadding, 0, &PADDING_BIT));
        }
        Ok(compound)
    }

    /// Checks a compound that may have been reduced as RFC 5506 allows: any type may come first,
    /// and a lone packet may have padding. All else is as in [`parse`](Self::parse).
    ///
    /// # Errors
    ///
    /// A version is not 2, a packet before the last has padding, or the lengths do not make up
    /// the datagram.
    #[inline]
    pub fn parse_reduced_size(buffer: B) -> Result<Self, ParseError> {
        let end = buffer.as_ref().len();
        let mut rest = buffer.as_ref();
        loop {
            let start = end - rest.len();
            let (packet, after) = RawPacket::split(rest).map_err(|error| error.moved_by(start))?;
            if after.is_empty() {
                return Ok(Self { buffer, end });
            }
            if packet.has_padding() {
                return Err(ParseError::new(
                    ErrorKind::InvalidPadding,
                    start,
                    &PADDING_BIT,
                ));
            }
            rest = after;
        }
    }

    /// Takes as many packets as have a good header, for whoever must live with what others send:
    /// any type may come first, any packet may have padding, and what follows the last good
    /// packet is left in [`trailing`](Self::trailing).
    ///
    /// # Errors
    ///
    /// Not even the first packet has a good header.
    pub fn parse_lenient(buffer: B) -> Result<Self, ParseError> {
        let bytes = buffer.as_ref();
        let (_, mut rest) = RawPacket::split(bytes)?;
        while let Ok((_, after)) = RawPacket::split(rest) {
            rest = after;
        }
        let end = bytes.len() - rest.len();
        Ok(Self { buffer, end })
    }

    /// The packets, in order. An `Err` is a packet of a known type whose body is wrong, with an
    /// offset from the start of the datagram; the walk goes on after it.
    #[inline]
    pub fn packets(&self) -> RtcpPackets<'_> {
        let (packets, _) = self.halves();
        RtcpPackets {
            rest: packets,
            end: self.end,
        }
    }

    /// What follows the last good packet; never anything except after
    /// [`parse_lenient`](Self::parse_lenient).
    pub fn trailing(&self) -> &[u8] {
        self.halves().1
    }

    /// The whole datagram.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.buffer.as_ref()
    }

    /// Gives the buffer back.
    pub fn into_inner(self) -> B {
        self.buffer
    }

    #[inline]
    fn halves(&self) -> (&[u8], &[u8]) {
        self.as_bytes()
            .split_at_checked(self.end)
            .expect("parse has seen this much, and a buffer keeps its length")
    }
}

/// Walks the packets of a compound.
#[derive(Debug, Clone)]
pub struct RtcpPackets<'a> {
    rest: &'a [u8],
    end: usize,
}

impl<'a> RtcpPackets<'a> {
    /// The next packet with its body unread.
    #[inline]
    pub fn next_raw(&mut self) -> Option<RawPacket<'a>> {
        let (raw, rest) = RawPacket::split(self.rest).ok()?;
        self.rest = rest;
        Some(raw)
    }
}

impl<'a> Iterator for RtcpPackets<'a> {
    type Item = Result<RtcpPacket<'a>, ParseError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let start = self.end - self.rest.len();
        let raw = self.next_raw()?;
        Some(RtcpPacket::from_raw(raw).map_err(|error| error.moved_by(start)))
    }
}

static FIRST_TYPE: Rule = Rule {
    field: "first packet type",
    expected: "200 (SR) or 201 (RR)",
    section: "RFC 3550 §6.1",
};
static PADDING_BIT: Rule = Rule {
    field: "padding bit",
    expected: "0 in all packets but the last, and in the first",
    section: "RFC 3550 A.2",
};
