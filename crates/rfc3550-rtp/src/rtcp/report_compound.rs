//! The compound that a participant sends at each interval: reports, names and whatever else, as
//! far as they fit (RFC 3550 §6.1, §6.4).

use core::ops::Range;

use crate::error::WriteError;
use crate::rtcp::raw::HEADER_LEN;
use crate::rtcp::report::{
    ReceiverReportBuilder, SENDER_INFO_LEN, SenderInfo, SenderReportBuilder,
};
use crate::rtcp::report_block::{BLOCK_LEN, ReportBlock};
use crate::rtcp::sdes::{SdesBuilder, SdesChunkBuilder, SdesItemBuilder};
use crate::rtcp::write::{CompoundWriter, RtcpWrite};

/// How many report blocks one packet can count.
const MAX_BLOCKS: usize = 31;
/// Octets of a receiver report without blocks.
const RR_LEN: usize = HEADER_LEN + 4;

/// Writes a compound: a report, more receiver reports when there are more than 31 blocks, the
/// source description, then any other packets, of which a BYE is to be the last.
///
/// The report blocks are not part of it, because how many fit is known only when the rest is:
/// ask [`report_capacity`](Self::report_capacity), let a [`ReportRotation`] choose the sources,
/// take their blocks, and write.
///
/// ```
/// use rfc3550_rtp::{ReportBlock, ReportCompoundBuilder, ReportRotation};
///
/// let sources: Vec<u32> = (100..150).collect();
/// let mut rotation = ReportRotation::default();
///
/// let compound = ReportCompoundBuilder::new(1, b"alice@example.com");
/// let mut datagram = [0; 1000];
/// let capacity = compound.report_capacity(datagram.len());
/// let blocks: Vec<ReportBlock> = rotation
///     .take(sources.len(), capacity)
///     .map(|index| ReportBlock { ssrc: sources[index], ..ReportBlock::default() })
///     .collect();
/// let len = compound.write_into(&blocks, &mut datagram)?;
/// assert_eq!((blocks.len(), len), (39, 980));
/// // The next compound begins where this one stopped.
/// assert_eq!(rotation.take(sources.len(), capacity).next(), Some(39));
/// # Ok::<(), rfc3550_rtp::WriteError>(())
/// ```
#[derive(Clone, Copy)]
pub struct ReportCompoundBuilder<'a> {
    ssrc: u32,
    sender_info: Option<SenderInfo>,
    sdes: SdesChunkBuilder<'a>,
    packets: &'a [&'a dyn RtcpWrite],
}

impl<'a> ReportCompoundBuilder<'a> {
    /// A compound of this source, with its canonical name (§6.5.1), which none may lack.
    pub const fn new(ssrc: u32, cname: &'a [u8]) -> Self {
        Self {
            ssrc,
            sender_info: None,
            sdes: SdesChunkBuilder::new(ssrc, &[]).cname(cname),
            packets: &[],
        }
    }

