//! A master key and salt, how long it lasts and how packets name it. RFC 4568 §6.1, §6.4.2.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::{CryptoSuite, Lifetime, Mki};

/// Base64 as it is seen: with and without the padding, whatever the last unused bits are.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The most packets of all SSRCs that share a key.
const MOST_PACKETS: u64 = 1 << 31;

/// A key of the method `inline`.
///
/// `Debug` does not show the key, its memory is cleared when it is dropped, and `Display` is the
/// wire form, with the key.
#[derive(Clone, PartialEq, Eq)]
pub struct InlineKey {
    key_salt: Zeroizing<Vec<u8>>,
    /// The lifetime, or the longest that the suite allows.
    pub lifetime: Option<Lifetime>,
    /// The master key identifier that packets carry, if they do.
    pub mki: Option<Mki>,
}

impl InlineKey {
    /// A key of these bytes: the master key and behind it the master salt.
    ///
    /// They come from a cryptographic random source and serve one sender in one session.
    pub fn new(key_salt: &[u8]) -> InlineKey {
        InlineKey {
            key_salt: Zeroizing::new(key_salt.to_vec()),
            lifetime: None,
            mki: None,
        }
    }

    pub(crate) fn from_base64(text: &str) -> Option<InlineKey> {
        // The decoder writes into room made before, so it leaves no copy behind.
        let mut key_salt = Zeroizing::new(alloc::vec![0; text.len()]);
        let len = BASE64.decode_slice(text, &mut key_salt).ok()?;
        key_salt.truncate(len);
        Some(InlineKey {
            key_salt,
            lifetime: None,
            mki: None,
        })
    }

    /// How many packets of all SSRCs together it may protect before a new one must take its place:
    /// its lifetime, at most 2^31 (§6.4.2).
    pub fn packets(&self) -> u64 {
        let lifetime = self.lifetime.map_or(MOST_PACKETS, Lifetime::packets);
        lifetime.min(MOST_PACKETS)
    }

    /// Master key and master salt, one behind the other.
    pub fn key_salt(&self) -> &[u8] {
        &self.key_salt
    }

    /// The master key and the master salt, apart, or `None` if the suite is not known or its
    /// lengths are others.
    pub fn split(&self, suite: &CryptoSuite) -> Option<(&[u8], &[u8])> {
        let (key_len, salt_len) = (suite.key_len()?, suite.salt_len()?);
        if self.key_salt.len() != key_len + salt_len {
            return None;
        }
        self.key_salt.split_at_checked(key_len)
    }
}

impl fmt::Display for InlineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Zeroizing::new(String::with_capacity(self.key_salt.len().div_ceil(3) * 4));
        BASE64.encode_string(&*self.key_salt, &mut text);
        write!(f, "inline:{}", *text)?;
        if let Some(lifetime) = self.lifetime {
            write!(f, "|{lifetime}")?;
        }
        if let Some(mki) = &self.mki {
            write!(f, "|{mki}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for InlineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InlineKey")
            .field("lifetime", &self.lifetime)
            .field("mki", &self.mki)
            .finish_non_exhaustive()
    }
}
