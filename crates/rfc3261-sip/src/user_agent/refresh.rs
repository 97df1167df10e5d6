//! Session timers of calls: what is asked for and agreed on, refreshes, and the end of a session
//! that was not refreshed (RFC 4028).

use std::time::Instant;

use super::{
    CallId, Content, EndCause, RequestId, UserAgent,
    call::{Input, Timer, With},
    session_timer::{self, LEAST, SessionTimer},
};
use crate::{
    HeaderName, MessageRef, RequestBuilder, ResponseBuilder, StatusCode, transaction::TransactionId,
};

impl UserAgent {
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
    pub(super) fn refresh_session(&mut self, now: Instant, id: CallId) {
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
}
