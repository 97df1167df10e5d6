//! What a client does with the server's messages: responses, and the few requests (RFC 2326 §10,
//! §A.1).

use alloc::boxed::Box;
use alloc::string::String;
use core::time::Duration;
use std::time::Instant;

use super::{
    Client, ClientEndReason, ClientEvent, ClientOutput, ClientSession, Origin, Outstanding, Request,
};
use crate::headers::Session;
use crate::state::Action;
use crate::{
    HeaderName, Message, MessageBuilder, MessageRef, Method, State, StatusClass, StatusCode, Target,
};

impl Client {
    /// Takes a response.
    pub(super) fn take_response(&mut self, now: Instant, message: Message) {
        let view = message.view();
        let number = view.cseq().map(|cseq| cseq.sequence_number);
        let position = number.ok().and_then(|number| {
            let mut outstanding = self.outstanding.iter();
            outstanding.position(|request| request.number == number)
        });
        // A response to nothing says nothing.
        let (Some(position), Some(status)) = (position, view.status()) else {
            return;
        };
        if status.class() == StatusClass::Informational {
            if let Some(request) = self.outstanding.get_mut(position) {
                request.due = now + self.config.response_timeout;
                let (request, message) = (request.number, Box::new(message));
                self.event(ClientEvent::Response { request, message });
            }
            return;
        }
        let Some(request) = self.outstanding.remove(position) else {
            return;
        };
        let ended = match status.class() {
            StatusClass::Success => self.succeed(now, &request, view),
            StatusClass::Redirection if request.action.is_some() => {
                self.streams.set(request.target, |_| State::Init);
                let is_over = self.session.is_some() && self.streams.is_over();
                is_over.then_some(ClientEndReason::Redirected)
            }
            _ if status == StatusCode::SESSION_NOT_FOUND && self.session.is_some() => {
                Some(ClientEndReason::NotFound)
            }
            _ => None,
        };
        match request.origin {
            Origin::Application => {
                let (request, message) = (request.number, Box::new(message));
                self.event(ClientEvent::Response { request, message });
            }
            Origin::KeepAlive => {
                let is_refused = status.class() != StatusClass::Success;
                if is_refused && !self.without_get_parameter {
                    self.without_get_parameter = true;
                    if let Some(session) = &mut self.session {
                        // It may not have counted: the other way at once.
                        session.refresh = now;
                    }
                }
            }
            Origin::Redirection => {}
        }
        if let Some(reason) = ended {
            self.end(reason);
        }
    }

    /// Does what a request was for, and says whether the session ends with it.
    fn succeed(
        &mut self,
        now: Instant,
        request: &Outstanding,
        response: MessageRef<'_>,
    ) -> Option<ClientEndReason> {
        let action = request.action?;
        if action == Action::Setup && self.session.is_none() {
            // Without a session the server has set up nothing that could be controlled.
            let session = response.session().and_then(Result::ok)?;
            let timeout = Duration::from_secs(session_timeout(&session).into());
            self.session = Some(ClientSession {
                id: session.id.into(),
                uri: request.uri.clone(),
                timeout,
                refresh: now + timeout / 2,
            });
        }
        if !request.is_deferred {
            self.streams.apply(request.target, &request.uri, action);
        }
        let is_over =
            action == Action::Teardown && self.session.is_some() && self.streams.is_over();
        is_over.then_some(match request.origin {
            Origin::Redirection => ClientEndReason::Redirected,
            _ => ClientEndReason::TornDown,
        })
    }

    /// Answers a request of the server.
    pub(super) fn answer(&mut self, now: Instant, message: Message) {
        let view = message.view();
        let method = view.method();
        let code = match method {
            _ if view.cseq().is_err() => StatusCode::BAD_REQUEST,
            Some(Method::REDIRECT | Method::OPTIONS) => StatusCode::OK,
            Some(Method::GET_PARAMETER) if view.body().is_empty() => StatusCode::OK,
            _ => StatusCode::NOT_IMPLEMENTED,
        };
        let mut response = MessageBuilder::response_to(view, code);
        if code == StatusCode::NOT_IMPLEMENTED || method == Some(Method::OPTIONS) {
            response = response.header(HeaderName::Public, "OPTIONS, GET_PARAMETER, REDIRECT");
        }
        let Ok(bytes) = response.finish() else {
            return;
        };
        self.output.push_back(ClientOutput::Transmit(bytes));
        if code == StatusCode::OK && method == Some(Method::REDIRECT) {
            let location = view.first(HeaderName::Location);
            let location = location
                .and_then(|field| field.value_str())
                .map(String::from);
            let is_immediate = view.first(HeaderName::Range).is_none();
            let message = Box::new(message);
            self.event(ClientEvent::Redirected { location, message });
            if is_immediate {
                self.leave(now);
            }
        }
    }

    /// Tears the session down because the server has sent the client elsewhere (§10.10).
    fn leave(&mut self, now: Instant) {
        self.streams.set(Target::Presentation, |_| State::Init);
        if let Some(session) = &self.session {
            let uri = session.uri.clone();
            let request = Request::new(Method::TEARDOWN, &uri);
            let teardown = Some(Action::Teardown);
            // All that is in it came from a request that was written.
            let _ = self.send(
                now,
                &request,
                teardown,
                Target::Presentation,
                Origin::Redirection,
            );
        }
    }
}

/// Seconds that a session lives: a server that says 0 is asked twice a second, and one that says
/// more than a day twice a day.
fn session_timeout(session: &Session<'_>) -> u32 {
    session.timeout_or_default().clamp(1, 86_400)
}
