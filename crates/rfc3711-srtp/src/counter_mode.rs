//! AES in counter mode. RFC 3711 §4.1.1, RFC 6188 §2.

use aes::{Aes128, Aes192, Aes256};
use ctr::CtrCore;
use ctr::cipher::consts::U16;
use ctr::cipher::{BlockCipherEncrypt, BlockSizeUser, InnerIvInit, KeyInit, StreamCipherCore};
use ctr::flavors::Ctr128BE;

/// An expanded AES key.
pub(crate) enum CounterMode {
    Aes128(Aes128),
    Aes192(Aes192),
    Aes256(Aes256),
}

impl CounterMode {
    /// `None` if the key has not the length of an AES key.
    pub(crate) fn new(key: &[u8]) -> Option<CounterMode> {
        Some(match key.len() {
            16 => CounterMode::Aes128(Aes128::new_from_slice(key).ok()?),
            24 => CounterMode::Aes192(Aes192::new_from_slice(key).ok()?),
            32 => CounterMode::Aes256(Aes256::new_from_slice(key).ok()?),
            _ => return None,
        })
    }

    /// Encrypts or decrypts: mixes the key stream of this initialisation vector into `data`.
    #[inline]
    pub(crate) fn apply(&self, iv: [u8; 16], data: &mut [u8]) {
        match self {
            CounterMode::Aes128(aes) => apply(aes, iv, data),
            CounterMode::Aes192(aes) => apply(aes, iv, data),
            CounterMode::Aes256(aes) => apply(aes, iv, data),
        }
    }
}

#[inline]
fn apply<C>(aes: &C, iv: [u8; 16], data: &mut [u8])
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>,
{
    CtrCore::<_, Ctr128BE>::inner_iv_init(aes, &iv.into()).apply_keystream_partial(data.into());
}
