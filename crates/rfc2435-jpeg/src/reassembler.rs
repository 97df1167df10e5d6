//! Puts frames together from packets (RFC 2435 §4.3).

mod assembly;

use alloc::vec::Vec;

use crate::interchange::Interchange;
use crate::{ErrorKind, JpegPayload, MAX_FRAME_BYTES, ParseError, QuantizationTables, Scanning};
use assembly::{Added, Assembly, Fault, Header};

/// A timestamp behind another by less than this is late, by more another stream: ten seconds.
const LATE: u32 = 10 * 90_000;

/// The bounds of a [`Reassembler`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ReassemblerConfig {
    /// The most bytes that the scan of a frame may have, 4 MiB unless set, at most 2²⁴.
    pub frame_bytes: usize,
    /// How many frames may be incomplete at once, 2 unless set; 0 counts as 1.
    pub frames: usize,
    /// Width and height in pixels for frames whose header has 0 for either: they are known
    /// otherwise, as from a session description. Without them, such frames are dropped.
    pub dimensions: Option<(u16, u16)>,
}

impl Default for ReassemblerConfig {
    fn default() -> Self {
        Self {
            frame_bytes: 4 << 20,
            frames: 2,
            dimensions: None,
        }
    }
}

/// A complete frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Frame<'a> {
    /// The RTP timestamp.
    pub timestamp: u32,
    /// The width in pixels.
    pub width: u16,
    /// The height in pixels, of a field if the video is interlaced.
    pub height: u16,
    /// What the image is of the picture.
    pub scanning: Scanning,
    /// A complete JPEG image.
    pub jpeg: &'a [u8],
}

/// What a [`Reassembler`] has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Statistics {
    /// Packets with a valid payload.
    pub packets: u64,
    /// Packets refused as malformed.
    pub malformed: u64,
    /// Packets whose data had come before.
    pub duplicates: u64,
    /// Packets of frames that were complete or given up, duplicates of the last among them.
    pub late: u64,
    /// Frames completed.
    pub frames: u64,
    /// Frames given up because packets were missing when a later frame was complete or had no
    /// room.
    pub incomplete: u64,
    /// Frames given up because their packets contradict each other: other header fields, an
    /// overlap, data beyond the end; or because they came in too many pieces.
    pub inconsistent: u64,
    /// Frames given up because they exceed [`ReassemblerConfig::frame_bytes`].
    pub too_large: u64,
    /// Complete frames dropped because their quantization tables never came.
    pub without_tables: u64,
    /// Complete frames dropped because their header has no dimensions and the configuration
    /// neither.
    pub without_dimensions: u64,
    /// Complete frames dropped because nobody polled them before the next.
    pub unpolled: u64,
}

/// Makes complete JPEG images from payloads.
///
/// Give it every packet of one source and poll after each. Packets may come in any order within a
/// frame, and those of two frames mixed; frames come out in the order of their timestamps, and
/// one that is complete gives up all before it. A frame that lacks a packet never comes out.
///
/// The memory in use is at most a constant times the bytes received, and bounded by the
/// configuration: for each incomplete frame and two more its bytes, and 32 KiB of tables.
#[derive(Debug, Clone)]
pub struct Reassembler {
    config: ReassemblerConfig,
    assemblies: Vec<Assembly>,
    /// Assemblies to use again.
    pool: Vec<Assembly>,
    /// The timestamp of the frame that was completed or given up last.
    finished: Option<u32>,
    /// The tables of Q values from 128 to 254.
    tables: Vec<(u8, QuantizationTables)>,
    ready: Option<Ready>,
    /// The bytes of what is ready, or of what was polled last and is lent out.
    image: Vec<u8>,
    statistics: Statistics,
}

/// A frame that is complete: the rest is in [`Reassembler::image`].
#[derive(Debug, Clone, Copy)]
struct Ready {
    timestamp: u32,
    width: u16,
    height: u16,
    scanning: Scanning,
    /// Where the image begins.
    start: usize,
}

/// A packet that is sound by itself.
struct Sound<'a> {
    payload: JpegPayload<&'a [u8]>,
    header: Header,
    tables: Option<QuantizationTables>,
}

