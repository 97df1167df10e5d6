//! An RTP data packet over any buffer (RFC 3550 §5).

use core::ops::Range;

use crate::entries::Entries;
use crate::error::{ErrorKind, ParseError, Rule};
use crate::extension::HeaderExtension;
use crate::header::{self, FIXED_LEN, RtpHeader};
use crate::{SequenceNumber, Timestamp};

/// A checked RTP packet: every getter after [`parse`](Self::parse) succeeds and borrows from the
/// buffer.
///
/// A relay edits the packet where it lies: the setters are there when the buffer can be written.
///
/// ```
/// use rfc3550_rtp::{RtpPacket, SequenceNumber};
///
/// let mut packet = RtpPacket::parse([0x80, 8, 0, 12, 0, 0, 0, 160, 0, 0, 0, 14, 0xd5, 0xd5])?;
/// packet.set_sequence_number(SequenceNumber(13));
/// assert_eq!(packet.payload_type(), 8);
/// assert_eq!(packet.sequence_number(), SequenceNumber(13));
/// assert_eq!(packet.payload(), [0xd5, 0xd5]);
/// # Ok::<(), rfc3550_rtp::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RtpPacket<B> {
    buffer: B,
    header_len: usize,
    payload_end: usize,
}

impl<B: AsRef<[u8]>> RtpPacket<B> {
    /// Checks that the whole of `buffer` is one RTP packet.
    ///
    /// # Errors
    ///
    /// The version is not 2, the buffer ends within the header, or the padding count is 0 or
    /// reaches into the header.
    #[inline]
    pub fn parse(buffer: B) -> Result<Self, ParseError> {
        let bytes = buffer.as_ref();
        let (fixed, header_len) = header::walk(bytes)?;
        let payload_end = if fixed[0] & 0x20 == 0 {
            bytes.len()
        } else {
            padding_start(bytes, header_len)?
        };
        Ok(Self {
            buffer,
            header_len,
            payload_end,
        })
    }

    /// The header as plain values.
    #[inline]
    pub fn header(&self) -> RtpHeader {
        RtpHeader::from_fixed(self.fixed(), self.header_len)
    }

    /// The marker bit, whose meaning the profile gives.
    #[inline]
    pub fn marker(&self) -> bool {
        self.fixed()[1] & 0x80 != 0
    }

    /// The payload type, 0 to 127.
    #[inline]
    pub fn payload_type(&self) -> u8 {
        self.fixed()[1] & 0x7f
    }

    /// The sequence number.
    #[inline]
    pub fn sequence_number(&self) -> SequenceNumber {
        let [_, _, a, b, ..] = *self.fixed();
        SequenceNumber(u16::from_be_bytes([a, b]))
    }

    /// The sampling instant of the first octet of payload.
    #[inline]
    pub fn timestamp(&self) -> Timestamp {
        let [_, _, _, _, a, b, c, d, ..] = *self.fixed();
        Timestamp(u32::from_be_bytes([a, b, c, d]))
    }

    /// The synchronisation source.
    #[inline]
    pub fn ssrc(&self) -> u32 {
        let [.., a, b, c, d] = *self.fixed();
        u32::from_be_bytes([a, b, c, d])
    }

    /// How many contributing sources there are, 0 to 15.
    #[inline]
    pub fn csrc_count(&self) -> usize {
        usize::from(self.fixed()[0] & 0x0f)
    }

