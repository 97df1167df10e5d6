//! Gives the media of a redundant stream in order, lost packets recovered (RFC 2198 §1, §4).

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::{Block, ParseError, RedPayload};

/// A packet this far ahead (RFC 3550 A.1) is believed when the one after it comes.
const MAX_DROPOUT: u16 = 3000;

/// A packet further behind than this (RFC 3550 A.1) is believed when the one after it comes.
const MAX_MISORDER: u16 = 100;

/// How long a [`Recovery`] waits, in packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RecoveryConfig {
    /// How many packets may be held while one before them is missing, 3 unless set. A sender's
    /// generations times its distance lets all its redundancy arrive; more than 1024 counts as
    /// 1024.
    pub held_packets: usize,
    /// How many bytes of media may be held, 65536 unless set; beyond, waiting ends.
    pub held_bytes: usize,
}

impl Default for RecoveryConfig {
    fn default() -> Self {
        Self {
            held_packets: 3,
            held_bytes: 65536,
        }
    }
}

/// Whence a [`Media`] came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// From the packet of its own.
    Primary {
        /// The packet's sequence number.
        sequence_number: u16,
    },
    /// From the redundancy of a later packet, its own being lost.
    Recovered,
}

/// One interval of sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Media<'a> {
    /// Whether it is a primary or recovered.
    pub origin: Origin,
    /// The RTP timestamp.
    pub timestamp: u32,
    /// The payload type of the data, not of `red`.
    pub payload_type: u8,
    /// The data.
    pub payload: &'a [u8],
}

/// What a [`Recovery`] has seen; the counters wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Statistics {
    /// Packets with a valid payload.
    pub packets: u64,
    /// Packets refused as malformed.
    pub malformed: u64,
    /// Packets received twice.
    pub duplicates: u64,
    /// Packets that came when their place had been given up or filled by redundancy.
    pub late: u64,
    /// Redundant blocks received.
    pub redundant_blocks: u64,
    /// Lost packets whose media was recovered.
    pub recovered: u64,
    /// Lost packets whose media was not.
    pub lost: u64,
    /// Times that the stream began anew.
    pub restarts: u64,
    /// Media dropped because nobody polled it.
    pub unpolled: u64,
}

/// Puts the media of a redundant stream in order and fills losses from redundancy.
///
/// Give it every packet of one source, in the order of arrival, and after each one poll the media
/// that became ready. A missing packet delays what follows it until its media has come with a
/// later packet, or until [`RecoveryConfig::held_packets`] wait behind it. There is no clock: at
/// a pause of the sender, call [`Recovery::flush`].
///
/// The first packet received is the first media given: what it repeats is older and dropped.
#[derive(Debug, Clone)]
pub struct Recovery {
    held_packets: usize,
    held_bytes: usize,
    /// Where the stream stands; `None` before the first packet.
    position: Option<Position>,
    /// The sequence number that would confirm that the stream began anew.
    restart_at: Option<u16>,
    /// Packets that wait for those before them, in order.
    held: VecDeque<Unit>,
    /// Redundant media of missing packets, in order of timestamps.
    spare: VecDeque<Unit>,
    ready: VecDeque<Unit>,
    /// What was polled last, lent out.
    polled: Unit,
    /// Buffers to use again.
    pool: Vec<Vec<u8>>,
    statistics: Statistics,
}

#[derive(Debug, Clone, Copy)]
struct Position {
    /// The sequence number that is next in order.
    next: u16,
    /// The timestamp of what was given last.
    timestamp: u32,
    /// Which of the last 128 packets before `next` came: the lowest bit is `next - 1`.
    received: u128,
}

#[derive(Debug, Clone, Default)]
struct Unit {
    /// `None` for redundant media.
    sequence_number: Option<u16>,
    timestamp: u32,
    payload_type: u8,
    payload: Vec<u8>,
}

impl Recovery {
    /// A recovery before its first packet.
    pub fn new(config: RecoveryConfig) -> Self {
        Self {
            held_packets: config.held_packets.min(1024),
            held_bytes: config.held_bytes,
            position: None,
            restart_at: None,
            held: VecDeque::new(),
            spare: VecDeque::new(),
            ready: VecDeque::new(),
            polled: Unit::default(),
            pool: Vec::new(),
            statistics: Statistics::default(),
        }
    }

