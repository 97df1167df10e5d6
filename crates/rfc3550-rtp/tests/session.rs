//! The session engine seen from outside, in simulated time.

#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

extern crate alloc;

#[path = "session/collisions.rs"]
mod collisions;
#[path = "session/feedback.rs"]
mod feedback;
#[path = "session/group.rs"]
mod group;
#[path = "session/leaving.rs"]
mod leaving;
#[path = "session/lineage.rs"]
mod lineage;
#[path = "session/membership.rs"]
mod membership;
#[path = "session/mixer.rs"]
mod mixer;
#[path = "session/properties.rs"]
mod properties;
#[path = "session/reports.rs"]
mod reports;
#[path = "session/sending.rs"]
mod sending;

use core::net::SocketAddr;
use core::time::Duration;
use std::time::Instant;

use rfc3550_rtp::session::{RtpVerdict, Session, SessionConfig, SessionEvent, SessionOutput};
use rfc3550_rtp::{
    NtpTimestamp, RawPacket, ReportBlock, ReportCompoundBuilder, RtcpCompound, RtcpPacket,
    RtcpWrite, RtpPacket, RtpPacketBuilder, SequenceNumber,
};

/// Our own SSRC where a test wants to know it beforehand.
const OURS: u32 = 0x0505_0505;

fn config() -> SessionConfig {
    let mut config = SessionConfig::new([7; 32], "me@example.org").payload_type(0, 8000);
    config.ssrc = Some(OURS);
    config
}

/// A session and its clock.
struct Bench {
    session: Session,
    start: Instant,
    now: Instant,
    /// Everything that came out, oldest first, with when.
    compounds: Vec<(Instant, Vec<u8>)>,
    events: Vec<SessionEvent>,
}

impl Bench {
    fn new(config: SessionConfig) -> Self {
        let now = Instant::now();
        let wall_clock = NtpTimestamp::from_unix(Duration::from_secs(1_000_000_000));
        Self {
            session: Session::new(now, wall_clock, config),
            start: now,
            now,
            compounds: Vec::new(),
            events: Vec::new(),
        }
    }

    fn poll(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                SessionOutput::TransmitRtcp(compound) => self.compounds.push((self.now, compound)),
                SessionOutput::Event(event) => self.events.push(event),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Lets time pass, with every timer on the way.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.session.next_timeout().filter(|next| *next <= end) {
            self.now = next.max(self.now);
            self.session.handle_timeout(self.now);
            self.poll();
        }
        self.now = end;
    }

    /// Lets time pass until so many more compounds have gone out.
    fn until_compounds(&mut self, count: usize) {
        let wanted = self.compounds.len() + count;
        while self.compounds.len() < wanted {
            self.now = self
                .session
                .next_timeout()
                .expect("reports go on")
                .max(self.now);
            self.session.handle_timeout(self.now);
            self.poll();
        }
    }

    fn rtp(&mut self, from: u16, ssrc: u32, number: u16) -> RtpVerdict {
        self.rtp_of(
            from,
            RtpPacketBuilder::new()
                .ssrc(ssrc)
                .sequence_number(SequenceNumber(number)),
        )
    }

    fn rtp_of(&mut self, from: u16, packet: RtpPacketBuilder<'_>) -> RtpVerdict {
        let packet = RtpPacket::parse(packet.to_vec().unwrap()).unwrap();
        let verdict = self.session.handle_rtp(self.now, address(from), &packet);
        self.poll();
        verdict
    }

    fn rtcp(&mut self, from: u16, datagram: &[u8]) {
        let compound = RtcpCompound::parse(datagram).unwrap();
        self.session.handle_rtcp(self.now, address(from), &compound);
        self.poll();
    }

    /// A receiver report and a name: what makes a member of a source.
    fn named(&mut self, from: u16, ssrc: u32) {
        let cname = format!("{ssrc}@example.com");
        self.rtcp(from, &compound(ssrc, cname.as_bytes(), &[], &[]));
    }

    fn said(&self, ssrc: u32, cname: &str) -> Vec<u8> {
        compound(ssrc, cname.as_bytes(), &[], &[])
    }

    /// Sends a packet of ours.
    fn send(&mut self, media_time: u32) -> RtpPacket<Vec<u8>> {
        let packet = self
            .session
            .send_rtp(self.now, 0, media_time, &[0xff; 160])
            .unwrap();
        let packet = RtpPacket::parse(packet.to_vec().unwrap()).unwrap();
        self.poll();
        packet
    }

    fn last_compound(&self) -> &[u8] {
        &self.compounds.last().expect("a compound").1
    }
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], port))
}

fn compound(
    ssrc: u32,
    cname: &[u8],
    blocks: &[ReportBlock],
    packets: &[&dyn RtcpWrite],
) -> Vec<u8> {
    let mut datagram = [0; 1500];
    let compound = ReportCompoundBuilder::new(ssrc, cname).packets(packets);
    let len = compound.write_into(blocks, &mut datagram).unwrap();
    datagram[..len].to_vec()
}

/// The packets of a compound, each of which must be good.
fn packets(datagram: &[u8]) -> Vec<RtcpPacket<'_>> {
    RtcpCompound::parse(datagram).expect("a compound that holds to A.2");
    let mut packets = Vec::new();
    let mut rest = datagram;
    while !rest.is_empty() {
        let (raw, after) = RawPacket::split(rest).unwrap();
        packets.push(RtcpPacket::from_raw(raw).unwrap());
        rest = after;
    }
    packets
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
