//! One section: the session's lines, or those of one medium (RFC 8866 §5).

use crate::attribute::{Attribute, AttributeField, Direction};
use crate::bandwidth::Bandwidth;
use crate::connection::Connection;
use crate::error::ParseError;
use crate::key::Key;
use crate::line::{Line, LineType, Span};
use crate::text::Text;

/// The lines of the session before the first `m=`, or of one medium from its `m=` on.
///
/// It gives what is written in the section itself; [`MediaDescription`](crate::MediaDescription) resolves what the
/// session's section says for all media. Where a line or attribute may stand once and stands twice, the first counts.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    bytes: &'a [u8],
    spans: &'a [Span],
    first: u32,
}

impl<'a> Section<'a> {
    pub(crate) const fn new(bytes: &'a [u8], spans: &'a [Span], first: u32) -> Self {
        Self {
            bytes,
            spans,
            first,
        }
    }

    /// What follows the first `count` lines.
    pub(crate) fn after(&self, count: usize) -> Self {
        let spans = self.spans.get(count..).unwrap_or_default();
        Self {
            spans,
            first: self.first + (self.spans.len() - spans.len()) as u32,
            ..*self
        }
    }

    /// The offset behind the section's last line.
    pub(crate) fn end(&self) -> usize {
        self.spans.last().map_or(0, |span| span.end as usize)
    }

    /// Every line of the section in order.
    pub fn lines(&self) -> impl Iterator<Item = Line<'a>> + use<'a> {
        let (bytes, first) = (self.bytes, self.first);
        self.spans
            .iter()
            .zip(first..)
            .map(move |(span, number)| span.line(bytes, number))
    }

    /// The lines of one type.
    pub fn lines_of(&self, line_type: LineType) -> impl Iterator<Item = Line<'a>> + use<'a> {
        let (bytes, first) = (self.bytes, self.first);
        self.spans
            .iter()
            .zip(first..)
            .filter(move |(span, _)| span.line_type == line_type)
            .map(move |(span, number)| span.line(bytes, number))
    }

    /// The first line of a type.
    pub fn line(&self, line_type: LineType) -> Option<Line<'a>> {
        self.lines_of(line_type).next()
    }

    /// The `i=` line (§5.4).
    pub fn information(&self) -> Option<Text<'a>> {
        self.line(LineType::INFORMATION).map(|line| line.value())
    }

    /// The `c=` lines (§5.7).
    pub fn connections(
        &self,
    ) -> impl Iterator<Item = Result<Connection<'a>, ParseError>> + use<'a> {
        self.lines_of(LineType::CONNECTION).map(|line| {
            Connection::parse(line.value()).map_err(|error| error.shifted(line.value_offset()))
        })
    }

    /// The `b=` lines (§5.8).
    pub fn bandwidths(&self) -> impl Iterator<Item = Result<Bandwidth<'a>, ParseError>> + use<'a> {
        self.lines_of(LineType::BANDWIDTH).map(|line| {
            Bandwidth::parse(line.value()).map_err(|error| error.shifted(line.value_offset()))
        })
    }

    /// The `k=` line (§5.12).
    pub fn key(&self) -> Option<Key<'a>> {
        self.line(LineType::KEY)
            .map(|line| Key::parse(line.value()))
    }

    /// The `a=` lines (§5.13).
    pub fn attributes(&self) -> impl Iterator<Item = AttributeField<'a>> + use<'a> {
        self.lines_of(LineType::ATTRIBUTE).map(AttributeField::new)
    }

    /// The attributes of one name, untyped.
    pub fn attributes_named<'n>(
        &self,
        name: &'n str,
    ) -> impl Iterator<Item = AttributeField<'a>> + use<'a, 'n> {
        self.attributes()
            .filter(move |attribute| attribute.name() == *name)
    }

    /// The attributes of one type.
    pub fn attributes_of<A: Attribute<'a>>(
        &self,
    ) -> impl Iterator<Item = Result<A, ParseError>> + use<'a, A> {
        self.attributes_named(A::NAME)
            .map(|attribute| attribute.parse())
    }

    /// The first attribute of a type.
    pub fn attribute<A: Attribute<'a>>(&self) -> Result<Option<A>, ParseError> {
        self.attributes_of().next().transpose()
    }

    /// Whether there is an attribute of this name.
    pub fn has_attribute(&self, name: &str) -> bool {
        self.attributes_named(name).next().is_some()
    }

    /// The direction that is written here.
    pub fn direction(&self) -> Option<Direction> {
        self.lines_of(LineType::ATTRIBUTE)
            .find_map(|line| Direction::from_name(&line.value()))
    }
}
