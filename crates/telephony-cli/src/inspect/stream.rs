//! One RTP stream: what it carries and how well it arrived (RFC 3550 §6.4.1, A.1, A.3, A.8).

use super::announcements::Announcement;
use super::dtmf::Digits;
use super::model::{self, FoundBy};
use super::plot::Plot;
use super::sdp::Codec;
use super::seen::{Clock, Secrecy, Seen, Transport};
use super::time::Timestamp;
use rfc2198_red::{Recovery, RecoveryConfig, RedPayload};
use rfc3550_rtp::{Jitter, Reception, RtpPacket, SequenceStatistics, StatisticsConfig};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::rc::Rc;

/// Parts of a timestamp unit in which jitter is reckoned: at 8 kHz a whole unit, 125 µs, is more
/// than the jitter of a quiet network.
const FINE: u32 = 256;
/// Packets held back while the clock rate is not known.
const MOST_PENDING: usize = 64;
/// Clock rates in use, for streams that nobody explained.
const USUAL_RATES: [u32; 9] = [
    8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 90_000,
];

/// Jitter and what became of it over time.
#[derive(Default)]
struct JitterTrack {
    jitter: Jitter,
    packets: u64,
    max_ms: f64,
    sum_ms: f64,
}

/// One arrival: time, timestamp, and whether it was a telephone event.
type Arrival = (Timestamp, u32, bool);

pub(crate) struct Stream {
    pub(crate) ssrc: u32,
    pub(crate) src: SocketAddr,
    pub(crate) dst: SocketAddr,
    pub(crate) transport: Transport,
    pub(crate) found_by: FoundBy,
    pub(crate) first_packet: u64,
    pub(crate) call: Option<Rc<str>>,
    /// The signalling sockets of sender and receiver.
    pub(crate) owners: Option<(SocketAddr, SocketAddr)>,
    pub(crate) clock_rate: Option<u32>,
    clock_rate_assumed: bool,
    announcement: Option<Rc<Announcement>>,
    generation: u64,
    payload_types: BTreeMap<u8, u64>,
    pub(crate) packets: u64,
    /// Packets of SRTP that were opened.
    opened: u64,
    bytes: u64,
    sequence: SequenceStatistics,
    /// Expected and received before the last restart.
    before_restart: (u64, u64),
    first: Timestamp,
    last: Timestamp,
    max_delta_ms: f64,
    pending: Vec<Arrival>,
    all: JitterTrack,
    /// Without telephone events.
    media: JitterTrack,
    digits: Digits,
    red: RedTrack,
    plot: Plot,
}

/// Redundant payloads: those of a payload type announced as RED, or guessed to be.
#[derive(Default)]
struct RedTrack {
    announced: bool,
    packets: u64,
    malformed: u64,
    with_redundancy: u64,
    max_blocks: usize,
    primaries: BTreeSet<u8>,
    recovery: Option<Box<Recovery>>,
}

impl Stream {
    pub(crate) fn new(
        seen: Seen,
        packet: &RtpPacket<&[u8]>,
        announcement: Option<&Rc<Announcement>>,
    ) -> Self {
        let config = StatisticsConfig::RFC3550.with_min_sequential(1);
        let mut stream = Self {
            ssrc: packet.ssrc(),
            src: seen.src,
            dst: seen.dst,
            transport: seen.transport,
            found_by: match seen.transport {
                Transport::Interleaved => FoundBy::Rtsp,
                _ => FoundBy::Heuristic,
            },
            first_packet: seen.packet,
            call: None,
            owners: None,
            clock_rate: None,
            clock_rate_assumed: false,
            announcement: None,
            generation: 0,
            payload_types: BTreeMap::new(),
            packets: 0,
            opened: 0,
            bytes: 0,
            sequence: SequenceStatistics::new(packet.sequence_number(), config),
            before_restart: (0, 0),
            first: seen.time,
            last: seen.time,
            max_delta_ms: 0.0,
            pending: Vec::new(),
            all: JitterTrack::default(),
            media: JitterTrack::default(),
            digits: Digits::default(),
            red: RedTrack::default(),
            plot: Plot::default(),
        };
        if let Some(announcement) = announcement {
            stream.announced(announcement, 0);
        }
        stream
    }

