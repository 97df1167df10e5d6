//! The media of one stream of a call: RTP with RTCP, encrypted or not, digits, playout.

mod clock;
mod config;
mod output;
mod path;
mod playout;
mod srtp;
mod statistics;

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::VecDeque;
use std::time::Instant;

use rfc2833_dtmf::{
    Digit, Event, EventPacket, EventSet, Receiver, ReceiverConfig, ReceiverOutput, Sender,
    SenderConfig,
};
use rfc3264_offer_answer::{AgreedStream, MediaFormat};
use rfc3550_rtp::session::{
    MinimumInterval, RtpVerdict, Session, SessionConfig, SessionEvent, SessionOutput, SessionPhase,
};
use rfc3550_rtp::{PacketClass, RtcpCompound, RtpPacket, Timestamp, classify};

pub use config::MediaConfig;
pub use output::{Channel, DigitError, Frame, MediaError, MediaEvent, MediaOutput};
pub use statistics::{MediaStatistics, RemoteReport};

use clock::{MediaClock, units};
use path::Path;
use playout::{Arrival, Playout};
use srtp::Contexts;

/// How loud our digits are, in dBm0 without the sign.
const DIGIT_VOLUME: u8 = 10;

/// The media of a stream that two parties have agreed on, without socket, clock and codec.
///
/// - **Inputs**: [`handle_datagram`](Self::handle_datagram) for what arrives at either port,
///   [`handle_timeout`](Self::handle_timeout) when [`next_timeout`](Self::next_timeout) is reached.
/// - **Commands**: [`send_frame`](Self::send_frame), [`send_digits`](Self::send_digits),
///   [`update`](Self::update) for a new agreement, [`leave`](Self::leave).
/// - **Outputs**: after each of these [`poll_output`](Self::poll_output) until it gives `None`:
///   datagrams to send, frames to play.
/// - **Getters**: [`agreed`](Self::agreed), [`codec`](Self::codec), [`format`](Self::format),
///   [`statistics`](Self::statistics), [`destination`](Self::destination).
///
/// Frames go in and come out encoded. What is to be played comes out when it is to be played, in
/// order and after a delay that follows the jitter. Nothing that does not authenticate, where
/// encryption was agreed on, changes anything but a counter.
#[derive(Debug)]
pub struct MediaSession {
    config: MediaConfig,
    agreed: AgreedStream,
    session: Session,
    srtp: Option<Contexts>,
    rtp_path: Path,
    rtcp_path: Path,
    epoch: Instant,
    /// The last instant that was told.
    now: Instant,
    clock: MediaClock,
    digits: Option<(u8, Sender)>,
    heard_digits: Receiver,
    playout: Playout,
    /// The last packet of a source that was not valid yet.
    withheld: Option<Arrival>,
    /// Timestamp and arrival of the last packet with media.
    last_media: Option<(Timestamp, Instant)>,
    outputs: VecDeque<MediaOutput>,
    statistics: MediaStatistics,
}

impl MediaSession {
    /// Begins with what was agreed on.
    ///
    /// # Errors
    ///
    /// The agreement has no codec, or keys that cannot be used.
    pub fn new(
        now: Instant,
        agreed: &AgreedStream,
        config: MediaConfig,
    ) -> Result<Self, MediaError> {
        let codec = agreed.codec().ok_or(MediaError::NoCodec)?;
        let mut rtp = SessionConfig::new(config.seed, config.cname.as_bytes());
        rtp.session_bandwidth = config.session_bandwidth.max(8000);
        rtp.minimum_interval = MinimumInterval::Reduced;
        let mut session = Self {
            session: Session::new(now, config.wall_clock, rtp),
            srtp: None,
            rtp_path: Path::default(),
            rtcp_path: Path::default(),
            epoch: now,
            now,
            clock: MediaClock::new(now, codec.clock_rate),
            digits: None,
            heard_digits: Receiver::new(ReceiverConfig::default()),
            playout: Playout::new(config.playout),
            withheld: None,
            last_media: None,
            outputs: VecDeque::new(),
            statistics: MediaStatistics::default(),
            agreed: agreed.clone(),
            config,
        };
        session.agree(now)?;
        Ok(session)
    }

