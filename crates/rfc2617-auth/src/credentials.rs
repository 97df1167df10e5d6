//! Digest credentials. RFC 2617 §3.2.2; RFC 7616 §3.4.

use alloc::borrow::Cow;
use core::fmt;

use crate::error::SchemeError;
use crate::scheme::{Scheme, sort};
use crate::text::{self, Extended, write_quoted};
use crate::{Algorithm, Exchange, Ha1, Protection, Qop, Request};

/// The user that credentials name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Username<'a> {
    /// The name.
    Plain(Cow<'a, str>),
    /// H(username:realm) in hexadecimal digits ([`Hash::userhash`](crate::Hash::userhash)).
    Hashed(Cow<'a, str>),
}

/// The nonce count and the quality that credentials name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Counted<'a> {
    pub(crate) qop: Qop,
    pub(crate) nc: Cow<'a, str>,
    pub(crate) count: u32,
}

/// Digest credentials: the answer to a challenge.
///
/// Values are without quotation marks. `Display` writes them in the order of RFC 2617, which
/// begins as that of RFC 2069, and quotes what RFC 7616 §3.4 wants quoted, and only that: some
/// devices take no other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DigestCredentials<'a> {
    pub(crate) username: Username<'a>,
    pub(crate) realm: Cow<'a, str>,
    pub(crate) nonce: Cow<'a, str>,
    pub(crate) uri: Cow<'a, str>,
    pub(crate) response: Cow<'a, str>,
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) cnonce: Option<Cow<'a, str>>,
    pub(crate) opaque: Option<Cow<'a, str>>,
    pub(crate) counted: Option<Counted<'a>>,
    /// Whether a name that is not ASCII is written as `username*`, for servers of RFC 7616.
    pub(crate) extended: bool,
}

impl<'a> DigestCredentials<'a> {
    /// Reads the parameters of a scheme. Those that are not known are ignored.
    ///
    /// # Errors
    ///
    /// It is not Digest, its algorithm or quality of protection is unknown, a parameter is
    /// missing, improper, or there with two values. Such a request is answered by 400.
    pub fn from_scheme(scheme: &Scheme<'a>) -> Result<DigestCredentials<'a>, SchemeError> {
        if !scheme.is("Digest") {
            return Err(SchemeError::Scheme);
        }
        let names = [
            "username",
            "username*",
            "realm",
            "nonce",
            "uri",
            "response",
            "algorithm",
            "cnonce",
            "opaque",
            "qop",
            "nc",
            "userhash",
        ];
        let [
            name,
            extended,
            realm,
            nonce,
            uri,
            response,
            algorithm,
            cnonce,
            opaque,
            qop,
            nc,
            userhash,
        ] = sort(scheme.params(), names)?;
        let mut is_extended = false;
        let hashed = userhash.is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let username = match (name, extended) {
            (Some(_), Some(_)) => return Err(SchemeError::Repeated("username")),
            (Some(name), None) if hashed => Username::Hashed(name),
            (Some(name), None) => Username::Plain(name),
            (None, Some(_)) if hashed => return Err(SchemeError::Invalid("userhash")),
            (None, Some(value)) => {
                let name = text::extended(&value)
                    .filter(|name| text::is_quotable(name))
                    .ok_or(SchemeError::Invalid("username*"))?;
                is_extended = !name.is_ascii();
                Username::Plain(Cow::Owned(name))
            }
            (None, None) => return Err(SchemeError::Missing("username")),
        };
        let algorithm = match algorithm {
            Some(name) => Some(Algorithm::from_name(&name).ok_or(SchemeError::Algorithm)?),
            None => None,
        };
        // An empty one is as none: some write what they have no value for.
        let qop = match qop.filter(|name| !name.is_empty()) {
            Some(name) => Some(Qop::from_name(&name).ok_or(SchemeError::Qop)?),
            None => None,
        };
        let counted = match (qop, nc) {
            (None, _) => None,
            (Some(_), None) => return Err(SchemeError::Missing("nc")),
            (Some(qop), Some(nc)) => {
                let count = count(&nc).ok_or(SchemeError::Invalid("nc"))?;
                Some(Counted { qop, nc, count })
            }
        };
        if counted.is_some() && cnonce.is_none() {
            return Err(SchemeError::Missing("cnonce"));
        }
        Ok(DigestCredentials {
            username,
            realm: realm.ok_or(SchemeError::Missing("realm"))?,
            nonce: nonce.ok_or(SchemeError::Missing("nonce"))?,
            uri: uri.ok_or(SchemeError::Missing("uri"))?,
            response: response.ok_or(SchemeError::Missing("response"))?,
            algorithm,
            cnonce,
            opaque,
            counted,
            extended: is_extended,
        })
    }

    /// The user.
    pub fn username(&self) -> &Username<'a> {
        &self.username
    }

