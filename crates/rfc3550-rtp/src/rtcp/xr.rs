//! Extended reports (RFC 3611).

mod block;
mod rle;
mod summary;
mod voip;

pub use block::{DlrrItem, ReceiptTimes, XrBlock, XrBlocks};
pub use rle::{Rle, RleChunk, RleEvents};
pub use summary::{HopLimits, JitterSummary, StatisticsSummary};
pub use voip::VoipMetrics;

use crate::error::{ErrorKind, ParseError, Rule, WriteError};
use crate::rtcp::raw::{HEADER_LEN, PacketType, RawPacket};
use crate::rtcp::report::split_ssrc;
use crate::rtcp::write::{self, RtcpWrite};

/// Octets before the contents of a block.
const BLOCK_HEADER_LEN: usize = 4;

/// An extended report packet (XR, type 207).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExtendedReport<'a> {
    ssrc: u32,
    blocks: &'a [u8],
}

impl<'a> ExtendedReport<'a> {
    pub(crate) fn from_raw(raw: RawPacket<'a>) -> Result<Self, ParseError> {
        let (ssrc, blocks) = split_ssrc(raw)?;
        let mut rest = blocks;
        while !rest.is_empty() {
            let start = HEADER_LEN + 4 + blocks.len() - rest.len();
            let Some((_, after)) = split_block(rest) else {
                return Err(ParseError::new(ErrorKind::Truncated, start, &BLOCK));
            };
            rest = after;
        }
        Ok(Self { ssrc, blocks })
    }

    /// The source that sent the packet.
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The report blocks, in order. An `Err` is a block of a known type whose length that type
    /// does not allow, with an offset from the start of the packet; the walk goes on after it.
    pub const fn blocks(&self) -> XrBlocks<'a> {
        XrBlocks::new(self.blocks)
    }
}

/// Block type, type-specific octet and contents.
type Block<'a> = (u8, u8, &'a [u8]);

/// Takes the first block off.
fn split_block(bytes: &[u8]) -> Option<(Block<'_>, &[u8])> {
    let (&[block_type, specific, high, low], rest) = bytes.split_first_chunk()?;
    let len = 4 * usize::from(u16::from_be_bytes([high, low]));
    let (contents, rest) = rest.split_at_checked(len)?;
    Some(((block_type, specific, contents), rest))
}

/// Writes an extended report packet.
#[derive(Debug, Clone, PartialEq)]
pub struct ExtendedReportBuilder<'a> {
    ssrc: u32,
    blocks: &'a [XrBlock<'a>],
}

impl<'a> ExtendedReportBuilder<'a> {
    /// A packet of this source with these blocks.
    pub const fn new(ssrc: u32, blocks: &'a [XrBlock<'a>]) -> Self {
        Self { ssrc, blocks }
    }
}

impl RtcpWrite for ExtendedReportBuilder<'_> {
    fn encoded_len(&self) -> usize {
        let blocks: usize = self.blocks.iter().map(XrBlock::encoded_len).sum();
        HEADER_LEN + 4 + blocks
    }

    fn write_into(&self, buffer: &mut [u8]) -> Result<usize, WriteError> {
        let len = self.encoded_len();
        let mut body = write::begin(buffer, len, PacketType::XR, 0, "reserved bits")?;
        *write::take(&mut body) = self.ssrc.to_be_bytes();
        for block in self.blocks {
            let (out, rest) = body.split_at_mut(block.encoded_len());
            block.write(out)?;
            body = rest;
        }
        Ok(len)
    }
}

static BLOCK: Rule = Rule {
    field: "XR block",
    expected: "as many words as its length says",
    section: "RFC 3611 §3",
};
