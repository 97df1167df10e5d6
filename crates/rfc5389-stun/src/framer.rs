//! Messages out of a TCP or TLS connection. RFC 5389 §7.2.2.

use alloc::vec::Vec;

use crate::error::{ErrorKind, ParseError, Rule};
use crate::message::{HEADER_LEN, Message, body_len};

/// Cuts a stream of bytes into messages.
///
/// STUN over TCP needs no framing of its own: the length in the header says where the next
/// message begins. A stream that carries something else is an error, and stays one.
///
/// ```
/// use rfc5389_stun::{Framer, Message};
///
/// let bytes = b"\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl";
/// let mut framer = Framer::default();
/// framer.push(&bytes[..7]);
/// assert_eq!(framer.next_message()?, None);
/// framer.push(&bytes[7..]);
/// assert_eq!(framer.next_message()?, Some(Message::parse(&bytes[..])?));
/// # Ok::<(), rfc5389_stun::ParseError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Framer {
    buffer: Vec<u8>,
    /// How much of the buffer has been given out.
    taken: usize,
    limit: usize,
}

impl Framer {
    /// A framer that refuses messages of more than `limit` bytes.
    pub fn new(limit: usize) -> Framer {
        Framer {
            buffer: Vec::new(),
            taken: 0,
            limit,
        }
    }

    /// Takes what the connection has received.
    pub fn push(&mut self, received: &[u8]) {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.buffer.extend_from_slice(received);
    }

    /// The next whole message, or `None` until more bytes arrive.
    ///
    /// # Errors
    ///
    /// The stream does not carry STUN here, or the message exceeds the limit; close the
    /// connection.
    pub fn next_message(&mut self) -> Result<Option<Message<&[u8]>>, ParseError> {
        let waiting = self.buffer.get(self.taken..).unwrap_or(&[]);
        let Some(head) = waiting.first_chunk::<4>() else {
            return Ok(None);
        };
        let len = HEADER_LEN + body_len(*head)?;
        if len > self.limit {
            return Err(ParseError::new(ErrorKind::TooLong, 2, &LIMIT));
        }
        let Some(bytes) = waiting.get(..len) else {
            return Ok(None);
        };
        let message = Message::parse(bytes)?;
        self.taken += len;
        Ok(Some(message))
    }
}

impl Default for Framer {
    /// A framer that takes every message the length field allows.
    fn default() -> Self {
        Framer::new(HEADER_LEN + usize::from(u16::MAX))
    }
}

static LIMIT: Rule = Rule {
    field: "message length",
    expected: "a message within the framer's limit",
    section: "RFC 5389 §7.2.2",
};