    /// What has been seen so far.
    pub const fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Takes the payload of a packet with its RTP sequence number and timestamp.
    ///
    /// # Errors
    ///
    /// If the payload is malformed; the packet then counts as not received.
    pub fn handle_packet(
        &mut self,
        sequence_number: u16,
        timestamp: u32,
        payload: &[u8],
    ) -> Result<(), ParseError> {
        let payload = RedPayload::parse(payload).inspect_err(|_| self.statistics.malformed += 1)?;
        self.statistics.packets += 1;
        self.statistics.redundant_blocks += payload.redundant_count() as u64;
        let Some(position) = self.position else {
            self.begin(sequence_number, timestamp, payload.primary());
            return Ok(());
        };
        let ahead = sequence_number.wrapping_sub(position.next);
        if (MAX_DROPOUT..=u16::MAX - MAX_MISORDER).contains(&ahead) {
            if self.restart_at == Some(sequence_number) {
                self.flush();
                self.statistics.restarts += 1;
                self.begin(sequence_number, timestamp, payload.primary());
            } else {
                self.restart_at = Some(sequence_number.wrapping_add(1));
                self.statistics.late += 1;
            }
            return Ok(());
        }
        self.restart_at = None;
        if ahead > MAX_DROPOUT {
            if position.has_received(sequence_number) {
                self.statistics.duplicates += 1;
            } else {
                self.statistics.late += 1;
            }
            return Ok(());
        }
        let at = self
            .held
            .partition_point(|unit| unit.ahead_of(position.next) < ahead);
        if self
            .held
            .get(at)
            .is_some_and(|unit| unit.sequence_number == Some(sequence_number))
        {
            self.statistics.duplicates += 1;
            return Ok(());
        }
        let unit = self.unit(Some(sequence_number), timestamp, payload.primary());
        self.held.insert(at, unit);
        self.drop_spare(timestamp);
        for block in payload.redundant() {
            self.keep_spare(position, timestamp, block);
        }
        self.release(false);
        Ok(())
    }

