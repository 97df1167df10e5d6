//! Calls of the other side: INVITE received, its responses and its ACK (RFC 3261 §9.2, §13.3).

use alloc::{boxed::Box, string::String};
use core::time::Duration;
use std::time::Instant;

use super::{
    CallId, CallState, CommandError, Content, EndCause, Event, UserAgent,
    call::{Answering, Call, Input, Timer, With},
    modify::has_session,
    reliable::{self, Reliable},
    uses::Use,
};
use crate::{
    HeaderName, Message, ResponseBuilder, StatusCode, dialog::Dialog, headers::Expires,
    transaction::TransactionId, transport::Flow,
};

/// How often a provisional response is repeated, lest proxies cancel (RFC 3261 §13.3.1.1).
const RING: Duration = Duration::from_secs(60);

impl UserAgent {
    /// Says that it rings: 180.
    pub fn ring(
        &mut self,
        now: Instant,
        call: CallId,
        content: &Content,
    ) -> Result<(), CommandError> {
        self.progress(now, call, StatusCode::RINGING, content)
    }

    /// Sends a provisional response (101 to 199) to a call that came in: 183 with a session
    /// description for early media. It is repeated every minute, so that the call is not
    /// cancelled on its way.
    pub fn progress(
        &mut self,
        now: Instant,
        call: CallId,
        status: StatusCode,
        content: &Content,
    ) -> Result<(), CommandError> {
        if !(101..200).contains(&status.get()) {
            return Err(CommandError::Status);
        }
        self.respond_to_invite(now, call, status, content)?;
        self.pump(now);
        Ok(())
    }

    /// Takes a call: 200, sent again until the ACK is there, and BYE if none comes
    /// (RFC 3261 §13.3.1.4).
    pub fn answer(
        &mut self,
        now: Instant,
        call: CallId,
        content: &Content,
    ) -> Result<(), CommandError> {
        self.respond_to_invite(now, call, StatusCode::OK, content)?;
        self.pump(now);
        Ok(())
    }

    /// Does not take a call: 300 to 699.
    pub fn reject(
        &mut self,
        now: Instant,
        call: CallId,
        status: StatusCode,
        content: &Content,
    ) -> Result<(), CommandError> {
        if status.get() < 300 {
            return Err(CommandError::Status);
        }
        self.respond_to_invite(now, call, status, content)?;
        self.pump(now);
        Ok(())
    }

    /// Sends the caller elsewhere: 302 with these values of Contact (RFC 3261 §8.3, §13.3.1.2).
    pub fn redirect(
        &mut self,
        now: Instant,
        call: CallId,
        contacts: &[&str],
    ) -> Result<(), CommandError> {
        let content = contacts.iter().fold(Content::new(), |content, contact| {
            content.header("Contact", *contact)
        });
        self.reject(now, call, StatusCode::MOVED_TEMPORARILY, &content)
    }

    /// An INVITE outside of all dialogs has come.
    pub(super) fn handle_invite(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        request: Message,
        source: Flow,
    ) {
        if self.calls.len() >= self.config.max_calls {
            return self.layer.refuse_without_state(transaction, request.view());
        }
        let tag = self.new_tag();
        let dialog = match Dialog::uas(request.view(), &tag, source.transport) {
            Ok(dialog) => dialog,
            Err(refusal) => {
                let content = Content::new();
                return self.reply(now, transaction, request.view(), refusal.status(), &content);
            }
        };
        if self.refuses_interval(now, transaction, request.view()) {
            return;
        }
        let replaces = match self.replaced_by(request.view()) {
            Ok(replaces) => replaces,
            Err(status) => {
                return self.reply(now, transaction, request.view(), status, &Content::new());
            }
        };
        let number = dialog.remote_sequence_number().unwrap_or_default();
        let mut answering = Answering::answered(transaction, number, bytes::Bytes::new());
        answering.request = Some(request.clone());
        let (required, allowed) = reliable::wanted_by(request.view());
        let mut call = Call::new(CallState::Ringing);
        if required || (allowed && self.config.reliable_provisional) {
            let first = self.layer.random() as u32 & 0x3fff_ffff;
            call.reliable = Some(Box::new(Reliable::new(number, first)));
        }
        call.answering = Some(Box::new(answering));
        call.exchange.their_invite = true;
        call.replaces = replaces;
        if has_session(request.view()) {
            call.exchange.description_received();
        }
        call.note_peer(request.view());
        if let Some(Ok(expires)) = request.get::<Expires>() {
            let after = Duration::from_secs(expires.0.into());
            call.deadlines.start(Timer::Expire as usize, now, after);
        }
        let id = self.calls.insert(call);
        let key = self.dialogs.insert(dialog, source, Some(id));
        if let Some(call) = self.calls.get_mut(id) {
            call.dialog = Some(key);
        }
        self.reschedule(id);
        self.uses.set(transaction, Use::Incoming(id));
        self.tell(Event::Incoming {
            call: id,
            request,
            source,
            replaces,
        });
    }

