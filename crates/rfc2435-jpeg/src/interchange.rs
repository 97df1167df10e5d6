//! The headers that make a scan a complete JPEG image again (RFC 2435 §4.1, Appendix B).

use core::num::NonZeroU16;

use crate::huffman::{CHROMINANCE_AC, CHROMINANCE_DC, LUMINANCE_AC, LUMINANCE_DC};
use crate::quantization::{is_wide, table_bytes};
use crate::{QuantizationTables, Sampling};

/// Bytes that the headers take at most: with a restart interval and tables of 16 bits.
pub(crate) const MAX_HEADERS: usize = 2 + 2 * 133 + 6 + 19 + 2 * (33 + 183) + 14;

/// What the headers are made from.
pub(crate) struct Interchange<'a> {
    pub(crate) width: u16,
    pub(crate) height: u16,
    pub(crate) sampling: Sampling,
    pub(crate) tables: &'a QuantizationTables,
    pub(crate) restart_interval: Option<NonZeroU16>,
}

impl Interchange<'_> {
    /// Writes everything from the start of the image to the scan; returns the length.
    ///
    /// The components are numbered 1 to 3, as §4.1 has it and JFIF wants it, not 0 to 2 as in the
    /// example of Appendix B. Tables of 16 bits make it an extended sequential image, which is
    /// what decoders expect of them.
    pub(crate) fn write(&self, buffer: &mut [u8; MAX_HEADERS]) -> usize {
        let mut out = Out { buffer, length: 0 };
        let luminance = self.tables.luminance();
        let chrominance = self.tables.chrominance();
        out.bytes(&[0xff, 0xd8]);
        for (number, table) in [(0, luminance), (1, chrominance)] {
            let wide = is_wide(table);
            out.bytes(&[0xff, 0xdb, 0, if wide { 131 } else { 67 }]);
            out.bytes(&[u8::from(wide) << 4 | number]);
            for byte in table_bytes(table) {
                out.bytes(&[byte]);
            }
        }
        if let Some(interval) = self.restart_interval {
            out.bytes(&[0xff, 0xdd, 0, 4]);
            out.bytes(&interval.get().to_be_bytes());
        }
        let extended = self.tables.precision() != 0;
        out.bytes(&[0xff, if extended { 0xc1 } else { 0xc0 }, 0, 17, 8]);
        out.bytes(&self.height.to_be_bytes());
        out.bytes(&self.width.to_be_bytes());
        out.bytes(&[3, 1, self.sampling.luminance_factors(), 0]);
        out.bytes(&[2, 0x11, 1, 3, 0x11, 1]);
        let huffman_tables: [(u8, &[u8]); 4] = [
            (0x00, &LUMINANCE_DC),
            (0x10, &LUMINANCE_AC),
            (0x01, &CHROMINANCE_DC),
            (0x11, &CHROMINANCE_AC),
        ];
        for (class_and_number, table) in huffman_tables {
            // At most 178 + 3.
            out.bytes(&[0xff, 0xc4, 0, table.len() as u8 + 3, class_and_number]);
            out.bytes(table);
        }
        out.bytes(&[0xff, 0xda, 0, 12, 3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]);
        out.length
    }
}

struct Out<'a> {
    buffer: &'a mut [u8; MAX_HEADERS],
    length: usize,
}

impl Out<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        self.buffer
            .get_mut(self.length..end)
            .expect("the longest headers fit")
            .copy_from_slice(bytes);
        self.length = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(
        tables: &QuantizationTables,
        restart_interval: Option<NonZeroU16>,
    ) -> alloc::vec::Vec<u8> {
        let interchange = Interchange {
            width: 320,
            height: 240,
            sampling: Sampling::Yuv422,
            tables,
            restart_interval,
        };
        let mut buffer = [0xa5; MAX_HEADERS];
        let length = interchange.write(&mut buffer);
        buffer[..length].to_vec()
    }

    #[test]
    fn the_longest_headers_just_fit() {
        let tables = QuantizationTables::new([256; 64], [257; 64]);
        let headers = written(&tables, NonZeroU16::new(1));
        assert_eq!(headers.len(), MAX_HEADERS);
        assert!(headers.windows(2).any(|marker| marker == [0xff, 0xc1]));
    }

    #[test]
    fn baseline_without_restart_interval() {
        let tables = QuantizationTables::from_q(50).unwrap();
        let headers = written(&tables, None);
        assert_eq!(headers.len(), MAX_HEADERS - 128 - 6);
        let frame = headers
            .windows(2)
            .position(|marker| marker == [0xff, 0xc0])
            .unwrap();
        assert_eq!(
            headers[frame..frame + 19],
            [
                0xff, 0xc0, 0, 17, 8, 0, 240, 1, 64, 3, 1, 0x21, 0, 2, 0x11, 1, 3, 0x11, 1
            ]
        );
    }
}
