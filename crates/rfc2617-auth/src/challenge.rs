//! Digest challenges. RFC 2617 §3.2.1; RFC 7616 §3.3.

use alloc::borrow::Cow;
use core::fmt;

use crate::error::SchemeError;
use crate::scheme::{Scheme, sort};
use crate::text::write_quoted;
use crate::{Algorithm, QopOptions};

/// A Digest challenge that can be answered.
///
/// Values are without quotation marks. `Display` writes it in the order of RFC 2617, and quotes
/// what RFC 7616 §3.3 wants quoted, and only that.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DigestChallenge<'a> {
    pub(crate) realm: Cow<'a, str>,
    pub(crate) domain: Option<Cow<'a, str>>,
    pub(crate) nonce: Cow<'a, str>,
    pub(crate) opaque: Option<Cow<'a, str>>,
    pub(crate) stale: bool,
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) qop: QopOptions,
    pub(crate) charset_utf8: bool,
    pub(crate) userhash: bool,
}

impl<'a> DigestChallenge<'a> {
    /// Reads the parameters of a scheme. Those that are not known are ignored.
    ///
    /// # Errors
    ///
    /// It is not Digest, the algorithm or all qualities of protection are unknown, realm or nonce
    /// is missing, or one parameter has two values. Such a challenge is to be passed over.
    pub fn from_scheme(scheme: &Scheme<'a>) -> Result<DigestChallenge<'a>, SchemeError> {
        if !scheme.is("Digest") {
            return Err(SchemeError::Scheme);
        }
        let names = [
            "realm",
            "domain",
            "nonce",
            "opaque",
            "stale",
            "algorithm",
            "qop",
            "charset",
            "userhash",
        ];
        let [
            realm,
            domain,
            nonce,
            opaque,
            stale,
            algorithm,
            qop,
            charset,
            userhash,
        ] = sort(scheme.params(), names)?;
        let algorithm = match algorithm {
            Some(name) => Some(Algorithm::from_name(&name).ok_or(SchemeError::Algorithm)?),
            None => None,
        };
        let qop = match qop {
            Some(list) => QopOptions::from_list(&list).ok_or(SchemeError::Qop)?,
            None => QopOptions::Absent,
        };
        let is = |value: Option<Cow<'_, str>>, word: &str| {
            value.is_some_and(|value| value.eq_ignore_ascii_case(word))
        };
        Ok(DigestChallenge {
            realm: realm.ok_or(SchemeError::Missing("realm"))?,
            domain,
            nonce: nonce.ok_or(SchemeError::Missing("nonce"))?,
            opaque,
            stale: is(stale, "true"),
            algorithm,
            qop,
            charset_utf8: is(charset, "UTF-8"),
            userhash: is(userhash, "true"),
        })
    }

    /// What the user is told, and what the secret is bound to.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The URIs that the secret is good for, separated by spaces.
    pub fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    /// The server's nonce.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// What the client returns unchanged.
    pub fn opaque(&self) -> Option<&str> {
        self.opaque.as_deref()
    }

    /// Whether only the nonce of the credentials was wrong, not the secret.
    pub fn is_stale(&self) -> bool {
        self.stale
    }

    /// The algorithm; MD5 if none is named.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm.unwrap_or(Algorithm::MD5)
    }

    /// The qualities of protection on offer.
    pub fn qop(&self) -> QopOptions {
        self.qop
    }

    /// Whether names and passwords are to be encoded in UTF-8.
    pub fn charset_utf8(&self) -> bool {
        self.charset_utf8
    }

    /// Whether the user name is to be hashed.
    pub fn userhash(&self) -> bool {
        self.userhash
    }

    /// The same challenge, borrowing from nothing.
    pub fn into_owned(self) -> DigestChallenge<'static> {
        let owned = |value: Cow<'_, str>| Cow::Owned(value.into_owned());
        DigestChallenge {
            realm: owned(self.realm),
            domain: self.domain.map(owned),
            nonce: owned(self.nonce),
            opaque: self.opaque.map(owned),
            ..self
        }
    }
}

impl fmt::Display for DigestChallenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_quoted(f, "Digest realm=", &self.realm)?;
        if let Some(domain) = &self.domain {
            write_quoted(f, ", domain=", domain)?;
        }
        write_quoted(f, ", nonce=", &self.nonce)?;
        if let Some(opaque) = &self.opaque {
            write_quoted(f, ", opaque=", opaque)?;
        }
        if self.stale {
            f.write_str(", stale=true")?;
        }
        if let Some(algorithm) = self.algorithm {
            write!(f, ", algorithm={algorithm}")?;
        }
        if let Some(list) = self.qop.list() {
            write!(f, ", qop=\"{list}\"")?;
        }
        if self.charset_utf8 {
            f.write_str(", charset=UTF-8")?;
        }
        if self.userhash {
            f.write_str(", userhash=true")?;
        }
        Ok(())
    }
}
