//! What a client knows of one realm. RFC 2617 §3.2.2, §3.3; RFC 7616 §3.4, §3.6.
//!
//! ```text
//!                 challenge              success
//!   (no session) ───────────▶ Answered ───────────▶ Accepted
//!                              ▲  │  ▲    new nonce     │
//!                   challenge  │  │  └──────────────────┘
//!       of a fresh request     │  │ refused              │ same nonce
//!                              │  ▼                      │
//!                            Refused ◀───────────────────┘
//! ```

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use zeroize::Zeroizing;

use super::answer::{Authorization, Proof};
use super::{Account, Challenger};
use crate::challenge::DigestChallenge;
use crate::credentials::{Counted, DigestCredentials, Username};
use crate::digest::{Exchange, Ha1, HexDigest, Protection, Request};
use crate::{Qop, QopOptions};

/// A challenge that can be answered.
pub(super) enum Offer<'a> {
    Basic,
    Digest(DigestChallenge<'a>),
}

impl Offer<'_> {
    /// Basic has none, so each of its challenges is the same.
    fn nonce(&self) -> &str {
        match self {
            Offer::Basic => "",
            Offer::Digest(challenge) => challenge.nonce(),
        }
    }

    fn is_stale(&self) -> bool {
        matches!(self, Offer::Digest(challenge) if challenge.is_stale())
    }
}

/// What has become of what was sent for a realm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum State {
    /// A challenge has been answered, and the server has not said yet what it thinks of it.
    #[default]
    Answered,
    /// The server has taken it.
    Accepted,
    /// The server has refused it.
    Refused,
}

/// How a challenge relates to what the request had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The request had no credentials for the realm, or not those of the present nonce.
    Fresh,
    /// Neither, but the nonce is the one that the session uses: another request was challenged by
    /// it too.
    FreshSameNonce,
    /// The request had credentials with this very nonce.
    SameNonce,
    /// The request had credentials with another nonce.
    NewNonce,
    /// The request had credentials with another nonce, and that was all that was wrong.
    Stale,
}

impl Event {
    pub(super) fn of(
        offer: &Offer<'_>,
        sent: Option<&Authorization>,
        session: Option<&Session>,
    ) -> Event {
        // What was sent before the session went on to another nonce says nothing of the present one.
        let sent =
            sent.filter(|sent| session.is_none_or(|session| session.nonce() == sent.nonce()));
        match sent {
            Some(sent) if sent.nonce() == offer.nonce() => Event::SameNonce,
            Some(_) if offer.is_stale() => Event::Stale,
            Some(_) => Event::NewNonce,
            None if session.is_some_and(|session| session.nonce() == offer.nonce()) => {
                Event::FreshSameNonce
            }
            None => Event::Fresh,
        }
    }
}

impl State {
    /// The state after a challenge. `None`: the credentials are refused, only others may be tried.
    pub(super) fn next(self, event: Event) -> Option<State> {
        use Event::{Fresh, FreshSameNonce, NewNonce, SameNonce, Stale};
        use State::{Accepted, Answered, Refused};
        match (self, event) {
            (_, Fresh) => Some(Answered),
            (Answered | Accepted, FreshSameNonce) => Some(self),
            (Answered | Accepted, Stale) => Some(Answered),
            // Many servers change their nonce now and then and do not call the old one stale.
            (Accepted, NewNonce) => Some(Answered),
            (Answered, NewNonce) => None,
            (Answered | Accepted, SameNonce) => None,
            (Refused, FreshSameNonce | SameNonce | NewNonce | Stale) => None,
        }
    }
}

pub(super) struct Session {
    challenger: Challenger,
    realm: Arc<str>,
    account: Account,
    state: State,
    /// How many challenges in a row the present request has answered.
    round: u8,
    means: Means,
}

pub(super) enum Means {
    /// The header value.
    Basic(Zeroizing<String>),
    Digest {
        /// What all requests with one nonce have in common.
        digest: Arc<Digest>,
        /// How many there were.
        count: u32,
    },
}

#[derive(Clone)]
pub(super) struct Digest {
    pub(super) challenge: DigestChallenge<'static>,
    /// What stands for the user name, where the challenge wants it hashed.
    userhash: Option<HexDigest>,
    pub(super) qop: Option<Qop>,
    /// One for the whole session, so that servers agree on the secret of session variants
    /// whether they compute it once or each time.
    pub(super) cnonce: HexDigest,
    /// With both nonces in it in session variants.
    pub(super) ha1: Ha1,
}

impl Session {
    pub(super) fn new(
        challenger: Challenger,
        realm: Arc<str>,
        account: Account,
        means: Means,
        round: u8,
    ) -> Session {
        Session {
            challenger,
            realm,
            account,
            state: State::Answered,
            round,
            means,
        }
    }

    /// The session in the place of another: the count belongs to the nonce, whoever uses it.
    pub(super) fn succeeding(mut self, before: Option<&Session>) -> Session {
        let Some(before) = before else { return self };
        let same = self.nonce() == before.nonce();
        if let (Means::Digest { count, .. }, Means::Digest { count: old, .. }) =
            (&mut self.means, &before.means)
        {
            if same {
                *count = *old;
            }
        }
        self
    }

