//! Lines: a type letter, an equals sign and a value (RFC 8866 §5).

use core::fmt;

use crate::text::Text;

/// The letter before the equals sign.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LineType(u8);

/// One line of a description, as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Line<'a> {
    pub(crate) line_type: LineType,
    pub(crate) value: Text<'a>,
    pub(crate) offset: u32,
    pub(crate) number: u32,
}

/// Where a line is in the buffer; what the parser keeps of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start: u32,
    /// End of the value: before the line's terminator.
    pub(crate) end: u32,
    pub(crate) line_type: LineType,
    pub(crate) terminator: Terminator,
}

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Terminator {
    /// CR LF, as the grammar wants it.
    CrLf,
    /// A line feed alone, which parsers are asked to accept.
    Lf,
    /// The end of the input.
    None,
}

impl LineType {
    /// `v=`, protocol version.
    pub const VERSION: Self = Self(b'v');
    /// `o=`, originator and session identifier.
    pub const ORIGIN: Self = Self(b'o');
    /// `s=`, session name.
    pub const SESSION_NAME: Self = Self(b's');
    /// `i=`, information about the session or the medium.
    pub const INFORMATION: Self = Self(b'i');
    /// `u=`, URI of a description of the session.
    pub const URI: Self = Self(b'u');
    /// `e=`, email address.
    pub const EMAIL: Self = Self(b'e');
    /// `p=`, phone number.
    pub const PHONE: Self = Self(b'p');
    /// `c=`, connection information.
    pub const CONNECTION: Self = Self(b'c');
    /// `b=`, bandwidth.
    pub const BANDWIDTH: Self = Self(b'b');
    /// `t=`, time the session is active.
    pub const TIME: Self = Self(b't');
    /// `r=`, repeat times.
    pub const REPEAT: Self = Self(b'r');
    /// `z=`, time zone adjustments.
    pub const ZONE: Self = Self(b'z');
    /// `k=`, encryption key.
    pub const KEY: Self = Self(b'k');
    /// `a=`, attribute.
    pub const ATTRIBUTE: Self = Self(b'a');
    /// `m=`, media name and transport address.
    pub const MEDIA: Self = Self(b'm');
    /// Not a line of the form that RFC 8866 §5 wants: blank, or without an equals sign in second place.
    pub const MALFORMED: Self = Self(0);

    pub(crate) const fn new(letter: u8) -> Self {
        Self(letter)
    }

    /// The letter, 0 for a malformed line.
    pub const fn letter(self) -> u8 {
        self.0
    }
}

impl<'a> Line<'a> {
    /// The type letter.
    pub const fn line_type(&self) -> LineType {
        self.line_type
    }

    /// What follows the equals sign; the whole line if it is malformed.
    pub const fn value(&self) -> Text<'a> {
        self.value
    }

    /// Where the line starts, in bytes from the start of the description.
    pub const fn offset(&self) -> usize {
        self.offset as usize
    }

    /// Where the value starts, in bytes from the start of the description.
    pub fn value_offset(&self) -> usize {
        self.offset as usize
            + if self.line_type == LineType::MALFORMED {
                0
            } else {
                2
            }
    }

    /// The line's place among all lines of the description, counted from 0; the handle for edits.
    pub const fn index(&self) -> usize {
        self.number as usize
    }
}

impl Span {
    pub(crate) fn line<'a>(&self, bytes: &'a [u8], number: u32) -> Line<'a> {
        let skip = if self.line_type == LineType::MALFORMED {
            0
        } else {
            2
        };
        let value = bytes
            .get(self.start as usize + skip..self.end as usize)
            .unwrap_or_default();
        Line {
            line_type: self.line_type,
            value: Text::new(value),
            offset: self.start,
            number,
        }
    }
}

impl fmt::Debug for LineType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LineType('{}')", self.0.escape_ascii())
    }
}

impl fmt::Display for LineType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("malformed line"),
            letter => write!(f, "{}=", letter.escape_ascii()),
        }
    }
}
