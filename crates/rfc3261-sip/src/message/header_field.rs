//! One header field of a message (RFC 3261 §7.3).

use core::ops::Range;

use super::row::Row;
use crate::{
    HeaderName, ParseError,
    headers::{self, Header},
};

/// One header field as it stands in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderField<'a> {
    name: &'a [u8],
    known: Option<HeaderName>,
    value: &'a [u8],
    name_offset: usize,
    value_offset: usize,
}

impl<'a> HeaderField<'a> {
    #[inline]
    pub(super) fn new(message: &'a [u8], row: Row) -> Self {
        Self {
            name: row.name.of(message),
            known: row.known(),
            value: row.value.of(message),
            name_offset: row.name.start as usize,
            value_offset: row.value.start as usize,
        }
    }

    /// The name as it was written.
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        self.name
    }

    /// The name, if it is one of the table.
    #[must_use]
    pub fn known(&self) -> Option<HeaderName> {
        self.known
    }

    /// The value as it was written, without white space before and behind it. Folding inside is
    /// kept.
    #[must_use]
    pub fn value(&self) -> &'a [u8] {
        self.value
    }

    /// The value as text, if it is UTF-8.
    #[must_use]
    pub fn value_str(&self) -> Option<&'a str> {
        core::str::from_utf8(self.value).ok()
    }

    /// Where the name begins, in bytes from the start of the message.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.name_offset
    }

    /// Where the value is, in bytes from the start of the message.
    #[must_use]
    pub fn value_span(&self) -> Range<usize> {
        self.value_offset..self.value_offset + self.value.len()
    }

    /// The value, or the first of several, as a type, whatever the name is.
    ///
    /// Error offsets count from the start of the message.
    #[inline]
    pub fn typed<T: Header<'a>>(&self) -> Result<T, ParseError> {
        headers::read_first(self.value).map_err(|error| error.shifted(self.value_offset))
    }
}
