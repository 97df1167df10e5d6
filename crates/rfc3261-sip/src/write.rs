//! Writing messages: the lines that builders and the editor share (RFC 3261 §7.3).

mod request;
mod response;

pub use request::{RequestBuilder, RequestParts};
pub use response::ResponseBuilder;

use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use bytes::{BufMut, Bytes, BytesMut};

use crate::{
    HeaderName, ParseError, WriteError,
    error::{ErrorKind, Rule},
    grammar,
};

/// How header fields are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Style {
    /// Names in their compact form where there is one.
    pub compact: bool,
    /// Fold list values behind a comma where a line would be longer than this.
    pub line_length: Option<usize>,
}

impl Style {
    /// Names in full, lines as long as they get.
    pub const CANONICAL: Self = Self {
        compact: false,
        line_length: None,
    };

    /// Compact names.
    pub const COMPACT: Self = Self {
        compact: true,
        line_length: None,
    };

    /// This style with list values folded behind a comma where a line would be longer.
    #[must_use]
    pub const fn line_length(mut self, bytes: usize) -> Self {
        self.line_length = Some(bytes);
        self
    }

    fn name(self, name: HeaderName) -> &'static str {
        match name.compact() {
            Some(compact) if self.compact => compact,
            _ => name.as_str(),
        }
    }
}

/// A message on its way out: everything up to the end of the last header field, and the body.
#[derive(Debug, Clone)]
struct Draft {
    head: Vec<u8>,
    style: Style,
    body: Bytes,
    /// The first value that would have broken the message.
    fault: Option<WriteError>,
}

impl Draft {
    fn new(style: Style) -> Self {
        Self {
            head: Vec::with_capacity(768),
            style,
            body: Bytes::new(),
            fault: None,
        }
    }

    /// Appends a field; its value must be without line breaks.
    fn field(&mut self, name: HeaderName, value: impl fmt::Display) {
        write_name(&mut self.head, self.style.name(name).as_bytes());
        self.value(value, name.rule());
    }

    /// As [`field`](Self::field), without the detour over formatting.
    fn text_field(&mut self, name: HeaderName, value: &str) {
        write_name(&mut self.head, self.style.name(name).as_bytes());
        let start = self.head.len();
        self.head.extend_from_slice(value.as_bytes());
        self.end_value(start, name.rule());
    }

    /// A field that is a number, and a token behind it if that is not empty.
    fn number_field(&mut self, name: HeaderName, number: u32, token: &str) {
        write_name(&mut self.head, self.style.name(name).as_bytes());
        self.head.extend_from_slice(decimal(number, &mut [0; 10]));
        if !token.is_empty() {
            self.head.push(b' ');
            self.head.extend_from_slice(token.as_bytes());
        }
        self.head.extend_from_slice(b"\r\n");
    }

    fn extension(&mut self, name: &str, value: impl fmt::Display) {
        static RULE: Rule = Rule::new("header field", "RFC 3261 §7.3.1");
        if !grammar::is_token(name.as_bytes()) {
            self.refuse(0, "a name that is a token", &RULE);
        }
        write_name(&mut self.head, name.as_bytes());
        self.value(value, &RULE);
    }

    /// A whole field as it was received, its folding kept.
    fn received(&mut self, name: HeaderName, value: &[u8]) {
        write_name(&mut self.head, self.style.name(name).as_bytes());
        self.head.extend_from_slice(value);
        self.head.extend_from_slice(b"\r\n");
    }

    fn value(&mut self, value: impl fmt::Display, rule: &'static Rule) {
        let start = self.head.len();
        self.text(value);
        self.end_value(start, rule);
    }

    /// Ends the line whose value begins at `start`.
    fn end_value(&mut self, start: usize, rule: &'static Rule) {
        let written = self.head.get(start..).unwrap_or_default();
        if let Some(at) = line_break(written) {
            self.refuse(at, "no line break", rule);
        }
        if let Some(limit) = self.style.line_length {
            fold(&mut self.head, start, limit);
        }
        self.head.extend_from_slice(b"\r\n");
    }

    fn text(&mut self, text: impl fmt::Display) {
        // Writing to a vector does not fail.
        let _ = write!(Output(&mut self.head), "{text}");
    }

    #[cold]
    fn refuse(&mut self, at: usize, expected: &'static str, rule: &'static Rule) {
        let error = ParseError::new(ErrorKind::Syntax, at, expected, rule);
        self.fault.get_or_insert(WriteError::Value(error));
    }

    /// Content-Length, the empty line and the body.
    fn finish(mut self) -> Result<Finished, WriteError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        match u32::try_from(self.body.len()) {
            Ok(length) => self.number_field(HeaderName::ContentLength, length, ""),
            Err(_) => self.field(HeaderName::ContentLength, self.body.len()),
        }
        self.head.extend_from_slice(b"\r\n");
        Ok(Finished {
            head: self.head,
            body: self.body,
        })
    }
}

