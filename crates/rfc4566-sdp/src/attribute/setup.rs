//! Who opens a connection and how it is secured: `a=setup`, `connection` (RFC 4145), `fingerprint` (RFC 8122).

use alloc::vec::Vec;

use nom::Parser;
use nom::sequence::preceded;

use super::Attribute;
use crate::error::{ErrorKind, ParseError, Rule};
use crate::grammar::{non_ws_string, sp, token, whole};
use crate::text::Text;
use crate::write::put;

static SETUP: Rule = Rule {
    field: "setup",
    expected: "active, passive, actpass or holdconn",
    section: "RFC 4145 §4",
};
static CONNECTION: Rule = Rule {
    field: "connection",
    expected: "new or existing",
    section: "RFC 4145 §5",
};
static FINGERPRINT: Rule = Rule {
    field: "fingerprint",
    expected: "a hash function, a space and octets in hexadecimal",
    section: "RFC 8122 §5",
};

/// `a=setup`: who opens the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setup {
    /// The writer opens it.
    Active,
    /// The writer waits.
    Passive,
    /// Either.
    ActPass,
    /// Nobody for the time being.
    HoldConn,
}

/// `a=connection`: whether a connection that exists is to be used further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionUse {
    /// A new one.
    New,
    /// The existing one, if there is one.
    Existing,
}

/// `a=fingerprint`: the hash of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint<'a> {
    /// The hash function, such as `sha-256`, compared without regard to case.
    pub hash_function: Text<'a>,
    /// The hash: octets in hexadecimal with colons between.
    pub fingerprint: Text<'a>,
}

impl Fingerprint<'_> {
    /// The octets of the hash; ends before the first that is not two hexadecimal digits.
    pub fn octets(&self) -> impl Iterator<Item = u8> {
        self.fingerprint
            .as_bytes()
            .split(|&byte| byte == b':')
            .map_while(|pair| match *pair {
                [high, low] => {
                    let (high, low) = (
                        char::from(high).to_digit(16)?,
                        char::from(low).to_digit(16)?,
                    );
                    u8::try_from(high << 4 | low).ok()
                }
                _ => None,
            })
    }
}

impl<'a> Attribute<'a> for Setup {
    const NAME: &'static str = "setup";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        match value.as_bytes().trim_ascii() {
            b"active" => Ok(Self::Active),
            b"passive" => Ok(Self::Passive),
            b"actpass" => Ok(Self::ActPass),
            b"holdconn" => Ok(Self::HoldConn),
            _ => Err(ParseError::new(ErrorKind::Unknown, 0, &SETUP)),
        }
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(match self {
            Self::Active => b"active",
            Self::Passive => b"passive",
            Self::ActPass => b"actpass",
            Self::HoldConn => b"holdconn",
        });
    }
}

impl<'a> Attribute<'a> for ConnectionUse {
    const NAME: &'static str = "connection";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        match value.as_bytes().trim_ascii() {
            b"new" => Ok(Self::New),
            b"existing" => Ok(Self::Existing),
            _ => Err(ParseError::new(ErrorKind::Unknown, 0, &CONNECTION)),
        }
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(match self {
            Self::New => b"new",
            Self::Existing => b"existing",
        });
    }
}

impl<'a> Attribute<'a> for Fingerprint<'a> {
    const NAME: &'static str = "fingerprint";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        let fields = (token, preceded(sp, non_ws_string));
        whole(
            value,
            &FINGERPRINT,
            fields.map(|(hash_function, fingerprint)| Self {
                hash_function,
                fingerprint,
            }),
        )
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        put::joined(out, b' ', &[self.hash_function, self.fingerprint]);
    }
}
