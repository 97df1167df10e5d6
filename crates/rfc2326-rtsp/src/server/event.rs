//! What goes into a server and what comes out of it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;

use bytes::Bytes;

use crate::{HeaderName, InterleavedFrame, Message, StatusCode, Target, WriteError};

/// A connection, numbered by whoever has it; a number is not used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// A session of one [`Server`](super::Server), for as long as it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(pub(super) u64);

/// A request that waits for its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId {
    pub(super) connection: ConnectionId,
    pub(super) number: u64,
}

/// What a [`Server`](super::Server) wants done, in order.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ServerOutput {
    /// Send these bytes.
    Transmit {
        /// Over this connection.
        connection: ConnectionId,
        /// A whole message.
        bytes: Vec<u8>,
    },
    /// Close the connection once all has been sent; the server has forgotten it and wants no more of
    /// its bytes.
    Close(ConnectionId),
    /// Something that the application decides or should know.
    Event(ServerEvent),
}

/// Something that the application decides or should know.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ServerEvent {
    /// A request that the state allows; answer it with [`Server::respond`](super::Server::respond).
    /// Until then no further request of its connection is looked at.
    Request(Box<ServerRequest>),
    /// Stream data that came over a connection.
    Interleaved {
        /// The connection.
        connection: ConnectionId,
        /// The channel and the data.
        frame: InterleavedFrame<Bytes>,
    },
    /// A session has ended: stop what it sends and free what it holds.
    Ended {
        /// The session, which is no longer known.
        session: SessionKey,
        /// Why.
        reason: EndReason,
    },
}

/// A request for the application.
///
/// Nobody has authenticated it. The session, if any, is the one it names, on its own connection
/// unless [`ServerConfig::bind_sessions`](super::ServerConfig::bind_sessions) is off.
#[derive(Debug, Clone)]
pub struct ServerRequest {
    /// For [`Server::respond`](super::Server::respond).
    pub id: RequestId,
    /// The connection that it came over.
    pub connection: ConnectionId,
    /// The session that it names.
    pub session: Option<SessionKey>,
    /// What it is about.
    pub target: Target,
    /// The request, with every header field.
    pub message: Message,
}

/// Why a session has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// The client has torn it down.
    TornDown,
    /// Nothing was heard of the client for the timeout.
    TimedOut,
    /// Its connection is gone.
    Disconnected,
}

/// A response to a request. CSeq, Timestamp and Session are added.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    /// The status code. After 1xx the request still waits.
    pub status: StatusCode,
    /// Header fields such as Transport, Range, RTP-Info, WWW-Authenticate.
    pub headers: &'a [(HeaderName, &'a str)],
    /// Content-Type and body.
    pub body: Option<(&'a str, &'a [u8])>,
    /// To a SETUP that begins a session: the URI that controls all its streams at once. Without
    /// it only the streams have one.
    pub presentation: Option<&'a str>,
}

impl<'a> Reply<'a> {
    /// A response without header fields and body.
    pub const fn new(status: StatusCode) -> Self {
        Self {
            status,
            headers: &[],
            body: None,
            presentation: None,
        }
    }

    /// This response with header fields.
    #[must_use]
    pub const fn headers(self, headers: &'a [(HeaderName, &'a str)]) -> Self {
        Self { headers, ..self }
    }

    /// This response with a body.
    #[must_use]
    pub const fn body(self, content_type: &'a str, body: &'a [u8]) -> Self {
        Self {
            body: Some((content_type, body)),
            ..self
        }
    }

    /// This response with the URI of the presentation.
    #[must_use]
    pub const fn presentation(self, uri: &'a str) -> Self {
        Self {
            presentation: Some(uri),
            ..self
        }
    }
}

/// Why a command of the application was refused; nothing has changed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CommandError {
    /// The request has its response already, or its connection is gone.
    UnknownRequest,
    /// The session has ended, or has no such stream.
    UnknownSession,
    /// The message cannot be written.
    Write(WriteError),
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownRequest => f.write_str("no such request waits for a response"),
            Self::UnknownSession => f.write_str("no such session or stream"),
            Self::Write(error) => error.fmt(f),
        }
    }
}

impl Error for CommandError {}

impl From<WriteError> for CommandError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}
