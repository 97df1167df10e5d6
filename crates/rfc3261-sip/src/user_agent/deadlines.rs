//! The timers of one thing of a user agent.

use core::time::Duration;
use std::time::Instant;

/// At most one deadline for each of `N` timers.
#[derive(Debug, Clone)]
pub(super) struct Deadlines<const N: usize>([Option<Instant>; N]);

impl<const N: usize> Deadlines<N> {
    pub(super) const fn new() -> Self {
        Self([None; N])
    }

    pub(super) fn start(&mut self, timer: usize, now: Instant, after: Duration) {
        if let Some(deadline) = self.0.get_mut(timer) {
            *deadline = now.checked_add(after);
        }
    }

    pub(super) fn stop(&mut self, timer: usize) {
        if let Some(deadline) = self.0.get_mut(timer) {
            *deadline = None;
        }
    }

    /// The next deadline.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
    }

    /// The timer that has run out, and no longer runs: that of the earliest deadline, of equal
    /// ones the first.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<usize> {
        let next = self.next().filter(|next| *next <= now)?;
        let timer = self.0.iter().position(|deadline| *deadline == Some(next))?;
        self.stop(timer);
        Some(timer)
    }
}
