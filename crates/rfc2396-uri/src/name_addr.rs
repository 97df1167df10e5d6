//! `name-addr` and `addr-spec`, as in From, To, Contact and Route (RFC 3261 §20.10, §25.1).

mod builder;
mod defects;
mod parse;

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use core::fmt;

use crate::text::{Text, slice};
use crate::{ParseError, Uri, uri};

/// An address with or without a display name: `"Bob" <sip:bob@b.example;lr>` or `sip:bob@b.example`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NameAddr<S> {
    text: S,
    index: Index,
}

impl<S: AsRef<str>> NameAddr<S> {
    /// Reads an address that fills `text`, but for white space around it.
    ///
    /// Without angle brackets, nothing may follow the URI and it has no parameters; commas belong
    /// to it.
    pub fn parse(text: S) -> Result<Self, ParseError> {
        let index = parse::whole(text.as_ref())?;
        Ok(Self { text, index })
    }

    /// A view of this address.
    pub fn view(&self) -> NameAddr<&str> {
        NameAddr {
            text: self.text.as_ref(),
            index: self.index,
        }
    }

    /// The same address with a text of its own.
    pub fn into_owned(self) -> NameAddr<String> {
        NameAddr {
            text: self.text.as_ref().to_owned(),
            index: self.index,
        }
    }

    /// Whether the URI stands in angle brackets.
    pub fn has_brackets(&self) -> bool {
        self.index.has_brackets
    }
}

impl<'a> NameAddr<&'a str> {
    /// Reads the address at the start of a header value in which a comma separates addresses, and
    /// says how many bytes it takes, white space after it included.
    ///
    /// What follows is empty, or begins with `;` (header parameters) or `,` (the next address), or
    /// is not for this crate to understand. Without angle brackets `;`, `?`, `,` and white space
    /// end the URI (RFC 3261 §20).
    #[inline]
    pub fn parse_prefix(text: &'a str) -> Result<(Self, usize), ParseError> {
        parse::prefix(text, parse::Commas::Separate).map(|(index, end)| Self::cut(text, index, end))
    }

    /// As [`parse_prefix`](Self::parse_prefix), for headers that hold one address (From, To,
    /// Reply-To, Refer-To): a comma is part of it, as in `sip:bond,james@example.com`.
    #[inline]
    pub fn parse_prefix_of_one(text: &'a str) -> Result<(Self, usize), ParseError> {
        parse::prefix(text, parse::Commas::Belong).map(|(index, end)| Self::cut(text, index, end))
    }

    #[inline]
    fn cut(text: &'a str, index: Index, end: parse::End) -> (Self, usize) {
        (
            Self {
                text: slice(text, 0, end.address),
                index,
            },
            end.consumed,
        )
    }
}

impl<'i, 'o, S: Text<'i, 'o>> NameAddr<S> {
    /// The address as received, with the white space around it.
    pub fn as_str(&'i self) -> &'o str {
        self.text.text()
    }

    /// The URI.
    pub fn uri(&'i self) -> Uri<&'o str> {
        let Index {
            uri_start,
            uri_end,
            uri,
            ..
        } = self.index;
        Uri::from_parts(
            slice(self.text.text(), uri_start as usize, uri_end as usize),
            uri,
        )
    }

    /// The display name as received, with its quotes; empty if there is none.
    pub fn raw_display_name(&'i self) -> &'o str {
        let Index {
            name_start,
            name_end,
            ..
        } = self.index;
        slice(self.text.text(), name_start as usize, name_end as usize)
    }

    /// The display name without quotes and escapes; `None` if there is none, empty for `""`.
    pub fn display_name(&'i self) -> Option<Cow<'o, str>> {
        let raw = self.raw_display_name();
        if raw.is_empty() {
            None
        } else {
            Some(parse::unquote(raw))
        }
    }
}

impl<S: AsRef<str>> fmt::Display for NameAddr<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.as_ref())
    }
}

impl core::str::FromStr for NameAddr<String> {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        NameAddr::parse(text).map(NameAddr::into_owned)
    }
}

/// The places of the parts in the text, in bytes from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Index {
    has_brackets: bool,
    name_start: u32,
    name_end: u32,
    uri_start: u32,
    uri_end: u32,
    uri: uri::Index,
}
