//! The headers of a SIP URI: `?name=value&name=value` (RFC 3261 §19.1.1).

use alloc::borrow::Cow;

use crate::percent;
use crate::text::slice;

/// One header as it was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header<'a> {
    text: &'a str,
    name_end: usize,
}

impl<'a> Header<'a> {
    fn new(text: &'a str) -> Self {
        let name_end = text.bytes().position(|b| b == b'=').unwrap_or(text.len());
        Self { text, name_end }
    }

    /// The header as it stands in the URI.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// The name, escapes and case as received.
    pub fn name(&self) -> &'a str {
        slice(self.text, 0, self.name_end)
    }

    /// The value, escapes as received; empty also if the `=` is missing.
    pub fn value(&self) -> &'a str {
        slice(self.text, self.name_end.saturating_add(1), self.text.len())
    }

    /// The value with its escapes undone.
    pub fn decoded_value(&self) -> Cow<'a, str> {
        percent::decode_lossy(self.value())
    }
}

/// The headers of a URI in the order received. Empty ones (`&&`) are passed over.
#[derive(Clone, Debug)]
pub struct Headers<'a> {
    rest: &'a str,
}

impl<'a> Headers<'a> {
    /// `text` is empty or begins with a question mark.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// The headers as they stand in the URI, with the question mark or ampersand before them.
    pub fn as_str(&self) -> &'a str {
        self.rest
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Header<'a>> {
        loop {
            let text = self.rest.get(1..)?;
            let end = text.bytes().position(|b| b == b'&').unwrap_or(text.len());
            let (header, rest) = text.split_at_checked(end)?;
            self.rest = rest;
            if !header.is_empty() {
                return Some(Header::new(header));
            }
        }
    }
}
