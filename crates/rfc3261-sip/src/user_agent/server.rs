//! The requests of others: what is taken, and what is refused before the user sees it
//! (RFC 3261 §8.2).

use alloc::{boxed::Box, string::String};
use std::time::Instant;

use super::{
    CallId, CommandError, Content, Event, IncomingId, UserAgent,
    call::{Answering, Call},
    handle::DialogKey,
    inspect::Refused,
    session_timer::SessionTimer,
    uses::{Pending, Use},
};
use crate::{
    HeaderName, Message, MessageRef, Method, ResponseBuilder, StatusCode,
    dialog::{DialogId, Refusal},
    transaction::TransactionId,
    transport::Flow,
};

impl UserAgent {
    /// Answers a request of somebody else. A 2xx to an INVITE is sent again until the ACK is
    /// there, and BYE ends the call if none comes (RFC 3261 §13.3.1.4).
    pub fn respond(
        &mut self,
        now: Instant,
        incoming: IncomingId,
        status: StatusCode,
        content: &Content,
    ) -> Result<(), CommandError> {
        self.answer_pending(now, incoming, status, content)?;
        self.pump(now);
        Ok(())
    }

    pub(super) fn answer_pending(
        &mut self,
        now: Instant,
        incoming: IncomingId,
        status: StatusCode,
        content: &Content,
    ) -> Result<(), CommandError> {
        let IncomingId(transaction) = incoming;
        let Some(Use::Pending(pending)) = self.uses.get(transaction) else {
            return Err(CommandError::Unknown);
        };
        let request = pending.request.view();
        let (method, session) = (request.method(), pending.session);
        let mut response = match pending.dialog.and_then(|key| self.dialogs.get(key)) {
            Some(entry) => {
                let contact = needs_contact(method).then_some(self.config.contact.as_str());
                entry.dialog.response(request, status, contact)?
            }
            None => ResponseBuilder::to(request, status, &pending.tag),
        };
        let mut timer = SessionTimer::Off;
        if session.is_some() && status.is_success() && method != Some(Method::PRACK) {
            timer = self.session_timer_for(request);
            response = self.with_session_timer_answer(response, request, timer);
            response = response.header(HeaderName::Allow, &self.allow);
        }
        let response = content.add_to_response(self.served(response)).build()?;
        self.layer.respond(now, transaction, response.clone())?;
        if status.is_provisional() {
            return Ok(());
        }
        let Use::Pending(pending) = self.uses.take(transaction) else {
            return Ok(());
        };
        let request = pending.request.view();
        let method = request.method();
        if let Some(entry) = pending.dialog.and_then(|key| self.dialogs.get_mut(key)) {
            let _ = entry.dialog.responded(request, status);
        }
        let Some(id) = session else { return Ok(()) };
        self.modification_was_answered(id, transaction, request, status, content);
        if !status.is_success() || method == Some(Method::PRACK) {
            return Ok(());
        }
        self.settle_session_timer(now, id, timer);
        if method == Some(Method::INVITE) {
            if let Some(call) = self.calls.get_mut(id) {
                let number = request.cseq().map_or(0, |cseq| cseq.sequence_number);
                let answering = Answering::answered(transaction, number, response);
                call.answering = Some(Box::new(answering));
            }
            self.await_ack(now, id);
        }
        Ok(())
    }

    /// A request has come.
    pub(super) fn handle_request(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        request: Message,
        source: Flow,
        merged: bool,
    ) {
        let view = request.view();
        let Some(method) = view.method() else { return };
        let within = view.to().is_ok_and(|to| to.tag().is_some());
        if within {
            return self.handle_within(now, transaction, request, source);
        }
        let refused = match merged {
            true => Some(Refused::new(StatusCode::LOOP_DETECTED)),
            false => self.inspect(view),
        };
        if let Some(Refused { status, content }) = refused {
            return self.reply(now, transaction, view, status, &content);
        }
        if let Some(refusal) = Refusal::of_unmatched(view) {
            return self.reply(now, transaction, view, refusal.status(), &Content::new());
        }
        if method == Method::INVITE {
            return self.handle_invite(now, transaction, request, source);
        }
        if method == Method::OPTIONS && self.config.answer_options {
            return self.answer_options(now, transaction, view);
        }
        if method == Method::SUBSCRIBE || method == Method::REFER {
            return self.handle_subscribe(now, transaction, request, source, None);
        }
        self.hand_up(transaction, request, source, None);
    }

