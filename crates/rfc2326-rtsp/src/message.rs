//! Messages: an index over a shared buffer (RFC 2326 §4).

mod access;
mod index;

use alloc::string::String;
use core::fmt;
use core::ops::Range;

use bytes::Bytes;

use crate::grammar;
use crate::headers::{Header, Values};
use crate::{
    Defect, ErrorKind, HeaderName, Limits, Method, ParseError, Policy, Severity, StatusCode,
};

pub(crate) use index::{BodyLength, Index};
use index::{Row, Start};

/// A message that owns its bytes (shared, not copied) and its index.
///
/// [`view`](Self::view) gives the [`MessageRef`] that has every getter.
///
/// ```
/// use rfc2326_rtsp::{Message, Method, headers::Transport};
///
/// let message = Message::parse(
///     "SETUP rtsp://192.0.2.4/a RTSP/1.0\r\nCSeq: 3\r\n\
///      Transport: RTP/AVP;unicast;client_port=4588-4589\r\n\r\n",
/// )?;
/// assert_eq!(message.view().method(), Some(Method::SETUP));
/// let transport = message.view().typed::<Transport<'_>>()?;
/// assert_eq!(transport.client_port.map(|pair| pair.first), Some(4588));
/// # Ok::<(), rfc2326_rtsp::ParseError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Message {
    bytes: Bytes,
    index: Index,
}

/// A message, borrowed: the bytes and where its parts are in them.
#[derive(Debug, Clone, Copy)]
pub struct MessageRef<'a> {
    bytes: &'a [u8],
    index: &'a Index,
}

/// Reads messages, one after the other, with the memory of the one before.
///
/// ```
/// let mut parser = rfc2326_rtsp::Parser::new();
/// let message = parser.parse(b"RTSP/1.0 200 OK\r\nCSeq: 302\r\n\r\n")?;
/// assert_eq!(message.cseq()?.sequence_number, 302);
/// # Ok::<(), rfc2326_rtsp::ParseError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Parser {
    policy: Policy,
    limits: Limits,
    index: Index,
}

/// One header field as it stands in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderField<'a> {
    name: &'a [u8],
    known: Option<HeaderName>,
    value: &'a [u8],
    name_offset: usize,
    value_offset: usize,
}

/// The first line of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartLine<'a> {
    /// `Request-Line = Method SP Request-URI SP RTSP-Version CRLF`
    Request {
        /// The method.
        method: Method<'a>,
        /// The Request-URI as it stands.
        uri: &'a [u8],
    },
    /// `Status-Line = RTSP-Version SP Status-Code SP Reason-Phrase CRLF`
    Status {
        /// The status code.
        code: StatusCode,
        /// The reason phrase as it stands.
        reason: &'a [u8],
    },
}

impl Message {
    /// Reads a message that fills `bytes`, with the default policy and limits.
    ///
    /// # Errors
    ///
    /// As [`Parser::parse`].
    pub fn parse(bytes: impl Into<Bytes>) -> Result<Self, ParseError> {
        Parser::new().parse_owned(bytes.into())
    }

    /// The message, borrowed.
    pub fn view(&self) -> MessageRef<'_> {
        MessageRef {
            bytes: &self.bytes,
            index: &self.index,
        }
    }

    /// The message as it was received, shared.
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The body, shared.
    pub fn body_bytes(&self) -> Bytes {
        self.bytes.slice(self.view().body_range())
    }
}

