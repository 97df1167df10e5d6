//! A scheme with its parameters, as challenges and credentials write it. RFC 2617 §1.2.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use crate::error::{ParseError, SchemeError};
use crate::grammar;
use crate::text;

/// One challenge, or the credentials for one, of any scheme: its name and its parameters, in their
/// order, known or not.
///
/// It borrows from the header value. `Debug` shows the names of the parameters only, and
/// [`as_bytes`](Scheme::as_bytes) all as it was received.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Scheme<'a> {
    pub(crate) name: &'a str,
    pub(crate) token68: Option<&'a str>,
    pub(crate) params: Vec<AuthParam<'a>>,
    pub(crate) raw: &'a [u8],
}

impl<'a> Scheme<'a> {
    /// All schemes in the value of a WWW-Authenticate, Proxy-Authenticate, Authorization or
    /// Proxy-Authorization header, in their order.
    ///
    /// # Errors
    ///
    /// The value does not follow the grammar, however leniently it is read. Other header rows are
    /// not affected.
    pub fn parse_list(value: &'a [u8]) -> Result<Vec<Scheme<'a>>, ParseError> {
        grammar::schemes(value)
    }

    /// The name of the scheme, as received.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Whether this is its name, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// What stands instead of parameters, as after `Basic` and `Negotiate`.
    pub fn token68(&self) -> Option<&'a str> {
        self.token68
    }

    /// Its parameters.
    pub fn params(&self) -> &[AuthParam<'a>] {
        &self.params
    }

    /// The first parameter of this name, in any case.
    pub fn param(&self, name: &str) -> Option<&AuthParam<'a>> {
        self.params.iter().find(|param| param.is(name))
    }

    /// The whole of it, as received.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.raw
    }
}

impl fmt::Debug for Scheme<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.params.iter().map(|param| param.name);
        f.write_str(self.name)?;
        f.debug_list().entries(names).finish()
    }
}

/// One parameter: a name and a value.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AuthParam<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: &'a [u8],
    pub(crate) form: Form,
}

/// How a value stands in the header.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// Without quotation marks.
    Token,
    /// Between quotation marks, with nothing to be undone.
    Quoted,
    /// Between quotation marks, with quoted pairs or folds.
    Escaped,
}

impl<'a> AuthParam<'a> {
    /// Its name, as received.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Whether this is its name, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Its value: without quotation marks and the backslashes of quoted pairs, a fold as one space.
    pub fn value(&self) -> Cow<'a, [u8]> {
        match self.form {
            Form::Token | Form::Quoted => Cow::Borrowed(self.value),
            Form::Escaped => Cow::Owned(text::unquote(self.value)),
        }
    }

    /// Its value as text; `None` if it is not UTF-8.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        match self.value() {
            Cow::Borrowed(value) => core::str::from_utf8(value).ok().map(Cow::Borrowed),
            Cow::Owned(value) => alloc::string::String::from_utf8(value).ok().map(Cow::Owned),
        }
    }

    /// Whether the value had quotation marks.
    pub fn is_quoted(&self) -> bool {
        self.form != Form::Token
    }
}

impl fmt::Debug for AuthParam<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AuthParam").field(&self.name).finish()
    }
}

/// Keeps the value of a known parameter, once. A second one is let pass if it says the same.
pub(crate) fn keep<'a>(
    slot: &mut Option<Cow<'a, str>>,
    name: &'static str,
    param: &AuthParam<'a>,
) -> Result<(), SchemeError> {
    let text = param.text().ok_or(SchemeError::Invalid(name))?;
    match slot {
        Some(first) if *first != text => Err(SchemeError::Repeated(name)),
        Some(_) => Ok(()),
        None => {
            *slot = Some(text);
            Ok(())
        }
    }
}

/// Sorts the parameters of known names into slots; others are passed over.
pub(crate) fn sort<'a, const N: usize>(
    params: &[AuthParam<'a>],
    names: [&'static str; N],
) -> Result<[Option<Cow<'a, str>>; N], SchemeError> {
    let mut slots = [const { None }; N];
    for param in params {
        let known = names
            .iter()
            .zip(&mut slots)
            .find(|(name, _)| param.is(name));
        if let Some((name, slot)) = known {
            keep(slot, name, param)?;
        }
    }
    Ok(slots)
}
