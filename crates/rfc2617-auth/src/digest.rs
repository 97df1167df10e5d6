//! The computations of Digest: H(A1), the request-digest and the response-digest.
//! RFC 2617 §3.2.2.1 to §3.2.2.4, §3.2.3; RFC 7616 §3.4.1 to §3.4.4, §3.5.

use core::fmt;

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{Algorithm, Hash, Qop};

/// A digest in lower-case hexadecimal digits: 32 of MD5, 64 of the others.
#[derive(Clone, Copy)]
pub struct HexDigest {
    digits: [u8; 64],
    len: usize,
}

impl HexDigest {
    /// Of at most 32 bytes.
    pub(crate) fn of_bytes(bytes: &[u8]) -> HexDigest {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
            pair.copy_from_slice(&[
                DIGITS[usize::from(byte >> 4)],
                DIGITS[usize::from(byte & 15)],
            ]);
        }
        HexDigest {
            digits,
            len: bytes.len() * 2,
        }
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    fn as_bytes(&self) -> &[u8] {
        self.digits.get(..self.len).unwrap_or_default()
    }

    /// Compares with digits that somebody sent, of either case, in constant time.
    pub fn matches(&self, received: &str) -> bool {
        let mut lower = [0; 64];
        let Some(lower) = lower.get_mut(..received.len()) else {
            return false;
        };
        lower.copy_from_slice(received.as_bytes());
        lower.make_ascii_lowercase();
        bool::from(self.as_bytes().ct_eq(lower))
    }
}

impl PartialEq for HexDigest {
    fn eq(&self, other: &HexDigest) -> bool {
        bool::from(self.as_bytes().ct_eq(other.as_bytes()))
    }
}

impl Eq for HexDigest {}

impl fmt::Debug for HexDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for HexDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Hash {
    /// Hashes the parts with a colon between each two.
    pub(crate) fn of(self, parts: &[&[u8]]) -> HexDigest {
        self.gathered(parts, |_| ())
    }

    /// Hashes parts of which one is secret, and leaves no copy of them behind.
    fn of_secret(self, parts: &[&[u8]]) -> HexDigest {
        self.gathered(parts, |copy| copy.zeroize())
    }

    fn gathered(self, parts: &[&[u8]], clear: impl FnOnce(&mut [u8])) -> HexDigest {
        match self {
            Hash::Md5 => hash::<Md5>(parts, clear),
            Hash::Sha256 => hash::<Sha256>(parts, clear),
            Hash::Sha512_256 => hash::<Sha512_256>(parts, clear),
        }
    }

    /// What stands for a user name when the challenge asks for `userhash`: H(username:realm),
    /// RFC 7616 §3.4.4. A server keeps it beside the name to find the user by.
    pub fn userhash(self, username: &str, realm: &str) -> HexDigest {
        self.of(&[username.as_bytes(), realm.as_bytes()])
    }

    /// How many digits its digests have.
    fn hex_len(self) -> usize {
        match self {
            Hash::Md5 => 32,
            Hash::Sha256 | Hash::Sha512_256 => 64,
        }
    }
}

fn hash<D: Digest>(parts: &[&[u8]], clear: impl FnOnce(&mut [u8])) -> HexDigest {
    // Most inputs are a few dozen bytes in many parts: gathered first, they are hashed faster.
    let mut gathered = [0; 256];
    let mut len = 0;
    for (index, part) in parts.iter().enumerate() {
        let colon = usize::from(index > 0);
        let Some(room) = gathered.get_mut(len..).and_then(|room| {
            let room = room.get_mut(..colon + part.len())?;
            Some(room)
        }) else {
            clear(&mut gathered);
            return hash_long::<D>(parts);
        };
        let (separator, text) = room.split_at_mut(colon);
        separator.fill(b':');
        text.copy_from_slice(part);
        len += colon + part.len();
    }
    let gathered = gathered.get_mut(..len).unwrap_or_default();
    let digest = D::digest(&*gathered);
    clear(gathered);
    HexDigest::of_bytes(&digest)
}

fn hash_long<D: Digest>(parts: &[&[u8]]) -> HexDigest {
    let mut state = D::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            state.update(b":");
        }
        state.update(part);
    }
    HexDigest::of_bytes(&state.finalize())
}

/// The secret of a user in a realm: H(username:realm:password).
///
/// A server keeps it instead of the password. It is as good as the password in its realm, so
/// `Debug` shows nothing of it, it is compared in constant time, and cleared when it is dropped.
#[derive(Clone)]
pub struct Ha1 {
    hash: Hash,
    hex: HexDigest,
}

impl Ha1 {
    /// Computes it. Name and password are taken as they are: prepare what people type after
    /// RFC 7616 §4 before.
    pub fn new(hash: Hash, username: &str, realm: &str, password: &str) -> Ha1 {
        Ha1 {
            hash,
            hex: hash.of_secret(&[username.as_bytes(), realm.as_bytes(), password.as_bytes()]),
        }
    }

    /// One that was stored; `None` unless it has the 32 or 64 hexadecimal digits of the hash.
    pub fn from_hex(hash: Hash, hex: &str) -> Option<Ha1> {
        if hex.len() != hash.hex_len() || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let mut digits = [0; 64];
        digits.get_mut(..hex.len())?.copy_from_slice(hex.as_bytes());
        digits.make_ascii_lowercase();
        let len = hex.len();
        Some(Ha1 {
            hash,
            hex: HexDigest { digits, len },
        })
    }

    /// Its hash function.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// Its digits, to be stored as carefully as a password.
    pub fn expose(&self) -> &str {
        self.hex.as_str()
    }

