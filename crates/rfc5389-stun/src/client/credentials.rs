//! What a client knows of itself, and what servers have told it. RFC 5389 §10;
//! RFC 8489 §9.1.2, §9.1.5, §9.2.3, §9.2.5.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::Failure;
use super::transition::State;
use crate::attribute::{
    Algorithm, Nonce, PasswordAlgorithm, PasswordAlgorithms, Realm, UserHash, Username,
};
use crate::attribute_type::AttributeType;
use crate::builder::MessageBuilder;
use crate::key::Key;
use crate::message::Message;

/// A user name and a password, and the mechanism that they are for.
///
/// Both are prepared by SASLprep (RFC 4013) or OpaqueString (RFC 8265) before.
#[derive(Clone)]
pub struct Credentials {
    username: String,
    password: Zeroizing<String>,
    is_short_term: bool,
}

impl Credentials {
    /// Short-term credentials (RFC 5389 §10.1): every request is protected by them.
    pub fn short_term(username: &str, password: &str) -> Credentials {
        Credentials {
            username: username.into(),
            password: Zeroizing::new(password.into()),
            is_short_term: true,
        }
    }

    /// Long-term credentials (RFC 5389 §10.2): they answer a server's challenge.
    pub fn long_term(username: &str, password: &str) -> Credentials {
        Credentials {
            is_short_term: false,
            ..Credentials::short_term(username, password)
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("username", &self.username)
            .field("is_short_term", &self.is_short_term)
            .finish_non_exhaustive()
    }
}

/// The integrity attributes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Integrity {
    Sha1,
    Sha256,
    /// Both: the server shows by its response which one it knows.
    Both,
}

/// How a request proves who sends it, and how its response must.
#[derive(Debug, Clone)]
pub(super) struct Proof {
    integrity: Integrity,
    key: Key,
    /// What a server of long-term credentials has told.
    challenge: Option<Challenge>,
}

/// The realm and nonce of a server.
#[derive(Debug, Clone)]
struct Challenge {
    realm: String,
    nonce: String,
    /// PASSWORD-ALGORITHMS as received, and the choice.
    algorithms: Option<(Vec<u8>, Algorithm)>,
    is_anonymous: bool,
}

impl Proof {
    /// What a first request to a server has.
    pub(super) fn first(credentials: Option<&Credentials>) -> Option<Proof> {
        let credentials = credentials.filter(|credentials| credentials.is_short_term)?;
        Some(Proof {
            integrity: Integrity::Both,
            key: Key::short_term(&credentials.password),
            challenge: None,
        })
    }

    pub(super) fn state(proof: Option<&Proof>, credentials: Option<&Credentials>) -> State {
        match proof {
            Some(proof) if proof.challenge.is_some() => State::Challenged,
            Some(_) => State::Protected,
            None if credentials.is_some() => State::Bare,
            None => State::Plain,
        }
    }

