//! Where the parts of a SIP URI are (RFC 3261 §25.1), found in one pass.

use crate::chars::{self, is};
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
        let (secure, scheme_end) = scheme(bytes)?;
        if let Some(at) = bytes.iter().position(|b| chars::is_foreign(*b)) {
            return Err(ParseError::new(ErrorKind::Character, at, &CHARACTER));
        }
        let after_scheme = bytes.get(scheme_end..).unwrap_or_default();
        // A user cannot hold `@`, but where somebody sends one, the host is what follows the last.
        let at = memchr::memrchr(b'@', after_scheme);
        let host_start = at.map_or(scheme_end, |at| scheme_end + at + 1);
        let user_end = match at {
            None => scheme_end,
            Some(at) => {
                let user_info = after_scheme.get(..at).unwrap_or_default();
                scheme_end + memchr::memchr(b':', user_info).unwrap_or(at)
            }
        };

        let host_end = host_start + host_length(bytes.get(host_start..).unwrap_or_default());
        check_host(text, host_start, host_end)?;
        let (port, port_end) = port(bytes, host_end)?;
        let tail = bytes.get(port_end..).unwrap_or_default();
        let parameters_end = port_end
            + match tail {
                [] | [b'?', ..] => 0,
                [b';', ..] => memchr::memchr(b'?', tail).unwrap_or(tail.len()),
                _ => return Err(ParseError::new(ErrorKind::Character, port_end, &HOST_PORT)),
            };
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
static HOST_PORT: Rule = Rule {
    field: "host",
    expected: ":, ; or ? after it",
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

/// How many bytes at the start of `rest` are a host.
fn host_length(rest: &[u8]) -> usize {
    if rest.first() == Some(&b'[') {
        memchr::memchr(b']', rest).map_or(0, |at| at + 1)
    } else {
        rest.iter()
            .position(|b| !is(*b, chars::HOST))
            .unwrap_or(rest.len())
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
