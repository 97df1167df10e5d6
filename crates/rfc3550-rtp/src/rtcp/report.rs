//! Sender and receiver reports (RFC 3550 §6.4).

use crate::entries::Entries;
use crate::error::{ErrorKind, ParseError, Rule, WriteError};
use crate::rtcp::raw::{HEADER_LEN, PacketType, RawPacket};
use crate::rtcp::report_block::{BLOCK_LEN, ReportBlock};
use crate::rtcp::write::{self, RtcpWrite};
use crate::{NtpTimestamp, Timestamp};

/// Octets of the sender information.
pub(crate) const SENDER_INFO_LEN: usize = 20;

/// What a sender says about its own stream (§6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SenderInfo {
    /// When the report was sent, by the wall clock; zero when the sender has none.
    pub ntp_timestamp: NtpTimestamp,
    /// The same instant in the stream's clock.
    pub rtp_timestamp: Timestamp,
    /// Packets sent since the sender began, modulo 2^32.
    pub packet_count: u32,
    /// Octets of payload sent since the sender began, without headers and padding, modulo 2^32.
    pub octet_count: u32,
}

impl SenderInfo {
    #[inline]
    pub(crate) const fn from_bytes(bytes: &[u8; SENDER_INFO_LEN]) -> Self {
        let [
            n0,
            n1,
            n2,
            n3,
            n4,
            n5,
            n6,
            n7,
            r0,
            r1,
            r2,
            r3,
            p0,
            p1,
            p2,
            p3,
            o0,
            o1,
            o2,
            o3,
        ] = *bytes;
        Self {
            ntp_timestamp: NtpTimestamp::from_bits(u64::from_be_bytes([
                n0, n1, n2, n3, n4, n5, n6, n7,
            ])),
            rtp_timestamp: Timestamp(u32::from_be_bytes([r0, r1, r2, r3])),
            packet_count: u32::from_be_bytes([p0, p1, p2, p3]),
            octet_count: u32::from_be_bytes([o0, o1, o2, o3]),
        }
    }

    #[inline]
    pub(crate) const fn to_bytes(self) -> [u8; SENDER_INFO_LEN] {
        let [n0, n1, n2, n3, n4, n5, n6, n7] = self.ntp_timestamp.to_bits().to_be_bytes();
        let [r0, r1, r2, r3] = self.rtp_timestamp.0.to_be_bytes();
        let [p0, p1, p2, p3] = self.packet_count.to_be_bytes();
        let [o0, o1, o2, o3] = self.octet_count.to_be_bytes();
        [
            n0, n1, n2, n3, n4, n5, n6, n7, r0, r1, r2, r3, p0, p1, p2, p3, o0, o1, o2, o3,
        ]
    }
}

/// A sender report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SenderReport<'a> {
    ssrc: u32,
    info: &'a [u8; SENDER_INFO_LEN],
    blocks: &'a [u8],
    extension: &'a [u8],
}

impl<'a> SenderReport<'a> {
    #[inline]
    pub(crate) fn from_raw(raw: RawPacket<'a>) -> Result<Self, ParseError> {
        let (ssrc, body) = split_ssrc(raw)?;
        let Some((info, body)) = body.split_first_chunk() else {
            let offset = HEADER_LEN + 4;
            return Err(ParseError::new(ErrorKind::Truncated, offset, &INFO));
        };
        let (blocks, extension) = split_blocks(raw, body)?;
        Ok(Self {
            ssrc,
            info,
            blocks,
            extension,
        })
    }

    /// The source that sent the report.
    #[inline]
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// What the sender says about its own stream.
    #[inline]
    pub const fn info(&self) -> SenderInfo {
        SenderInfo::from_bytes(self.info)
    }

    /// What the sender has received from others.
    #[inline]
    pub fn report_blocks(&self) -> Entries<'a, ReportBlock> {
        Entries::from_wire(self.blocks)
    }

    /// Words after the report blocks, which a profile may define.
    #[inline]
    pub const fn profile_extension(&self) -> &'a [u8] {
        self.extension
    }
}

/// A receiver report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReceiverReport<'a> {
    ssrc: u32,
    blocks: &'a [u8],
    extension: &'a [u8],
}

impl<'a> ReceiverReport<'a> {
    #[inline]
    pub(crate) fn from_raw(raw: RawPacket<'a>) -> Result<Self, ParseError> {
        let (ssrc, body) = split_ssrc(raw)?;
        let (blocks, extension) = split_blocks(raw, body)?;
        Ok(Self {
            ssrc,
            blocks,
            extension,
        })
    }

    /// The source that sent the report.
    #[inline]
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// What it has received.
    #[inline]
    pub fn report_blocks(&self) -> Entries<'a, ReportBlock> {
        Entries::from_wire(self.blocks)
    }

    /// Words after the report blocks, which a profile may define.
    #[inline]
    pub const fn profile_extension(&self) -> &'a [u8] {
        self.extension
    }
}

