//! How a header field name is found: a perfect hash over three words of eight bytes, and then a
//! comparison in full (RFC 3261 §7.3.1).

use super::{COUNT, HeaderName, NAMES, guess::GUESSABLE};

/// The longest name that the table may have, with its colon: what three words hold.
pub(super) const LONGEST: usize = 24;

/// A name and its colon as three little-endian words, with zeros behind them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(pub(super) [u64; 3]);

impl Key {
    pub(super) const fn new(name: &[u8]) -> Self {
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

/// Three words, little-endian.
#[inline]
pub(super) fn words(window: &[u8; LONGEST]) -> [u64; 3] {
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
