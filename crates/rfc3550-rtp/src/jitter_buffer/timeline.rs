//! When packets came, and when they are to be played.

use std::time::Instant;

/// Packets over which the quickest way through the network is looked for.
const WINDOW: u32 = 128;

/// How media time and arrival go together.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    /// When the first packet came.
    pub(super) epoch: Instant,
    /// The extended number of the packet to be played next.
    pub(super) next: u64,
    /// The highest extended timestamp so far.
    pub(super) highest: u64,
    /// Nanoseconds from media time to playout.
    pub(super) anchor: i128,
    /// The least of arrival less media time: in this window, and in the one before.
    pub(super) quickest: i128,
    pub(super) quickest_before: i128,
    pub(super) in_window: u32,
}

impl Timeline {
    /// Notes how long a packet took. Whether a window is over with it.
    pub(super) fn observe(&mut self, transit: i128) -> bool {
        self.quickest = self.quickest.min(transit);
        self.in_window += 1;
        if self.in_window < WINDOW {
            return false;
        }
        self.quickest_before = self.quickest;
        self.quickest = transit;
        self.in_window = 1;
        true
    }

    pub(super) fn quickest(&self) -> i128 {
        self.quickest.min(self.quickest_before)
    }
}
