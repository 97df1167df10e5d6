//! Lists of entries of one size: identifiers, report blocks, feedback entries.

use core::slice::{ChunksExact, Iter};

/// Entries of one size, in the order of the packet: read off the wire as they are asked for, or
/// given as values to a builder.
///
/// This is an iterator that knows its length; a slice of values turns into one with `From`.
#[derive(Debug, Clone)]
pub struct Entries<'a, T>(Source<'a, T>);

#[derive(Debug, Clone)]
enum Source<'a, T> {
    Wire(ChunksExact<'a, u8>),
    Values(Iter<'a, T>),
}

/// What can stand in a list on the wire.
pub trait Entry: Copy + sealed::Wire {}

impl<T: Copy + sealed::Wire> Entry for T {}

pub(crate) mod sealed {
    /// How an entry is read and written.
    pub trait Wire {
        /// Octets of one entry.
        const LEN: usize;

        /// Reads an entry from exactly [`LEN`](Self::LEN) octets.
        fn read(bytes: &[u8]) -> Option<Self>
        where
            Self: Sized;

        /// Writes an entry to exactly [`LEN`](Self::LEN) octets.
        fn write(&self, bytes: &mut [u8]);
    }
}

impl<'a, T: Entry> Entries<'a, T> {
    /// A list on the wire. Octets after the last whole entry are left out.
    #[inline]
    pub(crate) fn from_wire(bytes: &'a [u8]) -> Self {
        Self(Source::Wire(bytes.chunks_exact(T::LEN)))
    }

    /// Octets of the list on the wire.
    #[inline]
    pub(crate) fn encoded_len(&self) -> usize {
        self.len() * T::LEN
    }

    /// Writes as many entries as `bytes` has room for.
    #[inline]
    pub(crate) fn write(&self, bytes: &mut [u8]) {
        match &self.0 {
            Source::Wire(chunks) => {
                for (chunk, out) in chunks.clone().zip(bytes.chunks_exact_mut(T::LEN)) {
                    out.copy_from_slice(chunk);
                }
            }
            Source::Values(values) => {
                for (value, out) in values.clone().zip(bytes.chunks_exact_mut(T::LEN)) {
                    value.write(out);
                }
            }
        }
    }
}

impl<T: Entry> Iterator for Entries<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            Source::Wire(chunks) => chunks.next().and_then(T::read),
            Source::Values(values) => values.next().copied(),
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Source::Wire(chunks) => chunks.size_hint(),
            Source::Values(values) => values.size_hint(),
        }
    }

    /// Where the entries come from is asked once, not for each.
    #[inline]
    fn fold<A, F: FnMut(A, T) -> A>(self, start: A, f: F) -> A {
        match self.0 {
            Source::Wire(chunks) => chunks.filter_map(T::read).fold(start, f),
            Source::Values(values) => values.copied().fold(start, f),
        }
    }
}

impl<T: Entry> ExactSizeIterator for Entries<'_, T> {}

impl<T: Entry + PartialEq> PartialEq for Entries<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.clone().eq(other.clone())
    }
}

impl<T> Default for Entries<'_, T> {
    fn default() -> Self {
        Self(Source::Values([].iter()))
    }
}

impl<'a, T> From<&'a [T]> for Entries<'a, T> {
    fn from(values: &'a [T]) -> Self {
        Self(Source::Values(values.iter()))
    }
}

impl<'a, T, const N: usize> From<&'a [T; N]> for Entries<'a, T> {
    fn from(values: &'a [T; N]) -> Self {
        Self(Source::Values(values.iter()))
    }
}

/// A source identifier (RFC 3550 §5.1, §6.6), a receipt time (RFC 3611 §4.3).
impl sealed::Wire for u32 {
    const LEN: usize = 4;

    #[inline]
    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|bytes| Self::from_be_bytes(*bytes))
    }

    #[inline]
    fn write(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.to_be_bytes());
    }
}
