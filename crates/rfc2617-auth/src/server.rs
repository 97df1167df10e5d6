//! The server: challenges, verifies credentials, proves itself.
//! RFC 2617 §3.2.1, §3.2.3, §3.3, §4; RFC 7616 §3.3, §3.5, §3.6, §5; RFC 8760 §2.3.

mod nonce;
mod window;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::credentials::{DigestCredentials, Username};
use crate::digest::{Ha1, Request};
use crate::error::{InvalidText, ParseError, SchemeError};
use crate::scheme::Scheme;
use crate::text::is_quotable;
use crate::{Algorithm, AuthenticationInfo, DigestChallenge, Hash, Qop, QopOptions};
use nonce::Nonces;
use window::Windows;

/// What a server does against credentials that somebody recorded and sends again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Replay {
    /// Nothing but the life of a nonce: no memory, and any server with the same key can verify.
    Stateless,
    /// Each nonce count is taken once. Counts may come in any order, up to 63 behind the highest.
    Counted {
        /// For how many nonces counts are kept. When there are more, the oldest are answered as
        /// stale. Only a nonce whose credentials were right takes up room.
        nonces: usize,
    },
}

/// How the URI of credentials relates to that of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UriRule {
    /// They are the same, or the request is bad.
    Same,
    /// They may differ, as in SIP, where proxies change the URI on its way: look at
    /// [`Accepted::uri`], whether it is one of those that are served (RFC 8760 §2.6).
    Any,
}

/// What a server demands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ServerConfig {
    /// The realm.
    pub realm: String,
    /// One challenge for each, the preferred first. SHA-256, then MD5 by default.
    pub algorithms: Vec<Algorithm>,
    /// Qualities of protection. `auth` by default.
    pub qop: QopOptions,
    /// Whether credentials without quality of protection, of clients of RFC 2069, are taken where
    /// `auth` is offered. `true` by default (RFC 8760 §2.6).
    pub without_qop: bool,
    /// What the client is to return unchanged.
    pub opaque: Option<String>,
    /// The URIs that the secret is good for, separated by spaces; HTTP only.
    pub domain: Option<String>,
    /// Whether names and passwords are said to be UTF-8.
    pub charset_utf8: bool,
    /// Whether the client is asked to hash its user name.
    pub userhash: bool,
    /// For how long a nonce is taken. Five minutes by default.
    pub nonce_life: Duration,
    /// The age at which a nonce is replaced by `nextnonce`, if it is younger than its life.
    pub renew_after: Option<Duration>,
    /// What is done against replays. 4096 counted nonces by default.
    pub replay: Replay,
    /// How URIs are compared. [`UriRule::Same`] by default.
    pub uri: UriRule,
}

impl ServerConfig {
    /// The defaults, for a realm.
    pub fn new(realm: &str) -> ServerConfig {
        ServerConfig {
            realm: realm.into(),
            algorithms: [Algorithm::SHA_256, Algorithm::MD5].into(),
            qop: QopOptions::Auth,
            without_qop: true,
            opaque: None,
            domain: None,
            charset_utf8: false,
            userhash: false,
            nonce_life: Duration::from_secs(300),
            renew_after: None,
            replay: Replay::Counted { nonces: 4096 },
            uri: UriRule::Same,
        }
    }
}

/// Whose secret the server needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim<'a> {
    /// The user, by name or by its hash.
    pub username: &'a Username<'a>,
    /// The realm.
    pub realm: &'a str,
    /// The hash function that the secret is needed for.
    pub hash: Hash,
}

/// Why a request is challenged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// It has no credentials for the realm, or for another algorithm or quality of protection
    /// than is offered.
    Missing,
    /// The user is not known or the secret is wrong; which of them is not told.
    Rejected,
    /// The secret is right, but the nonce is too old, was made for another address or by another
    /// key, or the count has been used.
    Stale,
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Verdict {
    /// The user is who the credentials say.
    Accepted(Box<Accepted>),
    /// It is answered by 401 or 407 with [`DigestServer::challenges`].
    Challenge(Reason),
    /// It is answered by 400: its credentials cannot be read.
    Malformed(ParseError),
    /// It is answered by 400: its credentials are improper.
    BadRequest(SchemeError),
}

