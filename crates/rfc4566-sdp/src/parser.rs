//! The single pass over a description: lines and where media begin (RFC 8866 §5).

use alloc::vec::Vec;

use crate::attribute::Direction;
use crate::description::SessionDescription;
use crate::error::{ErrorKind, ParseError, Rule};
use crate::grammar::decimal;
use crate::line::{LineType, Span, Terminator};
use crate::scan;

static WHOLE: Rule = Rule {
    field: "session description",
    expected: "a v= line",
    section: "RFC 8866 §5",
};
static VERSION: Rule = Rule {
    field: "protocol version",
    expected: "0",
    section: "RFC 8866 §5.1",
};
static SIZE: Rule = Rule {
    field: "session description",
    expected: "no more bytes and lines than the limits allow",
    section: "RFC 8866 §5",
};

/// Reads descriptions, and keeps its memory from one to the next.
///
/// A parser that has seen a description of the same number of lines allocates nothing.
#[derive(Clone, Debug, Default)]
pub struct Parser {
    index: Index,
    limits: Limits,
}

/// How large a description may be. Parsing takes time and memory in proportion to these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of the whole description; 1 MiB unless changed, never more than 4 GiB.
    pub description_bytes: usize,
    /// Lines of the whole description; 16,384 unless changed.
    pub lines: usize,
}

/// What one pass over a description finds out: 12 bytes a line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    pub(crate) lines: Vec<Span>,
    /// The numbers of the m= lines.
    pub(crate) media: Vec<u32>,
    /// The first c= line of the session section. Kept, like the direction, so that resolving defaults for each of
    /// very many media does not walk a very long session section each time.
    pub(crate) session_connection: Option<u32>,
    pub(crate) session_direction: Option<Direction>,
}

impl Parser {
    /// A parser with the default limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// A parser with limits of one's own.
    pub fn with_limits(limits: Limits) -> Self {
        Self {
            index: Index::default(),
            limits,
        }
    }

    /// Reads a description; what it hands out borrows from the parser and from `description`.
    ///
    /// This is the lenient reading: only input that has no `v=0` first, or exceeds the limits, is refused. Whatever
    /// else is wrong shows where it is asked for, or all at once in [`SessionDescription::defects`];
    /// [`SessionDescription::strict`] turns the grave ones into an error.
    pub fn parse<'a>(
        &'a mut self,
        description: &'a [u8],
    ) -> Result<SessionDescription<'a>, ParseError> {
        self.index.read(description, &self.limits)?;
        Ok(SessionDescription::new(description, &self.index))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            description_bytes: 1 << 20,
            lines: 1 << 14,
        }
    }
}

impl Index {
    pub(crate) fn read(&mut self, bytes: &[u8], limits: &Limits) -> Result<(), ParseError> {
        self.lines.clear();
        self.media.clear();
        self.session_connection = None;
        self.session_direction = None;
        let limit = limits.description_bytes.min(u32::MAX as usize);
        if bytes.len() > limit {
            return Err(ParseError::new(ErrorKind::TooLarge, limit, &SIZE));
        }
        if self.lines.capacity() == 0 {
            // Lines of calls have about 24 bytes; the limits keep this below the size of the input.
            self.lines.reserve(bytes.len() / 24 + 1);
        }
        let mut start = 0;
        for line_feed in scan::positions(bytes, b'\n') {
            let line = bytes.get(start..line_feed).unwrap_or_default();
            let (line, terminator) = match line.split_last() {
                Some((b'\r', line)) => (line, Terminator::CrLf),
                _ => (line, Terminator::Lf),
            };
            self.push(line, start, terminator, limits)?;
            start = line_feed + 1;
        }
        if start < bytes.len() {
            let line = bytes.get(start..).unwrap_or_default();
            self.push(line, start, Terminator::None, limits)?;
        }
        self.check_version(bytes)
    }

    #[inline]
    fn push(
        &mut self,
        line: &[u8],
        start: usize,
        terminator: Terminator,
        limits: &Limits,
    ) -> Result<(), ParseError> {
        let line_type = match line {
            [letter, b'=', ..] => LineType::new(*letter),
            _ => LineType::MALFORMED,
        };
        let number = self.lines.len();
        if number >= limits.lines {
            return Err(ParseError::new(ErrorKind::TooLarge, start, &SIZE));
        }
        // The limit on bytes keeps starts, ends and line numbers below 2^32.
        let end = (start + line.len()) as u32;
        self.lines.push(Span {
            start: start as u32,
            end,
            line_type,
            terminator,
        });
        match line_type {
            LineType::MEDIA => self.media.push(number as u32),
            LineType::CONNECTION if self.media.is_empty() && self.session_connection.is_none() => {
                self.session_connection = Some(number as u32);
            }
            LineType::ATTRIBUTE
                if line.len() == 10
                    && self.media.is_empty()
                    && self.session_direction.is_none() =>
            {
                self.session_direction = line.get(2..).and_then(Direction::from_name);
            }
            _ => {}
        }
        Ok(())
    }

    /// The first line that is not blank has to be `v=0`.
    fn check_version(&self, bytes: &[u8]) -> Result<(), ParseError> {
        let mut lines = self.lines.iter().map(|span| span.line(bytes, 0));
        let Some(line) = lines.find(|line| {
            line.line_type != LineType::MALFORMED || !line.value.trim_ascii().is_empty()
        }) else {
            return Err(ParseError::new(ErrorKind::Missing, bytes.len(), &WHOLE));
        };
        let value = line.value.trim_ascii_end();
        let kind = match value {
            _ if line.line_type != LineType::VERSION => {
                return Err(ParseError::new(ErrorKind::Missing, line.offset(), &WHOLE));
            }
            b"0" => return Ok(()),
            digits if decimal(digits).is_some() => ErrorKind::UnsupportedVersion,
            _ => ErrorKind::Syntax,
        };
        Err(ParseError::new(kind, line.value_offset(), &VERSION))
    }
}
