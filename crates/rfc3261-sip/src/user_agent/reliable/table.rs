//! The states of the reliable provisional responses to one INVITE (RFC 3262 §3).
//!
//! The side that has received the INVITE:
//!
//! ```text
//!              1xx from the user: send, number up by one
//!     +------+ ------------------------------------------> +---------+ --+ 1xx from the user: wait
//!     | Free |                                             | Waiting |   | timer: send again
//!     +------+ <------------------------------------------ +---------+ <-+ 2xx from the user, while
//!        |  ^    PRACK: 200, then what waits                 |     |       a description is not
//!        |  +-- another PRACK: 481                           |     |       acknowledged: wait
//!        |                                                   |     | no PRACK in 64*T1: 504
//!        |                                   final response |     |
//!        | final response                                    v     |
//!        |           +--------+   PRACK: 200             +------+  |
//!        +---------> | Closed | <----------------------- | Late |  |
//!                    +--------+ <----------------------- +------+ -+
//! ```

/// Where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::user_agent) enum State {
    /// All are acknowledged.
    Free,
    /// One is not acknowledged.
    Waiting,
    /// The INVITE has its final response, and one is not acknowledged.
    Late,
    /// The INVITE has its final response.
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::user_agent) enum Input {
    /// The user sends a provisional response.
    Provisional,
    /// The user sends a 2xx response, while a session description is not acknowledged or not.
    Success { described: bool },
    /// The user sends another final response.
    Failure,
    /// The PRACK for the last one has come.
    Prack,
    /// Another PRACK has come.
    OtherPrack,
    /// It is time to send it again.
    Resend,
    /// No PRACK has come.
    Expire,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::user_agent) enum Action {
    /// Send the response.
    Send,
    /// Let the response wait.
    Wait,
    /// Send the last one again.
    Resend,
    /// Answer the PRACK with 200, and go on with what waits.
    Confirm,
    /// Answer the PRACK with 481.
    Unknown,
    /// Answer the INVITE with 504.
    Reject,
}

impl State {
    /// The cell of the table; `None` where the input has no place in the state.
    pub(in crate::user_agent) const fn step(self, input: Input) -> Option<(Self, Action)> {
        Some(match (self, input) {
            (Self::Free, Input::Provisional) => (Self::Waiting, Action::Send),
            (Self::Waiting, Input::Provisional | Input::Success { described: true }) => {
                (Self::Waiting, Action::Wait)
            }
            (Self::Waiting, Input::Resend) => (Self::Waiting, Action::Resend),
            (Self::Waiting, Input::Prack) => (Self::Free, Action::Confirm),
            (Self::Waiting, Input::Expire) => (Self::Closed, Action::Reject),
            (Self::Waiting, Input::Success { described: false } | Input::Failure) => {
                (Self::Late, Action::Send)
            }
            (Self::Free, Input::Success { .. } | Input::Failure) => (Self::Closed, Action::Send),
            (Self::Late, Input::Prack) => (Self::Closed, Action::Confirm),
            (_, Input::OtherPrack) | (Self::Free | Self::Closed, Input::Prack) => {
                (self, Action::Unknown)
            }
            (Self::Free, Input::Resend | Input::Expire)
            | (
                Self::Late | Self::Closed,
                Input::Provisional
                | Input::Success { .. }
                | Input::Failure
                | Input::Resend
                | Input::Expire,
            ) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::*;

    #[test]
    fn every_cell() {
        let mut cells = String::new();
        for state in [State::Free, State::Waiting, State::Late, State::Closed] {
            for input in [
                Input::Provisional,
                Input::Success { described: false },
                Input::Success { described: true },
                Input::Failure,
                Input::Prack,
                Input::OtherPrack,
                Input::Resend,
                Input::Expire,
            ] {
                // What is not listed is refused.
                if let Some((next, action)) = state.step(input) {
                    cells += &format!("{state:?} {input:?} -> {next:?} {action:?}\n");
                }
            }
        }
        assert_eq!(
            cells,
            "Free Provisional -> Waiting Send\n\
             Free Success { described: false } -> Closed Send\n\
             Free Success { described: true } -> Closed Send\n\
             Free Failure -> Closed Send\n\
             Free Prack -> Free Unknown\n\
             Free OtherPrack -> Free Unknown\n\
             Waiting Provisional -> Waiting Wait\n\
             Waiting Success { described: false } -> Late Send\n\
             Waiting Success { described: true } -> Waiting Wait\n\
             Waiting Failure -> Late Send\n\
             Waiting Prack -> Free Confirm\n\
             Waiting OtherPrack -> Waiting Unknown\n\
             Waiting Resend -> Waiting Resend\n\
             Waiting Expire -> Closed Reject\n\
             Late Prack -> Closed Confirm\n\
             Late OtherPrack -> Late Unknown\n\
             Closed Prack -> Closed Unknown\n\
             Closed OtherPrack -> Closed Unknown\n"
        );
    }
}
