//! Runs and bit vectors of receipts or duplicates (RFC 3611 §4.1, §4.2).

use super::block::{check_thinning, read_range, write_range};
use crate::SequenceNumber;
use crate::entries::Entries;
use crate::entries::sealed::Wire;
use crate::error::WriteError;

/// A trace of one event for each packet of a range.
#[derive(Debug, Clone, PartialEq)]
pub struct Rle<'a> {
    /// Only packets whose number is a multiple of 2 to this power are reported, 0 to 15.
    pub thinning: u8,
    /// The source of the packets.
    pub ssrc: u32,
    /// The first packet of the range.
    pub begin: SequenceNumber,
    /// The packet after the last of the range.
    pub end: SequenceNumber,
    /// The trace, in chunks. Null chunks say nothing; one is added when the rest are odd.
    pub chunks: Entries<'a, RleChunk>,
}

impl<'a> Rle<'a> {
    pub(super) fn read(type_specific: u8, contents: &'a [u8]) -> Option<Self> {
        let (ssrc, [begin, end], chunks) = read_range(contents)?;
        Some(Self {
            thinning: type_specific & 0x0f,
            ssrc,
            begin,
            end,
            chunks: Entries::from_wire(chunks),
        })
    }

    /// Every packet that the block reports on, with its event, as far as the chunks go.
    pub fn events(&self) -> RleEvents<'a> {
        let step = 1u32 << self.thinning.min(15);
        let begin = u32::from(self.begin.0).next_multiple_of(step);
        let range = u32::from(self.end.0.wrapping_sub(self.begin.0));
        let skipped = begin - u32::from(self.begin.0);
        RleEvents {
            // 65,536 is a multiple of every step, so the wrap is one to packet 0.
            number: SequenceNumber(begin as u16),
            step: step as u16,
            packets: range.saturating_sub(skipped).div_ceil(step),
            chunks: self.chunks.clone(),
            chunk: RleChunk::NULL,
            left: 0,
        }
    }

    pub(super) fn encoded_len(&self) -> usize {
        8 + self.chunks.encoded_len().next_multiple_of(4)
    }

    /// Writes the contents to exactly their length and returns the type-specific octet.
    pub(super) fn write(&self, out: &mut [u8]) -> Result<u8, WriteError> {
        // More could not be told from fewer (§4.1).
        if self.end.0.wrapping_sub(self.begin.0) >= 65_534 {
            return Err(WriteError::OutOfRange {
                field: "range of RLE report block",
            });
        }
        let out = write_range(out, self.ssrc, self.begin, self.end);
        let (chunks, null) = out.split_at_mut(self.chunks.encoded_len());
        self.chunks.write(chunks);
        null.fill(0);
        check_thinning(self.thinning)
    }
}

/// A chunk of a trace (§4.1.1 to §4.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RleChunk(pub u16);

impl RleChunk {
    /// The chunk that says nothing.
    pub const NULL: Self = Self(0);

    /// The same event `length` times, 1 to 16383; `None` when the length is another.
    pub const fn run(event: bool, length: u16) -> Option<Self> {
        match length {
            1..=0x3fff => Some(Self((event as u16) << 14 | length)),
            _ => None,
        }
    }

    /// Fifteen events, the first in bit 14, the last in bit 0.
    pub const fn bit_vector(events: u16) -> Self {
        Self(0x8000 | events)
    }

    /// How many packets the chunk says something about.
    const fn len(self) -> u16 {
        match self.0 >> 15 {
            0 => self.0 & 0x3fff,
            _ => 15,
        }
    }

    /// The event when `left` packets of the chunk, itself among them, are left.
    const fn event(self, left: u16) -> bool {
        match self.0 >> 15 {
            0 => self.0 & 0x4000 != 0,
            _ => self.0 >> (left - 1) & 1 != 0,
        }
    }
}

impl Wire for RleChunk {
    const LEN: usize = 2;

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes
            .first_chunk()
            .map(|bytes| Self(u16::from_be_bytes(*bytes)))
    }

    fn write(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.0.to_be_bytes());
    }
}

/// Walks the events of a trace.
#[derive(Debug, Clone)]
pub struct RleEvents<'a> {
    number: SequenceNumber,
    step: u16,
    packets: u32,
    chunks: Entries<'a, RleChunk>,
    chunk: RleChunk,
    left: u16,
}

