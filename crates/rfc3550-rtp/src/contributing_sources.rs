//! The list of contributing sources of a mixed packet (RFC 3550 §7.1, §7.4).

use crate::RtpPacket;

/// How many contributing sources a header can count.
pub(crate) const MAX_CSRCS: usize = 15;

/// Gathers the sources of what is mixed: each once, 15 at most.
///
/// ```
/// use rfc3550_rtp::{ContributingSources, RtpPacket, RtpPacketBuilder};
///
/// let mixed = RtpPacketBuilder::new().ssrc(12).csrcs(&[64]).to_vec()?;
/// let plain = RtpPacketBuilder::new().ssrc(45).to_vec()?;
/// let mut sources = ContributingSources::default();
/// for packet in [mixed, plain] {
///     sources.add_packet(&RtpPacket::parse(packet)?);
/// }
/// assert_eq!(sources.as_slice(), [64, 45]);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ContributingSources {
    ssrcs: [u32; MAX_CSRCS],
    len: usize,
}

impl ContributingSources {
    /// Adds the sources of a packet that goes into the mix: its contributing sources if it has
    /// been mixed before, else its own.
    pub fn add_packet<B: AsRef<[u8]>>(&mut self, packet: &RtpPacket<B>) {
        if packet.csrc_count() == 0 {
            self.add(packet.ssrc());
        }
        packet.csrcs().for_each(|csrc| {
            self.add(csrc);
        });
    }

    /// Adds one source, as a mixer does with its own if it speaks itself. False when there are 15
    /// others.
    pub fn add(&mut self, ssrc: u32) -> bool {
        if self.as_slice().contains(&ssrc) {
            return true;
        }
        let free = self.ssrcs.get_mut(self.len);
        let room = free.is_some();
        if let Some(free) = free {
            *free = ssrc;
            self.len += 1;
        }
        room
    }

    /// The sources, in the order they were added.
    pub fn as_slice(&self) -> &[u32] {
        self.ssrcs.get(..self.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_named_once_and_the_sixteenth_not_at_all() {
        let mut sources = ContributingSources::default();
        assert!((0..15).chain(3..9).all(|ssrc| sources.add(ssrc)));
        assert!(!sources.add(15));
        assert_eq!(sources.as_slice().len(), 15);
    }
}
