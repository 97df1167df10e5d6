//! Keeps what was sent and adds it to later packets (RFC 2198 §3).

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::block::check_payload_type;
use crate::{Block, MAX_BLOCK_LENGTH, MAX_TIMESTAMP_OFFSET, WriteError, payload};

/// How much redundancy an [`Encoder`] adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct EncoderConfig {
    /// How many earlier packets each packet repeats, 1 unless set.
    pub generations: usize,
    /// How many packets lie between two generations, 1 unless set: with 2 and two generations, a
    /// packet repeats the second and the fourth before it. 0 counts as 1.
    pub distance: usize,
}

impl Default for EncoderConfig {
    fn default() -> Self {
        Self {
            generations: 1,
            distance: 1,
        }
    }
}

/// One encoding of an interval of sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Encoding<'a> {
    /// The payload type, 0 to 127.
    pub payload_type: u8,
    /// The encoded data.
    pub payload: &'a [u8],
}

/// Makes redundant payloads from a stream of primary ones.
///
/// It keeps `generations × distance` packets and, once they are there, allocates nothing more.
///
/// ```
/// use rfc2198_red::{Encoder, EncoderConfig, Encoding, RedPayload};
///
/// let mut encoder = Encoder::new(EncoderConfig::default());
/// let mut buffer = [0; 1500];
/// encoder.encode(1000, Encoding { payload_type: 0, payload: &[1; 160] }, &mut buffer)?;
/// let length = encoder.encode(1160, Encoding { payload_type: 0, payload: &[2; 160] }, &mut buffer)?;
/// assert_eq!(length, 4 + 1 + 160 + 160);
/// # Ok::<(), rfc2198_red::WriteError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Encoder {
    generations: usize,
    distance: usize,
    /// What was sent, the newest first; at most `generations × distance`.
    history: VecDeque<Sent>,
}

#[derive(Debug, Clone, Default)]
struct Sent {
    timestamp: u32,
    payload_type: u8,
    payload: Vec<u8>,
}

impl Encoder {
    /// An encoder that has sent nothing yet.
    pub fn new(config: EncoderConfig) -> Self {
        Self {
            generations: config.generations,
            distance: config.distance.max(1),
            history: VecDeque::new(),
        }
    }

    /// Writes the payload for `primary` with its redundancy to the start of `buffer`, returns its
    /// length, and remembers `primary` as the redundancy of later packets.
    ///
    /// A block is left out when it does not fit: longer than [`MAX_BLOCK_LENGTH`], further back
    /// than [`MAX_TIMESTAMP_OFFSET`], or not before `timestamp`.
    ///
    /// # Errors
    ///
    /// As [`Encoder::encode_with`].
    pub fn encode(
        &mut self,
        timestamp: u32,
        primary: Encoding<'_>,
        buffer: &mut [u8],
    ) -> Result<usize, WriteError> {
        self.encode_with(timestamp, primary, primary, buffer)
    }

    /// As [`Encoder::encode`], but later packets repeat `redundant`, a smaller encoding of the
    /// same interval.
    ///
    /// # Errors
    ///
    /// If the buffer is too small, a payload type exceeds 127, or `redundant` is larger than
    /// `primary`. Nothing is written or remembered then.
    pub fn encode_with(
        &mut self,
        timestamp: u32,
        primary: Encoding<'_>,
        redundant: Encoding<'_>,
        buffer: &mut [u8],
    ) -> Result<usize, WriteError> {
        check_payload_type(redundant.payload_type)?;
        if redundant.payload.len() > primary.payload.len() {
            return Err(WriteError::RedundancyLargerThanPrimary {
                redundant: redundant.payload.len(),
                primary: primary.payload.len(),
            });
        }
        let written = self.write(timestamp, primary, buffer)?;
        self.remember(timestamp, redundant);
        Ok(written)
    }

    /// Forgets what was sent, as where a new encryption key begins (RFC 2198 §6).
    pub fn reset(&mut self) {
        self.history.clear();
    }

    fn write(
        &self,
        timestamp: u32,
        primary: Encoding<'_>,
        buffer: &mut [u8],
    ) -> Result<usize, WriteError> {
        let oldest_first = self
            .history
            .iter()
            .skip(self.distance - 1)
            .step_by(self.distance)
            .rev();
        let redundant = oldest_first.filter_map(|sent| sent.block(timestamp));
        payload::write(redundant, primary.payload_type, primary.payload, buffer)
    }

    fn remember(&mut self, timestamp: u32, encoding: Encoding<'_>) {
        let kept = self.generations.saturating_mul(self.distance);
        if kept == 0 {
            return;
        }
        let mut sent = if self.history.len() >= kept {
            self.history.pop_back().unwrap_or_default()
        } else {
            Sent::default()
        };
        sent.timestamp = timestamp;
        sent.payload_type = encoding.payload_type;
        sent.payload.clear();
        sent.payload.extend_from_slice(encoding.payload);
        self.history.push_front(sent);
    }
}

