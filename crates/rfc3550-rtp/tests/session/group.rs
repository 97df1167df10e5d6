//! Sessions among themselves over a lossy network, in simulated time.

use alloc::collections::VecDeque;
use core::time::Duration;

use rfc3550_rtp::feedback::{Nack, TransportMessage};
use rfc3550_rtp::session::{
    FeedbackConfig, Session, SessionConfig, SessionEvent, SessionOutput, SessionPhase,
};
use rfc3550_rtp::{NtpTimestamp, RtcpCompound, RtcpPacket, RtpPacket, SequenceNumber};
use std::time::Instant;

use crate::{address, millis, seconds};

/// Sessions that all hear each other after a delay, but for what is lost on the way.
struct Group {
    sessions: Vec<Session>,
    start: Instant,
    now: Instant,
    loss: u32,
    random: u32,
    delay: Duration,
    /// When, from whom, and whether it is RTCP; in the order of time.
    flying: VecDeque<(Instant, usize, bool, Vec<u8>)>,
    /// Octets of RTCP sent, with the layers below, and datagrams.
    octets: usize,
    datagrams: usize,
    events: Vec<(usize, SessionEvent)>,
}

impl Group {
    fn new(count: usize, loss: u32) -> Self {
        Self::of(count, loss, None)
    }

    fn of(count: usize, loss: u32, feedback: Option<FeedbackConfig>) -> Self {
        let now = Instant::now();
        let session = |n: usize| {
            let seed = core::array::from_fn(|byte| (n >> (byte % 2 * 8)) as u8 ^ byte as u8);
            let mut config = SessionConfig::new(seed, format!("member{n}@example.org"));
            config.feedback = feedback;
            let wall = NtpTimestamp::from_unix(seconds(1_700_000_000 + 3600 * n as u64));
            Session::new(now, wall, config.payload_type(0, 8000))
        };
        Self {
            sessions: (0..count).map(session).collect(),
            start: now,
            now,
            loss,
            random: 1,
            delay: millis(40),
            flying: VecDeque::new(),
            octets: 0,
            datagrams: 0,
            events: Vec::new(),
        }
    }

    fn lost(&mut self) -> bool {
        self.random = self
            .random
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        (self.random >> 8) % 100 < self.loss
    }

    fn poll(&mut self, who: usize) {
        while let Some(output) = self.sessions[who].poll_output() {
            match output {
                SessionOutput::TransmitRtcp(compound) => {
                    self.octets += compound.len() + 28;
                    self.datagrams += 1;
                    self.flying
                        .push_back((self.now + self.delay, who, true, compound));
                }
                SessionOutput::Event(event) => self.events.push((who, event)),
                other => panic!("{other:?}"),
            }
        }
    }

    fn send(&mut self, who: usize, media_time: u32) {
        let packet = self.sessions[who]
            .send_rtp(self.now, 0, media_time, &[0xff; 160])
            .unwrap();
        let packet = packet.to_vec().unwrap();
        self.flying
            .push_back((self.now + self.delay, who, false, packet));
    }

    fn run_until(&mut self, end: Instant) {
        loop {
            let timer = (0..self.sessions.len())
                .filter_map(|who| Some((self.sessions[who].next_timeout()?, who)))
                .min();
            let arrival = self.flying.front().map(|(at, ..)| *at);
            match (timer, arrival) {
                (_, Some(at)) if at <= end && timer.is_none_or(|(timer, _)| at <= timer) => {
                    self.now = at;
                    self.arrive();
                }
                (Some((at, who)), _) if at <= end => {
                    self.now = at;
                    self.sessions[who].handle_timeout(at);
                    self.poll(who);
                }
                _ => break,
            }
        }
        self.now = end;
    }

    fn arrive(&mut self) {
        let (_, from, rtcp, datagram) = self.flying.pop_front().unwrap();
        for who in 0..self.sessions.len() {
            if who == from || self.lost() {
                continue;
            }
            let port = 10_000 + 2 * from as u16 + u16::from(rtcp);
            if rtcp {
                let compound = RtcpCompound::parse(&datagram).unwrap();
                self.sessions[who].handle_rtcp(self.now, address(port), &compound);
            } else {
                let packet = RtpPacket::parse(&datagram).unwrap();
                let _ = self.sessions[who].handle_rtp(self.now, address(port), &packet);
            }
            self.poll(who);
        }
    }

    fn run_for(&mut self, time: Duration) {
        self.run_until(self.now + time);
    }
}

