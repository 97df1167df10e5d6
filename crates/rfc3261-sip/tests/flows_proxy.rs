//! The flows of RFC 3665 and RFC 3261 §24 in which proxies, a registrar or a redirect server take
//! part, message by message. Where the RFCs send a 100 at once, these send it after 200 ms, if
//! there is nothing else by then (RFC 3261 §17.2.1).

#![allow(clippy::unwrap_used)] // in helpers as well
#![allow(clippy::std_instead_of_alloc, reason = "tests run where std is")]

mod flows_proxy {
    pub(crate) mod world;

    mod calls;
    mod failed_calls;
    mod registrations;
    mod trees;
}
