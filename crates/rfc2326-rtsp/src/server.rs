//! The server's machine: connections, requests in order, sessions (RFC 2326 §9.1, §10, §A.2).

mod event;
mod response;
mod session;
mod verdict;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::time::Instant;

pub use event::{
    CommandError, ConnectionId, EndReason, Reply, RequestId, ServerEvent, ServerOutput,
    ServerRequest, SessionKey,
};
use session::Session;
use verdict::Verdict;

use crate::state::Action;
use crate::{
    Frame, Framer, HeaderName, Limits, Message, MessageBuilder, MessageRef, Method, Policy, State,
    StatusCode, Target,
};

/// How a [`Server`] behaves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerConfig {
    /// How long a session lives without a word of its client, 60 seconds unless set; whole seconds
    /// are announced.
    pub session_timeout: Duration,
    /// How many sessions there may be, 10 000 unless set; the next is answered with 503.
    pub sessions: usize,
    /// How many streams a session may have, 16 unless set.
    pub streams: usize,
    /// How many requests of a connection may wait for those before them, 32 unless set. Whoever
    /// sends more is disconnected.
    pub pipelined: usize,
    /// Whether a session is known on the connection only that it was made over, and ends with it:
    /// on unless set. Off, the application must authenticate every request.
    pub bind_sessions: bool,
    /// The methods that OPTIONS announces and the application answers; others get 501.
    pub methods: &'static [Method<'static>],
    /// How messages are read.
    pub policy: Policy,
    /// The size of messages.
    pub limits: Limits,
}

impl Default for ServerConfig {
    /// A server that plays: DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER.
    fn default() -> Self {
        Self {
            session_timeout: Duration::from_secs(60),
            sessions: 10_000,
            streams: 16,
            pipelined: 32,
            bind_sessions: true,
            methods: &[
                Method::OPTIONS,
                Method::DESCRIBE,
                Method::SETUP,
                Method::PLAY,
                Method::PAUSE,
                Method::TEARDOWN,
                Method::GET_PARAMETER,
                Method::SET_PARAMETER,
            ],
            policy: Policy::Interoperable,
            limits: Limits::DEFAULT,
        }
    }
}

/// An RTSP server without I/O: it reads requests, keeps the sessions and their states, and asks
/// the application what only that can decide.
///
/// It answers by itself: OPTIONS, GET_PARAMETER without a body, and every request that is
/// malformed, of an unknown method or version, requires an extension, names an unknown session or
/// is not for the state. Everything else is a [`ServerEvent::Request`].
///
/// - **inputs**: [`handle_input`](Self::handle_input),
///   [`handle_disconnect`](Self::handle_disconnect), [`handle_timeout`](Self::handle_timeout)
/// - **commands**: [`respond`](Self::respond), [`keep_alive`](Self::keep_alive),
///   [`finish`](Self::finish), [`redirect`](Self::redirect)
/// - **polls**, after every input and command: [`poll_output`](Self::poll_output) until `None`,
///   then [`next_timeout`](Self::next_timeout)
///
/// The requests of a connection are answered in their order: while one waits for its response, up
/// to [`ServerConfig::pipelined`] are kept. The state changes with the response, if that is a
/// success: whoever refuses a request, as for want of authentication, has changed nothing.
pub struct Server {
    config: ServerConfig,
    random: Box<dyn FnMut() -> u128 + Send>,
    connections: BTreeMap<ConnectionId, Connection>,
    sessions: BTreeMap<SessionKey, Session>,
    /// The sessions by the identifiers that clients have.
    keys: BTreeMap<String, SessionKey>,
    /// When sessions end, the next first.
    timers: BTreeSet<(Instant, SessionKey)>,
    next_session: u64,
    next_request: u64,
    output: VecDeque<ServerOutput>,
}

#[derive(Debug)]
struct Connection {
    framer: Framer,
    /// Requests behind the one that waits for its response.
    queue: VecDeque<Message>,
    waiting: Option<Waiting>,
    /// The CSeq of the server's own next request.
    sequence_number: u32,
}

/// A request that waits for its response.
#[derive(Debug)]
struct Waiting {
    number: u64,
    message: Message,
    session: Option<SessionKey>,
    target: Target,
    action: Option<Action>,
}