    /// An announcement fits the stream: it explains the stream unless another call's did before.
    pub(crate) fn announced(&mut self, announcement: &Rc<Announcement>, generation: u64) {
        if self.generation == generation && self.announcement.is_some() {
            return;
        }
        self.generation = generation;
        if self.announcement.is_some() && self.call != announcement.call {
            return;
        }
        self.found_by = announcement.by;
        self.call.clone_from(&announcement.call);
        self.announcement = Some(announcement.clone());
    }

    fn codec(&self, payload_type: u8) -> Option<Codec> {
        let announced = self.announcement.as_ref();
        let announced = announced
            .and_then(|found| found.codecs.get(&payload_type))
            .cloned();
        announced.or_else(|| Codec::of_profile(payload_type))
    }

    fn encrypted(&self) -> bool {
        self.announcement
            .as_ref()
            .is_some_and(|found| found.encrypted)
    }

    /// Whether there is more to see with the right keys.
    pub(crate) fn is_closed(&self) -> bool {
        self.encrypted() && self.opened < self.packets
    }

    pub(crate) fn take(&mut self, seen: Seen, packet: &RtpPacket<&[u8]>, secrecy: Secrecy) {
        let payload_type = packet.payload_type();
        let timestamp = packet.timestamp().0;
        if self.packets > 0 {
            self.max_delta_ms = self.max_delta_ms.max(seen.time.ms_since(self.last));
        }
        self.packets += 1;
        self.bytes += packet.payload().len() as u64;
        self.last = seen.time;
        *self.payload_types.entry(payload_type).or_default() += 1;
        let codec = self.codec(payload_type);
        let is_event = match &codec {
            Some(codec) => codec.is_telephone_event(),
            None => payload_type >= 96 && Digits::is_likely(packet.payload()),
        };
        let before = (self.sequence.expected(), self.sequence.received());
        let reception = self.sequence.receive(packet.sequence_number());
        if reception == Reception::Restarted {
            self.before_restart.0 += before.0;
            self.before_restart.1 += before.1;
            self.all.jitter.forget_transit();
            self.media.jitter.forget_transit();
        }
        if let Some(codec) = codec.as_ref().filter(|codec| !codec.is_telephone_event())
            && self.clock_rate != Some(codec.clock_rate)
            && codec.clock_rate > 0
        {
            self.set_clock_rate(codec.clock_rate);
        }
        if reception.is_counted() {
            let arrival = (seen.time, timestamp, is_event);
            match self.clock_rate {
                Some(rate) => self.jitter(rate, arrival),
                None => {
                    self.pending.push(arrival);
                    if self.pending.len() >= MOST_PENDING {
                        self.settle_clock_rate();
                    }
                }
            }
        }
        self.opened += u64::from(secrecy == Secrecy::Opened);
        if secrecy == Secrecy::Opened || !self.encrypted() {
            if is_event {
                self.digits
                    .take(seen.time, self.clock_rate.unwrap_or(8000), packet);
            } else {
                self.red.take(codec.as_ref(), packet);
            }
        }
        let jitter_ms = self.clock_rate.map_or(0.0, |rate| self.heard().ms(rate));
        let since = seen.time.seconds_since(self.first);
        self.plot.add(since, self.lost(), jitter_ms);
    }

    fn jitter(&mut self, rate: u32, (time, timestamp, is_event): Arrival) {
        let units = i128::from(time.0) * i128::from(rate) * i128::from(FINE) / 1_000_000_000;
        // Both wrap at 2^32, as the jitter wants them.
        let (arrival, timestamp) = (units as u32, timestamp.wrapping_mul(FINE));
        self.all.take(rate, timestamp, arrival);
        if !is_event {
            self.media.take(rate, timestamp, arrival);
        }
    }

    fn set_clock_rate(&mut self, rate: u32) {
        if self.clock_rate.replace(rate).is_some() {
            self.all.jitter = Jitter::new();
            self.media.jitter = Jitter::new();
        }
        self.clock_rate_assumed = false;
        for arrival in std::mem::take(&mut self.pending) {
            self.jitter(rate, arrival);
        }
    }

