//! The 32-bit media timestamp and its arithmetic (RFC 3550 §5.1).

use core::fmt;

/// A sampling instant in units of the payload's clock, modulo 2^32: it has a distance but no
/// order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Timestamp(pub u32);

impl Timestamp {
    /// The instant `units` later.
    #[must_use]
    pub const fn add(self, units: u32) -> Self {
        Self(self.0.wrapping_add(units))
    }

    /// Clock units from `earlier` to this instant, the shorter way round.
    pub const fn distance_from(self, earlier: Self) -> i32 {
        self.0.wrapping_sub(earlier.0) as i32
    }

    /// Whether this instant is after `other`, taking the shorter way round.
    pub const fn follows(self, other: Self) -> bool {
        self.distance_from(other) > 0
    }

    /// The 64-bit instant that ends in these 32 bits and lies nearest to `reference`.
    ///
    /// ```
    /// use rfc3550_rtp::Timestamp;
    ///
    /// assert_eq!(Timestamp(100).extend(0xffff_ff00), 0x1_0000_0064);
    /// ```
    pub const fn extend(self, reference: u64) -> u64 {
        let distance = self.0.wrapping_sub(reference as u32) as i32;
        match reference.checked_add_signed(distance as i64) {
            Some(extended) => extended,
            // Nothing lies before the first cycle or after the last: the other way round.
            None if distance < 0 => self.0 as u64,
            None => reference - (reference as u32).wrapping_sub(self.0) as u64,
        }
    }
}

impl From<u32> for Timestamp {
    fn from(units: u32) -> Self {
        Self(units)
    }
}

impl From<Timestamp> for u32 {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wraps_after_two_to_the_32() {
        let last = Timestamp(u32::MAX - 159);
        assert_eq!(last.add(160), Timestamp(0));
        assert!(last.add(160).follows(last));
        assert_eq!(last.distance_from(last.add(160)), -160);
    }

    #[test]
    fn nothing_lies_before_the_first_cycle_or_after_the_last() {
        assert_eq!(Timestamp(u32::MAX).extend(5), u64::from(u32::MAX));
        assert_eq!(Timestamp(0).extend(u64::MAX), u64::MAX - 0xffff_ffff);
    }

    proptest! {
        #[test]
        fn extends_to_the_nearest(
            reference in 1u64 << 32..1 << 60,
            step in -0x7fff_ffffi64..=0x7fff_ffff,
        ) {
            let wanted = reference.wrapping_add_signed(step);
            prop_assert_eq!(Timestamp(wanted as u32).extend(reference), wanted);
        }
    }
}
