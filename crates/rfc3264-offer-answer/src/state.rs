//! Whose turn it is: the states of the exchange and the table of transitions (§4, §8).
//!
//! ```text
//!                     our offer                       peer's offer
//!   HaveLocalOffer ◀──────────────────  Stable  ──────────────────▶ HaveRemoteOffer
//!        │                               ▲  ▲                               │
//!        └───────────────────────────────┘  └───────────────────────────────┘
//!            peer's answer, rollback             our answer, rollback
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

/// What we do to an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LocalEvent {
    Offer,
    Answer,
    Rollback,
}

/// What the peer does to an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RemoteEvent {
    Offer,
    Answer,
}

impl State {
    /// The table's half for us: the state after what we do, or why we cannot.
    pub(crate) const fn after_local(self, event: LocalEvent) -> Result<Self, UsageError> {
        use LocalEvent::{Answer, Offer, Rollback};
        match (self, event) {
            (Self::Stable, Offer) => Ok(Self::HaveLocalOffer),
            (Self::Stable, Answer | Rollback) => Err(UsageError::NoOffer),
            (Self::HaveLocalOffer, Offer) => Err(UsageError::OfferPending),
            (Self::HaveLocalOffer, Answer) => Err(UsageError::NoOffer),
            (Self::HaveLocalOffer, Rollback) => Ok(Self::Stable),
            (Self::HaveRemoteOffer, Offer) => Err(UsageError::OfferPending),
            (Self::HaveRemoteOffer, Answer | Rollback) => Ok(Self::Stable),
        }
    }

    /// The table's half for the peer: the state after what it sent, or the rule it broke.
    pub(crate) const fn after_remote(self, event: RemoteEvent) -> Result<Self, ViolationKind> {
        use RemoteEvent::{Answer, Offer};
        match (self, event) {
            (Self::Stable, Offer) => Ok(Self::HaveRemoteOffer),
            (Self::Stable, Answer) => Err(ViolationKind::UnexpectedAnswer),
            (Self::HaveLocalOffer, Offer) => Err(ViolationKind::Glare),
            (Self::HaveLocalOffer, Answer) => Ok(Self::Stable),
            (Self::HaveRemoteOffer, Offer) => Err(ViolationKind::OfferPending),
            (Self::HaveRemoteOffer, Answer) => Err(ViolationKind::UnexpectedAnswer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use State::{HaveLocalOffer, HaveRemoteOffer, Stable};

    #[test]
    fn everything_we_do_in_every_state() {
        use LocalEvent::{Answer, Offer, Rollback};
        for (state, event, expected) in [
            (Stable, Offer, Ok(HaveLocalOffer)),
            (Stable, Answer, Err(UsageError::NoOffer)),
            (Stable, Rollback, Err(UsageError::NoOffer)),
            (HaveLocalOffer, Offer, Err(UsageError::OfferPending)),
            (HaveLocalOffer, Answer, Err(UsageError::NoOffer)),
            (HaveLocalOffer, Rollback, Ok(Stable)),
            (HaveRemoteOffer, Offer, Err(UsageError::OfferPending)),
            (HaveRemoteOffer, Answer, Ok(Stable)),
            (HaveRemoteOffer, Rollback, Ok(Stable)),
        ] {
            assert_eq!(state.after_local(event), expected, "{state:?} {event:?}");
        }
    }

    #[test]
    fn everything_the_peer_does_in_every_state() {
        use RemoteEvent::{Answer, Offer};
        for (state, event, expected) in [
            (Stable, Offer, Ok(HaveRemoteOffer)),
            (Stable, Answer, Err(ViolationKind::UnexpectedAnswer)),
            (HaveLocalOffer, Offer, Err(ViolationKind::Glare)),
            (HaveLocalOffer, Answer, Ok(Stable)),
            (HaveRemoteOffer, Offer, Err(ViolationKind::OfferPending)),
            (
                HaveRemoteOffer,
                Answer,
                Err(ViolationKind::UnexpectedAnswer),
            ),
        ] {
            assert_eq!(state.after_remote(event), expected, "{state:?} {event:?}");
        }
    }
}
