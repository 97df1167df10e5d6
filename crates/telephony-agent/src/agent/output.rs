//! What an agent does and tells, and why it refuses.

use core::fmt;
use core::net::SocketAddr;

use rfc3261_sip::resolve::Query;
use rfc3261_sip::transaction::Transmit;
use rfc3261_sip::user_agent::{self, EndCause, Failure, RequestId};
use rfc3261_sip::{Message, StatusCode};
use rfc3264_offer_answer::{UsageError, Violation};

use crate::media::{Channel, DigitError, MediaError, MediaEvent, MediaStatistics};

/// The name of a call: unique among all that its agent ever has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub(super) u64);

impl CallId {
    /// Its number, from 1 on.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// Something to do or to know, in order.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Output {
    /// Send this SIP message. If that fails, tell
    /// [`handle_transport_error`](super::Agent::handle_transport_error).
    Transmit(Transmit),
    /// Send this datagram from a port of a call.
    Media {
        /// The call.
        call: CallId,
        /// From which of its ports.
        channel: Channel,
        /// Where to.
        to: SocketAddr,
        /// The packet.
        datagram: Vec<u8>,
    },
    /// Something has happened.
    Event(Event),
}

/// What an agent tells.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// The registrar has taken the registration or its refresh.
    Registered {
        /// For how long.
        expires: core::time::Duration,
    },
    /// The registration is removed.
    Unregistered,
    /// The registrar has not taken the registration, its refresh or its removal.
    RegistrationFailed {
        /// Why.
        reason: EndReason,
    },
    /// Somebody calls: [`ring`](super::Agent::ring), then [`answer`](super::Agent::answer) or
    /// [`reject`](super::Agent::reject).
    Incoming {
        /// The call.
        call: CallId,
        /// The INVITE.
        request: Message,
        /// The call that this one is to take the place of (RFC 3891), which ends when this one is
        /// answered.
        replaces: Option<CallId>,
    },
    /// The call has come further, but is not answered yet: 180 when it rings.
    Progress {
        /// The call.
        call: CallId,
        /// The response.
        status: StatusCode,
    },
    /// The call stands on both sides.
    Established {
        /// The call.
        call: CallId,
    },
    /// Both sides have agreed on media, for the first time or anew:
    /// [`Agent::media`](super::Agent::media) tells on which.
    MediaChanged {
        /// The call.
        call: CallId,
    },
    /// The peer has not taken a change of this side, such as to hold. All is as it was before.
    ChangeRefused {
        /// The call.
        call: CallId,
        /// Why.
        status: StatusCode,
    },
    /// Something has come of the media of a call.
    Media {
        /// The call.
        call: CallId,
        /// What.
        event: MediaEvent,
    },
    /// The peer tells how far it is with calling whom it was transferred to. With a final status
    /// it is through, and with a 2xx this call is of no more use.
    Transferring {
        /// The call.
        call: CallId,
        /// What the one called has answered.
        status: StatusCode,
    },
    /// The peer asks this side to call somebody else: to be
    /// [followed](super::Agent::follow_transfer) or [refused](super::Agent::refuse_transfer).
    TransferRequested {
        /// The call.
        call: CallId,
        /// The URI to call.
        target: String,
    },
    /// A call is over: nothing more is told of it.
    Ended {
        /// The call.
        call: CallId,
        /// Why.
        reason: EndReason,
        /// The figures of its media, if it had any.
        statistics: Option<MediaStatistics>,
    },
    /// The address of a server is to be looked up: tell what the DNS says by
    /// [`handle_answer`](super::Agent::handle_answer).
    Lookup {
        /// The request that is to go there.
        request: RequestId,
        /// The question.
        query: Query,
    },
}

