//! User agents seen from outside: two of them on a line, and one against a peer that is written
//! by hand, in simulated time (RFC 3261 §8 to §15).

#![allow(clippy::unwrap_used)] // in helpers as well
#![allow(clippy::std_instead_of_alloc, reason = "tests run where std is")]

#[path = "user_agent/bench.rs"]
mod bench;
#[path = "user_agent/calls.rs"]
mod calls;
#[path = "user_agent/capacity.rs"]
mod capacity;
#[path = "user_agent/client.rs"]
mod client;
#[path = "user_agent/endings.rs"]
mod endings;
#[path = "user_agent/modify.rs"]
mod modify;
#[path = "user_agent/pair.rs"]
mod pair;
#[path = "user_agent/register.rs"]
mod register;
#[path = "user_agent/reliable.rs"]
mod reliable;
#[path = "user_agent/server.rs"]
mod server;
#[path = "user_agent/session_timers.rs"]
mod session_timers;
#[path = "user_agent/simulation.rs"]
mod simulation;
#[path = "user_agent/subscriptions.rs"]
mod subscriptions;
