//! A session of a server: its streams, whose it is, when it ends (RFC 2326 §3.4, appendix A).

use alloc::string::String;
use alloc::vec::Vec;
use std::time::Instant;

use super::{ConnectionId, Target};
use crate::State;
use crate::state::Action;

/// Streams that were set up together.
#[derive(Debug)]
pub(super) struct Session {
    /// The identifier that the client was given.
    pub(super) id: String,
    /// The connection that it was made over.
    pub(super) connection: ConnectionId,
    /// The URI of aggregate control.
    presentation: Option<String>,
    streams: Vec<Stream>,
    /// When it ends unless something is heard.
    pub(super) expires: Instant,
}

#[derive(Debug)]
struct Stream {
    uri: String,
    state: State,
}

impl Session {
    pub(super) fn new(
        id: String,
        connection: ConnectionId,
        presentation: Option<&str>,
        expires: Instant,
    ) -> Self {
        Self {
            id,
            connection,
            presentation: presentation.map(String::from),
            streams: Vec::new(),
            expires,
        }
    }

    /// Whether a URI is that of aggregate control.
    pub(super) fn presentation_is(&self, uri: &str) -> bool {
        let own = self.presentation.as_deref();
        own.is_some_and(|own| is_same(own, uri))
    }

    /// The stream that was set up with a URI.
    pub(super) fn stream(&self, uri: &str) -> Option<Target> {
        let mut streams = self.streams.iter();
        let index = streams.position(|stream| is_same(&stream.uri, uri))?;
        Some(Target::Stream(index))
    }

    pub(super) fn stream_count(&self) -> usize {
        self.streams.len()
    }

    pub(super) fn state(&self, stream: usize) -> Option<State> {
        self.streams.get(stream).map(|stream| stream.state)
    }

    /// The first state among the streams of a target that does not allow an action. Aggregate
    /// control leaves out streams without transport, unless no stream has one.
    pub(super) fn refusing(&self, target: Target, action: Action) -> Option<State> {
        let all = self.is_over();
        let concerned = self.streams.iter().enumerate().filter(|(index, stream)| {
            let left_out = target == Target::Presentation && stream.state == State::Init && !all;
            target.includes(*index) && !left_out
        });
        concerned
            .map(|(_, stream)| stream.state)
            .find(|state| state.after(action).is_none())
    }

    /// Changes the state of the streams of a target; `Resource` is a stream new with this URI.
    pub(super) fn apply(&mut self, target: Target, uri: &str, action: Action) {
        if target == Target::Resource {
            self.streams.push(Stream {
                uri: uri.into(),
                state: State::Init,
            });
        }
        let newest = self.streams.len().saturating_sub(1);
        for (index, stream) in self.streams.iter_mut().enumerate() {
            let is_new = target == Target::Resource && index == newest;
            if is_new || target.includes(index) {
                stream.state = stream.state.after(action).unwrap_or(stream.state);
            }
        }
    }

    /// Where delivery ends, and what is redirected, whatever was before; false if there is no such
    /// stream.
    pub(super) fn set(&mut self, target: Target, change: impl Fn(State) -> State) -> bool {
        let mut found = false;
        for (index, stream) in self.streams.iter_mut().enumerate() {
            if target.includes(index) {
                stream.state = change(stream.state);
                found = true;
            }
        }
        found
    }

    /// Whether no stream has a transport any more.
    pub(super) fn is_over(&self) -> bool {
        self.streams
            .iter()
            .all(|stream| stream.state == State::Init)
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
fn is_same(uri: &str, other: &str) -> bool {
    uri.trim_end_matches('/') == other.trim_end_matches('/')
}
