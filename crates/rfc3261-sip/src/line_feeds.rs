//! Where lines end: line feeds, found sixty-four bytes at a time (RFC 3261 §7).

/// The places of the line feeds in a buffer, in order.
///
/// Lines of messages are short and no two have the same length, so a search for each line feed
/// costs more in wrong guesses of the processor than in comparisons. Here a block of bytes becomes
/// a word of bits, without a branch.
#[derive(Debug, Clone)]
pub(crate) struct LineFeeds<'a> {
    /// What is behind the current block.
    rest: &'a [u8],
    /// Where the current block begins.
    block: usize,
    /// The line feeds of the current block that are still to come, a bit each.
    found: u64,
}

const BLOCK: usize = 64;

impl<'a> LineFeeds<'a> {
    /// The line feeds from the place `from` on.
    #[inline]
    pub(crate) fn new(bytes: &'a [u8], from: usize) -> Self {
        Self {
            rest: bytes.get(from..).unwrap_or_default(),
            block: from.wrapping_sub(BLOCK),
            found: 0,
        }
    }
}

impl Iterator for LineFeeds<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.found == 0 {
            self.block = self.block.wrapping_add(BLOCK);
            if let Some((block, rest)) = self.rest.split_first_chunk() {
                self.found = line_feeds(block);
                self.rest = rest;
            } else if self.rest.is_empty() {
                self.block = self.block.wrapping_sub(BLOCK);
                return None;
            } else {
                self.found = line_feeds(&padded(self.rest));
                self.rest = &[];
            }
        }
        let place = self
            .block
            .wrapping_add(self.found.trailing_zeros() as usize);
        self.found &= self.found - 1;
        Some(place)
    }
}

/// A bit for each line feed of a block, the first place lowest.
#[inline]
fn line_feeds(block: &[u8; BLOCK]) -> u64 {
    // The compiler does this with vectors. Each eight bytes have a bit of their own, so that all
    // eight eights fit into one word, whose bits are then put in order.
    let mut bits = [0; BLOCK];
    for ((bit, byte), own) in bits.iter_mut().zip(block).zip(&OWN_BITS) {
        *bit = if *byte == b'\n' { *own } else { 0 };
    }
    let mut word = 0;
    let mut eights = bits.as_slice();
    while let Some((eight, rest)) = eights.split_first_chunk() {
        word |= u64::from_le_bytes(*eight);
        eights = rest;
    }
    transposed(word)
}

/// The bit of each byte of a block: the number of its eight.
static OWN_BITS: [u8; BLOCK] = {
    let mut bits = [0; BLOCK];
    let mut place = 0;
    while place < BLOCK {
        bits[place] = 1 << (place / 8);
        place += 1;
    }
    bits
};

/// A square of eight by eight bits with rows and columns exchanged.
#[inline]
fn transposed(square: u64) -> u64 {
    let exchange = |square: u64, distance: u32, upper: u64| {
        let differing = (square ^ (square >> distance)) & upper;
        square ^ differing ^ (differing << distance)
    };
    let square = exchange(square, 7, 0x00aa_00aa_00aa_00aa);
    let square = exchange(square, 14, 0x0000_cccc_0000_cccc);
    exchange(square, 28, 0x0000_0000_f0f0_f0f0)
}

/// What is left at the end of a buffer, which is too short, with zeros behind it.
#[cold]
pub(crate) fn padded<const N: usize>(rest: &[u8]) -> [u8; N] {
    let mut block = [0; N];
    for (to, from) in block.iter_mut().zip(rest) {
        *to = *from;
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_line_feed_is_found_and_nothing_else(
            bytes in prop::collection::vec(
                prop_oneof![Just(b'\n'), Just(0x0b), Just(0x8a), any::<u8>()],
                0..300,
            ),
            from in 0_usize..310,
        ) {
            let found: Vec<_> = LineFeeds::new(&bytes, from).collect();
            let listed: Vec<_> =
                (from..bytes.len()).filter(|&place| bytes[place] == b'\n').collect();
            prop_assert_eq!(found, listed);
        }

        #[test]
        fn the_end_stays_the_end(length in 0_usize..130) {
            let bytes = alloc::vec![b'.'; length];
            let mut feeds = LineFeeds::new(&bytes, 0);
            prop_assert_eq!(feeds.next(), None);
            prop_assert_eq!(feeds.next(), None);
        }
    }
}
