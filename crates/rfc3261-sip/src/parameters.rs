//! Parameters of header values: `*(SEMI generic-param)` (RFC 3261 §7.3.1, §25.1).

use core::fmt;

use crate::grammar::{self, Fault, Parsed};

/// The parameters behind a header value, in order, as they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Parameters<'a>(&'a str);

/// One parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Parameter<'a> {
    /// The name as it was written: compare it without regard to case.
    pub name: &'a str,
    /// The value as it was written, with its quotes if it has any; `None` without `=`.
    pub value: Option<&'a str>,
}

impl<'a> Parameters<'a> {
    /// Reads `*(SEMI generic-param)`, and shows each parameter as it goes by.
    #[inline(always)]
    pub(crate) fn read(text: &'a str, mut each: impl FnMut(Parameter<'a>)) -> Parsed<'a, Self> {
        let mut reader = Reader::new(text);
        while let Some(parameter) = reader.next()? {
            each(parameter);
        }
        Ok(reader.finish())
    }

    /// The parameters as they stand, with the semicolon before each.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }

    /// The parameters, in order.
    #[must_use]
    pub const fn iter(self) -> ParametersIter<'a> {
        ParametersIter(self.0)
    }

    /// The first parameter of this name, in any case.
    #[must_use]
    pub fn find(self, name: &str) -> Option<Parameter<'a>> {
        self.iter().find(|parameter| parameter.is(name))
    }
}

impl<'a> Parameter<'a> {
    /// Whether this is its name, in any case.
    #[must_use]
    #[inline]
    pub fn is(&self, name: &str) -> bool {
        self.name == name || self.name.eq_ignore_ascii_case(name)
    }

    /// The value without quotes and escapes; `None` without `=`.
    #[must_use]
    pub fn unquoted(&self) -> Option<alloc::borrow::Cow<'a, str>> {
        self.value.map(crate::quoted::unquote)
    }
}

/// Reads parameters one by one. Empty ones are passed over: `;;` and a trailing `;` are common.
pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    #[inline(always)]
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    #[inline(always)]
    pub(crate) fn next(&mut self) -> Result<Option<Parameter<'a>>, nom::Err<Fault>> {
        if let Some((name, value, end)) = grammar::usual_param(self.text, self.at) {
            self.at = end;
            return Ok(Some(Parameter { name, value }));
        }
        if self.at == self.text.len() {
            return Ok(None);
        }
        self.any()
    }

    /// Reads a parameter however it is written.
    #[cold]
    fn any(&mut self) -> Result<Option<Parameter<'a>>, nom::Err<Fault>> {
        loop {
            let before = grammar::sws(self.text.split_at(self.at).1);
            if before.as_bytes().first() != Some(&b';') {
                // White space behind the last parameter is not for this to take.
                return Ok(None);
            }
            let after = grammar::sws(before.split_at(1).1);
            if let None | Some(b';' | b',') = after.as_bytes().first() {
                self.at = self.text.len() - after.len();
                continue;
            }
            let (rest, (name, value)) = grammar::generic_param(after)?;
            self.at = self.text.len() - rest.len();
            return Ok(Some(Parameter { name, value }));
        }
    }

    /// What is left, and all parameters.
    #[inline(always)]
    pub(crate) fn finish(self) -> (&'a str, Parameters<'a>) {
        let (read, rest) = self.text.split_at(self.at);
        (rest, Parameters(read))
    }
}

/// The iterator of [`Parameters::iter`].
#[derive(Debug, Clone)]
pub struct ParametersIter<'a>(&'a str);

impl<'a> Iterator for ParametersIter<'a> {
    type Item = Parameter<'a>;

    fn next(&mut self) -> Option<Parameter<'a>> {
        loop {
            let before = grammar::sws(self.0);
            let after = grammar::sws(before.strip_prefix(';')?);
            if let Ok((rest, (name, value))) = grammar::generic_param(after) {
                self.0 = rest;
                return Some(Parameter { name, value });
            }
            self.0 = after;
        }
    }
}

impl<'a> IntoIterator for Parameters<'a> {
    type Item = Parameter<'a>;
    type IntoIter = ParametersIter<'a>;

    fn into_iter(self) -> ParametersIter<'a> {
        self.iter()
    }
}

impl fmt::Display for Parameters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn read(text: &str) -> Vec<(&str, Option<&str>)> {
        let (rest, parameters) = Parameters::read(text, |_| {}).unwrap();
        assert_eq!(grammar::sws(rest), "");
        parameters.iter().map(|p| (p.name, p.value)).collect()
    }

    #[test]
    fn values_are_tokens_or_quoted_or_absent() {
        assert_eq!(
            read(";a;b=1 ; c = \"x;y\" "),
            [("a", None), ("b", Some("1")), ("c", Some("\"x;y\""))]
        );
    }

    #[test]
    fn empty_parameters_are_passed_over() {
        assert_eq!(read(";;a=1;"), [("a", Some("1"))]);
    }

    #[test]
    fn an_open_quote_is_an_error() {
        assert!(Parameters::read(";a=\"x", |_| {}).is_err());
    }
}
