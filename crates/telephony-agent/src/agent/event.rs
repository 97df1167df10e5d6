//! What the user agent tells, and what becomes of it.

use core::time::Duration;
use std::time::Instant;

use rfc2833_dtmf::Event as Digit;
use rfc3261_sip::user_agent::{
    self, Content, EndCause, Failure, IncomingId, Output as Said, RequestId,
};
use rfc3261_sip::{Message, Method, StatusCode};

use super::body;
use super::call::Call;
use super::{Agent, AgentError, CallId, EndReason, Event, Output};
use crate::Security;
use crate::media::{DigitError, MediaEvent};

impl Agent {
    /// Does what the user agent tells, and passes on what it sends.
    pub(super) fn pump(&mut self, now: Instant) {
        while let Some(output) = self.user_agent.poll_output() {
            match output {
                Said::Transmit(transmit) => self.outputs.push_back(Output::Transmit(transmit)),
                Said::Event(event) => self.handle_event(now, event),
            }
        }
    }

    fn handle_event(&mut self, now: Instant, event: user_agent::Event) {
        use user_agent::Event as Told;
        match event {
            Told::Incoming {
                call,
                request,
                replaces,
                ..
            } => self.come_in(call, request, replaces),
            Told::Progress { call, response, .. } => {
                if let Some(call) = self.names.get(&call).copied() {
                    self.progress(now, call, &response);
                }
            }
            Told::Answered { call, response, .. } => {
                if let Some(call) = self.names.get(&call).copied() {
                    self.answered(now, call, &response);
                }
            }
            // Another phone was picked up as well: one call is enough.
            Told::Forked { call, .. } => {
                let _ = self.user_agent.hang_up(now, call);
            }
            Told::Established { call, request } => {
                if let Some(call) = self.names.get(&call).copied() {
                    self.acknowledged(now, call, &request);
                }
            }
            Told::Ended { call, cause } => {
                if let Some(id) = self.names.remove(&call) {
                    self.end(now, id, &cause);
                }
            }
            Told::Modify {
                call,
                incoming,
                request,
            } => match self.names.get(&call).copied() {
                Some(call) => self.modify(now, call, incoming, &request),
                None => self.respond(now, incoming, StatusCode::REQUEST_TERMINATED),
            },
            Told::Modified { call, outcome, .. } => {
                if let Some(call) = self.names.get(&call).copied() {
                    self.modified(now, call, &outcome);
                }
            }
            Told::Acknowledged { call, request } => {
                if let Some(call) = self.names.get(&call).copied() {
                    self.modification_acknowledged(now, call, &request);
                }
            }
            Told::Referred {
                subscription,
                call,
                request,
            } => {
                let call = call.and_then(|call| self.names.get(&call).copied());
                self.referred(now, subscription, call, &request);
            }
            Told::Notified {
                subscription,
                request,
            } => self.notified(subscription, &request),
            Told::SubscriptionEnded {
                subscription,
                failure,
            } => self.referral_ended(subscription, failure.as_ref()),
            Told::Subscribed { subscription, .. } => {
                let content = Content::new();
                let status = StatusCode::BAD_EVENT;
                let _ = self
                    .user_agent
                    .refuse_subscription(now, subscription, status, &content);
            }
            Told::Request {
                incoming,
                call,
                request,
                ..
            } => {
                let call = call.and_then(|call| self.names.get(&call).copied());
                self.asked(now, incoming, call, &request);
            }
            Told::Response { request, response } => {
                let status = response.status().unwrap_or(StatusCode::BAD_REQUEST);
                self.outcome(now, request, status);
            }
            Told::Failed { request, failure } => self.outcome(now, request, failure.status()),
            Told::Challenged {
                request,
                response,
                sent,
                ..
            } => {
                let credentials = self.authenticator.answer(request, &response, &sent);
                let _ = match credentials {
                    Some(credentials) => self.user_agent.retry(now, request, &credentials),
                    None => self.user_agent.give_up(now, request),
                };
            }
            Told::Lookup { request, query } => self.event(Event::Lookup { request, query }),
            Told::Registered { expires, .. } => self.event(Event::Registered { expires }),
            Told::Unregistered { .. } => {
                self.registration = None;
                self.event(Event::Unregistered);
            }
            Told::RegistrationFailed {
                registration,
                failure,
            } => self.registration_failed(registration, &failure),
            _ => {}
        }
    }

