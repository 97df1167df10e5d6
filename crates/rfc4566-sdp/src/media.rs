//! Media descriptions: the `m=` line and what applies to it (RFC 8866 §5.14).

use alloc::vec::Vec;

use nom::Parser;
use nom::character::complete::char;
use nom::combinator::{cut, opt, peek};
use nom::sequence::preceded;

use crate::attribute::{Attribute, AttributeField, Direction, Fmtp, Rtpmap};
use crate::bandwidth::Bandwidth;
use crate::connection::Connection;
use crate::description::SessionDescription;
use crate::error::{ParseError, Rule};
use crate::grammar::{Parsed, decimal, named, non_ws_string, number, remainder, sp, whole};
use crate::line::Line;
use crate::section::Section;
use crate::text::Text;
use crate::write::{display_as_written, put};

static MEDIA: Rule = Rule {
    field: "media",
    expected: "a media type",
    section: "RFC 8866 §5.14",
};
static PORT: Rule = Rule {
    field: "media",
    expected: "a space and a port from 0 to 65535",
    section: "RFC 8866 §5.14",
};
static PORTS: Rule = Rule {
    field: "media",
    expected: "a number of ports",
    section: "RFC 8866 §5.14",
};
static PROTO: Rule = Rule {
    field: "media",
    expected: "a space and a transport protocol",
    section: "RFC 8866 §5.14",
};
static FORMATS: Rule = Rule {
    field: "media",
    expected: "a space and formats",
    section: "RFC 8866 §5.14",
};

/// One medium: its own lines, and what it takes over from the session.
#[derive(Clone, Copy)]
pub struct MediaDescription<'a> {
    description: SessionDescription<'a>,
    ordinal: usize,
}

/// The value of an `m=` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MediaField<'a> {
    /// `audio`, `video`, `text`, `application`, `message`, `image`, or another token.
    pub media: Text<'a>,
    /// The transport port; 0 for a medium that is refused or not in use.
    pub port: u16,
    /// How many ports, or pairs of ports for RTP, if that is written.
    pub port_count: Option<u16>,
    /// The transport protocol, such as `RTP/AVP`.
    pub proto: Text<'a>,
    /// The media formats.
    pub formats: Formats<'a>,
}

/// The formats of an `m=` line, in order of preference: payload type numbers for RTP, other tokens elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Formats<'a>(Text<'a>);

impl<'a> MediaDescription<'a> {
    pub(crate) const fn new(description: SessionDescription<'a>, ordinal: usize) -> Self {
        Self {
            description,
            ordinal,
        }
    }

    /// The medium's place among the media, counted from 0.
    pub const fn ordinal(&self) -> usize {
        self.ordinal
    }

