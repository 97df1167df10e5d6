//! Random values from a seed (RFC 3550 §5.1, §6.3.1, §8, A.6).

use core::fmt;

/// Xoshiro256++: fast and well distributed, not cryptographic.
#[derive(Clone)]
pub(super) struct Random([u64; 4]);

impl Random {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        // Each word is mixed with those before it, so that seeds of little variety serve as well.
        let mut mixed = 0u64;
        let mut state = [0; 4];
        for (word, bytes) in state.iter_mut().zip(seed.chunks_exact(8)) {
            let bytes = bytes.first_chunk().copied().unwrap_or_default();
            mixed = split_mix(mixed ^ u64::from_le_bytes(bytes));
            *word = mixed;
        }
        if state == [0; 4] {
            state = [1, 2, 3, 4];
        }
        Self(state)
    }

    pub(super) fn next_u64(&mut self) -> u64 {
        let [a, b, c, d] = self.0;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.0 = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    /// 32 bits: every value of an identifier, and none beyond.
    pub(super) fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32) as u32
    }

    /// From 0 up to, but without, 1.
    pub(super) fn next_fraction(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Tells nothing of the values to come.
impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}

const fn split_mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_poor_seeds_give_values_of_their_own() {
        let first = |seed| Random::new([seed; 32]).next_u32();
        let mut seen: alloc::vec::Vec<u32> = (0..=255).map(first).collect();
        seen.sort_unstable();
        seen.dedup();
        assert!(seen.len() >= 255);
    }

    #[test]
    fn fractions_are_spread_evenly_below_one() {
        let mut random = Random::new([7; 32]);
        let mut tenths = [0; 10];
        for _ in 0..10_000 {
            let fraction = random.next_fraction();
            assert!((0.0..1.0).contains(&fraction));
            tenths[(fraction * 10.0) as usize] += 1;
        }
        assert!(
            tenths.iter().all(|count| (850..1150).contains(count)),
            "{tenths:?}"
        );
    }
}
