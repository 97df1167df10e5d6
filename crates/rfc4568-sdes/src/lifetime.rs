//! How many packets a master key may protect. RFC 4568 §6.1.

use core::fmt;

/// The number of SRTP packets, and of SRTCP packets, that a master key may protect: 1 to 2^48.
///
/// It is written as a power of two when it is one from 2^10 on, else as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lifetime(u64);

impl Lifetime {
    /// The longest there is: 2^48 packets.
    pub const MAX: Lifetime = Lifetime(1 << 48);

    /// A lifetime of so many packets, from 1 to 2^48.
    pub const fn new(packets: u64) -> Option<Lifetime> {
        if packets == 0 || packets > Lifetime::MAX.0 {
            None
        } else {
            Some(Lifetime(packets))
        }
    }

    /// The number of packets. SRTCP never allows more than 2^31 of them.
    pub const fn packets(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_power_of_two() && self.0 >= 1 << 10 {
            write!(f, "2^{}", self.0.trailing_zeros())
        } else {
            write!(f, "{}", self.0)
        }
    }
}
