//! Source descriptions (RFC 3550 §6.5).

use core::fmt;

use crate::error::{ErrorKind, ParseError, Rule, WriteError};
use crate::rtcp::raw::{HEADER_LEN, PacketType, RawPacket};
use crate::rtcp::write::{self, RtcpWrite};

/// What an item of a source description is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SdesType(pub u8);

impl SdesType {
    /// End of a chunk; never an item.
    pub const END: Self = Self(0);
    /// The canonical name that holds the streams of a participant together (§6.5.1).
    pub const CNAME: Self = Self(1);
    /// The user's name (§6.5.2).
    pub const NAME: Self = Self(2);
    /// An address for electronic mail (§6.5.3).
    pub const EMAIL: Self = Self(3);
    /// A telephone number (§6.5.4).
    pub const PHONE: Self = Self(4);
    /// Where the user is (§6.5.5).
    pub const LOC: Self = Self(5);
    /// The application or tool (§6.5.6).
    pub const TOOL: Self = Self(6);
    /// A note about the source's state (§6.5.7).
    pub const NOTE: Self = Self(7);
    /// A private extension: a prefix and a value (§6.5.8).
    pub const PRIV: Self = Self(8);
}

impl fmt::Display for SdesType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::END => f.write_str("END"),
            Self::CNAME => f.write_str("CNAME"),
            Self::NAME => f.write_str("NAME"),
            Self::EMAIL => f.write_str("EMAIL"),
            Self::PHONE => f.write_str("PHONE"),
            Self::LOC => f.write_str("LOC"),
            Self::TOOL => f.write_str("TOOL"),
            Self::NOTE => f.write_str("NOTE"),
            Self::PRIV => f.write_str("PRIV"),
            Self(other) => write!(f, "{other}"),
        }
    }
}

/// A source description packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sdes<'a> {
    count: u8,
    body: &'a [u8],
}

impl<'a> Sdes<'a> {
    #[inline]
    pub(crate) fn from_raw(raw: RawPacket<'a>) -> Result<Self, ParseError> {
        let body = raw.body();
        let mut start = 0;
        for _ in 0..raw.count() {
            start = check_chunk(body, start)?;
        }
        Ok(Self {
            count: raw.count(),
            body,
        })
    }

    /// The chunks, 0 to 31, each about one source.
    #[inline]
    pub const fn chunks(&self) -> SdesChunks<'a> {
        SdesChunks {
            left: self.count,
            body: self.body,
            start: 0,
        }
    }
}

/// What is said about one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SdesChunk<'a> {
    ssrc: u32,
    /// The items up to the octet that ends them, which is left out.
    items: &'a [u8],
}

impl<'a> SdesChunk<'a> {
    /// The synchronisation or contributing source.
    #[inline]
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The items, in their order.
    #[inline]
    pub const fn items(&self) -> SdesItems<'a> {
        SdesItems { rest: self.items }
    }

    /// The text of the first item of this type.
    pub fn item(&self, item_type: SdesType) -> Option<&'a [u8]> {
        self.items()
            .find(|item| item.item_type == item_type)
            .map(|item| item.value)
    }

    /// The canonical name.
    pub fn cname(&self) -> Option<&'a [u8]> {
        self.item(SdesType::CNAME)
    }
}

/// One item: a type and up to 255 octets of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SdesItem<'a> {
    /// What the item is.
    pub item_type: SdesType,
    /// The text, in UTF-8 if the sender kept to the rules. A PRIV item holds a prefix as well:
    /// see [`private`](Self::private).
    pub value: &'a [u8],
}

impl<'a> SdesItem<'a> {
    /// Prefix and value of a PRIV item (§6.5.8). `None` for other items, and when the prefix is
    /// longer than the item.
    pub fn private(&self) -> Option<(&'a [u8], &'a [u8])> {
        if self.item_type != SdesType::PRIV {
            return None;
        }
        let (&len, rest) = self.value.split_first()?;
        rest.split_at_checked(usize::from(len))
    }
}

