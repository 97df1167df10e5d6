//! Writing values: text and numbers at the end of a buffer.

use crate::error::{ErrorKind, WriteError};
use crate::line::LineType;

/// Refuses values that would end a line early, empty ones, and keys.
pub(crate) fn check_value(value: &[u8], line_type: LineType) -> Result<(), WriteError> {
    if line_type == LineType::KEY {
        return Err(WriteError::Refused(ErrorKind::Obsolete));
    }
    let line_type = line_type.letter();
    if value.is_empty() {
        return Err(WriteError::Empty { line_type });
    }
    // The common case looks at many bytes at once, which a search that stops early does not.
    let is_forbidden = |byte: u8| (byte == 0) | (byte == b'\r') | (byte == b'\n');
    if !value
        .iter()
        .fold(false, |found, &byte| found | is_forbidden(byte))
    {
        return Ok(());
    }
    let byte = value
        .iter()
        .copied()
        .find(|&byte| is_forbidden(byte))
        .unwrap_or_default();
    Err(WriteError::ForbiddenByte { byte, line_type })
}

/// Refuses values that do not have exactly this many words with single spaces between.
pub(crate) fn check_fields(
    value: &[u8],
    line_type: LineType,
    fields: usize,
) -> Result<(), WriteError> {
    check_value(value, line_type)?;
    let line_type = line_type.letter();
    let is_space = |byte: &u8| *byte == b' ';
    // No loop here stops early, so that each looks at many bytes at once.
    let after_space = value.iter().zip(value.iter().skip(1));
    let empty_word = after_space.fold(false, |found, (before, byte)| {
        found | (is_space(before) & is_space(byte))
    });
    if empty_word || value.first().is_some_and(is_space) || value.last().is_some_and(is_space) {
        return Err(WriteError::Empty { line_type });
    }
    let tab = value
        .iter()
        .fold(false, |found, &byte| found | (byte == b'\t'));
    let spaces = value.iter().filter(|byte| is_space(byte)).count();
    let byte = match (tab, spaces + 1 == fields) {
        (true, _) => b'\t',
        (false, false) => b' ',
        (false, true) => return Ok(()),
    };
    Err(WriteError::ForbiddenByte { byte, line_type })
}

pub(crate) mod put {
    use alloc::vec::Vec;
    use core::time::Duration;

    use crate::text::Text;

    /// Decimal digits.
    pub(crate) fn number(out: &mut Vec<u8>, mut value: u64) {
        let mut digits = [0_u8; 20];
        let mut used = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (value % 10) as u8;
            value /= 10;
            used += 1;
            if value == 0 {
                break;
            }
        }
        out.extend_from_slice(digits.get(20 - used..).unwrap_or_default());
    }

    /// Milliseconds, with a fraction where there is one.
    pub(crate) fn milliseconds(out: &mut Vec<u8>, duration: Duration) {
        let whole = duration.as_millis();
        number(out, u64::try_from(whole).unwrap_or(u64::MAX));
        let mut fraction = duration.subsec_nanos() % 1_000_000;
        let mut unit = 100_000;
        if fraction > 0 {
            out.push(b'.');
        }
        while fraction > 0 {
            out.push(b'0' + (fraction / unit) as u8);
            fraction %= unit;
            unit /= 10;
        }
    }

    /// Texts with a separator between them.
    pub(crate) fn joined(out: &mut Vec<u8>, separator: u8, texts: &[Text<'_>]) {
        for (position, text) in texts.iter().enumerate() {
            if position > 0 {
                out.push(separator);
            }
            out.extend_from_slice(text);
        }
    }
}

/// `Display` for a value with a lifetime and a `write` method: its wire form.
macro_rules! display_as_written {
    ($($value:ident),+) => {$(
        impl core::fmt::Display for $value<'_> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let mut out = alloc::vec::Vec::new();
                self.write(&mut out);
                core::fmt::Display::fmt(&$crate::text::Text::new(&out), f)
            }
        }
    )+};
}

pub(crate) use display_as_written;
