//! Sources of other clouds that a mixer has in its stream (RFC 3550 §7.3).

use alloc::vec::Vec;
use core::ops::Range;
use std::time::Instant;

use crate::SdesChunkBuilder;
use crate::rtcp::raw::HEADER_LEN;
use crate::session::{MAX_TEXT, Session, SessionPhase};

/// How many chunks one SDES packet can count.
const MAX_CHUNKS: usize = 31;

/// Their identifiers and canonical names, in the order of the identifiers.
#[derive(Debug, Clone, Default)]
pub(super) struct Contributors {
    names: Vec<(u32, Vec<u8>)>,
    /// Whose names come next.
    next: usize,
}

impl Contributors {
    #[inline]
    pub(super) fn contains(&self, ssrc: u32) -> bool {
        !self.names.is_empty() && self.place(ssrc).is_ok()
    }

    /// Enters a source, or gives it another name. False when there are `limit` others.
    pub(super) fn insert(&mut self, ssrc: u32, cname: &[u8], limit: usize) -> bool {
        match self.place(ssrc) {
            Ok(index) => {
                if let Some((_, name)) = self.names.get_mut(index) {
                    *name = cname.to_vec();
                }
                true
            }
            Err(_) if self.names.len() >= limit => false,
            Err(index) => {
                self.names.insert(index, (ssrc, cname.to_vec()));
                true
            }
        }
    }

    /// Whether it was there.
    pub(super) fn remove(&mut self, ssrc: u32) -> bool {
        let place = self.place(ssrc);
        place.map(|index| self.names.remove(index)).is_ok()
    }

    pub(super) fn ssrcs(&self) -> impl Iterator<Item = u32> {
        self.names.iter().map(|(ssrc, _)| *ssrc)
    }

    /// Those whose names come next, as many as an SDES packet of so many octets can hold.
    pub(super) fn take_turn(&mut self, octets: usize) -> Range<usize> {
        let start = if self.next < self.names.len() {
            self.next
        } else {
            0
        };
        let mut room = octets.saturating_sub(HEADER_LEN);
        let fits = |(ssrc, cname): &&(u32, Vec<u8>)| {
            let left = room.checked_sub(chunk(*ssrc, cname).encoded_len());
            room = left.unwrap_or(room);
            left.is_some()
        };
        let rest = self.names.iter().skip(start).take(MAX_CHUNKS);
        let count = rest.take_while(fits).count();
        // One that is too long is passed over.
        self.next = start + count.max(1);
        start..start + count
    }

    /// What an SDES packet says of these.
    pub(super) fn chunks(&self, turn: Range<usize>) -> Vec<SdesChunkBuilder<'_>> {
        let names = self.names.get(turn).unwrap_or_default().iter();
        names.map(|(ssrc, cname)| chunk(*ssrc, cname)).collect()
    }

    fn place(&self, ssrc: u32) -> Result<usize, usize> {
        self.names.binary_search_by_key(&ssrc, |(ssrc, _)| *ssrc)
    }
}

const fn chunk(ssrc: u32, cname: &[u8]) -> SdesChunkBuilder<'_> {
    SdesChunkBuilder::new(ssrc, &[]).cname(cname)
}

impl Session {
    /// Takes a source of another cloud into our mix, when we are a mixer, or tells of its new name:
    /// its canonical name goes out with our reports, and whoever else sends with its SSRC is
    /// ignored as a loop (§7.3, §8.2). The packets of the mix have to name it as a contributing
    /// source. False when there are [`max_sources`](crate::session::SessionConfig::max_sources) of them.
    pub fn add_contributor(&mut self, ssrc: u32, cname: &[u8]) -> bool {
        let cname = cname.get(..MAX_TEXT).unwrap_or(cname);
        self.contributors
            .insert(ssrc, cname, self.config.max_sources)
    }

    /// A source of another cloud has said BYE or is no longer heard there: it is said here, with
    /// the reason in at most 255 octets; more are cut off (§7.3).
    pub fn remove_contributor(&mut self, now: Instant, ssrc: u32, reason: &[u8]) {
        if self.contributors.remove(ssrc) && self.phase == SessionPhase::Joined {
            self.send_bye_of(now, ssrc, reason.get(..MAX_TEXT).unwrap_or(reason));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RtcpWrite, SdesBuilder};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn everyone_has_a_turn_and_no_packet_is_too_long(
            ssrcs in prop::collection::btree_set(0u32..200, 1..120),
            octets in 300usize..1200,
        ) {
            let mut contributors = Contributors::default();
            for ssrc in &ssrcs {
                let cname = alloc::vec![b'c'; *ssrc as usize % 256];
                prop_assert!(contributors.insert(*ssrc, &cname, 200));
            }
            let mut seen = Vec::new();
            while seen.len() < ssrcs.len() {
                let turn = contributors.take_turn(octets);
                prop_assert!(!turn.is_empty());
                let chunks = contributors.chunks(turn.clone());
                let packet = SdesBuilder::new(&chunks).to_vec().unwrap();
                prop_assert!(packet.len() <= octets);
                seen.extend(contributors.ssrcs().skip(turn.start).take(turn.len()));
            }
            prop_assert_eq!(seen, Vec::from_iter(ssrcs));
        }
    }

    #[test]
    fn their_number_is_bounded() {
        let mut contributors = Contributors::default();
        assert!(contributors.insert(1, b"a", 2) && contributors.insert(2, b"b", 2));
        assert!(!contributors.insert(3, b"c", 2) && contributors.insert(2, b"d", 2));
        assert!(contributors.remove(1) && !contributors.remove(1));
        assert!(contributors.insert(3, b"c", 2));
        assert!(contributors.contains(3) && !contributors.contains(1));
    }
}
