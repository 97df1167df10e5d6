//! A description that was read: the session, its sections and their defaults (RFC 8866 §5).

use core::fmt;

use crate::check::Defects;
use crate::contact::Contact;
use crate::defect::Severity;
use crate::error::{ErrorKind, ParseError, Rule, WriteError};
use crate::line::{Line, LineType};
use crate::media::MediaDescription;
use crate::origin::Origin;
use crate::parser::Index;
use crate::section::Section;
use crate::text::Text;
use crate::timing::{Times, Zones};

static ORIGIN: Rule = Rule {
    field: "origin",
    expected: "an o= line",
    section: "RFC 8866 §5.2",
};

/// A session description: views into the buffer it was read from.
///
/// Made by a [`Parser`](crate::Parser); the owned form is [`SessionDescriptionBuf`](crate::SessionDescriptionBuf).
/// Cheap to copy. `Display` is the wire form, and [`as_bytes`](Self::as_bytes) gives it without any conversion.
#[derive(Clone, Copy)]
pub struct SessionDescription<'a> {
    bytes: &'a [u8],
    index: &'a Index,
}

impl<'a> SessionDescription<'a> {
    pub(crate) const fn new(bytes: &'a [u8], index: &'a Index) -> Self {
        Self { bytes, index }
    }

    /// The description, byte for byte as received.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Everything that a strict reading objects to, in one walk over the lines.
    pub fn defects(&self) -> Defects<'a> {
        Defects::new(*self)
    }

    /// The description, or the first defect that is an [error](Severity::Error).
    pub fn strict(self) -> Result<Self, ParseError> {
        match self
            .defects()
            .find(|defect| defect.severity() == Severity::Error)
        {
            Some(defect) => Err(defect.to_error()),
            None => Ok(self),
        }
    }

    /// Copies the wire form into a buffer, and says how long it is.
    pub fn write_into(&self, buffer: &mut [u8]) -> Result<usize, WriteError> {
        let needed = self.bytes.len();
        let available = buffer.len();
        let room = buffer
            .get_mut(..needed)
            .ok_or(WriteError::BufferTooSmall { needed, available })?;
        room.copy_from_slice(self.bytes);
        Ok(needed)
    }

    pub(crate) const fn index(&self) -> &'a Index {
        self.index
    }

    /// Every line in order, malformed and unknown ones too.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = Line<'a>> + use<'a> {
        let bytes = self.bytes;
        self.index
            .lines
            .iter()
            .enumerate()
            .map(move |(number, span)| span.line(bytes, number as u32))
    }

    /// The lines before the first `m=`.
    pub fn session(&self) -> Section<'a> {
        let end = self
            .index
            .media
            .first()
            .map_or(self.index.lines.len(), |&line| line as usize);
        Section::new(
            self.bytes,
            self.index.lines.get(..end).unwrap_or_default(),
            0,
        )
    }

    /// How many `m=` lines there are.
    pub fn media_count(&self) -> usize {
        self.index.media.len()
    }

    /// The media in order.
    pub fn media(&self) -> impl ExactSizeIterator<Item = MediaDescription<'a>> + use<'a> {
        let description = *self;
        (0..self.index.media.len()).map(move |ordinal| MediaDescription::new(description, ordinal))
    }

    /// The medium at `ordinal`, counted from 0.
    pub fn medium(&self, ordinal: usize) -> Option<MediaDescription<'a>> {
        (ordinal < self.index.media.len()).then(|| MediaDescription::new(*self, ordinal))
    }

    /// The `o=` line (§5.2).
    pub fn origin(&self) -> Result<Origin<'a>, ParseError> {
        match self.session().line(LineType::ORIGIN) {
            Some(line) => {
                Origin::parse(line.value()).map_err(|error| error.shifted(line.value_offset()))
            }
            None => Err(ParseError::new(
                ErrorKind::Missing,
                self.session().end(),
                &ORIGIN,
            )),
        }
    }

    /// The `s=` line (§5.3), which may be blank, empty, or absent with old devices.
    pub fn session_name(&self) -> Option<Text<'a>> {
        self.session()
            .line(LineType::SESSION_NAME)
            .map(|line| line.value())
    }

    /// The `u=` line (§5.5).
    pub fn uri(&self) -> Option<Text<'a>> {
        self.session().line(LineType::URI).map(|line| line.value())
    }

    /// The `e=` lines (§5.6).
    pub fn emails(&self) -> impl Iterator<Item = Contact<'a>> + use<'a> {
        self.session()
            .lines_of(LineType::EMAIL)
            .map(|line| Contact::parse(line.value()))
    }

    /// The `p=` lines (§5.6).
    pub fn phones(&self) -> impl Iterator<Item = Contact<'a>> + use<'a> {
        self.session()
            .lines_of(LineType::PHONE)
            .map(|line| Contact::parse(line.value()))
    }

    /// The `t=` lines, each with its `r=` and `z=` lines (§5.9 to §5.11).
    pub fn times(&self) -> Times<'a> {
        Times::new(self.session())
    }

    /// The first `z=` line of the session (§5.11).
    pub fn zones(&self) -> Option<Zones<'a>> {
        self.session()
            .line(LineType::ZONE)
            .map(|line| Zones::new(line.value(), line.value_offset()))
    }
}

impl fmt::Display for SessionDescription<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Text::new(self.bytes), f)
    }
}

impl fmt::Debug for SessionDescription<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lines()).finish()
    }
}

impl PartialEq for SessionDescription<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for SessionDescription<'_> {}
