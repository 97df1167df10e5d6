//! The parameter `algorithm`: hash functions and their session variants. RFC 7616 §3.3, §6.1;
//! RFC 2617 §3.2.1.

use core::fmt;

/// A hash function of Digest, in the order of strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hash {
    /// MD5, of RFC 2617: 32 hexadecimal digits.
    Md5,
    /// SHA-256: 64 hexadecimal digits.
    Sha256,
    /// SHA-512/256 of FIPS 180-4, which is not SHA-512 cut short: 64 hexadecimal digits.
    Sha512_256,
}

/// An algorithm that this crate computes.
///
/// The session variants (`-sess`) mix both sides' nonces into the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Algorithm {
    hash: Hash,
    sess: bool,
}

impl Algorithm {
    /// `MD5`, which is meant when the parameter is absent.
    pub const MD5: Algorithm = Algorithm::new(Hash::Md5, false);
    /// `MD5-sess`.
    pub const MD5_SESS: Algorithm = Algorithm::new(Hash::Md5, true);
    /// `SHA-256`.
    pub const SHA_256: Algorithm = Algorithm::new(Hash::Sha256, false);
    /// `SHA-256-sess`.
    pub const SHA_256_SESS: Algorithm = Algorithm::new(Hash::Sha256, true);
    /// `SHA-512-256`.
    pub const SHA_512_256: Algorithm = Algorithm::new(Hash::Sha512_256, false);
    /// `SHA-512-256-sess`.
    pub const SHA_512_256_SESS: Algorithm = Algorithm::new(Hash::Sha512_256, true);
    /// All of them.
    pub const ALL: [Algorithm; 6] = [
        Algorithm::MD5,
        Algorithm::MD5_SESS,
        Algorithm::SHA_256,
        Algorithm::SHA_256_SESS,
        Algorithm::SHA_512_256,
        Algorithm::SHA_512_256_SESS,
    ];

    const fn new(hash: Hash, sess: bool) -> Algorithm {
        Algorithm { hash, sess }
    }

    /// The algorithm of this name, in any case; `None` if it is not one of these six.
    pub fn from_name(name: &str) -> Option<Algorithm> {
        Algorithm::ALL
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// Its registered name.
    pub fn name(self) -> &'static str {
        match (self.hash, self.sess) {
            (Hash::Md5, false) => "MD5",
            (Hash::Md5, true) => "MD5-sess",
            (Hash::Sha256, false) => "SHA-256",
            (Hash::Sha256, true) => "SHA-256-sess",
            (Hash::Sha512_256, false) => "SHA-512-256",
            (Hash::Sha512_256, true) => "SHA-512-256-sess",
        }
    }

    /// Its hash function.
    pub fn hash(self) -> Hash {
        self.hash
    }

    /// Whether it is a session variant.
    pub fn is_sess(self) -> bool {
        self.sess
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case() {
        for algorithm in Algorithm::ALL {
            let lower = algorithm.name().to_ascii_lowercase();
            assert_eq!(Algorithm::from_name(&lower), Some(algorithm));
        }
        assert_eq!(Algorithm::from_name("AKAv1-MD5"), None);
        assert_eq!(Algorithm::from_name("SHA-512"), None);
    }
}
