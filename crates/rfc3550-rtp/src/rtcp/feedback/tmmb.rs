//! Temporary maximum media bit rate, requested and notified (RFC 5104 §4.2.1, §4.2.2).

use crate::entries::sealed::Wire;

/// A limit on a sender's bit rate: the entry of TMMBR and TMMBN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tmmb {
    /// The media sender that is to obey (TMMBR), or the owner of the limit (TMMBN).
    pub ssrc: u32,
    exponent: u8,
    mantissa: u32,
    overhead: u16,
}

impl Tmmb {
    /// A limit in bits per second, rounded down to 17 significant bits, and the average overhead
    /// in octets per packet, at most 511.
    pub const fn new(ssrc: u32, bit_rate: u64, overhead: u16) -> Self {
        const MANTISSA_BITS: u32 = 17;
        let bits = u64::BITS - bit_rate.leading_zeros();
        let exponent = bits.saturating_sub(MANTISSA_BITS);
        Self {
            ssrc,
            exponent: exponent as u8,
            mantissa: (bit_rate >> exponent) as u32,
            overhead: if overhead > 0x1ff { 0x1ff } else { overhead },
        }
    }

    /// The limit in bits per second; the greatest that the type can say where it is beyond that.
    pub const fn bit_rate(&self) -> u64 {
        let exponent = self.exponent as u32;
        let mantissa = self.mantissa as u64;
        if mantissa.leading_zeros() < exponent {
            u64::MAX
        } else {
            mantissa << exponent
        }
    }

    /// The average overhead in octets per packet, 0 to 511.
    pub const fn overhead(&self) -> u16 {
        self.overhead
    }
}

impl Wire for Tmmb {
    const LEN: usize = 8;

    fn read(bytes: &[u8]) -> Option<Self> {
        let &[s0, s1, s2, s3, limit @ ..] = bytes.first_chunk::<8>()?;
        let limit = u32::from_be_bytes(limit);
        Some(Self {
            ssrc: u32::from_be_bytes([s0, s1, s2, s3]),
            exponent: (limit >> 26) as u8,
            mantissa: limit >> 9 & 0x1_ffff,
            overhead: (limit & 0x1ff) as u16,
        })
    }

    fn write(&self, bytes: &mut [u8]) {
        let limit = u32::from(self.exponent) << 26 | self.mantissa << 9 | u32::from(self.overhead);
        let (ssrc, rest) = bytes.split_at_mut(4);
        ssrc.copy_from_slice(&self.ssrc.to_be_bytes());
        rest.copy_from_slice(&limit.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_rate_beyond_64_bits_is_the_greatest() {
        let entry = Tmmb::read(&[0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]).unwrap();
        assert_eq!(entry.bit_rate(), u64::MAX);
        assert_eq!(entry.overhead(), 511);
        // Nothing is nothing, however far it is shifted.
        let entry = Tmmb::read(&[0, 0, 0, 1, 0xfc, 0, 0, 0]).unwrap();
        assert_eq!(entry.bit_rate(), 0);
    }

    proptest! {
        #[test]
        fn loses_less_than_a_part_in_65536(bit_rate: u64, overhead in 0u16..512) {
            let entry = Tmmb::new(7, bit_rate, overhead);
            let mut bytes = [0xa5; 8];
            entry.write(&mut bytes);
            prop_assert_eq!(Tmmb::read(&bytes), Some(entry));
            prop_assert!(entry.bit_rate() <= bit_rate);
            prop_assert!(bit_rate - entry.bit_rate() <= bit_rate >> 16);
            prop_assert_eq!(entry.overhead(), overhead);
        }
    }
}
