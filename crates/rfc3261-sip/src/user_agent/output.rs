//! What comes out of a user agent, and why a command is refused.

use core::{fmt, time::Duration};

use super::{CallId, PublicationId, RegistrationId, RequestId, SubscriptionId};
use crate::{
    Message, StatusCode, WriteError,
    dialog::DialogError,
    resolve::Query,
    transaction::{self, TransactionId, Transmit},
    transport::Flow,
};

/// What comes out of a user agent, in order.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "outputs are short-lived, and a box would cost an allocation each"
)]
pub enum Output {
    /// A message to send. If that fails, tell
    /// [`handle_transport_error`](super::UserAgent::handle_transport_error).
    Transmit(Transmit),
    /// Something that the user wants to know.
    Event(Event),
}

/// The name of a request of somebody else that is to be
/// [answered](super::UserAgent::respond).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IncomingId(pub(super) TransactionId);

/// What a user agent tells its user.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// Somebody calls: [`ring`](super::UserAgent::ring), then
    /// [`answer`](super::UserAgent::answer), [`reject`](super::UserAgent::reject) or
    /// [`redirect`](super::UserAgent::redirect).
    Incoming {
        /// The call.
        call: CallId,
        /// The INVITE.
        request: Message,
        /// Where it came from.
        source: Flow,
        /// The call that it takes the place of (RFC 3891), which ends when this one is answered.
        replaces: Option<CallId>,
    },
    /// A provisional response but 100 to the INVITE of a call.
    Progress {
        /// The call.
        call: CallId,
        /// The response.
        response: Message,
        /// It is reliable and has an offer: the PRACK with the answer waits for the user
        /// ([`prack`](super::UserAgent::prack)).
        needs_prack: bool,
    },
    /// The other side has answered.
    Answered {
        /// The call.
        call: CallId,
        /// The 2xx response.
        response: Message,
        /// The ACK waits for the user: [`acknowledge`](super::UserAgent::acknowledge).
        needs_ack: bool,
    },
    /// The INVITE has forked, and another side has answered as well (RFC 3261 §13.2.2.4). Both
    /// calls stand; who wants only one [hangs up](super::UserAgent::hang_up) the other.
    Forked {
        /// The call that stood before.
        of: CallId,
        /// The other one.
        call: CallId,
        /// The 2xx response.
        response: Message,
        /// The ACK waits for the user.
        needs_ack: bool,
    },
    /// The ACK for the answer of this side is there: the call stands at both sides.
    Established {
        /// The call.
        call: CallId,
        /// The ACK.
        request: Message,
    },
    /// A call is over.
    Ended {
        /// The call.
        call: CallId,
        /// Why.
        cause: EndCause,
    },
    /// The other side wants to change a call that stands, or one that is on its way to it, by
    /// INVITE, UPDATE or a PRACK with an offer: to be [answered](super::UserAgent::respond).
    Modify {
        /// The call.
        call: CallId,
        /// The name of the request.
        incoming: IncomingId,
        /// The request.
        request: Message,
    },
    /// The other side has cancelled its INVITE within a call before it was answered.
    Withdrawn {
        /// The name of the INVITE.
        incoming: IncomingId,
    },
    /// A change that this side has asked for ([`reinvite`](super::UserAgent::reinvite),
    /// [`update`](super::UserAgent::update)) is made, or not: then the session is as before.
    Modified {
        /// The call.
        call: CallId,
        /// The request.
        request: RequestId,
        /// What came of it: the 2xx response, or why there is none.
        outcome: Result<Message, Failure>,
        /// The 2xx response has an offer, and the ACK with the answer waits for the user:
        /// [`acknowledge`](super::UserAgent::acknowledge).
        needs_ack: bool,
    },
    /// The ACK for an INVITE within a call, or the PRACK with the answer to an offer of this side,
    /// is there.
    Acknowledged {
        /// The call.
        call: CallId,
        /// The ACK or PRACK.
        request: Message,
    },
    /// Another request has come, to be [answered](super::UserAgent::respond).
    Request {
        /// Its name.
        incoming: IncomingId,
        /// The call that it is within.
        call: Option<CallId>,
        /// The request.
        request: Message,
        /// Where it came from.
        source: Flow,
    },
    /// A response to a request that the user has sent: any number of provisional ones, then a
    /// final one.
    Response {
        /// The request.
        request: RequestId,
        /// The response.
        response: Message,
    },
    /// A request that the user has sent gets no response.
    Failed {
        /// The request.
        request: RequestId,
        /// Why.
        failure: Failure,
    },
    /// A request of this side needs credentials (401, 407): [`retry`](super::UserAgent::retry) it
    /// with them, or [`give_up`](super::UserAgent::give_up), which makes the response its outcome.
    Challenged {
        /// The request.
        request: RequestId,
        /// What it is for.
        purpose: Purpose,
        /// The response, with the challenges.
        response: Message,
        /// What was sent: method, Request-URI and body are there, and the credentials that were
        /// not good enough.
        sent: Message,
    },
    /// The address of a server is to be looked up: tell what the DNS says by
    /// [`handle_answer`](super::UserAgent::handle_answer).
    Lookup {
        /// The request that is to go there.
        request: RequestId,
        /// The question.
        query: Query,
    },
    /// A NOTIFY has come for a subscription of this side; it is answered already. What a REFER has
    /// come to, [`referral_status`](super::referral_status) reads.
    Notified {
        /// The subscription.
        subscription: SubscriptionId,
        /// The NOTIFY.
        request: Message,
    },
    /// Somebody subscribes: to be
    /// [accepted](super::UserAgent::accept_subscription) or
    /// [refused](super::UserAgent::refuse_subscription). What comes later, refreshes and the end,
    /// goes by itself.
    Subscribed {
        /// The subscription.
        subscription: SubscriptionId,
        /// The SUBSCRIBE.
        request: Message,
    },
    /// Somebody asks this side to send a request to somebody else (Refer-To): to be
    /// [accepted](super::UserAgent::accept_subscription) or
    /// [refused](super::UserAgent::refuse_subscription), and then told
    /// [how it goes](super::UserAgent::notify_referral).
    Referred {
        /// The subscription to what becomes of it.
        subscription: SubscriptionId,
        /// The call that the REFER came within.
        call: Option<CallId>,
        /// The REFER.
        request: Message,
    },
    /// A subscription is over.
    SubscriptionEnded {
        /// The subscription.
        subscription: SubscriptionId,
        /// Why, unless the other side or the time has ended it as it should be.
        failure: Option<Failure>,
    },
    /// A server has accepted a publication, its change or its refresh.
    Published {
        /// The publication.
        publication: PublicationId,
        /// How long it lasts.
        expires: Duration,
        /// The 2xx response.
        response: Message,
    },
    /// What was published is removed, and the publication is gone.
    Unpublished {
        /// The publication.
        publication: PublicationId,
    },
    /// A server has not accepted a publication, its change, its refresh or its removal. After a
    /// removal it is gone; otherwise it may be tried again by
    /// [`republish`](super::UserAgent::republish), or
    /// [forgotten](super::UserAgent::forget_publication).
    PublicationFailed {
        /// The publication.
        publication: PublicationId,
        /// Why.
        failure: Failure,
    },
    /// A registrar has accepted a registration or its refresh.
    Registered {
        /// The registration.
        registration: RegistrationId,
        /// How long it lasts.
        expires: Duration,
        /// The 2xx response, with all bindings.
        response: Message,
    },
    /// The bindings are removed, and the registration is gone.
    Unregistered {
        /// The registration.
        registration: RegistrationId,
    },
    /// A registrar has not accepted a registration, its refresh or its removal. After a removal
    /// the registration is gone; otherwise it may be tried again by
    /// [`refresh`](super::UserAgent::refresh), or [forgotten](super::UserAgent::forget).
    RegistrationFailed {
        /// The registration.
        registration: RegistrationId,
        /// Why.
        failure: Failure,
    },
}

