//! The transaction layer seen from outside: messages in, messages and events out, in simulated
//! time (RFC 3261 §17, RFC 6026).

#![allow(clippy::unwrap_used)] // in helpers as well
#![allow(clippy::std_instead_of_alloc, reason = "tests run where std is")]

mod transaction {
    pub(crate) mod bench;

    mod capacity;
    mod invite;
    mod matching;
    mod non_invite;
    mod simulation;
}
