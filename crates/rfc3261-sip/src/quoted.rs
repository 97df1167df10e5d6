//! Quoted strings: `quoted-string` (RFC 3261 §25.1).

use alloc::{borrow::Cow, string::String};

/// The text of a token or quoted string: without its quotes, and each `\` before a character
/// taken away. A text that is not in quotes is returned as it stands.
#[must_use]
pub fn unquote(text: &str) -> Cow<'_, str> {
    let Some(inner) = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
    else {
        return Cow::Borrowed(text);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            other => plain.push(other),
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_escapes_are_taken_away() {
        assert_eq!(unquote("token"), "token");
        assert_eq!(unquote("\"\""), "");
        assert_eq!(unquote(r#""J Rosenberg \\\"""#), r#"J Rosenberg \""#);
        assert_eq!(unquote(r#""a\b\é""#), "abé");
        assert_eq!(unquote("\""), "\"");
    }
}
