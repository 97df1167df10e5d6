//! What can be wrong with a payload or an image, read or written (RFC 2435, ITU-T T.81).

use core::error::Error;
use core::fmt;

/// Why bytes are not a JPEG payload, or not a JPEG image that the payload can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ParseError {
    kind: ErrorKind,
    offset: usize,
}

impl ParseError {
    pub(crate) const fn new(kind: ErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }

    /// What is wrong.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where, in bytes from the start of the payload or image.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The rule that is broken.
    pub const fn rule(&self) -> &'static str {
        self.kind.explanation().2
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, expected, rule) = self.kind.explanation();
        let offset = self.offset;
        write!(f, "{what} at byte {offset}: expected {expected} ({rule})")
    }
}

impl Error for ParseError {}

/// The kinds of [`ParseError`]: first those of payloads, then those of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The payload ends within its first eight bytes.
    TruncatedMainHeader,
    /// The payload ends within the four bytes of the restart marker header.
    TruncatedRestartMarkerHeader,
    /// The restart interval is 0.
    ZeroRestartInterval,
    /// The payload ends within the four bytes of the quantization table header.
    TruncatedQuantizationTableHeader,
    /// The quantization tables are longer than what follows.
    QuantizationTablesBeyondPayload,
    /// Q is 255 and there are no quantization tables.
    MissingQuantizationTables,
    /// The fragment ends beyond 2²⁴ bytes.
    FragmentBeyondFrame,
    /// The type is none of 0, 1, 64 and 65: the frame cannot be put together.
    ReservedType,
    /// Q is 0 or 100 to 127: the frame cannot be put together.
    ReservedQ,
    /// The quantization tables are neither one nor two whole tables.
    InvalidQuantizationTablesLength,
    /// The image does not begin with a start-of-image marker.
    MissingStartOfImage,
    /// A marker segment begins with another byte than 0xFF, or the image ends before one.
    MissingMarker,
    /// A marker segment is shorter than its own fields or longer than what follows.
    InvalidSegmentLength,
    /// The image is coded otherwise than sequentially with Huffman codes.
    UnsupportedCoding,
    /// The samples have not eight bits.
    UnsupportedPrecision,
    /// The width or height is 0.
    ZeroDimension,
    /// The components are not three, 4:2:0 or 4:2:2.
    UnsupportedSampling,
    /// A quantization table has an unknown precision or number.
    InvalidQuantizationTable,
    /// A component's quantization table is not there.
    UndefinedQuantizationTable,
    /// The two chrominance components have different quantization tables.
    UnsharedQuantizationTable,
    /// A Huffman table has an unknown class or number.
    InvalidHuffmanTable,
    /// A component has another Huffman table than the standard's, as an optimised image has.
    UnsupportedHuffmanTable,
    /// The scan comes before the frame header, or there is no scan.
    MissingFrameHeader,
    /// The scan does not have all three components in the frame's order, with all coefficients.
    UnsupportedScan,
    /// The scan has no data.
    EmptyScan,
    /// A restart marker in an image without restart interval.
    UnexpectedRestartMarker,
    /// Another marker than restart and end of image in the scan.
    UnexpectedMarker,
    /// The scan does not end with an end-of-image marker.
    MissingEndOfImage,
}

