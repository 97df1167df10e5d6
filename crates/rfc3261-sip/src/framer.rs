//! Messages out of a stream (RFC 3261 §18.3), and its keep-alives (RFC 5626 §3.5.1, §4.4.1).

use core::fmt;

use bytes::{Bytes, BytesMut};

use crate::{HeaderName, Limits, grammar, line_feeds::LineFeeds};

/// Cuts a stream into messages and keep-alives.
///
/// It keeps no bytes: the caller's buffer begins where the last frame ended, and grows. However
/// the stream is cut into reads, the frames are the same, and no byte is looked at twice but for
/// the last few.
///
/// ```
/// use rfc3261_sip::{Frame, Framer};
///
/// let mut framer = Framer::new();
/// let mut buffer = bytes::BytesMut::from(&b"\r\n\r\nBYE sip:a@b SIP/2.0\r\nl: 2\r\n\r\nhiBYE"[..]);
/// assert_eq!(framer.next(&mut buffer)?, Some(Frame::Ping));
/// let Some(Frame::Message(message)) = framer.next(&mut buffer)? else { panic!() };
/// assert_eq!(&message[..], b"BYE sip:a@b SIP/2.0\r\nl: 2\r\n\r\nhi");
/// assert_eq!(framer.next(&mut buffer)?, None);
/// assert_eq!(&buffer[..], b"BYE");
/// # Ok::<(), rfc3261_sip::FrameError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Framer {
    limits: Limits,
    role: StreamRole,
    state: State,
}

/// Which end of the connection this is: it decides what an empty line means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StreamRole {
    /// This end accepted the connection: two empty lines are a ping, one is ignored.
    #[default]
    Server,
    /// This end opened the connection and sends the pings: one empty line is a pong.
    Client,
}

/// What a stream brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A message, whole.
    Message(Bytes),
    /// A keep-alive: answer with one CRLF.
    Ping,
    /// The answer to a keep-alive.
    Pong,
}

/// What stands at the start of a buffer, and how many bytes it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameLength {
    /// A message of this many bytes, whole.
    Message(usize),
    /// A keep-alive to answer.
    Ping(usize),
    /// The answer to a keep-alive.
    Pong(usize),
    /// Line ends that mean nothing.
    Skip(usize),
}

/// The stream cannot be cut any further: the connection is to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FrameError {
    kind: FrameErrorKind,
    head: usize,
}

/// Why a stream cannot be cut any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FrameErrorKind {
    /// The message has no Content-Length.
    NoContentLength,
    /// Content-Length is not a number, or several contradict each other.
    ContentLength,
    /// The header section exceeds its limit.
    HeadTooLong,
    /// Content-Length announces more than the limit for a message.
    MessageTooLong,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// In the header section: the line that begins at `line` is not whole in the bytes seen so
    /// far, in which no line feed was found before `seen`.
    Head {
        line: usize,
        seen: usize,
        length: Option<u64>,
        folded: Folded,
    },
    /// The header section is whole: the message ends at `end`.
    Body {
        end: usize,
    },
    Failed(FrameError),
}

/// Whether the field whose value may go on in the next line is Content-Length.
#[derive(Debug, Clone, Copy)]
struct Folded {
    content_length: Option<usize>,
}

const START: State = State::Head {
    line: 0,
    seen: 0,
    length: None,
    folded: Folded {
        content_length: None,
    },
};

