//! A description that owns its text, and edits of single lines.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use crate::attribute::{Attribute, AttributeField, Direction};
use crate::connection::Connection;
use crate::description::SessionDescription;
use crate::error::{ErrorKind, ParseError, WriteError};
use crate::line::{Line, LineType, Terminator};
use crate::order::{SectionId, rank};
use crate::origin::Origin;
use crate::parser::{Index, Limits};
use crate::section::Section;
use crate::write::{check_fields, check_value, put};

/// A session description with its text.
///
/// [`view`](Self::view) reads it. Edits change the lines they are about and leave every other byte alone; one that
/// would make the description unreadable is refused and changes nothing.
#[derive(Clone)]
pub struct SessionDescriptionBuf {
    bytes: Vec<u8>,
    index: Index,
    limits: Limits,
}

impl SessionDescriptionBuf {
    /// Reads a description with the default limits.
    pub fn parse(description: impl Into<Vec<u8>>) -> Result<Self, ParseError> {
        Self::parse_with_limits(description, Limits::default())
    }

    /// Reads a description with limits of one's own, which hold for edits too.
    pub fn parse_with_limits(
        description: impl Into<Vec<u8>>,
        limits: Limits,
    ) -> Result<Self, ParseError> {
        let mut index = Index::default();
        let bytes = description.into();
        index.read(&bytes, &limits)?;
        Ok(Self {
            bytes,
            index,
            limits,
        })
    }