impl ErrorKind {
    /// What is wrong, what was expected, and by which rule.
    const fn explanation(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::TruncatedMainHeader => {
                ("truncated main JPEG header", "eight bytes", "RFC 2435 §3.1")
            }
            Self::TruncatedRestartMarkerHeader => (
                "truncated restart marker header",
                "four bytes",
                "RFC 2435 §3.1.7",
            ),
            Self::ZeroRestartInterval => {
                ("invalid restart interval", "1 or more", "RFC 2435 §3.1.7")
            }
            Self::TruncatedQuantizationTableHeader => (
                "truncated quantization table header",
                "four bytes",
                "RFC 2435 §3.1.8",
            ),
            Self::QuantizationTablesBeyondPayload => (
                "invalid quantization table length",
                "tables within the payload",
                "RFC 2435 §3.1.8",
            ),
            Self::MissingQuantizationTables => (
                "missing quantization tables",
                "tables in every frame with Q = 255",
                "RFC 2435 §3.1.8",
            ),
            Self::FragmentBeyondFrame => (
                "invalid fragment offset",
                "a fragment that ends within 2^24 bytes",
                "RFC 2435 §3.1.2",
            ),
            Self::ReservedType => ("reserved type", "0, 1, 64 or 65", "RFC 2435 §4.1"),
            Self::ReservedQ => ("reserved Q", "1 to 99 or 128 to 255", "RFC 2435 §4.2"),
            Self::InvalidQuantizationTablesLength => (
                "invalid quantization table length",
                "two tables, or one for all components",
                "RFC 2435 §4.2",
            ),
            Self::MissingStartOfImage => ("missing start of image", "0xFFD8", "ITU-T T.81 §B.2.1"),
            Self::MissingMarker => ("missing marker", "0xFF", "ITU-T T.81 §B.1.1.2"),
            Self::InvalidSegmentLength => (
                "invalid segment length",
                "a whole segment within the image",
                "ITU-T T.81 §B.1.1.4",
            ),
            Self::UnsupportedCoding => (
                "unsupported coding",
                "a sequential image with Huffman codes",
                "RFC 2435 §4.1",
            ),
            Self::UnsupportedPrecision => (
                "unsupported sample precision",
                "eight bits",
                "RFC 2435 §4.1",
            ),
            Self::ZeroDimension => (
                "unsupported dimension",
                "width and height of 1 or more",
                "RFC 2435 §3.1.5",
            ),
            Self::UnsupportedSampling => (
                "unsupported sampling",
                "three components, 4:2:0 or 4:2:2",
                "RFC 2435 §4.1",
            ),
            Self::InvalidQuantizationTable => (
                "invalid quantization table",
                "precision 0 or 1 and number 0 to 3",
                "ITU-T T.81 §B.2.4.1",
            ),
            Self::UndefinedQuantizationTable => (
                "undefined quantization table",
                "a table defined before the scan",
                "ITU-T T.81 §B.2.4.1",
            ),
            Self::UnsharedQuantizationTable => (
                "unsupported quantization tables",
                "one table for both chrominance components",
                "RFC 2435 §4.1",
            ),
            Self::InvalidHuffmanTable => (
                "invalid Huffman table",
                "class 0 or 1 and number 0 to 3",
                "ITU-T T.81 §B.2.4.2",
            ),
            Self::UnsupportedHuffmanTable => (
                "unsupported Huffman table",
                "the standard tables of luminance and chrominance",
                "RFC 2435 §4.1",
            ),
            Self::MissingFrameHeader => (
                "missing frame header",
                "a frame header before one scan",
                "ITU-T T.81 §B.2.1",
            ),
            Self::UnsupportedScan => (
                "unsupported scan",
                "one scan of all three components in order",
                "RFC 2435 §4.1",
            ),
            Self::EmptyScan => ("empty scan", "entropy-coded data", "ITU-T T.81 §B.2.1"),
            Self::UnexpectedRestartMarker => (
                "unexpected restart marker",
                "none without a restart interval",
                "RFC 2435 §3.1.9",
            ),
            Self::UnexpectedMarker => (
                "unexpected marker",
                "a single scan up to the end of the image",
                "RFC 2435 §3.1.9",
            ),
            Self::MissingEndOfImage => ("missing end of image", "0xFFD9", "ITU-T T.81 §B.2.1"),
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.explanation().0)
    }
}

/// Why a payload cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WriteError {
    /// The buffer is too small; nothing was written.
    BufferTooSmall {
        /// Bytes that the payload takes.
        needed: usize,
        /// Bytes that the buffer has.
        available: usize,
    },
    /// The packets of [`PacketizerConfig`](crate::PacketizerConfig) leave no room for data.
    PacketTooSmall {
        /// Bytes that headers and one byte of data take.
        needed: usize,
        /// Bytes that a packet may have.
        available: usize,
    },
    /// A width or height above 2040 pixels does not fit its field.
    DimensionTooLarge(u16),
    /// The fragment ends beyond 2²⁴ bytes.
    FragmentBeyondFrame {
        /// Where the fragment would end.
        end: usize,
    },
    /// Q is 0 or 100 to 127.
    ReservedQ(u8),
    /// Q is below 128 and there are quantization tables to send, or above and there are none.
    TablesDisagreeWithQ(u8),
    /// The type and the restart marker header do not both say that there are restart markers.
    RestartDisagreesWithType(u8),
    /// The image has more restart intervals than can be counted: see
    /// [`RestartMarkerHeader::MAX_COUNT`](crate::RestartMarkerHeader::MAX_COUNT).
    TooManyRestartIntervals(usize),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BufferTooSmall { needed, available } => write!(
                f,
                "buffer too small: {needed} bytes needed, {available} available"
            ),
            Self::PacketTooSmall { needed, available } => write!(
                f,
                "packet too small: {needed} bytes needed, {available} available"
            ),
            Self::DimensionTooLarge(pixels) => {
                write!(f, "dimension of {pixels} pixels exceeds 2040")
            }
            Self::FragmentBeyondFrame { end } => {
                write!(f, "fragment ends at byte {end}, beyond 2^24")
            }
            Self::ReservedQ(q) => write!(f, "Q = {q} is reserved"),
            Self::TablesDisagreeWithQ(q) => {
                write!(f, "quantization tables disagree with Q = {q}")
            }
            Self::RestartDisagreesWithType(jpeg_type) => {
                write!(f, "restart marker header disagrees with type {jpeg_type}")
            }
            Self::TooManyRestartIntervals(intervals) => {
                write!(f, "{intervals} restart intervals cannot be counted")
            }
        }
    }
}

impl Error for WriteError {}
