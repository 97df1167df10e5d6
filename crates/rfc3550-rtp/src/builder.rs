//! Writing RTP packets (RFC 3550 §5.1, §5.3.1; RFC 8285 §4).

use alloc::vec;
use alloc::vec::Vec;

use crate::contributing_sources::MAX_CSRCS;
use crate::entries::Entries;
use crate::error::WriteError;
use crate::extension::{ExtensionElement, ExtensionForm};
use crate::header::FIXED_LEN;
use crate::packet::RtpPacket;
use crate::{SequenceNumber, Timestamp};

/// Puts an RTP packet together and writes it into a buffer of the caller's.
///
/// ```
/// use rfc3550_rtp::{RtpPacketBuilder, SequenceNumber, Timestamp};
///
/// let mut buffer = [0; 1500];
/// let len = RtpPacketBuilder::new()
///     .payload_type(8)
///     .sequence_number(SequenceNumber(12))
///     .timestamp(Timestamp(13))
///     .ssrc(14)
///     .payload(&[0xd5; 160])
///     .write_into(&mut buffer)?;
/// assert_eq!(len, 172);
/// assert_eq!(buffer[..12], [0x80, 8, 0, 12, 0, 0, 0, 13, 0, 0, 0, 14]);
/// # Ok::<(), rfc3550_rtp::WriteError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct RtpPacketBuilder<'a> {
    marker: bool,
    payload_type: u8,
    sequence_number: SequenceNumber,
    timestamp: Timestamp,
    ssrc: u32,
    csrcs: Entries<'a, u32>,
    extension: Extension<'a>,
    payload: &'a [u8],
    padding_len: u8,
}

#[derive(Debug, Clone, Copy, Default)]
enum Extension<'a> {
    #[default]
    None,
    Words {
        profile: u16,
        data: &'a [u8],
    },
    Elements {
        form: ExtensionForm,
        elements: &'a [ExtensionElement<'a>],
    },
}

impl<'a> RtpPacketBuilder<'a> {
    /// A packet with every field zero and nothing after the fixed header.
    #[inline]
    pub fn new() -> Self {
        Self::default()
    }

    /// What writes `packet` again, but for what its padding holds beside the count.
    pub fn from_packet<B: AsRef<[u8]>>(packet: &'a RtpPacket<B>) -> Self {
        let builder = Self::new()
            .marker(packet.marker())
            .payload_type(packet.payload_type())
            .sequence_number(packet.sequence_number())
            .timestamp(packet.timestamp())
            .ssrc(packet.ssrc())
            .csrcs(packet.csrcs())
            .payload(packet.payload())
            .padding_len(packet.padding_len());
        match packet.extension() {
            Some(extension) => builder.extension(extension.profile(), extension.data()),
            None => builder,
        }
    }

    /// The marker bit.
    #[inline]
    #[must_use]
    pub fn marker(self, marker: bool) -> Self {
        Self { marker, ..self }
    }

    /// The payload type, 0 to 127.
    #[inline]
    #[must_use]
    pub fn payload_type(self, payload_type: u8) -> Self {
        Self {
            payload_type,
            ..self
        }
    }

    /// The sequence number.
    #[inline]
    #[must_use]
    pub fn sequence_number(self, sequence_number: SequenceNumber) -> Self {
        Self {
            sequence_number,
            ..self
        }
    }

    /// The sampling instant of the first octet of payload.
    #[inline]
    #[must_use]
    pub fn timestamp(self, timestamp: Timestamp) -> Self {
        Self { timestamp, ..self }
    }

    /// The synchronisation source.
    #[inline]
    #[must_use]
    pub fn ssrc(self, ssrc: u32) -> Self {
        Self { ssrc, ..self }
    }

    /// The contributing sources, at most 15: a slice, or those of another packet.
    #[inline]
    #[must_use]
    pub fn csrcs(self, csrcs: impl Into<Entries<'a, u32>>) -> Self {
        Self {
            csrcs: csrcs.into(),
            ..self
        }
    }

    /// A header extension of a profile's own, `data` being whole words.
    #[inline]
    #[must_use]
    pub fn extension(self, profile: u16, data: &'a [u8]) -> Self {
        Self {
            extension: Extension::Words { profile, data },
            ..self
        }
    }

