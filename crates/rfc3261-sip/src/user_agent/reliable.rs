//! Reliable provisional responses: 100rel, RSeq, PRACK (RFC 3262).

mod table;

use table::{Action, Input, State};

use alloc::{boxed::Box, collections::VecDeque};
use core::time::Duration;
use std::time::Instant;

use bytes::Bytes;

use super::{
    CallId, CallState, CommandError, Content, EndCause, Event, IncomingId, RequestId, UserAgent,
    call::{Input as CallInput, Timer, With},
    exchange::Offer,
    handle::DialogKey,
    modify::has_session,
    request::What,
};
use crate::{
    HeaderName, Message, MessageRef, Method, StatusCode,
    headers::{RAck, RSeq, Require, Supported},
    transaction::TransactionId,
};

/// The option tag.
pub(super) const TAG: &str = "100rel";

/// The reliable provisional responses to one INVITE.
#[derive(Debug)]
pub(super) struct Reliable {
    state: State,
    /// That of the INVITE.
    sequence_number: u32,
    /// The number of the last one.
    number: u32,
    /// The one that waits for its PRACK.
    response: Bytes,
    /// It has a session description in it.
    described: bool,
    interval: Duration,
    /// What follows once the PRACK is there: more of them, or the 2xx.
    waiting: VecDeque<(StatusCode, Content)>,
}

impl Reliable {
    /// None sent yet to the INVITE with this sequence number: the first one will have the number
    /// behind the second one here.
    pub(super) fn new(sequence_number: u32, number: u32) -> Self {
        Self {
            state: State::Free,
            sequence_number,
            number,
            response: Bytes::new(),
            described: false,
            interval: Duration::ZERO,
            waiting: VecDeque::new(),
        }
    }

    /// Whether a response to the INVITE is to be sent now: otherwise it waits. `None` where there
    /// is no place for it any more.
    pub(super) fn admit(&mut self, status: StatusCode, content: &Content) -> Option<bool> {
        let described = self.described && self.state == State::Waiting;
        let input = match status.get() {
            100..=199 => Input::Provisional,
            200..=299 => Input::Success { described },
            _ => Input::Failure,
        };
        let answered = self
            .waiting
            .back()
            .is_some_and(|(last, _)| last.is_success());
        let (next, action) = self.state.step(input)?;
        if answered && input != Input::Failure {
            return None;
        }
        self.state = next;
        if action == Action::Wait {
            self.waiting.push_back((status, content.clone()));
        }
        Some(action == Action::Send)
    }

    /// The number of the next one.
    pub(super) fn next_number(&self) -> u32 {
        self.number.saturating_add(1)
    }

    /// Whether no PRACK may come any more.
    pub(super) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Notes what was sent.
    pub(super) fn sent(&mut self, response: Bytes, described: bool, interval: Duration) {
        self.number = self.next_number();
        (self.response, self.described, self.interval) = (response, described, interval);
    }
}

impl UserAgent {
    /// Acknowledges a reliable provisional response that has an offer, with the answer
    /// ([`Event::Progress`] with `needs_prack`).
    pub fn prack(
        &mut self,
        now: Instant,
        call: CallId,
        content: &Content,
    ) -> Result<RequestId, CommandError> {
        let found = self.calls.get_mut(call).ok_or(CommandError::Unknown)?;
        let owed = found.owed_prack.take().ok_or(CommandError::State)?;
        let id = self.send_prack(now, call, *owed, content, What::User)?;
        if content.has_session() {
            if let Some(found) = self.calls.get_mut(call) {
                found.exchange.description_sent();
            }
        }
        self.pump(now);
        Ok(id)
    }

    /// Whether a provisional response to an INVITE of this side is to be looked at; if it is
    /// reliable, it is acknowledged, or the PRACK waits for the user: then the second is true.
    pub(super) fn take_provisional(
        &mut self,
        now: Instant,
        invite: RequestId,
        call: CallId,
        key: Option<DialogKey>,
        response: MessageRef<'_>,
    ) -> (bool, bool) {
        let Some((number, key)) = reliable_number(response).zip(key) else {
            return (true, false);
        };
        let Some(request) = self.requests.get_mut(invite) else {
            return (false, false);
        };
        match request.reliable.iter_mut().find(|(of, _)| *of == key) {
            // A copy, or one that comes before its predecessor (RFC 3262 §4).
            Some((_, last)) if number != last.saturating_add(1) => return (false, false),
            Some((_, last)) => *last = number,
            None => request.reliable.push((key, number)),
        }
        let described = has_session(response) && !request.described;
        request.described |= described;
        let Some(found) = self.calls.get_mut(call) else {
            return (false, false);
        };
        let Ok(cseq) = response.cseq() else {
            return (false, false);
        };
        let owed = OwedPrack {
            dialog: key,
            response_number: number,
            sequence_number: cseq.sequence_number,
        };
        if described {
            found.exchange.description_received();
        }
        if found.exchange.offer == Offer::Theirs && described {
            found.owed_prack = Some(Box::new(owed));
            return (true, true);
        }
        let what = What::Prack(call);
        let _ = self.send_prack(now, call, owed, &Content::new(), what);
        (true, false)
    }

    fn send_prack(
        &mut self,
        now: Instant,
        call: CallId,
        owed: OwedPrack,
        content: &Content,
        what: What,
    ) -> Result<RequestId, CommandError> {
        self.calls.get(call).ok_or(CommandError::Unknown)?;
        let rack = alloc::format!("{} {} INVITE", owed.response_number, owed.sequence_number);
        let content = content.clone().header("RAck", rack);
        self.send_within(now, owed.dialog, Method::PRACK, &content, what)
    }

