//! The 16-bit sequence number and its arithmetic (RFC 3550 §5.1, Appendix A.1).

use core::fmt;

/// A sequence number: it counts packets modulo 2^16, so it has a distance but no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SequenceNumber(pub u16);

impl SequenceNumber {
    /// The number of the packet after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        self.add(1)
    }

    /// The number `packets` later.
    #[must_use]
    pub const fn add(self, packets: u16) -> Self {
        Self(self.0.wrapping_add(packets))
    }

    /// How many packets lie from `earlier` to this one, from −32768 to 32767: the shorter way
    /// round, and backwards when both ways are equal.
    pub const fn distance_from(self, earlier: Self) -> i16 {
        self.0.wrapping_sub(earlier.0) as i16
    }

    /// Whether this packet was sent after `other`, taking the shorter way round.
    pub const fn follows(self, other: Self) -> bool {
        self.distance_from(other) > 0
    }

    /// The 64-bit number that ends in these 16 bits and lies nearest to `reference`.
    ///
    /// Feed the highest extended number so far as the reference and the sequence never wraps.
    ///
    /// ```
    /// use rfc3550_rtp::SequenceNumber;
    ///
    /// assert_eq!(SequenceNumber(2).extend(65_534), 65_538);
    /// assert_eq!(SequenceNumber(65_534).extend(65_538), 65_534);
    /// ```
    pub const fn extend(self, reference: u64) -> u64 {
        let distance = self.0.wrapping_sub(reference as u16) as i16;
        match reference.checked_add_signed(distance as i64) {
            Some(extended) => extended,
            // Nothing lies before the first cycle or after the last: the other way round.
            None if distance < 0 => self.0 as u64,
            None => reference - (reference as u16).wrapping_sub(self.0) as u64,
        }
    }
}

impl From<u16> for SequenceNumber {
    fn from(number: u16) -> Self {
        Self(number)
    }
}

impl From<SequenceNumber> for u16 {
    fn from(number: SequenceNumber) -> Self {
        number.0
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wraps_after_65535() {
        assert_eq!(SequenceNumber(65_535).next(), SequenceNumber(0));
        assert!(SequenceNumber(0).follows(SequenceNumber(65_535)));
        assert!(!SequenceNumber(65_535).follows(SequenceNumber(0)));
        assert_eq!(SequenceNumber(0).distance_from(SequenceNumber(65_534)), 2);
    }

    #[test]
    fn nothing_lies_before_the_first_cycle_or_after_the_last() {
        assert_eq!(SequenceNumber(65_530).extend(5), 65_530);
        assert_eq!(SequenceNumber(0).extend(u64::MAX), u64::MAX - 65_535);
    }

    proptest! {
        #[test]
        fn extends_to_the_nearest(reference in 65_536u64..1 << 48, step in -32_767i64..=32_767) {
            let wanted = reference.wrapping_add_signed(step);
            prop_assert_eq!(SequenceNumber(wanted as u16).extend(reference), wanted);
        }
    }
}
