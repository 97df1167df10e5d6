//! The streams of a session and their states (RFC 2326 appendix A).

use alloc::string::String;
use alloc::vec::Vec;

use crate::State;
use crate::state::Action;

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// All streams of the session: aggregate control.
    Presentation,
    /// One stream of the session, by the order in which they were set up.
    Stream(usize),
    /// What the Request-URI names, without a session or new in it: a description, a parameter, a
    /// stream to set up.
    Resource,
}

/// Streams that were set up together.
#[derive(Debug, Default)]
pub(crate) struct Streams(Vec<Stream>);

#[derive(Debug)]
struct Stream {
    uri: String,
    state: State,
    /// Delivery has ended by itself since the last request: the peer may not know yet.
    has_finished: bool,
}

impl Streams {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The stream that was set up with a URI.
    pub(crate) fn with_uri(&self, uri: &str) -> Option<Target> {
        let mut streams = self.0.iter();
        let index = streams.position(|stream| is_same(&stream.uri, uri))?;
        Some(Target::Stream(index))
    }

    pub(crate) fn state(&self, stream: usize) -> Option<State> {
        self.0.get(stream).map(|stream| stream.state)
    }

    /// The first state among the streams of a target that does not allow an action. Aggregate
    /// control leaves out streams without transport, unless no stream has one.
    pub(crate) fn refusing(&self, target: Target, action: Action) -> Option<State> {
        let all = self.is_over();
        let concerned = self.0.iter().enumerate().filter(|(index, stream)| {
            let left_out = target == Target::Presentation && stream.state == State::Init && !all;
            target.includes(*index) && !left_out
        });
        concerned
            .map(|(_, stream)| stream.state)
            .find(|state| state.after(action).is_none())
    }

    /// Changes the state of the streams of a target; `Resource` is a stream new with this URI.
    pub(crate) fn apply(&mut self, target: Target, uri: &str, action: Action) {
        let mut target = target;
        if target == Target::Resource {
            target = Target::Stream(self.0.len());
            self.0.push(Stream {
                uri: uri.into(),
                state: State::Init,
                has_finished: false,
            });
        }
        self.set(target, |state| state.after(action).unwrap_or(state));
    }

    /// Changes states whatever they are, as where delivery ends; false if there is no such stream.
    pub(crate) fn set(&mut self, target: Target, change: impl Fn(State) -> State) -> bool {
        let mut found = false;
        for (index, stream) in self.0.iter_mut().enumerate() {
            if target.includes(index) {
                stream.state = change(stream.state);
                stream.has_finished = false;
                found = true;
            }
        }
        found
    }

    /// Notes that delivery has ended: what was Playing or Recording is Ready. False if there is no
    /// such stream.
    pub(crate) fn finish(&mut self, target: Target) -> bool {
        let mut found = false;
        for (index, stream) in self.0.iter_mut().enumerate() {
            if target.includes(index) {
                if let Some(state) = stream.state.after(Action::Pause) {
                    (stream.state, stream.has_finished) = (state, true);
                }
                found = true;
            }
        }
        found
    }

    /// Whether delivery of a stream has ended by itself since the last request for it.
    pub(crate) fn has_finished(&self, target: Target) -> bool {
        let mut concerned = self.0.iter().enumerate();
        concerned.any(|(index, stream)| target.includes(index) && stream.has_finished)
    }

    /// Whether no stream has a transport.
    pub(crate) fn is_over(&self) -> bool {
        self.0.iter().all(|stream| stream.state == State::Init)
    }
}

impl Target {
    fn includes(self, stream: usize) -> bool {
        match self {
            Self::Presentation => true,
            Self::Stream(index) => index == stream,
            Self::Resource => false,
        }
    }
}

/// Whether two URIs are the same but for a slash at the end, which clients add and leave out.
pub(crate) fn is_same(uri: &str, other: &str) -> bool {
    uri.trim_end_matches('/') == other.trim_end_matches('/')
}
