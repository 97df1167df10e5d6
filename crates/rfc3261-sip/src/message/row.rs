//! Where a header field is in a message (RFC 3261 §7.3).

use core::ops::Range;

use crate::HeaderName;

/// One header field: `name`, then its value, then the end of the line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) name: Span,
    pub(crate) value: Span,
    /// The place of the name in the table, or `EXTENSION`.
    pub(crate) id: u8,
}

/// A range of bytes in a message, which is never longer than `u32::MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    #[inline]
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    pub(super) fn map(self, place: impl Fn(u32) -> u32) -> Self {
        Self {
            start: place(self.start),
            end: place(self.end),
        }
    }

    #[inline]
    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The bytes; none where the buffer is not the one that was parsed.
    #[inline]
    pub(crate) fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.range()).unwrap_or_default()
    }
}

impl Row {
    #[inline]
    pub(crate) fn known(self) -> Option<HeaderName> {
        HeaderName::from_id(self.id)
    }
}