    fn registration_failed(&mut self, registration: user_agent::RegistrationId, failure: &Failure) {
        self.user_agent.forget(registration);
        self.registration = None;
        self.event(Event::RegistrationFailed {
            reason: EndReason::of_failure(failure),
        });
    }

    /// Somebody calls.
    fn come_in(
        &mut self,
        signalling: user_agent::CallId,
        request: Message,
        replaces: Option<user_agent::CallId>,
    ) {
        let id = self.new_call_id();
        let mut call = Call::new(signalling);
        call.invite = Some(request.clone());
        self.names.insert(signalling, id);
        self.calls.insert(id, call);
        let replaces = replaces.and_then(|replaced| self.names.get(&replaced).copied());
        self.event(Event::Incoming {
            call: id,
            request,
            replaces,
        });
    }

    /// The call has a provisional response, maybe with early media.
    fn progress(&mut self, now: Instant, id: CallId, response: &Message) {
        let status = response.status().unwrap_or(StatusCode::SESSION_PROGRESS);
        self.event(Event::Progress { call: id, status });
        self.tell_asker(now, id, status);
        let exchange = self
            .calls
            .get_mut(&id)
            .and_then(|call| call.exchange.as_mut());
        if let (Some(exchange), Some(answer)) =
            (exchange, body::session_description(response.view()))
        {
            // What is wrong in it is told by the final answer.
            if exchange.take_answer(answer).is_ok() {
                let _ = self.start_media(now, id);
            }
        }
    }

