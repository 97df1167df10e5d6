//! Parameters after semicolons, of SIP and tel URIs alike (RFC 3261 §19.1.1, RFC 3966 §3).

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Range;

use crate::percent::{self, Case};
use crate::text::{offset, slice};

/// One parameter as it was received: `name` or `name=value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Parameter<'a> {
    text: &'a str,
    name_end: usize,
}

impl<'a> Parameter<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let name_end = text.bytes().position(|b| b == b'=').unwrap_or(text.len());
        Self { text, name_end }
    }

    /// The parameter as it stands in the URI.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// The name, escapes and case as received.
    pub fn name(&self) -> &'a str {
        slice(self.text, 0, self.name_end)
    }

    /// What follows the `=`, escapes as received; `None` if there is no `=`.
    pub fn value(&self) -> Option<&'a str> {
        self.text.get(self.name_end.checked_add(1)?..)
    }

    /// The value with its escapes undone.
    pub fn decoded_value(&self) -> Option<Cow<'a, str>> {
        self.value().map(percent::decode_lossy)
    }

    /// Whether this is the parameter `name`: without regard to case, and to escapes, so that
    /// `%74ransport` is `transport`.
    pub fn is(&self, name: &str) -> bool {
        let own = self.name();
        own.eq_ignore_ascii_case(name)
            || own.contains('%')
                && self
                    .folded_name()
                    .eq(name.bytes().map(|b| u16::from(b.to_ascii_lowercase())))
    }

    /// The name as it is compared, see [`percent::folded`].
    pub(crate) fn folded_name(&self) -> impl Iterator<Item = u16> + 'a {
        percent::folded(self.name(), Case::Ignored)
    }
}

/// The parameters of a URI in the order received. Empty ones (`;;`) are passed over.
#[derive(Clone, Debug)]
pub struct Parameters<'a> {
    rest: &'a str,
}

impl<'a> Parameters<'a> {
    /// `text` is empty or begins with a semicolon.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// The parameters as they stand in the URI, each with its semicolon.
    pub fn as_str(&self) -> &'a str {
        self.rest
    }

    /// The first parameter of that name, see [`Parameter::is`].
    pub fn find(mut self, name: &str) -> Option<Parameter<'a>> {
        Iterator::find(&mut self, |parameter| parameter.is(name))
    }
}

impl<'a> Iterator for Parameters<'a> {
    type Item = Parameter<'a>;

    fn next(&mut self) -> Option<Parameter<'a>> {
        loop {
            let text = self.rest.strip_prefix(';')?;
            let end = text.bytes().position(|b| b == b';').unwrap_or(text.len());
            let (parameter, rest) = text.split_at_checked(end)?;
            self.rest = rest;
            if !parameter.is_empty() {
                return Some(Parameter::new(parameter));
            }
        }
    }
}

/// Where parameters stand whose name was there before, as ranges of the text of `parameters`.
pub(crate) fn duplicates(parameters: Parameters<'_>) -> Vec<Range<usize>> {
    let text = parameters.as_str();
    let mut all: Vec<Parameter<'_>> = parameters.collect();
    all.sort_by(|a, b| a.folded_name().cmp(b.folded_name()));
    let mut spans: Vec<Range<usize>> = all
        .windows(2)
        .filter_map(|pair| match pair {
            [a, b] if a.folded_name().eq(b.folded_name()) => {
                let start = offset(text, b.text);
                Some(start..start.saturating_add(b.text.len()))
            }
            _ => None,
        })
        .collect();
    spans.sort_by_key(|span| span.start);
    spans
}
