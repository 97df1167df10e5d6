//! Changes of a session that stands: re-INVITE (RFC 3261 §14) and UPDATE (RFC 3311), their
//! refreshes by session timers (RFC 4028), and what happens when both sides begin at once.

use core::time::Duration;
use std::time::Instant;

use super::{
    CallId, CallState, CommandError, Content, EndCause, Event, Failure, IncomingId, RequestId,
    UserAgent,
    call::{Input, Timer, With},
    exchange::{Admission, Arrival, Offer},
    handle::DialogKey,
    invite::remote_tag,
    request::{Ack, Request, What},
    session_timer::{self, LEAST, SessionTimer},
};
use crate::{
    HeaderName, Message, MessageRef, Method, RequestBuilder, StatusCode,
    headers::{ContentDisposition, ContentType},
    transaction::TransactionId,
    transport::Flow,
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

    fn send_reinvite(
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

    fn send_update(
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

    /// The request with Session-Expires and Min-SE, if this side wants a session timer or there
    /// is one already (RFC 4028 §7.1, §7.4).
    pub(super) fn with_session_timer(
        &self,
        request: RequestBuilder,
        session: SessionTimer,
    ) -> RequestBuilder {
        if !self.config.supports(session_timer::TIMER) {
            return request;
        }
        let value = match session {
            SessionTimer::Refresher(interval) => Some((interval, ";refresher=uac")),
            SessionTimer::Watcher(interval) => Some((interval, ";refresher=uas")),
            SessionTimer::Off => self.config.session_expires.map(|interval| (interval, "")),
        };
        let Some((interval, refresher)) = value else {
            return request;
        };
        let least = self.config.min_se.max(LEAST);
        let interval = interval.max(least);
        let request = match least > LEAST {
            true => request.header(HeaderName::MinSe, least),
            false => request,
        };
        let value = format_args!("{interval}{refresher}");
        request.header(HeaderName::SessionExpires, value)
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

    /// Sends a request again with the interval that a 422 wants (RFC 4028 §7.3).
    pub(super) fn with_longer_interval(
        &mut self,
        now: Instant,
        request: RequestId,
        response: MessageRef<'_>,
    ) -> bool {
        let Some(least) = session_timer::least_of_refusal(response) else {
            return false;
        };
        self.again(now, request, |edit| {
            edit.replace(HeaderName::SessionExpires, least);
            edit.replace(HeaderName::MinSe, least);
        })
        .is_ok()
    }

    /// Lets a request wait that has met one of the other side: the side that has begun the dialog
    /// 2.1 to 4 s, the other one up to 2 s (RFC 3261 §14.1).
    fn back_off(&mut self, now: Instant, request: RequestId, id: CallId) -> bool {
        let random = self.layer.random();
        let Some(call) = self.calls.get_mut(id).filter(|call| call.is_on()) else {
            return false;
        };
        let dialog = call.dialog.and_then(|key| self.dialogs.get(key));
        let owner = dialog.is_some_and(|entry| entry.dialog.role() == crate::dialog::Role::Uac);
        let tens = match owner {
            true => 210 + random % 191,
            false => random % 201,
        };
        let after = Duration::from_millis(10 * tens as u64);
        call.glare = Some(request);
        call.deadlines.start(Timer::Glare as usize, now, after);
        self.reschedule(id);
        true
    }

    /// The random time is over: the request is sent again, if nothing else is under way.
    pub(super) fn glare_is_over(&mut self, now: Instant, id: CallId) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        let Some(request) = call.glare else { return };
        let Some(found) = self.requests.get(request) else {
            call.glare = None;
            return;
        };
        let invite = matches!(found.what, What::Reinvite(_));
        let view = self.parser.parse(&found.message);
        let offer = view.is_ok_and(has_session);
        let arrival = Arrival { invite, offer };
        if call.answering.is_some() || !call.exchange.allows(arrival) {
            // What the other side has begun is not over.
            let t1 = self.config.transactions.timing.t1;
            call.deadlines.start(Timer::Glare as usize, now, t1);
            return;
        }
        call.glare = None;
        if self.again(now, request, |_| {}).is_ok() {
            self.modification_goes_on(request, id, invite);
        } else {
            self.finish(now, request, Err(Failure::Unreachable));
        }
    }

    /// Notes that a request waits for credentials.
    pub(super) fn modification_pauses(&mut self, what: What, id: CallId) {
        if let Some(call) = self.calls.get_mut(id) {
            match what {
                What::Reinvite(_) => call.exchange.our_invite = false,
                _ => call.exchange.our_update = false,
            }
            if call.exchange.offer == Offer::Ours {
                call.exchange.offer = Offer::None;
            }
        }
    }

    /// Notes that a request is under way again.
    pub(super) fn modification_goes_on(&mut self, request: RequestId, id: CallId, invite: bool) {
        let message = self
            .requests
            .get(request)
            .map(|found| found.message.clone());
        let offer = message.is_some_and(|message| {
            let view = self.parser.parse(&message);
            view.is_ok_and(has_session)
        });
        if let Some(call) = self.calls.get_mut(id) {
            match invite {
                true => call.exchange.our_invite = true,
                false => call.exchange.our_update = true,
            }
            if offer {
                call.exchange.offer = Offer::Ours;
            }
        }
    }

    /// A re-INVITE or an UPDATE has come within a dialog that took it.
    pub(super) fn handle_modification(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        request: Message,
        id: CallId,
        key: DialogKey,
    ) {
        let view = request.view();
        let arrival = Arrival {
            invite: view.method() == Some(Method::INVITE),
            offer: has_session(view),
        };
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        match call.exchange.admit(arrival) {
            Admission::Pending => {
                let status = StatusCode::REQUEST_PENDING;
                return self.reply(now, transaction, view, status, &Content::new());
            }
            Admission::Later => {
                let (status, later) = (StatusCode::SERVER_INTERNAL_ERROR, self.retry_after());
                return self.reply(now, transaction, view, status, &later);
            }
            Admission::Take => {}
        }
        if self.refuses_interval(now, transaction, view) {
            return;
        }
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        call.note_peer(view);
        match arrival.invite {
            true => call.exchange.their_invite = true,
            false => call.exchange.their_update = true,
        }
        if arrival.offer {
            call.exchange.description_received();
        }
        self.hold(transaction, request.clone(), Some(key), Some(id));
        if !arrival.invite && !arrival.offer {
            // Nothing but a new target, or a refresh of the session.
            let incoming = IncomingId(transaction);
            let _ = self.answer_pending(now, incoming, StatusCode::OK, &Content::new());
            return;
        }
        self.tell(Event::Modify {
            call: id,
            incoming: IncomingId(transaction),
            request,
        });
    }

    /// Answers a request whose session interval is too short with 422 (RFC 4028 §9).
    pub(super) fn refuses_interval(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        request: MessageRef<'_>,
    ) -> bool {
        let least = self.config.min_se.max(LEAST);
        let timer = self.config.supports(session_timer::TIMER);
        if !(timer && session_timer::is_too_small(request, least)) {
            return false;
        }
        let content = Content::new().header("Min-SE", alloc::format!("{least}"));
        let status = StatusCode::SESSION_INTERVAL_TOO_SMALL;
        self.reply(now, transaction, request, status, &content);
        true
    }

    /// A re-INVITE or an UPDATE of the other side has been answered.
    pub(super) fn modification_was_answered(
        &mut self,
        id: CallId,
        transaction: TransactionId,
        request: MessageRef<'_>,
        status: StatusCode,
        content: &Content,
    ) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        let described = status.is_success() && content.has_session();
        call.pending.retain(|pending| *pending != transaction);
        match request.method() {
            Some(Method::INVITE) => call.exchange.their_invite = false,
            Some(Method::UPDATE) => call.exchange.their_update = false,
            _ => {}
        }
        if described {
            call.exchange.description_sent();
            call.description.clone_from(&content.body);
        } else if call.exchange.offer == Offer::Theirs && has_session(request) {
            call.exchange.offer = Offer::None;
        }
    }

    /// Starts, changes or stops the session timer of a call.
    pub(super) fn settle_session_timer(&mut self, now: Instant, id: CallId, next: SessionTimer) {
        let next = match self.config.supports(session_timer::TIMER) {
            true => next,
            false => SessionTimer::Off,
        };
        let Some(call) = self.calls.get_mut(id).filter(|call| call.is_on()) else {
            return;
        };
        let input = session_timer::Input::Settled(next);
        if let Some((next, session_timer::Action::Start)) = call.session.step(input) {
            call.session = next;
            let (due, over) = next.deadlines();
            for (timer, after) in [(Timer::Refresh, due), (Timer::SessionEnd, over)] {
                match after {
                    Some(after) => call.deadlines.start(timer as usize, now, after),
                    None => call.deadlines.stop(timer as usize),
                }
            }
            self.reschedule(id);
        }
    }

    /// A session timer has run out.
    pub(super) fn session_timer_fires(
        &mut self,
        now: Instant,
        id: CallId,
        input: session_timer::Input,
    ) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        let Some((next, action)) = call.session.step(input) else {
            return;
        };
        call.session = next;
        match action {
            session_timer::Action::Refresh => self.refresh_session(now, id),
            session_timer::Action::End => {
                let with = With::cause(EndCause::SessionExpired);
                self.advance(now, id, Input::Lost, with);
            }
            session_timer::Action::Start => {}
        }
    }

    /// Refreshes a session without a word to the user: by UPDATE where the other side takes it,
    /// otherwise by INVITE with the description that this side has sent last (RFC 4028 §7.4).
    fn refresh_session(&mut self, now: Instant, id: CallId) {
        let Some(call) = self.calls.get(id) else {
            return;
        };
        let sent = match call.peer_updates {
            true => self.send_update(now, id, &Content::new(), true),
            false => {
                let content = Content {
                    headers: alloc::vec::Vec::new(),
                    body: call.description.clone(),
                };
                self.send_reinvite(now, id, &content, true)
            }
        };
        if sent.is_err() {
            // Something else is under way, and may do as well.
            let t2 = self.config.transactions.timing.t2;
            if let Some(call) = self.calls.get_mut(id) {
                call.deadlines.start(Timer::Refresh as usize, now, t2);
            }
            self.reschedule(id);
        }
    }

    /// Hands a request to the user that may be answered later.
    pub(super) fn hold(
        &mut self,
        transaction: TransactionId,
        request: Message,
        dialog: Option<DialogKey>,
        session: Option<CallId>,
    ) {
        let tag = match dialog {
            Some(_) => alloc::string::String::new(),
            None => self.new_tag(),
        };
        let pending = super::uses::Pending {
            request,
            dialog,
            session,
            tag,
        };
        let pending = super::uses::Use::Pending(alloc::boxed::Box::new(pending));
        self.uses.set(transaction, pending);
        if let Some(call) = session.and_then(|call| self.calls.get_mut(call)) {
            call.pending.push(transaction);
        }
    }

    /// Hands a request to the user, who answers it.
    pub(super) fn hand_up(
        &mut self,
        transaction: TransactionId,
        request: Message,
        source: Flow,
        dialog: Option<DialogKey>,
    ) {
        let call = dialog.and_then(|key| self.dialogs.get(key)?.call);
        self.hold(transaction, request.clone(), dialog, None);
        self.tell(Event::Request {
            incoming: IncomingId(transaction),
            call,
            request,
            source,
        });
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