    /// The peer has answered.
    fn answered(&mut self, now: Instant, id: CallId, response: &Message) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.outgoing = None;
        let Some(exchange) = &mut call.exchange else {
            return;
        };
        let agreed = match body::session_description(response.view()) {
            Some(answer) => exchange.take_answer(answer).map_err(AgentError::from),
            // An answer in a provisional response may be all there is.
            None if exchange.agreed().is_some() => Ok(()),
            None => Err(AgentError::State),
        };
        exchange.close();
        let agreed = agreed.and_then(|()| self.agree(now, id));
        self.established(now, id, agreed);
    }

    /// The peer has the answer of this side.
    fn acknowledged(&mut self, now: Instant, id: CallId, ack: &Message) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Some(exchange) = &mut call.exchange else {
            return;
        };
        let agreed = if exchange.is_offering() {
            let answer = body::session_description(ack.view());
            let taken = match answer {
                Some(answer) => exchange.take_answer(answer).map_err(AgentError::from),
                None => Err(AgentError::State),
            };
            exchange.close();
            taken.and_then(|()| self.agree(now, id))
        } else {
            Ok(())
        };
        self.established(now, id, agreed);
    }

    /// Starts the media, which there must be.
    fn agree(&mut self, now: Instant, id: CallId) -> Result<(), AgentError> {
        self.start_media(now, id)?;
        match self.media(id) {
            Some(_) => Ok(()),
            None => Err(AgentError::State),
        }
    }

    fn established(&mut self, now: Instant, id: CallId, agreed: Result<(), AgentError>) {
        match agreed {
            Ok(()) => {
                self.event(Event::Established { call: id });
                self.tell_asker(now, id, StatusCode::OK);
            }
            Err(error) => {
                let why = match error {
                    AgentError::State => "the other side describes none".to_string(),
                    error => error.to_string(),
                };
                self.tell_asker(now, id, StatusCode::NOT_ACCEPTABLE_HERE);
                let Some(call) = self.calls.get(&id) else {
                    return;
                };
                let signalling = call.signalling;
                self.names.remove(&signalling);
                self.finish(now, id, EndReason::NoMedia(why));
                let _ = self.user_agent.hang_up(now, signalling);
            }
        }
    }

    /// The signalling of a call is over.
    fn end(&mut self, now: Instant, id: CallId, cause: &EndCause) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if let (EndCause::Failed(failure), Some(mut outgoing)) = (cause, call.outgoing.take()) {
            let may_be_plain =
                outgoing.secure && self.config.security.security == Security::Optional;
            let refused = [
                StatusCode::NOT_ACCEPTABLE_HERE,
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                StatusCode::GLOBAL_NOT_ACCEPTABLE,
            ];
            if may_be_plain && refused.contains(&failure.status()) {
                outgoing.secure = false;
                let asked_by = call.asked_by;
                if self.invite(now, id, outgoing, asked_by).is_ok() {
                    return;
                }
            }
            self.tell_asker(now, id, failure.status());
        }
        self.finish(now, id, EndReason::of_cause(cause));
    }

    /// Nothing is left of a call but the news of its end.
    fn finish(&mut self, now: Instant, id: CallId, reason: EndReason) {
        if let Some(media) = self.media_mut(id) {
            media.leave(now);
            self.drain(id);
        }
        let Some(call) = self.calls.remove(&id) else {
            return;
        };
        if let Some(due) = call.due {
            self.queue.remove(&(due, id));
        }
        self.informing.retain(|_, call| *call != id);
        self.referring.retain(|_, call| *call != id);
        let statistics = call.media.map(|media| media.statistics());
        self.event(Event::Ended {
            call: id,
            reason,
            statistics,
        });
    }

    /// Somebody asks for something, within a call or not.
    fn asked(
        &mut self,
        now: Instant,
        incoming: IncomingId,
        call: Option<CallId>,
        request: &Message,
    ) {
        let status = match (request.method(), call) {
            (Some(Method::INFO), Some(call)) => self.informed(call, request),
            (_, None) => StatusCode::FORBIDDEN,
            _ => StatusCode::NOT_IMPLEMENTED,
        };
        self.respond(now, incoming, status);
    }

    pub(super) fn respond(&mut self, now: Instant, incoming: IncomingId, status: StatusCode) {
        // The one who asked may be gone.
        let _ = self
            .user_agent
            .respond(now, incoming, status, &Content::new());
    }

    /// The peer informs: of a digit, if anything.
    fn informed(&mut self, call: CallId, request: &Message) -> StatusCode {
        if request.body().is_empty() {
            return StatusCode::OK;
        }
        let digit = body::digit(request.view());
        let Some((digit, duration)) = digit else {
            return StatusCode::UNSUPPORTED_MEDIA_TYPE;
        };
        if let Some(digit) = Digit::from_digit(digit) {
            for event in [
                MediaEvent::DigitBegan { event: digit },
                MediaEvent::DigitEnded {
                    event: digit,
                    duration,
                },
            ] {
                self.event(Event::Media { call, event });
            }
        }
        StatusCode::OK
    }

    /// Sends digits by INFO, one after the other.
    pub(super) fn inform(
        &mut self,
        now: Instant,
        id: CallId,
        digits: &str,
    ) -> Result<(), AgentError> {
        if let Some(other) = digits.chars().find(|c| Digit::from_digit(*c).is_none()) {
            return Err(DigitError::NoDigit(other).into());
        }
        let call = self.calls.get_mut(&id).ok_or(AgentError::Unknown)?;
        let is_idle = call.digits.is_empty();
        call.digits.extend(digits.chars());
        if is_idle {
            self.inform_next(now, id)?;
        }
        Ok(())
    }

    fn inform_next(&mut self, now: Instant, id: CallId) -> Result<(), AgentError> {
        let call = self.calls.get(&id).ok_or(AgentError::Unknown)?;
        let Some(digit) = call.digits.front() else {
            return Ok(());
        };
        let duration: Duration = self.config.digit;
        let body = body::dtmf_relay(*digit, duration);
        let content = Content::body("application/dtmf-relay", body);
        let signalling = call.signalling;
        let request = self
            .user_agent
            .request_within(now, signalling, Method::INFO, &content)?;
        self.informing.insert(request, id);
        Ok(())
    }

    /// A request of this side within a call has a response, or none.
    fn outcome(&mut self, now: Instant, request: RequestId, status: StatusCode) {
        if status.is_provisional() {
            return;
        }
        let Some(id) = self.informing.remove(&request) else {
            return;
        };
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.digits.pop_front();
        if status.is_success() {
            let _ = self.inform_next(now, id);
        } else {
            call.digits.clear();
            self.event(Event::ChangeRefused { call: id, status });
        }
    }
}
