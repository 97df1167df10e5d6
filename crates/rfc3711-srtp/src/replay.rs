//! The replay list: which of the last indices have been seen. RFC 3711 §3.3.2.

use alloc::boxed::Box;
use alloc::vec;
use core::slice;

/// A window of bits behind the highest index, as a ring.
#[derive(Debug, Clone)]
pub(crate) struct ReplayWindow {
    /// The highest index and one, or 0.
    beyond: u64,
    seen: Seen,
}

/// The bits: those of the smallest window stand in place.
#[derive(Debug, Clone)]
enum Seen {
    One(u64),
    More(Box<[u64]>),
}

impl Seen {
    #[inline]
    fn words(&self) -> &[u64] {
        match self {
            Seen::One(word) => slice::from_ref(word),
            Seen::More(words) => words,
        }
    }

    #[inline]
    fn words_mut(&mut self) -> &mut [u64] {
        match self {
            Seen::One(word) => slice::from_mut(word),
            Seen::More(words) => words,
        }
    }
}

/// What the window says about an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    New,
    Seen,
    TooOld,
}

impl ReplayWindow {
    /// A window of `size` indices, a multiple of 64 that is not 0.
    pub(crate) fn new(size: usize) -> ReplayWindow {
        ReplayWindow {
            beyond: 0,
            seen: match size / 64 {
                1 => Seen::One(0),
                words => Seen::More(vec![0; words].into_boxed_slice()),
            },
        }
    }

    pub(crate) fn highest(&self) -> Option<u64> {
        self.beyond.checked_sub(1)
    }

    pub(crate) fn check(&self, index: u64) -> Verdict {
        match self.highest() {
            Some(highest) if index <= highest => {
                if highest - index >= self.size() {
                    Verdict::TooOld
                } else if self.is_set(index) {
                    Verdict::Seen
                } else {
                    Verdict::New
                }
            }
            _ => Verdict::New,
        }
    }

    /// Notes an index that the window takes for new.
    pub(crate) fn insert(&mut self, index: u64) {
        match self.highest() {
            Some(highest) if index > highest => {
                if index - highest >= self.size() {
                    self.seen.words_mut().fill(0);
                } else {
                    for skipped in highest + 1..index {
                        self.set(skipped, false);
                    }
                }
                self.beyond = index + 1;
            }
            Some(_) => {}
            None => self.beyond = index + 1,
        }
        self.set(index, true);
    }

    fn size(&self) -> u64 {
        self.seen.words().len() as u64 * 64
    }

    /// The word of an index, and its bit there.
    fn bit(&self, index: u64) -> Option<(usize, u64)> {
        let place = index.checked_rem(self.size())?;
        Some((usize::try_from(place / 64).ok()?, 1 << (place % 64)))
    }

    fn is_set(&self, index: u64) -> bool {
        let word = |(word, mask)| {
            self.seen
                .words()
                .get(word)
                .map(|word: &u64| word & mask != 0)
        };
        self.bit(index).and_then(word).unwrap_or(false)
    }

    fn set(&mut self, index: u64, seen: bool) {
        let Some((word, mask)) = self.bit(index) else {
            return;
        };
        let Some(word) = self.seen.words_mut().get_mut(word) else {
            return;
        };
        *word = if seen { *word | mask } else { *word & !mask };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    #[test]
    fn the_edges_of_the_window() {
        let mut window = ReplayWindow::new(64);
        window.insert(1000);
        assert_eq!(window.check(1000), Verdict::Seen);
        assert_eq!(window.check(937), Verdict::New);
        assert_eq!(window.check(936), Verdict::TooOld);
        assert_eq!(window.check(1001), Verdict::New);
        window.insert(937);
        assert_eq!(window.check(937), Verdict::Seen);
        window.insert(1001);
        assert_eq!(window.check(937), Verdict::TooOld);
        assert_eq!(window.check(938), Verdict::New);
        window.insert(1_000_000);
        assert_eq!(window.check(999_937), Verdict::New);
    }

    proptest! {
        #[test]
        fn the_window_agrees_with_a_set(
            steps in prop::collection::vec((-100..100_i64, 0..20_u8), 1..300),
            words in 1..4_usize,
        ) {
            let mut window = ReplayWindow::new(64 * words);
            let mut set = BTreeSet::new();
            let mut at = 10_000_i64;
            for (step, far) in steps {
                at = (at + if far == 0 { step * 40 } else { step }).max(0);
                let index = at.unsigned_abs();
                let highest = set.last().copied().unwrap_or(0);
                let expected = if set.is_empty() || index > highest {
                    Verdict::New
                } else if highest - index >= 64 * words as u64 {
                    Verdict::TooOld
                } else if set.contains(&index) {
                    Verdict::Seen
                } else {
                    Verdict::New
                };
                prop_assert_eq!(window.check(index), expected);
                if expected == Verdict::New {
                    window.insert(index);
                    set.insert(index);
                }
            }
        }
    }
}
