//! The clock of the media that are sent (RFC 3550 §5.1).

use core::time::Duration;
use std::time::Instant;

/// Counts in units of a codec's clock from an instant on, and numbers frames that follow each
/// other without a gap, however evenly they are given.
#[derive(Debug, Clone, Copy)]
pub(super) struct MediaClock {
    origin: Instant,
    rate: u32,
    /// What the clock showed at its origin.
    offset: u64,
    /// Where the last frame ended.
    next: Option<u64>,
}

impl MediaClock {
    pub(super) fn new(now: Instant, rate: u32) -> Self {
        Self {
            origin: now,
            rate: rate.max(1),
            offset: 0,
            next: None,
        }
    }

    /// Goes on at another rate, with a gap.
    pub(super) fn set_rate(&mut self, now: Instant, rate: u32) {
        if self.rate != rate.max(1) {
            self.offset = self.at(now);
            self.origin = now;
            self.rate = rate.max(1);
            self.next = None;
        }
    }

    pub(super) const fn rate(&self) -> u32 {
        self.rate
    }

    /// What the clock shows; never before the end of the last frame.
    pub(super) fn at(&self, now: Instant) -> u64 {
        let elapsed = now.saturating_duration_since(self.origin);
        let shown = self.offset + units(elapsed, self.rate);
        shown.max(self.next.unwrap_or(0))
    }

    /// When the clock shows this.
    pub(super) fn instant(&self, at: u64) -> Option<Instant> {
        let units = u128::from(at.saturating_sub(self.offset));
        let nanos = (units * 1_000_000_000).div_ceil(u128::from(self.rate));
        self.origin
            .checked_add(Duration::from_nanos(u64::try_from(nanos).ok()?))
    }

    /// Where a frame of so many units begins, and whether there is a gap before it: the first
    /// one, and one that is given much later than the last ended.
    pub(super) fn advance(&mut self, now: Instant, frame: u32, max_drift: Duration) -> (u64, bool) {
        let shown = self.at(now);
        let drift = units(max_drift, self.rate);
        let (begin, gap) = match self.next {
            Some(next) if shown - next <= drift => (next, false),
            _ => (shown, true),
        };
        self.next = Some(begin + u64::from(frame));
        (begin, gap)
    }
}

/// A duration in units of a clock.
pub(super) fn units(duration: Duration, rate: u32) -> u64 {
    let units = duration.as_nanos() * u128::from(rate) / 1_000_000_000;
    u64::try_from(units).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRIFT: Duration = Duration::from_millis(500);

    #[test]
    fn frames_follow_each_other_until_there_is_a_pause() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut clock = MediaClock::new(start, 8000);
        assert_eq!(clock.advance(at(7), 160, DRIFT), (56, true));
        assert_eq!(clock.advance(at(45), 160, DRIFT), (216, false));
        assert_eq!(clock.advance(at(46), 160, DRIFT), (376, false));
        assert_eq!(clock.at(at(46)), 536);
        assert_eq!(clock.advance(at(1000), 160, DRIFT), (8000, true));
    }

    #[test]
    fn another_rate_goes_on_from_there() {
        let start = Instant::now();
        let second = start + Duration::from_secs(1);
        let mut clock = MediaClock::new(start, 8000);
        clock.advance(start, 160, DRIFT);
        clock.set_rate(second, 48_000);
        assert_eq!(clock.at(second), 8000);
        assert_eq!(clock.at(second + Duration::from_millis(20)), 8960);
        let due = clock.instant(8960).unwrap();
        assert_eq!(due, second + Duration::from_millis(20));
    }
}
