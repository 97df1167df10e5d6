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
    pub(crate) fn parse(text: &str) -> Result<Self, ParseError> {
        let bytes = text.as_bytes();
        if bytes.len() > MAX_LENGTH {
            return Err(ParseError::new(ErrorKind::TooLong, MAX_LENGTH, &LENGTH));
        }
        let (secure, start) = scheme(bytes)?;
        // Mostly the user or its password ends at the first `@`, with nothing strange before it.
        let user_end = start + run(rest(bytes, start), stops::SHORT_USER);
        let mut stop = user_end;
        if bytes.get(stop) == Some(&b':') {
            stop += 1;
            stop += run(rest(bytes, stop), stops::SHORT_USER);
        }
        if bytes.get(stop) == Some(&b'@') {
            let plain = Self::after_user(text, secure, (start, user_end, stop + 1));
            if plain.is_ok() || !rest(bytes, stop + 1).contains(&b'@') {
                return plain;
            }
        }
        // A user cannot hold `@`, but where somebody sends one, the host is what follows the last.
        let Some(length) = memchr::memrchr(b'@', rest(bytes, start)) else {
            return Self::after_user(text, secure, (start, start, start));
        };
        let user_info = rest(bytes, start).get(..length).unwrap_or_default();
        let foreign = run(user_info, stops::FOREIGN);
        if foreign < length {
            let at = start + foreign;
            return Err(ParseError::new(ErrorKind::Character, at, &CHARACTER));
        }
        let user_end = start + memchr::memchr(b':', user_info).unwrap_or(length);
        Self::after_user(text, secure, (start, user_end, start + length + 1))
    }

    /// Finds what follows the user, once it is known where the scheme, the user and the user
    /// information end.
    fn after_user(
        text: &str,
        secure: bool,
        (scheme_end, user_end, host_start): (usize, usize, usize),
    ) -> Result<Self, ParseError> {
        let bytes = text.as_bytes();
        let host_end = host_start + host_length(rest(bytes, host_start));
        check_host(text, host_start, host_end)?;
        let (port, port_end) = port(bytes, host_end)?;
        let mut parameters_end = port_end;
        if bytes.get(port_end) == Some(&b';') {
            parameters_end += run_of_blocks(rest(bytes, port_end), stops::PARAMETERS);
        }
        let mut end = parameters_end;
        if bytes.get(parameters_end) == Some(&b'?') {
            end += run_of_blocks(rest(bytes, parameters_end), stops::HEADERS);
        }
        if end < bytes.len() {
            let rule = if end == port_end {
                &AFTER_HOST
            } else {
                &CHARACTER
            };
            return Err(ParseError::new(ErrorKind::Character, end, rule));
        }
        Ok(Self {
            secure,
            scheme_end: short(scheme_end),
            user_end: short(user_end),
            host_start: short(host_start),
            host_end: short(host_end),
            port,
            port_end: short(port_end),
            parameters_end: short(parameters_end),
        })
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

fn scheme(bytes: &[u8]) -> Result<(bool, usize), ParseError> {
    match bytes {
        [b's' | b'S', b'i' | b'I', b'p' | b'P', b':', ..] => Ok((false, 4)),
        [b's' | b'S', b'i' | b'I', b'p' | b'P', b's' | b'S', b':', ..] => Ok((true, 5)),
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

/// How many bytes there are before the first of `stop`.
fn run(bytes: &[u8], stop: u8) -> usize {
    let stops = |b: &u8| stops::TABLE[usize::from(*b)] & stop != 0;
    bytes.iter().position(stops).unwrap_or(bytes.len())
}

/// As [`run`], in blocks of eight: faster from there on.
fn run_of_blocks(bytes: &[u8], stop: u8) -> usize {
    let clean = |block: &&[u8]| {
        block
            .iter()
            .fold(0, |all, b| all | stops::TABLE[usize::from(*b)])
            & stop
            == 0
    };
    let length = 8 * bytes.chunks_exact(8).take_while(clean).count();
    length + run(rest(bytes, length), stop)
}

/// The bytes from an offset on.
fn rest(bytes: &[u8], from: usize) -> &[u8] {
    bytes.get(from..).unwrap_or_default()
}

/// How many bytes at the start of `rest` are a host.
fn host_length(rest: &[u8]) -> usize {
    if rest.first() == Some(&b'[') {
        memchr::memchr(b']', rest).map_or(0, |at| at + 1)
    } else {
        run(rest, stops::HOST)
    }
}

fn check_host(text: &str, start: usize, end: usize) -> Result<(), ParseError> {
    let host = crate::text::slice(text, start, end);
    let good = match host.as_bytes() {
        [] => false,
        [b'[', ..] => Host::parse(host).is_some(),
        _ => true,
    };
    if good {
        Ok(())
    } else {
        Err(ParseError::new(ErrorKind::Host, start, &HOST))
    }
}

/// The port after the host, and where it ends. A colon alone counts as no port.
fn port(bytes: &[u8], host_end: usize) -> Result<(Option<u16>, usize), ParseError> {
    let Some([b':', digits @ ..]) = bytes.get(host_end..) else {
        return Ok((None, host_end));
    };
    let mut value: u16 = 0;
    let mut length = 0;
    for digit in digits.iter().take_while(|b| b.is_ascii_digit()) {
        value = value
            .checked_mul(10)
            .and_then(|v| v.checked_add(u16::from(digit - b'0')))
            .ok_or(ParseError::new(ErrorKind::Port, host_end + 1, &PORT))?;
        length += 1;
    }
    let end = host_end + 1 + length;
    match bytes.get(end) {
        None | Some(b';' | b'?') => Ok(((length > 0).then_some(value), end)),
        Some(_) => Err(ParseError::new(ErrorKind::Port, end, &PORT)),
    }
}

/// An offset into a text no longer than [`MAX_LENGTH`].
fn short(offset: usize) -> u16 {
    u16::try_from(offset).unwrap_or(u16::MAX)
}