    /// The answer to the challenge of a response 401 or 438, after `last` has been refused.
    pub(super) fn answering(
        response: &Message<&[u8]>,
        credentials: &Credentials,
        last: Option<&Proof>,
        is_stale: bool,
    ) -> Result<Proof, Failure> {
        let last = last.and_then(|proof| proof.challenge.as_ref());
        let malformed = |_| Failure::MalformedResponse;
        let realm = response.get::<Realm<'_>>().map_err(malformed)?;
        let realm = match (realm, last) {
            (Some(realm), _) => realm.0,
            (None, Some(last)) if is_stale => &last.realm,
            (None, _) => return Err(Failure::MalformedResponse),
        };
        if !is_stale && last.is_some_and(|last| last.realm == realm) {
            return Err(Failure::CredentialsRefused);
        }
        let nonce = response
            .get::<Nonce<'_>>()
            .map_err(malformed)?
            .ok_or(Failure::MalformedResponse)?;
        let features = nonce.security_features().unwrap_or_default();
        let algorithms = response
            .get::<PasswordAlgorithms<'_>>()
            .map_err(|_| Failure::BidDown)?;
        // Whoever takes the list away does not know how to change the nonce with it, and what has
        // been offered once is not taken back.
        let is_expected = features.password_algorithms
            || last.is_some_and(|last| is_stale && last.algorithms.is_some());
        let algorithms = match algorithms {
            Some(list) => Some(choose(list).ok_or(Failure::NoPasswordAlgorithm)?),
            None if is_expected => return Err(Failure::BidDown),
            None => None,
        };
        let key = match &algorithms {
            Some((_, Algorithm::SHA256)) => Key::long_term_sha256,
            _ => Key::long_term_md5,
        }(&credentials.username, realm, &credentials.password);
        Ok(Proof {
            integrity: match algorithms {
                Some(_) => Integrity::Sha256,
                None => Integrity::Sha1,
            },
            key,
            challenge: Some(Challenge {
                realm: realm.into(),
                nonce: nonce.0.into(),
                algorithms: algorithms.map(|(chosen, algorithm)| (chosen.to_vec(), algorithm)),
                is_anonymous: features.username_anonymity,
            }),
        })
    }

    /// Adds what stands before the integrity attributes.
    pub(super) fn introduce<'b>(
        &self,
        credentials: &Credentials,
        builder: MessageBuilder<'b>,
    ) -> MessageBuilder<'b> {
        let Some(challenge) = &self.challenge else {
            return builder.attribute(&Username(&credentials.username));
        };
        let builder = if challenge.is_anonymous {
            builder.attribute(&UserHash::new(&credentials.username, &challenge.realm))
        } else {
            builder.attribute(&Username(&credentials.username))
        };
        let builder = builder
            .attribute(&Realm(&challenge.realm))
            .attribute(&Nonce(&challenge.nonce));
        match &challenge.algorithms {
            Some((list, chosen)) => builder
                .raw_attribute(AttributeType::PASSWORD_ALGORITHMS, list)
                .attribute(match *chosen {
                    Algorithm::SHA256 => &PasswordAlgorithm::SHA256,
                    _ => &PasswordAlgorithm::MD5,
                }),
            None => builder,
        }
    }

    /// Adds the integrity attributes.
    pub(super) fn protect<'b>(&self, builder: MessageBuilder<'b>) -> MessageBuilder<'b> {
        match self.integrity {
            Integrity::Sha1 => builder.integrity(&self.key),
            Integrity::Sha256 => builder.integrity_sha256(&self.key),
            Integrity::Both => builder.integrity(&self.key).integrity_sha256(&self.key),
        }
    }

    /// Which integrity attribute of the response proves it; `None` if it is not proven.
    pub(super) fn verify(&self, response: &Message<&[u8]>) -> Option<Integrity> {
        let has_sha256 = response.places().integrity_sha256.is_some();
        let (result, integrity) = match (self.integrity, has_sha256) {
            (Integrity::Sha256, _) | (Integrity::Both, true) => (
                response.verify_integrity_sha256(&self.key, 32),
                Integrity::Sha256,
            ),
            (Integrity::Sha1, _) | (Integrity::Both, false) => {
                (response.verify_integrity(&self.key), Integrity::Sha1)
            }
        };
        result.ok().map(|()| integrity)
    }

    /// The proof for the next request to the server whose response was proven by `integrity`.
    pub(super) fn settled(mut self, integrity: Integrity) -> Proof {
        self.integrity = integrity;
        self
    }
}

/// The list as received, and the first of it that is known.
fn choose(list: PasswordAlgorithms<'_>) -> Option<(&[u8], Algorithm)> {
    let chosen = list.iter().find(|one| {
        matches!(one.algorithm(), Algorithm::MD5 | Algorithm::SHA256) && one.parameters().is_empty()
    })?;
    Some((list.as_bytes(), chosen.algorithm()))
}
