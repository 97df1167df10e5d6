//! Session (RFC 2326 §3.4, §12.37).

use core::fmt;

use nom::Parser;
use nom::bytes::complete::take_till1;
use nom::multi::fold_many0;
use nom::sequence::preceded;

use super::{Header, single};
use crate::error::Rule;
use crate::grammar::{Parsed, expected, lws, parameter, symbol};
use crate::{ErrorKind, HeaderName, ParseError};

/// A session identifier, and in a response how long the session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Session<'a> {
    /// The identifier, opaque.
    pub id: &'a str,
    /// How many seconds the server waits between requests, if it says so; see
    /// [`timeout_or_default`](Self::timeout_or_default).
    pub timeout: Option<u32>,
    fault: Option<ParseError>,
}

/// The timeout where a server says none, in seconds.
const DEFAULT_TIMEOUT: u32 = 60;

static ID: Rule = Rule::new("Session", "RFC 2326 §3.4");

impl<'a> Session<'a> {
    /// An identifier of letters, digits, `$`, `-`, `_`, `.` and `+`; `None` otherwise.
    ///
    /// A server chooses it at random, of eight characters at least (§3.4).
    pub fn new(id: &'a str) -> Option<Self> {
        (!id.is_empty() && invalid_at(id).is_none()).then_some(Self {
            id,
            timeout: None,
            fault: None,
        })
    }

    /// This session with a timeout in seconds.
    #[must_use]
    pub const fn with_timeout(self, seconds: u32) -> Self {
        Self {
            timeout: Some(seconds),
            ..self
        }
    }

    /// The timeout in seconds: 60 where the server says none.
    pub fn timeout_or_default(&self) -> u32 {
        self.timeout.unwrap_or(DEFAULT_TIMEOUT)
    }
}

impl<'a> Header<'a> for Session<'a> {
    const NAME: HeaderName = HeaderName::Session;

    fn read(value: &'a str) -> Result<(Self, &'a str), ParseError> {
        single(value, Self::NAME.rule(), |input| session(input))
    }

    /// An identifier with characters that it should not have, or a timeout that is no number.
    fn fault(&self) -> Option<ParseError> {
        self.fault
    }
}

/// `session-id [ ";" "timeout" "=" delta-seconds ]`, other parameters skipped.
fn session(input: &str) -> Parsed<'_, Session<'_>> {
    let rule = HeaderName::Session.rule();
    let id = preceded(lws, take_till1(|c| c == ';'));
    let (rest, id) = expected("a session-id", id).parse(input)?;
    let id = id.trim_ascii_end();
    let fault = invalid_at(id).map(|at| {
        ParseError::new(
            ErrorKind::Syntax,
            at,
            "a letter, a digit or one of $-_.+",
            &ID,
        )
    });
    let set = |mut session: Session<'static>,
               (at, (name, value)): (usize, (&str, Option<&str>))| {
        if name.eq_ignore_ascii_case("timeout") {
            match value.map(str::parse) {
                Some(Ok(seconds)) => session.timeout = Some(seconds),
                _ => {
                    let error = ParseError::new(ErrorKind::Syntax, at, "timeout=1*DIGIT", rule);
                    session.fault = session.fault.or(Some(error));
                }
            }
        }
        session
    };
    let placed = |rest| {
        let at = input.len() - str::len(rest);
        parameter.map(move |parameter| (at, parameter)).parse(rest)
    };
    let empty = move || Session {
        id: "",
        timeout: None,
        fault,
    };
    let (rest, session) = fold_many0(preceded(symbol(';'), placed), empty, set).parse(rest)?;
    Ok((rest, Session { id, ..session }))
}

/// Where the first character is that no session identifier has.
fn invalid_at(id: &str) -> Option<usize> {
    id.bytes()
        .position(|b| !b.is_ascii_alphanumeric() && !b"$-_.+".contains(&b))
}

impl fmt::Display for Session<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)?;
        match self.timeout {
            Some(seconds) => write!(f, ";timeout={seconds}"),
            None => Ok(()),
        }
    }
}
