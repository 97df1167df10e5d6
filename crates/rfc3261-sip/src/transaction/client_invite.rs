//! The INVITE client transaction (RFC 3261 §17.1.1, RFC 6026 §7.2, §8.4).
//!
//! ```text
//!                               | INVITE
//!                               | send, start A, B
//!                               v
//!                         +------------+  B: tell timeout
//!    A: send again  +-----|            |  transport error: tell
//!    cancel: wait   |     |  Calling   |------------------------------+
//!                   +---->|            |---------------+              |
//!                         +------------+     2xx: pass |              |
//!   300-699: send ACK, pass |     | 1xx: pass, start C |              |
//!   +-----------------------+     v                    |              |
//!   |                     +------------+               |              |
//!   |   1xx: pass,  +-----|            |     2xx: pass |              |
//!   |   start C     |     | Proceeding |-------------->+              |
//!   |               +---->|            |               |              |
//!   |                     +------------+               |              |
//!   | 300-699: send ACK,    |     | cancel, C:         |              |
//!   | pass                  |     v send CANCEL        |              |
//!   +<----------------------+                          |              |
//!   |                     +------------+               |              |
//!   |   1xx: pass   +-----|            |     2xx: pass |              |
//!   |               |     | Cancelling |-------------->+              |
//!   |               +---->|            |               |              |
//!   |                     +------------+               |              |
//!   | 300-699: send ACK,    |     | 64*T1: tell        |              |
//!   | pass                  |     | timeout            |              |
//!   +<----------------------+     +--------------------|------------->+
//!   | start D                                          | start M      |
//!   v                                                  v              |
//!  +------------+                               +------------+        |
//!  |            |-----+                         |            |---+    |
//!  | Completed  |     | 300-699: ACK again      |  Accepted  |   | 2xx: pass
//!  |            |<----+                         |            |<--+    |
//!  +------------+                               +------------+        |
//!      | D                                          | M               v
//!      | transport error: tell                      |         +------------+
//!      +--------------------------------------------+-------->| Terminated |
//!                                                             +------------+
//! ```
//!
//! Timer B is for INVITEs that nothing comes back for: after a 1xx it does not run, a phone may
//! ring longer than that. The machine ends nevertheless: Timer C, which is a proxy's by RFC 3261
//! §16.6, runs in Proceeding, and CANCEL has 64\*T1 to bring a final response (§9.1).

use super::{
    machine::{Action::*, Input, State, Step, step},
    timer::Timer,
};

pub(super) const START: Step = Step {
    next: State::Calling,
    actions: &[Send, Start(Timer::A), Start(Timer::B)],
};

pub(super) const fn table(state: State, input: Input) -> Option<Step> {
    use Input::{Cancel, Failure, Fired, Provisional, Success, TransportError, Trying};
    use State::{Accepted, Calling, Cancelling, Completed, Proceeding, Terminated};
    match (state, input) {
        (Calling, Fired(Timer::A)) => step(Calling, &[Send, Backoff(Timer::A)]),
        (Calling, Fired(Timer::B)) => step(Terminated, &[TellTimeout]),
        (Calling, TransportError) => step(Terminated, &[TellTransportError]),
        (Calling, Cancel) => step(Calling, &[WantCancel]),
        (Calling, Trying | Provisional) => step(Proceeding, &[Stop, Start(Timer::C), Pass]),

        (Proceeding, Trying) => step(Proceeding, &[Pass]),
        (Proceeding, Provisional) => step(Proceeding, &[Start(Timer::C), Pass]),
        (Proceeding, Cancel | Fired(Timer::C)) => {
            step(Cancelling, &[SendCancel, Start(Timer::Cancelled)])
        }

        (Cancelling, Trying | Provisional) => step(Cancelling, &[Pass]),
        (Cancelling, Fired(Timer::Cancelled)) => step(Terminated, &[TellTimeout]),

        (Calling | Proceeding | Cancelling, Success) => {
            step(Accepted, &[Stop, Start(Timer::M), Pass])
        }
        (Calling | Proceeding | Cancelling, Failure) => {
            step(Completed, &[Stop, SendAck, Start(Timer::D), Pass])
        }

        (Accepted, Success) => step(Accepted, &[Pass]),
        (Accepted, Fired(Timer::M)) => step(Terminated, &[]),

        (Completed, Failure) => step(Completed, &[Send]),
        (Completed, TransportError) => step(Terminated, &[TellTransportError]),
        (Completed, Fired(Timer::D)) => step(Terminated, &[]),

        _ => None,
    }
}
