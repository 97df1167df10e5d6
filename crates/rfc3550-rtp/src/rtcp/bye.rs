//! Goodbye: sources that leave (RFC 3550 §6.6).

use crate::entries::Entries;
use crate::error::{ErrorKind, ParseError, Rule, WriteError};
use crate::rtcp::raw::{HEADER_LEN, PacketType, RawPacket};
use crate::rtcp::write::{self, RtcpWrite};

/// A goodbye packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bye<'a> {
    sources: &'a [u8],
    reason: Option<&'a [u8]>,
}

impl<'a> Bye<'a> {
    #[inline]
    pub(crate) fn from_raw(raw: RawPacket<'a>) -> Result<Self, ParseError> {
        let body = raw.body();
        let Some((sources, rest)) = body.split_at_checked(4 * usize::from(raw.count())) else {
            return Err(ParseError::new(ErrorKind::InvalidLength, 0, &COUNT));
        };
        let reason = match rest.split_first() {
            None => None,
            Some((&len, text)) => match text.get(..usize::from(len)) {
                Some(text) => Some(text),
                None => {
                    let offset = HEADER_LEN + sources.len();
                    return Err(ParseError::new(ErrorKind::InvalidLength, offset, &REASON));
                }
            },
        };
        Ok(Self { sources, reason })
    }

    /// The sources that leave: 0 to 31, the first being the sender of the packet.
    #[inline]
    pub fn ssrcs(&self) -> Entries<'a, u32> {
        Entries::from_wire(self.sources)
    }

    /// Why they leave, in UTF-8 if the sender kept to the rules.
    #[inline]
    pub const fn reason(&self) -> Option<&'a [u8]> {
        self.reason
    }
}

/// Writes a goodbye packet.
#[derive(Debug, Clone, Default)]
pub struct ByeBuilder<'a> {
    sources: Entries<'a, u32>,
    reason: Option<&'a [u8]>,
}

impl<'a> ByeBuilder<'a> {
    /// These sources leave, at most 31, the sender of the packet first.
    pub fn new(sources: impl Into<Entries<'a, u32>>) -> Self {
        Self {
            sources: sources.into(),
            reason: None,
        }
    }

    /// Why they leave: at most 255 octets of UTF-8.
    #[must_use]
    pub fn reason(self, reason: &'a [u8]) -> Self {
        Self {
            reason: Some(reason),
            ..self
        }
    }
}

impl RtcpWrite for ByeBuilder<'_> {
    fn encoded_len(&self) -> usize {
        let reason = self.reason.map_or(0, |reason| 1 + reason.len());
        HEADER_LEN + self.sources.encoded_len() + reason.next_multiple_of(4)
    }

    fn write_into(&self, buffer: &mut [u8]) -> Result<usize, WriteError> {
        let len = self.encoded_len();
        let count = self.sources.len();
        let body = write::begin(buffer, len, PacketType::BYE, count, "sources")?;
        let (sources, rest) = body.split_at_mut(self.sources.encoded_len());
        self.sources.write(sources);
        if let (Some(reason), Some((length, rest))) = (self.reason, rest.split_first_mut()) {
            *length = write::text_len(reason, "octets of reason for leaving")?;
            write::padded(reason, rest);
        }
        Ok(len)
    }
}

static COUNT: Rule = Rule {
    field: "source count",
    expected: "no more sources than the length has room for",
    section: "RFC 3550 §6.6",
};
static REASON: Rule = Rule {
    field: "reason for leaving",
    expected: "as many octets as its length says",
    section: "RFC 3550 §6.6",
};
