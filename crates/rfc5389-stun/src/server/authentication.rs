//! Who sent a request: both credential mechanisms, the server's side.
//! RFC 5389 §10.1.2, §10.2.2; RFC 8489 §9.1.3, §9.2.4.

use core::time::Duration;

use super::{Arrival, Authentication, Claim, LongTerm, Policy, Server, User};
use crate::attribute::{
    Algorithm, ErrorCode, Nonce, PasswordAlgorithm, PasswordAlgorithms, Realm, UserHash, Username,
};
use crate::key::Key;
use crate::message::Message;

/// What a response is protected with.
#[derive(Debug)]
pub(super) enum Proof {
    /// Nothing: the server asks for no credentials.
    None,
    /// MESSAGE-INTEGRITY.
    Sha1(Key),
    /// MESSAGE-INTEGRITY-SHA256.
    Sha256(Key),
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) error: ErrorCode<'static>,
    /// With realm, nonce and algorithms.
    pub(super) challenge: bool,
}

const BAD_REQUEST: Refusal = Refusal {
    error: ErrorCode::BAD_REQUEST,
    challenge: false,
};
const UNAUTHENTICATED: Refusal = Refusal {
    error: ErrorCode::UNAUTHENTICATED,
    challenge: true,
};
const STALE_NONCE: Refusal = Refusal {
    error: ErrorCode::STALE_NONCE,
    challenge: true,
};

impl Server {
    pub(super) fn authenticate(
        &self,
        now: Duration,
        arrival: &Arrival<'_>,
        request: &Message<&[u8]>,
        policy: &mut impl Policy,
    ) -> Result<Proof, Refusal> {
        match &self.config.authentication {
            Authentication::None => Ok(Proof::None),
            Authentication::ShortTerm => short_term(request, policy),
            Authentication::LongTerm(long_term) => {
                let key = credentials(request, long_term, policy)?;
                let nonce = request.get::<Nonce<'_>>().ok().flatten();
                let is_fresh = nonce
                    .zip(self.nonces.as_ref())
                    .is_some_and(|(nonce, nonces)| {
                        nonces.is_valid(now, arrival.remote, &long_term.realm, nonce.0)
                    });
                if is_fresh { Ok(key) } else { Err(STALE_NONCE) }
            }
        }
    }
}

fn short_term(request: &Message<&[u8]>, policy: &mut impl Policy) -> Result<Proof, Refusal> {
    let refused = Refusal {
        challenge: false,
        ..UNAUTHENTICATED
    };
    let username = request.get::<Username<'_>>().map_err(|_| BAD_REQUEST)?;
    let Some(username) = username.filter(|_| has_integrity(request)) else {
        return Err(BAD_REQUEST);
    };
    let claim = Claim {
        user: User::Name(username.0),
        algorithm: None,
    };
    let key = policy.key(&claim).ok_or(refused)?;
    if request.places().integrity_sha256.is_some() {
        request
            .verify_integrity_sha256(&key, 32)
            .map_err(|_| refused)?;
        Ok(Proof::Sha256(key))
    } else {
        request.verify_integrity(&key).map_err(|_| refused)?;
        Ok(Proof::Sha1(key))
    }
}

/// Everything but the age of the nonce, which counts only when the rest is right.
fn credentials(
    request: &Message<&[u8]>,
    long_term: &LongTerm,
    policy: &mut impl Policy,
) -> Result<Proof, Refusal> {
    if !has_integrity(request) {
        return Err(UNAUTHENTICATED);
    }
    let bad = |_| BAD_REQUEST;
    let username = request.get::<Username<'_>>().map_err(bad)?;
    let hash = request.get::<UserHash>().map_err(bad)?;
    let realm = request
        .get::<Realm<'_>>()
        .map_err(bad)?
        .ok_or(BAD_REQUEST)?;
    request
        .get::<Nonce<'_>>()
        .map_err(bad)?
        .ok_or(BAD_REQUEST)?;
    let user = match (username, hash.filter(|_| long_term.userhash)) {
        (_, Some(hash)) => User::Hash(hash),
        (Some(name), None) => User::Name(name.0),
        (None, None) => return Err(BAD_REQUEST),
    };
    let chosen = match &long_term.algorithms {
        Some(offered) => chosen_algorithm(request, *offered)?,
        None => None,
    };
    if realm.0 != long_term.realm {
        return Err(UNAUTHENTICATED);
    }
    let claim = Claim {
        user,
        algorithm: Some(chosen.unwrap_or(Algorithm::MD5)),
    };
    let key = policy.key(&claim).ok_or(UNAUTHENTICATED)?;
    if request.places().integrity_sha256.is_some() {
        request.verify_integrity_sha256(&key, 32)
    } else {
        request.verify_integrity(&key)
    }
    .map_err(|_| UNAUTHENTICATED)?;
    Ok(match chosen {
        Some(_) => Proof::Sha256(key),
        None => Proof::Sha1(key),
    })
}

/// The algorithm that the client chose among those offered; `None` if it names none at all, as
/// clients of RFC 5389 do.
fn chosen_algorithm(
    request: &Message<&[u8]>,
    offered: PasswordAlgorithms<'_>,
) -> Result<Option<Algorithm>, Refusal> {
    let list = request.get::<PasswordAlgorithms<'_>>();
    let chosen = request.get::<PasswordAlgorithm<'_>>();
    match (list, chosen) {
        (Ok(None), Ok(None)) => Ok(None),
        // Had somebody between the two shortened the list, it would not be ours.
        (Ok(Some(list)), Ok(Some(chosen)))
            if list == offered && list.iter().any(|one| one == chosen) =>
        {
            Ok(Some(chosen.algorithm()))
        }
        _ => Err(BAD_REQUEST),
    }
}

fn has_integrity(request: &Message<&[u8]>) -> bool {
    let places = request.places();
    places.integrity.is_some() || places.integrity_sha256.is_some()
}
