//! The tone payload: frequencies, modulation, power and duration (RFC 4733 §4; RFC 2833 §4).

use core::iter::FusedIterator;

use crate::{ErrorKind, ParseError, WriteError};

const HEADER_LEN: usize = 4;
const FREQUENCY_LEN: usize = 2;
const DIVIDE_BIT: u16 = 0x0040;
const VOLUME_MASK: u16 = 0x003f;
const MAX_MODULATION: u16 = 0x01ff;
const MAX_FREQUENCY: u16 = 0x0fff;

/// A tone payload over any buffer, validated once.
///
/// ```
/// use rfc2833_dtmf::TonePayload;
///
/// let tone = TonePayload::parse([0x00, 0x14, 0x00, 0xa0, 0x02, 0xb9, 0x04, 0xb9])?;
/// assert_eq!((tone.volume(), tone.duration()), (20, 160));
/// assert!(tone.frequencies().eq([697, 1209]));
/// # Ok::<(), rfc2833_dtmf::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TonePayload<B> {
    buffer: B,
    flags: u16,
    duration: u16,
}

impl<B: AsRef<[u8]>> TonePayload<B> {
    /// Reads the payload of an RTP packet, without its header and padding.
    ///
    /// # Errors
    ///
    /// If there are fewer than four bytes, half a frequency, or the duration is 0.
    pub fn parse(buffer: B) -> Result<Self, ParseError> {
        let bytes = buffer.as_ref();
        let Some(&[flags_high, flags_low, high, low]) = bytes.first_chunk::<HEADER_LEN>() else {
            return Err(ParseError::new(ErrorKind::TruncatedTone, 0));
        };
        if bytes.len() % FREQUENCY_LEN != 0 {
            return Err(ParseError::new(
                ErrorKind::TruncatedFrequency,
                bytes.len() - 1,
            ));
        }
        let duration = u16::from_be_bytes([high, low]);
        if duration == 0 {
            return Err(ParseError::new(ErrorKind::ToneDuration, 2));
        }
        Ok(Self {
            buffer,
            flags: u16::from_be_bytes([flags_high, flags_low]),
            duration,
        })
    }

    /// The modulation as it is in the field, in Hz or, if [`TonePayload::divided`], in thirds of
    /// a Hz; 0 is none.
    pub const fn modulation(&self) -> u16 {
        self.flags >> 7
    }

    /// Whether the modulation frequency is a third of the field, the T bit.
    pub const fn divided(&self) -> bool {
        self.flags & DIVIDE_BIT != 0
    }

    /// The modulation frequency in thirds of a Hz; 0 is none.
    pub const fn modulation_thirds(&self) -> u16 {
        if self.divided() {
            self.modulation()
        } else {
            self.modulation() * 3
        }
    }

    /// The power in dBm0 without its sign, 0 to 63.
    pub const fn volume(&self) -> u8 {
        (self.flags & VOLUME_MASK) as u8
    }

    /// How long the tone lasts from the RTP timestamp on, in timestamp units, never 0.
    pub const fn duration(&self) -> u16 {
        self.duration
    }

    /// The frequencies added, in Hz; 0 and none at all are silence.
    pub fn frequencies(&self) -> Frequencies<'_> {
        Frequencies {
            bytes: self.buffer.as_ref().get(HEADER_LEN..).unwrap_or_default(),
        }
    }

    /// The payload as it was received.
    pub fn as_bytes(&self) -> &[u8] {
        self.buffer.as_ref()
    }
}

/// The frequencies of a [`TonePayload`], in Hz, 0 to 4095.
#[derive(Debug, Clone)]
pub struct Frequencies<'a> {
    bytes: &'a [u8],
}

impl Iterator for Frequencies<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        let (frequency, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(u16::from_be_bytes(*frequency) & MAX_FREQUENCY)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.bytes.len() / FREQUENCY_LEN;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Frequencies<'_> {}
impl FusedIterator for Frequencies<'_> {}

/// Writes a tone payload.
///
/// ```
/// use rfc2833_dtmf::ToneBuilder;
///
/// let mut buffer = [0; 16];
/// let length = ToneBuilder::new(160, &[697, 1209]).volume(20).write_into(&mut buffer)?;
/// assert_eq!(buffer[..length], [0x00, 0x14, 0x00, 0xa0, 0x02, 0xb9, 0x04, 0xb9]);
/// # Ok::<(), rfc2833_dtmf::WriteError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ToneBuilder<'a> {
    duration: u16,
    frequencies: &'a [u16],
    volume: u8,
    modulation: u16,
    divided: bool,
}

impl<'a> ToneBuilder<'a> {
    /// A tone of some frequencies in Hz for `duration` timestamp units, at 0 dBm0.
    pub const fn new(duration: u16, frequencies: &'a [u16]) -> Self {
        Self {
            duration,
            frequencies,
            volume: 0,
            modulation: 0,
            divided: false,
        }
    }

    /// The power in dBm0 without its sign, 0 to 63.
    #[must_use]
    pub const fn volume(self, volume: u8) -> Self {
        Self { volume, ..self }
    }

    /// The modulation frequency in Hz, up to 511.
    #[must_use]
    pub const fn modulation(self, hertz: u16) -> Self {
        Self {
            modulation: hertz,
            divided: false,
            ..self
        }
    }

    /// The modulation frequency in thirds of a Hz, up to 511: 50 is 16⅔ Hz.
    #[must_use]
    pub const fn modulation_thirds(self, thirds: u16) -> Self {
        Self {
            modulation: thirds,
            divided: true,
            ..self
        }
    }

