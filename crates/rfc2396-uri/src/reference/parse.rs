//! Where the components of a URI reference are (RFC 3986 §3, Appendix A).

use crate::chars::{self, is};
use crate::error::Rule;
use crate::percent::bad_escape;
use crate::text::slice;
use crate::{ErrorKind, Host, MAX_LENGTH, ParseError};

/// The places of the components in the text, in bytes from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Index {
    pub(crate) has_authority: bool,
    /// After the colon; 0 without a scheme.
    pub(crate) scheme_end: u16,
    pub(crate) host_start: u16,
    pub(crate) host_end: u16,
    pub(crate) path_start: u16,
    pub(crate) path_end: u16,
    /// End of the query, or `path_end` without one; here the `#` is, if there is a fragment.
    pub(crate) query_end: u16,
}

impl Index {
    pub(crate) fn parse(text: &str) -> Result<Self, ParseError> {
        if text.len() > MAX_LENGTH {
            return Err(ParseError::new(ErrorKind::TooLong, MAX_LENGTH, &LENGTH));
        }
        let bytes = text.as_bytes();
        let find = |from: usize, stop: fn(u8) -> bool| {
            let rest = bytes.get(from..).unwrap_or_default();
            from + rest.iter().position(|b| stop(*b)).unwrap_or(rest.len())
        };
        let scheme_end = match find(0, |b| matches!(b, b':' | b'/' | b'?' | b'#')) {
            colon if bytes.get(colon) == Some(&b':') => colon + 1,
            _ => 0,
        };
        if scheme_end > 0 && !is_scheme(slice(text, 0, scheme_end - 1)) {
            return Err(ParseError::new(ErrorKind::Scheme, 0, &SCHEME));
        }
        let has_authority = text
            .get(scheme_end..)
            .is_some_and(|rest| rest.starts_with("//"));
        let (host_start, host_end, path_start) = if has_authority {
            let start = scheme_end + 2;
            let end = find(start, |b| matches!(b, b'/' | b'?' | b'#'));
            let (host_start, host_end) = authority(text, start, end)?;
            (host_start, host_end, end)
        } else {
            (scheme_end, scheme_end, scheme_end)
        };
        let path_end = find(path_start, |b| matches!(b, b'?' | b'#'));
        let query_end = find(path_end, |b| b == b'#');
        check(text, path_start, path_end, chars::PATH, &PATH)?;
        check(
            text,
            path_end.saturating_add(1),
            query_end,
            chars::QUERY,
            &QUERY,
        )?;
        check(
            text,
            query_end.saturating_add(1),
            text.len(),
            chars::QUERY,
            &FRAGMENT,
        )?;
        Ok(Self {
            has_authority,
            scheme_end: short(scheme_end),
            host_start: short(host_start),
            host_end: short(host_end),
            path_start: short(path_start),
            path_end: short(path_end),
            query_end: short(query_end),
        })
    }
}

static LENGTH: Rule = Rule {
    field: "URI",
    expected: "at most 65535 bytes",
    section: "RFC 3986 §3",
};
static SCHEME: Rule = Rule {
    field: "scheme",
    expected: "a letter, then letters, digits, +, - or .",
    section: "RFC 3986 §3.1",
};
static USERINFO: Rule = Rule {
    field: "user information",
    expected: "other characters escaped",
    section: "RFC 3986 §3.2.1",
};
static HOST: Rule = Rule {
    field: "host",
    expected: "a name or an address",
    section: "RFC 3986 §3.2.2",
};
static PORT: Rule = Rule {
    field: "port",
    expected: "digits",
    section: "RFC 3986 §3.2.3",
};
static PATH: Rule = Rule {
    field: "path",
    expected: "other characters escaped",
    section: "RFC 3986 §3.3",
};
static QUERY: Rule = Rule {
    field: "query",
    expected: "other characters escaped",
    section: "RFC 3986 §3.4",
};
static FRAGMENT: Rule = Rule {
    field: "fragment",
    expected: "other characters escaped",
    section: "RFC 3986 §3.5",
};

pub(crate) fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| is(b, chars::SCHEME))
}

/// Start and end of the host in the authority between two offsets.
fn authority(text: &str, start: usize, end: usize) -> Result<(usize, usize), ParseError> {
    let authority = slice(text, start, end);
    let host_start = authority.find('@').map_or(start, |at| start + at + 1);
    if host_start > start {
        check(text, start, host_start - 1, chars::USERINFO, &USERINFO)?;
    }
    let host_port = slice(text, host_start, end);
    let host_length = if host_port.starts_with('[') {
        host_port.find(']').map_or(host_port.len(), |at| at + 1)
    } else {
        host_port.find(':').unwrap_or(host_port.len())
    };
    let host_end = host_start + host_length;
    let host = slice(text, host_start, host_end);
    if host.starts_with('[') {
        if Host::parse(host).is_none() {
            return Err(ParseError::new(ErrorKind::Host, host_start, &HOST));
        }
    } else {
        check(text, host_start, host_end, chars::REG_NAME, &HOST)?;
    }
    match slice(text, host_end, end).as_bytes() {
        [] => Ok((host_start, host_end)),
        [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => Ok((host_start, host_end)),
        _ => Err(ParseError::new(ErrorKind::Port, host_end, &PORT)),
    }
}

/// Refuses what may not stand in a component.
fn check(
    text: &str,
    start: usize,
    end: usize,
    class: u16,
    rule: &'static Rule,
) -> Result<(), ParseError> {
    let part = slice(text, start, end);
    if let Some(at) = part.bytes().position(|b| !is(b, class) && b != b'%') {
        return Err(ParseError::new(ErrorKind::Character, start + at, rule));
    }
    match bad_escape(part) {
        Some(at) => Err(ParseError::new(ErrorKind::Escape, start + at, rule)),
        None => Ok(()),
    }
}

/// An offset into a text no longer than [`MAX_LENGTH`].
fn short(offset: usize) -> u16 {
    u16::try_from(offset).unwrap_or(u16::MAX)
}
