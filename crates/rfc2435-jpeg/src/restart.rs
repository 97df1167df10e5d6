//! The restart marker header of types 64 to 127 (RFC 2435 §3.1.7).

use core::num::NonZeroU16;

/// The count of a packet whose boundaries are not those of restart intervals.
const UNALIGNED_COUNT: u16 = 0x3fff;

/// Which restart intervals a packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RestartMarkerHeader {
    interval: NonZeroU16,
    first: bool,
    last: bool,
    count: u16,
}

impl RestartMarkerHeader {
    /// Bytes of the header.
    pub const LEN: usize = 4;

    /// The largest count that names a place.
    pub const MAX_COUNT: u16 = UNALIGNED_COUNT - 1;

    /// A header for packets cut anywhere: the frame must be whole before it is decoded.
    pub const fn unaligned(interval: NonZeroU16) -> Self {
        Self {
            interval,
            first: true,
            last: true,
            count: UNALIGNED_COUNT,
        }
    }

    /// A header for a packet of a chunk of whole restart intervals: whether it is the chunk's
    /// first and last, and the number of the first interval in the chunk. `None` if the count
    /// exceeds [`RestartMarkerHeader::MAX_COUNT`].
    pub const fn chunk(interval: NonZeroU16, first: bool, last: bool, count: u16) -> Option<Self> {
        if count > Self::MAX_COUNT {
            return None;
        }
        Some(Self {
            interval,
            first,
            last,
            count,
        })
    }

    /// Reads a header; `None` if the interval is 0.
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Option<Self> {
        let [a, b, c, d] = bytes;
        let Some(interval) = NonZeroU16::new(u16::from_be_bytes([a, b])) else {
            return None;
        };
        Some(Self {
            interval,
            first: c & 0x80 != 0,
            last: c & 0x40 != 0,
            count: u16::from_be_bytes([c & 0x3f, d]),
        })
    }

    /// The header as it is sent.
    pub const fn to_bytes(self) -> [u8; Self::LEN] {
        let [a, b] = self.interval.get().to_be_bytes();
        let [c, d] = self.count.to_be_bytes();
        [
            a,
            b,
            c | (self.first as u8) << 7 | (self.last as u8) << 6,
            d,
        ]
    }

    /// Minimum coded units between restart markers.
    pub const fn interval(&self) -> NonZeroU16 {
        self.interval
    }

    /// Whether the packet is the first of its chunk: F.
    pub const fn is_first(&self) -> bool {
        self.first
    }

    /// Whether the packet is the last of its chunk: L.
    pub const fn is_last(&self) -> bool {
        self.last
    }

    /// The number of the chunk's first restart interval in the frame, or `None` if packets are not
    /// cut at restart intervals and the frame must be whole before it is decoded.
    pub const fn count(&self) -> Option<u16> {
        if self.count == UNALIGNED_COUNT {
            None
        } else {
            Some(self.count)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn unaligned_sets_both_bits_and_the_largest_count() {
        let header = RestartMarkerHeader::unaligned(NonZeroU16::new(40).unwrap());
        assert_eq!(header.to_bytes(), [0, 40, 0xff, 0xff]);
        assert_eq!(header.count(), None);
    }

    #[test]
    fn a_chunk_has_its_place() {
        let interval = NonZeroU16::new(0x1234).unwrap();
        let header = RestartMarkerHeader::chunk(interval, true, false, 0x0102).unwrap();
        assert_eq!(header.to_bytes(), [0x12, 0x34, 0x81, 0x02]);
        assert_eq!(header.count(), Some(0x0102));
        let header = RestartMarkerHeader::chunk(interval, false, true, 0x3ffe).unwrap();
        assert_eq!(header.to_bytes(), [0x12, 0x34, 0x7f, 0xfe]);
        assert_eq!(
            RestartMarkerHeader::chunk(interval, true, true, 0x3fff),
            None
        );
    }

    proptest! {
        #[test]
        fn bytes_come_back_unless_the_interval_is_zero(bytes: [u8; 4]) {
            match RestartMarkerHeader::from_bytes(bytes) {
                Some(header) => prop_assert_eq!(header.to_bytes(), bytes),
                None => prop_assert_eq!(&bytes[..2], &[0, 0]),
            }
        }
    }
}
