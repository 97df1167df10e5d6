//! Nonces that need no memory: the time, vouched for by an HMAC over it, the realm and the
//! client's address. RFC 5389 §10.2.2; RFC 8489 §9.2, §9.2.4.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use subtle::ConstantTimeEq;

use crate::attribute::SecurityFeatures;
use crate::key::Key;

const PREFIX_LEN: usize = 13;
/// The time in milliseconds, as hexadecimal digits.
const TIME_LEN: usize = 16;
/// 128 bits of the HMAC, as hexadecimal digits.
const MAC_LEN: usize = 32;

pub(super) const NONCE_LEN: usize = PREFIX_LEN + TIME_LEN + MAC_LEN;

#[derive(Debug, Clone)]
pub(super) struct Nonces {
    key: Key,
    prefix: [u8; PREFIX_LEN],
    life: Duration,
}

impl Nonces {
    pub(super) fn new(key: &[u8; 32], features: SecurityFeatures, life: Duration) -> Nonces {
        Nonces {
            key: Key::from_bytes(key),
            prefix: features.nonce_prefix(),
            life,
        }
    }

    /// A nonce for this client, in ASCII.
    pub(super) fn make(&self, now: Duration, remote: SocketAddr, realm: &str) -> [u8; NONCE_LEN] {
        self.of(
            u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
            remote,
            realm,
        )
    }

    /// Whether the nonce was made for this client, not too long ago.
    pub(super) fn is_valid(
        &self,
        now: Duration,
        remote: SocketAddr,
        realm: &str,
        nonce: &str,
    ) -> bool {
        let Some(millis) = nonce
            .get(PREFIX_LEN..PREFIX_LEN + TIME_LEN)
            .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        else {
            return false;
        };
        let expected = self.of(millis, remote, realm);
        bool::from(expected[..].ct_eq(nonce.as_bytes()))
            && now
                .checked_sub(Duration::from_millis(millis))
                .is_some_and(|age| age <= self.life)
    }

    fn of(&self, millis: u64, remote: SocketAddr, realm: &str) -> [u8; NONCE_LEN] {
        let ip = match remote.ip() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        let mac = self.key.hmac_sha256(&[
            &self.prefix,
            &millis.to_be_bytes(),
            &ip.octets(),
            &remote.port().to_be_bytes(),
            realm.as_bytes(),
        ]);
        let mut nonce = [0; NONCE_LEN];
        let (prefix, digits) = nonce.split_at_mut(PREFIX_LEN);
        prefix.copy_from_slice(&self.prefix);
        let bytes = millis.to_be_bytes().into_iter().chain(mac.iter().copied());
        for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
            pair.copy_from_slice(&[hex_digit(byte >> 4), hex_digit(byte & 0xf)]);
        }
        nonce
    }
}

fn hex_digit(value: u8) -> u8 {
    match value {
        0..=9 => b'0' + value,
        _ => b'a' + value - 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    const NOW: Duration = Duration::from_millis(1_700_000_000_123);
    const LIFE: Duration = Duration::from_secs(600);

    fn nonces(key: u8) -> Nonces {
        Nonces::new(&[key; 32], SecurityFeatures::default(), LIFE)
    }

    fn text(nonce: [u8; NONCE_LEN]) -> String {
        String::from_utf8(nonce.to_vec()).unwrap()
    }

    #[test]
    fn a_nonce_is_valid_for_its_life() {
        let remote = "192.0.2.1:4000".parse().unwrap();
        let nonce = text(nonces(7).make(NOW, remote, "realm"));
        assert!(nonce.starts_with("obMatJos2AAAA"), "{nonce}");
        let is_valid = |now| nonces(7).is_valid(now, remote, "realm", &nonce);
        assert!(is_valid(NOW));
        assert!(is_valid(NOW + LIFE));
        assert!(!is_valid(NOW + LIFE + Duration::from_millis(1)));
        assert!(!is_valid(NOW - Duration::from_millis(1)), "the future");
    }

    #[test]
    fn another_key_client_realm_or_byte_makes_it_invalid() {
        let remote: SocketAddr = "192.0.2.1:4000".parse().unwrap();
        let nonce = text(nonces(7).make(NOW, remote, "realm"));
        assert!(!nonces(8).is_valid(NOW, remote, "realm", &nonce));
        assert!(!nonces(7).is_valid(NOW, remote, "realm2", &nonce));
        for other in ["192.0.2.1:4001", "192.0.2.2:4000", "[2001:db8::1]:4000"] {
            assert!(!nonces(7).is_valid(NOW, other.parse().unwrap(), "realm", &nonce));
        }
        for at in 0..nonce.len() {
            let mut changed = nonce.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(!nonces(7).is_valid(NOW, remote, "realm", &changed), "{at}");
        }
        for end in 0..nonce.len() {
            assert!(!nonces(7).is_valid(NOW, remote, "realm", &nonce[..end]));
        }
    }
}
