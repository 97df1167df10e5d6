//! The `k=` line, obsolete (RFC 4566 §5.12, RFC 8866 §5.12).

use core::fmt;

use crate::text::Text;

/// An encryption key, or how to get one. RFC 8866 forbids its use; it is read because old descriptions have it.
///
/// `Debug` does not show the key. There is no way to build one into a new description.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key<'a> {
    method: Text<'a>,
    key: Option<Text<'a>>,
}

impl<'a> Key<'a> {
    /// Reads the value of a `k=` line.
    pub fn parse(value: Text<'a>) -> Self {
        let mut parts = value.as_bytes().splitn(2, |&byte| byte == b':');
        let method = Text::new(parts.next().unwrap_or_default());
        Self {
            method,
            key: parts.next().map(Text::new),
        }
    }

    /// `clear`, `base64`, `uri` or `prompt`, or what else the sender wrote.
    pub const fn method(&self) -> Text<'a> {
        self.method
    }

    /// What follows the colon: the key as text, in base64, or where to get it.
    pub const fn key(&self) -> Option<Text<'a>> {
        self.key
    }
}

impl fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.map(|_| "redacted");
        f.debug_struct("Key")
            .field("method", &self.method)
            .field("key", &key)
            .finish()
    }
}
