//! Goodbye: sources that leave (RFC 3550 §6.6).

use crate::entries::Entries;
use crate::error::{ErrorKind, ParseError, Rule};
use crate::rtcp::raw::{HEADER_LEN, RawPacket};

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
