//! The credentials of one request, and how the server's proof for it is checked.
//! RFC 2617 §3.2.3; RFC 7616 §3.5.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use zeroize::Zeroize;

use super::Challenger;
use super::session::Digest;
use crate::digest::{Exchange, HexDigest, Protection};
use crate::info::{AuthenticationInfo, InfoError};

/// Credentials for one request, to be sent as they are and kept until its final response.
///
/// `Debug` does not show the value, which may be a password.
#[derive(Clone)]
pub struct Authorization {
    pub(super) challenger: Challenger,
    pub(super) realm: Arc<str>,
    pub(super) round: u8,
    pub(super) value: String,
    /// `None` in Basic.
    pub(super) proof: Option<Proof>,
}

/// What the server's proof is computed over.
#[derive(Clone)]
pub(super) struct Proof {
    pub(super) digest: Arc<Digest>,
    /// The nonce count as it was sent.
    pub(super) nc: HexDigest,
    pub(super) uri: String,
}

impl Authorization {
    /// Whom it is for.
    pub fn challenger(&self) -> Challenger {
        self.challenger
    }

    /// The realm it is for.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The name of its header.
    pub fn header_name(&self) -> &'static str {
        self.challenger.credentials_header()
    }

    /// The value of its header.
    pub fn header_value(&self) -> &str {
        &self.value
    }

    /// Empty in Basic, which has none.
    pub(super) fn nonce(&self) -> &str {
        self.proof
            .as_ref()
            .map_or("", |proof| proof.digest.challenge.nonce())
    }

    pub(super) fn round(&self) -> u8 {
        self.round
    }

    /// Whether the server has proven that it knows the secret. That it does not try is no fault.
    pub(super) fn check(
        &self,
        info: &AuthenticationInfo<'_>,
        body: &[u8],
    ) -> Result<bool, InfoError> {
        let (Some(rspauth), Some(proof)) = (info.rspauth(), &self.proof) else {
            return Ok(false);
        };
        let Proof { digest, nc, uri } = proof;
        let protection = match (digest.qop, info.qop()) {
            (None, Some(_)) => return Err(InfoError::Mismatch),
            (None, None) => None,
            (Some(sent), theirs) => Some(Protection {
                qop: theirs.unwrap_or(sent),
                nc: nc.as_str(),
            }),
        };
        let other_nc = match (protection, info.nc()) {
            (Some(ours), Some(theirs)) => !ours.nc.eq_ignore_ascii_case(theirs),
            _ => false,
        };
        let cnonce = digest.cnonce.as_str();
        if other_nc || info.cnonce().is_some_and(|theirs| theirs != cnonce) {
            return Err(InfoError::Mismatch);
        }
        let exchange = Exchange {
            algorithm: digest.challenge.algorithm(),
            nonce: digest.challenge.nonce(),
            cnonce,
            protection,
        };
        if exchange
            .rspauth_of_session(&digest.ha1, uri, body)
            .matches(rspauth)
        {
            Ok(true)
        } else {
            Err(InfoError::Mismatch)
        }
    }
}

impl Drop for Authorization {
    fn drop(&mut self) {
        // Basic shows the password.
        if self.proof.is_none() {
            self.value.zeroize();
        }
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("challenger", &self.challenger)
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}
