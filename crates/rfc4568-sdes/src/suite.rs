//! Crypto-suites and their lengths. RFC 4568 §6.2, RFC 6188 §4, RFC 7714 §12 and §14.2.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

/// A crypto-suite: names are compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CryptoSuite {
    /// `AES_CM_128_HMAC_SHA1_80`.
    AesCm128HmacSha1_80,
    /// `AES_CM_128_HMAC_SHA1_32`: the tag of RTP packets has 32 bits, that of RTCP 80.
    AesCm128HmacSha1_32,
    /// `F8_128_HMAC_SHA1_80`.
    F8_128HmacSha1_80,
    /// `AES_192_CM_HMAC_SHA1_80` (RFC 6188).
    Aes192CmHmacSha1_80,
    /// `AES_192_CM_HMAC_SHA1_32` (RFC 6188).
    Aes192CmHmacSha1_32,
    /// `AES_256_CM_HMAC_SHA1_80` (RFC 6188).
    Aes256CmHmacSha1_80,
    /// `AES_256_CM_HMAC_SHA1_32` (RFC 6188).
    Aes256CmHmacSha1_32,
    /// `AEAD_AES_128_GCM` (RFC 7714).
    AeadAes128Gcm,
    /// `AEAD_AES_256_GCM` (RFC 7714).
    AeadAes256Gcm,
    /// Another one, by its name as received: letters, digits and `_`.
    Other(OtherSuite),
}

/// The name of a crypto-suite that this crate does not know.
#[derive(Debug, Clone)]
pub struct OtherSuite(String);

impl OtherSuite {
    /// The name as received.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl PartialEq for OtherSuite {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for OtherSuite {}

impl core::hash::Hash for OtherSuite {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.0
            .bytes()
            .for_each(|byte| byte.to_ascii_uppercase().hash(state));
    }
}

const KNOWN: [(CryptoSuite, &str, usize, usize); 9] = [
    (
        CryptoSuite::AesCm128HmacSha1_80,
        "AES_CM_128_HMAC_SHA1_80",
        16,
        14,
    ),
    (
        CryptoSuite::AesCm128HmacSha1_32,
        "AES_CM_128_HMAC_SHA1_32",
        16,
        14,
    ),
    (
        CryptoSuite::F8_128HmacSha1_80,
        "F8_128_HMAC_SHA1_80",
        16,
        14,
    ),
    (
        CryptoSuite::Aes192CmHmacSha1_80,
        "AES_192_CM_HMAC_SHA1_80",
        24,
        14,
    ),
    (
        CryptoSuite::Aes192CmHmacSha1_32,
        "AES_192_CM_HMAC_SHA1_32",
        24,
        14,
    ),
    (
        CryptoSuite::Aes256CmHmacSha1_80,
        "AES_256_CM_HMAC_SHA1_80",
        32,
        14,
    ),
    (
        CryptoSuite::Aes256CmHmacSha1_32,
        "AES_256_CM_HMAC_SHA1_32",
        32,
        14,
    ),
    (CryptoSuite::AeadAes128Gcm, "AEAD_AES_128_GCM", 16, 12),
    (CryptoSuite::AeadAes256Gcm, "AEAD_AES_256_GCM", 32, 12),
];

impl CryptoSuite {
    /// The suite of this name, or `None` if it is not letters, digits and `_`.
    pub fn new(name: &str) -> Option<CryptoSuite> {
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return None;
        }
        let known = KNOWN
            .into_iter()
            .find(|(_, known, ..)| known.eq_ignore_ascii_case(name));
        Some(known.map_or_else(
            || CryptoSuite::Other(OtherSuite(name.to_owned())),
            |(suite, ..)| suite,
        ))
    }

    /// The name.
    pub fn name(&self) -> &str {
        match self {
            CryptoSuite::Other(other) => other.name(),
            _ => self.row().map_or("", |(_, name, ..)| name),
        }
    }

    /// Length of the master key in bytes, unless the suite is not known.
    pub fn key_len(&self) -> Option<usize> {
        self.row().map(|(_, _, key_len, _)| key_len)
    }

    /// Length of the master salt in bytes, unless the suite is not known.
    pub fn salt_len(&self) -> Option<usize> {
        self.row().map(|(_, _, _, salt_len)| salt_len)
    }

    fn row(&self) -> Option<(CryptoSuite, &'static str, usize, usize)> {
        KNOWN.into_iter().find(|(suite, ..)| suite == self)
    }
}

impl fmt::Display for CryptoSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