/// Walks the chunks of a source description.
#[derive(Debug, Clone)]
pub struct SdesChunks<'a> {
    left: u8,
    body: &'a [u8],
    start: usize,
}

impl<'a> Iterator for SdesChunks<'a> {
    type Item = SdesChunk<'a>;

    #[inline]
    fn next(&mut self) -> Option<SdesChunk<'a>> {
        self.left = self.left.checked_sub(1)?;
        let start = self.start;
        let items_start = start + 4;
        let ssrc = self.body.get(start..)?.first_chunk()?;
        let end = items_end(self.body, items_start).ok()?;
        self.start = next_chunk(end);
        Some(SdesChunk {
            ssrc: u32::from_be_bytes(*ssrc),
            items: self.body.get(items_start..end)?,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::from(self.left), Some(usize::from(self.left)))
    }
}

impl ExactSizeIterator for SdesChunks<'_> {}

/// Walks the items of a chunk.
#[derive(Debug, Clone)]
pub struct SdesItems<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for SdesItems<'a> {
    type Item = SdesItem<'a>;

    #[inline]
    fn next(&mut self) -> Option<SdesItem<'a>> {
        let (&[item_type, len], rest) = self.rest.split_first_chunk()?;
        let (value, rest) = rest.split_at_checked(usize::from(len))?;
        self.rest = rest;
        Some(SdesItem {
            item_type: SdesType(item_type),
            value,
        })
    }
}

/// What is to be said about one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SdesChunkBuilder<'a> {
    ssrc: u32,
    cname: Option<&'a [u8]>,
    items: &'a [SdesItemBuilder<'a>],
}

impl<'a> SdesChunkBuilder<'a> {
    /// A chunk about this source with these items.
    pub const fn new(ssrc: u32, items: &'a [SdesItemBuilder<'a>]) -> Self {
        Self {
            ssrc,
            cname: None,
            items,
        }
    }

    /// The canonical name, before all other items.
    #[must_use]
    pub const fn cname(self, cname: &'a [u8]) -> Self {
        Self {
            cname: Some(cname),
            ..self
        }
    }

    pub(crate) const fn items_after_cname(self, items: &'a [SdesItemBuilder<'a>]) -> Self {
        Self { items, ..self }
    }

    #[inline]
    fn items(&self) -> impl Iterator<Item = SdesItemBuilder<'a>> {
        let cname = self.cname.map(SdesItemBuilder::cname);
        cname.into_iter().chain(self.items.iter().copied())
    }

    #[inline]
    pub(crate) fn encoded_len(&self) -> usize {
        let items: usize = self.items().map(|item| item.encoded_len()).sum();
        // One null octet at least ends the chunk.
        4 + (items + 1).next_multiple_of(4)
    }
}

/// An item to be written: at most 255 octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SdesItemBuilder<'a> {
    /// An item of any type as it is.
    Item(SdesItem<'a>),
    /// A PRIV item (§6.5.8).
    Private {
        /// What tells whose extension it is.
        prefix: &'a [u8],
        /// The text.
        value: &'a [u8],
    },
}

impl<'a> SdesItemBuilder<'a> {
    /// An item of this type.
    pub const fn new(item_type: SdesType, value: &'a [u8]) -> Self {
        Self::Item(SdesItem { item_type, value })
    }

    /// The canonical name.
    pub const fn cname(value: &'a [u8]) -> Self {
        Self::new(SdesType::CNAME, value)
    }

    #[inline]
    fn encoded_len(&self) -> usize {
        match self {
            Self::Item(item) => 2 + item.value.len(),
            Self::Private { prefix, value } => 3 + prefix.len() + value.len(),
        }
    }