/// Why a call is over, or a registration has failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndReason {
    /// This side has hung up.
    HungUp,
    /// The peer has hung up.
    HungUpByPeer,
    /// Another call has taken the place of this one.
    Replaced,
    /// This side has rejected or cancelled the call.
    Rejected,
    /// The peer has cancelled the call before it was answered.
    Cancelled,
    /// The peer has answered with this status and these words.
    Refused(StatusCode, String),
    /// Credentials were asked for, and there are none, or they are wrong.
    Unauthorized,
    /// Nobody answers.
    Timeout,
    /// The server cannot be reached.
    Unreachable,
    /// It rang for as long as the caller wanted.
    Expired,
    /// No ACK has come for the answer of this side.
    NotAcknowledged,
    /// The peer does not know the call any more.
    Lost,
    /// There is no agreement on media.
    NoMedia(String),
}

/// Why a command was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AgentError {
    /// There is no such call or registration, or it is over.
    Unknown,
    /// Not as things stand.
    State,
    /// What the user agent says.
    UserAgent(user_agent::CommandError),
    /// The streams cannot be described.
    Description(UsageError),
    /// The peer's description cannot be accepted.
    Violation(Violation),
    /// The media cannot begin.
    Media(MediaError),
    /// The digits cannot be sent.
    Digits(DigitError),
}

impl EndReason {
    /// Whether the call was there, and ended as calls do.
    pub fn is_regular(&self) -> bool {
        matches!(self, Self::HungUp | Self::HungUpByPeer | Self::Replaced)
    }

    pub(super) fn of_failure(failure: &Failure) -> Self {
        match failure {
            Failure::Refused(response) => {
                let status = response.status().unwrap_or(StatusCode::BAD_REQUEST);
                if [
                    StatusCode::UNAUTHORIZED,
                    StatusCode::PROXY_AUTHENTICATION_REQUIRED,
                ]
                .contains(&status)
                {
                    return Self::Unauthorized;
                }
                let phrase = response.view().reason_phrase().unwrap_or_default();
                Self::Refused(status, String::from_utf8_lossy(phrase).into_owned())
            }
            Failure::Timeout => Self::Timeout,
            Failure::Unreachable => Self::Unreachable,
            _ => Self::Lost,
        }
    }

    pub(super) fn of_cause(cause: &EndCause) -> Self {
        match cause {
            EndCause::Failed(failure) => Self::of_failure(failure),
            EndCause::Given => Self::Rejected,
            EndCause::Cancelled(_) => Self::Cancelled,
            EndCause::Expired => Self::Expired,
            EndCause::HungUp => Self::HungUp,
            EndCause::Replaced(_) => Self::Replaced,
            EndCause::HungUpByPeer(_) => Self::HungUpByPeer,
            EndCause::NotAcknowledged => Self::NotAcknowledged,
            _ => Self::Lost,
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HungUp => f.write_str("hung up"),
            Self::HungUpByPeer => f.write_str("the other side hung up"),
            Self::Replaced => f.write_str("another call has taken its place"),
            Self::Rejected => f.write_str("rejected or cancelled by this side"),
            Self::Cancelled => f.write_str("cancelled by the caller"),
            Self::Refused(status, phrase) => write!(f, "refused: {status} {phrase}"),
            Self::Unauthorized => f.write_str("the user name or password is not accepted"),
            Self::Timeout => f.write_str("no answer"),
            Self::Unreachable => f.write_str("the server cannot be reached"),
            Self::Expired => f.write_str("not answered in time"),
            Self::NotAcknowledged => f.write_str("the answer was never acknowledged"),
            Self::Lost => f.write_str("the other side is gone"),
            Self::NoMedia(why) => write!(f, "no agreement on media: {why}"),
        }
    }
}

impl fmt::Display for AgentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("there is no such call or registration, or it is over"),
            Self::State => f.write_str("not possible as things stand"),
            Self::UserAgent(error) => error.fmt(f),
            Self::Description(error) => error.fmt(f),
            Self::Violation(error) => error.fmt(f),
            Self::Media(error) => error.fmt(f),
            Self::Digits(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for AgentError {}

macro_rules! from {
    ($($error:ty => $variant:ident),*) => {$(
        impl From<$error> for AgentError {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    )*};
}

from!(
    user_agent::CommandError => UserAgent,
    UsageError => Description,
    Violation => Violation,
    MediaError => Media,
    DigitError => Digits
);
