//! Calls of this side: INVITE, what comes back, its ACKs, and CANCEL (RFC 3261 §9.1, §13.2).

use alloc::boxed::Box;
use std::time::Instant;

use super::{
    CallId, CallState, CommandError, Content, EndCause, Event, Failure, RequestId, Target,
    UserAgent,
    call::{Call, Input, With},
    exchange::Offer,
    handle::DialogKey,
    modify::has_session,
    request::{Ack, Request, What},
    session_timer::SessionTimer,
};
use crate::{
    HeaderName, Message, MessageRef, Method,
    dialog::{Dialog, DialogId},
    transport::Transport,
};

/// How many dialogs one INVITE of this side may make.
const FORKS: usize = 32;

impl UserAgent {
    /// Calls somebody: INVITE, with the session description in `content`, or without one for an
    /// offer of the other side.
    ///
    /// [`Event::Progress`], [`Event::Answered`], [`Event::Forked`] and [`Event::Ended`] tell what
    /// comes of it.
    pub fn invite(
        &mut self,
        now: Instant,
        target: &Target,
        content: &Content,
    ) -> Result<CallId, CommandError> {
        if self.calls.len() >= self.config.max_calls {
            return Err(CommandError::Full);
        }
        let way = self.way_to(target)?;
        let (from, call_id) = (self.new_from(target), self.new_call_id());
        let request = self.outside(Method::INVITE, target, &from, &call_id, 1, &way)?;
        let request = request.header(
            HeaderName::Contact,
            format_args!("<{}>", self.config.contact),
        );
        let request = self.with_capabilities(request);
        let request = self.with_session_timer(request, SessionTimer::Off);
        let request = content.add_to_request(request).build()?;
        let mut call = Call::new(CallState::Calling);
        call.exchange.our_invite = true;
        if content.has_session() {
            call.exchange.description_sent();
            call.description.clone_from(&content.body);
        }
        let call = self.calls.insert(call);
        match self.submit(now, Request::new(What::Invite(call), None), request, way) {
            Ok(invite) => {
                if let Some(call) = self.calls.get_mut(call) {
                    call.invite = Some(invite);
                }
                self.pump(now);
                Ok(call)
            }
            Err(error) => {
                self.calls.remove(call);
                Err(error)
            }
        }
    }

    /// The INVITE of a call has a provisional response.
    pub(super) fn invite_progresses(
        &mut self,
        now: Instant,
        invite: RequestId,
        call: CallId,
        response: Message,
    ) {
        if response.status().is_none_or(|status| status.get() == 100) {
            return;
        }
        if self.has_forked_enough(invite) {
            return;
        }
        let early = self.dialog_of(invite, call, response.view());
        let (looked_at, needs_prack) =
            self.take_provisional(now, invite, call, early, response.view());
        if !looked_at {
            return;
        }
        if let (Some(key), Some(call)) = (early, self.calls.get_mut(call)) {
            if !call.early.contains(&key) {
                call.early.push(key);
            }
            call.dialog = Some(key);
            call.note_peer(response.view());
        }
        let with = With {
            response: Some(response),
            needs_prack,
            cause: None,
        };
        self.advance(now, call, Input::Provisional, with);
    }

    /// The INVITE of a call has a final response, or none.
    pub(super) fn invite_is_answered(
        &mut self,
        now: Instant,
        invite: RequestId,
        call: CallId,
        outcome: Result<Message, Failure>,
    ) {
        let response = match outcome {
            Ok(response) => response,
            Err(failure) => {
                // After a 2xx nothing but more of them is of interest.
                let open = self
                    .requests
                    .get(invite)
                    .is_some_and(|request| request.acks.is_empty());
                if open && self.answers_422(now, invite, call, &failure) {
                    return;
                }
                if open {
                    let with = With::cause(EndCause::Failed(failure));
                    self.advance(now, call, Input::Failure, with);
                }
                self.requests.remove(invite);
                return;
            }
        };
        let tag = remote_tag(&response);
        if self.resend_ack(invite, &tag) || self.has_forked_enough(invite) {
            return;
        }
        let first = self
            .requests
            .get(invite)
            .is_some_and(|request| request.acks.is_empty());
        let Some(key) = self.dialog_of(invite, call, response.view()) else {
            // There is nothing that an ACK could be made from.
            if first {
                let with = With::cause(EndCause::Failed(Failure::Refused(response)));
                self.advance(now, call, Input::Failure, with);
            }
            return;
        };
        if let Some(request) = self.requests.get_mut(invite) {
            request.acks.push(Ack::owed(tag));
        }
        if first && self.calls.get(call).is_some() {
            if let Some(call) = self.calls.get_mut(call) {
                call.dialog = Some(key);
            }
            self.advance(now, call, Input::Success, With::response(response));
        } else {
            self.another_answer(now, invite, call, key, response);
        }
    }

    /// Another side has answered the INVITE as well: that is a call of its own.
    fn another_answer(
        &mut self,
        now: Instant,
        invite: RequestId,
        of: CallId,
        key: DialogKey,
        response: Message,
    ) {
        let stands = self.calls.get_mut(of).is_some_and(|call| {
            call.early.retain(|early| *early != key);
            call.state == CallState::Established
        });
        let mut other = Call::new(match stands {
            true => CallState::Calling,
            false => CallState::Cancelling,
        });
        (other.dialog, other.invite) = (Some(key), Some(invite));
        if self.has_offered(invite) {
            other.exchange.description_sent();
        }
        let call = self.calls.insert(other);
        if let Some(entry) = self.dialogs.get_mut(key) {
            entry.call = Some(call);
        }
        if stands {
            self.forked_from = Some(of);
        }
        self.advance(now, call, Input::Success, With::response(response));
        self.forked_from = None;
    }

