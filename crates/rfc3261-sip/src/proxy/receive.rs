//! What a proxy does with what its transactions tell it (RFC 3261 §16.3, §16.7, §16.10).

use alloc::boxed::Box;
use std::time::Instant;

use super::{
    Event, Output, Proxy, Request, State,
    best::{Found, returned},
    context::{Attempt, Context},
    request::Checked,
    table::Input,
};
use crate::{
    HeaderName, Message, Method, ResponseBuilder, StatusCode,
    dialog::unfolded,
    transaction::{self, TransactionId},
    transport::Flow,
};

impl Proxy {
    /// Takes all that has come out of the transactions.
    pub(super) fn drain(&mut self, now: Instant) {
        while let Some(output) = self.layer.poll_output() {
            match output {
                transaction::Output::Transmit(transmit) => {
                    self.output.push_back(Output::Transmit(transmit));
                }
                transaction::Output::Event(event) => self.handle_event(now, event),
            }
        }
    }

    fn handle_event(&mut self, now: Instant, event: transaction::Event) {
        use transaction::Event as Told;
        match event {
            Told::Request {
                transaction,
                request,
                source,
                // The endpoints see to merged requests (RFC 3261 §16.3).
                merged: _,
            } => self.handle_request(now, transaction, request, source),
            Told::Cancel {
                transaction,
                request,
                source,
                invite,
            } => self.handle_cancel(now, transaction, request, source, invite),
            Told::Ack {
                request, source, ..
            } => self.request_without_state(now, request, source),
            Told::Response {
                transaction,
                response,
            } => self.handle_response(now, transaction, response),
            Told::StrayResponse { response, .. } => self.response_without_state(now, &response),
            Told::Timeout { transaction } => self.branch_failed(now, transaction, false),
            Told::TransportError { transaction } => self.branch_failed(now, transaction, true),
            Told::Terminated { transaction } => self.handle_end(now, transaction),
        }
    }

    fn handle_request(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        message: Message,
        source: Flow,
    ) {
        let invite = message.method() == Some(Method::INVITE);
        match Checked::new(&self.config, &self.fingerprints, message.view(), source) {
            Ok(checked) => {
                let context = Context::new(Request::new(message, source, checked), invite);
                self.contexts.insert(transaction, Box::new(context));
                self.tell(Event::Request { transaction });
            }
            Err(fault) => {
                let tag = self.fingerprints.tag(message.view());
                if let Ok(response) = fault.response(message.view(), &tag).build() {
                    let _ = self.layer.respond(now, transaction, response);
                }
            }
        }
    }

    fn handle_cancel(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        cancel: Message,
        source: Flow,
        invite: Option<TransactionId>,
    ) {
        let Some(invite) = invite else {
            self.layer.forget(transaction);
            return self.request_without_state(now, cancel, source);
        };
        let tag = self.fingerprints.tag(cancel.view());
        let response = ResponseBuilder::to(cancel.view(), StatusCode::OK, &tag);
        if let Ok(response) = response.build() {
            let _ = self.layer.respond(now, transaction, response);
        }
        if let Some(context) = self.contexts.get_mut(&invite) {
            let reason = cancel.first(HeaderName::Reason);
            let reason = reason.and_then(|field| field.value_str());
            context.reason = reason.map(|text| unfolded(text).into());
            context.cancelled = true;
            self.feed(now, invite, Input::Cancel, None);
        }
    }

    fn handle_response(&mut self, now: Instant, client: TransactionId, response: Message) {
        let Some(&(id, number)) = self.clients.get(&client) else {
            return;
        };
        let Some(status) = response.status() else {
            return;
        };
        if status == StatusCode::TRYING {
            return;
        }
        let Some(context) = self.contexts.get_mut(&id) else {
            return;
        };
        let once_is_enough = context.state == State::Answered && !context.invite;
        let Some(branch) = context.branches.get_mut(number) else {
            return;
        };
        if status.is_provisional() {
            branch.provisional = true;
            return self.feed(now, id, Input::Provisional, Some(Found::Response(response)));
        }
        if branch.attempt == Attempt::Sent(client) {
            branch.attempt = Attempt::Done;
            if status == StatusCode::SERVICE_UNAVAILABLE && self.next_server(now, id, number) {
                return;
            }
        }
        if once_is_enough {
            return;
        }
        let input = match status.get() / 100 {
            2 => Input::Success,
            6 => Input::GlobalFailure,
            _ => Input::Failure,
        };
        let found = match status.is_redirection() {
            true => self.without_redirection(id, response),
            false => Some(Found::Response(response)),
        };
        match found {
            Some(found) => self.feed(now, id, input, Some(found)),
            None => self.settle(now, id),
        }
    }

    /// Sends a response back to the client.
    pub(super) fn pass(&mut self, now: Instant, id: TransactionId, response: &Message) {
        let status = response.status().unwrap_or(StatusCode::OK);
        let bytes = returned(response.view(), &[]);
        let sent = bytes.is_some_and(|bytes| self.layer.respond(now, id, bytes).is_ok());
        let Some(context) = self.contexts.get(&id) else {
            return;
        };
        match (sent, status.is_provisional()) {
            (_, true) => {}
            (true, false) => self.answered(id, status),
            // The transaction has said something else already, or is over.
            (false, false) if context.request.is_none() => {
                self.response_without_state(now, response);
            }
            // It cannot be brought back, but something has to.
            (false, false) => self.answer_with(now, id, StatusCode::BAD_GATEWAY),
        }
    }

    /// A transaction is over.
    fn handle_end(&mut self, now: Instant, transaction: TransactionId) {
        let id = match self.clients.remove(&transaction) {
            Some((id, _)) => {
                if let Some(context) = self.contexts.get_mut(&id) {
                    context.clients -= 1;
                }
                id
            }
            None => {
                if let Some(context) = self.contexts.get_mut(&transaction) {
                    context.server_over = true;
                }
                transaction
            }
        };
        if self
            .contexts
            .get(&id)
            .is_some_and(|context| context.is_over())
        {
            self.feed(now, id, Input::Ended, None);
        }
    }
}
