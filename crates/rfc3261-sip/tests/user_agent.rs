//! User agents seen from outside: two of them on a line, and one against a peer that is written
//! by hand, in simulated time (RFC 3261 §8 to §15).

#![allow(clippy::unwrap_used)] // in helpers as well
#![allow(clippy::std_instead_of_alloc, reason = "tests run where std is")]

#[path = "user_agent/bench.rs"]
mod bench;
#[path = "user_agent/calls.rs"]
mod calls;
#[path = "user_agent/pair.rs"]
mod pair;
#[path = "user_agent/simulation.rs"]
mod simulation;