impl Reassembler {
    /// A reassembler before its first packet.
    pub fn new(config: ReassemblerConfig) -> Self {
        Self {
            config: ReassemblerConfig {
                frame_bytes: config.frame_bytes.min(MAX_FRAME_BYTES),
                frames: config.frames.max(1),
                ..config
            },
            assemblies: Vec::new(),
            pool: Vec::new(),
            finished: None,
            tables: Vec::new(),
            ready: None,
            image: Vec::new(),
            statistics: Statistics::default(),
        }
    }

    /// What has been seen so far.
    pub const fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Sets the tables of a Q of 128 to 254 that are known otherwise than from the packets (§4.2).
    /// Tables that come with a packet replace them. Another Q is ignored.
    pub fn set_tables(&mut self, q: u8, tables: QuantizationTables) {
        if !(128..=254).contains(&q) {
            return;
        }
        match self.tables.iter_mut().find(|(known, _)| *known == q) {
            Some((_, known)) => *known = tables,
            None => self.tables.push((q, tables)),
        }
    }

    /// Takes the payload of a packet with its RTP timestamp and marker.
    ///
    /// # Errors
    ///
    /// If the payload is malformed, or its type or Q are reserved; the packet then counts as not
    /// received.
    pub fn handle_packet(
        &mut self,
        timestamp: u32,
        marker: bool,
        payload: &[u8],
    ) -> Result<(), ParseError> {
        let read = Self::read(payload);
        let Sound {
            payload,
            header,
            tables,
        } = read.inspect_err(|_| self.statistics.malformed += 1)?;
        self.statistics.packets += 1;
        if let Some(tables) = tables {
            self.set_tables(header.main.q, tables);
        }
        let Some(index) = self.assembly_of(timestamp, header) else {
            self.statistics.late += 1;
            return Ok(());
        };
        let Some(assembly) = self.assemblies.get_mut(index) else {
            return Ok(());
        };
        let Some(expected) = assembly.header else {
            // Given up; the rest of its packets say nothing.
            return Ok(());
        };
        if tables.is_some() {
            assembly.tables = tables;
        }
        let added = if expected.agrees_with(&header) {
            let offset = header.main.fragment_offset as usize;
            assembly.add(offset, payload.fragment(), marker, self.config.frame_bytes)
        } else {
            Err(Fault::Inconsistent)
        };
        match added {
            Ok(Added::New) => {}
            Ok(Added::Duplicate) => self.statistics.duplicates += 1,
            Err(fault) => {
                assembly.give_up();
                match fault {
                    Fault::Inconsistent => self.statistics.inconsistent += 1,
                    Fault::TooLarge => self.statistics.too_large += 1,
                }
                return Ok(());
            }
        }
        if assembly.is_complete() {
            self.complete(index);
        }
        Ok(())
    }

