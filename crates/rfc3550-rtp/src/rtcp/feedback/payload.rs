//! The messages of payload-specific feedback (RFC 4585 §6.3, §6.4; RFC 5104 §4.3.1).

use crate::entries::Entries;
use crate::entries::sealed::Wire;
use crate::error::{ErrorKind, ParseError, Rule, WriteError};
use crate::rtcp::write;

const PLI: u8 = 1;
const SLI: u8 = 2;
const RPSI: u8 = 3;
const FIR: u8 = 4;
const AFB: u8 = 15;

/// A message of a payload-specific feedback packet.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PayloadMessage<'a> {
    /// Picture loss indication (RFC 4585 §6.3.1).
    PictureLoss,
    /// Slice loss indications, one at least (RFC 4585 §6.3.2).
    SliceLoss(Entries<'a, Sli>),
    /// Reference picture selection indication (RFC 4585 §6.3.3).
    ReferencePictureSelection(Rpsi<'a>),
    /// Full intra requests, one at least (RFC 5104 §4.3.1).
    FullIntraRequest(Entries<'a, Fir>),
    /// An application's own message: whole words (RFC 4585 §6.4).
    Application(&'a [u8]),
    /// Any other format, as it is.
    Other {
        /// The feedback message type, 0 to 31.
        format: u8,
        /// The control information: whole words.
        fci: &'a [u8],
    },
}

impl<'a> PayloadMessage<'a> {
    pub(crate) fn from_fci(format: u8, fci: &'a [u8]) -> Result<Self, ParseError> {
        Ok(match format {
            PLI if !fci.is_empty() => {
                return Err(ParseError::new(ErrorKind::InvalidLength, 0, &PICTURE_LOSS));
            }
            PLI => Self::PictureLoss,
            SLI if fci.is_empty() => {
                return Err(ParseError::new(ErrorKind::InvalidLength, 0, &SLICE_LOSS));
            }
            SLI => Self::SliceLoss(Entries::from_wire(fci)),
            RPSI => Self::ReferencePictureSelection(Rpsi::from_fci(fci)?),
            FIR if fci.is_empty() || fci.len() % 8 != 0 => {
                return Err(ParseError::new(ErrorKind::InvalidLength, 0, &INTRA));
            }
            FIR => Self::FullIntraRequest(Entries::from_wire(fci)),
            AFB => Self::Application(fci),
            _ => Self::Other { format, fci },
        })
    }

    pub(crate) const fn format(&self) -> u8 {
        match self {
            Self::PictureLoss => PLI,
            Self::SliceLoss(_) => SLI,
            Self::ReferencePictureSelection(_) => RPSI,
            Self::FullIntraRequest(_) => FIR,
            Self::Application(_) => AFB,
            Self::Other { format, .. } => *format,
        }
    }

    pub(crate) fn encoded_len(&self) -> usize {
        match self {
            Self::PictureLoss => 0,
            Self::SliceLoss(slices) => slices.encoded_len(),
            Self::ReferencePictureSelection(rpsi) => rpsi.encoded_len(),
            Self::FullIntraRequest(requests) => requests.encoded_len(),
            Self::Application(fci) | Self::Other { fci, .. } => fci.len(),
        }
    }

    /// Writes the control information to exactly its length.
    pub(crate) fn write(&self, out: &mut [u8]) -> Result<(), WriteError> {
        match self {
            Self::PictureLoss => {}
            Self::SliceLoss(slices) => slices.write(out),
            Self::ReferencePictureSelection(rpsi) => rpsi.write(out)?,
            Self::FullIntraRequest(requests) => requests.write(out),
            Self::Application(fci) | Self::Other { fci, .. } => out.copy_from_slice(fci),
        }
        Ok(())
    }
}

/// Lost macroblocks (RFC 4585 §6.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sli {
    /// The first lost macroblock, from 1; 13 bits.
    pub first: u16,
    /// How many are lost; 13 bits.
    pub number: u16,
    /// The low six bits of the picture's identifier.
    pub picture_id: u8,
}

impl Wire for Sli {
    const LEN: usize = 4;

    fn read(bytes: &[u8]) -> Option<Self> {
        let word = u32::from_be_bytes(*bytes.first_chunk()?);
        Some(Self {
            first: (word >> 19) as u16,
            number: (word >> 6 & 0x1fff) as u16,
            picture_id: (word & 0x3f) as u8,
        })
    }

    fn write(&self, bytes: &mut [u8]) {
        let word = u32::from(self.first & 0x1fff) << 19
            | u32::from(self.number & 0x1fff) << 6
            | u32::from(self.picture_id & 0x3f);
        bytes.copy_from_slice(&word.to_be_bytes());
    }
}

/// A codec's choice of a reference picture (RFC 4585 §6.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rpsi<'a> {
    payload_type: u8,
    bits: &'a [u8],
    unused: u8,
}

impl<'a> Rpsi<'a> {
    /// A bit string of the codec's, in whole octets of which the last `unused` bits, fewer than
    /// eight, do not count.
    pub const fn new(payload_type: u8, bits: &'a [u8], unused: u8) -> Self {
        Self {
            payload_type,
            bits,
            unused,
        }
    }

    fn from_fci(fci: &'a [u8]) -> Result<Self, ParseError> {
        let invalid = ParseError::new(ErrorKind::InvalidLength, 0, &REFERENCE_PICTURE);
        let Some((&[padding, payload_type], string)) = fci.split_first_chunk() else {
            return Err(invalid);
        };
        let bits = string
            .len()
            .checked_sub(usize::from(padding / 8))
            .filter(|&octets| octets > 0 || padding % 8 == 0)
            .and_then(|octets| string.get(..octets));
        Ok(Self {
            payload_type: payload_type & 0x7f,
            bits: bits.ok_or(invalid)?,
            unused: padding % 8,
        })
    }

    /// The payload type in whose context the bits are to be read.
    pub const fn payload_type(&self) -> u8 {
        self.payload_type
    }

    /// The codec's bit string. Of its last octet, the low [`unused_bits`](Self::unused_bits) do
    /// not count.
    pub const fn bits(&self) -> &'a [u8] {
        self.bits
    }

    /// Bits at the end of the last octet that do not count, 0 to 7.
    pub const fn unused_bits(&self) -> u8 {
        self.unused
    }

    fn encoded_len(&self) -> usize {
        (2 + self.bits.len()).next_multiple_of(4)
    }

    fn write(&self, mut out: &mut [u8]) -> Result<(), WriteError> {
        if self.payload_type > 0x7f {
            return Err(WriteError::OutOfRange {
                field: "payload type",
            });
        }
        if self.unused > 7 || (self.unused > 0 && self.bits.is_empty()) {
            return Err(WriteError::OutOfRange {
                field: "unused bits of RPSI",
            });
        }
        // Up to three octets of padding, so at most 31 bits.
        let padding = 8 * (self.encoded_len() - 2 - self.bits.len()) as u8 + self.unused;
        *write::take(&mut out) = [padding, self.payload_type];
        write::padded(self.bits, out);
        if let Some(last) = self.bits.len().checked_sub(1).and_then(|i| out.get_mut(i)) {
            *last &= 0xff << self.unused;
        }
        Ok(())
    }
}

