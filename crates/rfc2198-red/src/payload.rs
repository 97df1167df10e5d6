//! The payload: headers, then the redundant blocks and the primary in the same order (RFC 2198 §3).

use alloc::vec::Vec;
use core::iter::FusedIterator;

use crate::block::check_payload_type;
use crate::{Block, BlockHeader, ErrorKind, ParseError, WriteError};

/// A redundant audio payload over any buffer, validated once.
///
/// ```
/// use rfc2198_red::RedPayload;
///
/// let payload = RedPayload::parse([0x80, 0x02, 0x80, 0x01, 0x00, 0xaa, 0xbb, 0xcc])?;
/// let redundant = payload.redundant().next().expect("one redundant block");
/// assert_eq!((redundant.timestamp_offset, redundant.payload), (160, &[0xaa][..]));
/// assert_eq!(payload.primary().payload, [0xbb, 0xcc]);
/// # Ok::<(), rfc2198_red::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RedPayload<B> {
    buffer: B,
    /// Where the primary's one-byte header is; a multiple of four.
    primary_header: usize,
    /// Where the primary's data begins.
    primary_data: usize,
}

impl<B: AsRef<[u8]>> RedPayload<B> {
    /// Reads the payload of an RTP packet, without its header and padding.
    ///
    /// # Errors
    ///
    /// If no header has F = 0, a header is cut short, or the blocks do not fit the payload.
    pub fn parse(buffer: B) -> Result<Self, ParseError> {
        let bytes = buffer.as_ref();
        let mut header = 0_usize;
        let mut blocks_length = 0_usize;
        loop {
            let rest = bytes.get(header..).unwrap_or_default();
            match rest {
                [] => return Err(ParseError::new(ErrorKind::MissingPrimaryHeader, header)),
                [first, ..] if first & 0x80 == 0 => break,
                _ => {}
            }
            let Some(block) = rest
                .first_chunk()
                .copied()
                .and_then(BlockHeader::from_bytes)
            else {
                return Err(ParseError::new(ErrorKind::TruncatedBlockHeader, header));
            };
            blocks_length = blocks_length.saturating_add(usize::from(block.block_length()));
            header += BlockHeader::LEN;
        }
        let data = header + 1;
        let available = bytes.len() - data;
        if blocks_length > available {
            let offset = first_beyond(bytes, available);
            return Err(ParseError::new(ErrorKind::BlockLengthBeyondPayload, offset));
        }
        Ok(Self {
            buffer,
            primary_header: header,
            primary_data: data + blocks_length,
        })
    }

    /// All blocks in the order of the packet: the redundant ones, then the primary.
    pub fn blocks(&self) -> Blocks<'_> {
        let bytes = self.buffer.as_ref();
        let (headers, data) = bytes.split_at(self.primary_header);
        let (primary_header, data) = data.split_at(1);
        Blocks {
            headers,
            data,
            primary: primary_header.first().copied(),
        }
    }

    /// The redundant blocks in the order of the packet.
    pub fn redundant(&self) -> Blocks<'_> {
        Blocks {
            primary: None,
            ..self.blocks()
        }
    }

    /// How many redundant blocks there are.
    pub const fn redundant_count(&self) -> usize {
        self.primary_header / BlockHeader::LEN
    }

    /// The primary block; its timestamp is the packet's.
    pub fn primary(&self) -> Block<'_> {
        let bytes = self.buffer.as_ref();
        Block {
            payload_type: bytes[self.primary_header],
            timestamp_offset: 0,
            payload: &bytes[self.primary_data..],
        }
    }

    /// The payload as it was received.
    pub fn as_bytes(&self) -> &[u8] {
        self.buffer.as_ref()
    }
}

/// Where the first header stands whose block ends beyond the bytes after the headers.
fn first_beyond(bytes: &[u8], available: usize) -> usize {
    let mut end = 0;
    let beyond = bytes.chunks_exact(BlockHeader::LEN).position(|chunk| {
        let header = chunk
            .first_chunk()
            .copied()
            .and_then(BlockHeader::from_bytes);
        end += header.map_or(0, |header| usize::from(header.block_length()));
        end > available
    });
    beyond.unwrap_or(0) * BlockHeader::LEN
}

