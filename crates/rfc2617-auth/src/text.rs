//! Quoted strings and extended values. RFC 2617 §1.2; RFC 7616 §3.4 (`username*`, RFC 5987).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use memchr::memchr2_iter;

/// The content of a quoted string, without backslashes; a fold is one space.
pub(crate) fn unquote(raw: &[u8]) -> Vec<u8> {
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
    content
}

/// Writes what stands before a quoted string, and the string with its quotation marks.
pub(crate) fn write_quoted(out: &mut impl fmt::Write, before: &str, text: &str) -> fmt::Result {
    out.write_str(before)?;
    out.write_str("\"")?;
    let mut written = 0;
    for at in memchr2_iter(b'"', b'\\', text.as_bytes()) {
        // Both are ASCII, so a character begins there.
        out.write_str(text.get(written..at).unwrap_or_default())?;
        out.write_str("\\")?;
        written = at;
    }
    out.write_str(text.get(written..).unwrap_or_default())?;
    out.write_str("\"")
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
        assert_eq!(unquote(br#"a \"b\" \\c"#), br#"a "b" \c"#);
        assert_eq!(unquote(b"a\r\n  b"), b"a b");
        assert_eq!(unquote(b"a\\\r\n b"), b"a  b");
        assert_eq!(unquote(b"plain"), b"plain");
        let mut written = String::new();
        write_quoted(&mut written, "n=", r#"a "b" \c"#).unwrap();
        assert_eq!(written, r#"n="a \"b\" \\c""#);
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
