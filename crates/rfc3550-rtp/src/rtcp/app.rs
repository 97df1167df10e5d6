//! Application-defined packets (RFC 3550 §6.7).

use crate::error::{ErrorKind, ParseError, Rule, WriteError};
use crate::rtcp::raw::{HEADER_LEN, PacketType, RawPacket};
use crate::rtcp::report::split_ssrc;
use crate::rtcp::write::{self, RtcpWrite};

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

/// Writes an application-defined packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AppBuilder<'a> {
    subtype: u8,
    ssrc: u32,
    name: [u8; 4],
    data: &'a [u8],
}

impl<'a> AppBuilder<'a> {
    /// A packet of this source, with a name of four characters of ASCII and no data.
    pub fn new(ssrc: u32, name: [u8; 4]) -> Self {
        Self {
            ssrc,
            name,
            ..Self::default()
        }
    }

    /// A number of the application's own, 0 to 31.
    #[must_use]
    pub fn subtype(self, subtype: u8) -> Self {
        Self { subtype, ..self }
    }

    /// The application's data: whole words.
    #[must_use]
    pub fn data(self, data: &'a [u8]) -> Self {
        Self { data, ..self }
    }
}

impl RtcpWrite for AppBuilder<'_> {
    fn encoded_len(&self) -> usize {
        HEADER_LEN + 8 + self.data.len()
    }

    fn write_into(&self, buffer: &mut [u8]) -> Result<usize, WriteError> {
        let len = self.encoded_len();
        if self.subtype > 31 {
            return Err(WriteError::OutOfRange { field: "subtype" });
        }
        let subtype = usize::from(self.subtype);
        let mut body = write::begin(buffer, len, PacketType::APP, subtype, "subtype")?;
        *write::take(&mut body) = self.ssrc.to_be_bytes();
        *write::take(&mut body) = self.name;
        body.copy_from_slice(self.data);
        Ok(len)
    }
}

static NAME: Rule = Rule {
    field: "APP name",
    expected: "4 octets",
    section: "RFC 3550 §6.7",
};
