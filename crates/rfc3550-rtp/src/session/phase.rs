//! Our own part in the session: the table of its states (RFC 3550 §6.3.7).

/// Whether we take part.
///
/// ```text
///   +--------+  leave, more than 50 members  +---------+
///   | Joined |------------------------------>| Leaving |
///   +--------+                               +---------+
///        |                                        |
///        | leave, 50 members or fewer,            | BYE sent, or given up
///        | or nothing sent yet                    |
///        |             +-------+                  |
///        +------------>| Ended |<-----------------+
///                      +-------+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionPhase {
    /// Packets come and go.
    Joined,
    /// Our BYE waits its turn: nothing else is sent, and what comes is ignored but for the BYEs
    /// of others.
    Leaving,
    /// We have left: nothing happens any more.
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PhaseEvent {
    /// We leave, and the BYE has to wait.
    LeaveInTurn,
    /// We leave with a BYE at once, or without any.
    LeaveAtOnce,
    /// The BYE has gone out, or has waited too long.
    Finished,
}

impl SessionPhase {
    pub(super) const fn after(self, event: PhaseEvent) -> Self {
        match (self, event) {
            (Self::Joined, PhaseEvent::LeaveInTurn) | (Self::Leaving, PhaseEvent::LeaveInTurn) => {
                Self::Leaving
            }
            (Self::Joined, PhaseEvent::Finished) => Self::Joined,
            (_, PhaseEvent::LeaveAtOnce)
            | (Self::Leaving, PhaseEvent::Finished)
            | (Self::Ended, _) => Self::Ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PhaseEvent::{Finished, LeaveAtOnce, LeaveInTurn};
    use super::SessionPhase::{Ended, Joined, Leaving};

    #[test]
    fn every_cell_of_the_table() {
        let table = [
            (Joined, [Leaving, Ended, Joined]),
            (Leaving, [Leaving, Ended, Ended]),
            (Ended, [Ended, Ended, Ended]),
        ];
        for (phase, row) in table {
            for (event, wanted) in [LeaveInTurn, LeaveAtOnce, Finished].into_iter().zip(row) {
                assert_eq!(phase.after(event), wanted, "{phase:?} {event:?}");
            }
        }
    }
}
