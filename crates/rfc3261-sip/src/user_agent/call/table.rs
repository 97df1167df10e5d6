//! The states of a call (RFC 3261 §13, §15, §9).
//!
//! ```text
//!            | INVITE sent                                 INVITE received |
//!            v                                                             v
//!      +-----------+                                                 +-----------+
//!      |  Calling  |                                                 |  Ringing  |---------+
//!      +-----------+--------------+                                  +-----------+         |
//!        |      | 1xx             |                                     | 2xx sent         |
//!        |      v                 |                                     v                  |
//!        |  +-----------+ hang up |                               +------------+           |
//!        |  |Proceeding |-------+ |                               |  Accepted  |--------+  |
//!        |  +-----------+       | |                               +------------+        |  |
//!        |    |    |            v v                      ACK:       |   | no ACK:  hang |  |
//!    2xx:|    |    |         +------------+              tell       |   | BYE      up:  |  |
//!   ACK, |    |    | 3xx-6xx | Cancelling |                         |   |          wait |  |
//!   tell |    |    |         +------------+                         |   |               |  |
//!        v    v    |           |   | 2xx: ACK, BYE                  |   |               |  |
//!      +-------------+         |   |                                |   |               |  |
//!      |             |<--------|---|--------------------------------+   |               |  |
//!      | Established |         |   |                                    |               |  |
//!      |             |         |   |                                    |               |  |
//!      +-------------+         |   |                                    |       +----------+
//!        |    |    |           |   |                                    |       | Hanging  |
//!        |    |    | hang up,  |   v                                    |       +----------+
//!    BYE |    |    | lost: BYE +-> +----------+  <----------------------+         | ACK, no ACK:
//!        |    |    +-------------->|  Ending  |  <--------------------------------+ BYE
//!        |    |                |   +----------+
//!        |    |                |     | BYE answered, or BYE of the other side
//!        v    v                v     v
//!      +--------------------------------+  3xx-6xx sent, CANCEL, BYE of the
//!      |             Over               |<-- other side, from Ringing and Accepted
//!      +--------------------------------+
//! ```
//!
//! 1xx, 2xx and 3xx-6xx are the responses to the INVITE that the call began with. No response in
//! time and a transport error count as 3xx-6xx.

/// Where a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallState {
    /// The INVITE is sent.
    Calling,
    /// The other side has sent a provisional response but 100.
    Proceeding,
    /// This side has hung up before there was an answer.
    Cancelling,
    /// An INVITE is there, and this side has not answered.
    Ringing,
    /// This side has answered, the ACK is not there yet.
    Accepted,
    /// The call stands.
    Established,
    /// This side has answered and then hung up: BYE waits for the ACK (RFC 3261 §15).
    Hanging,
    /// BYE is sent.
    Ending,
    /// All is over: nothing is left of a call in this state.
    Over,
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::user_agent) enum Input {
    /// The INVITE has a provisional response but 100.
    Provisional,
    /// The INVITE has its first 2xx response.
    Success,
    /// The INVITE has another final response, or none.
    Failure,
    /// The user has sent a 2xx response.
    Answer,
    /// The user has sent another final response.
    Refuse,
    /// The other side has cancelled its INVITE, or the time that it gave is over.
    Cancelled,
    /// The ACK for the 2xx response is there.
    Ack,
    /// No ACK has come for a 2xx response, that to a later INVITE included.
    NoAck,
    /// The user hangs up.
    HangUp,
    /// The BYE of the other side has been answered with 200.
    PeerBye,
    /// The BYE of this side has its final response, or none.
    ByeDone,
    /// The other side does not know the call any more, or cannot be reached.
    Lost,
}

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::user_agent) enum Action {
    /// Tell the user of the provisional response.
    TellProgress,
    /// Acknowledge the 2xx response, or leave it to the user, and tell the user that the call
    /// stands.
    TellAnswered,
    /// Acknowledge the 2xx response without a word to the user.
    Acknowledge,
    /// Tell the user that the ACK is there.
    TellEstablished,
    /// Cancel the INVITE.
    Cancel,
    /// Answer the INVITE with 487.
    Terminate,
    /// Answer the INVITE with 603.
    Decline,
    /// Send BYE.
    Bye,
    /// Tell the user that the call is over, and why.
    TellEnded,
}

/// One cell of the table: the next state, and what is done on the way, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::user_agent) struct Step {
    pub(in crate::user_agent) next: CallState,
    pub(in crate::user_agent) actions: &'static [Action],
}

impl CallState {
    /// Whether the call stands at this side, so that requests can be sent within it.
    #[must_use]
    pub const fn is_confirmed(self) -> bool {
        matches!(self, Self::Accepted | Self::Established)
    }

