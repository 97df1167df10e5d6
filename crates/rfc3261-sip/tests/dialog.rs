//! Dialogs seen from outside: messages in, requests and responses out (RFC 3261 §12).

#![allow(clippy::unwrap_used)] // in helpers as well

mod dialog {
    pub(crate) mod script;

    mod establish;
    mod flows;
    mod forks;
    mod misuse;
    mod refresh;
    mod requests;
    mod size;
}