    /// H(A1) of an algorithm: itself, or mixed with both nonces in a session variant.
    pub(crate) fn of_session(self, algorithm: Algorithm, nonce: &str, cnonce: &str) -> Ha1 {
        if algorithm.is_sess() {
            self.mixed(nonce, cnonce)
        } else {
            self
        }
    }

    fn mixed(&self, nonce: &str, cnonce: &str) -> Ha1 {
        let parts = [self.hex.as_bytes(), nonce.as_bytes(), cnonce.as_bytes()];
        Ha1 {
            hash: self.hash,
            hex: self.hash.of_secret(&parts),
        }
    }
}

impl PartialEq for Ha1 {
    fn eq(&self, other: &Ha1) -> bool {
        self.hash == other.hash && self.hex == other.hex
    }
}

impl Eq for Ha1 {}

impl Drop for Ha1 {
    fn drop(&mut self) {
        let digits = self.hex.digits.get_mut(..self.hex.len);
        digits.unwrap_or_default().zeroize();
    }
}

impl ZeroizeOnDrop for Ha1 {}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ha1")
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

/// The request that credentials are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a str,
    /// The URI of the request line.
    pub uri: &'a str,
    /// The body as it is sent, for `auth-int`; empty if there is none.
    pub body: &'a [u8],
}

/// The values of a challenge and its answer that the response is computed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Exchange<'a> {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The server's nonce, without its quotation marks.
    pub nonce: &'a str,
    /// The client's nonce. Without `protection` it is of use to session variants only.
    pub cnonce: &'a str,
    /// Quality of protection and nonce count; `None` for a response of RFC 2069.
    pub protection: Option<Protection<'a>>,
}

/// Quality of protection, with the nonce count that comes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Protection<'a> {
    /// The quality.
    pub qop: Qop,
    /// The nonce count as it is sent: eight hexadecimal digits.
    pub nc: &'a str,
}

impl Exchange<'_> {
    /// The `response` of credentials (request-digest).
    pub fn response(&self, ha1: &Ha1, request: &Request<'_>) -> HexDigest {
        if self.algorithm.is_sess() {
            let mixed = ha1.mixed(self.nonce, self.cnonce);
            return self.response_of_session(&mixed, request);
        }
        self.response_of_session(ha1, request)
    }

    /// The `rspauth` of Authentication-Info, by which the server shows that it knows the secret
    /// too. `body` is the response's.
    pub fn rspauth(&self, ha1: &Ha1, uri: &str, body: &[u8]) -> HexDigest {
        let method = "";
        self.response(ha1, &Request { method, uri, body })
    }

    /// The `rspauth`, of an H(A1) that has the session's nonces in it.
    pub(crate) fn rspauth_of_session(&self, ha1: &Ha1, uri: &str, body: &[u8]) -> HexDigest {
        let method = "";
        self.response_of_session(ha1, &Request { method, uri, body })
    }

    /// The response, of an H(A1) that has the session's nonces in it.
    pub(crate) fn response_of_session(&self, ha1: &Ha1, request: &Request<'_>) -> HexDigest {
        let hash = ha1.hash;
        let (method, uri) = (request.method.as_bytes(), request.uri.as_bytes());
        let secret = ha1.hex.as_bytes();
        let nonce = self.nonce.as_bytes();
        let Some(Protection { qop, nc }) = self.protection else {
            return hash.of_secret(&[secret, nonce, hash.of(&[method, uri]).as_bytes()]);
        };
        let ha2 = match qop {
            Qop::Auth => hash.of(&[method, uri]),
            Qop::AuthInt => hash.of(&[method, uri, hash.of(&[request.body]).as_bytes()]),
        };
        hash.of_secret(&[
            secret,
            nonce,
            nc.as_bytes(),
            self.cnonce.as_bytes(),
            qop.name().as_bytes(),
            ha2.as_bytes(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_inputs_hash_as_short_ones() {
        let text = [b'a'; 400];
        for len in [0, 1, 253, 254, 255, 256, 257, 400] {
            let parts: [&[u8]; 2] = [&text[..len], b"x"];
            let short = hash::<Md5>(&parts, |_| ());
            assert_eq!(short, hash_long::<Md5>(&parts), "{len}");
        }
    }

    #[test]
    fn digests_match_in_any_case_and_whole() {
        let digest = Hash::Md5.of(&[b""]);
        assert_eq!(digest.as_str(), "d41d8cd98f00b204e9800998ecf8427e");
        assert!(digest.matches("D41D8CD98F00B204E9800998ECF8427E"));
        assert!(!digest.matches("d41d8cd98f00b204e9800998ecf8427"));
        assert!(!digest.matches("d41d8cd98f00b204e9800998ecf8427f"));
        assert!(!digest.matches(""));
        assert!(!digest.matches(&"d".repeat(65)));
    }

    #[test]
    fn a_stored_secret_is_the_computed_one() {
        let computed = Ha1::new(Hash::Md5, "Mufasa", "testrealm@host.com", "Circle Of Life");
        let stored = Ha1::from_hex(Hash::Md5, "939E7578ED9E3C518A452ACEE763BCE9").unwrap();
        assert_eq!(computed, stored);
        assert_eq!(stored.expose(), "939e7578ed9e3c518a452acee763bce9");
        assert_eq!(Ha1::from_hex(Hash::Sha256, stored.expose()), None);
        assert_eq!(Ha1::from_hex(Hash::Md5, &"g".repeat(32)), None);
    }

    #[test]
    fn secrets_are_not_shown() {
        let ha1 = Ha1::new(Hash::Md5, "alice", "interop", "secret");
        let shown = alloc::format!("{ha1:?}");
        assert_eq!(shown, "Ha1 { hash: Md5, .. }");
    }
}
