//! The index of a packet from its sequence number. RFC 3711 §3.3.1, appendix A.

/// What a sequence number says about the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Estimate {
    /// The index, 48 bits.
    Index(u64),
    /// It lies before the stream's first packet.
    BeforeStart,
    /// The rollover counter would wrap.
    Exhausted,
}

/// The index closest to the highest one so far that ends in this sequence number.
pub(crate) fn estimate(highest: u64, sequence_number: u16) -> Estimate {
    let roc = highest >> 16;
    let [.., high, low] = highest.to_be_bytes();
    let s_l = u16::from_be_bytes([high, low]);
    let v = if s_l < 0x8000 {
        if i32::from(sequence_number) - i32::from(s_l) > 0x8000 {
            match roc.checked_sub(1) {
                Some(v) => v,
                None => return Estimate::BeforeStart,
            }
        } else {
            roc
        }
    } else if s_l - 0x8000 > sequence_number {
        roc + 1
    } else {
        roc
    };
    if v > u64::from(u32::MAX) {
        return Estimate::Exhausted;
    }
    Estimate::Index(v << 16 | u64::from(sequence_number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(roc: u32, sequence_number: u16) -> u64 {
        u64::from(roc) << 16 | u64::from(sequence_number)
    }

    fn after(roc: u32, s_l: u16, sequence_number: u16) -> Estimate {
        estimate(index(roc, s_l), sequence_number)
    }

    #[test]
    fn wrap_forwards_and_late_packets_across_it() {
        assert_eq!(after(0, 65_535, 0), Estimate::Index(index(1, 0)));
        assert_eq!(after(1, 0, 65_535), Estimate::Index(index(0, 65_535)));
        assert_eq!(after(1, 1, 65_535), Estimate::Index(index(0, 65_535)));
    }

    #[test]
    fn gaps_of_32767_32768_and_32769() {
        assert_eq!(after(7, 0, 32_767), Estimate::Index(index(7, 32_767)));
        assert_eq!(after(7, 0, 32_768), Estimate::Index(index(7, 32_768)));
        assert_eq!(after(7, 0, 32_769), Estimate::Index(index(6, 32_769)));
        assert_eq!(after(7, 40_000, 7_231), Estimate::Index(index(8, 7_231)));
        assert_eq!(after(7, 40_000, 7_232), Estimate::Index(index(7, 7_232)));
    }

    #[test]
    fn nothing_precedes_the_start_or_follows_the_end() {
        assert_eq!(after(0, 0, 65_535), Estimate::BeforeStart);
        assert_eq!(after(u32::MAX, 65_535, 0), Estimate::Exhausted);
        assert_eq!(
            after(u32::MAX, 65_534, 65_535),
            Estimate::Index(index(u32::MAX, 65_535))
        );
    }

    #[test]
    fn the_estimate_is_the_closest_index() {
        for s_l in (0..=65_535_u16).step_by(251) {
            for sequence_number in (0..=65_535_u16).step_by(241) {
                let highest = index(5, s_l);
                let Estimate::Index(found) = estimate(highest, sequence_number) else {
                    panic!("{s_l} {sequence_number}");
                };
                let distance = (4..=6)
                    .map(|roc| index(roc, sequence_number).abs_diff(highest))
                    .min()
                    .unwrap();
                assert_eq!(found.abs_diff(highest), distance, "{s_l} {sequence_number}");
            }
        }
    }
}
