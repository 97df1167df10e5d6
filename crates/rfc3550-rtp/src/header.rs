//! The RTP header: fixed part, contributing sources, extension (RFC 3550 §5.1, §5.3.1).
//!
//! The walk over it stands here once, for plain packets and for SRTP, whose payload and padding
//! are still encrypted when the header must already be read.

use crate::error::{ErrorKind, ParseError, Rule};
use crate::{SequenceNumber, Timestamp};

/// Octets of the fixed part.
pub(crate) const FIXED_LEN: usize = 12;

/// The header of a packet whose payload may be encrypted: everything but the padding count.
///
/// ```
/// use rfc3550_rtp::RtpHeader;
///
/// let packet = [0x81, 0x80, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4, 9, 9, 9, 9, 0xaa, 0xbb];
/// let header = RtpHeader::parse(&packet)?;
/// assert!(header.marker);
/// assert_eq!(&packet[header.header_len..], [0xaa, 0xbb]);
/// # Ok::<(), rfc3550_rtp::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RtpHeader {
    /// Whether the packet ends in padding.
    pub padding: bool,
    /// Whether a header extension follows the contributing sources.
    pub extension: bool,
    /// How many contributing sources there are, 0 to 15.
    pub csrc_count: u8,
    /// The marker bit, whose meaning the profile gives.
    pub marker: bool,
    /// The payload type, 0 to 127.
    pub payload_type: u8,
    /// The sequence number.
    pub sequence_number: SequenceNumber,
    /// The sampling instant of the first octet of payload.
    pub timestamp: Timestamp,
    /// The synchronisation source.
    pub ssrc: u32,
    /// Octets of the whole header, with contributing sources and extension: where the payload
    /// begins.
    pub header_len: usize,
}

impl RtpHeader {
    /// Reads the header at the start of `packet`. What follows it is not looked at.
    ///
    /// # Errors
    ///
    /// `packet` is shorter than its header says, or its version is not 2.
    #[inline]
    pub fn parse(packet: &[u8]) -> Result<Self, ParseError> {
        let (fixed, header_len) = walk(packet)?;
        Ok(Self::from_fixed(fixed, header_len))
    }

    #[inline]
    pub(crate) fn from_fixed(fixed: &[u8; FIXED_LEN], header_len: usize) -> Self {
        let [first, second, s0, s1, t0, t1, t2, t3, r0, r1, r2, r3] = *fixed;
        Self {
            padding: first & 0x20 != 0,
            extension: first & 0x10 != 0,
            csrc_count: first & 0x0f,
            marker: second & 0x80 != 0,
            payload_type: second & 0x7f,
            sequence_number: SequenceNumber(u16::from_be_bytes([s0, s1])),
            timestamp: Timestamp(u32::from_be_bytes([t0, t1, t2, t3])),
            ssrc: u32::from_be_bytes([r0, r1, r2, r3]),
            header_len,
        }
    }
}

/// The fixed part and the length of the whole header.
#[inline]
pub(crate) fn walk(packet: &[u8]) -> Result<(&[u8; FIXED_LEN], usize), ParseError> {
    let Some(fixed) = packet.first_chunk::<FIXED_LEN>() else {
        return Err(ParseError::new(ErrorKind::Truncated, 0, &FIXED));
    };
    if fixed[0] >> 6 != 2 {
        return Err(ParseError::new(ErrorKind::UnsupportedVersion, 0, &VERSION));
    }
    // Without contributing sources and extension, which is nearly every packet, that is all.
    if fixed[0] & 0x1f == 0 {
        return Ok((fixed, FIXED_LEN));
    }
    let end = variable_part_end(packet, fixed[0])?;
    Ok((fixed, end))
}

