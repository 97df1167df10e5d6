//! What comes to a call from the other side beside its INVITE: CANCEL (RFC 3261 §9.2), ACK
//! (§13.3.1.4) and BYE (§15.1.2).

use alloc::string::String;
use std::time::Instant;

use super::{
    CallId, CallState, Content, EndCause, Event, IncomingId, UserAgent,
    call::{Answering, Input, Timer, With},
    exchange::Offer,
    uses::Use,
};
use crate::{
    Message, MessageRef, Method, ResponseBuilder, StatusCode, dialog::DialogId,
    transaction::TransactionId,
};

impl UserAgent {
    /// A CANCEL has come: 200, and 487 for its INVITE; or 481 (RFC 3261 §9.2).
    pub(super) fn handle_cancel(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        request: Message,
        invite: Option<TransactionId>,
    ) {
        let found = invite.and_then(|invite| match self.uses.get(invite)? {
            Use::Incoming(call) => Some(*call),
            _ => None,
        });
        let pending =
            invite.filter(|invite| matches!(self.uses.get(*invite), Some(Use::Pending(_))));
        let status = match invite {
            Some(_) => StatusCode::OK,
            None => StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST,
        };
        // The same tag as in the responses to the INVITE (RFC 3261 §9.2).
        let tag = found.and_then(|call| {
            let dialog = &self.dialogs.get(self.calls.get(call)?.dialog?)?.dialog;
            Some(String::from(dialog.id().local_tag()?))
        });
        let tag = tag.unwrap_or_else(|| self.new_tag());
        if let Ok(response) = ResponseBuilder::to(request.view(), status, &tag).build() {
            let _ = self.layer.respond(now, transaction, response);
        }
        if let Some(call) = found {
            let with = With::cause(EndCause::Cancelled(request));
            self.advance(now, call, Input::Cancelled, with);
        }
        if let Some(invite) = pending {
            let (incoming, status) = (IncomingId(invite), StatusCode::REQUEST_TERMINATED);
            let _ = self.answer_pending(now, incoming, status, &Content::new());
            self.tell(Event::Withdrawn { incoming });
        }
    }

    /// An ACK has come.
    pub(super) fn handle_ack(&mut self, now: Instant, request: Message) {
        let Some((call, number)) = self.acknowledged(request.view()) else {
            return;
        };
        let Some(found) = self.calls.get_mut(call) else {
            return;
        };
        let waits = |answering: &Answering| {
            answering.request.is_none() && answering.sequence_number == number
        };
        if !found.answering.as_deref().is_some_and(waits) {
            return;
        }
        found.answering = None;
        found.deadlines.stop(Timer::Resend as usize);
        found.deadlines.stop(Timer::NoAck as usize);
        if found.exchange.offer == Offer::Ours {
            found.exchange.offer = Offer::None;
        }
        let state = found.state;
        self.reschedule(call);
        if state == CallState::Established {
            return self.tell(Event::Acknowledged { call, request });
        }
        self.advance(now, call, Input::Ack, With::response(request));
    }

    /// The call and the number of the INVITE that an ACK is for.
    pub(super) fn acknowledged(&self, ack: MessageRef<'_>) -> Option<(CallId, u32)> {
        let key = self.dialogs.find(&DialogId::of_request(ack).ok()?)?;
        let number = ack.cseq().ok()?.sequence_number;
        Some((self.dialogs.get(key)?.call?, number))
    }

    /// A BYE has come within a dialog that took it.
    pub(super) fn handle_bye(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        request: Message,
        call: CallId,
    ) {
        self.reply(
            now,
            transaction,
            request.view(),
            StatusCode::OK,
            &Content::new(),
        );
        debug_assert_eq!(request.method(), Some(Method::BYE));
        let with = With::cause(EndCause::HungUpByPeer(request));
        self.advance(now, call, Input::PeerBye, with);
    }
}
