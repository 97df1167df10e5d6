//! Addresses from which our own SSRC has come (RFC 3550 §8.2).

use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;
use std::time::Instant;

/// Data or control, whose addresses differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Channel {
    Rtp,
    Rtcp,
}

/// How many addresses are kept. Whoever brings more gets no further change of our SSRC out of us.
const LIMIT: usize = 16;

/// The list of conflicting addresses.
#[derive(Debug, Clone, Default)]
pub(super) struct Conflicts(Vec<Conflict>);

#[derive(Debug, Clone, Copy)]
struct Conflict {
    channel: Channel,
    address: SocketAddr,
    /// When the last conflicting packet came.
    at: Instant,
}

/// What a packet with our SSRC means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// The address is new: somebody else has our SSRC, or our packets have begun to loop.
    Collision,
    /// The address is known, or too many are.
    Looped,
}

impl Conflicts {
    pub(super) fn find(&mut self, channel: Channel, address: SocketAddr, now: Instant) -> Finding {
        let known = |c: &&mut Conflict| c.channel == channel && c.address == address;
        if let Some(conflict) = self.0.iter_mut().find(known) {
            conflict.at = now;
            return Finding::Looped;
        }
        if self.0.len() >= LIMIT {
            return Finding::Looped;
        }
        self.0.push(Conflict {
            channel,
            address,
            at: now,
        });
        Finding::Collision
    }

    /// Forgets addresses from which nothing has conflicted for this long.
    pub(super) fn expire(&mut self, now: Instant, after: Duration) {
        self.0
            .retain(|conflict| now.saturating_duration_since(conflict.at) < after);
    }
}
