//! The requests of others: what is taken, and what is refused before the user sees it
//! (RFC 3261 §8.2).

use alloc::{boxed::Box, string::String, vec::Vec};
use std::time::Instant;

use super::{
    CommandError, Content, Event, IncomingId, UserAgent,
    handle::DialogKey,
    uses::{Pending, Use},
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
    /// Answers a request of somebody else.
    pub fn respond(
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
        let response = match pending.dialog.and_then(|key| self.dialogs.get(key)) {
            Some(entry) => {
                let method = request.method();
                let contact = needs_contact(method).then_some(self.config.contact.as_str());
                entry.dialog.response(request, status, contact)?
            }
            None => ResponseBuilder::to(request, status, &pending.tag),
        };
        let response = self.served(response);
        let response = content.add_to_response(response).build()?;
        self.layer.respond(now, transaction, response)?;
        if status.is_provisional() {
            self.pump(now);
            return Ok(());
        }
        if let Use::Pending(pending) = self.uses.take(transaction) {
            let entry = pending.dialog.and_then(|key| self.dialogs.get_mut(key));
            if let Some(entry) = entry {
                let _ = entry.dialog.responded(pending.request.view(), status);
            }
        }
        self.pump(now);
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
        let found = DialogId::of_request(view)
            .ok()
            .and_then(|id| self.dialogs.find(&id));
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
        if let Err(refusal) = entry.dialog.handle_request(view) {
            let mut content = Content::new();
            if refusal == Refusal::OutOfOrder {
                content = self.retry_after();
            }
            return self.reply(now, transaction, view, refusal.status(), &content);
        }
        let call = entry.call;
        let method = view.method();
        match (method, call) {
            (Some(Method::BYE), Some(call)) => {
                let _ = entry.dialog.responded(view, StatusCode::OK);
                self.handle_bye(now, transaction, request, call);
            }
            (Some(Method::OPTIONS), _) if self.config.answer_options => {
                self.answer_options(now, transaction, view);
            }
            _ => self.hand_up(transaction, request, source, Some(key)),
        }
    }

    /// Hands a request to the user, who answers it.
    fn hand_up(
        &mut self,
        transaction: TransactionId,
        request: Message,
        source: Flow,
        dialog: Option<DialogKey>,
    ) {
        let call = dialog.and_then(|key| self.dialogs.get(key)?.call);
        let tag = self.new_tag();
        let pending = Pending {
            request: request.clone(),
            dialog,
            session: None,
            tag,
        };
        self.uses.set(transaction, Use::Pending(Box::new(pending)));
        self.tell(Event::Request {
            incoming: IncomingId(transaction),
            call,
            request,
            source,
        });
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
        if method != Method::CANCEL {
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
        let tag = self.new_tag();
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
    fn served(&self, response: ResponseBuilder) -> ResponseBuilder {
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