#[inline]
fn variable_part_end(packet: &[u8], first: u8) -> Result<usize, ParseError> {
    let csrc_end = csrc_end(first);
    if packet.len() < csrc_end {
        return Err(ParseError::new(ErrorKind::Truncated, FIXED_LEN, &CSRC));
    }
    if first & 0x10 == 0 {
        return Ok(csrc_end);
    }
    let words = match packet.get(csrc_end..).and_then(<[u8]>::first_chunk) {
        Some(&[_, _, high, low]) => usize::from(u16::from_be_bytes([high, low])),
        None => {
            return Err(ParseError::new(
                ErrorKind::Truncated,
                csrc_end,
                &EXTENSION_HEADER,
            ));
        }
    };
    let end = csrc_end + 4 + 4 * words;
    if packet.len() < end {
        return Err(ParseError::new(
            ErrorKind::Truncated,
            csrc_end + 2,
            &EXTENSION_LENGTH,
        ));
    }
    Ok(end)
}

/// Where the list of contributing sources ends, from the first octet.
#[inline]
pub(crate) const fn csrc_end(first: u8) -> usize {
    FIXED_LEN + 4 * (first & 0x0f) as usize
}

static FIXED: Rule = Rule {
    field: "fixed header",
    expected: "12 octets",
    section: "RFC 3550 §5.1",
};
static VERSION: Rule = Rule {
    field: "version",
    expected: "2",
    section: "RFC 3550 §5.1",
};
static CSRC: Rule = Rule {
    field: "CSRC list",
    expected: "as many identifiers as CC says",
    section: "RFC 3550 §5.1",
};
static EXTENSION_HEADER: Rule = Rule {
    field: "header extension",
    expected: "4 octets of profile and length",
    section: "RFC 3550 §5.3.1",
};
static EXTENSION_LENGTH: Rule = Rule {
    field: "header extension",
    expected: "as many words as its length says",
    section: "RFC 3550 §5.3.1",
};

#[cfg(test)]
mod tests {
    use super::*;
    use nom::bits::{bits, complete::take as take_bits};
    use nom::bytes::complete::take;
    use nom::combinator::{cond, verify};
    use nom::multi::length_data;
    use nom::number::complete::{be_u16, be_u32};
    use nom::{IResult, Parser};
    use proptest::prelude::*;

    type Bits<'a> = (&'a [u8], usize);

    /// A field of so many bits.
    fn field<'a>(
        bits: usize,
    ) -> impl Parser<Bits<'a>, Output = u8, Error = nom::error::Error<Bits<'a>>> {
        take_bits(bits)
    }

    /// The same header as a grammar, field by field as the figures of §5.1 and §5.3.1 have it.
    fn grammar(input: &[u8]) -> IResult<&[u8], RtpHeader> {
        let version = verify(field(2), |&version: &u8| version == 2);
        let first = (version, field(1), field(1), field(4), field(1), field(7));
        let (rest, (_, padding, extension, csrc_count, marker, payload_type)) =
            bits(first).parse(input)?;
        let (rest, (number, timestamp, ssrc)) = (be_u16, be_u32, be_u32).parse(rest)?;
        let (rest, _) = take(4 * usize::from(csrc_count)).parse(rest)?;
        let words = be_u16.map(|words| 4 * usize::from(words));
        let (rest, _) = cond(extension == 1, (be_u16, length_data(words))).parse(rest)?;
        let header = RtpHeader {
            padding: padding == 1,
            extension: extension == 1,
            csrc_count,
            marker: marker == 1,
            payload_type,
            sequence_number: SequenceNumber(number),
            timestamp: Timestamp(timestamp),
            ssrc,
            header_len: input.len() - rest.len(),
        };
        Ok((rest, header))
    }

    proptest! {
        #[test]
        fn plain_loads_read_what_the_grammar_reads(
            first in prop_oneof![4 => 0x80u8..0xc0, 1 => any::<u8>()],
            mut packet in prop::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..100),
        ) {
            if let Some(octet) = packet.first_mut() {
                *octet = first;
            }
            let wanted = grammar(&packet).ok().map(|(_, header)| header);
            prop_assert_eq!(RtpHeader::parse(&packet).ok(), wanted);
        }
    }
}
