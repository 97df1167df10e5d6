//! Making tel URIs from parts (RFC 3966 §3).

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::TelUri;
use super::defects::{Rank, order, rank};
use crate::error::Rule;
use crate::percent::{self, Component};
use crate::{ErrorKind, ParseError};

/// Makes a tel URI; what [`build`](Self::build) returns always parses and has no defects.
///
/// ```
/// use rfc2396_uri::TelUri;
///
/// let uri = TelUri::builder("863-1234").phone_context("+1-914-555").extension("22").build()?;
/// assert_eq!(uri.as_str(), "tel:863-1234;ext=22;phone-context=+1-914-555");
/// # Ok::<(), rfc2396_uri::ParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TelUriBuilder {
    number: String,
    parameters: Vec<(String, Option<String>)>,
}

impl TelUri<String> {
    /// Begins a tel URI. Global numbers start with `+`; visual separators may be in it.
    pub fn builder(number: &str) -> TelUriBuilder {
        TelUriBuilder {
            number: number.to_owned(),
            parameters: Vec::new(),
        }
    }
}

impl TelUriBuilder {
    /// Where a local number is valid: a domain name, or the leading digits of global numbers.
    pub fn phone_context(self, context: &str) -> Self {
        self.add("phone-context", Some(context.to_owned()))
    }

    /// The extension.
    pub fn extension(self, digits: &str) -> Self {
        self.add("ext", Some(digits.to_owned()))
    }

    /// The ISDN subaddress, unescaped.
    pub fn isdn_subaddress(self, subaddress: &str) -> Self {
        self.parameter("isub", Some(subaddress))
    }

    /// Adds a parameter with its value unescaped, in place of one of the same name.
    pub fn parameter(self, name: &str, value: Option<&str>) -> Self {
        let value = value.map(|value| percent::encode(value, Component::Parameter).into_owned());
        self.add(name, value)
    }

    fn add(mut self, name: &str, value: Option<String>) -> Self {
        self.parameters
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.parameters.push((name.to_ascii_lowercase(), value));
        self
    }

    /// The URI, its parameters in the order of RFC 3966 §3.
    ///
    /// # Errors
    ///
    /// No telephone number; a local one without context; a context, extension or parameter that
    /// is malformed; both extension and subaddress; a URI longer than
    /// [`MAX_LENGTH`](crate::MAX_LENGTH).
    pub fn build(mut self) -> Result<TelUri<String>, ParseError> {
        self.parameters.sort_by(|(a, _), (b, _)| order(a, b));
        let mut text = String::from("tel:");
        text.push_str(&self.number);
        for (name, value) in &self.parameters {
            // A semicolon or an equals sign here would make two parameters of one.
            let raw = [
                Some(name),
                value.as_ref().filter(|_| rank(name) != Rank::Other),
            ];
            if raw
                .into_iter()
                .flatten()
                .any(|part| part.contains([';', '=']))
            {
                return Err(ParseError::new(ErrorKind::Parameter, text.len(), &WANTED));
            }
            text.push(';');
            text.push_str(name);
            if let Some(value) = value {
                text.push('=');
                text.push_str(value);
            }
        }
        let uri = TelUri::parse(text)?;
        match uri.defects().first() {
            Some(defect) => Err(ParseError::new(
                ErrorKind::Parameter,
                defect.span().start,
                &WANTED,
            )),
            None if uri.number().len() != self.number.len() => {
                Err(ParseError::new(ErrorKind::Number, 0, &WANTED))
            }
            None => Ok(uri),
        }
    }
}

static WANTED: Rule = Rule {
    field: "telephone number",
    expected: "a global number, or a local one with its context",
    section: "RFC 3966 §3",
};
