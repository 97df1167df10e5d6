//! Changes that the other side asks for: re-INVITE and UPDATE received (RFC 3261 §14.2, RFC 3311
//! §5.2).

use std::time::Instant;

use super::{
    CallId, Content, Event, IncomingId, UserAgent,
    exchange::{Admission, Arrival, Offer},
    handle::DialogKey,
    modify::has_session,
};
use crate::{Message, MessageRef, Method, StatusCode, transaction::TransactionId};

impl UserAgent {
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
}
