//! The proxy seen from outside: messages in, messages and events out, in simulated time (RFC 3261
//! §16).

#![allow(clippy::unwrap_used)] // in helpers as well
#![allow(clippy::std_instead_of_alloc, reason = "tests run where std is")]

mod proxy {
    pub(crate) mod bench;

    mod cancel;
    mod capacity;
    mod checks;
    mod failures;
    mod forward;
    mod hostile;
    mod responses;
    mod routes;
    mod simulation;
    mod stateless;
}
