//! Changes that meet each other: the random time after a 491, and what is under way meanwhile
//! (RFC 3261 §14.1).

use core::time::Duration;
use std::time::Instant;

use super::{
    CallId, Failure, RequestId, UserAgent,
    call::Timer,
    exchange::{Arrival, Offer},
    modify::has_session,
    request::What,
};
use crate::dialog::Role;

impl UserAgent {
    /// Lets a request wait that has met one of the other side: the side that has begun the dialog
    /// 2.1 to 4 s, the other one up to 2 s (RFC 3261 §14.1).
    pub(super) fn back_off(&mut self, now: Instant, request: RequestId, id: CallId) -> bool {
        let random = self.layer.random();
        let Some(call) = self.calls.get_mut(id).filter(|call| call.is_on()) else {
            return false;
        };
        let dialog = call.dialog.and_then(|key| self.dialogs.get(key));
        let owner = dialog.is_some_and(|entry| entry.dialog.role() == Role::Uac);
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
}
