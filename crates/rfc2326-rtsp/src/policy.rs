//! How much is let through, and how much is read at all.

/// What to do about input that departs from the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Policy {
    /// Every header is checked while parsing, and the first departure from the grammar is an
    /// error.
    Strict,
    /// What real equipment sends is accepted, and departures are reported as defects.
    #[default]
    Interoperable,
}

/// How much input is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a whole message, 1 MiB unless set. Never more than `u32::MAX`.
    pub message_bytes: usize,
    /// Bytes of the start line and all header fields, 64 KiB unless set.
    pub head_bytes: usize,
    /// Header fields, 512 unless set. Never more than 65,534.
    pub headers: usize,
}

impl Limits {
    /// The default limits.
    pub const DEFAULT: Self = Self {
        message_bytes: 1024 * 1024,
        head_bytes: 64 * 1024,
        headers: 512,
    };

    /// These limits, with another for the bytes of a whole message.
    #[must_use]
    pub const fn message_bytes(self, bytes: usize) -> Self {
        Self {
            message_bytes: bytes,
            ..self
        }
    }

    /// These limits, with another for the bytes before the body.
    #[must_use]
    pub const fn head_bytes(self, bytes: usize) -> Self {
        Self {
            head_bytes: bytes,
            ..self
        }
    }

    /// These limits, with another for the number of header fields.
    #[must_use]
    pub const fn headers(self, count: usize) -> Self {
        Self {
            headers: count,
            ..self
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
