//! How long to wait between reports (RFC 3550 §6.3.1, A.7).

use crate::session::feedback::FeedbackConfig;
use crate::session::random::Random;

/// The fixed minimum in seconds (§6.2).
pub(super) const FIXED: f64 = 5.0;
/// Reconsideration settles below the intended average by this much (§6.3.1).
const COMPENSATION: f64 = core::f64::consts::E - 1.5;

/// The constants of the session.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct IntervalPolicy {
    /// RTCP bandwidth in octets per second, of senders (S) and of receivers (R).
    senders: f64,
    receivers: f64,
    minimum: Minimum,
}

/// The least intervals in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Minimum {
    /// Of senders and of receivers.
    senders: f64,
    receivers: f64,
    /// Of both before their first report.
    senders_at_first: f64,
    receivers_at_first: f64,
    /// In the interval that others are timed out by.
    timeout: f64,
}

impl Minimum {
    /// Of the profile RTP/AVP: half of it before the first report.
    pub(super) const fn audio_video(senders: f64, receivers: f64) -> Self {
        Self {
            senders,
            receivers,
            senders_at_first: senders / 2.0,
            receivers_at_first: receivers / 2.0,
            timeout: FIXED,
        }
    }

    /// Of the profile RTP/AVPF: none, but for a second before the first report where there may be
    /// many (RFC 4585 §3.5.1, §3.5.4).
    pub(super) fn feedback(config: &FeedbackConfig) -> Self {
        let at_first = if config.point_to_point { 0.0 } else { 1.0 };
        let interval = config.report_interval.as_secs_f64();
        Self {
            senders: 0.0,
            receivers: 0.0,
            senders_at_first: at_first,
            receivers_at_first: at_first,
            timeout: if interval > 0.0 { interval } else { FIXED },
        }
    }
}

/// Who takes part, and whether we are one of the senders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) members: usize,
    pub(super) senders: usize,
    pub(super) we_sent: bool,
}

impl IntervalPolicy {
    pub(super) const fn new(senders: f64, receivers: f64, minimum: Minimum) -> Self {
        Self {
            senders,
            receivers,
            minimum,
        }
    }

    /// The deterministic interval Td in seconds; `None` when we have no bandwidth.
    pub(super) fn deterministic(
        &self,
        group: Group,
        average_size: f64,
        initial: bool,
    ) -> Option<f64> {
        let minimum = match (group.we_sent, initial) {
            (true, true) => self.minimum.senders_at_first,
            (true, false) => self.minimum.senders,
            (false, true) => self.minimum.receivers_at_first,
            (false, false) => self.minimum.receivers,
        };
        Some(minimum.max(self.shared(group, average_size)?))
    }

    /// The interval that others are timed out by: a receiver's, with the fixed minimum (§6.2,
    /// §6.3.5) or the one of RFC 4585 §3.5.4.
    pub(super) fn for_timeout(&self, group: Group, average_size: f64) -> f64 {
        let group = Group {
            we_sent: false,
            ..group
        };
        let shared = self.shared(group, average_size).unwrap_or(0.0);
        shared.max(self.minimum.timeout)
    }

    /// The interval T: Td with its randomisation, in seconds.
    pub(super) fn random(
        &self,
        group: Group,
        average_size: f64,
        initial: bool,
        random: &mut Random,
    ) -> Option<f64> {
        let interval = self.deterministic(group, average_size, initial)?;
        Some(interval * (random.next_fraction() + 0.5) / COMPENSATION)
    }

