//! What becomes of a request before the application is asked (RFC 2326 §10, §11.3, §A.2).

use alloc::string::String;
use alloc::vec::Vec;

use super::{ConnectionId, Server, SessionKey, uri_of};
use crate::state::Action;
use crate::{HeaderName, MessageRef, Method, State, StatusCode, Target};

/// What a request comes to before the application is asked.
pub(super) enum Verdict {
    /// A response of the server's own, with a further header field.
    Refuse(StatusCode, Option<(HeaderName, String)>),
    /// 200 of the server's own, which keeps the session alive.
    Accept(Option<SessionKey>, Option<(HeaderName, String)>),
    /// A request for the application.
    Ask(Option<SessionKey>, Target, Option<Action>),
}

impl Server {
    /// Everything about a request that the application need not decide.
    pub(super) fn judge(&self, connection: ConnectionId, request: MessageRef<'_>) -> Verdict {
        let refuse = |code| Verdict::Refuse(code, None);
        if request.version() != b"RTSP/1.0" {
            return refuse(StatusCode::RTSP_VERSION_NOT_SUPPORTED);
        }
        if request.cseq().is_err() {
            return refuse(StatusCode::BAD_REQUEST);
        }
        let required = [HeaderName::Require, HeaderName::ProxyRequire]
            .into_iter()
            .find_map(|name| request.first(name));
        if let Some(required) = required {
            let value = String::from_utf8_lossy(required.value()).into_owned();
            let unsupported = Some((HeaderName::Unsupported, value));
            return Verdict::Refuse(StatusCode::OPTION_NOT_SUPPORTED, unsupported);
        }
        let supported = |method: &Method<'_>| self.config.methods.contains(method);
        let Some(method) = request.method().filter(supported) else {
            return Verdict::Refuse(StatusCode::NOT_IMPLEMENTED, Some(self.public()));
        };
        let session = match request.session() {
            None => None,
            Some(Ok(named)) => match self.keys.get(named.id) {
                Some(&key) if self.is_known_on(key, connection) => Some(key),
                _ => return refuse(StatusCode::SESSION_NOT_FOUND),
            },
            Some(Err(_)) => return refuse(StatusCode::SESSION_NOT_FOUND),
        };
        let Some(action) = Action::of(method) else {
            return match method {
                Method::OPTIONS => Verdict::Accept(session, Some(self.public())),
                Method::GET_PARAMETER if request.body().is_empty() => {
                    Verdict::Accept(session, None)
                }
                _ => Verdict::Ask(session, Target::Resource, None),
            };
        };
        let Some(state) = session.and_then(|key| self.sessions.get(&key)) else {
            return match action {
                Action::Setup if self.sessions.len() >= self.config.sessions => {
                    refuse(StatusCode::SERVICE_UNAVAILABLE)
                }
                Action::Setup => Verdict::Ask(None, Target::Resource, Some(action)),
                Action::Teardown => refuse(StatusCode::SESSION_NOT_FOUND),
                _ => not_in(State::Init),
            };
        };
        let uri = uri_of(request);
        let target = match (
            action,
            state.streams.with_uri(uri),
            state.presentation_is(uri),
        ) {
            (Action::Setup, Some(target), _) => target,
            // A presentation has no transport of its own.
            (Action::Setup, None, true) => {
                return refuse(StatusCode::AGGREGATE_OPERATION_NOT_ALLOWED);
            }
            (Action::Setup, None, false) if state.streams.len() >= self.config.streams => {
                return refuse(StatusCode::SERVICE_UNAVAILABLE);
            }
            (Action::Setup, None, false) => Target::Resource,
            (_, _, true) => Target::Presentation,
            (_, Some(target), false) => target,
            (_, None, false) => return refuse(StatusCode::NOT_FOUND),
        };
        match state.streams.refusing(target, action) {
            // The range has ended while the request was on its way.
            Some(State::Ready) if action == Action::Pause && state.streams.has_finished(target) => {
                Verdict::Accept(session, None)
            }
            Some(state) => not_in(state),
            None => Verdict::Ask(session, target, Some(action)),
        }
    }

    fn is_known_on(&self, key: SessionKey, connection: ConnectionId) -> bool {
        let session = self.sessions.get(&key);
        session
            .is_some_and(|session| !self.config.bind_sessions || session.connection == connection)
    }

    fn public(&self) -> (HeaderName, String) {
        let names: Vec<_> = self
            .config
            .methods
            .iter()
            .map(|method| method.as_str())
            .collect();
        (HeaderName::Public, names.join(", "))
    }
}

fn not_in(state: State) -> Verdict {
    let allow = Some((HeaderName::Allow, state.allowed().into()));
    Verdict::Refuse(StatusCode::METHOD_NOT_VALID_IN_THIS_STATE, allow)
}
