//! Unpredictable bytes from one unpredictable seed.

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// HMAC-SHA-256 of a counter under the seed: whoever does not know the seed cannot tell the next
/// bytes from those before.
pub(crate) struct Random {
    seed: Zeroizing<[u8; 32]>,
    counter: u64,
}

impl Random {
    /// The seed comes from a cryptographic random source and is never used again.
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self {
            seed: Zeroizing::new(seed),
            counter: 0,
        }
    }

    /// The next 32 bytes.
    pub(crate) fn bytes(&mut self) -> Zeroizing<[u8; 32]> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&*self.seed).expect("HMAC takes a key of any length");
        mac.update(&self.counter.to_be_bytes());
        self.counter += 1;
        Zeroizing::new(mac.finalize().into_bytes().into())
    }

    /// As many bytes as fit.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let bytes = self.bytes();
            for (to, from) in chunk.iter_mut().zip(bytes.iter()) {
                *to = *from;
            }
        }
    }
}

/// Shows nothing of the seed.
impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Random").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_never_repeat_and_depend_on_the_seed() {
        let (mut one, mut other) = (Random::new([1; 32]), Random::new([2; 32]));
        let first = one.bytes();
        assert_ne!(*first, *one.bytes());
        assert_ne!(*first, *other.bytes());
        assert_eq!(*first, *Random::new([1; 32]).bytes());
        let mut buffer = [0; 46];
        Random::new([1; 32]).fill(&mut buffer);
        assert_eq!(buffer[..32], *first);
        assert_ne!(buffer[32..], [0; 14]);
        assert!(!format!("{one:?}").contains('1'));
    }
}