/// The blocks of a [`RedPayload`].
#[derive(Debug, Clone)]
pub struct Blocks<'a> {
    headers: &'a [u8],
    data: &'a [u8],
    primary: Option<u8>,
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        let Some((header, headers)) = self.headers.split_first_chunk() else {
            let payload_type = self.primary.take()?;
            return Some(Block {
                payload_type,
                timestamp_offset: 0,
                payload: self.data,
            });
        };
        let header = BlockHeader::from_bytes(*header)?;
        let (payload, data) = self
            .data
            .split_at_checked(usize::from(header.block_length()))?;
        self.headers = headers;
        self.data = data;
        Some(Block {
            payload_type: header.payload_type(),
            timestamp_offset: header.timestamp_offset(),
            payload,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.headers.len() / BlockHeader::LEN + usize::from(self.primary.is_some());
        (left, Some(left))
    }
}

impl ExactSizeIterator for Blocks<'_> {}
impl FusedIterator for Blocks<'_> {}

/// Writes a redundant payload from blocks that the caller has.
///
/// ```
/// use rfc2198_red::{Block, RedPayloadBuilder};
///
/// let redundant = [Block { payload_type: 0, timestamp_offset: 160, payload: &[0xaa; 20] }];
/// let builder = RedPayloadBuilder::new(0, &[0xbb; 20]).redundant(&redundant);
/// let mut buffer = [0; 64];
/// let length = builder.write_into(&mut buffer)?;
/// assert_eq!(buffer[..5], [0x80, 0x02, 0x80, 0x14, 0x00]);
/// assert_eq!(length, 45);
/// # Ok::<(), rfc2198_red::WriteError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RedPayloadBuilder<'a> {
    payload_type: u8,
    primary: &'a [u8],
    redundant: &'a [Block<'a>],
}

impl<'a> RedPayloadBuilder<'a> {
    /// A payload with a primary block alone.
    pub const fn new(payload_type: u8, primary: &'a [u8]) -> Self {
        Self {
            payload_type,
            primary,
            redundant: &[],
        }
    }

    /// The redundant blocks, in the order in which they are written: by custom the oldest first.
    #[must_use]
    pub const fn redundant(self, redundant: &'a [Block<'a>]) -> Self {
        Self { redundant, ..self }
    }

    /// Bytes that the payload takes.
    pub fn encoded_len(&self) -> usize {
        encoded_len(self.redundant.iter().copied(), self.primary)
    }

    /// Writes the payload to the start of `buffer` and returns its length.
    ///
    /// # Errors
    ///
    /// If the buffer is too small or a block does not fit its header's fields; nothing is written
    /// then.
    pub fn write_into(&self, buffer: &mut [u8]) -> Result<usize, WriteError> {
        write(
            self.redundant.iter().copied(),
            self.payload_type,
            self.primary,
            buffer,
        )
    }

    /// The payload in a new vector.
    ///
    /// # Errors
    ///
    /// If a block does not fit its header's fields.
    pub fn to_vec(&self) -> Result<Vec<u8>, WriteError> {
        let mut buffer = alloc::vec![0; self.encoded_len()];
        self.write_into(&mut buffer)?;
        Ok(buffer)
    }
}

fn encoded_len<'a>(redundant: impl Iterator<Item = Block<'a>>, primary: &[u8]) -> usize {
    let redundant: usize = redundant
        .map(|block| BlockHeader::LEN + block.payload.len())
        .sum();
    redundant + 1 + primary.len()
}

/// Writes a payload; nothing if it fails.
pub(crate) fn write<'a>(
    redundant: impl Iterator<Item = Block<'a>> + Clone,
    payload_type: u8,
    primary: &[u8],
    buffer: &mut [u8],
) -> Result<usize, WriteError> {
    check_payload_type(payload_type)?;
    let mut headers_length = 0;
    for block in redundant.clone() {
        header_of(&block)?;
        headers_length += BlockHeader::LEN;
    }
    let needed = encoded_len(redundant.clone(), primary);
    let available = buffer.len();
    let Some(buffer) = buffer.get_mut(..needed) else {
        return Err(WriteError::BufferTooSmall { needed, available });
    };
    let (headers, data) = buffer.split_at_mut(headers_length);
    let (primary_header, mut data) = data.split_at_mut(1);
    for (block, header) in redundant.zip(headers.chunks_exact_mut(BlockHeader::LEN)) {
        header.copy_from_slice(&header_of(&block)?.to_bytes());
        let (block_data, rest) = data.split_at_mut(block.payload.len());
        block_data.copy_from_slice(block.payload);
        data = rest;
    }
    primary_header.copy_from_slice(&[payload_type]);
    data.copy_from_slice(primary);
    Ok(needed)
}

fn header_of(block: &Block<'_>) -> Result<BlockHeader, WriteError> {
    BlockHeader::new(
        block.payload_type,
        block.timestamp_offset,
        block.payload.len(),
    )
}
