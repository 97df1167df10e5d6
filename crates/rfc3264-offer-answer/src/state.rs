//! Whose turn it is: the states of the exchange and the table of transitions (§4, §8).
//!
//! ```text
//!                     LocalOffer                      RemoteOffer
//!   HaveLocalOffer ◀──────────────────  Stable  ──────────────────▶ HaveRemoteOffer
//!        │                               ▲  ▲                               │
//!        └───────────────────────────────┘  └───────────────────────────────┘
//!            RemoteAnswer, Rollback              LocalAnswer, Rollback
//! ```
//!
//! Everything else is refused and changes nothing.

use crate::error::UsageError;
use crate::violation::ViolationKind;

/// Where an exchange stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum State {
    /// No offer is open: there is no session yet, or both sides agree about it.
    #[default]
    Stable,
    /// We offered and wait for the answer.
    HaveLocalOffer,
    /// The peer offered and waits for our answer.
    HaveRemoteOffer,
}

/// What can happen to an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    LocalOffer,
    RemoteOffer,
    LocalAnswer,
    RemoteAnswer,
    Rollback,
}

/// Why an event is refused in a state: our mistake, or the peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Usage(UsageError),
    Peer(ViolationKind),
}

impl State {
    /// The table: the state after an event, or why there is none.
    pub(crate) const fn after(self, event: Event) -> Result<Self, Refusal> {
        use Event::{LocalAnswer, LocalOffer, RemoteAnswer, RemoteOffer, Rollback};
        use State::{HaveLocalOffer, HaveRemoteOffer, Stable};
        match (self, event) {
            (Stable, LocalOffer) => Ok(HaveLocalOffer),
            (Stable, RemoteOffer) => Ok(HaveRemoteOffer),
            (HaveRemoteOffer, LocalAnswer) => Ok(Stable),
            (HaveLocalOffer, RemoteAnswer) => Ok(Stable),
            (HaveLocalOffer | HaveRemoteOffer, Rollback) => Ok(Stable),
            (HaveLocalOffer | HaveRemoteOffer, LocalOffer) => {
                Err(Refusal::Usage(UsageError::OfferPending))
            }
            (Stable | HaveLocalOffer, LocalAnswer) => Err(Refusal::Usage(UsageError::NoOffer)),
            (Stable, Rollback) => Err(Refusal::Usage(UsageError::NoOffer)),
            (HaveLocalOffer, RemoteOffer) => Err(Refusal::Peer(ViolationKind::Glare)),
            (HaveRemoteOffer, RemoteOffer) => Err(Refusal::Peer(ViolationKind::OfferPending)),
            (Stable | HaveRemoteOffer, RemoteAnswer) => {
                Err(Refusal::Peer(ViolationKind::UnexpectedAnswer))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_in_every_state() {
        use Event::{LocalAnswer, LocalOffer, RemoteAnswer, RemoteOffer, Rollback};
        use State::{HaveLocalOffer, HaveRemoteOffer, Stable};
        let usage = |error| Err(Refusal::Usage(error));
        let peer = |violation| Err(Refusal::Peer(violation));
        let table = [
            (Stable, LocalOffer, Ok(HaveLocalOffer)),
            (Stable, RemoteOffer, Ok(HaveRemoteOffer)),
            (Stable, LocalAnswer, usage(UsageError::NoOffer)),
            (Stable, RemoteAnswer, peer(ViolationKind::UnexpectedAnswer)),
            (Stable, Rollback, usage(UsageError::NoOffer)),
            (HaveLocalOffer, LocalOffer, usage(UsageError::OfferPending)),
            (HaveLocalOffer, RemoteOffer, peer(ViolationKind::Glare)),
            (HaveLocalOffer, LocalAnswer, usage(UsageError::NoOffer)),
            (HaveLocalOffer, RemoteAnswer, Ok(Stable)),
            (HaveLocalOffer, Rollback, Ok(Stable)),
            (HaveRemoteOffer, LocalOffer, usage(UsageError::OfferPending)),
            (
                HaveRemoteOffer,
                RemoteOffer,
                peer(ViolationKind::OfferPending),
            ),
            (HaveRemoteOffer, LocalAnswer, Ok(Stable)),
            (
                HaveRemoteOffer,
                RemoteAnswer,
                peer(ViolationKind::UnexpectedAnswer),
            ),
            (HaveRemoteOffer, Rollback, Ok(Stable)),
        ];
        for (state, event, expected) in table {
            assert_eq!(state.after(event), expected, "{state:?} {event:?}");
        }
    }
}
