//! The payload of one packet: headers, then a fragment of the scan (RFC 2435 §3.1).

use alloc::vec::Vec;

use crate::{
    ErrorKind, MAX_FRAME_BYTES, MainHeader, ParseError, QuantizationTables, RestartMarkerHeader,
    WriteError,
};

/// A JPEG payload over any buffer, validated once.
///
/// What the header says is within the packet is; whether type and Q are ones that can be put
/// together is for the [`Reassembler`](crate::Reassembler).
///
/// ```
/// use rfc2435_jpeg::{JpegPayload, Sampling};
///
/// let payload = JpegPayload::parse([0, 0, 0, 0, 1, 60, 40, 30, 0xaa, 0xbb])?;
/// let header = payload.header();
/// assert_eq!(header.sampling(), Some(Sampling::Yuv420));
/// assert_eq!((header.width(), header.height()), (320, 240));
/// assert_eq!(payload.fragment(), [0xaa, 0xbb]);
/// # Ok::<(), rfc2435_jpeg::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct JpegPayload<B> {
    buffer: B,
    header: MainHeader,
    restart: Option<RestartMarkerHeader>,
    /// The precision field, and where the tables begin; they end where the fragment begins.
    tables: Option<(u8, usize)>,
    fragment: usize,
}

impl<B: AsRef<[u8]>> JpegPayload<B> {
    /// Reads the payload of an RTP packet, without its header and padding.
    ///
    /// # Errors
    ///
    /// If a header is cut short, the restart interval is 0, the quantization tables are longer
    /// than the payload or missing with Q = 255, or the fragment ends beyond 2²⁴ bytes.
    pub fn parse(buffer: B) -> Result<Self, ParseError> {
        let bytes = buffer.as_ref();
        let mut position = 0;
        let header = take(bytes, &mut position)
            .map(MainHeader::from_bytes)
            .ok_or(ParseError::new(ErrorKind::TruncatedMainHeader, bytes.len()))?;
        let mut restart = None;
        if header.has_restart_markers() {
            let at = position;
            let read = take(bytes, &mut position).ok_or(ParseError::new(
                ErrorKind::TruncatedRestartMarkerHeader,
                bytes.len(),
            ))?;
            restart = RestartMarkerHeader::from_bytes(read);
            if restart.is_none() {
                return Err(ParseError::new(ErrorKind::ZeroRestartInterval, at));
            }
        }
        let mut tables = None;
        if header.has_quantization_tables() {
            let length_at = position + 2;
            let [_, precision, high, low] = take(bytes, &mut position).ok_or(ParseError::new(
                ErrorKind::TruncatedQuantizationTableHeader,
                bytes.len(),
            ))?;
            let length = usize::from(u16::from_be_bytes([high, low]));
            if length == 0 && header.q == 255 {
                let kind = ErrorKind::MissingQuantizationTables;
                return Err(ParseError::new(kind, length_at));
            }
            if length > bytes.len() - position {
                let kind = ErrorKind::QuantizationTablesBeyondPayload;
                return Err(ParseError::new(kind, length_at));
            }
            tables = Some((precision, position));
            position += length;
        }
        let length = bytes.len() - position;
        if length > MAX_FRAME_BYTES - header.fragment_offset as usize {
            return Err(ParseError::new(ErrorKind::FragmentBeyondFrame, 1));
        }
        Ok(Self {
            buffer,
            header,
            restart,
            tables,
            fragment: position,
        })
    }

    /// The main header.
    pub const fn header(&self) -> MainHeader {
        self.header
    }

    /// The restart marker header, which types 64 to 127 have.
    pub const fn restart(&self) -> Option<RestartMarkerHeader> {
        self.restart
    }

    /// The quantization table header, which the first packet of a frame has if Q is 128 or more.
    pub fn quantization_tables(&self) -> Option<QuantizationTableHeader<'_>> {
        self.tables
            .map(|(precision, start)| QuantizationTableHeader {
                precision,
                data: &self.buffer.as_ref()[start..self.fragment],
            })
    }

    /// The part of the scan that this packet carries, from the fragment offset on.
    pub fn fragment(&self) -> &[u8] {
        &self.buffer.as_ref()[self.fragment..]
    }

    /// The payload as it was received.
    pub fn as_bytes(&self) -> &[u8] {
        self.buffer.as_ref()
    }
}

