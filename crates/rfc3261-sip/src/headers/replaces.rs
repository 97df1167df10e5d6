//! Dialogs named in requests outside of them: Replaces (RFC 3891 §6.1) and Join (RFC 3911 §7.1).

use super::Header;
use crate::{
    HeaderName, Parameters, ParseError,
    error::{ErrorKind, Rule},
    grammar::{self, Parsed},
};

macro_rules! dialog {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name<'a> {
            /// The Call-ID of the dialog.
            pub call_id: &'a str,
            /// The tag of the recipient of this header.
            pub to_tag: &'a str,
            /// The tag of its peer.
            pub from_tag: &'a str,
            /// All parameters.
            pub parameters: Parameters<'a>,
        }

        impl<'a> Header<'a> for $name<'a> {
            const NAME: HeaderName = HeaderName::$name;

            fn parse(text: &'a str) -> Result<Self, ParseError> {
                let (call_id, to_tag, from_tag, parameters) = read(text, Self::NAME.rule())?;
                Ok(Self { call_id, to_tag, from_tag, parameters })
            }
        }
    )*};
}

dialog! {
    /// The dialog that the new one takes the place of.
    Replaces;
    /// The dialog that the new one joins.
    Join;
}

impl Replaces<'_> {
    /// Whether only a dialog that is not confirmed yet is to be replaced.
    #[must_use]
    pub fn is_early_only(&self) -> bool {
        self.parameters.find("early-only").is_some()
    }
}

/// `callid *(SEMI param)` with exactly one `to-tag` and one `from-tag` among the parameters.
fn read<'a>(
    text: &'a str,
    rule: &'static Rule,
) -> Result<(&'a str, &'a str, &'a str, Parameters<'a>), ParseError> {
    let (call_id, parameters) = grammar::whole(call_id_and_parameters, text, rule)?;
    let only = |name: &str| {
        let mut found = parameters.iter().filter(|parameter| parameter.is(name));
        found
            .next()
            .and_then(|parameter| parameter.value)
            .filter(|_| found.next().is_none())
    };
    match (only("to-tag"), only("from-tag")) {
        (Some(to_tag), Some(from_tag)) => Ok((call_id, to_tag, from_tag, parameters)),
        _ => {
            let expected = "one to-tag and one from-tag";
            Err(ParseError::new(
                ErrorKind::Syntax,
                call_id.len(),
                expected,
                rule,
            ))
        }
    }
}

fn call_id_and_parameters(text: &str) -> Parsed<'_, (&str, Parameters<'_>)> {
    let (rest, call_id) = grammar::call_id(text)?;
    let (rest, parameters) = Parameters::read(rest, |_| {})?;
    Ok((rest, (call_id, parameters)))
}
