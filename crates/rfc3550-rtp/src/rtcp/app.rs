//! Application-defined packets (RFC 3550 §6.7).

use crate::error::{ErrorKind, ParseError, Rule};
use crate::rtcp::raw::{HEADER_LEN, RawPacket};
use crate::rtcp::report::split_ssrc;

/// An application-defined packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct App<'a> {
    subtype: u8,
    ssrc: u32,
    name: [u8; 4],
    data: &'a [u8],
}

impl<'a> App<'a> {
    #[inline]
    pub(crate) fn from_raw(raw: RawPacket<'a>) -> Result<Self, ParseError> {
        let (ssrc, body) = split_ssrc(raw)?;
        let Some((name, data)) = body.split_first_chunk() else {
            let offset = HEADER_LEN + 4;
            return Err(ParseError::new(ErrorKind::Truncated, offset, &NAME));
        };
        Ok(Self {
            subtype: raw.count(),
            ssrc,
            name: *name,
            data,
        })
    }

    /// A number of the application's own, 0 to 31.
    pub const fn subtype(&self) -> u8 {
        self.subtype
    }

    /// The source that sent the packet.
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Four characters of ASCII that name the application's packets.
    pub const fn name(&self) -> [u8; 4] {
        self.name
    }

    /// The application's data: whole words.
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }
}

static NAME: Rule = Rule {
    field: "APP name",
    expected: "4 octets",
    section: "RFC 3550 §6.7",
};
