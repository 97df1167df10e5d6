//! The non-INVITE client transaction (RFC 3261 §17.1.2).
//!
//! ```text
//!                             | request
//!                             | send, start E, F
//!                             v
//!                       +------------+
//!     E: send again  +--|            |  F: tell timeout
//!     doubling to T2 |  |   Trying   |  transport error: tell
//!                    +->|            |------------------------+
//!                       +------------+                        |
//!   200-699: pass          |     | 1xx: pass                 |
//!   +----------------------+     v                            |
//!   |                   +------------+                        |
//!   | E: send again  +--|            |  F: tell timeout       |
//!   | every T2       |  | Proceeding |  transport error: tell |
//!   | 1xx: pass      +->|            |----------------------->+
//!   |                   +------------+                        |
//!   | 200-699: pass        |                                  |
//!   +<---------------------+                                  |
//!   | start K                                                 |
//!   v                                                         v
//!  +------------+                                      +------------+
//!  |            |--+                            K      |            |
//!  | Completed  |  | any response: absorbed    +------>| Terminated |
//!  |            |<-+                           |       |            |
//!  +------------+                              |       +------------+
//!      |                                       |
//!      +---------------------------------------+
//! ```

use super::{
    machine::{Action::*, Input, State, Step, step},
    timer::Timer,
};

pub(super) const START: Step = Step {
    next: State::Trying,
    actions: &[Send, Start(Timer::E), Start(Timer::F)],
};

pub(super) const fn table(state: State, input: Input) -> Option<Step> {
    use Input::{Failure, Fired, Provisional, Success, TransportError};
    use State::{Completed, Proceeding, Terminated, Trying};
    match (state, input) {
        (Trying, Fired(Timer::E)) => step(Trying, &[Send, Backoff(Timer::E)]),
        (Proceeding, Fired(Timer::E)) => step(Proceeding, &[Send, Slow(Timer::E)]),
        (Trying | Proceeding, Fired(Timer::F)) => step(Terminated, &[TellTimeout]),
        (Trying | Proceeding, TransportError) => step(Terminated, &[TellTransportError]),
        (Trying | Proceeding, Input::Trying | Provisional) => step(Proceeding, &[Pass]),
        (Trying | Proceeding, Success | Failure) => step(Completed, &[Stop, Start(Timer::K), Pass]),

        (Completed, Input::Trying | Provisional | Success | Failure) => step(Completed, &[]),
        (Completed, Fired(Timer::K)) => step(Terminated, &[]),

        _ => None,
    }
}
