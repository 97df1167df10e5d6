//! Cuts an image into packets (RFC 2435 §4.3, §4.4, Appendix C).

use core::num::NonZeroU16;

use crate::scan::{Marker, Markers};
use crate::{
    JpegImage, JpegPayloadBuilder, MAX_DIMENSION, MAX_FRAME_BYTES, MainHeader, QuantizationTables,
    RestartMarkerHeader, Scanning, WriteError,
};

/// How a [`Packetizer`] cuts images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PacketizerConfig {
    /// Bytes that the payload of a packet may have, 1400 unless set.
    pub packet_bytes: usize,
    /// The Q to send. Unless set, the Q of 1 to 99 that gives the image's tables, or 255 if none
    /// does. With 128 to 255 the tables are in every frame; with 128 to 254 they must never
    /// change under the same Q.
    pub q: Option<u8>,
    /// What the image is of the picture, the whole unless set.
    pub scanning: Scanning,
    /// Whether an image with restart markers is cut at them, so that a receiver could decode what
    /// is left of a frame; not unless set.
    pub align_restart_intervals: bool,
}

impl Default for PacketizerConfig {
    fn default() -> Self {
        Self {
            packet_bytes: 1400,
            q: None,
            scanning: Scanning::Progressive,
            align_restart_intervals: false,
        }
    }
}

/// Writes the payloads of one frame, one after another, without allocating.
///
/// All have the same RTP timestamp, of a clock of 90 000 Hz.
#[derive(Debug, Clone)]
pub struct Packetizer<'a> {
    image: &'a JpegImage<'a>,
    packet_bytes: usize,
    /// With the offset of the next packet.
    header: MainHeader,
    restart: Option<Restart>,
}

/// Where cutting stands in an image with restart markers.
#[derive(Debug, Clone, Copy)]
struct Restart {
    interval: NonZeroU16,
    /// `None` if packets are cut anywhere.
    chunk: Option<Chunk>,
}

#[derive(Debug, Clone, Copy)]
struct Chunk {
    /// The chunk's first restart interval.
    count: u16,
    /// Whether the next packet is its first.
    first: bool,
    /// Restart markers that the chunk has within.
    markers: u16,
}

/// What [`Packetizer::write_next`] wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Packet {
    /// Bytes of the payload.
    pub len: usize,
    /// The RTP marker: set in the last packet of the frame.
    pub marker: bool,
}

impl<'a> Packetizer<'a> {
    /// Begins a frame.
    ///
    /// # Errors
    ///
    /// If the image is larger than 2040 pixels or 2²⁴ bytes, `q` does not go with its tables, a
    /// packet has no room for data, or restart intervals cannot be counted.
    pub fn new(image: &'a JpegImage<'a>, config: PacketizerConfig) -> Result<Self, WriteError> {
        let end = image.scan().len();
        if end > MAX_FRAME_BYTES {
            return Err(WriteError::FragmentBeyondFrame { end });
        }
        let restart = match image.restart_interval() {
            Some(interval) => Some(Restart {
                interval,
                chunk: config
                    .align_restart_intervals
                    .then(|| Chunk::first_of(image.scan()))
                    .transpose()?,
            }),
            None => None,
        };
        let packetizer = Self {
            image,
            packet_bytes: config.packet_bytes,
            header: MainHeader {
                type_specific: config.scanning.to_type_specific(),
                fragment_offset: 0,
                jpeg_type: image.sampling().jpeg_type(restart.is_some()),
                q: choose_q(image.tables(), config.q)?,
                width_units: units(image.width())?,
                height_units: units(image.height())?,
            },
            restart,
        };
        let headers = packetizer.builder(&[], true).encoded_len();
        if headers >= config.packet_bytes {
            return Err(WriteError::PacketTooSmall {
                needed: headers + 1,
                available: config.packet_bytes,
            });
        }
        Ok(packetizer)
    }

