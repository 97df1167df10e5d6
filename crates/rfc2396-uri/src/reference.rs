//! Generic URIs and relative references (RFC 3986, superset of RFC 2396).

mod normalize;
mod parse;
mod resolve;

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

use crate::text::{Text, slice};
use crate::{Host, ParseError};

pub(crate) use parse::Index;

/// A URI or a relative reference: `scheme://user@host:port/path?query#fragment`, of which all
/// but the path may be missing.
///
/// `==` compares texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UriReference<S> {
    text: S,
    index: Index,
}

impl<S: AsRef<str>> UriReference<S> {
    /// Reads a URI or relative reference that fills `text` (RFC 3986 §4.1).
    pub fn parse(text: S) -> Result<Self, ParseError> {
        let index = Index::parse(text.as_ref())?;
        Ok(Self { text, index })
    }

    /// A view of this reference.
    pub fn view(&self) -> UriReference<&str> {
        UriReference {
            text: self.text.as_ref(),
            index: self.index,
        }
    }

    /// The same reference with a text of its own.
    pub fn into_owned(self) -> UriReference<String> {
        UriReference {
            text: self.text.as_ref().to_owned(),
            index: self.index,
        }
    }

    /// Whether there is no scheme.
    pub fn is_relative(&self) -> bool {
        self.index.scheme_end == 0
    }

    /// The port, if there is one that fits into 16 bits.
    pub fn port(&self) -> Option<u16> {
        self.view().port_str()?.parse().ok()
    }

    pub(crate) fn from_parts(text: S, index: Index) -> Self {
        Self { text, index }
    }
}

impl<'i, 'o, S: Text<'i, 'o>> UriReference<S> {
    /// The reference as received.
    pub fn as_str(&'i self) -> &'o str {
        self.text.text()
    }

    fn part(&'i self, start: u16, end: u16) -> &'o str {
        slice(self.text.text(), start.into(), end.into())
    }

    /// The scheme, without its colon.
    pub fn scheme(&'i self) -> Option<&'o str> {
        let end = self.index.scheme_end;
        (end > 0).then(|| self.part(0, end.saturating_sub(1)))
    }

    /// The authority, without the slashes before it.
    pub fn authority(&'i self) -> Option<&'o str> {
        let Index {
            scheme_end,
            path_start,
            has_authority,
            ..
        } = self.index;
        has_authority.then(|| self.part(scheme_end.saturating_add(2), path_start))
    }

    /// The user information, without its `@`.
    pub fn userinfo(&'i self) -> Option<&'o str> {
        let Index {
            scheme_end,
            host_start,
            ..
        } = self.index;
        let start = scheme_end.saturating_add(2);
        (self.index.has_authority && host_start > start)
            .then(|| self.part(start, host_start.saturating_sub(1)))
    }

    /// The host as received: IP literals in their brackets, possibly empty.
    pub fn host_str(&'i self) -> Option<&'o str> {
        let Index {
            host_start,
            host_end,
            has_authority,
            ..
        } = self.index;
        has_authority.then(|| self.part(host_start, host_end))
    }

    /// The host, told apart into names and addresses; `None` also if it is empty.
    pub fn host(&'i self) -> Option<Host<'o>> {
        Host::parse(self.host_str()?)
    }

    /// The digits of the port, possibly none; `None` if there is no colon.
    pub fn port_str(&'i self) -> Option<&'o str> {
        let Index {
            host_end,
            path_start,
            has_authority,
            ..
        } = self.index;
        (has_authority && path_start > host_end)
            .then(|| self.part(host_end.saturating_add(1), path_start))
    }

    /// The path, possibly empty.
    pub fn path(&'i self) -> &'o str {
        self.part(self.index.path_start, self.index.path_end)
    }

    /// The query, without its question mark.
    pub fn query(&'i self) -> Option<&'o str> {
        let Index {
            path_end,
            query_end,
            ..
        } = self.index;
        (query_end > path_end).then(|| self.part(path_end.saturating_add(1), query_end))
    }

    /// The fragment, without its hash.
    pub fn fragment(&'i self) -> Option<&'o str> {
        self.text
            .text()
            .get(usize::from(self.index.query_end).saturating_add(1)..)
    }
}

impl<S: AsRef<str>> fmt::Display for UriReference<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.as_ref())
    }
}

impl core::str::FromStr for UriReference<String> {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        UriReference::parse(text).map(UriReference::into_owned)
    }
}