/// Writes a sender report.
#[derive(Debug, Clone, Default)]
pub struct SenderReportBuilder<'a> {
    ssrc: u32,
    info: SenderInfo,
    blocks: Entries<'a, ReportBlock>,
    extension: &'a [u8],
}

impl<'a> SenderReportBuilder<'a> {
    /// A report of this source, without report blocks.
    #[inline]
    pub fn new(ssrc: u32, info: SenderInfo) -> Self {
        Self {
            ssrc,
            info,
            ..Self::default()
        }
    }

    /// What the sender has received from others: at most 31 blocks.
    #[inline]
    #[must_use]
    pub fn report_blocks(self, blocks: impl Into<Entries<'a, ReportBlock>>) -> Self {
        Self {
            blocks: blocks.into(),
            ..self
        }
    }

    /// Words after the report blocks, which a profile may define.
    #[inline]
    #[must_use]
    pub fn profile_extension(self, extension: &'a [u8]) -> Self {
        Self { extension, ..self }
    }
}

impl RtcpWrite for SenderReportBuilder<'_> {
    #[inline]
    fn encoded_len(&self) -> usize {
        HEADER_LEN + 4 + SENDER_INFO_LEN + self.blocks.encoded_len() + self.extension.len()
    }

    #[inline]
    fn write_into(&self, buffer: &mut [u8]) -> Result<usize, WriteError> {
        let len = self.encoded_len();
        let count = self.blocks.len();
        let mut body = write::begin(buffer, len, PacketType::SR, count, BLOCKS.field)?;
        *write::take(&mut body) = self.ssrc.to_be_bytes();
        *write::take(&mut body) = self.info.to_bytes();
        write_blocks(&self.blocks, self.extension, body);
        Ok(len)
    }
}

/// Writes a receiver report.
#[derive(Debug, Clone, Default)]
pub struct ReceiverReportBuilder<'a> {
    ssrc: u32,
    blocks: Entries<'a, ReportBlock>,
    extension: &'a [u8],
}

impl<'a> ReceiverReportBuilder<'a> {
    /// A report of this source, without report blocks.
    #[inline]
    pub fn new(ssrc: u32) -> Self {
        Self {
            ssrc,
            ..Self::default()
        }
    }

    /// What it has received: at most 31 blocks.
    #[inline]
    #[must_use]
    pub fn report_blocks(self, blocks: impl Into<Entries<'a, ReportBlock>>) -> Self {
        Self {
            blocks: blocks.into(),
            ..self
        }
    }

    /// Words after the report blocks, which a profile may define.
    #[inline]
    #[must_use]
    pub fn profile_extension(self, extension: &'a [u8]) -> Self {
        Self { extension, ..self }
    }
}

impl RtcpWrite for ReceiverReportBuilder<'_> {
    #[inline]
    fn encoded_len(&self) -> usize {
        HEADER_LEN + 4 + self.blocks.encoded_len() + self.extension.len()
    }

    #[inline]
    fn write_into(&self, buffer: &mut [u8]) -> Result<usize, WriteError> {
        let len = self.encoded_len();
        let count = self.blocks.len();
        let mut body = write::begin(buffer, len, PacketType::RR, count, BLOCKS.field)?;
        *write::take(&mut body) = self.ssrc.to_be_bytes();
        write_blocks(&self.blocks, self.extension, body);
        Ok(len)
    }
}

/// Writes the blocks and the extension to exactly their length.
#[inline]
fn write_blocks(blocks: &Entries<'_, ReportBlock>, extension: &[u8], out: &mut [u8]) {
    let (out, rest) = out.split_at_mut(blocks.encoded_len());
    blocks.write(out);
    rest.copy_from_slice(extension);
}

/// The SSRC that opens the body, and what follows it.
#[inline]
pub(crate) fn split_ssrc(raw: RawPacket<'_>) -> Result<(u32, &[u8]), ParseError> {
    match raw.body().split_first_chunk() {
        Some((ssrc, rest)) => Ok((u32::from_be_bytes(*ssrc), rest)),
        None => Err(ParseError::new(ErrorKind::Truncated, HEADER_LEN, &SSRC)),
    }
}

/// The report blocks that the count promises, and what follows them.
#[inline]
fn split_blocks<'a>(
    raw: RawPacket<'a>,
    body: &'a [u8],
) -> Result<(&'a [u8], &'a [u8]), ParseError> {
    body.split_at_checked(BLOCK_LEN * usize::from(raw.count()))
        .ok_or(ParseError::new(ErrorKind::InvalidLength, 0, &BLOCKS))
}

static SSRC: Rule = Rule {
    field: "SSRC of packet sender",
    expected: "4 octets",
    section: "RFC 3550 §6.4.1",
};
static INFO: Rule = Rule {
    field: "sender information",
    expected: "20 octets",
    section: "RFC 3550 §6.4.1",
};
static BLOCKS: Rule = Rule {
    field: "report blocks",
    expected: "no more blocks than the length has room for",
    section: "RFC 3550 §6.4.1",
};
