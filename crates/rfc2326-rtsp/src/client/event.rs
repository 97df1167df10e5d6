//! What goes into a client and what comes out of it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;

use bytes::Bytes;

use crate::{HeaderName, InterleavedFrame, Message, Method, State, WriteError};

/// A request for a [`Client`](super::Client) to send. CSeq and Session are added.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The method.
    pub method: Method<'a>,
    /// The URI: of a stream, or of the presentation.
    pub uri: &'a str,
    /// Header fields such as Transport, Range, Authorization.
    pub headers: &'a [(HeaderName, &'a str)],
    /// Content-Type and body.
    pub body: Option<(&'a str, &'a [u8])>,
}

impl<'a> Request<'a> {
    /// A request without header fields and body.
    pub const fn new(method: Method<'a>, uri: &'a str) -> Self {
        Self {
            method,
            uri,
            headers: &[],
            body: None,
        }
    }

    /// This request with header fields.
    #[must_use]
    pub const fn headers(self, headers: &'a [(HeaderName, &'a str)]) -> Self {
        Self { headers, ..self }
    }

    /// This request with a body.
    #[must_use]
    pub const fn body(self, content_type: &'a str, body: &'a [u8]) -> Self {
        Self {
            body: Some((content_type, body)),
            ..self
        }
    }
}

/// What a [`Client`](super::Client) wants done, in order.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ClientOutput {
    /// Send these bytes, a whole message.
    Transmit(Vec<u8>),
    /// Close the connection: the client is of no more use.
    Close,
    /// Something that the application should know.
    Event(ClientEvent),
}

/// Something that the application should know.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ClientEvent {
    /// A response. After 1xx another follows.
    Response {
        /// What [`Client::request`](super::Client::request) returned.
        request: u32,
        /// The response; the state is as it made it.
        message: Box<Message>,
    },
    /// Stream data that came over the connection, before the response to PLAY perhaps.
    Interleaved(InterleavedFrame<Bytes>),
    /// The server sends the client elsewhere. Without a Range that was done at once: the session
    /// is being torn down. With one, the application sends TEARDOWN when its time has come.
    Redirected {
        /// The URI to go to, if the server gives one.
        location: Option<String>,
        /// The request as it came.
        message: Box<Message>,
    },
    /// The session has ended: nothing more of its streams comes.
    Ended(ClientEndReason),
}

/// Why a client's session, or the client, has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientEndReason {
    /// The server has answered TEARDOWN.
    TornDown,
    /// The server has sent the client elsewhere.
    Redirected,
    /// The server does not know the session (any more).
    NotFound,
    /// A request had no response in time; the connection is to be closed.
    NoResponse,
    /// What came is no message; the connection is to be closed.
    Malformed,
    /// The connection is gone.
    Disconnected,
}

/// Why a request was not sent; nothing has changed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestError {
    /// The state of a stream does not allow the method (RFC 2326 §A.1).
    NotInState(State),
    /// A request that changes the state waits for its response; only PLAY may follow PLAY.
    Outstanding,
    /// As many requests as [`ClientConfig::outstanding`](super::ClientConfig::outstanding) wait
    /// for their responses.
    TooMany,
    /// The connection is gone or was given up.
    Closed,
    /// The session has no such stream.
    UnknownStream,
    /// The message cannot be written.
    Write(WriteError),
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInState(state) => {
                write!(f, "the method is not for the state {state:?}")
            }
            Self::Outstanding => f.write_str("a request that changes the state is outstanding"),
            Self::TooMany => f.write_str("too many requests are outstanding"),
            Self::Closed => f.write_str("the connection is closed"),
            Self::UnknownStream => f.write_str("no such stream"),
            Self::Write(error) => error.fmt(f),
        }
    }
}

impl Error for RequestError {}

impl From<WriteError> for RequestError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}
