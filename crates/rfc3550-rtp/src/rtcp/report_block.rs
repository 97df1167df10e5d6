//! Report blocks: what a receiver says about one source (RFC 3550 §6.4.1).

use crate::NtpShort;
use crate::entries::sealed::Wire;

/// Octets of one report block.
pub(crate) const BLOCK_LEN: usize = 24;

/// Reception of one source, as its receiver saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ReportBlock {
    /// The source that the block is about.
    pub ssrc: u32,
    /// The part of the packets lost since the report before, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since reception began: a signed number of 24 bits, negative when duplicates
    /// outnumber the losses. A value beyond the field is clamped when written.
    pub cumulative_lost: i32,
    /// The highest sequence number received in the low 16 bits, the count of cycles above.
    pub extended_highest_sequence: u32,
    /// Interarrival jitter in clock units.
    pub jitter: u32,
    /// The middle 32 bits of the NTP timestamp of the source's last sender report; 0 for none.
    pub last_sr: NtpShort,
    /// The time from the arrival of that report to the sending of this one; 0 for none.
    pub delay_since_last_sr: NtpShort,
}

impl ReportBlock {
    /// From the 24 octets of the wire.
    #[inline]
    pub const fn from_bytes(bytes: &[u8; BLOCK_LEN]) -> Self {
        let [
            s0,
            s1,
            s2,
            s3,
            fraction_lost,
            l0,
            l1,
            l2,
            h0,
            h1,
            h2,
            h3,
            j0,
            j1,
            j2,
            j3,
            r0,
            r1,
            r2,
            r3,
            d0,
            d1,
            d2,
            d3,
        ] = *bytes;
        Self {
            ssrc: u32::from_be_bytes([s0, s1, s2, s3]),
            fraction_lost,
            cumulative_lost: i32::from_be_bytes([l0, l1, l2, 0]) >> 8,
            extended_highest_sequence: u32::from_be_bytes([h0, h1, h2, h3]),
            jitter: u32::from_be_bytes([j0, j1, j2, j3]),
            last_sr: NtpShort(u32::from_be_bytes([r0, r1, r2, r3])),
            delay_since_last_sr: NtpShort(u32::from_be_bytes([d0, d1, d2, d3])),
        }
    }

    /// The 24 octets of the wire.
    #[inline]
    pub fn to_bytes(self) -> [u8; BLOCK_LEN] {
        let [s0, s1, s2, s3] = self.ssrc.to_be_bytes();
        let [_, l0, l1, l2] = self
            .cumulative_lost
            .clamp(-0x80_0000, 0x7f_ffff)
            .to_be_bytes();
        let [h0, h1, h2, h3] = self.extended_highest_sequence.to_be_bytes();
        let [j0, j1, j2, j3] = self.jitter.to_be_bytes();
        let [r0, r1, r2, r3] = self.last_sr.0.to_be_bytes();
        let [d0, d1, d2, d3] = self.delay_since_last_sr.0.to_be_bytes();
        [
            s0,
            s1,
            s2,
            s3,
            self.fraction_lost,
            l0,
            l1,
            l2,
            h0,
            h1,
            h2,
            h3,
            j0,
            j1,
            j2,
            j3,
            r0,
            r1,
            r2,
            r3,
            d0,
            d1,
            d2,
            d3,
        ]
    }
}

impl Wire for ReportBlock {
    const LEN: usize = BLOCK_LEN;

    #[inline]
    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(Self::from_bytes)
    }

    #[inline]
    fn write(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.to_bytes());
    }
}
