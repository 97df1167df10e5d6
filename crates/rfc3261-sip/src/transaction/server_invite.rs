//! The INVITE server transaction (RFC 3261 §17.2.1, RFC 6026 §7.1, §8.5 to 8.8).
//!
//! ```text
//!                               | INVITE
//!                               | pass, start 200 ms
//!                               v
//!                         +------------+
//!   INVITE: send again +--|            |  200 ms: send 100
//!   1xx from user:     |  | Proceeding |
//!   send               +->|            |  transport error: tell, stay
//!                         +------------+
//!   300-699 from user:      |        | 2xx from user: send, start L
//!   send, start G, H        |        +---------------------+
//!                           v                              v
//!                     +------------+                 +------------+
//!   INVITE: send   +--|            |  INVITE: absorb |            |--+ ACK: pass
//!   again          |  | Completed  |                 |  Accepted  |  | 2xx from
//!   G: send again  +->|            |                 |            |<-+ user: send
//!   doubling to T2    +------------+                 +------------+
//!                       |  | ACK: start I                | L
//!                       |  v                             |
//!                       | +------------+                 |
//!   H: tell timeout     | |            |  ACK, INVITE:   |
//!                       | | Confirmed  |  absorb         |
//!                       | |            |                 |
//!                       | +------------+                 |
//!                       |    | I                         |
//!                       v    v                           v
//!                     +----------------------------------------+
//!                     |               Terminated               |
//!                     +----------------------------------------+
//! ```
//!
//! A transport error ends none of its states (RFC 6026 §7.1).

use super::{
    machine::{Action::*, Input, State, Step, step},
    timer::Timer,
};

pub(super) const START: Step = Step {
    next: State::Proceeding,
    actions: &[Start(Timer::Trying), Pass],
};

pub(super) const fn table(state: State, input: Input) -> Option<Step> {
    use Input::{Ack, Failure, Fired, Provisional, Request, Success, TransportError, Trying};
    use State::{Accepted, Completed, Confirmed, Proceeding, Terminated};
    match (state, input) {
        (Proceeding, Request) => step(Proceeding, &[Send]),
        (Proceeding, Fired(Timer::Trying)) => step(Proceeding, &[SendTrying]),
        (Proceeding, Trying | Provisional) => step(Proceeding, &[Stop, Send]),
        (Proceeding, Success) => step(Accepted, &[Stop, Send, Start(Timer::L)]),
        (Proceeding, Failure) => step(Completed, &[Stop, Send, Start(Timer::G), Start(Timer::H)]),

        (Completed, Request) => step(Completed, &[Send]),
        (Completed, Fired(Timer::G)) => step(Completed, &[Send, Backoff(Timer::G)]),
        (Completed, Fired(Timer::H)) => step(Terminated, &[TellTimeout]),
        (Completed, Ack) => step(Confirmed, &[Stop, Start(Timer::I)]),

        (Confirmed, Request | Ack) => step(Confirmed, &[]),
        (Confirmed, Fired(Timer::I)) => step(Terminated, &[]),

        (Accepted, Request) => step(Accepted, &[]),
        (Accepted, Success) => step(Accepted, &[Send]),
        (Accepted, Ack) => step(Accepted, &[Pass]),
        (Accepted, Fired(Timer::L)) => step(Terminated, &[]),

        (Proceeding | Completed | Accepted, TransportError) => step(state, &[TellTransportError]),

        _ => None,
    }
}
