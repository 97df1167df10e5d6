//! The master key identifier: a number and its length in packets. RFC 4568 §6.1.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

/// A master key identifier, as it stands in packets: 1 to 128 bytes, not all of them zero.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mki(Vec<u8>);

impl Mki {
    /// The longest there is, in bytes.
    pub const MAX_LEN: usize = 128;

    /// The identifier of these bytes, which packets will carry.
    pub fn new(bytes: &[u8]) -> Option<Mki> {
        let fits = bytes.len() <= Mki::MAX_LEN && bytes.iter().any(|byte| *byte != 0);
        fits.then(|| Mki(bytes.to_vec()))
    }

    /// The identifier of a decimal number in so many bytes.
    pub(crate) fn from_decimal(digits: &str, len: usize) -> Option<Mki> {
        // Each byte holds more than two digits and less than three.
        if len > Mki::MAX_LEN || digits.len() > 3 * len {
            return None;
        }
        let mut bytes = vec![0; len];
        for digit in digits.bytes() {
            let mut carry = u16::from(digit.checked_sub(b'0')?);
            for byte in bytes.iter_mut().rev() {
                let [high, low] = (u16::from(*byte) * 10 + carry).to_be_bytes();
                *byte = low;
                carry = u16::from(high);
            }
            if carry != 0 {
                return None;
            }
        }
        Mki::new(&bytes)
    }

    /// The bytes that packets carry.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Mki {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.clone();
        let mut digits = Vec::new();
        while rest.iter().any(|byte| *byte != 0) {
            let mut remainder = 0_u16;
            for byte in &mut rest {
                let dividend = remainder << 8 | u16::from(*byte);
                // The remainder is below 10, so the quotient is below 256.
                [_, *byte] = (dividend / 10).to_be_bytes();
                remainder = dividend % 10;
            }
            digits.push(remainder);
        }
        digits
            .iter()
            .rev()
            .try_for_each(|digit| write!(f, "{digit}"))?;
        write!(f, ":{}", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_number_fills_its_bytes_from_the_right() {
        assert_eq!(
            Mki::from_decimal("1066", 4).unwrap().as_bytes(),
            [0, 0, 4, 42]
        );
        assert_eq!(Mki::from_decimal("66051", 3).unwrap().as_bytes(), [1, 2, 3]);
    }

    #[test]
    fn a_number_must_fit_and_not_be_zero() {
        assert_eq!(Mki::from_decimal("255", 1).unwrap().as_bytes(), [255]);
        assert_eq!(Mki::from_decimal("256", 1), None);
        assert_eq!(Mki::from_decimal("0", 4), None);
        assert_eq!(Mki::from_decimal("1", 0), None);
        assert_eq!(Mki::from_decimal("1", 129), None);
    }

    #[test]
    fn the_longest_identifier_survives_being_written() {
        let longest = Mki::new(&[0xff; 128]).unwrap();
        let text = longest.to_string();
        let (digits, len) = text.split_once(':').unwrap();
        assert_eq!((digits.len(), len), (309, "128"));
        assert_eq!(Mki::from_decimal(digits, 128), Some(longest));
        assert_eq!(Mki::new(&[0; 129]), None);
        assert_eq!(Mki::new(&[]), None);
    }
}
