//! What comes out of a proxy, and why a command is refused.

use alloc::boxed::Box;
use core::fmt;

use super::Request;
use crate::{
    ParseError, StatusCode, WriteError,
    resolve::Query,
    transaction::{self, TransactionId, Transmit},
};

/// What comes out of a proxy, in order.
#[derive(Debug, Clone)]
pub enum Output {
    /// A message to send. If it cannot be sent,
    /// [`handle_transport_error`](super::Proxy::handle_transport_error) wants to know, where it
    /// has a transaction.
    Transmit(Transmit),
    /// Something to be told or decided.
    Event(Event),
}

/// What a proxy tells its user.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A request that has passed the checks. [`request`](super::Proxy::request) shows it, and
    /// [`forward`](super::Proxy::forward), [`relay`](super::Proxy::relay),
    /// [`challenge`](super::Proxy::challenge), [`refuse`](super::Proxy::refuse) or
    /// [`respond`](super::Proxy::respond) says what becomes of it.
    Request {
        /// Its transaction, which names it from now on.
        transaction: TransactionId,
    },
    /// A request that is forwarded without state, or not at all: an ACK, or a CANCEL that has
    /// found nothing to cancel, for a domain of this proxy, or for any
    /// [if that is wanted](super::Config::relay_stateless); any request, if the proxy is
    /// [stateless](super::Config::stateless). See
    /// [`forward_stateless`](super::Proxy::forward_stateless).
    Stateless(Box<Request>),
    /// A question to the DNS, to be answered by [`handle_answer`](super::Proxy::handle_answer).
    Lookup {
        /// The number of the question.
        lookup: LookupId,
        /// The question.
        query: Query,
    },
    /// A request has got its final response. More than one only if those are 2xx to an INVITE.
    Answered {
        /// The transaction of the request.
        transaction: TransactionId,
        /// The status code that went back.
        status: StatusCode,
    },
    /// Nothing is left of a request and of all that was forwarded for it.
    Ended {
        /// The transaction of the request: its name may be forgotten.
        transaction: TransactionId,
    },
}

/// The number of a question to the DNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LookupId(pub(super) u64);

/// What there is and what there was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Its transactions.
    pub transactions: transaction::Counts,
    /// Requests that are not over: answered or not.
    pub requests: usize,
    /// Questions to the DNS that are not answered.
    pub lookups: usize,
    /// Messages that were forwarded without state.
    pub stateless: u64,
    /// Messages without state that could not be forwarded: dropped.
    pub dropped: u64,
}

/// Why a command was refused: the caller's fault, not the peer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandError {
    /// There is no such request, or it is over.
    Unknown,
    /// The request cannot be treated so any more: it has its final response.
    Answered,
    /// The request is for somebody else's domain, so that only the URI in it can be its target
    /// (RFC 3261 §16.5).
    NotResponsible,
    /// A target is no SIP or SIPS URI, and has no route either.
    Target,
    /// A value would break the message.
    Write(WriteError),
    /// The transaction does not take a response.
    Transaction(transaction::CommandError),
    /// The request cannot be read.
    Invalid(ParseError),
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("there is no such request, or it is over"),
            Self::Answered => f.write_str("the request has its final response"),
            Self::NotResponsible => {
                f.write_str("the request is for a domain that is not the proxy's")
            }
            Self::Target => f.write_str("a target is no SIP URI and has no route"),
            Self::Write(error) => error.fmt(f),
            Self::Transaction(error) => error.fmt(f),
            Self::Invalid(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for CommandError {}

impl From<transaction::CommandError> for CommandError {
    fn from(error: transaction::CommandError) -> Self {
        Self::Transaction(error)
    }
}

impl From<WriteError> for CommandError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

impl From<ParseError> for CommandError {
    fn from(error: ParseError) -> Self {
        Self::Invalid(error)
    }
}
