//! Reads a JPEG image for what the payload carries of it (RFC 2435 §4.1, ITU-T T.81 Annex B).

use core::num::NonZeroU16;

use crate::huffman::{self, Component};
use crate::quantization::read_table;
use crate::scan::{EOI, Markers};
use crate::{ErrorKind, ParseError, QuantizationTables, Sampling};

/// A JPEG image that the payload can carry: sequential, three components, 4:2:0 or 4:2:2, one
/// scan, the standard Huffman tables.
///
/// An image without Huffman tables, as AVI files have it, means the standard ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct JpegImage<'a> {
    width: u16,
    height: u16,
    sampling: Sampling,
    tables: QuantizationTables,
    restart_interval: Option<NonZeroU16>,
    scan: &'a [u8],
}

impl<'a> JpegImage<'a> {
    /// Reads an image in interchange format. What follows its end is ignored.
    ///
    /// # Errors
    ///
    /// If it is no JPEG image or one that the payload cannot carry: progressive, grey, 4:4:4, with
    /// optimised Huffman tables, with several scans.
    pub fn parse(image: &'a [u8]) -> Result<Self, ParseError> {
        let mut segments = Segments::new(image)?;
        let mut found = Found::default();
        loop {
            let segment = segments.next()?;
            match segment.marker {
                0xdb => found.quantization_tables(&segment)?,
                0xc4 => found.huffman_tables(&segment)?,
                0xdd => found.restart_interval = segment.array(0).map(u16::from_be_bytes)?,
                0xc0 | 0xc1 => found.frame_header(&segment)?,
                0xc2..=0xcf => return Err(segment.error(ErrorKind::UnsupportedCoding, 0)),
                0xda => {
                    let scan_at = segments.position;
                    return found.finish(image, &segment, scan_at);
                }
                EOI => return Err(segment.error(ErrorKind::MissingFrameHeader, 0)),
                _ => {}
            }
        }
    }

    /// The width in pixels; the payload carries it rounded up to a multiple of eight.
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// The height in pixels; the payload carries it rounded up to a multiple of eight.
    pub const fn height(&self) -> u16 {
        self.height
    }

    /// The sampling of the chrominance.
    pub const fn sampling(&self) -> Sampling {
        self.sampling
    }

    /// The quantization tables of luminance and chrominance.
    pub const fn tables(&self) -> &QuantizationTables {
        &self.tables
    }

    /// Minimum coded units between restart markers, if the scan has any.
    pub const fn restart_interval(&self) -> Option<NonZeroU16> {
        self.restart_interval
    }

    /// The entropy-coded data, without the end-of-image marker.
    pub const fn scan(&self) -> &'a [u8] {
        self.scan
    }
}

/// What the segments before the scan have said.
#[derive(Default)]
struct Found {
    /// With where it was found.
    frame: Option<(FrameHeader, usize)>,
    quantization: [Option<[u16; 64]>; 4],
    /// By class and number; `Some(None)` is a table that is not the standard's.
    huffman: [[Option<Option<Component>>; 4]; 2],
    restart_interval: u16,
}

#[derive(Clone, Copy)]
struct FrameHeader {
    width: u16,
    height: u16,
    sampling: Sampling,
    identifiers: [u8; 3],
    /// Numbers of the components' quantization tables.
    tables: [u8; 3],
}

impl Found {
    fn quantization_tables(&mut self, segment: &Segment<'_>) -> Result<(), ParseError> {
        let mut rest = segment.data;
        while let Some((&first, data)) = rest.split_first() {
            let at = segment.data.len() - rest.len();
            let (precision, number) = (first >> 4, usize::from(first & 0x0f));
            let slot = match self.quantization.get_mut(number) {
                Some(slot) if precision <= 1 => slot,
                _ => return Err(segment.error(ErrorKind::InvalidQuantizationTable, at)),
            };
            let (table, after) = read_table(precision == 1, data)
                .ok_or(segment.error(ErrorKind::InvalidSegmentLength, at))?;
            *slot = Some(table);
            rest = after;
        }
        Ok(())
    }