    /// The cell of the table; `None` where the input has no place in the state.
    pub(in crate::user_agent) const fn step(self, input: Input) -> Option<Step> {
        use Action::{
            Acknowledge, Bye, Cancel, Decline, TellAnswered, TellEnded, TellEstablished,
            TellProgress, Terminate,
        };
        use CallState::{
            Accepted, Calling, Cancelling, Ending, Established, Hanging, Over, Proceeding, Ringing,
        };
        let (next, actions): (Self, &'static [Action]) = match (self, input) {
            (Calling | Proceeding, Input::Provisional) => (Proceeding, &[TellProgress]),
            (Calling | Proceeding, Input::Success) => (Established, &[TellAnswered]),
            (Calling | Proceeding, Input::Failure) => (Over, &[TellEnded]),
            (Calling | Proceeding, Input::HangUp) => (Cancelling, &[Cancel, TellEnded]),

            (Cancelling, Input::Provisional) => (Cancelling, &[]),
            (Cancelling, Input::Success) => (Ending, &[Acknowledge, Bye]),
            (Cancelling, Input::Failure) => (Over, &[]),

            (Ringing, Input::Answer) => (Accepted, &[]),
            (Ringing, Input::Refuse) => (Over, &[TellEnded]),
            (Ringing, Input::HangUp) => (Over, &[Decline, TellEnded]),
            (Ringing, Input::Cancelled | Input::PeerBye) => (Over, &[Terminate, TellEnded]),

            (Accepted, Input::Ack) => (Established, &[TellEstablished]),
            (Accepted, Input::NoAck | Input::Lost) => (Ending, &[Bye, TellEnded]),
            (Accepted, Input::HangUp) => (Hanging, &[TellEnded]),
            (Accepted, Input::PeerBye) => (Over, &[TellEnded]),

            (Hanging, Input::Ack | Input::NoAck) => (Ending, &[Bye]),
            (Hanging, Input::PeerBye) => (Over, &[]),

            (Established, Input::HangUp | Input::Lost | Input::NoAck) => {
                (Ending, &[Bye, TellEnded])
            }
            (Established, Input::PeerBye) => (Over, &[TellEnded]),

            (Ending, Input::ByeDone | Input::PeerBye) => (Over, &[]),

            _ => return None,
        };
        Some(Step { next, actions })
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::*;

    const STATES: [CallState; 9] = [
        CallState::Calling,
        CallState::Proceeding,
        CallState::Cancelling,
        CallState::Ringing,
        CallState::Accepted,
        CallState::Established,
        CallState::Hanging,
        CallState::Ending,
        CallState::Over,
    ];

    const INPUTS: [Input; 12] = [
        Input::Provisional,
        Input::Success,
        Input::Failure,
        Input::Answer,
        Input::Refuse,
        Input::Cancelled,
        Input::Ack,
        Input::NoAck,
        Input::HangUp,
        Input::PeerBye,
        Input::ByeDone,
        Input::Lost,
    ];

    #[test]
    fn every_cell() {
        let mut cells = String::new();
        for state in STATES {
            for input in INPUTS {
                // What is not listed is refused.
                if let Some(Step { next, actions }) = state.step(input) {
                    cells += &format!("{state:?} {input:?} -> {next:?} {actions:?}\n");
                }
            }
        }
        assert_eq!(
            cells,
            "Calling Provisional -> Proceeding [TellProgress]\n\
             Calling Success -> Established [TellAnswered]\n\
             Calling Failure -> Over [TellEnded]\n\
             Calling HangUp -> Cancelling [Cancel, TellEnded]\n\
             Proceeding Provisional -> Proceeding [TellProgress]\n\
             Proceeding Success -> Established [TellAnswered]\n\
             Proceeding Failure -> Over [TellEnded]\n\
             Proceeding HangUp -> Cancelling [Cancel, TellEnded]\n\
             Cancelling Provisional -> Cancelling []\n\
             Cancelling Success -> Ending [Acknowledge, Bye]\n\
             Cancelling Failure -> Over []\n\
             Ringing Answer -> Accepted []\n\
             Ringing Refuse -> Over [TellEnded]\n\
             Ringing Cancelled -> Over [Terminate, TellEnded]\n\
             Ringing HangUp -> Over [Decline, TellEnded]\n\
             Ringing PeerBye -> Over [Terminate, TellEnded]\n\
             Accepted Ack -> Established [TellEstablished]\n\
             Accepted NoAck -> Ending [Bye, TellEnded]\n\
             Accepted HangUp -> Hanging [TellEnded]\n\
             Accepted PeerBye -> Over [TellEnded]\n\
             Accepted Lost -> Ending [Bye, TellEnded]\n\
             Established NoAck -> Ending [Bye, TellEnded]\n\
             Established HangUp -> Ending [Bye, TellEnded]\n\
             Established PeerBye -> Over [TellEnded]\n\
             Established Lost -> Ending [Bye, TellEnded]\n\
             Hanging Ack -> Ending [Bye]\n\
             Hanging NoAck -> Ending [Bye]\n\
             Hanging PeerBye -> Over []\n\
             Ending PeerBye -> Over []\n\
             Ending ByeDone -> Over []\n"
        );
    }

    #[test]
    fn whatever_happens_the_user_is_told_at_most_once_that_a_call_is_over() {
        for state in STATES {
            for input in INPUTS {
                let Some(Step { next, actions }) = state.step(input) else {
                    continue;
                };
                let told = |state| {
                    use CallState::{Cancelling, Ending, Hanging, Over};
                    matches!(state, Cancelling | Hanging | Ending | Over)
                };
                let tells = actions.contains(&Action::TellEnded);
                assert_eq!(tells, !told(state) && told(next), "{state:?} {input:?}");
            }
        }
    }
}
