//! Keys of secured media, opaque but for tag and suite (RFC 4568 §5.1, §9.1).

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

/// The value of an `a=crypto`: tag, crypto suite, key parameters, session parameters.
///
/// The `rfc4568-sdes` crate types it. `Debug` hides the keys; [`as_str`](Self::as_str) does not.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key(String);

impl Key {
    /// Wraps a value such as `1 AES_CM_128_HMAC_SHA1_80 inline:…`. `None` if it has no tag, suite and key.
    pub fn new(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let tag = words.next()?;
        let is_tag = (1..=9).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_digit());
        words.next()?;
        words.next()?;
        is_tag.then(|| Self(value.trim_ascii().to_string()))
    }

    /// The value as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag, digits.
    pub fn tag(&self) -> &str {
        self.0.split_ascii_whitespace().next().unwrap_or_default()
    }

    /// The crypto suite.
    pub fn suite(&self) -> &str {
        self.0.split_ascii_whitespace().nth(1).unwrap_or_default()
    }

    /// The same key under another tag.
    pub(crate) fn with_tag(&self, tag: &str) -> Self {
        let rest = self.0.get(self.tag().len()..).unwrap_or_default();
        Self(format!("{tag}{rest}"))
    }

    /// Whether one answers the other.
    pub(crate) fn same_tag_and_suite(&self, other: &Self) -> bool {
        self.tag() == other.tag() && self.suite() == other.suite()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({} {} …)", self.tag(), self.suite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tag_and_suite_are_read_and_the_key_is_hidden() {
        let key = Key::new("1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0|2^20|1:4 KDR=1").unwrap();
        assert_eq!((key.tag(), key.suite()), ("1", "AES_CM_128_HMAC_SHA1_80"));
        assert!(!format!("{key:?}").contains("c2VjcmV0"));
        assert_eq!(
            key.with_tag("12").as_str(),
            "12 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0|2^20|1:4 KDR=1"
        );
    }

    #[test]
    fn what_lacks_tag_suite_or_key_is_none() {
        for value in [
            "",
            "1",
            "1 F8_128_HMAC_SHA1_80",
            "x S inline:k",
            "1234567890 S inline:k",
        ] {
            assert_eq!(Key::new(value), None, "{value}");
        }
    }
}