    /// The realm.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The server's nonce.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// The URI that the response was computed for. In SIP a proxy may since have changed that of
    /// the request (RFC 8760 §2.6).
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The response.
    pub fn response(&self) -> &str {
        &self.response
    }

    /// The algorithm; MD5 if none is named.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm.unwrap_or(Algorithm::MD5)
    }

    /// The client's nonce.
    pub fn cnonce(&self) -> Option<&str> {
        self.cnonce.as_deref()
    }

    /// What the server wanted to have back.
    pub fn opaque(&self) -> Option<&str> {
        self.opaque.as_deref()
    }

    /// The quality of protection; `None` in credentials of RFC 2069.
    pub fn qop(&self) -> Option<Qop> {
        self.counted.as_ref().map(|counted| counted.qop)
    }

    /// The nonce count; `None` in credentials of RFC 2069.
    pub fn nonce_count(&self) -> Option<u32> {
        self.counted.as_ref().map(|counted| counted.count)
    }

    /// Whether the response is right for a secret and a request, compared in constant time.
    ///
    /// The URI is the credentials' own, so compare it with the request's or judge it otherwise.
    pub fn verify(&self, ha1: &Ha1, method: &str, body: &[u8]) -> bool {
        let uri = &*self.uri;
        ha1.hash() == self.algorithm().hash()
            && self
                .exchange()
                .response(ha1, &Request { method, uri, body })
                .matches(&self.response)
    }

    /// The same credentials, borrowing from nothing.
    pub fn into_owned(self) -> DigestCredentials<'static> {
        let owned = |value: Cow<'_, str>| Cow::Owned(value.into_owned());
        DigestCredentials {
            username: match self.username {
                Username::Plain(name) => Username::Plain(owned(name)),
                Username::Hashed(hash) => Username::Hashed(owned(hash)),
            },
            realm: owned(self.realm),
            nonce: owned(self.nonce),
            uri: owned(self.uri),
            response: owned(self.response),
            cnonce: self.cnonce.map(owned),
            opaque: self.opaque.map(owned),
            counted: self.counted.map(|counted| Counted {
                qop: counted.qop,
                nc: owned(counted.nc),
                count: counted.count,
            }),
            ..self
        }
    }

    /// How long it is when it is written, unless much in it is escaped.
    pub(crate) fn typical_len(&self) -> usize {
        let (Username::Plain(name) | Username::Hashed(name)) = &self.username;
        let optional = [&self.cnonce, &self.opaque];
        let optional = optional.into_iter().flatten().map(|value| value.len());
        let required = [name, &self.realm, &self.nonce, &self.uri, &self.response];
        let values = required.into_iter().map(|value| value.len());
        160 + values.chain(optional).sum::<usize>()
    }

    /// Writes the value of the header.
    pub(crate) fn write(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let hashed = match &self.username {
            Username::Plain(name) if self.extended => {
                write!(out, "Digest username*={}", Extended(name))?;
                false
            }
            Username::Plain(name) => {
                write_quoted(out, "Digest username=", name)?;
                false
            }
            Username::Hashed(hash) => {
                write_quoted(out, "Digest username=", hash)?;
                true
            }
        };
        write_quoted(out, ", realm=", &self.realm)?;
        write_quoted(out, ", nonce=", &self.nonce)?;
        write_quoted(out, ", uri=", &self.uri)?;
        write_quoted(out, ", response=", &self.response)?;
        if let Some(algorithm) = self.algorithm {
            out.write_str(", algorithm=")?;
            out.write_str(algorithm.name())?;
        }
        if let Some(cnonce) = &self.cnonce {
            write_quoted(out, ", cnonce=", cnonce)?;
        }
        if let Some(opaque) = &self.opaque {
            write_quoted(out, ", opaque=", opaque)?;
        }
        if let Some(Counted { qop, nc, .. }) = &self.counted {
            out.write_str(", qop=")?;
            out.write_str(qop.name())?;
            out.write_str(", nc=")?;
            out.write_str(nc)?;
        }
        if hashed {
            out.write_str(", userhash=true")?;
        }
        Ok(())
    }

    /// What the response is computed over, the nonce count spelt as received.
    pub fn exchange(&self) -> Exchange<'_> {
        Exchange {
            algorithm: self.algorithm(),
            nonce: &self.nonce,
            cnonce: self.cnonce.as_deref().unwrap_or_default(),
            protection: self.counted.as_ref().map(|counted| Protection {
                qop: counted.qop,
                nc: &counted.nc,
            }),
        }
    }
}

impl fmt::Display for DigestCredentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

/// A nonce count: up to eight hexadecimal digits.
pub(crate) fn count(nc: &str) -> Option<u32> {
    if nc.len() > 8 || !nc.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(nc, 16).ok()
}
