//! Whole groups in simulated time: bandwidth, join floods, BYE floods, estimates.
//!
//! Every participant has a schedule of its own and its own view of who is there. A packet reaches
//! every other participant at once, unless it is lost on the way to that one.

use alloc::collections::BinaryHeap;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::time::Duration;
use std::time::Instant;

use super::Schedule;
use crate::session::SessionConfig;
use crate::session::interval::{Group, IntervalPolicy};
use crate::session::random::Random;

/// Octets of every packet, with the layers below.
const SIZE: usize = 100;
/// Octets a second of RTCP in a session of 64 kb/s.
const SHARE: f64 = 400.0;

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    In,
    Leaving,
    Out,
}

struct Participant {
    schedule: Schedule,
    phase: Phase,
    /// When each other one was last heard; none where it is no member.
    heard: Heard,
    members: usize,
}

/// With times where silence counts, else only who is there: a bit each, for the largest groups.
enum Heard {
    Times(Vec<Option<Duration>>),
    Bits(Vec<u64>),
}

impl Heard {
    /// Sets or clears an entry. Whether that changed who is there.
    fn set(&mut self, who: usize, time: Option<Duration>) -> bool {
        match self {
            Self::Times(times) => {
                let before = core::mem::replace(&mut times[who], time);
                before.is_some() != time.is_some()
            }
            Self::Bits(words) => {
                let (word, bit) = (&mut words[who / 64], 1 << (who % 64));
                let before = *word;
                *word = if time.is_some() {
                    *word | bit
                } else {
                    *word & !bit
                };
                *word != before
            }
        }
    }
}

struct Simulation {
    start: Instant,
    now: Duration,
    policy: IntervalPolicy,
    random: Random,
    loss: f64,
    participants: Vec<Participant>,
    timers: BinaryHeap<Reverse<(Instant, usize)>>,
    /// When each packet was sent.
    sent: Vec<Duration>,
}

impl Simulation {
    /// All join at once.
    fn new(count: usize, loss: f64, seed: u8) -> Self {
        let start = Instant::now();
        let policy = SessionConfig::new([0; 32], "a").interval_policy();
        let mut random = Random::new([seed; 32]);
        let heard = || match count {
            0..=1000 => Heard::Times(vec![None; count]),
            _ => Heard::Bits(vec![0; count.div_ceil(64)]),
        };
        let participants: Vec<Participant> = (0..count)
            .map(|_| Participant {
                schedule: Schedule::new(start, policy, SIZE, &mut random),
                phase: Phase::In,
                heard: heard(),
                members: 1,
            })
            .collect();
        let mut simulation = Self {
            start,
            now: Duration::ZERO,
            policy,
            random,
            loss,
            participants,
            timers: BinaryHeap::new(),
            sent: Vec::new(),
        };
        for who in 0..count {
            simulation.arm(who);
        }
        simulation
    }

    fn arm(&mut self, who: usize) {
        if let Some(next) = self.participants[who].schedule.next() {
            self.timers.push(Reverse((next, who)));
        }
    }

    fn run_until(&mut self, end: Duration) {
        while let Some(&Reverse((at, who))) = self.timers.peek() {
            if at - self.start > end {
                break;
            }
            self.timers.pop();
            let participant = &mut self.participants[who];
            if participant.phase == Phase::Out || participant.schedule.next() != Some(at) {
                continue; // moved since
            }
            self.now = at - self.start;
            self.time_out(who);
            let participant = &mut self.participants[who];
            let group = Group {
                members: participant.members,
                senders: 0,
                we_sent: false,
            };
            if !participant.schedule.expire(at, group, &mut self.random) {
                self.arm(who);
                continue;
            }
            self.sent.push(self.now);
            let bye = participant.phase == Phase::Leaving;
            if bye {
                participant.phase = Phase::Out;
            } else {
                participant
                    .schedule
                    .sent(at, Some(SIZE), group, &mut self.random);
                self.arm(who);
            }
            self.deliver(who, bye);
        }
        self.now = end;
    }

    fn time_out(&mut self, who: usize) {
        let at = self.start + self.now;
        let participant = &mut self.participants[who];
        let Heard::Times(times) = &mut participant.heard else {
            return;
        };
        let group = Group {
            members: participant.members,
            senders: 0,
            we_sent: false,
        };
        let limit = participant.schedule.timeout_interval(group) * 5;
        for time in times.iter_mut() {
            if time.is_some_and(|time| self.now - time > limit) {
                *time = None;
                participant.members -= 1;
            }
        }
        participant.schedule.shrunk(at, participant.members);
    }

    fn deliver(&mut self, sender: usize, bye: bool) {
        let at = self.start + self.now;
        for who in 0..self.participants.len() {
            let lost = self.loss > 0.0 && self.random.next_fraction() < self.loss;
            let participant = &mut self.participants[who];
            if who == sender || participant.phase == Phase::Out || lost {
                continue;
            }
            participant.schedule.received(SIZE, usize::from(bye));
            let time = (!bye).then_some(self.now);
            if participant.phase == Phase::Leaving || !participant.heard.set(sender, time) {
                continue;
            }
            if bye {
                participant.members -= 1;
                participant.schedule.shrunk(at, participant.members);
                self.arm(who);
            } else {
                participant.members += 1;
            }
        }
    }

