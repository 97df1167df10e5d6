//! The markers within an entropy-coded segment (RFC 2435 §3.1.9, ITU-T T.81 §B.1.1).

use memchr::memchr;

/// End of image.
pub(crate) const EOI: u8 = 0xd9;

/// A marker and where its 0xFF stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) offset: usize,
    pub(crate) code: u8,
}

impl Marker {
    /// Whether it is RST0 to RST7.
    pub(crate) const fn is_restart(self) -> bool {
        matches!(self.code, 0xd0..=0xd7)
    }
}

/// Every marker of a scan: stuffed bytes and fill bytes are none.
pub(crate) struct Markers<'a> {
    scan: &'a [u8],
    position: usize,
}

impl<'a> Markers<'a> {
    pub(crate) const fn new(scan: &'a [u8]) -> Self {
        Self { scan, position: 0 }
    }
}

impl Iterator for Markers<'_> {
    type Item = Marker;

    fn next(&mut self) -> Option<Marker> {
        loop {
            let rest = self.scan.get(self.position..)?;
            let offset = self.position + memchr(0xff, rest)?;
            let code = *self.scan.get(offset + 1)?;
            match code {
                0xff => self.position = offset + 1,
                0x00 => self.position = offset + 2,
                _ => {
                    self.position = offset + 2;
                    return Some(Marker { offset, code });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn stuffing_and_fill_are_no_markers() {
        let scan = [
            1, 0xff, 0, 2, 0xff, 0xff, 0xd3, 0xff, 0, 0xff, 0xd9, 0xd9, 0xff,
        ];
        let markers: Vec<_> = Markers::new(&scan).collect();
        let expected = [
            Marker {
                offset: 5,
                code: 0xd3,
            },
            Marker {
                offset: 9,
                code: EOI,
            },
        ];
        assert_eq!(markers, expected);
        assert_eq!(Markers::new(&[]).next(), None);
    }
}
