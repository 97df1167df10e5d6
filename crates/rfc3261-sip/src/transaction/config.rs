//! What a transaction layer is told at first, and what it counts.

use super::Timing;

/// How a [`TransactionLayer`](super::TransactionLayer) works.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// T1, T2, T4 and the timers that do not follow from them.
    pub timing: Timing,
    /// Client transactions at a time: 100,000.
    pub max_clients: usize,
    /// Server transactions at a time: 100,000. Requests beyond are answered with 503 and leave
    /// nothing behind.
    pub max_servers: usize,
    /// What Retry-After in such a 503 says, in seconds: 5.
    pub retry_after: u32,
    /// Whether responses that no client transaction waits for are handed up, as a proxy needs
    /// them (RFC 3261 §16.7); if not, which is the default, they are dropped.
    pub stray_responses: bool,
    pub(super) seed: [u8; 32],
}

/// What there is and what there was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Client transactions now.
    pub clients: usize,
    /// Server transactions now.
    pub servers: usize,
    /// Responses that no client transaction was waiting for.
    pub stray_responses: u64,
    /// Requests beyond [`Config::max_servers`]: answered with 503.
    pub refused: u64,
    /// Messages that no transaction could be told from: dropped, or answered with 400.
    pub malformed: u64,
}

impl Config {
    /// The defaults, with this seed for branches, tags and the hashes of keys.
    ///
    /// The seed must be unpredictable and never used again: whoever knows it can forge responses
    /// and fill the tables with keys that collide.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            timing: Timing::default(),
            max_clients: 100_000,
            max_servers: 100_000,
            retry_after: 5,
            stray_responses: false,
            seed,
        }
    }
}

impl Config {
    pub(crate) const fn seed(&self) -> [u8; 32] {
        self.seed
    }
}

/// Without the seed.
impl core::fmt::Debug for Config {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Config")
            .field("timing", &self.timing)
            .field("max_clients", &self.max_clients)
            .field("max_servers", &self.max_servers)
            .field("retry_after", &self.retry_after)
            .field("stray_responses", &self.stray_responses)
            .finish_non_exhaustive()
    }
}