    /// These leave at once, with a BYE in its turn.
    fn leave(&mut self, who: core::ops::Range<usize>) {
        for who in who {
            let at = self.start + self.now;
            let participant = &mut self.participants[who];
            participant.phase = Phase::Leaving;
            participant.schedule.leave(at, SIZE, &mut self.random);
            self.arm(who);
        }
    }

    fn sent_between(&self, from: f64, to: f64) -> usize {
        let range = from..to;
        self.sent
            .iter()
            .filter(|at| range.contains(&at.as_secs_f64()))
            .count()
    }

    /// The mean of what those who are in take for the number of members.
    fn estimate(&self) -> f64 {
        let inside = self.participants.iter().filter(|p| p.phase == Phase::In);
        let (sum, count) = inside.fold((0, 0), |(sum, count), p| (sum + p.members, count + 1));
        sum as f64 / f64::from(count)
    }
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The rate of RTCP in steady state against what the group should use: its share of the
/// bandwidth, or less where the minimum interval holds it back.
fn steady_state(count: usize, loss: f64, warm_up: u64, measured: u64) {
    let mut simulation = Simulation::new(count, loss, 40);
    simulation.run_until(seconds(warm_up));
    let before = simulation.sent.len();
    simulation.run_until(seconds(warm_up + measured));
    let rate = ((simulation.sent.len() - before) * SIZE) as f64 / measured as f64;
    let group = Group {
        members: count,
        senders: 0,
        we_sent: false,
    };
    let interval = simulation
        .policy
        .deterministic(group, SIZE as f64, false)
        .unwrap();
    let wanted = (count * SIZE) as f64 / interval;
    // Without senders, receivers have their three quarters.
    assert!(wanted <= 0.75 * SHARE + 0.001);
    assert!(
        (rate / wanted - 1.0).abs() < 0.05,
        "{count} members, loss {loss}: {rate} of {wanted}"
    );
    let estimate = simulation.estimate();
    assert!(
        (estimate / count as f64 - 1.0).abs() < 0.03,
        "{estimate} of {count} members"
    );
}

#[test]
fn small_groups_report_every_five_seconds() {
    for loss in [0.0, 0.1, 0.3] {
        steady_state(1, loss, 10, 20_000);
        steady_state(2, loss, 100, 10_000);
        steady_state(10, loss, 100, 4_000);
    }
}

#[test]
fn a_thousand_members_keep_to_their_share() {
    steady_state(300, 0.0, 400, 1000);
    steady_state(1000, 0.3, 1200, 800);
}

/// The largest number of packets in any ten seconds against what fits into the share of receivers,
/// from here to there.
fn worst_of_ten_seconds(simulation: &Simulation, from: u64, to: u64) -> f64 {
    let sent = |second| simulation.sent_between(second as f64, second as f64 + 10.0);
    let most = (from..to - 10).map(sent).max().unwrap();
    (most * SIZE) as f64 / (10.0 * 0.75 * SHARE)
}

/// In a flood the first to send are those who draw the shortest intervals: the compensated half
/// of the mean, 0.41 of it. More than the inverse times the share cannot be, but for chance.
const FLOOD: f64 = 1.218_28 / 0.5 * 1.15;

/// Without reconsideration all of them would send within the first 3.1 seconds, for each takes
/// itself to be alone.
fn join_flood(count: usize, until: u64) {
    let mut simulation = Simulation::new(count, 0.0, 1);
    simulation.run_until(seconds(until));
    let worst = worst_of_ten_seconds(&simulation, 0, until);
    assert!((0.75..FLOOD).contains(&worst), "{worst} times the share");
}

#[test]
fn a_join_flood_of_a_thousand_is_bounded() {
    join_flood(1000, 120);
}

#[test]
fn a_join_flood_of_ten_thousand_is_no_worse() {
    join_flood(10_000, 25);
}

#[test]
fn a_flood_of_byes_is_spread_and_every_one_goes_out() {
    for (count, loss, seed) in [(300, 0.0, 2), (1000, 0.3, 3)] {
        let mut simulation = Simulation::new(count, loss, seed);
        simulation.run_until(seconds(200));
        let before = simulation.sent.len();
        simulation.leave(0..count);
        simulation.run_until(seconds(2000));
        assert_eq!(simulation.sent.len() - before, count);
        // Those that are lost are not held back by.
        let worst = worst_of_ten_seconds(&simulation, 200, 400);
        assert!(worst < FLOOD / (1.0 - loss), "{worst} times the share");
    }
}

#[test]
fn those_who_stay_draw_near_when_most_leave() {
    let mut simulation = Simulation::new(400, 0.0, 4);
    simulation.run_until(seconds(500));
    assert!((simulation.estimate() - 400.0).abs() < 2.0);
    simulation.leave(50..400);
    simulation.run_until(seconds(1000));
    assert_eq!(simulation.estimate(), 50.0);
    // The interval of 50 members is 16.7 seconds: nobody waits for one of 400 any more, which
    // took more than two minutes.
    let interval = 50.0 * SIZE as f64 / (0.75 * SHARE);
    let rest = |p: &Participant| p.schedule.next().unwrap() - (simulation.start + simulation.now);
    let longest = simulation.participants[..50]
        .iter()
        .map(rest)
        .max()
        .unwrap();
    assert!(longest.as_secs_f64() < 1.5 * interval, "{longest:?}");
}
