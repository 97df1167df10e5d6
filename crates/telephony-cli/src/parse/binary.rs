//! Hexadecimal digits to bytes, bytes to something readable, and the place of a slice.

use std::ops::Range;

/// The bytes that pairs of digits stand for, or where something else stands.
pub(super) fn from_hex(text: &[u8]) -> Result<Vec<u8>, usize> {
    let mut digits = text
        .iter()
        .enumerate()
        .filter(|(_, byte)| !byte.is_ascii_whitespace() && **byte != b':')
        .map(|(offset, byte)| {
            let digit = char::from(*byte).to_digit(16).ok_or(offset)?;
            u8::try_from(digit).map_err(|_| offset)
        });
    let mut bytes = Vec::new();
    while let Some(high) = digits.next() {
        bytes.push(high? << 4 | digits.next().ok_or(text.len())??);
    }
    Ok(bytes)
}

/// Bytes as digits; of long ones the beginning, and how many there are.
pub(super) fn hex(bytes: &[u8]) -> String {
    const SHOWN: usize = 24;
    let mut text: String = bytes
        .iter()
        .take(SHOWN)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if bytes.len() > SHOWN {
        text += &format!("… ({} bytes)", bytes.len());
    }
    text
}

/// Where `part`, a piece of `whole`, lies in it.
pub(super) fn place(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = part
        .as_ptr()
        .addr()
        .saturating_sub(whole.as_ptr().addr())
        .min(whole.len());
    start..(start + part.len()).min(whole.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_skips_what_stands_between_the_digits() {
        assert_eq!(from_hex(b"80 0a:Ff\n"), Ok(vec![0x80, 0x0a, 0xff]));
        assert_eq!(from_hex(b"80 x"), Err(3));
        assert_eq!(from_hex(b"800"), Err(3));
    }

    #[test]
    fn a_slice_is_found_in_its_buffer() {
        let whole = b"abcdef";
        assert_eq!(place(whole, &whole[2..4]), 2..4);
        assert_eq!(place(whole, &whole[6..]), 6..6);
    }
}