/// A request for a picture that needs none before it (RFC 5104 §4.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fir {
    /// The media sender that is to send it.
    pub ssrc: u32,
    /// Counts commands from this source to that sender, modulo 256; a repetition keeps it.
    pub sequence_number: u8,
}

impl Wire for Fir {
    const LEN: usize = 8;

    fn read(bytes: &[u8]) -> Option<Self> {
        let &[s0, s1, s2, s3, sequence_number, ..] = bytes.first_chunk::<8>()?;
        Some(Self {
            ssrc: u32::from_be_bytes([s0, s1, s2, s3]),
            sequence_number,
        })
    }

    fn write(&self, bytes: &mut [u8]) {
        let [s0, s1, s2, s3] = self.ssrc.to_be_bytes();
        bytes.copy_from_slice(&[s0, s1, s2, s3, self.sequence_number, 0, 0, 0]);
    }
}

static PICTURE_LOSS: Rule = Rule {
    field: "PLI",
    expected: "no control information",
    section: "RFC 4585 §6.3.1.2",
};
static SLICE_LOSS: Rule = Rule {
    field: "SLI",
    expected: "one entry of 4 octets at least",
    section: "RFC 4585 §6.3.2",
};
static REFERENCE_PICTURE: Rule = Rule {
    field: "RPSI",
    expected: "no more padding bits than the string has",
    section: "RFC 4585 §6.3.3.2",
};
static INTRA: Rule = Rule {
    field: "FIR",
    expected: "one entry of 8 octets at least",
    section: "RFC 5104 §4.3.1.1",
};
