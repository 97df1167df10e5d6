//! Messages: an index over a shared buffer (RFC 3261 §7).

mod access;
mod check;
mod edit;
mod fragment;
mod header_field;
mod index;
#[cfg(test)]
mod reference;
mod rejection;
mod row;
mod stamp;
mod start_line;

pub use edit::Edit;
pub use fragment::Fragment;
pub use header_field::HeaderField;
pub use rejection::{NoResponse, Rejection};
pub use start_line::StartLine;

use alloc::{string::String, vec::Vec};
use core::{fmt, str::Utf8Error};

use bytes::Bytes;

use crate::{
    Defect, HeaderName, Limits, Method, ParseError, Policy, Severity, StatusCode,
    error::ErrorKind,
    headers::{self, Header, Values},
};
pub(crate) use index::field_value;
use index::{Extent, Index};
use row::{Row, Span};
use start_line::Start;

/// A message that owns its bytes (shared, not copied) and its index.
///
/// [`view`](Self::view) gives the [`MessageRef`] that has every getter; the usual ones are here
/// as well.
#[derive(Debug, Clone)]
pub struct Message {
    bytes: Bytes,
    index: Index,
}

/// A message, borrowed: the bytes and where its parts are in them.
#[derive(Debug, Clone, Copy)]
pub struct MessageRef<'a> {
    bytes: &'a [u8],
    /// The bytes up to the body, as far as they are known to be UTF-8, so that values need not be
    /// looked at one by one. Empty in the view of a message that owns its bytes.
    text: &'a str,
    index: &'a Index,
}

/// Reads messages, one after the other, with the memory of the one before.
///
/// ```
/// let mut parser = rfc3261_sip::Parser::new();
/// let message = parser.parse(b"BYE sip:bob@192.0.2.4 SIP/2.0\r\nCSeq: 231 BYE\r\n\r\n")?;
/// assert_eq!(message.cseq()?.sequence_number, 231);
/// # Ok::<(), rfc3261_sip::ParseError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Parser {
    policy: Policy,
    limits: Limits,
    index: Index,
}

impl Message {
    /// Reads a message that fills `bytes`, a datagram for instance, with the default policy and
    /// limits.
    pub fn parse(bytes: impl Into<Bytes>) -> Result<Self, ParseError> {
        Parser::new().parse_owned(bytes.into())
    }

    /// The message, borrowed.
    #[must_use]
    #[inline]
    pub fn view(&self) -> MessageRef<'_> {
        MessageRef {
            bytes: &self.bytes,
            text: "",
            index: &self.index,
        }
    }

    /// The message as it was received, shared.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The body, shared.
    #[must_use]
    pub fn body_bytes(&self) -> Bytes {
        let range = self.index.head_end as usize..self.index.body_end as usize;
        self.bytes.slice(range)
    }
}

