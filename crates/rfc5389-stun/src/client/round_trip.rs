//! RTO from measured round trips. RFC 5389 §7.2.1, RFC 6298 §2.

use alloc::collections::VecDeque;
use core::net::IpAddr;
use core::time::Duration;
use std::time::Instant;

use super::ClientConfig;

/// How many servers' round trips are remembered.
const SERVERS: usize = 16;

/// After this time a measurement says nothing any more.
const STALE: Duration = Duration::from_secs(600);

/// The precision of timers.
const GRANULARITY: Duration = Duration::from_millis(1);

/// What has been measured, by address of server, the latest last.
#[derive(Debug, Default)]
pub(super) struct RoundTrips {
    estimates: VecDeque<Estimate>,
}

#[derive(Debug, Clone, Copy)]
struct Estimate {
    server: IpAddr,
    at: Instant,
    smoothed: Duration,
    variation: Duration,
}

impl RoundTrips {
    /// The response to a request that was sent once has come after this time.
    pub(super) fn note(&mut self, now: Instant, server: IpAddr, sample: Duration) {
        let before = self.fresh(now, server).copied();
        let (smoothed, variation) = match before {
            None => (sample, sample / 2),
            Some(before) => (
                before.smoothed * 7 / 8 + sample / 8,
                before.variation * 3 / 4 + before.smoothed.abs_diff(sample) / 4,
            ),
        };
        self.estimates.retain(|estimate| estimate.server != server);
        if self.estimates.len() >= SERVERS {
            self.estimates.pop_front();
        }
        self.estimates.push_back(Estimate {
            server,
            at: now,
            smoothed,
            variation,
        });
    }

    /// The RTO of a request to this server.
    pub(super) fn rto(&self, now: Instant, server: IpAddr, config: &ClientConfig) -> Duration {
        let Some(estimate) = self.fresh(now, server) else {
            return config.rto;
        };
        let rto = estimate.smoothed + (estimate.variation * 4).max(GRANULARITY);
        rto.max(config.least_rto)
    }

    fn fresh(&self, now: Instant, server: IpAddr) -> Option<&Estimate> {
        self.estimates
            .iter()
            .find(|estimate| estimate.server == server)
            .filter(|estimate| now.saturating_duration_since(estimate.at) < STALE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: IpAddr = IpAddr::V4(core::net::Ipv4Addr::LOCALHOST);

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn config() -> ClientConfig {
        ClientConfig {
            least_rto: ms(10),
            ..ClientConfig::default()
        }
    }

    #[test]
    fn smoothed_round_trip_and_four_variations() {
        let now = Instant::now();
        let mut trips = RoundTrips::default();
        let rto = |trips: &RoundTrips| trips.rto(now, SERVER, &config());
        assert_eq!(rto(&trips), ms(500));
        trips.note(now, SERVER, ms(80));
        assert_eq!(rto(&trips), ms(80 + 4 * 40));
        trips.note(now, SERVER, ms(160));
        // 90 ms, and 3/4 · 40 + 1/4 · 80 ms.
        assert_eq!(rto(&trips), ms(90 + 4 * 50));
        for _ in 0..200 {
            trips.note(now, SERVER, ms(40));
        }
        let settled = rto(&trips);
        assert!(settled > ms(40) && settled <= ms(42), "{settled:?}");
        for _ in 0..200 {
            trips.note(now, SERVER, Duration::ZERO);
        }
        assert_eq!(rto(&trips), ms(10), "never below the least");
    }

    #[test]
    fn a_measurement_is_stale_after_ten_minutes() {
        let now = Instant::now();
        let mut trips = RoundTrips::default();
        trips.note(now, SERVER, ms(80));
        let config = config();
        let just = now + STALE - ms(1);
        assert_eq!(trips.rto(just, SERVER, &config), ms(240));
        assert_eq!(trips.rto(now + STALE, SERVER, &config), ms(500));
        trips.note(now + STALE, SERVER, ms(20));
        assert_eq!(trips.rto(now + STALE, SERVER, &config), ms(60), "anew");
    }

    #[test]
    fn sixteen_servers_are_remembered() {
        let now = Instant::now();
        let mut trips = RoundTrips::default();
        for number in 0..17 {
            trips.note(now, IpAddr::from([10, 0, 0, number]), ms(100));
        }
        let rto = |number| trips.rto(now, IpAddr::from([10, 0, 0, number]), &config());
        assert_eq!((rto(0), rto(1), rto(16)), (ms(500), ms(300), ms(300)));
    }
}
