//! The report blocks by their type (RFC 3611 §4).

use super::rle::Rle;
use super::summary::StatisticsSummary;
use super::voip::VoipMetrics;
use super::{BLOCK_HEADER_LEN, split_block};
use crate::entries::Entries;
use crate::entries::sealed::Wire;
use crate::error::{ErrorKind, ParseError, Rule, WriteError};
use crate::rtcp::raw::HEADER_LEN;
use crate::rtcp::write;
use crate::{NtpShort, NtpTimestamp, SequenceNumber};

const LOSS_RLE: u8 = 1;
const DUPLICATE_RLE: u8 = 2;
const RECEIPT_TIMES: u8 = 3;
const REFERENCE_TIME: u8 = 4;
const DLRR: u8 = 5;
const SUMMARY: u8 = 6;
const VOIP: u8 = 7;

/// An extended report block.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum XrBlock<'a> {
    /// Which packets were received (§4.1): an event is true for a receipt.
    LossRle(Rle<'a>),
    /// Which packets came more than once (§4.2): an event is false for a duplicate.
    DuplicateRle(Rle<'a>),
    /// When packets were received (§4.3).
    PacketReceiptTimes(ReceiptTimes<'a>),
    /// The wall clock of a receiver that sends nothing (§4.4).
    ReceiverReferenceTime(NtpTimestamp),
    /// Answers to reference times (§4.5).
    Dlrr(Entries<'a, DlrrItem>),
    /// Loss, duplicates, jitter and hop limits (§4.6).
    StatisticsSummary(StatisticsSummary),
    /// The quality of a call (§4.7).
    VoipMetrics(VoipMetrics),
    /// Any other block as it is, and summaries that §4.6 says to ignore.
    Other {
        /// The block type.
        block_type: u8,
        /// Eight bits for the block type's own use.
        type_specific: u8,
        /// The contents: whole words.
        contents: &'a [u8],
    },
}

impl<'a> XrBlock<'a> {
    fn from_parts(
        block_type: u8,
        type_specific: u8,
        contents: &'a [u8],
    ) -> Result<Self, &'static Rule> {
        let other = Self::Other {
            block_type,
            type_specific,
            contents,
        };
        Ok(match block_type {
            LOSS_RLE => Self::LossRle(Rle::read(type_specific, contents).ok_or(&RLE_LEN)?),
            DUPLICATE_RLE => {
                Self::DuplicateRle(Rle::read(type_specific, contents).ok_or(&RLE_LEN)?)
            }
            RECEIPT_TIMES => Self::PacketReceiptTimes(
                ReceiptTimes::read(type_specific, contents).ok_or(&TIMES_LEN)?,
            ),
            REFERENCE_TIME => {
                let bits: [u8; 8] = contents.try_into().map_err(|_| &REFERENCE_LEN)?;
                let time = NtpTimestamp::from_bits(u64::from_be_bytes(bits));
                Self::ReceiverReferenceTime(time)
            }
            DLRR if contents.len() % DlrrItem::LEN == 0 => Self::Dlrr(Entries::from_wire(contents)),
            DLRR => return Err(&DLRR_LEN),
            SUMMARY => {
                let bytes = contents.try_into().map_err(|_| &SUMMARY_LEN)?;
                match StatisticsSummary::read(type_specific, bytes) {
                    Some(summary) => Self::StatisticsSummary(summary),
                    None => other,
                }
            }
            VOIP => {
                let bytes = contents.try_into().map_err(|_| &VOIP_LEN)?;
                Self::VoipMetrics(VoipMetrics::read(bytes))
            }
            _ => other,
        })
    }

    pub(super) fn encoded_len(&self) -> usize {
        BLOCK_HEADER_LEN
            + match self {
                Self::LossRle(rle) | Self::DuplicateRle(rle) => rle.encoded_len(),
                Self::PacketReceiptTimes(times) => 8 + times.times.encoded_len(),
                Self::ReceiverReferenceTime(_) => 8,
                Self::Dlrr(items) => items.encoded_len(),
                Self::StatisticsSummary(_) => StatisticsSummary::LEN,
                Self::VoipMetrics(_) => VoipMetrics::LEN,
                Self::Other { contents, .. } => contents.len(),
            }
    }

    /// Writes the block to exactly its length.
    pub(super) fn write(&self, mut out: &mut [u8]) -> Result<(), WriteError> {
        let head = write::take::<4>(&mut out);
        let Ok(words) = u16::try_from(out.len() / 4) else {
            return Err(WriteError::TooMany {
                field: "words of XR block",
                limit: usize::from(u16::MAX),
            });
        };
        if out.len() % 4 != 0 {
            return Err(WriteError::NotWholeWords { field: "XR block" });
        }
        let (block_type, type_specific) = match self {
            Self::LossRle(rle) => (LOSS_RLE, rle.write(out)?),
            Self::DuplicateRle(rle) => (DUPLICATE_RLE, rle.write(out)?),
            Self::PacketReceiptTimes(times) => (RECEIPT_TIMES, times.write(out)?),
            Self::ReceiverReferenceTime(time) => {
                out.copy_from_slice(&time.to_bits().to_be_bytes());
                (REFERENCE_TIME, 0)
            }
            Self::Dlrr(items) => {
                items.write(out);
                (DLRR, 0)
            }
            Self::StatisticsSummary(summary) => (SUMMARY, summary.write(out)),
            Self::VoipMetrics(metrics) => {
                metrics.write(out);
                (VOIP, 0)
            }
            Self::Other {
                block_type,
                type_specific,
                contents,
            } => {
                out.copy_from_slice(contents);
                (*block_type, *type_specific)
            }
        };
        let [l0, l1] = words.to_be_bytes();
        *head = [block_type, type_specific, l0, l1];
        Ok(())
    }
}

/// Walks the blocks of an extended report.
#[derive(Debug, Clone)]
pub struct XrBlocks<'a> {
    all: usize,
    rest: &'a [u8],
}

impl<'a> XrBlocks<'a> {
    pub(super) const fn new(blocks: &'a [u8]) -> Self {
        Self {
            all: blocks.len(),
            rest: blocks,
        }
    }
}

impl<'a> Iterator for XrBlocks<'a> {
    type Item = Result<XrBlock<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = HEADER_LEN + 4 + self.all - self.rest.len();
        let ((block_type, specific, contents), rest) = split_block(self.rest)?;
        self.rest = rest;
        let block = XrBlock::from_parts(block_type, specific, contents);
        Some(block.map_err(|rule| ParseError::new(ErrorKind::InvalidLength, start, rule)))
    }
}