    /// Answers the INVITE that a call began with.
    pub(super) fn respond_to_invite(
        &mut self,
        now: Instant,
        id: CallId,
        status: StatusCode,
        content: &Content,
    ) -> Result<(), CommandError> {
        let call = self.calls.get_mut(id).ok_or(CommandError::Unknown)?;
        if call.state != CallState::Ringing {
            return Err(CommandError::State);
        }
        let response = self.response_to_invite(id, status, content)?;
        let call = self.calls.get_mut(id).ok_or(CommandError::Unknown)?;
        let answering = call.answering.as_mut().ok_or(CommandError::State)?;
        if let Some(reliable) = &mut call.reliable {
            if !reliable.admit(status, content).ok_or(CommandError::State)? {
                return Ok(());
            }
        }
        self.layer
            .respond(now, answering.transaction, response.clone())?;
        if let (Some(key), Some(request)) = (call.dialog, &answering.request) {
            if let Some(entry) = self.dialogs.get_mut(key) {
                let _ = entry.dialog.responded(request.view(), status);
            }
        }
        let is_reliable = call.reliable.is_some() && status.is_provisional();
        let described = content.has_session();
        if described && !answering.described && (is_reliable || status.is_success()) {
            answering.described = true;
            call.exchange.description_sent();
            call.description.clone_from(&content.body);
        }
        if status.is_provisional() {
            self.invite_is_held(now, id, status, content, response);
            return Ok(());
        }
        answering.response = response;
        answering.provisional = None;
        let timer = answering
            .request
            .take()
            .map(|request| self.session_timer_for(request.view()));
        let Some(call) = self.calls.get_mut(id) else {
            return Ok(());
        };
        call.exchange.their_invite = false;
        call.reliable.take_if(|reliable| reliable.is_closed());
        for timer in [Timer::Ring, Timer::Expire, Timer::Reliable, Timer::NoPrack] {
            call.deadlines.stop(timer as usize);
        }
        match status.is_success() {
            true => {
                self.await_ack(now, id);
                self.advance(now, id, Input::Answer, With::default());
                self.settle_session_timer(now, id, timer.unwrap_or_default());
                self.replace(now, id);
            }
            false => {
                self.advance(now, id, Input::Refuse, With::cause(EndCause::Given));
            }
        }
        Ok(())
    }

