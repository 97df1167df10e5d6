//! Calls: what both sides of one have in common (RFC 3261 §13, §15).

mod table;

pub use table::CallState;
pub(super) use table::{Action, Input};

use alloc::{borrow::Cow, boxed::Box, vec::Vec};
use core::time::Duration;
use std::time::Instant;

use bytes::Bytes;

use super::{
    CallId, CommandError, Content, EndCause, Event, IncomingId, RequestId, UserAgent,
    deadlines::Deadlines,
    exchange::{Exchange, Offer},
    handle::{DialogKey, Handle},
    modify::allows_update,
    reliable::{OwedPrack, Reliable},
    request::What,
    session_timer::{self, SessionTimer},
};
use crate::{Message, MessageRef, Method, StatusCode, transaction::TransactionId};

/// A call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) state: CallState,
    /// The dialog that stands, or the early one that was heard of last.
    pub(super) dialog: Option<DialogKey>,
    /// All early dialogs of an INVITE of this side.
    pub(super) early: Vec<DialogKey>,
    /// The INVITE of this side that the call began with, or the last one within it.
    pub(super) invite: Option<RequestId>,
    /// The INVITE of the other side that is under way.
    pub(super) answering: Option<Box<Answering>>,
    /// The reliable provisional responses to the INVITE that the call began with. They may
    /// outlive it: a PRACK may come behind the ACK (RFC 3262 §3).
    pub(super) reliable: Option<Box<Reliable>>,
    /// The tag of the 2xx response whose ACK waits for the user.
    pub(super) owed_ack: Option<Box<str>>,
    /// The PRACK that waits for the user.
    pub(super) owed_prack: Option<Box<OwedPrack>>,
    pub(super) exchange: Exchange,
    /// The request of this side that has met one of the other side, and waits.
    pub(super) glare: Option<RequestId>,
    pub(super) session: SessionTimer,
    /// The session description that this side has sent last, and its type.
    pub(super) description: Option<(Cow<'static, str>, Bytes)>,
    /// The other side says that it takes UPDATE.
    pub(super) peer_updates: bool,
    /// The requests that change the session and wait for the user.
    pub(super) pending: Vec<TransactionId>,
    /// The call that ends when this one is answered (RFC 3891).
    pub(super) replaces: Option<CallId>,
    pub(super) deadlines: Deadlines<{ Timer::COUNT }>,
}

/// An INVITE of the other side, until its ACK is there.
#[derive(Debug)]
pub(super) struct Answering {
    pub(super) transaction: TransactionId,
    pub(super) sequence_number: u32,
    /// While it is not answered.
    pub(super) request: Option<Message>,
    /// What is sent again: the last provisional response, or the 2xx.
    pub(super) response: Bytes,
    pub(super) interval: Duration,
    /// What the last provisional response was made of.
    pub(super) provisional: Option<Box<(StatusCode, Content)>>,
    /// A reliable response had a session description in it.
    pub(super) described: bool,
}

/// The timers of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    /// Sends the 2xx again (RFC 3261 §13.3.1.4).
    Resend,
    /// Gives up waiting for the ACK (RFC 3261 §13.3.1.4).
    NoAck,
    /// Sends the last provisional response again (RFC 3261 §13.3.1.1).
    Ring,
    /// Ends an INVITE that is not answered in the time of its Expires (RFC 3261 §13.3.1).
    Expire,
    /// Sends a reliable provisional response again (RFC 3262 §3).
    Reliable,
    /// Gives up waiting for the PRACK (RFC 3262 §3).
    NoPrack,
    /// Tries a request again that has met one of the other side (RFC 3261 §14.1).
    Glare,
    /// Refreshes the session (RFC 4028 §10).
    Refresh,
    /// Ends a session that was not refreshed (RFC 4028 §10).
    SessionEnd,
}

/// What comes with an input.
#[derive(Debug, Default)]
pub(super) struct With {
    pub(super) response: Option<Message>,
    pub(super) needs_prack: bool,
    pub(super) cause: Option<EndCause>,
}

impl UserAgent {
    /// Hangs up: cancels a call that is not answered yet, declines one that came in (603), ends
    /// one that stands with BYE. [`Event::Ended`] follows at once; what is sent to that end goes
    /// on by itself.
    pub fn hang_up(&mut self, now: Instant, call: CallId) -> Result<(), CommandError> {
        let found = self.calls.get(call).ok_or(CommandError::Unknown)?;
        let cause = match found.state {
            CallState::Accepted | CallState::Established => EndCause::HungUp,
            _ => EndCause::Given,
        };
        if found.owed_ack.is_some() {
            self.send_owed_ack(now, call, &Content::new())?;
        }
        let with = With::cause(cause);
        if !self.advance(now, call, Input::HangUp, with) {
            return Err(CommandError::State);
        }
        self.pump(now);
        Ok(())
    }