/// What a request of this side is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// A registration.
    Registration(RegistrationId),
    /// A call, or something within it.
    Call(CallId),
    /// A subscription.
    Subscription(SubscriptionId),
    /// A publication.
    Publication(PublicationId),
    /// What the user sends by itself.
    Request,
}

/// Why a request has not got what it was sent for.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "failures are short-lived, and a box would cost an allocation each"
)]
pub enum Failure {
    /// A final response but 2xx.
    Refused(Message),
    /// No response in time: as 408 (RFC 3261 §8.1.3.1).
    Timeout,
    /// It could not be sent: as 503 (RFC 3261 §8.1.3.1).
    Unreachable,
}

/// Why a call is over.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum EndCause {
    /// The other side, or something on the way to it, has not taken the call.
    Failed(Failure),
    /// This side has cancelled, rejected or redirected it before it stood.
    Given,
    /// The other side has cancelled it before it was answered: the CANCEL.
    Cancelled(Message),
    /// It was not answered in the time that the caller gave (Expires in the INVITE).
    Expired,
    /// The session was not refreshed in time (RFC 4028 §10).
    SessionExpired,
    /// This side has hung up.
    HungUp,
    /// Another call has taken its place (RFC 3891).
    Replaced(CallId),
    /// The other side has hung up: the BYE.
    HungUpByPeer(Message),
    /// No ACK has come for a 2xx of this side (RFC 3261 §13.3.1.4), or no PRACK for a reliable
    /// provisional response (RFC 3262 §3).
    NotAcknowledged,
    /// The other side does not know the call any more, or cannot be reached (RFC 3261 §12.2.1.2).
    Lost,
}

/// Why a command was refused: the caller's fault, not the peer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandError {
    /// There is no such call, request or registration, or it is over.
    Unknown,
    /// It cannot do this as things stand.
    State,
    /// There are as many calls as are allowed.
    Full,
    /// The status is not one that answers this.
    Status,
    /// A URI that leads nowhere: not one of SIP.
    Uri,
    /// What the dialog says.
    Dialog(DialogError),
    /// What the transactions say.
    Transaction(transaction::CommandError),
    /// The message cannot be written.
    Write(WriteError),
}

impl Failure {
    /// The status that stands for it.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Refused(response) => response.status().unwrap_or(StatusCode::BAD_REQUEST),
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("there is no such thing, or it is over"),
            Self::State => f.write_str("not possible as things stand"),
            Self::Full => f.write_str("too many calls"),
            Self::Status => f.write_str("not a status that answers this"),
            Self::Uri => f.write_str("not a SIP URI"),
            Self::Dialog(error) => error.fmt(f),
            Self::Transaction(error) => error.fmt(f),
            Self::Write(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for CommandError {}

impl From<DialogError> for CommandError {
    fn from(error: DialogError) -> Self {
        Self::Dialog(error)
    }
}

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
