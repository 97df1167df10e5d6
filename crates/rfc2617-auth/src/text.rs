//! Quoted strings and extended values. RFC 2617 §1.2; RFC 7616 §3.4 (`username*`, RFC 5987).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The content of a quoted string, without backslashes; a fold is one space.
pub(crate) fn unquote(raw: &[u8]) -> Cow<'_, [u8]> {
    if !raw.iter().any(|b| matches!(b, b'\\' | b'\r' | b'\n')) {
        return Cow::Borrowed(raw);
    }
    let mut content = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => match bytes.next() {
                Some(b'\r' | b'\n') | None => content.push(b' '),
                Some(escaped) => content.push(escaped),
            },
            b'\r' | b'\n' => {
                while bytes
                    .next_if(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
                    .is_some()
                {}
                content.push(b' ');
            }
            _ => content.push(byte),
        }
    }
    Cow::Owned(content)
}

/// A quoted string, written with its quotation marks.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        let mut rest = self.0;
        while let Some(at) = rest.find(['"', '\\']) {
            let (before, after) = rest.split_at(at);
            f.write_str(before)?;
            f.write_str("\\")?;
            let mut chars = after.chars();
            if let Some(escaped) = chars.next() {
                fmt::Write::write_char(f, escaped)?;
            }
            rest = chars.as_str();
        }
        f.write_str(rest)?;
        f.write_str("\"")
    }
}

/// Whether a quoted string can hold it.
pub(crate) fn is_quotable(text: &str) -> bool {
    !text.bytes().any(|b| (b < b' ' && b != b'\t') || b == 0x7f)
}

/// An extended value, `UTF-8''` and percent-encoded bytes.
pub(crate) struct Extended<'a>(pub(crate) &'a str);

impl fmt::Display for Extended<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UTF-8''")?;
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
                fmt::Write::write_char(f, char::from(byte))?;
            } else {
                write!(f, "%{byte:02X}")?;
            }
        }
        Ok(())
    }
}

/// Reads an extended value; `None` unless it is UTF-8.
pub(crate) fn extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, encoded) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("UTF-8") {
        return None;
    }
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let (high, low) = (rest.next()?, rest.next()?);
            bytes.push(hex_digit(high)? << 4 | hex_digit(low)?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// The value of a hexadecimal digit.
pub(crate) fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| value.try_into().ok())
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn quoted_strings_lose_their_backslashes_and_folds() {
        assert_eq!(&*unquote(br#"a \"b\" \\c"#), br#"a "b" \c"#);
        assert_eq!(&*unquote(b"a\r\n  b"), b"a b");
        assert_eq!(&*unquote(b"a\\\r\n b"), b"a  b");
        assert!(matches!(unquote(b"plain"), Cow::Borrowed(_)));
        assert_eq!(Quoted(r#"a "b" \c"#).to_string(), r#""a \"b\" \\c""#);
    }

    #[test]
    fn extended_values_are_read_and_written() {
        assert_eq!(
            Extended("Jäsøn Doe").to_string(),
            "UTF-8''J%C3%A4s%C3%B8n%20Doe"
        );
        assert_eq!(
            extended("utf-8'en'J%c3%a4s%C3%B8n%20Doe").as_deref(),
            Some("Jäsøn Doe")
        );
        for bad in [
            "plain",
            "UTF-8'x",
            "ISO-8859-1''x",
            "UTF-8''%4",
            "UTF-8''%zz",
            "UTF-8''%ff",
        ] {
            assert_eq!(extended(bad), None, "{bad}");
        }
    }
}
