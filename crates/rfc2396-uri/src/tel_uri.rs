//! `tel:` URIs (RFC 3966).

mod builder;
mod compare;
mod convert;
mod defects;
mod parse;

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

use crate::ParseError;
use crate::parameter::{Parameter, Parameters};
use crate::text::{Text, slice};

pub use builder::TelUriBuilder;
pub(crate) use parse::Index;

/// A telephone number as a URI: `tel:+1-201-555-0123`, `tel:7042;phone-context=example.com`.
///
/// `==` compares texts; for the comparison of RFC 3966 §4 see [`equivalent`](Self::equivalent).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TelUri<S> {
    text: S,
    index: Index,
}

impl<S: AsRef<str>> TelUri<S> {
    /// Reads a tel URI that fills `text`.
    ///
    /// Lenient: a local number without `phone-context`, parameters out of order or given twice are
    /// accepted; see [`defects`](Self::defects).
    pub fn parse(text: S) -> Result<Self, ParseError> {
        let index = Index::parse(text.as_ref())?;
        Ok(Self { text, index })
    }

    /// A view of this URI.
    pub fn view(&self) -> TelUri<&str> {
        TelUri {
            text: self.text.as_ref(),
            index: self.index,
        }
    }

    /// The same URI with a text of its own.
    pub fn into_owned(self) -> TelUri<String> {
        TelUri {
            text: self.text.as_ref().to_owned(),
            index: self.index,
        }
    }

    /// Whether the number is global, that is, begins with `+`.
    pub fn is_global(&self) -> bool {
        self.view().number().starts_with('+')
    }

    /// The number without its visual separators, in lower case: what is dialled and compared.
    pub fn digits(&self) -> String {
        digits(self.view().number()).collect()
    }

    pub(crate) fn from_parts(text: S, index: Index) -> Self {
        Self { text, index }
    }
}

impl<'i, 'o, S: Text<'i, 'o>> TelUri<S> {
    /// The URI as received.
    pub fn as_str(&'i self) -> &'o str {
        self.text.text()
    }

    /// All after the scheme: the `telephone-subscriber`.
    pub fn subscriber(&'i self) -> &'o str {
        let text = self.text.text();
        slice(text, parse::SCHEME_LENGTH, text.len())
    }

    /// The number as received, with its visual separators.
    pub fn number(&'i self) -> &'o str {
        slice(
            self.text.text(),
            parse::SCHEME_LENGTH,
            self.index.number_end.into(),
        )
    }

    /// All parameters in order, those of RFC 3966 and others.
    pub fn parameters(&'i self) -> Parameters<'o> {
        let text = self.text.text();
        Parameters::new(slice(text, self.index.number_end.into(), text.len()))
    }

    /// The first parameter of that name, without regard to case.
    pub fn parameter(&'i self, name: &str) -> Option<Parameter<'o>> {
        self.parameters().find(name)
    }

    /// The parameters whose names begin with `m-`: a URI with one that is not understood must not
    /// be used (RFC 3966 §5.4).
    pub fn mandatory_parameters(&'i self) -> impl Iterator<Item = Parameter<'o>> {
        self.parameters().filter(|parameter| {
            parameter
                .name()
                .get(..2)
                .is_some_and(|start| start.eq_ignore_ascii_case("m-"))
        })
    }

    /// `phone-context`: the domain or the leading digits within which a local number is unique.
    pub fn phone_context(&'i self) -> Option<&'o str> {
        self.parameter("phone-context")?.value()
    }

    /// `ext`: the extension behind a private branch exchange.
    pub fn extension(&'i self) -> Option<&'o str> {
        self.parameter("ext")?.value()
    }

    /// `isub`: the ISDN subaddress, escapes as received.
    pub fn isdn_subaddress(&'i self) -> Option<&'o str> {
        self.parameter("isub")?.value()
    }
}

impl<S: AsRef<str>> fmt::Display for TelUri<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.as_ref())
    }
}

impl core::str::FromStr for TelUri<String> {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        TelUri::parse(text).map(TelUri::into_owned)
    }
}

/// A number as it is compared: without visual separators, in lower case.
fn digits(number: &str) -> impl Iterator<Item = char> + '_ {
    number
        .chars()
        .filter(|c| !matches!(c, '-' | '.' | '(' | ')'))
        .map(|c| c.to_ascii_lowercase())
}
