//! The states of a dialog (RFC 3261 §12).
//!
//! ```text
//!        1xx with a tag                    2xx
//!              │                            │
//!              ▼            2xx             ▼
//!         ┌─────────┐                 ┌───────────┐
//!         │  Early  ├────────────────►│ Confirmed │
//!         └────┬────┘                 └─────┬─────┘
//!              │ 3xx to 6xx,                │ BYE
//!              │ BYE                        │
//!              │       ┌────────────┐       │
//!              └──────►│ Terminated │◄──────┘
//!                      └────────────┘
//! ```
//!
//! 1xx, 2xx and 3xx to 6xx are the responses to the request that established the dialog; BYE
//! stands for a BYE that has been answered. A change of the remote target and a peer that seems
//! to be lost leave the state as it is.

/// How far a dialog is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DialogState {
    /// A provisional response has established it.
    Early,
    /// A 2xx response has established or confirmed it.
    Confirmed,
    /// It is over.
    Terminated,
}

/// What happens to a dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The request that established the dialog has a provisional response.
    Provisional,
    /// The request that established the dialog has a 2xx response.
    Success,
    /// The request that established the dialog has another final response.
    Failure,
    /// A target refresh request has been accepted.
    Refreshed,
    /// A BYE is over.
    ByeDone,
    /// A request within the dialog has 481, 408 or no response.
    Lost,
}

/// What came of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Change {
    /// Nothing that changes the dialog.
    None,
    /// The dialog is confirmed.
    Confirmed,
    /// The remote target is that of the message.
    Refreshed,
    /// The peer does not know the dialog any more, or cannot be reached. The dialog should be
    /// ended (RFC 3261 §12.2.1.2): with a BYE if an INVITE established it, otherwise by
    /// [`terminate`](super::Dialog::terminate).
    PeerLost,
    /// The dialog is over.
    Terminated,
}

impl DialogState {
    /// The next state, and what has come of the event.
    pub(super) const fn step(self, event: Event) -> (Self, Change) {
        use DialogState::{Confirmed, Early, Terminated};
        match (self, event) {
            (Early, Event::Success) => (Confirmed, Change::Confirmed),
            (Early, Event::Failure) | (Early | Confirmed, Event::ByeDone) => {
                (Terminated, Change::Terminated)
            }
            (Early | Confirmed, Event::Refreshed) => (self, Change::Refreshed),
            (Early | Confirmed, Event::Lost) => (self, Change::PeerLost),
            (Early, Event::Provisional)
            | (Confirmed, Event::Provisional | Event::Success | Event::Failure)
            | (Terminated, _) => (self, Change::None),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::*;

    #[test]
    fn every_cell() {
        let mut cells = String::new();
        for state in [
            DialogState::Early,
            DialogState::Confirmed,
            DialogState::Terminated,
        ] {
            for event in [
                Event::Provisional,
                Event::Success,
                Event::Failure,
                Event::Refreshed,
                Event::ByeDone,
                Event::Lost,
            ] {
                let (next, change) = state.step(event);
                cells += &format!("{state:?} {event:?} -> {next:?} {change:?}\n");
            }
        }
        assert_eq!(
            cells,
            "Early Provisional -> Early None\n\
             Early Success -> Confirmed Confirmed\n\
             Early Failure -> Terminated Terminated\n\
             Early Refreshed -> Early Refreshed\n\
             Early ByeDone -> Terminated Terminated\n\
             Early Lost -> Early PeerLost\n\
             Confirmed Provisional -> Confirmed None\n\
             Confirmed Success -> Confirmed None\n\
             Confirmed Failure -> Confirmed None\n\
             Confirmed Refreshed -> Confirmed Refreshed\n\
             Confirmed ByeDone -> Terminated Terminated\n\
             Confirmed Lost -> Confirmed PeerLost\n\
             Terminated Provisional -> Terminated None\n\
             Terminated Success -> Terminated None\n\
             Terminated Failure -> Terminated None\n\
             Terminated Refreshed -> Terminated None\n\
             Terminated ByeDone -> Terminated None\n\
             Terminated Lost -> Terminated None\n"
        );
    }
}
