//! Whether media are encrypted, and with which keys (RFC 4568, RFC 3711).

use rfc3264_offer_answer::{Key, Profile, Stream};
use rfc4568_sdes::{Crypto, CryptoSuite, InlineKey};
use zeroize::Zeroizing;

use crate::random::Random;

/// Whether media are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Security {
    /// Never: an offer of encrypted media is refused.
    Off,
    /// When the peer can: it is offered, and given up if the peer refuses it.
    #[default]
    Optional,
    /// Always: an offer of media in the clear is refused.
    Required,
}

/// How media are encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecurityConfig {
    /// Whether.
    pub security: Security,
    /// The crypto-suites, the favourite first. Those that are not known are passed over.
    pub suites: Vec<CryptoSuite>,
}

impl Default for SecurityConfig {
    fn default() -> Self {
        Self::new(Security::default())
    }
}

impl SecurityConfig {
    /// AES-CM of 128 bits with either tag, which everybody has, then AES-GCM of 256 bits.
    pub fn new(security: Security) -> Self {
        Self {
            security,
            suites: vec![
                CryptoSuite::AesCm128HmacSha1_80,
                CryptoSuite::AesCm128HmacSha1_32,
                CryptoSuite::AeadAes256Gcm,
            ],
        }
    }

    /// Gives a stream its profiles and, unless it has some, new keys. Where encryption is optional,
    /// `secure` tells which profile an offer has; an answer takes that of the offer.
    ///
    /// The seed comes from a cryptographic random source and is never used again.
    pub fn prepare(&self, seed: [u8; 32], secure: bool, stream: &mut Stream) {
        stream.profiles = match (self.security, secure) {
            (Security::Off, _) => vec![Profile::Avp, Profile::Avpf],
            (Security::Optional, false) => {
                vec![Profile::Avp, Profile::Savp, Profile::Avpf, Profile::Savpf]
            }
            (Security::Optional, true) => {
                vec![Profile::Savp, Profile::Avp, Profile::Savpf, Profile::Avpf]
            }
            (Security::Required, _) => vec![Profile::Savp, Profile::Savpf],
        };
        if self.security != Security::Off && stream.keys.is_empty() {
            stream.keys = self.keys(&mut Random::new(seed));
        }
    }

    /// A new key for each suite, with tags from 1 on.
    fn keys(&self, random: &mut Random) -> Vec<Key> {
        let mut keys = Vec::new();
        for suite in &self.suites {
            let (Some(key_len), Some(salt_len)) = (suite.key_len(), suite.salt_len()) else {
                continue;
            };
            let mut key_salt = Zeroizing::new(vec![0; key_len + salt_len]);
            random.fill(&mut key_salt);
            let tag = u32::try_from(keys.len()).unwrap_or(u32::MAX) + 1;
            let crypto = Crypto::new(
                tag,
                suite.clone(),
                vec![InlineKey::new(&key_salt)],
                Vec::new(),
            );
            let value = crypto.ok().map(|crypto| Zeroizing::new(crypto.to_string()));
            keys.extend(value.and_then(|value| Key::new(&value)));
        }
        keys
    }
}
