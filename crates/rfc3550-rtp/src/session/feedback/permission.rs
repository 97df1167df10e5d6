//! Whether feedback may go out before the next report: the table of its states (RFC 4585
//! §3.5.2, §3.5.3).

/// What `allow_early` says, and whether an early packet waits.
///
/// ```text
///                          wanted
///   +---------+ ---------------------------> +-----------+
///   | Allowed |                              | Scheduled |
///   +---------+ <--------------------------- +-----------+
///        ^         suppressed, or a report         |
///        |              takes it along             | sent early
///        |                                         v
///        |              report due              +-------+
///        +--------------------------------------| Spent |
///                                               +-------+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Permission {
    /// An early packet may be scheduled.
    #[default]
    Allowed,
    /// One waits for its time.
    Scheduled,
    /// One has gone out since the last report: the next has to come first.
    Spent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PermissionEvent {
    /// There is something to say that cannot wait for the next report.
    Wanted,
    /// Somebody else has said all that there was to say.
    Suppressed,
    /// The early packet has gone out.
    SentEarly,
    /// A report was due: it has been sent, or suppressed.
    ReportDue,
}

impl Permission {
    pub(super) const fn after(self, event: PermissionEvent) -> Self {
        match (self, event) {
            (Self::Allowed | Self::Scheduled, PermissionEvent::Wanted) => Self::Scheduled,
            (Self::Scheduled, PermissionEvent::Suppressed) | (_, PermissionEvent::ReportDue) => {
                Self::Allowed
            }
            (Self::Scheduled | Self::Spent, PermissionEvent::SentEarly)
            | (Self::Spent, PermissionEvent::Wanted | PermissionEvent::Suppressed) => Self::Spent,
            (Self::Allowed, PermissionEvent::Suppressed | PermissionEvent::SentEarly) => {
                Self::Allowed
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Permission::{Allowed, Scheduled, Spent};
    use super::PermissionEvent::{ReportDue, SentEarly, Suppressed, Wanted};

    #[test]
    fn every_cell_of_the_table() {
        let table = [
            (Allowed, [Scheduled, Allowed, Allowed, Allowed]),
            (Scheduled, [Scheduled, Allowed, Spent, Allowed]),
            (Spent, [Spent, Spent, Spent, Allowed]),
        ];
        for (state, row) in table {
            let events = [Wanted, Suppressed, SentEarly, ReportDue];
            for (event, wanted) in events.into_iter().zip(row) {
                assert_eq!(state.after(event), wanted, "{state:?} {event:?}");
            }
        }
    }
}