    /// A header extension with these elements (RFC 8285), filled up with padding.
    #[inline]
    #[must_use]
    pub fn extension_elements(
        self,
        form: ExtensionForm,
        elements: &'a [ExtensionElement<'a>],
    ) -> Self {
        Self {
            extension: Extension::Elements { form, elements },
            ..self
        }
    }

    /// The payload.
    #[inline]
    #[must_use]
    pub fn payload(self, payload: &'a [u8]) -> Self {
        Self { payload, ..self }
    }

    /// Octets of padding at the end, with the one that counts them; 0, as it is unless set, for
    /// none.
    #[inline]
    #[must_use]
    pub fn padding_len(self, padding_len: u8) -> Self {
        Self {
            padding_len,
            ..self
        }
    }

    /// Octets of the whole packet.
    #[inline]
    pub fn encoded_len(&self) -> usize {
        self.header_len() + self.payload.len() + usize::from(self.padding_len)
    }

    /// Octets of the header, with contributing sources and extension.
    #[inline]
    pub fn header_len(&self) -> usize {
        FIXED_LEN + self.csrcs.encoded_len() + self.extension.encoded_len()
    }

    /// Writes the packet to the start of `buffer` and returns its length.
    ///
    /// # Errors
    ///
    /// The buffer is too small; the payload type is above 127; there are more than 15
    /// contributing sources; the extension is not whole words, is longer than 65535 of them, or
    /// has an element that its form cannot carry.
    #[inline]
    pub fn write_into(&self, buffer: &mut [u8]) -> Result<usize, WriteError> {
        let (needed, available) = (self.encoded_len(), buffer.len());
        let Some(out) = buffer.get_mut(..needed) else {
            return Err(WriteError::BufferTooSmall { needed, available });
        };
        let padding_start = needed - usize::from(self.padding_len);
        let (out, padding) = out.split_at_mut(padding_start);
        let (header, payload) = out.split_at_mut(padding_start - self.payload.len());
        self.write_header(header)?;
        payload.copy_from_slice(self.payload);
        if let [zeros @ .., count] = padding {
            zeros.fill(0);
            *count = self.padding_len;
        }
        Ok(needed)
    }

    /// Writes only the header to the start of `buffer` and returns its length: for a payload
    /// that is then coded into its place.
    ///
    /// # Errors
    ///
    /// As for [`write_into`](Self::write_into).
    pub fn write_header_into(&self, buffer: &mut [u8]) -> Result<usize, WriteError> {
        let (needed, available) = (self.header_len(), buffer.len());
        let Some(header) = buffer.get_mut(..needed) else {
            return Err(WriteError::BufferTooSmall { needed, available });
        };
        self.write_header(header)?;
        Ok(needed)
    }

    /// The packet in a vector of its own.
    ///
    /// # Errors
    ///
    /// As for [`write_into`](Self::write_into), the buffer being large enough.
    pub fn to_vec(&self) -> Result<Vec<u8>, WriteError> {
        let mut packet = vec![0; self.encoded_len()];
        self.write_into(&mut packet)?;
        Ok(packet)
    }

    /// Writes the header to exactly its length.
    #[inline]
    fn write_header(&self, header: &mut [u8]) -> Result<(), WriteError> {
        if self.payload_type > 0x7f {
            return Err(WriteError::OutOfRange {
                field: "payload type",
            });
        }
        let count = self.csrcs.len();
        if count > MAX_CSRCS {
            return Err(WriteError::TooMany {
                field: "contributing sources",
                limit: MAX_CSRCS,
            });
        }
        let Some((fixed, rest)) = header.split_first_chunk_mut::<FIXED_LEN>() else {
            return Ok(()); // never: the header is as long as `header_len` says
        };
        let first = 0x80
            | u8::from(self.padding_len != 0) << 5
            | u8::from(!matches!(self.extension, Extension::None)) << 4
            | count as u8;
        let second = u8::from(self.marker) << 7 | self.payload_type;
        // Two stores are quicker than one for each field.
        let head = u64::from(first) << 56
            | u64::from(second) << 48
            | u64::from(self.sequence_number.0) << 32
            | u64::from(self.timestamp.0);
        let (head_bytes, ssrc) = fixed.split_at_mut(8);
        head_bytes.copy_from_slice(&head.to_be_bytes());
        ssrc.copy_from_slice(&self.ssrc.to_be_bytes());
        if rest.is_empty() {
            return Ok(());
        }
        let (csrcs, extension) = rest.split_at_mut(self.csrcs.encoded_len());
        self.csrcs.write(csrcs);
        self.extension.write(extension)
    }
}

impl Extension<'_> {
    #[inline]
    fn encoded_len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Words { data, .. } => 4 + data.len(),
            Self::Elements { form, elements } => {
                let head = form.element_head_len();
                let octets: usize = elements.iter().map(|e| head + e.data.len()).sum();
                4 + octets.next_multiple_of(4)
            }
        }
    }

    /// Writes the extension to exactly its length.
    #[inline]
    fn write(&self, out: &mut [u8]) -> Result<(), WriteError> {
        let Some((head, words)) = out.split_first_chunk_mut::<4>() else {
            return Ok(()); // no extension
        };
        if words.len() % 4 != 0 {
            return Err(WriteError::NotWholeWords {
                field: "header extension",
            });
        }
        let Ok(length) = u16::try_from(words.len() / 4) else {
            return Err(WriteError::TooMany {
                field: "words of header extension",
                limit: usize::from(u16::MAX),
            });
        };
        let profile = match self {
            Self::None => return Ok(()),
            Self::Words { profile, data } => {
                words.copy_from_slice(data);
                *profile
            }
            Self::Elements { form, elements } => {
                let mut rest = words;
                for element in *elements {
                    rest = form.write_element(element, rest)?;
                }
                rest.fill(0);
                form.profile()
            }
        };
        let [p0, p1] = profile.to_be_bytes();
        let [l0, l1] = length.to_be_bytes();
        *head = [p0, p1, l0, l1];
        Ok(())
    }
}
