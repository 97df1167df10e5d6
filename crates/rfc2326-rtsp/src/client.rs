//! The client's machine: requests, the session, its keep-alive (RFC 2326 §9.1, §10, §A.1).

mod event;
mod incoming;

use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use core::fmt;
use core::time::Duration;
use std::time::Instant;

pub use event::{ClientEndReason, ClientEvent, ClientOutput, Request, RequestError};

use crate::state::Action;
use crate::streams::Streams;
use crate::{Frame, Framer, HeaderName, Limits, MessageBuilder, Method, Policy, State, Target};

/// How a [`Client`] behaves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientConfig {
    /// How long a request may be without response, 10 seconds unless set; then the connection is
    /// given up.
    pub response_timeout: Duration,
    /// How many requests may wait for their responses, 16 unless set.
    pub outstanding: usize,
    /// The value of User-Agent, none unless set.
    pub user_agent: Option<String>,
    /// How messages are read.
    pub policy: Policy,
    /// The size of messages.
    pub limits: Limits,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            response_timeout: Duration::from_secs(10),
            outstanding: 16,
            user_agent: None,
            policy: Policy::Interoperable,
            limits: Limits::DEFAULT,
        }
    }
}

/// An RTSP client without I/O: one connection and on it one session, of one stream or several.
///
/// It numbers requests, matches responses, keeps the state of each stream, refuses what the state
/// does not allow, and keeps the session alive.
///
/// - **inputs**: [`handle_input`](Self::handle_input),
///   [`handle_disconnect`](Self::handle_disconnect), [`handle_timeout`](Self::handle_timeout)
/// - **commands**: [`request`](Self::request), [`finish`](Self::finish)
/// - **polls**, after every input and command: [`poll_output`](Self::poll_output) until `None`,
///   then [`next_timeout`](Self::next_timeout)
///
/// The first SETUP begins the session, further ones add streams to it. A request whose URI is none
/// of a stream is for all of them. A response of 4xx or 5xx changes nothing, but for 454: the
/// session has ended then.
pub struct Client {
    config: ClientConfig,
    framer: Framer,
    is_closed: bool,
    /// The CSeq of the next request.
    sequence_number: u32,
    /// Requests without final response, the oldest first.
    outstanding: VecDeque<Outstanding>,
    session: Option<ClientSession>,
    streams: Streams,
    /// Whether the server has refused to be kept alive by GET_PARAMETER.
    without_get_parameter: bool,
    output: VecDeque<ClientOutput>,
}

struct ClientSession {
    id: String,
    /// What keep-alives are for: the URI of the first stream.
    uri: String,
    timeout: Duration,
    /// When something must be sent to keep it alive.
    refresh: Instant,
}

struct Outstanding {
    number: u32,
    action: Option<Action>,
    target: Target,
    uri: String,
    /// A PAUSE with a Range: it takes effect later.
    is_deferred: bool,
    /// Whether the application asked for it.
    origin: Origin,
    /// The latest that a response may come.
    due: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Application,
    KeepAlive,
    /// The TEARDOWN after a REDIRECT.
    Redirection,
}

impl Client {
    /// A client over a connection that is there.
    pub fn new(config: ClientConfig) -> Self {
        let framer = Framer::new().policy(config.policy).limits(config.limits);
        Self {
            config,
            framer,
            is_closed: false,
            sequence_number: 1,
            outstanding: VecDeque::new(),
            session: None,
            streams: Streams::default(),
            without_get_parameter: false,
            output: VecDeque::new(),
        }
    }

    /// The session's identifier, once the server has given one.
    pub fn session_id(&self) -> Option<&str> {
        self.session.as_ref().map(|session| &*session.id)
    }

    /// The state of a stream by its URI: Init if it is none of the session.
    pub fn state(&self, uri: &str) -> State {
        match self.streams.with_uri(uri) {
            Some(Target::Stream(stream)) => self.streams.state(stream).unwrap_or_default(),
            _ => State::Init,
        }
    }

    /// Sends a request and returns its number, by which its response is known.
    ///
    /// # Errors
    ///
    /// If the state does not allow it, another request must be answered before, the connection is
    /// gone, or the request cannot be written.
    pub fn request(&mut self, now: Instant, request: &Request<'_>) -> Result<u32, RequestError> {
        if self.is_closed {
            return Err(RequestError::Closed);
        }
        if self.outstanding.len() >= self.config.outstanding {
            return Err(RequestError::TooMany);
        }
        let action = Action::of(request.method);
        let target = match (action, self.streams.with_uri(request.uri)) {
            (None | Some(Action::Setup), None) => Target::Resource,
            (Some(_), None) => Target::Presentation,
            (_, Some(target)) => target,
        };
        if let Some(action) = action {
            self.check(action, target)?;
        }
        self.send(now, request, action, target, Origin::Application)
    }

    /// Notes that delivery has come to the end of its range or to a pause point: what was Playing
    /// or Recording is Ready. `None` is for all streams.
    ///
    /// # Errors
    ///
    /// If the URI is none of a stream.
    pub fn finish(&mut self, uri: Option<&str>) -> Result<(), RequestError> {
        let target = match uri {
            None => Target::Presentation,
            Some(uri) => {
                let stream = self.streams.with_uri(uri);
                stream.ok_or(RequestError::UnknownStream)?
            }
        };
        self.streams.finish(target);
        Ok(())
    }

