//! The application's response to a request, and what it changes (RFC 2326 §A.2).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use std::time::Instant;

use super::session::Session;
use super::{
    CommandError, ConnectionId, EndReason, Reply, RequestId, Server, ServerOutput, SessionKey,
    Waiting, uri_of,
};
use crate::state::Action;
use crate::streams::Streams;
use crate::{HeaderName, MessageBuilder, StatusClass, StatusCode};

impl Server {
    /// Answers a request. A success changes the state and keeps the session alive; a SETUP without
    /// a session begins one, whose key is returned; a PAUSE with a Range takes effect only with
    /// [`finish`](Self::finish). If the session has ended meanwhile, the answer is 454.
    ///
    /// # Errors
    ///
    /// If the request does not wait for a response or the response cannot be written.
    pub fn respond(
        &mut self,
        now: Instant,
        request: RequestId,
        reply: &Reply<'_>,
    ) -> Result<Option<SessionKey>, CommandError> {
        let RequestId { connection, number } = request;
        let state = self.connections.get_mut(&connection);
        let state = state.ok_or(CommandError::UnknownRequest)?;
        let waiting = match state.waiting.take() {
            Some(waiting) if waiting.number == number => waiting,
            other => {
                state.waiting = other;
                return Err(CommandError::UnknownRequest);
            }
        };
        let is_lost = waiting
            .session
            .is_some_and(|key| !self.sessions.contains_key(&key));
        let lost = Reply::new(StatusCode::SESSION_NOT_FOUND);
        let reply = if is_lost { &lost } else { reply };
        let class = reply.status.class();
        let begins = class == StatusClass::Success
            && waiting.action == Some(Action::Setup)
            && waiting.session.is_none();
        let id = begins.then(|| format!("{:032x}", (self.random)()));
        let written = self.write(&waiting, reply, id.as_deref());
        let is_final = class != StatusClass::Informational;
        let bytes = match written {
            Ok(bytes) if is_final => bytes,
            other => {
                if let Some(state) = self.connections.get_mut(&connection) {
                    state.waiting = Some(waiting);
                }
                let bytes = other?;
                self.output
                    .push_back(ServerOutput::Transmit { connection, bytes });
                return Ok(None);
            }
        };
        self.output
            .push_back(ServerOutput::Transmit { connection, bytes });
        let key = match id {
            Some(id) => Some(self.begin(now, connection, id, reply.presentation)),
            None => waiting.session,
        };
        if let Some(key) = key {
            match class {
                StatusClass::Success => self.succeed(now, key, &waiting),
                StatusClass::Redirection => self.reset(key, waiting.target),
                _ => {}
            }
        }
        self.advance(now, connection);
        Ok(if begins { key } else { None })
    }

    fn write(
        &self,
        waiting: &Waiting,
        reply: &Reply<'_>,
        id: Option<&str>,
    ) -> Result<Vec<u8>, CommandError> {
        let mut builder = MessageBuilder::response_to(waiting.message.view(), reply.status);
        if let Some(id) = id {
            let timeout = self.config.session_timeout.as_secs();
            let session = format!("{id};timeout={timeout}");
            builder = builder.header(HeaderName::Session, &session);
        }
        for &(name, value) in reply.headers {
            builder = builder.header(name, value);
        }
        Ok(match reply.body {
            Some((content_type, body)) => builder.finish_with_body(content_type, body)?,
            None => builder.finish()?,
        })
    }

    fn begin(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        id: String,
        presentation: Option<&str>,
    ) -> SessionKey {
        let key = SessionKey(self.next_session);
        self.next_session += 1;
        let expires = now + self.config.session_timeout;
        self.keys.insert(id.clone(), key);
        let session = Session {
            id,
            connection,
            presentation: presentation.map(String::from),
            streams: Streams::default(),
            expires,
        };
        self.sessions.insert(key, session);
        self.timers.insert((expires, key));
        key
    }

    fn succeed(&mut self, now: Instant, key: SessionKey, waiting: &Waiting) {
        let Some(session) = self.sessions.get_mut(&key) else {
            return;
        };
        let request = waiting.message.view();
        match waiting.action {
            // At its pause point, which the application tells.
            Some(Action::Pause) if request.first(HeaderName::Range).is_some() => {}
            Some(action) => session
                .streams
                .apply(waiting.target, uri_of(request), action),
            None => {}
        }
        if waiting.action == Some(Action::Teardown) && session.streams.is_over() {
            self.end(key, EndReason::TornDown);
        } else {
            let _ = self.keep_alive(now, key);
        }
    }
}
