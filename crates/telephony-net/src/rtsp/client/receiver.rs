//! What comes of a stream: RTP and RTCP into frames and figures (RFC 2435, RFC 3550).

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use rfc2435_jpeg::{Reassembler, ReassemblerConfig};
use rfc3550_rtp::session::{RtpVerdict, Session, SessionConfig, SessionEvent, SessionOutput};
use rfc3550_rtp::{NtpTimestamp, RtcpCompound, RtpPacket, StatisticsConfig};

use super::{PictureFrame, Reception};

const CLOCK_RATE: u32 = 90_000;
/// Silence from which on nothing counts as being played.
const SILENCE: Duration = Duration::from_secs(1);

/// The receiving end of a stream.
pub(super) struct Receiver {
    session: Session,
    reassembler: Reassembler,
    payload_type: u8,
    /// The source that plays.
    ssrc: Option<u32>,
    /// What sources before it had.
    before: Sequence,
    octets: u64,
    malformed: u64,
    played: Duration,
    last: Option<Instant>,
}

/// Packets of a source.
#[derive(Debug, Clone, Copy, Default)]
struct Sequence {
    expected: u64,
    received: u64,
}

/// What a receiver wants done.
pub(super) enum Wanted {
    SendRtcp(Vec<u8>),
    /// The source has said BYE.
    Finished,
}

impl Receiver {
    pub(super) fn new(now: Instant, seed: [u8; 32], payload_type: u8) -> Self {
        let mut config =
            SessionConfig::new(seed, "telephony").payload_type(payload_type, CLOCK_RATE);
        // The server has announced the stream, and packets of others are not let through: its
        // first packet is part of a frame.
        config.statistics = StatisticsConfig::RFC3550.with_min_sequential(1);
        config.max_sources = 64;
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let wall_clock = NtpTimestamp::from_unix(since.unwrap_or_default());
        Self {
            session: Session::new(now, wall_clock, config),
            reassembler: Reassembler::new(ReassemblerConfig::default()),
            payload_type,
            ssrc: None,
            before: Sequence::default(),
            octets: 0,
            malformed: 0,
            played: Duration::ZERO,
            last: None,
        }
    }

    /// Takes an RTP packet, which may complete a frame.
    pub(super) fn handle_rtp(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
    ) -> Option<PictureFrame> {
        let packet = match RtpPacket::parse(datagram) {
            Ok(packet) if packet.payload_type() == self.payload_type => packet,
            _ => {
                self.malformed += 1;
                return None;
            }
        };
        if !matches!(
            self.session.handle_rtp(now, from, &packet),
            RtpVerdict::Deliver(_)
        ) {
            return None;
        }
        if self.ssrc != Some(packet.ssrc()) {
            let before = self.sequence();
            self.before.expected += before.expected;
            self.before.received += before.received;
            self.ssrc = Some(packet.ssrc());
            self.reassembler.reset();
        }
        let silence = self.last.map(|last| now.saturating_duration_since(last));
        self.played += silence
            .filter(|silence| *silence < SILENCE)
            .unwrap_or_default();
        self.last = Some(now);
        self.octets += packet.payload().len() as u64;
        let (timestamp, marker) = (packet.timestamp().0, packet.marker());
        if self
            .reassembler
            .handle_packet(timestamp, marker, packet.payload())
            .is_err()
        {
            self.malformed += 1;
        }
        let frame = self.reassembler.poll_frame()?;
        Some(PictureFrame {
            jpeg: Bytes::copy_from_slice(frame.jpeg),
            timestamp: frame.timestamp,
            arrival: now,
        })
    }

    /// Takes an RTCP compound.
    pub(super) fn handle_rtcp(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        match RtcpCompound::parse(datagram) {
            Ok(compound) => self.session.handle_rtcp(now, from, &compound),
            Err(_) => self.malformed += 1,
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.session.handle_timeout(now);
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.session.next_timeout()
    }

    /// Delivery begins or has stopped: what passes between is no jitter.
    pub(super) fn interrupt(&mut self) {
        if let Some(ssrc) = self.ssrc {
            self.session.forget_transit(ssrc);
        }
    }

    /// Says BYE.
    pub(super) fn leave(&mut self, now: Instant) {
        self.session.leave(now, b"");
    }

    pub(super) fn poll(&mut self) -> Option<Wanted> {
        loop {
            match self.session.poll_output()? {
                SessionOutput::TransmitRtcp(compound) => return Some(Wanted::SendRtcp(compound)),
                SessionOutput::Event(SessionEvent::Left { ssrc, .. })
                    if Some(ssrc) == self.ssrc =>
                {
                    return Some(Wanted::Finished);
                }
                _ => {}
            }
        }
    }

    /// Fills in what has been received.
    pub(super) fn report(&self, reception: &mut Reception) {
        let sequence = self.sequence();
        let statistics = self.reassembler.statistics();
        reception.expected = self.before.expected + sequence.expected;
        reception.received = self.before.received + sequence.received;
        reception.octets = self.octets;
        reception.played = self.played;
        reception.frames = statistics.frames;
        reception.broken = statistics.incomplete
            + statistics.inconsistent
            + statistics.too_large
            + statistics.without_tables
            + statistics.without_dimensions;
        reception.malformed = self.malformed;
        let jitter = self.source().map_or(0, |source| source.jitter().units());
        reception.jitter = Duration::from_secs(jitter.into()) / CLOCK_RATE;
    }

    fn source(&self) -> Option<&rfc3550_rtp::SourceStatistics> {
        self.session.source(self.ssrc?)?.statistics()
    }

    fn sequence(&self) -> Sequence {
        let Some(source) = self.source() else {
            return Sequence::default();
        };
        let sequence = source.sequence();
        Sequence {
            expected: sequence.expected(),
            received: sequence.received().saturating_sub(sequence.duplicates()),
        }
    }
}
