//! Numbers from a seed (SplitMix64): for simulations, never for secrets.

use std::{ops::Range, time::Duration};

/// A generator whose numbers depend on its seed and on nothing else.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The generator of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 if that is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The bias is of no account for bounds far below 2^64.
        self.number().checked_rem(bound).unwrap_or(0)
    }

    /// True with this probability in percent.
    pub fn chance(&mut self, percent: u8) -> bool {
        self.below(100) < u64::from(percent)
    }

    /// A duration in this range, in whole milliseconds.
    pub fn duration(&mut self, range: &Range<Duration>) -> Duration {
        let span = range.end.saturating_sub(range.start);
        let milliseconds = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        range.start + Duration::from_millis(self.below(milliseconds))
    }

    /// One of these, which must be some.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let at = self.below(of.len() as u64);
        of.get(at as usize).expect("there is one to pick")
    }

    /// Bytes for the seed of something else.
    pub fn seed(&mut self) -> [u8; 32] {
        let mut seed = [0; 32];
        for chunk in seed.chunks_mut(8) {
            chunk.copy_from_slice(&self.number().to_le_bytes());
        }
        seed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_published_algorithm() {
        // SplitMix64 with seed 1234567, as other implementations print it.
        let mut random = Random::new(1_234_567);
        let numbers: Vec<_> = (0..3).map(|_| random.number()).collect();
        let known = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ];
        assert_eq!(numbers, known);
    }

    #[test]
    fn ranges_and_chances_are_kept() {
        let mut random = Random::new(1);
        let range = Duration::from_millis(10)..Duration::from_millis(20);
        let mut hits = 0;
        for _ in 0..10_000 {
            assert!(range.contains(&random.duration(&range)));
            assert!(random.below(7) < 7);
            hits += u32::from(random.chance(30));
        }
        assert!((2800..3200).contains(&hits), "{hits}");
        assert!(!random.chance(0) && random.chance(100));
        assert_eq!(random.below(0), 0);
    }
}
