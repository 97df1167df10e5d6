//! The statistics summary block (RFC 3611 §4.6).

use super::block::{read_range, write_range};
use crate::SequenceNumber;
use crate::rtcp::write;

/// What happened to the packets of a range. What is not reported is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatisticsSummary {
    /// The source of the packets.
    pub ssrc: u32,
    /// The first packet of the range.
    pub begin: SequenceNumber,
    /// The packet after the last of the range.
    pub end: SequenceNumber,
    /// Packets lost.
    pub lost: Option<u32>,
    /// Duplicate packets.
    pub duplicates: Option<u32>,
    /// Relative transit times between packets, in units of their timestamps.
    pub jitter: Option<JitterSummary>,
    /// Times to live or hop limits.
    pub hop_limits: Option<HopLimits>,
}

/// Relative transit times (§4.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct JitterSummary {
    /// The least.
    pub min: u32,
    /// The greatest.
    pub max: u32,
    /// The mean.
    pub mean: u32,
    /// The standard deviation.
    pub deviation: u32,
}

/// Times to live (IPv4) or hop limits (IPv6) of packets (§4.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct HopLimits {
    /// Whether these are hop limits of IPv6, not times to live of IPv4.
    pub ipv6: bool,
    /// The least.
    pub min: u8,
    /// The greatest.
    pub max: u8,
    /// The mean.
    pub mean: u8,
    /// The standard deviation.
    pub deviation: u8,
}

const LOSS: u8 = 0x80;
const DUPLICATES: u8 = 0x40;
const JITTER: u8 = 0x20;
const IPV4: u8 = 0x08;
const IPV6: u8 = 0x10;

impl StatisticsSummary {
    /// Octets of the contents.
    pub(super) const LEN: usize = 36;

    /// `None` when a field that is flagged as unreported has a value, or when the fields for hop
    /// limits are flagged with the undefined value 3: such a block is to be ignored.
    pub(super) fn read(flags: u8, contents: &[u8; Self::LEN]) -> Option<Self> {
        let (ssrc, [begin, end], rest) = read_range(contents)?;
        let (words, hops) = rest.split_last_chunk::<4>()?;
        let mut words = words
            .chunks_exact(4)
            .filter_map(|word| word.first_chunk().map(|word| u32::from_be_bytes(*word)));
        let mut word = || words.next().unwrap_or_default();
        let (lost, duplicates) = (word(), word());
        let jitter = JitterSummary {
            min: word(),
            max: word(),
            mean: word(),
            deviation: word(),
        };
        let [min, max, mean, deviation] = *hops;
        let hop_limits = HopLimits {
            ipv6: flags & IPV6 != 0,
            min,
            max,
            mean,
            deviation,
        };
        if flags & (IPV4 | IPV6) == IPV4 | IPV6 {
            return None;
        }
        Some(Self {
            ssrc,
            begin,
            end,
            lost: reported(flags & LOSS, lost)?,
            duplicates: reported(flags & DUPLICATES, duplicates)?,
            jitter: reported(flags & JITTER, jitter)?,
            hop_limits: reported(flags & (IPV4 | IPV6), hop_limits)?,
        })
    }

    /// Writes the contents to exactly their length and returns the flags.
    pub(super) fn write(&self, out: &mut [u8]) -> u8 {
        let mut rest = write_range(out, self.ssrc, self.begin, self.end);
        let jitter = self.jitter.unwrap_or_default();
        for word in [
            self.lost.unwrap_or_default(),
            self.duplicates.unwrap_or_default(),
            jitter.min,
            jitter.max,
            jitter.mean,
            jitter.deviation,
        ] {
            *write::take(&mut rest) = word.to_be_bytes();
        }
        let hops = self.hop_limits.unwrap_or_default();
        *write::take(&mut rest) = [hops.min, hops.max, hops.mean, hops.deviation];
        let hop_flag = match self.hop_limits {
            None => 0,
            Some(HopLimits { ipv6: false, .. }) => IPV4,
            Some(HopLimits { ipv6: true, .. }) => IPV6,
        };
        flag(self.lost.is_some(), LOSS)
            | flag(self.duplicates.is_some(), DUPLICATES)
            | flag(self.jitter.is_some(), JITTER)
            | hop_flag
    }
}

/// The value if it is flagged as reported; `None` altogether if it is not and yet has a value.
fn reported<T: Default + PartialEq>(flag: u8, value: T) -> Option<Option<T>> {
    if flag != 0 {
        Some(Some(value))
    } else if value == T::default() {
        Some(None)
    } else {
        None
    }
}

const fn flag(set: bool, bit: u8) -> u8 {
    if set { bit } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreported_field_with_a_value_is_ignored() {
        let mut contents = [0; StatisticsSummary::LEN];
        assert!(StatisticsSummary::read(0, &contents).is_some());
        contents[11] = 1; // lost packets
        assert_eq!(StatisticsSummary::read(0, &contents), None);
        let summary = StatisticsSummary::read(LOSS, &contents).unwrap();
        assert_eq!((summary.lost, summary.duplicates), (Some(1), None));
    }

    #[test]
    fn the_undefined_kind_of_hop_limit_is_ignored() {
        let contents = [0; StatisticsSummary::LEN];
        assert_eq!(StatisticsSummary::read(IPV4 | IPV6, &contents), None);
        let summary = StatisticsSummary::read(IPV6, &contents).unwrap();
        assert!(summary.hop_limits.unwrap().ipv6);
    }
}
