//! An endpoint on loopback.

#![allow(clippy::unwrap_used)] // in the helpers of these tests
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc)] // sockets, never `no_std`

mod sip {
    mod streams;
    mod tls;
    mod udp;
    mod world;
}
