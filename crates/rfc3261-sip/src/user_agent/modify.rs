//! Changes of a session that stands: re-INVITE (RFC 3261 §14) and UPDATE (RFC 3311), their
//! refreshes by session timers (RFC 4028), and what happens when both sides begin at once.

use std::time::Instant;

use super::{
    CallId, CallState, CommandError, Content, Event, Failure, RequestId, UserAgent,
    call::Timer,
    exchange::{Arrival, Offer},
    invite::remote_tag,
    request::{Ack, Request, What},
    session_timer::SessionTimer,
};
use crate::{
    HeaderName, Message, MessageRef, Method, StatusCode,
    headers::{ContentDisposition, ContentType},
};

/// How often a request that met one of the other side is tried again.
const ATTEMPTS: u8 = 8;

impl UserAgent {
    /// Changes a call that stands by an INVITE, with another session description in `content`,
    /// or without one for an offer of the other side.
    ///
    /// Where the other side has begun the same at the same time (491), it is tried again after
    /// the random time of RFC 3261 §14.1. [`Event::Modified`] tells what comes of it.
    ///
    /// # Errors
    ///
    /// [`CommandError::State`] while an INVITE of either side or an offer is under way.
    pub fn reinvite(
        &mut self,
        now: Instant,
        call: CallId,
        content: &Content,
    ) -> Result<RequestId, CommandError> {
        let id = self.send_reinvite(now, call, content, false)?;
        self.pump(now);
        Ok(id)
    }

    /// Changes a call by an UPDATE: one that stands, or one whose INVITE is not answered yet but
    /// has a dialog (RFC 3311). [`Event::Modified`] tells what comes of it.
    ///
    /// # Errors
    ///
    /// [`CommandError::State`] while another UPDATE or, with a session description, another offer
    /// is under way.
    pub fn update(
        &mut self,
        now: Instant,
        call: CallId,
        content: &Content,
    ) -> Result<RequestId, CommandError> {
        let id = self.send_update(now, call, content, false)?;
        self.pump(now);
        Ok(id)
    }

    /// Withdraws a [`reinvite`](Self::reinvite) that has no final response: by CANCEL, or, while
    /// it waits to be sent again, at once.
    pub fn withdraw(&mut self, now: Instant, request: RequestId) -> Result<(), CommandError> {
        let found = self.requests.get(request).ok_or(CommandError::Unknown)?;
        let What::Reinvite(call) = found.what else {
            return Err(CommandError::State);
        };
        match found.transaction {
            Some(transaction) => self.layer.cancel(now, transaction, None)?,
            None => {
                if let Some(call) = self.calls.get_mut(call) {
                    call.glare = None;
                    call.deadlines.stop(Timer::Glare as usize);
                }
                self.reschedule(call);
                self.finish(now, request, Err(Failure::Unreachable));
            }
        }
        self.pump(now);
        Ok(())
    }

    pub(super) fn send_reinvite(
        &mut self,
        now: Instant,
        id: CallId,
        content: &Content,
        silent: bool,
    ) -> Result<RequestId, CommandError> {
        let arrival = Arrival {
            invite: true,
            offer: content.has_session(),
        };
        let call = self.calls.get(id).ok_or(CommandError::Unknown)?;
        let idle = call.answering.is_none() && call.owed_ack.is_none() && call.glare.is_none();
        let stands = call.state == CallState::Established;
        if !(stands && idle && call.exchange.allows(arrival)) {
            return Err(CommandError::State);
        }
        let dialog = call.dialog.ok_or(CommandError::State)?;
        let session = call.session;
        let (request, way) = self.within(dialog, Method::INVITE)?;
        let request = self.with_capabilities(request);
        let request = self.with_session_timer(request, session);
        let message = content.add_to_request(request).build()?;
        let mut request = Request::new(What::Reinvite(id), Some(dialog));
        request.silent = silent;
        let request = self.submit(now, request, message, way)?;
        self.modification_begins(id, arrival, content);
        if let Some(call) = self.calls.get_mut(id) {
            call.invite = Some(request);
        }
        Ok(request)
    }

    pub(super) fn send_update(
        &mut self,
        now: Instant,
        id: CallId,
        content: &Content,
        silent: bool,
    ) -> Result<RequestId, CommandError> {
        let arrival = Arrival {
            invite: false,
            offer: content.has_session(),
        };
        let call = self.calls.get(id).ok_or(CommandError::Unknown)?;
        let ends = matches!(
            call.state,
            CallState::Cancelling | CallState::Hanging | CallState::Ending
        );
        if ends || call.glare.is_some() || !call.exchange.allows(arrival) {
            return Err(CommandError::State);
        }
        let dialog = call.dialog.ok_or(CommandError::State)?;
        let session = call.session;
        let (request, way) = self.within(dialog, Method::UPDATE)?;
        let request = self.with_capabilities(request);
        let request = self.with_session_timer(request, session);
        let message = content.add_to_request(request).build()?;
        let mut request = Request::new(What::Update(id), Some(dialog));
        request.silent = silent;
        let request = self.submit(now, request, message, way)?;
        self.modification_begins(id, arrival, content);
        Ok(request)
    }

    /// Notes what is under way from now on.
    fn modification_begins(&mut self, id: CallId, arrival: Arrival, content: &Content) {
        if let Some(call) = self.calls.get_mut(id) {
            match arrival.invite {
                true => call.exchange.our_invite = true,
                false => call.exchange.our_update = true,
            }
            if arrival.offer {
                call.exchange.description_sent();
                call.description.clone_from(&content.body);
            }
        }
    }