    /// A PRACK has come within a dialog that took it.
    pub(super) fn handle_prack(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        request: Message,
        id: CallId,
        key: DialogKey,
    ) {
        let view = request.view();
        let gone = StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST;
        let taken = self.calls.get_mut(id).map_or(Err(gone), |call| {
            // Behind the ACK a description in it is an offer, and never the answer to what this
            // side has offered since: like that of an UPDATE it may cross another one.
            let crosses = call.state == CallState::Established
                && call.exchange.offer != Offer::None
                && has_session(view);
            let reliable = call.reliable.as_mut().ok_or(gone)?;
            let last = (reliable.number, reliable.sequence_number);
            let of_last = view.typed::<RAck<'_>>().is_ok_and(|rack| {
                (rack.response_number, rack.cseq.sequence_number) == last
                    && rack.cseq.method == Method::INVITE
            });
            let input = match of_last {
                true => Input::Prack,
                false => Input::OtherPrack,
            };
            match reliable.state.step(input) {
                Some((_, Action::Confirm)) if crosses => Err(StatusCode::REQUEST_PENDING),
                Some((next, Action::Confirm)) => {
                    reliable.state = next;
                    Ok(())
                }
                _ => Err(gone),
            }
        });
        if let Err(status) = taken {
            return self.reply(now, transaction, view, status, &Content::new());
        }
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        call.reliable.take_if(|reliable| reliable.is_closed());
        call.deadlines.stop(Timer::Reliable as usize);
        call.deadlines.stop(Timer::NoPrack as usize);
        self.reschedule(id);
        self.take_prack(now, transaction, request, id, key);
        self.send_what_waits(now, id);
    }

    /// The description in a PRACK is the answer to an offer of this side, or an offer for the
    /// user.
    fn take_prack(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        request: Message,
        id: CallId,
        key: DialogKey,
    ) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        let described = has_session(request.view());
        let answers = call.exchange.offer == Offer::Ours;
        if described {
            call.exchange.description_received();
        }
        if described && !answers {
            self.hold(transaction, request.clone(), Some(key), Some(id));
            return self.tell(Event::Modify {
                call: id,
                incoming: IncomingId(transaction),
                request,
            });
        }
        self.reply(
            now,
            transaction,
            request.view(),
            StatusCode::OK,
            &Content::new(),
        );
        if described {
            self.tell(Event::Acknowledged { call: id, request });
        }
    }

    /// The provisional responses and the 2xx that had to wait for a PRACK.
    fn send_what_waits(&mut self, now: Instant, id: CallId) {
        let waiting = self.calls.get_mut(id).and_then(|call| {
            let reliable = call.reliable.as_mut()?;
            (reliable.state == State::Free).then(|| reliable.waiting.pop_front())?
        });
        if let Some((status, content)) = waiting {
            let _ = self.respond_to_invite(now, id, status, &content);
            // A 2xx may go behind one that has no description.
            self.send_what_waits(now, id);
        }
    }

    pub(super) fn resend_reliable(&mut self, now: Instant, id: CallId) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        let Some(answering) = call.answering.as_mut() else {
            return;
        };
        let Some(reliable) = call.reliable.as_mut() else {
            return;
        };
        if let Some((next, Action::Resend)) = reliable.state.step(Input::Resend) {
            reliable.state = next;
            reliable.interval = reliable.interval.saturating_mul(2);
            let interval = reliable.interval;
            let response = reliable.response.clone();
            let _ = self.layer.respond(now, answering.transaction, response);
            call.deadlines
                .start(Timer::Reliable as usize, now, interval);
        }
    }

    /// No PRACK has come: the INVITE fails with a 5xx (RFC 3262 §3).
    pub(super) fn reliable_has_failed(&mut self, now: Instant, id: CallId) {
        let reliable = self.calls.get_mut(id).and_then(|call| {
            call.deadlines.stop(Timer::Reliable as usize);
            call.reliable.as_mut()
        });
        let Some(reliable) = reliable else { return };
        if let Some((next, Action::Reject)) = reliable.state.step(Input::Expire) {
            reliable.state = next;
            self.refuse(now, id, StatusCode::SERVER_TIME_OUT);
            let with = With::cause(EndCause::NotAcknowledged);
            self.advance(now, id, CallInput::Refuse, with);
        }
    }
}

/// The PRACK that waits for the user.
#[derive(Debug, Clone, Copy)]
pub(super) struct OwedPrack {
    dialog: DialogKey,
    response_number: u32,
    sequence_number: u32,
}

/// Whether the other side wants provisional responses to be reliable, or allows them to be.
pub(super) fn wanted_by(request: MessageRef<'_>) -> (bool, bool) {
    let required = request
        .list::<Require<'_>>()
        .flatten()
        .any(|tag| tag.is(TAG));
    let mut supported = request.list::<Supported<'_>>().flatten();
    (required, required || supported.any(|tag| tag.is(TAG)))
}

/// The number of a provisional response that is to be acknowledged.
fn reliable_number(response: MessageRef<'_>) -> Option<u32> {
    let mut required = response.list::<Require<'_>>().flatten();
    required.any(|tag| tag.is(TAG)).then_some(())?;
    response.first(HeaderName::RSeq)?;
    Some(response.typed::<RSeq>().ok()?.0)
}
