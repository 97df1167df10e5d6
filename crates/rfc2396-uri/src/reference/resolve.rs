//! Reference resolution (RFC 3986 §5.2).

use alloc::string::String;

use super::UriReference;
use crate::error::Rule;
use crate::{ErrorKind, ParseError};

impl<S: AsRef<str>> UriReference<S> {
    /// The target of `reference` as seen from this URI, which must have a scheme.
    ///
    /// Strict in the sense of RFC 3986 §5.2.2: a reference with a scheme stands for itself, even if
    /// the scheme is that of the base.
    ///
    /// # Errors
    ///
    /// A base without scheme, or a target longer than [`MAX_LENGTH`](crate::MAX_LENGTH).
    pub fn resolve<T: AsRef<str>>(
        &self,
        reference: &UriReference<T>,
    ) -> Result<UriReference<String>, ParseError> {
        let (base, r) = (self.view(), reference.view());
        let Some(base_scheme) = base.scheme() else {
            return Err(ParseError::new(ErrorKind::Scheme, 0, &BASE));
        };
        let (authority, path, query) = if r.scheme().is_some() || r.authority().is_some() {
            (r.authority(), remove_dot_segments(r.path()), r.query())
        } else if r.path().is_empty() {
            (
                base.authority(),
                String::from(base.path()),
                r.query().or(base.query()),
            )
        } else if r.path().starts_with('/') {
            (base.authority(), remove_dot_segments(r.path()), r.query())
        } else {
            (
                base.authority(),
                remove_dot_segments(&merge(&base, r.path())),
                r.query(),
            )
        };
        let parts = Parts {
            scheme: Some(r.scheme().unwrap_or(base_scheme)),
            authority,
            path: &path,
            query,
            fragment: r.fragment(),
        };
        UriReference::parse(parts.recompose())
    }
}

static BASE: Rule = Rule {
    field: "base URI",
    expected: "a scheme",
    section: "RFC 3986 §5.1",
};

/// The five components, to be put together again.
pub(super) struct Parts<'a> {
    pub(super) scheme: Option<&'a str>,
    pub(super) authority: Option<&'a str>,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) fragment: Option<&'a str>,
}

impl Parts<'_> {
    /// RFC 3986 §5.3. A path that begins with two slashes gets `/.` before it where it would be
    /// taken for an authority (§3.3 forbids it to stand there as it is).
    pub(super) fn recompose(&self) -> String {
        let mut text = String::new();
        if let Some(scheme) = self.scheme {
            text.push_str(scheme);
            text.push(':');
        }
        if let Some(authority) = self.authority {
            text.push_str("//");
            text.push_str(authority);
        } else if self.path.starts_with("//") {
            text.push_str("/.");
        }
        text.push_str(self.path);
        if let Some(query) = self.query {
            text.push('?');
            text.push_str(query);
        }
        if let Some(fragment) = self.fragment {
            text.push('#');
            text.push_str(fragment);
        }
        text
    }
}

/// RFC 3986 §5.2.3.
fn merge(base: &UriReference<&str>, path: &str) -> String {
    let directory = match base.path() {
        "" if base.authority().is_some() => "/",
        base => base
            .rfind('/')
            .map_or("", |at| crate::text::slice(base, 0, at.saturating_add(1))),
    };
    [directory, path].concat()
}

/// RFC 3986 §5.2.4.
pub(super) fn remove_dot_segments(path: &str) -> String {
    let mut input = path;
    let mut output = String::with_capacity(path.len());
    while !input.is_empty() {
        let segment_end = input
            .get(1..)
            .and_then(|tail| tail.find('/'))
            .map_or(input.len(), |at| at + 1);
        let (segment, rest) = input.split_at_checked(segment_end).unwrap_or((input, ""));
        // The slash before the next segment is part of it; after a last `.` or `..` one is left.
        let rest_or_slash = if rest.is_empty() { "/" } else { rest };
        match segment {
            "." | ".." => input = rest.strip_prefix('/').unwrap_or(rest),
            "/." => input = rest_or_slash,
            "/.." => {
                output.truncate(output.rfind('/').unwrap_or(0));
                input = rest_or_slash;
            }
            _ => {
                output.push_str(segment);
                input = rest;
            }
        }
    }
    output
}
