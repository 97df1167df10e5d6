//! When a request is repeated and given up. RFC 5389 §7.2.1, §7.2.2.

use core::time::Duration;
use std::time::Instant;

use super::ClientConfig;
use crate::transport::Transport;

/// The timer of one transaction.
///
/// ```text
/// UDP:  send ─RTO─ send ─2 RTO─ send ─4 RTO─ … send (the Rc-th) ─Rm × RTO─ given up
/// TCP:  send ─Ti─ given up
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Timer {
    pub(super) due: Instant,
    /// The time to the next step; doubled at each.
    interval: Duration,
    /// How often the request may still be sent.
    left: u32,
    /// From the last request to the end.
    last_wait: Duration,
}

/// What a timer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Send,
    GiveUp,
}

impl Timer {
    /// The request has just been sent for the first time.
    pub(super) fn start(
        now: Instant,
        config: &ClientConfig,
        transport: Transport,
        rto: Duration,
    ) -> Timer {
        let (left, last_wait) = match transport {
            Transport::Udp => (
                config.requests.saturating_sub(1),
                rto.saturating_mul(config.last_wait),
            ),
            Transport::Tcp => (0, config.stream_timeout),
        };
        let first = if left == 0 { last_wait } else { rto };
        Timer {
            due: later(now, first),
            interval: rto,
            left,
            last_wait,
        }
    }

    /// The timer is due.
    pub(super) fn fire(&mut self, now: Instant) -> Due {
        let Some(left) = self.left.checked_sub(1) else {
            return Due::GiveUp;
        };
        self.left = left;
        self.interval = self.interval.saturating_mul(2);
        let wait = if left == 0 {
            self.last_wait
        } else {
            self.interval
        };
        self.due = later(now, wait);
        Due::Send
    }
}

/// A clock ends somewhere; a day is as good as never.
fn later(now: Instant, wait: Duration) -> Instant {
    now + wait.min(Duration::from_secs(86_400))
}