    /// Writes the next payload to the start of `buffer`; `None` when the frame is complete.
    ///
    /// # Errors
    ///
    /// If the buffer is smaller than the payload, which a buffer of
    /// [`PacketizerConfig::packet_bytes`] never is; the same payload is then still the next.
    pub fn write_next(&mut self, buffer: &mut [u8]) -> Result<Option<Packet>, WriteError> {
        let offset = self.header.fragment_offset as usize;
        let rest = self.image.scan().get(offset..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(None);
        }
        let room = self.packet_bytes - self.builder(&[], true).encoded_len();
        let (length, chunk) = match self.restart.and_then(|restart| restart.chunk) {
            Some(chunk) => chunk.cut(rest, room),
            None => (rest.len().min(room), None),
        };
        let (fragment, after) = rest.split_at(length);
        let ends_chunk = chunk.is_some_and(|next| next.first);
        let len = self.builder(fragment, ends_chunk).write_into(buffer)?;
        // At most 2²⁴.
        self.header.fragment_offset += length as u32;
        if let Some(restart) = &mut self.restart {
            restart.chunk = chunk;
        }
        let marker = after.is_empty();
        Ok(Some(Packet { len, marker }))
    }

    /// The next payload with the given fragment, which may be the last of its chunk.
    fn builder<'b>(&'b self, fragment: &'b [u8], ends_chunk: bool) -> JpegPayloadBuilder<'b> {
        let mut builder = JpegPayloadBuilder::new(self.header, fragment);
        if let Some(Restart { interval, chunk }) = self.restart {
            builder = builder.restart(match chunk {
                Some(Chunk { count, first, .. }) => {
                    RestartMarkerHeader::chunk(interval, first, ends_chunk, count)
                        .expect("restart markers were counted")
                }
                None => RestartMarkerHeader::unaligned(interval),
            });
        }
        if self.header.has_quantization_tables() {
            builder = builder.quantization_tables(self.image.tables());
        }
        builder
    }
}

impl Chunk {
    fn first_of(scan: &[u8]) -> Result<Self, WriteError> {
        let markers = Markers::new(scan).count();
        if markers > usize::from(RestartMarkerHeader::MAX_COUNT) {
            return Err(WriteError::TooManyRestartIntervals(markers + 1));
        }
        Ok(Self {
            count: 0,
            first: true,
            markers: 0,
        })
    }

    /// How many bytes of what is left of the scan the next packet takes, and where the one after
    /// it stands: the most restart intervals that fit, or a part of one.
    fn cut(self, rest: &[u8], room: usize) -> (usize, Option<Self>) {
        if rest.len() <= room {
            let next = Self {
                first: true,
                ..self
            };
            return (rest.len(), Some(next));
        }
        let window = rest.get(..room.saturating_add(2)).unwrap_or(rest);
        let inside = |marker: &Marker| marker.offset > 0 && marker.offset <= room;
        let mut length = 0;
        let mut markers = self.markers;
        for marker in Markers::new(window).filter(inside) {
            length = marker.offset;
            markers += 1;
        }
        if length > 0 {
            let next = Self {
                count: self.count + markers,
                first: true,
                markers: 0,
            };
            return (length, Some(next));
        }
        let next = Self {
            first: false,
            ..self
        };
        (room, Some(next))
    }
}

fn choose_q(tables: &QuantizationTables, wanted: Option<u8>) -> Result<u8, WriteError> {
    match wanted {
        None => Ok(tables.q().unwrap_or(255)),
        Some(q @ 128..) => Ok(q),
        Some(q) => match QuantizationTables::from_q(q) {
            Some(formula) if formula == *tables => Ok(q),
            Some(_) => Err(WriteError::TablesDisagreeWithQ(q)),
            None => Err(WriteError::ReservedQ(q)),
        },
    }
}

/// A dimension in units of eight pixels, rounded up.
fn units(pixels: u16) -> Result<u8, WriteError> {
    u8::try_from(pixels.div_ceil(8)).map_err(|_| {
        debug_assert!(pixels > MAX_DIMENSION, "2040 is 255 units");
        WriteError::DimensionTooLarge(pixels)
    })
}