    /// n times C: how long it takes when everyone of our side sends one packet.
    fn shared(&self, group: Group, average_size: f64) -> Option<f64> {
        let total = self.senders + self.receivers;
        if total <= 0.0 {
            return None;
        }
        let (members, senders) = (group.members as f64, group.senders as f64);
        let (n, bandwidth) = if senders > members * (self.senders / total) {
            (members, total)
        } else if group.we_sent {
            (senders, self.senders)
        } else {
            (members - senders, self.receivers)
        };
        (bandwidth > 0.0).then(|| n * average_size / bandwidth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{MinimumInterval, SessionConfig};

    fn policy(change: impl FnOnce(&mut SessionConfig)) -> IntervalPolicy {
        let mut config = SessionConfig::new([1; 32], "me@example.org");
        change(&mut config);
        config.interval_policy()
    }

    const fn group(members: usize, senders: usize, we_sent: bool) -> Group {
        Group {
            members,
            senders,
            we_sent,
        }
    }

    #[test]
    fn the_interval_is_the_larger_of_minimum_and_share() {
        // 64 kb/s: 400 octets a second of RTCP.
        let policy = policy(|_| {});
        assert_eq!(
            policy.deterministic(group(2, 1, true), 100.0, false),
            Some(5.0)
        );
        assert_eq!(
            policy.deterministic(group(1001, 1, false), 120.0, false),
            Some(400.0)
        );
    }

    #[test]
    fn bandwidth_is_in_octets_not_bits() {
        let policy = policy(|config| config.session_bandwidth = 80_000);
        // 5 % of 10,000 octets a second for 1000 senders of 100 octets each.
        assert_eq!(
            policy.deterministic(group(1000, 1000, true), 100.0, false),
            Some(200.0)
        );
    }

    #[test]
    fn senders_share_a_quarter_as_long_as_they_are_no_more_than_that() {
        let policy = policy(|_| {});
        assert_eq!(
            policy.deterministic(group(400, 100, true), 100.0, false),
            Some(100.0)
        );
        assert_eq!(
            policy.deterministic(group(400, 100, false), 100.0, false),
            Some(100.0)
        );
        assert_eq!(
            policy.deterministic(group(400, 50, true), 100.0, false),
            Some(50.0)
        );
        // One more, and all are treated alike.
        for we_sent in [true, false] {
            assert_eq!(
                policy.deterministic(group(400, 101, we_sent), 100.0, false),
                Some(100.0)
            );
        }
    }

    #[test]
    fn before_the_first_packet_the_minimum_is_half() {
        let policy = policy(|_| {});
        assert_eq!(
            policy.deterministic(group(1, 0, false), 100.0, true),
            Some(2.5)
        );
    }

    #[test]
    fn rs_and_rr_replace_the_five_percent() {
        let given = |senders, receivers| {
            policy(|config| {
                config.sender_bandwidth = senders;
                config.receiver_bandwidth = receivers;
            })
        };
        // RFC 3556 §5: 800 and 2400 b/s are the default quarter and three quarters.
        assert_eq!(given(Some(800), Some(2400)), policy(|_| {}));
        assert_eq!(given(Some(800), None), policy(|_| {}));
        assert_eq!(given(None, Some(2400)), policy(|_| {}));
        assert_eq!(given(Some(4000), None).receivers, 0.0);
        assert_eq!(given(None, Some(4000)).senders, 0.0);
    }

    #[test]
    fn without_receiver_bandwidth_only_senders_report() {
        let policy = policy(|config| {
            config.sender_bandwidth = Some(800);
            config.receiver_bandwidth = Some(0);
        });
        for senders in [0, 1, 50, 100] {
            assert_eq!(
                policy.deterministic(group(100, senders, false), 100.0, false),
                None
            );
        }
        assert_eq!(
            policy.deterministic(group(100, 50, true), 100.0, false),
            Some(50.0)
        );
        assert_eq!(policy.for_timeout(group(100, 50, true), 100.0), 5.0);
    }

    #[test]
    fn without_sender_bandwidth_all_are_alike_and_without_any_none_reports() {
        let half = policy(|config| {
            config.sender_bandwidth = Some(0);
            config.receiver_bandwidth = Some(3200);
        });
        for we_sent in [true, false] {
            assert_eq!(
                half.deterministic(group(100, 1, we_sent), 400.0, false),
                Some(100.0)
            );
        }
        let none = policy(|config| config.session_bandwidth = 0);
        for we_sent in [true, false] {
            assert_eq!(
                none.deterministic(group(100, 1, we_sent), 100.0, false),
                None
            );
        }
    }

    #[test]
    fn the_reduced_minimum_is_360_by_kilobits_and_never_times_anyone_out() {
        let reduced = |minimum, bandwidth| {
            policy(|config| {
                config.minimum_interval = minimum;
                config.session_bandwidth = bandwidth;
            })
        };
        let (sender, receiver) = (group(2, 1, true), group(2, 1, false));
        let unicast = reduced(MinimumInterval::Reduced, 720_000);
        assert_eq!(unicast.deterministic(sender, 100.0, false), Some(0.5));
        assert_eq!(unicast.deterministic(receiver, 100.0, false), Some(0.5));
        assert_eq!(unicast.deterministic(receiver, 100.0, true), Some(0.25));
        assert_eq!(unicast.for_timeout(receiver, 100.0), 5.0);
        let multicast = reduced(MinimumInterval::ReducedForSenders, 720_000);
        assert_eq!(multicast.deterministic(sender, 100.0, false), Some(0.5));
        assert_eq!(multicast.deterministic(receiver, 100.0, false), Some(5.0));
        // Below 72 kb/s it would be longer than the fixed one.
        let slow = reduced(MinimumInterval::Reduced, 64_000);
        assert_eq!(slow.deterministic(sender, 100.0, false), Some(5.0));
    }

    #[test]
    fn randomisation_goes_from_half_to_one_and_a_half_and_is_compensated() {
        let policy = policy(|_| {});
        let mut random = Random::new([3; 32]);
        let drawn: alloc::vec::Vec<f64> = (0..10_000)
            .map(|_| {
                policy
                    .random(group(1, 0, false), 100.0, false, &mut random)
                    .unwrap()
            })
            .collect();
        let (low, high) = (2.5 / 1.218_28, 7.5 / 1.218_28);
        assert!(drawn.iter().all(|t| (low - 0.001..high).contains(t)));
        let mean = drawn.iter().sum::<f64>() / 10_000.0;
        assert!((mean - 5.0 / 1.218_28).abs() < 0.05, "{mean}");
        assert!(drawn.iter().any(|t| *t < low + 0.01) && drawn.iter().any(|t| *t > high - 0.01));
    }
}
