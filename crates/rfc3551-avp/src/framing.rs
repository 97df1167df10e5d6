//! How a payload divides into samples or frames (RFC 3551 §4.3, §4.4).

use core::time::Duration;

/// How the payload of an encoding is made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Framing {
    /// Samples of a fixed number of bits (§4.3), one for each unit of the clock and channel.
    Sample {
        /// Bits per sample.
        bits: u8,
        /// Octets per channel before the samples.
        header: u8,
    },
    /// Frames of a fixed duration (§4.4).
    Frame {
        /// The time that one frame lasts.
        duration: Duration,
        /// The sizes in octets that a frame may have, speech first, comfort noise last.
        octets: &'static [u16],
    },
    /// What the payload itself or its format tells.
    Variable,
}

/// The size of a G723 frame by the two low bits of its first octet (§4.5.3): 24 or 20 octets of
/// speech, 4 of comfort noise; `None` for the reserved value.
///
/// ```
/// assert_eq!(rfc3551_avp::g723_frame_octets(0b0000_0001), Some(20));
/// ```
pub const fn g723_frame_octets(first: u8) -> Option<usize> {
    match first & 0b11 {
        0b00 => Some(24),
        0b01 => Some(20),
        0b10 => Some(4),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Encoding;

    #[test]
    fn g723_sizes_are_those_of_the_table() {
        let Framing::Frame { octets, .. } = Encoding::by_name("G723").unwrap().framing else {
            panic!("G723 has frames");
        };
        for (bits, &size) in (0u8..).zip(octets) {
            assert_eq!(g723_frame_octets(0xfc | bits), Some(usize::from(size)));
        }
        assert_eq!(g723_frame_octets(0b11), None);
    }
}
