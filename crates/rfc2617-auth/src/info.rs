//! The header Authentication-Info and its like of proxies. RFC 2617 §3.2.3; RFC 7616 §3.5.

use alloc::borrow::Cow;
use core::fmt;

use crate::credentials::count;
use crate::error::{ParseError, SchemeError};
use crate::scheme::sort;
use crate::text::write_quoted;
use crate::{Qop, grammar};

/// Why an Authentication-Info cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InfoError {
    /// It does not follow the grammar.
    Parse(ParseError),
    /// A parameter is improper.
    Scheme(SchemeError),
    /// The server does not know the secret, or the response or its body was changed on its way.
    Mismatch,
}

impl fmt::Display for InfoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InfoError::Parse(error) => error.fmt(f),
            InfoError::Scheme(error) => error.fmt(f),
            InfoError::Mismatch => f.write_str("rspauth is wrong (RFC 7616 §3.5)"),
        }
    }
}

impl core::error::Error for InfoError {}

/// What a server says of an authenticated request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct AuthenticationInfo<'a> {
    pub(crate) nextnonce: Option<Cow<'a, str>>,
    pub(crate) qop: Option<Qop>,
    pub(crate) rspauth: Option<Cow<'a, str>>,
    pub(crate) cnonce: Option<Cow<'a, str>>,
    pub(crate) nc: Option<Cow<'a, str>>,
}

impl<'a> AuthenticationInfo<'a> {
    /// Reads a header value. Parameters that are not known are ignored.
    ///
    /// # Errors
    ///
    /// It does not follow the grammar, the quality of protection is unknown, the nonce count
    /// is no number, or a parameter has two values.
    pub fn parse(value: &'a [u8]) -> Result<AuthenticationInfo<'a>, InfoError> {
        let params = grammar::parameters(value).map_err(InfoError::Parse)?;
        let names = ["nextnonce", "qop", "rspauth", "cnonce", "nc"];
        let [nextnonce, qop, rspauth, cnonce, nc] =
            sort(&params, names).map_err(InfoError::Scheme)?;
        let qop = match qop {
            Some(name) => Some(Qop::from_name(&name).ok_or(InfoError::Scheme(SchemeError::Qop))?),
            None => None,
        };
        if nc.as_deref().is_some_and(|nc| count(nc).is_none()) {
            return Err(InfoError::Scheme(SchemeError::Invalid("nc")));
        }
        Ok(AuthenticationInfo {
            nextnonce,
            qop,
            rspauth,
            cnonce,
            nc,
        })
    }

    /// The nonce to be used from now on.
    pub fn nextnonce(&self) -> Option<&str> {
        self.nextnonce.as_deref()
    }

    /// The quality of protection of `rspauth`.
    pub fn qop(&self) -> Option<Qop> {
        self.qop
    }

    /// The server's proof that it knows the secret.
    pub fn rspauth(&self) -> Option<&str> {
        self.rspauth.as_deref()
    }

    /// The client's nonce of the request.
    pub fn cnonce(&self) -> Option<&str> {
        self.cnonce.as_deref()
    }

    /// The nonce count of the request.
    pub fn nc(&self) -> Option<&str> {
        self.nc.as_deref()
    }
}

impl fmt::Display for AuthenticationInfo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        let mut separator =
            |f: &mut fmt::Formatter<'_>| f.write_str(core::mem::replace(&mut comma, ", "));
        if let Some(rspauth) = &self.rspauth {
            separator(f)?;
            write_quoted(f, "rspauth=", rspauth)?;
        }
        if let Some(cnonce) = &self.cnonce {
            separator(f)?;
            write_quoted(f, "cnonce=", cnonce)?;
        }
        if let Some(nc) = &self.nc {
            separator(f)?;
            write!(f, "nc={nc}")?;
        }
        if let Some(qop) = self.qop {
            separator(f)?;
            write!(f, "qop={qop}")?;
        }
        if let Some(nextnonce) = &self.nextnonce {
            separator(f)?;
            write_quoted(f, "nextnonce=", nextnonce)?;
        }
        Ok(())
    }
}