    /// Writes the item to the start of `out`, which has room for it, and returns the rest.
    #[inline]
    fn write<'b>(&self, mut out: &'b mut [u8]) -> Result<&'b mut [u8], WriteError> {
        const TOO_LONG: WriteError = WriteError::TooMany {
            field: "octets of SDES item",
            limit: 255,
        };
        let Ok(len) = u8::try_from(self.encoded_len() - 2) else {
            return Err(TOO_LONG);
        };
        let value = match self {
            Self::Item(item) => {
                if item.item_type == SdesType::END {
                    return Err(WriteError::OutOfRange { field: "SDES type" });
                }
                *write::take(&mut out) = [item.item_type.0, len];
                item.value
            }
            Self::Private { prefix, value } => {
                // The prefix is shorter than the item, whose length has been checked.
                *write::take(&mut out) = [SdesType::PRIV.0, len, prefix.len() as u8];
                let (head, rest) = out.split_at_mut(prefix.len());
                head.copy_from_slice(prefix);
                out = rest;
                value
            }
        };
        let (head, rest) = out.split_at_mut(value.len());
        head.copy_from_slice(value);
        Ok(rest)
    }
}

/// Writes a source description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SdesBuilder<'a> {
    chunks: &'a [SdesChunkBuilder<'a>],
}

impl<'a> SdesBuilder<'a> {
    /// A packet of these chunks, at most 31.
    pub const fn new(chunks: &'a [SdesChunkBuilder<'a>]) -> Self {
        Self { chunks }
    }
}

impl RtcpWrite for SdesBuilder<'_> {
    #[inline]
    fn encoded_len(&self) -> usize {
        let chunks: usize = self.chunks.iter().map(SdesChunkBuilder::encoded_len).sum();
        HEADER_LEN + chunks
    }

    #[inline]
    fn write_into(&self, buffer: &mut [u8]) -> Result<usize, WriteError> {
        let len = self.encoded_len();
        let count = self.chunks.len();
        let mut body = write::begin(buffer, len, PacketType::SDES, count, "SDES chunks")?;
        for chunk in self.chunks {
            let (mut out, rest) = body.split_at_mut(chunk.encoded_len());
            body = rest;
            *write::take(&mut out) = chunk.ssrc.to_be_bytes();
            for item in chunk.items() {
                out = item.write(out)?;
            }
            out.fill(0);
        }
        Ok(len)
    }
}

/// Checks the chunk at `start` and returns where the next one begins.
#[inline]
fn check_chunk(body: &[u8], start: usize) -> Result<usize, ParseError> {
    let items_start = start + 4;
    if body.len() < items_start {
        let offset = HEADER_LEN + start;
        return Err(ParseError::new(ErrorKind::Truncated, offset, &CHUNK));
    }
    Ok(next_chunk(items_end(body, items_start)?))
}

/// Where the octet lies that ends the items which begin at `position`.
#[inline]
fn items_end(body: &[u8], mut position: usize) -> Result<usize, ParseError> {
    loop {
        match body.get(position..) {
            None | Some([]) => {
                let offset = HEADER_LEN + body.len();
                return Err(ParseError::new(ErrorKind::Truncated, offset, &END));
            }
            Some([0, ..]) => return Ok(position),
            Some([_, len, rest @ ..]) if usize::from(*len) <= rest.len() => {
                position += 2 + usize::from(*len);
            }
            Some(_) => {
                let offset = HEADER_LEN + position;
                return Err(ParseError::new(ErrorKind::Truncated, offset, &ITEM));
            }
        }
    }
}

/// The first word after the one that holds the octet at `end`. The body is whole words, so this
/// is never beyond it.
const fn next_chunk(end: usize) -> usize {
    (end | 3) + 1
}

static CHUNK: Rule = Rule {
    field: "SDES chunk",
    expected: "as many chunks as the source count says",
    section: "RFC 3550 §6.5",
};
static ITEM: Rule = Rule {
    field: "SDES item",
    expected: "as many octets as its length says",
    section: "RFC 3550 §6.5",
};
static END: Rule = Rule {
    field: "SDES chunk",
    expected: "a null octet after the items",
    section: "RFC 3550 §6.5",
};
