//! What a client wants sent, and what it has learned.

use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;

use super::RequestId;
use crate::error::WriteError;
use crate::message::Message;
use crate::transport::Transport;

/// What a client hands out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send this.
    Transmit(Transmit),
    /// This has happened.
    Event(Event),
}

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// How. If there is no connection to `destination` yet, open one.
    pub transport: Transport,
    /// Where to.
    pub destination: SocketAddr,
    /// The message.
    pub bytes: Vec<u8>,
}

/// The end of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The server answered.
    Success {
        /// Which request.
        request: RequestId,
        /// The answer.
        success: Success,
    },
    /// It has come to nothing.
    Failure {
        /// Which request.
        request: RequestId,
        /// Why.
        failure: Failure,
    },
}

/// What a server has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Success {
    /// The client's address as the server sees it.
    pub mapped_address: SocketAddr,
    /// The server that answered: not the one first asked after a redirection.
    pub server: SocketAddr,
    /// Whether the credentials prove the response.
    pub is_authenticated: bool,
    /// From request to response; `None` if the request was sent more than once, as nobody knows
    /// which one was answered.
    pub round_trip: Option<Duration>,
    /// The whole response.
    pub response: Message<Vec<u8>>,
}

/// Why a request has come to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// No response.
    TimedOut,
    /// No response but such as are not protected by the credentials.
    IntegrityViolated,
    /// The network says that the server cannot be reached, or the connection has ended.
    Unreachable,
    /// The server answered with this error code.
    Rejected(u16),
    /// The server does not accept the credentials.
    CredentialsRefused,
    /// Somebody between the two takes the better password algorithms away.
    BidDown,
    /// The server knows none of the password algorithms of this crate.
    NoPasswordAlgorithm,
    /// The response has an attribute that must be understood, but is not.
    UnknownAttribute,
    /// The response lacks what it must have, or it cannot be read.
    MalformedResponse,
    /// A server redirects to one that has been asked before.
    RedirectedBack,
    /// More challenges and redirections than the configuration allows.
    TooManyAttempts,
    /// The request cannot be written, or exceeds what a path surely carries.
    Unwritable(WriteError),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Failure::TimedOut => "no response",
            Failure::IntegrityViolated => "no response that the credentials protect",
            Failure::Unreachable => "server unreachable",
            Failure::Rejected(code) => return write!(f, "rejected with {code}"),
            Failure::CredentialsRefused => "credentials refused",
            Failure::BidDown => "password algorithms taken away on the path",
            Failure::NoPasswordAlgorithm => "no password algorithm in common",
            Failure::UnknownAttribute => "response with an unknown attribute",
            Failure::MalformedResponse => "malformed response",
            Failure::RedirectedBack => "redirected to a server asked before",
            Failure::TooManyAttempts => "too many challenges and redirections",
            Failure::Unwritable(error) => return write!(f, "unwritable request: {error}"),
        })
    }
}

impl core::error::Error for Failure {}