impl Sent {
    /// This as a block of a packet with the given timestamp, if it fits one.
    fn block(&self, packet_timestamp: u32) -> Option<Block<'_>> {
        let offset = packet_timestamp.wrapping_sub(self.timestamp);
        let timestamp_offset = u16::try_from(offset).ok()?;
        let fits = (1..=MAX_TIMESTAMP_OFFSET).contains(&timestamp_offset)
            && self.payload.len() <= usize::from(MAX_BLOCK_LENGTH);
        fits.then_some(Block {
            payload_type: self.payload_type,
            timestamp_offset,
            payload: &self.payload,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RedPayload;
    use alloc::vec;

    fn pcmu(payload: &[u8]) -> Encoding<'_> {
        Encoding {
            payload_type: 0,
            payload,
        }
    }

    fn offsets(encoder: &mut Encoder, timestamp: u32) -> Vec<(u16, u8)> {
        let mut buffer = [0x5a; 3000];
        let tag = (timestamp / 160) as u8;
        let length = encoder
            .encode(timestamp, pcmu(&[tag; 160]), &mut buffer)
            .unwrap();
        let payload = RedPayload::parse(&buffer[..length]).unwrap();
        assert_eq!(payload.primary().payload, [tag; 160]);
        payload
            .redundant()
            .map(|block| (block.timestamp_offset, block.payload[0]))
            .collect()
    }

    #[test]
    fn generations_come_oldest_first() {
        let mut encoder = Encoder::new(EncoderConfig {
            generations: 3,
            distance: 1,
        });
        assert_eq!(offsets(&mut encoder, 160), []);
        assert_eq!(offsets(&mut encoder, 320), [(160, 1)]);
        assert_eq!(offsets(&mut encoder, 480), [(320, 1), (160, 2)]);
        assert_eq!(offsets(&mut encoder, 640), [(480, 1), (320, 2), (160, 3)]);
        assert_eq!(offsets(&mut encoder, 800), [(480, 2), (320, 3), (160, 4)]);
    }

    #[test]
    fn distance_spreads_the_generations() {
        let mut encoder = Encoder::new(EncoderConfig {
            generations: 2,
            distance: 2,
        });
        for n in 1..=4 {
            offsets(&mut encoder, n * 160);
        }
        assert_eq!(offsets(&mut encoder, 800), [(640, 1), (320, 3)]);
    }

    #[test]
    fn no_generations_is_the_primary_alone() {
        let mut encoder = Encoder::new(EncoderConfig {
            generations: 0,
            distance: 1,
        });
        assert_eq!(offsets(&mut encoder, 160), []);
        assert_eq!(offsets(&mut encoder, 320), []);
    }

    #[test]
    fn what_does_not_fit_a_header_is_left_out() {
        let mut encoder = Encoder::new(EncoderConfig::default());
        let mut buffer = vec![0; 4000];
        encoder.encode(0, pcmu(&[0; 1024]), &mut buffer).unwrap();
        assert_eq!(
            encoder.encode(160, pcmu(&[0; 8]), &mut buffer),
            Ok(9),
            "1024 bytes"
        );
        assert_eq!(
            encoder.encode(160 + 16384, pcmu(&[0; 8]), &mut buffer),
            Ok(9),
            "offset 16384"
        );
        assert_eq!(
            encoder.encode(160 + 16384, pcmu(&[0; 8]), &mut buffer),
            Ok(9),
            "offset 0"
        );
        assert_eq!(
            encoder.encode(160 + 2 * 16384 - 1, pcmu(&[0; 8]), &mut buffer),
            Ok(21)
        );
    }

    #[test]
    fn timestamps_wrap() {
        let mut encoder = Encoder::new(EncoderConfig::default());
        let mut buffer = [0; 64];
        encoder
            .encode(u32::MAX - 99, pcmu(&[1; 8]), &mut buffer)
            .unwrap();
        let length = encoder.encode(60, pcmu(&[2; 8]), &mut buffer).unwrap();
        let payload = RedPayload::parse(&buffer[..length]).unwrap();
        assert_eq!(payload.redundant().next().unwrap().timestamp_offset, 160);
    }

    #[test]
    fn redundancy_is_never_larger_than_the_primary() {
        let mut encoder = Encoder::new(EncoderConfig::default());
        let large = Encoding {
            payload_type: 8,
            payload: &[0; 21],
        };
        assert_eq!(
            encoder.encode_with(0, pcmu(&[0; 20]), large, &mut [0; 64]),
            Err(WriteError::RedundancyLargerThanPrimary {
                redundant: 21,
                primary: 20
            })
        );
        let small = Encoding {
            payload_type: 7,
            payload: &[7; 14],
        };
        let mut buffer = [0; 128];
        encoder
            .encode_with(0, pcmu(&[0; 20]), small, &mut buffer)
            .unwrap();
        let length = encoder.encode(160, pcmu(&[0; 20]), &mut buffer).unwrap();
        let payload = RedPayload::parse(&buffer[..length]).unwrap();
        let block = payload.redundant().next().unwrap();
        assert_eq!((block.payload_type, block.payload), (7, &[7; 14][..]));
    }

    #[test]
    fn a_failed_write_remembers_nothing() {
        let mut encoder = Encoder::new(EncoderConfig::default());
        let error = encoder.encode(0, pcmu(&[0; 20]), &mut [0; 20]);
        assert_eq!(
            error,
            Err(WriteError::BufferTooSmall {
                needed: 21,
                available: 20
            })
        );
        assert_eq!(encoder.encode(160, pcmu(&[0; 20]), &mut [0; 21]), Ok(21));
    }

    #[test]
    fn reset_begins_without_redundancy() {
        let mut encoder = Encoder::new(EncoderConfig::default());
        offsets(&mut encoder, 160);
        encoder.reset();
        assert_eq!(offsets(&mut encoder, 320), []);
    }
}
