//! MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256 and FINGERPRINT: what confirms a message.
//! RFC 5389 §15.4, §15.5; RFC 8489 §14.5 to §14.7; RFC 3489 §11.2.8.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::error::CheckError;
use crate::key::Key;
use crate::message::{HEADER_LEN, Message, Place};

/// What the CRC-32 of FINGERPRINT is masked with.
const FINGERPRINT_MASK: u32 = 0x5354_554e;

impl<B: AsRef<[u8]>> Message<B> {
    /// Checks MESSAGE-INTEGRITY over the bytes received, in constant time.
    ///
    /// # Errors
    ///
    /// There is none, it has not 20 bytes, it follows FINGERPRINT, or it does not match.
    pub fn verify_integrity(&self, key: &Key) -> Result<(), CheckError> {
        let (covered, value) = self.covered(self.places().integrity)?;
        if value.len() != 20 {
            return Err(CheckError::Length);
        }
        let header = header_until(self.header(), covered.len() + 4 + value.len());
        matches(
            &integrity(key, &header, covered, self.is_classic())[..],
            value,
        )
    }

    /// Checks MESSAGE-INTEGRITY-SHA256 over the bytes received, in constant time.
    ///
    /// `min_len` is the shortest value that the usage takes, in bytes: 32 unless it allows
    /// truncation, and never below 16.
    ///
    /// # Errors
    ///
    /// There is none, its length is not 16 to 32 bytes, not a multiple of four or below `min_len`,
    /// it follows FINGERPRINT, or it does not match.
    pub fn verify_integrity_sha256(&self, key: &Key, min_len: usize) -> Result<(), CheckError> {
        let (covered, value) = self.covered(self.places().integrity_sha256)?;
        if !matches!(value.len(), 16 | 20 | 24 | 28 | 32) || value.len() < min_len {
            return Err(CheckError::Length);
        }
        let header = header_until(self.header(), covered.len() + 4 + value.len());
        let expected = key.hmac_sha256(&[&header, covered]);
        matches(
            expected.get(..value.len()).ok_or(CheckError::Length)?,
            value,
        )
    }

    /// Checks FINGERPRINT over the bytes received.
    ///
    /// # Errors
    ///
    /// There is none, it has not 4 bytes, it is not the last attribute, or it does not match.
    pub fn verify_fingerprint(&self) -> Result<(), CheckError> {
        let place = self.places().fingerprint.ok_or(CheckError::Missing)?;
        let (before, attribute) = self.split_at(place)?;
        let value = value(attribute)?
            .try_into()
            .map_err(|_| CheckError::Length)?;
        if attribute.len() != 8 {
            return Err(CheckError::Misplaced);
        }
        // It is the last attribute, so the length in the header is the one to be covered.
        if fingerprint(before) == u32::from_be_bytes(value) {
            Ok(())
        } else {
            Err(CheckError::Mismatch)
        }
    }

    /// The attributes before the one at `place`, and its value.
    fn covered(&self, place: Option<Place>) -> Result<(&[u8], &[u8]), CheckError> {
        let place = place.ok_or(CheckError::Missing)?;
        if self
            .places()
            .fingerprint
            .is_some_and(|fingerprint| fingerprint < place)
        {
            return Err(CheckError::Misplaced);
        }
        let (before, attribute) = self.split_at(place)?;
        let covered = before.get(HEADER_LEN..).ok_or(CheckError::Length)?;
        Ok((covered, value(attribute)?))
    }

    fn split_at(&self, place: Place) -> Result<(&[u8], &[u8]), CheckError> {
        let place = usize::try_from(place.get()).map_err(|_| CheckError::Length)?;
        self.as_bytes()
            .split_at_checked(place)
            .ok_or(CheckError::Length)
    }
}

/// The value of the attribute that `bytes` begin with.
fn value(bytes: &[u8]) -> Result<&[u8], CheckError> {
    let (&[_, _, high, low], rest) = bytes.split_first_chunk::<4>().ok_or(CheckError::Length)?;
    rest.get(..usize::from(u16::from_be_bytes([high, low])))
        .ok_or(CheckError::Length)
}

/// The value of MESSAGE-INTEGRITY that follows `head` and `body`, which are one text in two parts.
/// It begins with the header, whose length counts MESSAGE-INTEGRITY already.
pub(crate) fn integrity(
    key: &Key,
    head: &[u8],
    body: &[u8],
    is_classic: bool,
) -> Zeroizing<[u8; 20]> {
    let padding = if is_classic {
        // RFC 3489 fills blocks of 64 with zeroes.
        ZEROES
            .get(..(head.len() + body.len()).wrapping_neg() % 64)
            .unwrap_or(ZEROES)
    } else {
        &[]
    };
    key.hmac_sha1(&[head, body, padding])
}

/// The value of FINGERPRINT that follows `message`, whose length counts FINGERPRINT already.
pub(crate) fn fingerprint(message: &[u8]) -> u32 {
    crc32fast::hash(message) ^ FINGERPRINT_MASK
}

/// The header with the length that it has when the message ends `body_len` bytes after it.
fn header_until(header: &[u8; HEADER_LEN], body_len: usize) -> [u8; HEADER_LEN] {
    let mut header = *header;
    set_length(&mut header, body_len);
    header
}

/// Writes the length of what follows the header: at most 65,532.
pub(crate) fn set_length(header: &mut [u8; HEADER_LEN], body_len: usize) {
    let [.., high, low] = body_len.to_be_bytes();
    header[2] = high;
    header[3] = low;
}

const ZEROES: &[u8] = &[0; 64];

fn matches(expected: &[u8], value: &[u8]) -> Result<(), CheckError> {
    if bool::from(expected.ct_eq(value)) {
        Ok(())
    } else {
        Err(CheckError::Mismatch)
    }
}