    /// The call has its 2xx response: the ACK is sent, or waits for the user.
    pub(super) fn answered(
        &mut self,
        now: Instant,
        call: CallId,
        response: Option<Message>,
        tell: bool,
    ) {
        let Some(response) = response else { return };
        let Some(found) = self.calls.get(call) else {
            return;
        };
        let (Some(invite), Some(key)) = (found.invite, found.dialog) else {
            return;
        };
        let owes_answer = self.take_answer(invite, call, response.view());
        let needs_ack = tell && (owes_answer || !self.config.automatic_ack);
        self.settle_session_timer(now, call, SessionTimer::of_response(response.view()));
        if needs_ack {
            if let Some(call) = self.calls.get_mut(call) {
                call.owed_ack = Some(remote_tag(&response));
            }
        } else {
            let tag = remote_tag(&response);
            let _ = self.make_ack(now, invite, key, &tag, &Content::new());
        }
        if !tell {
            return;
        }
        self.tell(match self.forked_from {
            Some(of) => Event::Forked {
                of,
                call,
                response,
                needs_ack,
            },
            None => Event::Answered {
                call,
                response,
                needs_ack,
            },
        });
    }

    /// Notes the session description of the 2xx response to an INVITE of this side; whether it is
    /// an offer that is to be answered. Behind a first answer no other one counts (RFC 3261
    /// §13.2.1).
    fn take_answer(&mut self, invite: RequestId, id: CallId, response: MessageRef<'_>) -> bool {
        let earlier = self
            .requests
            .get(invite)
            .is_some_and(|request| request.described);
        let Some(call) = self.calls.get_mut(id) else {
            return false;
        };
        call.exchange.our_invite = false;
        call.note_peer(response);
        let described = has_session(response) && !earlier;
        if described || call.exchange.offer == Offer::Ours {
            call.exchange.description_received();
        }
        described && call.exchange.offer == Offer::Theirs
    }

    /// Whether an INVITE of this side has an offer in it.
    fn has_offered(&mut self, invite: RequestId) -> bool {
        let request = self.requests.get(invite);
        request.is_some_and(|request| self.parser.parse(&request.message).is_ok_and(has_session))
    }

    /// Whether more answers of other sides are ignored: nobody forks as much.
    fn has_forked_enough(&self, invite: RequestId) -> bool {
        let request = self.requests.get(invite);
        request.is_some_and(|request| request.acks.len().max(request.reliable.len()) >= FORKS)
    }

    /// Calls again with the session interval that a 422 wants (RFC 4028 §7.3).
    fn answers_422(
        &mut self,
        now: Instant,
        invite: RequestId,
        call: CallId,
        failure: &Failure,
    ) -> bool {
        let Failure::Refused(response) = failure else {
            return false;
        };
        let wanted = self.calls.get(call).is_some_and(Call::is_wanted);
        let Some(request) = self.requests.get_mut(invite).filter(|_| wanted) else {
            return false;
        };
        request.attempts = request.attempts.saturating_add(1);
        if request.attempts > 3 {
            return false;
        }
        let again = self.with_longer_interval(now, invite, response.view());
        if again {
            self.drop_early_dialogs(call);
        }
        again
    }

    /// The transaction of an INVITE that had a 2xx response is over: no other one comes, and the
    /// early dialogs that are left have come to nothing (RFC 3261 §13.2.2.4).
    pub(super) fn invite_is_over(&mut self, what: What) {
        if let What::Invite(call) = what {
            self.drop_early_dialogs(call);
        }
    }

    /// Cancels the INVITE of a call, whatever has become of it.
    pub(super) fn cancel_invite(&mut self, now: Instant, call: CallId) {
        let invite = self.calls.get(call).and_then(|call| call.invite);
        let Some((invite, request)) = invite.and_then(|id| Some((id, self.requests.get(id)?)))
        else {
            return;
        };
        match request.transaction {
            Some(transaction) => {
                let _ = self.layer.cancel(now, transaction, None);
            }
            // It waits for an address or for credentials.
            None => self.invite_is_answered(now, invite, call, Err(Failure::Unreachable)),
        }
    }

    /// The dialog that a response to an INVITE of this side is of: there already, or made by it.
    fn dialog_of(
        &mut self,
        invite: RequestId,
        call: CallId,
        response: MessageRef<'_>,
    ) -> Option<DialogKey> {
        let id = DialogId::of_response(response).ok()?;
        if let Some(key) = self.dialogs.find(&id) {
            let entry = self.dialogs.get_mut(key)?;
            let _ = entry.dialog.handle_response_as(&id, response);
            return Some(key);
        }
        let request = self.requests.get(invite)?;
        let flow = request.flow?;
        let view = self.parser.parse(&request.message).ok()?;
        let transport: Transport = flow.transport;
        let dialog = Dialog::uac_as(id, view, response, transport).ok()?;
        let owner = self.calls.get(call).is_some().then_some(call);
        Some(self.dialogs.insert(dialog, flow, owner))
    }
}

/// The tag of To in a response.
pub(super) fn remote_tag(response: &Message) -> Box<str> {
    let to = response.to();
    to.map_or_else(|_| Box::default(), |to| to.tag().unwrap_or_default().into())
}
