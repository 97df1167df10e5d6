//! Quantization tables: by formula from Q, or in a packet (RFC 2435 §3.1.8, §4.2, Appendix A).

/// Coefficients of a table.
const COEFFICIENTS: usize = 64;

/// Table K.1 of ITU-T T.81, in zig-zag order.
#[rustfmt::skip]
const LUMINANCE: [u8; COEFFICIENTS] = [
    16, 11, 12, 14, 12, 10, 16, 14,
    13, 14, 18, 17, 16, 19, 24, 40,
    26, 24, 22, 22, 24, 49, 35, 37,
    29, 40, 58, 51, 61, 60, 57, 51,
    56, 55, 64, 72, 92, 78, 64, 68,
    87, 69, 55, 56, 80, 109, 81, 87,
    95, 98, 103, 104, 103, 62, 77, 113,
    121, 112, 100, 120, 92, 101, 103, 99,
];

/// Table K.2 of ITU-T T.81, in zig-zag order.
#[rustfmt::skip]
const CHROMINANCE: [u8; COEFFICIENTS] = [
    17, 18, 18, 24, 21, 24, 47, 26,
    26, 47, 99, 66, 56, 66, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
];

/// The tables of luminance and chrominance, in zig-zag order as a JPEG image has them.
///
/// ```
/// use rfc2435_jpeg::QuantizationTables;
///
/// let tables = QuantizationTables::from_q(75).expect("1 to 99");
/// assert_eq!(tables.luminance()[..4], [8, 6, 6, 7]);
/// assert_eq!(tables.q(), Some(75));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QuantizationTables {
    luminance: [u16; COEFFICIENTS],
    chrominance: [u16; COEFFICIENTS],
}

impl QuantizationTables {
    /// Tables of one's own; a coefficient above 255 makes its table one of 16 bits.
    pub const fn new(luminance: [u16; 64], chrominance: [u16; 64]) -> Self {
        Self {
            luminance,
            chrominance,
        }
    }

    /// The tables of a Q of 1 to 99 by the Independent JPEG Group's formula; `None` for another.
    pub fn from_q(q: u8) -> Option<Self> {
        let scale = scale(q)?;
        Some(Self {
            luminance: LUMINANCE.map(|base| scaled(base, scale)),
            chrominance: CHROMINANCE.map(|base| scaled(base, scale)),
        })
    }

    /// The Q of 1 to 99 that gives just these tables, if there is one.
    pub fn q(&self) -> Option<u8> {
        (1..=99).find(|&q| {
            scale(q).is_some_and(|scale| {
                let agrees = |table: &[u16], bases: &[u8]| {
                    table
                        .iter()
                        .zip(bases)
                        .all(|(&value, &base)| value == scaled(base, scale))
                };
                agrees(&self.luminance, &LUMINANCE) && agrees(&self.chrominance, &CHROMINANCE)
            })
        })
    }

    /// Reads the data of a quantization table header: two tables, or one for all components as
    /// FFmpeg sends it. `None` if the length is neither's.
    pub fn from_data(precision: u8, data: &[u8]) -> Option<Self> {
        let (luminance, rest) = read_table(precision & 1 != 0, data)?;
        if rest.is_empty() {
            return Some(Self::new(luminance, luminance));
        }
        let (chrominance, rest) = read_table(precision & 2 != 0, rest)?;
        rest.is_empty().then_some(Self {
            luminance,
            chrominance,
        })
    }

    /// The table of the luminance: number 0.
    pub const fn luminance(&self) -> &[u16; 64] {
        &self.luminance
    }

    /// The table of both chrominance components: number 1.
    pub const fn chrominance(&self) -> &[u16; 64] {
        &self.chrominance
    }

    /// The precision field: bit 0 set if the first table has 16 bits, bit 1 if the second.
    pub fn precision(&self) -> u8 {
        u8::from(is_wide(&self.luminance)) | u8::from(is_wide(&self.chrominance)) << 1
    }

    /// Bytes that the two tables take in a packet: 128 to 256.
    pub fn data_len(&self) -> usize {
        let len = |table| COEFFICIENTS << u8::from(is_wide(table));
        len(&self.luminance) + len(&self.chrominance)
    }

    /// The data of a quantization table header, byte by byte.
    pub(crate) fn data(&self) -> impl Iterator<Item = u8> + '_ {
        table_bytes(&self.luminance).chain(table_bytes(&self.chrominance))
    }
}