    /// Sends a request within a call: INFO, MESSAGE, OPTIONS or another that does not change the
    /// call. It goes by the dialog that stands, or by the early one that was heard of last.
    ///
    /// [`Event::Response`] and [`Event::Failed`] tell what comes of it.
    pub fn request_within(
        &mut self,
        now: Instant,
        call: CallId,
        method: Method<'_>,
        content: &Content,
    ) -> Result<RequestId, CommandError> {
        let own = [Method::INVITE, Method::BYE, Method::UPDATE, Method::PRACK];
        if own.contains(&method) {
            return Err(CommandError::State);
        }
        let found = self.calls.get(call).ok_or(CommandError::Unknown)?;
        let dialog = found.dialog.ok_or(CommandError::State)?;
        let id = self.send_within(now, dialog, method, content, What::User)?;
        self.pump(now);
        Ok(id)
    }

    /// How far a call is: [`CallState::Over`] once nothing is left of it.
    #[must_use]
    pub fn call_state(&self, call: CallId) -> CallState {
        self.calls
            .get(call)
            .map_or(CallState::Over, |call| call.state)
    }

    /// The dialog of a call: the one that stands, or the early one that was heard of last.
    #[must_use]
    pub fn dialog(&self, call: CallId) -> Option<&crate::dialog::Dialog> {
        let key = self.calls.get(call)?.dialog?;
        Some(&self.dialogs.get(key)?.dialog)
    }

    /// Lets something happen to a call; whether that has a place in its state.
    pub(super) fn advance(
        &mut self,
        now: Instant,
        id: CallId,
        input: Input,
        mut with: With,
    ) -> bool {
        let Some(call) = self.calls.get_mut(id) else {
            return false;
        };
        let Some(step) = call.state.step(input) else {
            return false;
        };
        call.state = step.next;
        for action in step.actions {
            self.act(now, id, *action, &mut with);
        }
        if step.next == CallState::Over {
            self.drop_call(now, id);
        }
        true
    }

    fn act(&mut self, now: Instant, id: CallId, action: Action, with: &mut With) {
        match action {
            Action::TellProgress => {
                if let Some(response) = with.response.take() {
                    self.tell(Event::Progress {
                        call: id,
                        response,
                        needs_prack: with.needs_prack,
                    });
                }
            }
            Action::TellAnswered => self.answered(now, id, with.response.take(), true),
            Action::Acknowledge => self.answered(now, id, with.response.take(), false),
            Action::TellEstablished => {
                if let Some(request) = with.response.take() {
                    self.tell(Event::Established { call: id, request });
                }
            }
            Action::Cancel => self.cancel_invite(now, id),
            Action::Terminate => self.refuse(now, id, StatusCode::REQUEST_TERMINATED),
            Action::Decline => self.refuse(now, id, StatusCode::DECLINE),
            Action::Bye => self.send_bye(now, id),
            Action::TellEnded => {
                if let Some(cause) = with.cause.take() {
                    self.tell(Event::Ended { call: id, cause });
                }
            }
        }
    }

    fn send_bye(&mut self, now: Instant, id: CallId) {
        self.end_pending(now, id);
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        call.answering = None;
        call.deadlines = Deadlines::new();
        call.session = SessionTimer::Off;
        let (dialog, glare) = (call.dialog, call.glare.take());
        if let Some(request) = glare {
            self.requests.remove(request);
        }
        self.reschedule(id);
        let what = What::Bye(id);
        let sent =
            dialog.map(|dialog| self.send_within(now, dialog, Method::BYE, &Content::new(), what));
        if !matches!(sent, Some(Ok(_))) {
            self.advance(now, id, Input::ByeDone, With::default());
        }
    }

    /// The BYE of this side has been answered, or never will be: either way that is the end
    /// (RFC 3261 §15.1.1).
    pub(super) fn bye_is_answered(&mut self, now: Instant, call: CallId) {
        self.advance(now, call, Input::ByeDone, With::default());
    }

