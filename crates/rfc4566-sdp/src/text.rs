//! Text as the grammar has it: octets, usually UTF-8 (RFC 8866 §5, §9 `byte-string`).

use core::fmt;
use core::ops::Deref;

/// A piece of a description: octets, which are UTF-8 unless `a=charset` or a sloppy sender says otherwise.
///
/// Compares with strings, and prints with replacement characters where it is not UTF-8. The octets are as received.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// Wraps octets.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The octets.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// The text, if it is UTF-8. Tokens, numbers and addresses always are once parsed.
    pub const fn as_str(self) -> Option<&'a str> {
        match core::str::from_utf8(self.0) {
            Ok(text) => Some(text),
            Err(_) => None,
        }
    }

    /// Equality without regard to ASCII case, the rule for encoding names and character sets.
    pub fn eq_ignore_case(self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other.as_bytes())
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(text.as_bytes())
    }
}

impl<'a> From<&'a [u8]> for Text<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
}

impl Deref for Text<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_str("\u{fffd}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn octets_that_are_not_utf8_are_kept_and_printed_with_replacements() {
        let text = Text::new(b"caf\xe9!");
        assert_eq!(text.as_bytes(), b"caf\xe9!");
        assert_eq!(text.as_str(), None);
        assert_eq!(format!("{text}"), "caf\u{fffd}!");
        assert_eq!(format!("{text:?}"), "\"caf\\xe9!\"");
    }

    #[test]
    fn names_compare_without_case() {
        assert!(Text::from("OPUS").eq_ignore_case("opus"));
        assert!(Text::from("OPUS") != "opus");
    }
}
