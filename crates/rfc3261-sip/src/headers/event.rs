//! Event (RFC 6665 §8.2.1) and Subscription-State (§8.2.3).

use super::Header;
use crate::{
    HeaderName, Parameters, ParseError,
    grammar::{self, Parsed},
};

/// What is subscribed to, published or notified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// The package and its templates, `presence.winfo` for instance, as it was written. Case
    /// matters.
    pub package: &'a str,
    /// Its parameters.
    pub parameters: Parameters<'a>,
}

/// How a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionState<'a> {
    /// `active`, `pending`, `terminated` or another token, as it was written.
    pub state: &'a str,
    /// Its parameters.
    pub parameters: Parameters<'a>,
}

impl<'a> Event<'a> {
    /// Which of several subscriptions to the same package in a dialog.
    #[must_use]
    pub fn id(&self) -> Option<&'a str> {
        self.parameters.find("id")?.value
    }
}

impl<'a> SubscriptionState<'a> {
    /// Whether it is `active`.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state.eq_ignore_ascii_case("active")
    }

    /// Whether it is `terminated`.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        self.state.eq_ignore_ascii_case("terminated")
    }

    /// Why it ended.
    #[must_use]
    pub fn reason(&self) -> Option<&'a str> {
        self.parameters.find("reason")?.value
    }

    /// In how many seconds it ends.
    #[must_use]
    pub fn expires(&self) -> Option<u32> {
        seconds(self.parameters, "expires")
    }

    /// In how many seconds to subscribe again.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        seconds(self.parameters, "retry-after")
    }
}

impl<'a> Header<'a> for Event<'a> {
    const NAME: HeaderName = HeaderName::Event;

    fn parse(text: &'a str) -> Result<Self, ParseError> {
        let (package, parameters) = grammar::whole(with_parameters, text, Self::NAME.rule())?;
        Ok(Self {
            package,
            parameters,
        })
    }
}

impl<'a> Header<'a> for SubscriptionState<'a> {
    const NAME: HeaderName = HeaderName::SubscriptionState;

    fn parse(text: &'a str) -> Result<Self, ParseError> {
        let (state, parameters) = grammar::whole(with_parameters, text, Self::NAME.rule())?;
        Ok(Self { state, parameters })
    }
}

/// `token *( SEMI generic-param )`
fn with_parameters(text: &str) -> Parsed<'_, (&str, Parameters<'_>)> {
    let (rest, token) = grammar::token(text)?;
    let (rest, parameters) = Parameters::read(rest, |_| {})?;
    Ok((rest, (token, parameters)))
}

fn seconds(parameters: Parameters<'_>, name: &str) -> Option<u32> {
    match grammar::delta_seconds(parameters.find(name)?.value?) {
        Ok(("", seconds)) => Some(seconds),
        _ => None,
    }
}