impl<'a> MessageRef<'a> {
    /// The start line.
    pub fn start_line(self) -> StartLine<'a> {
        match self.index.start {
            Start::Request { method, uri, .. } => StartLine::Request {
                method: Method::unchecked(ascii(method.of(self.bytes))),
                uri: uri.of(self.bytes),
            },
            Start::Status { code, reason, .. } => StartLine::Status {
                code,
                reason: reason.of(self.bytes),
            },
        }
    }

    /// Whether this is a request.
    pub const fn is_request(self) -> bool {
        matches!(self.index.start, Start::Request { .. })
    }

    /// The method of a request.
    pub fn method(self) -> Option<Method<'a>> {
        match self.start_line() {
            StartLine::Request { method, .. } => Some(method),
            StartLine::Status { .. } => None,
        }
    }

    /// The status code of a response.
    pub const fn status(self) -> Option<StatusCode> {
        match self.index.start {
            Start::Request { .. } => None,
            Start::Status { code, .. } => Some(code),
        }
    }

    /// The reason phrase of a response, whatever was sent in fact.
    pub fn reason_phrase(self) -> Option<&'a [u8]> {
        match self.start_line() {
            StartLine::Request { .. } => None,
            StartLine::Status { reason, .. } => Some(reason),
        }
    }

    /// The version as it stands, `RTSP/1.0` but for a [defect](crate::DefectKind::Version).
    pub fn version(self) -> &'a [u8] {
        match self.index.start {
            Start::Request { version, .. } | Start::Status { version, .. } => {
                version.of(self.bytes)
            }
        }
    }

    /// The Request-URI as it stands: none in a response.
    pub fn request_uri_bytes(self) -> Option<&'a [u8]> {
        match self.start_line() {
            StartLine::Request { uri, .. } => Some(uri),
            StartLine::Status { .. } => None,
        }
    }

    /// Where the Request-URI is, in bytes from the start of the message: nowhere in a response.
    pub const fn request_uri_span(self) -> Option<Range<usize>> {
        match self.index.start {
            Start::Request { uri, .. } => Some(uri.range()),
            Start::Status { .. } => None,
        }
    }

    /// All header fields, in order.
    pub fn fields(self) -> impl DoubleEndedIterator<Item = HeaderField<'a>> + ExactSizeIterator {
        self.index.rows.iter().map(move |row| self.field(row))
    }

    /// The header fields of this name, in order.
    pub fn fields_named(self, name: HeaderName) -> impl Iterator<Item = HeaderField<'a>> {
        let first = self.index.first(name).unwrap_or(self.index.rows.len());
        let rows = self.index.rows.iter().skip(first);
        rows.filter(move |row| row.known == Some(name))
            .map(move |row| self.field(row))
    }

    /// The header fields of an extension whose name is not in the table, in order.
    ///
    /// Names are compared without regard to case. A name of the table finds nothing.
    pub fn extensions_named(self, name: &str) -> impl Iterator<Item = HeaderField<'a>> {
        self.fields().filter(move |field| {
            field.known.is_none() && field.name.eq_ignore_ascii_case(name.as_bytes())
        })
    }

    /// The first header field of this name.
    pub fn first(self, name: HeaderName) -> Option<HeaderField<'a>> {
        let row = self.index.rows.get(self.index.first(name)?)?;
        Some(self.field(row))
    }

    /// The body: what follows the empty line, as long as Content-Length says.
    pub fn body(self) -> &'a [u8] {
        self.bytes.get(self.body_range()).unwrap_or_default()
    }

    /// Where the body begins, in bytes from the start of the message.
    pub const fn body_offset(self) -> usize {
        self.index.head_end as usize
    }

    /// The bytes that were given to the parser, all of them.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// What the one pass over the structure found questionable; [`check`](Self::check) finds more.
    pub fn defects(self) -> &'a [Defect] {
        &self.index.defects
    }

    /// The first value of a header field as its type.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`] if there is none; what is wrong with it otherwise. Offsets count
    /// from the start of the message.
    pub fn typed<T: Header<'a>>(self) -> Result<T, ParseError> {
        self.get::<T>().unwrap_or_else(|| {
            let rule = T::NAME.rule();
            Err(ParseError::new(
                ErrorKind::Missing,
                self.body_offset(),
                "the field",
                rule,
            ))
        })
    }

    /// The first value of a header field as its type, if the field is there.
    pub fn get<T: Header<'a>>(self) -> Option<Result<T, ParseError>> {
        self.first(T::NAME).map(|field| field.typed())
    }

    /// The values of a list header as its type, across rows and commas, in order.
    pub fn list<T: Header<'a>>(self) -> Values<'a, T> {
        Values::new(self)
    }

    /// An owned message over the same bytes, copied.
    pub fn to_owned(self) -> Message {
        Message {
            bytes: Bytes::copy_from_slice(self.bytes),
            index: self.index.clone(),
        }
    }

    fn body_range(self) -> Range<usize> {
        self.index.head_end as usize..self.index.body_end as usize
    }

    fn field(self, row: &Row) -> HeaderField<'a> {
        HeaderField {
            name: row.name.of(self.bytes),
            known: row.known,
            value: row.value.of(self.bytes),
            name_offset: row.name.range().start,
            value_offset: row.value.range().start,
        }
    }
}

