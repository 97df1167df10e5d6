//! The non-INVITE server transaction (RFC 3261 §17.2.2, RFC 6026 §8.8).
//!
//! ```text
//!                         | request
//!                         | pass
//!                         v
//!                   +------------+
//!   request:     +--|            |
//!   absorb       +->|   Trying   |---------------------+
//!                   +------------+                     |
//!                         | 1xx from user: send        |
//!                         v                            |
//!   request:        +------------+                     |
//!   send again   +--|            |  transport error:   |
//!   1xx from     |  | Proceeding |  tell, stay         |
//!   user: send   +->|            |                     |
//!                   +------------+                     |
//!                         | 200-699 from user: send,   |
//!                         v start J                    |
//!   request:        +------------+                     |
//!   send again   +--|            |<--------------------+
//!   200-699 from |  | Completed  |  transport error:
//!   user:        +->|            |  tell, stay
//!   discard         +------------+
//!                         | J
//!                         v
//!                   +------------+
//!                   | Terminated |
//!                   +------------+
//! ```

use super::{
    machine::{Action::*, Input, State, Step, step},
    timer::Timer,
};

pub(super) const START: Step = Step {
    next: State::Trying,
    actions: &[Pass],
};

pub(super) const fn table(state: State, input: Input) -> Option<Step> {
    use Input::{Failure, Fired, Provisional, Request, Success, TransportError};
    use State::{Completed, Proceeding, Terminated, Trying};
    match (state, input) {
        (Trying, Request) => step(Trying, &[]),
        (Trying | Proceeding, Input::Trying | Provisional) => step(Proceeding, &[Send]),
        (Trying | Proceeding, Success | Failure) => step(Completed, &[Send, Start(Timer::J)]),

        (Proceeding | Completed, Request) => step(state, &[Send]),
        (Proceeding | Completed, TransportError) => step(state, &[TellTransportError]),

        (Completed, Success | Failure) => step(Completed, &[]),
        (Completed, Fired(Timer::J)) => step(Terminated, &[]),

        _ => None,
    }
}
