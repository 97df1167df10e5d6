//! Keys of the two credential mechanisms. RFC 5389 §10.1, §10.2, §15.4; RFC 8489 §9.1.1, §9.2.2.

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The key of MESSAGE-INTEGRITY and MESSAGE-INTEGRITY-SHA256.
///
/// Making one does the work that does not depend on the message, so keep it for as long as its
/// credentials are valid. `Debug` shows nothing of it, and memory is cleared when it is dropped.
///
/// Names and passwords are taken as they are: prepare what people type by SASLprep (RFC 4013, for
/// peers of RFC 5389) or OpaqueString (RFC 8265, for peers of RFC 8489) before. The feature
/// `prepare` has both; text of printable ASCII is prepared already.
#[derive(Clone)]
pub struct Key {
    sha1: Hmac<Sha1>,
    sha256: Hmac<Sha256>,
}

impl Key {
    /// The key of a short-term credential: the password itself.
    pub fn short_term(password: &str) -> Key {
        Key::from_bytes(password.as_bytes())
    }

    /// The key of a long-term credential after RFC 5389: MD5 over `username:realm:password`.
    pub fn long_term_md5(username: &str, realm: &str, password: &str) -> Key {
        Key::long_term::<Md5>(username, realm, password)
    }

    /// The key of a long-term credential under the password algorithm SHA-256 of RFC 8489.
    pub fn long_term_sha256(username: &str, realm: &str, password: &str) -> Key {
        Key::long_term::<Sha256>(username, realm, password)
    }

    fn long_term<D: Digest>(username: &str, realm: &str, password: &str) -> Key {
        let mut digest = D::new();
        for part in [username, ":", realm, ":"] {
            digest.update(part);
        }
        digest.update(password);
        let mut hash = digest.finalize();
        let key = Key::from_bytes(&hash);
        zeroize::Zeroize::zeroize(hash.as_mut_slice());
        key
    }

    /// A key of these bytes, such as a stored `MD5(username:realm:password)`.
    pub fn from_bytes(key: &[u8]) -> Key {
        Key {
            sha1: Hmac::new_from_slice(key).expect("HMAC takes keys of any length"),
            sha256: Hmac::new_from_slice(key).expect("HMAC takes keys of any length"),
        }
    }

    /// HMAC-SHA1 over the parts.
    pub(crate) fn hmac_sha1(&self, parts: &[&[u8]]) -> Zeroizing<[u8; 20]> {
        let mut mac = self.sha1.clone();
        parts.iter().for_each(|part| mac.update(part));
        Zeroizing::new(mac.finalize().into_bytes().into())
    }

    /// HMAC-SHA256 over the parts.
    pub(crate) fn hmac_sha256(&self, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        let mut mac = self.sha256.clone();
        parts.iter().for_each(|part| mac.update(part));
        Zeroizing::new(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}
