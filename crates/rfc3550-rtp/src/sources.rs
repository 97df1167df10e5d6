//! A list of source identifiers on the wire (RFC 3550 §5.1, §6.6).

/// Source identifiers of 32 bits, in the order of the packet.
#[derive(Debug, Clone)]
pub struct Sources<'a> {
    words: core::slice::ChunksExact<'a, u8>,
}

impl<'a> Sources<'a> {
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            words: bytes.chunks_exact(4),
        }
    }
}

impl Iterator for Sources<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        let word = self.words.next()?;
        word.first_chunk().map(|word| u32::from_be_bytes(*word))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.words.size_hint()
    }
}

impl ExactSizeIterator for Sources<'_> {}
