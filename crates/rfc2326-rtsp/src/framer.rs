//! Cuts messages and interleaved frames off a stream (RFC 2326 §4.4, §10.12).

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr;

use crate::error::Rule;
use crate::message::{BodyLength, Index};
use crate::{ErrorKind, InterleavedFrame, Limits, Message, ParseError, Parser, Policy};

static MESSAGE: Rule = Rule::new("message", "RFC 2326 §4.4");
static CONTENT_LENGTH: Rule = Rule::new("Content-Length", "RFC 2326 §12.14");
static HEADERS: Rule = Rule::new("header section", "RFC 2326 §4.2");

/// One thing that came over a connection.
#[derive(Debug, Clone)]
pub enum Frame {
    /// A request or a response.
    Message(Message),
    /// Stream data, an RTP or RTCP packet for instance.
    Interleaved(InterleavedFrame<Bytes>),
}

/// Cuts a stream of bytes into messages and interleaved frames, in order.
///
/// Give it bytes as they come with [`push`](Self::push), in pieces of any size, and
/// [`poll`](Self::poll) until there is nothing more. Messages are parsed by a [`Parser`]. Offsets
/// of errors count from the start of the message.
///
/// After an error nobody can tell where the next message begins: it is told again at each poll.
///
/// ```
/// use rfc2326_rtsp::{Frame, Framer};
///
/// let mut framer = Framer::new();
/// framer.push(b"$\x00\x00\x02\xca\xfeRTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n");
/// let Some(Frame::Interleaved(frame)) = framer.poll()? else { panic!() };
/// assert_eq!((frame.channel(), frame.data()), (0, &[0xca, 0xfe][..]));
/// assert!(matches!(framer.poll()?, Some(Frame::Message(_))));
/// assert!(framer.poll()?.is_none());
/// # Ok::<(), rfc2326_rtsp::ParseError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Framer {
    buffer: BytesMut,
    parser: Parser,
    limits: Limits,
    /// An index to find the body's length with.
    head: Index,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Between frames.
    Between,
    /// In a header section that has no empty line up to the line that begins here.
    Head { line: usize },
    /// In a message that has this length.
    Message { length: usize },
    /// After an error.
    Failed(ParseError),
}

impl Framer {
    /// A framer with the default policy and limits.
    pub fn new() -> Self {
        Self {
            buffer: BytesMut::new(),
            parser: Parser::new(),
            limits: Limits::DEFAULT,
            head: Index::new(),
            state: State::Between,
        }
    }

    /// This framer with another policy for its messages.
    #[must_use]
    pub fn policy(self, policy: Policy) -> Self {
        Self {
            parser: self.parser.policy(policy),
            ..self
        }
    }

    /// This framer with other limits for its messages.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self {
            parser: self.parser.limits(limits),
            limits,
            ..self
        }
    }

    /// Takes bytes that came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// How many bytes wait for more.
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// The next frame, or `None` until more bytes have come.
    ///
    /// # Errors
    ///
    /// If a message cannot be read, its length is not known, or it exceeds the limits.
    pub fn poll(&mut self) -> Result<Option<Frame>, ParseError> {
        let frame = self.advance();
        if let Err(error) = frame {
            self.state = State::Failed(error);
        }
        frame
    }

    fn advance(&mut self) -> Result<Option<Frame>, ParseError> {
        loop {
            match self.state {
                State::Between => {
                    let is_empty_line = |b: &&u8| matches!(b, b'\r' | b'\n');
                    let empty = self.buffer.iter().take_while(is_empty_line).count();
                    self.buffer.advance(empty);
                    match self.buffer.first() {
                        None => return Ok(None),
                        Some(&InterleavedFrame::<Bytes>::DOLLAR) => return Ok(self.interleaved()),
                        Some(_) => self.state = State::Head { line: 0 },
                    }
                }
                State::Head { line } => match self.head_end(line) {
                    Ok(end) => {
                        let length = self.message_length(end)?;
                        self.state = State::Message { length };
                    }
                    Err(line) if line.max(self.buffer.len()) > self.limits.head_bytes => {
                        let (at, expected) = (self.limits.head_bytes, "a shorter header section");
                        return Err(ParseError::new(ErrorKind::Limit, at, expected, &HEADERS));
                    }
                    Err(line) => {
                        self.state = State::Head { line };
                        return Ok(None);
                    }
                },
                State::Message { length } => {
                    if self.buffer.len() < length {
                        return Ok(None);
                    }
                    self.state = State::Between;
                    let bytes = self.buffer.split_to(length).freeze();
                    return self.parser.parse_owned(bytes).map(Frame::Message).map(Some);
                }
                State::Failed(error) => return Err(error),
            }
        }
    }

    fn interleaved(&mut self) -> Option<Frame> {
        let length = InterleavedFrame::parse_prefix(&self.buffer[..])?.encoded_len();
        let bytes = self.buffer.split_to(length).freeze();
        InterleavedFrame::parse_prefix(bytes).map(Frame::Interleaved)
    }

    /// Where the header section ends, looking from the line that begins at `line`; or else where
    /// the last line begins that is not known to end.
    fn head_end(&self, mut line: usize) -> Result<usize, usize> {
        loop {
            let rest = self.buffer.get(line..).unwrap_or_default();
            match rest {
                [b'\n', ..] => return Ok(line + 1),
                [b'\r', b'\n', ..] => return Ok(line + 2),
                _ => {}
            }
            match memchr(b'\n', rest) {
                Some(end) => line += end + 1,
                None => return Err(line),
            }
        }
    }

    /// The length of the message whose header section ends at `head_end`.
    fn message_length(&mut self, head_end: usize) -> Result<usize, ParseError> {
        let head = &self.buffer[..head_end];
        self.head.fill_head(head, &self.limits)?;
        let refuse = |at, expected| {
            Err(ParseError::new(
                ErrorKind::Syntax,
                at,
                expected,
                &CONTENT_LENGTH,
            ))
        };
        let body = match self.head.body_length(head) {
            BodyLength::Bytes(length) => length,
            BodyLength::Invalid(span) => return refuse(span.range().start, "1*DIGIT"),
            BodyLength::Contradictory(span) => return refuse(span.range().start, "one length"),
        };
        let most = self.limits.message_bytes.min(u32::MAX as usize);
        match usize::try_from(body)
            .ok()
            .and_then(|body| head_end.checked_add(body))
        {
            Some(length) if length <= most => Ok(length),
            _ => Err(ParseError::new(
                ErrorKind::Limit,
                head_end,
                "a shorter body",
                &MESSAGE,
            )),
        }
    }
}

impl Default for Framer {
    fn default() -> Self {
        Self::new()
    }
}
