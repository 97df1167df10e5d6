//! Generic NACK (RFC 4585 §6.2.1).

use crate::SequenceNumber;
use crate::entries::sealed::Wire;

/// A lost packet and which of the 16 after it are lost as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nack {
    /// The first lost packet (PID).
    pub packet_id: SequenceNumber,
    /// Bit 0 for the packet after it, bit 15 for the sixteenth (BLP).
    pub following: u16,
}

impl Nack {
    /// The entries that name these lost packets, which are in order of sequence.
    ///
    /// ```
    /// use rfc3550_rtp::SequenceNumber;
    /// use rfc3550_rtp::feedback::Nack;
    ///
    /// let lost = [65_535, 0, 15, 16].map(SequenceNumber);
    /// let nacks: Vec<Nack> = Nack::from_lost(&lost).collect();
    /// assert_eq!(nacks[0].following, 0b1000_0000_0000_0001);
    /// assert_eq!(nacks[1].packet_id, SequenceNumber(16));
    /// ```
    pub const fn from_lost(lost: &[SequenceNumber]) -> Nacks<'_> {
        Nacks { lost }
    }

    /// The lost packets.
    pub const fn lost(&self) -> LostPackets {
        LostPackets {
            packet_id: self.packet_id,
            // Bit 0 for the packet itself.
            left: (self.following as u32) << 1 | 1,
        }
    }
}

impl Wire for Nack {
    const LEN: usize = 4;

    fn read(bytes: &[u8]) -> Option<Self> {
        let &[p0, p1, b0, b1] = bytes.first_chunk()?;
        Some(Self {
            packet_id: SequenceNumber(u16::from_be_bytes([p0, p1])),
            following: u16::from_be_bytes([b0, b1]),
        })
    }

    fn write(&self, bytes: &mut [u8]) {
        let [p0, p1] = self.packet_id.0.to_be_bytes();
        let [b0, b1] = self.following.to_be_bytes();
        bytes.copy_from_slice(&[p0, p1, b0, b1]);
    }
}

/// Gathers lost packets into entries.
#[derive(Debug, Clone)]
pub struct Nacks<'a> {
    lost: &'a [SequenceNumber],
}

impl Iterator for Nacks<'_> {
    type Item = Nack;

    fn next(&mut self) -> Option<Nack> {
        let (&packet_id, mut rest) = self.lost.split_first()?;
        let mut following = 0;
        while let Some((&number, after)) = rest.split_first() {
            match number.distance_from(packet_id) {
                0 => {}
                distance @ 1..=16 => following |= 1 << (distance - 1),
                _ => break,
            }
            rest = after;
        }
        self.lost = rest;
        Some(Nack {
            packet_id,
            following,
        })
    }
}

/// The packets that an entry says are lost.
#[derive(Debug, Clone)]
pub struct LostPackets {
    packet_id: SequenceNumber,
    left: u32,
}

impl Iterator for LostPackets {
    type Item = SequenceNumber;

    fn next(&mut self) -> Option<SequenceNumber> {
        if self.left == 0 {
            return None;
        }
        let bit = self.left.trailing_zeros();
        self.left &= self.left - 1;
        // At most 16.
        Some(self.packet_id.add(bit as u16))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_gathered_is_named_again(first: u16, steps in prop::collection::vec(1u16..40, 0..60)) {
            let mut number = SequenceNumber(first);
            let lost: Vec<_> = steps.iter().map(|&step| { number = number.add(step); number }).collect();
            let named: Vec<_> = Nack::from_lost(&lost).flat_map(|nack| nack.lost()).collect();
            prop_assert_eq!(named, lost);
        }
    }
}
