//! How long packets are held.

use core::time::Duration;

use crate::Jitter;

/// How a [`JitterBuffer`](super::JitterBuffer) delays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct JitterBufferConfig {
    /// The clock rate of the payload in Hz; 0 counts as 1.
    pub clock_rate: u32,
    /// The least delay after the quickest packet; 20 ms unless set.
    pub min_delay: Duration,
    /// The most; 400 ms unless set.
    pub max_delay: Duration,
    /// The delay in multiples of the jitter; 4 unless set.
    pub jitter_factor: u32,
    /// How many packets are held, missing ones included; 256 unless set, 0 counts as 1.
    pub capacity: usize,
}

impl JitterBufferConfig {
    /// The defaults at a clock rate in Hz.
    pub const fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate,
            min_delay: Duration::from_millis(20),
            max_delay: Duration::from_millis(400),
            jitter_factor: 4,
            capacity: 256,
        }
    }

    /// The delay in nanoseconds that this jitter asks for.
    pub(super) fn delay(&self, jitter: &Jitter) -> i128 {
        let units = u64::from(jitter.units()) * u64::from(self.jitter_factor);
        let (least, most) = (self.min_delay.as_nanos(), self.max_delay.as_nanos());
        let wanted = self.nanos(units).max(least as i128);
        wanted.min(most as i128)
    }

    /// Clock units as nanoseconds.
    pub(super) fn nanos(&self, units: u64) -> i128 {
        i128::from(units) * 1_000_000_000 / i128::from(self.clock_rate.max(1))
    }
}