/// Credentials that are right.
#[derive(Clone)]
pub struct Accepted {
    credentials: DigestCredentials<'static>,
    ha1: Ha1,
    issued: Duration,
}

impl Accepted {
    /// The user, by name or by its hash, as in [`Claim`].
    pub fn username(&self) -> &Username<'static> {
        self.credentials.username()
    }

    /// The URI that the credentials are for.
    pub fn uri(&self) -> &str {
        self.credentials.uri()
    }

    /// The quality of protection.
    pub fn qop(&self) -> Option<Qop> {
        self.credentials.qop()
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.credentials.algorithm()
    }

    /// The nonce count.
    pub fn nonce_count(&self) -> Option<u32> {
        self.credentials.nonce_count()
    }
}

/// Shows no secret.
impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted")
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

/// A server of one realm.
///
/// Its time is a [`Duration`] since any moment, the same for all that share the key, such as
/// 1 January 1970. `origin` is what nonces are bound to, such as the client's address; empty if
/// they are not to be bound.
///
/// What it keeps is bounded by [`Replay`], whoever sends whatever: a challenge costs no memory.
pub struct DigestServer {
    config: ServerConfig,
    nonces: Nonces,
    windows: Option<Windows>,
}

impl DigestServer {
    /// A server.
    ///
    /// All nonces are made from `key`, which must be unpredictable. With [`Replay::Counted`] it
    /// must also be new at each start: counts are not kept beyond it.
    ///
    /// # Errors
    ///
    /// A text of the configuration has control characters.
    pub fn new(mut config: ServerConfig, key: [u8; 32]) -> Result<DigestServer, InvalidText> {
        let texts = [
            ("realm", Some(&config.realm)),
            ("opaque", config.opaque.as_ref()),
            ("domain", config.domain.as_ref()),
        ];
        for (field, text) in texts {
            if text.is_some_and(|text| !is_quotable(text)) {
                return Err(InvalidText { field });
            }
        }
        // Challenges of one realm differ in their algorithm (RFC 7616 §3.7).
        let mut algorithms = Vec::new();
        for algorithm in config.algorithms {
            if !algorithms.contains(&algorithm) {
                algorithms.push(algorithm);
            }
        }
        config.algorithms = algorithms;
        let windows = match config.replay {
            Replay::Stateless => None,
            Replay::Counted { nonces } => Some(Windows::new(nonces)),
        };
        Ok(DigestServer {
            nonces: Nonces::new(&key, &config.realm),
            windows,
            config,
        })
    }

    /// The challenges, one header row each, the preferred first. All have one new nonce.
    pub fn challenges(&mut self, now: Duration, origin: &[u8], reason: Reason) -> Vec<String> {
        let nonce = self.nonces.make(now, origin);
        let config = &self.config;
        let borrowed = |text: &'_ Option<String>| text.clone().map(Cow::Owned);
        let challenge = |algorithm: &Algorithm| {
            DigestChallenge {
                realm: Cow::Borrowed(&*config.realm),
                domain: borrowed(&config.domain),
                nonce: Cow::Borrowed(&*nonce),
                opaque: borrowed(&config.opaque),
                stale: reason == Reason::Stale,
                algorithm: Some(*algorithm),
                qop: config.qop,
                charset_utf8: config.charset_utf8,
                userhash: config.userhash,
            }
            .to_string()
        };
        config.algorithms.iter().map(challenge).collect()
    }

