//! What a source is to the session: the table of its states (RFC 3550 §6.2.1, §6.3.4, §6.3.5).

/// The state of a source.
///
/// ```text
///             first packet
///                  |
///                  v
///            +-----------+   confirmed    +--------+
///            | Probation |--------------->| Member |
///            +-----------+                +--------+
///              |       |                   |      |
///      silence |       |      goodbye      |      | silence
///              |       +--------+----------+      |
///              |                v                 |
///              |          +----------+            |
///              |          | Departed |            |
///              |          +----------+            |
///              |                | delay over      |
///              v                v                 v
///            +--------------------------------------+
///            |              forgotten               |
///            +--------------------------------------+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemberState {
    /// Heard, but not yet known to be real: it does not count as a member.
    Probation,
    /// A valid source, which counts as a member.
    Member,
    /// It has said BYE. It does not count any more, and what straggles in is ignored.
    Departed,
}

/// What may happen to a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MemberEvent {
    /// Packets in sequence, a CNAME, or mention as a contributing source of a valid packet.
    Confirmed,
    /// A BYE from the right address.
    Goodbye,
    /// Nothing has come for five intervals.
    Silence,
    /// Stragglers after a BYE have had their time.
    DelayOver,
}

impl MemberState {
    /// The state after an event; `None` when the source is forgotten.
    pub(super) const fn after(self, event: MemberEvent) -> Option<Self> {
        match (self, event) {
            (Self::Probation | Self::Member, MemberEvent::Confirmed) => Some(Self::Member),
            (Self::Departed, MemberEvent::Confirmed | MemberEvent::Silence)
            | (_, MemberEvent::Goodbye) => Some(Self::Departed),
            (Self::Probation | Self::Member, MemberEvent::DelayOver) => Some(self),
            (Self::Probation | Self::Member, MemberEvent::Silence)
            | (Self::Departed, MemberEvent::DelayOver) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::MemberEvent::{Confirmed, DelayOver, Goodbye, Silence};
    use super::MemberState::{Departed, Member, Probation};

    #[test]
    fn every_cell_of_the_table() {
        let table = [
            (
                Probation,
                [Some(Member), Some(Departed), None, Some(Probation)],
            ),
            (Member, [Some(Member), Some(Departed), None, Some(Member)]),
            (
                Departed,
                [Some(Departed), Some(Departed), Some(Departed), None],
            ),
        ];
        for (state, row) in table {
            for (event, wanted) in [Confirmed, Goodbye, Silence, DelayOver]
                .into_iter()
                .zip(row)
            {
                assert_eq!(state.after(event), wanted, "{state:?} {event:?}");
            }
        }
    }
}
