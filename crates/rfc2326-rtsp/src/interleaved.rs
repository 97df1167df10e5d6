//! Interleaved binary data: `$`, a channel, a length, the data (RFC 2326 §10.12).

use crate::WriteError;

const HEADER_LEN: usize = 4;

/// A frame of stream data in a connection, over any buffer that begins with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InterleavedFrame<B> {
    buffer: B,
    channel: u8,
    length: u16,
}

impl<B: AsRef<[u8]>> InterleavedFrame<B> {
    /// The byte that a frame begins with; no message does.
    pub const DOLLAR: u8 = b'$';

    /// Reads the frame that a buffer begins with; `None` if it begins with none, or not with the
    /// whole of it.
    pub fn parse_prefix(buffer: B) -> Option<Self> {
        let &[Self::DOLLAR, channel, high, low] = buffer.as_ref().first_chunk()? else {
            return None;
        };
        let length = u16::from_be_bytes([high, low]);
        let frame = Self {
            buffer,
            channel,
            length,
        };
        (frame.buffer.as_ref().len() >= frame.encoded_len()).then_some(frame)
    }

    /// The channel, which the Transport header gave a meaning.
    pub const fn channel(&self) -> u8 {
        self.channel
    }

    /// The data: one packet of the upper layer.
    pub fn data(&self) -> &[u8] {
        let frame = self
            .buffer
            .as_ref()
            .get(..self.encoded_len())
            .unwrap_or_default();
        frame.get(HEADER_LEN..).unwrap_or_default()
    }

    /// Bytes of the frame with its header.
    pub const fn encoded_len(&self) -> usize {
        HEADER_LEN + self.length as usize
    }

    /// The buffer that the frame was read from.
    pub fn into_inner(self) -> B {
        self.buffer
    }
}

/// The header of a frame, to be sent before its data.
///
/// # Errors
///
/// If the data exceed 65535 bytes.
pub fn interleaved_header(channel: u8, data_length: usize) -> Result<[u8; 4], WriteError> {
    let length = u16::try_from(data_length).map_err(|_| WriteError::FrameTooLong(data_length))?;
    let [high, low] = length.to_be_bytes();
    Ok([b'$', channel, high, low])
}

/// Writes a frame to the start of `buffer` and returns its length.
///
/// # Errors
///
/// If the data exceed 65535 bytes or the buffer is too small; nothing is written then.
pub fn write_interleaved(channel: u8, data: &[u8], buffer: &mut [u8]) -> Result<usize, WriteError> {
    let header = interleaved_header(channel, data.len())?;
    let needed = HEADER_LEN + data.len();
    let available = buffer.len();
    let Some(buffer) = buffer.get_mut(..needed) else {
        return Err(WriteError::BufferTooSmall { needed, available });
    };
    let (head, body) = buffer.split_at_mut(HEADER_LEN);
    head.copy_from_slice(&header);
    body.copy_from_slice(data);
    Ok(needed)
}
