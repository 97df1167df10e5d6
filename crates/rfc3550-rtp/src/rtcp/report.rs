//! Sender and receiver reports (RFC 3550 §6.4).

use crate::entries::Entries;
use crate::error::{ErrorKind, ParseError, Rule};
use crate::rtcp::raw::{HEADER_LEN, RawPacket};
use crate::rtcp::report_block::{BLOCK_LEN, ReportBlock};
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
    const fn from_bytes(bytes: &[u8; SENDER_INFO_LEN]) -> Self {
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
    field: "reception report count",
    expected: "no more blocks than the length has room for",
    section: "RFC 3550 §6.4.1",
};
