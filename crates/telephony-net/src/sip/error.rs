//! Why a socket is not bound, a message not sent, a connection closed.

use std::fmt;
use std::io;

use rfc3261_sip::FrameError;

use super::Listen;

/// An endpoint cannot listen.
#[derive(Debug)]
pub struct BindError {
    /// Where.
    pub listen: Listen,
    /// Why.
    pub error: io::Error,
}

/// Why a message was not sent.
#[derive(Debug)]
#[non_exhaustive]
pub enum Unsendable {
    /// No listener for UDP has an address of that kind, or the transport is not supported.
    NoWay,
    /// As many messages wait already as are allowed.
    Full,
    /// There are as many connections as are allowed.
    Connections,
    /// The connection is closed: [`Event::Closed`](super::Event::Closed) tells why.
    Closed,
    /// The system refuses it.
    System(io::Error),
}

/// Why a connection is closed.
#[derive(Debug)]
#[non_exhaustive]
pub enum CloseReason {
    /// The peer has ended it.
    Ended,
    /// Nothing came for a long time, or this end is shutting down.
    Idle,
    /// A message took too long, in or out.
    Slow,
    /// The peer does not answer pings.
    Silent,
    /// What the peer sends cannot be cut into messages.
    Unreadable(FrameError),
    /// It failed, or could not be opened at all.
    Failed(io::Error),
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot listen at {}: {}", self.listen, self.error)
    }
}

impl fmt::Display for Unsendable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoWay => f.write_str("no socket for this transport and address"),
            Self::Full => f.write_str("too many messages wait to be sent"),
            Self::Connections => f.write_str("too many connections"),
            Self::Closed => f.write_str("the connection is closed"),
            Self::System(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended => f.write_str("ended by the peer"),
            Self::Idle => f.write_str("idle"),
            Self::Slow => f.write_str("a message took too long"),
            Self::Silent => f.write_str("no answer to a ping"),
            Self::Unreadable(error) => error.fmt(f),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BindError {}
impl std::error::Error for Unsendable {}
