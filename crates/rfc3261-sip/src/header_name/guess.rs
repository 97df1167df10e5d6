//! How a header field name is found at the start of a line: guessed from a few bytes, and then
//! compared in full (RFC 3261 §7.3.1).

use super::{
    COUNT, NAMES,
    key::{Key, LONGEST, words},
};
use crate::line_feeds::padded;

/// The length and the place in the table of the name at the start of a line, with its colon
/// behind it, if it is written as the RFC does, or in its compact form. Few names that are
/// written so are missed.
///
/// Which name is next in a message, and where its colon is, no processor could learn. So neither
/// is branched on: the first four bytes, and the ninth where several names share them, make a
/// guess, and only whether that is right is asked.
#[inline(always)]
pub(super) fn usual(line: &[u8]) -> Option<(usize, u8)> {
    match line.first_chunk() {
        Some(window) => guess(window),
        None => guess(&padded(line)),
    }
}

#[inline(always)]
fn guess(window: &[u8; LONGEST]) -> Option<(usize, u8)> {
    let words = words(window);
    let four = words[0] as u32;
    if four >> 8 & 0xff == u32::from(b':') {
        let id = COMPACT[(four & 0xff) as usize];
        return (id != NONE).then_some((1, id));
    }
    let group = &GROUPS[slot_of_four(four)];
    let place = usize::from(group.first) + usize::from(words[1] as u8 & group.mask);
    let id = GUESSES[place % GUESSES.len()];
    let guess = GUESSABLE.get(usize::from(id))?;
    let differs = (words[0] ^ guess.key.0[0]) & guess.mask[0]
        | (words[1] ^ guess.key.0[1]) & guess.mask[1]
        | (words[2] ^ guess.key.0[2]) & guess.mask[2];
    (differs == 0).then_some((guess.len as usize, id))
}

/// No place in the table.
const NONE: u8 = u8::MAX;

/// The places of the compact forms, by their letter.
static COMPACT: [u8; 256] = {
    let mut places = [NONE; 256];
    let mut id = 0;
    while id < COUNT {
        if let [letter] = NAMES[id].1.as_bytes() {
            places[*letter as usize] = id as u8;
            places[letter.to_ascii_uppercase() as usize] = id as u8;
        }
        id += 1;
    }
    places
};

/// The names that begin with the same four bytes.
#[derive(Clone, Copy)]
struct Group {
    /// Where in `GUESSES` theirs begin.
    first: u16,
    /// Which bits of the ninth byte tell them apart.
    mask: u8,
}

/// A name to compare with.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Guessable {
    pub(super) key: Key,
    /// What keeps the name and its colon.
    mask: [u64; 3],
    len: u64,
}

pub(super) static GUESSABLE: [Guessable; COUNT] = {
    let mut all = [Guessable {
        key: Key([0; 3]),
        mask: [0; 3],
        len: 0,
    }; COUNT];
    let mut id = 0;
    while id < COUNT {
        let name = NAMES[id].0.as_bytes();
        all[id].key = Key::new(name);
        all[id].len = name.len() as u64;
        let mut at = 0;
        while at <= name.len() {
            all[id].mask[at / 8] |= 0xff << (8 * (at % 8));
            at += 1;
        }
        id += 1;
    }
    all
};

static GROUPS: [Group; 256] = guesses().0;
static GUESSES: [u8; 512] = guesses().1;

/// Found by trying: with it no two groups of names share one of 256 slots.
const GROUP_MULTIPLIER: u32 = 0xc89d_a11b;

#[inline]
const fn slot_of_four(four: u32) -> usize {
    (four.wrapping_mul(GROUP_MULTIPLIER) >> 24) as usize
}

const fn guesses() -> ([Group; 256], [u8; 512]) {
    let mut groups = [Group { first: 0, mask: 0 }; 256];
    let mut guesses = [NONE; 512];
    // The first guess is none: it belongs to the slots without a group.
    let mut used = 1;
    let mut id = 0;
    while id < COUNT {
        let slot = slot_of_four(first_four(id));
        let (mut members, mut shortest) = (0, id);
        let mut other = 0;
        while other < COUNT {
            if slot_of_four(first_four(other)) == slot {
                assert!(
                    first_four(other) == first_four(id),
                    "two groups share a slot: find another multiplier"
                );
                members += 1;
                if NAMES[other].0.len() < NAMES[shortest].0.len() {
                    shortest = other;
                }
            }
            other += 1;
        }
        let group = &mut groups[slot];
        if group.first == 0 {
            group.first = used as u16;
            group.mask = if members > 1 { 0x1f } else { 0 };
            let end = used + group.mask as usize + 1;
            // A name that ends before its ninth byte may have anything there.
            while used < end {
                guesses[used] = shortest as u8;
                used += 1;
            }
        }
        let name = NAMES[id].0.as_bytes();
        if name.len() > 8 {
            // Of several that share the ninth byte as well, the last is guessed.
            guesses[groups[slot].first as usize + (name[8] & groups[slot].mask) as usize] =
                id as u8;
        }
        id += 1;
    }
    (groups, guesses)
}

/// The first four bytes of a name and its colon, and of what usually follows.
const fn first_four(id: usize) -> u32 {
    u32::from_le_bytes(match *NAMES[id].0.as_bytes() {
        [a, b] => [a, b, b':', b' '],
        [a, b, c] => [a, b, c, b':'],
        [a, b, c, d, ..] => [a, b, c, d],
        _ => panic!("a name in full has more than one letter"),
    })
}