    /// Goes on with a new agreement: on hold, with another codec, to another place, with other
    /// keys.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new); everything stays as it was then, but that encrypted media without
    /// a usable key stop.
    pub fn update(&mut self, now: Instant, agreed: &AgreedStream) -> Result<(), MediaError> {
        agreed.codec().ok_or(MediaError::NoCodec)?;
        self.now = now;
        self.agreed = agreed.clone();
        self.agree(now)
    }

    /// What was agreed on.
    pub fn agreed(&self) -> &AgreedStream {
        &self.agreed
    }

    /// What to encode frames with.
    pub fn codec(&self) -> Option<&MediaFormat> {
        self.agreed.codec()
    }

    /// What a payload type means in frames that arrive.
    pub fn format(&self, payload_type: u8) -> Option<&MediaFormat> {
        let mut formats = self.agreed.receive.iter();
        formats.find(|format| format.payload_type == payload_type)
    }

    /// Whether packets are encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.srtp.is_some()
    }

    /// Where our packets go now.
    pub fn destination(&self) -> Option<SocketAddr> {
        self.rtp_path.destination()
    }

    /// Whether digits wait or are being sent.
    pub fn is_sending_digits(&self) -> bool {
        self.digits
            .as_ref()
            .is_some_and(|(_, sender)| !sender.is_idle())
    }

    /// The figures so far.
    pub fn statistics(&self) -> MediaStatistics {
        let mut statistics = self.statistics;
        (statistics.late, statistics.missing) = self.playout.counts();
        statistics.playout_delay = self.playout.delay();
        let source = self
            .playout
            .ssrc()
            .and_then(|ssrc| self.session.source(ssrc));
        if let Some(received) = source.and_then(|source| source.statistics()) {
            let sequence = received.sequence();
            statistics.received = sequence.received();
            statistics.lost = sequence.lost();
            statistics.duplicates = sequence.duplicates();
            statistics.reordered = sequence.reordered();
            statistics.jitter = seconds(received.jitter().units(), self.clock.rate());
        }
        statistics
    }

    /// Sends a frame of so many units of the codec's clock, or not while the peer does not want
    /// to receive, its address is not known, or a digit is being sent: then `false`. To be called
    /// for each frame all the same, so that timestamps go on; after a pause they jump.
    pub fn send_frame(&mut self, now: Instant, duration: u32, payload: &[u8]) -> bool {
        self.now = now;
        let (begin, marker) = self.clock.advance(now, duration, self.config.max_drift);
        let Some(payload_type) = self.codec().map(|codec| codec.payload_type) else {
            return false;
        };
        if self.is_sending_digits() && self.agreed.direction.sends() {
            self.pump(now);
            return false;
        }
        self.transmit_rtp(now, payload_type, begin, marker, payload)
    }

    /// Sends digits one after the other, each for so long, with a pause between them.
    ///
    /// # Errors
    ///
    /// One of them is no digit, the peer takes none, or too many wait already: those before it
    /// are sent.
    pub fn send_digits(
        &mut self,
        now: Instant,
        digits: &str,
        duration: Duration,
    ) -> Result<(), DigitError> {
        let rate = self.clock.rate();
        let duration = u32::try_from(units(duration, rate)).unwrap_or(u32::MAX);
        let (_, sender) = self.digits.as_mut().ok_or(DigitError::NotAgreed)?;
        for digit in digits.chars() {
            let event = Event::from_digit(digit).ok_or(DigitError::NoDigit(digit))?;
            let digit = Digit {
                event,
                duration: duration.max(1),
                volume: DIGIT_VOLUME,
            };
            sender.queue(digit).map_err(DigitError::Refused)?;
        }
        self.handle_timeout(now);
        Ok(())
    }

    /// Takes what has come from `from` to one of our ports. It is decrypted in place.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        channel: Channel,
        from: SocketAddr,
        datagram: &mut [u8],
    ) {
        self.now = now;
        match classify(datagram) {
            Some(PacketClass::Rtp) if channel == Channel::Rtp => {
                self.handle_rtp(now, from, datagram);
            }
            Some(PacketClass::Rtcp) => self.handle_rtcp(now, from, datagram),
            _ => self.statistics.ignored += 1,
        }
        self.pump(now);
    }

    /// Tells what time it is. To be called at [`next_timeout`](Self::next_timeout); earlier and
    /// later do no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.session.handle_timeout(now);
        self.heard_digits
            .handle_timeout(now.saturating_duration_since(self.epoch));
        self.pump(now);
    }

    /// Leaves the RTP session, with a BYE if anything was sent. Nothing is sent or played then.
    pub fn leave(&mut self, now: Instant) {
        self.heard_digits.flush();
        self.pump(now);
        self.session.leave(now, b"");
        self.pump(now);
    }

    /// The next thing to do or to know.
    pub fn poll_output(&mut self) -> Option<MediaOutput> {
        self.outputs.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called at the latest; `None` once
    /// the session has been left.
    pub fn next_timeout(&self) -> Option<Instant> {
        if self.session.phase() == SessionPhase::Ended {
            return None;
        }
        let heard = self.heard_digits.next_timeout();
        [
            self.session.next_timeout(),
            self.playout.next_timeout(),
            heard.and_then(|since| self.epoch.checked_add(since)),
            self.next_digit(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Puts the agreement to work.
    fn agree(&mut self, now: Instant) -> Result<(), MediaError> {
        self.srtp = Contexts::update(self.srtp.take(), &self.agreed)?;
        self.rtp_path.signal(self.agreed.remote.as_ref());
        self.rtcp_path.signal(self.agreed.remote_rtcp.as_ref());
        for format in self.agreed.receive.iter().chain(&self.agreed.send) {
            self.session
                .set_payload_type(format.payload_type, format.clock_rate);
        }
        let codec = self.agreed.codec().ok_or(MediaError::NoCodec)?;
        let rate = codec.clock_rate;
        let events = self.agreed.telephone_event(rate);
        self.clock.set_rate(now, rate);
        let payload_type = events.map(|format| format.payload_type);
        if self.digits.as_ref().map(|(known, _)| *known) != payload_type {
            self.digits = events.map(|format| {
                let mut config = SenderConfig::new(rate);
                config.events = EventSet::parse(&format.fmtp)
                    .ok()
                    .filter(|events| !events.is_empty())
                    .unwrap_or(EventSet::DTMF);
                (format.payload_type, Sender::new(config))
            });
        }
        Ok(())
    }

    fn is_telephone_event(&self, payload_type: u8) -> bool {
        self.format(payload_type)
            .is_some_and(|format| format.encoding_name.eq_ignore_ascii_case("telephone-event"))
    }

    fn handle_rtp(&mut self, now: Instant, from: SocketAddr, datagram: &mut [u8]) {
        let len = match &mut self.srtp {
            Some(contexts) => match contexts.receiver.unprotect_rtp(datagram) {
                Ok(len) => len,
                Err(_) => {
                    self.statistics.unauthenticated += 1;
                    return;
                }
            },
            None => datagram.len(),
        };
        let plain = datagram.get_mut(..len).map(RtpPacket::parse);
        let Some(Ok(mut packet)) = plain else {
            self.statistics.ignored += 1;
            return;
        };
        let payload_type = packet.payload_type();
        let is_event = self.is_telephone_event(payload_type);
        let timestamp = packet.timestamp();
        if is_event {
            // The reports of an event all have its beginning as their timestamp, which is no
            // jitter: for the statistics they come when they were expected.
            if let Some((before, at)) = self.last_media {
                let since = units(now.saturating_duration_since(at), self.clock.rate());
                packet.set_timestamp(before.add(since as u32));
            }
        }
        let verdict = self.session.handle_rtp(now, from, &packet);
        let (ssrc, number) = (packet.ssrc(), packet.sequence_number());
        let arrival = |packet: &RtpPacket<&mut [u8]>, clock_rate| Arrival {
            ssrc,
            clock_rate,
            number,
            timestamp,
            marker: packet.marker(),
            payload_type,
            payload: packet.payload().to_vec(),
        };
        let clock_rate = self.format(payload_type).map(|format| format.clock_rate);
        match (verdict, clock_rate) {
            (RtpVerdict::Deliver(_), Some(_)) => {}
            (RtpVerdict::Withhold(_), Some(rate)) if !is_event => {
                self.withheld = Some(arrival(&packet, rate));
                return;
            }
            (RtpVerdict::Withhold(_), _) => return,
            _ => {
                self.statistics.ignored += 1;
                return;
            }
        }
        self.statistics.received_octets += packet.payload().len() as u64;
        let is_heard = self.agreed.direction.receives();
        if is_event {
            self.playout.pass_over(ssrc, number);
            let event = EventPacket {
                sequence_number: number.0,
                timestamp: timestamp.0,
                marker: packet.marker(),
                arrival: now.saturating_duration_since(self.epoch),
            };
            // A malformed report is no digit, and nothing else.
            let _ = self.heard_digits.handle_packet(event, packet.payload());
        } else {
            self.last_media = Some((timestamp, now));
            let kept = self.withheld.take();
            if let Some(kept) = kept.filter(|kept| is_heard && kept.ssrc == ssrc) {
                self.playout.insert(now, kept);
            }
            if is_heard {
                let rate = clock_rate.unwrap_or(self.clock.rate());
                self.playout.insert(now, arrival(&packet, rate));
            }
        }
        if self.config.latching && self.rtp_path.hear(from) {
            self.latched(Channel::Rtp, from);
            if self.agreed.rtcp_mux {
                self.rtcp_path.hear(from);
            }
        }
    }

    fn handle_rtcp(&mut self, now: Instant, from: SocketAddr, datagram: &mut [u8]) {
        let len = match &mut self.srtp {
            Some(contexts) => match contexts.receiver.unprotect_rtcp(datagram) {
                Ok(len) => len,
                Err(_) => {
                    self.statistics.unauthenticated += 1;
                    return;
                }
            },
            None => datagram.len(),
        };
        let plain = datagram.get(..len).map(RtcpCompound::parse_reduced_size);
        let Some(Ok(compound)) = plain else {
            self.statistics.ignored += 1;
            return;
        };
        self.statistics.reports_received += 1;
        self.session.handle_rtcp(now, from, &compound);
        // Without a key anybody could send it: so it must at least come from where RTP does.
        let is_believed = self.srtp.is_some() || self.rtp_path.is_expected(from.ip());
        if self.config.latching && is_believed && self.rtcp_path.hear(from) {
            self.latched(Channel::Rtcp, from);
        }
    }

    fn latched(&mut self, channel: Channel, to: SocketAddr) {
        self.event(MediaEvent::Latched { channel, to });
    }

    /// Does whatever is due.
    fn pump(&mut self, now: Instant) {
        if self.session.phase() == SessionPhase::Joined {
            self.pump_digits(now);
            while let Some(event) = self.playout.take(now) {
                self.event(event);
            }
        }
        while let Some(output) = self.heard_digits.poll_output() {
            self.event(match output {
                ReceiverOutput::Started { event, .. } => MediaEvent::DigitBegan { event },
                ReceiverOutput::Ended(ended) => MediaEvent::DigitEnded {
                    event: ended.event,
                    duration: seconds(ended.duration, self.clock.rate()),
                },
                _ => continue,
            });
        }
        while let Some(output) = self.session.poll_output() {
            match output {
                SessionOutput::TransmitRtcp(compound) => self.transmit_rtcp(compound),
                SessionOutput::Event(SessionEvent::Reported { view, .. }) => {
                    self.statistics.report = Some(RemoteReport {
                        fraction_lost: f64::from(view.block.fraction_lost) / 256.0,
                        lost: view.block.cumulative_lost,
                        jitter: seconds(view.block.jitter, self.clock.rate()),
                        round_trip_time: view.round_trip_time,
                    });
                    self.event(MediaEvent::Reported);
                }
                SessionOutput::Event(SessionEvent::Left { .. }) => {
                    self.event(MediaEvent::PeerLeft);
                }
                _ => {}
            }
        }
    }

    /// Sends the reports of digits that are due.
    fn pump_digits(&mut self, now: Instant) {
        if !self.agreed.direction.sends() {
            return;
        }
        let at = self.clock.at(now) as u32;
        while let Some((payload_type, packet)) = self
            .digits
            .as_mut()
            .and_then(|(payload_type, sender)| Some((*payload_type, sender.poll_packet(at)?)))
        {
            let payload = packet.report.to_bytes();
            let timestamp = u64::from(packet.timestamp);
            self.transmit_rtp(now, payload_type, timestamp, packet.marker, &payload);
        }
    }

    /// When the next report of a digit is due.
    fn next_digit(&self) -> Option<Instant> {
        let (_, sender) = self.digits.as_ref()?;
        if !self.agreed.direction.sends() {
            return None;
        }
        let at = self.clock.at(self.now);
        let due = sender.next_timestamp(at as u32)?;
        let ahead = due.wrapping_sub(at as u32) as i32;
        self.clock.instant(at.saturating_add_signed(ahead.into()))
    }

    fn transmit_rtp(
        &mut self,
        now: Instant,
        payload_type: u8,
        media_time: u64,
        marker: bool,
        payload: &[u8],
    ) -> bool {
        if !self.agreed.direction.sends() || self.agreed.remote.is_none() {
            return false;
        }
        let Some(to) = self.rtp_path.destination() else {
            return false;
        };
        let media_time = media_time as u32; // the timestamp wraps
        let packet = self
            .session
            .send_rtp(now, payload_type, media_time, payload);
        let Some(Ok(mut datagram)) = packet.ok().map(|packet| packet.marker(marker).to_vec())
        else {
            return false;
        };
        if let Some(contexts) = &mut self.srtp {
            if contexts.sender.protect_rtp_vec(&mut datagram).is_err() {
                return false;
            }
        }
        self.statistics.sent += 1;
        self.statistics.sent_octets += payload.len() as u64;
        self.outputs.push_back(MediaOutput::Transmit {
            channel: Channel::Rtp,
            to,
            datagram,
        });
        true
    }

    fn transmit_rtcp(&mut self, mut datagram: Vec<u8>) {
        if self.agreed.remote_rtcp.is_none() {
            return;
        }
        let Some(to) = self.rtcp_path.destination() else {
            return;
        };
        if let Some(contexts) = &mut self.srtp {
            if contexts.sender.protect_rtcp_vec(&mut datagram).is_err() {
                return;
            }
        }
        self.statistics.reports_sent += 1;
        let channel = if self.agreed.rtcp_mux {
            Channel::Rtp
        } else {
            Channel::Rtcp
        };
        self.outputs.push_back(MediaOutput::Transmit {
            channel,
            to,
            datagram,
        });
    }

    fn event(&mut self, event: MediaEvent) {
        self.outputs.push_back(MediaOutput::Event(event));
    }
}

/// Units of a clock as time.
fn seconds(units: u32, rate: u32) -> Duration {
    let nanos = u64::from(units) * 1_000_000_000 / u64::from(rate.max(1));
    Duration::from_nanos(nanos)
}
