//! The transaction layer seen from outside: messages in, messages and events out, in simulated
//! time (RFC 3261 §17, RFC 6026).

#![allow(clippy::unwrap_used)] // in helpers as well
#![allow(clippy::std_instead_of_alloc, reason = "tests run where std is")]

#[path = "transaction/bench.rs"]
mod bench;
#[path = "transaction/capacity.rs"]
mod capacity;
#[path = "transaction/hostile.rs"]
mod hostile;
#[path = "transaction/invite.rs"]
mod invite;
#[path = "transaction/matching.rs"]
mod matching;
#[path = "transaction/non_invite.rs"]
mod non_invite;
#[path = "transaction/simulation.rs"]
mod simulation;
