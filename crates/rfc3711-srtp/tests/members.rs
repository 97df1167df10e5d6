//! Contexts come and go with the members of the RTP session. RFC 4568 §6.5.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use core::net::SocketAddr;
use core::time::Duration;
use std::time::Instant;

use rfc3550_rtp::session::{RtpVerdict, Session, SessionConfig, SessionEvent, SessionOutput};
use rfc3550_rtp::{NtpTimestamp, RtcpCompound, RtpPacket};
use rfc3711_srtp::{Config, MasterKey, Profile, Receiver, Sender};

/// A session, the keys of what it sends and what it receives.
struct Party {
    session: Session,
    sender: Sender,
    receiver: Receiver,
    address: SocketAddr,
}

impl Party {
    fn new(now: Instant, number: u8) -> Party {
        let config = Config::new(Profile::AesCm128HmacSha1_80);
        let key = |number| [MasterKey::new(&[number; 16], &[number; 14])];
        let name = format!("party-{number}");
        let session_config = SessionConfig::new([number; 32], name).payload_type(0, 8000);
        let wall_clock = NtpTimestamp::from_unix(Duration::from_secs(1_700_000_000));
        Party {
            session: Session::new(now, wall_clock, session_config),
            sender: Sender::new(config, &key(number)).unwrap(),
            receiver: Receiver::new(config, &key(3 - number)).unwrap(),
            address: SocketAddr::from(([127, 0, 0, number], 5004)),
        }
    }

    fn send_rtp(&mut self, now: Instant, timestamp: u32) -> Vec<u8> {
        let packet = self.session.send_rtp(now, 0, timestamp, &[0; 160]).unwrap();
        let mut packet = packet.to_vec().unwrap();
        self.sender.protect_rtp_vec(&mut packet).unwrap();
        packet
    }

    fn receive_rtp(&mut self, now: Instant, from: SocketAddr, mut packet: Vec<u8>) {
        self.receiver.unprotect_rtp_vec(&mut packet).unwrap();
        let packet = RtpPacket::parse(&packet).unwrap();
        let verdict = self.session.handle_rtp(now, from, &packet);
        assert!(!matches!(verdict, RtpVerdict::Ignore(_)));
    }

    fn receive_rtcp(&mut self, now: Instant, from: SocketAddr, mut packet: Vec<u8>) {
        self.receiver.unprotect_rtcp_vec(&mut packet).unwrap();
        let compound = RtcpCompound::parse(&packet).unwrap();
        self.session.handle_rtcp(now, from, &compound);
    }

    /// What is to be sent. Who is no member any more loses the context.
    fn poll(&mut self) -> Vec<Vec<u8>> {
        let mut sent = Vec::new();
        while let Some(output) = self.session.poll_output() {
            match output {
                SessionOutput::TransmitRtcp(datagram) => {
                    let mut packet = datagram.to_vec();
                    self.sender.protect_rtcp_vec(&mut packet).unwrap();
                    sent.push(packet);
                }
                SessionOutput::Event(
                    SessionEvent::Left { ssrc, .. } | SessionEvent::TimedOut { ssrc },
                ) => self.receiver.remove_stream(ssrc),
                _ => {}
            }
        }
        sent
    }
}

/// Two parties of which the first has sent ten packets, and a minute later.
fn talking() -> (Instant, Party, Party) {
    let mut now = Instant::now();
    let (mut one, mut other) = (Party::new(now, 1), Party::new(now, 2));
    for count in 0..10 {
        let packet = one.send_rtp(now, count * 160);
        other.receive_rtp(now, one.address, packet);
        now += Duration::from_millis(20);
    }
    pass(
        &mut now,
        Duration::from_secs(60),
        &mut one,
        &mut other,
        true,
    );
    let ssrc = one.session.ssrc();
    assert_eq!(other.receiver.packets(ssrc).unwrap().0, 10);
    (now, one, other)
}

/// Lets time pass, with RTCP; the first party may be cut off.
fn pass(now: &mut Instant, time: Duration, one: &mut Party, other: &mut Party, connected: bool) {
    let end = *now + time;
    while *now < end {
        *now += Duration::from_millis(100);
        for party in [&mut *one, &mut *other] {
            if party.session.next_timeout().is_some_and(|due| due <= *now) {
                party.session.handle_timeout(*now);
            }
        }
        for packet in one.poll() {
            if connected {
                other.receive_rtcp(*now, one.address, packet);
            }
        }
        for packet in other.poll() {
            if connected {
                one.receive_rtcp(*now, other.address, packet);
            }
        }
    }
}

#[test]
fn who_sends_rtcp_keeps_the_context() {
    let (mut now, mut one, mut other) = talking();
    let ssrc = one.session.ssrc();
    let before = other.receiver.packets(ssrc).unwrap();
    pass(
        &mut now,
        Duration::from_secs(600),
        &mut one,
        &mut other,
        true,
    );
    let after = other.receiver.packets(ssrc).unwrap();
    assert_eq!(after.0, before.0, "no RTP");
    assert!(
        after.1 >= before.1 + 60,
        "RTCP at regular intervals: {after:?}"
    );
    assert!(other.receiver.roc(ssrc).is_some());
}

#[test]
fn who_says_bye_loses_the_context() {
    let (mut now, mut one, mut other) = talking();
    let ssrc = one.session.ssrc();
    one.session.leave(now, b"");
    pass(
        &mut now,
        Duration::from_secs(60),
        &mut one,
        &mut other,
        true,
    );
    assert_eq!(other.receiver.packets(ssrc), None);
}

#[test]
fn who_is_silent_for_long_loses_the_context() {
    let (mut now, mut one, mut other) = talking();
    let ssrc = one.session.ssrc();
    pass(
        &mut now,
        Duration::from_secs(10),
        &mut one,
        &mut other,
        false,
    );
    assert!(other.receiver.packets(ssrc).is_some());
    pass(
        &mut now,
        Duration::from_secs(120),
        &mut one,
        &mut other,
        false,
    );
    assert_eq!(other.receiver.packets(ssrc), None);
}