impl Iterator for RleEvents<'_> {
    type Item = (SequenceNumber, bool);

    fn next(&mut self) -> Option<Self::Item> {
        self.packets = self.packets.checked_sub(1)?;
        while self.left == 0 {
            self.chunk = self.chunks.next()?;
            self.left = self.chunk.len();
        }
        let event = self.chunk.event(self.left);
        self.left -= 1;
        let number = self.number;
        self.number = number.add(self.step);
        Some((number, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;

    fn lost(rle: &Rle<'_>) -> Vec<u16> {
        rle.events()
            .filter(|(_, received)| !received)
            .map(|(number, _)| number.0)
            .collect()
    }

    /// The examples of §4.1: 45 packets from 13,821 on, of which the 22nd and the 24th are lost.
    #[test]
    fn both_encodings_of_the_example_say_the_same() {
        let vectors = [
            RleChunk::bit_vector(0b111_1111_1111_1111),
            RleChunk::bit_vector(0b111_1110_1011_1111),
            RleChunk::bit_vector(0b111_1111_1111_1111),
            RleChunk::NULL,
        ];
        let runs = [
            RleChunk::run(true, 21).unwrap(),
            RleChunk::bit_vector(0b010_1111_1111_1111),
            RleChunk::run(true, 9).unwrap(),
            RleChunk::NULL,
        ];
        for chunks in [&vectors, &runs] {
            let rle = Rle {
                thinning: 0,
                ssrc: 1,
                begin: SequenceNumber(13_821),
                end: SequenceNumber(13_866),
                chunks: chunks.into(),
            };
            assert_eq!(rle.events().count(), 45);
            assert_eq!(lost(&rle), [13_842, 13_844]);
        }
    }

    /// The thinned example of §4.1, with the loss of the 44th packet.
    #[test]
    fn thinning_reports_on_multiples_only() {
        let chunks = [RleChunk::bit_vector(0b111_1101_1110_0000), RleChunk::NULL];
        let rle = Rle {
            thinning: 2,
            ssrc: 1,
            begin: SequenceNumber(13_821),
            end: SequenceNumber(13_866),
            chunks: (&chunks).into(),
        };
        let numbers: Vec<u16> = rle.events().map(|(number, _)| number.0).collect();
        assert_eq!(numbers, (13_824..=13_864).step_by(4).collect::<Vec<u16>>());
        assert_eq!(lost(&rle), [13_844, 13_864]);
    }

    #[test]
    fn a_range_may_wrap() {
        let chunks = [RleChunk::run(false, 4).unwrap()];
        let rle = Rle {
            thinning: 0,
            ssrc: 1,
            begin: SequenceNumber(65_534),
            end: SequenceNumber(2),
            chunks: (&chunks).into(),
        };
        assert_eq!(lost(&rle), [65_534, 65_535, 0, 1]);
        let thinned = Rle {
            thinning: 15,
            ..rle
        };
        assert_eq!(lost(&thinned), [0]);
    }

    #[test]
    fn an_odd_trace_is_written_with_a_null_chunk() {
        let chunks = [RleChunk::run(true, 1).unwrap()];
        let rle = Rle {
            thinning: 3,
            ssrc: 0x0102_0304,
            begin: SequenceNumber(8),
            end: SequenceNumber(9),
            chunks: (&chunks).into(),
        };
        let mut out = vec![0xa5; rle.encoded_len()];
        assert_eq!(rle.write(&mut out), Ok(3));
        assert_eq!(out, [1, 2, 3, 4, 0, 8, 0, 9, 0x40, 1, 0, 0]);
    }

    #[test]
    fn ranges_that_cannot_be_told_apart_are_refused() {
        let rle = |end| Rle {
            thinning: 0,
            ssrc: 1,
            begin: SequenceNumber(1),
            end: SequenceNumber(end),
            chunks: Entries::default(),
        };
        assert!(rle(65_534).write(&mut [0; 8]).is_ok());
        assert!(rle(65_535).write(&mut [0; 8]).is_err());
        assert!(rle(0).write(&mut [0; 8]).is_err());
        assert_eq!(RleChunk::run(true, 0), None);
        assert_eq!(RleChunk::run(true, 16_384), None);
    }
}