/// The quantization tables of a packet as they are on the wire (RFC 2435 §3.1.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QuantizationTableHeader<'a> {
    /// Which tables have 16 bits: bit 0 the first, bit 1 the second.
    pub precision: u8,
    /// The tables; empty if they are known from earlier or otherwise.
    pub data: &'a [u8],
}

impl QuantizationTableHeader<'_> {
    /// Bytes of the header without the tables.
    pub const LEN: usize = 4;

    /// The tables as types 0 and 1 have them; `None` if there are none or the length is not that of
    /// one or two.
    pub fn tables(&self) -> Option<QuantizationTables> {
        QuantizationTables::from_data(self.precision, self.data)
    }
}

/// Writes the payload of one packet.
///
/// ```
/// use rfc2435_jpeg::{JpegPayloadBuilder, MainHeader};
///
/// let header = MainHeader {
///     type_specific: 0,
///     fragment_offset: 1400,
///     jpeg_type: 1,
///     q: 60,
///     width_units: 40,
///     height_units: 30,
/// };
/// let mut buffer = [0; 64];
/// let length = JpegPayloadBuilder::new(header, &[0xaa; 20]).write_into(&mut buffer)?;
/// assert_eq!(length, 28);
/// assert_eq!(buffer[..8], [0, 0, 0x05, 0x78, 1, 60, 40, 30]);
/// # Ok::<(), rfc2435_jpeg::WriteError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct JpegPayloadBuilder<'a> {
    header: MainHeader,
    restart: Option<RestartMarkerHeader>,
    tables: Option<&'a QuantizationTables>,
    fragment: &'a [u8],
}

impl<'a> JpegPayloadBuilder<'a> {
    /// A payload without restart marker header and quantization tables.
    pub const fn new(header: MainHeader, fragment: &'a [u8]) -> Self {
        Self {
            header,
            restart: None,
            tables: None,
            fragment,
        }
    }

    /// The restart marker header of types 64 to 127.
    #[must_use]
    pub const fn restart(self, restart: RestartMarkerHeader) -> Self {
        Self {
            restart: Some(restart),
            ..self
        }
    }

    /// The quantization tables of a frame's first packet with Q of 128 or more. Without them, the
    /// first packet has the header with a length of 0, which Q = 255 does not allow.
    #[must_use]
    pub const fn quantization_tables(self, tables: &'a QuantizationTables) -> Self {
        Self {
            tables: Some(tables),
            ..self
        }
    }

    /// Bytes that the payload takes.
    pub fn encoded_len(&self) -> usize {
        self.headers_len() + self.fragment.len()
    }

    /// Writes the payload to the start of `buffer` and returns its length.
    ///
    /// # Errors
    ///
    /// If the buffer is too small, the headers disagree with type or Q, or the fragment ends
    /// beyond 2²⁴ bytes; nothing is written then.
    pub fn write_into(&self, buffer: &mut [u8]) -> Result<usize, WriteError> {
        self.check()?;
        let needed = self.encoded_len();
        let available = buffer.len();
        let Some(buffer) = buffer.get_mut(..needed) else {
            return Err(WriteError::BufferTooSmall { needed, available });
        };
        let (headers, fragment) = buffer.split_at_mut(self.headers_len());
        fragment.copy_from_slice(self.fragment);
        let (main, mut rest) = headers.split_at_mut(MainHeader::LEN);
        main.copy_from_slice(&self.header.to_bytes());
        if let Some(restart) = self.restart {
            let (bytes, after) = rest.split_at_mut(RestartMarkerHeader::LEN);
            bytes.copy_from_slice(&restart.to_bytes());
            rest = after;
        }
        if self.header.has_quantization_tables() {
            let (bytes, data) = rest.split_at_mut(QuantizationTableHeader::LEN);
            let precision = self.tables.map_or(0, QuantizationTables::precision);
            // At most 256.
            let [high, low] = (data.len() as u16).to_be_bytes();
            bytes.copy_from_slice(&[0, precision, high, low]);
            let tables = self.tables.into_iter().flat_map(QuantizationTables::data);
            for (byte, value) in data.iter_mut().zip(tables) {
                *byte = value;
            }
        }
        Ok(needed)
    }

    /// The payload in a new vector.
    ///
    /// # Errors
    ///
    /// As [`JpegPayloadBuilder::write_into`].
    pub fn to_vec(&self) -> Result<Vec<u8>, WriteError> {
        let mut buffer = alloc::vec![0; self.encoded_len()];
        self.write_into(&mut buffer)?;
        Ok(buffer)
    }

