//! Which ciphers and lengths belong together. RFC 3711 §8.2, RFC 4568 §6.2, RFC 6188 §4,
//! RFC 7714 §12.

/// A set of algorithms and lengths, which SDES calls a crypto-suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// `AES_CM_128_HMAC_SHA1_80`, the default of RFC 3711.
    AesCm128HmacSha1_80,
    /// `AES_CM_128_HMAC_SHA1_32`: tags of 4 bytes for RTP, of 10 for RTCP.
    AesCm128HmacSha1_32,
    /// `AES_192_CM_HMAC_SHA1_80`.
    Aes192CmHmacSha1_80,
    /// `AES_192_CM_HMAC_SHA1_32`.
    Aes192CmHmacSha1_32,
    /// `AES_256_CM_HMAC_SHA1_80`.
    Aes256CmHmacSha1_80,
    /// `AES_256_CM_HMAC_SHA1_32`.
    Aes256CmHmacSha1_32,
    /// `AEAD_AES_128_GCM`.
    AeadAes128Gcm,
    /// `AEAD_AES_256_GCM`.
    AeadAes256Gcm,
}

impl Profile {
    /// The profile of this SDES crypto-suite, in any case.
    pub fn from_crypto_suite(name: &str) -> Option<Profile> {
        [
            Profile::AesCm128HmacSha1_80,
            Profile::AesCm128HmacSha1_32,
            Profile::Aes192CmHmacSha1_80,
            Profile::Aes192CmHmacSha1_32,
            Profile::Aes256CmHmacSha1_80,
            Profile::Aes256CmHmacSha1_32,
            Profile::AeadAes128Gcm,
            Profile::AeadAes256Gcm,
        ]
        .into_iter()
        .find(|profile| profile.crypto_suite().eq_ignore_ascii_case(name))
    }

    /// The name of the crypto-suite in SDES.
    pub fn crypto_suite(self) -> &'static str {
        match self {
            Profile::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Profile::AesCm128HmacSha1_32 => "AES_CM_128_HMAC_SHA1_32",
            Profile::Aes192CmHmacSha1_80 => "AES_192_CM_HMAC_SHA1_80",
            Profile::Aes192CmHmacSha1_32 => "AES_192_CM_HMAC_SHA1_32",
            Profile::Aes256CmHmacSha1_80 => "AES_256_CM_HMAC_SHA1_80",
            Profile::Aes256CmHmacSha1_32 => "AES_256_CM_HMAC_SHA1_32",
            Profile::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Profile::AeadAes256Gcm => "AEAD_AES_256_GCM",
        }
    }

    /// Length of the master key, and of the session key for encryption, in bytes.
    pub const fn key_len(self) -> usize {
        match self {
            Profile::AesCm128HmacSha1_80
            | Profile::AesCm128HmacSha1_32
            | Profile::AeadAes128Gcm => 16,
            Profile::Aes192CmHmacSha1_80 | Profile::Aes192CmHmacSha1_32 => 24,
            Profile::Aes256CmHmacSha1_80
            | Profile::Aes256CmHmacSha1_32
            | Profile::AeadAes256Gcm => 32,
        }
    }

    /// Length of the master salt in bytes.
    pub const fn salt_len(self) -> usize {
        if self.is_aead() { 12 } else { 14 }
    }

    /// Length of the tag of an RTP packet in bytes.
    pub const fn rtp_tag_len(self) -> usize {
        match self {
            Profile::AesCm128HmacSha1_32
            | Profile::Aes192CmHmacSha1_32
            | Profile::Aes256CmHmacSha1_32 => 4,
            _ => self.rtcp_tag_len(),
        }
    }

    /// Length of the tag of an RTCP packet in bytes.
    pub const fn rtcp_tag_len(self) -> usize {
        if self.is_aead() { 16 } else { 10 }
    }

    /// Whether one algorithm encrypts and authenticates.
    pub const fn is_aead(self) -> bool {
        matches!(self, Profile::AeadAes128Gcm | Profile::AeadAes256Gcm)
    }
}