    /// Items of the source description after the canonical name.
    #[must_use]
    pub const fn sdes_items(self, items: &'a [SdesItemBuilder<'a>]) -> Self {
        Self {
            sdes: self.sdes.items_after_cname(items),
            ..self
        }
    }

    /// What the source has sent: the compound begins with a sender report.
    #[must_use]
    pub const fn sender_info(self, info: SenderInfo) -> Self {
        Self {
            sender_info: Some(info),
            ..self
        }
    }

    /// Packets after the source description.
    #[must_use]
    pub const fn packets(self, packets: &'a [&'a dyn RtcpWrite]) -> Self {
        Self { packets, ..self }
    }

    /// How many report blocks fit into a datagram of `octets`.
    pub fn report_capacity(&self, octets: usize) -> usize {
        let Some(room) = octets.checked_sub(self.encoded_len(0)) else {
            return 0;
        };
        // The first report is there already; each further one costs its head.
        let full = MAX_BLOCKS * BLOCK_LEN;
        match room.checked_sub(full) {
            None => room / BLOCK_LEN,
            Some(room) => {
                let further = room / (RR_LEN + full);
                let rest = (room % (RR_LEN + full)).saturating_sub(RR_LEN);
                MAX_BLOCKS * (1 + further) + rest / BLOCK_LEN
            }
        }
    }

    /// Octets of the compound with this many report blocks.
    pub fn encoded_len(&self, blocks: usize) -> usize {
        let info = self.sender_info.map_or(0, |_| SENDER_INFO_LEN);
        let reports = blocks.div_ceil(MAX_BLOCKS).max(1);
        let packets: usize = self.packets.iter().map(|packet| packet.encoded_len()).sum();
        info + reports * RR_LEN
            + blocks * BLOCK_LEN
            + SdesBuilder::new(&[self.sdes]).encoded_len()
            + packets
    }

    /// Writes the compound to the start of `buffer` and returns its length.
    ///
    /// # Errors
    ///
    /// The buffer is too small, or one of the packets cannot be written.
    pub fn write_into(
        &self,
        blocks: &[ReportBlock],
        buffer: &mut [u8],
    ) -> Result<usize, WriteError> {
        let (needed, available) = (self.encoded_len(blocks.len()), buffer.len());
        if available < needed {
            return Err(WriteError::BufferTooSmall { needed, available });
        }
        let (first, further) = blocks.split_at(blocks.len().min(MAX_BLOCKS));
        let mut writer = CompoundWriter::new(buffer);
        match self.sender_info {
            Some(info) => {
                writer.push(&SenderReportBuilder::new(self.ssrc, info).report_blocks(first))?;
            }
            None => writer.push(&ReceiverReportBuilder::new(self.ssrc).report_blocks(first))?,
        }
        for blocks in further.chunks(MAX_BLOCKS) {
            writer.push(&ReceiverReportBuilder::new(self.ssrc).report_blocks(blocks))?;
        }
        writer.push(&SdesBuilder::new(&[self.sdes]))?;
        for packet in self.packets {
            writer.push(*packet)?;
        }
        Ok(writer.finish())
    }
}

/// Whose turn it is when not all sources can be reported on at once (§6.1): round robin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ReportRotation {
    next: usize,
}

impl ReportRotation {
    /// The indices, below `sources`, of those to report on now: as many as `capacity`, none
    /// twice, beginning after the last one of the time before.
    pub fn take(&mut self, sources: usize, capacity: usize) -> RotationIndices {
        let start = if self.next < sources { self.next } else { 0 };
        let count = capacity.min(sources);
        let until_end = count.min(sources - start);
        let around = count - until_end;
        self.next = if around > 0 {
            around
        } else {
            start + until_end
        };
        (start..start + until_end).chain(0..around)
    }
}

/// The indices of the sources to report on.
pub type RotationIndices = core::iter::Chain<Range<usize>, Range<usize>>;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_source_has_its_turn(sources in 1usize..200, capacity in 1usize..100) {
            let mut rotation = ReportRotation::default();
            let rounds = sources.div_ceil(capacity);
            let turns: Vec<usize> =
                (0..rounds).flat_map(|_| rotation.take(sources, capacity)).collect();
            let mut seen = turns.clone();
            seen.sort_unstable();
            seen.dedup();
            prop_assert_eq!(seen, (0..sources).collect::<Vec<_>>());
            prop_assert!(turns.len() < sources + capacity.min(sources));
        }

        #[test]
        fn capacity_is_what_fits(octets in 0usize..20_000, sender: bool) {
            let compound = ReportCompoundBuilder::new(1, b"me@example.org");
            let compound = match sender {
                true => compound.sender_info(SenderInfo::default()),
                false => compound,
            };
            let capacity = compound.report_capacity(octets);
            prop_assert!(capacity == 0 || compound.encoded_len(capacity) <= octets);
            prop_assert!(compound.encoded_len(capacity + 1) > octets);
        }
    }

    #[test]
    fn a_source_less_does_not_upset_the_rotation() {
        let mut rotation = ReportRotation::default();
        assert!(rotation.take(5, 4).eq(0..4));
        assert!(rotation.take(3, 2).eq(0..2));
        assert!(rotation.take(0, 2).eq(0..0));
        assert!(rotation.take(3, 0).eq(0..0));
        assert!(rotation.take(3, 9).eq(0..3));
    }
}