    /// The contributing sources, in their order.
    #[inline]
    pub fn csrcs(&self) -> Entries<'_, u32> {
        let end = header::csrc_end(self.fixed()[0]);
        Entries::from_wire(self.slice(FIXED_LEN..end))
    }

    /// The header extension, if there is one.
    #[inline]
    pub fn extension(&self) -> Option<HeaderExtension<'_>> {
        let first = self.fixed()[0];
        if first & 0x10 == 0 {
            return None;
        }
        let bytes = self.slice(header::csrc_end(first)..self.header_len);
        HeaderExtension::from_wire(bytes)
    }

    /// Octets of the whole header, with contributing sources and extension.
    #[inline]
    pub fn header_len(&self) -> usize {
        self.header_len
    }

    /// The payload, without padding.
    #[inline]
    pub fn payload(&self) -> &[u8] {
        self.slice(self.header_len..self.payload_end)
    }

    /// Octets of padding at the end, with the one that counts them; 0 when the padding bit is
    /// clear.
    #[inline]
    pub fn padding_len(&self) -> u8 {
        // At most 255, for it was read from one octet.
        (self.as_bytes().len() - self.payload_end) as u8
    }

    /// The whole packet.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.buffer.as_ref()
    }

    /// Gives the buffer back.
    pub fn into_inner(self) -> B {
        self.buffer
    }

    #[inline]
    fn fixed(&self) -> &[u8; FIXED_LEN] {
        self.as_bytes()
            .first_chunk()
            .expect("parse has seen 12 octets, and a buffer keeps its length")
    }

    #[inline]
    fn slice(&self, range: Range<usize>) -> &[u8] {
        self.as_bytes()
            .get(range)
            .expect("parse has seen this range, and a buffer keeps its length")
    }
}

/// Editing in place, for relays and mixers (§7). Nothing here changes the packet's length.
impl<B: AsRef<[u8]> + AsMut<[u8]>> RtpPacket<B> {
    /// Sets or clears the marker bit.
    #[inline]
    pub fn set_marker(&mut self, marker: bool) {
        let octet = &mut self.fixed_mut()[1];
        *octet = *octet & 0x7f | u8::from(marker) << 7;
    }

    /// Sets the payload type. Only the low seven bits of `payload_type` count.
    #[inline]
    pub fn set_payload_type(&mut self, payload_type: u8) {
        let octet = &mut self.fixed_mut()[1];
        *octet = *octet & 0x80 | payload_type & 0x7f;
    }

    /// Sets the sequence number.
    #[inline]
    pub fn set_sequence_number(&mut self, number: SequenceNumber) {
        let [_, _, field @ .., _, _, _, _, _, _, _, _] = self.fixed_mut();
        *field = number.0.to_be_bytes();
    }

    /// Sets the timestamp.
    #[inline]
    pub fn set_timestamp(&mut self, timestamp: Timestamp) {
        let [_, _, _, _, field @ .., _, _, _, _] = self.fixed_mut();
        *field = timestamp.0.to_be_bytes();
    }

    /// Sets the synchronisation source.
    #[inline]
    pub fn set_ssrc(&mut self, ssrc: u32) {
        let [_, _, _, _, _, _, _, _, field @ ..] = self.fixed_mut();
        *field = ssrc.to_be_bytes();
    }

    /// The payload, to be overwritten.
    #[inline]
    pub fn payload_mut(&mut self) -> &mut [u8] {
        let range = self.header_len..self.payload_end;
        self.buffer
            .as_mut()
            .get_mut(range)
            .expect("parse has seen this range, and a buffer keeps its length")
    }

    #[inline]
    fn fixed_mut(&mut self) -> &mut [u8; FIXED_LEN] {
        self.buffer
            .as_mut()
            .first_chunk_mut()
            .expect("parse has seen 12 octets, and a buffer keeps its length")
    }
}

/// Where the padding of a packet with the padding bit begins.
#[inline]
fn padding_start(bytes: &[u8], header_len: usize) -> Result<usize, ParseError> {
    let last = bytes.len().saturating_sub(1);
    let count = bytes.last().copied().unwrap_or(0);
    match bytes.len().checked_sub(usize::from(count)) {
        Some(start) if count != 0 && start >= header_len => Ok(start),
        _ => Err(ParseError::new(ErrorKind::InvalidPadding, last, &PADDING)),
    }
}

static PADDING: Rule = Rule {
    field: "padding count",
    expected: "1 to the octets after the header",
    section: "RFC 3550 §5.1",
};