    /// Judges a request. `rows` are the values of its Authorization headers, or of its
    /// Proxy-Authorization headers if the server is a proxy; `secret` finds what is kept of the
    /// user, and is asked at most once.
    ///
    /// The response is compared in constant time, for users that are not known too. Nothing is
    /// noted before it is right.
    pub fn verify<'a>(
        &mut self,
        now: Duration,
        origin: &[u8],
        request: &Request<'_>,
        rows: impl IntoIterator<Item = &'a [u8]>,
        secret: impl FnOnce(&Claim<'_>) -> Option<Ha1>,
    ) -> Verdict {
        let credentials = match self.credentials(rows) {
            Ok(Some(credentials)) => credentials,
            Ok(None) => return Verdict::Challenge(Reason::Missing),
            Err(verdict) => return verdict,
        };
        let config = &self.config;
        let algorithm = credentials.algorithm();
        let qop = credentials.qop();
        let legacy = qop.is_none() && config.without_qop && config.qop.offers(Some(Qop::Auth));
        if !config.algorithms.contains(&algorithm) || !(config.qop.offers(qop) || legacy) {
            return Verdict::Challenge(Reason::Missing);
        }
        if config.uri == UriRule::Same && credentials.uri() != request.uri {
            return Verdict::BadRequest(SchemeError::Invalid("uri"));
        }
        let claim = Claim {
            username: credentials.username(),
            realm: &config.realm,
            hash: algorithm.hash(),
        };
        let known = secret(&claim).filter(|ha1| ha1.hash() == claim.hash);
        // Who is not known costs the same computation.
        let nobody = || Ha1::new(claim.hash, "", "", "");
        let ha1 = known.clone().unwrap_or_else(nobody);
        let right = credentials.verify(&ha1, request.method, request.body);
        if known.is_none() || !right {
            return Verdict::Challenge(Reason::Rejected);
        }
        let issued = self
            .nonces
            .issued(credentials.nonce(), origin)
            .filter(|(issued, _)| now.saturating_sub(*issued) <= config.nonce_life);
        let Some((issued, serial)) = issued else {
            return Verdict::Challenge(Reason::Stale);
        };
        if let Some(windows) = &mut self.windows {
            let expired = now.saturating_sub(config.nonce_life);
            // Without a count, a nonce is good for one request.
            let count = credentials.nonce_count().unwrap_or(u32::MAX);
            if !windows.take((issued, serial), count, expired) {
                return Verdict::Challenge(Reason::Stale);
            }
        }
        Verdict::Accepted(Box::new(Accepted {
            credentials: credentials.into_owned(),
            ha1,
            issued,
        }))
    }

    /// The Authentication-Info, or Proxy-Authentication-Info, of the response to a request: the
    /// proof that the server knows the secret, and the next nonce when the present one is old
    /// enough. `body` is the response's, for `auth-int`. `None` if there is nothing to say.
    ///
    /// There is no next nonce in session variants: their secret is bound to the first.
    pub fn authentication_info(
        &mut self,
        now: Duration,
        origin: &[u8],
        accepted: &Accepted,
        body: &[u8],
    ) -> Option<String> {
        let credentials = &accepted.credentials;
        let age = now.saturating_sub(accepted.issued);
        let renew = self.config.renew_after.is_some_and(|limit| age >= limit);
        let nextnonce = (renew && !credentials.algorithm().is_sess())
            .then(|| Cow::Owned(self.nonces.make(now, origin)));
        let mut info = AuthenticationInfo {
            nextnonce,
            ..AuthenticationInfo::default()
        };
        if let Some(counted) = &credentials.counted {
            let rspauth = credentials
                .exchange()
                .rspauth(&accepted.ha1, credentials.uri(), body);
            info.rspauth = Some(Cow::Owned(rspauth.to_string()));
            info.qop = Some(counted.qop);
            info.cnonce.clone_from(&credentials.cnonce);
            info.nc = Some(counted.nc.clone());
        }
        (info != AuthenticationInfo::default()).then(|| info.to_string())
    }

    /// The first Digest credentials for the realm. What is for others is not judged; what cannot
    /// be read is, if nothing else is there.
    fn credentials<'a>(
        &self,
        rows: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Option<DigestCredentials<'a>>, Verdict> {
        let mut malformed = None;
        for row in rows {
            let schemes = match Scheme::parse_list(row) {
                Ok(schemes) => schemes,
                Err(error) => {
                    malformed = malformed.or(Some(error));
                    continue;
                }
            };
            let ours = schemes.iter().find(|scheme| {
                let realm = scheme.param("realm").and_then(|realm| realm.text());
                scheme.is("Digest") && realm.is_some_and(|realm| realm == *self.config.realm)
            });
            if let Some(scheme) = ours {
                return match DigestCredentials::from_scheme(scheme) {
                    Ok(credentials) => Ok(Some(credentials)),
                    Err(SchemeError::Algorithm | SchemeError::Qop) => Ok(None),
                    Err(error) => Err(Verdict::BadRequest(error)),
                };
            }
        }
        match malformed {
            Some(error) => Err(Verdict::Malformed(error)),
            None => Ok(None),
        }
    }
}

impl fmt::Debug for DigestServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DigestServer")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
