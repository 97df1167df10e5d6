//! A URI of any scheme, told apart (RFC 3261 §25.1: `addr-spec`).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::error::Rule;
use crate::text::Text;
use crate::{
    Defect, ErrorKind, Host, ParseError, SipUri, TelUri, UriReference, reference, sip_uri, tel_uri,
};

/// An absolute URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Uri<S> {
    /// `sip:` or `sips:`
    Sip(SipUri<S>),
    /// `tel:`
    Tel(TelUri<S>),
    /// Any other scheme.
    Other(UriReference<S>),
}

impl<S: AsRef<str>> Uri<S> {
    /// Reads a URI that fills `text`.
    pub fn parse(text: S) -> Result<Self, ParseError> {
        let index = Index::parse(text.as_ref())?;
        Ok(Self::from_parts(text, index))
    }

    /// A view of this URI.
    pub fn view(&self) -> Uri<&str> {
        match self {
            Self::Sip(uri) => Uri::Sip(uri.view()),
            Self::Tel(uri) => Uri::Tel(uri.view()),
            Self::Other(uri) => Uri::Other(uri.view()),
        }
    }

    /// The same URI with a text of its own.
    pub fn into_owned(self) -> Uri<String> {
        match self {
            Self::Sip(uri) => Uri::Sip(uri.into_owned()),
            Self::Tel(uri) => Uri::Tel(uri.into_owned()),
            Self::Other(uri) => Uri::Other(uri.into_owned()),
        }
    }

    /// The SIP or SIPS URI, if it is one.
    pub fn as_sip(&self) -> Option<&SipUri<S>> {
        match self {
            Self::Sip(uri) => Some(uri),
            _ => None,
        }
    }

    /// The tel URI, if it is one.
    pub fn as_tel(&self) -> Option<&TelUri<S>> {
        match self {
            Self::Tel(uri) => Some(uri),
            _ => None,
        }
    }

    /// What is questionable in this URI; see the `defects` of its kind.
    pub fn defects(&self) -> Vec<Defect> {
        match self {
            Self::Sip(uri) => uri.defects(),
            Self::Tel(uri) => uri.defects(),
            Self::Other(_) => Vec::new(),
        }
    }

    /// Whether two URIs are equivalent as their scheme has it: RFC 3261 §19.1.4 (not transitive),
    /// RFC 3966 §4, or else equal once normalised (RFC 3986 §6.2.2).
    pub fn equivalent<T: AsRef<str>>(&self, other: &Uri<T>) -> bool {
        match (self, other) {
            (Self::Sip(a), Uri::Sip(b)) => a.equivalent(b),
            (Self::Tel(a), Uri::Tel(b)) => a.equivalent(b),
            (Self::Other(a), Uri::Other(b)) => a.normalize() == b.normalize(),
            _ => false,
        }
    }

    pub(crate) fn from_parts(text: S, index: Index) -> Self {
        match index {
            Index::Sip(index) => Self::Sip(SipUri::from_parts(text, index)),
            Index::Tel(index) => Self::Tel(TelUri::from_parts(text, index)),
            Index::Other(index) => Self::Other(UriReference::from_parts(text, index)),
        }
    }
}

impl<'i, 'o, S: Text<'i, 'o>> Uri<S> {
    /// The URI as received.
    pub fn as_str(&'i self) -> &'o str {
        match self {
            Self::Sip(uri) => uri.as_str(),
            Self::Tel(uri) => uri.as_str(),
            Self::Other(uri) => uri.as_str(),
        }
    }

    /// The scheme as received.
    pub fn scheme(&'i self) -> &'o str {
        self.as_str()
            .split_once(':')
            .map_or("", |(scheme, _)| scheme)
    }

    /// The host, if the URI has one.
    pub fn host(&'i self) -> Option<Host<'o>> {
        match self {
            Self::Sip(uri) => Some(uri.host()),
            Self::Tel(_) => None,
            Self::Other(uri) => uri.host(),
        }
    }
}

impl<S: AsRef<str>> fmt::Display for Uri<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.view().as_str())
    }
}

impl core::str::FromStr for Uri<String> {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Uri::parse(text).map(Uri::into_owned)
    }
}

impl<S> From<SipUri<S>> for Uri<S> {
    fn from(uri: SipUri<S>) -> Self {
        Self::Sip(uri)
    }
}

impl<S> From<TelUri<S>> for Uri<S> {
    fn from(uri: TelUri<S>) -> Self {
        Self::Tel(uri)
    }
}

/// The places of the parts of a URI of any scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Index {
    Sip(sip_uri::Index),
    Tel(tel_uri::Index),
    Other(reference::Index),
}

impl Index {
    /// Reads a SIP URI at the start of `bytes` if it is like nearly all, and says where it ends.
    #[inline(always)]
    pub(crate) fn usual(bytes: &[u8]) -> Option<(Self, usize)> {
        let (index, end) = sip_uri::Index::usual(bytes)?;
        Some((Self::Sip(index), end))
    }

    #[inline]
    pub(crate) fn parse(text: &str) -> Result<Self, ParseError> {
        match text.as_bytes() {
            [b's' | b'S', b'i' | b'I', b'p' | b'P', b':', ..]
            | [b's' | b'S', b'i' | b'I', b'p' | b'P', b's' | b'S', b':', ..] => {
                sip_uri::Index::parse(text).map(Self::Sip)
            }
            [b't' | b'T', b'e' | b'E', b'l' | b'L', b':', ..] => {
                tel_uri::Index::parse(text).map(Self::Tel)
            }
            _ => {
                let index = reference::Index::parse(text)?;
                if index.scheme_end == 0 {
                    return Err(ParseError::new(ErrorKind::Scheme, 0, &SCHEME));
                }
                Ok(Self::Other(index))
            }
        }
    }
}

static SCHEME: Rule = Rule {
    field: "URI",
    expected: "a scheme and a colon",
    section: "RFC 3986 §3.1",
};