    fn huffman_tables(&mut self, segment: &Segment<'_>) -> Result<(), ParseError> {
        let mut rest = segment.data;
        while let Some((&first, data)) = rest.split_first() {
            let at = segment.data.len() - rest.len();
            let (class, number) = (first >> 4, usize::from(first & 0x0f));
            let slot = self
                .huffman
                .get_mut(usize::from(class))
                .and_then(|numbers| numbers.get_mut(number))
                .ok_or(segment.error(ErrorKind::InvalidHuffmanTable, at))?;
            let symbols: usize = data.iter().take(16).map(|&count| usize::from(count)).sum();
            let (table, after) = data
                .split_at_checked(16 + symbols)
                .ok_or(segment.error(ErrorKind::InvalidSegmentLength, at))?;
            *slot = Some(huffman::component_of(class, table));
            rest = after;
        }
        Ok(())
    }

    fn frame_header(&mut self, segment: &Segment<'_>) -> Result<(), ParseError> {
        if self.frame.is_some() {
            return Err(segment.error(ErrorKind::UnsupportedCoding, 0));
        }
        let [precision, h1, h0, w1, w0, components] = segment.array(0)?;
        if precision != 8 {
            return Err(segment.error(ErrorKind::UnsupportedPrecision, 0));
        }
        let (height, width) = (u16::from_be_bytes([h1, h0]), u16::from_be_bytes([w1, w0]));
        if height == 0 || width == 0 {
            return Err(segment.error(ErrorKind::ZeroDimension, 1));
        }
        let unsupported = segment.error(ErrorKind::UnsupportedSampling, 5);
        if components != 3 {
            return Err(unsupported);
        }
        let [y, yf, yt, u, uf, ut, v, vf, vt] = segment.array(6)?;
        let sampling = match [yf, uf, vf] {
            [0x21, 0x11, 0x11] => Sampling::Yuv422,
            [0x22, 0x11, 0x11] => Sampling::Yuv420,
            _ => return Err(unsupported),
        };
        let header = FrameHeader {
            width,
            height,
            sampling,
            identifiers: [y, u, v],
            tables: [yt, ut, vt],
        };
        self.frame = Some((header, segment.data_at));
        Ok(())
    }

    fn finish<'a>(
        &self,
        image: &'a [u8],
        header: &Segment<'_>,
        scan_at: usize,
    ) -> Result<JpegImage<'a>, ParseError> {
        let Some((frame, frame_at)) = self.frame else {
            return Err(header.error(ErrorKind::MissingFrameHeader, 0));
        };
        let [y, u, v] = frame.identifiers;
        if header.data.first() != Some(&3) {
            return Err(header.error(ErrorKind::UnsupportedScan, 0));
        }
        let [
            s1,
            huffman1,
            s2,
            huffman2,
            s3,
            huffman3,
            first,
            last,
            approximation,
        ] = header.array(1)?;
        if [s1, s2, s3, first, last, approximation] != [y, u, v, 0, 63, 0] {
            return Err(header.error(ErrorKind::UnsupportedScan, 1));
        }
        self.check_huffman(huffman1, Component::Luminance, header, 2)?;
        self.check_huffman(huffman2, Component::Chrominance, header, 4)?;
        self.check_huffman(huffman3, Component::Chrominance, header, 6)?;
        let table = |number: u8| {
            let defined = self.quantization.get(usize::from(number)).copied();
            let undefined = ParseError::new(ErrorKind::UndefinedQuantizationTable, frame_at);
            defined.flatten().ok_or(undefined)
        };
        let [luminance, chrominance, other] = frame.tables;
        let (luminance, chrominance, other) =
            (table(luminance)?, table(chrominance)?, table(other)?);
        if chrominance != other {
            let kind = ErrorKind::UnsharedQuantizationTable;
            return Err(ParseError::new(kind, frame_at));
        }
        let restart_interval = NonZeroU16::new(self.restart_interval);
        let scan = scan(image, scan_at, restart_interval.is_some())?;
        Ok(JpegImage {
            width: frame.width,
            height: frame.height,
            sampling: frame.sampling,
            tables: QuantizationTables::new(luminance, chrominance),
            restart_interval,
            scan,
        })
    }

    /// Whether a component's tables are the standard ones; those that are nowhere defined are.
    fn check_huffman(
        &self,
        selector: u8,
        component: Component,
        header: &Segment<'_>,
        at: usize,
    ) -> Result<(), ParseError> {
        for (class, number) in [(0, selector >> 4), (1, selector & 0x0f)] {
            let by_number = match number {
                0 => Component::Luminance,
                _ => Component::Chrominance,
            };
            let table = self
                .huffman
                .get(class)
                .and_then(|numbers| numbers.get(usize::from(number)))
                .ok_or(header.error(ErrorKind::InvalidHuffmanTable, at))?
                .unwrap_or(Some(by_number));
            if table != Some(component) {
                return Err(header.error(ErrorKind::UnsupportedHuffmanTable, at));
            }
        }
        Ok(())
    }
}

