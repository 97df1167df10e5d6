//! A session of a server: its streams, whose it is, when it ends (RFC 2326 §3.4).

use alloc::string::String;
use std::time::Instant;

use super::ConnectionId;
use crate::streams::{Streams, is_same};

/// A session of a server.
#[derive(Debug)]
pub(super) struct Session {
    /// The identifier that the client was given.
    pub(super) id: String,
    /// The connection that it was made over.
    pub(super) connection: ConnectionId,
    /// The URI of aggregate control.
    pub(super) presentation: Option<String>,
    pub(super) streams: Streams,
    /// When it ends unless something is heard.
    pub(super) expires: Instant,
}

impl Session {
    /// Whether a URI is that of aggregate control.
    pub(super) fn presentation_is(&self, uri: &str) -> bool {
        let own = self.presentation.as_deref();
        own.is_some_and(|own| is_same(own, uri))
    }
}