    pub(super) fn is_of(&self, challenger: Challenger, realm: &str) -> bool {
        self.challenger == challenger && *self.realm == *realm
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    fn nonce(&self) -> &str {
        match &self.means {
            Means::Basic(_) => "",
            Means::Digest { digest, .. } => digest.challenge.nonce(),
        }
    }

    pub(super) fn refused(mut self) -> Session {
        self.state = State::Refused;
        self
    }

    pub(super) fn accepted(&mut self) {
        if self.state == State::Answered {
            self.state = State::Accepted;
        }
        self.round = 0;
    }

    /// Uses the nonce that the server wants next; not if the session has another one by now.
    pub(super) fn next_nonce(&mut self, sent: &Authorization, nonce: &str) -> bool {
        let current = self.nonce() == sent.nonce();
        match &mut self.means {
            Means::Digest { digest, count } if current && digest.challenge.nonce != nonce => {
                Arc::make_mut(digest).challenge.nonce = Cow::Owned(nonce.to_owned());
                *count = 0;
                true
            }
            _ => false,
        }
    }

    /// The credentials for a request; `None` if they were refused.
    pub(super) fn authorize(&mut self, request: &Request<'_>) -> Option<Authorization> {
        if self.state == State::Refused {
            return None;
        }
        let (value, proof) = match &mut self.means {
            Means::Basic(value) => (String::clone(value), None),
            Means::Digest { digest, count } => {
                *count = count.saturating_add(1);
                let nc = HexDigest::of_bytes(&count.to_be_bytes());
                let value = digest.credentials(&self.account, request, *count, &nc);
                let proof = Proof {
                    digest: Arc::clone(digest),
                    nc,
                    uri: request.uri.to_owned(),
                };
                (value, Some(proof))
            }
        };
        Some(Authorization {
            challenger: self.challenger,
            realm: Arc::clone(&self.realm),
            round: self.round,
            value,
            proof,
        })
    }
}

impl Means {
    /// `None` if the account has no secret of the kind that the offer needs.
    pub(super) fn new(
        offer: Offer<'_>,
        account: &Account,
        cnonce: HexDigest,
        prefer_auth_int: bool,
    ) -> Option<Means> {
        match offer {
            Offer::Basic => {
                let value = account.basic()?.header_value();
                Some(Means::Basic(Zeroizing::new(value)))
            }
            Offer::Digest(challenge) => Some(Means::Digest {
                digest: Arc::new(Digest::new(challenge, account, cnonce, prefer_auth_int)?),
                count: 0,
            }),
        }
    }
}

impl Digest {
    fn new(
        challenge: DigestChallenge<'_>,
        account: &Account,
        cnonce: HexDigest,
        prefer_auth_int: bool,
    ) -> Option<Digest> {
        let algorithm = challenge.algorithm();
        let hash = algorithm.hash();
        let ha1 = account.ha1(hash, challenge.realm())?;
        let userhash = challenge
            .userhash
            .then(|| hash.userhash(account.username(), challenge.realm()));
        let qop = match challenge.qop {
            QopOptions::Absent => None,
            QopOptions::Auth => Some(Qop::Auth),
            QopOptions::AuthInt => Some(Qop::AuthInt),
            QopOptions::Both if prefer_auth_int => Some(Qop::AuthInt),
            QopOptions::Both => Some(Qop::Auth),
        };
        Some(Digest {
            ha1: ha1.of_session(algorithm, challenge.nonce(), cnonce.as_str()),
            challenge: challenge.into_owned(),
            userhash,
            qop,
            cnonce,
        })
    }

    /// The value of the header.
    fn credentials(
        &self,
        account: &Account,
        request: &Request<'_>,
        count: u32,
        nc: &HexDigest,
    ) -> String {
        let (challenge, nc, cnonce) = (&self.challenge, nc.as_str(), self.cnonce.as_str());
        let algorithm = challenge.algorithm();
        let exchange = Exchange {
            algorithm,
            nonce: challenge.nonce(),
            cnonce,
            protection: self.qop.map(|qop| Protection { qop, nc }),
        };
        let response = exchange.response_of_session(&self.ha1, request);
        // Servers of RFC 2069 know no cnonce, but a session variant is nothing without one.
        let with_cnonce = self.qop.is_some() || algorithm.is_sess();
        let credentials = DigestCredentials {
            username: match &self.userhash {
                Some(hash) => Username::Hashed(Cow::Borrowed(hash.as_str())),
                None => Username::Plain(Cow::Borrowed(account.username())),
            },
            realm: Cow::Borrowed(challenge.realm()),
            nonce: Cow::Borrowed(challenge.nonce()),
            uri: Cow::Borrowed(request.uri),
            response: Cow::Borrowed(response.as_str()),
            algorithm: challenge.algorithm,
            cnonce: with_cnonce.then_some(Cow::Borrowed(cnonce)),
            opaque: challenge.opaque.as_deref().map(Cow::Borrowed),
            counted: self.qop.map(|qop| Counted {
                qop,
                nc: Cow::Borrowed(nc),
                count,
            }),
            extended: challenge.charset_utf8 && !account.username().is_ascii(),
        };
        let mut value = String::with_capacity(credentials.typical_len());
        // Writing to a string does not fail.
        let _ = credentials.write(&mut value);
        value
    }
}

/// Shows no secret.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("challenger", &self.challenger)
            .field("realm", &self.realm)
            .field("account", &self.account)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every state and event.
    #[test]
    fn the_table_is_walked() {
        use State::{Accepted, Answered, Refused};
        let events = [
            Event::Fresh,
            Event::FreshSameNonce,
            Event::SameNonce,
            Event::NewNonce,
            Event::Stale,
        ];
        for (state, after) in [
            (
                Answered,
                [Some(Answered), Some(Answered), None, None, Some(Answered)],
            ),
            (
                Accepted,
                [
                    Some(Answered),
                    Some(Accepted),
                    None,
                    Some(Answered),
                    Some(Answered),
                ],
            ),
            (Refused, [Some(Answered), None, None, None, None]),
        ] {
            assert_eq!(events.map(|event| state.next(event)), after, "{state:?}");
        }
    }
}
