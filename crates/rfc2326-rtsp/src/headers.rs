//! Header fields as types (RFC 2326 §12).

mod content_base;
mod cseq;
mod range;
mod rtp_info;
mod scale;
mod session;
mod token_list;
mod transport;

use core::marker::PhantomData;

use crate::error::Rule;
use crate::grammar::{self, lws};
use crate::{ErrorKind, HeaderField, HeaderName, MessageRef, ParseError};

pub use content_base::ContentBase;
pub use cseq::CSeq;
pub use range::{NptTime, Range, RangeSpecifier, SmpteTime, UtcTime};
pub use rtp_info::RtpInfo;
pub use scale::{Scale, Speed};
pub use session::Session;
pub use token_list::{Allow, ProxyRequire, Public, Require, Unsupported};
pub use transport::{Delivery, Pair, Parameters, Transport};

/// A header field with a type.
pub trait Header<'a>: Sized {
    /// The name of the field.
    const NAME: HeaderName;

    /// Reads the first value of a field, and tells what follows the comma behind it: nothing
    /// after the last, or if the field has one value only.
    ///
    /// # Errors
    ///
    /// What is wrong with the value. Offsets count from its first byte.
    fn read(value: &'a str) -> Result<(Self, &'a str), ParseError>;

    /// What is wrong with a value that was read all the same, such as a parameter left out.
    fn fault(&self) -> Option<ParseError> {
        None
    }
}

/// The values of a list header, across rows and commas, in order.
///
/// After a value that cannot be read, the next row follows.
#[derive(Debug, Clone)]
pub struct Values<'a, T> {
    message: MessageRef<'a>,
    /// How many fields were begun.
    fields: usize,
    rest: &'a str,
    /// Where `rest` begins in the message.
    offset: usize,
    values: PhantomData<T>,
}

impl<'a, T: Header<'a>> Values<'a, T> {
    pub(crate) const fn new(message: MessageRef<'a>) -> Self {
        Self {
            message,
            fields: 0,
            rest: "",
            offset: 0,
            values: PhantomData,
        }
    }

    fn begin(&mut self, field: &HeaderField<'a>) -> Result<(), ParseError> {
        self.offset = field.value_span().start;
        let rule = T::NAME.rule();
        let text = grammar::text(field.value(), rule);
        self.rest = text.map_err(|error| error.shifted(self.offset))?;
        Ok(())
    }
}

impl<'a, T: Header<'a>> Iterator for Values<'a, T> {
    type Item = Result<T, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.rest.is_empty() {
            let field = self.message.fields_named(T::NAME).nth(self.fields)?;
            self.fields += 1;
            if let Err(error) = self.begin(&field) {
                return Some(Err(error));
            }
        }
        let text = core::mem::take(&mut self.rest);
        Some(match T::read(text) {
            Ok((value, rest)) => {
                self.offset += text.len() - rest.len();
                self.rest = rest;
                Ok(value)
            }
            Err(error) => Err(error.shifted(self.offset)),
        })
    }
}

/// Reads the only value of a field.
fn single<'a, T>(
    value: &'a str,
    rule: &'static Rule,
    parser: impl nom::Parser<&'a str, Output = T, Error = grammar::Failure<'a>>,
) -> Result<(T, &'a str), ParseError> {
    let (parsed, rest) = grammar::run(value, rule, parser)?;
    let rest = rest.trim_ascii_start();
    if rest.is_empty() {
        return Ok((parsed, rest));
    }
    let offset = value.len() - rest.len();
    Err(ParseError::new(
        ErrorKind::Syntax,
        offset,
        "the end of the value",
        rule,
    ))
}

/// Reads the first element of a comma-separated list, empty elements before it skipped.
fn element<'a, T>(
    value: &'a str,
    rule: &'static Rule,
    parser: impl nom::Parser<&'a str, Output = T, Error = grammar::Failure<'a>>,
) -> Result<(T, &'a str), ParseError> {
    let start = value.trim_start_matches(is_separator);
    let base = value.len() - start.len();
    let parser = nom::sequence::terminated(parser, lws);
    let (parsed, rest) = grammar::run(start, rule, parser).map_err(|error| error.shifted(base))?;
    if rest.is_empty() || rest.starts_with(',') {
        return Ok((parsed, rest.trim_start_matches(is_separator)));
    }
    let offset = value.len() - rest.len();
    Err(ParseError::new(
        ErrorKind::Syntax,
        offset,
        "a comma or the end of the value",
        rule,
    ))
}

fn is_separator(c: char) -> bool {
    c == ',' || c.is_ascii_whitespace()
}

/// Where a part of a text is in it.
fn offset_in(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize)
        .wrapping_sub(text.as_ptr() as usize)
        .min(text.len())
}
