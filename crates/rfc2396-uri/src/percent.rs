//! Percent-encoding (RFC 3986 §2.1, RFC 3261 §19.1.2).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::chars;

/// Undoes percent-encoding. What is no escape (`%` without two hexadecimal digits) stays as it is.
///
/// Borrows when there is nothing to undo. The result need not be UTF-8.
pub fn decode(text: &str) -> Cow<'_, [u8]> {
    if text.contains('%') {
        Cow::Owned(units(text).map(|unit| unit.byte).collect())
    } else {
        Cow::Borrowed(text.as_bytes())
    }
}

/// [`decode`], with U+FFFD in place of what is not UTF-8.
pub fn decode_lossy(text: &str) -> Cow<'_, str> {
    match decode(text) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(bytes) => Cow::Owned(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }),
    }
}

/// Percent-encodes what may not stand in `component` as it is. A `%` is encoded too: the argument
/// is text, not an escaped text.
pub fn encode(text: &str, component: Component) -> Cow<'_, str> {
    let class = component.class();
    if text.bytes().all(|b| chars::is(b, class)) {
        return Cow::Borrowed(text);
    }
    let mut encoded = Vec::with_capacity(text.len().saturating_add(8));
    for byte in text.bytes() {
        if chars::is(byte, class) {
            encoded.push(byte);
        } else {
            encoded.extend_from_slice(&escape(byte));
        }
    }
    Cow::Owned(String::from_utf8(encoded).unwrap_or_default())
}

/// A component of a URI, which decides what may stand in it unescaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Component {
    /// The user of a SIP URI.
    User,
    /// The password of a SIP URI.
    Password,
    /// Name or value of a parameter of a SIP or tel URI.
    Parameter,
    /// Name or value of a header of a SIP URI.
    Header,
    /// The user information of a generic URI.
    UserInfo,
    /// A path of a generic URI (slashes stay).
    Path,
    /// Query or fragment of a generic URI.
    Query,
}

impl Component {
    fn class(self) -> u16 {
        match self {
            Self::User => chars::USER,
            Self::Password => chars::PASSWORD,
            Self::Parameter => chars::PARAM,
            Self::Header => chars::HEADER,
            Self::UserInfo => chars::USERINFO,
            Self::Path => chars::PATH,
            Self::Query => chars::QUERY,
        }
    }
}

/// `%` and two upper-case hexadecimal digits (RFC 3986 §2.1).
pub(crate) fn escape(byte: u8) -> [u8; 3] {
    let digit = |value: u8| match value {
        0..=9 => b'0' + value,
        _ => b'A' - 10 + value,
    };
    [b'%', digit(byte >> 4), digit(byte & 15)]
}

/// Whether a comparison minds the case of letters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Minded,
    Ignored,
}

/// A text as it is compared (RFC 3261 §19.1.4): an escape equals the character it stands for,
/// except for reserved ones.
pub(crate) fn folded(text: &str, case: Case) -> impl Iterator<Item = u16> + Clone + '_ {
    units(text).map(move |unit| {
        let byte = match case {
            Case::Minded => unit.byte,
            Case::Ignored => unit.byte.to_ascii_lowercase(),
        };
        let apart = unit.escaped && chars::is(unit.byte, chars::RESERVED);
        u16::from(byte) | u16::from(apart) << 8
    })
}

/// One octet of a text whose escapes are undone.
#[derive(Clone, Copy)]
pub(crate) struct Unit {
    pub(crate) byte: u8,
    /// Whether it was written as an escape.
    pub(crate) escaped: bool,
}

/// The octets that `text` stands for.
pub(crate) fn units(text: &str) -> impl Iterator<Item = Unit> + Clone + '_ {
    let mut rest = text.as_bytes();
    core::iter::from_fn(move || {
        let (unit, tail) = match rest {
            [b'%', high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (
                    Unit {
                        byte: hex(*high) << 4 | hex(*low),
                        escaped: true,
                    },
                    tail,
                )
            }
            [byte, tail @ ..] => (
                Unit {
                    byte: *byte,
                    escaped: false,
                },
                tail,
            ),
            [] => return None,
        };
        rest = tail;
        Some(unit)
    })
}

/// The value of a hexadecimal digit.
fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20).wrapping_sub(b'a').wrapping_add(10),
    }
}

/// Where the first `%` is that two hexadecimal digits do not follow.
pub(crate) fn bad_escape(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let is_good = |at: usize| {
        let digits = bytes.get(at.saturating_add(1)..at.saturating_add(3));
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    memchr::memchr_iter(b'%', bytes).find(|at| !is_good(*at))
}