    /// The response to the INVITE that a call began with.
    fn response_to_invite(
        &self,
        id: CallId,
        status: StatusCode,
        content: &Content,
    ) -> Result<bytes::Bytes, CommandError> {
        let call = self.calls.get(id).ok_or(CommandError::Unknown)?;
        let key = call.dialog.ok_or(CommandError::State)?;
        let answering = call.answering.as_ref().ok_or(CommandError::State)?;
        let number = match &call.reliable {
            Some(reliable) if status.is_provisional() => Some(reliable.next_number()),
            _ => None,
        };
        let request = answering.request.as_ref().ok_or(CommandError::State)?;
        let request = request.view();
        let entry = self.dialogs.get(key).ok_or(CommandError::State)?;
        let contact = (status.get() < 300).then_some(self.config.contact.as_str());
        let mut response = self.served(entry.dialog.response(request, status, contact)?);
        if let Some(number) = number {
            response = response
                .header(HeaderName::Require, reliable::TAG)
                .header(HeaderName::RSeq, number);
        }
        if status.get() < 300 {
            response = response.header(HeaderName::Allow, &self.allow);
        }
        if status.is_success() {
            if !self.supported.is_empty() {
                response = response.header(HeaderName::Supported, &self.supported);
            }
            let timer = self.session_timer_for(request);
            response = self.with_session_timer_answer(response, request, timer);
        }
        Ok(content.add_to_response(response).build()?)
    }

    /// A provisional response was sent: it is repeated, until its PRACK is there or lest the call
    /// is cancelled on its way.
    fn invite_is_held(
        &mut self,
        now: Instant,
        id: CallId,
        status: StatusCode,
        content: &Content,
        response: bytes::Bytes,
    ) {
        let t1 = self.config.transactions.timing.t1;
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        let Some(answering) = call.answering.as_mut() else {
            return;
        };
        if let Some(reliable) = call.reliable.as_mut() {
            reliable.sent(response, content.has_session(), t1);
            call.deadlines.start(Timer::Reliable as usize, now, t1);
            let all = t1.saturating_mul(64);
            call.deadlines.start(Timer::NoPrack as usize, now, all);
        }
        answering.provisional = Some(Box::new((status, content.clone())));
        call.deadlines.start(Timer::Ring as usize, now, RING);
        self.reschedule(id);
    }

    /// Repeats the 2xx until the ACK is there (RFC 3261 §13.3.1.4).
    pub(super) fn await_ack(&mut self, now: Instant, id: CallId) {
        let timing = self.config.transactions.timing;
        if let Some(call) = self.calls.get_mut(id) {
            if let Some(answering) = &mut call.answering {
                answering.interval = timing.t1;
            }
            let all = timing.t1.saturating_mul(64);
            call.deadlines.start(Timer::Resend as usize, now, timing.t1);
            call.deadlines.start(Timer::NoAck as usize, now, all);
        }
        self.reschedule(id);
    }

    pub(super) fn resend_answer(&mut self, now: Instant, id: CallId) {
        let t2 = self.config.transactions.timing.t2;
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        if let Some(answering) = &mut call.answering {
            let response = answering.response.clone();
            let _ = self.layer.respond(now, answering.transaction, response);
            answering.interval = answering.interval.saturating_mul(2).min(t2);
            let interval = answering.interval;
            call.deadlines.start(Timer::Resend as usize, now, interval);
        }
    }

    pub(super) fn ring_again(&mut self, now: Instant, id: CallId) {
        let answering = self.calls.get(id).and_then(|call| call.answering.as_ref());
        let provisional = answering.and_then(|answering| answering.provisional.clone());
        if let Some((status, content)) = provisional.map(|provisional| *provisional) {
            let _ = self.respond_to_invite(now, id, status, &content);
        }
    }

    /// Answers an INVITE that is not answered yet with this status, because of what happened.
    pub(super) fn refuse(&mut self, now: Instant, id: CallId, status: StatusCode) {
        let answering = self.calls.get(id).and_then(|call| call.answering.as_ref());
        let Some((answering, request)) =
            answering.and_then(|answering| Some((answering, answering.request.as_ref()?)))
        else {
            return;
        };
        let key = self.calls.get(id).and_then(|call| call.dialog);
        let tag = key.and_then(|key| {
            let dialog = &self.dialogs.get(key)?.dialog;
            Some(String::from(dialog.id().local_tag()?))
        });
        let tag = tag.unwrap_or_default();
        let response = ResponseBuilder::to(request.view(), status, &tag).build();
        if let Ok(response) = response {
            let _ = self.layer.respond(now, answering.transaction, response);
        }
    }
}
