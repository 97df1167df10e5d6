//! The main JPEG header, eight bytes that every packet begins with (RFC 2435 §3.1).

/// The most that a fragment offset and its data come to: 2²⁴ bytes (§3.1.2).
pub const MAX_FRAME_BYTES: usize = 1 << 24;

/// The largest width or height that the header can carry, in pixels (§3.1.5, §3.1.6).
pub const MAX_DIMENSION: u16 = 255 * 8;

/// Set in types 64 to 127: a restart marker header follows.
const RESTART_BIT: u8 = 0x40;

/// The fields of the main header, each as it is on the wire.
///
/// All but the offset are the same in every packet of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MainHeader {
    /// What the type makes of it; types 0, 1, 64 and 65 make it a [`Scanning`] (§4.1).
    pub type_specific: u8,
    /// Where the packet's data stands in the scan, in bytes; 24 bits are sent.
    pub fragment_offset: u32,
    /// The type (§3.1.3), see [`Sampling`].
    pub jpeg_type: u8,
    /// The quantization tables: 1 to 99 by formula, 128 to 255 as in the header that follows (§4.2).
    pub q: u8,
    /// The width in units of eight pixels.
    pub width_units: u8,
    /// The height in units of eight pixels.
    pub height_units: u8,
}

impl MainHeader {
    /// Bytes of the header.
    pub const LEN: usize = 8;

    /// Reads a header.
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        let [
            type_specific,
            a,
            b,
            c,
            jpeg_type,
            q,
            width_units,
            height_units,
        ] = bytes;
        Self {
            type_specific,
            fragment_offset: u32::from_be_bytes([0, a, b, c]),
            jpeg_type,
            q,
            width_units,
            height_units,
        }
    }

    /// The header as it is sent; of the offset, the lower 24 bits.
    pub const fn to_bytes(self) -> [u8; Self::LEN] {
        let [_, a, b, c] = self.fragment_offset.to_be_bytes();
        [
            self.type_specific,
            a,
            b,
            c,
            self.jpeg_type,
            self.q,
            self.width_units,
            self.height_units,
        ]
    }

    /// The width in pixels; 0 says that the width is known otherwise than from RFC 2435.
    pub const fn width(&self) -> u16 {
        self.width_units as u16 * 8
    }

    /// The height in pixels, of a field if the video is interlaced; 0 as in [`MainHeader::width`].
    pub const fn height(&self) -> u16 {
        self.height_units as u16 * 8
    }

    /// The sampling factors, if the type is one that RFC 2435 defines.
    pub const fn sampling(&self) -> Option<Sampling> {
        match self.jpeg_type & !RESTART_BIT {
            0 => Some(Sampling::Yuv422),
            1 => Some(Sampling::Yuv420),
            _ => None,
        }
    }

    /// Whether a restart marker header follows: types 64 to 127.
    pub const fn has_restart_markers(&self) -> bool {
        self.jpeg_type & 0xc0 == RESTART_BIT
    }

    /// Whether a quantization table header follows: Q of 128 and above in the frame's first packet.
    pub const fn has_quantization_tables(&self) -> bool {
        self.q >= 128 && self.fragment_offset == 0
    }

    /// Whether two packets can be of one frame: all but the offset is the same.
    pub(crate) fn is_of_one_frame(self, other: Self) -> bool {
        let fragment_offset = other.fragment_offset;
        Self {
            fragment_offset,
            ..self
        } == other
    }
}

/// How the chrominance is sampled: what types 0 and 1 differ in (RFC 2435 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sampling {
    /// 4:2:2, halved horizontally: types 0 and 64.
    Yuv422,
    /// 4:2:0, halved both ways: types 1 and 65.
    Yuv420,
}

impl Sampling {
    /// The type, with or without restart markers.
    pub const fn jpeg_type(self, restart_markers: bool) -> u8 {
        let base = match self {
            Self::Yuv422 => 0,
            Self::Yuv420 => 1,
        };
        if restart_markers {
            base | RESTART_BIT
        } else {
            base
        }
    }

    /// The sampling factors of the luminance as a JPEG frame header has them; the chrominance's
    /// are 0x11.
    pub(crate) const fn luminance_factors(self) -> u8 {
        match self {
            Self::Yuv422 => 0x21,
            Self::Yuv420 => 0x22,
        }
    }
}

/// What an image is of the picture: the type-specific field of types 0, 1, 64 and 65 (§4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scanning {
    /// The whole picture.
    #[default]
    Progressive,
    /// The odd field of an interlaced picture of twice the height.
    OddField,
    /// The even field, whose lines stand just above those of the odd one.
    EvenField,
    /// A field that stands for both: every line is shown twice.
    SingleField,
    /// A value that RFC 2435 leaves undefined.
    Other(u8),
}

impl Scanning {
    /// The value of a type-specific field.
    pub const fn from_type_specific(value: u8) -> Self {
        match value {
            0 => Self::Progressive,
            1 => Self::OddField,
            2 => Self::EvenField,
            3 => Self::SingleField,
            other => Self::Other(other),
        }
    }

    /// The type-specific field.
    pub const fn to_type_specific(self) -> u8 {
        match self {
            Self::Progressive => 0,
            Self::OddField => 1,
            Self::EvenField => 2,
            Self::SingleField => 3,
            Self::Other(value) => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn restart_markers_come_with_types_64_to_127() {
        let with_type = |jpeg_type| MainHeader {
            jpeg_type,
            ..MainHeader::from_bytes([0; 8])
        };
        for jpeg_type in 0..=255 {
            let expected = (64..128).contains(&jpeg_type);
            assert_eq!(with_type(jpeg_type).has_restart_markers(), expected);
        }
        assert_eq!(with_type(64).sampling(), Some(Sampling::Yuv422));
        assert_eq!(with_type(1).sampling(), Some(Sampling::Yuv420));
        for reserved in [2, 5, 63, 66, 127, 128, 129, 255] {
            assert_eq!(with_type(reserved).sampling(), None, "{reserved}");
        }
    }

    #[test]
    fn scanning_is_the_type_specific_field() {
        for value in 0..=255 {
            assert_eq!(
                Scanning::from_type_specific(value).to_type_specific(),
                value
            );
        }
        assert_eq!(Scanning::from_type_specific(2), Scanning::EvenField);
    }

    proptest! {
        #[test]
        fn bytes_come_back(bytes: [u8; 8]) {
            let header = MainHeader::from_bytes(bytes);
            prop_assert_eq!(header.to_bytes(), bytes);
            let moved = MainHeader { fragment_offset: 7, ..header };
            prop_assert!(header.is_of_one_frame(moved));
        }
    }
}