impl Server {
    /// A server without connections. `random` gives 128 bits for each session identifier; they
    /// must be unpredictable, for who guesses one can control the session.
    pub fn new(config: ServerConfig, random: impl FnMut() -> u128 + Send + 'static) -> Self {
        Self {
            config,
            random: Box::new(random),
            connections: BTreeMap::new(),
            sessions: BTreeMap::new(),
            keys: BTreeMap::new(),
            timers: BTreeSet::new(),
            next_session: 0,
            next_request: 0,
            output: VecDeque::new(),
        }
    }

    /// How many sessions there are.
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// The identifier of a session.
    pub fn session_id(&self, session: SessionKey) -> Option<&str> {
        self.sessions.get(&session).map(|session| &*session.id)
    }

    /// The state of a session's stream, by the order in which they were set up.
    pub fn state(&self, session: SessionKey, stream: usize) -> Option<State> {
        self.sessions.get(&session)?.streams.state(stream)
    }

    /// Takes bytes that came over a connection, which begins with its first ones.
    pub fn handle_input(&mut self, now: Instant, connection: ConnectionId, bytes: &[u8]) {
        let config = &self.config;
        let entry = self.connections.entry(connection);
        let framer = &mut entry.or_insert_with(|| Connection::new(config)).framer;
        framer.push(bytes);
        loop {
            let Some(state) = self.connections.get_mut(&connection) else {
                return;
            };
            match state.framer.poll() {
                Ok(None) => return,
                Ok(Some(Frame::Interleaved(frame))) => {
                    self.event(ServerEvent::Interleaved { connection, frame });
                }
                Ok(Some(Frame::Message(message))) if !message.view().is_request() => {
                    // The response to a REDIRECT: what it says changes nothing.
                }
                Ok(Some(Frame::Message(message))) => {
                    if state.queue.len() >= self.config.pipelined {
                        self.close(connection);
                        return;
                    }
                    state.queue.push_back(message);
                    self.advance(now, connection);
                }
                Err(_) => {
                    // Nobody can tell where the next message begins. Responses stay in order: none
                    // goes before the one that is owed.
                    if state.waiting.is_none() {
                        let response = MessageBuilder::response(StatusCode::BAD_REQUEST);
                        self.send(connection, response);
                    }
                    self.close(connection);
                    return;
                }
            }
        }
    }

    /// Forgets a connection that is gone, and ends the sessions that are bound to it.
    pub fn handle_disconnect(&mut self, connection: ConnectionId) {
        self.connections.remove(&connection);
        if !self.config.bind_sessions {
            return;
        }
        let bound = self.sessions.iter();
        let bound: Vec<_> = bound
            .filter(|(_, session)| session.connection == connection)
            .map(|(&key, _)| key)
            .collect();
        for key in bound {
            self.end(key, EndReason::Disconnected);
        }
    }

