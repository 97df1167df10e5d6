//! Two media sessions over a network in simulated time.
#![allow(clippy::unwrap_used, clippy::std_instead_of_core)] // in helpers as well

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use rfc2833_dtmf::Event;
use rfc3264_offer_answer::{
    Address, AgreedStream, Codec, Config, Direction, Session, Stream, StreamId,
};
use telephony_agent::media::{
    Channel, DigitError, Frame, MediaConfig, MediaError, MediaEvent, MediaOutput, MediaSession,
};
use telephony_agent::{Security, SecurityConfig};
use testkit::{Conditions, Network, Random, for_each_seed};

const FRAME: Duration = Duration::from_millis(20);
const DIGIT: Duration = Duration::from_millis(100);

fn address(last: u8, port: u16) -> SocketAddr {
    (IpAddr::from([192, 0, 2, last]), port).into()
}

fn stream(last: u8, seed: u8, security: Security) -> Stream {
    let address = Address::from(IpAddr::from([192, 0, 2, last]));
    let mut stream = Stream::new(StreamId(0), "audio", address, 4000)
        .with_codec(Codec::new("PCMU", 8000))
        .with_telephone_events("0-15");
    SecurityConfig::new(security).prepare([seed; 32], true, &mut stream);
    stream
}

/// The two sides of an offer and its answer.
struct Call {
    sessions: [Session; 2],
    streams: [Stream; 2],
}

impl Call {
    fn new(security: Security) -> Self {
        let sessions = [1, 2].map(|last| {
            let address = Address::from(IpAddr::from([192, 0, 2, last]));
            Session::new(Config::new(address, last.into())).unwrap()
        });
        let mut call = Self {
            sessions,
            streams: [stream(1, 1, security), stream(2, 2, security)],
        };
        call.agree();
        call
    }

    fn agree(&mut self) {
        let [offerer, answerer] = &mut self.sessions;
        let offer = offerer.create_offer(&self.streams[..1]).unwrap();
        answerer
            .receive_offer(offer.to_string().as_bytes())
            .unwrap();
        let answer = answerer.create_answer(&self.streams[1..]).unwrap();
        offerer
            .receive_answer(answer.to_string().as_bytes())
            .unwrap();
    }

    fn agreed(&self, side: usize) -> AgreedStream {
        self.sessions[side].stream(StreamId(0)).unwrap().clone()
    }
}

/// Where a packet goes, or comes from.
type Place = SocketAddr;

/// Two media sessions, the network between them, and what each has told.
struct Pair {
    now: Instant,
    call: Call,
    media: [MediaSession; 2],
    /// The addresses that packets of a side seem to come from: a NAT may stand before it.
    outside: [[Place; 2]; 2],
    network: Network<Place, Vec<u8>>,
    events: [Vec<MediaEvent>; 2],
    /// What went over the network.
    datagrams: Vec<Vec<u8>>,
    sent: u32,
}

impl Pair {
    fn new(security: Security, conditions: Conditions, random: Random) -> Self {
        let now = Instant::now();
        let call = Call::new(security);
        let media = [0, 1].map(|side| {
            let config = MediaConfig::new([side as u8 + 10; 32], "someone");
            MediaSession::new(now, &call.agreed(side), config).unwrap()
        });
        Self {
            now,
            call,
            media,
            outside: [1, 2].map(|last| [address(last, 4000), address(last, 4001)]),
            network: Network::new(conditions, random),
            events: [Vec::new(), Vec::new()],
            datagrams: Vec::new(),
            sent: 0,
        }
    }

