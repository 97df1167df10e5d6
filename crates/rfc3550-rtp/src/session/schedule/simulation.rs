//! Whole groups in simulated time: bandwidth, join floods, BYE floods, estimates.
//!
//! Every participant has a schedule of its own and its own view of who is there. A packet reaches
//! every other participant at once, unless it is lost on the way to that one.

mod groups;
mod series;

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
    members: usize,
}

/// Who has heard whom.
enum Heard {
    /// When, where silence counts: a row for each who has heard.
    Times(Vec<Option<Duration>>),
    /// Only whether, for the largest groups: a row for each who was heard.
    Bits(Vec<u64>),
}

impl Heard {
    fn new(count: usize) -> Self {
        match count {
            0..=1000 => Self::Times(vec![None; count * count]),
            _ => Self::Bits(vec![0; count * count.div_ceil(64)]),
        }
    }

    /// Sets or clears what one knows of another. Whether that changed who is there.
    fn set(&mut self, count: usize, whom: usize, who: usize, time: Option<Duration>) -> bool {
        match self {
            Self::Times(times) => {
                let before = core::mem::replace(&mut times[who * count + whom], time);
                before.is_some() != time.is_some()
            }
            Self::Bits(words) => {
                let word = &mut words[whom * count.div_ceil(64) + who / 64];
                let (before, bit) = (*word, 1 << (who % 64));
                *word = match time {
                    Some(_) => before | bit,
                    None => before & !bit,
                };
                *word != before
            }
        }
    }
}

struct Simulation {
    count: usize,
    start: Instant,
    now: Duration,
    policy: IntervalPolicy,
    random: Random,
    loss: f64,
    participants: Vec<Participant>,
    heard: Heard,
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
        let participants: Vec<Participant> = (0..count)
            .map(|_| Participant {
                schedule: Schedule::new(start, policy, SIZE, &mut random),
                phase: Phase::In,
                members: 1,
            })
            .collect();
        let mut simulation = Self {
            count,
            start,
            now: Duration::ZERO,
            policy,
            random,
            loss,
            participants,
            heard: Heard::new(count),
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
        let Heard::Times(times) = &mut self.heard else {
            return;
        };
        let group = Group {
            members: participant.members,
            senders: 0,
            we_sent: false,
        };
        let limit = participant.schedule.timeout_interval(group) * 5;
        for time in &mut times[who * self.count..(who + 1) * self.count] {
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
            if participant.phase == Phase::Leaving || !self.heard.set(self.count, sender, who, time)
            {
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

    /// The rate of RTCP from now on against what the group should use: its share of the bandwidth,
    /// or less where the minimum interval holds it back.
    fn steady_rate(&mut self, measured: u64) -> f64 {
        let before = self.sent.len();
        self.run_until(self.now + seconds(measured));
        let rate = ((self.sent.len() - before) * SIZE) as f64 / measured as f64;
        let group = Group {
            members: self.count,
            senders: 0,
            we_sent: false,
        };
        let policy = self.policy;
        let interval = policy.deterministic(group, SIZE as f64, false).unwrap();
        let wanted = (self.count * SIZE) as f64 / interval;
        // Without senders, receivers have their three quarters.
        assert!(wanted <= 0.75 * SHARE + 0.001);
        rate / wanted
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
