//! Where the parts of a SIP URI are (RFC 3261 §25.1), found in one pass.

use crate::error::Rule;
use crate::{ErrorKind, Host, MAX_LENGTH, ParseError};

/// The places of the parts in the text, in bytes from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Index {
    pub(crate) secure: bool,
    pub(crate) scheme_end: u16,
    /// End of the user: at the `:` of the password or the `@`; `scheme_end` also without a user.
    pub(crate) user_end: u16,
    /// After the `@`, if there is one.
    pub(crate) host_start: u16,
    pub(crate) host_end: u16,
    pub(crate) port: Option<u16>,
    /// After the port, if there is one; here the parameters start.
    pub(crate) port_end: u16,
    /// Here the headers start.
    pub(crate) parameters_end: u16,
}

impl Index {
    #[inline]
    pub(crate) fn parse(text: &str) -> Result<Self, ParseError> {
        match Self::usual(text.as_bytes()) {
            Some((index, end)) if end == text.len() => Ok(index),
            _ => Self::any(text),
        }
    }

    /// Reads a URI at the start of `bytes` if it is like nearly all: with nothing strange in the
    /// user. Also says where it ends; the caller knows what may follow there.
    #[inline(always)]
    pub(crate) fn usual(bytes: &[u8]) -> Option<(Self, usize)> {
        let (secure, start) = scheme(bytes).ok()?;
        let mut user_end = run(bytes, start, stops::SHORT_USER);
        let mut stop = user_end;
        if bytes.get(stop) == Some(&b':') {
            stop = run(bytes, stop + 1, stops::SHORT_USER);
        }
        let host_start = if bytes.get(stop) == Some(&b'@') {
            stop + 1
        } else {
            // If there is a user all the same, what is read instead ends at its `@`.
            user_end = start;
            start
        };
        let (index, end) = Self::after_user(bytes, secure, (start, user_end, host_start)).ok()?;
        (end <= MAX_LENGTH).then_some((index, end))
    }

    /// Reads any URI that fills `text`. A user cannot hold `@`, but where somebody sends one, the
    /// host is what follows the last.
    #[cold]
    fn any(text: &str) -> Result<Self, ParseError> {
        let bytes = text.as_bytes();
        if bytes.len() > MAX_LENGTH {
            return Err(ParseError::new(ErrorKind::TooLong, MAX_LENGTH, &LENGTH));
        }
        let (secure, start) = scheme(bytes)?;
        let parts = match memchr::memrchr(b'@', rest(bytes, start)) {
            None => (start, start, start),
            Some(length) => {
                let user_info = rest(bytes, start).get(..length).unwrap_or_default();
                let foreign = run(user_info, 0, stops::FOREIGN);
                if foreign < length {
                    let at = start + foreign;
                    return Err(ParseError::new(ErrorKind::Character, at, &CHARACTER));
                }
                let user_end = memchr::memchr(b':', user_info).unwrap_or(length);
                (start, start + user_end, start + length + 1)
            }
        };
        let (index, end) = Self::after_user(bytes, secure, parts)?;
        if end == bytes.len() {
            return Ok(index);
        }
        let (kind, rule) = if end > usize::from(index.port_end) {
            (ErrorKind::Character, &CHARACTER)
        } else if index.port_end > index.host_end {
            (ErrorKind::Port, &PORT)
        } else {
            (ErrorKind::Character, &AFTER_HOST)
        };
        Err(ParseError::new(kind, end, rule))
    }

    /// Finds what follows the user, once it is known where the scheme, the user and the user
    /// information end; and where that ends.
    #[inline(always)]
    fn after_user(
        bytes: &[u8],
        secure: bool,
        (scheme_end, user_end, host_start): (usize, usize, usize),
    ) -> Result<(Self, usize), ParseError> {
        let host_end = host_end(bytes, host_start)?;
        let (port, port_end) = port(bytes, host_end)?;
        let mut parameters_end = port_end;
        if bytes.get(port_end) == Some(&b';') {
            parameters_end = run_of_blocks(bytes, port_end + 1, stops::PARAMETERS);
        }
        let mut end = parameters_end;
        if bytes.get(parameters_end) == Some(&b'?') {
            end = run_of_blocks(bytes, parameters_end + 1, stops::HEADERS);
        }
        let index = Self {
            secure,
            scheme_end: scheme_end as u16,
            user_end: user_end as u16,
            host_start: host_start as u16,
            host_end: host_end as u16,
            port,
            port_end: port_end as u16,
            parameters_end: parameters_end as u16,
        };
        Ok((index, end))
    }

    pub(crate) fn has_user(&self) -> bool {
        self.host_start > self.scheme_end
    }

    pub(crate) fn has_password(&self) -> bool {
        self.has_user() && self.user_end.saturating_add(1) < self.host_start
    }
}

static LENGTH: Rule = Rule {
    field: "URI",
    expected: "at most 65535 bytes",
    section: "RFC 3261 §21.4.12",
};
static SCHEME: Rule = Rule {
    field: "scheme",
    expected: "sip: or sips:",
    section: "RFC 3261 §19.1.1",
};
static CHARACTER: Rule = Rule {
    field: "URI",
    expected: "space, controls, <, > and quotes escaped",
    section: "RFC 3261 §19.1.2",
};
static HOST: Rule = Rule {
    field: "host",
    expected: "a name or an address",
    section: "RFC 3261 §25.1",
};
static AFTER_HOST: Rule = Rule {
    field: "URI",
    expected: ":, ; or ? after the host",
    section: "RFC 3261 §25.1",
};
static PORT: Rule = Rule {
    field: "port",
    expected: "0 to 65535",
    section: "RFC 3261 §25.1",
};