impl<'a> MessageRef<'a> {
    /// The start line.
    #[must_use]
    pub fn start_line(self) -> StartLine<'a> {
        self.any_start_line()
            .expect("only fragments, which are no MessageRef, go without")
    }

    fn any_start_line(self) -> Option<StartLine<'a>> {
        Some(match self.index.start {
            Start::Request { method, uri, .. } => StartLine::Request {
                method: self.token(method),
                uri: uri.of(self.bytes),
            },
            Start::Status { code, reason, .. } => StartLine::Status {
                code: StatusCode::new(code),
                reason: reason.of(self.bytes),
            },
            Start::Absent => return None,
        })
    }

    /// Whether this is a request.
    #[must_use]
    #[inline]
    pub fn is_request(self) -> bool {
        matches!(self.index.start, Start::Request { .. })
    }

    /// The method of a request.
    #[must_use]
    #[inline]
    pub fn method(self) -> Option<Method<'a>> {
        match self.index.start {
            Start::Request { method, .. } => Some(self.token(method)),
            Start::Status { .. } | Start::Absent => None,
        }
    }

    /// The status code of a response.
    #[must_use]
    #[inline]
    pub fn status(self) -> Option<StatusCode> {
        match self.index.start {
            Start::Request { .. } | Start::Absent => None,
            Start::Status { code, .. } => Some(StatusCode::new(code)),
        }
    }

    /// The reason phrase of a response: UTF-8 by the grammar, whatever was sent in fact.
    #[must_use]
    pub fn reason_phrase(self) -> Option<&'a [u8]> {
        match self.index.start {
            Start::Request { .. } | Start::Absent => None,
            Start::Status { reason, .. } => Some(reason.of(self.bytes)),
        }
    }

    /// The version as it stands, `SIP/2.0` but for a [defect](crate::DefectKind::Version).
    #[must_use]
    pub fn version(self) -> &'a [u8] {
        match self.index.start {
            Start::Request { version, .. } | Start::Status { version, .. } => {
                version.of(self.bytes)
            }
            Start::Absent => &[],
        }
    }

    /// The Request-URI as it stands: none in a response.
    #[must_use]
    pub fn request_uri_bytes(self) -> Option<&'a [u8]> {
        match self.index.start {
            Start::Request { uri, .. } => Some(uri.of(self.bytes)),
            Start::Status { .. } | Start::Absent => None,
        }
    }

    /// All header fields, in order.
    pub fn fields(self) -> impl DoubleEndedIterator<Item = HeaderField<'a>> + ExactSizeIterator {
        self.index.rows.iter().map(move |row| self.field(*row))
    }

    /// The header fields of this name, in order.
    pub fn fields_named(self, name: HeaderName) -> impl Iterator<Item = HeaderField<'a>> {
        self.rows_from(self.index.first(name))
            .filter(move |row| row.id == name as u8)
            .map(move |row| self.field(*row))
    }

    /// The header fields of an extension whose name is not in the table, in order.
    ///
    /// Names are compared without regard to case. A name of the table finds nothing.
    pub fn extensions_named(self, name: &str) -> impl Iterator<Item = HeaderField<'a>> {
        self.fields().filter(move |field| {
            field.known().is_none() && field.name().eq_ignore_ascii_case(name.as_bytes())
        })
    }

    /// The first header field of this name.
    #[must_use]
    #[inline]
    pub fn first(self, name: HeaderName) -> Option<HeaderField<'a>> {
        let row = self.index.rows.get(self.index.first(name)?)?;
        Some(self.field(*row))
    }

    /// The body: what follows the empty line, as long as Content-Length says, or as there is.
    #[must_use]
    #[inline]
    pub fn body(self) -> &'a [u8] {
        let range = self.index.head_end as usize..self.index.body_end as usize;
        self.bytes.get(range).unwrap_or_default()
    }

    /// Where the body begins, in bytes from the start of the message.
    #[must_use]
    pub fn body_offset(self) -> usize {
        self.index.head_end as usize
    }

    /// The bytes that were given to the parser, all of them.
    #[must_use]
    pub fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// What the one pass over the structure found questionable.
    #[must_use]
    pub fn defects(self) -> &'a [Defect] {
        &self.index.defects
    }

    /// The first value of a header field as its type; [`ErrorKind::Missing`] where there is none.
    ///
    /// Error offsets count from the start of the message.
    #[inline]
    pub fn typed<T: Header<'a>>(self) -> Result<T, ParseError> {
        match self.get::<T>() {
            Some(parsed) => parsed,
            None => {
                let rule = T::NAME.rule();
                Err(ParseError::new(
                    ErrorKind::Missing,
                    self.body_offset(),
                    "the field",
                    rule,
                ))
            }
        }
    }

    /// The first value of a header field as its type, if the field is there.
    #[inline]
    pub fn get<T: Header<'a>>(self) -> Option<Result<T, ParseError>> {
        let row = self.index.rows.get(self.index.first(T::NAME)?)?;
        let parsed = match self.text.get(row.value.range()) {
            Some(text) => T::parse_first(text),
            None => headers::read_first(row.value.of(self.bytes)),
        };
        Some(parsed.map_err(|error| error.shifted(row.value.start as usize)))
    }

    /// The values of a list header as its type, across rows and commas, in order.
    #[inline]
    pub fn list<T: Header<'a>>(self) -> Values<'a, T> {
        Values::new(self, T::NAME)
    }

    /// An owned message over the same bytes, copied.
    #[must_use]
    pub fn to_owned(self) -> Message {
        Message {
            bytes: Bytes::copy_from_slice(self.bytes),
            index: self.index.clone(),
        }
    }

    #[inline]
    fn field(self, row: Row) -> HeaderField<'a> {
        HeaderField::new(self.bytes, row)
    }

    /// The bytes as text, which most of a message is known to be.
    #[inline]
    fn text_of(self, span: Span) -> Result<&'a str, Utf8Error> {
        match self.text.get(span.range()) {
            Some(text) => Ok(text),
            None => core::str::from_utf8(span.of(self.bytes)),
        }
    }

    /// A method: the parser has seen that it is a token, so ASCII.
    #[inline]
    fn token(self, method: Span) -> Method<'a> {
        Method::unchecked(self.text_of(method).unwrap_or_default())
    }

    fn rows_from(self, first: Option<usize>) -> core::slice::Iter<'a, Row> {
        let rows = first.and_then(|first| self.index.rows.get(first..));
        rows.unwrap_or_default().iter()
    }
}