/// A message that is ready to be written, in the two parts that it is held in.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    head: Vec<u8>,
    body: Bytes,
}

impl Finished {
    fn len(&self) -> usize {
        self.head.len() + self.body.len()
    }

    fn write_into(&self, buffer: &mut [u8]) -> Result<usize, WriteError> {
        let (needed, available) = (self.len(), buffer.len());
        match buffer.get_mut(..needed) {
            Some(mut space) => {
                space.put_slice(&self.head);
                space.put_slice(&self.body);
                Ok(needed)
            }
            None => Err(WriteError::BufferTooSmall { needed, available }),
        }
    }

    /// The message in memory of its own length: it may be kept for as long as a transaction.
    fn into_bytes(self) -> Bytes {
        if self.body.is_empty() {
            return Bytes::copy_from_slice(&self.head);
        }
        let mut bytes = BytesMut::with_capacity(self.len());
        bytes.put_slice(&self.head);
        bytes.put_slice(&self.body);
        bytes.freeze()
    }
}

struct Output<'a>(&'a mut Vec<u8>);

impl fmt::Write for Output<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

fn write_name(head: &mut Vec<u8>, name: &[u8]) {
    head.extend_from_slice(name);
    head.extend_from_slice(b": ");
}

/// The digits of a number, at the end of `room`.
pub(crate) fn decimal(number: u32, room: &mut [u8; 10]) -> &[u8] {
    let mut rest = number;
    let mut length = 0;
    for digit in room.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        length += 1;
        if rest == 0 {
            break;
        }
    }
    let first = room.len() - length;
    room.get(first..).unwrap_or_default()
}

/// Where a value has a line break, which would end it early, or begin another field.
pub(crate) fn line_break(value: &[u8]) -> Option<usize> {
    memchr::memchr2(b'\r', b'\n', value)
}

/// Breaks the line whose value begins at `value` behind commas outside of quotes and brackets, so
/// that no piece is longer than `limit` if that can be.
fn fold(head: &mut Vec<u8>, value: usize, limit: usize) {
    let text = head.split_off(value);
    let mut line = head
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |at| at + 1);
    if head.len() - line + text.len() <= limit {
        return head.extend_from_slice(&text);
    }
    let (mut quoted, mut escaped, mut bracketed) = (false, false, false);
    let mut piece = 0;
    let mut put = |head: &mut Vec<u8>, piece: &[u8]| {
        if head.len() > value && head.len() + piece.len() - line > limit {
            head.extend_from_slice(b"\r\n ");
            line = head.len() - 1;
            head.extend_from_slice(grammar::trim_start(piece));
        } else {
            head.extend_from_slice(piece);
        }
    };
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'<' if !quoted => bracketed = true,
            b'>' if !quoted => bracketed = false,
            b',' if !quoted && !bracketed => {
                put(head, text.get(piece..=at).unwrap_or_default());
                piece = at + 1;
            }
            _ => {}
        }
    }
    put(head, text.get(piece..).unwrap_or_default());
}

macro_rules! builder {
    ($name:ident) => {
        impl $name {
            /// Appends a header field. Those that the builder writes itself, Content-Length among
            /// them, are refused by [`build`](Self::build).
            #[must_use]
            pub fn header(mut self, name: HeaderName, value: impl fmt::Display) -> Self {
                if Self::OWN.contains(&name) || name == HeaderName::ContentLength {
                    self.draft.refuse(0, "no second one", name.rule());
                }
                self.draft.field(name, value);
                self
            }

            /// Appends an extension header field.
            #[must_use]
            pub fn extension(mut self, name: &str, value: impl fmt::Display) -> Self {
                match HeaderName::parse(name.as_bytes()) {
                    Some(known) => self.header(known, value),
                    None => {
                        self.draft.extension(name, value);
                        self
                    }
                }
            }

            /// The body and its Content-Type.
            #[must_use]
            pub fn body(mut self, content_type: impl fmt::Display, body: impl Into<Bytes>) -> Self {
                self.draft.field(HeaderName::ContentType, content_type);
                self.draft.body = body.into();
                self
            }

            /// The message: Content-Length is that of the body.
            pub fn build(self) -> Result<Bytes, WriteError> {
                Ok(self.finish()?.into_bytes())
            }

            /// Writes the message into a buffer; returns its length.
            pub fn write_into(self, buffer: &mut [u8]) -> Result<usize, WriteError> {
                self.finish()?.write_into(buffer)
            }
        }
    };
}
pub(crate) use builder;