/// The entropy-coded data from `start` up to the end of the image.
fn scan(image: &[u8], start: usize, restart_markers: bool) -> Result<&[u8], ParseError> {
    let rest = image.get(start..).unwrap_or_default();
    for marker in Markers::new(rest) {
        let at = start + marker.offset;
        match marker.code {
            EOI if marker.offset == 0 => return Err(ParseError::new(ErrorKind::EmptyScan, at)),
            EOI => return Ok(rest.get(..marker.offset).unwrap_or_default()),
            _ if marker.is_restart() && restart_markers => {}
            _ if marker.is_restart() => {
                return Err(ParseError::new(ErrorKind::UnexpectedRestartMarker, at));
            }
            _ => return Err(ParseError::new(ErrorKind::UnexpectedMarker, at)),
        }
    }
    Err(ParseError::new(ErrorKind::MissingEndOfImage, image.len()))
}

/// A marker segment.
struct Segment<'a> {
    marker: u8,
    data: &'a [u8],
    /// Where the data begins in the image.
    data_at: usize,
}

impl Segment<'_> {
    fn error(&self, kind: ErrorKind, at: usize) -> ParseError {
        ParseError::new(kind, self.data_at.saturating_add(at))
    }

    fn array<const N: usize>(&self, at: usize) -> Result<[u8; N], ParseError> {
        let array = self.data.get(at..).and_then(|data| data.first_chunk());
        array
            .copied()
            .ok_or(self.error(ErrorKind::InvalidSegmentLength, self.data.len()))
    }
}

/// The marker segments from the start of an image.
struct Segments<'a> {
    image: &'a [u8],
    position: usize,
}

impl<'a> Segments<'a> {
    fn new(image: &'a [u8]) -> Result<Self, ParseError> {
        if !image.starts_with(&[0xff, 0xd8]) {
            return Err(ParseError::new(ErrorKind::MissingStartOfImage, 0));
        }
        Ok(Self { image, position: 2 })
    }

    fn next(&mut self) -> Result<Segment<'a>, ParseError> {
        let start = self.position;
        let rest = self.image.get(start..).unwrap_or_default();
        // Any number of 0xFF may stand before the marker's code.
        let fill = rest.iter().take_while(|&&byte| byte == 0xff).count();
        let marker = match rest.get(fill) {
            Some(&marker) if fill > 0 => marker,
            _ => return Err(ParseError::new(ErrorKind::MissingMarker, start + fill)),
        };
        let length_at = start + fill + 1;
        if marker == EOI {
            return Ok(Segment {
                marker,
                data: &[],
                data_at: start,
            });
        }
        let after = self.image.get(length_at..).unwrap_or_default();
        let segment = after
            .first_chunk()
            .map(|&length| usize::from(u16::from_be_bytes(length)))
            .and_then(|length| after.get(2..length));
        let invalid = ParseError::new(ErrorKind::InvalidSegmentLength, length_at);
        let data = segment.ok_or(invalid)?;
        let data_at = length_at + 2;
        self.position = data_at + data.len();
        Ok(Segment {
            marker,
            data,
            data_at,
        })
    }
}