    /// A request has come that has a tag in To.
    fn handle_within(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        request: Message,
        source: Flow,
    ) {
        let view = request.view();
        let there = DialogId::of_request(view)
            .ok()
            .and_then(|id| self.dialogs.find(&id));
        let made = match (there, view.method()) {
            (None, Some(Method::NOTIFY)) => self.first_notify(view, source),
            _ => None,
        };
        let found = there.or(made);
        let Some(key) = found else {
            let status = Refusal::NoDialog.status();
            return self.reply(now, transaction, view, status, &Content::new());
        };
        if let Some(Refused { status, content }) = self.inspect(view) {
            return self.reply(now, transaction, view, status, &content);
        }
        let Some(entry) = self.dialogs.get_mut(key) else {
            return;
        };
        // The request that has made the dialog is in order.
        let taken = match made {
            Some(_) => Ok(()),
            None => entry.dialog.handle_own_request(view),
        };
        if let Err(refusal) = taken {
            let mut content = Content::new();
            if refusal == Refusal::OutOfOrder {
                content = self.retry_after();
            }
            return self.reply(now, transaction, view, refusal.status(), &content);
        }
        let call = entry.call;
        let method = view.method();
        let is_on = call.is_none_or(|call| self.calls.get(call).is_some_and(Call::is_on));
        let [bye, notify, subscribe] = [Method::BYE, Method::NOTIFY, Method::SUBSCRIBE];
        if !is_on && ![Some(bye), Some(notify), Some(subscribe)].contains(&method) {
            // This side has ended the call, and the BYE is not answered yet.
            let status = Refusal::NoDialog.status();
            return self.reply(now, transaction, view, status, &Content::new());
        }
        let Some(entry) = self.dialogs.get_mut(key) else {
            return;
        };
        match (method, call) {
            (Some(Method::BYE), Some(call)) => {
                if entry.subscriptions.is_empty() {
                    let _ = entry.dialog.responded(view, StatusCode::OK);
                }
                self.handle_bye(now, transaction, request, call);
            }
            (Some(Method::INVITE | Method::UPDATE), Some(call)) => {
                self.handle_modification(now, transaction, request, call, key);
            }
            (Some(Method::PRACK), Some(call)) => {
                self.handle_prack(now, transaction, request, call, key);
            }
            (Some(Method::BYE | Method::INVITE | Method::UPDATE | Method::PRACK), None) => {
                // The call is over; what else uses the dialog is not (RFC 5057 §4.2).
                let status = Refusal::NoDialog.status();
                self.reply(now, transaction, view, status, &Content::new());
            }
            (Some(Method::NOTIFY), _) => self.handle_notify(now, transaction, request, key),
            (Some(Method::SUBSCRIBE), _) => {
                self.handle_resubscribe(now, transaction, request, source, key);
            }
            (Some(Method::REFER), _) => {
                self.handle_subscribe(now, transaction, request, source, Some(key));
            }
            (Some(Method::OPTIONS), _) if self.config.answer_options => {
                self.answer_options(now, transaction, view);
            }
            _ => self.hand_up(transaction, request, source, Some(key)),
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
            Some(_) => String::new(),
            None => self.new_tag(),
        };
        let pending = Pending {
            request,
            dialog,
            session,
            tag,
        };
        let pending = Use::Pending(Box::new(pending));
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

    /// Answers OPTIONS as an INVITE would be (RFC 3261 §11.2).
    fn answer_options(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        request: MessageRef<'_>,
    ) {
        let status = match self.calls.len() >= self.config.max_calls {
            true => StatusCode::BUSY_HERE,
            false => StatusCode::OK,
        };
        let mut content = Content::new()
            .header("Allow", self.allow.clone())
            .header("Supported", self.supported.clone())
            .header("Accept-Encoding", "identity")
            .header("Accept-Language", "en");
        if !self.config.accept.is_empty() {
            content = content.header("Accept", self.config.accept.join(", "));
        }
        self.reply(now, transaction, request, status, &content);
    }

    /// Answers a request without the user.
    pub(super) fn reply(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        request: MessageRef<'_>,
        status: StatusCode,
        content: &Content,
    ) {
        let tagged = request.to().is_ok_and(|to| to.tag().is_some());
        let tag = match tagged {
            true => String::new(),
            false => self.new_tag(),
        };
        let response = self.served(ResponseBuilder::to(request, status, &tag));
        if let Ok(response) = content.add_to_response(response).build() {
            let _ = self.layer.respond(now, transaction, response);
        }
    }

    /// Retry-After with a random value of 0 to 10 seconds (RFC 3261 §14.2).
    pub(super) fn retry_after(&mut self) -> Content {
        let seconds = self.layer.random() % 11;
        Content::new().header("Retry-After", alloc::format!("{seconds}"))
    }

    /// The response with Server.
    pub(super) fn served(&self, response: ResponseBuilder) -> ResponseBuilder {
        match &self.config.product {
            Some(product) => response.header(HeaderName::Server, product),
            None => response,
        }
    }
}

/// Whether the responses to a request within a dialog have a Contact.
fn needs_contact(method: Option<Method<'_>>) -> bool {
    let refreshes = [
        Some(Method::INVITE),
        Some(Method::UPDATE),
        Some(Method::SUBSCRIBE),
        Some(Method::NOTIFY),
        Some(Method::REFER),
    ];
    refreshes.contains(&method)
}
