//! What a server keeps as long as it is refreshed: the states of a registration
//! (RFC 3261 §10.2) and of a publication (RFC 3903 §4).
//!
//! ```text
//!                    send                  accepted: tell
//!      +------+ -------------> +---------+ -------------> +--------+
//!  +-->| Idle |                | Adding  |                | Active |--------+
//!  |   +------+ <------------- +---------+                +--------+        |
//!  |     ^   |   refused: tell      |     accepted: tell   |    ^           |
//!  |     |   |                      |                 send |    |           |
//!  |     |   | remove               | remove           due v    |           |
//!  |     |   |                      |               +------------+          |
//!  |     |   |                      |               | Refreshing |          |
//!  |     |   |                      v               +------------+          |
//!  |     |   |                 +---------+  remove    |    |                |
//!  |     |   |                 | Leaving |<-----------+    | refused: tell  |
//!  |     |   |                 +---------+                 |                |
//!  |     +---|----------------------|----------------------+                |
//!  |         |           any answer |                                       |
//!  |         v                      v                                remove |
//!  |   +----------+   send removal  |                                       |
//!  |   | Removing |<----------------+---------------------------------------+
//!  |   +----------+
//!  |         | accepted, refused: tell
//!  |         v
//!  |       Gone
//! ```
//!
//! While a request is under way no other one is sent (RFC 3261 §10.2).

use core::time::Duration;

/// After how long what lasts so long is refreshed: a minute before its end, or at half of it.
pub(super) fn refresh_after(expires: Duration) -> Duration {
    expires.saturating_sub(Duration::from_secs(60).min(expires / 2))
}

/// Where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum SoftState {
    /// The server has nothing, or it is not known.
    Idle,
    /// The first request is under way.
    Adding,
    /// The server has it.
    Active,
    /// The server has it, and a refresh is under way.
    Refreshing,
    /// A request is under way, and then it is to be removed.
    Leaving,
    /// The removal is under way.
    Removing,
    /// It is over.
    Gone,
}

/// What happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    /// The user wants a request sent.
    Send,
    /// It is time for the next refresh.
    Due,
    /// The request has a 2xx response.
    Accepted,
    /// The request has another final response, or none.
    Refused,
    /// The user wants it removed.
    Remove,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Send a request.
    Send,
    /// Send the request that removes it.
    SendRemoval,
    /// Note when it has to be refreshed, and tell the user.
    TellActive,
    /// Tell the user that it is removed.
    TellRemoved,
    /// Tell the user that the request was refused.
    TellRefused,
}

impl SoftState {
    /// The cell of the table; `None` where the input has no place in the state.
    pub(super) const fn step(self, input: Input) -> Option<(Self, Option<Action>)> {
        use SoftState::{Active, Adding, Gone, Idle, Leaving, Refreshing, Removing};
        Some(match (self, input) {
            (Idle, Input::Send) => (Adding, Some(Action::Send)),
            (Active, Input::Send | Input::Due) => (Refreshing, Some(Action::Send)),
            (Adding | Refreshing, Input::Accepted) => (Active, Some(Action::TellActive)),
            (Adding | Refreshing, Input::Refused) => (Idle, Some(Action::TellRefused)),
            (Adding | Refreshing, Input::Remove) => (Leaving, None),
            (Idle | Active, Input::Remove) | (Leaving, Input::Accepted | Input::Refused) => {
                (Removing, Some(Action::SendRemoval))
            }
            (Removing, Input::Accepted) => (Gone, Some(Action::TellRemoved)),
            (Removing, Input::Refused) => (Gone, Some(Action::TellRefused)),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::*;

    #[test]
    fn a_refresh_is_a_minute_early_or_at_half_of_the_time() {
        let seconds = |seconds| refresh_after(Duration::from_secs(seconds)).as_secs();
        assert_eq!([0, 60, 120, 3600].map(seconds), [0, 30, 60, 3540]);
    }

    #[test]
    fn every_cell() {
        let mut cells = String::new();
        for state in [
            SoftState::Idle,
            SoftState::Adding,
            SoftState::Active,
            SoftState::Refreshing,
            SoftState::Leaving,
            SoftState::Removing,
            SoftState::Gone,
        ] {
            for input in [
                Input::Send,
                Input::Due,
                Input::Accepted,
                Input::Refused,
                Input::Remove,
            ] {
                // What is not listed is refused.
                if let Some((next, action)) = state.step(input) {
                    let action = action.map_or(String::from("-"), |action| format!("{action:?}"));
                    cells += &format!("{state:?} {input:?} -> {next:?} {action}\n");
                }
            }
        }
        assert_eq!(
            cells,
            "Idle Send -> Adding Send\n\
             Idle Remove -> Removing SendRemoval\n\
             Adding Accepted -> Active TellActive\n\
             Adding Refused -> Idle TellRefused\n\
             Adding Remove -> Leaving -\n\
             Active Send -> Refreshing Send\n\
             Active Due -> Refreshing Send\n\
             Active Remove -> Removing SendRemoval\n\
             Refreshing Accepted -> Active TellActive\n\
             Refreshing Refused -> Idle TellRefused\n\
             Refreshing Remove -> Leaving -\n\
             Leaving Accepted -> Removing SendRemoval\n\
             Leaving Refused -> Removing SendRemoval\n\
             Removing Accepted -> Gone TellRemoved\n\
             Removing Refused -> Gone TellRefused\n"
        );
    }
}
