//! A request that waits for its response, and one that is about to. RFC 5389 §7.2, §7.3.1.

use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;
use std::time::Instant;

use super::credentials::Proof;
use super::timer::Timer;
use super::{Request, RequestId, Transmit};
use crate::message::Message;
use crate::message_type::Method;
use crate::transaction_id::TransactionId;
use crate::transport::{Transport, canonical};

/// A request that waits for its response.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) id: RequestId,
    pub(super) request: Request,
    pub(super) transaction_id: TransactionId,
    pub(super) bytes: Vec<u8>,
    pub(super) proof: Option<Proof>,
    pub(super) timer: Timer,
    pub(super) sent: Instant,
    pub(super) is_repeated: bool,
    /// A response came, but its integrity was not right.
    pub(super) is_violated: bool,
    /// The servers asked, this one the last.
    pub(super) servers: Vec<SocketAddr>,
    pub(super) attempts: usize,
}

impl Pending {
    /// How long the response took; not known if it may be one to a repetition.
    pub(super) fn round_trip(&self, now: Instant) -> Option<Duration> {
        (!self.is_repeated).then(|| now.saturating_duration_since(self.sent))
    }

    pub(super) fn transmit(&self) -> Transmit {
        Transmit {
            transport: self.request.transport,
            destination: self.request.server,
            bytes: self.bytes.clone(),
        }
    }

    pub(super) fn is_answered_by(
        &self,
        response: &Message<&[u8]>,
        transport: Transport,
        source: SocketAddr,
    ) -> bool {
        let expected = match self.request.change {
            Some((_, place)) => place,
            None => self.request.server,
        };
        response.class().is_response()
            && response.method() == Method::BINDING
            && !response.is_classic()
            && response.transaction_id() == self.transaction_id
            && transport == self.request.transport
            && canonical(source) == canonical(expected)
    }
}

/// A transaction to begin.
pub(super) struct Attempt {
    pub(super) id: RequestId,
    pub(super) request: Request,
    pub(super) proof: Option<Proof>,
    pub(super) servers: Vec<SocketAddr>,
    pub(super) attempts: usize,
}