    fn poll(&mut self) {
        for side in 0..2 {
            while let Some(output) = self.media[side].poll_output() {
                match output {
                    MediaOutput::Transmit {
                        channel,
                        to,
                        datagram,
                    } => {
                        let from = self.outside[side][usize::from(channel == Channel::Rtcp)];
                        self.datagrams.push(datagram.clone());
                        self.network.send(self.now, from, to, datagram);
                    }
                    MediaOutput::Event(event) => self.events[side].push(event),
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    /// Lets time pass; both sides send a frame every 20 ms whose bytes are its number.
    fn run(&mut self, duration: Duration, talking: [bool; 2]) {
        let end = self.now + duration;
        let mut next_frame = self.now;
        loop {
            self.poll();
            let timeouts = self.media.iter().filter_map(MediaSession::next_timeout);
            let next = timeouts
                .chain(self.network.next_arrival())
                .chain([next_frame, end])
                .min()
                .unwrap();
            self.now = self.now.max(next);
            if self.now >= end {
                return;
            }
            while let Some(delivery) = self.network.receive(self.now) {
                for side in 0..2 {
                    for (port, channel) in [(0, Channel::Rtp), (1, Channel::Rtcp)] {
                        if self.outside[side][port] == delivery.to {
                            let mut datagram = delivery.payload.clone();
                            let media = &mut self.media[side];
                            media.handle_datagram(self.now, channel, delivery.from, &mut datagram);
                        }
                    }
                }
            }
            for media in &mut self.media {
                media.handle_timeout(self.now);
            }
            if next_frame <= self.now {
                next_frame += FRAME;
                let payload = self.sent.to_be_bytes().repeat(40);
                self.sent += 1;
                for (media, _) in self.media.iter_mut().zip(talking).filter(|(_, t)| *t) {
                    media.send_frame(self.now, 160, &payload);
                }
            }
        }
    }

    fn frames(&self, side: usize) -> Vec<&Frame> {
        let events = self.events[side].iter();
        events
            .filter_map(|event| match event {
                MediaEvent::Frame(frame) => Some(frame),
                _ => None,
            })
            .collect()
    }

    fn digits(&self, side: usize) -> String {
        let events = self.events[side].iter();
        events
            .filter_map(|event| match event {
                MediaEvent::DigitEnded { event, .. } => event.digit(),
                _ => None,
            })
            .collect()
    }
}

/// The number that a frame of [`Pair::run`] was sent with.
fn number(frame: &Frame) -> u32 {
    u32::from_be_bytes(*frame.payload.first_chunk().unwrap())
}

fn ideal(security: Security) -> Pair {
    let delay = Duration::from_millis(30);
    Pair::new(security, Conditions::ideal(delay), Random::new(1))
}

#[test]
fn frames_go_both_ways_in_order_and_evenly() {
    let mut pair = ideal(Security::Off);
    pair.run(Duration::from_secs(12), [true, true]);
    for side in 0..2 {
        let frames = pair.frames(side);
        assert!(frames.len() >= 596, "{}", frames.len());
        for (place, frame) in frames.iter().enumerate() {
            assert_eq!(number(frame), place as u32);
            assert_eq!(frame.media_time, place as u64 * 160);
            assert_eq!(frame.payload_type, 0);
        }
        assert!(frames[0].marker && !frames[1].marker);
        let statistics = pair.media[side].statistics();
        assert_eq!(statistics.lost, 0);
        assert_eq!(statistics.missing, 0);
        assert!(statistics.jitter < Duration::from_millis(1));
        assert!(statistics.reports_sent >= 2 && statistics.reports_received >= 2);
        let report = statistics.report.unwrap();
        assert_eq!(report.lost, 0);
        let there_and_back = report.round_trip_time.unwrap();
        assert!(
            (55..65).contains(&there_and_back.as_millis()),
            "{there_and_back:?}"
        );
    }
}

#[test]
fn encrypted_media_show_nothing_on_the_way_and_are_heard() {
    for suite in [
        "AES_CM_128_HMAC_SHA1_80",
        "AES_CM_128_HMAC_SHA1_32",
        "AEAD_AES_256_GCM",
    ] {
        let mut pair = ideal(Security::Required);
        for stream in &mut pair.call.streams {
            stream.keys.retain(|key| key.suite() == suite);
        }
        pair.call.agree();
        for side in 0..2 {
            assert!(pair.media[side].is_encrypted());
            let agreed = pair.call.agreed(side);
            assert_eq!(agreed.local_key.as_ref().unwrap().suite(), suite);
            pair.media[side].update(pair.now, &agreed).unwrap();
        }
        pair.run(Duration::from_secs(12), [true, true]);
        let payload = 5u32.to_be_bytes().repeat(40);
        let shows = |datagram: &Vec<u8>| datagram.windows(16).any(|bytes| *bytes == payload[..16]);
        assert!(!pair.datagrams.iter().any(shows));
        for side in 0..2 {
            assert!(pair.frames(side).len() >= 596);
            let statistics = pair.media[side].statistics();
            assert_eq!((statistics.unauthenticated, statistics.lost), (0, 0));
            assert!(statistics.report.is_some());
        }
    }
}

#[test]
fn what_does_not_authenticate_changes_nothing() {
    let mut pair = ideal(Security::Required);
    pair.run(Duration::from_secs(1), [true, true]);
    let before = pair.media[0].statistics();
    let elsewhere = address(66, 6666);
    for mut datagram in [
        b"\x80\x00\x00\x01\x00\x00\x00\xa0\xca\xfe\xba\xbeplain".to_vec(),
        pair.datagrams[0].clone(), // our own, sent back
        pair.datagrams[1].clone(), // replayed
        b"\x80\xc9\x00\x01\xca\xfe\xba\xbe".to_vec(),
    ] {
        pair.media[0].handle_datagram(pair.now, Channel::Rtp, elsewhere, &mut datagram);
    }
    let after = pair.media[0].statistics();
    assert_eq!(after.unauthenticated, before.unauthenticated + 4);
    assert_eq!(after.received, before.received);
    assert_eq!(pair.media[0].destination(), Some(address(2, 4000)));
}

#[test]
fn digits_are_heard_once_in_the_midst_of_media() {
    let mut pair = ideal(Security::Required);
    pair.run(Duration::from_secs(1), [true, false]);
    pair.media[0].send_digits(pair.now, "1234#", DIGIT).unwrap();
    assert!(pair.media[0].is_sending_digits());
    pair.run(Duration::from_secs(2), [true, false]);
    assert_eq!(pair.digits(1), "1234#");
    assert!(!pair.media[0].is_sending_digits());
    let lasted = |event: &MediaEvent| match event {
        MediaEvent::DigitEnded { duration, .. } => Some(*duration),
        _ => None,
    };
    assert!(
        pair.events[1]
            .iter()
            .filter_map(lasted)
            .all(|duration| duration == DIGIT)
    );
    // Packets of digits are no missing media, nor jitter, and frames are where they were.
    let statistics = pair.media[1].statistics();
    assert_eq!((statistics.missing, statistics.lost), (0, 0));
    assert!(
        statistics.jitter < Duration::from_millis(1),
        "{:?}",
        statistics.jitter
    );
    for frame in pair.frames(1) {
        assert_eq!(frame.media_time, u64::from(number(frame)) * 160);
    }
    assert_eq!(
        pair.media[0].send_digits(pair.now, "1x", DIGIT),
        Err(DigitError::NoDigit('x'))
    );
}

#[test]
fn digits_without_media_are_heard_too() {
    let mut pair = ideal(Security::Off);
    pair.media[0].send_digits(pair.now, "55*", DIGIT).unwrap();
    pair.run(Duration::from_secs(2), [false, false]);
    assert_eq!(pair.digits(1), "55*");
}

#[test]
fn under_loss_and_jitter_most_is_heard_and_digits_exactly_once() {
    for_each_seed(20, |mut random| {
        let conditions = Conditions {
            loss: 5,
            duplication: 5,
            delay: Duration::from_millis(10)..Duration::from_millis(70),
            in_order: false,
        };
        let luck = Random::new(random.number());
        let mut pair = Pair::new(Security::Required, conditions, luck);
        pair.run(Duration::from_secs(5), [true, true]);
        pair.media[0].send_digits(pair.now, "147*", DIGIT).unwrap();
        pair.run(Duration::from_secs(5), [true, true]);
        assert_eq!(pair.digits(1), "147*");
        for side in 0..2 {
            let frames = pair.frames(side);
            assert!(frames.len() > 400, "{}", frames.len());
            assert!(frames.is_sorted_by_key(|frame| number(frame)));
            let place = |frame: &Frame| u64::from(number(frame)) * 160;
            let begin = place(frames[0]);
            let even = |frame: &&Frame| place(frame) - begin == frame.media_time;
            assert!(frames.iter().all(even));
            let statistics = pair.media[side].statistics();
            assert!(statistics.lost > 0 && statistics.jitter > Duration::from_millis(5));
        }
    });
}

#[test]
fn media_go_to_where_the_peers_come_from() {
    let mut pair = ideal(Security::Off);
    pair.outside[0] = [address(99, 31_000), address(99, 31_001)];
    pair.run(Duration::from_secs(12), [true, true]);
    assert_eq!(pair.media[1].destination(), Some(address(99, 31_000)));
    let latched = |channel, port| MediaEvent::Latched {
        channel,
        to: address(99, port),
    };
    for event in [
        latched(Channel::Rtp, 31_000),
        latched(Channel::Rtcp, 31_001),
    ] {
        assert_eq!(
            pair.events[1].iter().filter(|e| **e == event).count(),
            1,
            "{event:?}"
        );
    }
    assert!(pair.frames(0).len() > 580);
    assert!(pair.media[0].statistics().report.is_some());
}

#[test]
fn rtcp_shares_the_port_where_both_want_that() {
    let mut pair = ideal(Security::Required);
    for stream in &mut pair.call.streams {
        stream.rtcp_mux = true;
    }
    pair.call.agree();
    for side in 0..2 {
        pair.media[side]
            .update(pair.now, &pair.call.agreed(side))
            .unwrap();
    }
    // Whatever is sent from the second port is lost.
    pair.outside = [1, 2].map(|last| [address(last, 4000), address(last, 1)]);
    pair.run(Duration::from_secs(12), [true, true]);
    for side in 0..2 {
        assert!(pair.media[side].statistics().report.is_some());
    }
}

#[test]
fn on_hold_nothing_is_sent_and_reports_go_on() {
    let mut pair = ideal(Security::Required);
    pair.run(Duration::from_secs(2), [true, true]);
    let keys = [0, 1].map(|side| pair.call.agreed(side).local_key);
    pair.call.streams[0].on_hold = true;
    pair.call.agree();
    for side in 0..2 {
        pair.media[side]
            .update(pair.now, &pair.call.agreed(side))
            .unwrap();
    }
    assert_eq!(pair.media[1].agreed().direction, Direction::RecvOnly);
    let reports = pair.media[1].statistics().reports_sent;
    let sent = pair.media[1].statistics().sent;
    pair.run(Duration::from_secs(20), [false, true]);
    assert_eq!(pair.media[1].statistics().sent, sent);
    assert!(pair.media[1].statistics().reports_sent > reports);
    pair.call.streams[0].on_hold = false;
    pair.call.agree();
    let heard = pair.frames(0).len();
    for (side, key) in keys.into_iter().enumerate() {
        assert_eq!(pair.call.agreed(side).local_key, key);
        pair.media[side]
            .update(pair.now, &pair.call.agreed(side))
            .unwrap();
    }
    pair.run(Duration::from_secs(2), [true, true]);
    let frames = pair.frames(0);
    assert!(frames.len() > heard + 90);
    // The pause is in the media time.
    let (before, after) = (frames[heard - 1].media_time, frames[heard].media_time);
    assert!(
        (160_000..162_000).contains(&(after - before)),
        "{}",
        after - before
    );
}

#[test]
fn leaving_is_told_and_final() {
    let mut pair = ideal(Security::Off);
    pair.run(Duration::from_secs(1), [true, true]);
    pair.media[0].leave(pair.now);
    pair.run(Duration::from_secs(1), [true, true]);
    assert!(pair.events[1].contains(&MediaEvent::PeerLeft));
    assert_eq!(pair.media[0].next_timeout(), None);
    assert!(!pair.media[0].send_frame(pair.now, 160, &[0; 160]));
}

#[test]
fn new_keys_are_used_from_the_next_agreement_on() {
    let mut pair = ideal(Security::Required);
    pair.run(Duration::from_secs(1), [true, true]);
    pair.call.streams[0] = stream(1, 7, Security::Required);
    pair.call.agree();
    for side in 0..2 {
        pair.media[side]
            .update(pair.now, &pair.call.agreed(side))
            .unwrap();
    }
    pair.run(Duration::from_secs(1), [true, true]);
    assert!(pair.frames(1).len() > 90);
    // What was on the way when the keys changed is lost.
    assert!(pair.media[1].statistics().unauthenticated <= 2);
    assert_eq!(pair.media[0].statistics().unauthenticated, 0);
}

#[test]
fn keys_that_cannot_be_used_are_refused() {
    let call = Call::new(Security::Required);
    let config = || MediaConfig::new([1; 32], "someone");
    let mut agreed = call.agreed(0);
    agreed.remote_key = None;
    let refused = MediaSession::new(Instant::now(), &agreed, config()).unwrap_err();
    assert_eq!(refused, MediaError::NoKey);
    agreed.remote_key = rfc3264_offer_answer::Key::new("1 F8_128_HMAC_SHA1_80 inline:AAAA");
    let refused = MediaSession::new(Instant::now(), &agreed, config()).unwrap_err();
    assert_eq!(refused, MediaError::Key);
    agreed = call.agreed(0);
    agreed.send.clear();
    let refused = MediaSession::new(Instant::now(), &agreed, config()).unwrap_err();
    assert_eq!(refused, MediaError::NoCodec);
}

#[test]
fn garbage_changes_nothing_but_counters() {
    let mut pair = ideal(Security::Off);
    let mut random = Random::new(3);
    for _ in 0..2000 {
        let mut datagram: Vec<u8> = (0..random.below(60))
            .map(|_| random.number() as u8)
            .collect();
        if let Some(first) = datagram.first_mut().filter(|_| random.chance(80)) {
            *first = 0x80 | *first & 0x3f;
        }
        let channel = if random.chance(50) {
            Channel::Rtp
        } else {
            Channel::Rtcp
        };
        pair.media[0].handle_datagram(pair.now, channel, address(66, 6), &mut datagram);
        pair.poll();
    }
    assert!(
        pair.events[0].iter().all(
            |event| !matches!(event, MediaEvent::DigitBegan { event } if *event == Event::FLASH)
        )
    );
    pair.run(Duration::from_secs(2), [true, true]);
    assert!(pair.frames(0).len() > 90);
}