    /// A re-INVITE or an UPDATE of this side has come to its end; whether its name may go.
    pub(super) fn modification_is_answered(
        &mut self,
        now: Instant,
        request: RequestId,
        call: CallId,
        invite: bool,
        outcome: Result<Message, Failure>,
    ) {
        let copy = matches!((&outcome, invite), (Ok(response), true)
            if self.resend_ack(request, &remote_tag(response)));
        if copy {
            return;
        }
        let silent = self.requests.get(request).is_some_and(|found| found.silent);
        let Some(found) = self.calls.get_mut(call) else {
            // The call is over; a 2xx wants its ACK nevertheless.
            self.finish_reinvite_of_no_call(now, request, invite, outcome);
            return;
        };
        match invite {
            true => found.exchange.our_invite = false,
            false => found.exchange.our_update = false,
        }
        match outcome {
            Ok(response) => {
                self.modification_succeeds(now, request, call, invite, silent, response);
            }
            Err(failure) => {
                if found.exchange.offer == Offer::Ours {
                    found.exchange.offer = Offer::None;
                }
                if self.repairs(now, request, call, invite, &failure) {
                    return;
                }
                self.requests.remove(request);
                if !silent && self.calls.get(call).is_some_and(|call| call.is_on()) {
                    self.tell(Event::Modified {
                        call,
                        request,
                        outcome: Err(failure),
                        needs_ack: false,
                    });
                }
            }
        }
    }

    fn modification_succeeds(
        &mut self,
        now: Instant,
        request: RequestId,
        id: CallId,
        invite: bool,
        silent: bool,
        response: Message,
    ) {
        self.settle_session_timer(now, id, SessionTimer::of_response(response.view()));
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        call.note_peer(response.view());
        let described = has_session(response.view());
        if described {
            call.exchange.description_received();
        }
        let owes_answer = described && call.exchange.offer == Offer::Theirs;
        let mut needs_ack = false;
        if invite {
            let (dialog, tag) = (call.dialog, remote_tag(&response));
            needs_ack = call.is_on() && (owes_answer || !self.config.automatic_ack);
            if needs_ack {
                call.owed_ack = Some(tag.clone());
            }
            if let Some(request) = self.requests.get_mut(request) {
                request.acks.push(Ack::owed(tag.clone()));
            }
            if let Some(dialog) = dialog.filter(|_| !needs_ack) {
                let _ = self.make_ack(now, request, dialog, &tag, &Content::new());
            }
        } else {
            self.requests.remove(request);
        }
        if !silent && self.calls.get(id).is_some_and(|call| call.is_on()) {
            self.tell(Event::Modified {
                call: id,
                request,
                outcome: Ok(response),
                needs_ack,
            });
        }
    }

    fn finish_reinvite_of_no_call(
        &mut self,
        now: Instant,
        request: RequestId,
        invite: bool,
        outcome: Result<Message, Failure>,
    ) {
        let dialog = self
            .requests
            .get(request)
            .and_then(|request| request.dialog);
        match (outcome, dialog) {
            (Ok(response), Some(dialog)) if invite && self.dialogs.get(dialog).is_some() => {
                let tag = remote_tag(&response);
                if let Some(request) = self.requests.get_mut(request) {
                    request.acks.push(Ack::owed(tag.clone()));
                }
                let _ = self.make_ack(now, request, dialog, &tag, &Content::new());
            }
            _ => {
                self.requests.remove(request);
            }
        }
    }

    /// Whether a request that was refused is sent again: later where the other side has begun
    /// the same (491), with a longer interval (422), or by INVITE where UPDATE is not known.
    fn repairs(
        &mut self,
        now: Instant,
        request: RequestId,
        id: CallId,
        invite: bool,
        failure: &Failure,
    ) -> bool {
        let Failure::Refused(response) = failure else {
            return false;
        };
        let Some(found) = self.requests.get_mut(request) else {
            return false;
        };
        found.attempts = found.attempts.saturating_add(1);
        if found.attempts > ATTEMPTS {
            return false;
        }
        let (attempts, silent) = (found.attempts, found.silent);
        match response.status() {
            Some(StatusCode::REQUEST_PENDING) => self.back_off(now, request, id),
            Some(StatusCode::SESSION_INTERVAL_TOO_SMALL) if attempts < ATTEMPTS => {
                let again = self.with_longer_interval(now, request, response.view());
                if again {
                    self.modification_goes_on(request, id, invite);
                }
                again
            }
            _ if silent && !invite => {
                // An old peer says that it takes UPDATE, and does not.
                self.requests.remove(request);
                if let Some(call) = self.calls.get_mut(id) {
                    call.peer_updates = false;
                }
                self.refresh_session(now, id);
                true
            }
            _ => false,
        }
    }
}

/// Whether a message has a session description in it (RFC 3261 §13.2.1, §20.11).
pub(super) fn has_session(message: MessageRef<'_>) -> bool {
    if message.body().is_empty() {
        return false;
    }
    let kind = message.get::<ContentType<'_>>().and_then(Result::ok);
    let disposition = message.get::<ContentDisposition<'_>>().and_then(Result::ok);
    let session = disposition.is_none_or(|found| found.kind.eq_ignore_ascii_case("session"));
    session
        && kind.is_some_and(|kind| {
            kind.is("application", "sdp") || kind.main_type.eq_ignore_ascii_case("multipart")
        })
}

/// Whether the other side takes UPDATE, where it says what it takes.
pub(super) fn allows_update(message: MessageRef<'_>) -> Option<bool> {
    message.first(HeaderName::Allow)?;
    // Methods are tokens: no comma is anything but the end of one.
    let is_update = |method: &[u8]| method.trim_ascii() == Method::UPDATE.as_str().as_bytes();
    let mut rows = message.fields_named(HeaderName::Allow);
    Some(rows.any(|row| row.value().split(|byte| *byte == b',').any(is_update)))
}