    /// The next media in order, or `None` until another packet has come.
    pub fn poll_media(&mut self) -> Option<Media<'_>> {
        let unit = self.ready.pop_front()?;
        let polled = core::mem::replace(&mut self.polled, unit);
        self.recycle(polled);
        let Unit {
            sequence_number,
            timestamp,
            payload_type,
            ref payload,
        } = self.polled;
        let origin = match sequence_number {
            Some(sequence_number) => Origin::Primary { sequence_number },
            None => Origin::Recovered,
        };
        Some(Media {
            origin,
            timestamp,
            payload_type,
            payload,
        })
    }

    /// Waits no longer for missing packets: everything held becomes ready.
    pub fn flush(&mut self) {
        self.release(true);
    }

    fn begin(&mut self, sequence_number: u16, timestamp: u32, primary: Block<'_>) {
        self.restart_at = None;
        self.position = Some(Position {
            next: sequence_number.wrapping_add(1),
            timestamp,
            received: 1,
        });
        let unit = self.unit(Some(sequence_number), timestamp, primary);
        self.make_ready(unit);
    }

    /// Keeps a redundant block if it is of a packet that is missing.
    fn keep_spare(&mut self, position: Position, packet_timestamp: u32, block: Block<'_>) {
        if block.payload.is_empty() || block.timestamp_offset == 0 {
            return;
        }
        let timestamp = block.timestamp(packet_timestamp);
        if !is_after(timestamp, position.timestamp) || self.spare.len() >= self.held_packets.max(1)
        {
            return;
        }
        let following = self
            .held
            .partition_point(|unit| is_after(timestamp, unit.timestamp));
        let Some(next) = self.held.get(following) else {
            return;
        };
        let expected = match following
            .checked_sub(1)
            .and_then(|before| self.held.get(before))
        {
            Some(before) => before.ahead_of(position.next).wrapping_add(1),
            None => 0,
        };
        if next.timestamp == timestamp || next.ahead_of(position.next) == expected {
            return;
        }
        let at = self
            .spare
            .partition_point(|unit| is_after(timestamp, unit.timestamp));
        if self
            .spare
            .get(at)
            .is_none_or(|unit| unit.timestamp != timestamp)
        {
            let unit = self.unit(None, timestamp, block);
            self.spare.insert(at, unit);
        }
    }

    /// Forgets the redundant media of a packet that came after all.
    fn drop_spare(&mut self, timestamp: u32) {
        let at = self
            .spare
            .partition_point(|unit| is_after(timestamp, unit.timestamp));
        if self
            .spare
            .get(at)
            .is_some_and(|unit| unit.timestamp == timestamp)
        {
            if let Some(unit) = self.spare.remove(at) {
                self.recycle(unit);
            }
        }
    }

    /// Makes ready what need not wait, or everything.
    fn release(&mut self, everything: bool) {
        while let (Some(position), Some(front)) = (self.position, self.held.front()) {
            let missing = usize::from(front.ahead_of(position.next));
            let timestamp = front.timestamp;
            let found = self
                .spare
                .partition_point(|unit| is_after(timestamp, unit.timestamp));
            if found < missing && !everything && !self.is_full() {
                return;
            }
            let recovered = found.min(missing);
            self.statistics.recovered += recovered as u64;
            self.statistics.lost += (missing - recovered) as u64;
            for index in 0..found {
                if let Some(unit) = self.spare.pop_front() {
                    if index < recovered {
                        self.make_ready(unit)
                    } else {
                        self.recycle(unit)
                    }
                }
            }
            if let Some(unit) = self.held.pop_front() {
                self.position = Some(position.advanced_by(missing, timestamp));
                self.make_ready(unit);
            }
        }
    }

    fn is_full(&self) -> bool {
        let bytes =
            |units: &VecDeque<Unit>| -> usize { units.iter().map(|unit| unit.payload.len()).sum() };
        self.held.len() > self.held_packets
            || bytes(&self.held).saturating_add(bytes(&self.spare)) > self.held_bytes
    }

    fn make_ready(&mut self, unit: Unit) {
        // Whoever does not poll loses the oldest, not memory.
        if self.ready.len() > 2 * self.held_packets + 2 {
            if let Some(oldest) = self.ready.pop_front() {
                self.statistics.unpolled += 1;
                self.recycle(oldest);
            }
        }
        self.ready.push_back(unit);
    }

    fn unit(&mut self, sequence_number: Option<u16>, timestamp: u32, block: Block<'_>) -> Unit {
        let mut payload = self.pool.pop().unwrap_or_default();
        payload.clear();
        payload.extend_from_slice(block.payload);
        Unit {
            sequence_number,
            timestamp,
            payload_type: block.payload_type,
            payload,
        }
    }

    fn recycle(&mut self, unit: Unit) {
        if self.pool.len() <= self.held_packets {
            self.pool.push(unit.payload);
        }
    }
}

impl Unit {
    /// How far this packet is ahead of the next in order.
    fn ahead_of(&self, next: u16) -> u16 {
        self.sequence_number
            .map_or(0, |number| number.wrapping_sub(next))
    }
}

impl Position {
    /// After `missing` packets and the one behind them.
    fn advanced_by(self, missing: usize, timestamp: u32) -> Self {
        let steps = missing as u32 + 1;
        Self {
            next: self.next.wrapping_add(steps as u16),
            timestamp,
            received: self.received.checked_shl(steps).unwrap_or(0) | 1,
        }
    }

    fn has_received(&self, sequence_number: u16) -> bool {
        let back = self.next.wrapping_sub(sequence_number).wrapping_sub(1);
        self.received
            .checked_shr(u32::from(back))
            .is_some_and(|bits| bits & 1 == 1)
    }
}

/// Whether one timestamp is after another, modulo 2³².
const fn is_after(timestamp: u32, other: u32) -> bool {
    let ahead = timestamp.wrapping_sub(other);
    ahead != 0 && ahead < 1 << 31
}