    /// The frame that became complete, if the last packet completed one.
    pub fn poll_frame(&mut self) -> Option<Frame<'_>> {
        let ready = self.ready.take()?;
        Some(Frame {
            timestamp: ready.timestamp,
            width: ready.width,
            height: ready.height,
            scanning: ready.scanning,
            jpeg: self.image.get(ready.start..).unwrap_or_default(),
        })
    }

    /// Forgets incomplete frames and where the stream stood, as when another one begins. Tables
    /// and statistics stay.
    pub fn reset(&mut self) {
        while let Some(assembly) = self.assemblies.pop() {
            self.retire(assembly);
        }
        self.finished = None;
    }

    /// Everything that can be wrong with a packet by itself.
    fn read(payload: &[u8]) -> Result<Sound<'_>, ParseError> {
        let payload = JpegPayload::parse(payload)?;
        let main = payload.header();
        let sampling = main
            .sampling()
            .ok_or(ParseError::new(ErrorKind::ReservedType, 4))?;
        if matches!(main.q, 0 | 100..=127) {
            return Err(ParseError::new(ErrorKind::ReservedQ, 5));
        }
        let restart_interval = payload.restart().map(|restart| restart.interval());
        let tables = match payload.quantization_tables() {
            Some(header) if !header.data.is_empty() => {
                let length_at = if restart_interval.is_some() { 14 } else { 10 };
                let kind = ErrorKind::InvalidQuantizationTablesLength;
                Some(header.tables().ok_or(ParseError::new(kind, length_at))?)
            }
            _ => None,
        };
        let header = Header {
            main,
            sampling,
            restart_interval,
        };
        Ok(Sound {
            payload,
            header,
            tables,
        })
    }

    /// The assembly of a frame, a new one if need be; `None` if the frame is past.
    fn assembly_of(&mut self, timestamp: u32, header: Header) -> Option<usize> {
        let same = |assembly: &Assembly| assembly.timestamp == timestamp;
        if let Some(index) = self.assemblies.iter().position(same) {
            return Some(index);
        }
        let is_full = self.assemblies.len() >= self.config.frames;
        let is_late = self
            .finished
            .is_some_and(|finished| is_late(timestamp, finished))
            || is_full
                && self
                    .assemblies
                    .iter()
                    .all(|assembly| is_late(timestamp, assembly.timestamp));
        if is_late {
            return None;
        }
        if is_full {
            let age = |assembly: &Assembly| timestamp.wrapping_sub(assembly.timestamp);
            let oldest = (0..self.assemblies.len())
                .max_by_key(|&index| self.assemblies.get(index).map(age))?;
            let assembly = self.assemblies.swap_remove(oldest);
            self.finished = Some(assembly.timestamp);
            self.retire(assembly);
        }
        let mut assembly = self.pool.pop().unwrap_or_default();
        assembly.begin(timestamp, header);
        self.assemblies.push(assembly);
        Some(self.assemblies.len() - 1)
    }

    fn complete(&mut self, index: usize) {
        let mut assembly = self.assemblies.swap_remove(index);
        let timestamp = assembly.timestamp;
        self.finished = Some(timestamp);
        let mut position = 0;
        while let Some(other) = self.assemblies.get(position) {
            if is_late(other.timestamp, timestamp) {
                let other = self.assemblies.swap_remove(position);
                self.retire(other);
            } else {
                position += 1;
            }
        }
        if let Some(ready) = self.finish(&mut assembly) {
            self.statistics.frames += 1;
            if self.ready.replace(ready).is_some() {
                self.statistics.unpolled += 1;
            }
            core::mem::swap(&mut self.image, &mut assembly.buffer);
        }
        assembly.header = None;
        self.retire(assembly);
    }

    /// Makes the buffer of a complete frame an image, if the tables and dimensions are known.
    fn finish(&mut self, assembly: &mut Assembly) -> Option<Ready> {
        let header = assembly.header?;
        let q = header.main.q;
        let known = || self.tables.iter().find(|(known, _)| *known == q);
        let tables = assembly
            .tables
            .or_else(|| QuantizationTables::from_q(q))
            .or_else(|| known().map(|(_, tables)| *tables));
        let Some(tables) = tables else {
            self.statistics.without_tables += 1;
            return None;
        };
        let dimensions = match (header.main.width(), header.main.height()) {
            (0, _) | (_, 0) => self.config.dimensions,
            dimensions => Some(dimensions),
        };
        let Some((width, height)) = dimensions else {
            self.statistics.without_dimensions += 1;
            return None;
        };
        let interchange = Interchange {
            width,
            height,
            sampling: header.sampling,
            tables: &tables,
            restart_interval: header.restart_interval,
        };
        Some(Ready {
            timestamp: assembly.timestamp,
            width,
            height,
            scanning: Scanning::from_type_specific(header.main.type_specific),
            start: assembly.make_image(&interchange, &mut self.image),
        })
    }

    /// Keeps the buffers of a frame that is done with, and counts it if it was not complete.
    fn retire(&mut self, assembly: Assembly) {
        if assembly.header.is_some() {
            self.statistics.incomplete += 1;
        }
        if self.pool.len() <= self.config.frames {
            self.pool.push(assembly);
        }
    }
}

/// Whether a timestamp is not after another, nor so far before it that it is of another stream.
const fn is_late(timestamp: u32, other: u32) -> bool {
    other.wrapping_sub(timestamp) < LATE
}
