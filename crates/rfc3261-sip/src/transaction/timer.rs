//! The timers and their values (RFC 3261 §17.1.1.1 and table 4, RFC 6026 §8.11).

use core::time::Duration;

/// The timers of RFC 3261 and RFC 6026, by their letters, and two without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Timer {
    /// Repeats an INVITE.
    A,
    /// Gives up an INVITE that nothing comes back for.
    B,
    /// Cancels an INVITE that rings too long (RFC 3261 §16.6).
    C,
    /// Waits for more copies of a final response to an INVITE.
    D,
    /// Repeats a request other than INVITE.
    E,
    /// Gives up a request other than INVITE.
    F,
    /// Repeats a final response to an INVITE.
    G,
    /// Gives up waiting for the ACK.
    H,
    /// Waits for more copies of the ACK.
    I,
    /// Waits for more copies of a request other than INVITE.
    J,
    /// Waits for more copies of the response to a request other than INVITE.
    K,
    /// Waits for more copies of an INVITE that was accepted.
    L,
    /// Waits for more 2xx responses to an INVITE.
    M,
    /// Answers an INVITE with 100 if the user does not (RFC 3261 §17.2.1).
    Trying,
    /// Gives up an INVITE that was cancelled (RFC 3261 §9.1).
    Cancelled,
}

/// What the timers are made of.
///
/// ```
/// use core::time::Duration;
/// use rfc3261_sip::transaction::Timing;
///
/// let satellite = Timing { t1: Duration::from_secs(2), ..Timing::default() };
/// assert_eq!(satellite.t4, Duration::from_secs(5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timing {
    /// The estimate of the round-trip time: 500 ms. Smaller values are for private networks
    /// only.
    pub t1: Duration,
    /// The longest interval between copies of a request other than INVITE, and of a final
    /// response to an INVITE: 4 s.
    pub t2: Duration,
    /// The longest time that the network keeps a message: 5 s.
    pub t4: Duration,
    /// How long an INVITE may ring: 181 s. Each provisional response but 100 begins it anew. RFC
    /// 3261 §16.6 asks a proxy for more than 3 minutes.
    pub timer_c: Duration,
    /// How long a user may leave an INVITE unanswered before it is answered with 100: 200 ms.
    pub trying: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            timer_c: Duration::from_secs(181),
            trying: Duration::from_millis(200),
        }
    }
}

impl Timer {
    /// All of them.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 15] = [
        Self::A,
        Self::B,
        Self::C,
        Self::D,
        Self::E,
        Self::F,
        Self::G,
        Self::H,
        Self::I,
        Self::J,
        Self::K,
        Self::L,
        Self::M,
        Self::Trying,
        Self::Cancelled,
    ];

    /// Whether it paces what is sent; the others bound how long a state lasts. A transaction runs
    /// at most one of each at a time.
    pub(crate) const fn paces(self) -> bool {
        matches!(self, Self::A | Self::E | Self::G | Self::Trying)
    }
}

impl Timing {
    /// How long the timer runs at first; `None` if it does not run over this transport.
    pub(crate) fn duration(&self, timer: Timer, reliable: bool) -> Option<Duration> {
        let long = self.t1.saturating_mul(64);
        Some(match timer {
            Timer::A | Timer::E | Timer::G if reliable => return None,
            Timer::D | Timer::I | Timer::J | Timer::K if reliable => Duration::ZERO,
            Timer::A | Timer::E | Timer::G => self.t1,
            Timer::B | Timer::F | Timer::H | Timer::J | Timer::L | Timer::M | Timer::Cancelled => {
                long
            }
            // The server's T1 is not known: RFC 3261 §17.1.1.2 sets a floor.
            Timer::D => long.max(Duration::from_secs(32)),
            Timer::I | Timer::K => self.t4,
            Timer::C => self.timer_c,
            Timer::Trying => self.trying,
        })
    }

    /// The longest interval of a timer that paces retransmissions: that of A only doubles.
    pub(crate) fn limit(&self, timer: Timer) -> Duration {
        match timer {
            Timer::A => Duration::MAX,
            _ => self.t2,
        }
    }
}
