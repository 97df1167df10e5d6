//! Looking for a byte, eight bytes at a time.
//!
//! Lines and names are too short for `memchr` to pay: calling it once for each costs more than the search.

/// The highest bit of each byte of a word that equals `wanted`.
#[inline]
const fn matches(chunk: [u8; 8], wanted: u8) -> u64 {
    const LOW_BITS: u64 = u64::from_ne_bytes([0x7f; 8]);
    let word = u64::from_le_bytes(chunk) ^ u64::from_ne_bytes([wanted; 8]);
    // No carry leaves a byte in this addition: a byte that is zero now is the only one without its highest bit.
    !(((word & LOW_BITS) + LOW_BITS) | word | LOW_BITS)
}

/// Every position of `wanted`.
#[inline]
pub(crate) fn positions(bytes: &[u8], wanted: u8) -> impl Iterator<Item = usize> {
    let mut chunks = bytes.chunks_exact(8);
    let mut tail = chunks.remainder();
    let mut next = 0;
    let mut base = 0;
    let mut found = 0;
    core::iter::from_fn(move || {
        while found == 0 {
            base = next;
            next += 8;
            found = match chunks.next() {
                Some(chunk) => matches(chunk.try_into().unwrap_or_default(), wanted),
                None if tail.is_empty() => return None,
                None => core::mem::take(&mut tail)
                    .iter()
                    .rev()
                    .fold(0, |found, &byte| {
                        (found << 8) | if byte == wanted { 0x80 } else { 0 }
                    }),
            };
        }
        let position = base + found.trailing_zeros() as usize / 8;
        found &= found - 1;
        Some(position)
    })
}

/// The first position of `wanted`.
#[inline]
pub(crate) fn position(bytes: &[u8], wanted: u8) -> Option<usize> {
    let mut chunks = bytes.chunks_exact(8);
    let mut base = 0;
    for chunk in &mut chunks {
        let found = matches(chunk.try_into().unwrap_or_default(), wanted);
        if found != 0 {
            return Some(base + found.trailing_zeros() as usize / 8);
        }
        base += 8;
    }
    let rest = chunks.remainder().iter().position(|&byte| byte == wanted)?;
    Some(base + rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_a_plain_loop_finds(bytes in proptest::collection::vec(
            prop_oneof![Just(b'\n'), Just(0x8a), Just(0x0b), Just(0x09), any::<u8>()], 0..100))
        {
            let found: Vec<usize> = positions(&bytes, b'\n').collect();
            let expected: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at] == b'\n').collect();
            prop_assert_eq!(position(&bytes, b'\n'), expected.first().copied());
            prop_assert_eq!(found, expected);
        }
    }
}
