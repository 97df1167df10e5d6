//! When the next report or BYE goes out (RFC 3550 §6.3.2 to §6.3.7, A.7).
//!
//! Timer reconsideration: when the timer expires, the interval is computed anew from what is now
//! known of the group, and the packet waits for the rest of it. Reverse reconsideration: when the
//! group shrinks, the next packet moves nearer in proportion.

use core::time::Duration;
use std::time::Instant;

use crate::session::interval::{Group, IntervalPolicy};
use crate::session::random::Random;

/// An interval beyond this many seconds, which is thirty years, is as good as this one.
const LONGEST: f64 = 1e9;

/// The variables of §6.3, but for the member counts, which the source table keeps.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    policy: IntervalPolicy,
    /// tp: when a packet was last sent, or is taken to have been.
    previous: Instant,
    /// tn: when the timer expires; `None` while there is no bandwidth for us.
    next: Option<Instant>,
    /// pmembers: the members when `next` was computed.
    counted: usize,
    /// No packet has been sent yet.
    initial: bool,
    /// The average size of RTCP datagrams in octets, lower layers included.
    average_size: f64,
    /// While a BYE waits: how many have been heard, and ours.
    byes: Option<usize>,
}

impl Schedule {
    /// We join now; `first_size` is the probable size of the first datagram (§6.3.2).
    pub(super) fn new(
        now: Instant,
        policy: IntervalPolicy,
        first_size: usize,
        random: &mut Random,
    ) -> Self {
        let mut schedule = Self {
            policy,
            previous: now,
            next: None,
            counted: 1,
            initial: true,
            average_size: first_size as f64,
            byes: None,
        };
        let alone = Group {
            members: 1,
            senders: 0,
            we_sent: false,
        };
        schedule.next = schedule.draw(alone, random);
        schedule
    }

    /// When to call [`expire`](Self::expire).
    pub(super) const fn next(&self) -> Option<Instant> {
        self.next
    }

    /// The average size of RTCP datagrams in octets, lower layers included.
    pub(super) const fn average_size(&self) -> f64 {
        self.average_size
    }

    /// The deterministic interval that we report at.
    pub(super) fn interval(&self, group: Group) -> Option<Duration> {
        let interval = self.policy.deterministic(group, self.average_size, false)?;
        Some(seconds(interval))
    }

    /// The interval that others are timed out by (§6.3.5).
    pub(super) fn timeout_interval(&self, group: Group) -> Duration {
        seconds(self.policy.for_timeout(group, self.average_size))
    }

    /// The timer (§6.3.6): whether the packet is to be sent now. If so, tell with
    /// [`sent`](Self::sent).
    pub(super) fn expire(&mut self, now: Instant, group: Group, random: &mut Random) -> bool {
        if self.next.is_none_or(|next| now < next) {
            return false;
        }
        let group = self.leaving_group().unwrap_or(group);
        let due = self.draw(group, random);
        self.counted = group.members;
        if due.is_some_and(|due| due <= now) {
            return true;
        }
        self.next = due;
        false
    }

    /// A report of this size, lower layers included, has been sent, or suppressed (RFC 4585
    /// §3.5.3).
    pub(super) fn sent(
        &mut self,
        now: Instant,
        size: Option<usize>,
        group: Group,
        random: &mut Random,
    ) {
        if let Some(size) = size {
            self.average(size);
        }
        self.previous = now;
        self.next = self.draw(group, random);
        self.initial = false;
    }

    /// How long after the last report the next one is due: T_rr (RFC 4585 §3.4).
    pub(super) fn last_interval(&self) -> Duration {
        let next = self.next.unwrap_or(self.previous);
        next.saturating_duration_since(self.previous)
    }

    /// A packet of this size, lower layers included, has gone out early, and stands for the next
    /// report (RFC 4585 §3.5.2).
    pub(super) fn sent_early(&mut self, size: usize) {
        self.average(size);
        let interval = self.last_interval();
        if let Some(next) = self.next {
            self.previous = next;
            self.next = next.checked_add(interval);
        }
    }

    /// A datagram of this size, lower layers included, has come (§6.3.3), with so many BYE
    /// packets in it (§6.3.7).
    pub(super) fn received(&mut self, size: usize, byes: usize) {
        match &mut self.byes {
            None => self.average(size),
            Some(heard) if byes > 0 => {
                *heard = heard.saturating_add(byes);
                self.average(size);
            }
            Some(_) => {}
        }
    }

    /// Members have left or timed out: reverse reconsideration (§6.3.4).
    pub(super) fn shrunk(&mut self, now: Instant, members: usize) {
        if self.byes.is_none() && members < self.counted {
            self.draw_near(now, members as f64 / self.counted as f64);
            self.counted = members;
        }
    }

