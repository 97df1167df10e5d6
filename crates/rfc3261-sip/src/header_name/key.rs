//! How a header field name is found: a perfect hash over three words of eight bytes, and then a
//! comparison in full.

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
    ///
    /// Which of the three words has the colon depends on the field, in no order that a processor
    /// could learn: so that is not branched on.
    #[inline]
    pub(super) fn at_line_start(line: &[u8]) -> Option<(usize, Self)> {
        let window = match line.first_chunk() {
            Some(window) => words(window),
            None => words(&padded(line)),
        };
        let [first, second, third] = window.map(|word| matches(word, b':'));
        let (colons, before) = if second != 0 {
            (second, 8)
        } else {
            (third, 16)
        };
        let (colons, before) = if first != 0 {
            (first, 0)
        } else {
            (colons, before)
        };
        let len = before + (colons.trailing_zeros() / 8) as usize;
        let mask = MASKS.get(len)?;
        let key = Key([
            window[0] & mask[0],
            window[1] & mask[1],
            window[2] & mask[2],
        ]);
        Some((len, key))
    }

    /// The place in the table of the name with this key.
    #[inline]
    pub(super) fn find(self) -> Option<u8> {
        let id = TABLE[self.slot()];
        let known = KEYS.get(usize::from(id))?;
        // Nearly everybody writes names as the RFC does.
        if *known == self {
            return Some(id);
        }
        self.is_otherwise(id, *known).then_some(id)
    }

    /// Whether this is the name at `id` in another case, or its compact form.
    #[cold]
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

static KEYS: [Key; COUNT] = {
    let mut keys = [Key([0; 3]); COUNT];
    let mut id = 0;
    while id < COUNT {
        keys[id] = Key::new(NAMES[id].0.as_bytes());
        id += 1;
    }
    keys
};

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

/// What keeps a name of so many bytes, and its colon.
static MASKS: [[u64; 3]; LONGEST] = {
    let mut masks = [[0; 3]; LONGEST];
    let mut len = 0;
    while len < LONGEST {
        let mut at = 0;
        while at <= len {
            masks[len][at / 8] |= 0xff << (8 * (at % 8));
            at += 1;
        }
        len += 1;
    }
    masks
};

/// Three words, little-endian.
#[inline]
fn words(window: &[u8; LONGEST]) -> [u64; 3] {
    let word = |at: usize| {
        let bytes = window.get(at..).and_then(<[u8]>::first_chunk);
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    [word(0), word(8), word(16)]
}

/// The highest bit of each byte that is `byte`, the first place lowest. Those behind the first may
/// be wrong.
#[inline]
fn matches(word: u64, byte: u8) -> u64 {
    let zero_where_equal = word ^ (ONES * u64::from(byte));
    zero_where_equal.wrapping_sub(ONES) & !zero_where_equal & (ONES << 7)
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