impl Parser {
    /// A parser with the default policy and limits.
    pub const fn new() -> Self {
        Self {
            policy: Policy::Interoperable,
            limits: Limits::DEFAULT,
            index: Index::new(),
        }
    }

    /// This parser with another policy.
    #[must_use]
    pub fn policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// This parser with other limits.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Reads a message that fills `bytes`: a datagram, or what the [framer](crate::Framer) has
    /// cut off a stream.
    ///
    /// Allocates nothing once the parser has seen a message with as many header fields.
    ///
    /// # Errors
    ///
    /// If there is no start line or the limits are exceeded; under the strict policy, at the
    /// first defect.
    pub fn parse<'a>(&'a mut self, bytes: &'a [u8]) -> Result<MessageRef<'a>, ParseError> {
        self.index.fill(bytes, &self.limits)?;
        let message = MessageRef {
            bytes,
            index: &self.index,
        };
        if self.policy == Policy::Strict {
            let defects = message.check();
            let questionable = |defect: &&Defect| defect.severity() > Severity::Note;
            if let Some(defect) = defects.iter().find(questionable) {
                return Err(defect.into_error());
            }
        }
        Ok(message)
    }

    /// The same for a message that outlives the parser's next: it gets an index of its own.
    ///
    /// # Errors
    ///
    /// As [`Parser::parse`].
    pub fn parse_owned(&mut self, bytes: Bytes) -> Result<Message, ParseError> {
        self.parse(&bytes)?;
        let index = core::mem::replace(&mut self.index, Index::new());
        Ok(Message { bytes, index })
    }
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> HeaderField<'a> {
    /// The name as it was written.
    pub const fn name(&self) -> &'a [u8] {
        self.name
    }

    /// The name, if it is one of the table.
    pub const fn known(&self) -> Option<HeaderName> {
        self.known
    }

    /// The value as it was written, without white space before and behind it. Folding inside is
    /// kept.
    pub const fn value(&self) -> &'a [u8] {
        self.value
    }

    /// The value as text, if it is UTF-8.
    pub const fn value_str(&self) -> Option<&'a str> {
        match core::str::from_utf8(self.value) {
            Ok(value) => Some(value),
            Err(_) => None,
        }
    }

    /// Where the name begins, in bytes from the start of the message.
    pub const fn offset(&self) -> usize {
        self.name_offset
    }

    /// Where the value is, in bytes from the start of the message.
    pub const fn value_span(&self) -> Range<usize> {
        self.value_offset..self.value_offset + self.value.len()
    }

    /// The value, or the first of several, as a type, whatever the name is.
    ///
    /// # Errors
    ///
    /// What is wrong with it. Offsets count from the start of the message.
    pub fn typed<T: Header<'a>>(&self) -> Result<T, ParseError> {
        let value = grammar::text(self.value, T::NAME.rule());
        value
            .and_then(T::read)
            .map(|(value, _)| value)
            .map_err(|error| error.shifted(self.value_offset))
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

/// A token: the parser has seen that it is ASCII.
fn ascii(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or_default()
}
