//! `telephony serve` and `telephony passwd` as phones, strangers and a person meet them.

#![allow(clippy::unwrap_used)] // in the helpers of these tests
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc)] // a program, never `no_std`

mod serve {
    mod hostile;
    mod phone;
    mod phones;
    mod users;
    mod world;
}
