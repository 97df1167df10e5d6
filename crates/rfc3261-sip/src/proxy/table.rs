//! What becomes of a request that is proxied: its response context as a table (RFC 3261 §16.6,
//! §16.7, §16.10).
//!
//! ```text
//!                     request
//!                        v
//!  CANCEL:         +------------+  the user answers: send
//!  send 487 +------|  Deciding  |-----------------------------+
//!           |      +------------+                             |
//!           |            | targets: start those of the        |
//!           |            | highest preference                 |
//!           |            v                                    |
//!           |      +------------+  101-199: pass              |
//!           |      | Forwarding |  300-599: store             |
//!           |      |            |  none under way: start the  |
//!           |      +------------+  next, if there are more    |
//!           |       |    |     |                              |
//!           | CANCEL|    |     | 2xx: pass, cancel            |
//!           |    6xx|    |     | none under way: send best    |
//!           | cancel|    |     | the user answers: cancel     |
//!           |       v    |     v                              v
//!           |  +---------+    +---------------------------------+
//!           |  | Closing |--->|            Answered             |
//!           |  +---------+    | 2xx to INVITE: pass             |
//!           |  101-199: pass  +---------------------------------+
//!           |  300-699: store   ^              | nothing under way,
//!           +-------------------+              | all transactions over
//!              2xx, none under way,            v
//!              the user answers:           +------+
//!              as in Forwarding            | Over |
//!                                          +------+
//! ```

/// Where a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// The user has not said what becomes of it.
    Deciding,
    /// It is forwarded, maybe to more targets yet.
    Forwarding,
    /// It goes nowhere else; what is under way has been cancelled.
    Closing,
    /// It has its final response.
    Answered,
    /// All is over.
    Over,
}

/// What happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Input {
    /// The user names targets.
    Targets,
    /// The user has sent a final response.
    UserAnswer,
    /// The client has cancelled it.
    Cancel,
    /// 101 to 199 from a target.
    Provisional,
    /// 2xx from a target.
    Success,
    /// 300 to 599 from a target, or something that counts as one of these.
    Failure,
    /// 6xx from a target.
    GlobalFailure,
    /// Nothing is under way, but there are more targets.
    NextGroup,
    /// Nothing is under way, and there are no more targets.
    Exhausted,
    /// All transactions are over.
    Ended,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Action {
    /// Forward the request to the targets of the highest preference.
    StartGroup,
    /// Forward the response to the client.
    Pass,
    /// Keep the response.
    Store,
    /// Cancel whatever is under way; name no more targets.
    CancelAll,
    /// Send the best response.
    AnswerBest,
    /// Send a 487.
    AnswerTerminated,
    /// Tell the user.
    TellEnded,
}

/// One cell of the table: the next state, and what is done on the way, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) next: State,
    pub(super) actions: &'static [Action],
}

const fn step(next: State, actions: &'static [Action]) -> Option<Step> {
    Some(Step { next, actions })
}

/// The cell of the table; `None` where the input has no place in the state, so that nothing
/// happens.
pub(super) const fn table(state: State, input: Input) -> Option<Step> {
    use Action::{AnswerBest, AnswerTerminated, CancelAll, Pass, StartGroup, Store, TellEnded};
    use Input::{
        Cancel, Ended, Exhausted, Failure, GlobalFailure, NextGroup, Provisional, Success, Targets,
        UserAnswer,
    };
    use State::{Answered, Closing, Deciding, Forwarding, Over};
    match (state, input) {
        (Deciding, Targets) => step(Forwarding, &[StartGroup]),
        (Deciding, UserAnswer) => step(Answered, &[]),
        (Deciding, Cancel) => step(Answered, &[AnswerTerminated]),

        // They wait for their turn.
        (Forwarding, Targets) => step(Forwarding, &[]),
        (Forwarding, NextGroup) => step(Forwarding, &[StartGroup]),
        (Forwarding, GlobalFailure) => step(Closing, &[Store, CancelAll]),
        (Forwarding, Cancel) => step(Closing, &[CancelAll]),

        (Forwarding | Closing, Provisional) => step(state, &[Pass]),
        (Forwarding | Closing, Success) => step(Answered, &[Pass, CancelAll]),
        (Forwarding | Closing, UserAnswer) => step(Answered, &[CancelAll]),
        (Forwarding | Closing, Exhausted) => step(Answered, &[AnswerBest]),
        (Forwarding, Failure) | (Closing, Failure | GlobalFailure) => step(state, &[Store]),

        (Answered, Success) => step(Answered, &[Pass]),
        (Answered, Ended) => step(Over, &[TellEnded]),

        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::*;

    const STATES: [State; 5] = [
        State::Deciding,
        State::Forwarding,
        State::Closing,
        State::Answered,
        State::Over,
    ];

    const INPUTS: [Input; 10] = [
        Input::Targets,
        Input::UserAnswer,
        Input::Cancel,
        Input::Provisional,
        Input::Success,
        Input::Failure,
        Input::GlobalFailure,
        Input::NextGroup,
        Input::Exhausted,
        Input::Ended,
    ];

    #[test]
    fn every_cell_of_the_response_context() {
        let mut cells = String::new();
        for state in STATES {
            for input in INPUTS {
                if let Some(Step { next, actions }) = table(state, input) {
                    cells += &format!("{state:?} {input:?} -> {next:?} {actions:?}\n");
                }
            }
        }
        let expected = "Deciding Targets -> Forwarding [StartGroup]
             Deciding UserAnswer -> Answered []
             Deciding Cancel -> Answered [AnswerTerminated]
             Forwarding Targets -> Forwarding []
             Forwarding UserAnswer -> Answered [CancelAll]
             Forwarding Cancel -> Closing [CancelAll]
             Forwarding Provisional -> Forwarding [Pass]
             Forwarding Success -> Answered [Pass, CancelAll]
             Forwarding Failure -> Forwarding [Store]
             Forwarding GlobalFailure -> Closing [Store, CancelAll]
             Forwarding NextGroup -> Forwarding [StartGroup]
             Forwarding Exhausted -> Answered [AnswerBest]
             Closing UserAnswer -> Answered [CancelAll]
             Closing Provisional -> Closing [Pass]
             Closing Success -> Answered [Pass, CancelAll]
             Closing Failure -> Closing [Store]
             Closing GlobalFailure -> Closing [Store]
             Closing Exhausted -> Answered [AnswerBest]
             Answered Success -> Answered [Pass]
             Answered Ended -> Over [TellEnded]";
        let lines = expected.lines().map(str::trim);
        let expected: String = lines.flat_map(|line| [line, "\n"]).collect();
        assert_eq!(cells, expected);
    }
}
