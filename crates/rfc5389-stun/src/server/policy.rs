//! What the operator of a server decides: whom to admit, who has which key, who goes elsewhere.

use core::net::SocketAddr;
use core::time::Duration;

use super::Arrival;
use crate::attribute::{Algorithm, UserHash};
use crate::key::Key;

/// Whose key the server needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Claim<'a> {
    /// The user.
    pub user: User<'a>,
    /// What makes the key of a long-term credential; `None` asks for that of a short-term one.
    pub algorithm: Option<Algorithm>,
}

/// A user as a request names him.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum User<'a> {
    /// By name.
    Name(&'a str),
    /// By [`UserHash::new`] of name and realm.
    Hash(UserHash),
}

/// What the operator of a server decides. `()` admits everybody and knows nobody.
pub trait Policy {
    /// Whether a request is looked at: the place to limit the rate of a source. It is asked before
    /// anything is computed, and what it denies gets no answer.
    fn admits(&mut self, now: Duration, arrival: &Arrival<'_>) -> bool {
        let _ = (now, arrival);
        true
    }

    /// The user's key, or `None` if there is no such user.
    fn key(&mut self, claim: &Claim<'_>) -> Option<Key> {
        let _ = claim;
        None
    }

    /// Where an authenticated request should go instead; an address of another family than the
    /// request's is passed over.
    fn alternate_server(&mut self, arrival: &Arrival<'_>) -> Option<SocketAddr> {
        let _ = arrival;
        None
    }
}

impl Policy for () {}
