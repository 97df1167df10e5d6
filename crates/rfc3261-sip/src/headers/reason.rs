//! Reason (RFC 3326 §2) and User-to-User (RFC 7433 §4.1).

use alloc::borrow::Cow;

use super::Header;
use crate::{
    HeaderName, Parameters, ParseError,
    grammar::{self, Parsed},
};

/// Why a request was sent, or a call ended, in the terms of one protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason<'a> {
    /// `SIP`, `Q.850` or another, as it was written: compare it without regard to case.
    pub protocol: &'a str,
    /// Its parameters.
    pub parameters: Parameters<'a>,
}

/// Data of the caller's application for the callee's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserToUser<'a> {
    data: &'a str,
    /// Its parameters: `encoding`, `purpose`, `content`.
    pub parameters: Parameters<'a>,
}

impl<'a> Reason<'a> {
    /// The protocol's code: a status code of SIP, a cause value of Q.850.
    #[must_use]
    pub fn cause(&self) -> Option<u32> {
        self.parameters.find("cause")?.value?.parse().ok()
    }

    /// The text for people, without quotes and escapes.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'a, str>> {
        self.parameters.find("text")?.unquoted()
    }
}

impl<'a> UserToUser<'a> {
    /// The data without quotes and escapes: hexadecimal digits unless `encoding` says otherwise.
    #[must_use]
    pub fn data(&self) -> Cow<'a, str> {
        crate::unquote(self.data)
    }
}

impl<'a> Header<'a> for Reason<'a> {
    const NAME: HeaderName = HeaderName::Reason;

    fn parse(text: &'a str) -> Result<Self, ParseError> {
        let reason = |text| {
            let (rest, protocol) = grammar::token(text)?;
            let (rest, parameters) = Parameters::read(rest, |_| {})?;
            Ok((
                rest,
                Self {
                    protocol,
                    parameters,
                },
            ))
        };
        grammar::whole(reason, text, Self::NAME.rule())
    }
}

impl<'a> Header<'a> for UserToUser<'a> {
    const NAME: HeaderName = HeaderName::UserToUser;

    fn parse(text: &'a str) -> Result<Self, ParseError> {
        grammar::whole(user_to_user, text, Self::NAME.rule())
    }
}

/// `(token / quoted-string) *(SEMI generic-param)`
fn user_to_user(text: &str) -> Parsed<'_, UserToUser<'_>> {
    let (rest, data) = match text.starts_with('"') {
        true => grammar::quoted_string(text)?,
        false => grammar::token(text)?,
    };
    let (rest, parameters) = Parameters::read(rest, |_| {})?;
    Ok((rest, UserToUser { data, parameters }))
}
