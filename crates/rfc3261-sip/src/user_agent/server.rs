//! The requests of others: what is taken, and what is refused before the user sees it
//! (RFC 3261 §8.2).

use alloc::{boxed::Box, string::String, vec::Vec};
use std::time::Instant;

use super::{
    CommandError, Content, IncomingId, UserAgent,
    call::{Answering, Call},
    session_timer::{self, SessionTimer},
    uses::Use,
};
use crate::{
    HeaderName, Message, MessageRef, Method, ResponseBuilder, StatusCode,
    dialog::{DialogId, Refusal},
    headers::{ContentDisposition, ContentEncoding, ContentType, Require},
    transaction::TransactionId,
    transport::Flow,
};

/// What a request is answered with before the user sees it.
struct Refused {
    status: StatusCode,
    content: Content,
}

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

    /// What a 2xx says about the session timer.
    pub(super) fn session_timer_for(&self, request: MessageRef<'_>) -> SessionTimer {
        match self.config.supports(session_timer::TIMER) {
            true => SessionTimer::answer_to(request, self.config.session_expires),
            false => SessionTimer::Off,
        }
    }

    /// The 2xx with Session-Expires, and with Require where the other side is to refresh (RFC 4028
    /// §9).
    pub(super) fn with_session_timer_answer(
        &self,
        response: ResponseBuilder,
        request: MessageRef<'_>,
        timer: SessionTimer,
    ) -> ResponseBuilder {
        let Some(value) = timer.answer_value() else {
            return response;
        };
        let response = response.header(HeaderName::SessionExpires, value);
        match session_timer::supports_timer(request) {
            true => response.header(HeaderName::Require, session_timer::TIMER),
            false => response,
        }
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

    /// What speaks against a request: its method, its Request-URI, the extensions that it
    /// requires and its body (RFC 3261 §8.2.1 to §8.2.3).
    fn inspect(&self, request: MessageRef<'_>) -> Option<Refused> {
        let method = request.method()?;
        if !self
            .config
            .allow
            .iter()
            .any(|known| known == method.as_str())
        {
            let refused = Refused::new(StatusCode::METHOD_NOT_ALLOWED);
            return Some(refused.header("Allow", &self.allow));
        }
        if !has_known_scheme(request) {
            return Some(Refused::new(StatusCode::UNSUPPORTED_URI_SCHEME));
        }
        if method != Method::CANCEL && request.first(HeaderName::Require).is_some() {
            let unknown: Vec<_> = request
                .list::<Require<'_>>()
                .flatten()
                .filter(|tag| !self.config.supported.iter().any(|known| tag.is(known)))
                .map(|tag| tag.as_str())
                .collect();
            if !unknown.is_empty() {
                let refused = Refused::new(StatusCode::BAD_EXTENSION);
                return Some(refused.header("Unsupported", &unknown.join(", ")));
            }
        }
        self.inspect_body(request)
    }

    /// What speaks against a body that is not optional (RFC 3261 §8.2.3).
    fn inspect_body(&self, request: MessageRef<'_>) -> Option<Refused> {
        if request.body().is_empty() {
            return None;
        }
        let disposition = request.get::<ContentDisposition<'_>>();
        if disposition.is_some_and(|found| found.is_ok_and(|found| !found.is_required())) {
            return None;
        }
        let coded = request
            .list::<ContentEncoding<'_>>()
            .flatten()
            .any(|coding| !coding.is("identity"));
        if coded {
            let refused = Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE);
            return Some(refused.header("Accept-Encoding", "identity"));
        }
        let is_session = [
            Some(Method::INVITE),
            Some(Method::UPDATE),
            Some(Method::PRACK),
        ];
        if self.config.accept.is_empty() || !is_session.contains(&request.method()) {
            return None;
        }
        let known = request.get::<ContentType<'_>>()?.ok().is_some_and(|found| {
            let is = |known: &String| {
                let known = known.split_once('/');
                known.is_some_and(|(main_type, subtype)| found.is(main_type, subtype))
            };
            self.config.accept.iter().any(is) || found.main_type.eq_ignore_ascii_case("multipart")
        });
        if known {
            return None;
        }
        let refused = Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        Some(refused.header("Accept", &self.config.accept.join(", ")))
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

impl Refused {
    const fn new(status: StatusCode) -> Self {
        Self {
            status,
            content: Content::new(),
        }
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.content = self.content.header(name, value);
        self
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

/// Whether the scheme of the Request-URI is one that is known (RFC 3261 §8.2.2.1).
fn has_known_scheme(request: MessageRef<'_>) -> bool {
    let uri = request.request_uri_bytes().unwrap_or_default();
    let known = [&b"sip:"[..], b"sips:", b"tel:"];
    known.iter().any(|scheme| {
        let found = uri.get(..scheme.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(scheme))
    })
}