    /// The lines of the medium itself, the `m=` line first.
    pub fn section(&self) -> Section<'a> {
        let index = self.description.index();
        let line = |ordinal: usize| {
            index
                .media
                .get(ordinal)
                .map_or(index.lines.len(), |&line| line as usize)
        };
        let first = line(self.ordinal);
        let spans = index
            .lines
            .get(first..line(self.ordinal + 1))
            .unwrap_or_default();
        Section::new(self.description.as_bytes(), spans, first as u32)
    }

    /// The `m=` line as it is.
    pub fn line(&self) -> Option<Line<'a>> {
        self.section().lines().next()
    }

    /// The `m=` line typed.
    pub fn field(&self) -> Result<MediaField<'a>, ParseError> {
        let (value, offset) = self
            .line()
            .map(|line| (line.value(), line.value_offset()))
            .unwrap_or_default();
        MediaField::parse(value).map_err(|error| error.shifted(offset))
    }

    /// The `i=` line: the medium's title (§5.4).
    pub fn information(&self) -> Option<Text<'a>> {
        self.section().information()
    }

    /// The `c=` lines that apply: the medium's own, or else the session's first.
    pub fn connections(
        &self,
    ) -> impl Iterator<Item = Result<Connection<'a>, ParseError>> + use<'a> {
        let mut own = self.section().connections().peekable();
        let inherited = if own.peek().is_none() {
            self.session_connection()
        } else {
            None
        };
        own.chain(inherited)
    }

    /// The first `c=` line that applies; `None` where there is none, neither here nor for the session.
    pub fn connection(&self) -> Result<Option<Connection<'a>>, ParseError> {
        let own = self.section().connections().next();
        own.or_else(|| self.session_connection()).transpose()
    }

    fn session_connection(&self) -> Option<Result<Connection<'a>, ParseError>> {
        let number = self.description.index().session_connection?;
        let span = self.description.index().lines.get(number as usize)?;
        let line = span.line(self.description.as_bytes(), number);
        Some(Connection::parse(line.value()).map_err(|error| error.shifted(line.value_offset())))
    }

    /// The direction that applies: the medium's own, or the session's, or sendrecv (§6.7).
    pub fn direction(&self) -> Direction {
        self.section()
            .direction()
            .or(self.description.index().session_direction)
            .unwrap_or_default()
    }

    /// The bandwidths that apply: the medium's own, then those of the session whose type the medium does not give.
    pub fn bandwidths(&self) -> impl Iterator<Item = Result<Bandwidth<'a>, ParseError>> + use<'a> {
        let own = self.section();
        let given = move |inherited: &Bandwidth<'a>| {
            own.bandwidths()
                .flatten()
                .any(|b| b.bwtype == inherited.bwtype)
        };
        let session = self.description.session().bandwidths();
        own.bandwidths()
            .chain(session.filter(move |bandwidth| !bandwidth.as_ref().is_ok_and(&given)))
    }

    /// The attributes of a type that apply: the medium's own, or else the session's.
    pub fn attributes_of<A: Attribute<'a>>(
        &self,
    ) -> impl Iterator<Item = Result<A, ParseError>> + use<'a, A> {
        self.attributes_named(A::NAME)
            .map(|attribute| attribute.parse())
    }

    /// The first attribute of a type that applies: the medium's own, or else the session's.
    pub fn attribute<A: Attribute<'a>>(&self) -> Result<Option<A>, ParseError> {
        self.attributes_of().next().transpose()
    }

    /// The attributes of one name that apply, untyped: the medium's own, or else the session's.
    pub fn attributes_named<'n>(
        &self,
        name: &'n str,
    ) -> impl Iterator<Item = AttributeField<'a>> + use<'a, 'n> {
        let mut own = self.section().attributes_named(name).peekable();
        let session = own
            .peek()
            .is_none()
            .then(|| self.description.session().attributes_named(name));
        own.chain(session.into_iter().flatten())
    }

    /// Whether an attribute of this name applies.
    pub fn has_attribute(&self, name: &str) -> bool {
        self.attributes_named(name).next().is_some()
    }

    /// The first `a=rtpmap` of a payload type. Walks the attributes each time: for every format in turn, read them in
    /// one walk with [`Section::attributes_of`].
    pub fn rtpmap(&self, payload_type: u8) -> Result<Option<Rtpmap<'a>>, ParseError> {
        self.section()
            .attributes_of::<Rtpmap<'a>>()
            .find(|rtpmap| {
                rtpmap
                    .as_ref()
                    .is_ok_and(|rtpmap| rtpmap.payload_type == payload_type)
            })
            .transpose()
    }

    /// The first `a=fmtp` of a format. Walks the attributes each time, like [`rtpmap`](Self::rtpmap).
    pub fn fmtp(&self, format: &str) -> Option<Fmtp<'a>> {
        self.section()
            .attributes_of::<Fmtp<'a>>()
            .flatten()
            .find(|fmtp| fmtp.format == format)
    }
}

impl<'a> MediaField<'a> {
    /// Reads the value of an `m=` line.
    pub fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        whole(value, &FORMATS, media_field)
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.media);
        out.push(b' ');
        put::number(out, u64::from(self.port));
        if let Some(count) = self.port_count {
            out.push(b'/');
            put::number(out, u64::from(count));
        }
        out.push(b' ');
        put::joined(out, b' ', &[self.proto, self.formats.0]);
    }
}

impl<'a> Formats<'a> {
    /// The formats as written, with blanks between.
    pub const fn new(text: Text<'a>) -> Self {
        Self(text)
    }

    /// The formats as written.
    pub const fn text(&self) -> Text<'a> {
        self.0
    }

    /// Each format.
    pub fn iter(&self) -> impl Iterator<Item = Text<'a>> + use<'a> {
        self.0
            .as_bytes()
            .split(|&byte| byte == b' ' || byte == b'\t')
            .filter(|format| !format.is_empty())
            .map(Text::new)
    }

    /// The formats as payload types of RTP; those that are none are left out.
    pub fn payload_types(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.iter().filter_map(payload_type)
    }
}

/// A format as a payload type: a number up to 127.
pub(crate) fn payload_type(format: Text<'_>) -> Option<u8> {
    decimal(&format)
        .and_then(|number| u8::try_from(number).ok())
        .filter(|&number| number < 128)
}

/// `media SP port ["/" integer] SP proto 1*(SP fmt)`
fn media_field(input: &[u8]) -> Parsed<'_, MediaField<'_>> {
    let (input, media) = named(&MEDIA, non_ws_string).parse(input)?;
    let (input, port) = named(&PORT, preceded(sp, number::<u16>)).parse(input)?;
    let (input, port_count) =
        opt(preceded(char('/'), cut(named(&PORTS, number::<u16>)))).parse(input)?;
    let (input, proto) = named(&PROTO, preceded(sp, non_ws_string)).parse(input)?;
    let (input, _) = named(&FORMATS, (sp, peek(non_ws_string))).parse(input)?;
    let (input, formats) = remainder(input)?;
    Ok((
        input,
        MediaField {
            media,
            port,
            port_count,
            proto,
            formats: Formats(formats),
        },
    ))
}

display_as_written!(MediaField);
