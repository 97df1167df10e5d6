//! Servers that have proven themselves: what the next request to each begins with. RFC 5389
//! §10.2.1.2.

use alloc::collections::VecDeque;
use core::net::SocketAddr;

use super::credentials::Proof;

/// How many servers' nonces are remembered.
const SESSIONS: usize = 16;

/// The latest last.
#[derive(Debug, Default)]
pub(super) struct Sessions(VecDeque<(SocketAddr, Proof)>);

impl Sessions {
    /// What this server took last.
    pub(super) fn of(&self, server: SocketAddr) -> Option<&Proof> {
        let mut sessions = self.0.iter();
        let session = sessions.find(|(known, _)| *known == server)?;
        Some(&session.1)
    }

    pub(super) fn remember(&mut self, server: SocketAddr, proof: Proof) {
        self.forget(server);
        if self.0.len() >= SESSIONS {
            self.0.pop_front();
        }
        self.0.push_back((server, proof));
    }

    pub(super) fn forget(&mut self, server: SocketAddr) {
        self.0.retain(|(known, _)| *known != server);
    }
}
