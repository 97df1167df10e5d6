//! Where number and parameters of a tel URI are (RFC 3966 §3).

use crate::chars::{self, is};
use crate::error::Rule;
use crate::parameter::Parameters;
use crate::percent::bad_escape;
use crate::text::offset;
use crate::{ErrorKind, MAX_LENGTH, ParseError};

/// The length of `tel:`.
pub(crate) const SCHEME_LENGTH: usize = 4;

/// The places of the parts in the text, in bytes from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Index {
    /// End of the number; here the parameters start.
    pub(crate) number_end: u16,
}

impl Index {
    pub(crate) fn parse(text: &str) -> Result<Self, ParseError> {
        let bytes = text.as_bytes();
        if bytes.len() > MAX_LENGTH {
            return Err(ParseError::new(ErrorKind::TooLong, MAX_LENGTH, &LENGTH));
        }
        let Some((scheme, subscriber)) = bytes.split_at_checked(SCHEME_LENGTH) else {
            return Err(ParseError::new(ErrorKind::Scheme, 0, &SCHEME));
        };
        if !scheme.eq_ignore_ascii_case(b"tel:") {
            return Err(ParseError::new(ErrorKind::Scheme, 0, &SCHEME));
        }
        let length = number(subscriber).map_err(|at| {
            ParseError::new(ErrorKind::Number, SCHEME_LENGTH.saturating_add(at), &NUMBER)
        })?;
        let number_end = SCHEME_LENGTH.saturating_add(length);
        let parameters = text.get(number_end..).unwrap_or_default();
        check_parameters(parameters).map_err(|error| error.shifted(number_end))?;
        Ok(Self {
            number_end: u16::try_from(number_end).unwrap_or(u16::MAX),
        })
    }
}

static LENGTH: Rule = Rule {
    field: "URI",
    expected: "at most 65535 bytes",
    section: "RFC 3261 §21.4.12",
};
static SCHEME: Rule = Rule {
    field: "scheme",
    expected: "tel:",
    section: "RFC 3966 §3",
};
static NUMBER: Rule = Rule {
    field: "telephone number",
    expected: "digits and visual separators",
    section: "RFC 3966 §3",
};
static PARAMETER: Rule = Rule {
    field: "tel parameter",
    expected: ";name or ;name=value",
    section: "RFC 3966 §3",
};
static ESCAPE: Rule = Rule {
    field: "escape",
    expected: "% and two hexadecimal digits",
    section: "RFC 3966 §3",
};

/// The length of `global-number-digits` or `local-number-digits` at the start; else where it fails.
fn number(subscriber: &[u8]) -> Result<usize, usize> {
    let (class, sign) = match subscriber {
        [b'+', ..] => (chars::PHONE_DIGIT, 1),
        _ => (chars::PHONE_DIGIT_HEX, 0),
    };
    let digits = subscriber
        .iter()
        .skip(sign)
        .take_while(|b| is(**b, class))
        .count();
    let end = digits.saturating_add(sign);
    let number = subscriber.get(sign..end).unwrap_or_default();
    let has_digit = number
        .iter()
        .any(|b| b.is_ascii_hexdigit() || matches!(b, b'*' | b'#'));
    match subscriber.get(end) {
        None | Some(b';') if has_digit => Ok(end),
        _ => Err(end),
    }
}

fn check_parameters(text: &str) -> Result<(), ParseError> {
    for parameter in Parameters::new(text) {
        let (name, value) = (parameter.name(), parameter.value());
        let good_name =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let good_value = value.is_none_or(|value| {
            value
                .bytes()
                .all(|b| is(b, chars::PARAM | chars::RESERVED) || b == b'%')
        });
        if !good_name || !good_value {
            let at = offset(text, parameter.as_str());
            return Err(ParseError::new(ErrorKind::Parameter, at, &PARAMETER));
        }
    }
    match bad_escape(text) {
        Some(at) => Err(ParseError::new(ErrorKind::Escape, at, &ESCAPE)),
        None => Ok(()),
    }
}
