//! What a translator does to one stream, and what it undoes in the reports on it (RFC 3550 §7.2).

use core::ops::Range;

use crate::{ReportBlock, RtpPacket, SenderInfo, SequenceNumber, Timestamp};

/// Where extended numbers begin, so that earlier ones have a place as well.
const ORIGIN: u64 = 1 << 32;

/// The translation of the stream of one source: nothing is changed but what is asked for.
///
/// Numbers and timestamps are computed, not counted: a packet that is lost on the way in leaves
/// the gap that it should, and reordered packets keep their places.
///
/// ```
/// use rfc3550_rtp::translator::StreamTranslation;
/// use rfc3550_rtp::{ReportBlock, SequenceNumber};
///
/// // Two packets of 10 ms make one of 20.
/// let mut stream = StreamTranslation::new(7).packets(2, 1);
/// let out = |number| SequenceNumber(number);
/// assert_eq!(stream.outgoing_number(SequenceNumber(100)), out(100));
/// assert_eq!(stream.outgoing_number(SequenceNumber(101)), out(100));
/// assert_eq!(stream.outgoing_number(SequenceNumber(102)), out(101));
///
/// // One of them is lost after us: two for its source.
/// let block = ReportBlock { ssrc: 7, cumulative_lost: 1, extended_highest_sequence: 100, ..ReportBlock::default() };
/// let block = stream.incoming_block(block);
/// assert_eq!((block.cumulative_lost, block.extended_highest_sequence), (2, 101));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamTranslation {
    ssrc: u32,
    outgoing_ssrc: u32,
    payload_type: Option<u8>,
    clock: Ratio,
    packets: Ratio,
    number_offset: u16,
    timestamp_offset: u32,
    recoded: bool,
    numbers: Option<Extended>,
    timestamps: Option<Extended>,
    packet_count: u32,
    octet_count: u32,
}

/// The first value of a stream and the highest so far, extended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Extended {
    first: u64,
    highest: u64,
}

/// So many on the way in make so many on the way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ratio {
    incoming: u32,
    outgoing: u32,
}

impl Ratio {
    const ONE: Self = Self {
        incoming: 1,
        outgoing: 1,
    };

    /// Zero counts as one.
    const fn new(incoming: u32, outgoing: u32) -> Self {
        Self {
            incoming: if incoming == 0 { 1 } else { incoming },
            outgoing: if outgoing == 0 { 1 } else { outgoing },
        }
    }

    const fn is_one(self) -> bool {
        self.incoming == self.outgoing
    }

    /// Rounded down.
    fn outgoing(self, value: i64) -> i64 {
        let value = i128::from(value) * i128::from(self.outgoing);
        value.div_euclid(i128::from(self.incoming)) as i64
    }

    /// The last one that `value` is made of.
    fn incoming(self, value: i64) -> i64 {
        let value = (i128::from(value) + 1) * i128::from(self.incoming) - 1;
        value.div_euclid(i128::from(self.outgoing)) as i64
    }
}

impl StreamTranslation {
    /// The stream of this source, unchanged.
    pub const fn new(ssrc: u32) -> Self {
        Self {
            ssrc,
            outgoing_ssrc: ssrc,
            payload_type: None,
            clock: Ratio::ONE,
            packets: Ratio::ONE,
            number_offset: 0,
            timestamp_offset: 0,
            recoded: false,
            numbers: None,
            timestamps: None,
            packet_count: 0,
            octet_count: 0,
        }
    }

    /// It has another SSRC on the way out. That is for relays between two sessions: a translator
    /// within one keeps it (§7.1).
    #[must_use]
    pub const fn to_ssrc(mut self, ssrc: u32) -> Self {
        self.outgoing_ssrc = ssrc;
        self
    }

    /// It has another payload type on the way out, 0 to 127, and other payload: sender reports
    /// count what goes out (§7.2).
    #[must_use]
    pub const fn payload_type(mut self, payload_type: u8) -> Self {
        self.payload_type = Some(payload_type);
        self.recoded = true;
        self
    }

    /// Its clock has another rate on the way out, both in Hz.
    #[must_use]
    pub const fn clock_rate(mut self, incoming: u32, outgoing: u32) -> Self {
        self.clock = Ratio::new(incoming, outgoing);
        self
    }

    /// So many packets are combined, or split, into so many.
    #[must_use]
    pub const fn packets(mut self, incoming: u16, outgoing: u16) -> Self {
        self.packets = Ratio::new(incoming as u32, outgoing as u32);
        self
    }

    /// Sequence numbers and timestamps go out higher by these, modulo 2^16 and 2^32.
    #[must_use]
    pub const fn offsets(mut self, number: u16, timestamp: u32) -> Self {
        self.number_offset = number;
        self.timestamp_offset = timestamp;
        self
    }

    /// The SSRC on the way in.
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The SSRC on the way out.
    pub const fn outgoing_ssrc(&self) -> u32 {
        self.outgoing_ssrc
    }

    /// The number of the packet that this one goes out in, or of the first one, where it is split.
    pub fn outgoing_number(&mut self, number: SequenceNumber) -> SequenceNumber {
        self.outgoing_numbers(number).0
    }

