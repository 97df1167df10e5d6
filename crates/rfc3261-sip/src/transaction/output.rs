//! What comes out of a transaction layer, and why a command is refused.

use core::fmt;

use bytes::Bytes;

use super::State;
use crate::{Message, ParseError, transport::Flow};

/// The name of a transaction: unique among all that its layer ever has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionId {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

/// What comes out of a transaction layer, in order.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "outputs are short-lived, and a box would cost an allocation each"
)]
pub enum Output {
    /// A message to send.
    Transmit(Transmit),
    /// Something that the user wants to know.
    Event(Event),
}

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// The transaction that it is of. If the message cannot be sent, this one is told by
    /// [`handle_transport_error`](super::TransactionLayer::handle_transport_error).
    pub transaction: Option<TransactionId>,
    /// Where to.
    pub flow: Flow,
    /// The message.
    pub bytes: Bytes,
}

/// What a transaction layer tells its user.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A new request: it is to be [answered](super::TransactionLayer::respond).
    Request {
        /// Its transaction.
        transaction: TransactionId,
        /// The request, with `received` and `rport` filled in.
        request: Message,
        /// Where it came from.
        source: Flow,
        /// A request with the same From tag, Call-ID and CSeq came by another way: a user agent
        /// answers the second one with 482 (RFC 3261 §8.2.2.2).
        merged: bool,
    },
    /// A CANCEL: it is to be answered, with 481 where it finds nothing to cancel.
    Cancel {
        /// The CANCEL's own transaction.
        transaction: TransactionId,
        /// The CANCEL.
        request: Message,
        /// Where it came from.
        source: Flow,
        /// The INVITE that is to be answered with 487, if it is not answered already.
        invite: Option<TransactionId>,
    },
    /// An ACK that is for the user: one for a 2xx, or one that nobody waits for.
    Ack {
        /// The ACK.
        request: Message,
        /// Where it came from.
        source: Flow,
        /// The accepted INVITE whose branch it has, which that of a 2xx should not.
        invite: Option<TransactionId>,
    },
    /// A response: any number of provisional ones, then a final one; for an INVITE maybe more
    /// than one 2xx, copies among them.
    Response {
        /// The transaction.
        transaction: TransactionId,
        /// The response.
        response: Message,
    },
    /// A response that no transaction waits for, if [`Config::stray_responses`] wants it.
    ///
    /// [`Config::stray_responses`]: super::Config::stray_responses
    StrayResponse {
        /// The response.
        response: Message,
        /// Where it came from.
        source: Flow,
    },
    /// No answer came to a request, or no ACK to a response. The transaction is over.
    Timeout {
        /// The transaction.
        transaction: TransactionId,
    },
    /// A message could not be sent. A client transaction is over. A server transaction stays, to
    /// absorb copies of the request.
    TransportError {
        /// The transaction.
        transaction: TransactionId,
    },
    /// A transaction is over and nothing of it is left: its name may be forgotten.
    Terminated {
        /// The transaction.
        transaction: TransactionId,
    },
}

/// Why a command was refused: the caller's fault, not the peer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandError {
    /// There is no such transaction, or it is over.
    Unknown,
    /// The transaction cannot do this in its state.
    State(State),
    /// There are as many client transactions as are allowed.
    Full,
    /// The branch of the request is in use already.
    Duplicate,
    /// The request has no branch with the magic cookie.
    Branch,
    /// The message is not one that a transaction can send: an ACK, a response in the place of a
    /// request, or the reverse.
    Unsuitable,
    /// The message cannot be read.
    Invalid(ParseError),
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("no such transaction"),
            Self::State(state) => write!(f, "not possible in state {state:?}"),
            Self::Full => f.write_str("too many client transactions"),
            Self::Duplicate => f.write_str("the branch is in use"),
            Self::Branch => f.write_str("the branch does not begin with z9hG4bK"),
            Self::Unsuitable => f.write_str("not a message that this transaction can send"),
            Self::Invalid(error) => write!(f, "cannot send: {error}"),
        }
    }
}

impl core::error::Error for CommandError {}

impl From<ParseError> for CommandError {
    fn from(error: ParseError) -> Self {
        Self::Invalid(error)
    }
}
