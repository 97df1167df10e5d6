//! How a header field name is found: a perfect hash over three words of eight bytes, and then a
//! comparison in full. At the start of a line, a guess from a few bytes comes before that.

use super::{COUNT, HeaderName, NAMES};
use crate::line_feeds::padded;

/// The longest name that the table may have, with its colon: what three words hold.
const LONGEST: usize = 24;

/// A name and its colon as three little-endian words, with zeros behind them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Key([u64; 3]);

impl Key {
    const fn new(name: &[u8]) -> Self {
        let mut words = [0; 3];
        let mut at = 0;
        while at <= name.len() {
            let byte = if at < name.len() { name[at] } else { b':' };
            words[at / 8] |= (byte as u64) << (8 * (at % 8));
            at += 1;
        }
        Self(words)
    }

    /// The key of a name, unless it is longer than all that are known.
    #[inline]
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        let mut window = [0; LONGEST];
        window.get_mut(..name.len())?.copy_from_slice(name);
        *window.get_mut(name.len())? = b':';
        Some(Self(words(&window)))
    }

    /// The bytes before the first colon of a line, and how many they are, unless they are more
    /// than a known name has.
    pub(super) fn up_to_colon(line: &[u8]) -> Option<(usize, Self)> {
        let len = line.iter().take(LONGEST).position(|&byte| byte == b':')?;
        Some((len, Self::of(line.get(..len)?)?))
    }

    /// The place in the table of the name with this key.
    pub(super) fn find(self) -> Option<u8> {
        let id = TABLE[self.slot()];
        let known = GUESSABLE.get(usize::from(id))?.key;
        // Nearly everybody writes names as the RFC does.
        (known == self || self.is_otherwise(id, known)).then_some(id)
    }

    /// Whether this is the name at `id` in another case, or its compact form.
    fn is_otherwise(self, id: u8, known: Self) -> bool {
        let lower = self.lower();
        let compact = HeaderName::from_id(id).and_then(HeaderName::compact);
        known.lower() == lower || compact.is_some_and(|name| Self::new(name.as_bytes()) == lower)
    }

    /// Where in the table the name with this key is, in whatever case: setting bit five makes a
    /// letter lower case, and does the same to all bytes of equal names.
    #[inline]
    const fn slot(self) -> usize {
        const CASE: u64 = 0x20 * ONES;
        let Self([first, second, third]) = self;
        let mixed =
            (first | CASE) ^ (second | CASE).rotate_left(17) ^ (third | CASE).rotate_left(41);
        (mixed.wrapping_mul(MULTIPLIER) >> (64 - 9)) as usize
    }

    const fn lower(self) -> Self {
        let Self([first, second, third]) = self;
        Self([lower(first), lower(second), lower(third)])
    }
}

/// Found by trying: with it no two names and compact forms share one of 512 slots. The table
/// below does not compile when a name that is added breaks that.
const MULTIPLIER: u64 = 0x98b8_1c66_e10c_167d;

/// A one in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;

static TABLE: [u8; 512] = table();

const fn table() -> [u8; 512] {
    let mut table = [u8::MAX; 512];
    let mut id = 0;
    while id < COUNT {
        let (name, compact) = NAMES[id];
        assert!(name.len() < LONGEST, "a name is longer than the key");
        let slot = Key::new(name.as_bytes()).slot();
        assert!(
            table[slot] == u8::MAX,
            "two names share a slot: find another multiplier"
        );
        table[slot] = id as u8;
        if !compact.is_empty() {
            let slot = Key::new(compact.as_bytes()).slot();
            assert!(
                table[slot] == u8::MAX,
                "two names share a slot: find another multiplier"
            );
            table[slot] = id as u8;
        }
        id += 1;
    }
    table
}

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
struct Guessable {
    key: Key,
    /// What keeps the name and its colon.
    mask: [u64; 3],
    len: u64,
}

static GUESSABLE: [Guessable; COUNT] = {
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

/// Three words, little-endian.
#[inline]
fn words(window: &[u8; LONGEST]) -> [u64; 3] {
    let word = |at: usize| {
        let bytes = window.get(at..).and_then(<[u8]>::first_chunk);
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    [word(0), word(8), word(16)]
}

/// ASCII lower case of eight bytes at once: exactly `A` to `Z` change.
#[inline]
const fn lower(word: u64) -> u64 {
    let low = word & (0x7f * ONES);
    let above_z = low + (0x7f - b'Z' as u64) * ONES;
    let from_a = low + (0x80 - b'A' as u64) * ONES;
    let upper = (above_z ^ from_a) & !word & (0x80 * ONES);
    word | upper >> 2
}