    /// Takes the clock rate from what the payload says or, failing that, from how the timestamps
    /// run against the time of capture.
    fn settle_clock_rate(&mut self) {
        let mut types = self.payload_types.keys();
        let announced = types.find_map(|payload_type| self.codec(*payload_type));
        let of_red = self.red.guessed_codec().map(|codec| codec.clock_rate);
        if let Some(rate) = announced.map(|codec| codec.clock_rate).or(of_red)
            && rate > 0
        {
            self.set_clock_rate(rate);
            return;
        }
        let media: Vec<_> = self
            .pending
            .iter()
            .filter(|(.., is_event)| !is_event)
            .collect();
        let rate = match (media.first(), media.last()) {
            (Some((from, first, _)), Some((to, last, _))) if to > from => {
                let ran = f64::from(last.wrapping_sub(*first) as i32);
                let per_second = ran / to.seconds_since(*from);
                let off = |rate: &u32| (f64::from(*rate) / per_second.max(1.0)).ln().abs();
                let nearest = USUAL_RATES.iter().min_by(|a, b| off(a).total_cmp(&off(b)));
                nearest.copied().unwrap_or(8000)
            }
            // Telephone events are at 8 kHz unless told otherwise (RFC 4733 §2.1).
            _ => 8000,
        };
        self.set_clock_rate(rate);
        self.clock_rate_assumed = true;
    }

    pub(crate) fn finish(&mut self) {
        if self.clock_rate.is_none() {
            self.settle_clock_rate();
        }
        self.digits.finish();
    }

    /// The jitter that a listener hears: that of the media, where there is any.
    fn heard(&self) -> &JitterTrack {
        if self.media.packets > 0 {
            &self.media
        } else {
            &self.all
        }
    }

    fn expected(&self) -> u64 {
        self.before_restart.0 + self.sequence.expected()
    }

    fn lost(&self) -> i64 {
        let received = self.before_restart.1 + self.sequence.received();
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        signed(self.expected()) - signed(received)
    }

    /// The codec of most packets, telephone events only if there is nothing else.
    fn main_codec(&self) -> Option<Codec> {
        if let Some(codec) = self.red.guessed_codec() {
            return Some(codec);
        }
        let codecs = self
            .payload_types
            .iter()
            .filter_map(|(payload_type, packets)| {
                self.codec(*payload_type).map(|codec| (codec, *packets))
            });
        let main = codecs.max_by_key(|(codec, packets)| (!codec.is_telephone_event(), *packets));
        match main {
            Some((codec, _)) if codec.is_red() => {
                let primary = self.red.primaries.first().and_then(|pt| self.codec(*pt));
                primary.or(Some(codec))
            }
            Some((codec, _)) => Some(codec),
            None if !self.digits.is_empty() => Some(Codec {
                name: "telephone-event".into(),
                clock_rate: self.clock_rate.unwrap_or(8000),
                channels: None,
            }),
            None => None,
        }
    }

    pub(crate) fn report(&self, clock: Clock) -> model::Stream {
        let spans = self.packets.saturating_sub(1).max(1) as f64;
        let duration_ms = self.last.ms_since(self.first);
        let events_among_media = self.media.packets > 0 && self.media.packets < self.all.packets;
        model::Stream {
            ssrc: ssrc(self.ssrc),
            src: self.src.to_string(),
            dst: self.dst.to_string(),
            transport: self.transport.name(),
            call_id: self.call.as_deref().map(str::to_owned),
            found_by: self.found_by,
            payload_types: self.payload_types.keys().copied().collect(),
            codec: self.main_codec().map(|codec| codec.to_string()),
            clock_rate: self.clock_rate.unwrap_or(8000),
            clock_rate_assumed: self.clock_rate_assumed,
            encrypted: self.encrypted(),
            decrypted: self.opened,
            packets: self.packets,
            bytes: self.bytes,
            expected: self.expected(),
            lost: self.lost(),
            duplicates: self.sequence.duplicates(),
            reordered: self.sequence.reordered(),
            restarts: self.sequence.restarts(),
            max_jitter_ms: round(self.all.max_ms),
            mean_jitter_ms: round(self.all.mean_ms()),
            max_media_jitter_ms: events_among_media.then(|| round(self.media.max_ms)),
            mean_media_jitter_ms: events_among_media.then(|| round(self.media.mean_ms())),
            max_delta_ms: round(self.max_delta_ms),
            mean_delta_ms: round(duration_ms / spans),
            time: clock.seconds(self.first),
            duration_ms: round(duration_ms),
            red: self.red.report(),
            has_events: !self.digits.is_empty(),
            ladder: self
                .owners
                .map(|(src, dst)| (src.to_string(), dst.to_string())),
            series: self.plot.samples(),
        }
    }