    /// Takes bytes that came.
    pub fn handle_input(&mut self, now: Instant, bytes: &[u8]) {
        if self.is_closed {
            return;
        }
        self.framer.push(bytes);
        while !self.is_closed {
            match self.framer.poll() {
                Ok(None) => return,
                Ok(Some(Frame::Interleaved(frame))) => {
                    self.event(ClientEvent::Interleaved(frame));
                }
                Ok(Some(Frame::Message(message))) if message.view().is_request() => {
                    self.answer(now, message);
                }
                Ok(Some(Frame::Message(message))) => self.take_response(now, message),
                Err(_) => self.give_up(ClientEndReason::Malformed),
            }
        }
    }

    /// Notes that the connection is gone.
    pub fn handle_disconnect(&mut self) {
        if !self.is_closed {
            self.is_closed = true;
            self.end(ClientEndReason::Disconnected);
        }
    }

    /// Keeps the session alive, or gives up a server that does not answer.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.is_closed {
            return;
        }
        if self
            .outstanding
            .front()
            .is_some_and(|oldest| oldest.due <= now)
        {
            self.give_up(ClientEndReason::NoResponse);
            return;
        }
        let Some(session) = self.session.as_ref() else {
            return;
        };
        if session.refresh > now {
            return;
        }
        let uri = session.uri.clone();
        let method = if self.without_get_parameter {
            Method::OPTIONS
        } else {
            Method::GET_PARAMETER
        };
        let request = Request::new(method, &uri);
        // All that is in it came from a request that was written.
        let _ = self.send(now, &request, None, Target::Resource, Origin::KeepAlive);
    }

    /// What is to be done next, in order.
    pub fn poll_output(&mut self) -> Option<ClientOutput> {
        self.output.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        if self.is_closed {
            return None;
        }
        let due = self.outstanding.front().map(|oldest| oldest.due);
        let refresh = self.session.as_ref().map(|session| session.refresh);
        due.into_iter().chain(refresh).min()
    }

    /// Whether a request may be sent in this state and after those that are outstanding.
    fn check(&self, action: Action, target: Target) -> Result<(), RequestError> {
        let mut changes = self.outstanding.iter().filter_map(|other| other.action);
        let may_follow = match action {
            // Whatever becomes of the others, a session may be torn down.
            Action::Teardown => self.session.is_some() || changes.next().is_none(),
            Action::Play => changes.all(|other| other == Action::Play),
            _ => changes.next().is_none(),
        };
        if !may_follow {
            return Err(RequestError::Outstanding);
        }
        let is_empty =
            self.streams.len() == 0 && !matches!(action, Action::Setup | Action::Teardown);
        if is_empty {
            return Err(RequestError::NotInState(State::Init));
        }
        match self.streams.refusing(target, action) {
            Some(state) => Err(RequestError::NotInState(state)),
            None => Ok(()),
        }
    }

    fn send(
        &mut self,
        now: Instant,
        request: &Request<'_>,
        action: Option<Action>,
        target: Target,
        origin: Origin,
    ) -> Result<u32, RequestError> {
        let number = self.sequence_number;
        let mut builder = MessageBuilder::request(request.method, request.uri)
            .header(HeaderName::CSeq, &number.to_string());
        if let Some(session) = &self.session {
            builder = builder.header(HeaderName::Session, &session.id);
        }
        if let Some(user_agent) = &self.config.user_agent {
            builder = builder.header(HeaderName::UserAgent, user_agent);
        }
        for &(name, value) in request.headers {
            builder = builder.header(name, value);
        }
        let bytes = match request.body {
            Some((content_type, body)) => builder.finish_with_body(content_type, body)?,
            None => builder.finish()?,
        };
        self.output.push_back(ClientOutput::Transmit(bytes));
        self.sequence_number = number.wrapping_add(1);
        let has_range = request
            .headers
            .iter()
            .any(|&(name, _)| name == HeaderName::Range);
        self.outstanding.push_back(Outstanding {
            number,
            action,
            target,
            uri: request.uri.into(),
            is_deferred: action == Some(Action::Pause) && has_range,
            origin,
            due: now + self.config.response_timeout,
        });
        if let Some(session) = &mut self.session {
            session.refresh = now + session.timeout / 2;
        }
        Ok(number)
    }

    fn give_up(&mut self, reason: ClientEndReason) {
        self.is_closed = true;
        self.output.push_back(ClientOutput::Close);
        self.end(reason);
    }

    /// Forgets the session, and says so if there was one or the connection has ended.
    fn end(&mut self, reason: ClientEndReason) {
        self.session = None;
        self.streams = Streams::default();
        if self.is_closed {
            self.outstanding.clear();
        }
        self.event(ClientEvent::Ended(reason));
    }

    fn event(&mut self, event: ClientEvent) {
        self.output.push_back(ClientOutput::Event(event));
    }
}

impl fmt::Debug for Client {
    /// Without the session identifier.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("config", &self.config)
            .field("is_closed", &self.is_closed)
            .field("outstanding", &self.outstanding.len())
            .field("streams", &self.streams)
            .finish_non_exhaustive()
    }
}