    /// The description to read from.
    pub fn view(&self) -> SessionDescription<'_> {
        SessionDescription::new(&self.bytes, &self.index)
    }

    /// The wire form.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The wire form, without copying it.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Replaces the value of a line, given by [`Line::index`].
    pub fn replace_line(&mut self, line: usize, value: &[u8]) -> Result<(), WriteError> {
        let line = self.line_at(line)?;
        if line.line_type() == LineType::VERSION || line.line_type() == LineType::MALFORMED {
            return Err(WriteError::Refused(ErrorKind::UnsupportedVersion));
        }
        check_value(value, line.line_type())?;
        let start = line.value_offset();
        let end = start + line.value().len();
        self.splice(start..end, value)
    }

    /// Removes a line, given by [`Line::index`]. Removing an `m=` line hands its other lines to the section before
    /// it; [`remove_media`](Self::remove_media) takes them too.
    pub fn remove_line(&mut self, line: usize) -> Result<(), WriteError> {
        let line = self.line_at(line)?;
        if line.line_type() == LineType::VERSION {
            return Err(WriteError::Refused(ErrorKind::Missing));
        }
        let (start, end) = (line.offset(), self.start_of(line.index() + 1));
        self.splice(start..end, &[])
    }

    /// Adds a line to a section, behind those that the fixed order wants before it.
    pub fn insert_line(
        &mut self,
        section: SectionId,
        line_type: LineType,
        value: &[u8],
    ) -> Result<(), WriteError> {
        check_value(value, line_type)?;
        let in_media = matches!(section, SectionId::Media(_));
        let wanted = rank(line_type, in_media)
            .filter(|&rank| rank > 0)
            .ok_or(WriteError::Refused(ErrorKind::Order))?;
        let lines = self.section(section)?.lines();
        let before = lines
            .filter(|line| rank(line.line_type(), in_media).is_some_and(|rank| rank <= wanted))
            .last();
        let before = before.ok_or(WriteError::NoSuchLine)?.index();
        let at = self.start_of(before + 1);
        let terminator = |index: usize| {
            self.index
                .lines
                .get(index)
                .map_or(Terminator::CrLf, |span| span.terminator)
        };
        let line_end: &[u8] = if terminator(0) == Terminator::Lf {
            b"\n"
        } else {
            b"\r\n"
        };
        let mut text = Vec::with_capacity(value.len() + 6);
        if terminator(before) == Terminator::None {
            text.extend_from_slice(line_end);
        }
        text.extend_from_slice(&[line_type.letter(), b'=']);
        text.extend_from_slice(value);
        text.extend_from_slice(line_end);
        if self.index.lines.len() >= self.limits.lines {
            return Err(WriteError::Refused(ErrorKind::TooLarge));
        }
        self.splice(at..at, &text)
    }

    /// Replaces the first line of a type in a section, or adds one.
    pub fn set_line(
        &mut self,
        section: SectionId,
        line_type: LineType,
        value: &[u8],
    ) -> Result<(), WriteError> {
        match self
            .section(section)?
            .line(line_type)
            .map(|line| line.index())
        {
            Some(line) => self.replace_line(line, value),
            None => self.insert_line(section, line_type, value),
        }
    }

    /// Removes a medium with all its lines. In a negotiated session media keep their place: there, set the port to 0.
    pub fn remove_media(&mut self, ordinal: usize) -> Result<(), WriteError> {
        let start_of = |ordinal: usize| {
            self.index
                .media
                .get(ordinal)
                .and_then(|&line| self.index.lines.get(line as usize))
        };
        let start = start_of(ordinal).ok_or(WriteError::NoSuchLine)?.start as usize;
        let end = start_of(ordinal + 1).map_or(self.bytes.len(), |span| span.start as usize);
        self.splice(start..end, &[])
    }

    /// Sets the `o=` line.
    pub fn set_origin(&mut self, origin: &Origin<'_>) -> Result<(), WriteError> {
        let mut value = Vec::new();
        origin.write(&mut value);
        check_fields(&value, LineType::ORIGIN, 6)?;
        self.set_line(SectionId::Session, LineType::ORIGIN, &value)
    }

    /// Sets the first `c=` line of a section.
    pub fn set_connection(
        &mut self,
        section: SectionId,
        connection: &Connection<'_>,
    ) -> Result<(), WriteError> {
        let mut value = Vec::new();
        connection.write(&mut value);
        check_fields(&value, LineType::CONNECTION, 3)?;
        self.set_line(section, LineType::CONNECTION, &value)
    }

    /// Sets the port of a medium, and nothing else of its `m=` line. 0 refuses the medium.
    pub fn set_port(&mut self, ordinal: usize, port: u16) -> Result<(), WriteError> {
        let line = self
            .view()
            .medium(ordinal)
            .and_then(|medium| medium.line())
            .ok_or(WriteError::NoSuchLine)?;
        let value = line.value().as_bytes();
        let is_blank = |at: usize| {
            value
                .get(at)
                .is_none_or(|&byte| byte == b' ' || byte == b'\t')
        };
        let mut starts =
            (0..value.len()).filter(|&at| !is_blank(at) && (at == 0 || is_blank(at - 1)));
        let start = starts.nth(1).ok_or(WriteError::NoSuchLine)?;
        let port_text = value.get(start..).unwrap_or_default();
        let len = port_text
            .iter()
            .position(|byte| matches!(byte, b'/' | b' ' | b'\t'))
            .unwrap_or(port_text.len());
        let at = line.value_offset() + start;
        let mut text = Vec::new();
        put::number(&mut text, u64::from(port));
        self.splice(at..at + len, &text)
    }

    /// Sets an attribute: replaces the first of its name in the section, or adds one.
    pub fn set_attribute<'v, A: Attribute<'v>>(
        &mut self,
        section: SectionId,
        attribute: &A,
    ) -> Result<(), WriteError> {
        let mut text = Vec::from(A::NAME);
        text.push(b':');
        attribute.write_value(&mut text);
        if text.ends_with(b":") && text.len() == A::NAME.len() + 1 {
            text.pop();
        }
        let existing = self.section(section)?.attributes_named(A::NAME).next();
        self.put_attribute(
            section,
            existing.map(|attribute| attribute.line().index()),
            &text,
        )
    }

    /// Sets the direction of a section; further directions that stand there are removed.
    pub fn set_direction(
        &mut self,
        section: SectionId,
        direction: Direction,
    ) -> Result<(), WriteError> {
        let lines = self.section(section)?.lines_of(LineType::ATTRIBUTE);
        let directions: Vec<usize> = lines
            .filter(|line| Direction::from_name(&line.value()).is_some())
            .map(|line| line.index())
            .collect();
        self.remove_lines(directions.get(1..).unwrap_or_default())?;
        self.put_attribute(
            section,
            directions.first().copied(),
            direction.name().as_bytes(),
        )
    }

    /// Removes every attribute of a name from a section, and says how many there were.
    pub fn remove_attributes(
        &mut self,
        section: SectionId,
        name: &str,
    ) -> Result<usize, WriteError> {
        let lines = self.section(section)?.attributes_named(name);
        let lines: Vec<usize> = lines
            .map(|attribute: AttributeField<'_>| attribute.line().index())
            .collect();
        self.remove_lines(&lines)?;
        Ok(lines.len())
    }

    /// Removes lines, whose indices are in order, in one go.
    fn remove_lines(&mut self, lines: &[usize]) -> Result<(), WriteError> {
        let (Some(&first), Some(&last)) = (lines.first(), lines.last()) else {
            return Ok(());
        };
        let range = self.start_of(first)..self.start_of(last + 1);
        let mut kept = Vec::with_capacity(range.len());
        for pair in lines.windows(2) {
            if let [removed, next] = pair {
                let between = self.start_of(removed + 1)..self.start_of(*next);
                kept.extend_from_slice(self.bytes.get(between).unwrap_or_default());
            }
        }
        self.splice(range, &kept)
    }

    /// Where a line starts; the end of the description behind the last.
    fn start_of(&self, line: usize) -> usize {
        self.index
            .lines
            .get(line)
            .map_or(self.bytes.len(), |span| span.start as usize)
    }

    fn put_attribute(
        &mut self,
        section: SectionId,
        line: Option<usize>,
        text: &[u8],
    ) -> Result<(), WriteError> {
        match line {
            Some(line) => self.replace_line(line, text),
            None => self.insert_line(section, LineType::ATTRIBUTE, text),
        }
    }

    fn section(&self, section: SectionId) -> Result<Section<'_>, WriteError> {
        match section {
            SectionId::Session => Ok(self.view().session()),
            SectionId::Media(ordinal) => self
                .view()
                .medium(ordinal)
                .map(|medium| medium.section())
                .ok_or(WriteError::NoSuchLine),
        }
    }

    fn line_at(&self, line: usize) -> Result<Line<'_>, WriteError> {
        self.view().lines().nth(line).ok_or(WriteError::NoSuchLine)
    }

    /// Replaces bytes and reads the result anew; leaves everything as it was if that fails.
    fn splice(&mut self, range: Range<usize>, text: &[u8]) -> Result<(), WriteError> {
        let len = self.bytes.len() - range.len() + text.len();
        if len > self.limits.description_bytes {
            return Err(WriteError::Refused(ErrorKind::TooLarge));
        }
        let start = range.start;
        let removed: Vec<u8> = self.bytes.splice(range, text.iter().copied()).collect();
        if let Err(error) = self.index.read(&self.bytes, &self.limits) {
            self.bytes.splice(start..start + text.len(), removed);
            let restored = self.index.read(&self.bytes, &self.limits);
            debug_assert!(restored.is_ok(), "it was read before");
            return Err(WriteError::Refused(error.kind()));
        }
        Ok(())
    }
}

impl From<SessionDescription<'_>> for SessionDescriptionBuf {
    fn from(description: SessionDescription<'_>) -> Self {
        let bytes = description.as_bytes().to_vec();
        let limits = Limits {
            description_bytes: u32::MAX as usize,
            lines: u32::MAX as usize,
        };
        Self {
            bytes,
            index: description.index().clone(),
            limits,
        }
    }
}

impl fmt::Display for SessionDescriptionBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.view(), f)
    }
}

impl fmt::Debug for SessionDescriptionBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.view(), f)
    }
}

impl PartialEq for SessionDescriptionBuf {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for SessionDescriptionBuf {}