    /// Ends the sessions of which nothing was heard.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(&(expires, key)) = self.timers.first() {
            if expires > now {
                return;
            }
            self.end(key, EndReason::TimedOut);
        }
    }

    /// What is to be done next, in order.
    pub fn poll_output(&mut self) -> Option<ServerOutput> {
        self.output.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.first().map(|&(expires, _)| expires)
    }

    /// Notes that something was heard of a session's client otherwise, as an RTCP report.
    ///
    /// # Errors
    ///
    /// If there is no such session.
    pub fn keep_alive(&mut self, now: Instant, session: SessionKey) -> Result<(), CommandError> {
        let expires = now + self.config.session_timeout;
        let state = self.sessions.get_mut(&session);
        let state = state.ok_or(CommandError::UnknownSession)?;
        self.timers.remove(&(state.expires, session));
        state.expires = expires;
        self.timers.insert((expires, session));
        Ok(())
    }

    /// Notes that delivery has come to the end of its range or to a pause point: what was Playing
    /// or Recording is Ready. A PAUSE that was on its way meanwhile is answered with 200.
    ///
    /// # Errors
    ///
    /// If there is no such session or stream.
    pub fn finish(&mut self, session: SessionKey, target: Target) -> Result<(), CommandError> {
        let state = self.sessions.get_mut(&session);
        match state.map(|state| state.streams.finish(target)) {
            Some(true) => Ok(()),
            _ => Err(CommandError::UnknownSession),
        }
    }

    /// Sends the client elsewhere, at once. The session is in Init then: it may be torn down or
    /// set up again, and ends with its timeout.
    ///
    /// # Errors
    ///
    /// If there is no such session, its connection is gone, or the request cannot be written.
    pub fn redirect(
        &mut self,
        session: SessionKey,
        uri: &str,
        location: &str,
    ) -> Result<(), CommandError> {
        let state = self.sessions.get(&session);
        let state = state.ok_or(CommandError::UnknownSession)?;
        let connection = state.connection;
        let over = self.connections.get_mut(&connection);
        let over = over.ok_or(CommandError::UnknownSession)?;
        let bytes = MessageBuilder::request(Method::REDIRECT, uri)
            .header(HeaderName::CSeq, &over.sequence_number.to_string())
            .header(HeaderName::Location, location)
            .header(HeaderName::Session, &state.id)
            .finish()?;
        over.sequence_number = over.sequence_number.wrapping_add(1);
        self.output
            .push_back(ServerOutput::Transmit { connection, bytes });
        self.reset(session, Target::Presentation);
        Ok(())
    }

    /// Looks at the requests of a connection until one must wait.
    fn advance(&mut self, now: Instant, connection: ConnectionId) {
        loop {
            let Some(state) = self.connections.get_mut(&connection) else {
                return;
            };
            if state.waiting.is_some() {
                return;
            }
            let Some(message) = state.queue.pop_front() else {
                return;
            };
            let answer = |code, header: Option<(HeaderName, String)>| {
                let builder = MessageBuilder::response_to(message.view(), code);
                match header {
                    Some((name, value)) => builder.header(name, &value),
                    None => builder,
                }
            };
            match self.judge(connection, message.view()) {
                Verdict::Refuse(code, header) => self.send(connection, answer(code, header)),
                Verdict::Accept(session, header) => {
                    self.send(connection, answer(StatusCode::OK, header));
                    if let Some(session) = session {
                        let _ = self.keep_alive(now, session);
                    }
                }
                Verdict::Ask(session, target, action) => {
                    self.ask(connection, message, session, target, action);
                }
            }
        }
    }

    fn ask(
        &mut self,
        connection: ConnectionId,
        message: Message,
        session: Option<SessionKey>,
        target: Target,
        action: Option<Action>,
    ) {
        let number = self.next_request;
        self.next_request += 1;
        if let Some(state) = self.connections.get_mut(&connection) {
            state.waiting = Some(Waiting {
                number,
                message: message.clone(),
                session,
                target,
                action,
            });
        }
        self.event(ServerEvent::Request(Box::new(ServerRequest {
            id: RequestId { connection, number },
            connection,
            session,
            target,
            message,
        })));
    }

    /// Sets streams to Init: they were redirected.
    fn reset(&mut self, key: SessionKey, target: Target) {
        if let Some(session) = self.sessions.get_mut(&key) {
            session.streams.set(target, |_| State::Init);
        }
    }

    fn end(&mut self, key: SessionKey, reason: EndReason) {
        if let Some(session) = self.sessions.remove(&key) {
            self.keys.remove(&session.id);
            self.timers.remove(&(session.expires, key));
            let session = key;
            self.event(ServerEvent::Ended { session, reason });
        }
    }

    fn close(&mut self, connection: ConnectionId) {
        self.output.push_back(ServerOutput::Close(connection));
        self.handle_disconnect(connection);
    }

    fn event(&mut self, event: ServerEvent) {
        self.output.push_back(ServerOutput::Event(event));
    }

    /// Sends a response of the server's own, of which all comes from a request that was read.
    fn send(&mut self, connection: ConnectionId, response: MessageBuilder) {
        match response.finish() {
            Ok(bytes) => self
                .output
                .push_back(ServerOutput::Transmit { connection, bytes }),
            // What the request says cannot be said back.
            Err(_) => self.close(connection),
        }
    }
}

impl fmt::Debug for Server {
    /// Without session identifiers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("config", &self.config)
            .field("connections", &self.connections.len())
            .field("sessions", &self.sessions.len())
            .finish_non_exhaustive()
    }
}

impl Connection {
    fn new(config: &ServerConfig) -> Self {
        Self {
            framer: Framer::new().policy(config.policy).limits(config.limits),
            queue: VecDeque::new(),
            waiting: None,
            sequence_number: 1,
        }
    }
}

fn uri_of(request: MessageRef<'_>) -> &str {
    let uri = request.request_uri_bytes().unwrap_or_default();
    core::str::from_utf8(uri).unwrap_or_default()
}