    /// We have become a sender: reverse reconsideration with the intervals of before and now
    /// (§6.3.8).
    pub(super) fn became_sender(&mut self, now: Instant, group: Group, random: &mut Random) {
        if self.byes.is_some() {
            return;
        }
        if self.next.is_none() {
            self.previous = now;
            self.next = self.draw(group, random);
            return;
        }
        let before = Group {
            senders: group.senders.saturating_sub(1),
            we_sent: false,
            ..group
        };
        let interval = |group| {
            self.policy
                .deterministic(group, self.average_size, self.initial)
        };
        if let (Some(before), Some(after)) = (interval(before), interval(group)) {
            if after < before {
                self.draw_near(now, after / before);
            }
        }
    }

    /// The BYE, of this size with lower layers, has to wait its turn (§6.3.7). False when there
    /// is no bandwidth for it.
    pub(super) fn leave(&mut self, now: Instant, bye_size: usize, random: &mut Random) -> bool {
        self.previous = now;
        self.counted = 1;
        self.initial = true;
        self.average_size = bye_size as f64;
        self.byes = Some(1);
        self.next = self
            .leaving_group()
            .and_then(|group| self.draw(group, random));
        self.next.is_some()
    }

    /// The group as §6.3.7 has it counted while a BYE waits.
    fn leaving_group(&self) -> Option<Group> {
        self.byes.map(|members| Group {
            members,
            senders: 0,
            we_sent: false,
        })
    }

    /// A new interval after the last packet.
    fn draw(&self, group: Group, random: &mut Random) -> Option<Instant> {
        let interval = self
            .policy
            .random(group, self.average_size, self.initial, random)?;
        self.previous.checked_add(seconds(interval))
    }

    fn average(&mut self, size: usize) {
        self.average_size += (size as f64 - self.average_size) / 16.0;
    }

    /// Moves both ends of the current interval nearer to now.
    fn draw_near(&mut self, now: Instant, ratio: f64) {
        if let Some(next) = self.next {
            self.next = Some(now + next.saturating_duration_since(now).mul_f64(ratio));
        }
        let since = now.saturating_duration_since(self.previous).mul_f64(ratio);
        self.previous = now.checked_sub(since).unwrap_or(self.previous);
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds.clamp(0.0, LONGEST))
}

#[cfg(test)]
mod simulation;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::SessionConfig;

    const fn group(members: usize, senders: usize, we_sent: bool) -> Group {
        Group {
            members,
            senders,
            we_sent,
        }
    }

    /// A schedule that has sent its first report now, in a group of so many.
    fn schedule(now: Instant, members: usize, random: &mut Random) -> Schedule {
        let policy = SessionConfig::new([0; 32], "a").interval_policy();
        let mut schedule = Schedule::new(now, policy, 100, random);
        schedule.sent(now, Some(100), group(members, 0, false), random);
        schedule.counted = members;
        schedule
    }

    #[test]
    fn those_who_leave_draw_both_ends_of_the_interval_near() {
        let (start, mut random) = (Instant::now(), Random::new([1; 32]));
        let mut schedule = schedule(start, 400, &mut random);
        schedule.next = Some(start + Duration::from_secs(100));
        let now = start + Duration::from_secs(20);
        schedule.shrunk(now, 300);
        assert_eq!(schedule.next, Some(now + Duration::from_secs(60)));
        assert_eq!(schedule.previous, now - Duration::from_secs(15));
        assert_eq!(schedule.counted, 300);
        // Those who come change nothing.
        schedule.shrunk(now, 301);
        assert_eq!(schedule.next, Some(now + Duration::from_secs(60)));
    }

    #[test]
    fn a_timer_that_expires_in_a_larger_group_is_put_off() {
        let (start, mut random) = (Instant::now(), Random::new([1; 32]));
        let mut schedule = schedule(start, 1, &mut random);
        let due = schedule.next.unwrap();
        assert!(!schedule.expire(
            due - Duration::from_nanos(1),
            group(1, 0, false),
            &mut random
        ));
        assert!(!schedule.expire(due, group(1000, 0, false), &mut random));
        // From the last report on, not from now.
        let next = schedule.next.unwrap();
        let interval = (next - start).as_secs_f64() * 1.218_28 / (1000.0 * 100.0 / 300.0);
        assert!((0.5..1.5).contains(&interval), "{interval}");
        assert_eq!(schedule.counted, 1000);
    }

    #[test]
    fn only_the_first_interval_is_half() {
        let (start, mut random) = (Instant::now(), Random::new([1; 32]));
        let mut schedule = schedule(start, 1, &mut random);
        assert!(!schedule.initial);
        for _ in 0..100 {
            schedule.sent(start, Some(100), group(1, 0, false), &mut random);
            assert!(schedule.next.unwrap() - start >= Duration::from_secs_f64(2.5 / 1.2183));
        }
    }

    #[test]
    fn a_new_sender_among_many_receivers_draws_near() {
        let (start, mut random) = (Instant::now(), Random::new([1; 32]));
        let mut schedule = schedule(start, 300, &mut random);
        schedule.next = Some(start + Duration::from_secs(99));
        // Receivers wait 100 seconds, the only sender 5.
        schedule.became_sender(start, group(300, 1, true), &mut random);
        assert_eq!(
            schedule.next,
            Some(start + Duration::from_secs_f64(99.0 * 0.05))
        );
    }
}
