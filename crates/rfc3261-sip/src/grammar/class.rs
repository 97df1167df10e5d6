//! The character classes of header values, as one table (RFC 3261 §25.1).

pub(super) const TOKEN: u8 = 1;
pub(super) const DIGIT: u8 = 1 << 1;
pub(super) const LWS: u8 = 1 << 2;
/// What the value of a parameter may hold outside quotes: more than `token / host`, since
/// equipment writes base64 and bracketless addresses there.
pub(super) const VALUE: u8 = 1 << 3;
pub(super) const WORD: u8 = 1 << 4;
pub(super) const HOST: u8 = 1 << 5;
pub(super) const QUOTED: u8 = 1 << 6;
pub(super) const ALPHANUM: u8 = 1 << 7;

static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let b = i as u8;
        let mut class = 0;
        if b.is_ascii_alphanumeric() {
            class |= TOKEN | VALUE | WORD | HOST | ALPHANUM;
        }
        if b.is_ascii_digit() {
            class |= DIGIT;
        }
        if matches!(b, b' ' | b'\t' | b'\r' | b'\n') {
            class |= LWS;
        }
        if matches!(
            b,
            b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~'
        ) {
            class |= TOKEN | WORD;
        }
        if matches!(
            b,
            b'(' | b')'
                | b'<'
                | b'>'
                | b':'
                | b'\\'
                | b'"'
                | b'/'
                | b'['
                | b']'
                | b'?'
                | b'{'
                | b'}'
        ) {
            class |= WORD;
        }
        if b > b' ' && b != 0x7f && !matches!(b, b';' | b',' | b'"' | b'<' | b'>') {
            class |= VALUE;
        }
        if matches!(b, b'-' | b'.' | b'_') || b >= 0x80 {
            class |= HOST;
        }
        if b != b'"' && b != b'\\' {
            class |= QUOTED;
        }
        table[i] = class;
        i += 1;
    }
    table
};

#[inline]
pub(super) fn is(byte: u8, class: u8) -> bool {
    CLASS[usize::from(byte)] & class != 0
}

/// Where the bytes of `class` end that begin at `from`.
#[inline(always)]
pub(super) fn end_of(bytes: &[u8], from: usize, class: u8) -> usize {
    let mut at = from;
    let mut left = bytes.get(from..).unwrap_or_default();
    // Four at a time: fewer comparisons with the end.
    while let Some(([a, b, c, d], after)) = left.split_first_chunk() {
        if !is(*a, class) {
            return at;
        }
        if !is(*b, class) {
            return at + 1;
        }
        if !is(*c, class) {
            return at + 2;
        }
        if !is(*d, class) {
            return at + 3;
        }
        at += 4;
        left = after;
    }
    at + left.iter().take_while(|b| is(**b, class)).count()
}

/// As [`end_of`], in blocks of eight: faster from there on.
#[inline(always)]
pub(super) fn end_of_many(bytes: &[u8], from: usize, class: u8) -> usize {
    let mut at = from;
    let mut left = bytes.get(from..).unwrap_or_default();
    while let Some((block, after)) = left.split_first_chunk::<8>() {
        let common = |common, b: &u8| common & CLASS[usize::from(*b)];
        if block.iter().fold(class, common) == 0 {
            break;
        }
        at += 8;
        left = after;
    }
    end_of(bytes, at, class)
}
