//! One block: its header of 7 + 14 + 10 bits and its data (RFC 2198 §3).

use crate::WriteError;

/// The largest timestamp offset: fourteen bits.
pub const MAX_TIMESTAMP_OFFSET: u16 = 0x3fff;

/// The largest length of a redundant block: ten bits.
pub const MAX_BLOCK_LENGTH: u16 = 0x03ff;

const FOLLOW_BIT: u8 = 0x80;

/// The header of a redundant block, four bytes with F = 1.
///
/// The primary's header has only the payload type: see
/// [`RedPayload::primary`](crate::RedPayload::primary).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockHeader {
    payload_type: u8,
    timestamp_offset: u16,
    block_length: u16,
}

impl BlockHeader {
    /// Bytes of a redundant block's header.
    pub const LEN: usize = 4;

    /// A header, if every value fits its field.
    ///
    /// # Errors
    ///
    /// [`WriteError::PayloadTypeTooLarge`] above 127, [`WriteError::TimestampOffsetTooLarge`] above
    /// [`MAX_TIMESTAMP_OFFSET`], [`WriteError::BlockTooLong`] above [`MAX_BLOCK_LENGTH`].
    pub fn new(
        payload_type: u8,
        timestamp_offset: u16,
        block_length: usize,
    ) -> Result<Self, WriteError> {
        check_payload_type(payload_type)?;
        if timestamp_offset > MAX_TIMESTAMP_OFFSET {
            return Err(WriteError::TimestampOffsetTooLarge(timestamp_offset));
        }
        match u16::try_from(block_length) {
            Ok(block_length) if block_length <= MAX_BLOCK_LENGTH => Ok(Self {
                payload_type,
                timestamp_offset,
                block_length,
            }),
            _ => Err(WriteError::BlockTooLong(block_length)),
        }
    }

    /// Reads a header; `None` if the F bit is 0, which is the primary's one-byte header.
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Option<Self> {
        let [first, a, b, c] = bytes;
        if first & FOLLOW_BIT == 0 {
            return None;
        }
        Some(Self {
            payload_type: first & !FOLLOW_BIT,
            timestamp_offset: (a as u16) << 6 | (b as u16) >> 2,
            block_length: (b as u16 & 0x03) << 8 | c as u16,
        })
    }

    /// The header as it is sent.
    pub const fn to_bytes(self) -> [u8; Self::LEN] {
        let [offset_high, offset_low] = (self.timestamp_offset << 2).to_be_bytes();
        let [length_high, length_low] = self.block_length.to_be_bytes();
        [
            FOLLOW_BIT | self.payload_type,
            offset_high,
            offset_low | length_high,
            length_low,
        ]
    }

    /// The payload type of the block, 0 to 127.
    pub const fn payload_type(&self) -> u8 {
        self.payload_type
    }

    /// How much earlier the block is than the packet's timestamp, in timestamp units.
    pub const fn timestamp_offset(&self) -> u16 {
        self.timestamp_offset
    }

    /// Bytes of the block's data.
    pub const fn block_length(&self) -> u16 {
        self.block_length
    }
}

/// One encoding carried by a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Block<'a> {
    /// The payload type of the data, 0 to 127.
    pub payload_type: u8,
    /// How much earlier the data is than the packet's timestamp, in timestamp units; 0 for the
    /// primary.
    pub timestamp_offset: u16,
    /// The data; empty for a block of length 0.
    pub payload: &'a [u8],
}

impl Block<'_> {
    /// The timestamp of this block in a packet with the given timestamp (modulo 2³²).
    pub const fn timestamp(&self, packet_timestamp: u32) -> u32 {
        packet_timestamp.wrapping_sub(self.timestamp_offset as u32)
    }
}

pub(crate) const fn check_payload_type(payload_type: u8) -> Result<(), WriteError> {
    if payload_type & FOLLOW_BIT != 0 {
        return Err(WriteError::PayloadTypeTooLarge(payload_type));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nom::Parser;
    use nom::bits::complete::take;
    use nom::bits::{bits, complete::tag};
    use nom::error::Error;
    use nom::sequence::preceded;
    use proptest::prelude::*;

    #[test]
    fn offset_is_fourteen_bits_and_length_ten() {
        let header = BlockHeader::new(0, 160, 20).unwrap();
        assert_eq!(header.to_bytes(), [0x80, 0x02, 0x80, 0x14]);
        let header = BlockHeader::new(127, MAX_TIMESTAMP_OFFSET, 1023).unwrap();
        assert_eq!(header.to_bytes(), [0xff, 0xff, 0xff, 0xff]);
        let header = BlockHeader::from_bytes([0x80, 0xff, 0xfc, 0x00]).unwrap();
        assert_eq!(
            (header.timestamp_offset(), header.block_length()),
            (16383, 0)
        );
        let header = BlockHeader::from_bytes([0x80, 0x00, 0x03, 0xff]).unwrap();
        assert_eq!(
            (header.timestamp_offset(), header.block_length()),
            (0, 1023)
        );
    }

    #[test]
    fn values_beyond_their_fields_are_refused() {
        assert_eq!(
            BlockHeader::new(128, 0, 0),
            Err(WriteError::PayloadTypeTooLarge(128))
        );
        assert_eq!(
            BlockHeader::new(0, 16384, 0),
            Err(WriteError::TimestampOffsetTooLarge(16384))
        );
        assert_eq!(
            BlockHeader::new(0, 0, 1024),
            Err(WriteError::BlockTooLong(1024))
        );
        assert_eq!(
            BlockHeader::new(0, 0, 65536),
            Err(WriteError::BlockTooLong(65536))
        );
    }

    #[test]
    fn block_timestamp_wraps() {
        let block = Block {
            payload_type: 0,
            timestamp_offset: 160,
            payload: &[],
        };
        assert_eq!(block.timestamp(100), u32::MAX - 59);
    }

    fn reference(input: &[u8]) -> Option<(u8, u16, u16)> {
        let fields = preceded(
            tag(1u8, 1usize),
            (take(7usize), take(14usize), take(10usize)),
        );
        bits::<_, _, Error<(&[u8], usize)>, Error<&[u8]>, _>(fields)
            .parse(input)
            .ok()
            .map(|(_, fields)| fields)
    }

    proptest! {
        #[test]
        fn header_agrees_with_the_bit_grammar(bytes: [u8; 4]) {
            let header = BlockHeader::from_bytes(bytes);
            let fields = header.map(|h| (h.payload_type(), h.timestamp_offset(), h.block_length()));
            prop_assert_eq!(fields, reference(&bytes));
            if let Some(header) = header {
                prop_assert_eq!(header.to_bytes(), bytes);
            }
        }
    }
}