    pub(crate) fn report_dtmf(&self, clock: Clock) -> Option<model::Dtmf> {
        if self.digits.is_empty() {
            return None;
        }
        let rate = self.clock_rate.unwrap_or(8000);
        Some(model::Dtmf {
            ssrc: ssrc(self.ssrc),
            src: self.src.to_string(),
            dst: self.dst.to_string(),
            call_id: self.call.as_deref().map(str::to_owned),
            digits: self.digits.text(),
            events: self.digits.report(rate, clock),
        })
    }
}

impl JitterTrack {
    fn take(&mut self, rate: u32, timestamp: u32, arrival: u32) {
        self.jitter
            .update(rfc3550_rtp::Timestamp(timestamp), arrival);
        self.packets += 1;
        let ms = self.ms(rate);
        self.max_ms = self.max_ms.max(ms);
        self.sum_ms += ms;
    }

    fn ms(&self, rate: u32) -> f64 {
        self.jitter.as_f64() * 1000.0 / (f64::from(rate.max(1)) * f64::from(FINE))
    }

    /// The first packet has none.
    fn mean_ms(&self) -> f64 {
        self.sum_ms / self.packets.saturating_sub(1).max(1) as f64
    }
}

impl RedTrack {
    fn take(&mut self, codec: Option<&Codec>, packet: &RtpPacket<&[u8]>) {
        let announced = codec.is_some_and(Codec::is_red);
        self.announced |= announced;
        if !announced && (codec.is_some() || packet.payload_type() < 96) {
            return;
        }
        self.packets += 1;
        let Ok(payload) = RedPayload::parse(packet.payload()) else {
            self.malformed += 1;
            return;
        };
        let primary = payload.primary().payload_type;
        self.with_redundancy += u64::from(
            payload
                .redundant()
                .any(|block| block.payload_type == primary),
        );
        self.max_blocks = self.max_blocks.max(payload.redundant_count() + 1);
        self.primaries.insert(primary);
        if !announced && self.with_redundancy == 0 {
            return;
        }
        let recovery = self
            .recovery
            .get_or_insert_with(|| Box::new(Recovery::new(RecoveryConfig::default())));
        let number = packet.sequence_number().0;
        // Malformed payloads were sorted out above.
        let _ = recovery.handle_packet(number, packet.timestamp().0, packet.payload());
        while recovery.poll_media().is_some() {}
    }

    /// RED by its looks: every payload is well formed, the primary encoding is always the same,
    /// and at least half of the packets repeat it.
    fn is_guessed(&self) -> bool {
        !self.announced
            && self.malformed == 0
            && self.primaries.len() == 1
            && self.with_redundancy >= 2
            && self.with_redundancy * 2 >= self.packets
    }

    fn guessed_codec(&self) -> Option<Codec> {
        let primary = self.primaries.first().filter(|_| self.is_guessed())?;
        Codec::of_profile(*primary)
    }

    fn report(&self) -> Option<model::Red> {
        (self.announced || self.is_guessed()).then(|| model::Red {
            packets: self.packets,
            malformed: self.malformed,
            max_blocks: self.max_blocks,
            primary_payload_types: self.primaries.iter().copied().collect(),
            recovered: self
                .recovery
                .as_ref()
                .map_or(0, |recovery| recovery.statistics().recovered),
        })
    }
}

/// An SSRC as it is usually written.
pub(crate) fn ssrc(ssrc: u32) -> String {
    format!("0x{ssrc:08x}")
}

/// To the microsecond, in milliseconds: below is the noise of floating point.
pub(crate) fn round(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0
}
