//! Header values as types, read on demand (RFC 3261 §20 and the RFCs that add to it).

mod accept;
mod address;
mod auth;
mod call_id;
mod contact;
mod content_disposition;
mod content_type;
mod cseq;
mod date;
mod event;
mod info;
mod number;
mod reason;
mod replaces;
mod session_expires;
mod text;
mod timestamp;
mod token;
mod values;
mod via;
mod warning;

pub use accept::{Accept, AcceptEncoding, AcceptLanguage};
pub(crate) use address::from_uri;
pub use address::*;
pub use auth::*;
pub use call_id::{CallId, InReplyTo};
pub use contact::{Contact, ContactAddress};
pub use content_disposition::ContentDisposition;
pub use content_type::ContentType;
pub use cseq::{CSeq, RAck};
pub use date::Date;
pub use event::{Event, SubscriptionState};
pub use info::{AlertInfo, CallInfo, ErrorInfo};
pub use number::*;
pub use reason::{Reason, UserToUser};
pub use replaces::{Join, Replaces};
pub use session_expires::{MinSe, Refresher, SessionExpires};
pub use text::*;
pub use timestamp::{RetryAfter, Timestamp};
pub use token::*;
pub use values::{Element, Elements, Values};
pub(crate) use via::MAGIC_COOKIE;
pub use via::{Via, ViaTransport};
pub use warning::Warning;

use core::str::Utf8Error;

use rfc2396_uri::NameAddr;

use crate::{HeaderName, ParseError, error::ErrorKind, header_name::Shape};

/// A header value as a type.
///
/// For a list header the type is one value of the list:
/// [`list`](crate::MessageRef::list) iterates over all of them.
pub trait Header<'a>: Sized {
    /// The field whose value this is.
    const NAME: HeaderName;

    /// Reads one value, which fills `text`.
    fn parse(text: &'a str) -> Result<Self, ParseError>;

    /// The address that the value is, if it is one.
    fn address(&self) -> Option<&NameAddr<&'a str>> {
        None
    }

    /// Reads the value of a field, or the first of several: what is behind it is not looked at.
    #[inline]
    fn parse_first(value: &'a str) -> Result<Self, ParseError> {
        if Self::NAME.shape() != Shape::List {
            return Self::parse(value);
        }
        match Self::parse_next(value) {
            Some((parsed, _)) => Ok(parsed),
            None => read_element(value, values::first(value.as_bytes(), Self::NAME)),
        }
    }

    /// Reads the value of a list that begins `text`, if its grammar knows where a value ends, so
    /// that nobody has to look for the comma before; and what is left, which is nothing or begins
    /// with a comma. `None` also where the value is not as it should be.
    #[doc(hidden)]
    #[inline]
    fn parse_next(_text: &'a str) -> Option<(Self, &'a str)> {
        None
    }
}

/// Reads the value of a field, or the first of several, from bytes that need not be text.
#[inline]
pub(crate) fn read_first<'a, T: Header<'a>>(value: &'a [u8]) -> Result<T, ParseError> {
    match core::str::from_utf8(value) {
        Ok(text) => T::parse_first(text),
        // What is no text may stand behind the first value.
        Err(_) if T::NAME.shape() == Shape::List => read_element("", values::first(value, T::NAME)),
        Err(error) => Err(not_utf8::<T>(error)),
    }
}

/// What a grammar has read and left of a list, if the value does end there.
#[inline(always)]
fn up_to_comma<T, E>(parsed: Result<(T, &str), E>) -> Option<(T, &str)> {
    let (value, rest) = parsed.ok()?;
    let rest = crate::grammar::sws(rest);
    (rest.is_empty() || rest.starts_with(',')).then_some((value, rest))
}

/// Whether a value begins a text: neither white space nor a comma does.
#[inline(always)]
fn begins_value(text: &str) -> bool {
    matches!(text.as_bytes().first(), Some(b'!'..=b'+' | b'-'..))
}

/// Reads one value of a list header; error offsets count from where those of the element do.
/// `text` is what begins there, as far as it is known to be text.
#[inline]
pub(crate) fn read_element<'a, T: Header<'a>>(
    text: &'a str,
    element: Element<'a>,
) -> Result<T, ParseError> {
    let value = match text.get(element.span()) {
        Some(value) => Ok(value),
        None => core::str::from_utf8(element.value).map_err(not_utf8::<T>),
    };
    value
        .and_then(T::parse)
        .map_err(|error| error.shifted(element.offset))
}

#[cold]
fn not_utf8<'a, T: Header<'a>>(error: Utf8Error) -> ParseError {
    let (kind, rule) = (ErrorKind::NotUtf8, T::NAME.rule());
    ParseError::new(kind, error.valid_up_to(), "UTF-8", rule)
}
