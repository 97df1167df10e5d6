//! Session timers: Session-Expires (RFC 4028 §4) and Min-SE (§5).

use super::Header;
use crate::{
    HeaderName, Parameters, ParseError,
    grammar::{self, Parsed},
};

/// When the session ends unless it is refreshed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionExpires<'a> {
    /// In how many seconds.
    pub seconds: u32,
    /// Its parameters.
    pub parameters: Parameters<'a>,
}

/// The shortest session interval that its sender, or a proxy, takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinSe<'a> {
    /// In seconds.
    pub seconds: u32,
    /// Its parameters.
    pub parameters: Parameters<'a>,
}

/// Who refreshes the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refresher {
    /// The client of the transaction that the header is in.
    Uac,
    /// Its server.
    Uas,
}

impl SessionExpires<'_> {
    /// Who refreshes the session, if that is said already.
    #[must_use]
    pub fn refresher(&self) -> Option<Refresher> {
        let value = self.parameters.find("refresher")?.value?;
        if value.eq_ignore_ascii_case("uac") {
            Some(Refresher::Uac)
        } else if value.eq_ignore_ascii_case("uas") {
            Some(Refresher::Uas)
        } else {
            None
        }
    }
}

impl<'a> Header<'a> for SessionExpires<'a> {
    const NAME: HeaderName = HeaderName::SessionExpires;

    fn parse(text: &'a str) -> Result<Self, ParseError> {
        let (seconds, parameters) = grammar::whole(with_parameters, text, Self::NAME.rule())?;
        Ok(Self {
            seconds,
            parameters,
        })
    }
}

impl<'a> Header<'a> for MinSe<'a> {
    const NAME: HeaderName = HeaderName::MinSe;

    fn parse(text: &'a str) -> Result<Self, ParseError> {
        let (seconds, parameters) = grammar::whole(with_parameters, text, Self::NAME.rule())?;
        Ok(Self {
            seconds,
            parameters,
        })
    }
}

/// `delta-seconds *(SEMI generic-param)`
fn with_parameters(text: &str) -> Parsed<'_, (u32, Parameters<'_>)> {
    let (rest, seconds) = grammar::delta_seconds(text)?;
    let (rest, parameters) = Parameters::read(rest, |_| {})?;
    Ok((rest, (seconds, parameters)))
}
