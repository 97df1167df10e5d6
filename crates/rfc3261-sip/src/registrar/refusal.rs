//! Why a REGISTER is refused, and with what (RFC 3261 §10.3, §21.4).

use alloc::{string::String, vec::Vec};
use core::fmt;

use super::StoreError;
use crate::{HeaderName, MessageRef, ParseError, ResponseBuilder, StatusCode};

/// Why a REGISTER is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The request is no REGISTER: 405.
    Method,
    /// The Request-URI names a domain whose users register elsewhere: 404, unless it is forwarded.
    NotHere,
    /// These extensions are required and not supported: 420.
    Extension(Vec<String>),
    /// The sender may not change these bindings, which the caller has found: 403.
    Forbidden,
    /// The address in To is none of the domain: 404.
    UnknownAddress,
    /// A header field that matters cannot be read: 400.
    Message(ParseError),
    /// `*` stands beside other contacts, or without an Expires of 0: 400.
    Wildcard,
    /// A contact is wanted for less than this many seconds: 423.
    IntervalTooBrief(u32),
    /// The number in CSeq is not above that of the request before: 500.
    OutOfOrder,
    /// There are as many contacts as are allowed: 403.
    TooManyContacts,
    /// There is a Path, and the user agent does not say that it supports that: 420.
    Path,
    /// The bindings could not be stored: 500.
    Store(StoreError),
}

impl Refusal {
    /// The status code.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotHere | Self::UnknownAddress => StatusCode::NOT_FOUND,
            Self::Extension(_) | Self::Path => StatusCode::BAD_EXTENSION,
            Self::Forbidden | Self::TooManyContacts => StatusCode::FORBIDDEN,
            Self::Message(_) | Self::Wildcard => StatusCode::BAD_REQUEST,
            Self::IntervalTooBrief(_) => StatusCode::INTERVAL_TOO_BRIEF,
            Self::OutOfOrder | Self::Store(_) => StatusCode::SERVER_INTERNAL_ERROR,
        }
    }

    /// The response, with what the status code asks for.
    #[must_use]
    pub fn response(&self, request: MessageRef<'_>, tag: &str) -> ResponseBuilder {
        let response = ResponseBuilder::to(request, self.status(), tag);
        match self {
            Self::Method => response.header(HeaderName::Allow, "REGISTER"),
            Self::Extension(names) => response.header(HeaderName::Unsupported, names.join(", ")),
            Self::Path => response.header(HeaderName::Unsupported, "path"),
            Self::IntervalTooBrief(seconds) => response.header(HeaderName::MinExpires, seconds),
            _ => response,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method => f.write_str("the request is no REGISTER"),
            Self::NotHere => f.write_str("the users of this domain register elsewhere"),
            Self::Extension(names) => write!(f, "{} is not supported", names.join(", ")),
            Self::Forbidden => f.write_str("the sender may not change these bindings"),
            Self::UnknownAddress => f.write_str("the address in To is none of the domain"),
            Self::Message(error) => error.fmt(f),
            Self::Wildcard => f.write_str("* stands alone, and with an Expires of 0"),
            Self::IntervalTooBrief(seconds) => {
                write!(f, "a contact lasts {seconds} seconds at least")
            }
            Self::OutOfOrder => {
                f.write_str("the number in CSeq is not above that of the request before")
            }
            Self::TooManyContacts => f.write_str("there are as many contacts as are allowed"),
            Self::Path => f.write_str("there is a Path that the user agent does not know of"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Refusal {}

impl From<ParseError> for Refusal {
    fn from(error: ParseError) -> Self {
        Self::Message(error)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