    /// The number of the first packet that this one goes out in, and how many go out once it has
    /// come: none where more have to come first.
    pub fn outgoing_numbers(&mut self, number: SequenceNumber) -> (SequenceNumber, u16) {
        let index = self.note_number(number);
        let Range { start, end } = self.packets.outgoing(index)..self.packets.outgoing(index + 1);
        let number = SequenceNumber(self.origin().wrapping_add(start as u16));
        (number, u16::try_from(end - start).unwrap_or(0))
    }

    /// The timestamp on the way out.
    pub fn outgoing_timestamp(&mut self, timestamp: Timestamp) -> Timestamp {
        let start = || Extended::new(u64::from(timestamp.0));
        let known = self.timestamps.get_or_insert_with(start);
        let extended = timestamp.extend(known.highest);
        known.highest = known.highest.max(extended);
        let units = self
            .clock
            .outgoing(extended.wrapping_sub(known.first) as i64);
        Timestamp((known.first as u32).wrapping_add(units as u32)).add(self.timestamp_offset)
    }

    /// Counts a packet as sent, with so many octets of payload.
    pub fn count_sent(&mut self, octets: usize) {
        self.packet_count = self.packet_count.wrapping_add(1);
        self.octet_count = self.octet_count.wrapping_add(octets as u32);
    }

    /// Edits a packet where one goes out for each that comes in, and counts it.
    pub(super) fn translate<B: AsRef<[u8]> + AsMut<[u8]>>(&mut self, packet: &mut RtpPacket<B>) {
        let number = self.outgoing_number(packet.sequence_number());
        let timestamp = self.outgoing_timestamp(packet.timestamp());
        packet.set_sequence_number(number);
        packet.set_timestamp(timestamp);
        packet.set_ssrc(self.outgoing_ssrc);
        if let Some(payload_type) = self.payload_type {
            packet.set_payload_type(payload_type);
        }
        self.count_sent(packet.payload().len());
    }

    /// What the sender says about its stream, as it is on the way out: the timestamp always, the
    /// counts where packets or payload are changed.
    pub fn outgoing_info(&mut self, info: SenderInfo) -> SenderInfo {
        let mut info = SenderInfo {
            rtp_timestamp: self.outgoing_timestamp(info.rtp_timestamp),
            ..info
        };
        if !self.packets.is_one() {
            info.packet_count = self.packet_count;
        }
        if self.recoded || !self.packets.is_one() {
            info.octet_count = self.octet_count;
        }
        info
    }

    /// What a receiver says about the stream on the way out, as it is for the source: the inverse
    /// for numbers, loss and jitter. The part lost, and what round-trip times are computed from,
    /// hold for both.
    pub fn incoming_block(&self, block: ReportBlock) -> ReportBlock {
        let highest = SequenceNumber(block.extended_highest_sequence as u16);
        let Ratio { incoming, outgoing } = self.packets;
        let lost = i64::from(block.cumulative_lost) * i64::from(incoming);
        // A packet of which any part is lost is lost.
        let part = i64::from(lost % i64::from(outgoing) > 0);
        let lost = lost / i64::from(outgoing) + part;
        let jitter = u64::from(block.jitter) * u64::from(self.clock.incoming);
        let jitter = jitter / u64::from(self.clock.outgoing);
        ReportBlock {
            ssrc: self.ssrc,
            cumulative_lost: lost.clamp(-0x80_0000, 0x7f_ffff) as i32,
            extended_highest_sequence: self
                .incoming_number(highest)
                .unwrap_or(block.extended_highest_sequence),
            jitter: u32::try_from(jitter).unwrap_or(u32::MAX),
            ..block
        }
    }

    /// Whether each packet goes out as one, so that single packets can be told of.
    pub(super) const fn is_one_to_one(&self) -> bool {
        self.packets.is_one()
    }

    /// Whether numbers or timestamps are changed.
    pub(super) const fn renumbers(&self) -> bool {
        !self.packets.is_one() || self.number_offset != 0
    }

    /// The number on the way in, where one goes out for each.
    pub(super) const fn incoming_packet(&self, number: SequenceNumber) -> SequenceNumber {
        SequenceNumber(number.0.wrapping_sub(self.number_offset))
    }

    /// The extended number on the way in, of the last packet that has gone out in this one;
    /// `None` before the first packet.
    fn incoming_number(&self, number: SequenceNumber) -> Option<u32> {
        let known = self.numbers?;
        let highest = self.packets.outgoing(known.index(known.highest));
        let index = SequenceNumber(number.0.wrapping_sub(self.origin()));
        let index = index
            .extend(ORIGIN.wrapping_add_signed(highest))
            .wrapping_sub(ORIGIN) as i64;
        let extended = known
            .first
            .wrapping_add_signed(self.packets.incoming(index));
        Some(extended.min(known.highest) as u32)
    }

    /// How far a number on the way in is from the first.
    fn note_number(&mut self, number: SequenceNumber) -> i64 {
        let start = || Extended::new(u64::from(number.0));
        let known = self.numbers.get_or_insert_with(start);
        let extended = number.extend(known.highest);
        known.highest = known.highest.max(extended);
        known.index(extended)
    }

    /// The number on the way out of the first packet.
    fn origin(&self) -> u16 {
        let first = self.numbers.map_or(0, |known| known.first as u16);
        first.wrapping_add(self.number_offset)
    }
}

impl Extended {
    const fn new(first: u64) -> Self {
        Self {
            first: ORIGIN + first,
            highest: ORIGIN + first,
        }
    }

    const fn index(self, extended: u64) -> i64 {
        extended.wrapping_sub(self.first) as i64
    }
}