impl Parser {
    /// A parser with the default policy and limits.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            policy: Policy::Interoperable,
            limits: Limits::DEFAULT,
            index: Index::new(),
        }
    }

    /// This parser with another policy.
    #[must_use]
    pub const fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// This parser with other limits.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Reads a message that fills `bytes`: a datagram, or what the
    /// [framer](crate::Framer) has cut off a stream.
    ///
    /// Allocates nothing once the parser has seen a message with as many header fields.
    #[inline]
    pub fn parse<'a>(&'a mut self, bytes: &'a [u8]) -> Result<MessageRef<'a>, ParseError> {
        self.fill(bytes)?;
        Ok(self.view(bytes))
    }

    /// Finds the parts of a message, which is refused if the policy says so.
    #[inline]
    fn fill(&mut self, bytes: &[u8]) -> Result<(), ParseError> {
        self.index
            .fill(bytes, Extent::Message, self.policy, &self.limits)?;
        match self.policy {
            Policy::Strict => refuse_defects(self.view(bytes)),
            Policy::Interoperable | Policy::Forensic => Ok(()),
        }
    }

    /// Reads a part of a message, the body of type `message/sipfrag` that a NOTIFY about a
    /// transfer has for instance (RFC 3420): a start line, header fields and a body, of which any
    /// may be missing.
    pub fn parse_fragment<'a>(&'a mut self, bytes: &'a [u8]) -> Result<Fragment<'a>, ParseError> {
        self.index
            .fill(bytes, Extent::Fragment, self.policy, &self.limits)?;
        Ok(Fragment(self.view(bytes)))
    }

    /// The message that the index was filled from.
    #[inline]
    fn view<'a>(&'a self, bytes: &'a [u8]) -> MessageRef<'a> {
        let head = bytes.get(..self.index.head_end as usize);
        MessageRef {
            bytes,
            text: valid_text(head.unwrap_or_default()),
            index: &self.index,
        }
    }

    /// Reads a message that outlives the parser's next: it gets an index of its own.
    pub fn parse_owned(&mut self, bytes: Bytes) -> Result<Message, ParseError> {
        self.fill(&bytes)?;
        let index = core::mem::replace(&mut self.index, Index::new());
        Ok(Message { bytes, index })
    }
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

/// The wire form; bytes that are no UTF-8 show as U+FFFD.
impl fmt::Display for MessageRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.bytes))
    }
}

/// The wire form; bytes that are no UTF-8 show as U+FFFD.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(f)
    }
}

/// Strict policy: the first defect that is more than a note is an error.
fn refuse_defects(message: MessageRef<'_>) -> Result<(), ParseError> {
    let defects: Vec<Defect> = message.check();
    match defects
        .iter()
        .find(|defect| defect.severity() > Severity::Note)
    {
        Some(defect) => Err(defect.into_error()),
        None => Ok(()),
    }
}

/// The bytes as text, as far as they are UTF-8.
fn valid_text(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or_else(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        core::str::from_utf8(valid).unwrap_or_default()
    })
}