/// The scale factor of a Q, in hundredths.
const fn scale(q: u8) -> Option<u32> {
    match q {
        1..=49 => Some(5000 / q as u32),
        50..=99 => Some(200 - 2 * q as u32),
        _ => None,
    }
}

fn scaled(base: u8, scale: u32) -> u16 {
    // At most 121 × 5000: no overflow; at most 255: no truncation.
    (u32::from(base) * scale + 50).div_euclid(100).clamp(1, 255) as u16
}

/// Whether a table needs 16 bits.
pub(crate) fn is_wide(table: &[u16; COEFFICIENTS]) -> bool {
    table.iter().any(|&value| value > 0xff)
}

/// The coefficients as a packet and a DQT segment have them: in eight bits if they fit.
pub(crate) fn table_bytes(table: &[u16; COEFFICIENTS]) -> impl Iterator<Item = u8> + '_ {
    let skipped = usize::from(!is_wide(table));
    table
        .iter()
        .flat_map(move |value| value.to_be_bytes().into_iter().skip(skipped))
}

/// Reads one table and gives what follows.
pub(crate) fn read_table(wide: bool, data: &[u8]) -> Option<([u16; COEFFICIENTS], &[u8])> {
    let mut table = [0; COEFFICIENTS];
    let rest = if wide {
        let (bytes, rest) = data.split_at_checked(2 * COEFFICIENTS)?;
        for (value, pair) in table.iter_mut().zip(bytes.chunks_exact(2)) {
            *value = pair
                .first_chunk()
                .map_or(0, |&pair| u16::from_be_bytes(pair));
        }
        rest
    } else {
        let (bytes, rest) = data.split_at_checked(COEFFICIENTS)?;
        for (value, &byte) in table.iter_mut().zip(bytes) {
            *value = byte.into();
        }
        rest
    };
    Some((table, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    #[test]
    fn q_of_50_is_the_standard_tables() {
        let tables = QuantizationTables::from_q(50).unwrap();
        assert_eq!(*tables.luminance(), LUMINANCE.map(u16::from));
        assert_eq!(*tables.chrominance(), CHROMINANCE.map(u16::from));
    }

    #[test]
    fn every_q_is_found_again() {
        for q in 1..=99 {
            let tables = QuantizationTables::from_q(q).unwrap();
            assert_eq!(tables.q(), Some(q));
        }
        for reserved in [0, 100, 127, 128, 255] {
            assert_eq!(QuantizationTables::from_q(reserved), None, "{reserved}");
        }
    }

    #[test]
    fn one_table_serves_all_components() {
        let tables = QuantizationTables::from_data(0, &[7; 64]).unwrap();
        assert_eq!(tables, QuantizationTables::new([7; 64], [7; 64]));
    }

    #[test]
    fn precision_says_which_table_has_sixteen_bits() {
        for (luminance, chrominance, precision, length) in [
            (7, 8, 0, 128),
            (0x0102, 8, 1, 192),
            (7, 0x0102, 2, 192),
            (0x0102, 0x0304, 3, 256),
        ] {
            let tables = QuantizationTables::new([luminance; 64], [chrominance; 64]);
            assert_eq!((tables.precision(), tables.data_len()), (precision, length));
            let data: Vec<_> = tables.data().collect();
            assert_eq!(data.len(), length);
            assert_eq!(
                QuantizationTables::from_data(precision, &data),
                Some(tables)
            );
            // The bits of tables that the type does not use mean nothing.
            assert_eq!(
                QuantizationTables::from_data(precision | 0xfc, &data),
                Some(tables)
            );
        }
    }

    #[test]
    fn no_other_length_is_tables() {
        for length in [0, 1, 63, 65, 127, 129, 192, 256] {
            let data = alloc::vec![1; length];
            assert_eq!(QuantizationTables::from_data(0, &data), None, "{length}");
        }
    }

    proptest! {
        #[test]
        fn data_comes_back(precision in 0..4_u8, mut data in proptest::collection::vec(any::<u8>(), 256)) {
            data.truncate([128, 192, 192, 256][usize::from(precision)]);
            let tables = QuantizationTables::from_data(precision, &data).unwrap();
            // A table of 16 bits whose values fit eight is written in eight.
            if tables.precision() == precision {
                prop_assert_eq!(tables.data().collect::<Vec<_>>(), data);
            }
            let again: Vec<_> = tables.data().collect();
            prop_assert_eq!(QuantizationTables::from_data(tables.precision(), &again), Some(tables));
        }
    }
}
