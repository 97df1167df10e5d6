//! The credentials of one request, and how the server's proof for it is checked.
//! RFC 2617 §3.2.3; RFC 7616 §3.5.

use alloc::format;
use alloc::string::String;
use core::fmt;

use zeroize::Zeroizing;

use super::Challenger;
use crate::digest::{Exchange, Ha1, Protection};
use crate::info::{AuthenticationInfo, InfoError};
use crate::{Algorithm, Qop};

/// Credentials for one request, to be sent as they are and kept until its final response.
///
/// `Debug` does not show the value, which may be a password.
#[derive(Clone)]
pub struct Authorization {
    pub(super) challenger: Challenger,
    pub(super) realm: String,
    /// Empty in Basic.
    pub(super) nonce: String,
    pub(super) round: u8,
    pub(super) value: Zeroizing<String>,
    /// `None` in Basic.
    pub(super) proof: Option<Proof>,
}

/// What the server's proof is computed over.
#[derive(Clone)]
pub(super) struct Proof {
    pub(super) algorithm: Algorithm,
    pub(super) ha1: Ha1,
    pub(super) cnonce: String,
    pub(super) counted: Option<(Qop, u32)>,
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

    pub(super) fn nonce(&self) -> &str {
        &self.nonce
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
        let counted = match (proof.counted, info.qop()) {
            (None, Some(_)) => return Err(InfoError::Mismatch),
            (None, None) => None,
            (Some((sent, count)), qop) => Some((qop.unwrap_or(sent), format!("{count:08x}"))),
        };
        let other_nc = match (&counted, info.nc()) {
            (Some((_, nc)), Some(theirs)) => !nc.eq_ignore_ascii_case(theirs),
            _ => false,
        };
        if other_nc || info.cnonce().is_some_and(|cnonce| cnonce != proof.cnonce) {
            return Err(InfoError::Mismatch);
        }
        let exchange = Exchange {
            algorithm: proof.algorithm,
            nonce: &self.nonce,
            cnonce: &proof.cnonce,
            protection: counted
                .as_ref()
                .map(|(qop, nc)| Protection { qop: *qop, nc }),
        };
        if exchange
            .rspauth_of_session(&proof.ha1, &proof.uri, body)
            .matches(rspauth)
        {
            Ok(true)
        } else {
            Err(InfoError::Mismatch)
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