    /// What the other side has asked for and the user has not answered is over: 487 (RFC 3261
    /// §15.1.2).
    fn end_pending(&mut self, now: Instant, id: CallId) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        for transaction in core::mem::take(&mut call.pending) {
            let (incoming, status) = (IncomingId(transaction), StatusCode::REQUEST_TERMINATED);
            if self
                .answer_pending(now, incoming, status, &Content::new())
                .is_ok()
            {
                self.tell(Event::Withdrawn { incoming });
            }
        }
    }

    fn drop_call(&mut self, now: Instant, id: CallId) {
        self.end_pending(now, id);
        if let Some(call) = self.calls.remove(id) {
            if let Some(request) = call.glare {
                self.requests.remove(request);
            }
            for key in call.early.into_iter().chain(call.dialog) {
                self.drop_dialog(key);
            }
            self.call_queue.set(id.slot(), None);
        }
    }

    /// Puts a call's next timer in its place among all.
    pub(super) fn reschedule(&mut self, id: CallId) {
        if let Some(call) = self.calls.get(id) {
            self.call_queue.set(id.slot(), call.deadlines.next());
        }
    }

    /// Runs the timers of calls.
    pub(super) fn run_call_timers(&mut self, now: Instant) {
        while let Some((deadline, slot)) = self.call_queue.next() {
            if deadline > now {
                break;
            }
            let Some(id) = self.calls.id_at(slot) else {
                self.call_queue.set(slot, None);
                continue;
            };
            let call = self.calls.get_mut(id);
            let timer = call.and_then(|call| Timer::from_index(call.deadlines.take_due(now)?));
            match timer {
                Some(Timer::Resend) => self.resend_answer(now, id),
                Some(Timer::NoAck) => {
                    self.advance(
                        now,
                        id,
                        Input::NoAck,
                        With::cause(EndCause::NotAcknowledged),
                    );
                }
                Some(Timer::Ring) => self.ring_again(now, id),
                Some(Timer::Expire) => {
                    self.advance(now, id, Input::Cancelled, With::cause(EndCause::Expired));
                }
                Some(Timer::Reliable) => self.resend_reliable(now, id),
                Some(Timer::NoPrack) => self.reliable_has_failed(now, id),
                Some(Timer::Glare) => self.glare_is_over(now, id),
                Some(Timer::Refresh) => {
                    self.session_timer_fires(now, id, session_timer::Input::Due);
                }
                Some(Timer::SessionEnd) => {
                    self.session_timer_fires(now, id, session_timer::Input::Over);
                }
                None => {}
            }
            self.reschedule(id);
        }
    }
}

impl Call {
    pub(super) const fn new(state: CallState) -> Self {
        Self {
            state,
            dialog: None,
            early: Vec::new(),
            invite: None,
            answering: None,
            reliable: None,
            owed_ack: None,
            owed_prack: None,
            exchange: Exchange {
                our_invite: false,
                their_invite: false,
                our_update: false,
                their_update: false,
                offer: Offer::None,
            },
            glare: None,
            session: SessionTimer::Off,
            description: None,
            peer_updates: false,
            pending: Vec::new(),
            replaces: None,
            deadlines: Deadlines::new(),
        }
    }

    /// Whether nobody has ended it.
    pub(super) fn is_on(&self) -> bool {
        self.is_wanted()
            || matches!(
                self.state,
                CallState::Ringing | CallState::Accepted | CallState::Established
            )
    }

    /// Notes what the other side says that it takes.
    pub(super) fn note_peer(&mut self, message: MessageRef<'_>) {
        if let Some(updates) = allows_update(message) {
            self.peer_updates = updates;
        }
    }

    /// Whether the user has not hung up yet.
    pub(super) fn is_wanted(&self) -> bool {
        matches!(self.state, CallState::Calling | CallState::Proceeding)
    }
}

impl Answering {
    /// An INVITE that has this 2xx for its answer.
    pub(super) fn answered(transaction: TransactionId, number: u32, response: Bytes) -> Self {
        Self {
            transaction,
            sequence_number: number,
            request: None,
            response,
            interval: Duration::ZERO,
            provisional: None,
            described: false,
        }
    }
}

impl Timer {
    pub(super) const COUNT: usize = 9;
    const ALL: [Self; Self::COUNT] = [
        Self::Resend,
        Self::NoAck,
        Self::Ring,
        Self::Expire,
        Self::Reliable,
        Self::NoPrack,
        Self::Glare,
        Self::Refresh,
        Self::SessionEnd,
    ];

    fn from_index(index: usize) -> Option<Self> {
        Self::ALL.get(index).copied()
    }
}

impl With {
    pub(super) fn response(response: Message) -> Self {
        Self {
            response: Some(response),
            ..Self::default()
        }
    }

    pub(super) fn cause(cause: EndCause) -> Self {
        Self {
            cause: Some(cause),
            ..Self::default()
        }
    }
}
