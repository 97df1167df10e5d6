//! Nonces that need no memory: time and serial number, vouched for by an HMAC over them, the
//! realm and the client's address. RFC 2617 §3.2.1; RFC 7616 §3.3, §5.4.

use alloc::string::String;
use core::fmt::Write as _;
use core::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::text::hex_digit;

/// Milliseconds and serial number.
const STAMP_LEN: usize = 12;
const MAC_LEN: usize = 16;

pub(super) struct Nonces {
    /// Has taken the realm already.
    key: Hmac<Sha256>,
    made: u32,
}

impl Nonces {
    pub(super) fn new(key: &[u8; 32], realm: &str) -> Nonces {
        let mut key = <Hmac<Sha256>>::new_from_slice(key).expect("HMAC takes keys of any length");
        // The length tells the realm from what follows.
        key.update(&u64::try_from(realm.len()).unwrap_or(u64::MAX).to_be_bytes());
        key.update(realm.as_bytes());
        Nonces { key, made: 0 }
    }

    /// A nonce unlike any before: 56 hexadecimal digits.
    pub(super) fn make(&mut self, now: Duration, origin: &[u8]) -> String {
        self.made = self.made.wrapping_add(1);
        let millis = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let mut stamp = [0; STAMP_LEN];
        let (time, serial) = stamp.split_at_mut(8);
        time.copy_from_slice(&millis.to_be_bytes());
        serial.copy_from_slice(&self.made.to_be_bytes());
        let mut nonce = String::with_capacity((STAMP_LEN + MAC_LEN) * 2);
        for byte in stamp.iter().chain(&self.mac(&stamp, origin)) {
            // Writing to a string does not fail.
            let _ = write!(nonce, "{byte:02x}");
        }
        nonce
    }

    /// When it was made, and its serial number; `None` unless it was made with this key for this
    /// origin.
    pub(super) fn issued(&self, nonce: &str, origin: &[u8]) -> Option<(Duration, u32)> {
        let mut bytes = [0; STAMP_LEN + MAC_LEN];
        if nonce.len() != bytes.len() * 2 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(nonce.as_bytes().chunks_exact(2)) {
            let &[high, low] = pair else { return None };
            *byte = hex_digit(high)? << 4 | hex_digit(low)?;
        }
        let (stamp, mac) = bytes.split_first_chunk::<STAMP_LEN>()?;
        if !bool::from(self.mac(stamp, origin).ct_eq(mac)) {
            return None;
        }
        let (millis, serial) = stamp.split_first_chunk::<8>()?;
        let serial = serial.first_chunk::<4>()?;
        Some((
            Duration::from_millis(u64::from_be_bytes(*millis)),
            u32::from_be_bytes(*serial),
        ))
    }

    fn mac(&self, stamp: &[u8; STAMP_LEN], origin: &[u8]) -> [u8; MAC_LEN] {
        let mut mac = self.key.clone();
        mac.update(stamp);
        mac.update(origin);
        let full = mac.finalize().into_bytes();
        full.first_chunk::<MAC_LEN>().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_millis(1_700_000_000_123);

    #[test]
    fn a_nonce_tells_when_it_was_made() {
        let mut nonces = Nonces::new(&[7; 32], "interop");
        let first = nonces.make(NOW, b"");
        let second = nonces.make(NOW, b"");
        assert_eq!(first.len(), 56);
        assert_ne!(first, second);
        assert_eq!(nonces.issued(&first, b""), Some((NOW, 1)));
        assert_eq!(nonces.issued(&second, b""), Some((NOW, 2)));
    }

    #[test]
    fn other_keys_origins_and_changes_are_noticed() {
        let mut nonces = Nonces::new(&[7; 32], "interop");
        let nonce = nonces.make(NOW, b"192.0.2.1");
        assert_eq!(nonces.issued(&nonce, b"192.0.2.2"), None);
        for (key, realm, origin) in [
            ([8; 32], "interop", "192.0.2.1"),
            ([7; 32], "interop1", "92.0.2.1"),
            ([7; 32], "interop", "192.0.2.10"),
        ] {
            let other = Nonces::new(&key, realm);
            assert_eq!(other.issued(&nonce, origin.as_bytes()), None);
        }
        for at in 0..nonce.len() {
            let mut changed = nonce.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(nonces.issued(&changed, b"192.0.2.1"), None);
        }
        assert_eq!(nonces.issued(&nonce[1..], b"192.0.2.1"), None);
    }
}