/// Source and range of the packets that a block reports on (§4.1), with its thinning.
pub(super) fn read_range(contents: &[u8]) -> Option<(u32, [SequenceNumber; 2], &[u8])> {
    let (&[s0, s1, s2, s3, b0, b1, e0, e1], rest) = contents.split_first_chunk()?;
    let range = [[b0, b1], [e0, e1]].map(|bytes| SequenceNumber(u16::from_be_bytes(bytes)));
    Some((u32::from_be_bytes([s0, s1, s2, s3]), range, rest))
}

/// Writes source and range and returns the rest.
pub(super) fn write_range(
    mut out: &mut [u8],
    ssrc: u32,
    begin: SequenceNumber,
    end: SequenceNumber,
) -> &mut [u8] {
    *write::take(&mut out) = ssrc.to_be_bytes();
    *write::take(&mut out) = begin.0.to_be_bytes();
    *write::take(&mut out) = end.0.to_be_bytes();
    out
}

/// The thinning as the type-specific octet.
pub(super) const fn check_thinning(thinning: u8) -> Result<u8, WriteError> {
    if thinning > 15 {
        return Err(WriteError::OutOfRange { field: "thinning" });
    }
    Ok(thinning)
}

/// When packets were received (§4.3).
#[derive(Debug, Clone, PartialEq)]
pub struct ReceiptTimes<'a> {
    /// Only packets whose number is a multiple of 2 to this power are reported, 0 to 15.
    pub thinning: u8,
    /// The source of the packets.
    pub ssrc: u32,
    /// The first packet of the range.
    pub begin: SequenceNumber,
    /// The packet after the last of the range.
    pub end: SequenceNumber,
    /// The times in units of the packets' timestamps.
    pub times: Entries<'a, u32>,
}

impl<'a> ReceiptTimes<'a> {
    fn read(type_specific: u8, contents: &'a [u8]) -> Option<Self> {
        let (ssrc, [begin, end], times) = read_range(contents)?;
        Some(Self {
            thinning: type_specific & 0x0f,
            ssrc,
            begin,
            end,
            times: Entries::from_wire(times),
        })
    }

    fn write(&self, out: &mut [u8]) -> Result<u8, WriteError> {
        let times = write_range(out, self.ssrc, self.begin, self.end);
        self.times.write(times);
        check_thinning(self.thinning)
    }
}

/// The answer to a reference time of one receiver (§4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DlrrItem {
    /// The receiver that sent the reference time.
    pub ssrc: u32,
    /// The short form of that time; 0 when there was none.
    pub last_rr: NtpShort,
    /// The time since it arrived; 0 when there was none.
    pub delay_since_last_rr: NtpShort,
}

impl Wire for DlrrItem {
    const LEN: usize = 12;

    fn read(bytes: &[u8]) -> Option<Self> {
        let &[s0, s1, s2, s3, l0, l1, l2, l3, d0, d1, d2, d3] = bytes.first_chunk()?;
        Some(Self {
            ssrc: u32::from_be_bytes([s0, s1, s2, s3]),
            last_rr: NtpShort(u32::from_be_bytes([l0, l1, l2, l3])),
            delay_since_last_rr: NtpShort(u32::from_be_bytes([d0, d1, d2, d3])),
        })
    }

    fn write(&self, mut bytes: &mut [u8]) {
        *write::take(&mut bytes) = self.ssrc.to_be_bytes();
        *write::take(&mut bytes) = self.last_rr.0.to_be_bytes();
        *write::take(&mut bytes) = self.delay_since_last_rr.0.to_be_bytes();
    }
}

static RLE_LEN: Rule = Rule {
    field: "RLE report block",
    expected: "2 words of source and range at least",
    section: "RFC 3611 §4.1",
};
static TIMES_LEN: Rule = Rule {
    field: "packet receipt times block",
    expected: "2 words of source and range at least",
    section: "RFC 3611 §4.3",
};
static REFERENCE_LEN: Rule = Rule {
    field: "receiver reference time block",
    expected: "a length of 2 words",
    section: "RFC 3611 §4.4",
};
static DLRR_LEN: Rule = Rule {
    field: "DLRR block",
    expected: "sub-blocks of 3 words",
    section: "RFC 3611 §4.5",
};
static SUMMARY_LEN: Rule = Rule {
    field: "statistics summary block",
    expected: "a length of 9 words",
    section: "RFC 3611 §4.6",
};
static VOIP_LEN: Rule = Rule {
    field: "VoIP metrics block",
    expected: "a length of 8 words",
    section: "RFC 3611 §4.7",
};
