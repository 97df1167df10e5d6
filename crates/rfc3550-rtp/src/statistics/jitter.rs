//! Interarrival jitter (RFC 3550 §6.4.1, Appendix A.8).

use crate::Timestamp;

/// The mean deviation of the packets' spacing at the receiver from their spacing at the sender,
/// in clock units, in both forms of Appendix A.8.
///
/// ```
/// use rfc3550_rtp::{Jitter, Timestamp};
///
/// let mut jitter = Jitter::new();
/// for (timestamp, arrival) in [(1000, 0), (1160, 160), (1330, 320)] {
///     jitter.update(Timestamp(timestamp), arrival);
/// }
/// assert_eq!(jitter.as_f64(), 0.625);
/// assert_eq!((jitter.scaled(), jitter.units()), (10, 0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Jitter {
    /// Arrival less timestamp of the packet before.
    transit: Option<u32>,
    /// Sixteen times the jitter, with the rounding of the integer form.
    scaled: u64,
    exact: f64,
}

impl Jitter {
    /// No packet yet.
    pub const fn new() -> Self {
        Self {
            transit: None,
            scaled: 0,
            exact: 0.0,
        }
    }

    /// Takes in a packet: its timestamp, and its arrival in the same units modulo 2^32 from any
    /// origin that stays the same. The first packet changes nothing but what follows is compared
    /// with.
    #[inline]
    pub fn update(&mut self, timestamp: Timestamp, arrival: u32) {
        let transit = arrival.wrapping_sub(timestamp.0);
        let Some(before) = self.transit.replace(transit) else {
            return;
        };
        let deviation = (transit.wrapping_sub(before) as i32).unsigned_abs();
        self.scaled = self.scaled + u64::from(deviation) - ((self.scaled + 8) >> 4);
        self.exact += (f64::from(deviation) - self.exact) / 16.0;
    }

    /// The source has begun anew with an unrelated timestamp: the next packet is compared with
    /// none. The estimate stays.
    pub const fn forget_transit(&mut self) {
        self.transit = None;
    }

    /// The integer form, in clock units: what a report block carries.
    pub const fn units(&self) -> u32 {
        let units = self.scaled >> 4;
        if units > u32::MAX as u64 {
            u32::MAX
        } else {
            units as u32
        }
    }

    /// The integer form before its last step: sixteen times the jitter.
    pub const fn scaled(&self) -> u64 {
        self.scaled
    }

    /// The floating form, in clock units.
    pub const fn as_f64(&self) -> f64 {
        self.exact
    }
}