    /// Bytes before the fragment.
    fn headers_len(&self) -> usize {
        let restart = self.restart.map_or(0, |_| RestartMarkerHeader::LEN);
        let tables = if self.header.has_quantization_tables() {
            QuantizationTableHeader::LEN + self.tables.map_or(0, QuantizationTables::data_len)
        } else {
            0
        };
        MainHeader::LEN + restart + tables
    }

    fn check(&self) -> Result<(), WriteError> {
        let header = &self.header;
        if header.has_restart_markers() != self.restart.is_some() {
            return Err(WriteError::RestartDisagreesWithType(header.jpeg_type));
        }
        let disagree = match self.tables {
            Some(_) => !header.has_quantization_tables(),
            None => header.has_quantization_tables() && header.q == 255,
        };
        if disagree {
            return Err(WriteError::TablesDisagreeWithQ(header.q));
        }
        let end = (header.fragment_offset as usize).saturating_add(self.fragment.len());
        if end > MAX_FRAME_BYTES {
            return Err(WriteError::FragmentBeyondFrame { end });
        }
        Ok(())
    }
}

/// Reads an array and steps over it.
fn take<const N: usize>(bytes: &[u8], position: &mut usize) -> Option<[u8; N]> {
    let array = bytes.get(*position..)?.first_chunk()?;
    *position += N;
    Some(*array)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::num::NonZeroU16;

    const HEADER: MainHeader = MainHeader {
        type_specific: 0,
        fragment_offset: 0,
        jpeg_type: 1,
        q: 255,
        width_units: 40,
        height_units: 30,
    };

    #[test]
    fn headers_that_disagree_are_not_written() {
        let tables = QuantizationTables::new([1; 64], [2; 64]);
        let restart = RestartMarkerHeader::unaligned(NonZeroU16::MIN);
        let header = |jpeg_type, q, fragment_offset| MainHeader {
            jpeg_type,
            q,
            fragment_offset,
            ..HEADER
        };
        let build = |header| JpegPayloadBuilder::new(header, &[1]);
        let mut buffer = [0xa5; 256];
        for (builder, expected) in [
            (
                build(header(65, 50, 0)),
                WriteError::RestartDisagreesWithType(65),
            ),
            (
                build(header(1, 50, 0)).restart(restart),
                WriteError::RestartDisagreesWithType(1),
            ),
            (
                build(header(1, 255, 0)),
                WriteError::TablesDisagreeWithQ(255),
            ),
            (
                build(header(1, 50, 0)).quantization_tables(&tables),
                WriteError::TablesDisagreeWithQ(50),
            ),
            (
                build(header(1, 50, 1 << 24)),
                WriteError::FragmentBeyondFrame { end: (1 << 24) + 1 },
            ),
        ] {
            assert_eq!(builder.write_into(&mut buffer), Err(expected));
            assert_eq!(buffer, [0xa5; 256], "nothing is written");
        }
    }

    #[test]
    fn a_quantization_table_header_without_tables() {
        let header = MainHeader { q: 128, ..HEADER };
        let written = JpegPayloadBuilder::new(header, &[1]).to_vec().unwrap();
        assert_eq!(written, [0, 0, 0, 0, 1, 128, 40, 30, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn every_byte_is_written() {
        let tables = QuantizationTables::new([0x0101; 64], [2; 64]);
        let restart = RestartMarkerHeader::unaligned(NonZeroU16::MIN);
        let header = MainHeader {
            jpeg_type: 64,
            ..HEADER
        };
        let builder = JpegPayloadBuilder::new(header, &[7; 9])
            .restart(restart)
            .quantization_tables(&tables);
        let mut buffers = [[0xa5; 256], [0x5a; 256]];
        for buffer in &mut buffers {
            let length = builder.write_into(buffer).unwrap();
            assert_eq!(length, 8 + 4 + 4 + 128 + 64 + 9);
            let payload = JpegPayload::parse(&buffer[..length]).unwrap();
            assert_eq!(
                (payload.header(), payload.restart()),
                (header, Some(restart))
            );
            let tables_read = payload.quantization_tables().unwrap().tables();
            assert_eq!(tables_read, Some(tables));
            assert_eq!(payload.fragment(), [7; 9]);
        }
        assert_eq!(buffers[0][..217], buffers[1][..217]);
        assert_eq!(buffers[0][217..], [0xa5; 39]);
    }
}