impl Framer {
    /// A framer for a connection that this end accepted, with default limits.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            limits: Limits::DEFAULT,
            role: StreamRole::Server,
            state: START,
        }
    }

    /// This framer for the other end of a connection.
    #[must_use]
    pub const fn role(mut self, role: StreamRole) -> Self {
        self.role = role;
        self
    }

    /// This framer with other limits. The number of headers is the parser's business.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Cuts the next frame off `buffer`; `None` until more bytes have come.
    ///
    /// After an error the stream is out of step: every later call gives the same error. The
    /// header section of the message at fault is still at the start of the buffer, as many bytes
    /// as [`FrameError::head`] says, for an answer.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        loop {
            let Some(frame) = self.measure(buffer)? else {
                return Ok(None);
            };
            return Ok(Some(match frame {
                FrameLength::Message(length) => Frame::Message(buffer.split_to(length).freeze()),
                FrameLength::Ping(length) => {
                    let _ = buffer.split_to(length);
                    Frame::Ping
                }
                FrameLength::Pong(length) => {
                    let _ = buffer.split_to(length);
                    Frame::Pong
                }
                FrameLength::Skip(length) => {
                    let _ = buffer.split_to(length);
                    continue;
                }
            }));
        }
    }

    /// Says what stands at the start of `buffer`; `None` until more bytes have come.
    ///
    /// After `Some`, the next call takes the buffer without the bytes of that frame; after
    /// `None`, the same buffer with more behind.
    pub fn measure(&mut self, buffer: &[u8]) -> Result<Option<FrameLength>, FrameError> {
        if let State::Head {
            line: 0, seen: 0, ..
        } = self.state
        {
            if let Some(b'\r' | b'\n') = buffer.first() {
                return Ok(self.line_ends(buffer));
            }
        }
        if let State::Head {
            line,
            seen,
            length,
            folded,
        } = self.state
        {
            self.state = match self.head(buffer, line, seen, length, folded) {
                Ok(state) => state,
                Err(error) => State::Failed(error),
            };
        }
        match self.state {
            State::Head { .. } => Ok(None),
            State::Body { end } if buffer.len() < end => Ok(None),
            State::Body { end } => {
                self.state = START;
                Ok(Some(FrameLength::Message(end)))
            }
            State::Failed(error) => Err(error),
        }
    }

    /// Line ends between messages.
    fn line_ends(&self, buffer: &[u8]) -> Option<FrameLength> {
        match (self.role, buffer) {
            (_, [b'\n', ..]) => Some(FrameLength::Skip(1)),
            (_, [b'\r']) => None,
            (StreamRole::Client, [b'\r', b'\n', ..]) => Some(FrameLength::Pong(2)),
            (StreamRole::Server, [b'\r', b'\n', b'\r', b'\n', ..]) => Some(FrameLength::Ping(4)),
            (StreamRole::Server, [b'\r', b'\n'] | [b'\r', b'\n', b'\r']) => None,
            (StreamRole::Server, [b'\r', b'\n', ..]) => Some(FrameLength::Skip(2)),
            _ => Some(FrameLength::Skip(1)),
        }
    }

    /// Goes through the lines of the header section that have come.
    fn head(
        &self,
        buffer: &[u8],
        mut line: usize,
        seen: usize,
        mut length: Option<u64>,
        mut folded: Folded,
    ) -> Result<State, FrameError> {
        let limit = self.limits.head_bytes;
        let error = |kind| Err(FrameError { kind, head: 0 });
        let mut line_feeds = LineFeeds::new(buffer, seen);
        loop {
            let found = line_feeds.next();
            let end = found.map_or(buffer.len(), |at| at + 1);
            if end > limit {
                return error(FrameErrorKind::HeadTooLong);
            }
            let whole = found.is_some();
            // Whether a field goes on is known with the first byte of the next line.
            let text = buffer.get(line..end).unwrap_or_default();
            if let (Some(start), Some(first)) = (folded.content_length, text.first()) {
                if !grammar::is_wsp(*first) {
                    let value = buffer.get(start..line).unwrap_or_default();
                    let value = grammar::trim_end(grammar::trim_start(value));
                    match (grammar::decimal(value), length) {
                        (Some(new), old) if old.is_none_or(|old| old == new) => length = Some(new),
                        _ => {
                            let head = head_length(buffer, limit);
                            return Err(FrameError {
                                kind: FrameErrorKind::ContentLength,
                                head,
                            });
                        }
                    }
                    folded.content_length = None;
                }
            }
            if !whole {
                return Ok(State::Head {
                    line,
                    seen: buffer.len(),
                    length,
                    folded,
                });
            }
            match text {
                b"\r\n" | b"\n" => return self.end_of_head(end, length),
                [b' ' | b'\t', ..] => {}
                [b'C' | b'c' | b'L' | b'l', ..] if line > 0 => {
                    let lines = buffer.get(line..).unwrap_or_default();
                    folded.content_length = content_length(lines).map(|at| line + at);
                }
                _ => {}
            }
            line = end;
        }
    }

    fn end_of_head(&self, head: usize, length: Option<u64>) -> Result<State, FrameError> {
        let Some(length) = length else {
            return Err(FrameError {
                kind: FrameErrorKind::NoContentLength,
                head,
            });
        };
        let room = self.limits.message_bytes.saturating_sub(head);
        match usize::try_from(length) {
            Ok(length) if length <= room => Ok(State::Body { end: head + length }),
            _ => Err(FrameError {
                kind: FrameErrorKind::MessageTooLong,
                head,
            }),
        }
    }
}

impl Default for Framer {
    fn default() -> Self {
        Self::new()
    }
}

impl FrameError {
    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> FrameErrorKind {
        self.kind
    }

    /// How many bytes of the buffer are the header section of the message at fault, to be parsed
    /// for an answer; 0 where it is not whole.
    #[must_use]
    pub const fn head(&self) -> usize {
        self.head
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            FrameErrorKind::NoContentLength => {
                "missing Content-Length on a stream (RFC 3261 §18.3)"
            }
            FrameErrorKind::ContentLength => "invalid Content-Length on a stream (RFC 3261 §20.14)",
            FrameErrorKind::HeadTooLong => "header section exceeds the limit",
            FrameErrorKind::MessageTooLong => "Content-Length exceeds the limit for a message",
        })
    }
}

impl core::error::Error for FrameError {}

/// Where the value begins, if the first line of `lines` is a Content-Length field.
fn content_length(lines: &[u8]) -> Option<usize> {
    if let Some((length, id)) = HeaderName::at_line_start(lines) {
        return (id == HeaderName::ContentLength as u8).then_some(length + 1);
    }
    let colon = memchr::memchr2(b':', b'\n', lines)?;
    let name = grammar::trim_end(lines.get(..colon)?);
    let found = HeaderName::parse(name) == Some(HeaderName::ContentLength);
    (found && lines.get(colon) == Some(&b':')).then_some(colon + 1)
}

/// The length of the header section if it is whole, or 0.
fn head_length(buffer: &[u8], limit: usize) -> usize {
    let head = buffer.get(..buffer.len().min(limit)).unwrap_or_default();
    let mut line = 0;
    for end in memchr::memchr_iter(b'\n', head) {
        if matches!(head.get(line..end), Some(b"" | b"\r")) {
            return end + 1;
        }
        line = end + 1;
    }
    0
}
