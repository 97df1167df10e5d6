//! A frame of video, cut into payloads once for all its receivers (RFC 2435).

use std::ops::Range;

use bytes::Bytes;
use rfc2435_jpeg::{JpegImage, Packetizer, PacketizerConfig};

use super::MovieError;

/// A JPEG image as the payloads of RTP packets.
///
/// It is cut once; what differs from receiver to receiver, the RTP header, is not in it.
#[derive(Debug, Clone)]
pub struct VideoFrame {
    bytes: Bytes,
    payloads: Vec<Range<usize>>,
    width: u16,
    height: u16,
}

impl VideoFrame {
    /// Cuts an image into payloads of at most `packet_bytes`.
    ///
    /// # Errors
    ///
    /// If it is no JPEG image, or one that the payload format cannot carry.
    pub fn new(jpeg: &[u8], packet_bytes: usize) -> Result<Self, MovieError> {
        let image = JpegImage::parse(jpeg).map_err(MovieError::Image)?;
        let mut config = PacketizerConfig::default();
        config.packet_bytes = packet_bytes;
        let mut packetizer = Packetizer::new(&image, config).map_err(MovieError::Payload)?;
        let (mut bytes, mut payloads) = (Vec::with_capacity(jpeg.len()), Vec::new());
        let mut buffer = vec![0; packet_bytes];
        while let Some(packet) = packetizer
            .write_next(&mut buffer)
            .map_err(MovieError::Payload)?
        {
            let start = bytes.len();
            bytes.extend_from_slice(buffer.get(..packet.len).unwrap_or_default());
            payloads.push(start..bytes.len());
        }
        Ok(Self {
            bytes: bytes.into(),
            payloads,
            width: image.width(),
            height: image.height(),
        })
    }

    /// How many packets it takes.
    pub fn packets(&self) -> usize {
        self.payloads.len()
    }

    /// A payload, and whether it is the last one, whose packet has the marker.
    pub fn payload(&self, index: usize) -> Option<(&[u8], bool)> {
        let payload = self.bytes.get(self.payloads.get(index)?.clone())?;
        Some((payload, index + 1 == self.payloads.len()))
    }

    /// Bytes of all payloads.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are none, which no image has.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Width and height in pixels.
    pub const fn dimensions(&self) -> (u16, u16) {
        (self.width, self.height)
    }
}