#[inline(always)]
fn scheme(bytes: &[u8]) -> Result<(bool, usize), ParseError> {
    // Bit five makes letters lower case, and nothing else a letter of these.
    match bytes {
        [s, i, p, b':', ..] if [s | 0x20, i | 0x20, p | 0x20] == *b"sip" => Ok((false, 4)),
        [s, i, p, t, b':', ..] if [s | 0x20, i | 0x20, p | 0x20, t | 0x20] == *b"sips" => {
            Ok((true, 5))
        }
        _ => Err(ParseError::new(ErrorKind::Scheme, 0, &SCHEME)),
    }
}

/// What ends which part: sets of bytes as bits of one table.
mod stops {
    use crate::chars;

    /// A byte that no URI can hold.
    pub(super) const FOREIGN: u8 = 1;
    /// What ends a plain user or password: `@`, or what may or may not belong to it.
    pub(super) const SHORT_USER: u8 = 1 << 1;
    pub(super) const HOST: u8 = 1 << 2;
    pub(super) const PARAMETERS: u8 = 1 << 3;
    pub(super) const HEADERS: u8 = 1 << 4;

    pub(super) static TABLE: [u8; 256] = table();

    const fn table() -> [u8; 256] {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            let b = byte as u8;
            let mut set = 0;
            if chars::is_foreign(b) {
                set |= FOREIGN | SHORT_USER | PARAMETERS | HEADERS;
            }
            if matches!(b, b'@' | b':' | b';' | b'?') {
                set |= SHORT_USER;
            }
            if !chars::is(b, chars::HOST) {
                set |= HOST;
            }
            if matches!(b, b'@' | b'?') {
                set |= PARAMETERS;
            }
            if b == b'@' {
                set |= HEADERS;
            }
            table[byte] = set;
            byte += 1;
        }
        table
    }
}

/// Where the first byte of `stop` is, from `from` on.
#[inline(always)]
fn run(bytes: &[u8], from: usize, stop: u8) -> usize {
    let stops = |byte: u8| stops::TABLE[usize::from(byte)] & stop != 0;
    let mut at = from;
    let mut left = rest(bytes, from);
    // Four at a time: fewer comparisons with the end.
    while let Some(([a, b, c, d], after)) = left.split_first_chunk() {
        if stops(*a) {
            return at;
        }
        if stops(*b) {
            return at + 1;
        }
        if stops(*c) {
            return at + 2;
        }
        if stops(*d) {
            return at + 3;
        }
        at += 4;
        left = after;
    }
    at + left.iter().take_while(|byte| !stops(**byte)).count()
}

/// As [`run`], in blocks of eight: faster from there on.
#[inline(always)]
fn run_of_blocks(bytes: &[u8], from: usize, stop: u8) -> usize {
    let mut at = from;
    let mut left = rest(bytes, from);
    while let Some((block, after)) = left.split_first_chunk::<8>() {
        let all = |all, b: &u8| all | stops::TABLE[usize::from(*b)];
        if block.iter().fold(0, all) & stop != 0 {
            break;
        }
        at += 8;
        left = after;
    }
    run(bytes, at, stop)
}

/// The bytes from an offset on.
#[inline]
fn rest(bytes: &[u8], from: usize) -> &[u8] {
    bytes.get(from..).unwrap_or_default()
}

/// Where the host that begins at `start` ends.
#[inline(always)]
fn host_end(bytes: &[u8], start: usize) -> Result<usize, ParseError> {
    let end = match bytes.get(start) {
        Some(b'[') => bracketed_host_end(bytes, start),
        _ => run(bytes, start, stops::HOST),
    };
    if end > start {
        Ok(end)
    } else {
        Err(ParseError::new(ErrorKind::Host, start, &HOST))
    }
}

/// Where the address in brackets that begins at `start` ends; at its start if it is none.
fn bracketed_host_end(bytes: &[u8], start: usize) -> usize {
    let end = memchr::memchr(b']', rest(bytes, start)).map(|length| start + length + 1);
    let host = end.and_then(|end| core::str::from_utf8(bytes.get(start..end)?).ok());
    match host.and_then(Host::parse) {
        Some(_) => end.unwrap_or(start),
        None => start,
    }
}

/// The port after the host, and where it ends. A colon alone counts as no port.
#[inline(always)]
fn port(bytes: &[u8], host_end: usize) -> Result<(Option<u16>, usize), ParseError> {
    let Some([b':', digits @ ..]) = bytes.get(host_end..) else {
        return Ok((None, host_end));
    };
    let mut value = 0;
    let mut length = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = 10 * value + u32::from(digit);
        if value > u32::from(u16::MAX) {
            return Err(ParseError::new(ErrorKind::Port, host_end + 1, &PORT));
        }
        length += 1;
    }
    let port = (length > 0).then_some(value as u16);
    Ok((port, host_end + 1 + length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_read_as_usual_is_read_the_same_otherwise(
            text in "(sips?|SIP):([ab@:;?=.<>]|\\[::1\\]|:5060|é|;lr|%40){0,12}",
        ) {
            if let Some((index, end)) = Index::usual(text.as_bytes()) {
                let uri = &text[..end];
                let rest = &text[end..];
                // A user with an `@` in it may go on.
                if !rest.contains('@') {
                    prop_assert_eq!(Index::any(uri), Ok(index));
                }
                if rest.is_empty() {
                    prop_assert_eq!(Index::parse(&text), Ok(index));
                }
            }
        }
    }
}
