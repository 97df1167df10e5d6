//! Encryption and authentication under session keys. RFC 3711 §4.1, §4.2, RFC 7714 §8, §9.

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes128Gcm, Aes256Gcm, Nonce, Tag};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::counter_mode::CounterMode;
use crate::key_derivation::{Label, Prf};
use crate::profile::Profile;

/// Length of the tag of AES-GCM in bytes.
pub(crate) const GCM_TAG_LEN: usize = 16;

/// The session keys of RTP, or of RTCP, ready for use: AES keys expanded, HMAC begun.
pub(crate) enum Transform {
    /// A counter mode, and HMAC-SHA1.
    CounterMode {
        cipher: CounterMode,
        salt: Zeroizing<[u8; 14]>,
        mac: Hmac<Sha1>,
    },
    /// AES-GCM does both.
    Gcm {
        cipher: Gcm,
        salt: Zeroizing<[u8; 12]>,
    },
}

#[allow(
    clippy::large_enum_variant,
    reason = "a handful per session, used on every packet"
)]
pub(crate) enum Gcm {
    Aes128(Aes128Gcm),
    Aes256(Aes256Gcm),
}

impl Transform {
    /// Derives the session keys for `r`. `labels` are those of encryption, authentication and
    /// salt. `None` if the profile's key length is not that of an AES key.
    pub(crate) fn derive(
        profile: Profile,
        prf: &Prf,
        master_salt: &[u8; 14],
        labels: [Label; 3],
        r: u64,
    ) -> Option<Transform> {
        let [encryption, authentication, salting] = labels;
        let mut key = Zeroizing::new([0; 32]);
        let key = key.get_mut(..profile.key_len())?;
        prf.derive(master_salt, encryption, r, key);
        if profile.is_aead() {
            let mut salt = Zeroizing::new([0; 12]);
            prf.derive(master_salt, salting, r, &mut salt[..]);
            let cipher = match profile {
                Profile::AeadAes128Gcm => Gcm::Aes128(Aes128Gcm::new_from_slice(key).ok()?),
                _ => Gcm::Aes256(Aes256Gcm::new_from_slice(key).ok()?),
            };
            return Some(Transform::Gcm { cipher, salt });
        }
        let mut salt = Zeroizing::new([0; 14]);
        prf.derive(master_salt, salting, r, &mut salt[..]);
        let mut mac_key = Zeroizing::new([0; 20]);
        prf.derive(master_salt, authentication, r, &mut mac_key[..]);
        let cipher = CounterMode::new(key)?;
        let mac = Hmac::new_from_slice(&mac_key[..]).ok()?;
        Some(Transform::CounterMode { cipher, salt, mac })
    }
}

/// The initialisation vector of counter mode: (k_s · 2^16) ⊕ (SSRC · 2^64) ⊕ (i · 2^16)
/// (RFC 3711 §4.1.1).
#[inline]
pub(crate) fn initialisation_vector(salt: &[u8; 14], ssrc: u32, index: u64) -> [u8; 16] {
    let mut iv = [0; 16];
    iv[..14].copy_from_slice(salt);
    let place = u128::from(ssrc) << 64 | u128::from(index) << 16;
    (u128::from_be_bytes(iv) ^ place).to_be_bytes()
}

impl Gcm {
    /// Encrypts `data` and gives the tag over it and `associated` (RFC 7714 §8.1, §9.1).
    pub(crate) fn seal(
        &self,
        nonce: [u8; 12],
        associated: &[u8],
        data: &mut [u8],
    ) -> Option<[u8; GCM_TAG_LEN]> {
        let nonce = Nonce::from(nonce);
        let tag = match self {
            Gcm::Aes128(gcm) => gcm.encrypt_inout_detached(&nonce, associated, data.into()),
            Gcm::Aes256(gcm) => gcm.encrypt_inout_detached(&nonce, associated, data.into()),
        };
        tag.ok().map(Into::into)
    }

    /// Decrypts `data` if the tag is right; else it stays as it is.
    pub(crate) fn open(
        &self,
        nonce: [u8; 12],
        associated: &[u8],
        data: &mut [u8],
        tag: [u8; GCM_TAG_LEN],
    ) -> bool {
        let (nonce, tag) = (Nonce::from(nonce), Tag::from(tag));
        match self {
            Gcm::Aes128(gcm) => gcm.decrypt_inout_detached(&nonce, associated, data.into(), &tag),
            Gcm::Aes256(gcm) => gcm.decrypt_inout_detached(&nonce, associated, data.into(), &tag),
        }
        .is_ok()
    }
}

/// The nonce of AES-GCM: two zero bytes, SSRC, and a 48-bit index, masked with the salt. For RTCP
/// the index is that of 31 bits (RFC 7714 §8.1, §9.1).
#[inline]
pub(crate) fn nonce(salt: &[u8; 12], ssrc: u32, index: u64) -> [u8; 12] {
    let place = (u128::from(ssrc) << 48 | u128::from(index)).to_be_bytes();
    let mut nonce = *salt;
    for (byte, place) in nonce.iter_mut().zip(place.iter().skip(4)) {
        *byte ^= place;
    }
    nonce
}

/// HMAC-SHA1 over two parts.
#[inline]
pub(crate) fn hmac(mac: &Hmac<Sha1>, first: &[u8], second: &[u8]) -> [u8; 20] {
    let mut mac = mac.clone();
    mac.update(first);
    mac.update(second);
    mac.finalize().into_bytes().into()
}

/// Whether a tag is the start of the HMAC, in constant time.
#[inline]
pub(crate) fn matches(hmac: &[u8; 20], tag: &[u8]) -> bool {
    hmac.get(..tag.len())
        .is_some_and(|expected| expected.ct_eq(tag).into())
}