    /// Bytes that the payload takes.
    pub const fn encoded_len(&self) -> usize {
        HEADER_LEN + self.frequencies.len() * FREQUENCY_LEN
    }

    /// Writes the payload to the start of `buffer` and returns its length.
    ///
    /// # Errors
    ///
    /// If the buffer is too small, a value does not fit its field or the duration is 0; nothing is
    /// written then.
    pub fn write_into(&self, buffer: &mut [u8]) -> Result<usize, WriteError> {
        if self.duration == 0 {
            return Err(WriteError::ZeroDuration);
        }
        check("volume", u16::from(self.volume), VOLUME_MASK)?;
        check("modulation", self.modulation, MAX_MODULATION)?;
        self.frequencies
            .iter()
            .try_for_each(|hertz| check("frequency", *hertz, MAX_FREQUENCY))?;
        let needed = self.encoded_len();
        let available = buffer.len();
        let Some(buffer) = buffer.get_mut(..needed) else {
            return Err(WriteError::BufferTooSmall { needed, available });
        };
        let divide = if self.divided { DIVIDE_BIT } else { 0 };
        let flags = self.modulation << 7 | divide | u16::from(self.volume);
        let fields = [flags, self.duration];
        let values = fields.iter().chain(self.frequencies);
        for (value, bytes) in values.zip(buffer.chunks_exact_mut(FREQUENCY_LEN)) {
            bytes.copy_from_slice(&value.to_be_bytes());
        }
        Ok(needed)
    }
}

const fn check(field: &'static str, value: u16, max: u16) -> Result<(), WriteError> {
    if value > max {
        return Err(WriteError::ValueTooLarge { field, value, max });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn kind(bytes: &[u8]) -> ErrorKind {
        TonePayload::parse(bytes).unwrap_err().kind()
    }

    #[test]
    fn short_odd_and_endless_tones_are_refused() {
        assert_eq!(kind(&[]), ErrorKind::TruncatedTone);
        assert_eq!(kind(&[0, 0, 1]), ErrorKind::TruncatedTone);
        assert_eq!(kind(&[0, 0, 1, 0, 2]), ErrorKind::TruncatedFrequency);
        assert_eq!(kind(&[0, 0, 0, 0]), ErrorKind::ToneDuration);
    }

    #[test]
    fn no_frequency_is_silence() {
        let tone = TonePayload::parse([0x00, 0x14, 0x01, 0x90]).unwrap();
        assert_eq!((tone.frequencies().len(), tone.duration()), (0, 400));
    }

    #[test]
    fn modulation_may_be_in_thirds() {
        let mut buffer = [0xa5; 6];
        ToneBuilder::new(400, &[2100])
            .modulation(15)
            .write_into(&mut buffer)
            .unwrap();
        let tone = TonePayload::parse(buffer).unwrap();
        assert_eq!(
            (tone.modulation(), tone.divided(), tone.modulation_thirds()),
            (15, false, 45)
        );
        ToneBuilder::new(400, &[25])
            .modulation_thirds(50)
            .write_into(&mut buffer)
            .unwrap();
        let tone = TonePayload::parse(buffer).unwrap();
        assert_eq!(
            (tone.modulation(), tone.divided(), tone.modulation_thirds()),
            (50, true, 50)
        );
    }

    #[test]
    fn reserved_bits_are_ignored_and_sent_as_zero() {
        let tone = TonePayload::parse([0, 20, 0, 160, 0xf2, 0xb9]).unwrap();
        assert!(tone.frequencies().eq([0x2b9]));
        let mut buffer = [0xff; 6];
        ToneBuilder::new(160, &[0x2b9])
            .volume(20)
            .write_into(&mut buffer)
            .unwrap();
        assert_eq!(buffer, [0, 20, 0, 160, 0x02, 0xb9]);
    }

    #[test]
    fn values_beyond_their_fields_are_refused() {
        let refused = |builder: ToneBuilder<'_>| builder.write_into(&mut [0; 64]).unwrap_err();
        assert_eq!(refused(ToneBuilder::new(0, &[])), WriteError::ZeroDuration);
        let too_large = |field, value, max| WriteError::ValueTooLarge { field, value, max };
        assert_eq!(
            refused(ToneBuilder::new(1, &[]).volume(64)),
            too_large("volume", 64, 63)
        );
        assert_eq!(
            refused(ToneBuilder::new(1, &[]).modulation(512)),
            too_large("modulation", 512, 511)
        );
        assert_eq!(
            refused(ToneBuilder::new(1, &[4096])),
            too_large("frequency", 4096, 4095)
        );
        assert_eq!(
            ToneBuilder::new(1, &[1, 2]).write_into(&mut [0; 7]),
            Err(WriteError::BufferTooSmall {
                needed: 8,
                available: 7
            })
        );
    }

    proptest! {
        #[test]
        fn accepted_tones_are_written_as_read(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(tone) = TonePayload::parse(&bytes) {
                let frequencies: Vec<u16> = tone.frequencies().collect();
                let builder = ToneBuilder::new(tone.duration(), &frequencies).volume(tone.volume());
                let builder = if tone.divided() {
                    builder.modulation_thirds(tone.modulation())
                } else {
                    builder.modulation(tone.modulation())
                };
                let mut written = alloc::vec![0xa5; builder.encoded_len()];
                builder.write_into(&mut written).unwrap();
                let mut expected = bytes.clone();
                expected.iter_mut().skip(4).step_by(2).for_each(|byte| *byte &= 0x0f);
                prop_assert_eq!(written, expected);
            }
        }
    }
}
