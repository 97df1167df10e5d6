//! Session keys from a master key. RFC 3711 §4.3, RFC 6188 §3, RFC 7714 §11.

use crate::counter_mode::CounterMode;

/// What a key is derived for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    RtpEncryption = 0,
    RtpAuthentication = 1,
    RtpSalt = 2,
    RtcpEncryption = 3,
    RtcpAuthentication = 4,
    RtcpSalt = 5,
}

/// The pseudo-random function: AES in counter mode, under the master key.
pub(crate) struct Prf(CounterMode);

impl Prf {
    /// `None` if the key has not the length of an AES key.
    pub(crate) fn new(master_key: &[u8]) -> Option<Prf> {
        CounterMode::new(master_key).map(Prf)
    }

    /// Fills `key`. `salt` is the master salt, shorter ones filled up with zeroes; `r` is the
    /// index divided by the key derivation rate, 48 bits.
    pub(crate) fn derive(&self, salt: &[u8; 14], label: Label, r: u64, key: &mut [u8]) {
        let mut iv = [0; 16];
        let (x, _) = iv.split_at_mut(14);
        x.copy_from_slice(salt);
        let key_id = (label as u64) << 48 | r;
        // The key identifier has 7 bytes and is aligned to the right of the salt's 14.
        for (byte, id) in x
            .iter_mut()
            .skip(7)
            .zip(key_id.to_be_bytes().iter().skip(1))
        {
            *byte ^= id;
        }
        key.fill(0);
        self.0.apply(iv, key);
    }
}