/// All join at once: everyone finds everyone, and in steady state the RTCP takes what it should.
fn converges(count: usize, loss: u32, measured: u64) {
    let mut group = Group::new(count, loss);
    group.run_for(seconds(60));
    let (octets, datagrams) = (group.octets, group.datagrams);
    group.run_for(seconds(measured));
    let (octets, datagrams) = (group.octets - octets, group.datagrams - datagrams);
    let members: usize = group.sessions.iter().map(Session::members).sum();
    let mean = members as f64 / count as f64;
    assert!(
        (mean / count as f64 - 1.0).abs() < 0.05,
        "{mean} of {count}, loss {loss}"
    );
    let average = octets as f64 / datagrams as f64;
    // Receivers share 300 octets a second, and no one reports oftener than every 5 seconds.
    let wanted = 300f64.min(count as f64 * average / 5.0);
    let rate = octets as f64 / measured as f64;
    assert!(
        (rate / wanted - 1.0).abs() < 0.05,
        "{rate} of {wanted}, {count} members, loss {loss}"
    );
}

#[test]
fn one_two_ten_and_fifty_members_find_each_other_and_keep_to_their_share() {
    for loss in [0, 30] {
        converges(1, loss, 20_000);
        converges(2, loss, 10_000);
        converges(10, loss, 4000);
    }
    converges(50, 30, 1000);
}

#[test]
fn loss_and_round_trip_times_are_what_the_network_makes_them() {
    let mut group = Group::new(2, 10);
    for packet in 0..3000 {
        for who in 0..2 {
            group.send(who, packet * 160);
        }
        group.run_for(millis(20));
    }
    for who in 0..2 {
        let other = group.sessions[1 - who].ssrc();
        let source = group.sessions[who].source(other).unwrap();
        let received = source.statistics().unwrap().sequence();
        let part = received.lost() as f64 / received.expected() as f64;
        assert!((part - 0.1).abs() < 0.02, "{part}");
        assert_eq!(source.statistics().unwrap().jitter().units(), 0);
        // What the other one says of our stream.
        let view = source.reception().unwrap();
        let part = f64::from(view.block.fraction_lost) / 256.0;
        assert!((part - 0.1).abs() < 0.06, "{part}");
        let trip = view.round_trip_time.unwrap().as_secs_f64();
        assert!((trip - 0.08).abs() < 0.001, "{trip}");
    }
}

#[test]
fn everyone_leaves_and_nobody_is_missed_for_long() {
    let mut group = Group::new(60, 0);
    group.run_for(seconds(100));
    assert!(group.sessions.iter().all(|session| session.members() == 60));
    let before = group.datagrams;
    for who in 1..60 {
        group.send(who, 0); // else nobody would have to say BYE
        let now = group.now;
        group.sessions[who].leave(now, b"over");
        group.poll(who);
    }
    group.run_for(seconds(40));
    assert!(
        group.sessions[1..]
            .iter()
            .all(|session| session.phase() == SessionPhase::Ended)
    );
    assert!(
        group.datagrams - before >= 40,
        "{}",
        group.datagrams - before
    );
    group.run_for(seconds(300));
    assert_eq!(group.sessions[0].members(), 1);
    let ended = |(_, event): &&(usize, SessionEvent)| *event == SessionEvent::Ended;
    assert_eq!(group.events.iter().filter(ended).count(), 59);
    assert!(group.now - group.start == seconds(440));
}

/// A packet is lost before the network branches: all see it at once, and few say so.
#[test]
fn what_all_have_lost_few_report() {
    let mut group = Group::of(40, 0, Some(FeedbackConfig::multiparty()));
    group.run_for(seconds(60));
    let mut reports = 0;
    for lost in 0..50 {
        let nack = [Nack {
            packet_id: SequenceNumber(lost),
            following: 0,
        }];
        for who in 1..40 {
            let message = TransportMessage::GenericNack((&nack).into());
            let (now, media) = (group.now, group.sessions[0].ssrc());
            group.sessions[who]
                .send_feedback(now, media, message)
                .unwrap();
            group.poll(who);
        }
        let end = group.now + seconds(20);
        while group.now < end {
            group.run_for(millis(20));
            reports += group
                .flying
                .iter()
                .filter(|(at, _, _, datagram)| {
                    let new = *at > group.now + millis(20);
                    let compound = RtcpCompound::parse(datagram).unwrap();
                    let nack = |p: Result<RtcpPacket<'_>, _>| {
                        matches!(p, Ok(RtcpPacket::TransportFeedback(_)))
                    };
                    new && compound.packets().any(nack)
                })
                .count();
        }
    }
    let each = f64::from(reports as u32) / 50.0;
    assert!((1.0..3.0).contains(&each), "{each} of 39");
}
